/* SPDX-License-Identifier: GPL-3.0-only */
/* What a viewer's RTCP says to us; everything else in it is the core's business. */
#ifndef PLAY_RTCP_H
#define PLAY_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTCP_REPORTS_MAX 8

/* How one of the streams that he is sent arrives. Which one that is the number tells: the core has changed what
 * else would. */
struct rtcp_report {
    uint16_t highest; /* the last sequence number that came */
    int32_t lost;     /* packets that have not come, since the beginning; less than 0 when some came twice */
};

struct rtcp_feedback {
    bool wants_key_frame; /* picture loss indication, or full intra request */
    uint64_t estimate;    /* bits per second for which there is room, as the viewer believes (REMB); 0: not said */
    unsigned report_count;
    struct rtcp_report reports[RTCP_REPORTS_MAX];
};

/* Reads a compound packet as far as it is well formed. */
void rtcp_read(const uint8_t *packet, size_t size, struct rtcp_feedback *feedback);

#endif
