/* The M-Bus slave: what masters in the field send, and the rules behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hex.h"
#include "proto/mbus/mbus_slave.h"

#define SERIAL 14839120u

struct device {
    unsigned n_telegrams, n_asked;
    uint8_t address, alarm, application;
};

static struct device meter;
static struct mbus_slave slave;
static int64_t now_ms;
static uint8_t answer[MBUS_FRAME_MAX];

static void identity(void *context, struct mbus_identity *out)
{
    (void)context;
    *out = (struct mbus_identity){.id = SERIAL,
                                  .id_raw = mbus_bcd8(SERIAL),
                                  .id_is_bcd = true,
                                  .manufacturer = mbus_manufacturer("KAM"),
                                  .version = 1,
                                  .medium = 2};
}

static bool records(void *context, uint8_t application, unsigned n, struct writer *out)
{
    struct device *device = context;
    device->n_asked++;
    device->application = application;
    writer_u8(out, 0x01);
    writer_u8(out, 0xFD);
    writer_u8(out, 0x08);
    writer_u8(out, (uint8_t)n);
    return n + 1 < device->n_telegrams;
}

static uint32_t fabrication(void *context)
{
    (void)context;
    return 0x00123456;
}

static bool set_address(void *context, uint8_t address)
{
    ((struct device *)context)->address = address;
    return true;
}

static bool data(void *context, struct reader r)
{
    (void)context;
    return reader_left(&r) == 1 && reader_u8(&r) == 0x7F;
}

static uint8_t alarm(void *context)
{
    return ((struct device *)context)->alarm;
}

static const struct mbus_device device = {.context = &meter,
                                          .identity = identity,
                                          .records = records,
                                          .fabrication = fabrication,
                                          .set_address = set_address,
                                          .data = data,
                                          .alarm = alarm};

static int start(void **state)
{
    (void)state;
    meter = (struct device){.n_telegrams = 1};
    now_ms = 1000;
    mbus_slave_init(&slave, 120, 3);
    return 0;
}

/* @return length of the answer to these octets. */
static size_t ask(const char *hex)
{
    uint8_t octets[64];
    size_t n_octets = hex_bytes(hex, octets), length = 0;
    for (size_t i = 0; i < n_octets; i++) {
        assert_int_equal(length, 0);
        length = mbus_slave_octet(&slave, &device, octets[i], now_ms, answer);
    }
    now_ms += 200;
    return length;
}

static void expect(const char *question, const char *expected)
{
    uint8_t octets[64];
    size_t n_octets = hex_bytes(expected, octets), length = ask(question);
    if (length != n_octets || memcmp(answer, octets, n_octets) != 0) {
        fail_msg("%s: %zu octets, first %02X, last data %02X; expected %s", question, length,
                 answer[0], length > 2 ? answer[length - 3] : 0, expected);
    }
}

#define NKE      "10 40 78 B8 16"
#define REQUEST0 "10 5B 78 D3 16"
#define REQUEST1 "10 7B 78 F3 16"

/* @return the number that the telegram's record carries. */
static unsigned telegram_of(const char *question)
{
    size_t length = ask(question);
    struct mbus_frame frame;
    assert_int_equal(mbus_frame_decode(answer, length, &frame), (int)length);
    assert_int_equal(frame.address, 120);
    assert_int_equal(frame.ci, MBUS_CI_LONG);
    assert_int_equal(frame.data[frame.n_data - 1] == 0x1F, slave.more);
    return frame.data[15];
}

/* A master's primary read comes without SND_NKE; the header counts. */
static void one_telegram(void **state)
{
    (void)state;
    expect(REQUEST0, "68 13 13 68 08 78 72 20 91 83 14 2D 2C 01 02 04 00 00 00 01 FD 08 00 A0 16");
    expect(NKE, "E5");
    expect(REQUEST1, "68 13 13 68 08 78 72 20 91 83 14 2D 2C 01 02 05 00 00 00 01 FD 08 00 A1 16");
    assert_int_equal(meter.application, MBUS_APPLICATION_DEFAULT);
    /* 254 asks whoever is there; the answer has the own address. */
    expect("10 5B FE 59 16",
           "68 13 13 68 08 78 72 20 91 83 14 2D 2C 01 02 06 00 00 00 01 FD 08 00 A2 16");
    /* for another meter; broadcast; an answer of another meter */
    expect("10 5B 79 D4 16", "");
    expect("10 5B FF 5A 16", "");
    expect("10 40 FF 3F 16", "");
    expect("E5", "");
    expect("68 13 13 68 08 78 72 20 91 83 14 2D 2C 01 02 06 00 00 00 01 FD 08 00 A2 16", "");
    assert_int_equal(meter.n_asked, 3);
}

/* The same bit soon after is a repetition, later it is a new session. */
static void frame_count_bit(void **state)
{
    (void)state;
    uint8_t first[MBUS_FRAME_MAX];
    size_t length = ask(REQUEST0);
    memcpy(first, answer, length);
    assert_int_equal(ask(REQUEST0), length);
    assert_memory_equal(answer, first, length);
    assert_int_equal(meter.n_asked, 1);
    now_ms += MBUS_PAUSE_MS + 1;
    assert_int_equal(ask(REQUEST0), length);
    assert_int_equal(meter.n_asked, 2);
    /* Without a valid count (4B) each request is new. */
    ask("10 4B 78 C3 16");
    ask("10 4B 78 C3 16");
    assert_int_equal(meter.n_asked, 4);
}

