/* SPDX-License-Identifier: GPL-3.0-only */
/* The renditions of a film: the same pictures in fewer lines, each in a file beside it. That of film.mp4 with 480 lines
 * is film.480p.mp4. */
#ifndef PLAY_RENDITION_H
#define PLAY_RENDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "asset.h"

#define RENDITION_LEVELS 8

/* A film as a viewer can be shown it. */
struct rendition {
    struct asset *asset;
    unsigned level; /* how many others have more lines; 0: it is the film itself */
    unsigned lines; /* 0: as many as the film has */
    uint64_t above; /* bits per second of the one of the next higher level */
};

/* Whether a name is that of a rendition; if so, how long the part is that the film's name begins with, its dot
 * included. */
bool rendition_is_named(const char *name, size_t *stem);

/* Whether it can take the place of the film at each of its key frames, for all that comes after. */
bool rendition_fits(const struct media_index *film, const struct media_index *rendition, struct reason *reason);

/* Opens the rendition of that level, at least 1, of the film of that name; or the first below it that has at most `rate`
 * bits per second, unless that is 0; or the lowest if there is no such one. False when there is none that can be opened and fits; the reason is about the last that does not, or empty. */
bool rendition_open(struct library *library, const char *name, const struct asset *film, unsigned level,
                    uint64_t rate, struct rendition *rendition, struct reason *reason);

#endif
