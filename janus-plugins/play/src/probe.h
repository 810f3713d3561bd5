/* SPDX-License-Identifier: GPL-3.0-only */
/* What is in a file, found out once and remembered for as long as the file stays the same. */
#ifndef PLAY_PROBE_H
#define PLAY_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index.h"
#include "path.h"
#include "reason.h"

struct probe {
    bool done;               /* false: nothing is known yet */
    enum path_status status; /* PATH_OPENED: it can be played */
    struct reason reason;    /* why not, when PATH_REFUSED */
    int64_t size;            /* bytes; -1 when there is no such file */
    /* Of a file that can be played: */
    bool has_picture;
    unsigned streams; /* in the container */
    int64_t duration; /* as the container has it */
    int64_t end;      /* when the last of what is played is over */
    struct index_sounds sounds;
};

struct prober;

/* For the media folder `root`. NULL when threads cannot be started. */
struct prober *prober_open(const char *root, unsigned threads);
void prober_close(struct prober *prober);

/* Looks into files and returns when it has been done with all of them, or at the time `until`; what was not come to
 * by then is not `done`. Waits for the disk no longer than that. */
void probe_files(struct prober *prober, const char *const *names, size_t count, int64_t until, struct probe *probes);

#endif
