/* Bursts as samples, and telegrams from samples: levels down to the noise, transmitters off their
 * frequency and their clock, other rates. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/radio_demodulator.h"
#include "host/lib/radio_samples.h"
#include "proto/hex.h"
#include "proto/wmbus_vectors.h"

#define TURN 6.28318530717958647692

static const struct {
    const char *hex;
    enum wmbus_mode mode;
    enum wmbus_format format;
} kinds[] = {{WMBUS_382 "2F2F", WMBUS_T1, WMBUS_FORMAT_A},
             {OMNIPOWER_LONG, WMBUS_C1, WMBUS_FORMAT_B},
             {MADE_PLAIN, WMBUS_C1, WMBUS_FORMAT_A}}; /* long runs of zeroes */
#define N_KINDS (sizeof kinds / sizeof kinds[0])

static unsigned n_heard;
static struct wmbus_heard heard;
static double level;

static void take(void *context, const struct wmbus_heard *one, double level_dbfs)
{
    (void)context;
    heard = *one;
    level = level_dbfs;
    n_heard++;
}

static void expect(unsigned kind)
{
    uint8_t telegram[WMBUS_TELEGRAM_MAX];
    const size_t n = hex_joined(kinds[kind].hex, telegram);
    assert_int_equal(heard.mode, kinds[kind].mode);
    assert_int_equal(heard.format, kinds[kind].format);
    assert_int_equal(heard.n_octets, n);
    assert_memory_equal(heard.octets, telegram, n);
}

/* Samples of n bursts of the kind.  @return pairs; the caller frees *pairs */
static size_t samples_of(unsigned kind, unsigned n, double rssi_dbm, uint8_t **pairs)
{
    static struct radio_reception reception;
    struct radio_samples samples;
    uint8_t telegram[WMBUS_TELEGRAM_MAX];
    FILE *file = tmpfile();
    assert_non_null(file);
    reception = (struct radio_reception){.mode = (uint8_t)kinds[kind].mode, .rssi_dbm = rssi_dbm};
    const size_t n_telegram = hex_joined(kinds[kind].hex, telegram);
    assert_int_equal(wmbus_chips(kinds[kind].mode, kinds[kind].format, telegram, n_telegram,
                                 reception.chips + RADIO_CHANNEL_MARGIN / 8u, &reception.n_chips),
                     MBUS_OK);
    reception.n_chips += 2u * RADIO_CHANNEL_MARGIN;
    radio_samples_init(&samples, file);
    samples.random += n * 977u + kind;
    for (unsigned i = 0; i < n; i++) {
        assert_true(radio_samples_write(&samples, &reception, -107.0));
    }
    *pairs = malloc(2u * samples.n_samples);
    assert_non_null(*pairs);
    rewind(file);
    assert_int_equal(fread(*pairs, 2, samples.n_samples, file), samples.n_samples);
    assert_int_equal(fclose(file), 0);
    return samples.n_samples;
}

/* Another frequency of the carrier, and another rate of the sampling clock. */
static size_t tuned(const uint8_t *pairs, size_t n_pairs, double off_hz, double ratio, uint8_t *out)
{
    size_t n = 0;
    for (double at = 0.0; at < (double)n_pairs - 1.0; at += ratio, n++) {
        const size_t k = (size_t)at;
        const double part = at - (double)k, angle = TURN * off_hz * at / RADIO_SAMPLE_RATE;
        const double i = (pairs[2 * k] * (1 - part) + pairs[2 * k + 2] * part) - 127.5;
        const double q = (pairs[2 * k + 1] * (1 - part) + pairs[2 * k + 3] * part) - 127.5;
        out[2 * n] = (uint8_t)lrint(i * cos(angle) - q * sin(angle) + 127.5);
        out[2 * n + 1] = (uint8_t)lrint(i * sin(angle) + q * cos(angle) + 127.5);
    }
    return n;
}

static unsigned demodulated(const uint8_t *pairs, size_t n_pairs, unsigned rate)
{
    static struct radio_demodulator demodulator;
    n_heard = 0;
    radio_demodulator_init(&demodulator, rate);
    for (size_t at = 0; at < n_pairs; at += 1000) { /* in pieces, as they come */
        const size_t n = n_pairs - at < 1000 ? n_pairs - at : 1000;
        radio_demodulator_hear(&demodulator, pairs + 2 * at, n, take, NULL);
    }
    return n_heard;
}

static void test_levels(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        uint8_t *pairs = NULL;
        size_t n = samples_of(kind, 20, -60.0, &pairs);
        assert_int_equal(demodulated(pairs, n, RADIO_SAMPLE_RATE), 20);
        expect(kind);
        assert_true(level > -2.0 && level < 0.0); /* 110 of 127.5 */
        free(pairs);
        n = samples_of(kind, 20, -92.0, &pairs); /* 15 dB above what noise is in 1.2 MHz */
        assert_in_range(demodulated(pairs, n, RADIO_SAMPLE_RATE), 19, 20);
        expect(kind);
        free(pairs);
        n = samples_of(kind, 20, -120.0, &pairs);
        assert_int_equal(demodulated(pairs, n, RADIO_SAMPLE_RATE), 0);
        free(pairs);
    }
}

/* Transmitters and receivers have crystals: 40 kHz are 46 ppm, clocks 200 ppm. */
static void test_off_tune(void **state)
{
    (void)state;
    static const double offs_hz[] = {-40e3, -21e3, 7e3, 30e3, 40e3}, ratios[] = {0.9998, 1.0002};
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        uint8_t *pairs = NULL;
        const size_t n = samples_of(kind, 5, -75.0, &pairs);
        uint8_t *other = malloc(2u * n + 100u);
        assert_non_null(other);
        for (unsigned i = 0; i < 10u; i++) {
            const size_t n_other = tuned(pairs, n, offs_hz[i % 5u], ratios[i % 2u], other);
            assert_int_equal(demodulated(other, n_other, RADIO_SAMPLE_RATE), 5);
            expect(kind);
        }
        /* At 2.048 and 1 MS/s, as software radios are often set. */
        free(other);
        other = malloc(4u * n);
        assert_non_null(other);
        size_t n_other = tuned(pairs, n, 0.0, 1.2 / 2.048, other);
        assert_int_equal(demodulated(other, n_other, 2048000), 5);
        n_other = tuned(pairs, n, 0.0, 1.2, other);
        assert_int_equal(demodulated(other, n_other, 1000000), 5);
        expect(kind);
        free(other);
        free(pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_off_tune),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
