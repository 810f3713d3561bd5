/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/rtcp.c"

#include "support/tap.h"

static struct rtcp_feedback feedback;

static const struct rtcp_feedback *read_rtcp(const void *packet, size_t size)
{
    rtcp_read(packet, size, &feedback);
    return &feedback;
}

static void test_key_frames(void)
{
    static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t fir[] = {0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0};
    static const uint8_t nack[] = {0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t compound[] = {0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t overlong[] = {0x81, 206, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2};

    check(read_rtcp(pli, sizeof pli)->wants_key_frame, "a picture loss indication asks for a key frame");
    check(read_rtcp(fir, sizeof fir)->wants_key_frame, "a full intra request does");
    check(read_rtcp(compound, sizeof compound)->wants_key_frame, "one behind a receiver report does");
    check(!read_rtcp(nack, sizeof nack)->wants_key_frame, "a NACK does not");
    check(!read_rtcp(overlong, sizeof overlong)->wants_key_frame, "a length beyond the end is not followed");
    check(!read_rtcp(pli, 3)->wants_key_frame, "nor is half a header");
    check(!read_rtcp("\x01\xce\0\2\0\0\0\1\0\0\0\2", 12)->wants_key_frame, "nor another version");
}

static void test_reports(void)
{
    /* What is sent again first, then the picture; then an estimate of 300 kbit/s. */
    static const uint8_t compound[] = {
        0x82, 201,  0,    13,   0,    0,    0,    1,
        0,    0,    0,    2,    128,  0,    0,    9,    0,   0, 0,    7,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0,    0,    0,    3,    26,   255,  255,  254,    0,   1, 0xab, 0xcd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x8f, 206,  0,    5,    0,    0,    0,    1,    0,   0, 0,    0,    'R', 'E', 'M', 'B',
        1,    0x06, 0x49, 0xf0, 0,    0,    0,    3,
    };
    uint8_t changed[sizeof compound];

    read_rtcp(compound, sizeof compound);
    check_int(feedback.report_count, 2, "a receiver report tells of each stream");
    check(feedback.reports[0].highest == 7 && feedback.reports[0].lost == 9, "which number came last, and what was lost");
    check(feedback.reports[1].highest == 0xabcd && feedback.reports[1].lost == -2,
          "without how often the number began anew; what came twice counts against it");
    check_int((long long)feedback.estimate, 300000, "REMB tells for how many bits per second there is room");
    check(!feedback.wants_key_frame, "and asks for nothing");

    memcpy(changed, compound, sizeof compound);
    changed[0] = 0x9f;
    check_int(read_rtcp(changed, sizeof changed)->report_count, 2, "there are no more reports than fit into the packet");
    read_rtcp(compound, 56);
    check(feedback.report_count == 2 && !feedback.estimate, "without REMB there is no estimate");
    memcpy(changed, compound, sizeof compound);
    changed[73] = 0xfc;
    check(!read_rtcp(changed, sizeof changed)->estimate, "nor by one that is larger than a number");
    memcpy(changed, compound, sizeof compound);
    changed[59] = 3;
    check(!read_rtcp(changed, sizeof changed)->estimate, "or that ends too early");
}

int main(void)
{
    test_key_frames();
    test_reports();
    return tap_end();
}
