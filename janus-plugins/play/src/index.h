/* SPDX-License-Identifier: GPL-3.0-only */
/* Where the frames of a media file lie and when they are due: all that is kept of a file in memory. */
#ifndef PLAY_INDEX_H
#define PLAY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>

#include "h264.h"
#include "reason.h"

/* Of sound; 0 is for a decoder to find out. */
#define SAMPLE_RATE_MIN 4000
#define SAMPLE_RATE_MAX 384000

struct index_frame {
    int64_t time; /* when it is shown or heard */
    int64_t offset;
    uint32_t size;
};

struct index_track {
    struct index_frame *frames;
    size_t count; /* 0: the file has no such track */
    int64_t end;  /* when the last frame is over */
};

struct media_index {
    /* As the container has them. */
    int64_t duration;
    unsigned streams;
    struct index_track video;
    struct h264_config h264;
    struct index_track audio;
    AVCodecParameters *audio_codec;
};

/* Reads the index of an open file. Returns NULL, with a reason, for what cannot be played. */
struct media_index *index_read(int fd, struct reason *reason);

/* When the last frame of all is over. */
static inline int64_t index_end(const struct media_index *index)
{
    return index->video.end > index->audio.end ? index->video.end : index->audio.end;
}

void index_free(struct media_index *index);

#endif
