/* The clock and the RTC of its board: a crystal that is wrong, corrections, outages, trim. */
#include "legal_puppet.h"

#include "app/meter/meter_events.h"
#include "app/meter/meter_log.h"
#include "app/optical/optical_write.h"

#define NOON    INT64_C(1718886600) /* 2024-06-20 12:30:00 UTC */
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)
#define PERIOD  INT64_C(900) /* s, of a 382M as delivered */
#define TURNS   40000u
#define BILLION INT64_C(1000000000)

/* An RTC with a crystal: it lives on true time, which is the meter's now_us here. */
static struct {
    const struct meter *meter;
    int64_t us, at_us; /* what it said when */
    int64_t rest;      /* and 1e-9 of it */
    int32_t ppb, trim_ppb;
    unsigned trims;
} chip;

static void chip_advance(void)
{
    const int64_t now_us = chip.meter != NULL ? chip.meter->now_us : 0;
    const int64_t passed_us = now_us - chip.at_us;
    chip.rest += passed_us * (chip.ppb + chip.trim_ppb);
    chip.us += passed_us + chip.rest / BILLION;
    chip.rest %= BILLION;
    chip.at_us = now_us;
}

static bool chip_time(void *context, int64_t *utc_us)
{
    (void)context;
    chip_advance();
    *utc_us = chip.us;
    return !toy.rtc_lost;
}

static bool chip_read(void *context, int64_t *utc_s)
{
    const bool running = chip_time(context, utc_s);
    *utc_s /= SECOND;
    return running;
}

static void chip_write(void *context, int64_t utc_s)
{
    (void)context;
    chip_advance();
    chip.us = utc_s * SECOND;
    toy.rtc_lost = false;
}

static void chip_trim(void *context, int32_t faster_ppb)
{
    (void)context;
    chip_advance();
    chip.trim_ppb = faster_ppb;
    chip.trims++;
}

static struct board board;
static struct meter meter;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    memset(&chip, 0, sizeof chip);
    chip.us = NOON * SECOND;
    puppet.instant.phase[0].voltage_present = true;
    puppet.instant.phase[0].temperature_cc = 2300;
    board = toy_board;
    board.rtc_read = chip_read;
    board.rtc_write = chip_write;
    board.rtc_time = chip_time;
    board.rtc_trim = chip_trim;
    return 0;
}

/* A process that begins at now_us with what the memories hold. */
static void start_at(int64_t now_us, const char *name)
{
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    chip.meter = &meter;
    meter.now_us = now_us;
    chip_advance();
    puppet.supply = LEGAL_SUPPLY_OFF;
    assert_int_equal(meter_start(&meter, &board, &variant, 0, now_us), METER_OK);
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(&meter, now_us);
    assert_true(meter.supply_on);
}

/* Time goes on to now_us; a board that does what the meter asks. */
static void run_until(int64_t now_us)
{
    int64_t next_us = meter_step(&meter, meter.now_us);
    while (next_us < now_us) {
        next_us = meter_step(&meter, next_us > meter.now_us ? next_us : meter.now_us + 1);
    }
    (void)meter_step(&meter, now_us);
}

static int64_t clock_us(void)
{
    return clock_utc_us(&meter.clock, meter.now_us);
}

static int64_t difference_us(void)
{
    int64_t rtc_us;
    (void)chip_time(NULL, &rtc_us);
    return clock_us() - rtc_us;
}

static uint32_t n_logged(void)
{
    return event_log_newest(&meter.logs, EVENT_LOG_CLOCK);
}

static struct event_log_entry newest(void)
{
    struct event_log_entry entry;
    assert_int_equal(event_log_read(&meter.logs, &board, EVENT_LOG_CLOCK, n_logged(), &entry),
                     EVENT_LOG_OK);
    return entry;
}

static int64_t seconds_before(const struct event_log_entry *entry)
{
    uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;) {
        value = value << 8 | entry->payload[i];
    }
    return (int64_t)value;
}

