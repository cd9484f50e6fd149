/* The wireless M-Bus module before a meter that is a table of registers: the telegrams of other
 * programs and of real meters octet by octet, and numbers that never come twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "modules/wmbus_module.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/hex.h"
#include "proto/kmp/kmp_server.h"
#include "proto/wmbus/wmbus_cipher.h"
#include "proto/wmbus_vectors.h"

#define SENT_MAX 512u

struct fixture {
    struct kmp_server server;
    struct crypto_port crypto;
    struct wmbus_module module;
    uint8_t memory[WMBUS_MODULE_MEMORY];
    unsigned writes, cut_at; /* supply goes within the write with this number; 0: never */
    bool cut, memory_silent, memory_refuses;
    uint64_t random;
    uint8_t key[WMBUS_KEY_OCTETS];
    bool has_key, dead;
    uint32_t number;
    int64_t import_wh, export_wh, import_w, export_w;
    uint8_t clock[8]; /* RTC of KMP; [7] 0: the meter has none */
    uint8_t alarm[4]; /* bits of tampering */
    unsigned n_sent;
    uint8_t sent[WMBUS_TELEGRAM_MAX];
    size_t n_octets;
};
static struct fixture f;

static bool get_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    switch (id) {
    case 1001: return kmp_value_set(out, id, 51, 4, f.number, 0) == KMP_OK;
    case 1: return kmp_value_set(out, id, 2, 4, f.import_wh / 10, -2) == KMP_OK;
    case 2: return kmp_value_set(out, id, 2, 4, f.export_wh / 10, -2) == KMP_OK;
    case 1023: return kmp_value_set(out, id, 22, 4, f.import_w, -3) == KMP_OK;
    case 1024: return kmp_value_set(out, id, 22, 4, f.export_w, -3) == KMP_OK;
    case 0xF901:
        out->unit = 59;
        out->n_bytes = 4;
        out->sign_exp = 0;
        memcpy(out->bytes, f.alarm, sizeof f.alarm);
        return true;
    case 1047:
        out->unit = 53;
        out->n_bytes = sizeof f.clock;
        out->sign_exp = 0;
        memcpy(out->bytes, f.clock, sizeof f.clock);
        return f.clock[7] != 0;
    default: return false;
    }
}

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    (void)context;
    const struct kmp_meter meter = {.get_register = get_register};
    size_t n = 0;
    for (size_t i = 0; i < n_request && n == 0 && !f.dead; i++) {
        n = kmp_server_byte(&f.server, &meter, request[i], answer, capacity);
    }
    return n;
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof f.memory);
    memcpy(bytes, f.memory + address, n_bytes);
    return f.memory_silent ? -1 : 0;
}

/* A write that the cut falls into leaves some octets old, some new and one of neither. */
static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof f.memory);
    if (f.memory_refuses || f.cut) {
        return -1;
    }
    f.writes++;
    if (f.writes == f.cut_at) {
        const uint32_t kept = (uint32_t)(test_random(&f.random) % n_bytes);
        memcpy(f.memory + address, bytes, kept);
        f.memory[address + kept] = (uint8_t)test_random(&f.random);
        f.cut = true;
        return -1;
    }
    memcpy(f.memory + address, bytes, n_bytes);
    return 0;
}

static bool key(void *context, uint32_t id_raw, uint8_t out[WMBUS_KEY_OCTETS])
{
    (void)context;
    assert_int_equal(id_raw, mbus_bcd8(f.number));
    memcpy(out, f.key, sizeof f.key);
    return f.has_key;
}

static void take(void *context, const struct wmbus_module_setup *setup, const uint8_t *telegram,
                 size_t n_octets)
{
    (void)context;
    assert_ptr_equal(setup, &f.module.setup);
    assert_false(f.cut); /* a dead module sends nothing */
    assert_true(n_octets <= sizeof f.sent);
    memcpy(f.sent, telegram, n_octets);
    f.n_octets = n_octets;
    f.n_sent++;
}

static void power_up(enum wmbus_module_kind kind)
{
    const struct module_bus bus = {.exchange = exchange};
    const struct wmbus_module_board board = {
        .crypto = &f.crypto, .read = memory_read, .write = memory_write, .key = key, .send = take};
    const struct wmbus_module_setup setup = wmbus_module_usual(kind);
    f.cut = false;
    wmbus_module_start(&f.module, &bus, &board, &setup);
}

