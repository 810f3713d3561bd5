/* SPDX-License-Identifier: GPL-3.0-only */
/* Time is an int64_t number of nanoseconds everywhere: since some fixed moment of the monotonic
 * clock for "when", since the beginning of the file for "where". */
#ifndef PLAY_CLOCK_H
#define PLAY_CLOCK_H

#include <stdint.h>
#include <time.h>

#define SECONDS(n) ((int64_t)(n) * 1000000000)
#define MILLISECONDS(n) ((int64_t)(n) * 1000000)
#define NEVER INT64_MAX

static inline int64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return SECONDS(now.tv_sec) + now.tv_nsec;
}

/* How many ticks of a clock of `rate` Hz fit into a time >= 0; exact, and free of overflow for any
 * time a process can live. */
static inline uint64_t clock_ticks(int64_t time, uint32_t rate)
{
    return (uint64_t)(time / SECONDS(1)) * rate + (uint64_t)(time % SECONDS(1)) * rate / SECONDS(1);
}

#endif
