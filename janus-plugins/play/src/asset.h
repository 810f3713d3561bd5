/* SPDX-License-Identifier: GPL-3.0-only */
/* An asset is a file that somebody watches: opened once, its index kept in memory, shared by all who
 * watch it. What is sent of it is cut into segments, made by other threads a little ahead of the viewers
 * and shared by all who are at the same place. */
#ifndef PLAY_ASSET_H
#define PLAY_ASSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio.h"
#include "index.h"
#include "path.h"

struct library; /* the media folder, the assets open now, the threads that read */
struct asset;
struct track;
struct segment;

enum asset_medium { ASSET_VIDEO, ASSET_AUDIO, ASSET_MEDIA };

/* A picture (an access unit as mp4 stores it) or a packet of sound. */
struct asset_item {
    uint8_t *data;
    uint32_t size; /* 0: damaged in the file, not to be sent */
    bool idr;
};

/* NULL when threads cannot be started. */
struct library *library_open(const char *root, unsigned readers, unsigned transcoders);

/* Sound that was made is kept in a folder, in at most so many bytes; before any asset is opened. False, with
 * errno, when the folder cannot be used: then sound is made anew each time. */
bool library_use_cache(struct library *library, const char *folder, uint64_t bytes);

/* All assets must have been released. */
void library_close(struct library *library);

/* Gives a reference to the asset that `name` names. */
enum path_status asset_open(struct library *library, const char *name, struct asset **asset,
                            struct reason *reason);
struct asset *asset_hold(struct asset *asset);
void asset_release(struct asset *asset);

const struct media_index *asset_index(const struct asset *asset);

/* How many items a medium has, and when one is due. */
size_t asset_count(const struct asset *asset, enum asset_medium medium);
int64_t asset_time(const struct asset *asset, enum asset_medium medium, size_t item);

/* The last picture at or before this one that a decoder can begin with; the first when there is none. Reads
 * the file: what the container calls a key frame need not be an IDR picture. */
size_t asset_key_frame(const struct asset *asset, size_t picture);

/* The stretch of a medium that one viewer holds in memory. */
#define WINDOW_SEGMENTS 16

struct window {
    struct asset *asset; /* NULL: closed */
    struct track *track;
    size_t first, count;
    struct segment *segments[WINDOW_SEGMENTS];
};

/* Opens it at `item`, sound as packets of `codec`; the window does not hold a reference to the asset of its own. */
void window_open(struct window *window, struct asset *asset, enum asset_medium medium, enum audio_codec codec,
                 size_t item);
void window_close(struct window *window);

/* Has the segment of `item` and the one behind it made, and gives up those before the segment of
 * `keep`; or those before `item`, when the window cannot hold so much. */
void window_move(struct window *window, size_t keep, size_t item);

/* The item, or NULL when it has not been made yet or is outside the window. */
const struct asset_item *window_item(const struct window *window, size_t item);

/* Whether the item will never come; and why, as the end of a sentence that begins with the file. */
bool window_failed(const struct window *window, size_t item);
const char *window_failure(const struct window *window, size_t item);

#endif
