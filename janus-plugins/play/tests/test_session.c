/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/adaptation.c"
#include "../src/asset.c"
#include "../src/audio.c"
#include "../src/cache.c"
#include "../src/feedback.c"
#include "../src/h264.c"
#include "../src/index.c"
#include "../src/medium.c"
#include "../src/metrics.c"
#include "../src/ogg.c"
#include "../src/pacer.c"
#include "../src/packetizer.c"
#include "../src/path.c"
#include "../src/pictures.c"
#include "../src/playback.c"
#include "../src/playlist.c"
#include "../src/rendition.c"
#include "../src/sdp.c"
#include "../src/seek.c"
#include "../src/sending.c"
#include "../src/session.c"
#include "../src/switching.c"
#include "../src/window.c"
#include "../src/workers.c"

#include "support/assets.h"
#include "support/media.h"
#include "support/tap.h"

#define PICTURE_TIME (SECONDS(1) / MEDIA_FRAME_RATE)

/* A viewer whose clock is ours: what he is sent, and when. */

struct packet {
    int64_t at;
    bool video, marker;
    uint8_t payload_type, first_byte, second_byte, last_byte;
    uint16_t sequence;
    uint32_t timestamp;
    size_t size;
};

static struct packet packets[20000];
static size_t packet_count;
static int ended, next_asked, renditions_asked, switches;
static unsigned lines_shown;
static enum session_end how;
static size_t item_begun;
static int64_t now;
static struct session session;

static void take_sent(void *owner, bool video, uint8_t *data, size_t size)
{
    (void)owner;
    require(packet_count < sizeof packets / sizeof packets[0], "too many packets");
    packets[packet_count++] = (struct packet){
        .at = now,
        .video = video,
        .marker = data[1] >> 7,
        .payload_type = data[1] & 0x7f,
        .first_byte = data[12],
        .last_byte = data[size - 1],
        .second_byte = data[13],
        .sequence = (uint16_t)(data[2] << 8 | data[3]),
        .timestamp = (uint32_t)data[4] << 24 | (uint32_t)data[5] << 16 | (uint32_t)data[6] << 8 | data[7],
        .size = size,
    };
}

static void take_end(void *owner, enum session_end end, const struct session_item *last)
{
    (void)owner;
    (void)last;
    how = end;
    ended++;
}

static void take_near_end(void *owner)
{
    (void)owner;
    next_asked++;
}

static void take_item(void *owner, const struct session_item *item)
{
    (void)owner;
    item_begun = item->item;
}

static void take_wish(void *owner)
{
    (void)owner;
    renditions_asked++;
}

static void take_switch(void *owner, const struct session_item *item, bool more, unsigned lines)
{
    (void)owner;
    (void)item;
    require(more == (lines == 0 || (lines_shown > 0 && lines > lines_shown)), "a switch says where to");
    lines_shown = lines;
    switches++;
}

static const struct session_callbacks callbacks = {take_sent, take_end,  take_near_end,
                                                   take_item, take_wish, take_switch};

static const struct sdp_answer chromium = {.opus = 111, .h264 = {96, 98, 0}};

static void begin_viewer(void)
{
    packet_count = 0;
    ended = renditions_asked = switches = 0;
    lines_shown = 0;
    now = SECONDS(5000);
    session_init(&session, &callbacks, NULL);
    session_accept(&session, &chromium);
    session_connect(&session, now);
}

static void end_viewer(void)
{
    session_disconnect(&session);
    session_destroy(&session);
}

/* What is to be played: a list of `count` names, of which the first is `name`. */
static struct session_play list(const char *name, size_t count)
{
    struct session_play play = {.asset = open_asset(name), .played = {playlist_new(count, count > 1), 0}};

    for (size_t i = 0; i < count; i++)
        play.played.playlist->names[i] = strdup(name);
    seek_find(play.asset, 0, false, &play.point);
    return play;
}

static bool launch_play(struct session_play *play)
{
    struct reason reason;

    if (session_launch(&session, play, &reason))
        return true;
    printf("# %s\n", reason.text);
    asset_release(play->asset);
    playlist_release(play->played.playlist);
    return false;
}

static bool launch(const char *name)
{
    struct session_play play = list(name, 1);

    return launch_play(&play);
}

/* Whether something is due that has not been read yet. */
static bool is_waiting(void)
{
    const struct session_switch *to = &session.to;

    if (session_state(&session) != SESSION_GOING)
        return false;
    if (to->window && to->key_frame < session.media[ASSET_VIDEO].count && !window_item(to->window, to->key_frame))
        return true;
    return !session.anchored || medium_due(&session, ASSET_VIDEO) <= now || medium_due(&session, ASSET_AUDIO) <= now;
}

/* Lets the viewer's time pass as a pacer would that is always `late`. Files are read in real time, which
 * does not count. */
static void pass(int64_t time, int64_t late)
{
    int64_t until = now + time;

    while (now < until) {
        int64_t due = session_advance(&session, now);
        if (is_waiting())
            usleep(1000);
        else
            now = due < until - late ? due + late : until;
    }
}

static void play_until_end(void)
{
    for (int i = 0; i < 100 && session_state(&session) != SESSION_READY; i++)
        pass(SECONDS(1), 0);
}

