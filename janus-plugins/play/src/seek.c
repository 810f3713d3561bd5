/* SPDX-License-Identifier: GPL-3.0-only */
#include "seek.h"

#include "audio.h"

/* The last picture that is shown before `time` has passed. */
static size_t picture_at(const struct asset *asset, int64_t time)
{
    size_t low = 0, high = asset_count(asset, ASSET_VIDEO);

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (asset_time(asset, ASSET_VIDEO, middle) <= time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint64_t bytes_between(const struct asset *asset, size_t first, size_t last)
{
    const struct index_frame *frames = asset_index(asset)->video.frames;
    uint64_t bytes = 0;

    while (first <= last)
        bytes += frames[first++].size;
    return bytes;
}

static void find_picture(const struct asset *asset, bool accurate, struct seek_point *point)
{
    /* Positions are told in whole milliseconds, rounded down: asked for what it was told, a viewer gets there. */
    size_t wanted = picture_at(asset, point->requested + MILLISECONDS(1) - 1);
    size_t lead = asset_index(asset)->lead;

    wanted = wanted < lead ? lead : wanted;
    int64_t wanted_time = asset_time(asset, ASSET_VIDEO, wanted);
    point->key_frame = asset_key_frame(asset, wanted);
    point->picture = point->key_frame < lead ? lead : point->key_frame;
    point->burst = bytes_between(asset, point->key_frame, wanted);
    /* Sound may begin before the first picture. */
    if (wanted_time >= point->requested + MILLISECONDS(1))
        return;
    point->key_frame_time = asset_time(asset, ASSET_VIDEO, point->picture);
    point->accurate = accurate && point->burst <= BURST_BYTES_MAX &&
                      wanted_time - point->key_frame_time <= BURST_TIME_MAX;
    if (!point->accurate) {
        point->position = point->key_frame_time;
        return;
    }
    point->picture = wanted;
    if (point->position < wanted_time)
        point->position = wanted_time;
}

void seek_find(const struct asset *asset, int64_t position, bool accurate, struct seek_point *point)
{
    int64_t end = index_end(asset_index(asset));

    *point = (struct seek_point){.requested = position < 0 ? 0 : position > end ? end : position};
    point->position = point->key_frame_time = point->requested;
    point->accurate = true;
    if (asset_count(asset, ASSET_VIDEO) > 0)
        find_picture(asset, accurate, point);
    point->sound = (size_t)((point->position + AUDIO_PACKET_TIME - 1) / AUDIO_PACKET_TIME);
    if (point->sound > asset_count(asset, ASSET_AUDIO))
        point->sound = asset_count(asset, ASSET_AUDIO);
}
