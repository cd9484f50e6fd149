/*
 * Limits that a client writes, and what of the voltage quality outlives a restart: limits, weekly
 * counts, extremes of the day.  Cuts at every write.
 */
#include "app/meter/meter_audit.h"
#include "app/meter/meter_quality.h"
#include "app/quality/quality_record.h"
#include "app/registers/register_read.h"
#include "proto/kmp/kmp.h"
#include "quality_whole.h"

#define PAGE        256u
#define FIRST       (4u * PAGE)
#define TEN_MINUTES 600.0
#define QUIET       "set u1=230\n"
#define MONDAY_S    INT64_C(1795392000) /* 2026-11-23 00:00 UTC */

/* ---- a client ---- */

/** PutRegister over the optical port.  @return the meter acknowledged it. */
static bool put(struct whole *whole, unsigned password, unsigned id, int64_t number, int exponent)
{
    uint8_t body[32], frame[64], answer[64];
    struct kmp_value value;
    struct meter *meter = &whole->meter;
    struct writer w = writer_over(body, sizeof body);
    assert_int_equal(kmp_value_set(&value, (uint16_t)id, 51, 4, number, exponent), KMP_OK);
    writer_u8(&w, KMP_ADDRESS_METER);
    writer_u8(&w, 0x11);
    writer_uint_be(&w, password, 2);
    kmp_value_write(&w, &value);
    const int n = kmp_frame_encode(KMP_TO_METER, body, writer_length(&w), frame, sizeof frame);
    assert_true(n > 0);
    optical_receive(&meter->optical[0], meter, frame, (size_t)n, 0);
    const size_t got = optical_transmit(&meter->optical[0], answer, sizeof answer);
    assert_true(got == 0 || (got == 1 && answer[0] == KMP_ACK));
    return got == 1;
}

static int64_t get(const struct whole *whole, unsigned id)
{
    struct kmp_value value;
    int64_t number = 0;
    int exponent = 0;
    assert_true(register_read_kmp(&whole->meter, register_by_kmp_id((uint16_t)id), &value));
    assert_int_equal(kmp_value_number(&value, &number, &exponent), KMP_OK);
    return number;
}

static uint32_t audited(const struct whole *whole, struct event_log_entry *newest)
{
    const uint32_t n = event_log_newest(&whole->meter.logs, EVENT_LOG_AUDIT);
    if (n > 0) {
        assert_int_equal(
            event_log_read(&whole->meter.logs, whole->meter.board, EVENT_LOG_AUDIT, n, newest),
            EVENT_LOG_OK);
    }
    return n;
}

static int64_t little(const uint8_t *bytes)
{
    int64_t value = 0;
    for (unsigned i = 8; i-- > 0;) {
        value = value * 256 + bytes[i];
    }
    return value;
}

static struct whole *on_the_desk(const char *variant, const char *scenario)
{
    struct whole *whole = whole_new(variant, scenario);
    power_up(whole);
    run(whole, 3.0);
    return whole;
}

