/* SPDX-License-Identifier: GPL-3.0-only */
/* How a medium goes on through a PeerConnection: its packets, what their timestamps say, and that its sound
 * pauses. The session is locked. */
#ifndef PLAY_MEDIUM_H
#define PLAY_MEDIUM_H

#include "session.h"

/* When an item of what is being played is due, and what a timestamp says of that moment. */
int64_t medium_item_due(const struct session *session, enum asset_medium which, size_t item);
uint32_t medium_timestamp(const struct session *session, const struct session_medium *medium, int64_t due);

/* Sends what stands behind the header's place in `packet`. */
void medium_send(struct session *session, enum asset_medium which, uint8_t *packet, size_t payload,
                 uint32_t timestamp, bool marker);

/* Tells the receiver that the silence to come is meant: else it would take it for loss, stretch the last
 * sound, and forget by how much it had delayed sound against picture. */
void medium_send_silence(struct session *session);

/* Delays all that is still to be sent, by `least` or a little more. Timestamps follow the moment a thing is due,
 * so they go on to tell the time. */
void medium_delay(struct session *session, int64_t least);

/* Sound follows the silence that was sent, however short the pause was. */
void medium_keep_silence(struct session *session);

/* The item to be had ready next. */
size_t medium_upcoming(const struct session_medium *medium);

#endif
