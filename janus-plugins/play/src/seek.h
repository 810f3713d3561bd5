/* SPDX-License-Identifier: GPL-3.0-only */
/* Where in a file to begin so that a decoder can show what is at a position. */
#ifndef PLAY_SEEK_H
#define PLAY_SEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asset.h"
#include "clock.h"

/* What may be sent at once: the pictures from a key frame to the one that is wanted. */
#define BURST_BYTES_MAX INDEX_LEAD_BYTES_MAX
#define BURST_TIME_MAX INDEX_LEAD_TIME_MAX

struct seek_point {
    int64_t requested; /* what was asked for, within the file */
    int64_t position;  /* where it begins: at `requested`, or at the key frame */
    int64_t key_frame_time;
    size_t key_frame, picture; /* the latter is shown, those before it are only sent */
    size_t sound;              /* the first packet that begins at `position` or later */
    bool accurate;             /* `position` is what was asked for */
    uint64_t burst;            /* bytes of the pictures from the key frame to the one at `requested` */
};

/* Finds where to begin for `position`, which may be outside the file. `accurate` asks for the picture at the
 * position itself instead of the key frame at or before it; it is given when the pictures between fit into a
 * burst. Reads the file. */
void seek_find(const struct asset *asset, int64_t position, bool accurate, struct seek_point *point);

#endif
