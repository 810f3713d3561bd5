/* SPDX-License-Identifier: GPL-3.0-only */
/* The pictures of a session: cut into packets that are spread, and sent again when the viewer has lost some.
 * The session is locked. */
#ifndef PLAY_PICTURES_H
#define PLAY_PICTURES_H

#include "session.h"

/* How much earlier than the picture at the position sought those before it begin to be sent. */
int64_t pictures_lead(const struct session *session);

/* Begins to send the picture that is due, and before it those without which it cannot be shown. */
void pictures_begin(struct session *session, const struct asset_item *item, int64_t now);

/* Sends the next packet of what has begun. */
void pictures_send_packet(struct session *session);

#endif
