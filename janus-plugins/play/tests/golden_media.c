/* SPDX-License-Identifier: GPL-3.0-only */
/* Writes the files that the transcripts in golden/ speak of, for replaying them against a real Janus. */
#include <stdio.h>

#include "support/media.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: golden_media FOLDER\n");
        return 2;
    }
    media_use_folder(argv[1]);
    media_write_golden();
    return 0;
}
