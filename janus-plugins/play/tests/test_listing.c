/* SPDX-License-Identifier: GPL-3.0-only */
/* Folders as viewers see them: what is shown to whom, in which order, and how little is read twice. */
#include "../src/access.c"
#include "../src/asset.c"
#include "../src/audio.c"
#include "../src/cache.c"
#include "../src/h264.c"
#include "../src/index.c"
#include "../src/ogg.c"
#include "../src/listing.c"
#include "../src/metrics.c"
#include "../src/path.c"
#include "../src/probe.c"
#include "../src/rendition.c"
#include "../src/workers.c"

#include "support/media.h"
#include "support/tap.h"

#define ALL 1000

static struct prober *prober;

static struct listing *list(const char *folder, const char *allowed, size_t offset, size_t limit)
{
    struct grant *grant = grant_new();
    struct listing *listing = NULL;
    struct reason reason;

    g_ptr_array_add(grant->prefixes, g_strdup(allowed));
    check(listing_read(prober, media_folder(), folder, grant, offset, limit, &listing, &reason) == PATH_OPENED,
          "'%s' is listed", folder);
    require(listing != NULL, folder);
    grant_free(grant);
    return listing;
}

static void shows(const char *folder, const char *allowed, const char *folders, const char *files)
{
    struct listing *listing = list(folder, allowed, 0, ALL);
    char *found_folders = g_strjoinv("|", listing->folders), *found_files = g_strjoinv("|", listing->files);

    check_text(found_folders, folders, "its folders");
    check_text(found_files, files, "its files");
    g_free(found_folders);
    g_free(found_files);
    listing_free(listing);
}

static enum path_status status_of(const char *folder, const char *allowed, struct reason *reason)
{
    struct grant *grant = grant_new();
    struct listing *listing = NULL;

    g_ptr_array_add(grant->prefixes, g_strdup(allowed));
    enum path_status status = listing_read(prober, media_folder(), folder, grant, 0, ALL, &listing, reason);
    grant_free(grant);
    if (listing)
        listing_free(listing);
    return status;
}

static void write_text(const char *name, const char *text)
{
    char path[512];

    media_path(path, name);
    FILE *file = fopen(path, "w");
    require(file && fputs(text, file) >= 0 && fclose(file) == 0, path);
}

static void link_to(const char *target, const char *name)
{
    char path[512];

    media_path(path, name);
    require(symlink(target, path) == 0, path);
}

static void make_folder(void)
{
    const struct media_film film = {
        .seconds = 1, .pictures_per_key_frame = 25, .key_frame_size = 900, .picture_size = 90};

    media_make_folder("a");
    media_make_folder("a/b");
    media_make_folder("Empty");
    media_write_film("a/b/part 10.mp4", &film);
    media_write_film("a/b/Part 9.mp4", &film);
    media_write_wav("a/b/part 1.wav", &(struct media_wav){8000, 1, 1.5});
    media_write_wav("a/sound.wav", &(struct media_wav){8000, 1, 1});
    write_text("a/b/notes.txt", "no film");
    write_text("a/b/.hidden.mp4", "hidden");
    write_text("a/b/part 10.en.vtt", "WEBVTT");
    write_text("a/b/\xff.mp4", "no UTF-8");
    media_make_folder("films");
    write_text("films/film.mov", "in many lines");
    write_text("films/film.480p.mp4", "in fewer");
    write_text("films/film.360p.mp4", "in still fewer");
    write_text("films/film.481p.mp4", "in a number that is not one of theirs");
    write_text("films/lone.360p.mp4", "without its film");
    link_to("../sound.wav", "a/b/linked.wav");
    link_to("/etc/passwd", "a/b/outside.wav");
    link_to("/etc", "a/b/outside");
    link_to("../../Empty", "a/b/inside");
    link_to("nowhere", "a/b/broken.wav");
}

static void test_names(void)
{
    shows("", "/", "a|Empty|films", "");
    shows("Empty", "/", "", "");
    shows("a/b", "/", "a/b/inside", "a/b/linked.wav|a/b/notes.txt|a/b/part 1.wav|a/b/Part 9.mp4|a/b/part 10.mp4");
    shows("a/", "/", "a/b", "a/sound.wav");
    shows("films", "/", "", "films/film.481p.mp4|films/film.mov|films/lone.360p.mp4");
}

static void test_access(void)
{
    struct reason reason;

    shows("", "a/b/", "a", "");
    shows("a", "a/b/part 1.wav", "a/b", "");
    shows("a/b", "a/b/part 1.wav", "", "a/b/part 1.wav");
    check(status_of("Empty", "a/", &reason) == PATH_FORBIDDEN, "a folder that the token does not show is forbidden");
    check_text(reason.text, "the token does not allow this folder", "and why is said");
    check(status_of("none", "a/", &reason) == PATH_FORBIDDEN, "whether there is one or not");
    check(status_of("a/none", "/", &reason) == PATH_NOT_FOUND, "what is not there is not found");
    check(status_of("a/sound.wav", "/", &reason) == PATH_NOT_FOUND, "nor is a file a folder");
    check(status_of("a/../a", "/", &reason) == PATH_REFUSED, "a name with '..' is refused");
    check(status_of("/", "/", &reason) == PATH_REFUSED, "as is one that begins with '/'");
    check(status_of("a/b/outside", "/", &reason) == PATH_REFUSED, "and a link out of the media folder");
}

