/*
 * Edges that seeded defects crossed unseen (tools/mutation.py): one test for each, named after what
 * it holds.
 */
#include <math.h>

#include "emu/desk.h"

#include "energy/registers.h"
#include "energy/system.h"
#include "store/page.h"
#include "store/store.h"

static const double watts[3] = {1900, -700, 1250}, vars[3] = {400, -300, 200};

/* The shown frequency is rounded, not cut: 50000.499 mHz and 50000.500 mHz. */
static void frequency_is_rounded(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    for (unsigned row = 0; row < 2; row++) {
        for (unsigned s = 0; s < 3; s++) {
            desk->frame[s].frequency_uhz = 50000499u + row;
        }
        desk_run(desk, 2, watts, vars);
        struct legal_instant instant;
        legal_instant(&desk->legal, &instant);
        assert_int_equal(instant.frequency_mhz, 50000 + row);
    }
    desk_free(desk);
}

/* A resting tariff counts whatever tariff is in force, and that one's own does not. */
static void any_resting_tariff_must_fit(void **state)
{
    (void)state;
    for (uint8_t in_force = 1; in_force <= LEGAL_TARIFFS; in_force++) {
        for (unsigned t = 0; t < LEGAL_TARIFFS; t++) {
            struct registers registers;
            memset(&registers, 0, sizeof registers);
            registers.tariff = in_force;
            registers.cell[CELL_A_PLUS_L1].whole = 100;
            registers.resting_uwh[t][LEGAL_A_PLUS] = 100;
            assert_true(registers_fit(&registers));
            registers.resting_uwh[t][LEGAL_A_PLUS] = 101;
            assert_int_equal(registers_fit(&registers), t + 1u == in_force);
        }
    }
}

static struct system system_with_crosstalk(int32_t g_q40)
{
    struct system system;
    struct legal_constants constants;
    memset(&system, 0, sizeof system);
    legal_constants_nominal(&constants);
    constants.crosstalk_g_q40 = g_q40;
    system_calibrate(&system, &constants);
    return system;
}

/* The smallest constants have their sign, too. */
static void smallest_crosstalk_has_its_sign(void **state)
{
    (void)state;
    const struct system_sums sums = {.voltage = UINT64_C(1) << 50, .samples = 8000};
    for (int32_t g_q40 = -1; g_q40 <= 1; g_q40++) {
        struct system system = system_with_crosstalk(g_q40);
        system.window = sums;
        system_correct(&system, (struct system_phasor){0, 0});
        const struct wide energy = system.active_energy;
        const wide_reference exact =
            (wide_reference)energy.whole * (INT64_C(1) << 48) + (wide_reference)energy.fraction;
        assert_true(exact == -(wide_reference)g_q40 * 1024 * POWER_GAIN);
    }
}

/* What crosstalk leaves below one counter step is kept to the last 2^-40, either sign. */
static void rest_of_crosstalk_is_exact(void **state)
{
    (void)state;
    static const int32_t constants_q40[] = {12345677, -12345677, 1, -1};
    for (unsigned row = 0; row < 4; row++) {
        struct system system = system_with_crosstalk(constants_q40[row]);
        struct bus_frame frame = {.system = 1, .epoch = 1, .sequence = UINT16_MAX};
        uint32_t lost = 0;
        for (unsigned k = 0; k < 1000; k++) {
            frame.sequence++;
            frame.samples += 1600;
            frame.voltage += UINT64_C(185512345678) + 7919u * k;
            assert_int_equal(system_take(&system, &frame, 0, &lost), SYSTEM_TAKEN);
            system_correct(&system, (struct system_phasor){0, 0});
            const wide_reference all =
                (wide_reference)constants_q40[row] * (wide_reference)frame.voltage;
            assert_true(system.active_rest_q40 == (uint64_t)(all & ((UINT64_C(1) << 40) - 1u)));
        }
    }
}

