/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/metrics.c"

#include "support/tap.h"

/* Whether the text has this line. */
static bool has_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);

    return at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n';
}

int main(void)
{
    metrics_count(METRICS_VIDEO_PACKETS, 3);
    metrics_count(METRICS_VIDEO_PACKETS, 4);
    metrics_count(METRICS_TRANSCODING, MILLISECONDS(1500));
    metrics_change(METRICS_ASSETS, 2);
    metrics_change(METRICS_ASSETS, -1);
    metrics_observe(METRICS_FIRST_PACKET, MILLISECONDS(100));
    metrics_observe(METRICS_FIRST_PACKET, MILLISECONDS(101));
    metrics_observe(METRICS_FIRST_PACKET, SECONDS(60));
    char *text = metrics_text();

    require(text != NULL, "there is memory for a text");
    check(has_line(text, "janus_play_packets_total{medium=\"video\"} 7"), "a counter adds up");
    check(has_line(text, "janus_play_packets_total{medium=\"audio\"} 0"), "what has not happened is there, as 0");
    check(has_line(text, "janus_play_transcoding_seconds_total 1.5"), "a time is in seconds");
    check(has_line(text, "janus_play_assets 1"), "a gauge goes up and down");
    check(has_line(text, "janus_play_first_frame_seconds_bucket{le=\"0.05\"} 0"), "nothing is below the first");
    check(has_line(text, "janus_play_first_frame_seconds_bucket{le=\"0.1\"} 1"), "a bound belongs to its bucket");
    check(has_line(text, "janus_play_first_frame_seconds_bucket{le=\"10\"} 2"), "a bucket has those below it, too");
    check(has_line(text, "janus_play_first_frame_seconds_bucket{le=\"+Inf\"} 3"), "the last bucket has all");
    check(has_line(text, "janus_play_first_frame_seconds_count 3"), "observations are counted");
    check(has_line(text, "janus_play_first_frame_seconds_sum 60.201"), "and summed up");
    char *type = strstr(text, "# TYPE janus_play_packets_total counter\n");
    check(type && !strstr(type + 1, "# TYPE janus_play_packets_total"), "a family is described once");
    free(text);
    return tap_end();
}
