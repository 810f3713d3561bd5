/* SPDX-License-Identifier: GPL-3.0-only */
/* What the plugin has done since it was loaded, in numbers, for those who look after a server. Any thread may
 * count; it costs an addition. */
#ifndef PLAY_METRICS_H
#define PLAY_METRICS_H

#include <stdint.h>

enum metrics_counter {
    METRICS_PLAYS,
    METRICS_ENDED_FINISHED,
    METRICS_ENDED_FAILED,
    METRICS_ENDED_STOPPED,
    METRICS_REFUSED,
    METRICS_FULL,
    METRICS_AUDIO_PACKETS,
    METRICS_VIDEO_PACKETS,
    METRICS_AUDIO_BYTES,
    METRICS_VIDEO_BYTES,
    METRICS_KEY_FRAME_REQUESTS,
    METRICS_SWITCHED_LOWER,
    METRICS_SWITCHED_HIGHER,
    METRICS_ASSETS_SHARED,
    METRICS_ASSETS_KEPT,
    METRICS_ASSETS_READ,
    METRICS_CACHE_HITS,
    METRICS_CACHE_MISSES,
    METRICS_TRANSCODED_PACKETS,
    METRICS_TRANSCODING, /* nanoseconds */
    METRICS_COUNTERS
};

enum metrics_gauge { METRICS_ASSETS, METRICS_GAUGES };

enum metrics_histogram { METRICS_LATENESS, METRICS_FIRST_PACKET, METRICS_HISTOGRAMS };

void metrics_count(enum metrics_counter counter, uint64_t amount);
void metrics_change(enum metrics_gauge gauge, int64_t by);
void metrics_observe(enum metrics_histogram histogram, int64_t nanoseconds);

/* All of them in the text format of Prometheus; the caller frees it. NULL when there is not enough memory. */
char *metrics_text(void);

#endif
