/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/access.c"

#include "support/tap.h"

#define SECRET "0123456789abcdef"
#define EXPIRY 2000000000
#define BEFORE (EXPIRY - 1)

static char *sign(const char *data, const char *secret)
{
    guint8 digest[SIGNATURE_SIZE];
    gsize size = sizeof digest;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guint8 *)secret, strlen(secret));

    g_hmac_update(hmac, (const guint8 *)data, -1);
    g_hmac_get_digest(hmac, digest, &size);
    g_hmac_unref(hmac);
    char *signature = g_base64_encode(digest, size);
    char *token = g_strconcat(data, ":", signature, NULL);
    g_free(signature);
    return token;
}

static struct grant *granted(const char *descriptors)
{
    struct reason reason = {""};
    char *data = g_strdup_printf("%d,janus,janus.plugin.tms.play,%s", EXPIRY, descriptors);
    char *token = sign(data, SECRET);
    struct grant *grant = grant_read(SECRET, token, BEFORE, &reason);

    require(grant, reason.text);
    g_free(token);
    g_free(data);
    return grant;
}

static void refused(const char *token, int64_t now, const char *expected)
{
    struct reason reason = {""};

    check(!grant_read(SECRET, token, now, &reason), "'%.60s' is refused", token ? token : "no token");
    check_text(reason.text, expected, "with its reason");
}

/* Signed by openssl: what the command that issues tokens makes is what is read here. */
static void a_token_of_elsewhere(void)
{
    struct reason reason = {""};
    const char *token = "2000000000,janus,janus.plugin.tms.play,media=series/,media=film.mp4:"
                        "n5aqR9XeVSvdL/+go9tjKjDy/FM=";
    struct grant *grant = grant_read(SECRET, token, EXPIRY, &reason);

    require(grant, reason.text);
    check(grant_allows(grant, "series/first.mp4"), "what is in a folder that is named may be played");
    check(grant_allows(grant, "series/more/first.mp4"), "and what lies deeper");
    check(grant_allows(grant, "film.mp4"), "and a file that is named");
    check(!grant_allows(grant, "film.mp4x") && !grant_allows(grant, "film.mp"), "but no other name like it");
    check(!grant_allows(grant, "series.mp4") && !grant_allows(grant, "series"), "nor one like the folder's");
    check(!grant_allows(grant, "secret/film.mp4") && !grant_allows(grant, ""), "nor anything else");
    check(!grant_allows(grant, "./film.mp4") && !grant_allows(grant, "/film.mp4"), "nor the file by another name");
    grant_free(grant);
}

static void folders(void)
{
    struct grant *grant = granted("media=a/b/,media=a/c/film.mp4");

    check(grant_shows(grant, ""), "the way to what may be played begins in the media folder");
    check(grant_shows(grant, "a") && grant_shows(grant, "a/"), "leads through the folder above");
    check(grant_shows(grant, "a/b") && grant_shows(grant, "a/b/c"), "and all below it is shown");
    check(grant_shows(grant, "a/c"), "as is the folder of a file");
    check(!grant_shows(grant, "a/d") && !grant_shows(grant, "b") && !grant_shows(grant, "a/bc"), "others are not");
    grant_free(grant);
}

static void names(void)
{
    struct grant *grant = granted("media=one%2C%20two%3A.mp4,media=100%,media=,media=%00/,%2F,x");

    check(grant_allows(grant, "one, two:.mp4"), "names are percent-encoded");
    check_int(grant->prefixes->len, 1, "what is not a name grants nothing");
    grant_free(grant);
    grant = granted("media=/");
    check(grant_allows(grant, "any/film.mp4") && grant_shows(grant, "any"), "'/' grants everything");
    grant_free(grant);
    grant = granted("other=1");
    check(!grant_allows(grant, "film.mp4") && !grant_shows(grant, ""), "no name grants nothing");
    grant_free(grant);
}

static void bad_tokens(void)
{
    const char *forged = "the token is damaged or was not made here";
    char *token = sign("2000000000,janus,media=/", SECRET);
    struct reason reason = {""};

    refused(NULL, BEFORE, "the request needs 'token', which says what may be played, as a string");
    refused("", BEFORE, forged);
    refused(":", BEFORE, forged);
    refused("2000000000,janus,media=/", BEFORE, forged);
    refused("2000000000,janus,media=/:", BEFORE, forged);
    refused(token, EXPIRY + 1, "the token has expired: ask for a new one");

    guint accepted = 0;
    for (size_t i = 0; token[i]; i++) {
        char *tampered = g_strdup(token);
        tampered[i] ^= 2;
        struct grant *grant = grant_read(SECRET, tampered, BEFORE, &reason);
        accepted += grant != NULL;
        if (grant)
            grant_free(grant);
        g_free(tampered);
    }
    check_int(accepted, 0, "no token with a changed letter is accepted");

    char *twice = g_strconcat(token, ":", token, NULL);
    refused(twice, BEFORE, forged);
    g_free(twice);
    g_free(token);

    static const struct {
        const char *data, *secret, *expected;
    } others[] = {
        {"2000000000,janus,media=/", "another secret", "the token is damaged or was not made here"},
        {"2000000000,janus.plugin.tms.play,media=/", SECRET, "the token is not one for viewers"},
        {"2000000000", SECRET, "the token is not one for viewers"},
        {"-1,janus,media=/", SECRET, "the token has expired: ask for a new one"},
        {"soon,janus,media=/", SECRET, "the token has expired: ask for a new one"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        token = sign(others[i].data, others[i].secret);
        refused(token, BEFORE, others[i].expected);
        g_free(token);
    }
}

static void open_access(void)
{
    struct reason reason;
    struct grant *grant = grant_read(NULL, NULL, BEFORE, &reason);

    check(grant && grant_allows(grant, "film.mp4") && grant_shows(grant, "any"), "without a secret all is granted");
    grant_free(grant);
}

int main(void)
{
    a_token_of_elsewhere();
    folders();
    names();
    bad_tokens();
    open_access();
    return tap_end();
}
