/* The analysis logger: depths, set-ups, instants, means, gaps, clock steps, restarts; over KMP. */
#include "app/analysis/analysis.h"
#include "app/load_profile/load_profile_model.h"
#include "app/meter/meter_events.h"
#include "proto/kmp/kmp_log.h"

#include "legal_puppet.h"

#define START INT64_C(1718886600) /* 2024-06-20 12:30:00 UTC; the toy's clock begins 5 s later */
#define MIN   INT64_C(60)

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct variant variant_of(const char *name)
{
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    return variant;
}

/* ---- depth ---- */

/* REQ(X-ANA-1, X-LPR-3): the six depths as delivered of the public technical description, with its
 * memory of 501,600 bytes, 130 days of load profile at 15 minutes: days by three phases and one */
static void test_depths_of_the_description(void **state)
{
    (void)state;
    static const struct {
        uint8_t energy_type, three, one;
        uint32_t days_three, days_one;
    } rows[] = {
        {ENERGY_A_PLUS, 7, 3, 41, 77},
        {ENERGY_A_BOTH, 8, 4, 29, 50},
        {ENERGY_A_PLUS_R_PLUS, 8, 4, 29, 50},
        {ENERGY_FOUR, 10, 6, 11, 17},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct variant v = variant_of("382M");
        v.energy_type = rows[i].energy_type;
        const uint32_t left = 501600u - 12480u * load_profile_record_bytes(&v);
        assert_int_equal(analysis_depth_tenths(analysis_records(left, rows[i].three), 15) / 10,
                         rows[i].days_three);
        assert_int_equal(analysis_depth_tenths(analysis_records(left, rows[i].one), 15) / 10,
                         rows[i].days_one);
        struct analysis_setup setup_now;
        analysis_setup_default(&v, &setup_now);
        assert_int_equal(setup_now.n_values, rows[i].three);
        assert_int_equal(setup_now.interval_min, 15);
        assert_false(setup_now.on);
        struct variant single = variant_of("162M");
        single.energy_type = rows[i].energy_type;
        analysis_setup_default(&single, &setup_now);
        assert_int_equal(setup_now.n_values, rows[i].one);
    }
}

/* A set-up of k values, all of which a 382M has. */
static struct analysis_setup setup_of(uint8_t n_values, uint8_t interval_min, uint32_t profile)
{
    struct analysis_setup s = {.on = true,
                               .interval_min = interval_min,
                               .n_values = n_values,
                               .profile_records = profile,
                               .first_id = 1};
    static const uint16_t ids[ANALYSIS_VALUES] = {1,    13,   1023, 1054, 1055, 1056, 1076, 1077,
                                                  1078, 1080, 1081, 1082, 1004, 1215, 1216, 1217};
    memcpy(s.value, ids, n_values * sizeof ids[0]);
    return s;
}

/* The deepest and the shallowest set-up that is taken, in tenths of a day. */
struct span {
    uint32_t deepest, shallowest;
};

static void span_take(const struct variant *v, uint32_t profile, struct span *span)
{
    static const uint8_t intervals[] = {5, 15, 30, 60};
    for (uint8_t k = 1; k <= ANALYSIS_VALUES; k++) {
        const uint32_t records = analysis_records(analysis_memory_bytes(v, profile), k);
        const uint8_t minutes = intervals[(profile + k) % 4u];
        const uint32_t tenths = analysis_depth_tenths(records, minutes);
        if (analysis_deep_enough(records, minutes)) {
            span->deepest = tenths > span->deepest ? tenths : span->deepest;
            span->shallowest = tenths < span->shallowest ? tenths : span->shallowest;
        }
    }
}

/* REQ(ANA-03): 520 days exist and 2.5 days exist, and nothing deeper or shallower is taken */
static void test_deepest_and_shallowest(void **state)
{
    (void)state;
    static const char *const names[] = {"382M", "162M", "382Lx2"};
    struct span span = {0, UINT32_MAX};
    for (size_t n = 0; n < 12; n++) {
        struct variant v = variant_of(names[n % 3u]);
        v.energy_type = (uint8_t)(ENERGY_A_PLUS + n / 3u);
        const uint32_t all = load_profile_memory_bytes(&v) / load_profile_record_bytes(&v);
        for (uint32_t profile = 0; profile <= all + 100; profile += 7) {
            span_take(&v, profile, &span);
        }
    }
    assert_int_equal(span.deepest, 5200);
    assert_int_equal(span.shallowest, 25);
    /* the data sheet's own case: four quadrants, 16 registers, 5 minutes: 720 records */
    const struct variant m = variant_of("382M");
    struct analysis_setup s = setup_of(16, 5, 14116);
    assert_int_equal(analysis_setup_depth(&m, &s), 720);
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_TAKEN);
    s.profile_records = 14117;
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_REFUSED_DEPTH);
    s = setup_of(1, 60, 0); /* a load profile of no record at all */
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_REFUSED_PROFILE);
    s = setup_of(1, 60, 1);
    assert_int_equal(analysis_setup_depth(&m, &s), 12480);
    const struct variant l = variant_of("382Lx2");
    s = setup_of(1, 60, 0);
    assert_int_equal(analysis_setup_depth(&l, &s), 12480);
    s = setup_of(12, 5, 0);
    assert_int_equal(analysis_setup_depth(&l, &s), 229312 / (11 + 7 * 12));
}

