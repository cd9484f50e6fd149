/* Prepayment by itself: the account, its bookings, its rules, its memory, its tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/prepay/prepay_store.h"

#define KWH PREPAY_UWH_PER_KWH
#define DAY UINT64_C(86400)
#define S   INT64_C(1000000)

static struct {
    struct prepay prepay;
    struct prepay_kept memory;
    struct prepay_now now;
    bool save_fails, log_fails;
    unsigned n_saves;
    struct prepay_booking log[64];
    uint32_t n_log;
} bench;

static bool port_save(void *context, struct prepay_kept *kept)
{
    (void)context;
    if (bench.save_fails) {
        return false;
    }
    kept->sequence++;
    bench.memory = *kept;
    bench.n_saves++;
    return true;
}

static bool port_log(void *context, const struct prepay_booking *booking)
{
    (void)context;
    if (bench.log_fails || bench.n_log == 64) {
        return false;
    }
    bench.log[bench.n_log++] = *booking;
    return true;
}

static uint32_t port_log_newest(void *context)
{
    (void)context;
    return bench.n_log;
}

static const struct prepay_port port = {
    .save = port_save, .log = port_log, .log_newest = port_log_newest};
static const struct prepay_payer payer = {1, 1700000000};
static const struct prepay_config plain = {
    .on = true, .max_uwh = 9999999 * KWH, .working_days = 0x1F, .low_s = 255u * 86400u};

static void configure(const struct prepay_config *config)
{
    prepay_configure(&bench.prepay, &port, config, &bench.now, &payer);
}

static void restart(void)
{
    const struct prepay_config config = bench.prepay.config;
    prepay_start(&bench.prepay, &bench.memory, true, 0);
    configure(&config);
}

static int setup(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    bench.now = (struct prepay_now){.total_uwh = 1234567890123,
                                    .operating_s = 5000,
                                    .time_known = true,
                                    .minute = 720,
                                    .weekday = 3,
                                    .closed = true};
    prepay_start(&bench.prepay, &bench.memory, true, 0);
    configure(&plain);
    return 0;
}

static struct prepay_verdict step(void)
{
    bench.now.operating_s++;
    return prepay_step(&bench.prepay, &port, &bench.now);
}

static int64_t left(void)
{
    return prepay_left_uwh(&bench.prepay, bench.now.total_uwh);
}

static enum prepay_err load(uint32_t number, int64_t amount_uwh)
{
    return prepay_load(&bench.prepay, &port, &payer, bench.now.total_uwh, number, amount_uwh);
}

static enum prepay_err take(uint32_t id, uint32_t amount)
{
    const struct token token = {TOKEN_CREDIT, id, amount};
    return prepay_token(&bench.prepay, &port, &payer, bench.now.total_uwh, &token);
}

/* REQ(PRE-02, X-PRE-1): it counts down with the total A+, and at nothing it opens */
static void it_counts_down_with_the_total(void **state)
{
    (void)state;
    assert_int_equal(load(1, KWH), PREPAY_OK);
    assert_int_equal(left(), KWH);
    assert_false(step().exhausted);
    bench.now.total_uwh += 999999999;
    assert_int_equal(left(), 1);
    assert_false(step().exhausted);
    const unsigned saves = bench.n_saves;
    bench.now.total_uwh += 1;
    assert_true(step().exhausted);
    assert_int_equal(bench.n_saves, saves); /* counting writes nothing */
    bench.now.total_uwh += 5;
    assert_int_equal(prepay_credit_uwh(&bench.prepay, bench.now.total_uwh), 0);
    assert_int_equal(prepay_owed_uwh(&bench.prepay, bench.now.total_uwh), 5);
    restart();
    assert_true(step().exhausted);
    assert_int_equal(left(), -5);
    assert_int_equal(load(2, 100), PREPAY_OK); /* what is owed is paid first */
    assert_int_equal(left(), 95);
    assert_false(step().exhausted);
}

/* REQ(PRE-03): loaded before it is on, added, set, and switched off (X-PRE-1: the register is
 * reset)
 */
