/* SPDX-License-Identifier: GPL-3.0-only */
/* Feeds a parser with its corpus without libFuzzer: each input as it is, cut, and with bytes changed, the same ones each
 * time. Whatever is wrong ends the process. */
#include <dirent.h>

#include "tap.h"

#include <stdint.h>

#define CUTS 64
#define CHANGES 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t next_random(void)
{
    static uint32_t state = 1;

    return state = state * 1664525 + 1013904223;
}

/* A copy of just the size, so that a read behind its end is seen. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + !size);

    require(copy != NULL, "memory");
    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void feed_changed(uint8_t *data, size_t size)
{
    feed(data, size);
    for (size_t i = 0; i < CUTS; i++)
        feed(data, size * i / CUTS);
    for (int i = 0; i < CHANGES && size > 0; i++) {
        static const uint8_t edges[] = {0x00, 0x7f, 0x80, 0xff};
        size_t at = (next_random() >> 8) % size;
        uint8_t before = data[at];
        data[at] = i % 2 ? edges[i / 2 % sizeof edges] : (uint8_t)(next_random() >> 24);
        feed(data, size);
        data[at] = before;
    }
}

int main(void)
{
    static uint8_t data[65536];
    DIR *folder = opendir(CORPUS);
    struct dirent *entry;
    char path[1024];

    require(folder != NULL, CORPUS);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", CORPUS, entry->d_name);
        FILE *file = fopen(path, "rb");
        require(file != NULL, path);
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        feed_changed(data, size);
        check(true, "%s and what comes of it by %d changes do no harm", entry->d_name, CUTS + CHANGES);
    }
    closedir(folder);
    return tap_end();
}
