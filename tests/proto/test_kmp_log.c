/* Reading logs over KMP: the example of 5512-447, directions, limits, and answers cut or garbled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/kmp/kmp_log.h"

/* A log whose records are ids first .. last, at minute id; register 1 is the id, 2 twice the id. */
struct fake_log {
    uint32_t first, last;
    uint32_t read, sent; /* the mark, and what an answer said was sent */
};

static bool newest(void *context, uint8_t log, uint32_t *id)
{
    *id = ((const struct fake_log *)context)->last;
    return log == 2;
}

static bool at_time(void *context, uint8_t log, const struct kmp_log_time *time, bool up,
                    uint32_t *id)
{
    const struct fake_log *fake = context;
    uint32_t wanted = time->hour * 60u + time->minute;
    (void)log;
    *id = up ? (wanted < fake->first ? fake->first : wanted)
             : (wanted > fake->last ? fake->last : wanted);
    return *id >= fake->first && *id <= fake->last;
}

static bool at_id(void *context, uint8_t log, uint16_t wire_id, uint32_t *id)
{
    const struct fake_log *fake = context;
    (void)log;
    *id = wire_id < fake->first ? fake->first : wire_id;
    return *id <= fake->last;
}

static bool next(void *context, uint8_t log, bool up, uint32_t *id)
{
    const struct fake_log *fake = context;
    (void)log;
    if (*id == (up ? fake->last : fake->first)) {
        return false;
    }
    *id = up ? *id + 1u : *id - 1u;
    return true;
}

static bool value(void *context, uint8_t log, uint32_t id, uint16_t register_id,
                  struct kmp_value *out)
{
    (void)context;
    (void)log;
    return register_id >= 1 && register_id <= 2 &&
           kmp_value_set(out, register_id, 51, 2, (int64_t)id * register_id, 0) == KMP_OK;
}

/* "02 0007" -> 02 00 07 */
static size_t hex_bytes(const char *text, uint8_t *out)
{
    size_t n = 0;
    unsigned value;
    int used;
    while (sscanf(text, "%2x%n", &value, &used) == 1) {
        out[n++] = (uint8_t)value;
        text += used;
    }
    return n;
}

static bool unread(void *context, uint8_t log, uint32_t *id)
{
    const struct fake_log *of = context;
    (void)log;
    *id = of->read + 1u > of->first ? of->read + 1u : of->first;
    return *id <= of->last;
}

static void sent(void *context, uint8_t log, uint32_t id)
{
    (void)log;
    ((struct fake_log *)context)->sent = id;
}

static struct fake_log fake = {5, 9, 0, 0};
static const struct kmp_log_source source = {&fake, newest, at_time, at_id,
                                             next,  value,  unread,  sent};

/* @return length of the answer's data, 0: silence */
static size_t ask(uint8_t cid, const char *hex, uint8_t *answer)
{
    uint8_t data[64];
    size_t n = hex_bytes(hex, data);
    struct reader r = reader_over(data, n);
    struct writer w = writer_over(answer, KMP_BODY_MAX);
    return kmp_log_answer(&source, cid, &r, &w) ? writer_length(&w) : 0;
}

static void expect(uint8_t cid, const char *question, const char *answer)
{
    uint8_t got[KMP_BODY_MAX], expected[KMP_BODY_MAX];
    size_t n_expected = hex_bytes(answer, expected), n = ask(cid, question, got);
    assert_int_equal(n, n_expected);
    assert_memory_equal(got, expected, n);
}

