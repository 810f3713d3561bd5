/* SPDX-License-Identifier: GPL-3.0-only */
#include "sdp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OPUS_PAYLOAD_TYPE 111

/* The core adds a payload type for retransmissions beside each of these. */
static const struct {
    uint8_t payload_type;
    const char *profile_level_id;
} h264_offers[H264_PROFILES] = {
    [H264_CONSTRAINED_BASELINE] = {96, "42e01f"},
    [H264_MAIN] = {98, "4d001f"},
    [H264_HIGH] = {100, "64001f"},
};

void sdp_write_offer(char offer[SDP_OFFER_MAX], uint64_t session_id, unsigned version)
{
    size_t length = 0;

#define ADD(...) (length += (size_t)snprintf(offer + length, SDP_OFFER_MAX - length, __VA_ARGS__))
    ADD("v=0\r\n"
        "o=- %" PRIu64 " %u IN IP4 127.0.0.1\r\n"
        "s=play\r\n"
        "t=0 0\r\n"
        "m=audio 9 RTP/SAVPF %d %d %d\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=rtpmap:%d opus/48000/2\r\n"
        "a=fmtp:%d stereo=1;sprop-stereo=1\r\n"
        "a=rtpmap:%d PCMA/8000\r\n"
        "a=rtpmap:%d PCMU/8000\r\n"
        "a=sendonly\r\n",
        session_id, version, OPUS_PAYLOAD_TYPE, SDP_PCMA_PAYLOAD_TYPE, SDP_PCMU_PAYLOAD_TYPE, OPUS_PAYLOAD_TYPE,
        OPUS_PAYLOAD_TYPE, SDP_PCMA_PAYLOAD_TYPE, SDP_PCMU_PAYLOAD_TYPE);
    ADD("m=video 9 RTP/SAVPF");
    for (int i = 0; i < H264_PROFILES; i++)
        ADD(" %d", h264_offers[i].payload_type);
    ADD("\r\nc=IN IP4 0.0.0.0\r\n");
    for (int i = 0; i < H264_PROFILES; i++) {
        int type = h264_offers[i].payload_type;
        ADD("a=rtpmap:%d H264/90000\r\n"
            "a=fmtp:%d profile-level-id=%s;packetization-mode=1;level-asymmetry-allowed=1\r\n"
            "a=rtcp-fb:%d nack\r\n"
            "a=rtcp-fb:%d nack pli\r\n"
            "a=rtcp-fb:%d ccm fir\r\n"
            "a=rtcp-fb:%d goog-remb\r\n",
            type, type, h264_offers[i].profile_level_id, type, type, type, type);
    }
    ADD("a=sendonly\r\n");
#undef ADD
}

/* One m-line of an answer, while its attributes are read. */
struct medium {
    enum { NO_MEDIUM, AUDIO, VIDEO, OTHER } kind;
    bool accepted;
    bool pcma, pcmu;
    /* By payload type. */
    bool opus[128], h264[128], unusable[128];
    bool has_profile[128];
    enum h264_profile profile[128];
};

static void finish_medium(const struct medium *medium, struct sdp_answer *answer)
{
    if (!medium->accepted)
        return;
    answer->pcma = answer->pcma || (medium->kind == AUDIO && medium->pcma);
    answer->pcmu = answer->pcmu || (medium->kind == AUDIO && medium->pcmu);
    for (int type = 1; type < 128; type++) {
        if (medium->kind == AUDIO && medium->opus[type] && !answer->opus)
            answer->opus = (uint8_t)type;
        if (medium->kind != VIDEO || !medium->h264[type] || medium->unusable[type])
            continue;
        enum h264_profile profile = medium->profile[type];
        /* An answer without a profile means the one that was offered under the number. */
        for (int i = 0; i < H264_PROFILES && !medium->has_profile[type]; i++)
            if (h264_offers[i].payload_type == type)
                profile = (enum h264_profile)i;
        if (!answer->h264[profile])
            answer->h264[profile] = (uint8_t)type;
    }
}

static void begin_medium(const char *line, struct medium *medium)
{
    char kind[16] = "";
    int port = 0, type, formats = 0, length;

    memset(medium, 0, sizeof *medium);
    sscanf(line, "m=%15s %d %*s%n", kind, &port, &formats);
    /* Their numbers need no other line to say what they mean. */
    for (const char *format = line + formats; formats && sscanf(format, "%d%n", &type, &length) == 1; format += length) {
        medium->pcma = medium->pcma || type == SDP_PCMA_PAYLOAD_TYPE;
        medium->pcmu = medium->pcmu || type == SDP_PCMU_PAYLOAD_TYPE;
    }
    medium->kind = strcmp(kind, "audio") == 0 ? AUDIO : strcmp(kind, "video") == 0 ? VIDEO : OTHER;
    medium->accepted = port != 0;
}

/* The value of `name` among the ';'-separated parameters of an fmtp line, or NULL. */
static const char *parameter(const char *parameters, const char *name)
{
    size_t length = strlen(name);

    while (*parameters) {
        parameters += strspn(parameters, " ;");
        if (strncasecmp(parameters, name, length) == 0 && parameters[length] == '=')
            return parameters + length + 1;
        parameters += strcspn(parameters, ";");
    }
    return NULL;
}

static void read_format(struct medium *medium, int type, const char *parameters)
{
    const char *profile_level_id = parameter(parameters, "profile-level-id");
    const char *mode = parameter(parameters, "packetization-mode");
    unsigned id = 0;

    if (profile_level_id && sscanf(profile_level_id, "%6x", &id) == 1) {
        medium->has_profile[type] = true;
        if (!h264_profile_from_id((uint8_t)(id >> 16), (uint8_t)(id >> 8), &medium->profile[type]))
            medium->unusable[type] = true;
    }
    if (mode && atoi(mode) != 1)
        medium->unusable[type] = true;
}

static void read_attribute(const char *line, struct medium *medium)
{
    char codec[32];
    int type, parameters = 0;

    if (strcmp(line, "a=inactive") == 0 || strcmp(line, "a=sendonly") == 0)
        medium->accepted = false;
    else if (sscanf(line, "a=rtpmap:%d %31[^\r\n]", &type, codec) == 2 && type > 0 && type < 128) {
        medium->opus[type] = strcasecmp(codec, "opus/48000/2") == 0;
        medium->h264[type] = strcasecmp(codec, "H264/90000") == 0;
    } else if (sscanf(line, "a=fmtp:%d %n", &type, &parameters) == 1 && parameters && type > 0 && type < 128)
        read_format(medium, type, line + parameters);
}

bool sdp_parse_answer(const char *text, struct sdp_answer *answer)
{
    struct medium medium = {.kind = NO_MEDIUM};
    bool any_medium = false;
    char line[1024];

    memset(answer, 0, sizeof *answer);
    while (*text) {
        size_t length = strcspn(text, "\r\n");
        size_t kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = '\0';
        text += length;
        text += strspn(text, "\r\n");
        if (strncmp(line, "m=", 2) == 0) {
            finish_medium(&medium, answer);
            begin_medium(line, &medium);
            any_medium = true;
        } else if (strncmp(line, "a=", 2) == 0) {
            read_attribute(line, &medium);
        }
    }
    finish_medium(&medium, answer);
    return any_medium;
}

uint8_t sdp_h264_payload_type(const struct sdp_answer *answer, enum h264_profile profile)
{
    for (int i = profile; i < H264_PROFILES; i++)
        if (answer->h264[i])
            return answer->h264[i];
    for (int i = profile; i-- > 0;)
        if (answer->h264[i])
            return answer->h264[i];
    return 0;
}
