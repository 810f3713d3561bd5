/* SPDX-License-Identifier: GPL-3.0-only */
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

/* Threads that begin nothing for so long, while jobs wait, are stuck. */
#define STUCK_TIME MILLISECONDS(50)

struct queue {
    struct job *first;
    struct job **end;
};

struct worker {
    struct workers *workers;
    pthread_t thread;
    bool started, ended; /* guarded by the lock */
    const void *lane;    /* of the job that it runs */
};

struct workers {
    _Atomic(struct job *) submitted; /* the last one first */
    sem_t wake;                      /* counts what was submitted, and calls to look again */
    pthread_mutex_t lock;
    pthread_cond_t idle;   /* nothing runs and nothing waits */
    pthread_cond_t change; /* for the foreman: all threads are busy, or one has ended, or it is over */
    struct queue urgent, others;
    unsigned threads, most, count, running;
    unsigned long begun; /* jobs */
    bool stopping;
    int niceness;
    bool has_foreman;
    pthread_t foreman;
    struct worker all[];
};

static void put_last(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
}

/* Takes out what `link` points to. */
static struct job *take_out(struct queue *queue, struct job **link)
{
    struct job *job = *link;

    *link = job->next;
    if (!job->next)
        queue->end = link;
    return job;
}

/* What follows is called with the lock held. */

/* Puts what was submitted into the queues, in the order in which that happened. */
static void sort_in(struct workers *workers)
{
    struct job *job = atomic_exchange(&workers->submitted, NULL), *in_order = NULL;

    while (job) {
        struct job *before = job->next;
        job->next = in_order;
        in_order = job;
        job = before;
    }
    while (in_order) {
        struct job *next = in_order->next;
        put_last(in_order->urgent ? &workers->urgent : &workers->others, in_order);
        in_order = next;
    }
}

static bool is_taken(const struct workers *workers, const void *lane)
{
    for (unsigned i = 0; lane && i < workers->most; i++)
        if (workers->all[i].lane == lane)
            return true;
    return false;
}

static struct job **find_job(struct workers *workers, struct queue *queue)
{
    for (struct job **link = &queue->first; *link; link = &(*link)->next)
        if (!is_taken(workers, (*link)->lane))
            return link;
    return NULL;
}

/* The first job that may run now, or NULL. */
static struct job *take_job(struct workers *workers)
{
    struct queue *queues[] = {&workers->urgent, &workers->others};

    sort_in(workers);
    for (int i = 0; i < 2; i++) {
        struct job **link = find_job(workers, queues[i]);
        if (link)
            return take_out(queues[i], link);
    }
    return NULL;
}

static bool is_job_waiting(struct workers *workers)
{
    sort_in(workers);
    return find_job(workers, &workers->urgent) || find_job(workers, &workers->others);
}

static bool is_idle(struct workers *workers)
{
    sort_in(workers);
    return workers->running == 0 && !workers->urgent.first && !workers->others.first;
}

static void run_job(struct worker *worker, struct job *job)
{
    struct workers *workers = worker->workers;

    worker->lane = job->lane;
    workers->begun++;
    if (++workers->running == workers->count)
        pthread_cond_signal(&workers->change);
    pthread_mutex_unlock(&workers->lock);
    job->run(job);
    pthread_mutex_lock(&workers->lock);
    worker->lane = NULL;
    workers->running--;
    if (is_idle(workers))
        pthread_cond_broadcast(&workers->idle);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct workers *workers = worker->workers;
    struct job *job;

    /* On Linux niceness is a thread's own. */
    nice(workers->niceness);
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while ((job = take_job(workers)))
            run_job(worker, job);
        if (workers->stopping || workers->count > workers->threads)
            break;
        pthread_mutex_unlock(&workers->lock);
        while (sem_wait(&workers->wake) < 0 && errno == EINTR)
            ;
        pthread_mutex_lock(&workers->lock);
    }
    workers->count--;
    worker->ended = true;
    pthread_cond_signal(&workers->change);
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

