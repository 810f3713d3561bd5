/* SPDX-License-Identifier: GPL-3.0-only */
#include "adaptation.h"

#include "clock.h"

/* More than 5 % is too much; up to 2 % is clean. */
#define TOO_LOSSY(lost) ((lost)*100 > 5 * 256)
#define CLEAN(lost) ((lost)*100 <= 2 * 256)
/* An estimate is too small below nine tenths of what is sent. */
#define TOO_NARROW(estimate, rate) ((estimate)*10 < (rate)*9)

/* What is bad for so long ends in less, what is clean for so long in more; the latter grows with each attempt that
 * failed, up to so long. */
#define BAD_TIME SECONDS(2)
#define CLEAN_TIME SECONDS(10)
#define WAIT_MAX SECONDS(160)
/* What has been clean for so long is not what failed before. */
#define FORGETTING WAIT_MAX

/* The end of the clean time is a trial. */
#define TRIAL_TIME SECONDS(3)

/* A report of loss speaks of the time since the one before, of which so much is believed. */
#define REPORT_TIME SECONDS(1)
/* After so long without a report nothing is known. */
#define SILENCE SECONDS(5)
/* So long reports still speak of what was sent before. */
#define SETTLING SECONDS(2)
#define ESTIMATE_AGE SECONDS(5)
/* How soon after there was nothing less that is looked for again. */
#define REFUSED_TIME SECONDS(60)

void adaptation_begin(struct adaptation *adaptation)
{
    *adaptation = (struct adaptation){.wait = CLEAN_TIME};
}

void adaptation_renew(struct adaptation *adaptation)
{
    adaptation->told = adaptation->told_loss = adaptation->lossy_since = adaptation->narrow_since = 0;
    adaptation->changed = adaptation->refused = adaptation->tried = 0;
    adaptation->pending = adaptation->has_fallen = false;
}

static void take_loss(struct adaptation *adaptation, int64_t now, int lost)
{
    int64_t from = now - REPORT_TIME;

    if (from < adaptation->told_loss)
        from = adaptation->told_loss;
    adaptation->told_loss = now;
    if (!TOO_LOSSY(lost))
        adaptation->lossy_since = 0;
    else if (!adaptation->lossy_since)
        adaptation->lossy_since = from;
    if (!CLEAN(lost))
        adaptation->clean_since = now;
}

/* A browser's estimate grows slowly after it was small, however much there is room for: one that only grows says
 * nothing of that. */
uint64_t adaptation_room(const struct adaptation *adaptation, int64_t now)
{
    bool known = adaptation->has_fallen && now - adaptation->estimated < ESTIMATE_AGE;

    return known ? adaptation->estimate : 0;
}

static void compare_estimate(struct adaptation *adaptation, int64_t now, uint64_t rate)
{
    uint64_t room = adaptation_room(adaptation, now);

    if (!room || !TOO_NARROW(room, rate)) {
        adaptation->narrow_since = 0;
        return;
    }
    if (!adaptation->narrow_since)
        adaptation->narrow_since = now;
    adaptation->clean_since = now;
}

static bool is_bad(const struct adaptation *adaptation, int64_t now)
{
    return (adaptation->lossy_since && now - adaptation->lossy_since >= BAD_TIME) ||
           (adaptation->narrow_since && now - adaptation->narrow_since >= BAD_TIME);
}

static void wait_longer(struct adaptation *adaptation)
{
    adaptation->wait = adaptation->wait * 2 < WAIT_MAX ? adaptation->wait * 2 : WAIT_MAX;
}

/* Whether it was tried, and went well. */
static bool try_more(struct adaptation *adaptation, int64_t now, int64_t clean)
{
    if (adaptation->tried && clean < TRIAL_TIME) {
        wait_longer(adaptation);
        adaptation_renew(adaptation);
        return false;
    }
    if (!adaptation->tried && clean >= adaptation->wait - TRIAL_TIME)
        adaptation->tried = now;
    adaptation->pending = adaptation->tried && now - adaptation->tried >= TRIAL_TIME;
    return adaptation->pending;
}

enum adaptation_advice adaptation_report(struct adaptation *adaptation, int64_t now,
                                         const struct adaptation_report *report)
{
    if (report->estimate) {
        adaptation->has_fallen = adaptation->has_fallen || report->estimate < adaptation->estimate;
        adaptation->estimate = report->estimate;
        adaptation->estimated = now;
    }
    if (!adaptation->changed)
        adaptation->changed = now;
    if (adaptation->pending || now - adaptation->changed < SETTLING)
        return ADAPTATION_STAY;
    if (!adaptation->told || now - adaptation->told > SILENCE) {
        adaptation->lossy_since = adaptation->narrow_since = 0;
        adaptation->clean_since = now;
    }
    adaptation->told = now;
    if (report->lost != ADAPTATION_NO_LOSS_TOLD)
        take_loss(adaptation, now, report->lost);
    compare_estimate(adaptation, now, report->rate);

    if (is_bad(adaptation, now) && (!adaptation->refused || now - adaptation->refused >= REFUSED_TIME)) {
        adaptation->pending = true;
        return ADAPTATION_LESS;
    }
    int64_t clean = now - adaptation->clean_since;
    if (clean >= CLEAN_TIME)
        adaptation->unproven = false;
    if (!report->reduced && clean >= FORGETTING)
        adaptation->wait = CLEAN_TIME;
    return report->reduced && try_more(adaptation, now, clean) ? ADAPTATION_MORE : ADAPTATION_STAY;
}

bool adaptation_is_trying(const struct adaptation *adaptation)
{
    return adaptation->tried;
}

void adaptation_followed(struct adaptation *adaptation, enum adaptation_advice advice)
{
    if (advice == ADAPTATION_LESS && adaptation->unproven)
        wait_longer(adaptation);
    adaptation->unproven = advice == ADAPTATION_MORE;
    adaptation_renew(adaptation);
}

void adaptation_refused(struct adaptation *adaptation, int64_t now)
{
    adaptation_renew(adaptation);
    adaptation->refused = now;
}
