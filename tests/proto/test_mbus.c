/* M-Bus frames and records: what real meters sent, limits, every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hex.h"
#include "proto/mbus/mbus_text.h"
#include "proto/mbus_vectors.h"

static char text[MBUS_JSON_MAX];

static const char *json_of(const char *hex)
{
    uint8_t octets[300];
    size_t n_octets = hex_bytes(hex, octets);
    struct mbus_frame frame;
    struct writer w = writer_over(text, sizeof text - 1);
    assert_int_equal(mbus_frame_decode(octets, n_octets, &frame), (int)n_octets);
    assert_int_equal(mbus_json_frame(&w, &frame), MBUS_OK);
    *w.at = '\0';
    return text;
}

static const char *records_json(const char *hex)
{
    uint8_t octets[300];
    struct reader r = reader_over(octets, hex_bytes(hex, octets));
    struct writer w = writer_over(text, sizeof text - 1);
    if (mbus_json_records(&w, &r) != MBUS_OK) {
        writer_text(&w, "!");
    }
    *w.at = '\0';
    return text;
}

static void frame_of_a_382(void **state)
{
    (void)state;
    assert_string_equal(
        json_of(MBUS_382_005),
        "{\"address\":120,\"manufacturer\":\"KAM\",\"id\":\"14839120\",\"version\":1,"
        "\"medium\":\"electricity\",\"access_number\":4,\"status\":0,\"records\":["
        "{\"quantity\":\"energy\",\"value\":0,\"unit\":\"Wh\"},"
        "{\"quantity\":\"on time\",\"value\":9,\"unit\":\"h\"},"
        "{\"quantity\":\"power\",\"value\":0,\"unit\":\"W\"},"
        "{\"quantity\":\"power\",\"value\":0,\"unit\":\"W\",\"function\":\"maximum\"},"
        "{\"quantity\":\"energy\",\"value\":0,\"unit\":\"Wh\",\"tariff\":1,\"subunit\":1},"
        "{\"quantity\":\"energy\",\"value\":0,\"unit\":\"Wh\",\"tariff\":2,\"subunit\":1},"
        "{\"quantity\":\"manufacturer specific\",\"value\":\"00000000000000000000000000000010\"}"
        "]}");
    assert_string_equal(json_of(MBUS_382_FILLER),
                        "{\"address\":0,\"manufacturer\":\"KAM\",\"id\":\"17677731\",\"version\":1,"
                        "\"medium\":\"electricity\",\"access_number\":0,\"status\":0,\"records\":["
                        "{\"quantity\":\"energy\",\"value\":5000,\"unit\":\"Wh\","
                        "\"direction\":\"forward\"}]}");
}

static void storage_tariffs_and_dates(void **state)
{
    (void)state;
    const char *json = records_json(MBUS_601_RECORDS);
    static const char *const parts[] = {
        "{\"quantity\":\"fabrication number\",\"value\":6855817}",
        "{\"quantity\":\"energy\",\"value\":37351000,\"unit\":\"Wh\"}",
        "{\"quantity\":\"on time\",\"value\":985,\"unit\":\"h\"}",
        "{\"quantity\":\"power\",\"value\":34700,\"unit\":\"W\"}",
        "{\"quantity\":\"power\",\"value\":44800,\"unit\":\"W\",\"function\":\"maximum\"}",
        "{\"quantity\":\"flow temperature\",\"value\":101.69,\"unit\":\"°C\"}",
        "{\"quantity\":\"energy\",\"value\":0,\"unit\":\"Wh\",\"tariff\":1}",
        "\"unit\":\"m³\",\"subunit\":2}",
        "\"unit\":\"Wh\",\"subunit\":3}",
        "{\"quantity\":\"date and time\",\"value\":\"2011-01-05T15:26\"}",
        "{\"quantity\":\"energy\",\"value\":33361000,\"unit\":\"Wh\",\"storage\":1}",
        "\"value\":55000,\"unit\":\"W\",\"function\":\"maximum\",\"storage\":1}",
        "{\"quantity\":\"date\",\"value\":\"2010-12-31\",\"storage\":1}]"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(json, parts[i]) == NULL) {
            fail_msg("%s not in %s", parts[i], json);
        }
    }
}

static void phases_and_corrections(void **state)
{
    (void)state;
    const char *json = records_json(MBUS_EM24_RECORDS);
    static const char *const parts[] = {
        "[{\"quantity\":\"energy\",\"value\":100,\"unit\":\"Wh\"},",
        "{\"quantity\":\"reactive energy\",\"value\":0,\"unit\":\"varh\"},",
        "\"value\":0,\"unit\":\"varh\",\"direction\":\"backward\"}",
        "{\"quantity\":\"reactive power\",\"value\":0,\"unit\":\"var\"}",
        "{\"quantity\":\"current\",\"value\":0,\"unit\":\"A\",\"place\":\"L3\"}",
        "{\"quantity\":\"voltage\",\"value\":232.7,\"unit\":\"V\",\"place\":\"L1\"}",
        "{\"quantity\":\"voltage\",\"value\":126.0,\"unit\":\"V\",\"place\":\"L3\"}",
        "{\"quantity\":\"frequency\",\"value\":50.0,\"unit\":\"Hz\"}",
        "{\"quantity\":\"error flags\",\"value\":0}]"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(json, parts[i]) == NULL) {
            fail_msg("%s not in %s", parts[i], json);
        }
    }
}

/* One record a row; what EN 13757-3 says of it. */
static void records_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *json;
    } rows[] = {
        /* integers of each width are signed, lowest octet first */
        {"01 06 FF", "[{\"quantity\":\"energy\",\"value\":-1000,\"unit\":\"Wh\"}]"},
        {"02 2B 18 FC", "[{\"quantity\":\"power\",\"value\":-1000,\"unit\":\"W\"}]"},
        {"03 2B 00 00 80", "[{\"quantity\":\"power\",\"value\":-8388608,\"unit\":\"W\"}]"},
        {"06 2B 00 00 00 00 00 80",
         "[{\"quantity\":\"power\",\"value\":-140737488355328,\"unit\":\"W\"}]"},
        {"07 03 FF FF FF FF FF FF FF 7F",
         "[{\"quantity\":\"energy\",\"value\":9223372036854775807,\"unit\":\"Wh\"}]"},
        {"07 03 00 00 00 00 00 00 00 80",
         "[{\"quantity\":\"energy\",\"value\":-9223372036854775808,\"unit\":\"Wh\"}]"},
        /* fractions keep their places */
        {"04 00 2A 00 00 00", "[{\"quantity\":\"energy\",\"value\":0.042,\"unit\":\"Wh\"}]"},
        {"01 FD 50 01", "[{\"quantity\":\"current\",\"value\":0.000000000001,\"unit\":\"A\"}]"},
        /* digits, and the minus in the highest place */
        {"0B 2B 56 34 12", "[{\"quantity\":\"power\",\"value\":123456,\"unit\":\"W\"}]"},
        {"0A 2B 34 F2", "[{\"quantity\":\"power\",\"value\":-234,\"unit\":\"W\"}]"},
        {"0A 2B 3A 02", "[{\"quantity\":\"power\",\"value\":\"3A02\",\"unit\":\"W\"}]"},
        /* single precision */
        {"05 2B 00 00 80 3F", "[{\"quantity\":\"power\",\"value\":1,\"unit\":\"W\"}]"},
        {"05 FD 49 66 66 66 43",
         "[{\"quantity\":\"voltage\",\"value\":230.399994,\"unit\":\"V\"}]"},
        {"05 2B 00 00 00 C1", "[{\"quantity\":\"power\",\"value\":-8,\"unit\":\"W\"}]"},
        {"05 2B 00 00 00 80", "[{\"quantity\":\"power\",\"value\":0,\"unit\":\"W\"}]"},
        {"05 2B 00 00 80 7F", "[{\"quantity\":\"power\",\"value\":null,\"unit\":\"W\"}]"},
        {"05 2B CD CC CC 3D", "[{\"quantity\":\"power\",\"value\":0.100000001,\"unit\":\"W\"}]"},
        /* storage, tariff and subunit grow with each extension */
        {"84 01 03 01 00 00 00",
         "[{\"quantity\":\"energy\",\"value\":1,\"unit\":\"Wh\",\"storage\":2}]"},
        {"C4 01 03 01 00 00 00",
         "[{\"quantity\":\"energy\",\"value\":1,\"unit\":\"Wh\",\"storage\":3}]"},
        {"84 80 10 03 01 00 00 00",
         "[{\"quantity\":\"energy\",\"value\":1,\"unit\":\"Wh\",\"tariff\":4}]"},
        {"84 80 40 03 01 00 00 00",
         "[{\"quantity\":\"energy\",\"value\":1,\"unit\":\"Wh\",\"subunit\":2}]"},
        /* export, at a phase, corrected, neutral */
        {"04 AB FC 02 01 00 00 00",
         "[{\"quantity\":\"power\",\"value\":1,\"unit\":\"W\",\"place\":\"L2\"}]"},
        {"02 FD BA 73 E8 03", "[{\"quantity\":\"dimensionless\",\"value\":1.000}]"},
        {"02 FD D9 FC 04 01 00",
         "[{\"quantity\":\"current\",\"value\":0.001,\"unit\":\"A\",\"place\":\"N\"}]"},
        {"04 83 FD 3C 07 00 00 00", "[{\"quantity\":\"energy\",\"value\":7000,\"unit\":\"Wh\","
                                    "\"direction\":\"backward\"}]"},
        {"04 FB 2C 50 C3 00 00", "[{\"quantity\":\"frequency\",\"value\":50.000,\"unit\":\"Hz\"}]"},
        /* dates */
        {"54 6D 2D 11 15 3B", "[{\"quantity\":\"date and time\",\"value\":\"2024-11-21T17:45\","
                              "\"function\":\"maximum\",\"storage\":1}]"},
        {"04 6D AD 91 15 3B", "[{\"quantity\":\"date and time\",\"value\":\"2024-11-21T17:45\","
                              "\"invalid\":true,\"summer_time\":true}]"},
        {"06 6D 1E 2D 11 15 3B 00",
         "[{\"quantity\":\"date and time\",\"value\":\"2024-11-21T17:45:30\"}]"},
        {"02 FD 30 15 3B", "[{\"quantity\":\"start of tariff\",\"value\":\"2024-11-21\"}]"},
        {"14 AB 6B 2D 11 15 3B",
         "[{\"quantity\":\"power\",\"value\":\"2024-11-21T17:45\",\"unit\":\"W\","
         "\"function\":\"maximum\",\"vib\":\"AB6B\"}]"},
        /* text stands backwards on the line; octets of other kinds */
        {"0D FD 11 03 63 62 61", "[{\"quantity\":\"customer\",\"value\":\"abc\"}]"},
        {"0D FD 11 03 22 5C E4", "[{\"quantity\":\"customer\",\"value\":\"\\u00E4\\\\\\\"\"}]"},
        {"0D 2B C2 34 12", "[{\"quantity\":\"power\",\"value\":1234,\"unit\":\"W\"}]"},
        {"0D 2B D2 34 12", "[{\"quantity\":\"power\",\"value\":-1234,\"unit\":\"W\"}]"},
        {"0D 2B E2 18 FC", "[{\"quantity\":\"power\",\"value\":-1000,\"unit\":\"W\"}]"},
        {"0D FD 19 F0 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F",
         "[{\"quantity\":\"security key\",\"value\":\"000102030405060708090A0B0C0D0E0F\"}]"},
        {"04 7C 03 68 61 76 05 00 00 00",
         "[{\"quantity\":\"plain text unit\",\"value\":5,\"unit\":\"vah\"}]"},
        /* bits have no sign */
        {"01 FD 17 FF", "[{\"quantity\":\"error flags\",\"value\":255}]"},
        {"00 2B", "[{\"quantity\":\"power\",\"value\":null,\"unit\":\"W\"}]"},
        {"2F 2F 01 2B 05 2F", "[{\"quantity\":\"power\",\"value\":5,\"unit\":\"W\"}]"},
        {"1F AA", "[{\"quantity\":\"manufacturer specific\",\"value\":\"AA\","
                  "\"more_follows\":true}]"},
        {"7F", "[{\"quantity\":\"unknown\",\"value\":null}]"},
        /* what does not fit ends the list */
        {"01 2B 05 04 2B 00 00", "[{\"quantity\":\"power\",\"value\":5,\"unit\":\"W\"}]!"},
        {"3F 00", "[]!"},
        {"0D 2B F7 00", "[]!"},
        {"0D 2B CA 00 00 00 00 00 00 00 00 00 00 00", "[]!"},
        {"84 80 80 80 80 80 80 80 80 80 80 00 2B 00 00 00 00", "[]!"},
        {"04 AB A0 A0 A0 A0 A0 A0 A0 A0 A0 A0 20 00 00 00 00", "[]!"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(records_json(rows[i].hex), rows[i].json);
    }
}

