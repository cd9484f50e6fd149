/* The whole meter, legal part included, fed with frames of its measuring systems: what a loss of
 * supply and a cut without warning leave behind. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/meter/meter_alarms.h"
#include "app/registers/register_read.h"
#include "emu/eeprom.h"

#define SECOND INT64_C(1000000)
#define KWH    UINT64_C(1000000000)
#define STEP   (KWH / 100u)

struct bench {
    struct meter meter;
    struct board board;
    struct measuring_system system[3];
    struct eeprom legal_memory;
    uint8_t app_memory[BOARD_APP_MEMORY_BYTES];
    int64_t now_us, utc_minus_now_s;
    uint64_t edges, edges_sum; /**< of the pulse output; their instants, each with its number */
};

static int legal_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return eeprom_read(&((struct bench *)context)->legal_memory, address, bytes, n_bytes);
}

static int legal_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return eeprom_write(&((struct bench *)context)->legal_memory, address, bytes, n_bytes);
}

static void pulse(void *context, bool on, int64_t at_us)
{
    struct bench *bench = context;
    bench->edges++;
    bench->edges_sum += bench->edges * (2u * (uint64_t)at_us + (on ? 1u : 0u));
}

static int app_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, ((struct bench *)context)->app_memory + address, n_bytes);
    return 0;
}

static int app_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy(((struct bench *)context)->app_memory + address, bytes, n_bytes);
    return 0;
}

static bool rtc_read(void *context, int64_t *utc_s)
{
    const struct bench *bench = (const struct bench *)context;
    *utc_s = bench->now_us / SECOND + bench->utc_minus_now_s;
    return true;
}

static void rtc_write(void *context, int64_t utc_s)
{
    struct bench *bench = (struct bench *)context;
    bench->utc_minus_now_s = utc_s - bench->now_us / SECOND;
}

/* Power up with what the memories hold. */
static void bench_start(struct bench *bench)
{
    struct variant variant;
    bench->board = (struct board){.legal = {.context = bench,
                                            .memory_read = legal_read,
                                            .memory_write = legal_write,
                                            .pulse_output = pulse},
                                  .context = bench,
                                  .app_memory_read = app_read,
                                  .app_memory_write = app_write,
                                  .rtc_read = rtc_read,
                                  .rtc_write = rtc_write};
    assert_int_equal(variant_by_name("382M", &variant), 0);
    assert_int_equal(meter_start(&bench->meter, &bench->board, &variant, 0, bench->now_us),
                     METER_OK);
    for (unsigned s = 0; s < 3; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&bench->meter.legal, (uint8_t)(s + 1u), &setup);
        measuring_system_start(&bench->system[s], &setup,
                               legal_measuring_epoch(&bench->meter.legal));
    }
}

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    eeprom_blank(&bench->legal_memory, 0xFF);
    memset(bench->app_memory, 0xFF, sizeof bench->app_memory);
    bench->utc_minus_now_s = INT64_C(1718886600); /* 2024-06-20 12:30:00 UTC */
    bench_start(bench);
    return bench;
}

/* What the memories hold now, in a new meter: the old one is cut off without a word. */
static struct bench *bench_after_a_cut(const struct bench *bench)
{
    struct bench *other = calloc(1, sizeof *other);
    assert_non_null(other);
    memcpy(other, bench, sizeof *other);
    bench_start(other);
    return other;
}

/* One second at u volts and i amperes, cos phi 1, on every phase. */
static void bench_second(struct bench *bench, double u, double i)
{
    const double per_volt = 8388608.0 / 700.0, per_ampere = 8388608.0 / 250.0, peak = sqrt(2.0);
    struct measuring_window window = {
        .samples = 8000,
        .active_lsb2 = (int64_t)(8000.0 * u * per_volt * i * per_ampere),
        .voltage_lsb2 = (uint64_t)(8000.0 * u * per_volt * u * per_volt),
        .current_lsb2 = (uint64_t)(8000.0 * i * per_ampere * i * per_ampere),
        .v1_re = (int32_t)(u * per_volt * peak * 64.0),
        .i1_re = (int32_t)(i * per_ampere * peak * 64.0),
        .frequency_uhz = u > 0 ? 50000000 : 0,
        .temperature_cc = 2300};
    bench->now_us += SECOND;
    for (unsigned s = 0; s < 3; s++) {
        uint8_t frame[MEASURING_FRAME_BYTES_MAX];
        measuring_system_window(&bench->system[s], &window);
        size_t n = measuring_system_frame(&bench->system[s], frame);
        meter_bus_receive(&bench->meter, frame, n, bench->now_us);
    }
    (void)meter_step(&bench->meter, bench->now_us);
}