/* REQ(ANA-01, ANA-02, ANA-05): 16 values are taken, 17 do not go in; each of more than 80 alone;
 * intervals 5, 15, 30, 60 */
static void test_what_is_refused(void **state)
{
    (void)state;
    const struct variant m = variant_of("382M"), c = variant_of("382B");
    struct analysis_setup s = setup_of(16, 15, 12480);
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_TAKEN);
    s.n_values = 17;
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_REFUSED_EMPTY);
    s = setup_of(16, 15, 12480);
    assert_int_equal(analysis_setup_check(&c, &s), ANALYSIS_REFUSED_FITTED);
    s.value[15] = s.value[3];
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_REFUSED_TWICE);
    s.value[15] = 1001; /* the serial number is not loggable */
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_REFUSED_VALUE);
    s.value[15] = 0;
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_REFUSED_VALUE);
    s.n_values = 0;
    assert_int_equal(analysis_setup_check(&m, &s), ANALYSIS_REFUSED_EMPTY);
    unsigned n_values = 0, n_means = 0;
    for (size_t row = 0; row < register_table_length; row++) {
        const struct register_def *def = &register_table[row];
        s = setup_of(1, 60, 1000);
        s.value[0] = def->kmp_id;
        const bool has = def->loggable && register_fits(&m, def);
        assert_int_equal(analysis_setup_check(&m, &s),
                         has ? ANALYSIS_TAKEN : ANALYSIS_REFUSED_VALUE);
        n_values += has;
        n_means += has && analysis_kind(def) == ANALYSIS_MEAN;
    }
    print_message("%u values, %u of them means\n", n_values, n_means);
    assert_true(n_values > 80);
    for (unsigned minutes = 0; minutes <= UINT8_MAX; minutes++) {
        s = setup_of(1, (uint8_t)minutes, 1000);
        const bool allowed = minutes == 5 || minutes == 15 || minutes == 30 || minutes == 60;
        assert_int_equal(analysis_setup_check(&m, &s),
                         allowed ? ANALYSIS_TAKEN : ANALYSIS_REFUSED_INTERVAL);
    }
}

/* ---- in a meter ---- */

static int64_t now_us;

static void phases(uint32_t voltage_mv, uint32_t current_ma)
{
    for (unsigned i = 0; i < 3; i++) {
        struct legal_phase *phase = &puppet.instant.phase[i];
        phase->voltage_mv = voltage_mv + i * 1000u;
        phase->current_ma = current_ma;
        phase->active_mw = (int32_t)(voltage_mv / 1000u * current_ma);
        phase->apparent_mva = (uint32_t)phase->active_mw;
        phase->voltage_present = true;
        phase->load_present = true;
    }
    puppet.instant.active_plus_mw = 3u * (uint32_t)puppet.instant.phase[0].active_mw;
    puppet.instant.active_net_mw = (int32_t)puppet.instant.active_plus_mw;
    puppet.instant.apparent_mva = puppet.instant.active_plus_mw;
}

/* Second by second up to so many seconds after the toy's clock began (12:30:05). */
static void run_to(struct meter *meter, int64_t second)
{
    for (; now_us < second * SECOND; now_us += SECOND) {
        (void)meter_step(meter, now_us + SECOND);
    }
}

/* Put a register as a client does; @return it was acknowledged. */
static bool put(struct meter *meter, uint16_t id, uint32_t number)
{
    struct kmp_value value;
    assert_int_equal(kmp_value_set(&value, id, 51, 4, number, 0), KMP_OK);
    uint8_t body[16] = {0x3F, 0x11, 0, 0}, frame[KMP_FRAME_MAX], answer[64];
    struct writer w = writer_over(body + 4, sizeof body - 4);
    kmp_value_write(&w, &value);
    const int n = kmp_frame_encode(KMP_TO_METER, body, 4u + writer_length(&w), frame, sizeof frame);
    assert_true(n > 0);
    optical_receive(&meter->optical[0], meter, frame, (size_t)n, 0);
    return optical_transmit(&meter->optical[0], answer, sizeof answer) == 1 && answer[0] == KMP_ACK;
}

