/* SPDX-License-Identifier: GPL-3.0-only */
/* What is the same file, and reading at a place without moving what others share of the descriptor. */
#ifndef PLAY_FILE_H
#define PLAY_FILE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The same contents, as far as can be told without reading them: another file may come to have the same name. */
struct file_identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

static inline struct file_identity file_identity_of(const struct stat *status)
{
    return (struct file_identity){status->st_dev, status->st_ino, status->st_size, status->st_mtim};
}

static inline bool file_is_same(const struct file_identity *a, const struct file_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

/* Reads exactly `size` bytes at `offset`; false when the file is shorter or cannot be read. */
static inline bool pread_whole(int fd, uint8_t *data, size_t size, int64_t offset)
{
    while (size > 0) {
        ssize_t got = pread(fd, data, size, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        data += got;
        size -= (size_t)got;
        offset += got;
    }
    return true;
}

#endif
