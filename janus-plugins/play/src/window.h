/* SPDX-License-Identifier: GPL-3.0-only */
/* The stretch of a medium that one viewer holds in memory: moved by him, filled and emptied by the housekeeper. Who
 * moves or closes it takes no lock and allocates nothing, so the pacer may. */
#ifndef PLAY_WINDOW_H
#define PLAY_WINDOW_H

#include "asset.h"

struct window;

/* Opens it at `item`, with what lies from `keep` on; `sound`, which can be played, counts for sound alone. */
struct window *window_open(struct asset *asset, enum asset_medium medium, struct asset_sound sound, size_t keep,
                           size_t item);
void window_close(struct window *window); /* NULL does nothing */

/* Has the segment of `item` and the one behind it made, and gives up those before the segment of `keep`; or those
 * before `item`, when the window cannot hold so much. It only moves ahead. */
void window_move(struct window *window, size_t keep, size_t item);

/* The item, or NULL when it has not been made yet or is outside the window. */
const struct asset_item *window_item(const struct window *window, size_t item);

/* Whether the item will never come; and why, as the end of a sentence that begins with the file. */
bool window_failed(const struct window *window, size_t item);
const char *window_failure(const struct window *window, size_t item);

#endif
