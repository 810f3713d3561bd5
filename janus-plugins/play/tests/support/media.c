/* SPDX-License-Identifier: GPL-3.0-only */
#include "media.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILM_RATE 48000
#define FILM_CHANNELS 2

static char folder[256];

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void media_make_folder(const char *name)
{
    char path[512];

    media_path(path, name);
    if (mkdir(path, 0755) < 0)
        abort();
}

const char *media_folder(void)
{
    const char *temporary = getenv("TMPDIR");

    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%.40s/play-test-XXXXXX", temporary ? temporary : "/tmp");
        if (!mkdtemp(folder))
            abort();
        atexit(remove_folder);
    }
    return folder;
}

void media_use_folder(const char *path)
{
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
        abort();
}

void media_path(char path[512], const char *name)
{
    snprintf(path, 512, "%s/%.250s", media_folder(), name);
}

/* Bytes that grow; boxes whose size is written when they are closed. */

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

static void put(struct bytes *bytes, const void *data, size_t size)
{
    while (bytes->size + size > bytes->capacity) {
        bytes->capacity = bytes->capacity ? 2 * bytes->capacity : 4096;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data)
            abort();
    }
    if (data)
        memcpy(bytes->data + bytes->size, data, size);
    else
        memset(bytes->data + bytes->size, 0, size);
    bytes->size += size;
}

static void put8(struct bytes *bytes, unsigned value)
{
    uint8_t byte = (uint8_t)value;

    put(bytes, &byte, 1);
}

static void put16(struct bytes *bytes, unsigned value)
{
    put8(bytes, value >> 8);
    put8(bytes, value);
}

static void put32(struct bytes *bytes, uint32_t value)
{
    put16(bytes, value >> 16);
    put16(bytes, value & 0xffff);
}

static void put64(struct bytes *bytes, uint64_t value)
{
    put32(bytes, (uint32_t)(value >> 32));
    put32(bytes, (uint32_t)value);
}

static void put32_little(struct bytes *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        put8(bytes, value >> (8 * i));
}

static size_t open_box(struct bytes *bytes, const char *type)
{
    put32(bytes, 0);
    put(bytes, type, 4);
    return bytes->size - 8;
}

static void close_box(struct bytes *bytes, size_t box)
{
    uint32_t size = (uint32_t)(bytes->size - box);

    for (int i = 0; i < 4; i++)
        bytes->data[box + (size_t)i] = (uint8_t)(size >> (24 - 8 * i));
}

static void save(const char *name, const struct bytes *bytes, size_t cut)
{
    char path[512];
    FILE *file;

    media_path(path, name);
    file = fopen(path, "wb");
    if (!file || fwrite(bytes->data, 1, bytes->size - cut, file) != bytes->size - cut || fclose(file) != 0)
        abort();
}

/* Nothing is between the first `head` bytes and the others for `hole` bytes. */
static void save_with_hole(const char *name, const struct bytes *bytes, size_t head, uint64_t hole)
{
    char path[512];
    FILE *file;

    media_path(path, name);
    file = fopen(path, "wb");
    if (!file || fwrite(bytes->data, 1, head, file) != head || fseeko(file, (off_t)hole, SEEK_CUR) < 0 ||
        fwrite(bytes->data + head, 1, bytes->size - head, file) != bytes->size - head || fclose(file) != 0)
        abort();
}

/* Sound */

void media_sample_tone(int16_t *samples, size_t count, int rate, int channels, double begin)
{
    for (size_t i = 0; i < count; i++) {
        double time = begin + (double)i / rate;
        double value = fmod(time, 1) < 0.1 ? 16000 * sin(2 * M_PI * 1000 * time) : 0;
        for (int channel = 0; channel < channels; channel++)
            *samples++ = (int16_t)value;
    }
}

static void put_tone(struct bytes *bytes, int rate, int channels, double seconds)
{
    size_t count = (size_t)(rate * seconds);
    int16_t *samples = malloc(count * (size_t)channels * sizeof *samples);

    if (!samples)
        abort();
    media_sample_tone(samples, count, rate, channels, 0);
    put(bytes, samples, count * (size_t)channels * sizeof *samples);
    free(samples);
}

