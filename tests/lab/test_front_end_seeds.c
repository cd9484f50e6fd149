/** One seed, one meter: reproducible, and drawn from the table. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lab/front_end.h"

#define N      4000u
#define METERS 3000u

static struct front_end meter;

/** CRC-32 (IEEE 802.3) of codes, for printing and comparing. */
static uint32_t crc_of(uint32_t crc, const int32_t *code, size_t n)
{
    crc = ~crc;
    for (size_t k = 0; k < n; k++) {
        crc ^= (uint32_t)code[k];
        for (unsigned bit = 0; bit < 32; bit++) {
            crc = crc >> 1 ^ ((crc & 1u) != 0 ? UINT32_C(0xEDB88320) : 0u);
        }
    }
    return ~crc;
}

/** All codes of half a second, asked for in pieces of this length. */
static uint32_t run(uint64_t seed, unsigned effects, size_t piece)
{
    const struct front_end_options options = {.effects = effects, .systems = 3};
    static int32_t v[N], i[N];
    struct stimulus stimulus;
    uint32_t crc = 0;
    front_end_start(&meter, seed, &options);
    stimulus_balanced(&stimulus, 230.0, 5.0, 30.0, 50.0);
    front_end_connect(&meter, &stimulus);
    for (unsigned s = 0; s < 3; s++) {
        for (size_t at = 0; at < N; at += piece) {
            front_end_samples(&meter, s, piece < N - at ? piece : N - at, v + at, i + at);
        }
        crc = crc_of(crc_of(crc, v, N), i, N);
    }
    return crc;
}

static void same_seed_same_codes(void **state)
{
    (void)state;
    const uint32_t first = run(382, FRONT_END_PHYSICAL, N);
    printf("seed 382: CRC %08x\n", (unsigned)first);
    assert_int_equal(run(382, FRONT_END_PHYSICAL, N), first);
    assert_int_not_equal(run(383, FRONT_END_PHYSICAL, N), first);
    for (unsigned effect = 1; effect < FRONT_END_PHYSICAL; effect <<= 1) {
        const bool shows = run(382, FRONT_END_PHYSICAL & ~effect, N) != first;
        /* the sensor is read elsewhere, and 5 A never clip */
        assert_true(shows == (effect != FRONT_END_SENSOR && effect != FRONT_END_CLIPPING));
    }
}

/** The way of asking makes no difference (heating is rounded in other places, so not with it). */
static void pieces_make_no_difference(void **state)
{
    (void)state;
    const unsigned still = FRONT_END_PHYSICAL & ~(unsigned)(FRONT_END_SELF_HEATING);
    assert_int_equal(run(5, still, 37), run(5, still, N));
}

static void draws_keep_within_their_bounds(void **state)
{
    (void)state;
    const struct front_end_options options = {.systems = 3};
    static double sum[64], least[64], most[64];
    assert_in_range(front_end_n_draws, 20, 64);
    for (unsigned m = 0; m < METERS; m++) {
        front_end_start(&meter, m, &options);
        for (size_t k = 0; k < front_end_n_draws; k++) {
            const struct front_end_draw *draw = &front_end_draws[k];
            double value;
            memcpy(&value, (const char *)&meter.system[m % 3u].sensor + draw->offset, sizeof value);
            const bool is_signed = draw->distribution == FRONT_END_SIGNED;
            const double size = is_signed ? fabs(value) : value;
            assert_true(size >= draw->low && size <= draw->high);
            sum[k] += value / METERS;
            least[k] = m == 0 || value < least[k] ? value : least[k];
            most[k] = m == 0 || value > most[k] ? value : most[k];
        }
    }
    for (size_t k = 0; k < front_end_n_draws; k++) {
        const struct front_end_draw *draw = &front_end_draws[k];
        const bool is_signed = draw->distribution == FRONT_END_SIGNED;
        const double low = is_signed ? -draw->high : draw->low, span = draw->high - low;
        /* a mean of 3000 is within 0.6 % of the span (one deviation), signed ones within 0.8 % */
        if (fabs(sum[k] - (low + draw->high) / 2.0) > 0.03 * span || least[k] > low + 0.01 * span ||
            most[k] < draw->high - 0.01 * span) {
            fail_msg("%s: mean %g, least %g, most %g", draw->name, sum[k], least[k], most[k]);
        }
    }
}

/** Properties are drawn apart: no two of a meter go together. */
static void draws_do_not_hang_together(void **state)
{
    (void)state;
    const struct front_end_options options = {.systems = 3};
    double product = 0.0, between = 0.0;
    for (unsigned m = 0; m < METERS; m++) {
        front_end_start(&meter, m, &options);
        const struct front_end_sensor *a = &meter.system[0].sensor, *b = &meter.system[1].sensor;
        product += a->voltage_gain_pct / 2.0 * a->current_gain_pct / 5.0 / METERS;
        between += a->voltage_gain_pct / 2.0 * b->voltage_gain_pct / 2.0 / METERS;
    }
    assert_true(fabs(product) < 0.03 && fabs(between) < 0.03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_codes),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(draws_keep_within_their_bounds),
        cmocka_unit_test(draws_do_not_hang_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
