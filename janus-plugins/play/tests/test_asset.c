/* SPDX-License-Identifier: GPL-3.0-only */
#include "../src/asset.c"
#include "../src/audio.c"
#include "../src/cache.c"
#include "../src/h264.c"
#include "../src/index.c"
#include "../src/metrics.c"
#include "../src/ogg.c"
#include "../src/path.c"
#include "../src/window.c"
#include "../src/workers.c"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "support/listen.h"
#include "support/media.h"
#include "support/tap.h"

static const struct media_film film = {
    .seconds = 4, .pictures_per_key_frame = 25, .key_frame_size = 9000, .picture_size = 900};

static struct media_film film_with(struct media_film changed)
{
    struct media_film whole = film;

    if (changed.seconds > 0)
        whole.seconds = changed.seconds;
    if (changed.pictures_per_key_frame > 0)
        whole.pictures_per_key_frame = changed.pictures_per_key_frame;
    whole.profile = changed.profile;
    whole.no_sound = changed.no_sound;
    whole.opus = changed.opus;
    whole.no_video = changed.no_video;
    whole.b_frames = changed.b_frames;
    whole.rotated = changed.rotated;
    whole.codec = changed.codec;
    whole.pictures_per_sync = changed.pictures_per_sync;
    whole.cut = changed.cut;
    whole.hole = changed.hole;
    memcpy(whole.stretches, changed.stretches, sizeof whole.stretches);
    return whole;
}

static void write_film(const char *name, struct media_film changed)
{
    struct media_film whole = film_with(changed);

    media_write_film(name, &whole);
}

/* Returns when what was given up is closed. */
static void settle(void)
{
    workers_wait(library->transcoders);
    workers_wait(library->housekeeper);
    workers_wait(library->readers);
}

static void refused(const char *name, struct media_film changed, const char *expected)
{
    struct asset *asset;
    struct reason reason = {""};

    write_film(name, changed);
    check(asset_open(library, name, &asset, &reason) == PATH_REFUSED, "%s is refused", name);
    check_text(reason.text, expected, "with its reason");
}

static void test_index(void)
{
    struct asset *asset = open_asset("film.mp4");
    const struct media_index *index = asset_index(asset);

    check_int((long long)index->streams, 2, "an mp4 has its streams");
    check_int(index->duration, SECONDS(4), "and its duration");
    check_int((long long)asset_count(asset, ASSET_VIDEO), 100, "its pictures");
    check_int(asset_time(asset, ASSET_VIDEO, 50), SECONDS(2), "with their times");
    check_int((long long)asset_count(asset, ASSET_AUDIO), 200, "and sound in packets of 20 ms");
    check_int(asset_time(asset, ASSET_AUDIO, 100), SECONDS(2), "with theirs");
    check_int(index->configs[0].profile, H264_CONSTRAINED_BASELINE, "and its profile");
    asset_release(asset);
}

static void test_sharing(void)
{
    struct asset *first = open_asset("film.mp4"), *second = open_asset("./film.mp4");
    struct window *one, *other;

    check(first == second, "two viewers of one file share an asset");
    one = window_open(first, ASSET_VIDEO, as_opus, 0, 0);
    other = window_open(second, ASSET_VIDEO, as_opus, 10, 10);
    check(wait_item(one, 10) && wait_item(one, 10) == wait_item(other, 10), "and its frames");
    window_close(one);
    check(wait_item(other, 10) != NULL, "which stay while one of them holds them");
    window_close(other);

    struct media_film longer = film_with((struct media_film){.seconds = 6});
    char path[512];
    media_path(path, "film.mp4");
    unlink(path);
    media_write_film("film.mp4", &longer);
    struct asset *replaced = open_asset("film.mp4");
    check(replaced != first && asset_count(replaced, ASSET_VIDEO) == 150, "a file that replaces another is another asset");
    asset_release(first);
    asset_release(second);
    asset_release(replaced);
    write_film("film.mp4", film);
}

