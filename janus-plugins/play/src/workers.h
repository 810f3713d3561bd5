/* SPDX-License-Identifier: GPL-3.0-only */
/* Threads that run jobs in the order they were submitted, urgent ones before the others. A job can be submitted
 * without waiting for anybody, so the pacer may. When jobs wait and every thread is stuck (in a disk that does not
 * answer), more threads are started. */
#ifndef PLAY_WORKERS_H
#define PLAY_WORKERS_H

#include <stdbool.h>

/* Lies inside what the job works on, so that submitting one cannot fail. */
struct job {
    void (*run)(struct job *job);
    const void *lane; /* of the jobs with the same one, only one runs at a time; NULL: of those as many as can */
    bool urgent;
    struct job *next;
};

struct workers;

/* `threads` run always, up to `most` when all are stuck. `niceness` is how far they stand back behind other
 * threads. NULL when none could be started. */
struct workers *workers_start(unsigned threads, unsigned most, int niceness);

/* Takes no lock and allocates nothing. */
void workers_submit(struct workers *workers, struct job *job, bool urgent);

/* Makes a job urgent, if it has been submitted and not begun. */
void workers_hasten(struct workers *workers, struct job *job);

/* Returns when everything that was submitted has been run. */
void workers_wait(struct workers *workers);

/* Runs what was submitted, then ends the threads. */
void workers_stop(struct workers *workers);

#endif
