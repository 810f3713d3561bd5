/* SPDX-License-Identifier: GPL-3.0-only */
#include "h264.h"

#include <string.h>

/* Encoders make more slices than this only of larger pictures, and then not smaller ones on average. */
#define SLICES_MAX 64
#define SLICE_SIZE_MIN 256

bool h264_profile_from_id(uint8_t profile_idc, uint8_t constraints, enum h264_profile *profile)
{
    switch (profile_idc) {
    case 66:
        /* Baseline without constraint_set1 may use tools no browser has (FMO, ASO), yet encoders that
         * leave the flag out do not use them either. */
        *profile = H264_CONSTRAINED_BASELINE;
        return true;
    case 77:
        *profile = constraints & 0x80 ? H264_CONSTRAINED_BASELINE : H264_MAIN;
        return true;
    case 100:
        *profile = H264_HIGH;
        return true;
    default:
        return false;
    }
}

/* Appends `count` parameter sets of a record to the STAP-A; NULL when the record ends too early or
 * they do not fit. */
static const uint8_t *append_sets(struct h264_config *config, const uint8_t *at, const uint8_t *end,
                                  unsigned count)
{
    while (count-- > 0) {
        if (end - at < 2)
            return NULL;
        size_t size = 2 + (size_t)(at[0] << 8 | at[1]);
        if (size == 2 || (size_t)(end - at) < size ||
            size > sizeof config->parameter_sets - config->parameter_sets_size)
            return NULL;
        memcpy(config->parameter_sets + config->parameter_sets_size, at, size);
        config->parameter_sets_size += size;
        at += size;
    }
    return at;
}

bool h264_config_parse(const uint8_t *record, size_t size, struct h264_config *config,
                       struct reason *reason)
{
    const uint8_t *end, *at;
    unsigned sps_count, pps_count;

    if (size < 7 || record[0] != 1) {
        reason_set(reason, "the H.264 decoder configuration is missing or damaged");
        return false;
    }
    if (!h264_profile_from_id(record[1], record[2], &config->profile)) {
        reason_set(reason,
                   "the H.264 profile %u is not supported: baseline, main and high (8 bit, 4:2:0) are",
                   record[1]);
        return false;
    }
    end = record + size;
    config->length_size = (record[4] & 3) + 1;
    config->parameter_sets[0] = 3 << 5 | H264_NAL_STAP_A;
    config->parameter_sets_size = 1;
    sps_count = record[5] & 0x1f;
    at = append_sets(config, record + 6, end, sps_count);
    if (at && at < end) {
        pps_count = *at++;
        at = append_sets(config, at, end, pps_count);
    } else {
        at = NULL;
    }
    if (!at || sps_count == 0 || pps_count == 0) {
        reason_set(reason, "the H.264 parameter sets are damaged or longer than %d bytes",
                   H264_PARAMETER_SETS_MAX);
        return false;
    }
    return true;
}

bool h264_next_nal(const uint8_t **position, const uint8_t *end, unsigned length_size,
                   struct h264_nal *nal)
{
    while ((size_t)(end - *position) > length_size) {
        size_t size = 0;
        for (unsigned i = 0; i < length_size; i++)
            size = size << 8 | (*position)[i];
        const uint8_t *data = *position + length_size;
        if (size > (size_t)(end - data))
            return false;
        *position = data + size;
        if (size == 0)
            continue;
        uint8_t type = data[0] & 0x1f;
        if (type == H264_NAL_DELIMITER || type == H264_NAL_FILLER || type == H264_NAL_NONE ||
            type >= H264_NAL_STAP_A)
            continue;
        *nal = (struct h264_nal){data, size};
        return true;
    }
    return false;
}

bool h264_inspect(const uint8_t *data, size_t size, unsigned length_size, bool *idr)
{
    const uint8_t *position = data;
    struct h264_nal nal;
    size_t count = 0;

    *idr = false;
    while (h264_next_nal(&position, data + size, length_size, &nal)) {
        count++;
        if ((nal.data[0] & 0x1f) == H264_NAL_IDR)
            *idr = true;
    }
    /* Each is a packet at least: what is damaged must not be millions of them. */
    return position == data + size && count <= SLICES_MAX + size / SLICE_SIZE_MIN;
}