static void test_pictures(void)
{
    struct asset *asset = open_asset("film.mp4");
    bool right = true, idr = true;

    struct window *window = window_open(asset, ASSET_VIDEO, as_opus, 0, 0);
    for (size_t i = 0; i < 100; i++) {
        window_move(window, i, i);
        const struct asset_item *item = wait_item(window, i);
        require(item != NULL, "a picture is missing");
        right = right && item->size == 4 + (i % 25 ? 900u : 9000u) && item->data[5] == (uint8_t)(i + 1);
        idr = idr && item->idr == (i % 25 == 0);
    }
    check(right, "pictures are read as they lie in the file");
    check(idr, "and IDR pictures are known");
    check(!window_item(window, 0), "what was left behind is given up");
    window_close(window);

    window = window_open(asset, ASSET_VIDEO, as_opus, 0, 0);
    window_move(window, 0, 60);
    check(wait_item(window, 0) && wait_item(window, 60), "a window reaches back as far as it is asked to");
    window_close(window);
    asset_release(asset);
}

static void test_limits_of_window(void)
{
    struct asset *asset;
    struct window *window;

    write_film("long.mp4", (struct media_film){.seconds = 40, .pictures_per_key_frame = 1000});
    asset = open_asset("long.mp4");
    window = window_open(asset, ASSET_VIDEO, as_opus, 0, 0);
    for (size_t i = 0; i < 1000; i += 5)
        window_move(window, 0, i);
    settle();
    check(window->held - window->given_up <= WINDOW_SEGMENTS, "it holds no more than %d segments", WINDOW_SEGMENTS);
    check(wait_item(window, 995) && !window_item(window, 0), "and prefers what is to come to what has been");
    window_close(window);
    asset_release(asset);
}

static void test_refusals(void)
{
    struct asset *asset;
    struct reason reason;

    refused("bframes.mp4", (struct media_film){.b_frames = true},
            "the video has B-frames, which browsers cannot show: encode it without (x264: -bf 0)");
    refused("rotated.mp4", (struct media_film){.rotated = true},
            "the picture is to be rotated, which browsers would not do: encode it upright "
            "(ffmpeg -i IN -codec:v libx264 -bf 0 -codec:a copy OUT)");
    refused("high10.mp4", (struct media_film){.profile = 110},
            "the H.264 profile 110 is not supported: baseline, main and high (8 bit, 4:2:0) are");
    refused("hevc.mp4", (struct media_film){.codec = "hvc1"}, "the video codec hevc is not supported: H.264 is");
    refused("cut.mp4", (struct media_film){.cut = 100},
            "the file ends before frame 188 of 188: it is damaged or incomplete");
    refused("none.mp4", (struct media_film){.no_video = true, .no_sound = true},
            "the file has neither picture nor sound");
    char path[512];
    media_path(path, "text.mp4");
    FILE *file = fopen(path, "w");
    require(file && fputs("not a film", file) >= 0 && fclose(file) == 0, path);
    check(asset_open(library, "text.mp4", &asset, &reason) == PATH_REFUSED, "text.mp4 is refused");
    check_text(reason.text, "the file is not mp4, mp3, wav, ogg or flac, or it is damaged", "with its reason");
    check(asset_open(library, "missing.mp4", &asset, &reason) == PATH_NOT_FOUND, "missing.mp4 is not found");
}

/* Whether the pictures are those of a film, each of which tells its number, and what of it is a key frame. */
static bool has_pictures(struct asset *asset, size_t count)
{
    struct window *window = window_open(asset, ASSET_VIDEO, as_opus, 0, 0);
    bool right = true;

    for (size_t i = 0; right && i < count; i++) {
        window_move(window, i, i);
        const struct asset_item *item = wait_item(window, i);
        right = item && item->data[5] == (uint8_t)(i + 1) && item->idr == (i % 25 == 0);
    }
    window_close(window);
    return right;
}

/* More than 4 GiB, nearly all of which is a hole; and its index at the end. */
static void test_large(void)
{
    struct stat status;
    char path[512];

    write_film("large.mp4", (struct media_film){.hole = (uint64_t)5 << 30});
    media_path(path, "large.mp4");
    require(stat(path, &status) == 0, path);
    check(status.st_size > (off_t)5 << 30 && status.st_blocks < 10000, "a film has more than 5 GiB");
    struct asset *asset = open_asset("large.mp4");
    check_int((long long)asset_count(asset, ASSET_VIDEO), 100, "all its pictures are found");
    check(has_pictures(asset, 100), "and read");
    struct window *window = window_open(asset, ASSET_AUDIO, as_opus, 0, 0);
    check(wait_item(window, 199) != NULL, "and its sound");
    window_close(window);
    asset_release(asset);
}

