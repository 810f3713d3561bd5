/* SPDX-License-Identifier: GPL-3.0-only */
#include "access.h"

#include <string.h>

#include <glib.h>

/* The realm of tokens that the core takes. */
#define REALM "janus"
#define MEDIA "media="
#define SIGNATURE_SIZE 20 /* SHA-1 */

struct grant {
    GPtrArray *prefixes; /* "folder/" with all that is below it, "film.mp4" alone, "/" for everything */
};

/* Takes as long for a signature that is wrong at its end as for one that is wrong at its beginning. The text
 * is compared, as by the core: base64 has several texts for the same bytes. */
static bool is_signed(const char *data, const char *signature, const char *secret)
{
    guint8 digest[SIGNATURE_SIZE];
    gsize size = sizeof digest;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guint8 *)secret, strlen(secret));

    g_hmac_update(hmac, (const guint8 *)data, -1);
    g_hmac_get_digest(hmac, digest, &size);
    g_hmac_unref(hmac);
    char *expected = g_base64_encode(digest, size);
    bool same = strlen(signature) == strlen(expected);
    guint8 difference = 0;
    for (size_t i = 0; same && expected[i]; i++)
        difference |= expected[i] ^ signature[i];
    g_free(expected);
    return same && difference == 0;
}

static struct grant *grant_new(void)
{
    struct grant *grant = g_new0(struct grant, 1);

    grant->prefixes = g_ptr_array_new_with_free_func(g_free);
    return grant;
}

/* Names are percent-encoded, as commas and colons divide the token. */
static struct grant *read_descriptors(char *const *descriptors)
{
    struct grant *grant = grant_new();

    for (; *descriptors; descriptors++) {
        if (!g_str_has_prefix(*descriptors, MEDIA))
            continue;
        char *prefix = g_uri_unescape_string(*descriptors + strlen(MEDIA), NULL);
        if (prefix && *prefix)
            g_ptr_array_add(grant->prefixes, prefix);
        else
            g_free(prefix);
    }
    return grant;
}

/* The part of a token that is signed: "EXPIRY,REALM,DESCRIPTOR,...". */
static struct grant *read_data(const char *data, int64_t now, struct reason *reason)
{
    char **fields = g_strsplit(data, ",", 0);
    struct grant *grant = NULL;

    if (g_strv_length(fields) < 2 || strcmp(fields[1], REALM) != 0)
        reason_set(reason, "the token is not one for viewers");
    else if (g_ascii_strtoll(fields[0], NULL, 10) < now)
        reason_set(reason, "the token has expired: ask for a new one");
    else
        grant = read_descriptors(fields + 2);
    g_strfreev(fields);
    return grant;
}

struct grant *grant_read(const char *secret, const char *token, int64_t now, struct reason *reason)
{
    if (!secret) {
        struct grant *everything = grant_new();
        g_ptr_array_add(everything->prefixes, g_strdup("/"));
        return everything;
    }
    if (!token) {
        reason_set(reason, "the request needs 'token', which says what may be played, as a string");
        return NULL;
    }
    char **parts = g_strsplit(token, ":", 0);
    struct grant *grant = NULL;
    if (g_strv_length(parts) == 2 && is_signed(parts[0], parts[1], secret))
        grant = read_data(parts[0], now, reason);
    else
        reason_set(reason, "the token is damaged or was not made here");
    g_strfreev(parts);
    return grant;
}

void grant_free(struct grant *grant)
{
    g_ptr_array_unref(grant->prefixes);
    g_free(grant);
}

bool grant_allows(const struct grant *grant, const char *name)
{
    for (guint i = 0; i < grant->prefixes->len; i++) {
        const char *prefix = grant->prefixes->pdata[i];
        if (strcmp(prefix, "/") == 0 || strcmp(prefix, name) == 0 ||
            (g_str_has_suffix(prefix, "/") && g_str_has_prefix(name, prefix)))
            return true;
    }
    return false;
}

bool grant_shows(const struct grant *grant, const char *folder)
{
    char *inside = g_str_has_suffix(folder, "/") || !*folder ? g_strdup(folder) : g_strconcat(folder, "/", NULL);
    bool shown = grant_allows(grant, inside);

    for (guint i = 0; !shown && i < grant->prefixes->len; i++)
        shown = g_str_has_prefix(grant->prefixes->pdata[i], inside);
    g_free(inside);
    return shown;
}
