/* SPDX-License-Identifier: GPL-3.0-only */
#include "ogg.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/mathematics.h>
#include <libavutil/mem.h>
#include <opus.h>

#include "clock.h"
#include "file.h"

/* A page is a header, a table of the lengths of its segments, and these. A segment of 255 bytes is followed by
 * more of the same packet, on the next page if the page ends with it. */
#define PAGE_HEADER_SIZE 27
#define PAGE_SIZE_MAX (PAGE_HEADER_SIZE + 255 + 255 * 255)
#define SEGMENT_FULL 255
#define FLAG_CONTINUED 1
#define FLAG_FIRST 2

#define OPUS_HEADER "OpusHead"
#define OPUS_TAGS "OpusTags"
#define OPUS_HEADER_SIZE 19
#define OPUS_RATE 48000 /* of all times in the container */
#define OPUS_CHANNELS_MAX 8

struct page {
    int64_t payload; /* offset of its segments */
    int64_t end;
    const uint8_t *data; /* of the payload */
    uint8_t flags;
    int64_t granule; /* samples until the end of the last packet that ends here; -1: none does */
    uint32_t serial;
    unsigned segments;
    const uint8_t *lengths;
};

struct ogg_reader {
    int fd;
    int64_t file_size;
    struct index_sound *sound;
    size_t capacity, gap_capacity;
    uint8_t *buffer; /* of what begins at `buffered` */
    size_t buffer_size;
    int64_t buffered;
    bool chosen; /* the stream with this number */
    uint32_t serial;
    int64_t skipped; /* samples before the first that is heard */
    bool open;       /* a packet goes on from the page before, which ended at `interrupted` */
    int64_t interrupted;
    struct index_frame packet;
    uint8_t beginning[2]; /* of the packet, which tell how long it lasts */
    int64_t samples;      /* of all packets */
    int64_t origin;       /* the granule at which they begin */
    bool anchored;
    int64_t last_granule;
};

static bool fill_buffer(struct ogg_reader *reader, int64_t offset, size_t size)
{
    int64_t left = reader->file_size - offset;

    if (left < (int64_t)size)
        return false;
    if (offset >= reader->buffered && offset + (int64_t)size <= reader->buffered + (int64_t)reader->buffer_size)
        return true;
    reader->buffered = offset;
    reader->buffer_size = left < 4 * PAGE_SIZE_MAX ? (size_t)left : 4 * PAGE_SIZE_MAX;
    return pread_whole(reader->fd, reader->buffer, reader->buffer_size, offset);
}

static uint64_t little(const uint8_t *bytes, unsigned count)
{
    uint64_t value = 0;

    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

/* False at the end, and where something else than a page comes. */
static bool read_page(struct ogg_reader *reader, int64_t offset, struct page *page)
{
    if (!fill_buffer(reader, offset, PAGE_HEADER_SIZE))
        return false;
    const uint8_t *header = reader->buffer + (offset - reader->buffered);
    unsigned segments = header[26];
    size_t size = PAGE_HEADER_SIZE + segments;
    if (memcmp(header, "OggS", 5) != 0 || !fill_buffer(reader, offset, size))
        return false;
    header = reader->buffer + (offset - reader->buffered);
    page->payload = offset + (int64_t)size;
    for (unsigned i = 0; i < segments; i++)
        size += header[PAGE_HEADER_SIZE + i];
    if (!fill_buffer(reader, offset, size))
        return false;
    header = reader->buffer + (offset - reader->buffered);
    page->end = offset + (int64_t)size;
    page->data = header + (page->payload - offset);
    page->flags = header[5];
    page->granule = (int64_t)little(header + 6, 8);
    page->serial = (uint32_t)little(header + 14, 4);
    page->segments = segments;
    page->lengths = header + PAGE_HEADER_SIZE;
    return true;
}

static bool begins_with(const struct page *page, const char *magic)
{
    size_t length = strlen(magic);

    return (size_t)(page->end - page->payload) >= length && memcmp(page->data, magic, length) == 0;
}

static bool read_opus_header(struct ogg_reader *reader, const struct page *page, struct reason *reason)
{
    const uint8_t *header = page->data;
    size_t size = (size_t)(page->end - page->payload);
    AVCodecParameters *codec = avcodec_parameters_alloc();
    uint8_t *copy = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);

    reader->sound->codec = codec;
    if (!codec || !copy) {
        av_free(copy);
        reason_set(reason, "there is not enough memory");
        return false;
    }
    memcpy(copy, header, size);
    codec->extradata = copy;
    codec->extradata_size = (int)size;
    if (size < OPUS_HEADER_SIZE || header[8] >> 4 != 0 || header[9] == 0 || header[9] > OPUS_CHANNELS_MAX) {
        reason_set(reason, "the header of the Opus sound is damaged");
        return false;
    }
    codec->codec_type = AVMEDIA_TYPE_AUDIO;
    codec->codec_id = AV_CODEC_ID_OPUS;
    codec->sample_rate = OPUS_RATE;
    av_channel_layout_default(&codec->ch_layout, header[9]);
    reader->skipped = (int64_t)little(header + 10, 2);
    reader->serial = page->serial;
    reader->chosen = true;
    return true;
}

static const char *other_codec(const struct page *page)
{
    static const struct {
        const char *magic, *name;
    } others[] = {{"\x01vorbis", "vorbis"}, {"\x7f" "FLAC", "flac in Ogg"}, {"Speex   ", "speex"}};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (begins_with(page, others[i].magic))
            return others[i].name;
    return NULL;
}

