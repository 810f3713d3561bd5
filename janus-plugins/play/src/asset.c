/* SPDX-License-Identifier: GPL-3.0-only */
#include "asset.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio.h"
#include "clock.h"
#include "file.h"
#include "workers.h"

/* A segment of video ends after this much time or after this many bytes. */
#define SEGMENT_TIME SECONDS(1)
#define SEGMENT_BYTES (512 * 1024)

/* Ten seconds of sound are made in a fraction of one, which must not hold up the pacer meanwhile. */
#define TRANSCODER_NICENESS 10

struct library {
    char *root;
    struct workers *readers;     /* they wait for the disk */
    struct workers *transcoders; /* they need the processor */
    sem_t indexing; /* as many files are opened at a time as there are readers */
    pthread_mutex_t lock;
    struct asset *assets;
};

/* What is the same file, and what is another although it has the same name. */
struct identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

struct track {
    struct asset *asset;
    size_t count;    /* items */
    size_t *starts;  /* video: the first item of each segment, and `count` */
    size_t segments;
    struct segment **table; /* those that somebody holds; guarded by the asset's lock */
};

struct asset {
    struct library *library;
    struct asset *next;
    unsigned references; /* guarded by the library's lock */
    struct job dispose;
    struct identity identity;
    int fd;
    struct media_index *index;
    pthread_mutex_t lock;
    struct track tracks[ASSET_MEDIA];
};

struct segment {
    struct job load;
    struct track *track;
    size_t number;
    unsigned references; /* viewers, and the thread that makes it; guarded by the asset's lock */
    size_t first, count;
    atomic_size_t made; /* items that can be read */
    atomic_bool failed;
    struct asset_item items[];
};

/* Segments */

