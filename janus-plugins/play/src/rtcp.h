/* SPDX-License-Identifier: GPL-3.0-only */
/* What a viewer's RTCP asks of us; everything else in it is the core's business. */
#ifndef PLAY_RTCP_H
#define PLAY_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a compound packet contains a picture loss indication or a full intra request. */
bool rtcp_asks_for_key_frame(const uint8_t *packet, size_t size);

#endif
