/* SPDX-License-Identifier: GPL-3.0-only */
/* Browsers' answers: to an offer, and to what they are sent. */
#include "../../src/h264.c"
#include "../../src/rtcp.c"
#include "../../src/sdp.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sdp_answer answer;
    struct rtcp_feedback feedback;
    char *text = strndup((const char *)data, size);

    if (text && sdp_parse_answer(text, &answer))
        for (int profile = 0; profile < H264_PROFILES; profile++)
            sdp_h264_payload_type(&answer, profile);
    free(text);
    rtcp_read(data, size, &feedback);
    return 0;
}
