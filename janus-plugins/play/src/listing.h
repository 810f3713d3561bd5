/* SPDX-License-Identifier: GPL-3.0-only */
/* What a viewer is told of a folder of the media folder. */
#ifndef PLAY_LISTING_H
#define PLAY_LISTING_H

#include <stddef.h>

#include "access.h"
#include "path.h"
#include "probe.h"

/* The most files that one listing tells of. */
#define LISTING_MAX 1000

/* Names are relative to the media folder, in natural order: "part 2" comes before "part 10". */
struct listing {
    char *folder;   /* "" is the media folder itself */
    char **folders; /* ends with NULL */
    size_t total;   /* files in the folder */
    size_t count;   /* of them, those that are told of */
    char **files;
    struct probe *probes;
};

/* Reads the names in `folder` of the media folder `root`, without hidden ones and what `grant` does not show, and
 * looks into `limit` of its files from `offset` on, for two seconds at most. Gives a listing only when PATH_OPENED,
 * to be freed with listing_free(). */
enum path_status listing_read(struct prober *prober, const char *root, const char *folder, const struct grant *grant,
                              size_t offset, size_t limit, struct listing **listing, struct reason *reason);
void listing_free(struct listing *listing);

#endif