static void faults_of_frames(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int result;
    } rows[] = {
        {"E5", 1},
        {"10 40 FD 3D 16", 5},
        {"10 40 FD 3E 16", MBUS_ERR_CHECKSUM},
        {"10 40 FD 3D 17", MBUS_ERR_STOP},
        {"10 40 FD 3D", MBUS_ERR_LENGTH},
        {"68 03 03 68 53 78 BC 87 16", 9},
        {"68 03 04 68 53 78 BC 87 16", MBUS_ERR_LENGTH},
        {"68 02 02 68 53 78 CB 16", MBUS_ERR_LENGTH},
        {"68 03 03 68 53 78 BC 88 16", MBUS_ERR_CHECKSUM},
        {"68 03 03 68 53 78 BC 87 15", MBUS_ERR_STOP},
        {"00", MBUS_ERR_START},
    };
    struct mbus_frame frame;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t octets[32], again[32];
        size_t n_octets = hex_bytes(rows[i].hex, octets);
        assert_int_equal(mbus_frame_decode(octets, n_octets, &frame), rows[i].result);
        if (rows[i].result > 0) {
            assert_int_equal(mbus_frame_encode(&frame, again, sizeof again), (int)n_octets);
            assert_memory_equal(again, octets, n_octets);
            assert_int_equal(mbus_frame_encode(&frame, again, n_octets - 1), MBUS_ERR_SPACE);
        }
    }
    assert_int_equal(mbus_frame_decode(NULL, 0, &frame), MBUS_ERR_LENGTH);
}

