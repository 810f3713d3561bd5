/* SPDX-License-Identifier: GPL-3.0-only */
/* H.264 as mp4 stores it: a decoder configuration record, and access units whose NAL units are each
 * preceded by their length. */
#ifndef PLAY_H264_H
#define PLAY_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reason.h"

#define H264_PARAMETER_SETS_MAX 1024

/* From 24 on H.264 leaves types without a meaning; there RTP has its own. */
enum h264_nal_type {
    H264_NAL_NONE = 0,
    H264_NAL_IDR = 5,
    H264_NAL_SPS = 7,
    H264_NAL_PPS = 8,
    H264_NAL_DELIMITER = 9,
    H264_NAL_FILLER = 12,
    H264_NAL_STAP_A = 24,
    H264_NAL_FU_A = 28,
};

/* The profiles browsers decode, each a superset of those before it. */
enum h264_profile { H264_CONSTRAINED_BASELINE, H264_MAIN, H264_HIGH, H264_PROFILES };

/* From the first two bytes of a profile-level-id; false for a profile that is none of these. */
bool h264_profile_from_id(uint8_t profile_idc, uint8_t constraints, enum h264_profile *profile);

struct h264_config {
    enum h264_profile profile;
    unsigned length_size; /* bytes of the length before each NAL unit */
    /* All SPS and PPS as one STAP-A, ready to be sent before an IDR picture. */
    size_t parameter_sets_size;
    uint8_t parameter_sets[H264_PARAMETER_SETS_MAX];
};

/* False, with a reason, for a record that is damaged or that we cannot send. */
bool h264_config_parse(const uint8_t *record, size_t size, struct h264_config *config,
                       struct reason *reason);

/* A NAL unit inside an access unit. */
struct h264_nal {
    const uint8_t *data;
    size_t size;
};

/* The NAL unit at *position that is to be sent, and moves *position behind it; passed over are delimiters
 * and filler, which say nothing to a decoder, and types that are not of H.264. False at the end. */
bool h264_next_nal(const uint8_t **position, const uint8_t *end, unsigned length_size,
                   struct h264_nal *nal);

/* Whether the lengths in an access unit add up and it is not in crumbs, and whether it is an IDR picture. */
bool h264_inspect(const uint8_t *data, size_t size, unsigned length_size, bool *idr);

#endif