/* Streams are announced by the first pages of the file. */
static bool choose_opus(struct ogg_reader *reader, int64_t *offset, struct reason *reason)
{
    const char *other = NULL;
    struct page page;

    while (!reader->chosen && read_page(reader, *offset, &page) && page.flags & FLAG_FIRST) {
        if (begins_with(&page, OPUS_HEADER) && !read_opus_header(reader, &page, reason))
            return false;
        other = other ? other : other_codec(&page);
        *offset = page.end;
    }
    if (reader->chosen)
        return true;
    if (other)
        reason_set(reason, "the audio codec %s is not supported: " INDEX_SOUND_CODECS " are", other);
    else
        reason_set(reason, "the Ogg file has no Opus sound");
    return false;
}

static int64_t time_of(int64_t samples)
{
    return av_rescale(samples, SECONDS(1), OPUS_RATE);
}

/* What is no packet of sound, or damaged, is passed over. */
static bool add_packet(struct ogg_reader *reader, const uint8_t *beginning)
{
    int frames = opus_packet_get_nb_frames(beginning, reader->packet.size > 1 ? 2 : (opus_int32)reader->packet.size);
    int samples = frames > 0 ? frames * opus_packet_get_samples_per_frame(beginning, OPUS_RATE) : 0;

    if (samples <= 0 || samples > OPUS_RATE * 120 / 1000)
        return true;
    reader->packet.time = time_of(reader->samples - reader->skipped);
    reader->samples += samples;
    return index_append(&reader->sound->track, &reader->capacity, reader->packet);
}

static bool add_gap(struct ogg_reader *reader, int64_t until)
{
    struct index_track *track = &reader->sound->track;

    if (track->gap_count == reader->gap_capacity) {
        size_t larger = reader->gap_capacity ? 2 * reader->gap_capacity : 64;
        struct index_gap *gaps = realloc(track->gaps, larger * sizeof *gaps);
        if (!gaps)
            return false;
        track->gaps = gaps;
        reader->gap_capacity = larger;
    }
    track->gaps[track->gap_count++] = (struct index_gap){reader->interrupted, until};
    return true;
}

/* False when there are too many packets. */
static bool read_packets(struct ogg_reader *reader, const struct page *page)
{
    int64_t at = page->payload;
    unsigned i = 0;
    bool good = true;

    if (!(page->flags & FLAG_CONTINUED))
        reader->open = false;
    else if (reader->open)
        good = add_gap(reader, page->payload);
    else /* the beginning of what goes on here is lost */
        while (i < page->segments && (at += page->lengths[i], page->lengths[i++] == SEGMENT_FULL))
            ;
    for (; good && i < page->segments; i++) {
        if (!reader->open) {
            reader->packet = (struct index_frame){.offset = at, .sync = true};
            /* A page's data are followed by what else is in the buffer, or by its room. */
            memcpy(reader->beginning, page->data + (at - page->payload), page->lengths[i] < 2 ? page->lengths[i] : 2);
        }
        reader->packet.size += page->lengths[i];
        at += page->lengths[i];
        reader->open = page->lengths[i] == SEGMENT_FULL;
        if (!reader->open && reader->packet.size > 0 && reader->packet.size <= INDEX_SOUND_FRAME_MAX)
            good = add_packet(reader, reader->beginning);
    }
    reader->interrupted = at;
    return good;
}

/* The second packet of a stream, which may fill several pages, is its tags. */
static bool skip_tags(struct ogg_reader *reader, int64_t *offset)
{
    struct page page;

    while (read_page(reader, *offset, &page)) {
        bool ends = page.serial == reader->serial && page.segments > 0 &&
                    page.lengths[page.segments - 1] != SEGMENT_FULL;
        *offset = page.end;
        if (ends)
            return true;
    }
    return false;
}

/* The last page tells how much of the last packet is heard. */
static void find_heard(struct ogg_reader *reader)
{
    int64_t samples = reader->samples, granules = reader->last_granule - reader->origin;

    if (reader->anchored && granules > reader->skipped && granules < samples)
        samples = granules;
    reader->sound->track.end = samples > reader->skipped ? time_of(samples - reader->skipped) : 0;
}

static bool read_opus(struct ogg_reader *reader, struct reason *reason)
{
    struct page page;
    int64_t offset = 0;

    if (!choose_opus(reader, &offset, reason))
        return false;
    for (bool more = skip_tags(reader, &offset); more && read_page(reader, offset, &page); offset = page.end) {
        if (page.flags & FLAG_FIRST) {
            reason_set(reason, "the Ogg file is a chain of several sounds: make it one "
                               "(ffmpeg -i IN -codec:a libopus OUT)");
            return false;
        }
        if (page.serial != reader->serial)
            continue;
        if (!read_packets(reader, &page)) {
            reason_set(reason, "the file has too many frames");
            return false;
        }
        if (page.granule < 0)
            continue;
        if (!reader->anchored)
            reader->origin = page.granule > reader->samples ? page.granule - reader->samples : 0;
        reader->anchored = true;
        reader->last_granule = page.granule;
    }
    find_heard(reader);
    return true;
}

bool ogg_is(int fd)
{
    uint8_t magic[4];

    return pread_whole(fd, magic, sizeof magic, 0) && memcmp(magic, "OggS", sizeof magic) == 0;
}

bool ogg_read(int fd, struct index_sound *sound, struct reason *reason)
{
    struct ogg_reader reader = {.fd = fd, .sound = sound, .buffer = malloc(4 * PAGE_SIZE_MAX)};
    struct stat status;

    if (!reader.buffer || fstat(fd, &status) < 0) {
        free(reader.buffer);
        reason_set(reason, "the file cannot be read: %s", strerror(errno));
        return false;
    }
    reader.file_size = status.st_size;
    bool read = read_opus(&reader, reason);
    free(reader.buffer);
    return read;
}
