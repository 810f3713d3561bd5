/* SPDX-License-Identifier: GPL-3.0-only */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audio.h"
#include "clock.h"
#include "pacer.h"

#define VIDEO_RATE 90000

/* How often to look whether what is missing has been read. */
#define POLL MILLISECONDS(5)
/* From the moment everything is there until the first packet is due: at the beginning of a PeerConnection,
 * when the pacer must not be late; and later, so that timestamps grow. */
#define FIRST_LEAD MILLISECONDS(5)
#define LEAD MILLISECONDS(1)
/* What is later than this is not caught up with: the rest of the file is delayed instead. */
#define LATE MILLISECONDS(100)
/* The core derives from the first packet of a medium which moment a timestamp stands for, for as long
 * as the PeerConnection lasts. Were it late by more than this, sound and picture would stay apart. */
#define FIRST_LATE MILLISECONDS(2)
/* Between two pictures that are sent only for the sake of the one at the position sought. */
#define BURST_STEP (SECONDS(1) / 2000)
/* How long before its end a file's successor is opened. */
#define AHEAD SECONDS(10)

#define REPAIR_INTERVAL SECONDS(1)

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
    for (int i = 0; i < ASSET_MEDIA; i++) {
        random_bytes(&session->media[i].sequence, sizeof session->media[i].sequence);
        random_bytes(&session->media[i].timestamp_base, sizeof session->media[i].timestamp_base);
    }
}

/* Unless it is one of the functions of the header, the caller of what follows holds the lock. */

static int64_t item_due(const struct session *session, enum asset_medium medium, size_t item)
{
    int64_t time = asset_time(session->asset, medium, item);

    return session->anchor + (time > session->from ? time : session->from);
}

static uint32_t timestamp_at(const struct session *session, const struct session_medium *medium, int64_t due)
{
    return medium->timestamp_base + (uint32_t)clock_ticks(due - session->epoch, medium->clock_rate);
}

/* Sends what stands behind the header's place in `packet`. */
static void send_packet(struct session *session, enum asset_medium which, uint8_t *packet, size_t payload,
                        uint32_t timestamp, bool marker)
{
    struct session_medium *medium = &session->media[which];

    rtp_write_header(packet, &(struct rtp_header){.marker = marker,
                                                  .payload_type = medium->format.payload_type,
                                                  .sequence = medium->sequence++,
                                                  .timestamp = timestamp});
    medium->timestamp = timestamp;
    medium->started = true;
    session->callbacks->send(session->owner, which == ASSET_VIDEO, packet, RTP_HEADER_SIZE + payload);
}

static void send_quiet(struct session *session, const uint8_t *sound, size_t size)
{
    uint8_t packet[RTP_HEADER_SIZE + AUDIO_PACKET_MAX];

    memcpy(packet + RTP_HEADER_SIZE, sound, size);
    send_packet(session, ASSET_AUDIO, packet, size,
                timestamp_at(session, &session->media[ASSET_AUDIO], session->sound_until), false);
    session->sound_until += AUDIO_PACKET_TIME;
}

/* Tells the receiver that the silence to come is meant: else it would take it for loss, stretch the last
 * sound, and forget by how much it had delayed sound against picture. */
static void send_silence(struct session *session)
{
    /* A frame of no bytes, 48 kHz, stereo, 20 ms, begins a pause (DTX). */
    static const uint8_t pause[] = {0xfc};
    struct session_medium *medium = &session->media[ASSET_AUDIO];
    size_t size;

    if (!session->connected || medium->count == 0 || medium->after_gap)
        return;
    const uint8_t *silence = audio_silence(medium->format.codec, &size);
    send_quiet(session, silence, size);
    if (medium->format.codec == AUDIO_OPUS)
        send_quiet(session, pause, sizeof pause);
    medium->after_gap = true;
}

static void close_windows(struct window windows[ASSET_MEDIA])
{
    for (int i = 0; i < ASSET_MEDIA; i++)
        if (windows[i].asset)
            window_close(&windows[i]);
}

