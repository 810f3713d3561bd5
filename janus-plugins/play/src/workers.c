/* SPDX-License-Identifier: GPL-3.0-only */
#include "workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct queue {
    struct job *first;
    struct job **end;
};

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    struct queue urgent, others;
    unsigned running;
    bool stopping;
    int niceness;
    unsigned count;
    pthread_t threads[];
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

static void *work(void *argument)
{
    struct workers *workers = argument;

    /* On Linux niceness is a thread's own. */
    nice(workers->niceness);
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (!workers->urgent.first && !workers->others.first && !workers->stopping)
            pthread_cond_wait(&workers->wake, &workers->lock);
        struct queue *queue = workers->urgent.first ? &workers->urgent : &workers->others;
        if (!queue->first)
            break;
        struct job *job = take_out(queue, &queue->first);
        workers->running++;
        pthread_mutex_unlock(&workers->lock);
        job->run(job);
        pthread_mutex_lock(&workers->lock);
        if (--workers->running == 0)
            pthread_cond_broadcast(&workers->idle);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

struct workers *workers_start(unsigned threads, int niceness)
{
    struct workers *workers = calloc(1, sizeof *workers + threads * sizeof workers->threads[0]);

    if (!workers)
        return NULL;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
    pthread_cond_init(&workers->idle, NULL);
    workers->urgent.end = &workers->urgent.first;
    workers->others.end = &workers->others.first;
    workers->niceness = niceness;
    while (workers->count < threads &&
           pthread_create(&workers->threads[workers->count], NULL, work, workers) == 0)
        workers->count++;
    if (workers->count == 0) {
        workers_stop(workers);
        return NULL;
    }
    return workers;
}

void workers_submit(struct workers *workers, struct job *job, bool urgent)
{
    pthread_mutex_lock(&workers->lock);
    put_last(urgent ? &workers->urgent : &workers->others, job);
    pthread_cond_signal(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
}

void workers_hasten(struct workers *workers, struct job *job)
{
    struct queue *queue = &workers->others;

    pthread_mutex_lock(&workers->lock);
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
    while (workers->running > 0 || workers->urgent.first || workers->others.first)
        pthread_cond_wait(&workers->idle, &workers->lock);
    pthread_mutex_unlock(&workers->lock);
}

void workers_stop(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->wake);
    pthread_cond_destroy(&workers->idle);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}