/* What an edit list leaves out is not sent, though the demuxer has some of it beside each stretch. */
static void test_stretches_of_film(void)
{
    write_film("edited.mp4", (struct media_film){.stretches = {{0, 30}, {50, 90}}});
    struct asset *asset = open_asset("edited.mp4");
    check_int((long long)asset_count(asset, ASSET_VIDEO), 70, "of a film put together of two stretches both are found");
    check_int(asset_time(asset, ASSET_VIDEO, 30), 30 * MILLISECONDS(40), "one after the other");
    check_int(asset_index(asset)->sounds[0].track.end / MILLISECONDS(1), 70 * 40, "and so is their sound");
    struct window *window = window_open(asset, ASSET_VIDEO, as_opus, 0, 0);
    const struct asset_item *before = wait_item(window, 29);
    check(before && before->data[5] == 30, "the first with its last picture");
    window_move(window, 30, 30);
    const struct asset_item *after = wait_item(window, 30);
    check(after && after->data[5] == 51 && after->idr, "and the second from its first on");
    window_close(window);
    asset_release(asset);

    write_film("edited.mp4", (struct media_film){.stretches = {{0, 30}}});
    asset = open_asset("edited.mp4");
    check_int((long long)asset_count(asset, ASSET_VIDEO), 30, "one that ends early has no picture more");
    asset_release(asset);
    refused("edited.mp4", (struct media_film){.stretches = {{0, 30}, {60, 90}}},
            "its edit list goes on at a picture that is no key frame: encode it anew "
            "(ffmpeg -i IN -codec:v libx264 -bf 0 OUT)");
}

/* Each with an index of its own, as DASH has it. */
static void test_fragments(void)
{
    media_write_fragments("fragments.mp4");
    struct asset *asset = open_asset("fragments.mp4");
    check_int((long long)asset_count(asset, ASSET_VIDEO), 50, "of an mp4 in fragments all are found");
    check_int(asset_time(asset, ASSET_VIDEO, 49), 49 * MILLISECONDS(40), "with their times");
    check(has_pictures(asset, 50), "and their pictures");
    asset_release(asset);
}

/* Bytes of the moov box are changed in 500 ways. What is opened then may be anything, but it is
 * played or refused. */
static void test_damaged(void)
{
    static uint8_t film_bytes[400000], damaged[sizeof film_bytes];
    unsigned opened = 0;
    uint32_t random = 1;
    char path[512];

    write_film("short.mp4", (struct media_film){.seconds = 1});
    media_path(path, "short.mp4");
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(film_bytes, 1, sizeof film_bytes, file) : 0;
    require(size > 3000 && size < sizeof film_bytes && fclose(file) == 0, path);
    media_path(path, "damaged.mp4");
    for (int round = 0; round < 500; round++) {
        memcpy(damaged, film_bytes, size);
        for (int i = 0; i < 1 + round % 4; i++) {
            random = random * 1664525 + 1013904223;
            damaged[24 + (random >> 8) % 1400] = (uint8_t)(random >> 24);
        }
        file = fopen(path, "wb");
        require(file && fwrite(damaged, 1, size, file) == size && fclose(file) == 0, path);
        struct asset *asset;
        struct reason reason;
        if (asset_open(library, "damaged.mp4", &asset, &reason) != PATH_OPENED)
            continue;
        opened++;
        for (int medium = 0; medium < ASSET_MEDIA; medium++) {
                    size_t count = asset_count(asset, medium);
            if (count == 0)
                continue;
            struct window *window = window_open(asset, medium, as_opus, count - 1, count - 1);
            wait_item(window, count - 1);
            window_close(window);
        }
        asset_release(asset);
    }
    check(opened > 0 && opened < 500, "of 500 damaged films some are opened and some refused");
    printf("# %u opened\n", opened);
}

