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

#include "adaptation.h"
#include "asset.h"
#include "packetizer.h"
#include "playlist.h"
#include "rendition.h"
#include "rtcp.h"
#include "sdp.h"
#include "seek.h"
#include "window.h"

enum session_state { SESSION_READY, SESSION_GOING, SESSION_PAUSED };

enum session_end {
    SESSION_FINISHED, /* at the end of the last file */
    SESSION_FAILED,   /* the file cannot be read any further */
    SESSION_STOPPED,  /* by session_stop() or session_disconnect() */
};

/* What is played, and of what list. */
struct session_item {
    struct playlist *playlist;
    size_t item;
};

/* They are called with the session locked. */
struct session_callbacks {
    /* Sends an RTP packet, which may be changed. */
    void (*send)(void *owner, bool video, uint8_t *packet, size_t size);
    /* The play is over; `last` is what was played. */
    void (*ended)(void *owner, enum session_end end, const struct session_item *last);
    /* The file ends soon and another follows, which session_follow() should bring. */
    void (*near_end)(void *owner);
    /* The next file of the playlist has begun. */
    void (*item_began)(void *owner, const struct session_item *item);
    /* Another rendition of the film is wanted, which session_show() should bring. */
    void (*wants_rendition)(void *owner);
    /* It is shown: one of more bits than that of before, or of fewer; with so many lines, or 0 for the film itself. */
    void (*switched)(void *owner, const struct session_item *item, bool more, unsigned lines);
};

/* As what a medium is sent. */
struct session_format {
    bool sent;
    uint8_t payload_type;
    struct asset_sound sound;
};

/* What of one medium goes on from play to play within a PeerConnection, and where in its track the
 * present play is. */
struct session_medium {
    struct session_format format;
    struct asset *asset; /* which its items are from: what is played, or a rendition of it */
    uint32_t clock_rate;
    uint16_t sequence;
    uint32_t timestamp_base; /* the timestamp of the moment the PeerConnection came up */
    uint32_t timestamp;      /* the last one sent */
    uint64_t bytes;          /* of payload, that were sent */
    bool started;            /* something has been sent in this PeerConnection */
    bool after_gap;
    size_t next, count; /* items of the track */
    struct window *window; /* NULL: closed */
};

/* The pictures that are being sent: one, or after a request for repair and after a seek all from the last
 * key frame on, as packets spread over part of the time until the next picture. */
struct session_burst {
    bool active;
    size_t picture, last; /* the one being cut, and the one that is due */
    size_t packets, sent; /* those of filler included, which come last */
    int64_t start, interval;
    uint32_t timestamp;      /* of the one that is due */
    uint32_t timestamp_step; /* between a picture sent again and the next */
    struct packetizer packetizer;
};

/* The file that follows, opened ahead so that it can begin at the moment this one ends. */
struct session_next {
    bool asked; /* near_end() was called */
    bool none;  /* and nothing comes */
    size_t item;
    struct asset *asset; /* NULL until it comes */
    struct rendition shown; /* its asset is NULL: the film itself */
    struct session_format formats[ASSET_MEDIA];
    struct window *windows[ASSET_MEDIA];
};

/* Another rendition of what is played, that is to take over. */
struct session_switch {
    bool asked; /* wants_rendition() was called */
    struct rendition rendition; /* its asset is NULL until it comes */
    struct window *window;      /* NULL also when the film ends before it could take over */
    size_t key_frame; /* where it can */
    uint8_t payload_type;
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
    struct session_item played;
    struct index_choice choice; /* of the sounds, in all files of the list that have such a one */
    bool loop;
    unsigned plays; /* counts what begins, so that what was prepared for another play is not taken */
    struct session_next next;

    bool anchored;
    int64_t anchor; /* the moment at which position 0 of the file is, or would have been, due */
    int64_t from;   /* where in the file it begins: what lies before is not waited for */
    bool beginning; /* its first picture has not been sent */
    int64_t ahead;  /* by so much that one is sent before it is due */
    unsigned polls; /* whether what it needs has been read */
    size_t begin_at; /* the key frame from which on pictures are sent then */
    bool sought;    /* it begins there by session_seek(): also in a pause its picture is shown */
    const char *failure; /* why the last play that failed did, as the end of a sentence that begins with the file */
    int64_t paused_at;
    int64_t sound_until; /* the end of the sound last sent */
    struct session_medium media[ASSET_MEDIA];
    struct session_burst burst;

    bool has_key_frame;     /* `key_frame` was sent in this play, or is when it begins */
    size_t key_frame;       /* the last IDR picture sent */
    uint64_t key_frame_cost; /* bytes from it to the present */
    bool repair_wanted;
    int64_t repaired; /* when pictures were last sent again */

