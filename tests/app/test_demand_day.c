/* Highest and lowest mean P+ of the day: midnight, summer time, the clock set, no supply, cuts. */
#include <stdio.h>

#include "legal_puppet.h"

#include "app/meter/meter_analysis.h"
#include "optical_talk.h"

#define NOON    INT64_C(1718886600) /* 2024-06-20 12:30:00 UTC, 14:30 on the meter's clock */
#define QUARTER INT64_C(900)

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* A running 382M at `from_s`, at the start of a period. */
static struct meter *meter_at(int64_t from_s)
{
    toys_reset();
    toy.rtc_utc_s = from_s;
    return toy_meter("382M", 0);
}

/* A quarter of an hour of so many watts. */
static void quarter(struct meter *meter, int64_t *now_s, unsigned watts)
{
    puppet.energy_uwh[LEGAL_A_PLUS] += (uint64_t)watts * 250000u;
    *now_s += QUARTER;
    toy.rtc_utc_s += QUARTER;
    (void)meter_step(meter, *now_s * SECOND);
}

static const struct demand_peak *highest(const struct meter *meter)
{
    return meter_peak(meter, REGISTER_DAY_HIGHEST);
}

static const struct demand_peak *lowest(const struct meter *meter)
{
    return meter_peak(meter, REGISTER_DAY_LOWEST);
}

static void expect(const struct meter *meter, unsigned high_w, int64_t high_s, unsigned low_w,
                   int64_t low_s)
{
    assert_int_equal(highest(meter)->power_mw, high_w * 1000u);
    assert_int_equal(highest(meter)->utc_s, high_s);
    assert_int_equal(lowest(meter)->power_mw, low_w * 1000u);
    assert_int_equal(lowest(meter)->utc_s, low_s);
}

/* REQ(REG-10, REG-15): both with the end of their period; a second one as high changes nothing */
static void extremes_of_a_day(void **state)
{
    (void)state;
    struct meter *meter = meter_at(NOON);
    int64_t now_s = 0;
    expect(meter, 0, 0, 0, 0);
    quarter(meter, &now_s, 2000);
    expect(meter, 2000, NOON + QUARTER, 2000, NOON + QUARTER);
    quarter(meter, &now_s, 5000);
    quarter(meter, &now_s, 1000);
    quarter(meter, &now_s, 5000);
    quarter(meter, &now_s, 1000);
    expect(meter, 5000, NOON + 2 * QUARTER, 1000, NOON + 3 * QUARTER);
}

/* The period that ends at midnight is its day's; what it left stands until the next one has ended.
 * Days are those of the clock: in summer they begin at 22:00 UTC, in winter at 23:00. */
static void midnight(void **state)
{
    (void)state;
    static const int64_t midnights[] = {
        INT64_C(1718920800), /* 2024-06-20 22:00 UTC */
        INT64_C(1733007600), /* 2024-11-30 23:00 UTC */
    };
    for (size_t i = 0; i < 2; i++) {
        const int64_t at_s = midnights[i];
        struct meter *meter = meter_at(at_s - 2 * QUARTER);
        int64_t now_s = 0;
        quarter(meter, &now_s, 3000);
        quarter(meter, &now_s, 4000); /* it is midnight */
        expect(meter, 4000, at_s, 3000, at_s - QUARTER);
        quarter(meter, &now_s, 200);
        expect(meter, 200, at_s + QUARTER, 200, at_s + QUARTER);
    }
}

/* The longest and the shortest day of the year: 100 and 92 quarters. */
static void days_of_23_and_25_hours(void **state)
{
    (void)state;
    static const struct {
        int64_t begin_s; /* local midnight */
        unsigned quarters;
    } days[] = {{INT64_C(1711839600), 92}, {INT64_C(1729980000), 100}};
    for (size_t i = 0; i < 2; i++) {
        struct meter *meter = meter_at(days[i].begin_s);
        int64_t now_s = 0;
        quarter(meter, &now_s, 9000);
        for (unsigned k = 1; k < days[i].quarters; k++) {
            quarter(meter, &now_s, 100 + k);
        }
        expect(meter, 9000, days[i].begin_s + QUARTER, 101, days[i].begin_s + 2 * QUARTER);
        quarter(meter, &now_s, 500);
        const int64_t next_s = days[i].begin_s + (int64_t)(days[i].quarters + 1u) * QUARTER;
        expect(meter, 500, next_s, 500, next_s);
    }
}

