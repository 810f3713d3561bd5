/* SPDX-License-Identifier: GPL-3.0-only */
/* One viewer: what is sent to him and when. A machine of three states, ready -> going <-> paused ->
 * ready, that is told the time, so that it can be tested without a clock. Its functions may be called
 * from any thread. */
#ifndef PLAY_SESSION_H
#define PLAY_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asset.h"
#include "packetizer.h"
#include "sdp.h"

enum session_state { SESSION_READY, SESSION_GOING, SESSION_PAUSED };

struct session_callbacks {
    /* Sends an RTP packet, which may be changed. */
    void (*send)(void *owner, bool video, uint8_t *packet, size_t size);
    /* The play is over: at the end of the file, because the file cannot be read any further, by
     * session_stop() or by session_disconnect(). The session is locked meanwhile. */
    void (*ended)(void *owner);
};

/* What of one medium goes on from play to play within a PeerConnection, and where in its track the
 * present play is. */
struct session_medium {
    uint8_t payload_type; /* 0: not sent in this play */
    uint32_t clock_rate;
    uint16_t sequence;
    uint32_t timestamp_base; /* the timestamp of the moment the PeerConnection came up */
    uint32_t timestamp;      /* the last one sent */
    bool started;            /* something has been sent in this PeerConnection */
    bool after_gap;
    size_t next, count; /* items of the track */
    struct window window;
};

/* The pictures that are being sent: one, or after a request for repair all from the last key frame on,
 * as packets spread over part of the time until the next picture. */
struct session_burst {
    bool active;
    size_t picture, last; /* the one being cut, and the one that is due */
    size_t packets, sent;
    int64_t start, interval;
    uint32_t timestamp;      /* of the one that is due */
    uint32_t timestamp_step; /* between a picture sent again and the next */
    struct packetizer packetizer;
};

struct session {
    const struct session_callbacks *callbacks;
    void *owner;
    pthread_mutex_t lock;
    enum session_state state;
    struct sdp_answer answer;
    bool connected;
    int64_t epoch; /* when the PeerConnection came up */

    struct asset *asset; /* what is being played; NULL when ready */
    bool anchored;
    int64_t anchor; /* the moment at which position 0 of the file is, or would have been, due */
    int64_t paused_at;
    int64_t silent_until; /* the end of the silence last sent */
    struct session_medium media[ASSET_MEDIA];
    struct session_burst burst;

    bool has_key_frame;    /* `key_frame` was sent in this play */
    size_t key_frame;      /* the last IDR picture sent */
    size_t key_frame_cost; /* bytes from it to the present */
    bool repair_wanted;
    int64_t repaired; /* when pictures were last sent again */
};

void session_init(struct session *session, const struct session_callbacks *callbacks, void *owner);
void session_destroy(struct session *session); /* when ready */

/* The viewer's answer has come; the PeerConnection is up; it is gone, and with it the play. */
void session_accept(struct session *session, const struct sdp_answer *answer);
void session_connect(struct session *session, int64_t now);
void session_disconnect(struct session *session);

bool session_is_connected(struct session *session);
enum session_state session_state(struct session *session);

/* Begins to play and takes over the caller's reference to the asset. False, with a reason, when it does
 * not: the reference is still the caller's. */
bool session_launch(struct session *session, struct asset *asset, struct reason *reason);

/* False in any other state than the one they lead out of. */
bool session_pause(struct session *session, int64_t now);
bool session_resume(struct session *session, int64_t now);
bool session_stop(struct session *session);

/* The viewer has lost pictures. */
void session_request_key_frame(struct session *session);

/* Sends what is due and returns when to be called next, or NEVER. */
int64_t session_advance(struct session *session, int64_t now);

#endif
