/* SPDX-License-Identifier: GPL-3.0-only */
#include "playback.h"

#include "medium.h"
#include "sending.h"
#include "switching.h"

void playback_discard_next(struct session *session)
{
    struct session_next *next = &session->next;

    for (int i = 0; i < ASSET_MEDIA; i++)
        window_close(next->windows[i]);
    if (next->asset)
        asset_release(next->asset);
    if (next->shown.asset)
        asset_release(next->shown.asset);
    *next = (struct session_next){.asset = NULL};
}

static void close_asset(struct session *session)
{
    for (int i = 0; i < ASSET_MEDIA; i++) {
        window_close(session->media[i].window);
        session->media[i].window = NULL;
        asset_release(session->media[i].asset);
    }
    asset_release(session->asset);
    session->asset = NULL;
}

/* Leaves what is played, without a word to anybody. */
static void leave(struct session *session)
{
    medium_send_silence(session);
    close_asset(session);
    playback_discard_next(session);
    session->plays++;
    session->state = SESSION_READY;
    switching_renew(session);
}

void playback_end(struct session *session, enum session_end end)
{
    leave(session);
    session->callbacks->ended(session->owner, end, &session->played);
    playlist_release(session->played.playlist);
    session->played.playlist = NULL;
}

static struct session_format sound_format(const struct sdp_answer *answer, unsigned number)
{
    if (answer->opus)
        return (struct session_format){true, answer->opus, {number, AUDIO_OPUS}};
    if (answer->pcma)
        return (struct session_format){true, SDP_PCMA_PAYLOAD_TYPE, {number, AUDIO_PCMA}};
    if (answer->pcmu)
        return (struct session_format){true, SDP_PCMU_PAYLOAD_TYPE, {number, AUDIO_PCMU}};
    return (struct session_format){.sent = false};
}

/* As chosen, else the first; false when the asset has none. */
static bool find_sound(const struct asset *asset, const struct index_choice *choice, unsigned *number)
{
    struct reason reason;

    return index_choose_sound(asset_index(asset), choice, number, &reason) ||
           index_choose_sound(asset_index(asset), &(struct index_choice){.number = -1}, number, &reason);
}

/* Chooses as what the asset is sent, with pictures of another perhaps; false when the viewer has not accepted what it
 * needs. */
static bool choose_formats(const struct session *session, const struct asset *asset, const struct asset *shown,
                           const struct index_choice *choice, struct session_format formats[ASSET_MEDIA],
                           struct reason *reason)
{
    unsigned sound;
    bool has_video = asset_count(asset, ASSET_VIDEO) > 0, has_audio = find_sound(asset, choice, &sound);
    uint8_t h264 = sdp_h264_payload_type(&session->answer, asset_index(shown)->configs[0].profile);