static void set_up(enum wmbus_module_kind kind, bool has_key)
{
    memset(&f, 0, sizeof f);
    memset(f.memory, 0xFF, sizeof f.memory);
    crypto_portable(&f.crypto, NULL, NULL);
    kmp_server_init(&f.server, KMP_ADDRESS_METER);
    f.random = 382;
    f.number = 14839120;
    f.import_wh = 7940;
    f.export_wh = 20;
    f.import_w = 1000;
    f.has_key = has_key;
    (void)hex_joined(MADE_KEY, f.key);
    power_up(kind);
    f.module.due_ms = 0; /* not the pause that keeps meters apart */
}

static void expect_sent(const char *hex)
{
    uint8_t expected[WMBUS_TELEGRAM_MAX];
    const size_t n = hex_joined(hex, expected);
    assert_int_equal(f.n_octets, n);
    assert_memory_equal(f.sent, expected, n);
}

/* What a real radio meter of the 382 generation sent. */
static void test_382(void **state)
{
    (void)state;
    struct wmbus_telegram telegram;
    struct wmbus_key k = {0};
    set_up(WMBUS_MODULE_382, false);
    f.number = 15947107;
    f.import_wh = 341990; /* whole kilowatt-hours are told */
    f.module.sender.access_number = f.module.access_ahead = 0xB2;
    (void)wmbus_module_step(&f.module, 0);
    assert_int_equal(f.n_sent, 1);
    expect_sent(WMBUS_382 "2F2F");
    assert_int_equal(f.module.setup.mode, WMBUS_C1);
    assert_int_equal(f.module.setup.interval_ms, 16000);
    /* With a key: mode 5, one block. */
    set_up(WMBUS_MODULE_382, true);
    f.import_wh = INT64_C(9876543000);
    (void)wmbus_module_step(&f.module, 0);
    assert_int_equal(f.sent[13] | f.sent[14] << 8, 0x8510);
    assert_int_equal(wmbus_key_set(&f.crypto, &k, f.key), 0);
    assert_int_equal(wmbus_telegram_open(&f.crypto, &k, f.sent, f.n_octets, &telegram), MBUS_OK);
    struct reader r = reader_over(telegram.records, telegram.n_records);
    struct mbus_record record;
    assert_int_equal(mbus_record_next(&r, &record), 1);
    assert_int_equal(record.integer, INT64_C(9876543000)); /* more than four octets hold */
    assert_int_equal(record.unit, MBUS_UNIT_WH);
}

/* REQ(X-RAD-2, SEC-01): telegrams that an independent decoder has read, from the meter's state. */
static void test_made_elsewhere(void **state)
{
    (void)state;
    set_up(WMBUS_MODULE_OPEN, false);
    (void)wmbus_module_step(&f.module, 0);
    f.sent[11] = 1; /* the made one has access number 1 and no synchronous bit */
    assert_int_equal(f.sent[14], 0x20);
    f.sent[14] = 0;
    expect_sent(MADE_PLAIN);

    set_up(WMBUS_MODULE_MODE_5, true);
    f.module.sender.access_number = f.module.access_ahead = 0x29;
    (void)wmbus_module_step(&f.module, 0);
    expect_sent(MADE_MODE_5);

    set_up(WMBUS_MODULE_MODE_7, true);
    f.module.sender.access_number = f.module.access_ahead = 0x29;
    f.module.counter = f.module.counter_ahead = 0xA48;
    (void)wmbus_module_step(&f.module, 0);
    expect_sent(MADE_MODE_7);

    set_up(WMBUS_MODULE_OMNIPOWER, true);
    f.module.sender.access_number = f.module.access_ahead = 0x2A;
    f.module.sender.minute = 15830;
    f.module.sender.reserved = 20000;
    f.module.sender.number = 1;
    (void)wmbus_module_step(&f.module, 0);
    expect_sent(MADE_CTR_COMPACT);
    f.module.sender.access_number = 0x23; /* 24h: 4 modulo 8, a full frame */
    f.module.due_ms = 0;
    (void)wmbus_module_step(&f.module, 100);
    assert_int_equal(f.n_octets, strlen(MADE_CTR_LONG) / 2u);
}

/* Every 16 s, 3 % up or down, full frames every eighth telegram; the meter's clock numbers them. */
static void test_rhythm(void **state)
{
    (void)state;
    int64_t now_ms = 0, least = INT64_MAX, most = 0;
    unsigned n_full = 0;
    set_up(WMBUS_MODULE_OMNIPOWER, true);
    const uint8_t clock[8] = {0, 0, 30, 59, 23, 31, 12, 26};
    memcpy(f.clock, clock, sizeof clock);
    for (unsigned i = 0; i < 2560; i++) {
        const int64_t next_ms = wmbus_module_step(&f.module, now_ms);
        assert_int_equal(f.n_sent, i + 1u);
        assert_int_equal(wmbus_module_step(&f.module, next_ms - 1), next_ms);
        least = next_ms - now_ms < least ? next_ms - now_ms : least;
        most = next_ms - now_ms > most ? next_ms - now_ms : most;
        n_full += f.n_octets == strlen(MADE_CTR_LONG) / 2u;
        now_ms = next_ms;
    }
    assert_int_equal(n_full, 320);
    assert_int_equal(least, 15500);
    assert_int_equal(most, 16500);
    assert_in_range(now_ms / 2560, 15990, 16010);
    /* 17 years with four leap days; sixteen telegrams a minute at most, so it went ahead. */
    assert_in_range(f.module.sender.minute, (17u * 365u + 4u) * 1440u - 1u,
                    (17u * 365u + 4u) * 1440u + 160u);
}

