/* SPDX-License-Identifier: GPL-3.0-only */
/* Files as they come, made by FFmpeg: all pictures are found at their times, and the sound is heard at its own.
 * They are in the folder that FORMATS names; without it, those alone are tested that lie beside the tests. */
#include "../src/asset.c"
#include "../src/audio.c"
#include "../src/cache.c"
#include "../src/h264.c"
#include "../src/index.c"
#include "../src/metrics.c"
#include "../src/ogg.c"
#include "../src/path.c"
#include "../src/seek.c"
#include "../src/window.c"
#include "../src/workers.c"

#include <sys/resource.h>

#include "support/listen.h"

#define ALL 113 /* pictures of 4.5 s */

static const struct sample {
    const char *name;
    size_t pictures;
    int end;      /* of picture and sound, in milliseconds */
    int tones;    /* in the sound: one at the beginning of each second */
    double later; /* by how much they are heard later than that, in milliseconds */
    bool ready_made;
} samples[] = {
    {"base.mp4", ALL, 4520, 5, 0, false},
    {"main.mp4", ALL, 4520, 5, 0, false},
    {"high.mov", ALL, 4520, 5, 0, false},
    {"variable-rate.mp4", 49, 4520, 0, 0, false},
    /* FFmpeg does not tell in them that the encoder began early. */
    {"fragments.mp4", ALL, 4541, 5, 1024 / 48., false},
    {"dash.mp4", ALL, 4541, 5, 1024 / 48., false},
    {"late-sound.mp4", ALL, 5201, 5, 700, false},
    {"late-picture.mp4", ALL, 5220, 5, 0, false},
    {"cut.mp4", ALL, 3201, 3, 700, false},
    {"opus.mp4", ALL, 4520, 5, 0, true},
    {"pcm.mov", ALL, 4520, 5, 0, false},
    {"mp3.mp4", ALL, 4520, 5, 0, false},
    {"flac.mp4", ALL, 4520, 5, 0, false},
    {"languages.mp4", ALL, 4520, 5, 0, false},
    {"opus-beside.mp4", ALL, 4520, 5, 0, true},
    {"aac-8000.m4a", 0, 4608, 5, 0, false},
    {"aac-11025.m4a", 0, 4551, 5, 0, false},
    {"aac-16000.m4a", 0, 4544, 5, 0, false},
    {"aac-24000.m4a", 0, 4523, 5, 0, false},
    {"aac-32000.m4a", 0, 4512, 5, 0, false},
    {"aac-64000.m4a", 0, 4512, 5, 0, false},
    {"aac-88200.m4a", 0, 4505, 5, 0, false},
    {"aac-96000.m4a", 0, 4501, 5, 0, false},
    {"aac-5.1.m4a", 0, 4501, 5, 0, false},
    {"pcm-24.wav", 0, 4500, 5, 0, false},
    {"pcm-float.wav", 0, 4500, 5, 0, false},
    {"sound.mp3", 0, 4500, 5, 0, false},
    /* Without a header that tells what the encoder put before the sound. */
    {"bare.mp3", 0, 4545, 5, 1105 / 44.1, false},
    {"opus.ogg", 0, 4500, 5, 0, true},
    {"opus-60.ogg", 0, 4500, 5, 0, false},
    {"opus-2.5.ogg", 0, 4500, 5, 0, false},
    {"opus-5.1.ogg", 0, 4500, 5, 0, false},
    {"sound.flac", 0, 4545, 5, 0, false},
    {"flac-24.flac", 0, 4523, 5, 0, false},
};

/* Made by another encoder (fdk-aac), which tells neither that it began early. */
static const struct sample beside[] = {
    {"he-aac.m4a", 0, 1440, 2, 5058 / 44.1, false},
    {"he-aac-v2.m4a", 0, 1451, 2, 7106 / 48., false},
};

/* Pictures have to be decodable from the first on: each carries what it should. */
static void check_pictures(struct asset *asset, const struct sample *sample)
{
    size_t keys = 0;
    bool whole = true;

    struct window *window = window_open(asset, ASSET_VIDEO, as_opus, 0, 0);
    for (size_t i = 0; whole && i < sample->pictures; i++) {
        window_move(window, i, i);
        const struct asset_item *item = wait_item(window, i);
        whole = item && item->size > 0 && (i > 0 || item->idr);
        keys += whole && item->idr;
    }
    window_close(window);
    check(whole && keys > 0, "%s: all pictures can be read, the first can be begun with", sample->name);
}