static void discard_next(struct session *session)
{
    struct session_next *next = &session->next;

    close_windows(next->windows);
    if (next->asset)
        asset_release(next->asset);
    *next = (struct session_next){.asset = NULL};
}

static void close_asset(struct session *session)
{
    for (int i = 0; i < ASSET_MEDIA; i++)
        if (session->media[i].window.asset)
            window_close(&session->media[i].window);
    asset_release(session->asset);
    session->asset = NULL;
}

/* Leaves what is played, without a word to anybody. */
static void leave_play(struct session *session)
{
    send_silence(session);
    close_asset(session);
    discard_next(session);
    session->plays++;
    session->state = SESSION_READY;
}

static void end_play(struct session *session, enum session_end end)
{
    leave_play(session);
    session->callbacks->ended(session->owner, end, &session->played);
    playlist_release(session->played.playlist);
    session->played.playlist = NULL;
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
        end_play(session, SESSION_STOPPED);
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

static struct session_format sound_format(const struct sdp_answer *answer)
{
    if (answer->opus)
        return (struct session_format){true, answer->opus, AUDIO_OPUS};
    if (answer->pcma)
        return (struct session_format){true, SDP_PCMA_PAYLOAD_TYPE, AUDIO_PCMA};
    if (answer->pcmu)
        return (struct session_format){true, SDP_PCMU_PAYLOAD_TYPE, AUDIO_PCMU};
    return (struct session_format){.sent = false};
}

/* Chooses as what the asset is sent; false when the viewer has not accepted what it needs. */
static bool choose_formats(const struct session *session, const struct asset *asset,
                           struct session_format formats[ASSET_MEDIA], struct reason *reason)
{
    bool has_video = asset_count(asset, ASSET_VIDEO) > 0, has_audio = asset_count(asset, ASSET_AUDIO) > 0;
    uint8_t h264 = sdp_h264_payload_type(&session->answer, asset_index(asset)->h264.profile);

    formats[ASSET_VIDEO] = (struct session_format){.sent = has_video, .payload_type = h264};
    formats[ASSET_AUDIO] = has_audio ? sound_format(&session->answer) : (struct session_format){.sent = false};
    if (has_video && !h264) {
        reason_set(reason, "the browser does not accept H.264, which the picture of the file is in");
        return false;
    }
    if (has_audio && !formats[ASSET_AUDIO].sent && !has_video) {
        reason_set(reason, "the browser accepts neither Opus nor G.711 sound, and the file has nothing else");
        return false;
    }
    return true;
}

/* What has been read of the place where the play goes on is kept, also when it is left for another. */
static void go_to(struct session *session, const struct seek_point *point)
{
    const size_t first[] = {[ASSET_VIDEO] = point->key_frame, [ASSET_AUDIO] = point->sound};
    const size_t next[] = {[ASSET_VIDEO] = point->picture, [ASSET_AUDIO] = point->sound};

    for (int i = 0; i < ASSET_MEDIA; i++) {
        struct session_medium *medium = &session->media[i];
        struct window before = medium->window;
        medium->next = next[i];
        medium->window = (struct window){.asset = NULL};
        if (medium->next < medium->count) {
            window_open(&medium->window, session->asset, i, medium->format.codec, first[i]);
            window_move(&medium->window, first[i], next[i]);
        }
        if (before.asset)
            window_close(&before);
    }
    session->anchored = false;
    session->from = point->position;
    session->beginning = true;
    session->begin_at = point->key_frame;
    session->burst.active = false;
    session->has_key_frame = false;
    session->repair_wanted = false;
}

static void set_media(struct session *session, const struct session_format formats[ASSET_MEDIA])
{
    for (int i = 0; i < ASSET_MEDIA; i++) {
        struct session_medium *medium = &session->media[i];
        medium->format = formats[i];
        medium->count = formats[i].sent ? asset_count(session->asset, i) : 0;
        if (i == ASSET_AUDIO && formats[i].sent)
            medium->clock_rate = audio_rate(formats[i].codec);
    }
}

static bool begin_play(struct session *session, const struct session_play *play, struct reason *reason)
{
    struct session_format formats[ASSET_MEDIA];

    if (!choose_formats(session, play->asset, formats, reason))
        return false;
    if (session->state != SESSION_READY) {
        leave_play(session);
        playlist_release(session->played.playlist);
    }
    session->asset = play->asset;
    session->played = play->played;
    session->loop = play->loop;
    session->plays++;
    session->sought = false;
    session->media[ASSET_AUDIO].after_gap = true;
    set_media(session, formats);
    go_to(session, &play->point);
    session->state = SESSION_GOING;
    return true;
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
        launched = begin_play(session, play, reason);
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
        replaced = begin_play(session, play, reason);
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
        send_silence(session);
    }
    pthread_mutex_unlock(&session->lock);
    return going;
}

