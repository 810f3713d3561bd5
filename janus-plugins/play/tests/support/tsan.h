/* SPDX-License-Identifier: GPL-3.0-only */
/* GLib is not built for the thread sanitizer, which does not see that its locks, queues and pools put things in
 * order. Included before everything else, this tells it. */
#ifndef TESTS_TSAN_H
#define TESTS_TSAN_H

#include <glib.h>
#include <sanitizer/tsan_interface.h>

static inline void tsan_mutex_lock(GMutex *mutex)
{
    g_mutex_lock(mutex);
    __tsan_acquire(mutex);
}

static inline void tsan_mutex_unlock(GMutex *mutex)
{
    __tsan_release(mutex);
    g_mutex_unlock(mutex);
}

static inline void tsan_cond_wait(GCond *cond, GMutex *mutex)
{
    __tsan_release(mutex);
    g_cond_wait(cond, mutex);
    __tsan_acquire(mutex);
}

static inline gboolean tsan_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
    __tsan_release(mutex);
    gboolean told = g_cond_wait_until(cond, mutex, end);
    __tsan_acquire(mutex);
    return told;
}

static inline void tsan_queue_push(GAsyncQueue *queue, gpointer data)
{
    __tsan_release(data);
    g_async_queue_push(queue, data);
}

static inline gpointer tsan_acquired(gpointer data)
{
    if (data)
        __tsan_acquire(data);
    return data;
}

/* What a pool runs, and with what. */
struct tsan_pool {
    GFunc run;
    gpointer user_data;
};

static void tsan_run(gpointer data, gpointer user_data)
{
    const struct tsan_pool *pool = (const struct tsan_pool *)user_data;

    __tsan_acquire(data);
    pool->run(data, pool->user_data);
    /* Whoever frees the pool waits for this. */
    __tsan_release(user_data);
}

static inline GThreadPool *tsan_pool_new(GFunc run, gpointer user_data, gint threads, gboolean exclusive)
{
    struct tsan_pool *pool = g_new(struct tsan_pool, 1);

    *pool = (struct tsan_pool){run, user_data};
    return g_thread_pool_new(tsan_run, pool, threads, exclusive, NULL);
}

static inline void tsan_pool_push(GThreadPool *pool, gpointer data)
{
    __tsan_release(data);
    g_thread_pool_push(pool, data, NULL);
}

static inline void tsan_pool_free(GThreadPool *pool, gboolean immediate, gboolean wait)
{
    gpointer user_data = pool->user_data;

    g_thread_pool_free(pool, immediate, wait);
    __tsan_acquire(user_data);
    g_free(user_data);
}

#define g_mutex_lock tsan_mutex_lock
#define g_mutex_unlock tsan_mutex_unlock
#define g_cond_wait tsan_cond_wait
#define g_cond_wait_until tsan_cond_wait_until
#define g_async_queue_push tsan_queue_push
#define g_async_queue_try_pop(queue) tsan_acquired(g_async_queue_try_pop(queue))
#define g_async_queue_timeout_pop(queue, time) tsan_acquired(g_async_queue_timeout_pop(queue, time))
#define g_thread_pool_new(run, user_data, threads, exclusive, error) tsan_pool_new(run, user_data, threads, exclusive)
#define g_thread_pool_push(pool, data, error) tsan_pool_push(pool, data)
#define g_thread_pool_free tsan_pool_free

#endif
