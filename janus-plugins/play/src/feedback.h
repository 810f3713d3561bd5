/* SPDX-License-Identifier: GPL-3.0-only */
/* What a viewer says of how the picture arrives, and what is done about it. The session is locked. */
#ifndef PLAY_FEEDBACK_H
#define PLAY_FEEDBACK_H

#include "session.h"

/* Takes what he says while a film is going. */
void feedback_take(struct session *session, const struct rtcp_feedback *feedback, int64_t now);

#endif
