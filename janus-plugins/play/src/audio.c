/* SPDX-License-Identifier: GPL-3.0-only */
#include "audio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <opus.h>


#define BITRATE 128000
#define COMPLEXITY 6

/* Packets encoded before the first one that is used, so that the encoder is in its stride. */
#define PREROLL_PACKETS 10
/* Frames decoded before the first one that is used: an MP3 frame may refer to data of nine others. */
#define PREROLL_FRAMES 10

#define CHANNELS_MAX 2

static const struct format {
    int rate, channels;
    size_t packet_samples;
} encodings[AUDIO_CODECS] = {
    [AUDIO_OPUS] = {AUDIO_RATE, 2, AUDIO_PACKET_SAMPLES},
    [AUDIO_PCMA] = {8000, 1, 160},
    [AUDIO_PCMU] = {8000, 1, 160},
};

struct transcoder {
    int fd;
    const struct index_sound *sound;
    enum audio_codec codec;
    struct format format;
    size_t next; /* frame of the file */
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    SwrContext *resampler; /* made when the first frame tells the format */
    int rate, sample_format, channels;
    int64_t fed;     /* samples of the file, at `rate`, that the resampler has got or passed by */
    int64_t discard; /* resampled samples to drop before the encoder gets any */
    OpusEncoder *encoder; /* NULL: G.711 */
    float pending[AUDIO_PACKET_SAMPLES * CHANNELS_MAX];
    size_t pending_samples;
    size_t skip;  /* packets of pre-roll still to come */
    size_t left;  /* packets wanted */
    bool leading; /* none of them has been made */
    audio_emit emit;
    void *context;
};

uint32_t audio_rate(enum audio_codec codec)
{
    return (uint32_t)encodings[codec].rate;
}

const uint8_t *audio_silence(enum audio_codec codec, size_t *size)
{
    static const uint8_t opus[] = {0xfc, 0xff, 0xfe}; /* 48 kHz, stereo, 20 ms */
    static const uint8_t pcma[160] = {[0 ... 159] = 0xd5}, pcmu[160] = {[0 ... 159] = 0xff};

    *size = codec == AUDIO_OPUS ? sizeof opus : sizeof pcma;
    return codec == AUDIO_OPUS ? opus : codec == AUDIO_PCMA ? pcma : pcmu;
}

/* ITU-T G.711: a sign, the octave of the level, and where in the octave it is. */

static unsigned octave_of(unsigned level)
{
    unsigned octave = 0;

    while (level >> (octave + 1))
        octave++;
    return octave;
}

static uint8_t to_pcma(int sample)
{
    unsigned level = (unsigned)(sample < 0 ? -sample - 1 : sample) >> 4;
    unsigned octave = octave_of(level);
    unsigned code = octave < 4 ? level : (octave - 3) << 4 | ((level >> (octave - 4)) & 0xf);

    return (uint8_t)((sample < 0 ? 0 : 0x80) ^ code ^ 0x55);
}

static uint8_t to_pcmu(int sample)
{
    unsigned level = (unsigned)(sample < 0 ? -sample : sample);

    level = ((level < 32635 ? level : 32635) + 132) >> 3;
    unsigned octave = octave_of(level);
    unsigned code = (octave - 4) << 4 | ((level >> (octave - 4)) & 0xf);

    return (uint8_t)~((sample < 0 ? 0x80 : 0) | code);
}

static size_t encode_g711(const struct transcoder *t, uint8_t *packet)
{
    for (size_t i = 0; i < t->format.packet_samples; i++) {
        float value = t->pending[i] < -1 ? -1 : t->pending[i] > 1 ? 1 : t->pending[i];
        int sample = (int)lrintf(value * 32767);
        packet[i] = t->codec == AUDIO_PCMA ? to_pcma(sample) : to_pcmu(sample);
    }
    return t->format.packet_samples;
}

static bool open_decoder(struct transcoder *t)
{
    const AVCodec *codec = avcodec_find_decoder(t->sound->codec->codec_id);

    t->packet = av_packet_alloc();
    t->frame = av_frame_alloc();
    t->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!t->packet || !t->frame || !t->decoder ||
        avcodec_parameters_to_context(t->decoder, t->sound->codec) < 0)
        return false;
    t->decoder->thread_count = 1;
    /* Without it a decoder that leaves away the beginning of the first frame would not say so in its time. */
    t->decoder->pkt_timebase = (AVRational){1, (int)SECONDS(1)};
    return avcodec_open2(t->decoder, codec, NULL) == 0;
}

