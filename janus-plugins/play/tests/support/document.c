/* SPDX-License-Identifier: GPL-3.0-only */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE 4096
#define VIEWER "<!-- viewer: "

static void fail(const char *path, int line, const char *what)
{
    printf("Bail out! %s:%d: %s\n", path, line, what);
    exit(1);
}

/* The JSON up to the end of its fence. */
static json_t *read_example(FILE *file, const char *path, int *line)
{
    char text[LINE_MAX_SIZE], example[16 * LINE_MAX_SIZE] = "";
    json_error_t error;

    while (fgets(text, sizeof text, file) && strncmp(text, "```", 3) != 0) {
        (*line)++;
        if (strlen(example) + strlen(text) >= sizeof example)
            fail(path, *line, "the example is too long");
        strcat(example, text);
    }
    (*line)++;
    json_t *content = json_loads(example, 0, &error);
    if (!content)
        fail(path, *line, error.text);
    return content;
}

json_t *document_examples(const char *path)
{
    char text[LINE_MAX_SIZE], section[LINE_MAX_SIZE] = "", viewer[32] = "new";
    json_t *examples = json_array();
    FILE *file = fopen(path, "r");
    int line = 0;

    if (!file)
        fail(path, 0, "cannot be read");
    while (fgets(text, sizeof text, file)) {
        line++;
        text[strcspn(text, "\n")] = '\0';
        if (text[0] == '#') {
            strcpy(section, text + strspn(text, "# "));
            strcpy(viewer, "new");
        } else if (strncmp(text, VIEWER, strlen(VIEWER)) == 0) {
            sscanf(text + strlen(VIEWER), "%31s", viewer);
        } else if (strcmp(text, "```json") == 0) {
            int at = line;
            json_array_append_new(examples, json_pack("{sssssosi}", "section", section, "viewer", viewer, "content",
                                                      read_example(file, path, &line), "line", at));
        }
    }
    fclose(file);
    return examples;
}