static void bench_run(struct bench *bench, unsigned seconds, double u, double i)
{
    for (unsigned s = 0; s < seconds; s++) {
        bench_second(bench, u, i);
    }
}

/* The meter is called whenever it wants to be, up to the next window.  @return how often that was.
 */
static unsigned bench_called(struct bench *bench, double u, double i)
{
    const int64_t end_us = bench->now_us + SECOND;
    unsigned steps = 0;
    int64_t wake_us = meter_step(&bench->meter, bench->now_us);
    while (wake_us < end_us) {
        wake_us = meter_step(&bench->meter, wake_us);
        steps++;
    }
    bench_second(bench, u, i);
    return steps;
}

static uint64_t imported_uwh(const struct bench *bench)
{
    uint64_t total = legal_energy_uwh(&bench->meter.legal, LEGAL_A_PLUS), tariffs = 0;
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        tariffs += legal_tariff_uwh(&bench->meter.legal, t, LEGAL_A_PLUS);
    }
    assert_true(tariffs == total); /* always */
    return total;
}

/* A meter whose pulses may be told a window late tells the same ones, with the same instants, and
 * counts the same; it is called for next to nothing else. */
static void test_late_pulses_are_the_same(void **state)
{
    (void)state;
    struct bench *exact = bench_new(), *late = bench_new();
    unsigned steps_exact = 0, steps_late = 0;
    meter_pulses_late(&late->meter, SECOND);
    for (unsigned s = 0; s < 1800; s++) {
        const double ampere = s % 600u / 20.0;
        steps_exact += bench_called(exact, 230.0, ampere);
        steps_late += bench_called(late, 230.0, ampere);
    }
    assert_true(exact->edges > 8000 && exact->edges == late->edges);
    assert_true(exact->edges_sum == late->edges_sum);
    assert_true(imported_uwh(exact) == imported_uwh(late));
    assert_memory_equal(exact->app_memory, late->app_memory, sizeof exact->app_memory);
    assert_true(steps_exact > 8000);
    assert_true(steps_late < 1800); /* the display, and what is due in passing */
    meter_pulses_late(&late->meter, 0);
    steps_late = bench_called(late, 230.0, 30.0);
    assert_true(steps_late >= 10);
    free(exact);
    free(late);
}

/* REQ(MET-04): 230 V, 10 A on three phases for an hour and a half */
static void test_it_counts(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_run(bench, 5400, 230.0, 10.0);
    uint64_t energy = imported_uwh(bench);
    assert_true(energy > UINT64_C(10349900000) && energy < UINT64_C(10350100000));
    assert_true(bench->meter.demand.mean_mw[0] >= 6899900 &&
                bench->meter.demand.mean_mw[0] <= 6900100);
    assert_true(bench->meter.demand.peak[0].power_mw <= 6900100);
    char text[33];
    const char *unit;
    assert_true(
        register_read_text(&bench->meter, register_by_code("1.8.0"), text, sizeof text, &unit));
    assert_string_equal(text, "0000010");
    assert_true(
        register_read_text(&bench->meter, register_by_code("21.7.0"), text, sizeof text, &unit));
    assert_string_equal(text, "2.300");
    free(bench);
}

/* REQ(X-MET-7): below 160 V on all phases for a second: stored exactly, silent; back: a normal
 * start */