/* REQ(TAR-10): the calendar runs as the crystal does, to the microsecond, and never back */
static void test_follows_the_crystal(void **state)
{
    (void)state;
    static const int32_t ppb[] = {0, 5000, -5000, 200000, -200000};
    for (size_t k = 0; k < sizeof ppb / sizeof ppb[0]; k++) {
        (void)setup(NULL);
        chip.ppb = ppb[k];
        start_at(0, "382M");
        run_until(10 * MINUTE); /* it has seen how fast the crystal is */
        int64_t before_us = clock_us();
        for (int64_t now_us = 10 * MINUTE; now_us < 12 * HOUR; now_us += 7777777) {
            run_until(now_us);
            assert_true(clock_us() >= before_us);
            assert_true(difference_us() >= -3 && difference_us() <= 3);
            before_us = clock_us();
        }
        const int64_t gained_us = clock_us() - NOON * SECOND - meter.now_us;
        assert_true(llabs(gained_us - meter.now_us / 1000 * ppb[k] / 1000000) < 100);
        assert_int_equal(n_logged(), 0);
    }
}

/* The first instant at which the clock says a time, whatever its rate */
static void test_instant_of_a_time(void **state)
{
    (void)state;
    struct clock clock;
    uint64_t random = 1;
    clock_init(&clock, 0, false, true);
    clock_set(&clock, NOON, 0);
    for (unsigned n = 0; n < TURNS; n++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        clock.rate_ppb = (int32_t)(random >> 40) % 1500001 - 750000;
        const int64_t utc_us = NOON * SECOND + (int64_t)(random >> 20) % (20 * DAY) - DAY;
        const int64_t now_us = clock_now_of_utc(&clock, utc_us);
        assert_true(clock_utc_us(&clock, now_us) >= utc_us);
        assert_true(clock_utc_us(&clock, now_us - 1) < utc_us);
    }
}

/* REQ(TAR-14, EVT-06): less than seven seconds are worked off at a thousandth, and are no entry */
static void test_small_corrections(void **state)
{
    (void)state;
    static const int64_t steps_s[] = {6, -6, 1};
    start_at(0, "382M");
    int64_t now_us = 10 * MINUTE;
    for (size_t k = 0; k < sizeof steps_s / sizeof steps_s[0]; k++) {
        run_until(now_us);
        const int64_t begin_us = clock_us();
        assert_int_equal(meter_clock_set(&meter, begin_us / SECOND + steps_s[k]), METER_OK);
        assert_int_equal(clock_us(), begin_us); /* no step */
        const int64_t wanted_us = now_us + llabs(difference_us()) * 1000;
        int64_t before_us = begin_us, at_us = now_us;
        for (now_us += SECOND; now_us < wanted_us - 2 * MINUTE; now_us += SECOND) {
            run_until(now_us);
            const int64_t gained_us = clock_us() - before_us - (now_us - at_us);
            assert_true(llabs(gained_us) <= 1000);
            assert_true(clock_us() > before_us);
            before_us = clock_us();
            at_us = now_us;
        }
        assert_true(llabs(difference_us()) < 200000); /* and not long before it is done */
        run_until(now_us = wanted_us + 2 * MINUTE);
        assert_true(llabs(difference_us()) < 3);
    }
    assert_int_equal(n_logged(), 0);
    assert_int_equal(meter_event_word_a(&meter) >> EVENT_A_CLOCK_ADJUSTED & 1u, 0);
    for (uint32_t i = 0; i < puppet_profile.n_records; i++) { /* no boundary left out, none twice */
        assert_int_equal(puppet_profile.record[i].status | puppet_profile.record[i].quality, 0);
        assert_true(i == 0 ||
                    puppet_profile.record[i].utc_s == puppet_profile.record[i - 1].utc_s + PERIOD);
    }
    assert_true(puppet_profile.n_records > 10);
}

/* REQ(EVT-06): "drift correction": small ones that sum up to seven seconds are one entry, over a
 * restart too */
