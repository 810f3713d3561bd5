/* SPDX-License-Identifier: GPL-3.0-only */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "feedback.h"
#include "medium.h"
#include "playback.h"
#include "sending.h"
#include "switching.h"

#define VIDEO_RATE 90000

static void random_bytes(void *data, size_t size)
{
    if (getrandom(data, size, 0) != (ssize_t)size)
        abort();
}

void session_init(struct session *session, const struct session_callbacks *callbacks, void *owner)
{
    memset(session, 0, sizeof *session);
    session->callbacks = callbacks;
    session->owner = owner;
    pthread_mutex_init(&session->lock, NULL);
    session->media[ASSET_VIDEO].clock_rate = VIDEO_RATE;
    session->media[ASSET_AUDIO].clock_rate = AUDIO_RATE;
    session->loss = -1;
    for (int i = 0; i < ASSET_MEDIA; i++) {
        random_bytes(&session->media[i].sequence, sizeof session->media[i].sequence);
        random_bytes(&session->media[i].timestamp_base, sizeof session->media[i].timestamp_base);
    }
}

void session_destroy(struct session *session)
{
    pthread_mutex_destroy(&session->lock);
}

void session_accept(struct session *session, const struct sdp_answer *answer)
{
    pthread_mutex_lock(&session->lock);
    session->answer = *answer;
    pthread_mutex_unlock(&session->lock);
}

void session_connect(struct session *session, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    if (!session->connected) {
        session->connected = true;
        session->epoch = now;
        session->wanted_level = 0;
        session->loss = -1;
        session->reported_at = 0;
        adaptation_begin(&session->adaptation);
        for (int i = 0; i < ASSET_MEDIA; i++)
            session->media[i].started = false;
    }
    pthread_mutex_unlock(&session->lock);
}

void session_disconnect(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    session->connected = false;
    if (session->state != SESSION_READY)
        playback_end(session, SESSION_STOPPED);
    pthread_mutex_unlock(&session->lock);
}

bool session_is_connected(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    bool connected = session->connected;
    pthread_mutex_unlock(&session->lock);
    return connected;
}

enum session_state session_state(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    enum session_state state = session->state;
    pthread_mutex_unlock(&session->lock);
    return state;
}

bool session_launch(struct session *session, const struct session_play *play, struct reason *reason)
{
    bool launched = false;

    pthread_mutex_lock(&session->lock);
    if (!session->connected)
        reason_set(reason, "the PeerConnection is not up");
    else if (session->state != SESSION_READY)
        reason_set(reason, "another file is being played");
    else
        launched = playback_begin(session, play, reason);
    pthread_mutex_unlock(&session->lock);
    return launched;
}

bool session_replace(struct session *session, const struct session_play *play, struct reason *reason)
{
    bool replaced = false;

    pthread_mutex_lock(&session->lock);
    if (session->state == SESSION_READY)
        reason_set(reason, "nothing is being played");
    else
        replaced = playback_begin(session, play, reason);
    pthread_mutex_unlock(&session->lock);
    return replaced;
}

bool session_pause(struct session *session, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    bool going = session->state == SESSION_GOING;
    if (going) {
        session->state = SESSION_PAUSED;
        session->paused_at = now;
        medium_send_silence(session);
    }
    pthread_mutex_unlock(&session->lock);
    return going;
}

bool session_resume(struct session *session, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    bool paused = session->state == SESSION_PAUSED;
    if (paused) {
        session->state = SESSION_GOING;
        if (now > session->paused_at)
            medium_delay(session, now - session->paused_at);
        medium_keep_silence(session);
        adaptation_renew(&session->adaptation);
    }
    pthread_mutex_unlock(&session->lock);
    return paused;
}

struct asset *session_asset(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    struct asset *asset = session->asset ? asset_hold(session->asset) : NULL;
    pthread_mutex_unlock(&session->lock);
    return asset;
}

bool session_seek(struct session *session, const struct asset *asset, const struct seek_point *point, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    bool found = session->asset == asset;
    if (found) {
        playback_go_to(session, point);
        session->sought = true;
        session->paused_at = now;
        switching_renew(session);
    }
    pthread_mutex_unlock(&session->lock);
    return found;
}

bool session_set_loop(struct session *session, bool loop)
{
    pthread_mutex_lock(&session->lock);
    bool playing = session->state != SESSION_READY;
    if (playing && session->loop != loop) {
        session->loop = loop;
        session->plays++;
        playback_discard_next(session);
    }
    pthread_mutex_unlock(&session->lock);
    return playing;
}