/* Delays all that is still to be sent. Timestamps follow the moment a thing is due, so they go on to
 * tell the time. */
static void delay(struct session *session, int64_t time)
{
    session->anchor += time;
    session->burst.start += time;
    session->paused_at += time;
    session->media[ASSET_AUDIO].after_gap = true;
}

/* Sound follows the silence that was sent, however short the pause was. */
static void keep_silence(struct session *session)
{
    const struct session_medium *medium = &session->media[ASSET_AUDIO];

    if (!session->anchored || medium->next >= medium->count)
        return;
    int64_t due = item_due(session, ASSET_AUDIO, medium->next);
    if (due < session->sound_until)
        delay(session, session->sound_until - due);
}

bool session_resume(struct session *session, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    bool paused = session->state == SESSION_PAUSED;
    if (paused) {
        session->state = SESSION_GOING;
        if (now > session->paused_at)
            delay(session, now - session->paused_at);
        keep_silence(session);
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
        go_to(session, point);
        session->sought = true;
        session->paused_at = now;
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
        discard_next(session);
    }
    pthread_mutex_unlock(&session->lock);
    return playing;
}

static bool has_next(const struct session *session)
{
    return session->loop || session->played.item + 1 < session->played.playlist->count;
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

static enum session_followed follow(struct session *session, size_t item, struct asset *asset, struct reason *reason)
{
    struct session_next *next = &session->next;

    if (!asset) {
        next->none = true;
        return SESSION_TAKEN;
    }
    if (!choose_formats(session, asset, next->formats, reason))
        return SESSION_UNFIT;
    next->asset = asset;
    next->item = item;
    for (int i = 0; i < ASSET_MEDIA; i++)
        if (next->formats[i].sent)
            window_open(&next->windows[i], asset, i, next->formats[i].codec, 0);
    return SESSION_TAKEN;
}

enum session_followed session_follow(struct session *session, unsigned play, size_t item, struct asset *asset,
                                     struct reason *reason)
{
    enum session_followed followed = SESSION_TOO_LATE;

    pthread_mutex_lock(&session->lock);
    if (play == session->plays && session->next.asked && !session->next.asset)
        followed = follow(session, item, asset, reason);
    pthread_mutex_unlock(&session->lock);
    return followed;
}

/* The position that the file has to reach before another may begin: its last sound may go on longer. */
static int64_t play_end(const struct session *session)
{
    int64_t end = index_end(asset_index(session->asset));
    int64_t sound_end = (int64_t)session->media[ASSET_AUDIO].count * AUDIO_PACKET_TIME;

    return sound_end > end ? sound_end : end;
}

void session_status(struct session *session, int64_t now, struct session_status *status)
{
    pthread_mutex_lock(&session->lock);
    *status = (struct session_status){.state = session->state};
    if (session->state != SESSION_READY) {
        status->played = session->played;
        playlist_hold(status->played.playlist);
        status->loop = session->loop;
        status->duration = index_end(asset_index(session->asset));
        int64_t passed = (session->state == SESSION_PAUSED ? session->paused_at : now) - session->anchor;
        status->position = session->anchored && passed > session->from ? passed : session->from;
        if (status->position > status->duration)
            status->position = status->duration;
    }
    pthread_mutex_unlock(&session->lock);
}

bool session_stop(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    bool playing = session->state != SESSION_READY;
    if (playing)
        end_play(session, SESSION_STOPPED);
    pthread_mutex_unlock(&session->lock);
    return playing;
}

void session_request_key_frame(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    /* In a pause a browser asks because it gets no pictures, not because it has lost one. */
    if (session->state == SESSION_GOING)
        session->repair_wanted = true;
    pthread_mutex_unlock(&session->lock);
}

/* The item to be had ready next. */
static size_t upcoming(const struct session_medium *medium)
{
    return medium->next < medium->count ? medium->next : medium->count - 1;
}

static void send_audio(struct session *session, const struct asset_item *item)
{
    struct session_medium *medium = &session->media[ASSET_AUDIO];
    uint8_t packet[RTP_HEADER_SIZE + AUDIO_PACKET_MAX];

    int64_t due = item_due(session, ASSET_AUDIO, medium->next);
    uint32_t timestamp = timestamp_at(session, medium, due);

    memcpy(packet + RTP_HEADER_SIZE, item->data, item->size);
    send_packet(session, ASSET_AUDIO, packet, item->size, timestamp,
                medium->after_gap || due != session->sound_until);
    session->sound_until = due + AUDIO_PACKET_TIME;
    medium->after_gap = false;
    medium->next++;
    window_move(&medium->window, upcoming(medium), upcoming(medium));
}

static void cut_picture(const struct session *session, size_t picture, struct packetizer *packetizer)
{
    const struct asset_item *item = window_item(&session->media[ASSET_VIDEO].window, picture);

    packetizer_begin(packetizer, &asset_index(session->asset)->h264, item->data, item->size, item->idr);
}

static size_t count_packets(const struct session *session, size_t picture)
{
    struct packetizer packetizer;

    cut_picture(session, picture, &packetizer);
    return packetizer_count(&packetizer);
}

static bool is_all_held(const struct session *session, size_t from, size_t to)
{
    while (from < to)
        if (!window_item(&session->media[ASSET_VIDEO].window, from++))
            return false;
    return true;
}

/* From which picture to send, when `next` is due: from itself, or to repair from the last key frame. */
static size_t first_picture(struct session *session, size_t next, bool idr, int64_t now)
{
    if (session->beginning)
        return is_all_held(session, session->begin_at, next) ? session->begin_at : next;
    if (!session->repair_wanted)
        return next;
    if (idr) {
        session->repair_wanted = false;
        return next;
    }
    /* Beyond the budget the next key frame, which comes by itself, is the repair. */
    if (!session->has_key_frame || session->key_frame_cost > BURST_BYTES_MAX ||
        (session->repaired && now - session->repaired < REPAIR_INTERVAL) ||
        !is_all_held(session, session->key_frame, next))
        return next;
    session->repair_wanted = false;
    session->repaired = now;
    return session->key_frame;
}

/* The pictures sent again get timestamps between the last one sent and that of the picture due. */
static uint32_t repair_step(const struct session *session)
{
    const struct session_burst *burst = &session->burst;
    uint32_t pictures = (uint32_t)(burst->last - burst->picture) + 1;
    int32_t passed = (int32_t)(burst->timestamp - session->media[ASSET_VIDEO].timestamp);

    return pictures > 1 && passed > 0 ? (uint32_t)passed / pictures : 0;
}

static void keep_for_repair(struct session *session, const struct asset_item *item, size_t picture)
{
    if (item->idr) {
        session->has_key_frame = true;
        session->key_frame = picture;
        session->key_frame_cost = 0;
    }
    session->key_frame_cost += item->size;
}

static int64_t interval_after(const struct session *session, size_t picture)
{
    if (picture + 1 >= session->media[ASSET_VIDEO].count)
        return 0;
    return asset_time(session->asset, ASSET_VIDEO, picture + 1) - asset_time(session->asset, ASSET_VIDEO, picture);
}

static void end_burst(struct session *session)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];
    bool keep = session->has_key_frame && session->key_frame_cost <= BURST_BYTES_MAX;

    session->burst.active = session->beginning = session->sought = false;
    window_move(&medium->window, keep ? session->key_frame : upcoming(medium), upcoming(medium));
}