static int64_t read_register(const struct meter *meter, uint16_t id)
{
    struct register_value value;
    const struct register_def *def = register_by_kmp_id(id);
    assert_non_null(def);
    assert_true(register_read(meter, def, &value));
    return value.number;
}

static struct meter *logging_meter(uint8_t minutes, const uint16_t *ids, unsigned n_ids)
{
    now_us = 0;
    struct meter *meter = toy_meter("382M", 0);
    phases(230000, 5000);
    assert_true(put(meter, 0xF300, 2));
    assert_true(put(meter, 0xF301, minutes));
    for (unsigned v = 0; v < ANALYSIS_VALUES; v++) {
        assert_true(put(meter, (uint16_t)(0xF310 + v), v < n_ids ? ids[v] : 0u));
    }
    assert_true(put(meter, 0xF300, 1));
    return meter;
}

static struct analysis_entry record_of(const struct meter *meter, uint32_t id)
{
    struct analysis_entry entry;
    assert_int_equal(analysis_read(&meter->analysis, meter->board, id, &entry), ANALYSIS_OK);
    return entry;
}

static const uint16_t four_ids[] = {1, 1023, 1215, 0xF323}; /* A+, P+, mean U1, highest U1 */

/* REQ(ANA-04): as delivered the set-up is stored and off: nothing is recorded, the load profile has
 * the whole memory */
static void test_as_delivered(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    now_us = 0;
    run_to(meter, 1800);
    assert_int_equal(read_register(meter, 0xF300), 0);
    assert_int_equal(read_register(meter, 0xF301), 15);
    assert_int_equal(read_register(meter, 0xF310), 1023);
    assert_int_equal(read_register(meter, 0xF319), 1220);
    assert_int_equal(read_register(meter, 0xF31A), 0);
    assert_int_equal(analysis_newest(&meter->analysis), 0);
    assert_int_equal(puppet_profile.layout.capacity, 16800);
    assert_int_equal(meter_event_word_a(meter) & UINT32_C(1) << EVENT_A_ANALYSIS, 0);
}

/* REQ(ANA-04, X-ANA-1): own interval; registers at its end, means and extremes over it */
static void test_records(void **state)
{
    (void)state;
    struct meter *meter = logging_meter(5, four_ids, 4);
    assert_int_equal(puppet_profile.layout.capacity, 12480); /* 130 days stay */
    assert_int_equal(read_register(meter, 0xF303), (554400 - 12480 * 33) / (11 + 4 * 7));
    puppet.energy_uwh[LEGAL_A_PLUS] = 7 * KWH;
    run_to(meter, 5 * MIN - 5 - 100); /* 12:33:20 */
    phases(240000, 1000);
    run_to(meter, 5 * MIN - 6);
    assert_int_equal(analysis_newest(&meter->analysis), 0);
    run_to(meter, 5 * MIN - 5); /* 12:35:00 */
    assert_int_equal(analysis_newest(&meter->analysis), 1);
    const struct analysis_entry first = record_of(meter, 1);
    assert_int_equal(first.utc_s, START + 5 * MIN);
    assert_int_equal(first.status | first.quality | first.clock_status,
                     LOAD_PROFILE_INTERVAL_CHANGED);
    assert_int_equal(first.n_values, 4);
    assert_true(first.value[0].number == (int64_t)(7 * KWH) && first.value[0].exponent == -6);
    assert_int_equal(first.value[1].number, 720000);
    assert_int_equal(first.value[2].number, (230000 * 195 + 240000 * 100 + 147) / 295);
    assert_int_equal(first.value[3].number, 240000);
    phases(200000, 1000);
    run_to(meter, 10 * MIN - 5);
    const struct analysis_entry second = record_of(meter, 2);
    assert_int_equal(second.status, 0);
    assert_int_equal(second.value[2].number, 200000);
    assert_int_equal(second.value[3].number, 200000);
    assert_int_equal(read_register(meter, 1215), 200000);
    assert_int_equal(read_register(meter, 1216), 201000);
    assert_int_equal(read_register(meter, 1218), 1000);
    assert_int_equal(read_register(meter, 1377), 1000); /* power factor, thousandths */
    assert_int_equal(meter_event_word_a(meter) >> EVENT_A_ANALYSIS & 1u, 1);
}

