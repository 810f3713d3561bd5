/* SPDX-License-Identifier: GPL-3.0-only */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* Is part of every name: to be changed when the same file would become other packets, or the format changes. */
#define RECIPE 1

/* A file of this beginning is being written. */
#define UNFINISHED ".new-"

/* So much is made free at a time, so that the folder is not read through for every stretch. */
#define SWEEP_SHARE 10

#define NAME_SIZE 192

struct cache {
    int folder;
    uint64_t bytes; /* at most */
    pthread_mutex_t lock;
    uint64_t used;
    unsigned written; /* names what is being written */
};

/* Then come the packets' sizes, 16 bits each, and the packets. */
struct header {
    uint64_t checksum; /* of all that follows */
    uint64_t count;
};

/* FNV-1a: against what a power failure leaves behind. */
static uint64_t checksum_of(const uint8_t *data, size_t size)
{
    uint64_t sum = 0xcbf29ce484222325;

    for (size_t i = 0; i < size; i++)
        sum = (sum ^ data[i]) * 0x100000001b3;
    return sum;
}

static void name_of(const struct cache_key *key, char name[NAME_SIZE])
{
    const struct file_identity *file = &key->file;

    snprintf(name, NAME_SIZE, "%d-%jx-%jx-%jx-%jx.%09ld-%u-%d-%zu", RECIPE, (uintmax_t)file->device,
             (uintmax_t)file->inode, (uintmax_t)file->size, (uintmax_t)file->modified.tv_sec, file->modified.tv_nsec,
             key->sound, key->codec, key->stretch);
}

/* Sweeping */

struct entry {
    char name[NAME_SIZE];
    uint64_t size;
    struct timespec used;
};

