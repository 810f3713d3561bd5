/* SPDX-License-Identifier: GPL-3.0-only */
#include "feedback.h"

#include "clock.h"
#include "switching.h"

#define LOSS_TIME MILLISECONDS(900)
/* For so long at least what is sent is measured to know its rate. */
#define RATE_TIME SECONDS(1)
/* Filler is sent for as long as reports say that it should be, and one that is lost must not let it go on. */
#define FILLER_TIME SECONDS(2)
/* A report that is about so many packets before the last one that was sent is about others. */
#define REPORTED_BEHIND_MAX 8192

/* The report on the picture, or NULL. A browser reports on what is sent again, too, which the core numbers by itself: what
 * is meant is the stream whose number is nearest behind that of the last packet. */
static const struct rtcp_report *find_report(const struct session *session, const struct rtcp_feedback *feedback)
{
    uint16_t nearest = REPORTED_BEHIND_MAX;
    const struct rtcp_report *found = NULL;

    for (unsigned i = 0; i < feedback->report_count; i++) {
        uint16_t behind = (uint16_t)(session->media[ASSET_VIDEO].sequence - feedback->reports[i].highest);
        if (behind < nearest) {
            nearest = behind;
            found = &feedback->reports[i];
        }
    }
    return found;
}

/* How much of the picture was lost, of 256 packets. Who loses much reports with each request for a few packets: what a
 * second of reports tells is one. */
static int measure_loss(struct session *session, const struct rtcp_feedback *feedback, int64_t now)
{
    const struct rtcp_report *report = find_report(session, feedback);

    if (!report || (session->reported_at && now - session->reported_at < LOSS_TIME))
        return ADAPTATION_NO_LOSS_TOLD;
    uint16_t passed = (uint16_t)(report->highest - session->reported.highest);
    int32_t lost = report->lost - session->reported.lost;
    bool known = session->reported_at && passed > 0 && passed <= REPORTED_BEHIND_MAX;

    session->reported = *report;
    session->reported_at = now;
    if (!known)
        return ADAPTATION_NO_LOSS_TOLD;
    lost = lost < 0 ? 0 : lost > passed ? passed : lost;
    session->loss = (double)lost / passed;
    return lost * 256 / passed;
}

/* In a quiet scene less is sent than on average, and a browser does not believe in much more than it gets; in a busy one
 * there need not be room for it all at once. */
static uint64_t measure_rate(struct session *session, int64_t now)
{
    const struct session_medium *medium = &session->media[ASSET_VIDEO];
    uint64_t average = asset_rate(medium->asset);
    int64_t passed = now - session->rated;

    if (passed >= RATE_TIME) {
        session->rate = (medium->bytes - session->rated_bytes) * 8 * 1000 / (uint64_t)(passed / MILLISECONDS(1));
        session->rated = now;
        session->rated_bytes = medium->bytes;
    }
    return session->rate < average ? session->rate : average;
}

/* Sends as much as the rendition has that is to be shown then. */
static void try_room(struct session *session, int64_t now)
{
    uint64_t higher = session->rates[session->higher_level], present = asset_rate(session->shown.asset);

    session->filler_rate = higher > present ? higher - present : 0;
    session->filler_until = now + FILLER_TIME;
}

void feedback_take(struct session *session, const struct rtcp_feedback *feedback, int64_t now)
{
    const struct adaptation_report report = {
        .lost = measure_loss(session, feedback, now),
        .estimate = feedback->estimate,
        .rate = measure_rate(session, now),
        .reduced = session->shown.level > 0,
    };

    bool was_trying = adaptation_is_trying(&session->adaptation);

    switch (adaptation_report(&session->adaptation, now, &report)) {
    case ADAPTATION_LESS:
        switching_want(session, session->shown.level + 1, adaptation_room(&session->adaptation, now));
        break;
    case ADAPTATION_MORE:
        switching_want(session, session->higher_level, 0);
        break;
    case ADAPTATION_STAY:
        break;
    }
    if (session->shown.level == 0)
        return;
    if (adaptation_is_trying(&session->adaptation))
        try_room(session, now);
    else if (was_trying)
        session->higher_level = session->shown.level - 1; /* there may be room for less than that */
}
