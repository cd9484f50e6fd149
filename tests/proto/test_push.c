/* Pushes of customer ports of any make: what real meters sent, every cut, streams with both kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/common/crc.h"
#include "proto/dlms/dlms_apdu.h"
#include "proto/dlms/hdlc_frame.h"
#include "proto/hex.h"
#include "proto/push/p1_reader.h"
#include "proto/push/push_mbus.h"
#include "proto/push/push_reader.h"
#include "proto/push_vectors.h"

#define UNIT_W  27u
#define UNIT_WH 30u
#define UNIT_A  33u
#define UNIT_V  35u
#define LLC     3u

static uint8_t octets[1024];

/* The Data of a captured frame, its checksums checked; of a bare APDU when it begins with 0F. */
static struct reader data_of(const char *hex)
{
    static uint8_t memory[1024];
    const size_t n = hex_bytes(hex, octets);
    struct dlms_notification notification;
    struct hdlc_receiver receiver;
    struct hdlc_frame frame = {.info = octets, .n_info = (uint16_t)n};
    if (octets[0] != DLMS_TAG_DATA_NOTIFICATION) {
        struct reader in = reader_over(octets, n);
        hdlc_receiver_init(&receiver, memory, sizeof memory);
        assert_true(hdlc_receiver_take(&receiver, &in, &frame));
        frame.info += LLC;
        frame.n_info = (uint16_t)(frame.n_info - LLC);
    }
    static uint8_t apdu[1024];
    memcpy(apdu, frame.info, frame.n_info);
    const size_t n_apdu = push_mend(apdu, frame.n_info);
    assert_int_equal(dlms_notification_read(apdu, n_apdu, &notification), DLMS_OK);
    return notification.data;
}

struct expected {
    uint8_t c, d; /* 1-x:C.D.0 */
    uint64_t number;
    int exponent;
    uint8_t unit;
};

static void reads(const char *hex, const char *name, unsigned n_values,
                  const struct expected *expected, size_t n_expected)
{
    struct push_reader reader;
    struct push_value value;
    unsigned n = 0;
    size_t n_found = 0;
    push_reader_init(&reader, data_of(hex), PUSH_ENERGY_10WH);
    assert_string_equal(reader.name, name);
    while (push_reader_next(&reader, &value) == 1) {
        n++;
        for (size_t i = 0; i < n_expected; i++) {
            const struct expected *e = &expected[i];
            if (value.obis[0] == 1 && value.obis[2] == e->c && value.obis[3] == e->d) {
                assert_int_equal(value.value.number, e->number);
                assert_int_equal(value.exponent, e->exponent);
                assert_int_equal(value.unit, e->unit);
                n_found++;
            }
        }
    }
    assert_false(reader.failed);
    assert_int_equal(n, n_values);
    assert_int_equal(n_found, n_expected);
}

/* REQ(CCC-01): a home reads meters of other makes as well as this one */
static void other_makes(void **state)
{
    static const struct expected aidon[] = {{1, 7, 4027, 0, UNIT_W},
                                            {71, 7, 168, -1, UNIT_A},
                                            {52, 7, 2334, -1, UNIT_V},
                                            {1, 8, 10955225, 1, UNIT_WH}},
                                 power[] = {{1, 7, 4117, 0, UNIT_W}},
                                 norway[] = {{1, 7, 4097, 0, UNIT_W},
                                             {31, 7, 12056, -3, UNIT_A},
                                             {32, 7, 2392, -1, UNIT_V},
                                             {72, 7, 2397, -1, UNIT_V}},
                                 sweden[] = {{1, 7, 3, 0, UNIT_W},
                                             {31, 7, 32, -3, UNIT_A},
                                             {32, 7, 2322, -1, UNIT_V},
                                             {1, 8, 1142, 0, UNIT_WH}},
                                 austria[] = {{1, 8, 2590324, 0, UNIT_WH},
                                              {2, 7, 4863, 0, UNIT_W},
                                              {31, 7, 691, -2, UNIT_A},
                                              {13, 7, 999, -3, PUSH_NO_UNIT}};
    static const struct expected vorarlberg[] = {{32, 7, 2330, -1, UNIT_V},
                                                 {71, 7, 81, -2, UNIT_A},
                                                 {1, 8, 1403036, 0, UNIT_WH}},
                                 landis[] = {{1, 7, 9460, 0, UNIT_W}};
    (void)state;
    reads(push_vorarlberg, "", 15, vorarlberg, 3);
    reads(push_landis, "", 1, landis, 1);
    reads(push_aidon, "AIDON_V0001", 18, aidon, 4);
    reads(push_kaifa_power, "", 1, power, 1);
    reads(push_kaifa_norway, "KFM_001", 13, norway, 4);
    reads(push_kaifa_sweden, "KFM_001", 18, sweden, 4);
    reads(push_kaifa_austria, "", 11, austria, 4);
}

