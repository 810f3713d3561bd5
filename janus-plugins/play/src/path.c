/* SPDX-License-Identifier: GPL-3.0-only */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_parent_component(const char *name)
{
    while (*name) {
        size_t length = strcspn(name, "/");
        if (length == 2 && name[0] == '.' && name[1] == '.')
            return true;
        name += length + (name[length] == '/');
    }
    return false;
}

/* Below, or the folder itself. */
static bool is_below(const char *path, const char *root)
{
    size_t length = strlen(root);

    if (strcmp(root, "/") == 0)
        return true;
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static enum path_status failed(int error, struct reason *reason)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return PATH_NOT_FOUND;
    case ENAMETOOLONG:
        reason_set(reason, "the name is too long");
        return PATH_REFUSED;
    case ELOOP:
        reason_set(reason, "the name leads through too many links");
        return PATH_REFUSED;
    default:
        reason_set(reason, "the file cannot be opened: %s", strerror(error));
        return PATH_REFUSED;
    }
}

/* Opens what `name` leads to below `root`, whatever it is. */
static enum path_status open_below(const char *root, const char *name, int flags, int *fd, struct reason *reason)
{
    char joined[PATH_MAX], resolved_root[PATH_MAX], resolved[PATH_MAX];

    if (name[0] == '/') {
        reason_set(reason, "the name begins with '/': give it relative to the media folder");
        return PATH_REFUSED;
    }
    if (has_parent_component(name)) {
        reason_set(reason, "the name contains '..': give it relative to the media folder");
        return PATH_REFUSED;
    }
    if (strlen(name) > PATH_NAME_MAX ||
        snprintf(joined, sizeof joined, "%s/%s", root, name) >= (int)sizeof joined) {
        reason_set(reason, "the name is longer than %d bytes", PATH_NAME_MAX);
        return PATH_REFUSED;
    }
    if (!realpath(root, resolved_root) || !realpath(joined, resolved))
        return failed(errno, reason);
    if (!is_below(resolved, resolved_root)) {
        reason_set(reason, "the name leads outside the media folder");
        return PATH_REFUSED;
    }
    int opened = open(resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);
    if (opened < 0)
        return failed(errno, reason);
    *fd = opened;
    return PATH_OPENED;
}

enum path_status path_open(const char *root, const char *name, int *fd, struct reason *reason)
{
    int opened;
    /* O_NONBLOCK: a FIFO among the media must not hold the caller until somebody writes to it. */
    enum path_status status = open_below(root, name, O_NONBLOCK, &opened, reason);
    struct stat found;

    if (status != PATH_OPENED)
        return status;
    if (fstat(opened, &found) < 0 || !S_ISREG(found.st_mode)) {
        close(opened);
        reason_set(reason, "the name is not that of a file");
        return PATH_REFUSED;
    }
    *fd = opened;
    return PATH_OPENED;
}

enum path_status path_open_folder(const char *root, const char *name, int *fd, struct reason *reason)
{
    return open_below(root, name, O_DIRECTORY, fd, reason);
}
