/* SPDX-License-Identifier: GPL-3.0-only */
/* Many viewers at once, paced in real time: what sending costs, and what a disk that does not answer does to those
 * who do not watch what is on it. */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a thread does while it sends is counted; its own viewer's lock does not count. */
static _Thread_local const pthread_mutex_t *own_lock;
static atomic_int allocations, shared_locks;

static void *counted_malloc(size_t size)
{
    allocations += own_lock != NULL;
    return malloc(size);
}

static void *counted_calloc(size_t count, size_t size)
{
    allocations += own_lock != NULL;
    return calloc(count, size);
}

static int counted_lock(pthread_mutex_t *lock)
{
    shared_locks += own_lock != NULL && own_lock != lock;
    return pthread_mutex_lock(lock);
}

/* A disk that hangs: reading from one of its files does not return. Where none can be mounted the call hangs instead. */
static atomic_bool no_disk, *hanging = &no_disk;
static dev_t hung_device;
static _Atomic ino_t hung_files[16];
static atomic_int hung_threads;

static bool is_hung(int fd)
{
    struct stat status;

    if (!no_disk || fstat(fd, &status) < 0)
        return false;
    for (size_t i = 0; i < sizeof hung_files / sizeof hung_files[0]; i++)
        if (status.st_ino == hung_files[i] && status.st_dev == hung_device)
            return true;
    return false;
}

static ssize_t hanging_pread(int fd, void *data, size_t size, off_t offset)
{
    hung_threads++;
    while (is_hung(fd))
        usleep(1000);
    ssize_t got = pread(fd, data, size, offset);
    hung_threads--;
    return got;
}

#define malloc counted_malloc
#define calloc counted_calloc
#define pthread_mutex_lock counted_lock
#define pread hanging_pread
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
#undef malloc
#undef calloc
#undef pthread_mutex_lock
#undef pread
#include "../src/pacer.c"

#include "support/disk.h"
#include "support/media.h"
#include "support/tap.h"

#define GOOD 50
#define HUNG 10

/* Other work on the machine may keep the pacer from running for as long. */
#define LATE_TIME MILLISECONDS(30)

struct viewer {
    struct session session;
    struct pacer_timer timer;
    atomic_int packets;
    int64_t first; /* when its first picture was sent, and with what timestamp */
    uint32_t first_timestamp;
    atomic_int pictures, late; /* while the disk hangs: those later than by their timestamps */
    atomic_int ended;
};

static struct library *library;
static struct pacer *pacer;
static struct viewer viewers[GOOD + HUNG + 1];

static void count_packet(void *owner, bool video, uint8_t *packet, size_t size)
{
    struct viewer *viewer = owner;
    uint32_t timestamp =
        (uint32_t)packet[4] << 24 | (uint32_t)packet[5] << 16 | (uint32_t)packet[6] << 8 | packet[7];
    int64_t now = clock_now();

    (void)size;
    viewer->packets++;
    if (!video)
        return;
    if (viewer->first == 0) {
        viewer->first = now;
        viewer->first_timestamp = timestamp;
    }
    int64_t due = viewer->first + (int64_t)(timestamp - viewer->first_timestamp) * SECONDS(1) / 90000;
    viewer->pictures += *hanging;
    viewer->late += *hanging && now - due > LATE_TIME;
}

static void count_end(void *owner, enum session_end end, const struct session_item *last)
{
    (void)end;
    (void)last;
    ((struct viewer *)owner)->ended++;
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
    .send = count_packet, .ended = count_end, .near_end = ignore_viewer, .item_began = ignore_item};

static int64_t advance(struct pacer_timer *timer, int64_t now)
{
    struct viewer *viewer = (struct viewer *)((char *)timer - offsetof(struct viewer, timer));

    own_lock = &viewer->session.lock;
    int64_t next = session_advance(&viewer->session, now);
    own_lock = NULL;
    return next;
}

