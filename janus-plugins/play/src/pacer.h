/* SPDX-License-Identifier: GPL-3.0-only */
/* One thread that calls every viewer's timer when it is due. What it calls must not block. */
#ifndef PLAY_PACER_H
#define PLAY_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"

/* Packets handed over at one moment. A large key frame sent at once would overflow the socket's
 * buffer; one wake-up for each packet would cost more than the packet. */
#define PACER_BURST 8

/* However long a picture stays, it is there after this time. */
#define PACER_SPREAD_MAX MILLISECONDS(100)

/* Viewers' clocks begin at multiples of this, so that what is sent to many of them at one rate is due at the same
 * moments: a wake-up serves them all. It divides the time between two packets of sound. */
#define PACER_GRID MILLISECONDS(4)

/* The first such moment that is not before `time`. */
static inline int64_t pacer_align(int64_t time)
{
    int64_t behind = time % PACER_GRID;

    return behind > 0 ? time + PACER_GRID - behind : time - behind;
}

struct pacer_timer {
    /* Does what is due and returns when it wants to be called next, or NEVER. */
    int64_t (*fire)(struct pacer_timer *timer, int64_t now);
    int64_t due;
    size_t slot; /* its place in the heap + 1; 0 when it is not there */
};

struct pacer;

struct pacer *pacer_start(void);
void pacer_stop(struct pacer *pacer);

/* Calls the timer at `due`, or when it is already due, whichever is earlier. */
void pacer_schedule(struct pacer *pacer, struct pacer_timer *timer, int64_t due);

/* After this returns the timer is not running and will not run again. Not to be called from `fire`,
 * nor with a lock held that `fire` takes. */
void pacer_cancel(struct pacer *pacer, struct pacer_timer *timer);

/* When packet `number` of a frame of `packets` that is due at `start` is to be sent: in bursts
 * spread over the first half of the time until the next frame, but no more than PACER_SPREAD_MAX. */
int64_t pacer_packet_due(int64_t start, int64_t interval, size_t number, size_t packets);

#endif
