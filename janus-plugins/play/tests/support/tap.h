/* SPDX-License-Identifier: GPL-3.0-only */
/* Tests that speak TAP: one line a check, and an exit status that says whether all held. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failures;

__attribute__((format(printf, 2, 3))) static inline bool check(bool good, const char *name, ...)
{
    va_list arguments;

    if (!good)
        tap_failures++;
    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    va_start(arguments, name);
    vprintf(name, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    return good;
}

static inline bool check_int(long long found, long long expected, const char *name)
{
    bool good = check(found == expected, "%s", name);

    if (!good)
        printf("# found %lld, expected %lld\n", found, expected);
    return good;
}

static inline bool check_text(const char *found, const char *expected, const char *name)
{
    bool good = check(found && strcmp(found, expected) == 0, "%s", name);

    if (!good)
        printf("# found '%s', expected '%s'\n", found ? found : "(null)", expected);
    return good;
}

/* What a test cannot go on without. */
static inline void require(bool good, const char *what)
{
    if (good)
        return;
    printf("Bail out! %s\n", what);
    exit(1);
}

static inline int tap_end(void)
{
    printf("1..%d\n", tap_count);
    return tap_failures > 0;
}

#endif
