/* Debiting: dates of every code, the 22 items, depth, peaks, cuts, clock changes. */
#include "app/billing/billing.h"

#include "legal_puppet.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct clock clock_of(int8_t zone_h, bool summer)
{
    struct clock clock;
    clock_init(&clock, zone_h, summer, true);
    clock_set(&clock, INT64_C(1704067200), 0);
    return clock;
}

/* Months of HH as the order form lists them, by hand: "1,3,5..." */
static const char *const months_of_basic[26] = {
    [0] = "",
    [1] = "1,2,3,4,5,6,7,8,9,10,11,12",
    [2] = "1,3,5,7,9,11",
    [3] = "2,4,6,8,10,12",
    [4] = "1,4,7,10",
    [5] = "2,5,8,11",
    [6] = "3,6,9,12",
    [7] = "1,7",
    [8] = "2,8",
    [9] = "",
    [10] = "3,9",
    [11] = "4,10",
    [12] = "5,11",
    [13] = "6,12",
    [14] = "1",
    [15] = "2",
    [16] = "3",
    [17] = "4",
    [18] = "5",
    [19] = "6",
    [20] = "7",
    [21] = "8",
    [22] = "9",
    [23] = "10",
    [24] = "11",
    [25] = "12",
};

static uint16_t months_from(const char *list)
{
    uint16_t months = 0;
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        char *end;
        months |= (uint16_t)(1u << (strtoul(at, &end, 10) - 1u));
        at = end;
    }
    return months;
}

/* REQ(BIL-04): every code, and the codes that L and M number without the gap */
static void test_every_interval(void **state)
{
    (void)state;
    for (unsigned hh = 0; hh < 256; hh++) {
        const uint16_t wanted = hh < 26 ? months_from(months_of_basic[hh]) : 0;
        assert_int_equal(billing_months(GENERATION_B, (uint8_t)hh), wanted);
        const unsigned same = hh < 9 ? hh : hh + 1;
        const uint16_t modern = same < 26 ? months_from(months_of_basic[same]) : 0;
        assert_int_equal(billing_months(GENERATION_M, (uint8_t)hh), modern);
        assert_int_equal(billing_months(GENERATION_L, (uint8_t)hh), modern);
    }
}

/* Local midnight by trying every hour: needs no arithmetic of dates. */
static bool is_due(const struct clock *clock, int64_t utc_s, uint8_t day, uint16_t months)
{
    struct calendar local;
    clock_calendar(clock, utc_s, true, &local);
    return local.day == day && local.hour == 0 && local.minute == 0 && local.second == 0 &&
           ((uint32_t)months >> (local.month - 1u) & 1u) != 0;
}

/* 24 months of one code and day, hour by hour. */
static void expect_dates(const struct clock *clock, uint8_t day, uint16_t months)
{
    const int64_t from_s = INT64_C(1703980800), until_s = from_s + 731 * DAY; /* 2023-12-31 .. */
    int64_t next_s = billing_next_stop(clock, day, months, from_s);
    for (int64_t utc_s = from_s + HOUR; utc_s <= until_s; utc_s += HOUR) {
        if (is_due(clock, utc_s, day, months)) {
            assert_int_equal(next_s, utc_s);
            next_s = billing_next_stop(clock, day, months, utc_s);
        }
        assert_true(next_s > utc_s);
    }
}

/* REQ(BIL-03, BIL-04): 24 months of every code and many days, against a search hour by hour */
static void test_dates_of_two_years(void **state)
{
    (void)state;
    const struct clock clock = clock_of(1, true);
    for (unsigned hh = 1; hh < 25; hh++) {
        for (uint8_t day = 1; day <= 28; day = (uint8_t)(day + 9)) {
            expect_dates(&clock, day, billing_months(GENERATION_M, (uint8_t)hh));
        }
    }
}

static void test_dates_elsewhere(void **state)
{
    (void)state;
    static const int8_t zones_h[] = {0, -11, 12};
    for (size_t z = 0; z < sizeof zones_h; z++) {
        const struct clock clock = clock_of(zones_h[z], z == 0);
        expect_dates(&clock, 1, billing_months(GENERATION_M, 1));
        expect_dates(&clock, 28, billing_months(GENERATION_M, 5));
    }
}