static size_t next_packet(size_t from, bool video)
{
    while (from < packet_count && packets[from].video != video)
        from++;
    return from;
}

/* The two packets that announce a pause of the sound, the second of which is an empty frame. */
static bool is_silence(const struct packet *packet)
{
    return packet->size == RTP_HEADER_SIZE + 1 ||
           (packet + 1 < packets + packet_count && packet[1].size == RTP_HEADER_SIZE + 1);
}

static size_t count_silence(void)
{
    size_t count = 0;

    for (size_t i = 0; i < packet_count; i++)
        count += is_silence(&packets[i]);
    return count;
}

static size_t count_kind(bool video)
{
    size_t count = 0;

    for (size_t i = 0; i < packet_count; i++)
        count += packets[i].video == video && !is_silence(&packets[i]);
    return count;
}

/* When the last packet of the film itself was sent, after the first. */
static int64_t time_taken(void)
{
    size_t last = packet_count - 1;

    while (is_silence(&packets[last]))
        last--;
    return packets[last].at - packets[0].at;
}

static bool sequences_go_on(bool video)
{
    size_t before = next_packet(0, video);

    for (size_t i = next_packet(before + 1, video); i < packet_count; i = next_packet(i + 1, video)) {
        if (packets[i].sequence != (uint16_t)(packets[before].sequence + 1))
            return false;
        before = i;
    }
    return true;
}

/* The core takes the first packet's time and timestamp for what belongs together; every later packet that
 * begins an item must agree, in both media: that is what keeps sound and picture together. */
static int64_t worst_timestamp(bool video)
{
    size_t first = next_packet(0, video);
    uint32_t rate = video ? 90000 : 48000, timestamp = packets[first].timestamp - 1;
    int64_t worst = 0;

    for (size_t i = first; i < packet_count; i = next_packet(i + 1, video)) {
        if (packets[i].timestamp == timestamp || is_silence(&packets[i]))
            continue;
        timestamp = packets[i].timestamp;
        int64_t told = (int64_t)(uint32_t)(timestamp - packets[first].timestamp) * SECONDS(1) / rate;
        int64_t error = llabs(told - (packets[i].at - packets[first].at));
        if (error > worst)
            worst = error;
    }
    return worst;
}

static void test_states(void)
{
    session_init(&session, &callbacks, NULL);
    packet_count = 0;
    check(!launch("film.mp4"), "nothing is played before the PeerConnection is up");
    session_accept(&session, &chromium);
    session_connect(&session, now);
    check(!session_pause(&session, now) && !session_resume(&session, now) && !session_stop(&session),
          "what is not going cannot be paused, resumed or stopped");
    check(launch("film.mp4") && session_state(&session) == SESSION_GOING, "ready, play: going");
    check(!launch("film.mp4"), "nothing else is played meanwhile");
    check(!session_resume(&session, now), "what is going is not resumed");
    check(session_pause(&session, now) && session_state(&session) == SESSION_PAUSED, "going, pause: paused");
    check(!session_pause(&session, now), "what is paused is not paused again");
    check_int(session_advance(&session, now), NEVER, "in a pause nothing is due");
    check(session_resume(&session, now) && session_state(&session) == SESSION_GOING, "paused, resume: going");
    ended = 0;
    check(session_stop(&session) && session_state(&session) == SESSION_READY && ended == 1, "going, stop: ready, told once");
    check(launch("film.mp4") && session_pause(&session, now) && session_stop(&session) && ended == 2,
          "paused, stop: ready");
    check(launch("film.mp4"), "and it can be played again");
    session_disconnect(&session);
    check(session_state(&session) == SESSION_READY && ended == 3, "without the PeerConnection: ready");
    check(!launch("film.mp4"), "and no more play");
    session_destroy(&session);
}

/* Whether the sound from that packet on is sent when others' may be sent. */
static bool is_on_grid(size_t from)
{
    for (size_t i = next_packet(from, false); i < packet_count; i = next_packet(i + 1, false))
        if (packets[i].at % PACER_GRID != 0)
            return false;
    return true;
}

static void test_film(void)
{
    bool begins = false, bounded = true;
    size_t markers = 0;

    begin_viewer();
    launch("film.mp4");
    play_until_end();
    check_int(ended, 1, "a film ends by itself");
    check_int((long long)count_kind(false), 200, "its sound was sent");
    for (size_t i = 0; i < packet_count; i++) {
        markers += packets[i].video && packets[i].marker;
        bounded = bounded && packets[i].size <= RTP_PACKET_MAX;
    }
    check_int((long long)markers, 100, "and its pictures, each ending with a marker");
    check(bounded, "in packets of at most %d bytes", RTP_PACKET_MAX);
    size_t first = next_packet(0, true);
    begins = packets[first].first_byte == 0x78 && packets[first].payload_type == 96;
    check(begins, "the parameter sets go first, under the payload type of the profile");
    check_int(packets[next_packet(0, false)].payload_type, 111, "the sound under its own");
    check(packets[next_packet(0, false)].marker && !packets[next_packet(next_packet(0, false) + 1, false)].marker,
          "the first sound packet has the marker of a beginning");
    check_int(packets[first].at - packets[next_packet(0, false)].at, 0, "sound and picture begin together");
    check(is_on_grid(0), "at moments that other viewers share");
    check(sequences_go_on(true) && sequences_go_on(false), "no sequence number is missing");
    check(worst_timestamp(true) < MILLISECONDS(1) && worst_timestamp(false) < MILLISECONDS(1),
          "timestamps tell the time");
    check_int(time_taken() / MILLISECONDS(1), 3980, "it took its time");
    end_viewer();
}

