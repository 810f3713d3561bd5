/* SPDX-License-Identifier: GPL-3.0-only */
/* Ogg, as a container of Opus: where its packets lie. */
#ifndef PLAY_OGG_H
#define PLAY_OGG_H

#include <stdbool.h>

#include "index.h"

/* Whether the open file begins as Ogg does. */
bool ogg_is(int fd);

/* Reads where the packets of the first Opus stream lie. False, with a reason, for what cannot be played; what
 * was put into `sound` by then is the caller's to free. */
bool ogg_read(int fd, struct index_sound *sound, struct reason *reason);

#endif