static void several_telegrams(void **state)
{
    (void)state;
    meter.n_telegrams = 3;
    static const char *const beginnings[] = {NKE, "10 40 FD 3D 16", "10 40 FF 3F 16",
                                             "68 03 03 68 53 78 50 1B 16", NULL};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        assert_int_equal(telegram_of(REQUEST1), 0);
        assert_int_equal(telegram_of(REQUEST0), 1);
        assert_int_equal(telegram_of(REQUEST0), 1); /* repeated */
        assert_int_equal(telegram_of(REQUEST1), 2);
        assert_int_equal(telegram_of(REQUEST0), 0); /* the last had no 1F */
        assert_int_equal(telegram_of(REQUEST1), 1);
        if (beginnings[i] != NULL) {
            ask(beginnings[i]);
        } else {
            now_ms += MBUS_PAUSE_MS + 1;
        }
    }
    assert_int_equal(telegram_of(REQUEST1), 0);
}

/* Frame that selects: a checksum is worked out here. */
static size_t select_by(const char *data_hex)
{
    uint8_t data_octets[32], frame_octets[64];
    const struct mbus_frame frame = {.kind = MBUS_LONG,
                                     .control = MBUS_SND_UD,
                                     .address = MBUS_ADDRESS_SELECTED,
                                     .ci = MBUS_CI_SELECT,
                                     .data = data_octets,
                                     .n_data = hex_bytes(data_hex, data_octets)};
    int n_octets = mbus_frame_encode(&frame, frame_octets, sizeof frame_octets);
    size_t length = 0;
    for (int i = 0; i < n_octets; i++) {
        length = mbus_slave_octet(&slave, &device, frame_octets[i], now_ms, answer);
    }
    return length;
}

static void selection(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool matches;
    } rows[] = {
        {"20 91 83 14 2D 2C 01 02", true},
        {"20 91 83 14 FF FF FF FF", true},
        {"FF FF FF FF FF FF FF FF", true},
        {"FF FF FF 1F FF FF FF FF", true},
        {"F0 FF FF FF FF FF FF FF", true},
        {"FF FF FF 2F FF FF FF FF", false},
        {"FF FF FF FF 2D 2D FF FF", false},
        {"FF FF FF FF FF FF 02 FF", false},
        {"FF FF FF FF FF FF FF 03", false},
        {"FF FF FF FF FF FF FF", false},
        /* enhanced: with the fabrication number */
        {"FF FF FF FF FF FF FF FF 0C 78 56 34 12 00", true},
        {"FF FF FF FF FF FF FF FF 0C 78 F6 FF FF FF", true},
        {"FF FF FF FF FF FF FF FF 0C 78 57 34 12 00", false},
        {"FF FF FF FF FF FF FF FF 0C 79 56 34 12 00", false},
        {"FF FF FF FF FF FF FF FF 0C 78 56 34", false},
    };
    expect("10 7B FD 78 16", ""); /* nobody is selected */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(select_by(rows[i].hex), rows[i].matches);
        size_t length = ask("10 7B FD 78 16");
        assert_int_equal(length > 0, rows[i].matches);
        if (rows[i].matches) {
            assert_int_equal(answer[5], 120);
        }
    }
    /* SND_NKE to 253 ends it, to the own address does not. */
    expect("68 0B 0B 68 73 FD 52 20 91 83 14 2D 2C 01 02 66 16", "E5");
    expect(NKE, "E5");
    assert_true(slave.selected);
    expect("10 40 FD 3D 16", "E5");
    expect("10 40 FD 3D 16", "");
    expect("10 5B FD 58 16", "");
}

static void address_is_set(void **state)
{
    (void)state;
    expect("10 40 2A 6A 16", "");
    expect("68 06 06 68 53 78 51 01 7A 2A C1 16", "E5");
    assert_int_equal(meter.address, 42);
    expect(REQUEST0, "");
    expect("10 40 2A 6A 16", "E5");
    /* 251 .. 255 are nobody's; the old one stays */
    expect("68 06 06 68 53 2A 51 01 7A FB 44 16", "");
    expect("10 40 2A 6A 16", "E5");
    assert_int_equal(meter.address, 42);
}

static void acknowledged(void **state)
{
    (void)state;
    expect("68 03 03 68 53 78 BC 87 16", "E5"); /* baud: acknowledged, nothing changes */
    expect("68 04 04 68 53 78 50 10 2B 16", "E5");
    ask(REQUEST0);
    assert_int_equal(meter.application, MBUS_APPLICATION_USER);
    expect("68 03 03 68 53 78 50 1B 16", "E5");
    ask(REQUEST1);
    assert_int_equal(meter.application, MBUS_APPLICATION_DEFAULT);
    expect("68 04 04 68 53 78 51 7F 9B 16", "E5"); /* global read-out request */
    ask(REQUEST0);
    assert_int_equal(answer[6], MBUS_CI_LONG);
    /* an application that is not there: link acknowledges, next telegram says it, once */
    expect("68 03 03 68 53 78 60 2B 16", "E5");
    expect(REQUEST1, "68 04 04 68 08 78 70 01 F1 16");
    expect("68 06 06 68 53 78 51 01 2B 05 4D 16", "E5");
    expect(REQUEST0, "68 04 04 68 08 78 70 04 F4 16");
    ask(REQUEST1);
    assert_int_equal(answer[6], MBUS_CI_LONG);
}

static void alarms(void **state)
{
    (void)state;
    expect("10 5A 78 D2 16", "E5");
    meter.alarm = 0x02;
    expect("10 7A 78 F2 16", "68 04 04 68 08 78 71 02 F3 16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_telegram, start),
        cmocka_unit_test_setup(frame_count_bit, start),
        cmocka_unit_test_setup(several_telegrams, start),
        cmocka_unit_test_setup(selection, start),
        cmocka_unit_test_setup(address_is_set, start),
        cmocka_unit_test_setup(acknowledged, start),
        cmocka_unit_test_setup(alarms, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