static void test_pause(void)
{
    begin_viewer();
    launch("film.mp4");
    pass(SECONDS(1) + MILLISECONDS(7), 0);
    size_t sent = packet_count;
    session_pause(&session, now);
    pass(SECONDS(60), 0);
    check(packet_count == sent + 2 && is_silence(&packets[sent]) && is_silence(&packets[sent + 1]),
          "in a pause nothing is sent but that the sound pauses");
    session_resume(&session, now);
    play_until_end();
    check(sequences_go_on(true) && sequences_go_on(false), "after a minute's pause sequence numbers go on");
    check(worst_timestamp(true) < MILLISECONDS(1) && worst_timestamp(false) < MILLISECONDS(1),
          "and timestamps have gone on to tell the time");
    check(packets[next_packet(sent + 2, false)].marker, "the sound has a marker after the gap");
    check_int((long long)count_kind(false), 200, "nothing was lost");
    end_viewer();
}

static bool sound_timestamps_grow(void)
{
    size_t before = next_packet(0, false);

    for (size_t i = next_packet(before + 1, false); i < packet_count; i = next_packet(i + 1, false)) {
        uint32_t step = packets[i].timestamp - packets[before].timestamp;
        if (step < AUDIO_PACKET_SAMPLES || step > 1u << 31)
            return false;
        before = i;
    }
    return true;
}

static void test_short_pauses(void)
{
    begin_viewer();
    launch("film.mp4");
    for (int i = 0; i < 20; i++) {
        pass(MILLISECONDS(90), 0);
        session_pause(&session, now);
        pass(MILLISECONDS(i), 0);
        session_resume(&session, now);
    }
    session_stop(&session);
    launch("sound.wav");
    pass(SECONDS(1), 0);
    check_int((long long)count_silence(), 40, "every pause of the sound is announced");
    check(sound_timestamps_grow(), "however short pauses are, the sound of after does not overlap that of before");
    end_viewer();
}

static void test_second_file(void)
{
    begin_viewer();
    launch("film.mp4");
    pass(SECONDS(2), 0);
    session_stop(&session);
    pass(SECONDS(3), 0);
    size_t sent = packet_count;
    launch("main.mp4");
    play_until_end();
    check(sequences_go_on(true) && sequences_go_on(false), "into a second file sequence numbers go on");
    check(worst_timestamp(true) < MILLISECONDS(1) && worst_timestamp(false) < MILLISECONDS(1),
          "and timestamps go on to tell the time");
    check_int(packets[next_packet(sent, true)].payload_type, 98, "a film of main profile goes under its payload type");
    end_viewer();
}

static void test_late(void)
{
    begin_viewer();
    launch("film.mp4");
    /* The pacer comes 10 ms late to the first packets, then 3 ms late to all. */
    pass(1, 0);
    now += MILLISECONDS(15);
    pass(SECONDS(1), MILLISECONDS(3));
    check(worst_timestamp(true) < MILLISECONDS(4) && worst_timestamp(false) < MILLISECONDS(4),
          "a late first packet sets the clock, so it is not late");
    size_t sent = packet_count;
    now += SECONDS(2);
    pass(SECONDS(1), 0);
    check(packet_count - sent < 200, "after a long stall what was missed is not sent in a rush");
    check(worst_timestamp(true) < MILLISECONDS(101), "the film goes on later");
    play_until_end();
    check_int((long long)count_kind(false), 200, "and is whole");
    end_viewer();
}

static void test_sound_alone(void)
{
    begin_viewer();
    launch("sound.wav");
    play_until_end();
    check(count_kind(true) == 0 && count_kind(false) == 150, "of a wav the sound is sent");
    session_accept(&session, &(struct sdp_answer){.h264 = {96}});
    check(!launch("sound.wav"), "not to a viewer who accepts no sound");
    check(launch("film.mp4"), "who can still see a film");
    session_stop(&session);
    session_accept(&session, &(struct sdp_answer){.opus = 111});
    check(!launch("film.mp4"), "but not hear one that he cannot see");
    end_viewer();
}