void media_write_wav(const char *name, const struct media_wav *wav)
{
    uint32_t block = 2 * (uint32_t)wav->channels, rate = (uint32_t)wav->rate;
    uint32_t size = (uint32_t)(wav->rate * wav->seconds) * block;
    struct bytes bytes = {0};

    put(&bytes, "RIFF", 4);
    put32_little(&bytes, 36 + size);
    put(&bytes, "WAVEfmt ", 8);
    put32_little(&bytes, 16);
    put32_little(&bytes, 1 | (uint32_t)wav->channels << 16);
    put32_little(&bytes, rate);
    put32_little(&bytes, rate * block);
    put32_little(&bytes, block | 16 << 16);
    put(&bytes, "data", 4);
    put32_little(&bytes, size);
    put_tone(&bytes, wav->rate, wav->channels, wav->seconds);
    save(name, &bytes, 0);
    free(bytes.data);
}

/* Ogg */

#define OGG_SEGMENTS_MAX 255

struct ogg {
    struct bytes bytes, payload;
    uint8_t lengths[OGG_SEGMENTS_MAX];
    unsigned segments, pages;
    bool continues; /* the page begins within a packet */
    uint64_t samples;
};

static void put64_little(struct bytes *bytes, uint64_t value)
{
    put32_little(bytes, (uint32_t)value);
    put32_little(bytes, (uint32_t)(value >> 32));
}

static void put_page(struct ogg *ogg, unsigned flags, uint32_t serial, const uint8_t *lengths, unsigned segments)
{
    put(&ogg->bytes, "OggS", 5);
    put8(&ogg->bytes, flags);
    put64_little(&ogg->bytes, ogg->samples);
    put32_little(&ogg->bytes, serial);
    put32_little(&ogg->bytes, ogg->pages++);
    put32_little(&ogg->bytes, 0); /* no checksum */
    put8(&ogg->bytes, segments);
    put(&ogg->bytes, lengths, segments);
}

static void flush_page(struct ogg *ogg, unsigned flags)
{
    static const uint8_t other[] = {4};

    put_page(ogg, flags | ogg->continues, 1, ogg->lengths, ogg->segments);
    put(&ogg->bytes, ogg->payload.data, ogg->payload.size);
    ogg->continues = ogg->segments == OGG_SEGMENTS_MAX && ogg->lengths[OGG_SEGMENTS_MAX - 1] == 255;
    ogg->payload.size = 0;
    ogg->segments = 0;
    put_page(ogg, 0, 2, other, 1);
    put(&ogg->bytes, "page", 4);
}

static void put_ogg_packet(struct ogg *ogg, const uint8_t *data, size_t size)
{
    for (bool more = true; more; size -= size < 255 ? size : 255) {
        size_t part = size < 255 ? size : 255;
        more = part == 255;
        put(&ogg->payload, data, part);
        data += part;
        ogg->lengths[ogg->segments++] = (uint8_t)part;
        if (ogg->segments == OGG_SEGMENTS_MAX)
            flush_page(ogg, 0);
    }
}

void media_write_ogg(const char *name, double seconds)
{
    static const uint8_t header[] = "OpusHead\1\2\0\0\x80\xbb\0\0\0\0\0";
    uint8_t packet[MEDIA_OGG_PACKET_SIZE] = {0xfc}; /* 20 ms, stereo */
    struct ogg ogg = {.samples = 0};

    put_ogg_packet(&ogg, header, sizeof header - 1);
    flush_page(&ogg, 2);
    put_ogg_packet(&ogg, (const uint8_t *)"OpusTags\0\0\0\0\0\0\0\0", 16);
    flush_page(&ogg, 0);
    for (unsigned i = 0; i < (unsigned)(seconds * 50 + 0.5); i++) {
        memset(packet + 1, (int)i & 0xff, sizeof packet - 1);
        put_ogg_packet(&ogg, packet, sizeof packet);
        ogg.samples += 960;
    }
    flush_page(&ogg, 4);
    save(name, &ogg.bytes, 0);
    free(ogg.bytes.data);
    free(ogg.payload.data);
}

/* Films */

#define OPUS_PACKET_SIZE 3
#define OPUS_PACKET_SAMPLES 960

static uint32_t sound_sample_size(const struct media_film *film)
{
    return film->opus ? OPUS_PACKET_SIZE : 2 * FILM_CHANNELS;
}

static uint32_t sound_sample_time(const struct media_film *film)
{
    return film->opus ? OPUS_PACKET_SAMPLES : 1;
}