/* What the encoder is behind its input is dropped from the input, so that sound stays in time. */
static bool open_encoder(struct transcoder *t)
{
    opus_int32 lookahead;
    int error;

    if (t->codec != AUDIO_OPUS)
        return true;
    t->encoder = opus_encoder_create(t->format.rate, t->format.channels, OPUS_APPLICATION_AUDIO, &error);
    if (error != OPUS_OK)
        return false;
    opus_encoder_ctl(t->encoder, OPUS_SET_BITRATE(BITRATE));
    opus_encoder_ctl(t->encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
    opus_encoder_ctl(t->encoder, OPUS_GET_LOOKAHEAD(&lookahead));
    t->discard = lookahead;
    return true;
}

static int encode_opus(struct transcoder *t, uint8_t *packet)
{
    /* The packet before the first one comes from another encoder: it must not lean on that. */
    opus_encoder_ctl(t->encoder, OPUS_SET_PREDICTION_DISABLED(t->skip == 0 && t->leading));
    return opus_encode_float(t->encoder, t->pending, (int)t->format.packet_samples, packet, AUDIO_PACKET_MAX);
}

static bool encode_packet(struct transcoder *t)
{
    uint8_t packet[AUDIO_PACKET_MAX];
    int size = t->encoder ? encode_opus(t, packet) : (int)encode_g711(t, packet);

    if (size < 0)
        return false;
    if (t->skip > 0) {
        t->skip--;
        return true;
    }
    t->leading = false;
    t->left--;
    return t->emit(t->context, packet, (size_t)size);
}

/* Takes resampled sound; NULL is silence. */
static bool encode(struct transcoder *t, const float *samples, size_t count)
{
    size_t channels = (size_t)t->format.channels;
    size_t at = count < (size_t)t->discard ? count : (size_t)t->discard;

    t->discard -= (int64_t)at;
    while (at < count && t->left > 0) {
        float *end = t->pending + t->pending_samples * channels;
        size_t part = t->format.packet_samples - t->pending_samples;
        if (part > count - at)
            part = count - at;
        if (samples)
            memcpy(end, samples + at * channels, part * channels * sizeof *samples);
        else
            memset(end, 0, part * channels * sizeof *samples);
        at += part;
        t->pending_samples += part;
        if (t->pending_samples == t->format.packet_samples) {
            t->pending_samples = 0;
            if (!encode_packet(t))
                return false;
        }
    }
    return true;
}

/* Resamples `count` samples of the file; NULL takes out what the resampler still holds. */
static bool resample(struct transcoder *t, const uint8_t **data, int count)
{
    int room = swr_get_out_samples(t->resampler, count);
    float *out = room > 0 ? malloc((size_t)(room * t->format.channels) * sizeof *out) : NULL;
    uint8_t *planes[1] = {(uint8_t *)out};

    if (!out)
        return room == 0;
    int got = swr_convert(t->resampler, planes, room, data, count);
    bool done = got >= 0 && encode(t, out, (size_t)got);
    free(out);
    return done;
}

static bool open_resampler(struct transcoder *t)
{
    const AVFrame *frame = t->frame;
    AVChannelLayout out, layout = {0};

    av_channel_layout_default(&out, t->format.channels);
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&layout, frame->ch_layout.nb_channels);
    else if (av_channel_layout_copy(&layout, &frame->ch_layout) < 0)
        return false;
    int error = swr_alloc_set_opts2(&t->resampler, &out, AV_SAMPLE_FMT_FLT, t->format.rate, &layout,
                                    frame->format, frame->sample_rate, 0, NULL);
    av_channel_layout_uninit(&layout);
    /* Channels that are put together become quieter rather than distorted. */
    return error == 0 && av_opt_set_double(t->resampler, "rematrix_maxval", 1, 0) == 0 && swr_init(t->resampler) == 0;
}

/* Sets the resampler up for frames like this one. The format may change within a file: an AAC decoder
 * finds out late that there is SBR, which doubles the rate. */
static bool adapt(struct transcoder *t)
{
    const AVFrame *frame = t->frame;

    if (t->resampler && t->rate == frame->sample_rate && t->sample_format == frame->format &&
        t->channels == frame->ch_layout.nb_channels)
        return true;
    if (frame->sample_rate < SAMPLE_RATE_MIN || frame->sample_rate > SAMPLE_RATE_MAX ||
        (t->resampler && !resample(t, NULL, 0)))
        return false;
    swr_free(&t->resampler);
    t->fed = av_rescale(t->fed, frame->sample_rate, t->rate);
    t->rate = frame->sample_rate;
    t->sample_format = frame->format;
    t->channels = frame->ch_layout.nb_channels;
    return open_resampler(t);
}