/* No start without a way to the memory. */
static void memory_is_needed(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_port port = desk->port;
    port.memory_read = NULL;
    assert_int_equal(legal_start(&desk->legal, &port, &desk->setup, 0), LEGAL_ERR_RANGE);
    port = desk->port;
    port.memory_write = NULL;
    assert_int_equal(legal_start(&desk->legal, &port, &desk->setup, 0), LEGAL_ERR_RANGE);
    desk_free(desk);
}

/* The first frame after a restart of the processor alone books nothing, but shows life. */
static void known_frame_breaks_the_silence(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 5, watts, vars);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    desk->now_us += 2900000;
    for (unsigned s = 0; s < 3; s++) {
        desk_send(desk, s);
    }
    desk->now_us += 600000;
    legal_step(&desk->legal, desk->now_us);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_int_equal(health.systems_silent, 0);
    desk_free(desk);
}

/* Four places are tried for a record, as docs/spec/storage.md has it. */
static void four_places_are_tried(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 2, watts, vars);
    struct legal_health before, after;
    legal_health(&desk->legal, &before);
    desk->memory.refuse_writes = true;
    assert_int_equal(legal_store(&desk->legal), LEGAL_ERR_STORAGE);
    legal_health(&desk->legal, &after);
    assert_int_equal(after.memory_writes - before.memory_writes, 4);
    desk_free(desk);
}

/* Page of the newest state record; its number in *number. */
static uint8_t *newest_state(struct desk *desk, uint32_t *number)
{
    uint8_t *found = NULL;
    for (uint32_t place = 0; place < STORE_STATE_PAGES; place++) {
        struct page page;
        uint8_t *at = desk->memory.bytes + (STORE_STATE_PAGE + place) * LEGAL_MEMORY_PAGE_BYTES;
        memcpy(page.bytes, at, sizeof page.bytes);
        if (page.bytes[0] == PAGE_STATE && (found == NULL || page_number(&page) > *number)) {
            *number = page_number(&page);
            found = at;
        }
    }
    assert_non_null(found);
    return found;
}

/* A record with a good CRC that contradicts itself is passed over, and the fault is shown. */
static void contradiction_is_a_fault(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 5, watts, vars);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    const uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
    uint32_t number = 0;
    struct page page;
    memcpy(page.bytes, newest_state(desk, &number), sizeof page.bytes);
    page_put(&page, 4, 4, number + 1u);
    page_put(&page, 36u + 13u * CELL_R1, 7, UINT64_C(1) << 50); /* far more than R+ */
    struct page_memory memory = {.port = &desk->port, .writable = true};
    assert_true(page_write(&memory, STORE_STATE_PAGE + (number + 1u) % STORE_STATE_PAGES, &page));
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_true(health.memory_fault && health.memory_restored);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    desk_free(desk);
}

/* Where nothing could be read nothing is written, and nobody is told otherwise. */
static void unknown_memory_takes_no_constants(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->memory.unreadable_to = EEPROM_PAGES;
    desk->seal_open = true;
    assert_int_equal(desk_power_up(desk), LEGAL_ERR_STORAGE);
    struct legal_calibration calibration;
    assert_int_equal(legal_calibration_read(&desk->legal, 1, &calibration), LEGAL_OK);
    assert_int_equal(legal_calibration_write(&desk->legal, 1, &calibration), LEGAL_ERR_STORAGE);
    desk_free(desk);
}

/* A tariff record names the state record written just before. */
static void tariff_names_its_state(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 3, watts, vars);
    assert_int_equal(legal_tariff_select(&desk->legal, 5), LEGAL_OK);
    uint32_t number = 0;
    (void)newest_state(desk, &number);
    struct page page;
    memcpy(page.bytes, desk->memory.bytes + STORE_TARIFF_PAGE * LEGAL_MEMORY_PAGE_BYTES,
           sizeof page.bytes);
    assert_int_equal(page.bytes[0], PAGE_TARIFF);
    assert_int_equal(page_get(&page, 236, 4), number);
    desk_free(desk);
}