static void put_sound(struct bytes *bytes, const struct media_film *film)
{
    if (!film->opus) {
        put_tone(bytes, FILM_RATE, FILM_CHANNELS, film->seconds);
        return;
    }
    for (unsigned i = 0; i < (unsigned)(film->seconds * FILM_RATE) / OPUS_PACKET_SAMPLES; i++) {
        put8(bytes, 0xfc); /* 20 ms, stereo */
        put16(bytes, i);
    }
}

static size_t picture_count(const struct media_film *film)
{
    return film->no_video ? 0 : (size_t)(film->seconds * MEDIA_FRAME_RATE);
}

static bool is_key_frame(const struct media_film *film, size_t picture)
{
    return picture % film->pictures_per_key_frame == 0;
}

static size_t slice_size(const struct media_film *film, size_t picture)
{
    return is_key_frame(film, picture) ? film->key_frame_size : film->picture_size;
}

/* The slice's bytes tell the picture's number, so that a receiver can be checked. */
static void put_picture(struct bytes *bytes, const struct media_film *film, size_t picture)
{
    size_t size = slice_size(film, picture);

    put32(bytes, (uint32_t)size);
    put8(bytes, is_key_frame(film, picture) ? 0x65 : 0x41);
    for (size_t i = 1; i < size; i++)
        put8(bytes, (unsigned)(picture + i));
}

static void put_avcc(struct bytes *bytes, const struct media_film *film, bool other)
{
    static const uint8_t sps[] = {0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x47, 0xfe, 0xc8};
    const uint8_t pps[] = {0x68, 0xce, 0x3c, other ? 0x81 : 0x80};
    size_t box = open_box(bytes, "avcC");

    put8(bytes, 1);
    put8(bytes, film->profile ? film->profile : 66);
    put8(bytes, film->profile ? 0 : 0xc0);
    put8(bytes, 30);
    put8(bytes, 0xff);
    put8(bytes, 0xe1);
    put16(bytes, sizeof sps);
    put(bytes, sps, sizeof sps);
    put8(bytes, 1);
    put16(bytes, sizeof pps);
    put(bytes, pps, sizeof pps);
    close_box(bytes, box);
}

static void put_video_description(struct bytes *bytes, const struct media_film *film, bool other)
{
    size_t entry = open_box(bytes, film->codec ? film->codec : "avc1");

    put(bytes, NULL, 6);
    put16(bytes, 1);
    put(bytes, NULL, 16);
    put16(bytes, 320);
    put16(bytes, 240);
    put32(bytes, 72 << 16);
    put32(bytes, 72 << 16);
    put32(bytes, 0);
    put16(bytes, 1);
    put(bytes, NULL, 32);
    put16(bytes, 24);
    put16(bytes, 0xffff);
    if (!film->codec)
        put_avcc(bytes, film, other);
    close_box(bytes, entry);
}

static void put_audio_description(struct bytes *bytes, const struct media_film *film)
{
    size_t entry = open_box(bytes, film->opus ? "Opus" : "sowt");

    put(bytes, NULL, 6);
    put16(bytes, 1);
    put(bytes, NULL, 8);
    put16(bytes, FILM_CHANNELS);
    put16(bytes, 16);
    put32(bytes, 0);
    put32(bytes, (uint32_t)FILM_RATE << 16);
    if (film->opus) {
        size_t box = open_box(bytes, "dOps");
        put8(bytes, 0);
        put8(bytes, FILM_CHANNELS);
        put16(bytes, 0);
        put32(bytes, FILM_RATE);
        put16(bytes, 0);
        put8(bytes, 0);
        close_box(bytes, box);
    }
    close_box(bytes, entry);
}

static void put_pair_table(struct bytes *bytes, const char *type, uint32_t count, uint32_t first, uint32_t second)
{
    size_t box = open_box(bytes, type);

    put32(bytes, 0);
    put32(bytes, count);
    for (uint32_t i = 0; i < count; i++) {
        put32(bytes, first);
        put32(bytes, second);
    }
    close_box(bytes, box);
}