bool session_choose_sound(struct session *session, const struct index_choice *choice, struct reason *reason)
{
    pthread_mutex_lock(&session->lock);
    bool chosen = session->state == SESSION_READY || playback_choose_sound(session, choice, reason);
    pthread_mutex_unlock(&session->lock);
    return chosen;
}

bool session_wants_next(struct session *session, struct session_item *next, size_t *candidates, unsigned *play)
{
    pthread_mutex_lock(&session->lock);
    bool wanted = session->next.asked && !session->next.asset && !session->next.none;
    if (wanted) {
        struct playlist *playlist = session->played.playlist;
        size_t item = session->played.item + 1;
        *candidates = session->loop ? playlist->count : playlist->count - item;
        *next = (struct session_item){playlist_hold(playlist), item % playlist->count};
        *play = session->plays;
    }
    pthread_mutex_unlock(&session->lock);
    return wanted;
}

unsigned session_level(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    unsigned level = session->wanted_level;
    pthread_mutex_unlock(&session->lock);
    return level;
}

enum session_followed session_follow(struct session *session, unsigned play, size_t item, struct asset *asset,
                                     const struct rendition *shown, struct reason *reason)
{
    enum session_followed followed = SESSION_TOO_LATE;

    pthread_mutex_lock(&session->lock);
    if (play == session->plays && session->next.asked && !session->next.asset)
        followed = playback_follow(session, item, asset, shown, reason);
    pthread_mutex_unlock(&session->lock);
    if (followed != SESSION_TAKEN && shown->asset)
        asset_release(shown->asset);
    return followed;
}

void session_status(struct session *session, int64_t now, struct session_status *status)
{
    pthread_mutex_lock(&session->lock);
    *status = (struct session_status){
        .state = session->state, .loss = session->loss, .estimate = session->adaptation.estimate};
    if (session->state != SESSION_READY) {
        status->played = session->played;
        playlist_hold(status->played.playlist);
        status->loop = session->loop;
        status->duration = index_end(asset_index(session->asset));
        int64_t passed = (session->state == SESSION_PAUSED ? session->paused_at : now) - session->anchor;
        status->position = session->anchored && passed > session->from ? passed : session->from;
        if (status->position > status->duration)
            status->position = status->duration;
        index_list_sounds(asset_index(session->asset), &status->sounds);
        status->sound = session->media[ASSET_AUDIO].format.sound.number;
        status->lines = session->shown.lines;
    }
    pthread_mutex_unlock(&session->lock);
}

bool session_stop(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    bool playing = session->state != SESSION_READY;
    if (playing)
        playback_end(session, SESSION_STOPPED);
    pthread_mutex_unlock(&session->lock);
    return playing;
}

void session_feedback(struct session *session, const struct rtcp_feedback *feedback, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    /* In a pause a browser asks because it gets no pictures, not because it has lost one. */
    if (session->state == SESSION_GOING) {
        session->repair_wanted = session->repair_wanted || feedback->wants_key_frame;
        if (session->media[ASSET_VIDEO].count > 0 && (feedback->report_count > 0 || feedback->estimate))
            feedback_take(session, feedback, now);
    }
    pthread_mutex_unlock(&session->lock);
}

bool session_wants_rendition(struct session *session, struct session_wish *wish)
{
    pthread_mutex_lock(&session->lock);
    bool wanted = session->to.asked && !session->to.rendition.asset;
    if (wanted) {
        *wish = (struct session_wish){
            .asset = asset_hold(session->asset),
            .item = {playlist_hold(session->played.playlist), session->played.item},
            .level = session->wanted_level,
            .rate = session->wanted_rate,
        };
    }
    pthread_mutex_unlock(&session->lock);
    return wanted;
}

bool session_show(struct session *session, const struct asset *asset, const struct rendition *rendition, int64_t now)
{
    bool taken = false;

    pthread_mutex_lock(&session->lock);
    /* Meanwhile something else may have begun, for which it was asked for again. */
    if (session->state != SESSION_READY && session->asset == asset && session->to.asked) {
        taken = rendition && switching_prepare(session, rendition);
        if (!taken && !session->to.rendition.asset) {
            session->to.asked = false;
            session->wanted_level = session->shown.level;
            adaptation_refused(&session->adaptation, now);
        }
    }
    pthread_mutex_unlock(&session->lock);
    return taken;
}

int64_t session_advance(struct session *session, int64_t now)
{
    int64_t next = NEVER;

    pthread_mutex_lock(&session->lock);
    if (session->state == SESSION_GOING)
        next = sending_advance(session, now);
    else if (session->state == SESSION_PAUSED && session->sought)
        next = sending_show(session, now);
    pthread_mutex_unlock(&session->lock);
    return next;
}
