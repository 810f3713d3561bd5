/* SPDX-License-Identifier: GPL-3.0-only */
#include "playlist.h"

#include <stdlib.h>

struct playlist *playlist_new(size_t count, bool is_list)
{
    struct playlist *playlist = calloc(1, sizeof *playlist + count * sizeof playlist->names[0]);

    if (!playlist)
        abort();
    playlist->references = 1;
    playlist->is_list = is_list;
    playlist->count = count;
    return playlist;
}

struct playlist *playlist_hold(struct playlist *playlist)
{
    atomic_fetch_add(&playlist->references, 1);
    return playlist;
}

void playlist_release(struct playlist *playlist)
{
    if (!playlist || atomic_fetch_sub(&playlist->references, 1) > 1)
        return;
    for (size_t i = 0; i < playlist->count; i++)
        free(playlist->names[i]);
    free(playlist);
}
