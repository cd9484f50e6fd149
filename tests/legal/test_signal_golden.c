/* The kernel's bits: see signal_golden.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "legal/bus/bus_frame.h"
#include "legal/signal_golden.h"

static void test_golden_run(void **unused)
{
    (void)unused;
    struct measuring_system system;
    uint32_t n_frames;
    const uint32_t crc = signal_golden_run(&system, &n_frames);
    uint8_t bytes[MEASURING_FRAME_BYTES_MAX];
    struct bus_frame frame;
    assert_true(bus_frame_decode(bytes, measuring_system_frame(&system, bytes), &frame));
    print_message("%u frames, CRC 0x%08X; last: %.3f Hz, flags %u\n", (unsigned)n_frames,
                  (unsigned)crc, frame.frequency_uhz * 1e-6, frame.flags);
    /* The run shows what it is meant to: it ends locked at 51 Hz with all its frames. */
    assert_int_equal(n_frames, 40);
    assert_int_equal(frame.flags, BUS_FLAG_VOLTAGE | BUS_FLAG_LOCKED);
    assert_in_range(frame.frequency_uhz, 50900000, 51100000);
    assert_int_equal(crc, SIGNAL_GOLDEN_CRC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