/* REQ(ANA-02): means of the THD are over the time in which there was one */
static void test_thd(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1436, 1445};
    struct meter *meter = logging_meter(5, ids, 2);
    struct quality_phase *phase = &meter->quality.phase[0];
    phase->u.valid = true;
    phase->u.thd = 300;
    phase->i.valid = false; /* no current yet */
    run_to(meter, 5 * MIN - 5 - 100);
    phase->u.thd = 600;
    phase->i.valid = true;
    phase->i.thd = 1234;
    run_to(meter, 5 * MIN - 5);
    const struct analysis_entry first = record_of(meter, 1);
    assert_int_equal(first.value[0].number, (300 * 195 + 600 * 100 + 147) / 295);
    assert_int_equal(first.value[0].exponent, -2);
    assert_int_equal(first.value[1].number, 1234);
    phase->i.valid = false;
    run_to(meter, 10 * MIN - 5);
    assert_int_equal(record_of(meter, 2).value[0].number, 600);
    assert_int_equal(record_of(meter, 2).value[1].number, 0);
    assert_int_equal(read_register(meter, 1436), 600);
}

/* REQ(ANA-04): other values or another interval delete the records; ids go on; each change stands
 * in the audit log with old and new value; off keeps them */
static void test_changes(void **state)
{
    (void)state;
    struct meter *meter = logging_meter(5, four_ids, 4);
    const uint32_t audit = event_log_newest(&meter->logs, EVENT_LOG_AUDIT);
    run_to(meter, 10 * MIN);
    assert_int_equal(analysis_newest(&meter->analysis), 2);
    assert_true(put(meter, 0xF300, 0)); /* off */
    assert_int_equal(analysis_newest(&meter->analysis), 2);
    assert_int_equal(puppet_profile.layout.capacity, 16800);
    run_to(meter, 20 * MIN);
    assert_int_equal(analysis_newest(&meter->analysis), 2);
    assert_true(put(meter, 0xF300, 1));
    run_to(meter, 25 * MIN);
    assert_int_equal(analysis_newest(&meter->analysis), 3);
    assert_int_equal(record_of(meter, 3).status, LOAD_PROFILE_DISCONTINUITY);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_AUDIT), audit + 2);
    assert_true(put(meter, 0xF301, 15));
    assert_int_equal(read_register(meter, 0xF301), 5); /* waits */
    assert_true(put(meter, 0xF300, 1));
    assert_int_equal(analysis_newest(&meter->analysis), 0);
    struct event_log_entry entry;
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT, audit + 3, &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, 0xF301);
    assert_int_equal(entry.payload[0], 5);
    assert_int_equal(entry.payload[8], 15);
    run_to(meter, 31 * MIN);
    assert_int_equal(analysis_oldest(&meter->analysis), 4);
    assert_int_equal(record_of(meter, 4).status, LOAD_PROFILE_INTERVAL_CHANGED);
    assert_true(put(meter, 0xF310, 2));
    assert_true(put(meter, 0xF300, 1));
    run_to(meter, 46 * MIN);
    assert_int_equal(analysis_oldest(&meter->analysis), 5);
    assert_int_equal(record_of(meter, 5).status, LOAD_PROFILE_RECONFIGURED);
}

/* What is refused changes nothing and says why; what was staged is forgotten. */
static void test_refused_writes(void **state)
{
    (void)state;
    struct meter *meter = logging_meter(5, four_ids, 4);
    run_to(meter, 6 * MIN);
    assert_true(put(meter, 0xF311, 1001));
    assert_false(put(meter, 0xF300, 1));
    assert_false(put(meter, 0xF300, 1)); /* whoever asks again, too */
    assert_int_equal(read_register(meter, 0xF304), ANALYSIS_REFUSED_VALUE);
    assert_int_equal(read_register(meter, 0xF311), 1023);
    assert_int_equal(analysis_newest(&meter->analysis), 1);
    assert_true(put(meter, 0xF302, 16000));
    assert_true(put(meter, 0xF300, 2)); /* begin anew */
    assert_true(put(meter, 0xF300, 1));
    assert_int_equal(read_register(meter, 0xF302), 12480);
    assert_int_equal(read_register(meter, 0xF304), ANALYSIS_TAKEN);
    assert_true(put(meter, 0xF302, 16799));
    assert_false(put(meter, 0xF300, 1));
    assert_int_equal(read_register(meter, 0xF304), ANALYSIS_REFUSED_DEPTH);
    assert_false(put(meter, 0xF300, 3));
    assert_false(put(meter, 0xF303, 1));
    assert_false(put(meter, 0xF301, 256));
    assert_false(put(meter, 0xF310, 65536));
    assert_true(put(meter, 0xF300, 2));
    toy.fail_write = true;
    assert_true(put(meter, 0xF301, 60));
    assert_false(put(meter, 0xF300, 1));
    assert_int_equal(read_register(meter, 0xF304), ANALYSIS_REFUSED_STORAGE);
    assert_int_equal(read_register(meter, 0xF301), 5);
}

