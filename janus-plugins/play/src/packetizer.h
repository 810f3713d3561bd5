/* SPDX-License-Identifier: GPL-3.0-only */
/* RTP: headers, and H.264 access units cut into payloads (RFC 6184, packetization-mode 1). */
#ifndef PLAY_PACKETIZER_H
#define PLAY_PACKETIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h264.h"

#define RTP_HEADER_SIZE 12
#define RTP_PACKET_MAX 1200
#define RTP_PAYLOAD_MAX (RTP_PACKET_MAX - RTP_HEADER_SIZE)

struct rtp_header {
    bool marker;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp;
};

/* The SSRC stays zero: the core writes its own. */
void rtp_write_header(uint8_t packet[RTP_HEADER_SIZE], const struct rtp_header *header);

struct packetizer {
    const struct h264_config *config;
    const uint8_t *position, *end; /* what of the access unit is still to be cut */
    bool parameter_sets;           /* they go first */
    struct h264_nal nal;           /* what of the current NAL unit is still to be sent */
    uint8_t fragmented;            /* first byte of the NAL unit being sent as FU-A, else 0 */
};

/* Begins an access unit; before an IDR picture the parameter sets are sent. */
void packetizer_begin(struct packetizer *packetizer, const struct h264_config *config,
                      const uint8_t *data, size_t size, bool idr);

/* Writes the next payload, sets *last on the one that ends the access unit, and returns its size; 0
 * when there is none left. */
size_t packetizer_next(struct packetizer *packetizer, uint8_t payload[RTP_PAYLOAD_MAX], bool *last);

/* How many payloads packetizer_next() will give from here. */
size_t packetizer_count(const struct packetizer *packetizer);

/* Writes a payload that says nothing, as large as one can be, for the end of an access unit. */
size_t packetizer_write_filler(uint8_t payload[RTP_PAYLOAD_MAX]);

#endif
