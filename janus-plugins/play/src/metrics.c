/* SPDX-License-Identifier: GPL-3.0-only */
#include "metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

#define PREFIX "janus_play_"
#define BUCKETS 10

/* A family's members follow each other; the first has the help of all. */
struct description {
    const char *name, *labels, *help;
    double unit; /* of what is counted, in that of the name */
};

static const struct description counters[METRICS_COUNTERS] = {
    [METRICS_PLAYS] = {"plays_total", "", "Plays that began.", 1},
    [METRICS_ENDED_FINISHED] = {"ended_total", "{how=\"finished\"}", "Plays that ended.", 1},
    [METRICS_ENDED_FAILED] = {"ended_total", "{how=\"failed\"}", NULL, 1},
    [METRICS_ENDED_STOPPED] = {"ended_total", "{how=\"stopped\"}", NULL, 1},
    [METRICS_REFUSED] = {"refused_total", "{why=\"file\"}", "Plays that were refused.", 1},
    [METRICS_FULL] = {"refused_total", "{why=\"full\"}", NULL, 1},
    [METRICS_AUDIO_PACKETS] = {"packets_total", "{medium=\"audio\"}", "RTP packets handed to the core.", 1},
    [METRICS_VIDEO_PACKETS] = {"packets_total", "{medium=\"video\"}", NULL, 1},
    [METRICS_AUDIO_BYTES] = {"bytes_total", "{medium=\"audio\"}", "Bytes of these packets.", 1},
    [METRICS_VIDEO_BYTES] = {"bytes_total", "{medium=\"video\"}", NULL, 1},
    [METRICS_KEY_FRAME_REQUESTS] = {"key_frame_requests_total", "",
                                    "Packets in which viewers asked for a key frame (PLI, FIR).", 1},
    [METRICS_SWITCHED_LOWER] = {"switches_total", "{to=\"lower\"}", "Renditions that took over.", 1},
    [METRICS_SWITCHED_HIGHER] = {"switches_total", "{to=\"higher\"}", NULL, 1},
    [METRICS_ASSETS_SHARED] = {"asset_opens_total", "{index=\"shared\"}",
                               "Files opened whose index viewers had in memory, or was kept of earlier ones, or was read.", 1},
    [METRICS_ASSETS_KEPT] = {"asset_opens_total", "{index=\"kept\"}", NULL, 1},
    [METRICS_ASSETS_READ] = {"asset_opens_total", "{index=\"read\"}", NULL, 1},
    [METRICS_CACHE_HITS] = {"audio_cache_total", "{found=\"yes\"}",
                            "Stretches of ten seconds of sound looked for in the cache.", 1},
    [METRICS_CACHE_MISSES] = {"audio_cache_total", "{found=\"no\"}", NULL, 1},
    [METRICS_TRANSCODED_PACKETS] = {"transcoded_packets_total", "", "Packets of sound made, 20 ms each.", 1},
    [METRICS_TRANSCODING] = {"transcoding_seconds_total", "", "Time that making them took.", 1e-9},
};

static const struct description gauges[METRICS_GAUGES] = {
    [METRICS_ASSETS] = {"assets", "", "Files whose index is in memory.", 1},
};

static const struct {
    const char *name, *help;
    double bounds[BUCKETS]; /* seconds */
} histograms[METRICS_HISTOGRAMS] = {
    [METRICS_LATENESS] = {"lateness_seconds", "How late the pacer came to what was due.",
                          {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1}},
    [METRICS_FIRST_PACKET] = {"first_frame_seconds",
                              "From the request to play until the first packet of its picture, or of its sound.",
                              {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}},
};

static _Atomic uint64_t counted[METRICS_COUNTERS];
static _Atomic int64_t measured[METRICS_GAUGES];
static struct {
    _Atomic uint64_t buckets[BUCKETS + 1]; /* each without those below; the last has no bound */
    _Atomic uint64_t sum;                  /* nanoseconds */
} observed[METRICS_HISTOGRAMS];

void metrics_count(enum metrics_counter counter, uint64_t amount)
{
    atomic_fetch_add_explicit(&counted[counter], amount, memory_order_relaxed);
}

void metrics_change(enum metrics_gauge gauge, int64_t by)
{
    atomic_fetch_add_explicit(&measured[gauge], by, memory_order_relaxed);
}

void metrics_observe(enum metrics_histogram histogram, int64_t nanoseconds)
{
    int bucket = 0;

    while (bucket < BUCKETS && (double)nanoseconds > histograms[histogram].bounds[bucket] * (double)SECONDS(1))
        bucket++;
    atomic_fetch_add_explicit(&observed[histogram].buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&observed[histogram].sum, (uint64_t)nanoseconds, memory_order_relaxed);
}

static void write_head(FILE *text, const char *name, const char *type, const char *help)
{
    if (help)
        fprintf(text, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void write_value(FILE *text, const struct description *of, const char *type, double value)
{
    write_head(text, of->name, type, of->help);
    fprintf(text, PREFIX "%s%s %.15g\n", of->name, of->labels, value * of->unit);
}

/* Buckets are written with all that is below their bound, and counted from the same numbers. */
static void write_histogram(FILE *text, enum metrics_histogram histogram)
{
    const char *name = histograms[histogram].name;
    uint64_t sum = atomic_load_explicit(&observed[histogram].sum, memory_order_relaxed), count = 0;

    write_head(text, name, "histogram", histograms[histogram].help);
    for (int i = 0; i <= BUCKETS; i++) {
        count += atomic_load_explicit(&observed[histogram].buckets[i], memory_order_relaxed);
        if (i < BUCKETS)
            fprintf(text, PREFIX "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, histograms[histogram].bounds[i], count);
    }
    fprintf(text, PREFIX "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
    fprintf(text, PREFIX "%s_sum %.15g\n" PREFIX "%s_count %" PRIu64 "\n", name, (double)sum / (double)SECONDS(1),
            name, count);
}

char *metrics_text(void)
{
    char *written = NULL;
    size_t size;
    FILE *text = open_memstream(&written, &size);

    if (!text)
        return NULL;
    for (int i = 0; i < METRICS_COUNTERS; i++)
        write_value(text, &counters[i], "counter", (double)atomic_load(&counted[i]));
    for (int i = 0; i < METRICS_GAUGES; i++)
        write_value(text, &gauges[i], "gauge", (double)atomic_load(&measured[i]));
    for (int i = 0; i < METRICS_HISTOGRAMS; i++)
        write_histogram(text, i);
    if (fclose(text) == 0)
        return written;
    free(written);
    return NULL;
}
