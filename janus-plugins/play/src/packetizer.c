/* SPDX-License-Identifier: GPL-3.0-only */
#include "packetizer.h"

#include <string.h>

_Static_assert(H264_PARAMETER_SETS_MAX <= RTP_PAYLOAD_MAX, "the parameter sets fit into one packet");

#define FU_HEADERS 2
#define FU_START 0x80
#define FU_END 0x40

void rtp_write_header(uint8_t packet[RTP_HEADER_SIZE], const struct rtp_header *header)
{
    packet[0] = 2 << 6;
    packet[1] = (uint8_t)(header->marker << 7 | header->payload_type);
    packet[2] = (uint8_t)(header->sequence >> 8);
    packet[3] = (uint8_t)header->sequence;
    packet[4] = (uint8_t)(header->timestamp >> 24);
    packet[5] = (uint8_t)(header->timestamp >> 16);
    packet[6] = (uint8_t)(header->timestamp >> 8);
    packet[7] = (uint8_t)header->timestamp;
    memset(packet + 8, 0, 4);
}

/* The NAL unit after the current one is fetched as soon as that is done, so that "no more" is known
 * when the last payload is written. */
static void fetch(struct packetizer *packetizer)
{
    packetizer->fragmented = 0;
    if (!h264_next_nal(&packetizer->position, packetizer->end, packetizer->config->length_size,
                       &packetizer->nal))
        packetizer->nal = (struct h264_nal){NULL, 0};
}

void packetizer_begin(struct packetizer *packetizer, const struct h264_config *config,
                      const uint8_t *data, size_t size, bool idr)
{
    *packetizer = (struct packetizer){
        .config = config, .position = data, .end = data + size, .parameter_sets = idr};
    fetch(packetizer);
}

static size_t write_parameter_sets(struct packetizer *packetizer, uint8_t *payload)
{
    packetizer->parameter_sets = false;
    memcpy(payload, packetizer->config->parameter_sets, packetizer->config->parameter_sets_size);
    return packetizer->config->parameter_sets_size;
}

static size_t write_whole(struct packetizer *packetizer, uint8_t *payload)
{
    size_t size = packetizer->nal.size;

    memcpy(payload, packetizer->nal.data, size);
    fetch(packetizer);
    return size;
}

static size_t write_fragment(struct packetizer *packetizer, uint8_t *payload)
{
    struct h264_nal *nal = &packetizer->nal;
    uint8_t flags = 0;

    if (!packetizer->fragmented) {
        packetizer->fragmented = nal->data[0];
        nal->data++;
        nal->size--;
        flags = FU_START;
    }
    size_t size = nal->size;
    if (size > RTP_PAYLOAD_MAX - FU_HEADERS)
        size = RTP_PAYLOAD_MAX - FU_HEADERS;
    else
        flags |= FU_END;
    payload[0] = (packetizer->fragmented & 0xe0) | H264_NAL_FU_A;
    payload[1] = flags | (packetizer->fragmented & 0x1f);
    memcpy(payload + FU_HEADERS, nal->data, size);
    nal->data += size;
    nal->size -= size;
    if (nal->size == 0)
        fetch(packetizer);
    return FU_HEADERS + size;
}

size_t packetizer_next(struct packetizer *packetizer, uint8_t payload[RTP_PAYLOAD_MAX], bool *last)
{
    size_t size;

    if (packetizer->nal.size == 0)
        return 0;
    if (packetizer->parameter_sets)
        size = write_parameter_sets(packetizer, payload);
    else if (packetizer->fragmented || packetizer->nal.size > RTP_PAYLOAD_MAX)
        size = write_fragment(packetizer, payload);
    else
        size = write_whole(packetizer, payload);
    *last = packetizer->nal.size == 0;
    return size;
}

size_t packetizer_write_filler(uint8_t payload[RTP_PAYLOAD_MAX])
{
    memset(payload, 0xff, RTP_PAYLOAD_MAX);
    payload[0] = H264_NAL_FILLER;
    payload[RTP_PAYLOAD_MAX - 1] = 0x80;
    return RTP_PAYLOAD_MAX;
}

size_t packetizer_count(const struct packetizer *packetizer)
{
    const uint8_t *position = packetizer->position;
    struct h264_nal nal = packetizer->nal;
    size_t count = nal.size > 0 && packetizer->parameter_sets;

    while (nal.size > 0) {
        if (nal.size <= RTP_PAYLOAD_MAX)
            count++;
        else
            count += (nal.size - 1 + RTP_PAYLOAD_MAX - FU_HEADERS - 1) / (RTP_PAYLOAD_MAX - FU_HEADERS);
        if (!h264_next_nal(&position, packetizer->end, packetizer->config->length_size, &nal))
            break;
    }
    return count;
}