/* The number of a torn record is not used again, even where it was the next. */
static void torn_number_is_passed_over(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 3, watts, vars);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    uint32_t number = 0;
    struct page page;
    memcpy(page.bytes, newest_state(desk, &number), sizeof page.bytes);
    page_put(&page, 4, 4, number + 1u); /* and the CRC of another number: torn */
    memcpy(desk->memory.bytes + (STORE_STATE_PAGE + number + 1u) * LEGAL_MEMORY_PAGE_BYTES,
           page.bytes, sizeof page.bytes);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    desk_run(desk, 3, watts, vars);
    struct page after;
    memcpy(after.bytes,
           desk->memory.bytes + (STORE_STATE_PAGE + number + 2u) * LEGAL_MEMORY_PAGE_BYTES,
           sizeof after.bytes);
    assert_int_equal(page_number(&after), number + 2u);
    desk_free(desk);
}

#define CONSTANTS_AT (STORE_CONSTANT_PAGE * LEGAL_MEMORY_PAGE_BYTES)

static void calibrate(struct desk *desk, uint32_t power_gain)
{
    struct legal_calibration calibration;
    assert_int_equal(legal_calibration_read(&desk->legal, 1, &calibration), LEGAL_OK);
    calibration.correction.power_gain = power_gain;
    assert_int_equal(legal_calibration_write(&desk->legal, 1, &calibration), LEGAL_OK);
}

static uint32_t power_gain(const struct desk *desk)
{
    struct legal_calibration calibration;
    assert_int_equal(legal_calibration_read(&desk->legal, 1, &calibration), LEGAL_OK);
    return calibration.correction.power_gain;
}

/* The copy of the constants with the higher number counts, whichever of the two it is. */
static void newer_copy_of_constants_counts(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->seal_open = true;
    calibrate(desk, POWER_GAIN + 1);
    uint8_t older[LEGAL_MEMORY_PAGE_BYTES];
    memcpy(older, desk->memory.bytes + CONSTANTS_AT, sizeof older);
    calibrate(desk, POWER_GAIN + 2);
    memcpy(desk->memory.bytes + CONSTANTS_AT, older, sizeof older); /* the first write got lost */
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(power_gain(desk), POWER_GAIN + 2);
    assert_int_equal(legal_calibration_count(&desk->legal), 2);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_int_equal(health.memory_errors, 1); /* the older copy was renewed, and counted */
    assert_memory_equal(desk->memory.bytes + CONSTANTS_AT,
                        desk->memory.bytes + CONSTANTS_AT + LEGAL_MEMORY_PAGE_BYTES,
                        LEGAL_MEMORY_PAGE_BYTES);
    desk_free(desk);
}

/* A block of constants is laid out as docs/spec/storage.md has it. */
static void constants_stand_where_documented(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->seal_open = true;
    calibrate(desk, POWER_GAIN + 1);
    struct page page;
    memcpy(page.bytes, desk->memory.bytes + CONSTANTS_AT, sizeof page.bytes);
    assert_int_equal(page_number(&page), 1);
    assert_int_equal(page_get(&page, 12, 4), POWER_GAIN + 1);
    assert_int_equal(page_get(&page, 12 + 24 + 4 * 3, 4), 1 << 28); /* neutral: tap 3 */
    assert_int_equal(page.bytes[12 + 56], 3);                       /* and three samples */
    assert_int_equal(page.bytes[12 + 57], 1);
    assert_int_equal(page.bytes[12 + 60 + 57], 0); /* system 2 is not calibrated */
    desk_free(desk);
}

