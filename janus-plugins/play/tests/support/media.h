/* SPDX-License-Identifier: GPL-3.0-only */
/* Media files for tests, written byte by byte: no encoder and no muxer is needed. */
#ifndef TESTS_MEDIA_H
#define TESTS_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A folder of this process's own below the system's temporary folder, removed at exit; unless another was
 * named before. */
const char *media_folder(void);
void media_use_folder(const char *path);
void media_path(char path[512], const char *name);
void media_make_folder(const char *name);

/* Sound that is silent but for a 1 kHz tone in the first 100 ms of every second. */
void media_sample_tone(int16_t *samples, size_t count, int rate, int channels, double begin);

struct media_wav {
    int rate, channels;
    double seconds;
};
void media_write_wav(const char *name, const struct media_wav *wav);

/* Opus in Ogg, as packets of 20 ms that tell their number. Pages are as full as they can be, so that packets go on from
 * one to the next; between them lie pages of another stream. */
#define MEDIA_OGG_PACKET_SIZE 301
void media_write_ogg(const char *name, double seconds);

/* Pictures, and the sound with them. */
struct media_stretch {
    unsigned from, until;
};

/* An mp4 of pictures at 25 a second that no decoder would take, but that have the NAL units of real
 * ones; the sound is PCM at 48 kHz, stereo. */
struct media_film {
    double seconds;
    unsigned pictures_per_key_frame;
    unsigned pictures_per_sync; /* which the container calls key frames, though some are none; 0: the key frames */
    size_t key_frame_size, picture_size; /* bytes of the slice, without its length */
    uint8_t profile;                     /* 0: baseline */
    bool no_sound, no_video;
    const char *language, *second_language; /* of the sound, and of another like it; NULL: none */
    bool opus; /* the sound is Opus: packets of 20 ms that tell their number */
    bool fragmented;   /* the samples come after the moov box */
    bool b_frames;     /* presentation times out of order */
    bool rotated;      /* to be shown turned by a quarter */
    unsigned other_from;   /* picture from which on another description holds; 0: none */
    unsigned cut_pictures; /* an edit list begins behind so many */
    struct media_stretch stretches[2]; /* an edit list has these follow each other */
    const char *codec; /* of the video, "avc1" when NULL */
    size_t cut;        /* bytes left away at the end; the moov box comes first */
    uint64_t hole;     /* bytes before the samples that nothing is in, not even on the disk: then the moov box, with
                        * offsets of 64 bits, comes last */
};
void media_write_film(const char *name, const struct media_film *film);

/* A film without sound in two fragments of one second each, with an index of them, as DASH has it. */
void media_write_fragments(const char *name);

/* The files that the transcripts in golden/ speak of. */
void media_write_golden(void);

#define MEDIA_FRAME_RATE 25

#endif