static bool start_thread(struct workers *workers)
{
    for (unsigned i = 0; i < workers->most; i++) {
        struct worker *worker = &workers->all[i];
        if (worker->started)
            continue;
        worker->workers = workers;
        worker->ended = false;
        worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
        workers->count += worker->started;
        return worker->started;
    }
    return false;
}

static void join_ended(struct workers *workers)
{
    for (unsigned i = 0; i < workers->most; i++)
        if (workers->all[i].started && workers->all[i].ended) {
            /* It has let go of the lock, or is about to. */
            pthread_mutex_unlock(&workers->lock);
            pthread_join(workers->all[i].thread, NULL);
            pthread_mutex_lock(&workers->lock);
            workers->all[i].started = false;
        }
}

static void wait_for_change(struct workers *workers, int64_t at_most)
{
    struct timespec until;
    int64_t end = clock_now() + at_most;

    until = (struct timespec){.tv_sec = end / SECONDS(1), .tv_nsec = end % SECONDS(1)};
    pthread_cond_timedwait(&workers->change, &workers->lock, &until);
}

/* Starts a thread when all are stuck, and looks after those that have ended. */
static void *oversee(void *argument)
{
    struct workers *workers = argument;

    pthread_mutex_lock(&workers->lock);
    while (!workers->stopping || workers->count > 0) {
        unsigned long begun = workers->begun;
        if (workers->running < workers->count)
            pthread_cond_wait(&workers->change, &workers->lock);
        else
            wait_for_change(workers, STUCK_TIME);
        join_ended(workers);
        if (workers->running == workers->count && workers->begun == begun && is_job_waiting(workers))
            start_thread(workers);
    }
    join_ended(workers);
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

struct workers *workers_start(unsigned threads, unsigned most, int niceness)
{
    struct workers *workers = calloc(1, sizeof *workers + most * sizeof workers->all[0]);
    pthread_condattr_t monotonic;

    if (!workers)
        return NULL;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->idle, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&workers->change, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sem_init(&workers->wake, 0, 0);
    workers->urgent.end = &workers->urgent.first;
    workers->others.end = &workers->others.first;
    workers->most = most;
    workers->niceness = niceness;
    pthread_mutex_lock(&workers->lock);
    while (workers->threads < threads && start_thread(workers))
        workers->threads++;
    workers->has_foreman =
        workers->threads > 0 && pthread_create(&workers->foreman, NULL, oversee, workers) == 0;
    pthread_mutex_unlock(&workers->lock);
    if (!workers->has_foreman) {
        workers_stop(workers);
        return NULL;
    }
    return workers;
}

void workers_submit(struct workers *workers, struct job *job, bool urgent)
{
    job->urgent = urgent;
    job->next = atomic_load(&workers->submitted);
    while (!atomic_compare_exchange_weak(&workers->submitted, &job->next, job))
        ;
    sem_post(&workers->wake);
}

void workers_hasten(struct workers *workers, struct job *job)
{
    struct queue *queue = &workers->others;

    pthread_mutex_lock(&workers->lock);
    sort_in(workers);
    for (struct job **link = &queue->first; *link; link = &(*link)->next)
        if (*link == job) {
            put_last(&workers->urgent, take_out(queue, link));
            break;
        }
    pthread_mutex_unlock(&workers->lock);
}

void workers_wait(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    while (!is_idle(workers))
        pthread_cond_wait(&workers->idle, &workers->lock);
    pthread_mutex_unlock(&workers->lock);
}

void workers_stop(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_signal(&workers->change);
    for (unsigned i = 0; i < workers->most; i++)
        sem_post(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    if (workers->has_foreman)
        pthread_join(workers->foreman, NULL);
    for (unsigned i = 0; i < workers->most; i++)
        if (workers->all[i].started)
            pthread_join(workers->all[i].thread, NULL);
    sem_destroy(&workers->wake);
    pthread_cond_destroy(&workers->idle);
    pthread_cond_destroy(&workers->change);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}