/* Cut anywhere, a message gives the values before the cut and no others. */
static void every_cut(void **state)
{
    static const char *const all[] = {push_aidon, push_kaifa_norway, push_kaifa_sweden,
                                      push_kaifa_austria};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const struct reader whole = data_of(all[i]);
        struct push_value before = {.unit = 0}, value = {.unit = 0};
        for (size_t n = 0; n < reader_left(&whole); n++) {
            struct push_reader cut, full;
            int result;
            push_reader_init(&cut, reader_over(whole.at, n), PUSH_ENERGY_WH);
            push_reader_init(&full, whole, PUSH_ENERGY_WH);
            while ((result = push_reader_next(&cut, &value)) == 1) {
                assert_int_equal(push_reader_next(&full, &before), 1);
                assert_memory_equal(value.obis, before.obis, sizeof value.obis);
                assert_ptr_equal(value.value.bytes, before.value.bytes);
                assert_true(value.value.bytes + value.value.n_bytes <= whole.at + n);
            }
            assert_true(result < 0);
        }
    }
}

/* ---- M-Bus frames ---- */

static unsigned messages(struct push_mbus *mbus, const uint8_t *bytes, size_t n_bytes)
{
    unsigned n = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        n += push_mbus_take(mbus, bytes[i]) ? 1u : 0u;
    }
    return n;
}

static void segments(void **state)
{
    enum { FIRST = 256 }; /* octets of the first frame */
    static uint8_t message[512];
    struct push_mbus mbus;
    (void)state;
    const size_t n = hex_bytes(push_vorarlberg_frames, octets);
    push_mbus_init(&mbus, message, sizeof message);
    assert_int_equal(messages(&mbus, octets, n), 1);
    assert_int_equal(mbus.length, 354);
    assert_memory_equal(message, octets + 9, 8);
    assert_int_equal(messages(&mbus, octets, n), 1);                 /* once more */
    assert_int_equal(messages(&mbus, octets + FIRST, n - FIRST), 0); /* the second half alone */
    assert_int_equal(messages(&mbus, octets, FIRST), 0);
    assert_int_equal(messages(&mbus, octets, n), 1); /* a beginning, then all of it */
    octets[100] ^= 1;
    assert_int_equal(messages(&mbus, octets, n), 0); /* the first damaged */
    octets[100] ^= 1;
    assert_int_equal(messages(&mbus, octets, 50), 0);
    push_mbus_idle(&mbus); /* a pause */
    assert_int_equal(messages(&mbus, octets, n), 1);
    push_mbus_init(&mbus, message, 353); /* longer than its room */
    assert_int_equal(messages(&mbus, octets, n), 0);
}

/* ---- P1 ---- */

static struct p1_collector collector;

static enum p1_found feed(const char *text)
{
    enum p1_found found = P1_NOTHING;
    for (; *text != '\0'; text++) {
        const enum p1_found one = p1_collector_take(&collector, (uint8_t)*text);
        found = one != P1_NOTHING ? one : found;
    }
    return found;
}

static void p1_without_crc(void **state)
{
    static const struct {
        uint8_t obis[6];
        const char *value, *unit;
        bool is_number;
        int64_t mantissa;
        int exponent;
    } lines[] = {{{0, 0, 96, 1, 0, 255}, "96815390", "", false, 0, 0},
                 {{1, 0, 0, 9, 1, 255}, "222553", "", false, 0, 0},
                 {{1, 0, 1, 8, 0, 255}, "000317.695", "kWh", true, 317695, -3},
                 {{1, 0, 52, 7, 0, 255}, "00234.5", "V", true, 2345, -1},
                 {{1, 0, 51, 7, 0, 255}, "009", "A", true, 9, 0},
                 {{0, 1, 24, 2, 1, 255}, "12785.123", "m3", true, 12785123, -3},
                 {{1, 0, 99, 97, 0, 255}, "", "", false, 0, 0}};
    struct p1_line line;
    const char *name;
    (void)state;
    memset(&collector, 0, sizeof collector);
    assert_int_equal(feed(push_p1_bare), P1_NO_CRC);
    assert_int_equal(p1_identification(collector.bytes, collector.n_bytes, &name), 15);
    assert_memory_equal(name, "ISK9\\2M551T-200", 15);
    struct reader r = reader_over(collector.bytes, collector.n_bytes);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_true(p1_line_next(&r, &line));
        assert_memory_equal(line.obis, lines[i].obis, 6);
        assert_int_equal(line.n_value, strlen(lines[i].value));
        assert_memory_equal(line.value, lines[i].value, line.n_value);
        assert_int_equal(line.n_unit, strlen(lines[i].unit));
        assert_int_equal(line.is_number, lines[i].is_number);
        if (line.is_number) {
            assert_true(line.mantissa == lines[i].mantissa && line.exponent == lines[i].exponent);
        }
        assert_int_equal(line.n_stamp, lines[i].obis[2] == 24 ? 13 : 0);
    }
    assert_false(p1_line_next(&r, &line));
}

