/* SPDX-License-Identifier: GPL-3.0-only */
#include "pacer.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "metrics.h"

struct pacer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* an earlier timer has come, or the pacer ends */
    pthread_cond_t idle; /* `firing` has returned */
    struct pacer_timer **heap;
    size_t count, capacity;
    struct pacer_timer *firing;
    int64_t rescheduled; /* what pacer_schedule() asked of `firing` meanwhile */
    bool cancelled;      /* pacer_cancel() waits for `firing` */
    bool stopping;
};

int64_t pacer_packet_due(int64_t start, int64_t interval, size_t number, size_t packets)
{
    size_t bursts = (packets + PACER_BURST - 1) / PACER_BURST;
    int64_t spread = interval / 2 < PACER_SPREAD_MAX ? interval / 2 : PACER_SPREAD_MAX;

    return bursts < 2 ? start : start + spread * (int64_t)(number / PACER_BURST) / (int64_t)bursts;
}

static void place(struct pacer *pacer, size_t slot, struct pacer_timer *timer)
{
    pacer->heap[slot] = timer;
    timer->slot = slot + 1;
}

static void sift_up(struct pacer *pacer, size_t slot, struct pacer_timer *timer)
{
    while (slot > 0 && pacer->heap[(slot - 1) / 2]->due > timer->due) {
        place(pacer, slot, pacer->heap[(slot - 1) / 2]);
        slot = (slot - 1) / 2;
    }
    place(pacer, slot, timer);
}

static void sift_down(struct pacer *pacer, size_t slot, struct pacer_timer *timer)
{
    for (;;) {
        size_t child = 2 * slot + 1;
        if (child + 1 < pacer->count && pacer->heap[child + 1]->due < pacer->heap[child]->due)
            child++;
        if (child >= pacer->count || pacer->heap[child]->due >= timer->due)
            break;
        place(pacer, slot, pacer->heap[child]);
        slot = child;
    }
    place(pacer, slot, timer);
}

static void insert(struct pacer *pacer, struct pacer_timer *timer)
{
    if (pacer->count == pacer->capacity) {
        size_t capacity = pacer->capacity ? 2 * pacer->capacity : 64;
        struct pacer_timer **heap = realloc(pacer->heap, capacity * sizeof *heap);
        if (!heap)
            abort();
        pacer->heap = heap;
        pacer->capacity = capacity;
    }
    sift_up(pacer, pacer->count++, timer);
}

static void remove_timer(struct pacer *pacer, struct pacer_timer *timer)
{
    size_t slot = timer->slot - 1;
    struct pacer_timer *last = pacer->heap[--pacer->count];

    timer->slot = 0;
    if (last == timer)
        return;
    if (last->due < timer->due)
        sift_up(pacer, slot, last);
    else
        sift_down(pacer, slot, last);
}

static void wait_until(struct pacer *pacer, int64_t due)
{
    struct timespec until = {.tv_sec = due / SECONDS(1), .tv_nsec = due % SECONDS(1)};

    pthread_cond_timedwait(&pacer->wake, &pacer->lock, &until);
}

static void fire(struct pacer *pacer, struct pacer_timer *timer, int64_t now)
{
    metrics_observe(METRICS_LATENESS, now - timer->due);
    remove_timer(pacer, timer);
    pacer->firing = timer;
    pacer->rescheduled = NEVER;
    pacer->cancelled = false;
    pthread_mutex_unlock(&pacer->lock);
    int64_t due = timer->fire(timer, now);
    pthread_mutex_lock(&pacer->lock);
    pacer->firing = NULL;
    if (pacer->cancelled) {
        pthread_cond_broadcast(&pacer->idle);
        return;
    }
    timer->due = due < pacer->rescheduled ? due : pacer->rescheduled;
    if (timer->due != NEVER)
        insert(pacer, timer);
}

static void *run(void *argument)
{
    struct pacer *pacer = argument;

    /* The kernel may delay a thread's timers by 50 us to save power; ours are what viewers see. */
    prctl(PR_SET_TIMERSLACK, 1);
    pthread_mutex_lock(&pacer->lock);
    while (!pacer->stopping) {
        int64_t now = clock_now();
        if (pacer->count == 0)
            pthread_cond_wait(&pacer->wake, &pacer->lock);
        else if (pacer->heap[0]->due > now)
            wait_until(pacer, pacer->heap[0]->due);
        else
            fire(pacer, pacer->heap[0], now);
    }
    pthread_mutex_unlock(&pacer->lock);
    return NULL;
}

struct pacer *pacer_start(void)
{
    struct pacer *pacer = calloc(1, sizeof *pacer);
    pthread_condattr_t monotonic;

    if (!pacer)
        return NULL;
    pthread_mutex_init(&pacer->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pacer->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&pacer->idle, NULL);
    if (pthread_create(&pacer->thread, NULL, run, pacer) != 0) {
        free(pacer);
        return NULL;
    }
    return pacer;
}

void pacer_stop(struct pacer *pacer)
{
    pthread_mutex_lock(&pacer->lock);
    pacer->stopping = true;
    pthread_cond_signal(&pacer->wake);
    pthread_mutex_unlock(&pacer->lock);
    pthread_join(pacer->thread, NULL);
    pthread_cond_destroy(&pacer->wake);
    pthread_cond_destroy(&pacer->idle);
    pthread_mutex_destroy(&pacer->lock);
    free(pacer->heap);
    free(pacer);
}

void pacer_schedule(struct pacer *pacer, struct pacer_timer *timer, int64_t due)
{
    pthread_mutex_lock(&pacer->lock);
    if (pacer->firing == timer) {
        if (due < pacer->rescheduled)
            pacer->rescheduled = due;
    } else if (!timer->slot) {
        timer->due = due;
        insert(pacer, timer);
    } else if (due < timer->due) {
        timer->due = due;
        sift_up(pacer, timer->slot - 1, timer);
    }
    if (timer->slot == 1)
        pthread_cond_signal(&pacer->wake);
    pthread_mutex_unlock(&pacer->lock);
}

void pacer_cancel(struct pacer *pacer, struct pacer_timer *timer)
{
    pthread_mutex_lock(&pacer->lock);
    if (timer->slot)
        remove_timer(pacer, timer);
    while (pacer->firing == timer) {
        pacer->cancelled = true;
        pthread_cond_wait(&pacer->idle, &pacer->lock);
    }
    pthread_mutex_unlock(&pacer->lock);
}
