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

#include "cache.h"
#include "clock.h"
#include "file.h"
#include "metrics.h"
#include "workers.h"

/* A segment of video ends after this much time or after this many bytes. */
#define SEGMENT_TIME SECONDS(1)
#define SEGMENT_BYTES (512 * 1024)

/* Ten seconds of sound are made in a fraction of one, which must not hold up the pacer meanwhile; and who
 * waits for sound is not made to wait for ten seconds of somebody else's. */
#define TRANSCODER_NICENESS 10
#define TRANSCODER_TURN 50 /* packets */

/* As many threads can be stuck in disks that do not answer. */
#define STUCK_READERS_MAX 64
#define STUCK_TRANSCODERS_MAX 16

/* How much of what was played lately is kept, in case somebody comes back to it: five films of two hours. */
#define RESTING_BYTES_MAX (64u << 20)

/* Seconds until who wants to open a file no longer waits for others who do. */
#define TURN_TIMEOUT 1

struct library {
    char *root;
    struct workers *readers;     /* they wait for the disk */
    struct workers *transcoders; /* they need the processor */
    struct workers *housekeeper; /* one thread, which waits for neither, and does what the pacer must not */
    atomic_uint_least64_t bytes; /* in memory: of segments and indices */
    uint64_t bytes_max;
    atomic_size_t assets_open;
    size_t assets_max;
    struct cache *cache; /* NULL: none */
    sem_t indexing; /* as many files are opened at a time as there are readers */
    pthread_mutex_t lock;
    struct asset *assets;
    struct asset *resting; /* nobody plays them and their files are closed; the one that was given up last is first */
};

struct track {
    struct asset *asset;
    const struct index_track *frames; /* items are read from the file, else made */
    const struct index_sound *sound; /* NULL: pictures */
    unsigned number;                 /* of that in the file */
    enum audio_codec codec;          /* of sound */
    size_t count;                    /* items */
    size_t *starts;                  /* the first item of each segment, and `count`; NULL: they are stretches */
    size_t segments;
    struct segment **table; /* those that somebody holds; guarded by the asset's lock */
};

struct asset {
    struct library *library;
    struct asset *next;
    atomic_uint references;
    struct job unlist, dispose;
    struct file_identity identity;
    int fd;
    struct media_index *index;
    pthread_mutex_t lock;
    struct track video, (*sounds)[AUDIO_CODECS]; /* of each sound of the file */
    size_t packets;                              /* of each */
    uint64_t rate; /* of the pictures, in bits per second */
};

struct segment {
    struct job load;
    struct track *track;
    size_t number;
    unsigned references; /* viewers, and the thread that makes it; guarded by the asset's lock */
    size_t first, count;
    atomic_bool urgent; /* a viewer has come to it */
    struct transcoder *transcoder;
    atomic_size_t made; /* items that can be read */
    _Atomic(const char *) failure;
    uint64_t bytes; /* of its items */
    struct asset_item items[];
};

/* Segments */

size_t segment_of(const struct track *track, size_t item)
{
    size_t low = 0, high = track->segments;

    if (!track->starts)
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

void segment_release(struct segment *segment)
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
    atomic_fetch_sub(&track->asset->library->bytes, segment->bytes);
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

    atomic_fetch_add(&segment->track->asset->library->bytes, item.size);
    segment->bytes += item.size;
    segment->items[made] = item;
    atomic_store_explicit(&segment->made, made + 1, memory_order_release);
}

/* The file may be changed by others while it plays. What was read before that was noticed is of the old
 * file or damaged, but is never more than a segment. */
static const char *changed(const struct asset *asset)
{
    struct file_identity identity;
    struct stat status;

    if (fstat(asset->fd, &status) < 0)
        return "cannot be read any further";
    identity = file_identity_of(&status);
    if (status.st_nlink == 0)
        return "was removed or replaced while it played";
    return file_is_same(&identity, &asset->identity) ? NULL : "was changed while it played";
}

/* The thread that makes a segment is done with it. */
static void end_load(struct segment *segment, bool good)
{
    struct asset *asset = segment->track->asset;
    const char *failure = changed(asset);

    if (!failure && !good)
        failure = "cannot be read any further";
    if (failure)
        atomic_store(&segment->failure, failure);
    segment_release(segment);
    asset_release(asset);
}

