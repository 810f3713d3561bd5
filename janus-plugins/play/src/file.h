/* SPDX-License-Identifier: GPL-3.0-only */
/* Reading at a place, without moving what others share of the descriptor. */
#ifndef PLAY_FILE_H
#define PLAY_FILE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

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