/* How much earlier than the picture at the position sought those before it begin to be sent. */
static int64_t burst_lead(const struct session *session)
{
    return session->beginning ? (int64_t)(session->media[ASSET_VIDEO].next - session->begin_at) * BURST_STEP : 0;
}

static void begin_burst(struct session *session, const struct asset_item *item, int64_t now)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];
    struct session_burst *burst = &session->burst;
    size_t next = medium->next;
    int64_t due = item_due(session, ASSET_VIDEO, next), lead = burst_lead(session);

    *burst = (struct session_burst){
        .last = next,
        .picture = first_picture(session, next, item->idr, now),
        .start = due - lead,
        .interval = 2 * lead + interval_after(session, next),
        .timestamp = timestamp_at(session, medium, due),
    };
    burst->timestamp_step =
        session->beginning ? (uint32_t)clock_ticks(BURST_STEP, medium->clock_rate) : repair_step(session);
    for (size_t i = burst->picture; i <= next; i++)
        burst->packets += count_packets(session, i);
    for (size_t i = session->beginning ? burst->picture : next; i <= next; i++)
        keep_for_repair(session, window_item(&medium->window, i), i);
    medium->next++;
    if (burst->packets == 0) {
        end_burst(session);
        return;
    }
    burst->active = true;
    cut_picture(session, burst->picture, &burst->packetizer);
}

