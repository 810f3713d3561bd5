/* SPDX-License-Identifier: GPL-3.0-only */
/* A fixed number of threads that run jobs in the order they were submitted, urgent ones before the others. */
#ifndef PLAY_WORKERS_H
#define PLAY_WORKERS_H

#include <stdbool.h>

/* Lies inside what the job works on, so that submitting one cannot fail. */
struct job {
    void (*run)(struct job *job);
    struct job *next;
};

struct workers;

/* `niceness` is how far the threads stand back behind others. NULL when none could be started. */
struct workers *workers_start(unsigned threads, int niceness);

void workers_submit(struct workers *workers, struct job *job, bool urgent);

/* Makes a job urgent, if it has been submitted and not begun. */
void workers_hasten(struct workers *workers, struct job *job);

/* Returns when everything that was submitted has been run. */
void workers_wait(struct workers *workers);

/* Runs what was submitted, then ends the threads. */
void workers_stop(struct workers *workers);

#endif
