/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/h264.c"
#include "../src/sdp.c"

#include "support/tap.h"

/* Chromium's, but for the lines that only concern the core. */
static const char chromium[] = "v=0\r\n"
                               "o=- 1 2 IN IP4 127.0.0.1\r\n"
                               "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
                               "a=recvonly\r\n"
                               "a=rtpmap:111 opus/48000/2\r\n"
                               "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
                               "m=video 9 UDP/TLS/RTP/SAVPF 96 98 97 99\r\n"
                               "a=recvonly\r\n"
                               "a=rtpmap:96 H264/90000\r\n"
                               "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
                               "a=rtpmap:98 H264/90000\r\n"
                               "a=fmtp:98 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f\r\n"
                               "a=rtpmap:97 rtx/90000\r\n"
                               "a=fmtp:97 apt=96\r\n"
                               "a=rtpmap:99 rtx/90000\r\n"
                               "a=fmtp:99 apt=98\r\n";

static void test_offer(void)
{
    char offer[SDP_OFFER_MAX];

    memset(offer, 'x', sizeof offer);
    sdp_write_offer(offer, UINT64_MAX, UINT32_MAX);
    check(memchr(offer, '\0', sizeof offer) && strlen(offer) < SDP_OFFER_MAX - 100, "the offer fits with room to spare");
    check(strstr(offer, "m=audio 9 RTP/SAVPF 111 8 0\r\n") && strstr(offer, "a=rtpmap:111 opus/48000/2\r\n"),
          "it has a medium of sound: Opus, else G.711");
    check(strstr(offer, "m=video 9 RTP/SAVPF 96 98 100\r\n") != NULL, "and an H.264 medium in three profiles");
    check(strstr(offer, "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1\r\n") &&
              strstr(offer, "a=fmtp:98 profile-level-id=4d001f;packetization-mode=1;level-asymmetry-allowed=1\r\n") &&
              strstr(offer, "a=fmtp:100 profile-level-id=64001f;packetization-mode=1;level-asymmetry-allowed=1\r\n"),
          "constrained baseline, main and high");
    check(strstr(offer, "transport-cc") == NULL, "without transport-wide congestion control");
    check(strstr(offer, "a=rtcp-fb:96 nack pli\r\n") && strstr(offer, "a=rtcp-fb:96 nack\r\n"),
          "with NACK and picture loss indication");
    check(strstr(offer, "a=rtcp-fb:100 goog-remb\r\n") != NULL, "and estimates of the bandwidth");
}

static void test_chromium(void)
{
    struct sdp_answer answer;

    check(sdp_parse_answer(chromium, &answer), "Chromium's answer is read");
    check_int(answer.opus, 111, "it accepts Opus");
    check_int(answer.h264[H264_CONSTRAINED_BASELINE], 96, "constrained baseline");
    check_int(answer.h264[H264_MAIN], 98, "and main");
    check_int(answer.h264[H264_HIGH], 0, "but not high");
    check_int(sdp_h264_payload_type(&answer, H264_CONSTRAINED_BASELINE), 96, "a baseline film goes as baseline");
    check_int(sdp_h264_payload_type(&answer, H264_MAIN), 98, "a main film as main");
    check_int(sdp_h264_payload_type(&answer, H264_HIGH), 98, "a high film as the largest accepted, main");
    answer.h264[H264_CONSTRAINED_BASELINE] = 0;
    check_int(sdp_h264_payload_type(&answer, H264_CONSTRAINED_BASELINE), 98, "a baseline film as main if need be");
}

static void test_rejected(void)
{
    struct sdp_answer answer;

    check(sdp_parse_answer("v=0\r\nm=audio 9 RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
                           "m=video 0 RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n",
                           &answer),
          "an answer that rejects the picture is read");
    check(answer.opus == 111 && sdp_h264_payload_type(&answer, H264_HIGH) == 0, "as sound alone");
    sdp_parse_answer("m=audio 9 RTP/SAVPF 111\r\na=inactive\r\na=rtpmap:111 opus/48000/2\r\n", &answer);
    check_int(answer.opus, 0, "an inactive medium is not accepted");
    check(!sdp_parse_answer("v=0\r\n", &answer) && !sdp_parse_answer("", &answer), "no media is no answer");
}

static void test_numbers(void)
{
    struct sdp_answer answer;

    sdp_parse_answer("m=audio 9 RTP/SAVPF 109\na=rtpmap:109 OPUS/48000/2\n"
                     "m=video 9 RTP/SAVPF 126 97\na=rtpmap:126 h264/90000\n"
                     "a=fmtp:126 profile-level-id=42E01F;level-asymmetry-allowed=1;packetization-mode=1\n"
                     "a=rtpmap:97 H264/90000\na=fmtp:97 profile-level-id=42e01f\n",
                     &answer);
    check(answer.opus == 109, "changed payload types, other case and bare line ends are read");
    check_int(answer.h264[H264_CONSTRAINED_BASELINE], 97, "the first of a profile is taken");
    sdp_parse_answer("m=video 9 RTP/SAVPF 98\r\na=rtpmap:98 H264/90000\r\n", &answer);
    check_int(answer.h264[H264_MAIN], 98, "without an fmtp line a number means what was offered under it");
    sdp_parse_answer("m=video 9 RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n"
                     "a=fmtp:96 profile-level-id=42e01f;packetization-mode=0\r\n",
                     &answer);
    check_int(answer.h264[H264_CONSTRAINED_BASELINE], 0, "packetization-mode 0 is of no use");
}

static void test_g711(void)
{
    struct sdp_answer answer;

    sdp_parse_answer("m=audio 9 UDP/TLS/RTP/SAVPF 0 8\r\na=rtpmap:0 PCMU/8000\r\n", &answer);
    check(answer.pcma && answer.pcmu && !answer.opus, "G.711 is known by its numbers");
    sdp_parse_answer("m=audio 9 RTP/SAVPF 0\r\n", &answer);
    check(answer.pcmu && !answer.pcma, "each of the two");
    sdp_parse_answer("m=audio 9 RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\nm=video 0 RTP/SAVPF 0 8\r\n", &answer);
    check(!answer.pcma && !answer.pcmu, "and not accepted unless they are there");
    sdp_parse_answer("m=audio 0 RTP/SAVPF 0\r\n", &answer);
    check(!answer.pcmu, "or the medium is rejected");
}

static void test_hostile(void)
{
    static const char *const texts[] = {
        "m=", "m=video", "m=audio 9 RTP/SAVPF -1 99999999999999999999 x 0", "m=video x y", "m=video 9\r\na=rtpmap:", "m=video 9\r\na=rtpmap:999 H264/90000\r\n",
        "m=video 9\r\na=rtpmap:-1 H264/90000\r\na=fmtp:-1 profile-level-id=42e01f\r\n",
        "m=video 9\r\na=fmtp:96 ;;;=;profile-level-id=\r\n", "a=rtpmap:96 H264/90000\r\n",
        "m=video 9\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=zzzzzz\r\n",
    };
    static char line[5000] = "m=audio 9 ";
    struct sdp_answer answer;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        sdp_parse_answer(texts[i], &answer);
    memset(line + 10, 'a', sizeof line - 11);
    sdp_parse_answer(line, &answer);
    check(true, "damaged answers do no harm");
}

int main(void)
{
    test_offer();
    test_chromium();
    test_rejected();
    test_numbers();
    test_g711();
    test_hostile();
    return tap_end();
}
