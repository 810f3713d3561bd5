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
/* From the moment everything is there until the first packet is due. */
#define LEAD MILLISECONDS(5)
/* What is later than this is not caught up with: the rest of the file is delayed instead. */
#define LATE MILLISECONDS(100)
/* The core derives from the first packet of a medium which moment a timestamp stands for, for as long
 * as the PeerConnection lasts. Were it late by more than this, sound and picture would stay apart. */
#define FIRST_LATE MILLISECONDS(2)

#define REPAIR_INTERVAL SECONDS(1)
#define REPAIR_BYTES (256 * 1024)

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
    return session->anchor + asset_time(session->asset, medium, item);
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
                                                  .payload_type = medium->payload_type,
                                                  .sequence = medium->sequence++,
                                                  .timestamp = timestamp});
    medium->timestamp = timestamp;
    medium->started = true;
    session->callbacks->send(session->owner, which == ASSET_VIDEO, packet, RTP_HEADER_SIZE + payload);
}

/* Tells the receiver that the silence to come is meant: else it would take it for loss, stretch the last
 * sound, and forget by how much it had delayed sound against picture. */
static void send_silence(struct session *session)
{
    /* Opus at 48 kHz, stereo, 20 ms: silence, and a frame of no bytes, which begins a pause (DTX). */
    static const uint8_t silence[] = {0xfc, 0xff, 0xfe}, pause[] = {0xfc};
    struct session_medium *medium = &session->media[ASSET_AUDIO];
    uint8_t packet[RTP_HEADER_SIZE + sizeof silence];

    if (!session->connected || medium->count == 0 || medium->after_gap)
        return;
    int64_t due = item_due(session, ASSET_AUDIO, medium->next);
    memcpy(packet + RTP_HEADER_SIZE, silence, sizeof silence);
    send_packet(session, ASSET_AUDIO, packet, sizeof silence, timestamp_at(session, medium, due), false);
    due += AUDIO_PACKET_TIME;
    memcpy(packet + RTP_HEADER_SIZE, pause, sizeof pause);
    send_packet(session, ASSET_AUDIO, packet, sizeof pause, timestamp_at(session, medium, due), false);
    medium->after_gap = true;
    session->silent_until = due + AUDIO_PACKET_TIME;
}

