/* SPDX-License-Identifier: GPL-3.0-only */
/* Why something was refused: one sentence for the person who asked. */
#ifndef PLAY_REASON_H
#define PLAY_REASON_H

#include <stdio.h>

struct reason {
    char text[256];
};

#define reason_set(reason, ...) snprintf((reason)->text, sizeof (reason)->text, __VA_ARGS__)

#endif
