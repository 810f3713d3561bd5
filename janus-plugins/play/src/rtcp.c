/* SPDX-License-Identifier: GPL-3.0-only */
#include "rtcp.h"

#include <string.h>

#define HEADER_SIZE 8 /* with the SSRC of the sender */

#define RECEIVER_REPORT 201
#define REPORT_SIZE 24

#define PAYLOAD_SPECIFIC_FEEDBACK 206
#define PICTURE_LOSS_INDICATION 1
#define FULL_INTRA_REQUEST 4
#define APPLICATION_LAYER 15

static void read_reports(const uint8_t *packet, size_t size, unsigned count, struct rtcp_feedback *feedback)
{
    for (size_t at = HEADER_SIZE; count-- > 0 && size - at >= REPORT_SIZE; at += REPORT_SIZE)
        if (feedback->report_count < RTCP_REPORTS_MAX)
            feedback->reports[feedback->report_count++] = (struct rtcp_report){
                .highest = (uint16_t)(packet[at + 10] << 8 | packet[at + 11]),
                .lost = (int32_t)((uint32_t)packet[at + 5] << 24 | (uint32_t)packet[at + 6] << 16 |
                                  (uint32_t)packet[at + 7] << 8) >> 8,
            };
}

/* A mantissa of 18 bits and an exponent of 6. */
static void read_estimate(const uint8_t *packet, size_t size, struct rtcp_feedback *feedback)
{
    const uint8_t *body = packet + HEADER_SIZE + 4;

    if (size < HEADER_SIZE + 4 + 8 || memcmp(body, "REMB", 4) != 0)
        return;
    uint64_t mantissa = (uint64_t)(body[5] & 3) << 16 | (uint64_t)body[6] << 8 | body[7];
    unsigned exponent = body[5] >> 2;
    /* What is larger than any network is no estimate. */
    if (exponent < 32)
        feedback->estimate = mantissa << exponent;
}

void rtcp_read(const uint8_t *packet, size_t size, struct rtcp_feedback *feedback)
{
    *feedback = (struct rtcp_feedback){.wants_key_frame = false};
    while (size >= HEADER_SIZE) {
        size_t length = 4 * (size_t)(packet[2] << 8 | packet[3]) + 4;
        uint8_t format = packet[0] & 0x1f;

        if (packet[0] >> 6 != 2 || length > size)
            return;
        if (packet[1] == RECEIVER_REPORT && length >= HEADER_SIZE)
            read_reports(packet, length, format, feedback);
        if (packet[1] == PAYLOAD_SPECIFIC_FEEDBACK) {
            if (format == PICTURE_LOSS_INDICATION || format == FULL_INTRA_REQUEST)
                feedback->wants_key_frame = true;
            if (format == APPLICATION_LAYER)
                read_estimate(packet, length, feedback);
        }
        packet += length;
        size -= length;
    }
}