/* What of a film is sent to a viewer who accepts no Opus. */
static void test_g711(const char *lines, uint8_t payload_type, uint8_t silent)
{
    struct sdp_answer answer;
    char sdp[256];
    bool fits = true;

    begin_viewer();
    snprintf(sdp, sizeof sdp, "m=audio 9 RTP/SAVPF %s\r\nm=video 9 RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n", lines);
    require(sdp_parse_answer(sdp, &answer), sdp);
    session_accept(&session, &answer);
    launch("film.mp4");
    pass(SECONDS(1) + MILLISECONDS(7), 0);
    session_pause(&session, now);
    size_t last = packet_count - 1;
    check(!packets[last].video && packets[last].first_byte == silent && packets[last].size == RTP_HEADER_SIZE + 160,
          "before a pause there is silence");
    pass(SECONDS(10), 0);
    session_resume(&session, now);
    play_until_end();
    for (size_t i = 0, before = SIZE_MAX; i < packet_count; i++) {
        if (packets[i].video)
            continue;
        fits = fits && packets[i].payload_type == payload_type && packets[i].size == RTP_HEADER_SIZE + 160;
        if (before != SIZE_MAX && !packets[i].marker)
            fits = fits && packets[i].timestamp - packets[before].timestamp == 160;
        before = i;
    }
    check(fits, "its sound goes as packets of 20 ms of G.711, payload type %d", payload_type);
    check_int((long long)count_kind(false), 200 + 2, "and is whole, with silence before the pause and at the end");
    end_viewer();
}

static size_t count_parameter_sets(size_t from)
{
    size_t count = 0;

    for (size_t i = from; i < packet_count; i++)
        count += packets[i].video && packets[i].first_byte == 0x78;
    return count;
}

static bool picture_timestamps_grow(size_t from)
{
    size_t before = next_packet(from, true);

    for (size_t i = next_packet(before + 1, true); i < packet_count; i = next_packet(i + 1, true)) {
        bool same = packets[i].timestamp == packets[before].timestamp;
        if (same == packets[before].marker || (!same && packets[i].timestamp - packets[before].timestamp > 1u << 31))
            return false;
        before = i;
    }
    return true;
}

static void ask_for_key_frame(void)
{
    session_feedback(&session, &(struct rtcp_feedback){.wants_key_frame = true}, now);
}

static void test_repair(void)
{
    begin_viewer();
    launch("film.mp4");
    pass(MILLISECONDS(1450), 0);
    size_t sent = packet_count;
    int64_t asked = now;
    ask_for_key_frame();
    pass(PICTURE_TIME + MILLISECONDS(20), 0);
    size_t first = next_packet(sent, true);
    check(packets[first].first_byte == 0x78, "asked for a key frame, the last one is sent again");
    check(packets[first].at - asked <= PICTURE_TIME, "with the next picture");
    check(picture_timestamps_grow(0), "timestamps grow through the pictures sent again");
    sent = packet_count;
    ask_for_key_frame();
    pass(MILLISECONDS(300), 0);
    check_int((long long)count_parameter_sets(sent), 0, "not again within a second");
    play_until_end();
    check(sequences_go_on(true) && sequences_go_on(false), "sequence numbers go on");
    check_int((long long)count_kind(false), 200, "and the sound was not touched");
    check_int(time_taken() / MILLISECONDS(1), 3980, "nor the time it took");
    end_viewer();
}

static void test_no_repair(void)
{
    begin_viewer();
    launch("heavy.mp4");
    pass(MILLISECONDS(1450), 0);
    size_t sent = packet_count;
    ask_for_key_frame();
    pass(MILLISECONDS(400), 0);
    check_int((long long)count_parameter_sets(sent), 0, "what would be too much is not sent again");
    pass(MILLISECONDS(300), 0);
    check_int((long long)count_parameter_sets(sent), 1, "the next key frame comes by itself");
    session_pause(&session, now);
    ask_for_key_frame();
    pass(SECONDS(5), 0);
    session_resume(&session, now);
    sent = packet_count;
    pass(MILLISECONDS(200), 0);
    check_int((long long)count_parameter_sets(sent), 0, "a request in a pause is not answered after it");
    end_viewer();
}

static void test_spread(void)
{
    int64_t most = 0;
    size_t at_once = 1, worst = 0;

    begin_viewer();
    launch("heavy.mp4");
    play_until_end();
    for (size_t i = next_packet(0, true), before = i; i < packet_count; before = i, i = next_packet(i + 1, true)) {
        if (i == before)
            continue;
        at_once = packets[i].at == packets[before].at ? at_once + 1 : 1;
        worst = at_once > worst ? at_once : worst;
    }
    for (size_t i = next_packet(0, true), start = i; i < packet_count; i = next_packet(i + 1, true)) {
        if (packets[i].timestamp != packets[start].timestamp)
            start = i;
        most = packets[i].at - packets[start].at > most ? packets[i].at - packets[start].at : most;
    }
    check(worst <= PACER_BURST, "no more than %d packets of a large picture go at once", PACER_BURST);
    check(most > 0 && most < PICTURE_TIME / 2, "and they go within half the time until the next");
    end_viewer();
}

static void test_harm(const char *name, bool deleted)
{
    char path[512];

    begin_viewer();
    launch(name);
    pass(MILLISECONDS(200), 0);
    media_path(path, name);
    require(deleted ? unlink(path) == 0 : truncate(path, 20000) == 0, path);
    for (int i = 0; i < 20 && !ended; i++)
        pass(MILLISECONDS(500), 0);
    check_int(how, SESSION_FAILED, "a file that is cut or deleted while it plays ends the play");
    check_int(ended, 1, "once");
    check_text(session.failure, deleted ? "was removed or replaced while it played" : "was changed while it played",
               "and why is known");
    check(launch("film.mp4"), "and another can be played");
    end_viewer();
}