/* Every sample a chunk of its own for the video, one chunk for the sound. */
static void put_sample_table(struct bytes *bytes, const struct media_film *film, bool video, uint64_t offset)
{
    uint32_t pictures = (uint32_t)picture_count(film);
    uint32_t samples = (uint32_t)(film->seconds * FILM_RATE) / sound_sample_time(film);
    size_t box = open_box(bytes, "stbl");
    size_t inner = open_box(bytes, "stsd");

    bool changes = video && film->other_from > 0;
    put32(bytes, 0);
    put32(bytes, changes ? 2 : 1);
    if (video)
        put_video_description(bytes, film, false);
    if (changes)
        put_video_description(bytes, film, true);
    if (!video)
        put_audio_description(bytes, film);
    close_box(bytes, inner);
    put_pair_table(bytes, "stts", 1, video ? pictures : samples, video ? 1 : sound_sample_time(film));

    if (video && film->b_frames) {
        inner = open_box(bytes, "ctts");
        put32(bytes, 0);
        put32(bytes, pictures);
        for (uint32_t i = 0; i < pictures; i++) {
            put32(bytes, 1);
            put32(bytes, i % 3 == 0 ? 1 : i % 3 == 1 ? 2 : 0);
        }
        close_box(bytes, inner);
    }
    if (video) {
        inner = open_box(bytes, "stss");
        put32(bytes, 0);
        uint32_t apart = film->pictures_per_sync ? film->pictures_per_sync : film->pictures_per_key_frame;
        put32(bytes, (pictures + apart - 1) / apart);
        for (uint32_t i = 0; i < pictures; i += apart)
            put32(bytes, i + 1);
        close_box(bytes, inner);
    }
    inner = open_box(bytes, "stsc");
    put32(bytes, 0);
    put32(bytes, film->fragmented ? 0 : changes ? 2 : 1);
    for (uint32_t i = 0; !film->fragmented && i <= changes; i++) {
        put32(bytes, i == 0 ? 1 : film->other_from + 1);
        put32(bytes, video ? 1 : samples);
        put32(bytes, 1 + i);
    }
    close_box(bytes, inner);

    inner = open_box(bytes, "stsz");
    put32(bytes, 0);
    put32(bytes, video ? 0 : sound_sample_size(film));
    put32(bytes, video ? pictures : samples);
    for (uint32_t i = 0; video && i < pictures; i++)
        put32(bytes, (uint32_t)slice_size(film, i) + 4);
    close_box(bytes, inner);

    inner = open_box(bytes, film->hole > 0 ? "co64" : "stco");
    put32(bytes, 0);
    put32(bytes, video ? pictures : 1);
    for (uint32_t i = 0; i < (video ? pictures : 1); i++) {
        if (film->hole > 0)
            put64(bytes, offset);
        else
            put32(bytes, (uint32_t)offset);
        offset += slice_size(film, i) + 4;
    }
    close_box(bytes, inner);
    close_box(bytes, box);
}

/* Three letters, of five bits each. */
static unsigned pack_language(const char *language)
{
    unsigned packed = 0;

    for (int i = 0; i < 3; i++)
        packed = packed << 5 | ((unsigned)language[i] - 0x60);
    return packed;
}

enum film_track { PICTURES = 1, SOUND, SECOND_SOUND };

static void put_edits(struct bytes *bytes, uint32_t rate, unsigned count, const struct media_stretch *stretches)
{
    size_t edits = open_box(bytes, "edts");
    size_t box = open_box(bytes, "elst");

    put32(bytes, 0);
    put32(bytes, count);
    for (unsigned i = 0; i < count; i++) {
        put32(bytes, (stretches[i].until - stretches[i].from) * 1000 / MEDIA_FRAME_RATE);
        put32(bytes, stretches[i].from * (rate / MEDIA_FRAME_RATE));
        put32(bytes, 1 << 16);
    }
    close_box(bytes, box);
    close_box(bytes, edits);
}

