/* SPDX-License-Identifier: GPL-3.0-only */
/* Assets opened and heard, for tests that include the units of src/. */
#ifndef TESTS_LISTEN_H
#define TESTS_LISTEN_H

#include <math.h>

#include "assets.h"
#include "media.h"

static const struct asset_sound as_opus = {0, AUDIO_OPUS};

static const struct asset_item *wait_item(const struct window *window, size_t item)
{
    for (int i = 0; i < 5000 && !window_item(window, item) && !window_failed(window, item); i++)
        usleep(1000);
    return window_item(window, item);
}

struct decoded {
    float *samples; /* one channel */
    size_t count;
};

static struct decoded decode_sound(const char *name, unsigned sound, size_t packets)
{
    struct asset *asset = open_asset(name);
    struct decoded decoded = {calloc(packets * AUDIO_PACKET_SAMPLES, sizeof(float)), 0};
    OpusDecoder *decoder = opus_decoder_create(AUDIO_RATE, 2, NULL);
    float stereo[2 * AUDIO_PACKET_SAMPLES];

    require(decoded.samples && decoder, "no memory");
    struct window *window = window_open(asset, ASSET_AUDIO, (struct asset_sound){sound, AUDIO_OPUS}, 0, 0);
    for (size_t i = 0; i < packets; i++) {
        window_move(window, i, i);
        const struct asset_item *item = wait_item(window, i);
        require(item && opus_decode_float(decoder, item->data, (opus_int32)item->size, stereo, AUDIO_PACKET_SAMPLES, 0) ==
                            AUDIO_PACKET_SAMPLES,
                "a packet cannot be decoded");
        for (int k = 0; k < AUDIO_PACKET_SAMPLES; k++)
            decoded.samples[decoded.count++] = stereo[2 * k];
    }
    opus_decoder_destroy(decoder);
    window_close(window);
    asset_release(asset);
    return decoded;
}

/* Milliseconds after `time`, in seconds, at which the next tone begins: one that is too early is looked for from half a
 * second before on. */
static double onset(const struct decoded *decoded, double time)
{
    for (size_t i = time > 0.5 ? (size_t)((time - 0.5) * AUDIO_RATE) : 0; i < decoded->count; i++)
        if (fabsf(decoded->samples[i]) > 0.1f)
            return ((double)i / AUDIO_RATE - time) * 1000;
    return 1e9;
}

#endif
