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

/* Which sound of the file, as what. */
struct asset_sound {
    unsigned number;
    enum audio_codec codec;
};

/* NULL when threads cannot be started. */
struct library *library_open(const char *root, unsigned readers, unsigned transcoders);

/* Sound that was made is kept in a folder, in at most so many bytes; before any asset is opened. False, with
 * errno, when the folder cannot be used: then sound is made anew each time. */
bool library_use_cache(struct library *library, const char *folder, uint64_t bytes);

/* At most so many files are open, and once so much of them is in memory no other is opened; 0: any. */
void library_limit(struct library *library, size_t files, uint64_t bytes);

/* All assets must have been released. */
void library_close(struct library *library);

/* Gives a reference to the asset that `name` names. PATH_FULL, with a reason, when it would be one too many. */
enum path_status asset_open(struct library *library, const char *name, struct asset **asset,
                            struct reason *reason);
struct asset *asset_hold(struct asset *asset);
void asset_release(struct asset *asset);

/* A thread that waits for no disk, for what the pacer must not do. */
struct workers *asset_housekeeper(const struct asset *asset);

const struct media_index *asset_index(const struct asset *asset);

/* How many items a medium has, whichever of the sounds it is, and when one is due. */
size_t asset_count(const struct asset *asset, enum asset_medium medium);
int64_t asset_time(const struct asset *asset, enum asset_medium medium, size_t item);

/* How many bits per second its pictures have, on average. */
uint64_t asset_rate(const struct asset *asset);

/* The last picture at or before this one that a decoder can begin with; the first when there is none. Reads
 * the file: what the container calls a key frame need not be an IDR picture. */
size_t asset_key_frame(const struct asset *asset, size_t picture);

/* What of a medium lies together in memory. */

struct track *asset_track(struct asset *asset, enum asset_medium medium, struct asset_sound sound);

size_t segment_count(const struct track *track);
size_t segment_of(const struct track *track, size_t item);

/* Gives a reference to a segment, which begins to be made if nobody else holds it. */
struct segment *segment_hold(struct track *track, size_t number, bool urgent);
void segment_release(struct segment *segment);

/* A viewer has come to a segment that was being made ahead of him. */
void segment_hasten(struct segment *segment);

/* The item, or NULL when it has not been made yet. */
const struct asset_item *segment_item(const struct segment *segment, size_t item);

/* Why what has not been made will never come, as the end of a sentence that begins with the file; or NULL. */
const char *segment_failure(struct segment *segment);

#endif