/* Writes over the number at `offset` of the first box, or chunk, of a type. */
static void forge(const char *name, const char *type, long offset, const uint8_t number[4])
{
    char path[512], header[4096];

    media_path(path, name);
    FILE *file = fopen(path, "r+b");
    size_t size = file ? fread(header, 1, sizeof header, file) : 0;
    const char *box = memmem(header, size, type, 4);
    require(box && fseek(file, box - header + 4 + offset, SEEK_SET) == 0 && fwrite(number, 1, 4, file) == 4 &&
                fclose(file) == 0,
            path);
}

static void forged_is_refused(const char *name, const char *expected)
{
    struct asset *asset = NULL;
    struct reason reason = {""};
    struct rusage before, after;

    getrusage(RUSAGE_SELF, &before);
    check(asset_open(library, name, &asset, &reason) == PATH_REFUSED, "%s is refused", name);
    getrusage(RUSAGE_SELF, &after);
    check_text(reason.text, expected, "with its reason");
    check(after.ru_maxrss - before.ru_maxrss < 300 * 1024, "and without using much memory");
}

/* Files that ask for more than they hold, or for more than can be sent. */
static void test_hostile(void)
{
    static const uint8_t zero[4] = {0}, one[4] = {0, 0, 0, 1}, millions[4] = {4, 0, 0, 0};
    static const uint8_t rate[4] = {0, 0, 0, 1}, channels[4] = {1, 0, 0xff, 0xff};

    write_film("many.mp4", (struct media_film){.no_sound = true});
    forge("many.mp4", "stsz", 4, one);
    forge("many.mp4", "stsz", 8, millions);
    forge("many.mp4", "stsc", 12, millions);
    forge("many.mp4", "stts", 8, millions);
    forged_is_refused("many.mp4", "the video has no frames");

    write_film("crowded.mp4", (struct media_film){.seconds = 60, .pictures_per_key_frame = 100, .no_sound = true});
    forge("crowded.mp4", "stts", 12, zero);
    forged_is_refused("crowded.mp4", "the file has more than 1000 frames, or more than 32 MB, in one second");

    media_write_wav("rate.wav", &(struct media_wav){48000, 2, 1});
    forge("rate.wav", "fmt ", 8, rate);
    forged_is_refused("rate.wav", "the sound has 16777216 samples a second: 4000 to 384000 are supported");

    media_write_wav("channels.wav", &(struct media_wav){384000, 2, 1});
    forge("channels.wav", "fmt ", 4, channels);
    forged_is_refused("channels.wav", "the wav header is damaged");

    struct index_frame frames[] = {{.size = 1}, {.time = SECONDS(1), .size = 1 << 23}};
    struct index_track track = {.frames = frames, .count = 2};
    find_end(&track, true);
    check(track.end <= SECONDS(2), "a large last frame does not make a track without end");
}

enum harm { CUT, WRITTEN_OVER, REPLACED, DELETED };

static void plays_no_further(const char *name, enum harm harm, const char *expected)
{
    char path[512], other[512];

    write_film(name, (struct media_film){.no_sound = true});
    write_film("other.mp4", (struct media_film){.no_sound = true});
    struct asset *asset = open_asset(name);
    media_path(path, name);
    media_path(other, "other.mp4");
    switch (harm) {
    case CUT:
        require(truncate(path, 40000) == 0, path);
        break;
    case WRITTEN_OVER:
        write_film(name, (struct media_film){.no_sound = true, .seconds = 5});
        break;
    case REPLACED:
        require(rename(other, path) == 0, path);
        break;
    case DELETED:
        require(unlink(path) == 0, path);
    }
    struct window *window = window_open(asset, ASSET_VIDEO, as_opus, 0, 0);
    check(!wait_item(window, 0), "%s can be played no further", name);
    check_text(window_failure(window, 0), expected, "and why is said");
    window_close(window);
    asset_release(asset);
}

static void test_harm(void)
{
    plays_no_further("cut-short.mp4", CUT, "was changed while it played");
    plays_no_further("written-over.mp4", WRITTEN_OVER, "was changed while it played");
    plays_no_further("replaced.mp4", REPLACED, "was removed or replaced while it played");
    plays_no_further("deleted.mp4", DELETED, "was removed or replaced while it played");
}