static void begin_viewer(struct viewer *viewer, const char *name)
{
    struct session_play play = {.played = {playlist_new(1, false), 0}};
    struct reason reason = {""};

    session_init(&viewer->session, &callbacks, viewer);
    session_accept(&viewer->session, &(struct sdp_answer){.opus = 111, .h264 = {96, 98, 0}});
    session_connect(&viewer->session, clock_now());
    play.played.playlist->names[0] = strdup(name);
    require(asset_open(library, name, &play.asset, &reason) == PATH_OPENED, "a film is opened");
    seek_find(play.asset, 0, false, &play.point);
    require(session_launch(&viewer->session, &play, &reason), "and played");
    viewer->timer.fire = advance;
    pacer_schedule(pacer, &viewer->timer, clock_now());
}

static void end_viewer(struct viewer *viewer)
{
    session_disconnect(&viewer->session);
    pacer_cancel(pacer, &viewer->timer);
    session_destroy(&viewer->session);
}

static void write_film(const char *name)
{
    const struct media_film film = {.seconds = 30,
                                    .pictures_per_key_frame = 25,
                                    .key_frame_size = 9000,
                                    .picture_size = 900,
                                    .opus = true};

    media_write_film(name, &film);
}

static int packets_of(int first, int count)
{
    int packets = 0;

    for (int i = first; i < first + count; i++)
        packets += viewers[i].packets;
    return packets;
}

/* Where the films are that will not be read. */
static const char *mount_disk(char at[512])
{
    const char *reason;
    char folder[512];

    media_make_folder("behind");
    media_make_folder("disk");
    media_path(folder, "behind");
    media_path(at, "disk");
    atomic_bool *mounted = disk_mount(folder, at, &reason);
    if (!mounted) {
        printf("# no disk is mounted, the calls hang instead: %s\n", reason);
        return "behind";
    }
    hanging = mounted;
    return "disk";
}

int main(void)
{
    char name[32], path[512], at[512];
    struct stat status;
    int pictures = 0, late = 0;
    const char *disk = mount_disk(at);

    write_film("good.mp4");
    write_film("later.mp4");
    library = library_open(media_folder(), 2, 2);
    pacer = pacer_start();
    require(library && pacer, "a library and a pacer");
    for (int i = 0; i < GOOD; i++) {
        begin_viewer(&viewers[i], "good.mp4");
        usleep(7000);
    }
    for (int i = 0; i < HUNG; i++) {
        snprintf(name, sizeof name, "behind/%d.mp4", i);
        write_film(name);
        snprintf(name, sizeof name, "%s/%d.mp4", disk, i);
        media_path(path, name);
        require(stat(path, &status) == 0, "a film");
        hung_device = status.st_dev;
        hung_files[i] = status.st_ino;
        begin_viewer(&viewers[GOOD + i], name);
    }
    usleep(1000000);
    check(packets_of(GOOD, HUNG) > HUNG * 20, "films are played from a disk that answers");

    *hanging = true;
    usleep(3000000);
    int before = packets_of(GOOD, HUNG), good_before = packets_of(0, GOOD);
    usleep(1000000);
    check_int(packets_of(GOOD, HUNG), before, "when it no longer does, they stop");
    check(hung_threads >= HUNG, "with a thread stuck for each of them (%d)", hung_threads);
    int sent = packets_of(0, GOOD) - good_before;
    check(sent > GOOD * 70, "those who watch what lies elsewhere get what is due (%d packets a second)", sent / GOOD);
    begin_viewer(&viewers[GOOD + HUNG], "later.mp4");
    for (int i = 0; i < 300 && viewers[GOOD + HUNG].packets < 10; i++)
        usleep(10000);
    check(viewers[GOOD + HUNG].packets >= 10, "and another film can be begun");

    *hanging = false;
    for (int i = 0; i < GOOD; i++) {
        pictures += viewers[i].pictures;
        late += viewers[i].late;
    }
    check(late < pictures / 10, "all of it in time (%d of %d pictures late)", late, pictures);
    for (int i = 0; i < 500 && packets_of(GOOD, HUNG) < before + HUNG * 20; i++)
        usleep(10000);
    check(packets_of(GOOD, HUNG) >= before + HUNG * 20, "when the disk answers again, the others go on");
    check_int(allocations, 0, "sending allocates nothing");
    check_int(shared_locks, 0, "and takes no lock that viewers share");
    for (int i = 0; i <= GOOD + HUNG; i++)
        end_viewer(&viewers[i]);
    pacer_stop(pacer);
    library_close(library);
    if (hanging != &no_disk)
        disk_unmount(at);
    return tap_end();
}
