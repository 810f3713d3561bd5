/* SPDX-License-Identifier: GPL-3.0-only */
#include "audio.h"

#include <stdlib.h>
#include <string.h>

#include <libswresample/swresample.h>
#include <opus.h>

#include "file.h"

#define CHANNELS 2
#define BITRATE 128000
#define COMPLEXITY 6

/* Packets encoded before the first one that is used, so that the encoder is in its stride. */
#define PREROLL_PACKETS 10
/* Frames decoded before the first one that is used: an MP3 frame may refer to data of nine others. */
#define PREROLL_FRAMES 10

struct transcoder {
    int fd;
    const struct media_index *index;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    SwrContext *resampler; /* made when the first frame tells the format */
    int rate, format, channels;
    int64_t fed;     /* samples of the file, at `rate`, that the resampler has got or passed by */
    int64_t discard; /* resampled samples to drop before the encoder gets any */
    OpusEncoder *encoder;
    float pending[AUDIO_PACKET_SAMPLES * CHANNELS];
    size_t pending_samples;
    size_t skip;  /* packets of pre-roll still to come */
    size_t left;  /* packets wanted */
    bool leading; /* none of them has been made */
    audio_emit emit;
    void *context;
};

static bool open_decoder(struct transcoder *t)
{
    const AVCodec *codec = avcodec_find_decoder(t->index->audio_codec->codec_id);

    t->packet = av_packet_alloc();
    t->frame = av_frame_alloc();
    t->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!t->packet || !t->frame || !t->decoder ||
        avcodec_parameters_to_context(t->decoder, t->index->audio_codec) < 0)
        return false;
    t->decoder->thread_count = 1;
    return avcodec_open2(t->decoder, codec, NULL) == 0;
}

/* What the encoder is behind its input is dropped from the input, so that sound stays in time. */
static bool open_encoder(struct transcoder *t)
{
    opus_int32 lookahead;
    int error;

    t->encoder = opus_encoder_create(AUDIO_RATE, CHANNELS, OPUS_APPLICATION_AUDIO, &error);
    if (error != OPUS_OK)
        return false;
    opus_encoder_ctl(t->encoder, OPUS_SET_BITRATE(BITRATE));
    opus_encoder_ctl(t->encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
    opus_encoder_ctl(t->encoder, OPUS_GET_LOOKAHEAD(&lookahead));
    t->discard = lookahead;
    return true;
}

static bool encode_packet(struct transcoder *t)
{
    uint8_t packet[AUDIO_PACKET_MAX];

    /* The packet before the first one comes from another encoder: it must not lean on that. */
    opus_encoder_ctl(t->encoder, OPUS_SET_PREDICTION_DISABLED(t->skip == 0 && t->leading));
    int size = opus_encode_float(t->encoder, t->pending, AUDIO_PACKET_SAMPLES, packet, sizeof packet);
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
    size_t at = count < (size_t)t->discard ? count : (size_t)t->discard;

    t->discard -= (int64_t)at;
    while (at < count && t->left > 0) {
        float *end = t->pending + t->pending_samples * CHANNELS;
        size_t part = AUDIO_PACKET_SAMPLES - t->pending_samples;
        if (part > count - at)
            part = count - at;
        if (samples)
            memcpy(end, samples + at * CHANNELS, part * CHANNELS * sizeof *samples);
        else
            memset(end, 0, part * CHANNELS * sizeof *samples);
        at += part;
        t->pending_samples += part;
        if (t->pending_samples == AUDIO_PACKET_SAMPLES) {
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
    float *out = room > 0 ? malloc((size_t)room * CHANNELS * sizeof *out) : NULL;
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
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO, layout = {0};

    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&layout, frame->ch_layout.nb_channels);
    else if (av_channel_layout_copy(&layout, &frame->ch_layout) < 0)
        return false;
    int error = swr_alloc_set_opts2(&t->resampler, &stereo, AV_SAMPLE_FMT_FLT, AUDIO_RATE, &layout,
                                    frame->format, frame->sample_rate, 0, NULL);
    av_channel_layout_uninit(&layout);
    return error == 0 && swr_init(t->resampler) == 0;
}

/* Sets the resampler up for frames like this one. The format may change within a file: an AAC decoder
 * finds out late that there is SBR, which doubles the rate. */
static bool adapt(struct transcoder *t)
{
    const AVFrame *frame = t->frame;

    if (t->resampler && t->rate == frame->sample_rate && t->format == frame->format &&
        t->channels == frame->ch_layout.nb_channels)
        return true;
    if (frame->sample_rate < SAMPLE_RATE_MIN || frame->sample_rate > SAMPLE_RATE_MAX ||
        (t->resampler && !resample(t, NULL, 0)))
        return false;
    swr_free(&t->resampler);
    t->fed = av_rescale(t->fed, frame->sample_rate, t->rate);
    t->rate = frame->sample_rate;
    t->format = frame->format;
    t->channels = frame->ch_layout.nb_channels;
    return open_resampler(t);
}

/* Fills a hole in the file, but no more of it than is wanted now. */
static bool feed_silence(struct transcoder *t, int64_t samples)
{
    int64_t wanted = (int64_t)(t->skip + t->left + 1) * AUDIO_PACKET_SAMPLES + t->discard;
    int64_t most = av_rescale(wanted, t->rate, AUDIO_RATE);

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
    bool good = pread_whole(t->fd, t->packet->data, frame->size, frame->offset);
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

static bool transcode(struct transcoder *t, size_t first)
{
    const struct index_track *track = &t->index->audio;
    int64_t begin = ((int64_t)first - PREROLL_PACKETS) * AUDIO_PACKET_TIME;

    if (!open_decoder(t) || !open_encoder(t))
        return false;
    t->fed = av_rescale(begin, t->rate, SECONDS(1));
    size_t next = find_frame(track, begin);
    next = next > PREROLL_FRAMES ? next - PREROLL_FRAMES : 0;
    while (next < track->count && t->left > 0)
        if (!decode(t, &track->frames[next++]))
            return false;
    if (t->resampler && t->left > 0 && !resample(t, NULL, 0))
        return false;
    return t->left == 0 || encode(t, NULL, (t->skip + t->left) * AUDIO_PACKET_SAMPLES + (size_t)t->discard);
}

bool audio_transcode(int fd, const struct media_index *index, size_t first, size_t count,
                     audio_emit emit, void *context)
{
    struct transcoder t = {
        .fd = fd,
        .index = index,
        .rate = AUDIO_RATE,
        .leading = true,
        .skip = PREROLL_PACKETS,
        .left = count,
        .emit = emit,
        .context = context,
    };
    bool done = transcode(&t, first);

    if (t.encoder)
        opus_encoder_destroy(t.encoder);
    swr_free(&t.resampler);
    avcodec_free_context(&t.decoder);
    av_frame_free(&t.frame);
    av_packet_free(&t.packet);
    return done;
}
