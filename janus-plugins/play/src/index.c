/* SPDX-License-Identifier: GPL-3.0-only */
#include "index.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>

#include "clock.h"
#include "file.h"
#include "ogg.h"

#define CONTAINERS "mov,mp4,m4a,mp3,wav,flac" /* of libavformat; Ogg is read by ogg.c */
#define IO_BUFFER_SIZE (64 * 1024)
#define MAX_TIME SECONDS(100 * 3600)

/* What a file that was made to do harm could use of memory, processor and network: an index of a few bytes
 * may claim millions of frames. */
#define MAX_FRAMES ((size_t)1 << 22)
#define MAX_FRAME_SIZE (16 * 1024 * 1024)
#define MAX_FRAMES_PER_SECOND 1000
#define MAX_BYTES_PER_SECOND (32 * 1024 * 1024)
#define MAX_ALLOCATION (128 * 1024 * 1024) /* of libavformat, at once: it has room for MAX_FRAMES */

/* A file given to libavformat by descriptor: never by name, which may mean another file by now. */
struct input {
    int fd;
    int64_t position, size;
    AVFormatContext *format;
};

static int input_read(void *opaque, uint8_t *buffer, int size)
{
    struct input *input = opaque;
    ssize_t got;

    do
        got = pread(input->fd, buffer, (size_t)size, input->position);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return AVERROR_EOF;
    if (got < 0)
        return AVERROR(errno);
    input->position += got;
    return (int)got;
}

static int64_t input_seek(void *opaque, int64_t offset, int whence)
{
    struct input *input = opaque;

    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return input->size;
    case SEEK_SET:
        break;
    case SEEK_CUR:
        offset += input->position;
        break;
    case SEEK_END:
        offset += input->size;
        break;
    default:
        return AVERROR(EINVAL);
    }
    if (offset < 0)
        return AVERROR(EINVAL);
    return input->position = offset;
}

static void input_close(struct input *input)
{
    AVIOContext *io = input->format ? input->format->pb : NULL;

    avformat_close_input(&input->format);
    if (io)
        av_freep(&io->buffer);
    avio_context_free(&io);
}

static bool input_open(struct input *input, struct reason *reason)
{
    AVDictionary *options = NULL;
    struct stat status;
    uint8_t *buffer;
    AVIOContext *io;

    if (fstat(input->fd, &status) < 0) {
        reason_set(reason, "the file cannot be read: %s", strerror(errno));
        return false;
    }
    input->size = status.st_size;
    buffer = av_malloc(IO_BUFFER_SIZE);
    io = buffer ? avio_alloc_context(buffer, IO_BUFFER_SIZE, 0, input, input_read, NULL, input_seek) : NULL;
    AVFormatContext *format = io ? avformat_alloc_context() : NULL;
    if (!format) {
        if (io)
            avio_context_free(&io);
        av_free(buffer);
        reason_set(reason, "there is not enough memory");
        return false;
    }
    format->pb = io;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    input->format = format;
    av_dict_set(&options, "format_whitelist", CONTAINERS, 0);
    int error = avformat_open_input(&input->format, NULL, NULL, &options);
    av_dict_free(&options);
    if (error < 0) {
        /* avformat_open_input() has freed the context, but not the I/O that is ours. */
        av_freep(&io->buffer);
        avio_context_free(&io);
        reason_set(reason, "the file is not mp4, mp3, wav, ogg or flac, or it is damaged");
        return false;
    }
    return true;
}

static bool is_mp4(const AVFormatContext *format)
{
    return strstr(format->iformat->name, "mp4") != NULL;
}

static int64_t stream_time(const AVStream *stream, int64_t timestamp)
{
    return av_rescale_q(timestamp, stream->time_base, (AVRational){1, (int)SECONDS(1)});
}