/* What was sent before this packet is not looked at. */
static void forget_packets(void)
{
    packet_count = 0;
}

static struct seek_point seek_to(int64_t position, bool accurate)
{
    struct seek_point point;

    seek_find(session.asset, position, accurate, &point);
    check(session_seek(&session, session.asset, &point, now), "a seek to %d ms is taken", (int)(position / MILLISECONDS(1)));
    return point;
}

static int64_t position(void)
{
    struct session_status status;

    session_status(&session, now, &status);
    playlist_release(status.played.playlist);
    return status.position / MILLISECONDS(1);
}

static void test_seek(void)
{
    begin_viewer();
    launch("film.mp4");
    pass(MILLISECONDS(500), 0);
    struct seek_point point = seek_to(MILLISECONDS(2500), false);
    check_int(point.position / MILLISECONDS(1), 2000, "it goes to the key frame before");
    check_int(position(), 2000, "which is the position at once");
    size_t sent = packet_count;
    now += MILLISECONDS(1) * 7 / 10;
    int64_t asked = now;
    pass(MILLISECONDS(300), 0);
    check(packets[next_packet(sent, true)].first_byte == 0x78, "the key frame is sent first");
    check(packets[next_packet(sent, true)].at - asked < MILLISECONDS(2), "and at once");
    check(is_on_grid(next_packet(sent, false) + 2), "sound is sent at moments that other viewers share");
    size_t sound = next_packet(sent, false);
    while (is_silence(&packets[sound]))
        sound = next_packet(sound + 1, false);
    check(packets[sound].marker, "the first sound after the gap has the marker");
    check(position() >= 2200 && position() <= 2300, "and play goes on from there");
    seek_to(-SECONDS(1), false);
    check_int(position(), 0, "before the beginning is the beginning");
    pass(MILLISECONDS(300), 0);
    point = seek_to(SECONDS(100), false);
    check_int(point.requested / MILLISECONDS(1), 4000, "past the end is the end");
    play_until_end();
    check(ended == 1 && how == SESSION_FINISHED, "from which the last pictures are played");
    check(sequences_go_on(true) && sequences_go_on(false), "sequence numbers go on through seeks");
    check(worst_timestamp(true) < PACER_GRID && worst_timestamp(false) < MILLISECONDS(1),
          "and timestamps go on to tell the time, but that of a picture that is sent ahead");
    check(picture_timestamps_grow(0) && sound_timestamps_grow(), "and grow");
    end_viewer();
}

static void test_accurate_seek(void)
{
    begin_viewer();
    launch("film.mp4");
    pass(MILLISECONDS(500), 0);
    size_t sent = packet_count;
    struct seek_point point = seek_to(MILLISECONDS(2520), true);
    check(point.accurate && point.position == MILLISECONDS(2520), "an accurate seek goes to the position");
    check_int((long long)(point.picture - point.key_frame), 13, "over the pictures from the key frame on");
    pass(MILLISECONDS(100), 0);
    size_t markers = 0;
    for (size_t i = sent; i < packet_count; i++)
        markers += packets[i].video && packets[i].marker;
    check(markers >= 14 && markers <= 18, "which are sent in a burst");
    check(position() >= 2520 && position() <= 2620, "and play goes on from the position");
    play_until_end();
    check(sequences_go_on(true) && picture_timestamps_grow(0) && sound_timestamps_grow(), "timestamps grow through it");
    launch("heavy.mp4");
    pass(MILLISECONDS(100), 0);
    point = seek_to(MILLISECONDS(1960), true);
    check(!point.accurate && point.position == 0 && point.burst > BURST_BYTES_MAX,
          "when the burst would be too large it goes to the key frame, and says how large");
    end_viewer();
}

static void test_seek_in_pause(void)
{
    begin_viewer();
    launch("film.mp4");
    pass(MILLISECONDS(500), 0);
    session_pause(&session, now);
    pass(SECONDS(1), 0);
    forget_packets();
    seek_to(MILLISECONDS(3120), true);
    /* Files are read meanwhile, in real time. */
    for (int i = 0; i < 2000 && session.sought; i++) {
        int64_t due = session_advance(&session, now);
        usleep(1000);
        now = due == NEVER ? now : due;
    }
    check(!session.sought && session_state(&session) == SESSION_PAUSED, "a seek in a pause is over, and the pause is not");
    check(count_kind(true) > 0 && count_kind(false) == 0, "the picture there is sent, and no sound");
    check_int(position(), 3120, "the position is that of the picture");
    session_resume(&session, now);
    pass(MILLISECONDS(200), 0);
    check(position() >= 3300 && position() <= 3330, "and play goes on from there");
    check(packets[next_packet(0, false)].marker, "with a marker on the first sound");
    check(picture_timestamps_grow(0), "timestamps grow");
    end_viewer();
}