/* REQ(EVT-08): each limit is written and read by itself, and the audit log has old and new value */
static void each_limit_is_written(void **state)
{
    (void)state;
    static const struct {
        uint16_t id;
        int64_t before, after;
    } rows[] = {
        {0xF020, 207000, 195500}, {0xF021, 253000, 240250}, {0xF022, 1000, 10500},
        {0xF023, 0, 2000},        {0xF024, 230000, 231000}, {0xF025, 900, 855},
        {0xF026, 1100, 1155},     {0xF027, 50, 101},        {0xF028, 20, 15},
        {0xF029, 160000, 100001}, {0xF02A, 1000, 250},
    };
    struct whole *whole = on_the_desk("382M", QUIET);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event_log_entry entry;
        const struct register_def *def = register_by_kmp_id(rows[i].id);
        assert_true((def->access & ACCESS_W) != 0);
        assert_int_equal(get(whole, rows[i].id), rows[i].before);
        assert_true(put(whole, 0, rows[i].id, rows[i].after, def->kmp_exponent));
        assert_int_equal(get(whole, rows[i].id), rows[i].after);
        assert_int_equal(audited(whole, &entry), i + 1);
        assert_int_equal(entry.code, rows[i].id);
        assert_int_equal(entry.n_payload, METER_AUDIT_REGISTER_BYTES);
        assert_int_equal(little(entry.payload), rows[i].before);
        assert_int_equal(little(entry.payload + 8), rows[i].after);
        assert_int_equal((int8_t)entry.payload[16], def->kmp_exponent);
        assert_int_equal(entry.payload[17], CHANNEL_OPTICAL);
        assert_true(put(whole, 0, rows[i].id, rows[i].after, def->kmp_exponent)); /* as it is */
        assert_int_equal(audited(whole, &entry), i + 1);
    }
    power_up(whole); /* killed */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(get(whole, rows[i].id), rows[i].after);
    }
    /* the makers' registers, in volts and seconds */
    assert_int_equal(get(whole, 1213), 240);
    run(whole, 8.0);
    assert_true(put(whole, 0, 1212, 210, 0));
    assert_true(put(whole, 0, 1213, 2445, -1));
    assert_true(put(whole, 0, 1214, 2, 0));
    assert_int_equal(get(whole, 0xF020), 210000);
    assert_int_equal(get(whole, 0xF021), 244500);
    assert_int_equal(get(whole, 0xF022), 2000);
    whole_free(whole);
}

/* REQ(EVT-08): what makes no sense, a wrong password, another generation: silence, no trace */
static void refusals(void **state)
{
    (void)state;
    struct event_log_entry entry;
    struct whole *whole = on_the_desk("382M", QUIET);
    const struct quality_config before = whole->meter.quality.config;
    assert_false(put(whole, 1, 0xF020, 200000, -3));
    assert_false(put(whole, 0, 0xF020, 254000, -3)); /* above the upper one */
    assert_false(put(whole, 0, 0xF020, 159000, -3)); /* below phase failure */
    assert_false(put(whole, 0, 0xF020, 2000001, -4));
    assert_false(put(whole, 0, 0xF020, -1, -3));
    assert_false(put(whole, 0, 0xF020, INT32_MAX, 6));
    assert_false(put(whole, 0, 0xF025, 990, -1));   /* no room for the hysteresis */
    assert_false(put(whole, 0, 0xF025, 66436, -1)); /* 900 modulo 2^16 */
    assert_false(put(whole, 0, 0xF02B, 1, 0));
    assert_memory_equal(&before, &whole->meter.quality.config, sizeof before);
    assert_int_equal(audited(whole, &entry), 0);
    whole_free(whole);
    whole = on_the_desk("382C", QUIET);
    assert_false(register_exists(&whole->meter, register_by_kmp_id(0xF020)));
    assert_false(put(whole, 0, 0xF020, 200000, -3));
    assert_false(put(whole, 0, 1212, 200, 0));
    assert_int_equal(whole->meter.quality.config.low_mv, 207000);
    whole_free(whole);
}

static unsigned logged(const struct whole *whole, uint8_t kind, uint8_t edge)
{
    unsigned n = 0;
    for (uint32_t id = 1; id <= event_log_newest(&whole->meter.logs, EVENT_LOG_VOLTAGE); id++) {
        struct event_log_entry entry;
        struct quality_record record;
        assert_int_equal(
            event_log_read(&whole->meter.logs, whole->meter.board, EVENT_LOG_VOLTAGE, id, &entry),
            EVENT_LOG_OK);
        assert_true(quality_record_decode(entry.payload, entry.n_payload, 0, &record));
        n += record.kind == kind && record.edge == edge ? 1u : 0u;
    }
    return n;
}