static void test_corrections_sum_up(void **state)
{
    (void)state;
    start_at(0, "382M");
    run_until(MINUTE);
    assert_int_equal(meter_clock_set(&meter, NOON + 64), METER_OK); /* 4 s */
    run_until(3 * HOUR);
    assert_int_equal(n_logged(), 0);
    assert_int_equal(meter.clock_settings.unlogged_us, 4 * SECOND);
    assert_int_equal(meter_store(&meter), METER_OK);
    start_at(4 * HOUR, "382M");
    assert_int_equal(meter.clock_settings.unlogged_us, 4 * SECOND);
    const int64_t said_s = clock_us() / SECOND;
    assert_int_equal(meter_clock_set(&meter, said_s + 3), METER_OK);
    const struct event_log_entry entry = newest();
    assert_int_equal(n_logged(), 1);
    assert_int_equal(entry.code, METER_CLOCK_CORRECTED);
    assert_int_equal(seconds_before(&entry), entry.utc_s - 7);
    assert_int_equal(meter.clock_settings.unlogged_us, 0);
    assert_int_equal(meter_event_word_a(&meter) >> EVENT_A_CLOCK_ADJUSTED & 1u, 1);
    run_until(8 * HOUR);
    assert_int_equal(meter_clock_set(&meter, clock_us() / SECOND - 3), METER_OK);
    run_until(12 * HOUR);
    assert_int_equal(meter_clock_set(&meter, clock_us() / SECOND + 3), METER_OK); /* taken back */
    assert_int_equal(n_logged(), 1);
    assert_int_equal(meter.clock_settings.unlogged_us, 0);
}

/* A restart finds the RTC a bit behind what it knows: time does not go back */
static void test_restart_in_the_middle_of_a_correction(void **state)
{
    (void)state;
    start_at(0, "382M");
    run_until(10 * MINUTE);
    assert_int_equal(meter_clock_set(&meter, NOON + 600 - 6), METER_OK);
    run_until(20 * MINUTE);
    const int64_t known_s = clock_us() / SECOND;
    assert_int_equal(meter_store(&meter), METER_OK);
    start_at(20 * MINUTE + SECOND, "382M");
    assert_true(clock_us() / SECOND >= known_s);
    assert_true(difference_us() > 3 * SECOND);
    run_until(4 * HOUR);
    assert_true(llabs(difference_us()) < 3);
    assert_int_equal(n_logged(), 0);
}

static void power_off_for(int64_t duration_us)
{
    const int64_t now_us = meter.now_us + SECOND;
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter.next_legal_us = now_us;
    run_until(now_us);
    assert_false(meter.supply_on);
    run_until(now_us + duration_us);
    puppet.supply = LEGAL_SUPPLY_ON;
    meter.next_legal_us = meter.now_us;
    (void)meter_step(&meter, meter.now_us);
    assert_true(meter.supply_on);
}

/* REQ(TAR-11): held over an outage the clock is right and valid, and as late as its crystal */
static void test_outage_within_the_hold_time(void **state)
{
    (void)state;
    start_at(0, "382M");
    chip.ppb = -20000;
    run_until(20 * MINUTE);
    power_off_for(6 * DAY);
    assert_true(meter.clock.valid);
    assert_true(llabs(difference_us()) < 100000);
    run_until(meter.now_us + HOUR);
    assert_true(llabs(difference_us()) < 3);
    assert_int_equal(n_logged(), 0);
}

/* REQ(TAR-11, EVT-12): beyond it: an entry, no valid stamp in the profile, a mark that there is a
 * gap of unknown length, no debiting by date, until it is set */
static void test_outage_beyond_the_hold_time(void **state)
{
    (void)state;
    start_at(0, "382M");
    run_until(20 * MINUTE);
    const uint32_t records = puppet_profile.n_records;
    toy.rtc_lost = true; /* the back-up will be empty */
    const int64_t off_us = clock_us() + SECOND;
    power_off_for(40 * DAY);
    toy.rtc_lost = true;
    assert_false(meter.clock.valid);
    assert_int_equal(n_logged(), 1);
    assert_int_equal(newest().code, METER_CLOCK_LOST);
    assert_false(newest().clock_valid);
    assert_true(llabs(clock_us() - off_us) < 2 * SECOND); /* from when supply went */
    run_until(meter.now_us + 40 * MINUTE);
    assert_int_equal(n_logged(), 1); /* once */
    const struct legal_profile_record *record = &puppet_profile.record[records];
    assert_true(puppet_profile.n_records > records);
    assert_int_equal(record->clock_status, LOAD_PROFILE_CLOCK_INVALID);
    assert_int_equal(record->status, LOAD_PROFILE_DISCONTINUITY);
    assert_int_equal(record->quality, LOAD_PROFILE_OUTAGE);
    assert_int_equal(event_log_newest(&meter.logs, EVENT_LOG_DEBITING), 0);
    assert_int_equal(meter_clock_set(&meter, NOON + 41 * 86400), METER_OK);
    assert_true(meter.clock.valid);
    assert_int_equal(newest().code, METER_CLOCK_SET);
    assert_int_equal(newest().payload[8], 0);
    const uint32_t at_set = puppet_profile.n_records;
    run_until(meter.now_us + 20 * MINUTE);
    record = &puppet_profile.record[at_set];
    assert_int_equal(record->clock_status, 0);
    assert_int_equal(record->status, LOAD_PROFILE_DISCONTINUITY);
}