/* REQ(ANA-01): B to E have no logger: its registers and its log are not there */
static void test_variants_without(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382B", 0);
    assert_false(put(meter, 0xF300, 1));
    assert_false(put(meter, 0xF301, 15));
    assert_false(register_exists(meter, register_by_kmp_id(1215)));
    assert_false(register_exists(meter, register_by_kmp_id(0xF300)));
    struct analysis_entry entry;
    assert_int_equal(analysis_read(&meter->analysis, meter->board, 1, &entry), ANALYSIS_NONE);
    meter = toy_meter("382Lx2", 0);
    assert_true(put(meter, 0xF300, 1));
    assert_int_equal(puppet_profile.layout.capacity, 17639); /* an L has memory for both */
}

/* ---- time ---- */

static struct meter *restarted(int64_t utc_s)
{
    toy.rtc_utc_s = utc_s;
    puppet.supply = LEGAL_SUPPLY_OFF;
    now_us = 0;
    return toy_meter("382M", 0);
}

/* Missed intervals are filled: counters as they stand, nothing measured. */
static void test_gaps(void **state)
{
    (void)state;
    static const uint16_t ids[] = {1, 1054, 1215};
    struct meter *meter = logging_meter(5, ids, 3);
    puppet.energy_uwh[LEGAL_A_PLUS] = KWH;
    run_to(meter, 5 * MIN);
    assert_int_equal(meter_store(meter), METER_OK);
    meter = restarted(START + 27 * MIN);
    assert_int_equal(analysis_newest(&meter->analysis), 5);
    for (uint32_t id = 2; id <= 5; id++) {
        const struct analysis_entry e = record_of(meter, id);
        assert_int_equal(e.utc_s, START + id * 5 * MIN);
        assert_int_equal(e.status, 0);
        assert_int_equal(e.quality, LOAD_PROFILE_OUTAGE);
        assert_true(e.value[0].number == (int64_t)KWH);
        assert_int_equal(e.value[1].number | e.value[2].number, 0);
    }
    run_to(meter, 4 * MIN);
    struct analysis_entry e = record_of(meter, 6);
    assert_int_equal(e.quality, LOAD_PROFILE_OUTAGE); /* it was out for part of it */
    assert_int_equal(e.value[2].number, 230000);
    /* the same in one life: the mean is of what was measured of the interval */
    run_to(meter, 6 * MIN);
    phases(210000, 5000);
    run_to(meter, 7 * MIN);
    puppet.supply = LEGAL_SUPPLY_OFF;
    (void)meter_step(meter, now_us += SECOND);
    toy.rtc_utc_s = START + 27 * MIN + 21 * MIN;
    now_us = 21 * MIN * SECOND;
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(meter, now_us);
    assert_int_equal(analysis_newest(&meter->analysis), 9);
    e = record_of(meter, 7);
    assert_int_equal(e.value[1].number, 0);
    assert_true(e.value[2].number > 210000 && e.value[2].number < 230000);
    assert_int_equal(record_of(meter, 8).value[2].number, 0);
}

/* Not filled: without a clock, or too many. */
static void test_gaps_that_stay(void **state)
{
    (void)state;
    struct meter *meter = logging_meter(5, four_ids, 4);
    run_to(meter, 5 * MIN);
    assert_int_equal(meter_store(meter), METER_OK);
    toy.rtc_lost = true;
    meter = restarted(0);
    toy.rtc_lost = false;
    run_to(meter, 6 * MIN);
    struct analysis_entry e = record_of(meter, 2);
    assert_int_equal(e.clock_status, LOAD_PROFILE_CLOCK_INVALID);
    assert_int_equal(meter_store(meter), METER_OK);
    meter = restarted(START + 5 * MIN * 4000);
    assert_int_equal(analysis_newest(&meter->analysis), 3);
    assert_int_equal(record_of(meter, 3).status, LOAD_PROFILE_DISCONTINUITY);
}

/* A clock that is set skips or repeats intervals; the next record says so. */
static void test_clock_set(void **state)
{
    (void)state;
    struct meter *meter = logging_meter(5, four_ids, 4);
    run_to(meter, 6 * MIN);
    assert_int_equal(meter_clock_set(meter, START + 17 * MIN), METER_OK);
    run_to(meter, 10 * MIN);
    struct analysis_entry e = record_of(meter, 2);
    assert_int_equal(e.utc_s, START + 20 * MIN);
    assert_int_equal(e.status, LOAD_PROFILE_DISCONTINUITY);
    assert_int_equal(e.quality, LOAD_PROFILE_CLOCK_60_S | LOAD_PROFILE_CLOCK_FORWARD);
    assert_int_equal(meter_clock_set(meter, START + 12 * MIN), METER_OK);
    run_to(meter, 15 * MIN);
    e = record_of(meter, 3);
    assert_int_equal(e.utc_s, START + 15 * MIN);
    assert_int_equal(e.quality, LOAD_PROFILE_CLOCK_60_S | LOAD_PROFILE_CLOCK_BACK);
    assert_int_equal(analysis_newest(&meter->analysis), 3);
}

