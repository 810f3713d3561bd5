/* SPDX-License-Identifier: GPL-3.0-only */
/* Whether a viewer should be sent less of a film, or may be sent more of it again, by what he says of how it arrives.
 * More is only sent after a trial, in which filler makes up for what is missing. It is told the time, so that it can be
 * tested without a clock. */
#ifndef PLAY_ADAPTATION_H
#define PLAY_ADAPTATION_H

#include <stdbool.h>
#include <stdint.h>

#define ADAPTATION_NO_LOSS_TOLD (-1)

/* What a viewer has said, and what he is sent. */
struct adaptation_report {
    int lost;          /* of 256 packets of the picture, those that did not arrive; or ADAPTATION_NO_LOSS_TOLD */
    uint64_t estimate; /* bits per second for which he believes there is room; 0: he does not say */
    uint64_t rate;     /* bits per second of the picture */
    bool reduced;      /* there is more that he could be sent */
};

enum adaptation_advice { ADAPTATION_STAY, ADAPTATION_LESS, ADAPTATION_MORE };

struct adaptation {
    int64_t told;        /* when the last report came; 0: none has */
    int64_t told_loss;   /* when the last that spoke of loss did */
    int64_t lossy_since; /* so long too much is lost; 0: it is not */
    int64_t estimated;   /* when the estimate came; 0: none has */
    uint64_t estimate;
    bool has_fallen; /* the estimate, since what is sent became another */
    int64_t narrow_since; /* so long the estimate is below what is sent; 0: it is not */
    int64_t clean_since;
    int64_t changed; /* when the first report came after what is sent became another; 0: none has */
    int64_t refused; /* when there was nothing to follow advice with; 0: there has always been */
    int64_t wait;    /* clean time after which more is sent, the trial included */
    int64_t tried;   /* when the trial began; 0: there is none */
    bool pending;    /* the advice is being followed */
    bool unproven;   /* more is sent, and has not been clean for long */
};

/* A PeerConnection begins. */
void adaptation_begin(struct adaptation *adaptation);

/* Something else is sent, or is again after a pause: what was said of before does not count. */
void adaptation_renew(struct adaptation *adaptation);

/* Takes a report. Advice is given once, until adaptation_followed() or adaptation_refused(), or adaptation_renew(). */
enum adaptation_advice adaptation_report(struct adaptation *adaptation, int64_t now,
                                         const struct adaptation_report *report);

/* Whether as much should be sent as when there is more. */
bool adaptation_is_trying(const struct adaptation *adaptation);

/* For how many bits per second there is room, as the viewer last said; 0: that is not known. */
uint64_t adaptation_room(const struct adaptation *adaptation, int64_t now);

void adaptation_followed(struct adaptation *adaptation, enum adaptation_advice advice);

/* There is nothing to follow it with. */
void adaptation_refused(struct adaptation *adaptation, int64_t now);

#endif
