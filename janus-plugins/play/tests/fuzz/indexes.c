/* SPDX-License-Identifier: GPL-3.0-only */
/* Whole files. */
#include "../../src/h264.c"
#include "../../src/index.c"
#include "../../src/ogg.c"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct reason reason;

    if (fd < 0)
        fd = memfd_create("file", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    index_free(index_read(fd, &reason));
    return 0;
}
