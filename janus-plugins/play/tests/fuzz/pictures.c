/* SPDX-License-Identifier: GPL-3.0-only */
/* NAL units as mp4 stores them: one byte says how long their lengths are, then comes a picture. It is cut into as
 * many packets as were counted before, none of them too large. */
#include "../../src/h264.c"
#include "../../src/packetizer.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h264_config config = {.parameter_sets = {24, 0, 1, 0x67}, .parameter_sets_size = 4};
    uint8_t payload[RTP_PAYLOAD_MAX];
    struct packetizer packetizer;
    size_t count = 0, length;
    struct reason reason;
    bool idr, last = true;

    if (size == 0)
        return 0;
    h264_config_parse(data, size, &config, &reason);
    config.length_size = (data[0] & 3) + 1;
    if (!h264_inspect(data + 1, size - 1, config.length_size, &idr))
        return 0;
    packetizer_begin(&packetizer, &config, data + 1, size - 1, idr);
    size_t expected = packetizer_count(&packetizer);
    while ((length = packetizer_next(&packetizer, payload, &last)) > 0) {
        count++;
        if (length > sizeof payload || (count == expected) != last)
            abort();
    }
    if (count != expected)
        abort();
    return 0;
}
