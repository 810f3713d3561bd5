/* SPDX-License-Identifier: GPL-3.0-only */
/* Speaks with the kernel itself (linux/fuse.h): of a file system with one folder that is only read, it asks little. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/fuse.h>

#define FILES_MAX 64
#define READS_MAX 256 /* that wait at a time */
#define REQUEST_MAX (256 * 1024)
#define FOREVER 3600 /* seconds that the kernel need not ask again what a file is */

struct waiting_read {
    uint64_t request;
    struct fuse_read_in read;
};

struct disk {
    int fuse, folder;
    atomic_bool *hanging;
    char files[FILES_MAX][64]; /* number 2 is the first */
    unsigned file_count;
    struct waiting_read reads[READS_MAX];
    unsigned read_count;
};

static pid_t server;

static void answer(const struct disk *disk, uint64_t request, int error, const void *data, size_t size)
{
    struct fuse_out_header header = {.len = (uint32_t)(sizeof header + size), .error = -error, .unique = request};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)data, size}};

    /* Who has asked may be gone. */
    if (writev(disk->fuse, parts, size > 0 ? 2 : 1) < 0)
        return;
}

static struct fuse_attr attributes_of(const struct disk *disk, uint64_t file)
{
    const char *name = file == FUSE_ROOT_ID ? "." : disk->files[file - FUSE_ROOT_ID - 1];
    struct stat status = {0};

    fstatat(disk->folder, name, &status, 0);
    return (struct fuse_attr){
        .ino = file,
        .size = (uint64_t)status.st_size,
        .mtime = (uint64_t)status.st_mtim.tv_sec,
        .mtimensec = (uint32_t)status.st_mtim.tv_nsec,
        .mode = status.st_mode,
        .nlink = 1,
    };
}

static void look_up(struct disk *disk, uint64_t request, const char *name)
{
    struct stat status;
    unsigned number = 0;

    if (fstatat(disk->folder, name, &status, 0) < 0 || disk->file_count == FILES_MAX) {
        answer(disk, request, ENOENT, NULL, 0);
        return;
    }
    while (number < disk->file_count && strcmp(disk->files[number], name) != 0)
        number++;
    if (number == disk->file_count)
        snprintf(disk->files[disk->file_count++], sizeof disk->files[0], "%.63s", name);
    uint64_t file = FUSE_ROOT_ID + 1 + number;
    struct fuse_entry_out entry = {
        .nodeid = file, .entry_valid = FOREVER, .attr_valid = FOREVER, .attr = attributes_of(disk, file)};
    answer(disk, request, 0, &entry, sizeof entry);
}

static void open_file(const struct disk *disk, uint64_t request, uint64_t file)
{
    int opened = openat(disk->folder, disk->files[file - FUSE_ROOT_ID - 1], O_RDONLY | O_CLOEXEC);
    /* Not by the page cache: all that is read is asked for. */
    struct fuse_open_out out = {.fh = (uint64_t)opened, .open_flags = FOPEN_DIRECT_IO};

    answer(disk, request, opened < 0 ? EIO : 0, &out, opened < 0 ? 0 : sizeof out);
}

static void read_file(const struct disk *disk, const struct waiting_read *waiting)
{
    static uint8_t data[REQUEST_MAX];
    size_t size = waiting->read.size < sizeof data ? waiting->read.size : sizeof data;
    ssize_t got = pread((int)waiting->read.fh, data, size, (off_t)waiting->read.offset);

    answer(disk, waiting->request, got < 0 ? EIO : 0, data, got < 0 ? 0 : (size_t)got);
}

static void carry_out(struct disk *disk, const struct fuse_in_header *header, const void *argument)
{
    struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096};
    struct fuse_attr_out attributes = {.attr_valid = FOREVER};

    switch (header->opcode) {
    case FUSE_INIT:
        init.minor = ((const struct fuse_init_in *)argument)->minor < init.minor
                         ? ((const struct fuse_init_in *)argument)->minor
                         : init.minor;
        answer(disk, header->unique, 0, &init, sizeof init);
        break;
    case FUSE_LOOKUP:
        look_up(disk, header->unique, argument);
        break;
    case FUSE_GETATTR:
        attributes.attr = attributes_of(disk, header->nodeid);
        answer(disk, header->unique, 0, &attributes, sizeof attributes);
        break;
    case FUSE_OPEN:
        open_file(disk, header->unique, header->nodeid);
        break;
    case FUSE_READ:
        if (disk->read_count == READS_MAX)
            answer(disk, header->unique, EIO, NULL, 0);
        else
            disk->reads[disk->read_count++] = (struct waiting_read){header->unique, *(const struct fuse_read_in *)argument};
        break;
    case FUSE_RELEASE:
        close((int)((const struct fuse_release_in *)argument)->fh);
        answer(disk, header->unique, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break;
    default:
        answer(disk, header->unique, ENOSYS, NULL, 0);
    }
}

static void serve(struct disk *disk)
{
    static _Alignas(struct fuse_in_header) uint8_t request[REQUEST_MAX];

    for (;;) {
        struct pollfd asked = {.fd = disk->fuse, .events = POLLIN};
        if (poll(&asked, 1, disk->read_count > 0 ? 1 : -1) > 0) {
            ssize_t size = read(disk->fuse, request, sizeof request);
            if (size < 0 && errno == ENODEV)
                return;
            if (size >= (ssize_t)sizeof(struct fuse_in_header))
                carry_out(disk, (const struct fuse_in_header *)request, request + sizeof(struct fuse_in_header));
        }
        for (unsigned i = 0; !*disk->hanging && i < disk->read_count; i++)
            read_file(disk, &disk->reads[i]);
        disk->read_count = *disk->hanging ? disk->read_count : 0;
    }
}

/* In a namespace of its own, so that nothing is left when the process ends, however it does. */
static const char *mount_at(int fuse, const char *at)
{
    char options[128];

    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other", fuse, getuid(), getgid());
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "this process may not mount anything";
    return mount("disk", at, "fuse.disk", MS_NOSUID | MS_NODEV | MS_RDONLY, options) < 0 ? strerror(errno) : NULL;
}

atomic_bool *disk_mount(const char *folder, const char *at, const char **reason)
{
    static struct disk disk;

    disk.fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    disk.folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    disk.hanging = mmap(NULL, sizeof *disk.hanging, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *reason = disk.fuse < 0 ? "there is no /dev/fuse" : NULL;
    if (!*reason && (disk.folder < 0 || disk.hanging == MAP_FAILED))
        *reason = strerror(errno);
    if (!*reason)
        *reason = mount_at(disk.fuse, at);
    server = *reason ? -1 : fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(&disk);
        _exit(0);
    }
    if (disk.fuse >= 0)
        close(disk.fuse);
    return *reason ? NULL : disk.hanging;
}

void disk_unmount(const char *at)
{
    umount2(at, MNT_DETACH);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}