    struct rendition shown; /* without a reference of its own */
    struct session_switch to;
    unsigned wanted_level;
    uint64_t wanted_rate;    /* at most; 0: any */
    unsigned higher_level;   /* the one that is shown when there is room for more than what is */
    struct adaptation adaptation;
    int64_t rated; /* when `rate` was last found out, with `rated_bytes` sent until then */
    uint64_t rated_bytes;
    uint64_t rate; /* of the picture as it is sent, in bits per second; 0: not known */
    uint64_t rates[RENDITION_LEVELS]; /* of those that were shown, and of the one above each */
    uint64_t filler_rate;             /* so much is sent beside the picture to try whether there is room for it */
    int64_t filler_until;
    uint64_t filler_owed; /* bytes that did not fill a packet */
    struct rtcp_report reported; /* the report up to which loss is known, that came at `reported_at` */
    int64_t reported_at;         /* 0: none has */
    double loss; /* of the picture, as the viewer last said, of 1; -1: he has not */
};

void session_init(struct session *session, const struct session_callbacks *callbacks, void *owner);
void session_destroy(struct session *session); /* when ready */

/* The viewer's answer has come; the PeerConnection is up; it is gone, and with it the play. */
void session_accept(struct session *session, const struct sdp_answer *answer);
void session_connect(struct session *session, int64_t now);
void session_disconnect(struct session *session);

bool session_is_connected(struct session *session);
enum session_state session_state(struct session *session);

/* What is to be played. */
struct session_play {
    struct asset *asset;
    struct session_item played;
    struct seek_point point;
    struct index_choice choice;
    bool loop;
};

/* Begins to play and takes over the caller's references to asset and playlist. False, with a reason, when it
 * does not: the references are still the caller's. */
bool session_launch(struct session *session, const struct session_play *play, struct reason *reason);

/* Does so in place of what is being played, which ends without a word; false also when nothing is. */
bool session_replace(struct session *session, const struct session_play *play, struct reason *reason);

/* False in any other state than the one they lead out of. */
bool session_pause(struct session *session, int64_t now);
bool session_resume(struct session *session, int64_t now);
bool session_stop(struct session *session);

/* Gives a reference to what is being played, or NULL. */
struct asset *session_asset(struct session *session);

/* Goes to a point of the asset; false when it is no longer what is being played. */
bool session_seek(struct session *session, const struct asset *asset, const struct seek_point *point, int64_t now);

/* Whether to begin again at the end of the file or list; false when nothing is played. */
bool session_set_loop(struct session *session, bool loop);

/* Has another sound of the file heard from now on. False, with a reason, when the file has no such one; nothing happens
 * when nothing is played. */
bool session_choose_sound(struct session *session, const struct index_choice *choice, struct reason *reason);

/* What should follow: gives a reference to the playlist, how many of its files, from that one on, come into
 * question, and the number of the play it is for. False when nothing has to. */
bool session_wants_next(struct session *session, struct session_item *next, size_t *candidates, unsigned *play);

/* The level of the rendition that the viewer has room for. */
unsigned session_level(struct session *session);

enum session_followed {
    SESSION_TAKEN,    /* with the caller's reference to the asset */
    SESSION_TOO_LATE, /* for that play */
    SESSION_UNFIT,    /* for this viewer; the reason says why */
};

/* Brings what follows, or NULL when nothing does; and the rendition that is to be shown of it, whose reference is taken
 * in any case, or one without an asset for the film itself. */
enum session_followed session_follow(struct session *session, unsigned play, size_t item, struct asset *asset,
                                     const struct rendition *shown, struct reason *reason);

/* How a viewer's play stands. What is not about a state is only set in one other than ready, but for what the viewer has
 * said in this PeerConnection. */
struct session_status {
    enum session_state state;
    struct session_item played; /* with a reference to the playlist; NULL when ready */
    bool loop;
    int64_t position, duration;
    struct index_sounds sounds; /* of the file */
    unsigned sound;             /* the one that is heard */
    unsigned lines;             /* of the rendition that is shown; 0: as many as the film has */
    double loss;       /* of the picture's packets, of 1; -1: not said */
    uint64_t estimate; /* bits per second for which there is room; 0: not said */
};

void session_status(struct session *session, int64_t now, struct session_status *status);

/* Takes what the viewer says of how the picture arrives, and does something about it. */
void session_feedback(struct session *session, const struct rtcp_feedback *feedback, int64_t now);

/* Which rendition is wanted, with references to what of. */
struct session_wish {
    struct asset *asset;
    struct session_item item;
    unsigned level;
    uint64_t rate; /* at most, in bits per second; 0: any */
};

/* False when none is. */
bool session_wants_rendition(struct session *session, struct session_wish *wish);

/* Brings a rendition of the asset, or NULL when there is none; false when it is not taken, with the reference that it
 * holds. A film is a rendition of itself. */
bool session_show(struct session *session, const struct asset *asset, const struct rendition *rendition, int64_t now);

/* Sends what is due and returns when to be called next, or NEVER. */
int64_t session_advance(struct session *session, int64_t now);

#endif