/* A message cut at each octet is refused as a frame, and its records never read beyond it. */
static void every_cut(void **state)
{
    (void)state;
    uint8_t octets[300];
    size_t n_octets = hex_bytes(MBUS_382_005, octets);
    struct mbus_frame frame;
    for (size_t n = 0; n < n_octets; n++) {
        assert_int_equal(mbus_frame_decode(octets, n, &frame), MBUS_ERR_LENGTH);
    }
    size_t n_records = hex_bytes(MBUS_601_RECORDS, octets);
    for (size_t n = 0; n <= n_records; n++) {
        uint8_t *exact = test_malloc(n + 1);
        struct mbus_record record;
        memcpy(exact, octets, n);
        struct reader r = reader_over(exact, n);
        int result;
        while ((result = mbus_record_next(&r, &record)) == 1) {
            assert_true(record.n_data <= n);
        }
        assert_true(result == 0 || result == MBUS_ERR_FORMAT);
        assert_true(reader_left(&r) == 0);
        test_free(exact);
    }
}

static void receiver_finds_frames(void **state)
{
    (void)state;
    uint8_t octets[300];
    struct mbus_receiver receiver;
    struct mbus_frame frame;
    mbus_receiver_init(&receiver);
    size_t n_octets = hex_bytes("00 FF 68 03 04 10 40 FD 3D 16 E5 68 03 03 68 53 78 BC 87 16 "
                                "10 5B FE 59 16",
                                octets);
    unsigned n_frames = 0, n_errors = 0;
    for (size_t i = 0; i < n_octets; i++) {
        int result = mbus_receiver_octet(&receiver, octets[i], &frame);
        n_frames += result == 1;
        n_errors += result < 0;
    }
    assert_int_equal(n_frames, 4);
    assert_int_equal(n_errors, 3);
    assert_int_equal(frame.control, MBUS_REQ_UD2);
    assert_int_equal(frame.address, MBUS_ADDRESS_TEST);
    /* Half a frame, then silence: what comes next is whole. */
    assert_int_equal(mbus_receiver_octet(&receiver, 0x68, &frame), 0);
    assert_int_equal(mbus_receiver_octet(&receiver, 0x05, &frame), 0);
    mbus_receiver_idle(&receiver);
    for (size_t i = n_octets - 5; i < n_octets; i++) {
        int result = mbus_receiver_octet(&receiver, octets[i], &frame);
        assert_int_equal(result, i + 1 == n_octets);
    }
    /* The longest frame. */
    static uint8_t data[MBUS_BODY_MAX - 3u], longest[MBUS_FRAME_MAX];
    const struct mbus_frame sent = {
        .kind = MBUS_LONG, .control = 8, .ci = 0x72, .data = data, .n_data = sizeof data};
    assert_int_equal(mbus_frame_encode(&sent, longest, sizeof longest), MBUS_FRAME_MAX);
    for (size_t i = 0; i < sizeof longest; i++) {
        assert_int_equal(mbus_receiver_octet(&receiver, longest[i], &frame),
                         i + 1 == sizeof longest);
    }
    assert_int_equal(frame.n_data, sizeof data);
    const struct mbus_frame longer = {.kind = MBUS_LONG, .data = data, .n_data = sizeof data + 1};
    assert_int_equal(mbus_frame_encode(&longer, longest, sizeof longest), MBUS_ERR_LENGTH);
}