/* Constants that no station would write are not used, however good their CRC. */
static void impossible_constants_are_a_fault(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->seal_open = true;
    calibrate(desk, POWER_GAIN + 1);
    struct page page;
    memcpy(page.bytes, desk->memory.bytes + CONSTANTS_AT, sizeof page.bytes);
    page_put(&page, 12, 4, 2u * (uint64_t)POWER_GAIN); /* power gain of system 1 */
    struct page_memory memory = {.port = &desk->port, .writable = true};
    assert_true(page_write(&memory, STORE_CONSTANT_PAGE, &page));
    assert_true(page_write(&memory, STORE_CONSTANT_PAGE + 1u, &page));
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_true(health.memory_fault && !health.calibrated);
    assert_int_equal(power_gain(desk), POWER_GAIN);
    desk_free(desk);
}

/* A window from outside has voltage when it has a frequency, however low. */
static void window_without_frequency_has_no_voltage(void **state)
{
    (void)state;
    for (uint32_t frequency_uhz = 0; frequency_uhz < 3; frequency_uhz++) {
        struct measuring_setup setup;
        struct measuring_system system;
        measuring_setup_neutral(&setup, 1);
        measuring_system_start(&system, &setup, 1);
        const struct measuring_window window = {.samples = 1600, .frequency_uhz = frequency_uhz};
        measuring_system_window(&system, &window);
        uint8_t bytes[MEASURING_FRAME_BYTES_MAX];
        struct bus_frame frame;
        assert_true(bus_frame_decode(bytes, measuring_system_frame(&system, bytes), &frame));
        assert_int_equal(frame.flags, frequency_uhz == 0 ? 0 : BUS_FLAG_VOLTAGE | BUS_FLAG_LOCKED);
    }
}

/* One window of a sine whose current lags by 90 degrees. */
static struct bus_frame lagging_window(struct measuring_system *system, double *angle, double f_hz)
{
    uint8_t bytes[MEASURING_FRAME_BYTES_MAX];
    struct bus_frame frame;
    bool closed = false;
    while (!closed) {
        *angle += 2 * acos(-1.0) * f_hz / 8000;
        closed = measuring_system_sample(system, (int32_t)(4e6 * cos(*angle)),
                                         (int32_t)(1e6 * sin(*angle)));
    }
    assert_true(bus_frame_decode(bytes, measuring_system_frame(system, bytes), &frame));
    return frame;
}

/* Reactive energy of the time before lock is made up for, two seconds of it at most. */
static void two_seconds_before_lock_are_owed(void **state)
{
    (void)state;
    struct measuring_setup setup;
    struct measuring_system system;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    double angle = 0;
    struct bus_frame frame = {.flags = 0}, before = {.flags = 0};
    for (unsigned window = 0; window < 25; window++) { /* five seconds */
        frame = lagging_window(&system, &angle, window % 2 == 0 ? 45 : 60);
        assert_int_equal(frame.flags & BUS_FLAG_LOCKED, 0);
    }
    while ((frame.flags & BUS_FLAG_LOCKED) == 0) {
        before = frame;
        frame = lagging_window(&system, &angle, 50);
    }
    const double per_sample = 4e6 * 1e6 / 2 / 65536;
    const double booked = fabs((double)(frame.reactive - before.reactive)) / per_sample;
    assert_true(booked > 16000 - 1700 && booked < 16000 + 1700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frequency_is_rounded),
        cmocka_unit_test(any_resting_tariff_must_fit),
        cmocka_unit_test(smallest_crosstalk_has_its_sign),
        cmocka_unit_test(rest_of_crosstalk_is_exact),
        cmocka_unit_test(memory_is_needed),
        cmocka_unit_test(known_frame_breaks_the_silence),
        cmocka_unit_test(four_places_are_tried),
        cmocka_unit_test(contradiction_is_a_fault),
        cmocka_unit_test(unknown_memory_takes_no_constants),
        cmocka_unit_test(tariff_names_its_state),
        cmocka_unit_test(torn_number_is_passed_over),
        cmocka_unit_test(newer_copy_of_constants_counts),
        cmocka_unit_test(constants_stand_where_documented),
        cmocka_unit_test(impossible_constants_are_a_fault),
        cmocka_unit_test(window_without_frequency_has_no_voltage),
        cmocka_unit_test(two_seconds_before_lock_are_owed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