static void test_loss_of_supply(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_run(bench, 777, 230.0, 7.3);
    assert_true(bench->meter.supply_on);
    bench_run(bench, 4, 140.0, 0.0);
    assert_false(bench->meter.supply_on);
    assert_int_equal(bench->meter.display.state, DISPLAY_OFF);
    uint64_t energy = imported_uwh(bench);

    struct bench *other = bench_after_a_cut(bench); /* nothing is lost, to the last uWh */
    assert_true(imported_uwh(other) == energy);
    assert_int_equal(meter_status(&other->meter), 0);
    bench_run(other, 100, 230.0, 7.3);
    free(other);

    bench_run(bench, 600, 0.0, 0.0);
    assert_true(imported_uwh(bench) == energy);
    bench_run(bench, 3, 230.0, 7.3);
    assert_true(bench->meter.supply_on);
    assert_int_equal(bench->meter.display.state, DISPLAY_CHECKSUM);
    bench_run(bench, 12, 230.0, 7.3);
    assert_int_equal(bench->meter.display.state, DISPLAY_AUTOMATIC);
    assert_true(imported_uwh(bench) > energy);
    assert_int_equal(clock_utc_s(&bench->meter.clock, bench->now_us),
                     bench->now_us / SECOND + bench->utc_minus_now_s);
    free(bench);
}

/* REQ(REG-02): cut without warning at any second: never more than a step behind, never ahead */
static void test_cut_without_warning(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    for (unsigned n = 0; n < 200; n++) {
        bench_run(bench, 7, 230.0, 20.0 + n % 13);
        uint64_t truth = imported_uwh(bench);
        struct bench *other = bench_after_a_cut(bench);
        uint64_t kept = imported_uwh(other);
        assert_true(kept <= truth && truth - kept <= STEP);
        assert_int_equal(other->meter.serial_number, METER_SERIAL_DEFAULT);
        assert_int_equal(other->meter.demand.peak[0].power_mw,
                         bench->meter.demand.peak[0].power_mw);
        free(other);
    }
    free(bench);
}

/* REQ(REG-08): operating hours count supplied time only */
static void test_hour_counter(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_run(bench, 4000, 230.0, 1.0);
    bench_run(bench, 4000, 0.0, 0.0);
    bench_run(bench, 3300, 230.0, 1.0);
    struct register_value value;
    assert_true(register_read(&bench->meter, register_by_code("96.8.0"), &value));
    assert_int_equal(value.number, 2);
    free(bench);
}

static size_t ask(struct bench *bench, const uint8_t *body, size_t n_body)
{
    uint8_t frame[KMP_FRAME_MAX], answer[OPTICAL_TX_BYTES];
    struct optical *optical = &bench->meter.optical[0];
    int length = kmp_frame_encode(KMP_TO_METER, body, n_body, frame, sizeof frame);
    assert_true(length > 0);
    optical_receive(optical, &bench->meter, frame, (size_t)length, 0);
    return optical_transmit(optical, answer, sizeof answer);
}

/* Every command there could be, with data of every length, among them a write of each register. */
static void try_every_command(struct bench *bench)
{
    uint32_t seed = 382u;
    print_message("seed %u\n", (unsigned)seed);
    for (unsigned cid = 0; cid < 256; cid++) {
        for (unsigned length = 0; length < 24; length++) {
            uint8_t body[26] = {KMP_ADDRESS_METER, (uint8_t)cid};
            for (unsigned i = 0; i < length; i++) {
                seed = seed * 1664525u + 1013904223u;
                body[2 + i] = (uint8_t)(seed >> 24);
            }
            (void)ask(bench, body, 2u + length);
        }
    }
    for (size_t row = 0; row < register_table_length; row++) {
        const struct register_def *def = &register_table[row];
        uint8_t body[15] = {
            KMP_ADDRESS_METER,    0x11,          0,          0, (uint8_t)(def->kmp_id >> 8),
            (uint8_t)def->kmp_id, def->kmp_unit, def->width, 0};
        for (uint8_t cid = 0x11; cid <= 0x12; cid++) {
            body[1] = cid;
            const size_t got = ask(bench, body, 9u + (def->width < 6 ? def->width : 6u));
            assert_true(got == 0 || (cid == 0x11 && (def->access & ACCESS_W) != 0));
        }
    }
}

/* REQ(OPT-06, SEC-04, REG-13, CFG-07): nothing that comes through the optical port changes legal
 * data,
 * the locked configuration, or a single byte of the legal memory */