/* As an encoder makes them that begins groups of pictures with a recovery point. */
static void test_false_key_frames(void)
{
    write_film("recovery.mp4", (struct media_film){.pictures_per_key_frame = 50, .pictures_per_sync = 25});
    struct asset *asset = open_asset("recovery.mp4");
    check(asset_index(asset)->video.frames[75].sync, "what the container calls a key frame");
    check_int((long long)asset_key_frame(asset, 80), 50, "is none to begin at when it is not an IDR picture");
    asset_release(asset);
}

static void test_abandoned(void)
{
    struct asset *asset = open_asset("sound.wav");
    struct window *window;

    for (int i = 0; i < 50; i++) {
        window = window_open(asset, ASSET_AUDIO, as_opus, 0, 0);
        window_close(window);
    }
    window = window_open(asset, ASSET_AUDIO, as_opus, 0, 0);
    check(wait_item(window, AUDIO_STRETCH - 1) != NULL, "what was given up half made is made again");
    window_close(window);
    asset_release(asset);
}

/* Sound */

static double level(const struct decoded *decoded, double from, double to)
{
    double sum = 0;

    for (size_t i = (size_t)(from * AUDIO_RATE); i < (size_t)(to * AUDIO_RATE); i++)
        sum += decoded->samples[i] * decoded->samples[i];
    return sqrt(sum / ((to - from) * AUDIO_RATE));
}

static void test_sound_of(const char *name)
{
    struct decoded decoded = decode_sound(name, 0, 600);
    double worst = 0;

    for (int second = 0; second < 12; second++) {
        double found = onset(&decoded, second);
        if (fabs(found) > fabs(worst))
            worst = found;
    }
    check(fabs(worst) < 1.5, "%s: every tone begins within 1.5 ms of its time", name);
    printf("# the worst by %.2f ms\n", worst);
    check(level(&decoded, 2.02, 2.08) > 0.2, "it is loud");
    check(level(&decoded, 9.5, 9.9) < 0.001, "and between the tones it is silent");
    check(fabs(level(&decoded, 10.02, 10.08) - level(&decoded, 9.02, 9.08)) < 0.02,
          "where two stretches meet nothing is heard");
    free(decoded.samples);
}

struct packets {
    uint8_t data[AUDIO_STRETCH][AUDIO_PACKET_MAX];
    size_t size[AUDIO_STRETCH], count;
};

static bool collect(void *context, const uint8_t *packet, size_t size)
{
    struct packets *packets = context;

    memcpy(packets->data[packets->count], packet, size);
    packets->size[packets->count++] = size;
    return true;
}

static bool make_stretch(const struct asset *asset, enum audio_codec codec, size_t first, size_t turn,
                         struct packets *packets)
{
    struct transcoder *transcoder = audio_begin(asset->fd, &asset->index->sounds[0], codec, first, 100);
    enum audio_progress progress = AUDIO_MORE;

    require(transcoder != NULL, "no transcoder");
    while (progress == AUDIO_MORE)
        progress = audio_make(transcoder, turn, collect, packets);
    audio_end(transcoder);
    return progress == AUDIO_DONE && packets->count == 100;
}

static void test_stretches(void)
{
    static struct packets before, one, other;
    struct asset *asset = open_asset("sound.wav");

    for (int codec = 0; codec < AUDIO_CODECS; codec++) {
        memset(&before, 0, sizeof before);
        memset(&one, 0, sizeof one);
        memset(&other, 0, sizeof other);
        check(make_stretch(asset, codec, 0, 100, &before) && make_stretch(asset, codec, AUDIO_STRETCH, 100, &one) &&
                  make_stretch(asset, codec, AUDIO_STRETCH, 7, &other) && memcmp(&one, &other, sizeof one) == 0,
              "a stretch is the same whatever was made before it, and in how many turns");
    }
    asset_release(asset);
}

/* Of every sample there is, by FFmpeg's decoder. A step is a sixteenth of the level, which PCMU counts from
 * -132. */
