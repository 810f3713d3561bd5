/* SPDX-License-Identifier: GPL-3.0-only */
#include "rtcp.h"

#define PAYLOAD_SPECIFIC_FEEDBACK 206
#define PICTURE_LOSS_INDICATION 1
#define FULL_INTRA_REQUEST 4

bool rtcp_asks_for_key_frame(const uint8_t *packet, size_t size)
{
    while (size >= 4) {
        size_t length = 4 * (size_t)(packet[2] << 8 | packet[3]) + 4;
        uint8_t format = packet[0] & 0x1f;

        if (packet[0] >> 6 != 2 || length > size)
            return false;
        if (packet[1] == PAYLOAD_SPECIFIC_FEEDBACK &&
            (format == PICTURE_LOSS_INDICATION || format == FULL_INTRA_REQUEST))
            return true;
        packet += length;
        size -= length;
    }
    return false;
}