/* Set into another day, forward or back, it begins anew; within the day it goes on. */
static void set_clock(void **state)
{
    (void)state;
    struct meter *meter = meter_at(NOON);
    int64_t now_s = 0;
    quarter(meter, &now_s, 3000);
    assert_int_equal(meter_clock_set(meter, NOON + 3600), METER_OK);
    (void)meter_step(meter, now_s * SECOND);
    quarter(meter, &now_s, 1000);
    assert_int_equal(highest(meter)->power_mw, 3000000);
    assert_int_equal(meter_clock_set(meter, NOON + 86400), METER_OK);
    (void)meter_step(meter, now_s * SECOND);
    quarter(meter, &now_s, 700);
    expect(meter, 700, NOON + 86400 + QUARTER, 700, NOON + 86400 + QUARTER);
    assert_int_equal(meter_clock_set(meter, NOON), METER_OK);
    (void)meter_step(meter, now_s * SECOND);
    quarter(meter, &now_s, 600);
    expect(meter, 600, NOON + QUARTER, 600, NOON + QUARTER);
}

/* Hours without supply are no lowest mean; the period that it left counts as it is. */
static void no_supply(void **state)
{
    (void)state;
    struct meter *meter = meter_at(NOON);
    int64_t now_s = 0;
    quarter(meter, &now_s, 3000);
    puppet.energy_uwh[LEGAL_A_PLUS] += 500u * 250000u;
    puppet.supply = LEGAL_SUPPLY_OFF;
    (void)meter_step(meter, (now_s + 60) * SECOND);
    assert_false(meter->supply_on);
    now_s += 5 * 3600;
    toy.rtc_utc_s += 5 * 3600;
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(meter, now_s * SECOND);
    expect(meter, 3000, NOON + QUARTER, 500, NOON + 2 * QUARTER);
    quarter(meter, &now_s, 1000);
    assert_int_equal(lowest(meter)->power_mw, 500000);
}

/* Kept over a restart; another day than that of the memory begins anew. */
static void restart(void **state)
{
    (void)state;
    struct meter *meter = meter_at(NOON);
    int64_t now_s = 0;
    quarter(meter, &now_s, 3000);
    quarter(meter, &now_s, 1000);
    meter = toy_meter("382M", 0);
    expect(meter, 3000, NOON + QUARTER, 1000, NOON + 2 * QUARTER);
    now_s = 0; /* this meter's own time begins again */
    quarter(meter, &now_s, 2000);
    expect(meter, 3000, NOON + QUARTER, 1000, NOON + 2 * QUARTER);
    toy.rtc_utc_s = NOON + 2 * 86400;
    meter = toy_meter("382M", 0);
    now_s = 0;
    quarter(meter, &now_s, 2000);
    assert_int_equal(highest(meter)->power_mw, 2000000);
    assert_true(highest(meter)->utc_s > NOON + 86400);
}

/* A cut at any write, whatever it leaves of the page: the period that ended then ends again at the
 * start.  The record itself is the one before or after it. */
static void cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned after = 0; after < 3; after++) {
            struct meter *meter = meter_at(NOON);
            int64_t now_s = 0;
            quarter(meter, &now_s, 3000);
            toy.cut_kind = kind;
            toy.cut_after = toy.writes + after;
            quarter(meter, &now_s, 1000);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = toy_meter("382M", 0);
            assert_int_equal(highest(meter)->power_mw, 3000000);
            assert_int_equal(lowest(meter)->power_mw, 1000000);
            struct demand_day day = {.day = 1, .sequence = 8, .extreme = {{5, 6}, {7, 8}}};
            assert_true(demand_day_save(&day, meter->board));
            day.day = 2;
            toy.cut_after = toy.writes + after;
            (void)demand_day_save(&day, meter->board);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            demand_day_load(&day, meter->board);
            assert_int_equal(day.day, after == 0 ? 1 : 2);
            assert_int_equal(day.extreme[DEMAND_DAY_LOWEST].utc_s, 8);
        }
    }
    struct meter *meter = meter_at(NOON);
    int64_t now_s = 0;
    quarter(meter, &now_s, 3000);
    toy.fail_write = true;
    quarter(meter, &now_s, 1000);
    assert_true((meter_status(meter) & STATUS_EEPROM) != 0);
    toy.fail_write = false;
    assert_int_equal(lowest(meter)->power_mw, 1000000); /* known, if not kept */
}