static void test_directions(void **state)
{
    (void)state;
    /* from minute 7 up, two records; register 3 is left out */
    expect(0xA0, "02 03 0001 0003 0002 02 FF 1A 01 01 00 07 00 00 00",
           "02 02 0007 0001 33 02 00 0007 0002 33 02 00 000E 0008 0008 0010 0008 0009 00");
    expect(0xA0, "02 01 0001 FF FF 1A 01 01 00 08 00 00 00",
           "02 01 0008 0001 33 02 00 0008 0009 0009 0009 0009 10");
    expect(0xA2, "02 01 0001 02 FF 0001", "02 01 0005 0001 33 02 00 0005 0006 0006 0006 0009 00");
    expect(0xA2, "02 01 0001 02 FF 000A", "02 00 0000 0009 04");
    expect(0xA3, "02 01 0002 02 FF 1A 01 01 00 08 00 00 00 0001",
           "02 01 0007 0002 33 02 00 000E 0006 000C 0006 0009 00");
    expect(0xA3, "02 01 0001 FF FF 1A 01 01 00 06 00 00 00 0000",
           "02 01 0006 0001 33 02 00 0006 0005 0005 0005 0009 10");
    expect(0xA3, "02 01 0001 FF FF 1A 01 01 00 06 00 00 00 0002", "02 00 0000 0009 04");
    expect(0xA0, "02 01 0003 01 FF 1A 01 01 00 09 00 00 00", "02 00 0009 0009 0009 10");
}

/* REQ(X-KMP-4): A1 goes on behind the mark and does not move it; what an answer held is told, down
 * and up, and to the end when there is nothing more.  As few records as were asked for. */
static void test_unread(void **state)
{
    (void)state;
    fake.read = 0;
    expect(0xA1, "02 01 0001 02 FF", "02 01 0005 0001 33 02 00 0005 0006 0006 0006 0009 00");
    assert_int_equal(fake.sent, 6);
    fake.read = 7;
    expect(0xA1, "02 01 0001 FF FF", "02 01 0008 0001 33 02 00 0008 0009 0009 0009 0009 10");
    assert_int_equal(fake.sent, 9);
    fake.sent = 0;
    expect(0xA3, "02 01 0002 02 FF 1A 01 01 00 08 00 00 00 0001",
           "02 01 0007 0002 33 02 00 000E 0006 000C 0006 0009 00");
    assert_int_equal(fake.sent, 7); /* the highest of them */
    fake.sent = 0;
    expect(0xA0, "02 01 0001 02 FF 1A 01 01 01 08 00 00 00", "02 00 0000 0009 04");
    assert_int_equal(fake.sent, 0); /* no record was sent */
    expect(0xA1, "02 01 0001 00 FF", "02 01 0000 0009 00");
    assert_int_equal(fake.sent, 0);
    fake.read = 9;
    expect(0xA1, "02 01 0001 FF FF", "02 00 0000 0009 10");
    assert_int_equal(fake.sent, 9);
    fake.read = 0;
    uint8_t answer[KMP_BODY_MAX];
    assert_int_equal(ask(0xA1, "02 01 0001 FF", answer), 0);
    assert_int_equal(ask(0xA1, "02 01 0001 FF FF 00", answer), 0);
}

static void test_limits(void **state)
{
    (void)state;
    uint8_t answer[KMP_BODY_MAX];
    /* CID, log, n, first record 9, last and newest id, info: 17 bytes; a further one takes 4 */
    for (unsigned length = 0; length <= 40; length++) {
        uint8_t data[] = {2, 1, 0, 1, 255, (uint8_t)length, 0, 5};
        struct reader r = reader_over(data, sizeof data);
        struct writer w = writer_over(answer, sizeof answer);
        assert_true(kmp_log_answer(&source, 0xA2, &r, &w));
        size_t n = writer_length(&w);
        unsigned records = length < 17 ? 0 : 1u + (length - 17u) / 4u;
        records = records < 5 ? records : 5;
        assert_int_equal(n + 1, records == 0 ? 8 : 17 + 4 * (records - 1));
        assert_int_equal(answer[n - 1], records == 5 ? KMP_LOG_END : KMP_LOG_CUT_OFF);
    }
    fake.last = 0;
    expect(0xA2, "02 01 0001 02 FF 0001", "02 00 0000 0000 01");
    fake.last = 9;
    assert_int_equal(ask(0xA2, "03 01 0001 02 FF 0001", answer), 0); /* no such log */
    assert_int_equal(ask(0xA2, "02 00 02 FF 0001", answer), 0);
    assert_int_equal(ask(0xA2, "02 09 01 01 01 01 01 01 01 01 01 01 02 FF 0001", answer), 0);
    assert_int_equal(ask(0xA2, "02 01 0001 02 FF 0001 00", answer), 0); /* too long */
}

