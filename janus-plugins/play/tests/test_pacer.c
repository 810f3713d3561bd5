/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/metrics.c"
#include "../src/pacer.c"

#include <stdatomic.h>
#include <unistd.h>

#include "support/tap.h"

static void test_packet_due(void)
{
    const int64_t start = SECONDS(1000), interval = MILLISECONDS(40);
    bool whole = true, ordered = true, bursts = true, early = true;

    for (size_t packets = 1; packets <= 200; packets++) {
        int64_t before = start;
        for (size_t i = 0; i < packets; i++) {
            int64_t due = pacer_packet_due(start, interval, i, packets);
            ordered = ordered && due >= before;
            early = early && due < start + interval / 2 + (packets == 1);
            if (packets <= PACER_BURST)
                whole = whole && due == start;
            else if (i % PACER_BURST == 0 && i > 0)
                bursts = bursts && due > before;
            before = due;
        }
    }
    check(whole, "the packets of a small picture are due together");
    check(ordered, "packets are due in their order");
    check(bursts, "bursts of a large picture are apart");
    check(early, "all are due in the first half of the time until the next picture");
    check(pacer_packet_due(start, 0, 99, 100) == start, "a picture without an interval is due at once");
    check(pacer_packet_due(start, SECONDS(10), 99, 100) <= start + MILLISECONDS(100),
          "and one that stays for long is there soon all the same");
}

struct probe {
    struct pacer_timer timer;
    atomic_int fired;
    _Atomic int64_t late;
    int64_t again; /* fires so much later, until it has fired `most` times */
    int most;
    int hold; /* milliseconds spent in fire */
};

static atomic_int order;

static int64_t probe_fire(struct pacer_timer *timer, int64_t now)
{
    struct probe *probe = (struct probe *)timer;
    int64_t late = now - timer->due;

    if (late > probe->late)
        probe->late = late;
    order++;
    if (probe->hold)
        usleep((useconds_t)probe->hold * 1000);
    probe->fired++;
    return probe->fired < probe->most ? timer->due + probe->again : NEVER;
}

static void wait_for(atomic_int *count, int expected)
{
    for (int i = 0; i < 2000 && *count < expected; i++)
        usleep(1000);
}

static void test_timers(void)
{
    enum { TIMERS = 200 };
    static struct probe probes[TIMERS];
    struct pacer *pacer = pacer_start();
    int64_t start = clock_now() + MILLISECONDS(20);
    bool all = true, timely = true;

    order = 0;
    for (int i = 0; i < TIMERS; i++) {
        probes[i] = (struct probe){.timer.fire = probe_fire, .most = 5, .again = MILLISECONDS(10)};
        /* In an order that is not that of their times. */
        pacer_schedule(pacer, &probes[i].timer, start + MILLISECONDS((i * 37) % 50));
    }
    wait_for(&order, TIMERS * 5);
    for (int i = 0; i < TIMERS; i++) {
        all = all && probes[i].fired == 5;
        timely = timely && probes[i].late < MILLISECONDS(50);
    }
    check(all, "every timer fires as often as it asks");
    check(timely, "and in time");
    pacer_stop(pacer);
}

static void test_reschedule(void)
{
    struct probe probe = {.timer.fire = probe_fire, .most = 1};
    struct pacer *pacer = pacer_start();

    pacer_schedule(pacer, &probe.timer, clock_now() + SECONDS(3600));
    pacer_schedule(pacer, &probe.timer, clock_now() + MILLISECONDS(5));
    wait_for(&probe.fired, 1);
    check_int(probe.fired, 1, "a timer can be scheduled earlier");

    probe.hold = 30;
    int begun = order;
    pacer_schedule(pacer, &probe.timer, clock_now());
    wait_for(&order, begun + 1);
    pacer_schedule(pacer, &probe.timer, clock_now());
    wait_for(&probe.fired, 3);
    check_int(probe.fired, 3, "one that is scheduled while it fires fires again");
    pacer_stop(pacer);
}

static void test_cancel(void)
{
    struct probe probe = {.timer.fire = probe_fire, .most = 1000, .again = MILLISECONDS(1), .hold = 20};
    struct pacer *pacer = pacer_start();
    int fired, begun = order;

    pacer_schedule(pacer, &probe.timer, clock_now());
    wait_for(&order, begun + 1);
    pacer_cancel(pacer, &probe.timer);
    fired = probe.fired;
    check(fired > 0, "cancelling waits for a timer that is firing");
    usleep(50000);
    check_int(probe.fired, fired, "which then does not fire again");
    pacer_schedule(pacer, &probe.timer, clock_now() + SECONDS(1));
    pacer_cancel(pacer, &probe.timer);
    pacer_cancel(pacer, &probe.timer);
    check_int(probe.fired, fired, "cancelling twice does no harm");
    pacer_stop(pacer);
}

static void test_ticks(void)
{
    check_int((long long)clock_ticks(MILLISECONDS(20), 48000), 960, "20 ms are 960 ticks of 48 kHz");
    check_int((long long)clock_ticks(SECONDS(86400) * 365, 90000), 86400LL * 365 * 90000,
              "a year does not overflow");
    bool even = true;
    for (int i = 0; i < 100000; i++) {
        int64_t due = 12345678901 + i * MILLISECONDS(20);
        even = even && clock_ticks(due + MILLISECONDS(20), 48000) - clock_ticks(due, 48000) == 960;
    }
    check(even, "sound packets are exactly 960 ticks apart, whenever they began");
}

int main(void)
{
    test_packet_due();
    test_ticks();
    test_timers();
    test_reschedule();
    test_cancel();
    return tap_end();
}
