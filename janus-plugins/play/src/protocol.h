/* SPDX-License-Identifier: GPL-3.0-only */
/* The messages of viewers and the replies to them, as PROTOCOL.md describes them. JSON is read and
 * written here and nowhere else. */
#ifndef PLAY_PROTOCOL_H
#define PLAY_PROTOCOL_H

#include <stdbool.h>

#include <jansson.h>

#include "index.h"
#include "path.h"
#include "reason.h"

enum command_type {
    COMMAND_PING,
    COMMAND_PROBE,
    COMMAND_OFFER,
    COMMAND_ANSWER,
    COMMAND_PLAY,
    COMMAND_STOP,
};

struct command {
    enum command_type type;
    const char *file; /* COMMAND_PROBE, COMMAND_PLAY */
    const char *sdp;  /* COMMAND_ANSWER */
    const char *token; /* of the viewer; NULL: none */
};

enum protocol_verdict {
    PROTOCOL_UNDERSTOOD,
    PROTOCOL_REFUSED, /* answered with protocol_refusal(NULL, ...) */
    PROTOCOL_ERROR,   /* answered with the core's error 462 */
};

/* The strings of a command belong to the message. */
enum protocol_verdict protocol_parse(const json_t *body, const json_t *jsep, struct command *command,
                                     struct reason *reason);

json_t *protocol_pong(void);
json_t *protocol_probe_result(const struct media_index *index);

/* Why a file is not played; `file` may be NULL, the status is not PATH_OPENED. */
json_t *protocol_refusal(enum path_status status, const char *file, const struct reason *reason);

/* {tms_play_event: name} */
json_t *protocol_event(const char *name);
json_t *protocol_offer(const char *sdp);

#endif
