/* The wired M-Bus module before a meter that is a table of registers: MOD-08, spec mbus.md 1 and 5.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "modules/mbus_module.h"
#include "modules/module_table.h"
#include "proto/hex.h"
#include "proto/kmp/kmp_log.h"
#include "proto/kmp/kmp_server.h"
#include "proto/mbus_vectors.h"

struct fixture {
    struct kmp_server server;
    unsigned asked, written;
    bool dead, memory_fails;
    uint8_t memory[MBUS_MODULE_MEMORY];
    struct mbus_module module;
    int64_t now_ms;
    uint8_t answer[MBUS_FRAME_MAX];
    const struct value {
        uint16_t id;
        uint8_t unit;
        int64_t number;
        int8_t exponent;
    } * values;
    size_t n_values;
};
static struct fixture f;

/* As the real meter was when its frame was captured. */
static const struct value captured[] = {
    {1010, 51, 14839120, 0}, {1001, 51, 7654321, 0}, {1, 2, 0, 0},  {1004, 46, 9, 0},
    {1023, 22, 0, -3},       {39, 22, 0, -3},        {19, 2, 0, 0}, {23, 2, 0, 0},
};

static const struct value busy[] = {
    {1010, 51, 12345251, 0}, {1001, 51, 7654321, 0}, {1, 2, 123456, -1},  {2, 2, 17, -1},
    {3, 14, 55, -1},         {1004, 46, 2452, 0},    {19, 2, 100000, -1}, {31, 2, 23456, -1},
    {1062, 2, 9, -1},        {39, 22, 3450, -3},     {1023, 22, 343, -3}, {1026, 26, 12, -3},
    {1054, 33, 229, 0},      {1056, 33, 231, 0},     {1077, 34, 517, -2}, {1345, 22, 40, -3},
    {1390, 67, 4998, -2},    {1170, 51, 97, -2},
};

static bool get_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    const uint8_t peak[8] = {0, 3, 12, 45, 17, 21, 11, 24};
    if (id == 1049 && f.values == busy) {
        out->unit = 53;
        out->n_bytes = sizeof peak;
        out->sign_exp = 0;
        memcpy(out->bytes, peak, sizeof peak);
        return true;
    }
    for (size_t i = 0; i < f.n_values; i++) {
        if (f.values[i].id == id) {
            return kmp_value_set(out, id, f.values[i].unit, 4, f.values[i].number,
                                 f.values[i].exponent) == KMP_OK;
        }
    }
    return false;
}

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    (void)context;
    const struct kmp_meter meter = {.get_register = get_register};
    size_t n = 0;
    f.asked++;
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
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    if (f.memory_fails) {
        return -1;
    }
    assert_true(address + n_bytes <= sizeof f.memory);
    memcpy(f.memory + address, bytes, n_bytes);
    f.written++;
    return 0;
}

static void power_up(void)
{
    const struct module_bus bus = {.exchange = exchange};
    const struct mbus_module_memory memory = {.read = memory_read, .write = memory_write};
    mbus_module_start(&f.module, &bus, &memory);
}

static void set_up(const struct value *values, size_t n_values)
{
    memset(&f, 0, sizeof f);
    memset(f.memory, 0xFF, sizeof f.memory);
    kmp_server_init(&f.server, KMP_ADDRESS_METER);
    f.values = values;
    f.n_values = n_values;
    f.now_ms = 5000;
    power_up();
}

/* @return octets of the answer */
static size_t ask(const char *hex)
{
    uint8_t octets[64];
    struct mbus_frame frame;
    const size_t n = hex_bytes(hex, octets);
    assert_int_equal(mbus_frame_decode(octets, n, &frame), (int)n);
    const size_t length = mbus_module_frame(&f.module, &frame, f.now_ms, f.answer);
    f.now_ms += 200;
    return length;
}

static void expect_ack(const char *hex)
{
    assert_int_equal(ask(hex), 1);
    assert_int_equal(f.answer[0], MBUS_ACK);
}

/* REQ(MOD-08, MOD-A03): the state of the captured meter gives the captured octets. */
static void test_captured(void **state)
{
    (void)state;
    uint8_t expected[128];
    const size_t n = hex_bytes(MBUS_382_005, expected);
    set_up(captured, sizeof captured / sizeof captured[0]);
    f.module.slave.access_number = 3;
    assert_int_equal(ask("10 5B 78 D3 16"), n);
    assert_memory_equal(f.answer, expected, n);
    assert_int_equal(ask("10 5B 79 D4 16"), 0); /* somebody else's */
}

