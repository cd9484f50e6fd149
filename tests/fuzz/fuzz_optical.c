/* Any bytes, with pauses, on the optical port of a whole meter: no crash, and the port still
 * answers. */
#include <stdlib.h>
#include <string.h>

#include "app/meter/meter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)address;
    memset(bytes, 0xFF, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    (void)address;
    (void)bytes;
    (void)n_bytes;
    return 0;
}

static void pulse_output(void *context, bool on, int64_t at_us)
{
    (void)context;
    (void)on;
    (void)at_us;
}

static bool seal_open(void *context)
{
    (void)context;
    return true;
}

static bool rtc_read(void *context, int64_t *utc_s)
{
    (void)context;
    *utc_s = INT64_C(1718886605);
    return true;
}

static void rtc_write(void *context, int64_t utc_s)
{
    (void)context;
    (void)utc_s;
}

/* A meter with supply; the first byte of the input chooses which. */
static void power_up(struct meter *meter, const struct board *board, uint8_t choice)
{
    struct variant variant;
    if (variant_by_name(variant_name(choice % variant_count()), &variant) != 0 ||
        meter_start(meter, board, &variant, 0, 0) != METER_OK) {
        abort();
    }
    meter->supply_on = true;
}

static void say(struct meter *meter, uint8_t byte, int64_t wall_ms)
{
    uint8_t answer[OPTICAL_TX_BYTES];
    optical_receive(&meter->optical[0], meter, &byte, 1, wall_ms);
    (void)optical_step(&meter->optical[0], meter, wall_ms);
    if (byte % 8u == 0) { /* now and then somebody listens */
        (void)optical_transmit(&meter->optical[0], answer, sizeof answer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t ask[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    static struct meter meter;
    const struct board board = {.legal = {.memory_read = memory_read,
                                          .memory_write = memory_write,
                                          .pulse_output = pulse_output,
                                          .seal_open = seal_open},
                                .app_memory_read = memory_read,
                                .app_memory_write = memory_write,
                                .rtc_read = rtc_read,
                                .rtc_write = rtc_write};
    uint8_t answer[OPTICAL_TX_BYTES];
    int64_t wall_ms = 0;
    power_up(&meter, &board, size > 0 ? data[0] : 0);
    for (size_t i = 1; i < size; i++) {
        wall_ms += data[i] == 0xFFu ? 2000 : 1;
        say(&meter, data[i], wall_ms);
    }
    for (unsigned i = 0; i < 10; i++) { /* let everything run out */
        wall_ms += 10000;
        (void)optical_step(&meter.optical[0], &meter, wall_ms);
        (void)optical_transmit(&meter.optical[0], answer, sizeof answer);
    }
    optical_receive(&meter.optical[0], &meter, ask, sizeof ask, wall_ms);
    if (optical_transmit(&meter.optical[0], answer, sizeof answer) == 0 || answer[0] != 0x40) {
        abort();
    }
    return 0;
}