/* REQ(EVT-08): the voltage stays as it is, the limit moves: that begins and ends an event */
static void a_new_limit_acts(void **state)
{
    (void)state;
    struct whole *whole = on_the_desk("382M", "set u1=220\n");
    run(whole, 10.0);
    assert_int_equal(logged(whole, QUALITY_UNDERVOLTAGE, QUALITY_BEGIN), 0);
    assert_true(put(whole, 0, 0xF022, 5000, -3));
    assert_true(put(whole, 0, 0xF020, 221000, -3));
    run(whole, 14.0);
    assert_int_equal(logged(whole, QUALITY_UNDERVOLTAGE, QUALITY_BEGIN), 0); /* not for 5 s yet */
    run(whole, 17.0);
    assert_int_equal(logged(whole, QUALITY_UNDERVOLTAGE, QUALITY_BEGIN), 1);
    assert_true(put(whole, 0, 0xF020, 219000, -3));
    run(whole, 24.0);
    assert_int_equal(logged(whole, QUALITY_UNDERVOLTAGE, QUALITY_END), 1);
    whole_free(whole);
}

/* ---- cuts ---- */

enum torn { TORN_OLD, TORN_NEW, TORN_HALF, TORN_GARBAGE, TORN_ANSWERS };

/** A board whose supply goes at a write: later ones reach nothing. */
struct cut {
    struct ram_board *ram;
    unsigned left; /**< writes until then */
    enum torn torn;
    unsigned fails; /**< so many writes answer with an error instead, then all is well */
    bool dead;
    unsigned n_writes[16];
};

static int cut_read(void *context, uint32_t address, void *bytes, uint32_t n)
{
    memcpy(bytes, ((struct cut *)context)->ram->app_memory + address, n);
    return 0;
}

static int cut_write(void *context, uint32_t address, const void *bytes, uint32_t n)
{
    struct cut *cut = context;
    uint8_t *memory = cut->ram->app_memory + address;
    if (address / PAGE < 16u) {
        cut->n_writes[address / PAGE]++;
    }
    if (cut->dead) {
        return 0;
    }
    if (cut->left > 0) {
        cut->left--;
        memcpy(memory, bytes, n);
        return 0;
    }
    if (cut->fails > 0) {
        cut->left = --cut->fails > 0 ? 0 : UINT32_MAX;
        return -1;
    }
    cut->dead = true;
    memcpy(memory, bytes, cut->torn == TORN_NEW ? n : cut->torn == TORN_HALF ? n / 2u : 0u);
    if (cut->torn == TORN_GARBAGE) {
        memset(memory, 0xA5, n);
    }
    return 0;
}

static struct cut cut_board(struct whole *whole, struct board *board, unsigned left, enum torn torn)
{
    const struct cut cut = {.ram = &whole->ram, .left = left, .torn = torn};
    *board = whole->board;
    board->app_memory_read = cut_read;
    board->app_memory_write = cut_write;
    return cut;
}

/* A cut at any write of a change: the limit is the old or the new one, and a change has its trace
 */
static void a_change_survives_cuts(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 3u; at++) {
        for (unsigned torn = 0; torn < TORN_ANSWERS; torn++) {
            struct whole *whole = on_the_desk("382M", QUIET);
            struct event_log_entry entry;
            struct board board;
            assert_true(put(whole, 0, 0xF020, 200000, -3));
            assert_true(put(whole, 0, 0xF020, 201000, -3));
            struct cut cut = cut_board(whole, &board, at, (enum torn)torn);
            board.context = &cut;
            whole->meter.board = &board;
            (void)put(whole, 0, 0xF020, 202000, -3);
            power_up(whole);
            const int64_t now_mv = get(whole, 0xF020);
            assert_true(now_mv == 201000 || now_mv == 202000);
            assert_true(now_mv == 202000 || at < 2u);
            if (now_mv == 202000) {
                assert_int_equal(audited(whole, &entry), 3);
                assert_int_equal(little(entry.payload + 8), 202000);
            }
            whole_free(whole);
        }
    }
}