static bool is_supported_audio(enum AVCodecID codec)
{
    switch (codec) {
    case AV_CODEC_ID_AAC:
    case AV_CODEC_ID_MP3:
    case AV_CODEC_ID_OPUS:
    case AV_CODEC_ID_FLAC:
    case AV_CODEC_ID_PCM_U8:
    case AV_CODEC_ID_PCM_S16LE:
    case AV_CODEC_ID_PCM_S16BE:
    case AV_CODEC_ID_PCM_S24LE:
    case AV_CODEC_ID_PCM_S24BE:
    case AV_CODEC_ID_PCM_S32LE:
    case AV_CODEC_ID_PCM_S32BE:
    case AV_CODEC_ID_PCM_F32LE:
    case AV_CODEC_ID_PCM_F32BE:
    case AV_CODEC_ID_PCM_ALAW:
    case AV_CODEC_ID_PCM_MULAW:
        return avcodec_find_decoder(codec) != NULL;
    default:
        return false;
    }
}

/* The streams that are played: the first video, and all sounds. */
struct streams {
    AVStream *video; /* NULL: none */
    AVStream *sounds[INDEX_SOUNDS_MAX];
    unsigned sound_count;
};

/* A cover picture is no video. */
static bool choose_streams(AVFormatContext *format, struct streams *streams, struct reason *reason)
{
    const AVStream *unsupported = NULL;
    bool supported = false;

    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        stream->discard = AVDISCARD_ALL;
        if (stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
            continue;
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !streams->video)
            streams->video = stream;
        if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO || streams->sound_count == INDEX_SOUNDS_MAX)
            continue;
        streams->sounds[streams->sound_count++] = stream;
        if (is_supported_audio(stream->codecpar->codec_id))
            supported = true;
        else if (!unsupported)
            unsupported = stream;
    }
    if (!streams->video && streams->sound_count == 0) {
        reason_set(reason, "the file has neither picture nor sound");
        return false;
    }
    if (streams->video && streams->video->codecpar->codec_id != AV_CODEC_ID_H264) {
        reason_set(reason, "the video codec %s is not supported: H.264 is",
                   avcodec_get_name(streams->video->codecpar->codec_id));
        return false;
    }
    if (unsupported && !supported) {
        reason_set(reason, "the audio codec %s is not supported: " INDEX_SOUND_CODECS " are",
                   avcodec_get_name(unsupported->codecpar->codec_id));
        return false;
    }
    return true;
}

bool index_append(struct index_track *track, size_t *capacity, struct index_frame frame)
{
    if (track->count == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 1024;
        struct index_frame *frames =
            larger <= MAX_FRAMES ? realloc(track->frames, larger * sizeof *frames) : NULL;
        if (!frames)
            return false;
        track->frames = frames;
        *capacity = larger;
    }
    track->frames[track->count++] = frame;
    return true;
}

bool index_read_frame(int fd, const struct index_track *track, const struct index_frame *frame, uint8_t *data)
{
    int64_t offset = frame->offset;
    size_t left = frame->size, next = 0, high = track->gap_count;

    while (next < high) {
        size_t middle = next + (high - next) / 2;
        if (track->gaps[middle].from < offset)
            next = middle + 1;
        else
            high = middle;
    }
    while (left > 0) {
        const struct index_gap *gap = next < track->gap_count ? &track->gaps[next++] : NULL;
        size_t part = gap && gap->from - offset < (int64_t)left ? (size_t)(gap->from - offset) : left;
        if (!pread_whole(fd, data, part, offset))
            return false;
        data += part;
        left -= part;
        offset = gap ? gap->to : offset;
    }
    return true;
}

static bool is_sane_time(int64_t time)
{
    return time >= -MAX_TIME && time <= MAX_TIME;
}

/*
 * mp4: the demuxer has the whole index. Around each stretch of the file that an edit list names it has frames that are to be
 * decoded and no more. But for those that lead up to the first they are left out, as pictures that are sent are shown.
 */
static bool copy_entries(AVStream *stream, const struct input *input, struct index_track *track,
                         struct reason *reason)
{
    int count = avformat_index_get_entries_count(stream);
    bool is_sound = stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO, has_begun = false, is_left_out = false;
    size_t capacity = 0;