static void test_g711(void)
{
    const enum AVCodecID ids[] = {AV_CODEC_ID_PCM_ALAW, AV_CODEC_ID_PCM_MULAW};
    uint8_t (*const encoders[])(int) = {to_pcma, to_pcmu};

    for (int law = 0; law < 2; law++) {
        const AVCodec *codec = avcodec_find_decoder(ids[law]);
        AVCodecContext *decoder = avcodec_alloc_context3(codec);
        AVPacket *packet = av_packet_alloc();
        AVFrame *frame = av_frame_alloc();
        int worst = 0;
        require(decoder && packet && frame && av_new_packet(packet, 65536) == 0, "no decoder");
        av_channel_layout_default(&decoder->ch_layout, 1);
        decoder->sample_rate = 8000;
        for (int i = 0; i < 65536; i++)
            packet->data[i] = encoders[law](i - 32768);
        require(avcodec_open2(decoder, codec, NULL) == 0 && avcodec_send_packet(decoder, packet) == 0 &&
                    avcodec_receive_frame(decoder, frame) == 0,
                "G.711 cannot be decoded");
        for (int i = 0; i < 65536; i++) {
            int sample = i - 32768, error = abs(sample - ((const int16_t *)frame->data[0])[i]);
            int step = (abs(sample) + 132) / 16 > 16 ? (abs(sample) + 132) / 16 : 16;
            if (error * 100 / step > worst)
                worst = error * 100 / step;
        }
        check(worst <= 60, "%s is off by at most about half a step", law == 0 ? "PCMA" : "PCMU");
        printf("# %d %%\n", worst);
        avcodec_free_context(&decoder);
        av_packet_free(&packet);
        av_frame_free(&frame);
    }
}

/* The bytes of all packets of the first stretch of sound.wav. */
static struct packets play_stretch(const char *cache, uint64_t bytes)
{
    struct packets packets = {.count = 0};
    struct library *own = library_open(media_folder(), 1, 1), *shared = library;

    require(own && (!cache || library_use_cache(own, cache, bytes)), "no library with a cache");
    library = own;
    struct asset *asset = open_asset("sound.wav");
    struct window *window = window_open(asset, ASSET_AUDIO, as_opus, 0, 0);
    for (size_t i = 0; i < AUDIO_STRETCH; i++) {
        const struct asset_item *item = wait_item(window, i);
        require(item != NULL, "a packet is missing");
        collect(&packets, item->data, item->size);
    }
    window_close(window);
    asset_release(asset);
    library_close(own);
    library = shared;
    return packets;
}

struct cached {
    unsigned files;
    char first[600]; /* path of the first stretch: a second one is there if it was made in time */
    off_t bytes;     /* of that */
};

static struct cached look_into(const char *folder)
{
    struct cached cached = {0};
    DIR *directory = opendir(folder);
    struct dirent *entry;
    struct stat status;

    require(directory != NULL, folder);
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.') {
            cached.files++;
            if (strcmp(strrchr(entry->d_name, '-'), "-0") != 0)
                continue;
            snprintf(cached.first, sizeof cached.first, "%s/%s", folder, entry->d_name);
            require(stat(cached.first, &status) == 0, cached.first);
            cached.bytes = status.st_size;
        }
    closedir(directory);
    return cached;
}