/* Few writes: only when an extreme changes. */
static void few_writes(void **state)
{
    (void)state;
    struct meter *meter = meter_at(NOON);
    int64_t now_s = 0;
    for (unsigned k = 0; k < 20; k++) {
        quarter(meter, &now_s, 1000);
    }
    assert_int_equal(meter->demand_day.sequence, 1);
}

/* REQ(X-REG-4, ANA-01): KMP registers, the line of IEC 62056-21, and the analysis logger */
static void read_and_logged(void **state)
{
    (void)state;
    struct meter *meter = meter_at(NOON);
    struct kmp_value value;
    int64_t now_s = 0, number = 0;
    int exponent = 0;
    struct analysis_setup wanted = meter->analysis.stored.setup;
    const uint16_t values[] = {1190, 1191, 1198, 1201};
    wanted.on = true;
    wanted.n_values = 4;
    memcpy(wanted.value, values, sizeof values);
    assert_int_equal(meter_analysis_take(meter, &wanted), ANALYSIS_TAKEN);
    (void)meter_step(meter, 0);
    quarter(meter, &now_s, 3000);
    quarter(meter, &now_s, 1000);
    assert_true(register_read_kmp(meter, register_by_kmp_id(1190), &value));
    assert_int_equal(kmp_value_number(&value, &number, &exponent), KMP_OK);
    assert_int_equal(number, 3000);
    assert_int_equal(exponent, -3);
    static const uint8_t rtc[] = {3, 4, 0, 0, 14, 20, 6, 24}; /* 13:00 UTC, normal time */
    assert_true(register_read_kmp(meter, register_by_kmp_id(1201), &value));
    assert_memory_equal(value.bytes, rtc, sizeof rtc);
    assert_true(register_read_kmp(meter, register_by_kmp_id(1196), &value));
    assert_int_equal(kmp_value_number(&value, &number, &exponent), KMP_OK);
    assert_int_equal(number, 134500);
    sign_on(meter, 1000, "P1<(0)");
    expect_told(meter, "R1<1.16.0()", 1500, "1.16.0(3.000*kW)(01240620134500)");
    expect_told(meter, "R1<1.13.0()", 1500, "1.13.0(1.000*kW)(01240620140000)");
    /* a record holds the period that ends with it */
    expect_told(meter, "R6<99.1.1()", 1500,
                "99.1.1(7)(1.0.0)()(96.56.2)()(96.56.3)()(1.16.0)(kW)(1.13.0)(kW)(1.16.0)()"
                "(1.13.0)()\r\n"
                "(11240620144500)(128)(0)(3.000)(3.000)(11240620144500)(11240620144500)\r\n"
                "(11240620150000)(0)(0)(3.000)(1.000)(11240620144500)(11240620150000)\r\n");
    assert_false(register_exists(toy_meter("382C", 0), register_by_kmp_id(1190)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(extremes_of_a_day, setup),
        cmocka_unit_test_setup(midnight, setup),
        cmocka_unit_test_setup(days_of_23_and_25_hours, setup),
        cmocka_unit_test_setup(set_clock, setup),
        cmocka_unit_test_setup(no_supply, setup),
        cmocka_unit_test_setup(restart, setup),
        cmocka_unit_test_setup(cut_at_every_write, setup),
        cmocka_unit_test_setup(few_writes, setup),
        cmocka_unit_test_setup(read_and_logged, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