    for (int i = 0; i < count; i++) {
        const AVIndexEntry *entry = avformat_index_get_entry(stream, i);
        bool is_discarded = entry->flags & AVINDEX_DISCARD_FRAME;
        if (is_discarded && has_begun) {
            is_left_out = true;
            continue;
        }
        has_begun = has_begun || !is_discarded;
        if (is_left_out && !is_sound && !(entry->flags & AVINDEX_KEYFRAME)) {
            reason_set(reason, "its edit list goes on at a picture that is no key frame: encode it anew "
                               "(ffmpeg -i IN -codec:v libx264 -bf 0 OUT)");
            return false;
        }
        is_left_out = false;
        if (entry->size < 0 || entry->size > (is_sound ? INDEX_SOUND_FRAME_MAX : MAX_FRAME_SIZE)) {
            reason_set(reason, "the size of frame %d of %d is damaged", i + 1, count);
            return false;
        }
        if (entry->pos < 0 || entry->pos > input->size - entry->size) {
            reason_set(reason, "the file ends before frame %d of %d: it is damaged or incomplete", i + 1,
                       count);
            return false;
        }
        struct index_frame frame = {
            .time = stream_time(stream, entry->timestamp),
            .offset = entry->pos,
            .size = (uint32_t)entry->size,
            .sync = entry->flags & AVINDEX_KEYFRAME,
        };
        if (!is_sane_time(frame.time)) {
            reason_set(reason, "the time of frame %d of %d is damaged", i + 1, count);
            return false;
        }
        if (!index_append(track, &capacity, frame)) {
            reason_set(reason, "the file has too many frames");
            return false;
        }
    }
    return true;
}

/* Whether times go forward, and what is due in any one second can be sent in that second. */
static bool check_pace(const struct index_track *track, struct reason *reason)
{
    uint64_t bytes = 0;

    for (size_t i = 0, first = 0; i < track->count; i++) {
        const struct index_frame *frame = &track->frames[i];
        if (i > 0 && frame->time < frame[-1].time) {
            reason_set(reason, "the time of frame %zu of %zu is before that of the frame before it", i + 1, track->count);
            return false;
        }
        bytes += frame->size;
        while (frame->time - track->frames[first].time >= SECONDS(1))
            bytes -= track->frames[first++].size;
        if (i - first >= MAX_FRAMES_PER_SECOND || bytes > MAX_BYTES_PER_SECOND) {
            reason_set(reason, "the file has more than %d frames, or more than %d MB, in one second",
                       MAX_FRAMES_PER_SECOND, MAX_BYTES_PER_SECOND / (1024 * 1024));
            return false;
        }
    }
    return true;
}

/* The index of an mp4 holds decoding times. Without B-frames the presentation times differ from them by a
 * constant, which the first frame tells: it is the next to be read. */
static int64_t presentation_delay(const struct input *input, AVStream *stream)
{
    AVPacket *packet = av_packet_alloc();
    int64_t delay = 0;
    bool found = false;

    stream->discard = AVDISCARD_DEFAULT;
    while (!found && packet && av_read_frame(input->format, packet) >= 0) {
        found = packet->stream_index == stream->index && is_sane_time(stream_time(stream, packet->pts)) &&
                is_sane_time(stream_time(stream, packet->dts));
        if (found)
            delay = stream_time(stream, packet->pts - packet->dts);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    stream->discard = AVDISCARD_ALL;
    return is_sane_time(delay) ? delay : 0;
}

/* Fragments that have an index of their own (DASH) are known to the demuxer only once it has come to them. With
 * every stream discarded it goes to the end of the file without reading what is in between. */
static void read_all_fragments(const struct input *input)
{
    AVPacket *packet = av_packet_alloc();

    if (packet && av_read_frame(input->format, packet) >= 0)
        av_packet_unref(packet);
    av_packet_free(&packet);
}

static bool is_rotated(const AVStream *stream)
{
    size_t size = 0;
    const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);

    return matrix && size >= 9 * sizeof(int32_t) && fabs(av_display_rotation_get((const int32_t *)matrix)) >= 1;
}

#define BOX_HEADER_SIZE 8
#define BOXES_MAX 10000