struct entries {
    struct entry *list;
    size_t count, capacity;
};

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->used, *y = &((const struct entry *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

static bool add_entry(struct entries *entries, const char *name, const struct stat *status)
{
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity ? 2 * entries->capacity : 256;
        struct entry *list = realloc(entries->list, capacity * sizeof *list);
        if (!list)
            return false;
        entries->list = list;
        entries->capacity = capacity;
    }
    struct entry *entry = &entries->list[entries->count++];
    strcpy(entry->name, name); /* shorter than NAME_SIZE */
    entry->size = (uint64_t)status->st_size;
    entry->used = status->st_mtim;
    return true;
}

/* All files of the folder; what others have left in it is not ours and is left alone. */
static bool list_entries(const struct cache *cache, struct entries *entries)
{
    int copy = openat(cache->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *found;
    struct stat status;
    bool good = folder != NULL;
    int recipe;

    if (!folder && copy >= 0)
        close(copy);
    while (good && (found = readdir(folder)))
        if (strlen(found->d_name) < NAME_SIZE && sscanf(found->d_name, "%d-", &recipe) == 1 &&
            fstatat(cache->folder, found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
            good = add_entry(entries, found->d_name, &status);
    if (folder)
        closedir(folder);
    return good;
}

/* Removes what has not been used for longest until no more than `bytes` are left. The lock is held. */
static bool sweep(struct cache *cache, uint64_t bytes)
{
    struct entries entries = {0};
    bool good = list_entries(cache, &entries);

    cache->used = 0;
    for (size_t i = 0; i < entries.count; i++)
        cache->used += entries.list[i].size;
    if (cache->used > bytes)
        qsort(entries.list, entries.count, sizeof entries.list[0], by_use);
    for (size_t i = 0; i < entries.count && cache->used > bytes; i++)
        if (unlinkat(cache->folder, entries.list[i].name, 0) == 0)
            cache->used -= entries.list[i].size;
    free(entries.list);
    return good;
}

/* What a process that ended in the midst of writing has left. */
static void remove_unfinished(const struct cache *cache)
{
    int copy = openat(cache->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *found;

    if (!folder && copy >= 0)
        close(copy);
    while (folder && (found = readdir(folder)))
        if (strncmp(found->d_name, UNFINISHED, strlen(UNFINISHED)) == 0)
            unlinkat(cache->folder, found->d_name, 0);
    if (folder)
        closedir(folder);
}

struct cache *cache_open(const char *folder, uint64_t bytes)
{
    struct cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        return NULL;
    cache->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cache->folder < 0 || faccessat(cache->folder, ".", W_OK, 0) < 0) {
        int error = errno;
        if (cache->folder >= 0)
            close(cache->folder);
        free(cache);
        errno = error;
        return NULL;
    }
    cache->bytes = bytes;
    pthread_mutex_init(&cache->lock, NULL);
    remove_unfinished(cache);
    sweep(cache, bytes);
    return cache;
}

void cache_close(struct cache *cache)
{
    pthread_mutex_destroy(&cache->lock);
    close(cache->folder);
    free(cache);
}

/* Reading */

/* NULL when the file cannot be read, or has no size that a stretch can have. */
static uint8_t *read_file(int fd, size_t *size)
{
    struct stat status;

    if (fstat(fd, &status) < 0 || status.st_size < (off_t)sizeof(struct header) ||
        status.st_size > (off_t)(sizeof(struct header) + AUDIO_STRETCH * (sizeof(uint16_t) + AUDIO_PACKET_MAX)))
        return NULL;
    *size = (size_t)status.st_size;
    uint8_t *data = malloc(*size);
    if (data && pread_whole(fd, data, *size, 0))
        return data;
    free(data);
    return NULL;
}

static bool is_whole(const uint8_t *data, size_t size, size_t count)
{
    struct header header;
    uint64_t total = sizeof header + count * sizeof(uint16_t);

    memcpy(&header, data, sizeof header);
    if (header.count != count || size < total ||
        header.checksum != checksum_of(data + sizeof header.checksum, size - sizeof header.checksum))
        return false;
    for (size_t i = 0; i < count; i++) {
        uint16_t packet;
        memcpy(&packet, data + sizeof header + i * sizeof packet, sizeof packet);
        if (packet > AUDIO_PACKET_MAX)
            return false;
        total += packet;
    }
    return total == size;
}

static bool emit_packets(const uint8_t *data, size_t count, audio_emit emit, void *context)
{
    const uint8_t *sizes = data + sizeof(struct header), *at = sizes + count * sizeof(uint16_t);

    for (size_t i = 0; i < count; i++) {
        uint16_t size;
        memcpy(&size, sizes + i * sizeof size, sizeof size);
        if (!emit(context, at, size))
            return false;
        at += size;
    }
    return true;
}

bool cache_read(struct cache *cache, const struct cache_key *key, size_t count, audio_emit emit, void *context)
{
    char name[NAME_SIZE];
    size_t size;

    name_of(key, name);
    int fd = openat(cache->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    uint8_t *data = read_file(fd, &size);
    bool good = data && is_whole(data, size, count);
    if (good)
        futimens(fd, NULL); /* used now */
    close(fd);
    good = good && emit_packets(data, count, emit, context);
    free(data);
    return good;
}

/* Writing */

static uint8_t *pack(const struct cache_packet *packets, size_t count, size_t *size)
{
    struct header header = {.count = count};

    *size = sizeof header + count * sizeof(uint16_t);
    for (size_t i = 0; i < count; i++)
        *size += packets[i].size;
    uint8_t *data = malloc(*size);
    if (!data)
        return NULL;
    uint8_t *at = data + sizeof header + count * sizeof(uint16_t);
    for (size_t i = 0; i < count; i++) {
        uint16_t packet = (uint16_t)packets[i].size;
        memcpy(data + sizeof header + i * sizeof packet, &packet, sizeof packet);
        memcpy(at, packets[i].data, packet);
        at += packet;
    }
    memcpy(data, &header, sizeof header);
    header.checksum = checksum_of(data + sizeof header.checksum, *size - sizeof header.checksum);
    memcpy(data, &header, sizeof header);
    return data;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        data += done;
        size -= (size_t)done;
    }
    return true;
}

/* Under another name until it is whole. */
static bool save(struct cache *cache, const char *name, unsigned number, const uint8_t *data, size_t size)
{
    char unfinished[NAME_SIZE];

    snprintf(unfinished, sizeof unfinished, UNFINISHED "%d-%u", (int)getpid(), number);
    int fd = openat(cache->folder, unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool good = write_all(fd, data, size);
    good = close(fd) == 0 && good;
    if (good && renameat(cache->folder, unfinished, cache->folder, name) == 0)
        return true;
    unlinkat(cache->folder, unfinished, 0);
    return false;
}

/* Whether `size` bytes more may be written; then they are counted. */
static bool make_room(struct cache *cache, size_t size, unsigned *number)
{
    pthread_mutex_lock(&cache->lock);
    bool room = cache->used + size <= cache->bytes;
    if (!room && size <= cache->bytes / SWEEP_SHARE)
        room = sweep(cache, cache->bytes - cache->bytes / SWEEP_SHARE) && cache->used + size <= cache->bytes;
    if (room)
        cache->used += size;
    *number = cache->written++;
    pthread_mutex_unlock(&cache->lock);
    return room;
}

void cache_write(struct cache *cache, const struct cache_key *key, const struct cache_packet *packets, size_t count)
{
    char name[NAME_SIZE];
    unsigned number;
    size_t size;
    uint8_t *data = pack(packets, count, &size);

    name_of(key, name);
    if (data && make_room(cache, size, &number) && !save(cache, name, number, data, size)) {
        pthread_mutex_lock(&cache->lock);
        cache->used -= size < cache->used ? size : cache->used;
        pthread_mutex_unlock(&cache->lock);
    }
    free(data);
}