static void loads_and_switches(void **state)
{
    (void)state;
    struct prepay_config config = plain;
    config.on = false;
    configure(&config);
    assert_int_equal(prepay_set(&bench.prepay, &port, &payer, 0, 50 * KWH), PREPAY_OK);
    bench.now.total_uwh += 7 * (uint64_t)KWH; /* off: nothing counts */
    assert_int_equal(left(), 50 * KWH);
    assert_int_equal(take(1, 10), PREPAY_ERR_OFF);
    config.on = true;
    configure(&config);
    assert_int_equal(left(), 50 * KWH);
    bench.now.total_uwh += (uint64_t)KWH;
    assert_int_equal(load(1, 10 * KWH), PREPAY_OK);
    assert_int_equal(left(), 59 * KWH);
    assert_int_equal(prepay_set(&bench.prepay, &port, &payer, bench.now.total_uwh, 20 * KWH),
                     PREPAY_OK);
    assert_int_equal(left(), 20 * KWH);
    bench.now.total_uwh += 21 * (uint64_t)KWH;
    assert_int_equal(prepay_set(&bench.prepay, &port, &payer, bench.now.total_uwh, 20 * KWH),
                     PREPAY_OK); /* one is owed */
    assert_int_equal(left(), 19 * KWH);
    assert_int_equal(bench.prepay.kept.paid_uwh, 10 * KWH);
    config.on = false;
    configure(&config);
    assert_int_equal(left(), 0);
    assert_int_equal(bench.log[bench.n_log - 1].way, PREPAY_ENDED);
    assert_int_equal(bench.log[bench.n_log - 1].amount_uwh, 19 * KWH);
    restart();
    assert_int_equal(left(), 0);
    assert_false(step().exhausted);
}

/* REQ(X-PRE-1): never more than the register can show: 7.0 or 6.1 */
static void it_never_overflows(void **state)
{
    (void)state;
    assert_int_equal(load(1, 9999999 * KWH + 1), PREPAY_ERR_FULL);
    assert_int_equal(load(1, INT64_MAX), PREPAY_ERR_FULL);
    assert_int_equal(load(1, 0), PREPAY_ERR_RANGE);
    assert_int_equal(load(1, INT64_MIN), PREPAY_ERR_RANGE);
    assert_int_equal(load(1, 9999999 * KWH), PREPAY_OK);
    assert_int_equal(load(2, 1), PREPAY_ERR_FULL);
    assert_int_equal(take(1, 1), PREPAY_ERR_FULL);
    bench.now.total_uwh += 100000000;
    assert_int_equal(take(1, 1), PREPAY_OK); /* refused, it was not used */
    assert_int_equal(
        prepay_set(&bench.prepay, &port, &payer, bench.now.total_uwh, 9999999 * KWH + 1),
        PREPAY_ERR_RANGE);
    assert_int_equal(prepay_set(&bench.prepay, &port, &payer, bench.now.total_uwh, -1),
                     PREPAY_ERR_RANGE);
    assert_int_equal(left(), 9999999 * KWH);
}

/* A client that got no answer asks again. */
static void a_load_is_booked_once(void **state)
{
    (void)state;
    assert_int_equal(load(0, KWH), PREPAY_ERR_NUMBER);
    assert_int_equal(load(2, KWH), PREPAY_ERR_NUMBER);
    assert_int_equal(load(1, KWH), PREPAY_OK);
    assert_int_equal(load(1, KWH), PREPAY_OK);
    assert_int_equal(left(), KWH);
    assert_int_equal(load(1, 2 * KWH), PREPAY_ERR_NUMBER); /* another one */
    assert_int_equal(take(7, 10), PREPAY_OK);
    assert_int_equal(load(1, KWH), PREPAY_OK); /* still the last load */
    assert_int_equal(left(), 2 * KWH);
    restart();
    assert_int_equal(load(1, KWH), PREPAY_OK);
    assert_int_equal(left(), 2 * KWH);
    assert_int_equal(bench.n_log, 2);
}

/* What memory does not take is not booked; a record of the log comes late, and once. */
static void memory_that_fails(void **state)
{
    (void)state;
    bench.save_fails = true;
    assert_int_equal(load(1, KWH), PREPAY_ERR_STORAGE);
    assert_int_equal(take(3, 10), PREPAY_ERR_STORAGE);
    assert_int_equal(left(), 0);
    bench.save_fails = false;
    bench.log_fails = true;
    assert_int_equal(load(1, KWH), PREPAY_OK);
    assert_int_equal(bench.n_log, 0);
    bench.log_fails = false;
    step();
    step();
    assert_int_equal(bench.n_log, 1);
    assert_int_equal(bench.log[0].amount_uwh, KWH);
    assert_int_equal(bench.log[0].left_uwh, KWH);
    bench.n_log = 0; /* a cut between the booking and its record */
    restart();
    step();
    step();
    assert_int_equal(bench.n_log, 1);
    /* memory that cannot be read: nothing is cut off for it, and nothing is booked */
    bench.now.total_uwh += 2 * (uint64_t)KWH;
    bench.prepay.unread = true;
    assert_false(step().exhausted);
    assert_int_equal(load(2, KWH), PREPAY_ERR_STORAGE);
}