static void send_video(struct session *session)
{
    struct session_burst *burst = &session->burst;
    uint8_t packet[RTP_PACKET_MAX];
    bool last;
    size_t size;

    while ((size = packetizer_next(&burst->packetizer, packet + RTP_HEADER_SIZE, &last)) == 0)
        cut_picture(session, ++burst->picture, &burst->packetizer);
    uint32_t behind = (uint32_t)(burst->last - burst->picture) * burst->timestamp_step;
    send_packet(session, ASSET_VIDEO, packet, size, burst->timestamp - behind, last);
    if (++burst->sent == burst->packets)
        end_burst(session);
}

static int64_t medium_due(const struct session *session, enum asset_medium which)
{
    const struct session_medium *medium = &session->media[which];
    const struct session_burst *burst = &session->burst;

    if (which == ASSET_VIDEO && burst->active)
        return pacer_packet_due(burst->start, burst->interval, burst->sent, burst->packets);
    if (medium->next >= medium->count)
        return NEVER;
    return item_due(session, which, medium->next) - (which == ASSET_VIDEO ? burst_lead(session) : 0);
}

/* Sound and picture begin together, so both must be there. */
static bool is_prepared(const struct session *session)
{
    for (int i = 0; i < ASSET_MEDIA; i++) {
        const struct session_medium *medium = &session->media[i];
        size_t first = i == ASSET_VIDEO ? session->begin_at : medium->next;
        for (size_t item = first; medium->next < medium->count && item <= medium->next; item++) {
            if (window_failed(&medium->window, item))
                return true;
            if (!window_item(&medium->window, item))
                return false;
        }
    }
    return true;
}

/* What would overlap the sound of before: a seek does not wait for it. */
static void skip_sound(struct session *session)
{
    struct session_medium *medium = &session->media[ASSET_AUDIO];

    while (medium->next < medium->count && item_due(session, ASSET_AUDIO, medium->next) < session->sound_until)
        medium->next++;
}

/* Begins as soon as all is there; false until then. */
static bool is_anchored(struct session *session, int64_t now)
{
    bool started = true;

    if (session->anchored)
        return true;
    if (!is_prepared(session)) {
        send_silence(session);
        return false;
    }
    for (int i = 0; i < ASSET_MEDIA; i++)
        started = started && (session->media[i].started || session->media[i].count == 0);
    session->anchored = true;
    session->anchor = now + (started ? LEAD : FIRST_LEAD) + burst_lead(session) - session->from;
    if (session->sought)
        skip_sound(session);
    else
        keep_silence(session);
    return true;
}