static void test_cache(void)
{
    static struct packets made, first, again;
    char folder[] = "/tmp/play-cache-XXXXXX";
    require(mkdtemp(folder) != NULL, folder);

    made = play_stretch(NULL, 0);
    first = play_stretch(folder, 1 << 20);
    struct cached cached = look_into(folder);
    check(cached.files > 0, "sound that was made is kept");
    again = play_stretch(folder, 1 << 20);
    check(memcmp(&made, &first, sizeof made) == 0 && memcmp(&made, &again, sizeof made) == 0,
          "and is the same from the cache as without one");
    for (int part = 0; part < 2; part++) {
        cached = look_into(folder);
        require(truncate(cached.first, part == 0 ? cached.bytes / 3 : 0) == 0, cached.first);
        again = play_stretch(folder, 1 << 20);
        check(memcmp(&made, &again, sizeof made) == 0, "what is damaged in the cache is made anew");
    }
    play_stretch(folder, 1);
    check_int(look_into(folder).files, 0, "a cache without room keeps nothing, and the sound plays");
    check(!library_use_cache(library, "/nonexistent", 1 << 20), "a folder that is not there is no cache");
    /* As on a disk that becomes full while it is written. */
    struct rlimit before, full;
    require(getrlimit(RLIMIT_FSIZE, &before) == 0, "a limit");
    full = (struct rlimit){.rlim_cur = 1000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    require(setrlimit(RLIMIT_FSIZE, &full) == 0, "a limit");
    again = play_stretch(folder, 1 << 20);
    require(setrlimit(RLIMIT_FSIZE, &before) == 0, "a limit");
    check(memcmp(&made, &again, sizeof made) == 0, "on a full disk the sound plays");
    check(rmdir(folder) == 0, "and nothing is left of what was not written whole");
}

/* Whoever would be one too many is refused, and told why. */
static void test_limits(void)
{
    struct asset *asset, *second, *other = NULL;
    struct reason reason = {""};

    settle();
    library_limit(library, 1, 0);
    asset = open_asset("film.mp4");
    check(asset_open(library, "other.mp4", &other, &reason) == PATH_FULL, "no more files are opened than may be");
    check_text(reason.text, "1 files are being played, which is as many as may: try again later", "with the reason");
    second = open_asset("film.mp4");
    check(second == asset, "but one that is open is shared");
    library_limit(library, 0, 1);
    check(asset_open(library, "other.mp4", &other, &reason) == PATH_FULL, "nor when they take as much memory as may be");
    check_text(reason.text, "what is being played takes 0 MiB of memory, which is as much as may: try again later",
               "with the reason");
    asset_release(second);
    asset_release(asset);
    settle();
    check(asset_open(library, "other.mp4", &other, &reason) == PATH_OPENED, "until they are closed");
    asset_release(other);
    library_limit(library, 0, 0);
}

static void leave(struct asset *asset)
{
    asset_release(asset);
    settle();
}

/* An index is kept for whoever comes back to the file. */
static void test_resting(void)
{
    char path[512], other[512];
    struct asset *first, *second;
    struct reason reason = {""};

    settle();
    forget_resting(library);
    uint64_t bytes = atomic_load(&library->bytes);
    write_film("again.mp4", film);
    first = open_asset("again.mp4");
    leave(first);
    check_int((long long)atomic_load(&library->assets_open), 0, "a file without viewers is not held open");
    second = open_asset("again.mp4");
    check(second == first && !library->resting, "but its index is kept for who opens it again");
    struct window *window = window_open(second, ASSET_VIDEO, as_opus, 0, 0);
    check(wait_item(window, 0) != NULL, "who sees its pictures");
    window_close(window);
    leave(second);

    write_film("longer.mp4", (struct media_film){.seconds = 6});
    media_path(path, "again.mp4");
    media_path(other, "longer.mp4");
    require(rename(other, path) == 0, "a file is replaced");
    first = open_asset("again.mp4");
    check(first != second && asset_count(first, ASSET_VIDEO) == 150, "unless the file is another one by now");
    second = open_asset("again.mp4");
    check(first == second, "those who come at the same time share it");
    asset_release(first);
    leave(second);

    library_limit(library, 0, bytes + 1);
    check(asset_open(library, "film.mp4", &first, &reason) == PATH_OPENED && !library->resting,
          "it makes room for what is played when memory is short");
    leave(first);
    library_limit(library, 0, 0);
    forget_resting(library);
    check(atomic_load(&library->bytes) == bytes, "and then leaves nothing");

    write_film("again.mp4", (struct media_film){.seconds = 3600});
    media_path(path, "again.mp4");
    for (int i = 0; i < 20; i++) {
        struct timespec times[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};
        require(utimensat(AT_FDCWD, path, times, 0) == 0, "a file is changed");
        leave(open_asset("again.mp4"));
    }
    check(atomic_load(&library->bytes) - bytes <= RESTING_BYTES_MAX && library->resting->next,
          "of many some are kept, those who had viewers last");
    check_int((long long)library->resting->identity.modified.tv_sec, 1019, "the newest of them");
}

/* Opus is sent as it lies in the file, and made into what else is accepted. */
static void test_ready_made(void)
{
    struct window *window = NULL;
    bool same = true;

    write_film("opus.mp4", (struct media_film){.seconds = 12, .opus = true});
    struct asset *asset = open_asset("opus.mp4");
    check_int((long long)asset_count(asset, ASSET_AUDIO), 600, "a film with Opus has its packets");
    for (size_t i = 0; i < 600; i++) {
        if (i % AUDIO_STRETCH == 0)
            window = window_open(asset, ASSET_AUDIO, as_opus, i, i);
        const struct asset_item *item = wait_item(window, i);
        same = same && item && item->size == 3 && item->data[1] == i >> 8 && item->data[2] == (i & 0xff);
        if (i % AUDIO_STRETCH == AUDIO_STRETCH - 1 || i == 599)
            window_close(window);
    }
    check(same, "which are read as they are");
    window = window_open(asset, ASSET_AUDIO, ((struct asset_sound){0, AUDIO_PCMU}), 0, 0);
    const struct asset_item *item = wait_item(window, 0);
    check(item && item->size == 160, "and made into G.711 for who does not accept it");
    window_close(window);
    asset_release(asset);
}

/* Packets that lie on two pages are put together. */
static void test_ogg(void)
{
    bool same = true;
    unsigned number = 0;

    media_write_ogg("opus.ogg", 9);
    struct asset *asset = open_asset("opus.ogg");
    check_int((long long)asset_count(asset, ASSET_AUDIO), 450, "Ogg with Opus has its packets");
    check_int(asset_index(asset)->duration, SECONDS(9), "and its duration");
    check_int((long long)asset_index(asset)->sounds[0].track.gap_count, 2, "of which some lie on two pages");
    struct window *window = window_open(asset, ASSET_AUDIO, as_opus, 0, 0);
    for (size_t i = 0; i < 450; i++) {
        const struct asset_item *item = wait_item(window, i);
        same = same && item && item->size == MEDIA_OGG_PACKET_SIZE && item->data[0] == 0xfc;
        for (size_t k = 1; same && k < MEDIA_OGG_PACKET_SIZE; k++)
            same = item->data[k] == (uint8_t)i;
        number += same;
    }
    check_int(number, 450, "all of which are read as they are");
    window_close(window);
    asset_release(asset);

    char once[512], twice[512], command[2048];
    media_path(once, "opus.ogg");
    media_path(twice, "chain.ogg");
    snprintf(command, sizeof command, "cat %s %s > %s", once, once, twice);
    require(system(command) == 0, "a chain of two");
    struct reason reason = {""};
    check(asset_open(library, "chain.ogg", &asset, &reason) == PATH_REFUSED, "one after another in one file is refused");
    check_text(reason.text, "the Ogg file is a chain of several sounds: make it one (ffmpeg -i IN -codec:a libopus OUT)",
               "with its reason");
}

static void test_sound(void)
{
    media_write_wav("sound-8k.wav", &(struct media_wav){8000, 1, 12.5});
    media_write_wav("sound-44k.wav", &(struct media_wav){44100, 2, 12.5});
    write_film("film-12s.mp4", (struct media_film){.seconds = 12.5});
    test_sound_of("sound.wav");
    test_sound_of("sound-8k.wav");
    test_sound_of("sound-44k.wav");
    test_sound_of("film-12s.mp4");
    test_stretches();
    test_ready_made();
    test_ogg();
    test_g711();
    test_cache();
}

int main(void)
{
    library = library_open(media_folder(), 2, 2);
    require(library != NULL, "no library");
    write_film("film.mp4", film);
    media_write_wav("sound.wav", &(struct media_wav){48000, 2, 12.5});
    test_index();
    test_sharing();
    test_pictures();
    test_limits_of_window();
    test_refusals();
    test_fragments();
    test_stretches_of_film();
    test_large();
    test_damaged();
    test_hostile();
    test_harm();
    test_false_key_frames();
    test_abandoned();
    write_film("other.mp4", (struct media_film){.no_sound = true});
    test_limits();
    test_resting();
    test_sound();
    library_close(library);
    return tap_end();
}