/* REQ(X-PRE-1): it cuts off on working days only, and not in the free hours */
static void when_it_may_cut_off(void **state)
{
    (void)state;
    assert_true(step().exhausted); /* Wednesday noon */
    for (uint8_t weekday = 1; weekday <= 7; weekday++) {
        bench.now.weekday = weekday;
        assert_int_equal(step().exhausted, weekday <= 5);
        assert_false(step().low);
    }
    bench.now.weekday = 1;
    bench.now.exception = true;
    assert_false(step().exhausted);
    bench.now.exception = false;
    bench.now.time_known = false; /* nobody knows that it is a working day */
    assert_false(step().exhausted);
    bench.now.time_known = true;
    struct prepay_config config = plain;
    config.free_from_min = 22 * 60;
    config.free_to_min = 8 * 60;
    configure(&config);
    static const struct {
        uint16_t minute;
        bool cuts;
    } night[] = {{0, false}, {479, false}, {480, true}, {1319, true}, {1320, false}, {1439, false}};
    for (size_t i = 0; i < sizeof night / sizeof night[0]; i++) {
        bench.now.minute = night[i].minute;
        assert_int_equal(step().exhausted, night[i].cuts);
    }
    config.free_from_min = 8 * 60;
    config.free_to_min = 22 * 60;
    configure(&config);
    for (size_t i = 0; i < sizeof night / sizeof night[0]; i++) {
        bench.now.minute = night[i].minute;
        assert_int_equal(step().exhausted, !night[i].cuts);
    }
    config.unrestricted = true; /* CutoffBasis bit 5 */
    configure(&config);
    bench.now.minute = 720;
    bench.now.weekday = 7;
    bench.now.exception = true;
    bench.now.time_known = false;
    assert_true(step().exhausted);
}

/* Cut off on Friday, it stays so on Saturday; used beyond zero is owed. */
static void a_free_day_closes_nothing(void **state)
{
    (void)state;
    bench.now.weekday = 6;
    assert_false(step().exhausted);
    bench.now.total_uwh += 3 * (uint64_t)KWH;
    assert_false(step().exhausted);
    bench.now.weekday = 1;
    assert_true(step().exhausted);
    bench.now.closed = false;
    bench.now.cut_off = true;
    assert_true(step().exhausted);
    assert_true(bench.memory.cut);
    bench.now.weekday = 6;
    assert_true(step().exhausted);
    bench.now.cut_off = false; /* opened by a command since: it is still for credit */
    restart();
    assert_true(step().exhausted);
    assert_int_equal(load(1, 3 * KWH), PREPAY_OK); /* pays what is owed, no more */
    assert_true(step().exhausted);
    assert_int_equal(load(2, 1), PREPAY_OK);
    assert_false(step().exhausted);
    assert_false(bench.memory.cut);
}

/* Cut off once, it may be used under the low limit, for so long; what is used is owed. */
static void the_low_limit(void **state)
{
    (void)state;
    struct prepay_config config = plain;
    config.low_limit = true;
    config.low_s = 100;
    configure(&config);
    assert_true(step().exhausted); /* it opens first */
    bench.now.closed = false;
    bench.now.cut_off = true;
    struct prepay_verdict verdict = step();
    assert_true(verdict.low && !verdict.exhausted && !verdict.expired);
    for (unsigned n = 0; n < 1000; n++) { /* open, it costs no time */
        assert_true(step().low);
    }
    bench.now.closed = true;
    bench.now.cut_off = false;
    assert_true(step().low);
    const unsigned saves = bench.n_saves;
    for (unsigned n = 0; n < 60; n++) {
        assert_true(step().low);
    }
    assert_int_equal(bench.n_saves, saves);
    assert_int_equal(prepay_low_left_s(&bench.prepay, bench.now.operating_s), 40);
    restart(); /* a cut without warning costs nothing of it */
    assert_int_equal(prepay_low_left_s(&bench.prepay, bench.now.operating_s), 40);
    bench.now.closed = false;
    for (unsigned n = 0; n < 100; n++) {
        assert_true(step().low);
    }
    assert_int_equal(prepay_low_left_s(&bench.prepay, bench.now.operating_s), 39);
    bench.now.closed = true;
    for (unsigned n = 0; n < 39; n++) {
        assert_true(step().low);
    }
    bench.now.weekday = 7; /* over, but not on a Sunday */
    verdict = step();
    assert_true(verdict.low && !verdict.exhausted);
    bench.now.weekday = 1;
    verdict = step();
    assert_true(verdict.exhausted && verdict.expired && !verdict.low);
    bench.now.closed = false;
    bench.now.cut_off = true;
    verdict = step();
    assert_true(verdict.exhausted && verdict.expired);
    assert_int_equal(load(1, KWH), PREPAY_OK);
    verdict = step();
    assert_false(verdict.exhausted || verdict.low || verdict.expired);
    assert_int_equal(prepay_low_left_s(&bench.prepay, bench.now.operating_s), 100);
}