/* The set-up and its change are there after a cut at any write, whole: the one before or the new
 * one; no record is ever shown under values that it was not made of. */
static void test_cut_while_changing(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned after = 0; after < 6; after++) {
            toys_reset();
            struct meter *meter = logging_meter(5, four_ids, 4);
            run_to(meter, 11 * MIN);
            assert_true(put(meter, 0xF310, 2));
            assert_true(put(meter, 0xF301, 15));
            toy.writes = 0;
            toy.cut_after = after;
            toy.cut_kind = kind;
            (void)put(meter, 0xF300, 1);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = restarted(START + 12 * MIN);
            const bool taken = read_register(meter, 0xF301) == 15;
            assert_int_equal(read_register(meter, 0xF310), taken ? 2 : 1);
            assert_int_equal(read_register(meter, 0xF301), taken ? 15 : 5);
            assert_int_equal(analysis_newest(&meter->analysis), taken ? 0 : 2);
            assert_true(after == 0 || taken); /* the set-up is the first write */
            run_to(meter, 20 * MIN);
            assert_int_equal(analysis_oldest(&meter->analysis), taken ? 3 : 1);
        }
    }
}

/* ---- over KMP ---- */

static size_t exchange(struct meter *meter, const uint8_t *body, size_t n_body, uint8_t *out)
{
    uint8_t frame[KMP_FRAME_MAX], answer[KMP_FRAME_MAX];
    const int n = kmp_frame_encode(KMP_TO_METER, body, n_body, frame, sizeof frame);
    assert_true(n > 0);
    optical_receive(&meter->optical[0], meter, frame, (size_t)n, 0);
    const size_t got = optical_transmit(&meter->optical[0], answer, sizeof answer);
    struct kmp_receiver receiver;
    kmp_receiver_init(&receiver, KMP_FROM_METER);
    for (size_t i = 0; i < got; i++) {
        if (kmp_receiver_byte(&receiver, answer[i]) == 1) {
            memcpy(out, receiver.body, receiver.length);
            return receiver.length;
        }
    }
    return 0;
}

static struct kmp_log_page page_of(struct meter *meter, uint8_t cid, const uint8_t *data, size_t n)
{
    static uint8_t answer[KMP_FRAME_MAX];
    uint8_t body[64] = {0x3F, cid};
    struct kmp_log_page page;
    memcpy(body + 2, data, n);
    const size_t length = exchange(meter, body, 2 + n, answer);
    assert_true(length > 0);
    assert_int_equal(kmp_log_page_open(&page, answer, length), KMP_OK);
    assert_int_equal(page.log, 11);
    return page;
}

static int64_t number_of(const struct kmp_value *value, int wanted_exponent)
{
    int64_t number;
    int exponent;
    assert_int_equal(kmp_value_number(value, &number, &exponent), KMP_OK);
    assert_int_equal(exponent, wanted_exponent);
    return number;
}