/* Takes the part of the thread that opens what follows. */
static void bring_next(void)
{
    struct session_item next;
    struct reason reason;
    size_t candidates;
    unsigned number;

    if (!session_wants_next(&session, &next, &candidates, &number))
        return;
    const char *name = next.playlist->names[next.item];
    struct asset *asset = open_asset(name);
    struct rendition shown = {.asset = NULL};
    if (session_level(&session) > 0)
        rendition_open(library, name, asset, session_level(&session), 0, &shown, &reason);
    check_int(session_follow(&session, number, next.item, asset, &shown, &reason), SESSION_TAKEN, "what follows is taken");
    playlist_release(next.playlist);
}

static void test_gapless(void)
{
    struct session_play play = list("film.mp4", 2);

    begin_viewer();
    next_asked = 0;
    launch_play(&play);
    pass(MILLISECONDS(200), 0);
    check_int(next_asked, 1, "the next file of a list is asked for in good time");
    bring_next();
    pass(SECONDS(4), 0);
    check_int((long long)item_begun, 1, "it begins");
    play_until_end();
    check_int((long long)count_kind(false), 400, "both were played");
    check_int(time_taken() / MILLISECONDS(1), 7980, "without a gap between them");
    check_int((long long)count_silence(), 2, "in which there would be silence");
    check(worst_timestamp(true) < MILLISECONDS(1) && worst_timestamp(false) < MILLISECONDS(1), "timestamps tell the time");
    check_int(ended, 1, "the end is told once");
    end_viewer();
}

static void test_loop(void)
{
    begin_viewer();
    launch("film.mp4");
    check(session_set_loop(&session, true), "a film can be looped while it is played");
    for (int i = 0; i < 3; i++) {
        pass(MILLISECONDS(200), 0);
        bring_next();
        pass(SECONDS(4) - MILLISECONDS(200), 0);
    }
    pass(MILLISECONDS(50), 0);
    check(ended == 0 && position() < 100, "it begins again at its end");
    session_set_loop(&session, false);
    play_until_end();
    check_int((long long)count_kind(false), 800, "until it is not looped any more");
    check(!session_set_loop(&session, true), "what is not played cannot be looped");
    end_viewer();
}

static void test_replace(void)
{
    struct session_play play = list("main.mp4", 1);
    struct reason reason;

    begin_viewer();
    launch("film.mp4");
    pass(SECONDS(1), 0);
    check(session_replace(&session, &play, &reason) && ended == 0, "another film takes the place of the first, silently");
    play_until_end();
    check_int(ended, 1, "and ends");
    check(sequences_go_on(true) && sequences_go_on(false) && picture_timestamps_grow(0) && sound_timestamps_grow(),
          "sequence numbers and timestamps go on");
    end_viewer();
}

static void write_media(void)
{
    struct media_film other = {.seconds = 2,
                                   .pictures_per_key_frame = 25,
                                   .key_frame_size = 9000,
                                   .picture_size = 900,
                                   .language = "eng",
                                   .second_language = "deu"};

    media_write_film("languages.mp4", &other);
    other.language = other.second_language = NULL;
    other.seconds = 4;
    other.cut_pictures = 30;
    media_write_film("cut.mp4", &other);
    other.cut_pictures = 0;
    other.other_from = 40;
    media_write_film("changes.mp4", &other);
    struct media_film film = {
        .seconds = 4, .pictures_per_key_frame = 25, .key_frame_size = 9000, .picture_size = 900};

    media_write_film("film.mp4", &film);
    film.profile = 77;
    media_write_film("main.mp4", &film);
    film.profile = 0;
    film.no_sound = true;
    film.seconds = 10;
    media_write_film("shrinks.mp4", &film);
    media_write_film("deleted.mp4", &film);
    film.seconds = 4;
    film.pictures_per_key_frame = 50;
    film.key_frame_size = 90000;
    film.picture_size = 9000;
    media_write_film("heavy.mp4", &film);
    media_write_wav("sound.wav", &(struct media_wav){8000, 1, 3});

    struct media_film wide = {.seconds = 40, .pictures_per_key_frame = 50, .key_frame_size = 9000, .picture_size = 2000};
    media_write_film("wide.mp4", &wide);
    wide.no_sound = true;
    wide.profile = 77;
    wide.picture_size = 900;
    wide.pictures_per_sync = 5;
    media_write_film("wide.360p.mp4", &wide); /* the container calls others key frames, too */
    wide.pictures_per_sync = 0;
    wide.profile = 0;
    wide.picture_size = 400;
    media_write_film("wide.180p.mp4", &wide);
    wide.pictures_per_key_frame = 40;
    media_write_film("wide.240p.mp4", &wide); /* has its key frames elsewhere */
    wide.seconds = 39;
    media_write_film("wide.480p.mp4", &wide);
}

static size_t count_pictures(void)
{
    size_t count = 0;

    for (size_t i = 0; i < packet_count; i++)
        count += packets[i].video && packets[i].marker;
    return count;
}