static void p1_checksums(void **state)
{
    static const char body[] = "/X\r\n\r\n1-0:1.7.0(-01.5*kW)\r\n!";
    char text[200];
    (void)state;
    const uint16_t crc = crc16_arc((const uint8_t *)body, strlen(body));
    memset(&collector, 0, sizeof collector);
    (void)snprintf(text, sizeof text, "rest of another!1234\r\n%s%04X\r\n", body, crc);
    assert_int_equal(feed(text), P1_GOOD);
    struct p1_line line;
    struct reader r = reader_over(collector.bytes, collector.n_bytes);
    assert_true(p1_line_next(&r, &line) && line.mantissa == -15 && line.exponent == -1);
    (void)snprintf(text, sizeof text, "%s%04X\r\n", body, (unsigned)crc ^ 1u);
    assert_int_equal(feed(text), P1_BAD_CRC);
    for (size_t n = 0; n < 4; n++) { /* a CRC that is cut */
        (void)snprintf(text, sizeof text, "%s%.*s\r\n", body, (int)n, "ABCD");
        assert_int_equal(feed(text), n == 0 ? P1_NO_CRC : P1_BAD_CRC);
    }
    (void)snprintf(text, sizeof text, "%s%04XZ\r\n", body, crc);
    assert_int_equal(feed(text), P1_BAD_CRC);
    (void)snprintf(text, sizeof text, "%s%04X\r\n", body, crc);
    for (size_t at = 0; at + 2u < strlen(text); at++) { /* every octet changed */
        char damaged[200];
        (void)snprintf(damaged, sizeof damaged, "%s", text);
        damaged[at] = damaged[at] == 'q' ? 'r' : 'q';
        memset(&collector, 0, sizeof collector);
        assert_int_not_equal(feed(damaged), P1_GOOD);
        memset(&collector, 0, sizeof collector);
        assert_int_equal(feed(text), P1_GOOD);
    }
    memset(&collector, 0, sizeof collector);
    (void)feed("/");
    for (unsigned i = 0; i < P1_TELEGRAM_MAX - 1u; i++) {
        assert_int_equal(feed("x"), P1_NOTHING);
    }
    assert_int_equal(feed("x"), P1_TOO_LONG);
    assert_int_equal(feed(text), P1_GOOD);
}

static void p1_codes(void **state)
{
    static const char text[] = "1-0:1.8.0.7(1*W)\n1-0:1.8.0*8(2*W)\n1.8.0(3*W)\n300-0:1.8.0(4*W)\n"
                               "1-0:1.8.0(5*W\n1-0:1.8.0(6*W)x\n1-0:1.8.0\n"
                               "1-0:1.8.0(123456789012345678901)\n1-0:1.8.0(1.2.3*W)";
    struct reader r = reader_over(text, sizeof text - 1u);
    struct p1_line line;
    (void)state;
    assert_true(p1_line_next(&r, &line) && line.obis[5] == 7 && line.mantissa == 1);
    assert_true(p1_line_next(&r, &line) && line.obis[5] == 8 && line.mantissa == 2);
    assert_true(p1_line_next(&r, &line) && !line.is_number && line.n_value == 21);
    assert_true(p1_line_next(&r, &line) && !line.is_number);
    assert_false(p1_line_next(&r, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_makes),    cmocka_unit_test(every_cut),
        cmocka_unit_test(p1_without_crc), cmocka_unit_test(p1_checksums),
        cmocka_unit_test(p1_codes),       cmocka_unit_test(segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