static void put_track(struct bytes *bytes, const struct media_film *film, enum film_track number, uint64_t offset)
{
    bool video = number == PICTURES;
    const char *language = number == SOUND ? film->language : number == SECOND_SOUND ? film->second_language : NULL;

    static const uint32_t quarter_turn[9] = {0, 1u << 16, 0, 0xffff0000, 0, 0, 0, 0, 0};
    uint32_t rate = video ? MEDIA_FRAME_RATE : FILM_RATE;
    size_t track = open_box(bytes, "trak");
    size_t box = open_box(bytes, "tkhd");

    put32(bytes, 3);
    put(bytes, NULL, 8);
    put32(bytes, number);
    put32(bytes, 0);
    put32(bytes, (uint32_t)(film->seconds * 1000));
    put(bytes, NULL, 16);
    for (int i = 0; i < 9; i++)
        put32(bytes, i == 8 ? 1u << 30 : video && film->rotated ? quarter_turn[i] : i % 4 == 0 ? 1u << 16 : 0);
    put32(bytes, video ? 320 << 16 : 0);
    put32(bytes, video ? 240 << 16 : 0);
    close_box(bytes, box);

    if (video && film->cut_pictures > 0)
        put_edits(bytes, rate, 1, &(struct media_stretch){film->cut_pictures, (unsigned)(film->seconds * MEDIA_FRAME_RATE)});
    else if (film->stretches[0].until > 0)
        put_edits(bytes, rate, film->stretches[1].until > 0 ? 2 : 1, film->stretches);

    size_t media = open_box(bytes, "mdia");
    box = open_box(bytes, "mdhd");
    put(bytes, NULL, 12);
    put32(bytes, rate);
    put32(bytes, (uint32_t)(film->seconds * rate));
    put32(bytes, pack_language(language ? language : "und") << 16);
    close_box(bytes, box);
    box = open_box(bytes, "hdlr");
    put(bytes, NULL, 8);
    put(bytes, video ? "vide" : "soun", 4);
    put(bytes, NULL, 13);
    close_box(bytes, box);

    box = open_box(bytes, "minf");
    put_sample_table(bytes, film, video, offset);
    close_box(bytes, box);
    close_box(bytes, media);
    close_box(bytes, track);
}

static void put_moov(struct bytes *bytes, const struct media_film *film, uint64_t video, uint64_t audio)
{
    size_t moov = open_box(bytes, "moov");
    size_t box = open_box(bytes, "mvhd");

    put(bytes, NULL, 12);
    put32(bytes, 1000);
    put32(bytes, (uint32_t)(film->seconds * 1000));
    put32(bytes, 1 << 16);
    put(bytes, NULL, 12);
    for (int i = 0; i < 9; i++)
        put32(bytes, i == 8 ? 1u << 30 : i % 4 == 0 ? 1u << 16 : 0);
    put(bytes, NULL, 28);
    close_box(bytes, box);
    if (!film->no_video)
        put_track(bytes, film, PICTURES, video);
    if (!film->no_sound)
        put_track(bytes, film, SOUND, audio);
    if (film->second_language)
        put_track(bytes, film, SECOND_SOUND, audio);
    if (film->fragmented) {
        size_t extends = open_box(bytes, "mvex");
        box = open_box(bytes, "trex");
        put32(bytes, 0);
        put32(bytes, 1);
        put32(bytes, 1);
        put32(bytes, 1); /* every picture lasts one tick */
        put(bytes, NULL, 8);
        close_box(bytes, box);
        close_box(bytes, extends);
    }
    close_box(bytes, moov);
}

static void put_samples(struct bytes *bytes, const struct media_film *film)
{
    for (size_t i = 0; i < picture_count(film); i++)
        put_picture(bytes, film, i);
    if (!film->no_sound)
        put_sound(bytes, film);
}

static void write_large_film(const char *name, const struct media_film *film, struct bytes *bytes, uint64_t picture_bytes)
{
    size_t box = bytes->size, head = box + 16;

    put32(bytes, 1);
    put(bytes, "mdat", 4);
    put(bytes, NULL, 8);
    put_samples(bytes, film);
    uint64_t size = bytes->size - box + film->hole;
    for (int i = 0; i < 8; i++)
        bytes->data[box + 8 + (size_t)i] = (uint8_t)(size >> (56 - 8 * i));
    put_moov(bytes, film, head + film->hole, head + film->hole + picture_bytes);
    save_with_hole(name, bytes, head, film->hole);
}