static uint32_t big32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Whether a track in the boxes between two offsets has more than one sample description. */
static bool has_several_descriptions(int fd, int64_t from, int64_t to, unsigned *boxes)
{
    static const char containers[][5] = {"moov", "trak", "mdia", "minf", "stbl"};
    uint8_t header[2 * BOX_HEADER_SIZE];

    while (to - from >= (int64_t)sizeof header && ++*boxes < BOXES_MAX && pread_whole(fd, header, sizeof header, from)) {
        int64_t size = big32(header), begin = from + BOX_HEADER_SIZE;
        if (size == 1) {
            size = (int64_t)((uint64_t)big32(header + 8) << 32 | big32(header + 12));
            begin += BOX_HEADER_SIZE;
        }
        if (size < begin - from || size > to - from)
            return false;
        /* Its content begins with a version and the number of descriptions. */
        if (memcmp(header + 4, "stsd", 4) == 0 && big32(header + 12) > 1)
            return true;
        for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++)
            if (memcmp(header + 4, containers[i], 4) == 0 && has_several_descriptions(fd, begin, from + size, boxes))
                return true;
        from += size;
    }
    return false;
}

/* Gives the number of a configuration that the file has got as well, which has to fit the first. */
static bool add_config(struct media_index *index, const uint8_t *record, size_t size, unsigned *count, uint8_t *number,
                       struct reason *reason)
{
    struct h264_config config;

    if (!h264_config_parse(record, size, &config, reason))
        return false;
    for (*number = 0; *number < *count; ++*number) {
        const struct h264_config *known = &index->configs[*number];
        if (known->length_size == config.length_size && known->parameter_sets_size == config.parameter_sets_size &&
            memcmp(known->parameter_sets, config.parameter_sets, config.parameter_sets_size) == 0)
            return true;
    }
    if (*count == INDEX_CONFIGS_MAX || config.profile > index->configs[0].profile) {
        reason_set(reason, "the video changes its H.264 profile, or more than %d times its parameter sets: encode it anew "
                           "(ffmpeg -i IN -codec:v libx264 -bf 0 -codec:a copy OUT)", INDEX_CONFIGS_MAX - 1);
        return false;
    }
    index->configs[(*count)++] = config;
    return true;
}

/* The demuxer tells that pictures go on with another description only while it reads them. */
static bool read_descriptions(struct media_index *index, int fd, int stream, struct reason *reason)
{
    struct input input = {.fd = fd};
    AVPacket *packet = av_packet_alloc();
    unsigned count = 1;
    uint8_t number = 0;
    size_t size, picture = 0;
    bool good = packet && input_open(&input, reason);

    for (unsigned i = 0; good && i < input.format->nb_streams; i++)
        input.format->streams[i]->discard = (int)i == stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    while (good && picture < index->video.count && av_read_frame(input.format, packet) >= 0) {
        const uint8_t *record = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
        if (record)
            good = add_config(index, record, size, &count, &number, reason);
        index->video.frames[picture++].config = number;
        av_packet_unref(packet);
    }
    if (input.format)
        input_close(&input);
    av_packet_free(&packet);
    return good;
}

static bool index_video(struct media_index *index, const struct input *input, AVStream *stream, int64_t delay,
                        struct reason *reason)
{
    const AVCodecParameters *codec = stream->codecpar;

    if (!is_mp4(input->format)) {
        reason_set(reason, "video is supported in mp4 only");
        return false;
    }
    if (!h264_config_parse(codec->extradata, (size_t)codec->extradata_size, &index->configs[0], reason))
        return false;
    if (codec->video_delay > 0) {
        reason_set(reason, "the video has B-frames, which browsers cannot show: encode it without (x264: -bf 0)");
        return false;
    }
    if (is_rotated(stream)) {
        reason_set(reason, "the picture is to be rotated, which browsers would not do: encode it upright "
                           "(ffmpeg -i IN -codec:v libx264 -bf 0 -codec:a copy OUT)");
        return false;
    }
    if (!copy_entries(stream, input, &index->video, reason))
        return false;
    if (index->video.count == 0) {
        reason_set(reason, "the video has no frames");
        return false;
    }
    for (size_t i = 0; i < index->video.count; i++)
        index->video.frames[i].time += delay;
    unsigned boxes = 0;
    if (has_several_descriptions(input->fd, 0, input->size, &boxes) &&
        !read_descriptions(index, input->fd, stream->index, reason))
        return false;
    return check_pace(&index->video, reason);
}