/* The meter is silent, then answers; another meter's number takes another key. */
static void test_silent_meter(void **state)
{
    (void)state;
    set_up(WMBUS_MODULE_OMNIPOWER, true);
    f.dead = true;
    assert_int_equal(wmbus_module_step(&f.module, 0), 1000);
    assert_int_equal(f.n_sent, 0);
    f.dead = false;
    (void)wmbus_module_step(&f.module, 1000);
    assert_int_equal(f.n_sent, 1);
    assert_int_equal(f.module.state, WMBUS_MODULE_SENDS);
    f.number = 7;
    f.has_key = false;
    (void)wmbus_module_step(&f.module, 20000);
    assert_int_equal(f.n_sent, 1);
    assert_int_equal(f.module.state, WMBUS_MODULE_NO_KEY);
    assert_false(f.module.has_key);
}

/* REQ(RAD-06): an alarm that stands in the meter goes out with the next telegram, and with each one
 * until it is cleared. */
static void test_alarm(void **state)
{
    (void)state;
    const enum wmbus_module_kind kinds[] = {WMBUS_MODULE_382, WMBUS_MODULE_OPEN,
                                            WMBUS_MODULE_MODE_5};
    for (unsigned k = 0; k < 3u; k++) {
        set_up(kinds[k], true);
        (void)wmbus_module_step(&f.module, 0);
        assert_int_equal(f.sent[12], 0);
        f.alarm[2] = 4;
        for (unsigned i = 1; i < 4u; i++) {
            (void)wmbus_module_step(&f.module, i * 1000000);
            assert_int_equal(f.sent[12], WMBUS_MODULE_ALARM);
        }
        f.alarm[2] = 0;
        (void)wmbus_module_step(&f.module, 4000000);
        assert_int_equal(f.sent[12], 0);
        assert_int_equal(f.n_sent, 5);
    }
}

/* Meters that get their supply together do not begin together. */
static void test_begin(void **state)
{
    (void)state;
    set_up(WMBUS_MODULE_382, false);
    power_up(WMBUS_MODULE_382);
    const int64_t first = wmbus_module_step(&f.module, 5000);
    assert_int_equal(first, 5000 + 14839120 % 16000);
    assert_int_equal(f.n_sent, 0);
    (void)wmbus_module_step(&f.module, first);
    assert_int_equal(f.n_sent, 1);
}

/* What must never repeat: session number, message counter. */
static uint64_t number_sent(enum wmbus_module_kind kind)
{
    struct reader r = reader_over(f.sent, f.n_octets);
    if (kind == WMBUS_MODULE_OMNIPOWER) {
        (void)reader_bytes(&r, 13);
    } else {
        (void)reader_bytes(&r, 18);
    }
    return reader_uint_le(&r, 4);
}

static void tick(uint64_t *random)
{
    const unsigned jump = (unsigned)(test_random(random) % 50u);
    f.clock[3] = (uint8_t)((f.clock[3] + test_random(random) % 2u) % 60u);
    if (jump == 0) { /* somebody sets the clock, also back, or it stops */
        f.clock[7] = (uint8_t)(test_random(random) % 3u == 0 ? 0 : 25u + test_random(random) % 3u);
        f.clock[6] = (uint8_t)(1u + test_random(random) % 12u);
        f.clock[5] = (uint8_t)(1u + test_random(random) % 28u);
        f.clock[4] = (uint8_t)(test_random(random) % 24u);
    }
}

/* Up to 100 telegrams, or to the cut. */
static void live(enum wmbus_module_kind kind, uint64_t *random, int64_t *now_ms, uint64_t *last)
{
    const unsigned telegrams = (unsigned)(test_random(random) % 100u);
    for (unsigned i = 0; i < telegrams && !f.cut; i++) {
        const unsigned before = f.n_sent;
        tick(random);
        f.memory_refuses = test_random(random) % 40u == 0;
        f.module.due_ms = *now_ms;
        *now_ms += 16000;
        (void)wmbus_module_step(&f.module, *now_ms);
        if (f.n_sent > before) {
            assert_true(number_sent(kind) > *last);
            *last = number_sent(kind);
        }
    }
}

