/* SPDX-License-Identifier: GPL-3.0-only */
#include "protocol.h"

#include <string.h>

static const struct {
    const char *name;
    enum command_type type;
    bool has_file, has_answer;
} requests[] = {
    {.name = "ping", .type = COMMAND_PING},
    {.name = "probe.file", .type = COMMAND_PROBE, .has_file = true},
    {.name = "request.offer", .type = COMMAND_OFFER},
    {.name = "push.answer", .type = COMMAND_ANSWER, .has_answer = true},
    {.name = "ctrl.play", .type = COMMAND_PLAY, .has_file = true},
    {.name = "stop.play", .type = COMMAND_STOP},
};

#define REQUESTS (sizeof requests / sizeof requests[0])
#define REQUEST_NAMES "ping, probe.file, request.offer, push.answer, ctrl.play, stop.play"

static enum protocol_verdict parse_file(const char *request, const json_t *body, struct command *command,
                                        struct reason *reason)
{
    const json_t *file = json_object_get(body, "file");

    if (!json_is_string(file)) {
        reason_set(reason, "%s needs 'file', the name of a file in the media folder, as a string", request);
        return PROTOCOL_REFUSED;
    }
    command->file = json_string_value(file);
    if (json_string_length(file) == 0 || strlen(command->file) != json_string_length(file)) {
        reason_set(reason, "'file' is empty or contains a null character");
        return PROTOCOL_REFUSED;
    }
    return PROTOCOL_UNDERSTOOD;
}

static enum protocol_verdict parse_answer(const json_t *jsep, struct command *command, struct reason *reason)
{
    const char *type = json_string_value(json_object_get(jsep, "type"));

    command->sdp = json_string_value(json_object_get(jsep, "sdp"));
    if (type && strcmp(type, "answer") == 0 && command->sdp)
        return PROTOCOL_UNDERSTOOD;
    reason_set(reason, "push.answer needs the answer to the offer as 'jsep': {type: \"answer\", sdp}");
    return PROTOCOL_ERROR;
}

enum protocol_verdict protocol_parse(const json_t *body, const json_t *jsep, struct command *command,
                                     struct reason *reason)
{
    const char *name = json_string_value(json_object_get(body, "request"));

    if (!name) {
        reason_set(reason, "the message needs 'request' as a string, one of: " REQUEST_NAMES);
        return PROTOCOL_ERROR;
    }
    for (size_t i = 0; i < REQUESTS; i++) {
        if (strcmp(name, requests[i].name) != 0)
            continue;
        *command = (struct command){
            .type = requests[i].type,
            .token = json_string_value(json_object_get(body, "token")),
        };
        if (requests[i].has_file)
            return parse_file(name, body, command, reason);
        if (requests[i].has_answer)
            return parse_answer(jsep, command, reason);
        return PROTOCOL_UNDERSTOOD;
    }
    reason_set(reason, "%s is not a request; these are: " REQUEST_NAMES,
               strlen(name) < 64 ? name : "what the message asks for");
    return PROTOCOL_ERROR;
}

json_t *protocol_pong(void)
{
    return json_pack("{ss}", "msg", "pong");
}

json_t *protocol_probe_result(const struct media_index *index)
{
    return json_pack("{sisisI}", "code", 0, "streams", (int)index->streams, "duration",
                     (json_int_t)(index->duration / 1000));
}

json_t *protocol_refusal(enum path_status status, const char *file, const struct reason *reason)
{
    if (status == PATH_NOT_FOUND)
        return json_pack("{siss}", "code", 404, "path", file);
    if (!file)
        return json_pack("{siss}", "code", 400, "reason", reason->text);
    return json_pack("{sissss}", "code", status == PATH_FORBIDDEN ? 403 : 400, "path", file, "reason",
                     reason->text);
}

json_t *protocol_event(const char *name)
{
    return json_pack("{ss}", "tms_play_event", name);
}

json_t *protocol_offer(const char *sdp)
{
    return json_pack("{ssss}", "type", "offer", "sdp", sdp);
}
