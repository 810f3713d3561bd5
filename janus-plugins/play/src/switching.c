/* SPDX-License-Identifier: GPL-3.0-only */
#include "switching.h"

#include "clock.h"

/* So long before its turn a key frame begins to be read. */
#define READING_TIME MILLISECONDS(250)

static void discard(struct session_switch *to)
{
    window_close(to->window);
    if (to->rendition.asset)
        asset_release(to->rendition.asset);
    *to = (struct session_switch){.asked = false};
}

void switching_want(struct session *session, unsigned level, uint64_t rate)
{
    session->wanted_level = level;
    session->wanted_rate = rate;
    if (level == session->shown.level || session->to.asked)
        return;
    session->to.asked = true;
    session->callbacks->wants_rendition(session->owner);
}

void switching_renew(struct session *session)
{
    discard(&session->to);
    if (session->state != SESSION_READY && session->media[ASSET_VIDEO].count > 0)
        switching_want(session, session->wanted_level, session->wanted_rate);
}

/* The first picture from that one on that the container calls a key frame; past the end when there is none. */
static size_t find_sync(const struct asset *asset, size_t picture)
{
    const struct index_track *pictures = &asset_index(asset)->video;

    while (picture < pictures->count && !pictures->frames[picture].sync)
        picture++;
    return picture;
}

bool switching_prepare(struct session *session, const struct rendition *rendition)
{
    const struct session_medium *medium = &session->media[ASSET_VIDEO];
    struct session_switch *to = &session->to;
    const struct media_index *index = asset_index(rendition->asset);
    uint8_t payload_type = sdp_h264_payload_type(&session->answer, index->configs[0].profile);
    size_t picture = medium->next;

    if (!to->asked || to->rendition.asset || rendition->level == session->shown.level || !payload_type)
        return false;
    while (picture < medium->count &&
           asset_time(medium->asset, ASSET_VIDEO, picture) - asset_time(medium->asset, ASSET_VIDEO, medium->next) < READING_TIME)
        picture++;
    to->rendition = *rendition;
    to->payload_type = payload_type;
    to->key_frame = find_sync(rendition->asset, picture);
    if (to->key_frame < medium->count)
        to->window = window_open(rendition->asset, ASSET_VIDEO, (struct asset_sound){0}, to->key_frame, to->key_frame);
    return true;
}

void switching_show(struct session *session, const struct rendition *rendition)
{
    session->shown = *rendition;
    session->rates[rendition->level] = asset_rate(rendition->asset);
    session->higher_level = 0;
    if (rendition->level > 0) {
        session->higher_level = rendition->level - 1;
        session->rates[rendition->level - 1] = rendition->above;
    }
}

static void take(struct session *session)
{
    struct session_medium *medium = &session->media[ASSET_VIDEO];
    const struct session_switch to = session->to;
    bool more = to.rendition.level < session->shown.level;

    session->to = (struct session_switch){.asked = false};
    window_close(medium->window);
    asset_release(medium->asset);
    medium->asset = to.rendition.asset;
    medium->window = to.window;
    medium->format.payload_type = to.payload_type;
    unsigned before = session->shown.level;
    switching_show(session, &to.rendition);
    /* Who has less for a while then gets what he had, in one switch. */
    if (!more)
        session->higher_level = before;
    session->filler_until = 0;
    session->wanted_level = to.rendition.level;
    session->wanted_rate = 0;
    adaptation_followed(&session->adaptation, more ? ADAPTATION_MORE : ADAPTATION_LESS);
    session->callbacks->switched(session->owner, &session->played, more, to.rendition.lines);
}

void switching_take(struct session *session)
{
    const struct session_medium *medium = &session->media[ASSET_VIDEO];
    struct session_switch *to = &session->to;

    if (!to->window || session->beginning || medium->next < to->key_frame)
        return;
    const struct asset_item *item = window_item(to->window, to->key_frame);
    if (medium->next == to->key_frame && item && item->idr) {
        take(session);
        return;
    }
    /* It has not been read yet, or a decoder cannot begin with it. */
    to->key_frame = find_sync(to->rendition.asset, medium->next + 1);
    if (to->key_frame < medium->count)
        window_move(to->window, to->key_frame, to->key_frame);
}