/* A memory that refuses: the client gets no answer, the old limit holds, and the log says so */
static void a_memory_that_refuses(void **state)
{
    (void)state;
    struct whole *whole = on_the_desk("382M", QUIET);
    struct event_log_entry entry;
    struct board board;
    struct cut cut = cut_board(whole, &board, 1, TORN_OLD);
    cut.fails = 1;
    board.context = &cut;
    whole->meter.board = &board;
    assert_false(put(whole, 0, 0xF020, 200000, -3));
    assert_int_equal(get(whole, 0xF020), 207000);
    assert_int_equal(audited(whole, &entry), 2);
    assert_int_equal(little(entry.payload), 200000);
    assert_int_equal(little(entry.payload + 8), 207000);
    assert_true((meter_status(&whole->meter) & STATUS_EEPROM) != 0);
    cut.left = 0; /* not even the log */
    cut.fails = 20;
    assert_false(put(whole, 0, 0xF020, 200000, -3));
    assert_int_equal(get(whole, 0xF020), 207000);
    whole->meter.board = &whole->board;
    power_up(whole);
    assert_int_equal(get(whole, 0xF020), 207000);
    whole_free(whole);
}

/* ---- counts ---- */

/* Counts outlive a kill to the last ten minutes, and a loss of supply to the last interval */
static void counts_outlive_restarts(void **state)
{
    (void)state;
    struct whole *whole = on_the_desk("382M", "set u1=204\nat 2710s power off for 60s\n");
    run(whole, 2.5 * TEN_MINUTES);
    assert_int_equal(get(whole, 0xF041), 1); /* the first is not whole */
    assert_int_equal(get(whole, 0xF044), 0);
    assert_int_equal(get(whole, 0xF045), 10000);
    const int64_t before = get(whole, 0xF051); /* 10-second intervals, but of the dip's minute */
    assert_in_range(before, 140, 149);
    power_up(whole); /* killed in the middle of an interval */
    assert_int_equal(get(whole, 0xF041), 1);
    assert_in_range(get(whole, 0xF051), before - 31, before - 29);
    assert_int_equal(get(whole, 0xF052), 10000);
    const int64_t low = get(whole, 0xF010);
    assert_in_range(low, 2039, 2041);
    run(whole, 4.5 * TEN_MINUTES + 5.0);
    assert_int_equal(get(whole, 0xF041), 2); /* the one of the kill does not count */
    const int64_t tens = get(whole, 0xF051);
    run(whole, 2720.0); /* dark */
    power_up(whole);
    assert_in_range(get(whole, 0xF051), tens, tens + 1);
    assert_int_equal(get(whole, 0xF041), 2);
    assert_int_equal(get(whole, 0xF042), 2);
    whole_free(whole);
}

/* A week that ended is kept as last week's, over restarts and over a clock that was wrong */
static void weeks_follow_each_other(void **state)
{
    (void)state;
    struct whole *whole = on_the_desk("382M", "at 700s dip L1 to 40% for 200ms\n");
    assert_int_equal(meter_clock_set(&whole->meter, MONDAY_S - 1500), METER_OK);
    run(whole, 1400.0);
    assert_int_equal(get(whole, 0xF040), 261116);
    assert_int_equal(get(whole, 0xF054), 1); /* the dip */
    assert_int_equal(get(whole, 0xF041), 0); /* and its interval is flagged */
    run(whole, 2400.0);
    for (unsigned restarts = 0; restarts < 2u; restarts++) {
        assert_int_equal(get(whole, 0xF040), 261123);
        assert_int_equal(get(whole, 0xF041), 1);
        assert_int_equal(get(whole, 0xF054), 0);
        assert_int_equal(get(whole, 0xF060), 261116);
        assert_int_equal(get(whole, 0xF061), 1);
        assert_int_equal(get(whole, 0xF074), 1);
        power_up(whole);
    }
    run(whole, 2402.0);
    assert_int_equal(meter_clock_set(&whole->meter, MONDAY_S + 700 * INT64_C(86400)), METER_OK);
    run(whole, 2410.0);
    assert_int_equal(get(whole, 0xF041), 0);
    assert_int_equal(get(whole, 0xF061), 1);
    assert_int_equal(meter_clock_set(&whole->meter, MONDAY_S + 1000), METER_OK);
    run(whole, 2420.0);
    assert_int_equal(get(whole, 0xF040), 261123);
    assert_int_equal(get(whole, 0xF041), 1);
    whole_free(whole);
}

