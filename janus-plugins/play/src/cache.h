/* SPDX-License-Identifier: GPL-3.0-only */
/* Stretches of sound that were made before, kept in a folder of a bounded size: a file for each. What is
 * read from it is made anew when it is missing or damaged, and nothing depends on its being written. */
#ifndef PLAY_CACHE_H
#define PLAY_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio.h"
#include "file.h"

struct cache;

/* What a stretch was made from and to. */
struct cache_key {
    struct file_identity file;
    unsigned sound;
    enum audio_codec codec;
    size_t stretch;
};

struct cache_packet {
    const uint8_t *data;
    size_t size;
};

/* Keeps at most `bytes` in the folder, which is nobody else's. NULL, with errno, when it cannot be used. */
struct cache *cache_open(const char *folder, uint64_t bytes);
void cache_close(struct cache *cache);

/* Gives the `count` packets of a stretch to emit, all or none of them; false when it is not there or emit says so. */
bool cache_read(struct cache *cache, const struct cache_key *key, size_t count, audio_emit emit, void *context);

/* Keeps a stretch, in place of those not used for longest when there is no room. */
void cache_write(struct cache *cache, const struct cache_key *key, const struct cache_packet *packets, size_t count);

#endif