static bool read_frame(struct segment *segment, const struct index_frame *frame)
{
    const struct track *track = segment->track;
    const struct media_index *index = track->asset->index;
    struct asset_item item = {.data = malloc(frame->size), .size = frame->size};

    if (!item.data || !index_read_frame(track->asset->fd, track->frames, frame, item.data)) {
        free(item.data);
        return false;
    }
    if (!track->sound && !h264_inspect(item.data, item.size, index->configs[frame->config].length_size, &item.idr))
        item.size = 0;
    segment_add(segment, item);
    return true;
}

static bool take_packet(void *context, const uint8_t *packet, size_t size)
{
    struct segment *segment = context;
    struct asset_item item = {.data = malloc(size), .size = (uint32_t)size};

    if (!item.data)
        return false;
    memcpy(item.data, packet, size);
    segment_add(segment, item);
    return true;
}

/* Another sound of the file may go on for longer. */
static bool add_silence(struct segment *segment)
{
    size_t size;
    const uint8_t *silence = audio_silence(segment->track->codec, &size);

    return take_packet(segment, silence, size);
}

static void load_frames(struct job *job)
{
    struct segment *segment = (struct segment *)job;
    const struct index_track *frames = segment->track->frames;
    bool good = !changed(segment->track->asset);

    for (size_t i = segment->first; good && i < segment->first + segment->count && !segment_is_abandoned(segment); i++)
        good = i < frames->count ? read_frame(segment, &frames->frames[i]) : add_silence(segment);
    end_load(segment, good);
}

static struct cache_key cache_key_of(const struct segment *segment)
{
    const struct track *track = segment->track;

    return (struct cache_key){
        .file = track->asset->identity,
        .sound = track->number,
        .codec = track->codec,
        .stretch = segment->number,
    };
}

static void keep_in_cache(const struct segment *segment)
{
    struct cache *cache = segment->track->asset->library->cache;
    struct cache_packet packets[AUDIO_STRETCH];
    const struct cache_key key = cache_key_of(segment);

    if (!cache || changed(segment->track->asset))
        return;
    for (size_t i = 0; i < segment->count; i++)
        packets[i] = (struct cache_packet){segment->items[i].data, segment->items[i].size};
    cache_write(cache, &key, packets, segment->count);
}

static enum audio_progress make_sound(struct segment *segment)
{
    size_t before = segment->made;
    int64_t began = clock_now();
    enum audio_progress progress = audio_make(segment->transcoder, TRANSCODER_TURN, take_packet, segment);

    metrics_count(METRICS_TRANSCODING, (uint64_t)(clock_now() - began));
    metrics_count(METRICS_TRANSCODED_PACKETS, segment->made - before);
    return progress;
}

/* Those who wait for sound take turns. */
static void transcode(struct job *job)
{
    struct segment *segment = (struct segment *)job;
    const struct track *track = segment->track;
    enum audio_progress progress = AUDIO_DONE;

    if (changed(track->asset)) {
        progress = AUDIO_FAILED;
    } else if (!segment_is_abandoned(segment)) {
        if (!segment->transcoder)
            segment->transcoder =
                audio_begin(track->asset->fd, track->sound, track->codec, segment->first, segment->count);
        progress = segment->transcoder ? make_sound(segment) : AUDIO_FAILED;
    }
    if (progress == AUDIO_MORE) {
        workers_submit(track->asset->library->transcoders, &segment->load, atomic_load(&segment->urgent));
        return;
    }
    bool made = segment->transcoder && progress == AUDIO_DONE && segment->made == segment->count;
    if (segment->transcoder)
        audio_end(segment->transcoder);
    if (made)
        keep_in_cache(segment);
    end_load(segment, progress == AUDIO_DONE);
}