/* Each id once, whatever their order; what is older than all that are remembered is refused. */
static void a_token_is_taken_once(void **state)
{
    (void)state;
    for (uint32_t id = 1000; id < 1000 + 3 * PREPAY_TOKENS; id += 3) {
        assert_int_equal(take(id, 10), PREPAY_OK);
        assert_int_equal(take(id, 10), PREPAY_ERR_USED);
    }
    assert_int_equal(left(), PREPAY_TOKENS * KWH);
    assert_int_equal(take(999, 10), PREPAY_ERR_OLD);
    assert_int_equal(take(1001, 10), PREPAY_OK); /* between: bought then, keyed in late */
    assert_int_equal(take(1000, 10), PREPAY_ERR_OLD);
    assert_int_equal(take(1001, 10), PREPAY_ERR_USED);
    restart();
    for (uint32_t id = 900; id < 1000 + 3 * PREPAY_TOKENS; id++) {
        const enum prepay_err err = prepay_token_known(&bench.prepay, id);
        assert_true(err != PREPAY_OK || id % 3 != 1 || id == 1000);
    }
    const struct token other = {2, 5000, 10};
    assert_int_equal(prepay_token(&bench.prepay, &port, &payer, bench.now.total_uwh, &other),
                     PREPAY_ERR_CLASS);
    assert_int_equal(take(5000, 0), PREPAY_ERR_RANGE);
}

/* From the third wrong one on it takes longer and longer, and a restart shortens nothing. */
static void wrong_tokens_cost_time(void **state)
{
    (void)state;
    static const uint32_t waits[] = {0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        prepay_token_wrong(&bench.prepay, &port, 0);
        assert_int_equal(prepay_token_wait_s(&bench.prepay, 0), waits[i]);
    }
    assert_int_equal(prepay_token_wait_s(&bench.prepay, 3599 * S), 1);
    assert_int_equal(prepay_token_wait_s(&bench.prepay, 3600 * S), 0);
    restart();
    assert_int_equal(prepay_token_wait_s(&bench.prepay, 0), 3600);
    assert_int_equal(take(1, 10), PREPAY_OK);
    assert_int_equal(prepay_token_wait_s(&bench.prepay, 0), 0);
    for (unsigned n = 0; n < 1000; n++) {
        prepay_token_wrong(&bench.prepay, &port, 0);
    }
    assert_int_equal(prepay_token_wait_s(&bench.prepay, 0), 3600);
}

static void days_are_estimated(void **state)
{
    (void)state;
    assert_int_equal(prepay_days_left(&bench.prepay, bench.now.total_uwh, bench.now.operating_s),
                     PREPAY_NO_DAYS);
    assert_int_equal(load(1, 100 * KWH), PREPAY_OK);
    for (unsigned day = 0; day < 10; day++) {
        bench.now.total_uwh += 4 * (uint64_t)KWH;
        bench.now.operating_s += DAY - 1;
        step();
    }
    assert_int_equal(prepay_days_left(&bench.prepay, bench.now.total_uwh, bench.now.operating_s),
                     15); /* 60 kWh, 4 a day */
    bench.now.total_uwh += 12 * (uint64_t)KWH;
    bench.now.operating_s += DAY - 1;
    step(); /* a cold day counts for a seventh: 48 kWh, 36 kWh in seven days */
    assert_int_equal(prepay_days_left(&bench.prepay, bench.now.total_uwh, bench.now.operating_s),
                     9);
    restart();
    assert_int_equal(prepay_days_left(&bench.prepay, bench.now.total_uwh, bench.now.operating_s),
                     9);
    assert_false(prepay_warns(&bench.prepay, bench.now.total_uwh));
    bench.prepay.config.alarm_uwh = 48 * KWH;
    assert_true(prepay_warns(&bench.prepay, bench.now.total_uwh));
    bench.prepay.config.alarm_uwh = 48 * KWH - 1;
    assert_false(prepay_warns(&bench.prepay, bench.now.total_uwh));
}

/* ---- memory ---- */

static uint8_t memory[128 * 256];
static bool memory_silent;

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    memcpy(bytes, memory + address, n_bytes);
    return memory_silent ? -1 : 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    memcpy(memory + address, bytes, n_bytes);
    return 0;
}

