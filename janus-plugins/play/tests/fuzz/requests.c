/* SPDX-License-Identifier: GPL-3.0-only */
/* Messages of viewers, and the playlists in them. */
#include "../../src/playlist.c"
#include "../../src/protocol.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *body = json_loadb((const char *)data, size, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    struct command command;
    struct reason reason;

    if (!body)
        return 0;
    if (protocol_parse(body, json_object_get(body, "jsep"), &command, &reason) == PROTOCOL_UNDERSTOOD) {
        if (command.type == COMMAND_PLAY || command.type == COMMAND_TOGGLE)
            playlist_release(protocol_playlist(&command));
    } else {
        json_decref(protocol_refusal(PATH_REFUSED, NULL, &reason));
    }
    json_decref(body);
    return 0;
}