/* REQ(ANA-04, X-KMP-4): log 11 by time, by id, what is unread; in the registers' own formats */
static void test_kmp(void **state)
{
    (void)state;
    static const uint16_t ids[] = {13, 1215, 1049,
                                   1004}; /* fine A+, mean U1, stamp of the peak, h */
    struct meter *meter = logging_meter(5, ids, 4);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(6753324200000);
    puppet.operating_s = 99 * 3600;
    run_to(meter, 26 * MIN);
    assert_int_equal(analysis_newest(&meter->analysis), 5);
    static const uint16_t asked[] = {1047, 1086, 13, 1215, 1049, 1004, 1054};
    uint8_t data[KMP_LOG_ASK_BYTES];
    const struct kmp_log_time time = {24, 6, 20, 13, 41, 0}; /* the meter's normal time: UTC + 1 */
    size_t n = kmp_log_ask_time(11, asked, 7, &time, data);
    struct kmp_log_page page = page_of(meter, KMP_LOG_TIME_PRESENT, data, n);
    uint16_t id = 0;
    assert_int_equal(page.n_records, 3);
    assert_int_equal(page.n_values, 6); /* 1054 is not recorded */
    assert_int_equal(page.info, KMP_LOG_END);
    assert_true(kmp_log_page_next(&page, &id));
    assert_int_equal(id, 3);
    assert_int_equal(page.values[0].bytes[3], 45); /* 13:45:00 */
    assert_int_equal(page.values[0].bytes[4], 13);
    assert_int_equal(number_of(&page.values[2], -4), 67533242);
    assert_int_equal(number_of(&page.values[3], -1), 2300);
    assert_int_equal(page.values[4].n_bytes, 8);
    assert_int_equal(number_of(&page.values[5], 0), 99);
    n = kmp_log_ask_id(11, asked, 7, 5, data);
    page = page_of(meter, KMP_LOG_ID_PRESENT, data, n);
    assert_int_equal(page.n_records, 1);
    n = kmp_log_ask_id(11, asked, 7, 6, data);
    page = page_of(meter, KMP_LOG_ID_PRESENT, data, n);
    assert_int_equal(page.info, KMP_LOG_OUT_OF_RANGE);
    /* A1 gives what is new until 9C confirms it; the flag falls */
    n = kmp_log_ask_unread(11, asked, 2, data);
    assert_int_equal(page_of(meter, KMP_LOG_LAST_PRESENT, data, n).n_records, 5);
    static const uint8_t confirm[] = {0x3F, 0x9C, 0, 0, 0, 0x40, 0, 0, 0, 0};
    uint8_t answer[64];
    assert_true(exchange(meter, confirm, sizeof confirm, answer) == 6);
    assert_int_equal(answer[5] & 0x40, 0);
    page = page_of(meter, KMP_LOG_LAST_PRESENT, data, n);
    assert_int_equal(page.n_records, 0);
    run_to(meter, 31 * MIN);
    page = page_of(meter, KMP_LOG_LAST_PRESENT, data, n);
    assert_int_equal(page.n_records, 1);
    assert_int_equal(meter_store(meter), METER_OK);
    meter = restarted(START + 32 * MIN); /* the mark is in permanent memory */
    page = page_of(meter, KMP_LOG_LAST_PRESENT, data, n);
    assert_int_equal(page.n_records, 1);
}

/* A record that is damaged keeps its number and says that it is lost. */
static void test_lost_record(void **state)
{
    (void)state;
    struct meter *meter = logging_meter(5, four_ids, 4);
    run_to(meter, 16 * MIN);
    toy.memory[(ANALYSIS_RING_FIRST_PAGE + 1) * 256 + 30] ^= 1u;
    static const uint16_t asked[] = {1086, 1215};
    uint8_t data[KMP_LOG_ASK_BYTES];
    const size_t n = kmp_log_ask_all(11, asked, 2, data);
    struct kmp_log_page page = page_of(meter, KMP_LOG_TIME_PRESENT, data, n);
    uint16_t id = 0;
    assert_int_equal(page.n_records, 3);
    assert_true(kmp_log_page_next(&page, &id) && kmp_log_page_next(&page, &id));
    assert_int_equal(id, 2);
    assert_int_equal(number_of(&page.values[0], 0), LOAD_PROFILE_RECORD_LOST);
    assert_true(kmp_log_page_next(&page, &id));
    assert_int_equal(number_of(&page.values[1], -1), 2300);
}

/* A memory that does not answer at the start: nothing is overwritten, and it goes on later. */
static void test_memory_fault(void **state)
{
    (void)state;
    struct meter *meter = logging_meter(5, four_ids, 4);
    run_to(meter, 6 * MIN);
    assert_int_equal(meter_store(meter), METER_OK);
    static struct meter again;
    const struct variant m = variant_of("382M");
    toy.fail_read = true;
    assert_int_equal(meter_start(&again, &toy_board, &m, 0, 0), METER_ERR_STORAGE);
    assert_true(again.analysis.lost);
    assert_int_equal(meter_status(&again) & STATUS_EEPROM, STATUS_EEPROM);
    toy.fail_read = false;
    assert_int_equal(meter_store(&again), METER_OK);
    assert_false(again.analysis.lost);
    assert_int_equal(analysis_newest(&again.analysis), 1);
    assert_true(again.analysis.stored.setup.on);
}

/* ---- the logger alone ---- */

static bool counts_up(const void *context, const struct register_def *def,
                      struct analysis_number *out)
{
    (void)context;
    *out = (struct analysis_number){def->kmp_id, 0};
    return true;
}

static void step_at(struct analysis *analysis, int64_t utc_s, bool clock_valid)
{
    const struct analysis_parts parts = {.board = &toy_board,
                                         .utc_s = utc_s,
                                         .clock_valid = clock_valid,
                                         .supplied = true,
                                         .fetch = counts_up};
    (void)analysis_step(analysis, &parts);
}

