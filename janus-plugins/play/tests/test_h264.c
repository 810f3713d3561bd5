/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/h264.c"

#include "support/tap.h"

static const uint8_t record[] = {1, 66, 0xc0, 30, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0xc0, 30, 1, 0, 2, 0x68, 0xce};

static bool parse(const uint8_t *data, size_t size, struct h264_config *config, struct reason *reason)
{
    /* In memory of its own, so that a byte read too far is found. */
    uint8_t *copy = malloc(size ? size : 1);
    require(copy != NULL, "no memory");
    memcpy(copy, data, size);
    bool good = h264_config_parse(copy, size, config, reason);
    free(copy);
    return good;
}

static void test_config(void)
{
    static const uint8_t stap[] = {0x78, 0, 4, 0x67, 0x42, 0xc0, 30, 0, 2, 0x68, 0xce};
    struct h264_config config;
    struct reason reason;
    uint8_t damaged[sizeof record];
    bool refused = true;

    check(parse(record, sizeof record, &config, &reason), "a decoder configuration is read");
    check_int(config.profile, H264_CONSTRAINED_BASELINE, "with its profile");
    check_int(config.length_size, 4, "and the size of the lengths");
    check(config.parameter_sets_size == sizeof stap && memcmp(config.parameter_sets, stap, sizeof stap) == 0,
          "its parameter sets become a STAP-A");

    for (size_t size = 0; size < sizeof record; size++)
        refused = refused && !parse(record, size, &config, &reason);
    check(refused, "one that is cut anywhere is refused");

    memcpy(damaged, record, sizeof record);
    damaged[1] = 110;
    check(!parse(damaged, sizeof damaged, &config, &reason), "so is one of high 10 profile");
    check_text(reason.text, "the H.264 profile 110 is not supported: baseline, main and high (8 bit, 4:2:0) are",
               "with the profile and what is supported");

    memcpy(damaged, record, sizeof record);
    damaged[5] = 0xe0;
    check(!parse(damaged, sizeof damaged, &config, &reason), "and one without an SPS");

    static uint8_t large[3000] = {1, 100, 0, 30, 0xff, 0xe1, 0x08, 0x00};
    check(!parse(large, sizeof large, &config, &reason), "and one whose parameter sets fill more than a packet");
}

static void test_profiles(void)
{
    static const struct {
        uint8_t idc, constraints;
        enum h264_profile profile;
    } known[] = {
        {66, 0xc0, H264_CONSTRAINED_BASELINE}, {66, 0, H264_CONSTRAINED_BASELINE},
        {77, 0x80, H264_CONSTRAINED_BASELINE}, {77, 0, H264_MAIN},
        {100, 0x0c, H264_HIGH},                {100, 0, H264_HIGH},
    };
    static const uint8_t unknown[] = {0, 88, 110, 122, 244};
    enum h264_profile profile;
    bool good = true;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        good = good && h264_profile_from_id(known[i].idc, known[i].constraints, &profile) &&
               profile == known[i].profile;
    check(good, "baseline, main and high are told apart");
    good = true;
    for (size_t i = 0; i < sizeof unknown; i++)
        good = good && !h264_profile_from_id(unknown[i], 0, &profile);
    check(good, "other profiles are none of them");
}

static void test_inspect(void)
{
    static const uint8_t idr[] = {0, 2, 9, 0xf0, 0, 2, 6, 1, 0, 3, 0x65, 1, 2};
    static const uint8_t other[] = {0, 3, 0x41, 1, 2};
    static const uint8_t beyond[] = {0, 9, 0x41, 1, 2};
    static const uint8_t rest[] = {0, 1, 0x41, 0};
    bool found;

    check(h264_inspect(idr, sizeof idr, 2, &found) && found, "an IDR slice behind other NAL units is found");
    check(h264_inspect(other, sizeof other, 2, &found) && !found, "another slice is none");
    check(!h264_inspect(beyond, sizeof beyond, 2, &found), "a length beyond the end is damage");
    check(!h264_inspect(rest, sizeof rest, 2, &found), "so are bytes left over");

    static uint8_t crumbs[2 * 10000];
    for (size_t i = 0; i < sizeof crumbs; i += 2)
        crumbs[i] = 1, crumbs[i + 1] = 0x41;
    check(!h264_inspect(crumbs, sizeof crumbs, 1, &found), "and NAL units without number, each of which would be a packet");
    check(h264_inspect(crumbs, 2 * 50, 1, &found), "though a picture may be of many");
}

int main(void)
{
    test_config();
    test_profiles();
    test_inspect();
    return tap_end();
}
