/* SPDX-License-Identifier: GPL-3.0-only */
/* The messages of viewers and the replies to them, as PROTOCOL.md describes them. JSON is read and
 * written here and nowhere else. */
#ifndef PLAY_PROTOCOL_H
#define PLAY_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "listing.h"
#include "path.h"
#include "playlist.h"
#include "probe.h"
#include "reason.h"
#include "seek.h"
#include "session.h"

enum command_type {
    COMMAND_PING,
    COMMAND_PROBE,
    COMMAND_OFFER,
    COMMAND_ANSWER,
    COMMAND_TOGGLE,
    COMMAND_STOP,
    COMMAND_PLAY,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_SEEK,
    COMMAND_LOOP,
    COMMAND_SOUND,
    COMMAND_STATUS,
    COMMAND_REPORT,
    COMMAND_LIST,
};

/* Times are in milliseconds. A field that the message does not have is NULL, 0 or false, and `sound` -1. */
struct command {
    enum command_type type;
    bool is_explicit; /* of the second generation, whose replies and events are typed and more */
    const char *token; /* of the viewer; NULL: none */
    const char *sdp;
    const char *file;
    const char *folder;
    const char *language;
    int64_t sound;
    const json_t *playlist;
    int64_t item;
    int64_t offset;
    int64_t limit;
    int64_t start;
    int64_t position;
    int64_t interval;
    bool loop;
    bool accurate;
};

enum protocol_verdict {
    PROTOCOL_UNDERSTOOD,
    PROTOCOL_REFUSED, /* answered with protocol_refusal(NULL, ...) */
    PROTOCOL_ERROR,   /* answered with the core's error 462 */
};

/* What a reply that refuses says, beside those of protocol_refusal(). */
enum protocol_code { PROTOCOL_CONFLICT = 409, PROTOCOL_FULL = 429 };

/* What the command points at belongs to the message. */
enum protocol_verdict protocol_parse(const json_t *body, const json_t *jsep, struct command *command,
                                     struct reason *reason);

/* What the command asks to play, `playlist` or `file`. */
struct playlist *protocol_playlist(const struct command *command);

/* Which sound it asks for. */
struct index_choice protocol_choice(const struct command *command);

json_t *protocol_pong(void);
json_t *protocol_probe_result(const struct probe *probe);
json_t *protocol_listing(const struct listing *listing);

/* Why a file or folder is refused; `file` may be NULL, the status is not PATH_OPENED. */
json_t *protocol_refusal(enum path_status status, const char *file, const struct reason *reason);
json_t *protocol_conflict(enum protocol_code code, const char *reason);

/* The status object, and the reply of which it is the content. */
json_t *protocol_status(const struct session_status *status);
json_t *protocol_done(const struct session_status *status);

/* What the core tells of a viewer to the one who runs it: the status, and what the viewer has said of the network. */
json_t *protocol_query(const struct session_status *status);
json_t *protocol_sought(const struct session_status *status, const struct seek_point *point, bool accurate);

/* {tms_play_event: name} */
json_t *protocol_event(const char *name);
json_t *protocol_position(const struct session_status *status);
/* `failure` is why, when the play failed: the end of a sentence that begins with the file. */
json_t *protocol_ended(const struct session_item *last, enum session_end end, const char *failure);
json_t *protocol_item(const struct session_item *item);
/* `lines` of the rendition that is shown, 0 for the film itself. */
json_t *protocol_rendition(const struct session_item *item, unsigned lines);
json_t *protocol_skipped(const struct session_item *item, const char *message);
json_t *protocol_offer(const char *sdp);

#endif
