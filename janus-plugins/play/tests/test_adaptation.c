/* SPDX-License-Identifier: GPL-3.0-only */
/* A viewer whose network and clock are ours. */
#include "../src/adaptation.c"

#include "support/tap.h"

#define NOTHING_LOST 0
#define FEW_LOST 10 /* of 256: 4 % */
#define MANY_LOST 26 /* 10 % */

#define RATE 600000
#define LOWER_RATE 250000

static struct adaptation adaptation;
static int64_t now;
static bool reduced;
static unsigned less, more;

static void begin(void)
{
    now = SECONDS(5000);
    reduced = false;
    less = more = 0;
    adaptation_begin(&adaptation);
}

/* Reports one that is followed at once. */
static void report(int lost, uint64_t estimate)
{
    const struct adaptation_report told = {lost, estimate, reduced ? LOWER_RATE : RATE, reduced};
    enum adaptation_advice advice = adaptation_report(&adaptation, now, &told);

    less += advice == ADAPTATION_LESS;
    more += advice == ADAPTATION_MORE;
    if (advice == ADAPTATION_STAY)
        return;
    reduced = advice == ADAPTATION_LESS;
    adaptation_followed(&adaptation, advice);
}

/* Lets time pass, with a report in every second of it. */
static void pass(int seconds, int lost, uint64_t estimate)
{
    while (seconds-- > 0) {
        now += SECONDS(1);
        report(lost, estimate);
    }
}

/* So that nothing more is settling, and browsers give estimates. */
static void begin_settled(void)
{
    begin();
    pass(9, NOTHING_LOST, RATE);
}

static int seconds_until_more(int lost, int most)
{
    unsigned before = more;

    for (int i = 1; i <= most; i++) {
        pass(1, lost, 0);
        if (more > before)
            return i;
    }
    return -1;
}

static void test_loss(void)
{
    begin_settled();
    pass(1, MANY_LOST, 0);
    check(less == 0, "one bad second changes nothing");
    pass(1, MANY_LOST, 0);
    check(less == 1, "a loss of more than 5 %% for two seconds gives less");
    begin_settled();
    for (int i = 0; i < 20; i++)
        pass(1, i % 2 ? MANY_LOST : FEW_LOST, 0);
    check(less == 0, "not when it comes and goes");
    pass(60, FEW_LOST, 0);
    check(less == 0, "nor of less than that");
    begin();
    pass(2, MANY_LOST, 0);
    check(less == 0, "what is lost at the very beginning does not count");
    begin_settled();
    now += SECONDS(30);
    report(255, 0);
    check(less == 0, "a single report counts for a second, however long the network was gone");
    pass(1, MANY_LOST, 0);
    check(less == 1, "the next one makes it two");
}

static void test_estimate(void)
{
    begin_settled();
    pass(60, NOTHING_LOST, RATE * 9 / 10);
    check(less == 0, "an estimate of nine tenths is enough");
    pass(2, NOTHING_LOST, RATE * 9 / 10 - 1);
    check(less == 0, "below that it has to stay");
    pass(1, NOTHING_LOST, 0);
    check(less == 1, "for two seconds, in which it need not be repeated");
    begin();
    pass(4, NOTHING_LOST, RATE / 3);
    pass(60, NOTHING_LOST, RATE / 2);
    check(less == 0, "one that only grows says nothing");
    begin_settled();
    pass(1, NOTHING_LOST, RATE / 3);
    now += SECONDS(5);
    pass(10, NOTHING_LOST, 0);
    check(less == 0, "nor does an old estimate count");
    begin_settled();
    pass(12, ADAPTATION_NO_LOSS_TOLD, RATE / 2);
    check(less == 1, "estimates need no reports of loss");
    pass(12, ADAPTATION_NO_LOSS_TOLD, RATE / 2);
    check(less == 1 && more == 1, "and are about what is sent then");
}

static void test_more(void)
{
    begin_settled();
    pass(2, MANY_LOST, 0);
    check_int(seconds_until_more(NOTHING_LOST, 100), 13, "ten clean seconds after it has settled there is more");
    pass(30, NOTHING_LOST, 0);
    check(more == 1, "and no more than that");
    pass(2, MANY_LOST, 0);
    check_int(seconds_until_more(NOTHING_LOST, 100), 13, "what held for ten seconds was no failure");
    begin_settled();
    pass(2, MANY_LOST, 0);
    check_int(seconds_until_more(FEW_LOST, 100), -1, "4 percent is too much for more");
}

