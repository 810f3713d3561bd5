/* SPDX-License-Identifier: GPL-3.0-only */
/* How another rendition of a film takes over at one of its key frames. The session is locked. */
#ifndef PLAY_SWITCHING_H
#define PLAY_SWITCHING_H

#include "session.h"

/* Has the rendition of that level, or one below it of at most `rate` bits per second, brought, unless it is shown; 0: of
 * any rate. */
void switching_want(struct session *session, unsigned level, uint64_t rate);

/* The viewer is elsewhere, or sees something else: what was brought for before is given up, and asked for again if it is
 * still wanted. */
void switching_renew(struct session *session);

/* It is shown from now on. */
void switching_show(struct session *session, const struct rendition *rendition);

/* Takes what was brought, with the reference to its asset; false when there is nothing to do with it. */
bool switching_prepare(struct session *session, const struct rendition *rendition);

/* When what was brought can begin with the picture that is due, it does. */
void switching_take(struct session *session);

#endif