/* Begins or goes on with what is due of a medium; false when it has not been read yet. */
static bool send_due(struct session *session, enum asset_medium which, int64_t due, int64_t now)
{
    struct session_medium *medium = &session->media[which];

    if (which == ASSET_VIDEO && session->burst.active) {
        send_video(session);
        return true;
    }
    const struct asset_item *item = window_item(&medium->window, medium->next);
    if (!item)
        return false;
    if (now - due > (medium->started ? LATE : FIRST_LATE))
        delay(session, now - due);
    if (which == ASSET_AUDIO)
        send_audio(session, item);
    else
        begin_burst(session, item, now);
    return true;
}

/* Has the file that follows opened in good time. */
static void ask_for_next(struct session *session, int64_t now)
{
    if (session->next.asked || !has_next(session) || now < session->anchor + play_end(session) - AHEAD)
        return;
    session->next.asked = true;
    session->callbacks->near_end(session->owner);
}

/* Goes on with the file that follows as if it were the same one. */
static void begin_next(struct session *session, int64_t at)
{
    struct session_next next = session->next;

    session->next = (struct session_next){.asset = NULL};
    if (!next.formats[ASSET_AUDIO].sent)
        send_silence(session);
    close_asset(session);
    session->asset = next.asset;
    session->played.item = next.item;
    set_media(session, next.formats);
    for (int i = 0; i < ASSET_MEDIA; i++) {
        session->media[i].window = next.windows[i];
        session->media[i].next = 0;
    }
    session->anchor = at;
    session->from = 0;
    session->beginning = true;
    session->begin_at = 0;
    session->has_key_frame = false;
    session->anchored = is_prepared(session);
    session->callbacks->item_began(session->owner, &session->played);
}

/* The file is over at `end`, which has come. Returns when to be called next. */
static int64_t go_on(struct session *session, int64_t end, int64_t now)
{
    if (!has_next(session) || session->next.none) {
        end_play(session, SESSION_FINISHED);
        return NEVER;
    }
    if (!session->next.asset) {
        send_silence(session);
        return now + POLL;
    }
    begin_next(session, end);
    return now;
}

static int64_t play(struct session *session, int64_t now)
{
    if (!is_anchored(session, now))
        return now + POLL;
    ask_for_next(session, now);
    for (;;) {
        int64_t video_due = medium_due(session, ASSET_VIDEO), audio_due = medium_due(session, ASSET_AUDIO);
        enum asset_medium which = audio_due <= video_due ? ASSET_AUDIO : ASSET_VIDEO;
        int64_t due = which == ASSET_AUDIO ? audio_due : video_due;
        struct session_medium *medium = &session->media[which];

        if (due == NEVER) {
            due = session->anchor + play_end(session);
            return due > now ? due : go_on(session, due, now);
        }
        if (due > now)
            return due;
        if (!send_due(session, which, due, now)) {
            if (window_failed(&medium->window, medium->next)) {
                end_play(session, SESSION_FAILED);
                return NEVER;
            }
            return now + POLL;
        }
    }
}

/* In a pause, the picture at the position sought. */
static int64_t show(struct session *session, int64_t now)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];

    if (!is_anchored(session, now))
        return now + POLL;
    session->paused_at = session->anchor + session->from;
    if (medium->next >= medium->count && !session->burst.active)
        session->sought = false;
    while (session->sought) {
        int64_t due = medium_due(session, ASSET_VIDEO);
        if (due > now)
            return due;
        if (!send_due(session, ASSET_VIDEO, due, now)) {
            end_play(session, SESSION_FAILED);
            return NEVER;
        }
    }
    return NEVER;
}

int64_t session_advance(struct session *session, int64_t now)
{
    int64_t next = NEVER;

    pthread_mutex_lock(&session->lock);
    if (session->state == SESSION_GOING)
        next = play(session, now);
    else if (session->state == SESSION_PAUSED && session->sought)
        next = show(session, now);
    pthread_mutex_unlock(&session->lock);
    return next;
}
