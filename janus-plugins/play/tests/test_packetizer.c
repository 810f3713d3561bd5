/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/h264.c"
#include "../src/packetizer.c"

#include "support/tap.h"

static struct h264_config config = {
    .length_size = 4, .parameter_sets_size = 5, .parameter_sets = {24, 0, 2, 0x67, 0x42}};

struct frame {
    uint8_t data[20000];
    size_t size;
};

static void add_nal(struct frame *frame, uint8_t first, size_t size)
{
    for (unsigned i = config.length_size; i-- > 0;)
        frame->data[frame->size++] = (uint8_t)(size >> (8 * i));
    frame->data[frame->size++] = first;
    for (size_t i = 1; i < size; i++)
        frame->data[frame->size++] = (uint8_t)i;
}

struct payloads {
    uint8_t data[32][RTP_PAYLOAD_MAX];
    size_t size[32], count, counted;
    bool last[32];
};

static struct payloads cut(const struct frame *frame, bool idr)
{
    static struct payloads payloads;
    struct packetizer packetizer;

    memset(&payloads, 0, sizeof payloads);
    packetizer_begin(&packetizer, &config, frame->data, frame->size, idr);
    payloads.counted = packetizer_count(&packetizer);
    while (payloads.count < 32) {
        size_t i = payloads.count;
        payloads.size[i] = packetizer_next(&packetizer, payloads.data[i], &payloads.last[i]);
        if (payloads.size[i] == 0)
            break;
        payloads.count++;
    }
    return payloads;
}

static void test_header(void)
{
    static const uint8_t expected[RTP_HEADER_SIZE] = {0x80, 0xe0, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0};
    uint8_t packet[RTP_HEADER_SIZE];

    memset(packet, 0xff, sizeof packet);
    rtp_write_header(packet, &(struct rtp_header){true, 96, 0x1234, 0xdeadbeef});
    check(memcmp(packet, expected, sizeof packet) == 0, "the RTP header has its fields in their places");
}

static void test_small(void)
{
    struct frame frame = {.size = 0};

    add_nal(&frame, 0x41, 100);
    struct payloads p = cut(&frame, false);
    check_int((long long)p.count, 1, "a small picture is one packet");
    check(p.size[0] == 100 && memcmp(p.data[0], frame.data + 4, 100) == 0, "which is the NAL unit as it is");
    check(p.last[0], "and ends the access unit");
}

static void test_limits(void)
{
    struct frame exact = {.size = 0}, more = {.size = 0};

    add_nal(&exact, 0x41, RTP_PAYLOAD_MAX);
    add_nal(&more, 0x41, RTP_PAYLOAD_MAX + 1);
    check_int((long long)cut(&exact, false).count, 1, "a NAL unit that just fits is not fragmented");
    struct payloads p = cut(&more, false);
    check_int((long long)p.count, 2, "one byte more makes two fragments");
    check(p.data[0][0] == (0x40 | H264_NAL_FU_A) && p.data[0][1] == (0x80 | 1), "the first has the start bit");
    check(p.data[1][1] == (0x40 | 1), "the second the end bit");
}

static void test_fragments(void)
{
    struct frame frame = {.size = 0};
    uint8_t whole[20000];
    size_t size = 0;
    bool bounded = true, marked = true;

    add_nal(&frame, 0x65, 10000);
    struct payloads p = cut(&frame, true);
    check(p.size[0] == 5 && memcmp(p.data[0], config.parameter_sets, 5) == 0,
          "an IDR picture comes after the parameter sets as STAP-A");
    whole[size++] = (uint8_t)((p.data[1][0] & 0xe0) | (p.data[1][1] & 0x1f));
    for (size_t i = 1; i < p.count; i++) {
        memcpy(whole + size, p.data[i] + 2, p.size[i] - 2);
        size += p.size[i] - 2;
        bounded = bounded && RTP_HEADER_SIZE + p.size[i] <= RTP_PACKET_MAX;
        marked = marked && p.last[i] == (i == p.count - 1);
    }
    check(size == 10000 && memcmp(whole, frame.data + 4, size) == 0, "its fragments put together are the NAL unit");
    check(bounded, "no packet is longer than %d bytes", RTP_PACKET_MAX);
    check(marked && !p.last[0], "the last packet alone ends the access unit");
    check_int((long long)p.counted, (long long)p.count, "the packets were counted right before");
}

static void test_dropped(void)
{
    struct frame frame = {.size = 0};

    add_nal(&frame, H264_NAL_DELIMITER, 2);
    add_nal(&frame, 0x06, 30);
    add_nal(&frame, H264_NAL_FILLER, 500);
    add_nal(&frame, 0x41, 300);
    add_nal(&frame, H264_NAL_FILLER, 500);
    struct payloads p = cut(&frame, false);
    check(p.count == 2 && p.data[0][0] == 0x06 && p.data[1][0] == 0x41, "delimiters and filler are left out");
    check(!p.last[0] && p.last[1], "and do not hide the end of the access unit");
    check_int((long long)p.counted, 2, "nor count");

    struct frame empty = {.size = 0};
    add_nal(&empty, H264_NAL_DELIMITER, 2);
    p = cut(&empty, true);
    check(p.count == 0 && p.counted == 0, "a picture of nothing else is no packet, not even with parameter sets");
}

static void test_foreign(void)
{
    static const uint8_t types[] = {0, 24, 28, 31};
    struct frame frame = {.size = 0};

    for (size_t i = 0; i < sizeof types; i++)
        add_nal(&frame, types[i], 100);
    /* Zeros throughout, and so long that a header of zero would be taken for a fragment yet to begin. */
    add_nal(&frame, 0, 2375);
    memset(frame.data + frame.size - 2375, 0, 2375);
    add_nal(&frame, 0x41, 300);
    struct payloads p = cut(&frame, false);
    check(p.count == 1 && p.data[0][0] == 0x41, "NAL units of types that mean something else in RTP are left out");
    check_int((long long)p.counted, (long long)p.count, "and not counted");
}

static void test_length_sizes(void)
{
    static const unsigned sizes[] = {1, 2, 4};

    for (size_t i = 0; i < 3; i++) {
        struct frame frame = {.size = 0};
        config.length_size = sizes[i];
        add_nal(&frame, 0x41, 200);
        add_nal(&frame, 0x41, 100);
        struct payloads p = cut(&frame, false);
        check(p.count == 2 && p.size[0] == 200 && p.size[1] == 100, "lengths of %u bytes are read", sizes[i]);
    }
    config.length_size = 4;
}

static void test_damaged(void)
{
    struct frame frame = {.size = 0};

    add_nal(&frame, 0x41, 100);
    frame.data[2] = 0xff;
    check_int((long long)cut(&frame, false).count, 0, "a length beyond the end gives no packet");
    frame.size = 3;
    check_int((long long)cut(&frame, false).count, 0, "nor does half a length");
}

static void test_filler(void)
{
    uint8_t payload[RTP_PAYLOAD_MAX] = {0};
    size_t size = packetizer_write_filler(payload), ones = 0;

    while (ones + 2 < size && payload[ones + 1] == 0xff)
        ones++;
    check(size == RTP_PAYLOAD_MAX && payload[0] == 12 && ones == size - 2 && payload[size - 1] == 0x80,
          "filler is a NAL unit that fills a packet and says nothing");
}

int main(void)
{
    test_header();
    test_small();
    test_limits();
    test_fragments();
    test_dropped();
    test_foreign();
    test_length_sizes();
    test_damaged();
    test_filler();
    return tap_end();
}
