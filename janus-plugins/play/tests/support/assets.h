/* SPDX-License-Identifier: GPL-3.0-only */
/* Assets of the test's library, for tests that include the units of src/. */
#ifndef TESTS_ASSETS_H
#define TESTS_ASSETS_H

#include "tap.h"

static struct library *library;

static struct asset *open_asset(const char *name)
{
    struct asset *asset = NULL;
    struct reason reason = {""};

    if (asset_open(library, name, &asset, &reason) != PATH_OPENED) {
        printf("# %s: %s\n", name, reason.text);
        require(false, "an asset cannot be opened");
    }
    return asset;
}

#endif