/* Sound that was made before is read; the rest is left to the transcoders. */
static void load_sound(struct job *job)
{
    struct segment *segment = (struct segment *)job;
    struct library *library = segment->track->asset->library;
    const struct cache_key key = cache_key_of(segment);

    bool found = !changed(segment->track->asset) &&
                 cache_read(library->cache, &key, segment->count, take_packet, segment);
    metrics_count(found ? METRICS_CACHE_HITS : METRICS_CACHE_MISSES, 1);
    if (found) {
        end_load(segment, true);
        return;
    }
    /* Out of memory half-way. */
    if (segment->made > 0) {
        end_load(segment, false);
        return;
    }
    segment->load.run = transcode;
    workers_submit(library->transcoders, &segment->load, atomic_load(&segment->urgent));
}

struct asset *asset_hold(struct asset *asset)
{
    atomic_fetch_add(&asset->references, 1);
    return asset;
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
    segment->load.lane = track->asset;
    return segment;
}

struct segment *segment_hold(struct track *track, size_t number, bool urgent)
{
    struct asset *asset = track->asset;
    struct library *library = asset->library;
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
        atomic_store(&segment->urgent, urgent);
        bool made = !track->frames && !library->cache;
        segment->load.run = track->frames ? load_frames : made ? transcode : load_sound;
        workers_submit(made ? library->transcoders : library->readers, &segment->load, urgent);
    }
    return segment;
}

static bool segment_is_made(const struct segment *segment)
{
    return atomic_load_explicit(&segment->made, memory_order_relaxed) == segment->count;
}

void segment_hasten(struct segment *segment)
{
    const struct track *track = segment->track;
    struct library *library = track->asset->library;

    if (!segment_is_made(segment) && !atomic_exchange(&segment->urgent, true))
        workers_hasten(track->frames ? library->readers : library->transcoders, &segment->load);
}

const struct asset_item *segment_item(const struct segment *segment, size_t item)
{
    size_t made = atomic_load_explicit(&segment->made, memory_order_acquire);

    return item - segment->first < made ? &segment->items[item - segment->first] : NULL;
}

const char *segment_failure(struct segment *segment)
{
    return atomic_load(&segment->failure);
}

size_t segment_count(const struct track *track)
{
    return track->segments;
}

/* Assets */

/* An asset whose last reference was given up stays in the list for a moment. */
static bool hold_if_alive(struct asset *asset)
{
    unsigned references = atomic_load(&asset->references);

    while (references > 0)
        if (atomic_compare_exchange_weak(&asset->references, &references, references + 1))
            return true;
    return false;
}

/* Gives a reference to the asset of a file that is open already; the library's lock is held. */
static struct asset *find_asset(struct library *library, const struct file_identity *identity)
{
    for (struct asset *asset = library->assets; asset; asset = asset->next)
        if (file_is_same(&asset->identity, identity) && hold_if_alive(asset))
            return asset;
    return NULL;
}

/* Items that are read from the file. */
static void cut_frames(struct track *track, const struct index_track *frames)
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
    track->frames = frames;
    track->count = frames->count;
}


/* Opus may be meant to be heard louder or softer than it was encoded. */
static bool has_gain(const AVCodecParameters *opus)
{
    return opus->extradata_size > 17 && (opus->extradata[16] || opus->extradata[17]);
}

/* Whether the file has the very packets that are to be sent, so that they need not be made. Those before the first that
 * is heard, and what the container rounds, shift them by less than one packet, and may be the cause of one more. */
static bool is_ready_made(const struct index_sound *sound)
{
    const struct index_track *frames = &sound->track;
    const AVCodecParameters *codec = sound->codec;

    if (frames->count == 0 || codec->codec_id != AV_CODEC_ID_OPUS || codec->ch_layout.nb_channels > 2 ||
        has_gain(codec))
        return false;
    for (size_t i = 0; i < frames->count; i++) {
        int64_t off = frames->frames[i].time - (int64_t)i * AUDIO_PACKET_TIME;
        if (off <= -AUDIO_PACKET_TIME || off >= AUDIO_PACKET_TIME || frames->frames[i].size == 0 ||
            frames->frames[i].size > AUDIO_PACKET_MAX)
            return false;
    }
    return true;
}

/* Of what the sound is made, or what is sent of it: itself, or the Opus beside it. */
static unsigned source_of(const struct media_index *index, unsigned number, enum audio_codec codec)
{
    for (unsigned i = number; codec == AUDIO_OPUS && i < index->sound_count; i++)
        if ((i == number || index->sounds[i].original == (int)number) && is_ready_made(&index->sounds[i]))
            return i;
    return number;
}