/* Fills a hole in the file, but no more of it than is wanted now. */
static bool feed_silence(struct transcoder *t, int64_t samples)
{
    int64_t wanted = (int64_t)((t->skip + t->left + 1) * t->format.packet_samples) + t->discard;
    int64_t most = av_rescale(wanted, t->rate, t->format.rate);

    if (samples > most)
        samples = most;
    t->fed += samples;
    return swr_inject_silence(t->resampler, (int)samples) >= 0;
}

/* Gives the decoded frame to the resampler, without what lies before the pre-roll. */
static bool feed_frame(struct transcoder *t)
{
    const AVFrame *frame = t->frame;
    const uint8_t *data[AV_NUM_DATA_POINTERS] = {0};

    if (!adapt(t))
        return false;
    int planes = av_sample_fmt_is_planar(frame->format) ? t->channels : 1;
    int stride = av_get_bytes_per_sample(frame->format) * t->channels / planes;
    int64_t skipped = t->fed - av_rescale(frame->pts, t->rate, SECONDS(1));

    if (planes > AV_NUM_DATA_POINTERS)
        return false;
    if (skipped >= frame->nb_samples)
        return true;
    /* Less than 10 ms between two frames is rounding, not a hole. */
    if (skipped < -t->rate / 100 && !feed_silence(t, -skipped))
        return false;
    if (skipped < 0)
        skipped = 0;
    for (int i = 0; i < planes; i++)
        data[i] = frame->extended_data[i] + skipped * stride;
    t->fed += frame->nb_samples - skipped;
    return resample(t, data, (int)(frame->nb_samples - skipped));
}

static bool decode(struct transcoder *t, const struct index_frame *frame)
{
    if (av_new_packet(t->packet, (int)frame->size) < 0)
        return false;
    bool good = index_read_frame(t->fd, &t->sound->track, frame, t->packet->data);
    t->packet->pts = frame->time;
    /* A frame that cannot be decoded leaves a hole, which is no reason to end the play. */
    if (good)
        avcodec_send_packet(t->decoder, t->packet);
    av_packet_unref(t->packet);
    while (good && avcodec_receive_frame(t->decoder, t->frame) == 0) {
        if (t->frame->pts != AV_NOPTS_VALUE)
            good = feed_frame(t);
        av_frame_unref(t->frame);
    }
    return good;
}

/* The last frame that begins at or before `time`. */
static size_t find_frame(const struct index_track *track, int64_t time)
{
    size_t low = 0, high = track->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (track->frames[middle].time <= time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct transcoder *audio_begin(int fd, const struct index_sound *sound, enum audio_codec codec, size_t first,
                               size_t count)
{
    int64_t begin = ((int64_t)first - PREROLL_PACKETS) * AUDIO_PACKET_TIME;
    struct transcoder *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->fd = fd;
    t->sound = sound;
    t->codec = codec;
    t->format = encodings[codec];
    t->rate = t->format.rate;
    t->fed = av_rescale(begin, t->rate, SECONDS(1));
    t->skip = PREROLL_PACKETS;
    t->left = count;
    t->leading = true;
    t->next = find_frame(&sound->track, begin);
    t->next = t->next > PREROLL_FRAMES ? t->next - PREROLL_FRAMES : 0;
    if (open_decoder(t) && open_encoder(t))
        return t;
    audio_end(t);
    return NULL;
}

/* What the resampler still holds, and silence where the file has no more sound. */
static bool finish(struct transcoder *t)
{
    if (t->resampler && !resample(t, NULL, 0))
        return false;
    return encode(t, NULL, (t->skip + t->left) * t->format.packet_samples + (size_t)t->discard);
}

enum audio_progress audio_make(struct transcoder *t, size_t packets, audio_emit emit, void *context)
{
    const struct index_track *track = &t->sound->track;
    size_t until = t->left > packets ? t->left - packets : 0;

    t->emit = emit;
    t->context = context;
    while (t->left > until) {
        bool good = t->next < track->count ? decode(t, &track->frames[t->next++]) : finish(t);
        if (!good)
            return AUDIO_FAILED;
    }
    return t->left > 0 ? AUDIO_MORE : AUDIO_DONE;
}

void audio_end(struct transcoder *t)
{
    if (t->encoder)
        opus_encoder_destroy(t->encoder);
    swr_free(&t->resampler);
    avcodec_free_context(&t->decoder);
    av_frame_free(&t->frame);
    av_packet_free(&t->packet);
    free(t);
}