static void test_failures(void)
{
    int waited = 0, before = 0, after = 0;

    begin_settled();
    pass(2, MANY_LOST, 0);
    for (int i = 0; i < 7; i++) {
        before = waited;
        waited = seconds_until_more(NOTHING_LOST, 1000) - 3;
        after += i > 0 && waited == (before * 2 < 160 ? before * 2 : 160);
        pass(2 + 2, MANY_LOST, 0);
    }
    check_int(after, 6, "each failure doubles the wait");
    check_int(waited, 160, "up to some minutes");
    check(reduced, "and leaves less");
    seconds_until_more(NOTHING_LOST, 1000);
    pass(60, NOTHING_LOST, 0);
    pass(2, MANY_LOST, 0);
    check_int(seconds_until_more(NOTHING_LOST, 1000), 163, "a minute later that is not forgotten");
    pass(400, NOTHING_LOST, 0);
    pass(2, MANY_LOST, 0);
    check_int(seconds_until_more(NOTHING_LOST, 1000), 13, "but after some more");
}

/* A bandwidth that is enough for the one and then only for the other, so many seconds each. */
static void test_square_wave(int half)
{
    unsigned total = 0, worst = 0, trials = 0;

    begin_settled();
    for (int edge = 0; edge < 20; edge++) {
        bool narrow = edge % 2 == 0;
        unsigned before = less + more;
        for (int second = 0; second < half; second++) {
            bool trying = adaptation_is_trying(&adaptation);
            pass(1, narrow && (!reduced || trying) ? 60 : NOTHING_LOST, 0);
            trials += !trying && adaptation_is_trying(&adaptation);
        }
        worst = less + more - before > worst ? less + more - before : worst;
        total += less + more - before;
    }
    check(total > 0 && worst <= 1, "a square wave with %d s between edges has one switch at an edge at most: %u at 20, %u trials",
          half, total, trials);
}

static void test_trial(void)
{
    begin_settled();
    pass(2, MANY_LOST, 0);
    pass(9, NOTHING_LOST, 0);
    check(!adaptation_is_trying(&adaptation), "nothing is tried until it has been clean for long");
    pass(1, NOTHING_LOST, 0);
    check(adaptation_is_trying(&adaptation) && reduced, "then as much is sent as when there is more");
    pass(1, FEW_LOST, 0);
    check(!adaptation_is_trying(&adaptation), "which ends at once when it is too much");
    pass(3, MANY_LOST, 0);
    check(less == 1, "what was lost by it does not give less");
    pass(16, NOTHING_LOST, 0);
    check(!adaptation_is_trying(&adaptation), "and waits for twice as long");
    pass(1, NOTHING_LOST, 0);
    check(adaptation_is_trying(&adaptation) && more == 0, "until it is tried again");
    pass(3, NOTHING_LOST, 0);
    check(more == 1 && !adaptation_is_trying(&adaptation), "when all arrives there is more");
}

static void test_pending(void)
{
    const struct adaptation_report bad = {MANY_LOST, 0, RATE, false};

    begin_settled();
    for (int i = 0; i < 10; i++) {
        now += SECONDS(1);
        less += adaptation_report(&adaptation, now, &bad) == ADAPTATION_LESS;
    }
    check(less == 1, "advice is given once, until it is followed");
    adaptation_refused(&adaptation, now);
    for (int i = 0; i < 59; i++) {
        now += SECONDS(1);
        less += adaptation_report(&adaptation, now, &bad) == ADAPTATION_LESS;
    }
    check(less == 1, "where there is nothing less it is not given again at once");
    for (int i = 0; i < 5; i++) {
        now += SECONDS(1);
        less += adaptation_report(&adaptation, now, &bad) == ADAPTATION_LESS;
    }
    check(less == 2, "but after a minute");
    adaptation_renew(&adaptation);
    for (int i = 0; i < 5; i++) {
        now += SECONDS(1);
        less += adaptation_report(&adaptation, now, &bad) == ADAPTATION_LESS;
    }
    check(less == 3, "and for what is played next");
}

int main(void)
{
    test_loss();
    test_estimate();
    test_more();
    test_failures();
    test_trial();
    for (int half = 7; half < 100; half += 3)
        test_square_wave(half);
    test_square_wave(1000);
    test_pending();
    return tap_end();
}