static void set_sound(struct track *track, struct asset *asset, unsigned number, enum audio_codec codec)
{
    const struct media_index *index = asset->index;

    track->number = source_of(index, number, codec);
    track->sound = &index->sounds[track->number];
    track->codec = codec;
    track->count = track->sound->track.count > 0 ? asset->packets : 0;
    track->segments = (track->count + AUDIO_STRETCH - 1) / AUDIO_STRETCH;
    if (codec == AUDIO_OPUS && is_ready_made(track->sound))
        track->frames = &track->sound->track;
}

/* Until the last of the sounds is over. */
static size_t packets_of_sound(const struct media_index *index)
{
    int64_t end = 0;

    for (unsigned i = 0; i < index->sound_count; i++)
        if (index->sounds[i].track.end > end)
            end = index->sounds[i].track.end;
    return (size_t)((end + AUDIO_PACKET_TIME - 1) / AUDIO_PACKET_TIME);
}

static void make_table(struct track *track, struct asset *asset)
{
    track->asset = asset;
    track->table = calloc(track->segments + 1, sizeof(struct segment *));
    if (!track->table)
        abort();
}

static uint64_t index_bytes(const struct media_index *index)
{
    size_t frames = index->video.count, gaps = 0;

    for (unsigned i = 0; i < index->sound_count; i++) {
        frames += index->sounds[i].track.count;
        gaps += index->sounds[i].track.gap_count;
    }
    return frames * sizeof(struct index_frame) + gaps * sizeof(struct index_gap);
}

static uint64_t rate_of(const struct index_track *track)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < track->count; i++)
        bytes += track->frames[i].size;
    return track->end >= MILLISECONDS(1) ? bytes * 8 * 1000 / (uint64_t)(track->end / MILLISECONDS(1)) : 0;
}

static struct asset *asset_new(struct library *library, int fd, const struct file_identity *identity,
                               struct media_index *index)
{
    struct asset *asset = calloc(1, sizeof *asset);

    if (!asset)
        abort();
    atomic_fetch_add(&library->assets_open, 1);
    atomic_fetch_add(&library->bytes, index_bytes(index));
    metrics_change(METRICS_ASSETS, 1);
    asset->library = library;
    asset->references = 1;
    asset->identity = *identity;
    asset->fd = fd;
    asset->index = index;
    pthread_mutex_init(&asset->lock, NULL);
    if (index->video.count > 0)
        cut_frames(&asset->video, &index->video);
    asset->rate = rate_of(&index->video);
    make_table(&asset->video, asset);
    asset->packets = packets_of_sound(index);
    asset->sounds = calloc(index->sound_count + 1, sizeof asset->sounds[0]);
    if (!asset->sounds)
        abort();
    for (unsigned i = 0; i < index->sound_count; i++)
        for (int codec = 0; codec < AUDIO_CODECS; codec++) {
            set_sound(&asset->sounds[i][codec], asset, i, codec);
            make_table(&asset->sounds[i][codec], asset);
        }
    return asset;
}

static void asset_free(struct asset *asset)
{
    atomic_fetch_sub(&asset->library->bytes, index_bytes(asset->index));
    metrics_change(METRICS_ASSETS, -1);
    free(asset->video.starts);
    free(asset->video.table);
    for (unsigned i = 0; i < asset->index->sound_count; i++)
        for (int codec = 0; codec < AUDIO_CODECS; codec++)
            free(asset->sounds[i][codec].table);
    free(asset->sounds);
    index_free(asset->index);
    pthread_mutex_destroy(&asset->lock);
    free(asset);
}

static void close_file(struct asset *asset)
{
    close(asset->fd);
    atomic_fetch_sub(&asset->library->assets_open, 1);
}

static void free_list(struct asset *asset)
{
    while (asset) {
        struct asset *next = asset->next;
        asset_free(asset);
        asset = next;
    }
}

