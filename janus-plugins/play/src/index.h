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
    bool sync; /* of a picture: the container calls it one to begin at */
};

struct index_track {
    struct index_frame *frames;
    size_t count; /* 0: the file has no such track */
    int64_t end;  /* when the last frame is over */
};

/* One of the sounds of a file, such as a language of a film. */
struct index_sound {
    struct index_track track;
    AVCodecParameters *codec;
    char language[4]; /* ISO 639-2, such as "eng"; "" when the file does not say */
};

#define INDEX_SOUNDS_MAX 16

struct media_index {
    /* As the container has them. */
    int64_t duration;
    unsigned streams;
    struct index_track video;
    struct h264_config h264;
    struct index_sound sounds[INDEX_SOUNDS_MAX];
    unsigned sound_count;
};

/* Reads the index of an open file. Returns NULL, with a reason, for what cannot be played. */
struct media_index *index_read(int fd, struct reason *reason);

/* When the last frame of all is over. */
static inline int64_t index_end(const struct media_index *index)
{
    int64_t end = index->video.end;

    for (unsigned i = 0; i < index->sound_count; i++)
        if (index->sounds[i].track.end > end)
            end = index->sounds[i].track.end;
    return end;
}

void index_free(struct media_index *index);

#endif
