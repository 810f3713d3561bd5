/* SPDX-License-Identifier: GPL-3.0-only */
/* Names that viewers send, resolved below the media folder and never outside it. */
#ifndef PLAY_PATH_H
#define PLAY_PATH_H

#include "reason.h"

#define PATH_NAME_MAX 1024

enum path_status {
    PATH_OPENED,
    PATH_NOT_FOUND,
    PATH_REFUSED,
    PATH_FORBIDDEN, /* by the viewer's token; nothing was looked at */
    PATH_FULL,      /* as much is open as may */
};

/* Opens the regular file `name` below the folder `root` for reading. A symbolic link is followed as
 * long as it stays below `root`. Sets *fd when PATH_OPENED, *reason when PATH_REFUSED. */
enum path_status path_open(const char *root, const char *name, int *fd, struct reason *reason);

/* Does so with a folder; "" is `root` itself. */
enum path_status path_open_folder(const char *root, const char *name, int *fd, struct reason *reason);

#endif