static void fill(struct quality *quality, unsigned k)
{
    if (k % 1008u == 0) {
        quality->last_week = quality->week;
    }
    quality->week.begin_us = (int64_t)(k / 1008u + 1000u) * INT64_C(604800000000);
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        quality->week.voltage_10[s] = (struct quality_count){k, k - s};
        quality->week.thd[s] = (struct quality_count){k + 1u, k};
        quality->phase[s].day_low_mv = 220000u + k;
    }
    quality->week.unbalance = (struct quality_count){k, 3};
    quality->week.frequency_wide = (struct quality_count){60u * k, 60u * k};
    quality->week.dips = (uint16_t)k;
    quality->utc_day = (int64_t)k;
}

/* A cut at any write of the counts leaves the record before it; and no page wears early */
static void counts_survive_cuts(void **state)
{
    (void)state;
    struct whole *whole = whole_new("382M", QUIET);
    struct quality quality, found;
    struct quality_config config;
    struct quality_store store = {0}, again;
    struct board board;
    quality_defaults(&config);
    struct cut cut = cut_board(whole, &board, UINT32_MAX, TORN_OLD);
    board.context = &cut;
    quality_start(&quality, &config, 3, false);
    quality_start(&found, &config, 3, false);
    assert_int_equal(quality_store_load_counts(&store, &board, &found), QUALITY_NONE);
    for (unsigned k = 10; k < 3034u; k++) {
        fill(&quality, k);
        assert_int_equal(quality_store_save_counts(&store, &board, &quality), QUALITY_OK);
        if (k < 30u || (k > 1005u && k < 1015u)) {
            for (unsigned torn = 0; torn < TORN_ANSWERS; torn++) {
                struct ram_board before = whole->ram;
                struct quality_store spare = store;
                cut.left = 0;
                cut.torn = (enum torn)torn;
                fill(&quality, k + 1u);
                (void)quality_store_save_counts(&spare, &board, &quality);
                assert_int_equal(quality_store_load_counts(&again, &board, &found), QUALITY_OK);
                const unsigned got = found.week.dips;
                assert_true(got == k || (got == k + 1u && torn != TORN_OLD));
                fill(&quality, got);
                assert_memory_equal(&found.week, &quality.week, sizeof found.week);
                assert_in_range(found.utc_day, got, k + 1u);
                assert_int_equal(found.phase[2].day_low_mv, 220000 + found.utc_day);
                whole->ram = before;
                cut.dead = false;
            }
            cut.left = UINT32_MAX;
        }
    }
    assert_int_equal(quality_store_load_counts(&again, &board, &found), QUALITY_OK);
    assert_int_equal(found.last_week.dips, 3023); /* the week before ended there */
    for (unsigned page = 6; page < 14u; page++) { /* three weeks: two of them in one half */
        assert_in_range(cut.n_writes[page], 252, 600);
    }
    whole_free(whole);
}

/* A page that is damaged anywhere is as if it were not there */
static void damage_is_seen(void **state)
{
    (void)state;
    struct whole *whole = on_the_desk("382M", QUIET);
    assert_true(put(whole, 0, 0xF020, 200000, -3)); /* record 1, page 5 */
    assert_true(put(whole, 0, 0xF020, 190000, -3)); /* record 2, page 4 */
    for (unsigned at = 0; at < 52u; at++) {
        whole->ram.app_memory[FIRST + at] ^= 0x10u;
        struct quality_config config = {0};
        struct quality_store store;
        assert_int_equal(quality_store_load_limits(&store, &whole->board, &config), QUALITY_OK);
        assert_int_equal(config.low_mv, 200000);
        assert_int_equal(store.limits_sequence, 1);
        whole->ram.app_memory[FIRST + at] ^= 0x10u;
    }
    whole_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_is_written),   cmocka_unit_test(refusals),
        cmocka_unit_test(a_new_limit_acts),        cmocka_unit_test(a_change_survives_cuts),
        cmocka_unit_test(a_memory_that_refuses),   cmocka_unit_test(counts_outlive_restarts),
        cmocka_unit_test(weeks_follow_each_other), cmocka_unit_test(counts_survive_cuts),
        cmocka_unit_test(damage_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
