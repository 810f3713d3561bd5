/* SPDX-License-Identifier: GPL-3.0-only */
#include "rendition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As `media add --renditions` makes them; most first. */
static const unsigned all_lines[] = {1440, 1080, 720, 480, 360, 240, 180};

#define LINES (sizeof all_lines / sizeof all_lines[0])

_Static_assert(LINES + 1 == RENDITION_LEVELS, "each may have a level, and the film itself has one");

/* A file counts time in units of its own. */
#define TOLERANCE MILLISECONDS(2)

bool rendition_is_named(const char *name, size_t *stem)
{
    char ending[32];
    size_t length = strlen(name);

    for (size_t i = 0; i < LINES; i++) {
        size_t size = (size_t)snprintf(ending, sizeof ending, ".%up.mp4", all_lines[i]);
        if (length > size && strcmp(name + length - size, ending) == 0) {
            *stem = length - size + 1;
            return true;
        }
    }
    return false;
}

/* False when the name would be too long. */
static bool write_name(char written[PATH_NAME_MAX + 1], const char *film, unsigned lines)
{
    const char *dot = strrchr(film, '.');
    int stem = (int)(dot && !strchr(dot, '/') ? dot - film : (ptrdiff_t)strlen(film));

    return snprintf(written, PATH_NAME_MAX + 1, "%.*s.%up.mp4", stem, film, lines) <= PATH_NAME_MAX;
}

static bool is_together(int64_t one, int64_t other)
{
    return one - other <= TOLERANCE && other - one <= TOLERANCE;
}

bool rendition_fits(const struct media_index *film, const struct media_index *rendition, struct reason *reason)
{
    const struct index_track *pictures = &film->video, *others = &rendition->video;

    if (others->count != pictures->count || rendition->lead != film->lead) {
        reason_set(reason, "it has %zu pictures, and the film %zu", others->count - rendition->lead,
                   pictures->count - film->lead);
        return false;
    }
    for (size_t i = 0; i < pictures->count; i++) {
        if (is_together(pictures->frames[i].time, others->frames[i].time) &&
            (!pictures->frames[i].sync || others->frames[i].sync))
            continue;
        reason_set(reason, "its picture %zu is at another time than that of the film, or is no key frame as that is", i);
        return false;
    }
    return true;
}

static struct asset *open_one(struct library *library, const char *name, const struct asset *film,
                              struct reason *reason)
{
    struct asset *asset;
    struct reason why = {""};

    if (asset_open(library, name, &asset, &why) != PATH_OPENED) {
        if (why.text[0])
            *reason = why;
        return NULL;
    }
    if (rendition_fits(asset_index(film), asset_index(asset), reason))
        return asset;
    asset_release(asset);
    return NULL;
}

static bool is_enough(const struct rendition *rendition, unsigned level, uint64_t rate)
{
    return rendition->level >= level && (!rate || !rendition->asset || asset_rate(rendition->asset) <= rate);
}

bool rendition_open(struct library *library, const char *name, const struct asset *film, unsigned level,
                    uint64_t rate, struct rendition *rendition, struct reason *reason)
{
    char written[PATH_NAME_MAX + 1];
    uint64_t above = asset_rate(film);

    *rendition = (struct rendition){.asset = NULL};
    *reason = (struct reason){""};
    for (size_t i = 0; i < LINES && !is_enough(rendition, level, rate); i++) {
        struct asset *asset =
            write_name(written, name, all_lines[i]) ? open_one(library, written, film, reason) : NULL;
        if (!asset)
            continue;
        if (rendition->asset) {
            above = asset_rate(rendition->asset);
            asset_release(rendition->asset);
        }
        *rendition = (struct rendition){asset, rendition->level + 1, all_lines[i], above};
    }
    return rendition->asset != NULL;
}