    formats[ASSET_VIDEO] = (struct session_format){.sent = has_video, .payload_type = h264};
    formats[ASSET_AUDIO] = has_audio ? sound_format(&session->answer, sound) : (struct session_format){.sent = false};
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
void playback_go_to(struct session *session, const struct seek_point *point)
{
    const size_t first[] = {[ASSET_VIDEO] = point->key_frame, [ASSET_AUDIO] = point->sound};
    const size_t next[] = {[ASSET_VIDEO] = point->picture, [ASSET_AUDIO] = point->sound};

    for (int i = 0; i < ASSET_MEDIA; i++) {
        struct session_medium *medium = &session->media[i];
        struct window *before = medium->window;
        medium->next = next[i];
        medium->window = NULL;
        if (medium->next < medium->count)
            medium->window = window_open(medium->asset, i, medium->format.sound, first[i], next[i]);
        window_close(before);
    }
    session->anchored = false;
    session->polls = 0;
    session->from = point->position;
    session->beginning = true;
    session->ahead = 0;
    session->begin_at = point->key_frame;
    session->burst.active = false;
    session->has_key_frame = false;
    session->repair_wanted = false;
}

/* `shown` as session_follow() takes it. */
static void set_media(struct session *session, const struct rendition *shown,
                      const struct session_format formats[ASSET_MEDIA])
{
    switching_show(session, shown->asset ? shown : &(struct rendition){.asset = asset_hold(session->asset)});
    adaptation_renew(&session->adaptation);
    for (int i = 0; i < ASSET_MEDIA; i++) {
        struct session_medium *medium = &session->media[i];
        medium->format = formats[i];
        medium->asset = i == ASSET_VIDEO ? session->shown.asset : asset_hold(session->asset);
        medium->count = formats[i].sent ? asset_count(session->asset, i) : 0;
        if (i == ASSET_AUDIO && formats[i].sent)
            medium->clock_rate = audio_rate(formats[i].sound.codec);
    }
}

bool playback_begin(struct session *session, const struct session_play *play, struct reason *reason)
{
    struct session_format formats[ASSET_MEDIA];

    if (!choose_formats(session, play->asset, play->asset, &play->choice, formats, reason))
        return false;
    if (session->state != SESSION_READY) {
        leave(session);
        playlist_release(session->played.playlist);
    }
    session->asset = play->asset;
    session->played = play->played;
    session->choice = play->choice;
    session->loop = play->loop;
    session->plays++;
    session->sought = false;
    session->media[ASSET_AUDIO].after_gap = true;
    set_media(session, &(struct rendition){.asset = NULL}, formats);
    playback_go_to(session, &play->point);
    session->state = SESSION_GOING;
    switching_renew(session);
    return true;
}

bool playback_choose_sound(struct session *session, const struct index_choice *choice, struct reason *reason)
{
    struct session_medium *medium = &session->media[ASSET_AUDIO];
    struct window *before = medium->window;
    unsigned number;

    if (!index_choose_sound(asset_index(session->asset), choice, &number, reason))
        return false;
    /* What was made ready to follow has the sound that was chosen before. */
    session->choice = *choice;
    session->plays++;
    playback_discard_next(session);
    if (number == medium->format.sound.number)
        return true;
    medium->format.sound.number = number;
    if (medium->next < medium->count) {
        medium->window = window_open(session->asset, ASSET_AUDIO, medium->format.sound, medium->next, medium->next);
        window_close(before);
    }
    return true;
}

bool playback_has_next(const struct session *session)
{
    return session->loop || session->played.item + 1 < session->played.playlist->count;
}

/* From its beginning on. */
static size_t first_item(const struct asset *asset, enum asset_medium medium)
{
    return medium == ASSET_VIDEO ? asset_index(asset)->lead : 0;
}

enum session_followed playback_follow(struct session *session, size_t item, struct asset *asset,
                                      const struct rendition *shown, struct reason *reason)
{
    struct session_next *next = &session->next;
    struct asset *pictures = shown->asset ? shown->asset : asset;

    if (!asset) {
        next->none = true;
        return SESSION_TAKEN;
    }
    if (!choose_formats(session, asset, pictures, &session->choice, next->formats, reason))
        return SESSION_UNFIT;
    next->asset = asset;
    next->shown = *shown;
    next->item = item;
    for (int i = 0; i < ASSET_MEDIA; i++)
        if (next->formats[i].sent)
            next->windows[i] = window_open(i == ASSET_VIDEO ? pictures : asset, i, next->formats[i].sound, 0,
                                           first_item(asset, i));
    return SESSION_TAKEN;
}

int64_t playback_end_time(const struct session *session)
{
    int64_t end = index_end(asset_index(session->asset));
    int64_t sound_end = (int64_t)session->media[ASSET_AUDIO].count * AUDIO_PACKET_TIME;

    return sound_end > end ? sound_end : end;
}

void playback_begin_next(struct session *session, int64_t at)
{
    struct session_next next = session->next;
    unsigned lines = session->shown.lines;

    session->next = (struct session_next){.asset = NULL};
    if (!next.formats[ASSET_AUDIO].sent)
        medium_send_silence(session);
    close_asset(session);
    session->asset = next.asset;
    session->played.item = next.item;
    set_media(session, &next.shown, next.formats);
    for (int i = 0; i < ASSET_MEDIA; i++) {
        session->media[i].window = next.windows[i];
        session->media[i].next = first_item(session->asset, i);
    }
    session->anchor = at;
    session->from = 0;
    session->beginning = true;
    session->ahead = 0;
    session->begin_at = 0;
    session->has_key_frame = false;
    session->anchored = sending_is_prepared(session);
    session->callbacks->item_began(session->owner, &session->played);
    if (session->shown.lines != lines)
        session->callbacks->switched(session->owner, &session->played, session->shown.lines == 0, session->shown.lines);
    switching_renew(session);
}