static void identity_and_dates_again(void **state)
{
    (void)state;
    uint8_t octets[16];
    struct reader r = reader_over(octets, hex_bytes("20 91 83 14 2D 2C 01 02", octets));
    struct mbus_identity identity = mbus_identity_read(&r);
    char name[4];
    assert_true(identity.id_is_bcd);
    assert_int_equal(identity.id, 14839120);
    assert_int_equal(mbus_bcd8(identity.id), identity.id_raw);
    mbus_manufacturer_text(identity.manufacturer, name);
    assert_string_equal(name, "KAM");
    assert_int_equal(mbus_manufacturer("KAM"), 0x2C2D);
    uint8_t again[8];
    struct writer w = writer_over(again, sizeof again);
    mbus_identity_write(&w, &identity);
    assert_memory_equal(again, octets, 8);
    for (unsigned year = 2000; year < 2100; year++) {
        const struct mbus_date date = {(uint16_t)year, 12, 31, 23, 59, 0, false, true, false};
        struct mbus_date back;
        w = writer_over(again, sizeof again);
        mbus_date_write_f(&w, &date);
        assert_int_equal(writer_length(&w), 4);
        assert_true(mbus_date_read(again, 4, &back));
        assert_memory_equal(&back, &date, sizeof back);
    }
}

