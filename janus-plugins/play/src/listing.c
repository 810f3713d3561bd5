/* SPDX-License-Identifier: GPL-3.0-only */
#include "listing.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "clock.h"
#include "rendition.h"

/* So long a viewer waits for what has not been looked into before. */
#define PATIENCE SECONDS(2)

/* They belong to the film beside them. */
#define CAPTIONS ".vtt"

struct name {
    char *key; /* by which it is put in order */
    char *name;
};

static void name_clear(gpointer data)
{
    struct name *name = data;

    g_free(name->key);
    g_free(name->name);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const struct name *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : strcmp(x->name, y->name);
}

static void add_name(GArray *names, const char *name)
{
    char *folded = g_utf8_casefold(name, -1);
    struct name added = {g_utf8_collate_key_for_filename(folded, -1), g_strdup(name)};

    g_free(folded);
    g_array_append_val(names, added);
}

enum kind { IS_NEITHER, IS_FILE, IS_FOLDER };

/* A link is what it leads to, if that lies in the media folder. */
static enum kind kind_of(const char *root, const char *name, unsigned char type)
{
    struct reason reason;
    int fd;

    if (type == DT_REG)
        return IS_FILE;
    if (type == DT_DIR)
        return IS_FOLDER;
    if (type != DT_LNK && type != DT_UNKNOWN)
        return IS_NEITHER;
    if (path_open_folder(root, name, &fd, &reason) == PATH_OPENED) {
        close(fd);
        return IS_FOLDER;
    }
    if (path_open(root, name, &fd, &reason) == PATH_OPENED) {
        close(fd);
        return IS_FILE;
    }
    return IS_NEITHER;
}

static void read_names(DIR *directory, const char *root, const char *folder, const struct grant *grant, GArray *files,
                       GArray *folders)
{
    struct dirent *entry;

    while ((entry = readdir(directory))) {
        /* What is no UTF-8 no viewer could ask for. */
        if (entry->d_name[0] == '.' || g_str_has_suffix(entry->d_name, CAPTIONS) ||
            !g_utf8_validate(entry->d_name, -1, NULL))
            continue;
        char *name = *folder ? g_strconcat(folder, "/", entry->d_name, NULL) : g_strdup(entry->d_name);
        switch (kind_of(root, name, entry->d_type)) {
        case IS_FILE:
            if (grant_allows(grant, name))
                add_name(files, name);
            break;
        case IS_FOLDER:
            if (grant_shows(grant, name))
                add_name(folders, name);
            break;
        case IS_NEITHER:
            break;
        }
        g_free(name);
    }
}

/* Up to its last dot, which is included. */
static char *stem_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return g_strndup(name, dot ? (gsize)(dot + 1 - name) : 0);
}

/* Renditions belong to the film beside them, and are no films of their own as long as it is there. */
static void hide_renditions(GArray *files)
{
    GHashTable *films = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    size_t length;

    for (guint i = 0; i < files->len; i++) {
        const char *name = g_array_index(files, struct name, i).name;
        if (!rendition_is_named(name, &length))
            g_hash_table_add(films, stem_of(name));
    }
    for (guint i = files->len; i-- > 0;) {
        const char *name = g_array_index(files, struct name, i).name;
        if (!rendition_is_named(name, &length))
            continue;
        char *film = g_strndup(name, length);
        if (g_hash_table_contains(films, film))
            g_array_remove_index(files, i);
        g_free(film);
    }
    g_hash_table_destroy(films);
}

/* `count` names from `offset` on, ended by NULL. */
static char **take_names(GArray *names, size_t offset, size_t count)
{
    char **taken = g_new0(char *, count + 1);

    for (size_t i = 0; i < count; i++)
        taken[i] = g_steal_pointer(&g_array_index(names, struct name, offset + i).name);
    return taken;
}

static GArray *names_new(void)
{
    GArray *names = g_array_new(FALSE, FALSE, sizeof(struct name));

    g_array_set_clear_func(names, name_clear);
    return names;
}

static struct listing *read_folder(DIR *directory, const char *root, char *folder, const struct grant *grant,
                                   size_t offset, size_t limit)
{
    struct listing *listing = g_new0(struct listing, 1);
    GArray *files = names_new(), *folders = names_new();

    read_names(directory, root, folder, grant, files, folders);
    hide_renditions(files);
    g_array_sort(files, compare_names);
    g_array_sort(folders, compare_names);
    offset = MIN(offset, files->len);
    listing->folder = folder;
    listing->folders = take_names(folders, 0, folders->len);
    listing->total = files->len;
    listing->count = MIN(limit, files->len - offset);
    listing->files = take_names(files, offset, listing->count);
    listing->probes = g_new0(struct probe, listing->count);
    g_array_unref(files);
    g_array_unref(folders);
    return listing;
}

enum path_status listing_read(struct prober *prober, const char *root, const char *folder, const struct grant *grant,
                              size_t offset, size_t limit, struct listing **listing, struct reason *reason)
{
    size_t length = strlen(folder);
    int fd;

    while (length > 0 && folder[length - 1] == '/' && folder[0] != '/')
        length--;
    char *name = g_strndup(folder, length);
    if (!grant_shows(grant, name)) {
        g_free(name);
        reason_set(reason, "the token does not allow this folder");
        return PATH_FORBIDDEN;
    }
    enum path_status status = path_open_folder(root, name, &fd, reason);
    DIR *directory = status == PATH_OPENED ? fdopendir(fd) : NULL;
    if (!directory) {
        if (status == PATH_OPENED)
            close(fd);
        g_free(name);
        return status == PATH_OPENED ? PATH_NOT_FOUND : status;
    }
    *listing = read_folder(directory, root, name, grant, offset, limit);
    closedir(directory);
    probe_files(prober, (const char *const *)(*listing)->files, (*listing)->count, clock_now() + PATIENCE,
                (*listing)->probes);
    return PATH_OPENED;
}

void listing_free(struct listing *listing)
{
    g_free(listing->folder);
    g_strfreev(listing->folders);
    g_strfreev(listing->files);
    g_free(listing->probes);
    g_free(listing);
}
