/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/path.c"

#include "support/media.h"
#include "support/tap.h"

static char outside[600];

static void write_file(const char *path)
{
    FILE *file = fopen(path, "w");

    require(file && fputs("x", file) >= 0 && fclose(file) == 0, path);
}

static void set_up(void)
{
    char path[512], other[512];

    media_path(path, "film.mp4");
    write_file(path);
    media_path(path, "folder");
    mkdir(path, 0700);
    media_path(path, "folder.mp4");
    media_path(other, "film.mp4");
    require(symlink(other, path) == 0, "symlink inside");
    snprintf(outside, sizeof outside, "%s-outside", media_folder());
    write_file(outside);
    media_path(path, "out.mp4");
    require(symlink(outside, path) == 0, "symlink outside");
    media_path(path, "loop.mp4");
    require(symlink("loop.mp4", path) == 0, "symlink loop");
    media_path(path, "fifo.mp4");
    require(mkfifo(path, 0600) == 0, "fifo");
}

static void refused(const char *name, const char *expected)
{
    struct reason reason = {""};
    int fd = -1;

    check(path_open(media_folder(), name, &fd, &reason) == PATH_REFUSED && fd == -1, "'%.30s' is refused", name);
    check_text(reason.text, expected, "with its reason");
}

static void opened(const char *name)
{
    struct reason reason = {""};
    int fd = -1;
    char byte;

    check(path_open(media_folder(), name, &fd, &reason) == PATH_OPENED && read(fd, &byte, 1) == 1, "'%s' is opened",
          name);
    if (fd >= 0)
        close(fd);
}

static void not_found(const char *name)
{
    struct reason reason = {""};
    int fd;

    check(path_open(media_folder(), name, &fd, &reason) == PATH_NOT_FOUND, "'%s' is not found", name);
}

int main(void)
{
    static char overlong[PATH_NAME_MAX + 2], component[300];

    set_up();
    opened("film.mp4");
    opened("./film.mp4");
    opened("folder.mp4");
    not_found("none.mp4");
    not_found("folder/none.mp4");
    not_found("film.mp4/x");
    refused("../film.mp4", "the name contains '..': give it relative to the media folder");
    refused("folder/../film.mp4", "the name contains '..': give it relative to the media folder");
    refused("folder/..", "the name contains '..': give it relative to the media folder");
    refused("/etc/passwd", "the name begins with '/': give it relative to the media folder");
    refused("out.mp4", "the name leads outside the media folder");
    refused("loop.mp4", "the name leads through too many links");
    refused("folder", "the name is not that of a file");
    refused("", "the name is not that of a file");
    refused("fifo.mp4", "the name is not that of a file");
    memset(overlong, 'a', sizeof overlong - 1);
    refused(overlong, "the name is longer than 1024 bytes");
    memset(component, 'a', sizeof component - 1);
    refused(component, "the name is too long");

    /* A folder that only begins like the media folder is outside of it. */
    check(!is_below(outside, media_folder()), "a neighbour with a longer name is outside");
    check(is_below("/x", "/"), "everything is below the root of the file system");
    unlink(outside);
    return tap_end();
}