/* wav: frames of 20 ms, since every sample has the same size. */
static bool index_pcm(struct index_track *track, const struct input *input, AVStream *stream,
                      struct reason *reason)
{
    const AVCodecParameters *codec = stream->codecpar;
    int64_t sample_size = av_get_bits_per_sample(codec->codec_id) * codec->ch_layout.nb_channels / 8;
    int64_t samples = codec->sample_rate / 50;
    size_t capacity = 0;

    if (sample_size <= 0 || samples <= 0 || samples * sample_size > INDEX_SOUND_FRAME_MAX) {
        reason_set(reason, "the wav header is damaged");
        return false;
    }
    int64_t offset = avio_tell(input->format->pb);
    int64_t left = input->size - offset;
    if (stream->duration > 0 && stream->duration < left / sample_size)
        left = stream->duration * sample_size;
    for (int64_t position = 0; left >= sample_size; position += samples) {
        int64_t size = left < samples * sample_size ? left - left % sample_size : samples * sample_size;
        int64_t time = av_rescale(position, SECONDS(1), codec->sample_rate);
        if (!index_append(track, &capacity, (struct index_frame){.time = time, .offset = offset, .size = (uint32_t)size})) {
            reason_set(reason, "the file is too long");
            return false;
        }
        offset += size;
        left -= size;
    }
    return true;
}

/* What an encoder put before and behind the sound, as time; the demuxer tells it with the first and the last frame. */
static int64_t padding(const AVStream *stream, const AVPacket *packet, bool behind)
{
    size_t size = 0;
    const uint8_t *skipped = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, &size);

    if (!skipped || size < 10 || stream->codecpar->sample_rate <= 0)
        return 0;
    return av_rescale(AV_RL32(skipped + (behind ? 4 : 0)), SECONDS(1), stream->codecpar->sample_rate);
}

/* mp3 and flac: frames are found by reading the file once. */
static bool index_by_reading(struct index_track *track, const struct input *input, AVStream *stream,
                             struct reason *reason)
{
    AVPacket *packet = av_packet_alloc();
    size_t capacity = 0;
    int64_t time = 0, before = 0, behind = 0;
    bool stored = packet != NULL;