static void test_default_address(void **state)
{
    (void)state;
    assert_int_equal(mbus_module_default_address(14839120), 120);
    assert_int_equal(mbus_module_default_address(6855817), 17);
    assert_int_equal(mbus_module_default_address(12345250), 250);
    assert_int_equal(mbus_module_default_address(12345251), 51);
    assert_int_equal(mbus_module_default_address(1000), 0);
}

static uint8_t access_number(void)
{
    return f.answer[15];
}

/* Address and access number outlive the supply; a torn record leaves the one before. */
static void test_memory(void **state)
{
    (void)state;
    set_up(captured, sizeof captured / sizeof captured[0]);
    uint8_t seen[256] = {0};
    expect_ack("68 06 06 68 53 78 51 01 7A 2A C1 16"); /* the address is 42 */
    assert_int_equal(ask("10 5B 78 D3 16"), 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(ask("10 5B 2A 85 16") > 20);
        assert_int_equal(f.answer[5], 42);
        assert_int_equal(seen[access_number()]++, 0);
        f.now_ms += 5000;
        if (i % 25 == 7) {
            power_up();
        }
    }
    assert_true(f.written < 40);
    f.memory[f.module.sequence % 2 * (MBUS_MODULE_MEMORY / 2) + 5] ^= 1;
    power_up();
    assert_true(ask("10 5B 2A 85 16") > 20);
    f.memory_fails = true;
    (void)ask("68 06 06 68 53 2A 51 01 7A 2B 74 16");
    assert_int_equal(f.module.slave.address, 42);
}

/* Every record of a read-out of several telegrams. */
static unsigned read_all(const char *reset, struct mbus_record *out, unsigned capacity,
                         unsigned *n_telegrams)
{
    static uint8_t kept[8][MBUS_FRAME_MAX];
    unsigned n = 0;
    bool more = true;
    expect_ack("10 40 33 73 16");
    expect_ack(reset);
    for (*n_telegrams = 0; more && *n_telegrams < 8; ++*n_telegrams) {
        const size_t length = ask(*n_telegrams % 2 == 0 ? "10 7B 33 AE 16" : "10 5B 33 8E 16");
        struct mbus_frame frame;
        struct mbus_header header;
        memcpy(kept[*n_telegrams], f.answer, length);
        assert_int_equal(mbus_frame_decode(kept[*n_telegrams], length, &frame), (int)length);
        struct reader r = reader_over(frame.data, frame.n_data);
        assert_int_equal(mbus_header_read(frame.ci, &r, &header), MBUS_OK);
        assert_int_equal(header.status, 0);
        more = false;
        int result;
        while ((result = mbus_record_next(&r, &out[n])) == 1) {
            more = more || out[n].kind == MBUS_VALUE_MORE;
            n += out[n].kind == MBUS_VALUE_MORE ? 0u : 1u;
            assert_true(n < capacity);
        }
        assert_int_equal(result, 0);
    }
    assert_false(more);
    return n;
}

static const struct mbus_record *find(const struct mbus_record *records, unsigned n, uint8_t unit,
                                      uint8_t function, uint32_t tariff, uint8_t place,
                                      uint8_t direction)
{
    for (unsigned i = 0; i < n; i++) {
        const struct mbus_record *r = &records[i];
        if (r->unit == unit && r->function == function && r->tariff == tariff &&
            r->place == place && r->direction == direction && r->kind == MBUS_VALUE_INTEGER) {
            return r;
        }
    }
    fail_msg("no record of unit %u tariff %u place %u", unit, (unsigned)tariff, place);
    return NULL;
}

static void check_value(const struct mbus_record *record, int64_t number, int exponent)
{
    int64_t scaled = record->integer;
    for (int e = record->exponent; e > exponent; e--) {
        scaled *= 10;
    }
    assert_int_equal(scaled, number);
}