/* Every request cut at every byte is silence. */
static void test_requests_cut(void **state)
{
    (void)state;
    static const uint8_t whole[] = {2, 1, 0, 1, 2, 255, 26, 1, 1, 0, 8, 0, 0, 0, 0, 1};
    uint8_t answer[KMP_BODY_MAX];
    for (size_t n = 0; n < sizeof whole; n++) {
        struct reader r = reader_over(whole, n);
        struct writer w = writer_over(answer, sizeof answer);
        assert_false(kmp_log_answer(&source, 0xA3, &r, &w));
    }
}

/* The answer of 5512-447, taken apart; and cut at every byte. */
static void test_reader(void **state)
{
    (void)state;
    uint8_t body[64];
    size_t n = hex_bytes("3F A0 01 02 10 F3 00 3C 08 04 00 FF 06 86 62 00 44 27 04 00 E9 93 DC 05 "
                         "10 F4 B5 0A 5C 5E 93 E0 50 47 10 F5 CF 06 53 96 F2 58 4C 96 10 F5 11 02 "
                         "00",
                         body);
    struct kmp_log_page page;
    uint16_t id = 0;
    assert_int_equal(kmp_log_page_open(&page, body, n), KMP_OK);
    assert_int_equal(page.log, 1);
    assert_int_equal(page.n_values, 2);
    assert_int_equal(page.n_records, 3);
    assert_int_equal(page.newest, 0x1102);
    assert_int_equal(page.info, 0);
    static const uint8_t first[3][4] = {
        {0xFF, 0x06, 0x86, 0x62}, {0xB5, 0x0A, 0x5C, 0x5E}, {0xCF, 0x06, 0x53, 0x96}};
    for (unsigned i = 0; i < 3; i++) {
        assert_true(kmp_log_page_next(&page, &id));
        assert_int_equal(id, 0x10F3 + i);
        assert_int_equal(page.values[0].id, 0x3C);
        assert_memory_equal(page.values[0].bytes, first[i], 4);
        assert_int_equal(page.values[1].id, 0x44);
        assert_int_equal(page.values[1].n_bytes, 4);
    }
    assert_false(kmp_log_page_next(&page, &id));
    for (size_t cut = 0; cut < n; cut++) { /* never more records, never beyond the end */
        if (kmp_log_page_open(&page, body, cut) == KMP_OK) {
            unsigned records = 0;
            while (kmp_log_page_next(&page, &id)) {
                records++;
            }
            assert_int_equal(records, page.n_records);
            assert_true(records < 3);
        }
    }
}

/* What is asked with kmp_log_ask_id is answered and read back. */
static void test_there_and_back(void **state)
{
    (void)state;
    static const uint16_t registers[] = {1, 2};
    uint8_t data[KMP_LOG_ASK_BYTES], body[KMP_BODY_MAX] = {0x3F, 0xA2};
    struct reader r = reader_over(data, kmp_log_ask_id(2, registers, 2, 6, data));
    struct writer w = writer_over(body + 2, sizeof body - 2);
    assert_true(kmp_log_answer(&source, 0xA2, &r, &w));
    struct kmp_log_page page;
    uint16_t id = 0, expected = 6;
    assert_int_equal(kmp_log_page_open(&page, body, 2 + writer_length(&w)), KMP_OK);
    while (kmp_log_page_next(&page, &id)) {
        assert_int_equal(id, expected);
        assert_int_equal(page.values[1].bytes[1], 2 * expected);
        expected++;
    }
    assert_int_equal(expected, 10);
    assert_int_equal(page.info, KMP_LOG_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directions), cmocka_unit_test(test_unread),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_requests_cut),
        cmocka_unit_test(test_reader),     cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