    stream->discard = AVDISCARD_DEFAULT;
    while (stored && av_read_frame(input->format, packet) >= 0) {
        if (packet->stream_index == stream->index && packet->pos >= 0 && packet->size <= INDEX_SOUND_FRAME_MAX) {
            before += padding(stream, packet, false);
            behind = padding(stream, packet, true);
            struct index_frame frame = {
                .time = stream_time(stream, time) - before, .offset = packet->pos, .size = (uint32_t)packet->size};
            stored = index_append(track, &capacity, frame);
            time += packet->duration;
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    track->end = stream_time(stream, time) - before - behind;
    if (!stored)
        reason_set(reason, "the file is too long");
    return stored;
}

static bool is_found_by_reading(const AVCodecParameters *codec)
{
    return codec->codec_id == AV_CODEC_ID_MP3 || codec->codec_id == AV_CODEC_ID_FLAC;
}

static void read_language(const AVStream *stream, char language[4])
{
    const AVDictionaryEntry *entry = av_dict_get(stream->metadata, "language", NULL, 0);

    if (entry && strlen(entry->value) == 3 && strcmp(entry->value, "und") != 0)
        memcpy(language, entry->value, 4);
}

/* `media add` puts Opus beside what other players expect, and says so in the name of the track's handler. */
static int read_original(const AVStream *stream, unsigned number)
{
    const AVDictionaryEntry *entry = av_dict_get(stream->metadata, "handler_name", NULL, 0);
    unsigned original;

    return stream->codecpar->codec_id == AV_CODEC_ID_OPUS && entry &&
                   sscanf(entry->value, "Opus of sound %u", &original) == 1 && original < number
               ? (int)original
               : -1;
}

static bool check_sound(const struct index_sound *sound, struct reason *reason)
{
    if (sound->track.count == 0) {
        reason_set(reason, "the sound has no frames");
        return false;
    }
    return check_pace(&sound->track, reason);
}

/* A sound that cannot be decoded keeps its place in the order, without frames. */
static bool index_sound(struct media_index *index, unsigned number, const struct input *input, AVStream *stream,
                        struct reason *reason)
{
    struct index_sound *sound = &index->sounds[number];
    int rate = stream->codecpar->sample_rate;
    bool done;

    read_language(stream, sound->language);
    sound->original = read_original(stream, number);
    if (!is_supported_audio(stream->codecpar->codec_id))
        return true;
    if (rate != 0 && (rate < SAMPLE_RATE_MIN || rate > SAMPLE_RATE_MAX)) {
        reason_set(reason, "the sound has %d samples a second: %d to %d are supported", rate, SAMPLE_RATE_MIN,
                   SAMPLE_RATE_MAX);
        return false;
    }
    sound->codec = avcodec_parameters_alloc();
    if (!sound->codec || avcodec_parameters_copy(sound->codec, stream->codecpar) < 0) {
        reason_set(reason, "there is not enough memory");
        return false;
    }
    if (is_mp4(input->format))
        done = copy_entries(stream, input, &sound->track, reason);
    else if (is_found_by_reading(stream->codecpar))
        done = index_by_reading(&sound->track, input, stream, reason);
    else
        done = index_pcm(&sound->track, input, stream, reason);
    return done && check_sound(sound, reason);
}

/* Pictures from before the beginning lead up to the first, unless they are too much for that: then they are shown. */
static void find_lead(struct media_index *index)
{
    const struct index_track *video = &index->video;
    uint64_t bytes = 0;
    size_t lead = 0;

    while (lead < video->count && video->frames[lead].time < 0)
        bytes += video->frames[lead++].size;
    if (lead > 0 && lead < video->count && bytes <= INDEX_LEAD_BYTES_MAX && video->frames[0].time >= -INDEX_LEAD_TIME_MAX)
        index->lead = lead;
}

/* Times count from the first picture that is shown or from the beginning of the sound, whichever is earlier. */
static void start_at_zero(struct media_index *index)
{
    int64_t first = index->video.count > 0 ? index->video.frames[index->lead].time : 0;
    int64_t shift = first < 0 ? -first : 0;

    for (size_t i = 0; shift && i < index->video.count; i++)
        index->video.frames[i].time += shift;
    for (unsigned k = 0; shift && k < index->sound_count; k++)
        for (size_t i = 0; i < index->sounds[k].track.count; i++)
            index->sounds[k].track.frames[i].time += shift;
}

/* Unless it is known, the last frame lasts as long as the one before it; of PCM, where it is a shorter one, in
 * proportion. */
static void find_end(struct index_track *track, bool pcm)
{
    if (track->count == 0 || track->end > 0)
        return;
    const struct index_frame *last = &track->frames[track->count - 1];
    int64_t length = track->count > 1 ? last->time - last[-1].time : 0;
    if (track->count > 1 && pcm && last[-1].size > 0)
        length = av_rescale(length, last->size < last[-1].size ? last->size : last[-1].size, last[-1].size);
    track->end = last->time + length > 0 ? last->time + length : 0;
}

/* Of an mp3 the container only guesses it, from the bit rate. */
static int64_t duration(const AVFormatContext *format, const struct media_index *index)
{
    if (format->duration > 0 && (is_mp4(format) || !is_found_by_reading(index->sounds[0].codec)))
        return av_rescale(format->duration, SECONDS(1), AV_TIME_BASE);
    return index_end(index);
}

static bool index_streams(struct media_index *index, const struct input *input, const struct streams *streams,
                          struct reason *reason)
{
    int64_t delay = streams->video ? presentation_delay(input, streams->video) : 0;

    if (is_mp4(input->format))
        read_all_fragments(input);
    index->streams = input->format->nb_streams;
    index->sound_count = streams->sound_count;
    for (unsigned i = 0; i < streams->sound_count; i++)
        if (!index_sound(index, i, input, streams->sounds[i], reason))
            return false;
    if (streams->video && !index_video(index, input, streams->video, delay, reason))
        return false;
    find_lead(index);
    start_at_zero(index);
    find_end(&index->video, false);
    for (unsigned i = 0; i < index->sound_count; i++)
        find_end(&index->sounds[i].track, av_get_bits_per_sample(streams->sounds[i]->codecpar->codec_id) > 0);
    index->duration = duration(input->format, index);
    return true;
}

static struct media_index *read_index(const struct input *input, struct reason *reason)
{
    struct streams streams = {.video = NULL};

    if (!choose_streams(input->format, &streams, reason))
        return NULL;
    struct media_index *index = calloc(1, sizeof *index);
    if (!index) {
        reason_set(reason, "there is not enough memory");
        return NULL;
    }
    if (index_streams(index, input, &streams, reason))
        return index;
    index_free(index);
    return NULL;
}

static struct media_index *read_ogg(int fd, struct reason *reason)
{
    struct media_index *index = calloc(1, sizeof *index);

    if (!index) {
        reason_set(reason, "there is not enough memory");
        return NULL;
    }
    index->streams = index->sound_count = 1;
    index->sounds[0].original = -1;
    if (ogg_read(fd, &index->sounds[0], reason) && check_sound(&index->sounds[0], reason)) {
        index->duration = index_end(index);
        return index;
    }
    index_free(index);
    return NULL;
}

struct media_index *index_read(int fd, struct reason *reason)
{
    struct input input = {.fd = fd};
    struct media_index *index = NULL;

    if (ogg_is(fd))
        return read_ogg(fd, reason);

    /* What is wrong with a file is said in the reply, not on the gateway's standard error. */
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(MAX_ALLOCATION);
    if (input_open(&input, reason)) {
        index = read_index(&input, reason);
        input_close(&input);
    }
    return index;
}

void index_list_sounds(const struct media_index *index, struct index_sounds *sounds)
{
    sounds->count = 0;
    for (unsigned i = 0; i < index->sound_count && index->sounds[i].original < 0; i++) {
        memcpy(sounds->sounds[i].language, index->sounds[i].language, sizeof sounds->sounds[i].language);
        sounds->sounds[i].playable = index->sounds[i].track.count > 0;
        sounds->count++;
    }
}

static bool is_chosen(const struct index_sounds *sounds, unsigned number, const struct index_choice *choice)
{
    return sounds->sounds[number].playable && (choice->number < 0 || (unsigned)choice->number == number) &&
           (!choice->language[0] || strcmp(choice->language, sounds->sounds[number].language) == 0);
}

bool index_choose_sound(const struct media_index *index, const struct index_choice *choice, unsigned *number,
                        struct reason *reason)
{
    struct index_sounds sounds;
    int length;

    index_list_sounds(index, &sounds);
    for (*number = 0; *number < sounds.count; ++*number)
        if (is_chosen(&sounds, *number, choice))
            return true;
    length = reason_set(reason, "the file has no such sound that can be played; it has %u", sounds.count);
    for (unsigned i = 0; i < sounds.count && (size_t)length < sizeof reason->text; i++)
        length += snprintf(reason->text + length, sizeof reason->text - (size_t)length, "%s%s%s", i == 0 ? ": " : ", ",
                           sounds.sounds[i].language[0] ? sounds.sounds[i].language : "one without a language",
                           sounds.sounds[i].playable ? "" : " (which cannot be)");
    return false;
}

void index_free(struct media_index *index)
{
    if (!index)
        return;
    free(index->video.frames);
    for (unsigned i = 0; i < index->sound_count; i++) {
        free(index->sounds[i].track.frames);
        free(index->sounds[i].track.gaps);
        avcodec_parameters_free(&index->sounds[i].codec);
    }
    free(index);
}