static void end_play(struct session *session)
{
    send_silence(session);
    for (int i = 0; i < ASSET_MEDIA; i++)
        if (session->media[i].window.asset)
            window_close(&session->media[i].window);
    asset_release(session->asset);
    session->asset = NULL;
    session->state = SESSION_READY;
    session->callbacks->ended(session->owner);
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
        end_play(session);
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

/* Sets the payload types for the asset; false when the viewer has not accepted what it needs. */
static bool choose_payload_types(struct session *session, const struct asset *asset, struct reason *reason)
{
    const struct media_index *index = asset_index(asset);
    bool has_video = asset_count(asset, ASSET_VIDEO) > 0, has_audio = asset_count(asset, ASSET_AUDIO) > 0;
    uint8_t video = has_video ? sdp_h264_payload_type(&session->answer, index->h264.profile) : 0;
    uint8_t audio = has_audio ? session->answer.opus : 0;

    if (has_video && !video) {
        reason_set(reason, "the browser does not accept H.264, which the picture of the file is in");
        return false;
    }
    if (has_audio && !audio && !has_video) {
        reason_set(reason, "the browser does not accept Opus sound, and the file has nothing else");
        return false;
    }
    session->media[ASSET_VIDEO].payload_type = video;
    session->media[ASSET_AUDIO].payload_type = audio;
    return true;
}

static void begin_play(struct session *session, struct asset *asset)
{
    session->asset = asset;
    session->anchored = false;
    session->burst.active = false;
    session->has_key_frame = false;
    session->repair_wanted = false;
    for (int i = 0; i < ASSET_MEDIA; i++) {
        struct session_medium *medium = &session->media[i];
        medium->next = 0;
        medium->count = medium->payload_type ? asset_count(asset, i) : 0;
        medium->after_gap = true;
        if (medium->count > 0)
            window_open(&medium->window, asset, i, 0);
    }
    session->state = SESSION_GOING;
}

bool session_launch(struct session *session, struct asset *asset, struct reason *reason)
{
    bool launched = false;

    pthread_mutex_lock(&session->lock);
    if (!session->connected)
        reason_set(reason, "the PeerConnection is not up");
    else if (session->state != SESSION_READY)
        reason_set(reason, "another file is being played");
    else if (choose_payload_types(session, asset, reason)) {
        begin_play(session, asset);
        launched = true;
    }
    pthread_mutex_unlock(&session->lock);
    return launched;
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
    session->media[ASSET_AUDIO].after_gap = true;
}

/* Sound follows the silence that was sent, however short the pause was. */
static void keep_silence(struct session *session)
{
    int64_t due = item_due(session, ASSET_AUDIO, session->media[ASSET_AUDIO].next);

    if (session->anchored && due < session->silent_until)
        delay(session, session->silent_until - due);
}

bool session_resume(struct session *session, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    bool paused = session->state == SESSION_PAUSED;
    if (paused) {
        session->state = SESSION_GOING;
        delay(session, now - session->paused_at);
        keep_silence(session);
    }
    pthread_mutex_unlock(&session->lock);
    return paused;
}

bool session_stop(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    bool playing = session->state != SESSION_READY;
    if (playing)
        end_play(session);
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

    memcpy(packet + RTP_HEADER_SIZE, item->data, item->size);
    send_packet(session, ASSET_AUDIO, packet, item->size,
                timestamp_at(session, medium, item_due(session, ASSET_AUDIO, medium->next)), medium->after_gap);
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
    if (!session->repair_wanted)
        return next;
    if (idr) {
        session->repair_wanted = false;
        return next;
    }
    /* Beyond the budget the next key frame, which comes by itself, is the repair. */
    if (!session->has_key_frame || session->key_frame_cost > REPAIR_BYTES ||
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
    bool keep = session->has_key_frame && session->key_frame_cost <= REPAIR_BYTES;

    session->burst.active = false;
    window_move(&medium->window, keep ? session->key_frame : upcoming(medium), upcoming(medium));
}

static void begin_burst(struct session *session, const struct asset_item *item, int64_t now)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];
    struct session_burst *burst = &session->burst;
    size_t next = medium->next++;

    *burst = (struct session_burst){
        .last = next,
        .picture = first_picture(session, next, item->idr, now),
        .start = item_due(session, ASSET_VIDEO, next),
        .interval = interval_after(session, next),
    };
    burst->timestamp = timestamp_at(session, medium, burst->start);
    burst->timestamp_step = repair_step(session);
    for (size_t i = burst->picture; i <= next; i++)
        burst->packets += count_packets(session, i);
    keep_for_repair(session, item, next);
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
    return medium->next < medium->count ? item_due(session, which, medium->next) : NEVER;
}

/* Sound and picture begin together, so both must be there. */
static bool is_prepared(const struct session *session)
{
    for (int i = 0; i < ASSET_MEDIA; i++) {
        const struct session_medium *medium = &session->media[i];
        if (medium->count > 0 && !window_item(&medium->window, 0) && !window_failed(&medium->window, 0))
            return false;
    }
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

static int64_t play(struct session *session, int64_t now)
{
    if (!session->anchored) {
        if (!is_prepared(session))
            return now + POLL;
        session->anchored = true;
        session->anchor = now + LEAD;
        keep_silence(session);
    }
    for (;;) {
        int64_t video_due = medium_due(session, ASSET_VIDEO), audio_due = medium_due(session, ASSET_AUDIO);
        enum asset_medium which = audio_due <= video_due ? ASSET_AUDIO : ASSET_VIDEO;
        int64_t due = which == ASSET_AUDIO ? audio_due : video_due;
        struct session_medium *medium = &session->media[which];

        if (due == NEVER) {
            due = session->anchor + index_end(asset_index(session->asset));
            if (due <= now) {
                end_play(session);
                return NEVER;
            }
        }
        if (due > now)
            return due;
        if (!send_due(session, which, due, now)) {
            if (window_failed(&medium->window, medium->next)) {
                end_play(session);
                return NEVER;
            }
            return now + POLL;
        }
    }
}

int64_t session_advance(struct session *session, int64_t now)
{
    pthread_mutex_lock(&session->lock);
    int64_t next = session->state == SESSION_GOING ? play(session, now) : NEVER;
    pthread_mutex_unlock(&session->lock);
    return next;
}
