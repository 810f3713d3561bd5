/* SPDX-License-Identifier: GPL-3.0-only */
#include "window.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "workers.h"

#define WINDOW_SEGMENTS 16

struct window {
    struct job job;
    struct asset *asset;
    struct track *track;
    atomic_bool told; /* the housekeeper will look at it */

    atomic_uint_least64_t wanted; /* by the viewer: a struct stretch */
    atomic_bool closed;

    /* What the housekeeper has put there: segments from `given_up` to `held`, each in its slot. */
    size_t given_up;
    atomic_size_t held;
    struct segment *slots[WINDOW_SEGMENTS];
};

/* Segments from `kept` on, up to the one behind `current`. */
struct stretch {
    uint32_t kept, current;
};

static struct stretch wanted(const struct window *window)
{
    uint64_t both = atomic_load(&window->wanted);

    return (struct stretch){(uint32_t)(both >> 32), (uint32_t)both};
}

static void give_up(struct window *window, size_t until)
{
    size_t held = atomic_load(&window->held);

    for (; window->given_up < until && window->given_up < held; window->given_up++)
        segment_release(window->slots[window->given_up % WINDOW_SEGMENTS]);
    if (window->given_up < until) {
        window->given_up = until;
        atomic_store(&window->held, until);
    }
}

static void fill(struct window *window)
{
    struct stretch stretch = wanted(window);
    size_t current = stretch.current, segments = segment_count(window->track);
    size_t end = current + 2 < segments ? current + 2 : segments;

    give_up(window, stretch.kept);
    for (size_t number = atomic_load(&window->held); number < end; number++) {
        window->slots[number % WINDOW_SEGMENTS] = segment_hold(window->track, number, number <= current);
        atomic_store(&window->held, number + 1);
    }
    segment_hasten(window->slots[current % WINDOW_SEGMENTS]);
}

static void free_window(struct window *window)
{
    give_up(window, atomic_load(&window->held));
    asset_release(window->asset);
    free(window);
}

static void look_after(struct job *job)
{
    struct window *window = (struct window *)job;

    atomic_store(&window->told, false);
    if (atomic_load(&window->closed))
        free_window(window);
    else
        fill(window);
}

static void tell_housekeeper(struct window *window)
{
    if (!atomic_exchange(&window->told, true))
        workers_submit(asset_housekeeper(window->asset), &window->job, true);
}

/* Says what the viewer wants; whether that has changed. */
static bool want(struct window *window, size_t keep, size_t item)
{
    uint64_t current = segment_of(window->track, item), kept = segment_of(window->track, keep);

    if (kept + WINDOW_SEGMENTS < current + 2)
        kept = current;
    return atomic_exchange(&window->wanted, kept << 32 | current) != (kept << 32 | current);
}

struct window *window_open(struct asset *asset, enum asset_medium medium, struct asset_sound sound, size_t keep,
                           size_t item)
{
    struct window *window = calloc(1, sizeof *window);

    if (!window)
        abort();
    window->job.run = look_after;
    window->asset = asset_hold(asset);
    window->track = asset_track(asset, medium, sound);
    want(window, keep, item);
    fill(window);
    return window;
}

void window_close(struct window *window)
{
    if (!window)
        return;
    atomic_store(&window->closed, true);
    tell_housekeeper(window);
}

void window_move(struct window *window, size_t keep, size_t item)
{
    if (want(window, keep, item))
        tell_housekeeper(window);
}

static struct segment *find_segment(const struct window *window, size_t item)
{
    size_t number = segment_of(window->track, item);

    if (number < wanted(window).kept || number >= atomic_load(&window->held))
        return NULL;
    return window->slots[number % WINDOW_SEGMENTS];
}

const struct asset_item *window_item(const struct window *window, size_t item)
{
    struct segment *segment = find_segment(window, item);

    return segment ? segment_item(segment, item) : NULL;
}

const char *window_failure(const struct window *window, size_t item)
{
    struct segment *segment = find_segment(window, item);
    const char *failure = segment ? segment_failure(segment) : NULL;

    return failure && !window_item(window, item) ? failure : NULL;
}

bool window_failed(const struct window *window, size_t item)
{
    return window_failure(window, item) != NULL;
}
