/* SPDX-License-Identifier: GPL-3.0-only */
/* A disk that hangs when it is told to. */
#ifndef TESTS_DISK_H
#define TESTS_DISK_H

#include <stdatomic.h>

/* Has the files of `folder` at the empty folder `at` too, from where no read returns while the switch is on that is given.
 * Only this process sees it, for as long as it lives; it must not have begun a thread. NULL, with the reason, where FUSE is
 * not to be had. */
atomic_bool *disk_mount(const char *folder, const char *at, const char **reason);
void disk_unmount(const char *at);

#endif
