/* SPDX-License-Identifier: GPL-3.0-only */
/* Sound as browsers want it: whatever the file holds, decoded and encoded again as Opus, 48 kHz
 * stereo. A stretch of packets is made on its own, so stretches can be made in any order and by
 * several threads, and come out the same. */
#ifndef PLAY_AUDIO_H
#define PLAY_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "index.h"

#define AUDIO_RATE 48000
#define AUDIO_PACKET_TIME MILLISECONDS(20)
#define AUDIO_PACKET_SAMPLES 960
#define AUDIO_PACKET_MAX 1000

/* Stretches begin at multiples of this many packets: ten seconds, a whole number of samples at any
 * rate that a file can have. */
#define AUDIO_STRETCH 500

/* Takes one Opus packet; false ends the work. */
typedef bool (*audio_emit)(void *context, const uint8_t *packet, size_t size);

/* Makes `count` packets from packet `first` on, which is a multiple of AUDIO_STRETCH; where the file
 * has no sound they are silence. False when the file cannot be read or decoded, or emit said so. */
bool audio_transcode(int fd, const struct media_index *index, size_t first, size_t count,
                     audio_emit emit, void *context);

#endif
