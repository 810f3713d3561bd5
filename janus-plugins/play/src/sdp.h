/* SPDX-License-Identifier: GPL-3.0-only */
/* What is offered to a viewer, and what the viewer's answer accepts of it. */
#ifndef PLAY_SDP_H
#define PLAY_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h264.h"

#define SDP_OFFER_MAX 2048

/* Payload types; 0 for what was not accepted. G.711 has the fixed ones of RFC 3551. */
struct sdp_answer {
    uint8_t opus;
    bool pcma, pcmu;
    uint8_t h264[H264_PROFILES];
};

#define SDP_PCMU_PAYLOAD_TYPE 0
#define SDP_PCMA_PAYLOAD_TYPE 8

/* One medium of sound, Opus or G.711, and one of H.264 that we only send, the latter in every profile that a file can have:
 * the offer is made before the viewer says which file it is for. */
void sdp_write_offer(char offer[SDP_OFFER_MAX], uint64_t session_id, unsigned version);

/* False for what is not an answer to such an offer. */
bool sdp_parse_answer(const char *text, struct sdp_answer *answer);

/* The accepted payload type for a file of this profile: that profile's; or that of a larger one, whose
 * decoder decodes the smaller too; or the next smaller, because browsers decode more than they announce
 * (Chromium high as main). 0 when H.264 is not accepted. */
uint8_t sdp_h264_payload_type(const struct sdp_answer *answer, enum h264_profile profile);

#endif
