/* SPDX-License-Identifier: GPL-3.0-only */
/* What of a session's play is due, and sends it. The session is locked. */
#ifndef PLAY_SENDING_H
#define PLAY_SENDING_H

#include "session.h"

/* Sends what is due of a play that is going, or in a pause of the picture at the position sought; returns when
 * to be called next, or NEVER. */
int64_t sending_advance(struct session *session, int64_t now);
int64_t sending_show(struct session *session, int64_t now);

/* Sound and picture begin together, so both must be there. */
bool sending_is_prepared(const struct session *session);

#endif