static void test_external_control_has_no_dates(void **state)
{
    (void)state;
    const struct clock clock = clock_of(1, true);
    assert_int_equal(billing_next_stop(&clock, 0, 0xFFF, 1718886600), BILLING_NEVER);
    assert_int_equal(billing_next_stop(&clock, 29, 0xFFF, 1718886600), BILLING_NEVER);
    assert_int_equal(billing_next_stop(&clock, 1, 0, 1718886600), BILLING_NEVER);
    assert_int_equal(billing_next_stop(&clock, 1, 0xFFF, INT64_C(4102444799)), BILLING_NEVER);
}

static void test_days_weeks_and_months(void **state)
{
    (void)state;
    const struct clock clock = clock_of(1, true);
    /* Thursday 2024-06-20 12:30 UTC; local midnight is 22:00 UTC */
    assert_int_equal(billing2_next(&clock, BILLING2_DAILY, 1718886600), 1718920800);
    assert_int_equal(billing2_next(&clock, BILLING2_WEEKLY, 1718886600), 1719180000);
    assert_int_equal(billing2_next(&clock, BILLING2_MONTHLY, 1718886600), 1719784800);
    /* the day on which summer time begins has 23 hours, the one on which it ends 25 */
    assert_int_equal(billing2_next(&clock, BILLING2_DAILY, 1711839600), 1711839600 + 23 * HOUR);
    assert_int_equal(billing2_next(&clock, BILLING2_DAILY, 1729980000), 1729980000 + 25 * HOUR);
    /* Monday midnight itself: the next Monday */
    assert_int_equal(billing2_next(&clock, BILLING2_WEEKLY, 1719180000), 1719180000 + 7 * DAY);
}

/* ---- in the meter ---- */

static struct billing_record newest_record(const struct meter *meter)
{
    struct billing_record record;
    const uint32_t id = event_log_newest(&meter->logs, EVENT_LOG_DEBITING);
    assert_true(id != 0);
    assert_int_equal(billing_read(&meter->logs, meter->board, id, &record), EVENT_LOG_OK);
    return record;
}

static uint32_t n_records(const struct meter *meter)
{
    return event_log_newest(&meter->logs, EVENT_LOG_DEBITING);
}

/* To an instant by way of every period's end, as the board's loop does. */
static void run_until(struct meter *meter, int64_t utc_s)
{
    const int64_t until_us =
        meter->now_us + (utc_s - clock_utc_s(&meter->clock, meter->now_us)) * SECOND;
    for (int64_t at_us = meter->next_demand_us; at_us <= until_us; at_us = meter->next_demand_us) {
        toy.rtc_utc_s = clock_utc_s(&meter->clock, at_us);
        (void)meter_step(meter, at_us);
    }
    toy.rtc_utc_s = utc_s;
    (void)meter_step(meter, until_us);
}

/* REQ(BIL-01, BIL-03, BIL-07, REG-07): the record has the 22 items; peaks close into it */
static void test_the_record(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0); /* GG 01, HH 01: the 1st of each month */
    puppet.operating_s = 7 * 3600 + 59;
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        puppet.energy_uwh[e] = (e + 1) * KWH;
        for (unsigned t = 0; t < LEGAL_TARIFFS; t++) {
            puppet.tariff_uwh[t][e] = (10 * e + t + 1) * KWH / 100;
        }
    }
    run_until(meter, 1718886600 + 15 * 60);
    const struct demand_peak peak = meter->demand.peak[LEGAL_A_PLUS];
    assert_int_equal(peak.power_mw, 4000000);
    const struct demand_peak peak1 = meter->demand.peak[4], peak2 = meter->demand.peak[5];
    meter->demand.threshold_count = 9;
    run_until(meter, 1719784799); /* 2024-06-30 23:59:59 local */
    assert_int_equal(n_records(meter), 0);
    run_until(meter, 1719784800);
    assert_int_equal(n_records(meter), 1);
    const struct billing_record r = newest_record(meter);
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        assert_int_equal(r.energy_uwh[e], (e + 1) * KWH);
    }
    for (unsigned t = 0; t < BILLING_TARIFFS; t++) {
        assert_int_equal(r.a_plus_uwh[t], (t + 1) * KWH / 100);
        assert_int_equal(r.r_plus_uwh[t], (20 + t + 1) * KWH / 100);
    }
    assert_memory_equal(&r.peak[0], &peak1, sizeof peak1);
    assert_memory_equal(&r.peak[1], &peak2, sizeof peak2);
    assert_memory_equal(&r.peak[2], &peak, sizeof peak);
    assert_int_equal(r.accumulated_mw, 4000000);
    assert_int_equal(r.utc_s, 1719784800);
    assert_int_equal(r.due_s, 1719784800);
    assert_true(r.clock_valid);
    assert_int_equal(r.hours, 7);
    assert_int_equal(r.period, 1);
    assert_int_equal(r.threshold_count, 9);
    assert_int_equal(r.pulse_input, 0);
    assert_int_equal(r.cause, BILLING_BY_DATE);
    assert_int_equal(meter->demand.peak[LEGAL_A_PLUS].power_mw, 0);
    assert_int_equal(meter->demand.accumulated_mw[LEGAL_A_PLUS], 4000000);
    assert_int_equal(meter->demand.debiting_count, 1);
}