static void refusals(void **state)
{
    (void)state;
    uint8_t octets[64];
    struct mbus_frame frame;
    struct writer w = writer_over(text, sizeof text);
    size_t n_octets = hex_bytes("68 03 03 68 08 01 70 79 16", octets);
    assert_int_equal(mbus_frame_decode(octets, n_octets, &frame), (int)n_octets);
    assert_int_equal(mbus_json_frame(&w, &frame), MBUS_ERR_FORMAT);
    n_octets = hex_bytes("10 40 FD 3D 16", octets); /* a short frame has no data to look at */
    assert_int_equal(mbus_frame_decode(octets, n_octets, &frame), (int)n_octets);
    assert_int_equal(mbus_json_frame(&w, &frame), MBUS_ERR_FORMAT);
    n_octets = hex_bytes("68 07 07 68 08 01 7A 01 00 10 05 99 16", octets);
    assert_int_equal(mbus_frame_decode(octets, n_octets, &frame), (int)n_octets);
    assert_int_equal(mbus_json_frame(&w, &frame), MBUS_ERR_CIPHERED);
    n_octets = hex_bytes("68 05 05 68 08 01 7A 01 00 84 16", octets);
    assert_int_equal(mbus_frame_decode(octets, n_octets, &frame), (int)n_octets);
    assert_int_equal(mbus_json_frame(&w, &frame), MBUS_ERR_LENGTH);
    n_octets = hex_bytes(MBUS_382_FILLER, octets);
    assert_int_equal(mbus_frame_decode(octets, n_octets, &frame), (int)n_octets);
    for (size_t room = 0; room < 200; room++) {
        char *exact = test_malloc(room + 1);
        w = writer_over(exact, room);
        int result = mbus_json_frame(&w, &frame);
        assert_int_equal(result, writer_length(&w) == room && w.failed ? MBUS_ERR_SPACE : result);
        assert_true(result == MBUS_OK || result == MBUS_ERR_SPACE);
        test_free(exact);
    }
}

static void lines_of_csv(void **state)
{
    (void)state;
    uint8_t octets[32];
    struct mbus_record record;
    struct reader r =
        reader_over(octets, hex_bytes("84 50 06 07 00 00 00 0D FD 11 03 63 22 61", octets));
    assert_int_equal(mbus_record_next(&r, &record), 1);
    struct writer w = writer_over(text, sizeof text);
    mbus_csv_record(&w, &record);
    assert_int_equal(mbus_record_next(&r, &record), 1);
    writer_text(&w, "\n");
    mbus_csv_record(&w, &record);
    *w.at = '\0';
    assert_string_equal(text, "instant,energy,7000,Wh,0,1,1,,,06\n"
                              "instant,customer,\"a\"\"c\",,0,0,0,,,FD11");
    assert_int_equal(mbus_record_next(&r, &record), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_of_a_382),
        cmocka_unit_test(storage_tariffs_and_dates),
        cmocka_unit_test(phases_and_corrections),
        cmocka_unit_test(records_one_by_one),
        cmocka_unit_test(faults_of_frames),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(receiver_finds_frames),
        cmocka_unit_test(identity_and_dates_again),
        cmocka_unit_test(refusals),
        cmocka_unit_test(lines_of_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
