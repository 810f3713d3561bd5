/* SPDX-License-Identifier: GPL-3.0-only */
/* The names of what is to be played one after the other. It never changes, so that all who hold a reference
 * may read it. */
#ifndef PLAY_PLAYLIST_H
#define PLAY_PLAYLIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define PLAYLIST_MAX 1000

struct playlist {
    atomic_uint references;
    bool is_list; /* asked for as a list; else it is one file, asked for by its name */
    size_t count;
    char *names[];
};

/* With room for `count` names, still to be set to strings that free() takes; gives the first reference. */
struct playlist *playlist_new(size_t count, bool is_list);

struct playlist *playlist_hold(struct playlist *playlist);
void playlist_release(struct playlist *playlist); /* NULL does nothing */

#endif