/* What an edit list cuts is sent for the sake of what follows, and not shown. */
static void test_cut(void)
{
    struct seek_point point;

    begin_viewer();
    struct session_play play = list("cut.mp4", 2);
    check_int((long long)asset_index(play.asset)->lead, 5, "an edit list cuts pictures, of which the last few are needed");
    check(play.point.key_frame == 0 && play.point.picture == 5 && play.point.position == 0,
          "it begins with the first that is shown");
    seek_find(play.asset, MILLISECONDS(500), false, &point);
    check(point.position == 0 && point.key_frame == 0 && point.picture == 5,
          "which is where a seek lands that has no key frame before it");
    seek_find(play.asset, MILLISECONDS(900), false, &point);
    check(point.position == MILLISECONDS(800) && point.picture == 25, "else it lands at the key frame");
    launch_play(&play);
    pass(MILLISECONDS(30), 0);
    check_int((long long)count_pictures(), 6, "all from the key frame to the first that is shown are sent at once");
    bring_next();
    play_until_end();
    check_int((long long)count_pictures(), 2 * 75, "and again when their turn in a list comes");
    check(picture_timestamps_grow(0) && sequences_go_on(true), "timestamps grow");
    end_viewer();
}

/* Where a film goes on with another description, its parameter sets are sent. */
static void test_changing(void)
{
    uint8_t expected[] = {0x80, 0x81}; /* how the one and the other ends */
    size_t sets = 0;
    bool right = true;

    begin_viewer();
    launch("changes.mp4");
    play_until_end();
    for (size_t i = 0; i < packet_count; i++)
        if (packets[i].video && packets[i].first_byte == (3 << 5 | H264_NAL_STAP_A)) {
            right = right && packets[i].last_byte == expected[sets >= 2];
            sets++;
        }
    check_int((long long)sets, 5, "parameter sets go before every key frame, and where they change");
    check(right, "as they are there");
    end_viewer();
}

/* The other sound follows without a gap, and the picture is not touched. */
static void test_sounds(void)
{
    struct reason reason;

    begin_viewer();
    check(launch("languages.mp4"), "a film with two sounds is played");
    pass(SECONDS(1), 0);
    check(session_choose_sound(&session, &(struct index_choice){-1, "deu"}, &reason), "the other sound is chosen");
    check_int(session.media[ASSET_AUDIO].format.sound.number, 1, "by its language");
    check(!session_choose_sound(&session, &(struct index_choice){-1, "fra"}, &reason), "one that it does not have is not");
    play_until_end();
    check(worst_timestamp(true) < MILLISECONDS(1) && worst_timestamp(false) < MILLISECONDS(1),
          "sound and picture stay together");
    check(count_kind(false) == 100 && count_silence() == 2, "no sound is missing, and there is silence only at the end");
    check(sequences_go_on(true) && sequences_go_on(false), "sequence numbers go on");
    end_viewer();
}

/* Takes the part of the thread that opens renditions. */
static void bring_rendition(void)
{
    struct rendition rendition = {.asset = NULL};
    struct session_wish wish;
    struct reason reason = {""};

    if (!session_wants_rendition(&session, &wish))
        return;
    if (wish.level == 0)
        rendition.asset = asset_hold(wish.asset);
    else
        rendition_open(library, wish.item.playlist->names[wish.item.item], wish.asset, wish.level, wish.rate, &rendition,
                       &reason);
    if (!session_show(&session, wish.asset, rendition.asset ? &rendition : NULL, now) && rendition.asset)
        asset_release(rendition.asset);
    asset_release(wish.asset);
    playlist_release(wish.item.playlist);
}

/* Lets time pass, each second of which ends with the viewer's report; `lost` of 256 packets. */
static void watch(int seconds, uint8_t lost)
{
    while (seconds-- > 0) {
        pass(SECONDS(1), 0);
        static struct rtcp_report picture;
        uint16_t highest = (uint16_t)(session.media[ASSET_VIDEO].sequence - 3);
        picture.lost += (uint16_t)(highest - picture.highest) * lost / 256;
        picture.highest = highest;
        /* What the core has sent again is numbered from 1 on, and much of it was lost, too. */
        const struct rtcp_report again = {7, 12800};
        const struct rtcp_feedback feedback = {
            .report_count = 2, .reports = {seconds % 2 ? picture : again, seconds % 2 ? again : picture}};
        session_feedback(&session, &feedback, now);
        bring_rendition();
    }
}

#define LOST 40

static size_t count_filler(void)
{
    size_t count = 0;

    for (size_t i = 0; i < packet_count; i++)
        count += packets[i].video && packets[i].first_byte == H264_NAL_FILLER;
    return count;
}

