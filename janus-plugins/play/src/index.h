/* SPDX-License-Identifier: GPL-3.0-only */
/* Where the frames of a media file lie and when they are due: all that is kept of a file in memory. */
#ifndef PLAY_INDEX_H
#define PLAY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>

#include "clock.h"
#include "h264.h"
#include "reason.h"

/* Of sound; 0 is for a decoder to find out. */
#define SAMPLE_RATE_MIN 4000
#define SAMPLE_RATE_MAX 384000

struct index_frame {
    int64_t time; /* when it is shown or heard */
    int64_t offset;
    uint32_t size;
    /* Of a picture: */
    bool sync;      /* the container calls it one to begin at */
    uint8_t config; /* the number of its decoder configuration */
};

/* What interrupts a frame in the file: the header of a page of Ogg, with all that lies before the page. */
struct index_gap {
    int64_t from, to;
};

struct index_track {
    struct index_frame *frames;
    size_t count; /* 0: the file has no such track */
    int64_t end;  /* when the last frame is over */
    struct index_gap *gaps;
    size_t gap_count;
};

#define INDEX_SOUND_FRAME_MAX (256 * 1024)
/* What leads up to the first picture is sent at once, so it may not be more than this. */
#define INDEX_LEAD_BYTES_MAX (256 * 1024)
#define INDEX_LEAD_TIME_MAX SECONDS(10)

/* Adds a frame to those of a track, of which there is room for `capacity`; false when there are too many. */
bool index_append(struct index_track *track, size_t *capacity, struct index_frame frame);

/* Reads a frame of the open file, `size` bytes; false when the file is shorter or cannot be read. */
bool index_read_frame(int fd, const struct index_track *track, const struct index_frame *frame, uint8_t *data);

/* One of the sounds of a file, such as a language of a film. */
struct index_sound {
    struct index_track track;
    AVCodecParameters *codec;
    char language[4]; /* ISO 639-2, such as "eng"; "" when the file does not say */
    int original;     /* the number of the sound that this one, as Opus, is sent for; -1: it is a sound of its own */
};

#define INDEX_SOUNDS_MAX 16
#define INDEX_CONFIGS_MAX 8
#define INDEX_SOUND_CODECS "AAC, MP3, Opus, FLAC and PCM" /* for people */

struct media_index {
    /* As the container has them. */
    int64_t duration;
    unsigned streams;
    struct index_track video;
    size_t lead; /* pictures at its beginning that only lead up to the first that is shown: an edit list cuts them */
    struct h264_config configs[INDEX_CONFIGS_MAX]; /* of the pictures; of one profile alone, or each within the first */
    struct index_sound sounds[INDEX_SOUNDS_MAX];
    unsigned sound_count;
};

static inline const struct h264_config *index_config(const struct media_index *index, size_t picture)
{
    return &index->configs[index->video.frames[picture].config];
}

/* The sounds of a file, as they are told of. */
struct index_sounds {
    unsigned count;
    struct {
        char language[4];
        bool playable;
    } sounds[INDEX_SOUNDS_MAX];
};

void index_list_sounds(const struct media_index *index, struct index_sounds *sounds);

/* Which of the sounds of a file: by its number, or by its language. */
struct index_choice {
    int number;       /* -1: any */
    char language[4]; /* "": any */
};

/* Gives the number of a sound that is as chosen and can be played, the first of several. False, with a reason, when
 * there is none. */
bool index_choose_sound(const struct media_index *index, const struct index_choice *choice, unsigned *number,
                        struct reason *reason);

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