/* Whoever opens the file again finds its index still there; what has been longest without viewers makes room. */
static void rest(struct asset *asset)
{
    struct library *library = asset->library;
    uint64_t bytes = 0;

    pthread_mutex_lock(&library->lock);
    asset->next = library->resting;
    struct asset **link = &library->resting;
    *link = asset;
    while (*link && (bytes += index_bytes((*link)->index)) <= RESTING_BYTES_MAX)
        link = &(*link)->next;
    struct asset *oldest = *link;
    *link = NULL;
    pthread_mutex_unlock(&library->lock);
    free_list(oldest);
}

static void forget_resting(struct library *library)
{
    pthread_mutex_lock(&library->lock);
    struct asset *resting = library->resting;
    library->resting = NULL;
    pthread_mutex_unlock(&library->lock);
    free_list(resting);
}

/* Takes the index of a file that is played again, which has been opened as `fd`; NULL when it is not there. */
static struct asset *wake(struct library *library, const struct file_identity *identity, int fd)
{
    pthread_mutex_lock(&library->lock);
    struct asset **link = &library->resting;
    while (*link && !file_is_same(&(*link)->identity, identity))
        link = &(*link)->next;
    struct asset *asset = *link;
    if (asset) {
        *link = asset->next;
        asset->next = library->assets;
        library->assets = asset;
        asset->fd = fd;
        atomic_store(&asset->references, 1);
        atomic_fetch_add(&library->assets_open, 1);
    }
    pthread_mutex_unlock(&library->lock);
    return asset;
}

static void dispose(struct job *job)
{
    struct asset *asset = (struct asset *)((char *)job - offsetof(struct asset, dispose));

    close_file(asset);
    rest(asset);
}

/* Who waits for longer than a healthy disk takes is not made to wait for those that a sick one holds. */
static bool wait_for_turn(struct library *library)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TURN_TIMEOUT;
    for (;;) {
        if (sem_timedwait(&library->indexing, &until) == 0)
            return true;
        if (errno != EINTR)
            return false;
    }
}

/* An index takes time and memory to read: however many ask at once, few are read at a time. */
static struct media_index *read_index_in_turn(struct library *library, int fd, struct reason *reason)
{
    bool in_turn = wait_for_turn(library);
    struct media_index *index = index_read(fd, reason);

    if (in_turn)
        sem_post(&library->indexing);
    return index;
}

/* Those who play are not touched by a limit: it is met by who begins. */
static bool has_room(struct library *library, struct reason *reason)
{
    if (library->bytes_max && atomic_load(&library->bytes) >= library->bytes_max)
        forget_resting(library);
    if (library->assets_max && atomic_load(&library->assets_open) >= library->assets_max)
        reason_set(reason, "%zu files are being played, which is as many as may: try again later", library->assets_max);
    else if (library->bytes_max && atomic_load(&library->bytes) >= library->bytes_max)
        reason_set(reason, "what is being played takes %llu MiB of memory, which is as much as may: try again later",
                   (unsigned long long)(library->bytes_max >> 20));
    else
        return true;
    return false;
}

enum path_status asset_open(struct library *library, const char *name, struct asset **asset,
                            struct reason *reason)
{
    struct stat found;
    int fd;
    enum path_status status = path_open(library->root, name, &fd, reason);

    if (status != PATH_OPENED)
        return status;
    if (fstat(fd, &found) < 0) {
        close(fd);
        return PATH_NOT_FOUND;
    }
    struct file_identity identity = file_identity_of(&found);
    pthread_mutex_lock(&library->lock);
    *asset = find_asset(library, &identity);
    pthread_mutex_unlock(&library->lock);
    if (*asset) {
        metrics_count(METRICS_ASSETS_SHARED, 1);
        close(fd);
        return PATH_OPENED;
    }

    if (!has_room(library, reason)) {
        close(fd);
        return PATH_FULL;
    }
    *asset = wake(library, &identity, fd);
    if (*asset) {
        metrics_count(METRICS_ASSETS_KEPT, 1);
        return PATH_OPENED;
    }
    struct media_index *index = read_index_in_turn(library, fd, reason);
    metrics_count(METRICS_ASSETS_READ, 1);
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
    if (*asset != fresh) {
        close_file(fresh);
        asset_free(fresh);
    }
    return PATH_OPENED;
}

