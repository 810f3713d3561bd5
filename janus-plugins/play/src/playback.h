/* SPDX-License-Identifier: GPL-3.0-only */
/* What a session plays: how it begins, is moved and ends, and what follows it. The session is locked. */
#ifndef PLAY_PLAYBACK_H
#define PLAY_PLAYBACK_H

#include "session.h"

/* Begins in place of what is being played, if anything is, and takes over the caller's references; false,
 * with a reason, when the viewer has not accepted what it needs. */
bool playback_begin(struct session *session, const struct session_play *play, struct reason *reason);

void playback_go_to(struct session *session, const struct seek_point *point);
void playback_end(struct session *session, enum session_end end);

/* The position that the file has to reach before another may begin: its last sound may go on longer. */
int64_t playback_end_time(const struct session *session);

bool playback_has_next(const struct session *session);
void playback_discard_next(struct session *session);
enum session_followed playback_follow(struct session *session, size_t item, struct asset *asset,
                                      const struct rendition *shown, struct reason *reason);

/* Goes on with the file that follows, whose position 0 is due at `at`, as if it were the same one. */
void playback_begin_next(struct session *session, int64_t at);

/* Has another sound of the file heard; false, with a reason, when there is no such one. */
bool playback_choose_sound(struct session *session, const struct index_choice *choice, struct reason *reason);

#endif