static void check_tones(const struct sample *sample, size_t packets)
{
    struct decoded decoded = decode_sound(sample->name, 0, packets);
    double tolerance = sample->ready_made ? 7 : 2, worst = 0;

    /* Before the first one an encoder may make a sound of its own. */
    for (int second = 1; second < sample->tones; second++) {
        double off = onset(&decoded, second + sample->later / 1000);
        worst = fabs(off) > fabs(worst) ? off : worst;
    }
    check(fabs(worst) < tolerance, "%s: every tone is heard in its time", sample->name);
    printf("# the worst by %.2f ms\n", worst);
    free(decoded.samples);
}

static void test_sample(const struct sample *sample)
{
    struct asset *asset = open_asset(sample->name);
    size_t packets = asset_count(asset, ASSET_AUDIO);
    double end = (double)index_end(asset_index(asset)) / MILLISECONDS(1);

    check_int((long long)asset_count(asset, ASSET_VIDEO), (long long)sample->pictures, sample->name);
    check(fabs(end - sample->end) < 60, "%s: it ends when it should", sample->name);
    printf("# at %.1f ms\n", end);
    if (sample->pictures > 0)
        check_pictures(asset, sample);
    check((packets > 0 && asset->sounds && asset->sounds[0][AUDIO_OPUS].frames) == sample->ready_made,
          "%s: its sound is %s", sample->name, sample->ready_made ? "sent as it is" : "made");
    asset_release(asset);
    if (sample->tones > 0)
        check_tones(sample, packets);
}

static void refused(const char *name, const char *expected)
{
    struct asset *asset;
    struct reason reason = {""};

    check(asset_open(library, name, &asset, &reason) == PATH_REFUSED, "%s is refused", name);
    check_text(reason.text, expected, "with its reason");
}

static double loudest(const struct decoded *decoded)
{
    double loudest = 0;

    for (size_t i = 0; i < decoded->count; i++)
        loudest = fmax(loudest, fabs(decoded->samples[i]));
    return loudest;
}

/* Of languages.mp4 the German sound is silent. */
static void test_languages(void)
{
    struct asset *asset = open_asset("languages.mp4");
    const struct media_index *index = asset_index(asset);
    unsigned number = 9;
    struct reason reason;

    check(index_choose_sound(index, &(struct index_choice){-1, "deu"}, &number, &reason) && number == 1,
          "a sound is found by its language");
    check(index_choose_sound(index, &(struct index_choice){.number = 1}, &number, &reason) && number == 1, "and by its number");
    struct decoded english = decode_sound("languages.mp4", 0, 200), german = decode_sound("languages.mp4", 1, 200);
    check(loudest(&english) > 0.3 && loudest(&german) < 0.01, "and is the one that is heard");
    free(english.samples);
    free(german.samples);
    check(!index_choose_sound(index, &(struct index_choice){-1, "fra"}, &number, &reason), "another is not found");
    check_text(reason.text, "the file has no such sound that can be played; it has 2: eng, deu", "with its reason");
    asset_release(asset);

    asset = open_asset("opus-beside.mp4");
    struct index_sounds sounds;
    index_list_sounds(asset_index(asset), &sounds);
    check_int(sounds.count, 1, "Opus beside another sound is not told of as one");
    asset_release(asset);
}

/* Milliseconds of processor that all threads have used. */
static double used(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Far into a film that was never opened before. What it costs does not depend on how busy the machine is. */
static void test_long(void)
{
    double before = used();
    int64_t begun = clock_now();
    struct asset *asset = open_asset("long.mp4");
    double opened = used();
    struct seek_point point;

    seek_find(asset, SECONDS(6600), false, &point);
    check(point.position > SECONDS(6590) && point.position <= SECONDS(6600), "long.mp4: 1:50:00 is found");
    struct window *window = window_open(asset, ASSET_AUDIO, as_opus, point.sound, point.sound);
    check(wait_item(window, point.sound) != NULL, "and the sound there");
    int64_t taken = clock_now() - begun;
    double cost = used() - before;
    check(cost < 300, "in less than 300 ms of processor");
    printf("# opened for %.0f ms of processor, sound after %.0f ms of it and %.0f ms of time\n", opened - before, cost,
           (double)taken / MILLISECONDS(1));
    window_close(window);
    asset_release(asset);
}

static void use_folder(const char *folder)
{
    library = library_open(folder, 2, 2);
    require(library != NULL, "no library");
}

int main(void)
{
    const char *folder = getenv("FORMATS");

    use_folder(FIXTURES);
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
        test_sample(&beside[i]);
    library_close(library);
    if (!folder)
        return tap_end();
    use_folder(folder);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        test_sample(&samples[i]);
    test_languages();
    test_long();
    refused("vorbis.ogg", "the audio codec vorbis is not supported: AAC, MP3, Opus, FLAC and PCM are");
    refused("flac.ogg", "the audio codec flac in Ogg is not supported: AAC, MP3, Opus, FLAC and PCM are");
    library_close(library);
    return tap_end();
}