static void test_contents(void)
{
    struct listing *listing = list("a/b", "/", 1, 3);
    const struct probe *probes = listing->probes;

    check_int((long long)listing->total, 5, "a page says how many files there are");
    check_int((long long)listing->count, 3, "and tells of those asked for");
    check_text(listing->files[0], "a/b/notes.txt", "from the offset on");
    check(probes[0].done && probes[0].status == PATH_REFUSED, "a text cannot be played");
    check_text(probes[0].reason.text, "the file is not mp4, mp3, wav, ogg or flac, or it is damaged", "and why is said");
    check_int(probes[0].size, 7, "with its size");
    check(probes[1].status == PATH_OPENED && !probes[1].has_picture, "sound is sound");
    check_int(probes[1].end / MILLISECONDS(1), 1500, "with its duration");
    check(probes[2].status == PATH_OPENED && probes[2].has_picture, "a film has a picture");
    listing_free(listing);
    listing = list("a/b", "/", 100, ALL);
    check(listing->total == 5 && listing->count == 0, "beyond the last file there are none");
    listing_free(listing);
}

/* What was found stays known: to show it, the contents are changed while size and time stay the same. */
static void test_memory(void)
{
    static const char *const name = "a/sound.wav";
    struct probe probe;
    struct stat before;
    char path[512];

    media_path(path, name);
    probe_files(prober, &name, 1, NEVER, &probe);
    check(probe.status == PATH_OPENED, "a sound can be played");
    require(stat(path, &before) == 0, path);
    int fd = open(path, O_WRONLY);
    require(pwrite(fd, "XXXX", 4, 0) == 4, path);
    require(futimens(fd, (struct timespec[]){before.st_atim, before.st_mtim}) == 0, path);
    probe_files(prober, &name, 1, NEVER, &probe);
    check(probe.status == PATH_OPENED, "a file of the same size and time is not read again");
    require(futimens(fd, (struct timespec[]){before.st_atim, {before.st_mtim.tv_sec + 1, 0}}) == 0, path);
    close(fd);
    probe_files(prober, &name, 1, NEVER, &probe);
    check(probe.status == PATH_REFUSED, "one that was changed is");
}

/* More files than are remembered, each only once. */
static void test_bounds(void)
{
    struct file_identity identity = {.size = 1};
    const struct probe probe = {.done = true};
    struct probe found;

    for (ino_t i = 0; i < 2 * REMEMBERED; i++) {
        identity.inode = i;
        remember(prober, &identity, &probe);
        remember(prober, &identity, &probe);
    }
    check_int(g_hash_table_size(prober->memory), REMEMBERED, "so much is remembered at most");
    check(recall(prober, &identity, &found), "the last is known");
    identity.inode = 0;
    check(!recall(prober, &identity, &found), "the first is forgotten");
}

static void test_large_folder(void)
{
    enum { FILES = 1000 };
    char name[64];

    media_make_folder("large");
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "large/%d.wav", i);
        media_write_wav(name, &(struct media_wav){8000, 1, 0.1});
    }
    for (int round = 1; round <= 2; round++) {
        int64_t begin = clock_now();
        struct listing *listing = list("large", "/", 0, ALL);
        size_t done = 0;
        for (size_t i = 0; i < listing->count; i++)
            done += listing->probes[i].done && listing->probes[i].status == PATH_OPENED;
        printf("# %d files, time %d: %.1f ms\n", FILES, round, (double)(clock_now() - begin) / 1e6);
        if (round == 2)
            check_int((long long)done, FILES, "a thousand files are all known the second time");
        check_text(listing->files[FILES - 1], "large/999.wav", "in natural order");
        listing_free(listing);
    }
}

/* A turn that nobody ends in time: the answer comes without it. */
static void test_patience(void)
{
    static const char *const names[] = {"a/b/part 1.wav", "a/b/part 10.mp4"};
    struct probe probes[2];

    probe_files(prober, names, 2, clock_now() - 1, probes);
    check(!probes[0].done || probes[0].status == PATH_OPENED, "who cannot wait gets what is there");
    probe_files(prober, names, 2, NEVER, probes);
    check(probes[0].done && probes[1].done, "who waits gets all");
    probe_files(prober, names, 0, NEVER, probes);
    check(true, "and nothing is soon found");
}

int main(void)
{
    make_folder();
    prober = prober_open(media_folder(), 4);
    require(prober != NULL, "threads are started");
    test_names();
    test_access();
    test_contents();
    test_memory();
    test_patience();
    test_large_folder();
    test_bounds();
    prober_close(prober);
    return tap_end();
}