static size_t segment_of(const struct track *track, size_t item)
{
    size_t low = 0, high = track->segments;

    if (track == &track->asset->tracks[ASSET_AUDIO])
        return item / AUDIO_STRETCH;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (track->starts[middle] <= item)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static size_t segment_start(const struct track *track, size_t number)
{
    size_t start = track->starts ? track->starts[number] : number * AUDIO_STRETCH;

    return start < track->count ? start : track->count;
}

static void segment_release(struct segment *segment)
{
    struct track *track = segment->track;

    pthread_mutex_lock(&track->asset->lock);
    bool last = --segment->references == 0;
    if (last && track->table[segment->number] == segment)
        track->table[segment->number] = NULL;
    pthread_mutex_unlock(&track->asset->lock);
    if (!last)
        return;
    for (size_t i = 0; i < segment->count; i++)
        free(segment->items[i].data);
    free(segment);
}

/* Whether nobody waits for the segment any more. Then it also leaves the table, so that whoever wants
 * it later has it made anew. */
static bool segment_is_abandoned(struct segment *segment)
{
    struct track *track = segment->track;

    pthread_mutex_lock(&track->asset->lock);
    bool abandoned = segment->references == 1;
    if (abandoned && track->table[segment->number] == segment)
        track->table[segment->number] = NULL;
    pthread_mutex_unlock(&track->asset->lock);
    return abandoned;
}

static void segment_add(struct segment *segment, struct asset_item item)
{
    size_t made = atomic_load_explicit(&segment->made, memory_order_relaxed);

    segment->items[made] = item;
    atomic_store_explicit(&segment->made, made + 1, memory_order_release);
}

static bool read_picture(struct segment *segment, const struct index_frame *frame)
{
    const struct asset *asset = segment->track->asset;
    struct asset_item item = {.data = malloc(frame->size), .size = frame->size};

    if (!item.data || !pread_whole(asset->fd, item.data, frame->size, frame->offset)) {
        free(item.data);
        return false;
    }
    if (!h264_inspect(item.data, item.size, asset->index->h264.length_size, &item.idr))
        item.size = 0;
    segment_add(segment, item);
    return true;
}

static void load_video(struct job *job)
{
    struct segment *segment = (struct segment *)job;
    struct asset *asset = segment->track->asset;
    bool good = true;

    for (size_t i = 0; good && i < segment->count && !segment_is_abandoned(segment); i++)
        good = read_picture(segment, &asset->index->video.frames[segment->first + i]);
    if (!good)
        atomic_store(&segment->failed, true);
    segment_release(segment);
    asset_release(asset);
}

static bool take_packet(void *context, const uint8_t *packet, size_t size)
{
    struct segment *segment = context;
    struct asset_item item = {.data = malloc(size), .size = (uint32_t)size};

    if (!item.data)
        return false;
    memcpy(item.data, packet, size);
    segment_add(segment, item);
    return !segment_is_abandoned(segment);
}

static void load_audio(struct job *job)
{
    struct segment *segment = (struct segment *)job;
    struct asset *asset = segment->track->asset;

    if (!segment_is_abandoned(segment) &&
        !audio_transcode(asset->fd, asset->index, segment->first, segment->count, take_packet, segment))
        atomic_store(&segment->failed, true);
    segment_release(segment);
    asset_release(asset);
}

static void asset_hold(struct asset *asset)
{
    pthread_mutex_lock(&asset->library->lock);
    asset->references++;
    pthread_mutex_unlock(&asset->library->lock);
}

static struct segment *segment_new(struct track *track, size_t number)
{
    size_t first = segment_start(track, number);
    size_t count = segment_start(track, number + 1) - first;
    struct segment *segment = calloc(1, sizeof *segment + count * sizeof segment->items[0]);

    if (!segment)
        abort();
    segment->track = track;
    segment->number = number;
    segment->first = first;
    segment->count = count;
    segment->references = 1;
    return segment;
}

/* Gives a reference to a segment, which begins to be made if nobody else holds it. */
static struct segment *segment_hold(struct track *track, size_t number)
{
    struct asset *asset = track->asset;
    bool audio = track == &asset->tracks[ASSET_AUDIO];
    bool fresh = false;

    pthread_mutex_lock(&asset->lock);
    struct segment *segment = track->table[number];
    if (!segment) {
        segment = track->table[number] = segment_new(track, number);
        fresh = true;
    }
    segment->references++;
    pthread_mutex_unlock(&asset->lock);
    if (fresh) {
        asset_hold(asset);
        segment->load.run = audio ? load_audio : load_video;
        workers_submit(audio ? asset->library->transcoders : asset->library->readers, &segment->load);
    }
    return segment;
}

/* Windows */

static struct segment *window_segment(const struct window *window, size_t item)
{
    size_t number = segment_of(&window->asset->tracks[window->medium], item);

    if (number < window->first || number >= window->first + window->count)
        return NULL;
    return window->segments[number % WINDOW_SEGMENTS];
}

static void drop_until(struct window *window, size_t number)
{
    while (window->count > 0 && window->first < number) {
        segment_release(window->segments[window->first % WINDOW_SEGMENTS]);
        window->first++;
        window->count--;
    }
}

void window_open(struct window *window, struct asset *asset, enum asset_medium medium, size_t item)
{
    *window = (struct window){.asset = asset, .medium = medium};
    window->first = segment_of(&asset->tracks[medium], item);
    window_move(window, item, item);
}

void window_close(struct window *window)
{
    drop_until(window, SIZE_MAX);
    window->asset = NULL;
}

void window_move(struct window *window, size_t keep, size_t item)
{
    struct track *track = &window->asset->tracks[window->medium];
    size_t current = segment_of(track, item);
    size_t kept = segment_of(track, keep);
    size_t end = current + 2 < track->segments ? current + 2 : track->segments;

    if (kept + WINDOW_SEGMENTS < end)
        kept = current;
    drop_until(window, kept);
    while (window->first + window->count < end) {
        size_t number = window->first + window->count;
        window->segments[number % WINDOW_SEGMENTS] = segment_hold(track, number);
        window->count++;
    }
}

const struct asset_item *window_item(const struct window *window, size_t item)
{
    struct segment *segment = window_segment(window, item);

    if (!segment || item - segment->first >= atomic_load_explicit(&segment->made, memory_order_acquire))
        return NULL;
    return &segment->items[item - segment->first];
}

bool window_failed(const struct window *window, size_t item)
{
    struct segment *segment = window_segment(window, item);

    return segment && atomic_load(&segment->failed) && !window_item(window, item);
}

/* Assets */

static bool same_file(const struct identity *a, const struct identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

static bool identify(int fd, struct identity *identity)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return false;
    *identity = (struct identity){status.st_dev, status.st_ino, status.st_size, status.st_mtim};
    return true;
}

/* Gives a reference to the asset of a file that is open already; the library's lock is held. */
static struct asset *find_asset(struct library *library, const struct identity *identity)
{
    for (struct asset *asset = library->assets; asset; asset = asset->next)
        if (same_file(&asset->identity, identity)) {
            asset->references++;
            return asset;
        }
    return NULL;
}

static void cut_video(struct track *track, const struct index_track *frames)
{
    size_t *starts = malloc((frames->count + 1) * sizeof *starts);
    int64_t begin = 0;
    uint64_t bytes = 0;

    if (!starts)
        abort();
    for (size_t i = 0; i < frames->count; i++) {
        const struct index_frame *frame = &frames->frames[i];
        if (i == 0 || frame->time - begin >= SEGMENT_TIME || bytes + frame->size > SEGMENT_BYTES) {
            starts[track->segments++] = i;
            begin = frame->time;
            bytes = 0;
        }
        bytes += frame->size;
    }
    starts[track->segments] = frames->count;
    track->starts = starts;
    track->count = frames->count;
}

static void cut_audio(struct track *track, const struct media_index *index)
{
    track->count = (size_t)((index->audio.end + AUDIO_PACKET_TIME - 1) / AUDIO_PACKET_TIME);
    track->segments = (track->count + AUDIO_STRETCH - 1) / AUDIO_STRETCH;
}

static struct asset *asset_new(struct library *library, int fd, const struct identity *identity,
                               struct media_index *index)
{
    struct asset *asset = calloc(1, sizeof *asset);

    if (!asset)
        abort();
    asset->library = library;
    asset->references = 1;
    asset->identity = *identity;
    asset->fd = fd;
    asset->index = index;
    pthread_mutex_init(&asset->lock, NULL);
    if (index->video.count > 0)
        cut_video(&asset->tracks[ASSET_VIDEO], &index->video);
    if (index->audio.count > 0)
        cut_audio(&asset->tracks[ASSET_AUDIO], index);
    for (int i = 0; i < ASSET_MEDIA; i++) {
        struct track *track = &asset->tracks[i];
        track->asset = asset;
        track->table = calloc(track->segments + 1, sizeof(struct segment *));
        if (!track->table)
            abort();
    }
    return asset;
}

static void asset_free(struct asset *asset)
{
    for (int i = 0; i < ASSET_MEDIA; i++) {
        free(asset->tracks[i].starts);
        free(asset->tracks[i].table);
    }
    index_free(asset->index);
    pthread_mutex_destroy(&asset->lock);
    close(asset->fd);
    free(asset);
}

static void dispose(struct job *job)
{
    asset_free((struct asset *)((char *)job - offsetof(struct asset, dispose)));
}

/* An index takes time and memory to read: however many ask at once, few are read at a time. */
static struct media_index *read_index_in_turn(struct library *library, int fd, struct reason *reason)
{
    while (sem_wait(&library->indexing) < 0 && errno == EINTR)
        ;
    struct media_index *index = index_read(fd, reason);
    sem_post(&library->indexing);
    return index;
}

enum path_status asset_open(struct library *library, const char *name, struct asset **asset,
                            struct reason *reason)
{
    struct identity identity;
    int fd;
    enum path_status status = path_open(library->root, name, &fd, reason);

    if (status != PATH_OPENED)
        return status;
    if (!identify(fd, &identity)) {
        close(fd);
        return PATH_NOT_FOUND;
    }
    pthread_mutex_lock(&library->lock);
    *asset = find_asset(library, &identity);
    pthread_mutex_unlock(&library->lock);
    if (*asset) {
        close(fd);
        return PATH_OPENED;
    }

    struct media_index *index = read_index_in_turn(library, fd, reason);
    if (!index) {
        close(fd);
        return PATH_REFUSED;
    }
    struct asset *fresh = asset_new(library, fd, &identity, index);
    pthread_mutex_lock(&library->lock);
    *asset = find_asset(library, &identity);
    if (!*asset) {
        fresh->next = library->assets;
        library->assets = *asset = fresh;
    }
    pthread_mutex_unlock(&library->lock);
    if (*asset != fresh)
        asset_free(fresh);
    return PATH_OPENED;
}

void asset_release(struct asset *asset)
{
    struct library *library = asset->library;

    pthread_mutex_lock(&library->lock);
    bool last = --asset->references == 0;
    if (last) {
        struct asset **link = &library->assets;
        while (*link != asset)
            link = &(*link)->next;
        *link = asset->next;
    }
    pthread_mutex_unlock(&library->lock);
    /* Closing a file may wait for the disk, and it is often the pacer that comes here. */
    if (last) {
        asset->dispose.run = dispose;
        workers_submit(library->readers, &asset->dispose);
    }
}

const struct media_index *asset_index(const struct asset *asset)
{
    return asset->index;
}

size_t asset_count(const struct asset *asset, enum asset_medium medium)
{
    return asset->tracks[medium].count;
}

int64_t asset_time(const struct asset *asset, enum asset_medium medium, size_t item)
{
    return medium == ASSET_AUDIO ? (int64_t)item * AUDIO_PACKET_TIME
                                 : asset->index->video.frames[item].time;
}

struct library *library_open(const char *root, unsigned readers, unsigned transcoders)
{
    struct library *library = calloc(1, sizeof *library);

    if (!library)
        return NULL;
    pthread_mutex_init(&library->lock, NULL);
    sem_init(&library->indexing, 0, readers);
    library->root = strdup(root);
    library->readers = workers_start(readers, 0);
    library->transcoders = workers_start(transcoders, TRANSCODER_NICENESS);
    if (!library->root || !library->readers || !library->transcoders) {
        library_close(library);
        return NULL;
    }
    return library;
}

void library_close(struct library *library)
{
    /* The transcoders first: what they release goes to the readers. */
    if (library->transcoders)
        workers_stop(library->transcoders);
    if (library->readers)
        workers_stop(library->readers);
    pthread_mutex_destroy(&library->lock);
    sem_destroy(&library->indexing);
    free(library->root);
    free(library);
}