void media_write_film(const char *name, const struct media_film *film)
{
    struct bytes bytes = {0}, moov = {0};
    size_t pictures = picture_count(film), picture_bytes = 0;
    size_t box = open_box(&bytes, "ftyp");

    put(&bytes, "isom\0\0\0\1isomavc1", 16);
    close_box(&bytes, box);

    /* The moov box comes before what it points to, so its size has to be known: made once to measure it. */
    for (size_t i = 0; i < pictures; i++)
        picture_bytes += slice_size(film, i) + 4;
    if (film->hole > 0) {
        write_large_film(name, film, &bytes, picture_bytes);
        free(bytes.data);
        return;
    }
    put_moov(&moov, film, 0, 0);
    uint32_t video = (uint32_t)(bytes.size + moov.size + 8);
    put_moov(&bytes, film, video, video + (uint32_t)picture_bytes);

    box = open_box(&bytes, "mdat");
    put_samples(&bytes, film);
    close_box(&bytes, box);
    save(name, &bytes, film->cut);
    free(bytes.data);
    free(moov.data);
}

static void put_fragment(struct bytes *bytes, const struct media_film *film, unsigned number)
{
    size_t first = number * MEDIA_FRAME_RATE;
    size_t moof = open_box(bytes, "moof");
    size_t box = open_box(bytes, "mfhd");

    put32(bytes, 0);
    put32(bytes, number + 1);
    close_box(bytes, box);
    size_t track = open_box(bytes, "traf");
    box = open_box(bytes, "tfhd");
    put32(bytes, 0x020000); /* offsets count from the moof box */
    put32(bytes, 1);
    close_box(bytes, box);
    box = open_box(bytes, "tfdt");
    put32(bytes, 0);
    put32(bytes, (uint32_t)first);
    close_box(bytes, box);
    box = open_box(bytes, "trun");
    put32(bytes, 0x000201); /* with the offset of the data and the sizes */
    put32(bytes, MEDIA_FRAME_RATE);
    put32(bytes, (uint32_t)(bytes->size + 4 * (1 + MEDIA_FRAME_RATE) + 8 - moof));
    for (size_t i = 0; i < MEDIA_FRAME_RATE; i++)
        put32(bytes, (uint32_t)slice_size(film, first + i) + 4);
    close_box(bytes, box);
    close_box(bytes, track);
    close_box(bytes, moof);
    box = open_box(bytes, "mdat");
    for (size_t i = 0; i < MEDIA_FRAME_RATE; i++)
        put_picture(bytes, film, first + i);
    close_box(bytes, box);
}

void media_write_fragments(const char *name)
{
    struct media_film film = {.pictures_per_key_frame = MEDIA_FRAME_RATE,
                              .key_frame_size = 9000,
                              .picture_size = 900,
                              .no_sound = true,
                              .fragmented = true};
    struct bytes bytes = {0}, fragments[2] = {{0}};
    size_t box = open_box(&bytes, "ftyp");

    put(&bytes, "iso5\0\0\0\1iso5dash", 16);
    close_box(&bytes, box);
    put_moov(&bytes, &film, 0, 0);
    box = open_box(&bytes, "sidx");
    put32(&bytes, 0);
    put32(&bytes, 1);
    put32(&bytes, MEDIA_FRAME_RATE);
    put(&bytes, NULL, 8);
    put32(&bytes, 2);
    for (unsigned i = 0; i < 2; i++) {
        put_fragment(&fragments[i], &film, i);
        put32(&bytes, (uint32_t)fragments[i].size);
        put32(&bytes, MEDIA_FRAME_RATE);
        put32(&bytes, 0x90000000);
    }
    close_box(&bytes, box);
    for (unsigned i = 0; i < 2; i++) {
        put(&bytes, fragments[i].data, fragments[i].size);
        free(fragments[i].data);
    }
    save(name, &bytes, 0);
    free(bytes.data);
}

void media_write_golden(void)
{
    struct media_film film = {
        .seconds = 2, .pictures_per_key_frame = 25, .key_frame_size = 9000, .picture_size = 900};

    media_write_film("film.mp4", &film);
    film.language = "eng";
    film.second_language = "deu";
    media_write_film("languages.mp4", &film);
    film.language = film.second_language = NULL;
    film.b_frames = true;
    media_write_film("bframes.mp4", &film);
    media_write_wav("sound.wav", &(struct media_wav){8000, 1, 2});
    media_make_folder("series");
    media_make_folder("series/extras");
    film.b_frames = false;
    media_write_film("series/Part 2.mp4", &film);
    film.b_frames = true;
    media_write_film("series/part 10.mp4", &film);
    media_write_wav("series/part 1.wav", &(struct media_wav){8000, 1, 2});
}