/* REQ(EVT-12): an RTC that stops, or jumps, while the meter runs is noticed within a minute */
static void test_faults_while_running(void **state)
{
    (void)state;
    start_at(0, "382M");
    run_until(10 * MINUTE);
    chip.us += 40 * SECOND; /* somebody else has set it */
    run_until(12 * MINUTE);
    assert_true(llabs(difference_us()) < 3);
    assert_int_equal(n_logged(), 1);
    assert_int_equal(newest().code, METER_CLOCK_SET);
    const struct event_log_entry entry = newest();
    assert_int_equal(entry.utc_s - seconds_before(&entry), 40);
    toy.rtc_lost = true;
    run_until(14 * MINUTE);
    assert_false(meter.clock.valid);
    assert_int_equal(newest().code, METER_CLOCK_LOST);
    assert_true(llabs(clock_us() - NOON * SECOND - 14 * MINUTE - 40 * SECOND) < SECOND);
    run_until(30 * MINUTE);
    assert_int_equal(n_logged(), 2);
}

/* REQ(TAR-10): the trim makes the crystal right at 23 degrees, and the curve of a tuning fork is
 * taken off at others */
static void test_trim(void **state)
{
    (void)state;
    start_at(0, "382M");
    chip.ppb = -4321;
    run_until(2 * MINUTE);
    assert_int_equal(chip.trim_ppb, 0);
    assert_int_equal(meter_clock_trim(&meter, 4321), METER_OK);
    assert_int_equal(chip.trim_ppb, 4321);
    puppet.instant.phase[0].temperature_cc =
        -2000; /* 45 K from the turnover, and 2 K at 23 degrees */
    run_until(4 * MINUTE);
    assert_int_equal(chip.trim_ppb, 4321 + 34 * (45 * 45 - 2 * 2));
    const unsigned trims = chip.trims;
    run_until(HOUR);
    assert_int_equal(chip.trims, trims); /* told once */
    assert_int_equal(meter_clock_trim(&meter, CLOCK_TRIM_MAX_PPB + 1), METER_ERR_RANGE);
    toy.fail_write = true;
    assert_int_equal(meter_clock_trim(&meter, 1), METER_ERR_STORAGE);
    toy.fail_write = false;
    assert_int_equal(meter_store(&meter), METER_OK);
    puppet.instant.phase[0].temperature_cc = 2300;
    chip.trim_ppb = 0; /* it has forgotten */
    start_at(2 * HOUR, "382M");
    assert_int_equal(meter.clock_settings.trim_ppb, 4321);
    assert_int_equal(chip.trim_ppb, 4321);
    board.rtc_trim = NULL;
    assert_int_equal(meter_clock_trim(&meter, 1), METER_ERR_RANGE);
}

/* REQ(TAR-09): a meter without clock takes none of it, and asks for none */
static void test_no_clock(void **state)
{
    (void)state;
    const struct clock_summer_time eu = {.kind = CLOCK_SUMMER_EU};
    start_at(0, "382Lx1");
    assert_false(meter.clock.fitted);
    assert_int_equal(meter.next_clock_us, INT64_MAX);
    assert_int_equal(meter_clock_set(&meter, NOON), METER_ERR_RANGE);
    assert_int_equal(meter_clock_trim(&meter, 1), METER_ERR_RANGE);
    assert_int_equal(meter_clock_summer(&meter, &eu), METER_ERR_RANGE);
    assert_int_equal(chip.trims, 0);
}

/* A cut in every write of the settings: the old or the new ones, never others */
static void test_settings_survive_cuts(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        (void)setup(NULL);
        start_at(0, "382M");
        assert_int_equal(meter_clock_trim(&meter, 1000), METER_OK);
        for (int32_t trim = 1001; trim < 1004; trim++) {
            struct clock_settings found;
            toy.writes = 0;
            toy.cut_after = 0;
            toy.cut_kind = kind;
            assert_int_equal(meter_clock_trim(&meter, trim), METER_ERR_STORAGE);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            assert_true(clock_store_load(&found, &board));
            assert_true(found.trim_ppb == trim - 1);
            assert_int_equal(meter_clock_trim(&meter, trim), METER_OK);
            assert_true(clock_store_load(&found, &board));
            assert_int_equal(found.trim_ppb, trim);
        }
    }
}