static void test_rich(void **state)
{
    (void)state;
    struct mbus_record r[128];
    unsigned n_telegrams;
    set_up(busy, sizeof busy / sizeof busy[0]);
    const unsigned n = read_all("68 04 04 68 53 33 50 00 D6 16", r, 128, &n_telegrams);
    assert_int_equal(n, 17); /* all but the two numbers, and the peak's moment */
    check_value(find(r, n, MBUS_UNIT_WH, MBUS_INSTANT, 0, 0, 0), 12345600, 0);
    check_value(find(r, n, MBUS_UNIT_WH, MBUS_INSTANT, 0, 0, MBUS_BACKWARD), 1700, 0);
    check_value(find(r, n, MBUS_UNIT_VARH, MBUS_INSTANT, 0, 0, 0), 5500, 0);
    check_value(find(r, n, MBUS_UNIT_WH, MBUS_INSTANT, 1, 0, 0), 10000000, 0);
    check_value(find(r, n, MBUS_UNIT_WH, MBUS_INSTANT, 4, 0, 0), 2345600, 0);
    check_value(find(r, n, MBUS_UNIT_WH, MBUS_INSTANT, 8, 0, 0), 900, 0);
    check_value(find(r, n, MBUS_UNIT_W, MBUS_MAXIMUM, 0, 0, 0), 3450, 0);
    check_value(find(r, n, MBUS_UNIT_W, MBUS_INSTANT, 0, 0, 0), 343, 0);
    check_value(find(r, n, MBUS_UNIT_VAR, MBUS_INSTANT, 0, 0, MBUS_BACKWARD), 12, 0);
    check_value(find(r, n, MBUS_UNIT_V, MBUS_INSTANT, 0, MBUS_L1, 0), 229, 0);
    check_value(find(r, n, MBUS_UNIT_V, MBUS_INSTANT, 0, MBUS_L3, 0), 231, 0);
    check_value(find(r, n, MBUS_UNIT_A, MBUS_INSTANT, 0, MBUS_L2, 0), 517, -2);
    check_value(find(r, n, MBUS_UNIT_W, MBUS_INSTANT, 0, MBUS_L2, MBUS_BACKWARD), 40, 0);
    check_value(find(r, n, MBUS_UNIT_HZ, MBUS_INSTANT, 0, 0, 0), 4998, -2);
    unsigned moments = 0;
    for (unsigned i = 0; i < n; i++) {
        if (r[i].kind == MBUS_VALUE_DATETIME) {
            moments++;
            assert_int_equal(r[i].function, MBUS_MAXIMUM);
            assert_true(r[i].date.year == 2024 && r[i].date.month == 11 && r[i].date.day == 21 &&
                        r[i].date.hour == 17 && r[i].date.minute == 45);
        }
    }
    assert_int_equal(moments, 1);
    /* a plain reset brings the read-out as delivered back */
    expect_ack("68 03 03 68 53 33 50 D6 16");
    assert_int_equal(ask("10 5B 33 8E 16"), 76);
}

/* Nothing is asked twice within a second; a meter that is silent is told in the status. */
static void test_cache_and_silence(void **state)
{
    (void)state;
    set_up(captured, sizeof captured / sizeof captured[0]);
    assert_true(ask("10 5B 78 D3 16") > 0);
    const unsigned asked = f.asked;
    assert_true(ask("10 5B 78 D3 16") > 0);
    assert_int_equal(f.asked, asked);
    f.now_ms += 10000;
    f.dead = true;
    assert_int_equal(ask("10 5B 78 D3 16"), 76);
    assert_int_equal(f.answer[16], 0x10);
    f.dead = false;
    f.now_ms += 10000;
    assert_int_equal(ask("10 5B 78 D3 16"), 76);
    assert_int_equal(f.answer[16], 0);
    set_up(captured, sizeof captured / sizeof captured[0]);
    f.dead = true;
    assert_int_equal(ask("10 5B FE 59 16"), 0); /* it does not know who it is */
}

/* REQ(MOD-15) */
static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MODULE_ROWS; i++) {
        const struct module_row *row = &module_table[i];
        if (row->code == 0) {
            assert_string_equal(row->article, "6840001");
            continue;
        }
        const unsigned last = (unsigned)(row->article[4] - '0') * 100u +
                              (unsigned)(row->article[5] - '0') * 10u +
                              (unsigned)(row->article[6] - '0');
        assert_memory_equal(row->article, "6850", 4);
        assert_int_equal(row->code, last);
        assert_ptr_equal(module_by_code(row->code), row);
    }
    assert_null(module_by_code(0));
    assert_null(module_by_code(999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captured), cmocka_unit_test(test_default_address),
        cmocka_unit_test(test_memory),   cmocka_unit_test(test_rich),
        cmocka_unit_test(test_table),    cmocka_unit_test(test_cache_and_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
