/*
 * The three sample kernels do the same to the last bit, whatever comes in.  Each is built into this
 * test beside the others, below a state of its own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "legal/signal_random.h"
#include "signal/kernel/run.h"

typedef void kernel_function(struct signal_state *state, const int32_t *v_lsb, const int32_t *i_lsb,
                             size_t n);
kernel_function kernel_plain, kernel_smlal, kernel_muls32;

/* Their inner functions may bear the same names. */
#define signal_kernel  kernel_plain
#define voltage_filter plain_filter
#include "signal/kernel/plain.c"
#undef signal_kernel
#undef voltage_filter
#define signal_kernel  kernel_smlal
#define voltage_filter smlal_filter
#define turn           smlal_turn
#include "signal/kernel/smlal.c"
#undef signal_kernel
#undef voltage_filter
#undef turn
#define signal_kernel kernel_muls32
#define correlate     muls32_correlate
#include "signal/kernel/muls32.c"
#undef signal_kernel
#undef correlate

static struct signal_random seeded(void)
{
    const char *text = getenv("OPEN382_SEED");
    const struct signal_random run = {.state = text != NULL ? strtoull(text, NULL, 0) : 382};
    printf("OPEN382_SEED=%llu\n", (unsigned long long)run.state);
    return run;
}

static uint32_t rounds(uint32_t usual)
{
    const char *text = getenv("OPEN382_LONG");
    return text != NULL ? usual * (uint32_t)strtoul(text, NULL, 0) : usual;
}

/** Where the widest values are: offsets, taps and oscillator at the ends of what is allowed. */
static void draw_state(struct signal_random *run, struct signal_state *state)
{
    struct measuring_system system;
    signal_random_start(run, &system);
    memset(state, 0, sizeof *state);
    memcpy(state, system.opaque, sizeof *state);
    state->offset.v_lsb = signal_random_between(run, -524288, 524288);
    state->offset.i_lsb = signal_random_between(run, -524288, 524288);
    if (signal_random_draw(run, 4) == 0) {
        memset(state->fir_q28, 0, sizeof state->fir_q28);
        state->fir_q28[signal_random_draw(run, 8)] =
            signal_random_draw(run, 2) == 0 ? INT32_C(3) << 28 : -(INT32_C(3) << 28);
    }
    state->oscillator.phase = signal_random_draw(run, UINT32_C(1) << 31) * 2u;
    state->oscillator.step = (uint32_t)signal_random_between(run, 22548578, 37044093);
    signal_oscillator_align(&state->oscillator);
}

static void draw_codes(struct signal_random *run, int32_t *codes)
{
    const bool extreme = signal_random_draw(run, 4) == 0;
    for (size_t k = 0; k < SIGNAL_CHUNK; k++) {
        codes[k] = signal_random_between(run, -8388608, 8388607);
        if (extreme) {
            codes[k] = codes[k] < 0 ? -8388608 : 8388607;
        }
    }
    if (signal_random_draw(run, 8) == 0) {
        codes[signal_random_draw(run, SIGNAL_CHUNK)] = INT32_MIN;
    }
}

/* REQ(MET-04) */
static void test_kernels_are_the_same(void **unused)
{
    (void)unused;
    struct signal_random run = seeded();
    const uint32_t n_rounds = rounds(20000);
    for (uint32_t round = 0; round < n_rounds; round++) {
        struct signal_state plain;
        draw_state(&run, &plain);
        struct signal_state smlal = plain;
        struct signal_state muls32 = plain;
        for (unsigned chunk = 0; chunk < 4; chunk++) {
            int32_t v[SIGNAL_CHUNK];
            int32_t i[SIGNAL_CHUNK];
            draw_codes(&run, v);
            draw_codes(&run, i);
            const size_t n = 1u + signal_random_draw(&run, SIGNAL_CHUNK);
            kernel_plain(&plain, v, i, n);
            kernel_smlal(&smlal, v, i, n);
            kernel_muls32(&muls32, v, i, n);
            assert_memory_equal(&smlal, &plain, sizeof plain);
            assert_memory_equal(&muls32, &plain, sizeof plain);
        }
    }
}

/** The random run shows what it is meant to: all flags, all kinds of window. */
static void test_random_run_is_varied(void **unused)
{
    (void)unused;
    struct signal_random run = seeded();
    struct measuring_system system;
    unsigned seen = 0;
    for (unsigned life = 0; life < 400; life++) {
        signal_random_start(&run, &system);
        for (unsigned block = 0; block < 100; block++) {
            uint32_t n_frames = 0;
            (void)signal_random_block(&run, &system, 0, SIGNAL_RANDOM_BLOCK, &n_frames);
            uint8_t bytes[MEASURING_FRAME_BYTES_MAX];
            (void)measuring_system_frame(&system, bytes);
            seen |= n_frames > 0 ? 1u << (bytes[4] & 15u) : 0u;
        }
    }
    /* bit f: a frame with flags f; silence, voltage, lock, clipping, refused constants */
    const unsigned wanted =
        1u << 0 | 1u << BUS_FLAG_VOLTAGE | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 9;
    assert_int_equal(seen & wanted, wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_are_the_same),
        cmocka_unit_test(test_random_run_is_varied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
