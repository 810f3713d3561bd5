/* SPDX-License-Identifier: GPL-3.0-only */
#include "pictures.h"

#include "clock.h"
#include "medium.h"

/* Between two pictures that are sent only for the sake of the one at the position sought. */
#define BURST_STEP (SECONDS(1) / 2000)

#define REPAIR_INTERVAL SECONDS(1)

/* What is shown for longer is a still, which filler for all that time would hold up. */
#define FILLER_INTERVAL_MAX MILLISECONDS(200)

static void cut_picture(const struct session *session, size_t picture, struct packetizer *packetizer)
{
    const struct asset_item *item = window_item(session->media[ASSET_VIDEO].window, picture);

    const struct media_index *index = asset_index(session->media[ASSET_VIDEO].asset);
    bool changed = picture > 0 && index->video.frames[picture].config != index->video.frames[picture - 1].config;

    packetizer_begin(packetizer, index_config(index, picture), item->data, item->size, item->idr || changed);
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
        if (!window_item(session->media[ASSET_VIDEO].window, from++))
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
    const struct session_medium *medium = &session->media[ASSET_VIDEO];

    if (picture + 1 >= medium->count)
        return 0;
    return asset_time(medium->asset, ASSET_VIDEO, picture + 1) - asset_time(medium->asset, ASSET_VIDEO, picture);
}

static void end_burst(struct session *session)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];
    bool keep = session->has_key_frame && session->key_frame_cost <= BURST_BYTES_MAX;

    session->burst.active = session->beginning = session->sought = false;
    window_move(medium->window, keep ? session->key_frame : medium_upcoming(medium), medium_upcoming(medium));
}

/* How many packets of filler go with a picture that is shown for so long. */
static size_t owed_filler(struct session *session, int64_t interval, int64_t now)
{
    if (now >= session->filler_until || interval > FILLER_INTERVAL_MAX)
        return 0;
    session->filler_owed += session->filler_rate / 8 * (uint64_t)(interval / MILLISECONDS(1)) / 1000;
    size_t packets = session->filler_owed / RTP_PAYLOAD_MAX;
    session->filler_owed %= RTP_PAYLOAD_MAX;
    return packets;
}

int64_t pictures_lead(const struct session *session)
{
    size_t before = session->media[ASSET_VIDEO].next - session->begin_at;

    return session->beginning ? (int64_t)before * BURST_STEP + session->ahead : 0;
}

void pictures_begin(struct session *session, const struct asset_item *item, int64_t now)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];
    struct session_burst *burst = &session->burst;
    size_t next = medium->next;
    int64_t due = medium_item_due(session, ASSET_VIDEO, next), lead = pictures_lead(session);

    *burst = (struct session_burst){
        .last = next,
        .picture = first_picture(session, next, item->idr, now),
        .start = due - lead,
        .interval = 2 * lead + interval_after(session, next),
        .timestamp = medium_timestamp(session, medium, due),
    };
    burst->timestamp_step =
        session->beginning ? (uint32_t)clock_ticks(BURST_STEP, medium->clock_rate) : repair_step(session);
    for (size_t i = burst->picture; i <= next; i++)
        burst->packets += count_packets(session, i);
    for (size_t i = session->beginning ? burst->picture : next; i <= next; i++)
        keep_for_repair(session, window_item(medium->window, i), i);
    medium->next++;
    if (burst->packets == 0) {
        end_burst(session);
        return;
    }
    burst->packets += owed_filler(session, interval_after(session, next), now);
    burst->active = true;
    cut_picture(session, burst->picture, &burst->packetizer);
}

void pictures_send_packet(struct session *session)
{
    struct session_burst *burst = &session->burst;
    uint8_t packet[RTP_PACKET_MAX];
    bool last = true;
    size_t size;

    while ((size = packetizer_next(&burst->packetizer, packet + RTP_HEADER_SIZE, &last)) == 0 &&
           burst->picture < burst->last)
        cut_picture(session, ++burst->picture, &burst->packetizer);
    if (size == 0)
        size = packetizer_write_filler(packet + RTP_HEADER_SIZE);
    if (burst->picture == burst->last)
        last = burst->sent + 1 == burst->packets;
    uint32_t behind = (uint32_t)(burst->last - burst->picture) * burst->timestamp_step;
    medium_send(session, ASSET_VIDEO, packet, size, burst->timestamp - behind, last);
    if (++burst->sent == burst->packets)
        end_burst(session);
}
