/* SPDX-License-Identifier: GPL-3.0-only */
/* The examples of PROTOCOL.md, in the order they stand there. */
#ifndef TESTS_DOCUMENT_H
#define TESTS_DOCUMENT_H

#include <jansson.h>

/* An array of {section, viewer, content, line}: the heading that the example stands below, in which state its viewer
 * begins the section, the example itself, and where it is. */
json_t *document_examples(const char *path);

#endif
