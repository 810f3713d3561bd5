/* SPDX-License-Identifier: GPL-3.0-only */
#include "medium.h"

#include <string.h>

#include "audio.h"
#include "clock.h"
#include "pacer.h"

int64_t medium_item_due(const struct session *session, enum asset_medium which, size_t item)
{
    int64_t time = asset_time(session->media[which].asset, which, item);

    return session->anchor + (time > session->from ? time : session->from);
}

uint32_t medium_timestamp(const struct session *session, const struct session_medium *medium, int64_t due)
{
    return medium->timestamp_base + (uint32_t)clock_ticks(due - session->epoch, medium->clock_rate);
}

void medium_send(struct session *session, enum asset_medium which, uint8_t *packet, size_t payload,
                 uint32_t timestamp, bool marker)
{
    struct session_medium *medium = &session->media[which];

    rtp_write_header(packet, &(struct rtp_header){.marker = marker,
                                                  .payload_type = medium->format.payload_type,
                                                  .sequence = medium->sequence++,
                                                  .timestamp = timestamp});
    medium->timestamp = timestamp;
    medium->started = true;
    medium->bytes += payload;
    session->callbacks->send(session->owner, which == ASSET_VIDEO, packet, RTP_HEADER_SIZE + payload);
}

static void send_quiet(struct session *session, const uint8_t *sound, size_t size)
{
    uint8_t packet[RTP_HEADER_SIZE + AUDIO_PACKET_MAX];

    memcpy(packet + RTP_HEADER_SIZE, sound, size);
    medium_send(session, ASSET_AUDIO, packet, size,
                medium_timestamp(session, &session->media[ASSET_AUDIO], session->sound_until), false);
    session->sound_until += AUDIO_PACKET_TIME;
}

void medium_send_silence(struct session *session)
{
    /* A frame of no bytes, 48 kHz, stereo, 20 ms, begins a pause (DTX). */
    static const uint8_t pause[] = {0xfc};
    struct session_medium *medium = &session->media[ASSET_AUDIO];
    size_t size;

    if (!session->connected || medium->count == 0 || medium->after_gap)
        return;
    const uint8_t *silence = audio_silence(medium->format.sound.codec, &size);
    send_quiet(session, silence, size);
    if (medium->format.sound.codec == AUDIO_OPUS)
        send_quiet(session, pause, sizeof pause);
    medium->after_gap = true;
}

void medium_delay(struct session *session, int64_t least)
{
    int64_t time = pacer_align(session->anchor + least) - session->anchor;

    session->anchor += time;
    session->burst.start += time;
    session->paused_at += time;
    session->media[ASSET_AUDIO].after_gap = true;
}

void medium_keep_silence(struct session *session)
{
    const struct session_medium *medium = &session->media[ASSET_AUDIO];

    if (!session->anchored || medium->next >= medium->count)
        return;
    int64_t due = medium_item_due(session, ASSET_AUDIO, medium->next);
    if (due < session->sound_until)
        medium_delay(session, session->sound_until - due);
}

size_t medium_upcoming(const struct session_medium *medium)
{
    return medium->next < medium->count ? medium->next : medium->count - 1;
}
