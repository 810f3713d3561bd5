/* SPDX-License-Identifier: GPL-3.0-only */
#include "sending.h"

#include <string.h>

#include "audio.h"
#include "clock.h"
#include "medium.h"
#include "pacer.h"
#include "pictures.h"
#include "playback.h"
#include "switching.h"

/* How often to look whether what is missing has been read; at the beginning, when it mostly is there at once. */
#define POLL MILLISECONDS(5)
#define FIRST_POLL MILLISECONDS(1)
#define FIRST_POLLS 20
/* From the moment everything is there until the first packet is due: at the beginning of a PeerConnection,
 * when the pacer must not be late; and later, so that timestamps grow. */
#define FIRST_LEAD MILLISECONDS(3)
#define LEAD MILLISECONDS(1)
/* What is later than this is not caught up with: the rest of the file is delayed instead. */
#define LATE MILLISECONDS(100)
/* The core derives from the first packet of a medium which moment a timestamp stands for, for as long
 * as the PeerConnection lasts. Were it late by more than this, sound and picture would stay apart. */
#define FIRST_LATE MILLISECONDS(2)
/* How long before its end a file's successor is opened. */
#define AHEAD SECONDS(10)

static void send_audio(struct session *session, const struct asset_item *item)
{
    struct session_medium *medium = &session->media[ASSET_AUDIO];
    uint8_t packet[RTP_HEADER_SIZE + AUDIO_PACKET_MAX];

    int64_t due = medium_item_due(session, ASSET_AUDIO, medium->next);
    uint32_t timestamp = medium_timestamp(session, medium, due);

    memcpy(packet + RTP_HEADER_SIZE, item->data, item->size);
    medium_send(session, ASSET_AUDIO, packet, item->size, timestamp,
                medium->after_gap || due != session->sound_until);
    session->sound_until = due + AUDIO_PACKET_TIME;
    medium->after_gap = false;
    medium->next++;
    window_move(medium->window, medium_upcoming(medium), medium_upcoming(medium));
}

static int64_t medium_due(const struct session *session, enum asset_medium which)
{
    const struct session_medium *medium = &session->media[which];
    const struct session_burst *burst = &session->burst;

    if (which == ASSET_VIDEO && burst->active)
        return pacer_packet_due(burst->start, burst->interval, burst->sent, burst->packets);
    if (medium->next >= medium->count)
        return NEVER;
    return medium_item_due(session, which, medium->next) - (which == ASSET_VIDEO ? pictures_lead(session) : 0);
}

bool sending_is_prepared(const struct session *session)
{
    for (int i = 0; i < ASSET_MEDIA; i++) {
        const struct session_medium *medium = &session->media[i];
        size_t first = i == ASSET_VIDEO ? session->begin_at : medium->next;
        for (size_t item = first; medium->next < medium->count && item <= medium->next; item++) {
            if (window_failed(medium->window, item))
                return true;
            if (!window_item(medium->window, item))
                return false;
        }
    }
    return true;
}

/* What would overlap the sound of before: a seek does not wait for it. */
static void skip_sound(struct session *session)
{
    struct session_medium *medium = &session->media[ASSET_AUDIO];

    while (medium->next < medium->count && medium_item_due(session, ASSET_AUDIO, medium->next) < session->sound_until)
        medium->next++;
}

static int64_t look_again(struct session *session, int64_t now)
{
    return now + (session->polls++ < FIRST_POLLS ? FIRST_POLL : POLL);
}

/* Begins as soon as all is there; false until then. */
static bool is_anchored(struct session *session, int64_t now)
{
    bool started = true;

    if (session->anchored)
        return true;
    if (!sending_is_prepared(session)) {
        medium_send_silence(session);
        return false;
    }
    for (int i = 0; i < ASSET_MEDIA; i++)
        started = started && (session->media[i].started || session->media[i].count == 0);
    int64_t begin = now + (started ? LEAD : FIRST_LEAD) + pictures_lead(session);
    session->anchored = true;
    session->anchor = pacer_align(begin - session->from);
    /* Who has gone elsewhere does not wait for that: his first picture goes ahead. */
    session->ahead = started && session->sought ? session->anchor + session->from - begin : 0;
    if (session->sought)
        skip_sound(session);
    else
        medium_keep_silence(session);
    return true;
}

/* Begins or goes on with what is due of a medium; false when it has not been read yet. */
static bool send_due(struct session *session, enum asset_medium which, int64_t due, int64_t now)
{
    struct session_medium *medium = &session->media[which];

    if (which == ASSET_VIDEO && session->burst.active) {
        pictures_send_packet(session);
        return true;
    }
    if (which == ASSET_VIDEO)
        switching_take(session);
    const struct asset_item *item = window_item(medium->window, medium->next);
    if (!item)
        return false;
    if (now - due > (medium->started ? LATE : FIRST_LATE))
        medium_delay(session, now - due);
    if (which == ASSET_AUDIO)
        send_audio(session, item);
    else
        pictures_begin(session, item, now);
    return true;
}

/* Has the file that follows opened in good time. */
static void ask_for_next(struct session *session, int64_t now)
{
    if (session->next.asked || !playback_has_next(session) || now < session->anchor + playback_end_time(session) - AHEAD)
        return;
    session->next.asked = true;
    session->callbacks->near_end(session->owner);
}

/* The file is over at `end`, which has come. Returns when to be called next. */
static int64_t go_on(struct session *session, int64_t end, int64_t now)
{
    if (!playback_has_next(session) || session->next.none) {
        playback_end(session, SESSION_FINISHED);
        return NEVER;
    }
    if (!session->next.asset) {
        medium_send_silence(session);
        return now + POLL;
    }
    playback_begin_next(session, end);
    return now;
}

/* What is to be sent next will never come. */
static void fail(struct session *session, const struct session_medium *medium)
{
    const char *failure = window_failure(medium->window, medium->next);

    session->failure = failure ? failure : "cannot be read any further";
    playback_end(session, SESSION_FAILED);
}

int64_t sending_advance(struct session *session, int64_t now)
{
    if (!is_anchored(session, now))
        return look_again(session, now);
    ask_for_next(session, now);
    for (;;) {
        int64_t video_due = medium_due(session, ASSET_VIDEO), audio_due = medium_due(session, ASSET_AUDIO);
        enum asset_medium which = audio_due <= video_due ? ASSET_AUDIO : ASSET_VIDEO;
        int64_t due = which == ASSET_AUDIO ? audio_due : video_due;
        struct session_medium *medium = &session->media[which];

        if (due == NEVER) {
            due = session->anchor + playback_end_time(session);
            return due > now ? due : go_on(session, due, now);
        }
        if (due > now)
            return due;
        if (!send_due(session, which, due, now)) {
            if (window_failed(medium->window, medium->next)) {
                fail(session, medium);
                return NEVER;
            }
            return now + POLL;
        }
    }
}

int64_t sending_show(struct session *session, int64_t now)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];

    if (!is_anchored(session, now))
        return look_again(session, now);
    session->paused_at = session->anchor + session->from;
    if (medium->next >= medium->count && !session->burst.active)
        session->sought = false;
    while (session->sought) {
        int64_t due = medium_due(session, ASSET_VIDEO);
        if (due > now)
            return due;
        if (!send_due(session, ASSET_VIDEO, due, now)) {
            fail(session, medium);
            return NEVER;
        }
    }
    return NEVER;
}
