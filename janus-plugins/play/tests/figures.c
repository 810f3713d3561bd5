/* SPDX-License-Identifier: GPL-3.0-only */
/* What the plugin itself costs, without Janus: prints a JSON object a figure. Built without sanitizers.
 *
 *   figures           all of them, in real time
 *   figures packets   only sends packets, in no time: for callgrind, to count within session_advance()
 */
#include <malloc.h>

#include "../src/access.c"
#include "../src/adaptation.c"
#include "../src/asset.c"
#include "../src/audio.c"
#include "../src/cache.c"
#include "../src/feedback.c"
#include "../src/h264.c"
#include "../src/index.c"
#include "../src/listing.c"
#include "../src/medium.c"
#include "../src/metrics.c"
#include "../src/ogg.c"
#include "../src/pacer.c"
#include "../src/packetizer.c"
#include "../src/path.c"
#include "../src/pictures.c"
#include "../src/playback.c"
#include "../src/playlist.c"
#include "../src/probe.c"
#include "../src/rendition.c"
#include "../src/sdp.c"
#include "../src/seek.c"
#include "../src/sending.c"
#include "../src/session.c"
#include "../src/switching.c"
#include "../src/window.c"
#include "../src/workers.c"

#include "support/media.h"

#define VIEWERS 100
#define SAMPLES_MAX 200000

struct viewer {
    struct session session;
    struct pacer_timer timer;
};

static struct library *library;
static struct pacer *pacer;
static struct viewer viewers[VIEWERS];
static int64_t deviations[SAMPLES_MAX];
static size_t deviation_count;
static bool is_measured;
static unsigned long packets;

static void require(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void take_packet_sent(void *owner, bool video, uint8_t *packet, size_t size)
{
    const struct session *session = &((struct viewer *)owner)->session;
    const struct session_medium *medium = &session->media[video ? ASSET_VIDEO : ASSET_AUDIO];
    static _Thread_local uint32_t last[VIEWERS];
    uint32_t timestamp =
        (uint32_t)packet[4] << 24 | (uint32_t)packet[5] << 16 | (uint32_t)packet[6] << 8 | packet[7];
    uint32_t *before = &last[(struct viewer *)owner - viewers];

    (void)size;
    packets++;
    /* The first packet of a picture is the one with a due time. */
    bool begins = !video || timestamp != *before;
    if (video)
        *before = timestamp;
    if (!is_measured || !begins || deviation_count == SAMPLES_MAX)
        return;
    int64_t due = session->epoch +
                  (int64_t)(timestamp - medium->timestamp_base) * SECONDS(1) / (int64_t)medium->clock_rate;
    deviations[deviation_count++] = llabs(clock_now() - due);
}

static void ignore_end(void *owner, enum session_end end, const struct session_item *last)
{
    (void)owner;
    (void)end;
    (void)last;
}

static void ignore_viewer(void *owner)
{
    (void)owner;
}

static void ignore_item(void *owner, const struct session_item *item)
{
    (void)owner;
    (void)item;
}

static const struct session_callbacks callbacks = {
    .send = take_packet_sent, .ended = ignore_end, .near_end = ignore_viewer, .item_began = ignore_item};

static int64_t advance(struct pacer_timer *timer, int64_t now)
{
    return session_advance(&((struct viewer *)((char *)timer - offsetof(struct viewer, timer)))->session, now);
}

static struct asset *open_film(const char *name)
{
    struct asset *asset = NULL;
    struct reason reason = {""};

    require(asset_open(library, name, &asset, &reason) == PATH_OPENED, reason.text);
    return asset;
}

static void begin_viewer(struct viewer *viewer, const char *name, int64_t now)
{
    struct session_play play = {.asset = open_film(name), .played = {playlist_new(1, false), 0}, .loop = true};
    struct reason reason = {""};

    session_init(&viewer->session, &callbacks, viewer);
    session_accept(&viewer->session, &(struct sdp_answer){.opus = 111, .h264 = {96, 98, 0}});
    session_connect(&viewer->session, now);
    play.played.playlist->names[0] = strdup(name);
    seek_find(play.asset, 0, false, &play.point);
    require(session_launch(&viewer->session, &play, &reason), reason.text);
    viewer->timer.fire = advance;
}

static void end_viewer(struct viewer *viewer)
{
    session_disconnect(&viewer->session);
    session_destroy(&viewer->session);
}

static int compare(const void *a, const void *b)
{
    int64_t difference = *(const int64_t *)a - *(const int64_t *)b;

    return (difference > 0) - (difference < 0);
}

static double quantile(double part)
{
    qsort(deviations, deviation_count, sizeof deviations[0], compare);
    return (double)deviations[(size_t)(part * (double)(deviation_count - 1))] / 1e6;
}

/* Sends for five seconds to all, who began within `spread`. */
static void pace(const char *name, int64_t spread)
{
    deviation_count = 0;
    for (int i = 0; i < VIEWERS; i++)
        begin_viewer(&viewers[i], "film.mp4", clock_now());
    for (int i = 0; i < VIEWERS; i++) {
        pacer_schedule(pacer, &viewers[i].timer, clock_now());
        usleep((useconds_t)(spread / 1000 / VIEWERS));
    }
    usleep(500000);
    is_measured = true;
    usleep(5000000);
    is_measured = false;
    printf("{\"figure\": \"%s\", \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n", name, quantile(0.5), quantile(0.99),
           quantile(1));
    for (int i = 0; i < VIEWERS; i++) {
        session_disconnect(&viewers[i].session);
        pacer_cancel(pacer, &viewers[i].timer);
        session_destroy(&viewers[i].session);
    }
}

static double since(int64_t begin)
{
    return (double)(clock_now() - begin) / 1e6;
}

static void settle(void)
{
    workers_wait(library->transcoders);
    workers_wait(library->housekeeper);
    workers_wait(library->readers);
    workers_wait(library->housekeeper);
}

static void open_long_film(void)
{
    struct asset *first, *second;
    double one, two, three;

    media_write_film("long.mp4", &(struct media_film){.seconds = 7200,
                                                      .pictures_per_key_frame = 50,
                                                      .key_frame_size = 100,
                                                      .picture_size = 50,
                                                      .opus = true});
    int64_t begin = clock_now();
    first = open_film("long.mp4");
    one = since(begin);
    begin = clock_now();
    second = open_film("long.mp4");
    two = since(begin);
    asset_release(first);
    asset_release(second);
    settle();
    begin = clock_now();
    first = open_film("long.mp4");
    three = since(begin);
    asset_release(first);
    printf("{\"figure\": \"open\", \"first\": %.3f, \"whilePlayed\": %.3f, \"afterClosed\": %.3f}\n", one,
           two, three);
}

static void probe_folder(void)
{
    const char *names[1000];
    struct probe probes[1000];
    char path[512], link_path[512], name[32];

    media_make_folder("many");
    media_path(path, "film.mp4");
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "many/%03d.mp4", i);
        media_path(link_path, name);
        /* Files of their own, as the same one is looked into once. */
        media_write_film(name, &(struct media_film){.seconds = 10,
                                                    .pictures_per_key_frame = 50,
                                                    .key_frame_size = 900,
                                                    .picture_size = 90});
        names[i] = strdup(name);
    }
    struct prober *prober = prober_open(media_folder(), 4);
    int64_t begin = clock_now();
    probe_files(prober, names, 1000, NEVER, probes);
    double first = since(begin);
    begin = clock_now();
    probe_files(prober, names, 1000, NEVER, probes);
    double again = since(begin);
    require(probes[999].status == PATH_OPENED, "the files can be played");
    printf("{\"figure\": \"probe\", \"first\": %.3f, \"again\": %.3f}\n", first, again);
    prober_close(prober);
    for (int i = 0; i < 1000; i++)
        free((char *)names[i]);
}

