/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/rtcp.c"

#include "support/tap.h"

int main(void)
{
    static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t fir[] = {0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0};
    static const uint8_t remb[] = {0x8f, 206, 0, 2, 0, 0, 0, 1, 'R', 'E', 'M', 'B'};
    static const uint8_t nack[] = {0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t compound[] = {0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t overlong[] = {0x81, 206, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2};

    check(rtcp_asks_for_key_frame(pli, sizeof pli), "a picture loss indication asks for a key frame");
    check(rtcp_asks_for_key_frame(fir, sizeof fir), "a full intra request does");
    check(rtcp_asks_for_key_frame(compound, sizeof compound), "one behind a receiver report does");
    check(!rtcp_asks_for_key_frame(remb, sizeof remb), "an estimate of the bandwidth does not");
    check(!rtcp_asks_for_key_frame(nack, sizeof nack), "a NACK does not");
    check(!rtcp_asks_for_key_frame(overlong, sizeof overlong), "a length beyond the end is not followed");
    check(!rtcp_asks_for_key_frame(pli, 3), "nor is half a header");
    check(!rtcp_asks_for_key_frame((const uint8_t *)"\x01\xce\0\2\0\0\0\1\0\0\0\2", 12), "nor another version");
    return tap_end();
}