/* As many records are shown as the set-up is deep, the oldest go; without a valid clock no gap is
 * filled, nor with more than 3024 missing. */
static void test_depth_and_gaps(void **state)
{
    (void)state;
    static struct analysis analysis;
    const struct variant m = variant_of("382M");
    const struct analysis_setup s = setup_of(16, 5, 14116);
    assert_int_equal(analysis_start(&analysis, &toy_board, &m), ANALYSIS_OK);
    assert_int_equal(analysis_take(&analysis, &toy_board, &m, &s, START), ANALYSIS_TAKEN);
    for (int64_t n = 0; n <= 800; n++) {
        step_at(&analysis, START + n * 5 * MIN, true);
    }
    assert_int_equal(analysis_newest(&analysis), 800);
    assert_int_equal(analysis_oldest(&analysis), 81);
    struct analysis_entry e;
    assert_int_equal(analysis_read(&analysis, &toy_board, 80, &e), ANALYSIS_NONE);
    assert_int_equal(analysis_read(&analysis, &toy_board, 81, &e), ANALYSIS_OK);
    assert_int_equal(e.value[2].number, 1023);
    assert_int_equal(analysis_at_time(&analysis, &toy_board, START, true), 81);
    assert_int_equal(analysis_at_time(&analysis, &toy_board, START, false), 0);
    assert_int_equal(analysis_at_time(&analysis, &toy_board, START + 100 * 5 * MIN, true), 100);
    assert_int_equal(analysis_at_time(&analysis, &toy_board, START + 100 * 5 * MIN + 1, true), 101);
    assert_int_equal(analysis_at_time(&analysis, &toy_board, START + 100 * 5 * MIN + 1, false),
                     100);
    step_at(&analysis, START + 900 * 5 * MIN, false);
    assert_int_equal(analysis_newest(&analysis), 801);
    assert_int_equal(analysis_read(&analysis, &toy_board, 801, &e), ANALYSIS_OK);
    assert_int_equal(e.status, LOAD_PROFILE_DISCONTINUITY);
    assert_int_equal(e.clock_status, LOAD_PROFILE_CLOCK_INVALID);
    step_at(&analysis, START + (900 + 3026) * 5 * MIN, true);
    assert_int_equal(analysis_newest(&analysis), 802);
    step_at(&analysis, START + (900 + 3026 + 3025) * 5 * MIN, true);
    assert_int_equal(analysis_newest(&analysis), 802 + 3025);
}

/* The set-up is lost: the records are not shown under values that they were not made of. */
static void test_lost_setup(void **state)
{
    (void)state;
    static struct analysis analysis;
    const struct variant m = variant_of("382M");
    const struct analysis_setup s = setup_of(4, 5, 12480);
    assert_int_equal(analysis_start(&analysis, &toy_board, &m), ANALYSIS_OK);
    assert_int_equal(analysis_take(&analysis, &toy_board, &m, &s, START), ANALYSIS_TAKEN);
    step_at(&analysis, START, true);
    step_at(&analysis, START + 5 * MIN, true);
    memset(toy.memory + ANALYSIS_SETUP_FIRST_PAGE * 256, 0xA5, 512);
    assert_int_equal(analysis_start(&analysis, &toy_board, &m), ANALYSIS_OK);
    assert_false(analysis.stored.setup.on);
    struct analysis_entry e;
    assert_int_equal(analysis_read(&analysis, &toy_board, 1, &e), ANALYSIS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_depths_of_the_description, setup),
        cmocka_unit_test_setup(test_deepest_and_shallowest, setup),
        cmocka_unit_test_setup(test_what_is_refused, setup),
        cmocka_unit_test_setup(test_as_delivered, setup),
        cmocka_unit_test_setup(test_records, setup),
        cmocka_unit_test_setup(test_thd, setup),
        cmocka_unit_test_setup(test_changes, setup),
        cmocka_unit_test_setup(test_refused_writes, setup),
        cmocka_unit_test_setup(test_variants_without, setup),
        cmocka_unit_test_setup(test_gaps, setup),
        cmocka_unit_test_setup(test_gaps_that_stay, setup),
        cmocka_unit_test_setup(test_clock_set, setup),
        cmocka_unit_test_setup(test_cut_while_changing, setup),
        cmocka_unit_test_setup(test_kmp, setup),
        cmocka_unit_test_setup(test_lost_record, setup),
        cmocka_unit_test_setup(test_memory_fault, setup),
        cmocka_unit_test_setup(test_depth_and_gaps, setup),
        cmocka_unit_test_setup(test_lost_setup, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