static void test_no_way_in(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_run(bench, 300, 230.0, 10.0);
    struct legal before = bench->meter.legal;
    struct variant variant = bench->meter.variant;
    struct bench *copy = calloc(1, sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, bench, sizeof *copy);
    try_every_command(bench);
    assert_memory_equal(&bench->meter.legal, &before, sizeof before);
    assert_memory_equal(&bench->meter.variant, &variant, sizeof variant);
    assert_memory_equal(bench->legal_memory.bytes, copy->legal_memory.bytes, LEGAL_MEMORY_BYTES);
    assert_int_equal(bench->meter.serial_number, METER_SERIAL_DEFAULT);
    free(copy);
    free(bench);
}

static uint32_t random_next(uint32_t *state)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return *state >> 8;
}

/* Somebody opens, pulls out, holds a magnet there, and a client clears what comes of it. */
static void tamper_at_random(struct bench *bench, uint32_t *random)
{
    static const enum meter_input inputs[] = {METER_INPUT_MAGNET, METER_INPUT_COVER,
                                              METER_INPUT_TERMINAL_COVER, METER_INPUT_SEAL,
                                              METER_INPUT_MODULE};
    const uint32_t what = random_next(random) % 16u;
    if (what < 5) {
        meter_input(&bench->meter, inputs[what], random_next(random) % 2u != 0, bench->now_us);
    } else if (what == 5) {
        (void)meter_alarms_clear(&bench->meter, ALARM_TAMPER, random_next(random));
        (void)meter_alarms_clear(&bench->meter, ALARM_A, random_next(random));
        meter_events_clear(&bench->meter, (uint8_t)random_next(random));
    }
}

/* REQ(EVT-11, SEC-07): no act of tampering and nothing that follows from one changes a
 * microwatt-hour: a meter that is tampered with all day, through losses of supply and cuts, has the
 * same registers, the same pulses and the same legal memory, byte for byte, as one that is left
 * alone */
static void test_tampering_changes_no_energy(void **state)
{
    (void)state;
    uint32_t random = 382, load = 1;
    struct bench *alone = bench_new(), *beset = bench_new();
    for (unsigned s = 0; s < 7200; s++) {
        const uint32_t draw = random_next(&load) % 1000u;
        const double ampere = random_next(&load) % 400u / 10.0;
        const unsigned seconds = draw < 3 ? 20 : 1; /* some are without supply */
        for (unsigned i = 0; i < seconds; i++) {
            tamper_at_random(beset, &random);
            bench_run(alone, 1, draw < 3 ? 0.0 : 230.0, ampere);
            bench_run(beset, 1, draw < 3 ? 0.0 : 230.0, ampere);
        }
        if (draw == 999) {
            struct bench *cut[2] = {bench_after_a_cut(alone), bench_after_a_cut(beset)};
            free(alone);
            free(beset);
            alone = cut[0];
            beset = cut[1];
        }
    }
    assert_true(imported_uwh(alone) > 5 * KWH);
    assert_true(event_log_newest(&beset->meter.logs, EVENT_LOG_STATUS) > 1000);
    for (unsigned energy = 0; energy < LEGAL_ENERGIES; energy++) {
        assert_true(legal_energy_uwh(&alone->meter.legal, (enum legal_energy)energy) ==
                    legal_energy_uwh(&beset->meter.legal, (enum legal_energy)energy));
    }
    assert_true(imported_uwh(alone) == imported_uwh(beset));
    assert_true(alone->edges > 5000 && alone->edges == beset->edges);
    assert_true(alone->edges_sum == beset->edges_sum);
    assert_memory_equal(alone->legal_memory.bytes, beset->legal_memory.bytes, LEGAL_MEMORY_BYTES);
    free(alone);
    free(beset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_counts),
        cmocka_unit_test(test_late_pulses_are_the_same),
        cmocka_unit_test(test_loss_of_supply),
        cmocka_unit_test(test_cut_without_warning),
        cmocka_unit_test(test_hour_counter),
        cmocka_unit_test(test_no_way_in),
        cmocka_unit_test(test_tampering_changes_no_energy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