static void test_renditions(void)
{
    struct session_status status;
    size_t sets, others = 0, first = 0;
    bool apart = false;

    begin_viewer();
    launch("wide.mp4");
    size_t sounds = asset_count(session.asset, ASSET_AUDIO);
    watch(5, 0);
    check(renditions_asked == 0, "while all is well nothing else is sent");
    watch(2, LOST);
    check_int(renditions_asked, 1, "who loses too much is to be sent less");
    watch(2, LOST);
    check(switches == 1 && lines_shown == 360, "from the next key frame on the next lower rendition that fits is shown");
    for (size_t i = 0; i < packet_count; i++) {
        if (!packets[i].video)
            continue;
        others += packets[i].payload_type == 98;
        first = others == 1 && !first ? i : first;
        apart = apart || (packets[i].payload_type == 98) != (others > 0);
    }
    check(!apart && packets[first].payload_type == 98, "under the payload type of its profile, and no other");
    check(packets[first].first_byte == 0x78 && packets[first].last_byte != packets[0].last_byte,
          "its parameter sets go first");
    session_status(&session, now, &status);
    check(status.lines == 360 && status.loss > 0.14 && status.loss < 0.16, "the status tells");
    playlist_release(status.played.playlist);
    sets = count_parameter_sets(0);
    ask_for_key_frame();
    pass(MILLISECONDS(100), 0);
    check_int((long long)count_parameter_sets(0), (long long)sets + 1, "its key frames are sent again on request");
    watch(9, 0);
    uint64_t bytes = session.media[ASSET_VIDEO].bytes;
    check(count_filler() == 0, "nothing is sent in vain");
    watch(3, 0);
    bytes = (session.media[ASSET_VIDEO].bytes - bytes) * 8 / 3;
    uint64_t rate = asset_rate(session.asset);
    check(count_filler() > 0 && bytes > rate * 9 / 10 && bytes < rate * 11 / 10,
          "before there is more, filler makes up for it: %d of %d kbit/s", (int)(bytes / 1000), (int)(rate / 1000));
    watch(2, 0);
    check(switches == 2 && lines_shown == 0, "after ten clean seconds the film itself is shown");
    size_t filler = count_filler();
    watch(1, 0);
    check_int((long long)count_filler(), (long long)filler, "without filler");
    watch(8, LOST);
    check(switches == 4 && lines_shown == 180, "who goes on to lose too much is sent still less");
    play_until_end();
    check_int((long long)count_pictures(), 41 * MEDIA_FRAME_RATE, "no picture is missing, and those of a second were sent again");
    check_int((long long)count_kind(false), (long long)sounds, "of the sound nothing is missing");
    check_int(time_taken() / PICTURE_TIME, 40 * MEDIA_FRAME_RATE, "it took its time");
    check(sequences_go_on(true) && sequences_go_on(false) && picture_timestamps_grow(0), "sequence numbers and timestamps go on");
    check(worst_timestamp(false) < MILLISECONDS(1), "and tell the time");
    end_viewer();
}

static void test_reduced(void)
{
    begin_viewer();
    launch("wide.mp4");
    session_set_loop(&session, true);
    watch(14, LOST);
    check(lines_shown == 180 && switches == 2, "a viewer sees what he has room for");
    forget_packets();
    seek_to(SECONDS(34), false);
    watch(2, 0);
    check(switches == 2 && session.shown.lines == 180 && packets[next_packet(0, true)].first_byte == 0x78,
          "also after a seek");
    for (int i = 0; i < 8; i++) {
        bring_next();
        watch(1, 0);
    }
    size_t large = 0;
    for (size_t i = 0; i < packet_count; i++)
        large += packets[i].video && packets[i].marker && packets[i].size > 750;
    check_int((long long)large, 0, "of the film itself nothing was sent");
    check(position() < 5000 && switches == 2 && session.shown.lines == 180, "and when the film begins again");
    session_stop(&session);
    switches = 0;
    launch("film.mp4");
    bring_rendition();
    watch(4, LOST);
    check(switches == 0 && session_state(&session) == SESSION_GOING, "a film without renditions is played as it is");
    check_int(renditions_asked, 3, "which is not looked for time and again");
    end_viewer();
}

static void test_rendition_names(void)
{
    struct asset *film = open_asset("wide.mp4"), *other = open_asset("wide.240p.mp4"), *shorter = open_asset("wide.480p.mp4");
    struct reason reason;
    size_t stem = 0;

    check(rendition_is_named("a/film.480p.mp4", &stem) && stem == strlen("a/film."), "a rendition has its lines in its name");
    check(!rendition_is_named("film.mp4", &stem) && !rendition_is_named("film.481p.mp4", &stem) &&
              !rendition_is_named(".480p.mp4", &stem) && !rendition_is_named("film.480p.mp3", &stem),
          "and nothing else is one");
    check(!rendition_fits(asset_index(film), asset_index(other), &reason),
          "what has its key frames elsewhere does not fit: %s", reason.text);
    check(!rendition_fits(asset_index(film), asset_index(shorter), &reason), "nor what is shorter: %s", reason.text);
    check(rendition_fits(asset_index(film), asset_index(film), &reason), "a film fits itself");
    asset_release(film);
    asset_release(other);
    asset_release(shorter);
}

int main(void)
{
    library = library_open(media_folder(), 2, 2);
    require(library != NULL, "no library");
    write_media();
    test_states();
    test_film();
    test_pause();
    test_short_pauses();
    test_second_file();
    test_late();
    test_sound_alone();
    test_g711("8 0", SDP_PCMA_PAYLOAD_TYPE, 0xd5);
    test_g711("0", SDP_PCMU_PAYLOAD_TYPE, 0xff);
    test_repair();
    test_no_repair();
    test_spread();
    test_harm("shrinks.mp4", false);
    test_harm("deleted.mp4", true);
    test_seek();
    test_accurate_seek();
    test_seek_in_pause();
    test_gapless();
    test_loop();
    test_replace();
    test_cut();
    test_changing();
    test_sounds();
    test_rendition_names();
    test_renditions();
    test_reduced();
    library_close(library);
    return tap_end();
}