/* ---- over KMP ---- */

static bool put(uint16_t id, uint8_t width, int64_t number)
{
    struct kmp_value value;
    assert_int_equal(kmp_value_set(&value, id, 51, width, number, 0), KMP_OK);
    return optical_write(&meter, 0, &value);
}

static int64_t get(uint16_t id)
{
    struct kmp_value value;
    int64_t number = 0;
    int exponent = 0;
    assert_true(register_read_kmp(&meter, register_by_kmp_id(id), &value));
    assert_int_equal(kmp_value_number(&value, &number, &exponent), KMP_OK);
    return number;
}

/* REQ(X-TAR-2, CFG-02): a client's rule: staged day by day, in force as a whole, stored, in the
 * audit log; nothing of a bad one */
static void test_rule_by_a_client(void **state)
{
    (void)state;
    start_at(0, "382M"); /* June, GMT+1 */
    assert_true(clock_summer(&meter.clock, NOON));
    assert_false(put(0xF410, 1, CLOCK_SUMMER_RULE)); /* nothing staged */
    assert_false(put(0xF411, 4, 3670200));           /* no sixth week */
    assert_false(put(0xF411, 4, 3570260));           /* no minute 60 */
    assert_true(put(0xF411, 4, 10170200)); /* first Sunday of October .. first of April: Sydney */
    assert_true(put(0xF412, 4, 4170200));
    assert_true(clock_summer(&meter.clock, NOON)); /* not yet */
    assert_true(put(0xF410, 1, CLOCK_SUMMER_RULE));
    assert_false(clock_summer(&meter.clock, NOON));
    assert_int_equal(get(0xF410), CLOCK_SUMMER_RULE);
    assert_int_equal(get(0xF411), 10170200);
    assert_int_equal(get(0xF412), 4170200);
    struct event_log_entry entry;
    assert_int_equal(event_log_read(&meter.logs, &board, EVENT_LOG_AUDIT,
                                    event_log_newest(&meter.logs, EVENT_LOG_AUDIT), &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, 0xF410);
    assert_int_equal(meter_store(&meter), METER_OK);
    start_at(HOUR, "382M");
    assert_false(clock_summer(&meter.clock, NOON));
    toy.fail_write = true;
    assert_false(put(0xF410, 1, CLOCK_SUMMER_EU)); /* not stored: not in force */
    toy.fail_write = false;
    assert_false(clock_summer(&meter.clock, NOON));
    assert_true(put(0xF410, 1, CLOCK_SUMMER_EU));
    assert_true(clock_summer(&meter.clock, NOON));
    assert_int_equal(get(0xF411), 0);
    assert_false(put(0xF410, 1, CLOCK_SUMMER_KINDS));
}

/* REQ(X-TAR-2): a table of dates, twenty years; a hole ends it; out of order it is refused */
static void test_table_by_a_client(void **state)
{
    (void)state;
    start_at(0, "382M");
    const int64_t begin_min = (NOON - Y2000) / 60 + 60, end_min = begin_min + 60;
    const int64_t row = begin_min * INT64_C(100000000) + end_min;
    assert_false(put(0xF410, 1, CLOCK_SUMMER_TABLE));
    assert_true(put(0xF420, 8, row));
    assert_true(put(0xF421, 8, row)); /* the same again: out of order */
    assert_false(put(0xF410, 1, CLOCK_SUMMER_TABLE));
    assert_true(put(0xF421, 8, 0));
    assert_true(put(0xF422, 8, row)); /* behind the hole: counts for nothing */
    assert_true(put(0xF410, 1, CLOCK_SUMMER_TABLE));
    assert_int_equal(get(0xF420), row);
    assert_int_equal(get(0xF422), 0);
    assert_false(clock_summer(&meter.clock, NOON + 59 * 60));
    assert_true(clock_summer(&meter.clock, NOON + 60 * 60));
    assert_false(clock_summer(&meter.clock, NOON + 120 * 60));
    assert_false(put(0xF433, 8, -1));
}

/* The rest of the clock's registers: trim, what is still to be worked off, hold time */
static void test_registers(void **state)
{
    (void)state;
    start_at(0, "382M");
    run_until(10 * MINUTE);
    assert_true(put(0xF400, 4, -4321));
    assert_int_equal(get(0xF400), -4321);
    assert_false(put(0xF400, 4, CLOCK_TRIM_MAX_PPB + 1));
    chip.trim_ppb = 0;
    assert_int_equal(meter_clock_set(&meter, clock_us() / SECOND + 5), METER_OK);
    assert_true(llabs(get(0xF401) - 5000) <= 2);
    assert_true(llabs(get(0xF402) - 5000) <= 2);
    run_until(30 * MINUTE);
    assert_true(get(0xF401) < 5000 - 1100 && get(0xF401) > 5000 - 1300);
    assert_int_equal(get(0xF403), meter.variant.clock_hold_days);
    assert_false(put(0xF401, 4, 0)); /* read only */
    (void)setup(NULL);
    start_at(0, "382Lx1"); /* no clock: none of it */
    assert_false(put(0xF400, 4, 1));
    assert_false(put(0xF410, 1, 0));
}

/* ---- a random life, against a model ---- */

struct model {
    uint64_t random;
    uint32_t n_records;  /* of the load profile, seen */
    int64_t boundary_us; /* of the clock, passed last */
    bool marked;         /* the record to come has to say that there is a gap */
    bool stepped;        /* and that the clock was set */
    uint64_t booked_uwh, record_uwh;
};

static uint32_t draw(struct model *model, uint32_t below)
{
    model->random = model->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(model->random >> 33) % below;
}

/* T1 at night, T2 from 06:00, T3 from 17:00 and T4 in the minute 17:30, local time: UTC + 2 here.
 */
static uint8_t model_tariff(int64_t utc_us)
{
    const int64_t minute = (utc_us / SECOND + 7200) % 86400 / 60;
    return minute == 1050 ? 4 : minute >= 1020 ? 3 : minute >= 360 ? 2 : 1;
}

static void model_plan(void)
{
    struct tariff_plan plan;
    struct plan_place place;
    uint8_t image[TARIFF_PLAN_IMAGE_MAX];
    struct writer w = writer_over(image, sizeof image);
    memset(&plan, 0, sizeof plan);
    plan.name[0] = 'x';
    plan.working_days = 0x7F;
    plan.n_seasons = 1;
    plan.day[0][DAY_WORK] =
        (struct plan_day){5, {{0, 1}, {360, 2}, {1020, 3}, {1050, 4}, {1051, 3}}};
    tariff_plan_write(&w, &plan);
    const uint16_t n = (uint16_t)writer_length(&w);
    assert_true(tariff_stage(&meter.tariff, 0, image, n));
    assert_int_equal(meter_tariff_commit(&meter, n, 0, &place), TARIFF_OK);
}

static int64_t boundary_of(int64_t utc_us)
{
    return utc_us - utc_us % (PERIOD * SECOND);
}

/* The profile has exactly the records of the boundaries that the clock ran over. */
static void model_records(struct model *model)
{
    const int64_t boundary_us = boundary_of(clock_us());
    if (boundary_us == model->boundary_us) {
        assert_int_equal(puppet_profile.n_records, model->n_records);
        return;
    }
    assert_int_equal(boundary_us, model->boundary_us + PERIOD * SECOND);
    assert_int_equal(puppet_profile.n_records, model->n_records + 1);
    const struct legal_profile_record *record = &puppet_profile.record[model->n_records];
    assert_int_equal(record->utc_s, boundary_us / SECOND);
    assert_int_equal((record->status & LOAD_PROFILE_DISCONTINUITY) != 0, model->marked);
    const uint64_t energy_uwh = puppet.energy_uwh[LEGAL_A_PLUS] - model->record_uwh;
    const bool said =
        (record->quality & (LOAD_PROFILE_CLOCK_FORWARD | LOAD_PROFILE_CLOCK_BACK)) != 0;
    assert_int_equal(said, model->stepped);
    if (!model->stepped &&
        model->n_records > 0) { /* 1 uWh a us: a whole interval, to a thousandth */
        assert_true(llabs((int64_t)energy_uwh - PERIOD * SECOND) < PERIOD * SECOND / 800);
    }
    model->record_uwh = puppet.energy_uwh[LEGAL_A_PLUS];
    model->n_records++;
    model->boundary_us = boundary_us;
    model->marked = false;
    model->stepped = false;
}

static void model_advance(struct model *model, int64_t to_us)
{
    while (meter.now_us < to_us) {
        int64_t next_us = meter_step(&meter, meter.now_us);
        next_us = next_us < to_us ? next_us : to_us;
        next_us = next_us > meter.now_us ? next_us : meter.now_us + 1;
        const uint64_t energy_uwh = (uint64_t)(next_us - meter.now_us);
        assert_int_equal(puppet.tariff, model_tariff(clock_us())); /* the right one, always */
        puppet.energy_uwh[LEGAL_A_PLUS] += energy_uwh;
        puppet.tariff_uwh[puppet.tariff - 1u][LEGAL_A_PLUS] += energy_uwh;
        model->booked_uwh += energy_uwh;
        (void)meter_step(&meter, next_us);
        model_records(model);
    }
}

static void model_set(struct model *model)
{
    static const int64_t sizes_s[] = {1, 3, 6, 9, 50, 400, 1000, 5000, 90000};
    const int64_t size_s = sizes_s[draw(model, sizeof sizes_s / sizeof sizes_s[0])];
    const int64_t before_us = clock_us();
    const uint32_t logged = n_logged();
    const int64_t step_s = draw(model, 2) == 0 ? size_s : -size_s;
    assert_int_equal(meter_clock_set(&meter, before_us / SECOND + step_s), METER_OK);
    assert_int_equal(puppet.tariff, model_tariff(clock_us()));
    if (clock_us() == before_us) {
        assert_true(size_s < 8);
        return;
    }
    assert_true(size_s > 6);
    assert_int_equal(n_logged(), logged + 1);
    model->stepped = true;
    if (boundary_of(clock_us()) != model->boundary_us) {
        model->marked = true;
        model->boundary_us = boundary_of(clock_us());
    }
}

/* REQ(TAR-14, TAR-15): set forwards, backwards and corrected at random, with a crystal that is
 * wrong: the tariff is right at every instant, no energy is booked twice or not at all, and the
 * profile has a record for each boundary that the clock passes, marked where it was moved over one
 */
static void test_random_settings(void **state)
{
    (void)state;
    struct model model = {.random = 42};
    start_at(0, "382M");
    chip.ppb = 37000;
    model_plan();
    model.boundary_us = boundary_of(clock_us());
    for (unsigned n = 0; n < 2500; n++) {
        model_advance(&model, meter.now_us + (int64_t)(1 + draw(&model, 1500)) * SECOND +
                                  draw(&model, 1000000));
        if (draw(&model, 2) == 0) {
            model_set(&model);
        }
        if (draw(&model, 50) == 0) {
            chip_advance();
            chip.ppb = (int32_t)draw(&model, 80000) - 40000;
        }
        uint64_t tariffs_uwh = 0;
        for (unsigned t = 0; t < LEGAL_TARIFFS; t++) {
            tariffs_uwh += puppet.tariff_uwh[t][LEGAL_A_PLUS];
        }
        assert_true(tariffs_uwh == model.booked_uwh);
    }
    assert_true(model.n_records > 1000);
    assert_true(puppet.tariff_uwh[3][LEGAL_A_PLUS] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_follows_the_crystal, setup),
        cmocka_unit_test(test_instant_of_a_time),
        cmocka_unit_test_setup(test_small_corrections, setup),
        cmocka_unit_test_setup(test_corrections_sum_up, setup),
        cmocka_unit_test_setup(test_restart_in_the_middle_of_a_correction, setup),
        cmocka_unit_test_setup(test_outage_within_the_hold_time, setup),
        cmocka_unit_test_setup(test_outage_beyond_the_hold_time, setup),
        cmocka_unit_test_setup(test_faults_while_running, setup),
        cmocka_unit_test_setup(test_trim, setup),
        cmocka_unit_test_setup(test_no_clock, setup),
        cmocka_unit_test_setup(test_settings_survive_cuts, setup),
        cmocka_unit_test_setup(test_rule_by_a_client, setup),
        cmocka_unit_test_setup(test_table_by_a_client, setup),
        cmocka_unit_test_setup(test_registers, setup),
        cmocka_unit_test_setup(test_random_settings, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