static const struct board board = {.app_memory_read = memory_read,
                                   .app_memory_write = memory_write};

/* What comes back is what was kept; a damaged newest record leaves the one before. */
static void the_memory_keeps_it(void **state)
{
    (void)state;
    struct prepay_kept kept, back;
    memset(memory, 0xFF, sizeof memory);
    assert_true(prepay_store_load(&back, &board));
    assert_int_equal(back.sequence, 0);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(take(100000 + i, 10 + i), PREPAY_OK);
    }
    bench.now.operating_s += 9 * DAY;
    step();
    kept = bench.prepay.kept;
    kept.sequence = 0;
    kept.cut = kept.low = true;
    kept.low_used_s = 12345;
    kept.low_since_s = UINT64_C(1) << 40;
    kept.wrong = 7;
    assert_true(prepay_store_save(&kept, &board));
    assert_true(prepay_store_load(&back, &board));
    assert_int_equal(back.sequence, 1);
    assert_memory_equal(back.token, kept.token, sizeof kept.token);
    assert_memory_equal(back.day_mwh, kept.day_mwh, sizeof kept.day_mwh);
    assert_int_equal(back.begin_uwh, kept.begin_uwh);
    assert_int_equal(back.loaded_uwh, kept.loaded_uwh);
    assert_int_equal(back.paid_uwh, kept.paid_uwh);
    assert_int_equal(back.last.amount_uwh, kept.last.amount_uwh);
    assert_int_equal(back.last.left_uwh, kept.last.left_uwh);
    assert_int_equal(back.last.utc_s, kept.last.utc_s);
    assert_int_equal(back.last.log_id, kept.last.log_id);
    assert_int_equal(back.last.number, kept.last.number);
    assert_int_equal(back.low_since_s, kept.low_since_s);
    assert_int_equal(back.low_used_s, kept.low_used_s);
    assert_int_equal(back.day_total_uwh, kept.day_total_uwh);
    assert_int_equal(back.day_s, kept.day_s);
    assert_int_equal(back.wrong, 7);
    assert_true(back.on && back.cut && back.low);
    kept.loaded_uwh = -77;
    assert_true(prepay_store_save(&kept, &board));
    uint8_t *newest = memory + (PREPAY_STORE_FIRST_PAGE + kept.sequence % 2) * 256u;
    for (unsigned bit = 0; bit < 240u * 8u; bit++) {
        newest[bit / 8] ^= (uint8_t)(1u << bit % 8u);
        assert_true(prepay_store_load(&back, &board));
        assert_int_equal(back.sequence, 1);
        newest[bit / 8] ^= (uint8_t)(1u << bit % 8u);
    }
    assert_true(prepay_store_load(&back, &board));
    assert_int_equal(back.loaded_uwh, -77);
    memory_silent = true;
    assert_false(prepay_store_load(&back, &board));
    memory_silent = false;
}

static void key_and_days_are_kept(void **state)
{
    (void)state;
    uint8_t key[TOKEN_KEY_BYTES] = {1, 2, 3}, back[TOKEN_KEY_BYTES];
    struct prepay_exceptions days = {3, {{0, 12, 24}, {2027, 3, 29}, {2099, 1, 1}}}, days_back;
    memset(memory, 0xFF, sizeof memory);
    assert_false(prepay_store_key(&board, back));
    assert_true(prepay_store_exceptions(&board, &days_back));
    assert_int_equal(days_back.n, 0);
    for (unsigned n = 0; n < 3; n++) {
        key[15] = (uint8_t)n;
        days.date[2].day = (uint8_t)(n + 1);
        assert_true(prepay_store_key_save(&board, key));
        assert_true(prepay_store_key(&board, back));
        assert_memory_equal(key, back, sizeof key);
        assert_true(prepay_store_exceptions_save(&board, &days));
        assert_true(prepay_store_exceptions(&board, &days_back));
        assert_int_equal(days_back.n, 3);
        assert_memory_equal(days.date, days_back.date, 3 * sizeof days.date[0]);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        CASE(it_counts_down_with_the_total), CASE(loads_and_switches), CASE(it_never_overflows),
        CASE(a_load_is_booked_once),         CASE(memory_that_fails),  CASE(when_it_may_cut_off),
        CASE(a_free_day_closes_nothing),     CASE(the_low_limit),      CASE(a_token_is_taken_once),
        CASE(wrong_tokens_cost_time),        CASE(days_are_estimated), CASE(the_memory_keeps_it),
        CASE(key_and_days_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