/* What a further viewer who is elsewhere in the same film needs, and one who is at the same place. */
static void weigh_viewers(void)
{
    begin_viewer(&viewers[0], "film.mp4", clock_now());
    settle();
    size_t before = mallinfo2().uordblks;
    for (int i = 1; i < VIEWERS; i++)
        begin_viewer(&viewers[i], "film.mp4", clock_now());
    settle();
    double each = (double)(mallinfo2().uordblks - before) / (VIEWERS - 1) + sizeof viewers[0];
    printf("{\"figure\": \"memory\", \"bytes\": %.0f}\n", each);
    for (int i = 0; i < VIEWERS; i++)
        end_viewer(&viewers[i]);
}

/* Twenty seconds of the film to all, as fast as it goes. */
static void send_packets(int64_t now)
{
    for (int64_t end = now + SECONDS(20); now < end; now += MILLISECONDS(20)) {
        for (int i = 0; i < VIEWERS; i++)
            session_advance(&viewers[i].session, now);
        settle();
    }
}

static void count_packets_sent(void)
{
    int64_t now = clock_now();

    for (int i = 0; i < VIEWERS; i++)
        begin_viewer(&viewers[i], "film.mp4", now);
    settle();
    send_packets(now);
    printf("{\"figure\": \"packets\", \"sent\": %lu}\n", packets);
    for (int i = 0; i < VIEWERS; i++)
        end_viewer(&viewers[i]);
}

int main(int count, char **arguments)
{
    /* 25 pictures and 50 packets of sound a second, 600 kbit/s. */
    media_write_film("film.mp4", &(struct media_film){.seconds = 60,
                                                      .pictures_per_key_frame = 50,
                                                      .key_frame_size = 12000,
                                                      .picture_size = 2800,
                                                      .opus = true});
    library = library_open(media_folder(), 4, 2);
    pacer = pacer_start();
    require(library && pacer, "threads cannot be started");
    if (count > 1 && strcmp(arguments[1], "packets") == 0) {
        count_packets_sent();
    } else {
        pace("pacing, starts spread", SECONDS(2));
        pace("pacing, in phase", 0);
        open_long_film();
        probe_folder();
        weigh_viewers();
    }
    pacer_stop(pacer);
    library_close(library);
    return 0;
}