/*
 * REQ(X-RAD-2, SEC-01): cuts within every write, and anywhere else, clocks that jump, memory that
 * refuses: no session number and no message counter comes twice.  Numbers grow, which is more than
 * not to repeat.
 */
static void test_never_twice(void **state)
{
    (void)state;
    const enum wmbus_module_kind kinds[] = {WMBUS_MODULE_OMNIPOWER, WMBUS_MODULE_MODE_7};
    for (unsigned k = 0; k < 2u; k++) {
        uint64_t random = 7u + k, last = 0;
        unsigned n_cuts = 0;
        int64_t now_ms = 0;
        for (unsigned life = 0; life < 2000; life++) {
            if (life < 500 && life % 5u == 0) { /* first lives of meters, most without a clock */
                set_up(kinds[k], true);
                f.random = test_random(&random);
                last = 0;
            }
            power_up(kinds[k]);
            f.cut_at = f.writes + 1u + (unsigned)(test_random(&random) % 4u);
            live(kinds[k], &random, &now_ms, &last);
            n_cuts += f.cut;
            wmbus_module_stop(&f.module);
        }
        assert_true(n_cuts > 400);
        assert_true(f.n_sent > 20000);
    }
}

/* A record that went bad while the module had no supply: it goes on behind what that one allowed.
 * Memory that holds nothing readable any more, or does not answer: silence. */
static void test_bad_memory(void **state)
{
    (void)state;
    int64_t now_ms = 0;
    uint64_t last = 0;
    set_up(WMBUS_MODULE_MODE_7, true);
    for (unsigned life = 0; life < 200; life++) {
        power_up(WMBUS_MODULE_MODE_7);
        for (unsigned i = 0; i < 1u + life % 150u; i++) {
            f.module.due_ms = now_ms;
            now_ms = wmbus_module_step(&f.module, now_ms);
            assert_true(number_sent(WMBUS_MODULE_MODE_7) > last);
            last = number_sent(WMBUS_MODULE_MODE_7);
        }
        const uint32_t newest = f.module.sequence % 2u * (WMBUS_MODULE_MEMORY / 2u);
        if (life % 3u == 0 && f.module.sequence > 1) {
            f.memory[newest + life % 32u] ^= (uint8_t)(1u << life % 8u);
        }
    }
    const unsigned n_sent = f.n_sent;
    f.memory[5] ^= 1u;
    f.memory[WMBUS_MODULE_MEMORY / 2u + 5u] ^= 1u;
    power_up(WMBUS_MODULE_MODE_7);
    assert_int_equal(wmbus_module_step(&f.module, now_ms), INT64_MAX);
    assert_int_equal(f.module.state, WMBUS_MODULE_NO_MEMORY);
    memset(f.memory, 0xFF, sizeof f.memory);
    f.memory_silent = true;
    power_up(WMBUS_MODULE_MODE_7);
    assert_int_equal(wmbus_module_step(&f.module, now_ms), INT64_MAX);
    assert_int_equal(f.n_sent, n_sent);
}

/* At the end of the numbers: silence, not the first one again. */
static void test_spent(void **state)
{
    (void)state;
    set_up(WMBUS_MODULE_MODE_7, true);
    f.module.counter = f.module.counter_ahead = UINT32_MAX - 3u;
    for (unsigned i = 0; i < 20; i++) {
        f.module.due_ms = 0;
        (void)wmbus_module_step(&f.module, i);
    }
    assert_int_equal(f.n_sent, 3);
    assert_int_equal(f.module.state, WMBUS_MODULE_SPENT);
    power_up(WMBUS_MODULE_MODE_7);
    f.module.due_ms = 0;
    (void)wmbus_module_step(&f.module, 100);
    assert_int_equal(f.n_sent, 3);
    set_up(WMBUS_MODULE_OMNIPOWER, true);
    f.module.sender.minute = f.module.sender.reserved = WMBUS_MINUTE_MAX;
    for (unsigned i = 0; i < 40; i++) {
        f.module.due_ms = 0;
        (void)wmbus_module_step(&f.module, i);
    }
    assert_int_equal(f.n_sent, 16);
    assert_int_equal(f.module.state, WMBUS_MODULE_SPENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_382),         cmocka_unit_test(test_made_elsewhere),
        cmocka_unit_test(test_rhythm),      cmocka_unit_test(test_silent_meter),
        cmocka_unit_test(test_begin),       cmocka_unit_test(test_alarm),
        cmocka_unit_test(test_never_twice), cmocka_unit_test(test_bad_memory),
        cmocka_unit_test(test_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
