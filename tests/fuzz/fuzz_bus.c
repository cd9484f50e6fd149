/* Any bytes into the bus receiver: whole, and byte by byte, must find the same frames. */
#include <stdint.h>
#include <stdlib.h>

#include "legal/bus/bus_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bus_receiver whole;
    struct bus_receiver single;
    struct bus_frame frame;
    bus_receiver_start(&whole);
    bus_receiver_start(&single);
    for (size_t at = 0; at < size;) {
        bool got;
        at += bus_receiver_bytes(&whole, data + at, size - at, &frame, &got);
    }
    for (size_t at = 0; at < size; at++) {
        (void)bus_receiver_byte(&single, data[at], &frame);
    }
    if (whole.n_good != single.n_good || whole.n_damaged != single.n_damaged) {
        abort();
    }
    return 0;
}
