/* SPDX-License-Identifier: GPL-3.0-only */
/* What a viewer's token lets it see. PROTOCOL.md, section Access, describes tokens.
 *
 * The core checks the same token when a viewer connects and attaches. It tells plugins nothing of it, and
 * the check that it offers them takes tokens of the plugin's own realm alone; this one is made here, so that
 * a viewer needs one token and not two. */
#ifndef PLAY_ACCESS_H
#define PLAY_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

struct grant;

/* Reads a token that was signed with `secret`; `now` is in seconds since 1970. Without a secret everything
 * is granted, whatever the token. NULL, with a reason, when the token is missing, forged or has expired.
 * To be freed with grant_free(). */
struct grant *grant_read(const char *secret, const char *token, int64_t now, struct reason *reason);
void grant_free(struct grant *grant);

/* Whether the file of that name, relative to the media folder, may be played. */
bool grant_allows(const struct grant *grant, const char *name);

/* Whether there is anything to be seen in a folder: it lies in what is granted, or the way there leads
 * through it. "" is the media folder itself. */
bool grant_shows(const struct grant *grant, const char *folder);

#endif
