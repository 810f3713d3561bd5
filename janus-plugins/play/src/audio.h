/* SPDX-License-Identifier: GPL-3.0-only */
/* Sound as browsers want it: whatever the file holds, decoded and encoded again. A stretch of packets is
 * made on its own, so stretches can be made in any order and by several threads, and come out the same. */
#ifndef PLAY_AUDIO_H
#define PLAY_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "index.h"

/* What a viewer may accept: Opus as 48 kHz stereo, or G.711 as 8 kHz mono. */
enum audio_codec { AUDIO_OPUS, AUDIO_PCMA, AUDIO_PCMU, AUDIO_CODECS };

#define AUDIO_RATE 48000 /* of Opus */
#define AUDIO_PACKET_SAMPLES 960
#define AUDIO_PACKET_TIME MILLISECONDS(20)
#define AUDIO_PACKET_MAX 1188 /* what a packet of RTP takes */

/* Stretches begin at multiples of this many packets: ten seconds, a whole number of samples at any
 * rate that a file can have. */
#define AUDIO_STRETCH 500

/* Of samples, and of the RTP clock. */
uint32_t audio_rate(enum audio_codec codec);

/* The payload of a packet of silence. */
const uint8_t *audio_silence(enum audio_codec codec, size_t *size);

struct transcoder;

/* Takes one packet; false ends the work. */
typedef bool (*audio_emit)(void *context, const uint8_t *packet, size_t size);

enum audio_progress { AUDIO_MORE, AUDIO_DONE, AUDIO_FAILED };

/* Begins a stretch of `count` packets from packet `first` on, which is a multiple of AUDIO_STRETCH; where
 * the file has no sound they are silence. NULL when there is not enough memory, or no such decoder. */
struct transcoder *audio_begin(int fd, const struct index_sound *sound, enum audio_codec codec, size_t first,
                               size_t count);

/* Makes at least `packets` more of them, or all that are left. AUDIO_FAILED when the file cannot be read or
 * decoded, or emit said so. */
enum audio_progress audio_make(struct transcoder *transcoder, size_t packets, audio_emit emit, void *context);

void audio_end(struct transcoder *transcoder);

#endif