/* REQ(BIL-05, REG-07): a stop by command; accumulated peaks add up; the configured dates go on */
static void test_stop_by_command(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = KWH;
    run_until(meter, 1718886600 + 15 * 60);
    assert_int_equal(meter_debiting_stop(meter), METER_OK);
    assert_int_equal(newest_record(meter).cause, BILLING_BY_COMMAND);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH / 2;
    run_until(meter, 1718886600 + 30 * 60);
    assert_int_equal(meter->demand.peak[LEGAL_A_PLUS].power_mw, 2000000);
    assert_int_equal(meter_debiting_stop(meter), METER_OK);
    assert_int_equal(meter->demand.accumulated_mw[LEGAL_A_PLUS], 6000000);
    assert_int_equal(newest_record(meter).accumulated_mw, 6000000);
    run_until(meter, 1719784800);
    assert_int_equal(n_records(meter), 3);
    assert_int_equal(newest_record(meter).period, 3);
    toy.fail_write = true;
    assert_int_equal(meter_debiting_stop(meter), METER_ERR_STORAGE);
    assert_int_equal(meter->demand.debiting_count, 3);
}

/* REQ(BIL-02): 36 records; the 37th overwrites the oldest */
static void test_depth(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    for (unsigned n = 0; n < 40; n++) {
        puppet.energy_uwh[LEGAL_A_PLUS] = (n + 1) * KWH;
        assert_int_equal(meter_debiting_stop(meter), METER_OK);
    }
    assert_int_equal(event_log_oldest(&meter->logs, EVENT_LOG_DEBITING), 5);
    for (uint32_t id = 5; id <= 40; id++) {
        struct billing_record record;
        assert_int_equal(billing_read(&meter->logs, meter->board, id, &record), EVENT_LOG_OK);
        assert_int_equal(record.energy_uwh[0], id * KWH);
        assert_int_equal(record.period, id);
    }
}

/* Dates without supply make one stop, at the return. */
static void test_date_without_supply(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    run_until(meter, 1719784800 - 600);
    assert_int_equal(meter_store(meter), METER_OK);
    toy.rtc_utc_s = 1719784800 + 70 * DAY; /* two months and more later */
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382M", 0);
    assert_int_equal(n_records(meter), 1);
    assert_int_equal(newest_record(meter).utc_s, 1719784800 + 70 * DAY);
    assert_int_equal(newest_record(meter).due_s, 1725141600); /* 2024-09-01 */
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382M", 0);
    assert_int_equal(n_records(meter), 1);
}

/* A memory that fails at midnight: the stop is made as soon as it takes it, once. */
static void test_memory_that_fails_at_the_date(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    run_until(meter, 1719784800 - 60);
    const uint32_t days = event_log_newest(&meter->logs, EVENT_LOG_DEBITING_2);
    toy.fail_write = true;
    run_until(meter, 1719784800 + 20 * 60);
    assert_int_equal(n_records(meter), 0);
    assert_int_equal(meter->demand.debiting_count, 0);
    toy.fail_write = false;
    run_until(meter, 1719784800 + 2 * HOUR);
    assert_int_equal(n_records(meter), 1);
    assert_int_equal(newest_record(meter).due_s, 1719784800);
    assert_int_equal(meter->demand.debiting_count, 1);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_DEBITING_2), days + 1);
}