/* Takes the asset out of the list; its file is closed by a reader, which may have to wait for the disk. */
static void unlist(struct job *job)
{
    struct asset *asset = (struct asset *)((char *)job - offsetof(struct asset, unlist));
    struct library *library = asset->library;

    pthread_mutex_lock(&library->lock);
    struct asset **link = &library->assets;
    while (*link != asset)
        link = &(*link)->next;
    *link = asset->next;
    pthread_mutex_unlock(&library->lock);
    asset->dispose.run = dispose;
    asset->dispose.lane = asset;
    workers_submit(library->readers, &asset->dispose, false);
}

void asset_release(struct asset *asset)
{
    /* It is often the pacer that comes here. */
    if (atomic_fetch_sub(&asset->references, 1) == 1) {
        asset->unlist.run = unlist;
        workers_submit(asset->library->housekeeper, &asset->unlist, false);
    }
}

struct workers *asset_housekeeper(const struct asset *asset)
{
    return asset->library->housekeeper;
}

const struct media_index *asset_index(const struct asset *asset)
{
    return asset->index;
}

struct track *asset_track(struct asset *asset, enum asset_medium medium, struct asset_sound sound)
{
    return medium == ASSET_VIDEO ? &asset->video : &asset->sounds[sound.number][sound.codec];
}

size_t asset_count(const struct asset *asset, enum asset_medium medium)
{
    return medium == ASSET_VIDEO ? asset->video.count : asset->packets;
}

int64_t asset_time(const struct asset *asset, enum asset_medium medium, size_t item)
{
    return medium == ASSET_VIDEO ? asset->video.frames->frames[item].time : (int64_t)item * AUDIO_PACKET_TIME;
}

uint64_t asset_rate(const struct asset *asset)
{
    return asset->rate;
}

static bool is_idr(const struct asset *asset, size_t picture)
{
    const struct index_frame *frame = &asset->index->video.frames[picture];
    uint8_t *data = malloc(frame->size);
    bool idr = false;

    if (data && pread_whole(asset->fd, data, frame->size, frame->offset))
        h264_inspect(data, frame->size, index_config(asset->index, picture)->length_size, &idr);
    free(data);
    return idr;
}

size_t asset_key_frame(const struct asset *asset, size_t picture)
{
    while (picture > 0 && !(asset->index->video.frames[picture].sync && is_idr(asset, picture)))
        picture--;
    return picture;
}

struct library *library_open(const char *root, unsigned readers, unsigned transcoders)
{
    struct library *library = calloc(1, sizeof *library);

    if (!library)
        return NULL;
    pthread_mutex_init(&library->lock, NULL);
    sem_init(&library->indexing, 0, readers);
    library->root = strdup(root);
    library->readers = workers_start(readers, readers + STUCK_READERS_MAX, 0);
    library->transcoders = workers_start(transcoders, transcoders + STUCK_TRANSCODERS_MAX, TRANSCODER_NICENESS);
    library->housekeeper = workers_start(1, 1, 0);
    if (!library->root || !library->readers || !library->transcoders || !library->housekeeper) {
        library_close(library);
        return NULL;
    }
    return library;
}

void library_limit(struct library *library, size_t files, uint64_t bytes)
{
    library->assets_max = files;
    library->bytes_max = bytes;
}

bool library_use_cache(struct library *library, const char *folder, uint64_t bytes)
{
    library->cache = cache_open(folder, bytes);
    return library->cache != NULL;
}

void library_close(struct library *library)
{
    /*
     * What is given up goes to the housekeeper, who gives files that nobody plays to the readers. Sound that is not in
     * the cache goes from the readers to the transcoders, and what these are done with to the housekeeper again.
     */
    struct workers *order[] = {library->housekeeper, library->readers, library->transcoders, library->housekeeper};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (order[i])
            workers_wait(order[i]);
    if (library->transcoders)
        workers_stop(library->transcoders);
    if (library->housekeeper)
        workers_stop(library->housekeeper);
    if (library->readers)
        workers_stop(library->readers);
    if (library->cache)
        cache_close(library->cache);
    forget_resting(library);
    pthread_mutex_destroy(&library->lock);
    sem_destroy(&library->indexing);
    free(library->root);
    free(library);
}