static void test_clock_changes(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    run_until(meter, 1719784800);
    assert_int_equal(n_records(meter), 1);
    assert_int_equal(meter_clock_set(meter, 1719784740), METER_OK); /* a minute back */
    run_until(meter, 1719784860);
    assert_int_equal(n_records(meter), 1); /* not again */
    assert_int_equal(meter_clock_set(meter, 1719784860 + 40 * DAY), METER_OK);
    run_until(meter, 1719784860 + 40 * DAY + 10);
    assert_int_equal(n_records(meter), 2);                          /* the date was passed over */
    assert_int_equal(meter_clock_set(meter, 1719784860), METER_OK); /* a mistake, taken back */
    run_until(meter, 1722463200);
    assert_int_equal(n_records(meter), 3); /* 2024-08-01 comes all the same */
    assert_int_equal(newest_record(meter).due_s, 1722463200);
}

/* Without a clock, or with one that is not valid, nothing is due; commands work. */
static void test_without_a_clock(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382Lx1", 0);
    run_until(meter, clock_utc_s(&meter->clock, meter->now_us) + 40 * DAY);
    assert_int_equal(n_records(meter), 0);
    assert_int_equal(meter_debiting_stop(meter), METER_OK);
    assert_false(newest_record(meter).clock_valid);
}

/* The supply fails within each write of a stop: afterwards it was made once, or not at all. */
static void test_cuts(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned cut = 0; cut < 4; cut++) {
            toys_reset();
            struct meter *meter = toy_meter("382M", 0);
            puppet.energy_uwh[LEGAL_A_PLUS] = KWH;
            run_until(meter, 1718886600 + 15 * 60);
            toy.cut_kind = kind;
            toy.writes = 0;
            toy.cut_after = cut;
            const bool told = meter_debiting_stop(meter) == METER_OK && !toy.dead;
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            puppet.supply = LEGAL_SUPPLY_OFF;
            meter = toy_meter("382M", 0);
            const uint32_t made = n_records(meter);
            assert_true(made == 1 || (made == 0 && !told));
            assert_int_equal(meter->demand.debiting_count, made);
            const uint64_t peak = meter->demand.peak[LEGAL_A_PLUS].power_mw;
            assert_int_equal(peak, made == 0 ? 4000000 : 0);
            assert_int_equal(meter->demand.accumulated_mw[LEGAL_A_PLUS], made == 0 ? 0 : 4000000);
            puppet.supply = LEGAL_SUPPLY_OFF;
            meter = toy_meter("382M", 0); /* and it stays so */
            assert_int_equal(meter->demand.debiting_count, made);
        }
    }
}

/* REQ(X-BIL-1): energies and T1 .. T4 of all four, daily, 45 deep; peaks are left alone */
static void test_second_log(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_R_MINUS] = 5 * KWH;
    puppet.tariff_uwh[3][LEGAL_R_MINUS] = 2 * KWH;
    run_until(meter, 1718920800 + 50 * DAY);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_DEBITING_2), 51);
    assert_int_equal(event_log_oldest(&meter->logs, EVENT_LOG_DEBITING_2), 7);
    struct billing2_record record;
    assert_int_equal(billing2_read(&meter->logs, meter->board, 7, &record), EVENT_LOG_OK);
    assert_int_equal(record.utc_s, 1718920800 + 6 * DAY);
    assert_int_equal(record.energy_uwh[LEGAL_R_MINUS], 5 * KWH);
    assert_int_equal(record.tariff_uwh[3][LEGAL_R_MINUS], 2 * KWH);
    assert_int_equal(record.tariff_uwh[0][LEGAL_R_MINUS], 0);
    meter = toy_meter("382Lx2", 0); /* the L has none */
    run_until(meter, clock_utc_s(&meter->clock, meter->now_us) + 3 * DAY);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_DEBITING_2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_interval, setup),
        cmocka_unit_test_setup(test_dates_of_two_years, setup),
        cmocka_unit_test_setup(test_dates_elsewhere, setup),
        cmocka_unit_test_setup(test_external_control_has_no_dates, setup),
        cmocka_unit_test_setup(test_days_weeks_and_months, setup),
        cmocka_unit_test_setup(test_the_record, setup),
        cmocka_unit_test_setup(test_stop_by_command, setup),
        cmocka_unit_test_setup(test_depth, setup),
        cmocka_unit_test_setup(test_date_without_supply, setup),
        cmocka_unit_test_setup(test_memory_that_fails_at_the_date, setup),
        cmocka_unit_test_setup(test_clock_changes, setup),
        cmocka_unit_test_setup(test_without_a_clock, setup),
        cmocka_unit_test_setup(test_cuts, setup),
        cmocka_unit_test_setup(test_second_log, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
