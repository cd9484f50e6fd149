/* What metertool makes of DLMS: addresses, codes, units, data as text and back, traces without
 * secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/dlms_text.h"
#include "host/lib/dlms_trace.h"
#include "host/lib/dlms_unit.h"
#include "host/lib/dlms_words.h"
#include "host/lib/meter_url.h"
#include "host/lib/obis_text.h"
#include "proto/dlms/dlms_apdu.h"
#include "tests/proto/hex.h"

/* ---- addresses ---- */

static struct meter_url url_of(const char *text)
{
    struct meter_url url;
    char error[400];
    if (meter_url_parse(text, &url, error, sizeof error) != HOST_OK) {
        printf("%s: %s\n", text, error);
        fail();
    }
    return url;
}

static void addresses_say_what_is_spoken(void **state)
{
    (void)state;
    struct meter_url url = url_of("dlms://meter");
    assert_int_equal(url.protocol, METER_DLMS);
    assert_true(url.tcp && !url.udp && !url.hdlc);
    assert_string_equal(url.port, "4059");
    assert_int_equal(url.dlms.client, 16);
    assert_int_equal(url.dlms.server, 1);
    url = url_of("dlms+udp://[::1]:4060?client=1&server=2&auth=hls5&general=1&suite=2&ic=7");
    assert_true(url.udp);
    assert_string_equal(url.path, "::1");
    assert_string_equal(url.port, "4060");
    assert_int_equal(url.dlms.server, 2);
    assert_int_equal(url.dlms.auth, DLMS_AUTH_GMAC);
    assert_true(url.dlms.general && url.dlms.has_counter);
    assert_int_equal(url.dlms.suite, 2);
    assert_int_equal(url.dlms.counter, 7);
    url = url_of("dlms-hdlc:/dev/ttyUSB0?baud=19200&address=32&address-size=4&client=19&mode-e=1");
    assert_false(url.tcp);
    assert_true(url.hdlc && url.dlms.mode_e);
    assert_int_equal(url.baud, 19200);
    assert_int_equal(url.dlms.server, 16); /* follows a 382M's client */
    assert_int_equal(url.dlms.address_bytes, 4);
    url = url_of(
        "hdlc+tcp://h:1025?title=4D4D4D0000000001&deviation=real&zone=local-utc&rows=newest");
    assert_true(url.tcp && url.hdlc && url.dlms.has_title);
    assert_memory_equal(url.dlms.title, "MMM\0\0\0\0\1", 8);
    assert_true(url.dlms.real_deviation && url.dlms.zone_reversed && url.dlms.newest_first);
    url = url_of("kmp+tcp://h");
    assert_string_equal(url.port, "3820");
}

static void bad_addresses_say_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"dlms://", "HOST:PORT"},
        {"dlms://h?client=0", "client=1"},
        {"dlms://h?client=65536", "client=1"},
        {"dlms://h?auth=strong", "auth=none"},
        {"dlms://h?title=1234", "16 hex digits"},
        {"dlms://h?ic=4294967296", "ic=0"},
        {"dlms://h?pdu=10", "pdu=64"},
        {"dlms://h?suite=3", "suite=0"},
        {"dlms://h?baud=9600", "client="},
        {"dlms://h?nothing", "name=value"},
        {"dlms-hdlc:", "/dev/ttyUSB0"},
        {"dlsm://h", "dlms://HOST"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct meter_url url;
        char error[400] = "";
        assert_int_equal(meter_url_parse(cases[i].text, &url, error, sizeof error), HOST_ERR_URL);
        if (strstr(error, cases[i].word) == NULL) {
            printf("%s: %s\n", cases[i].text, error);
        }
        assert_non_null(strstr(error, cases[i].word));
    }
}

/* ---- codes ---- */

static void codes_come_in_many_forms(void **state)
{
    (void)state;
    uint8_t obis[6];
    char text[OBIS_TEXT_MAX];
    static const struct {
        const char *text, *code;
        unsigned named;
    } cases[] = {
        {"1-0:1.8.0.255", "1-0:1.8.0.255", 0x3F}, {"1-0:1.8.0*255", "1-0:1.8.0.255", 0x3F},
        {"1-1:1.8.0", "1-1:1.8.0.255", 0x1F},     {"1.8.0", "0-0:1.8.0.255", 0x1C},
        {"1.8.0*12", "0-0:1.8.0.12", 0x3C},       {"1.0.1.8.0.255", "1-0:1.8.0.255", 0x3F},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(obis_parse(cases[i].text, obis), cases[i].named);
        obis_text(obis, text);
        assert_string_equal(text, cases[i].code);
    }
    static const char *const none[] = {"",          "1",       "1.8",           "1-0:1.8",
                                       "1.8.256",   "1.8.0.",  "1-0:1.8.0.2.5", "a.8.0",
                                       "1.0.1.8.0", "1:1.8.0", "-1.8.0",        "1.8.0.255.1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(obis_parse(none[i], obis), 0);
    }
}

static void codes_of_any_meter_have_names(void **state)
{
    (void)state;
    static const struct {
        uint8_t obis[6];
        const char *name;
    } cases[] = {
        {{1, 0, 1, 8, 0, 255}, "Active energy A+"},
        {{1, 0, 2, 8, 3, 255}, "Active energy A-, tariff 3"},
        {{1, 0, 7, 8, 0, 255}, "Reactive energy QIII"},
        {{1, 0, 16, 7, 0, 255}, "Active power A+ - A-"},
        {{1, 0, 52, 7, 0, 255}, "Voltage L2"},
        {{1, 0, 71, 7, 124, 255}, "Current L3, THD"},
        {{1, 0, 61, 7, 0, 255}, "Active power A+ L3"},
        {{1, 0, 1, 6, 2, 255}, "Active power A+, maximum, tariff 2"},
        {{1, 0, 32, 32, 0, 255}, "Voltage L1, number of sags"},
        {{1, 0, 81, 7, 10, 255}, "Angle U L2 to U L1"},
        {{1, 0, 1, 8, 0, 1}, "Active energy A+, billing period 1"},
        {{0, 0, 1, 0, 0, 255}, "Clock"},
        {{0, 3, 24, 2, 1, 255}, "M-Bus value 1"},
        {{0, 0, 96, 1, 4, 255}, "Identifier 4"},
        {{1, 0, 99, 1, 0, 255}, "Load profile 1"},
        {{1, 0, 200, 200, 0, 255}, ""},
        {{7, 0, 1, 0, 0, 255}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[80];
        obis_name(cases[i].obis, name, sizeof name);
        assert_string_equal(name, cases[i].name);
    }
}

static void units_are_those_of_meters(void **state)
{
    (void)state;
    int exponent = 0;
    assert_string_equal(dlms_unit_shown(30, 0, &exponent), "kWh");
    assert_int_equal(exponent, -3);
    assert_string_equal(dlms_unit_shown(35, -1, &exponent), "V");
    assert_int_equal(exponent, -1);
    assert_string_equal(dlms_unit_name(255), "");
    assert_null(dlms_unit_name(200));
}

/* ---- data ---- */

static void parsed_data_reads_as_it_was_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown, *octets;
    } cases[] = {
        {"u16:900", "900", "\x12\x03\x84"},
        {"i8:-5", "-5", "\x0F\xFB"},
        {"u8:0x1F", "31", "\x11\x1F"},
        {"bool:true", "true", "\x03\x01"},
        {"enum:3", "3", "\x16\x03"},
        {"text:hello", "hello", "\x09\x05hello"},
        {"hex:DEADBEEF", "DEADBEEF", "\x09\x04\xDE\xAD\xBE\xEF"},
        {"obis:1-0:1.8.0.255", "1-0:1.8.0.255", NULL},
        {"time:2026-11-21T09:30:00", "2026-11-21 09:30:00", NULL},
        {"{u16:3, [i8:1, i8:2], {}}", "{3, [1, 2], {}}", NULL},
        {"[]", "[]", NULL},
        {"bits:10110", "10110", "\x04\x05\xB0"},
        {"float:1.5", "1.5", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[200];
        char text[200];
        struct writer w = writer_over(bytes, sizeof bytes);
        const char *expected = dlms_data_parse(cases[i].text, &w);
        if (expected != NULL) {
            printf("%s: expected %s\n", cases[i].text, expected);
        }
        assert_null(expected);
        assert_true(dlms_data_text(reader_over(bytes, writer_length(&w)), text, sizeof text));
        assert_string_equal(text, cases[i].shown);
        if (cases[i].octets != NULL) {
            assert_memory_equal(bytes, cases[i].octets, writer_length(&w));
        }
    }
    static const char *const bad[] = {
        "u8:256", "u8:",    "i8:-129",  "900",    "hex:ABC", "[u8:1",  "u8:1]",
        "{u8:1]", "bool:2", "time:now", "bits:2", "",        "obis:x", "[[[[[[[[[u8:1]]]]]]]]]",
        "float:x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t bytes[200];
        struct writer w = writer_over(bytes, sizeof bytes);
        if (dlms_data_parse(bad[i], &w) == NULL) {
            printf("'%s' was taken\n", bad[i]);
            fail();
        }
    }
}

static void times_with_wildcards_are_shown(void **state)
{
    (void)state;
    static const uint8_t last_sunday[] = {0x09, 12, 0xFF, 0xFF, 3,    0xFE, 7,
                                          2,    0,  0,    0xFF, 0x80, 0,    0};
    static const uint8_t invalid[] = {0x09, 12, 7, 0xEA, 1, 2, 0xFF, 3, 4, 5, 0xFF, 0x80, 0, 1};
    char text[64];
    assert_true(dlms_data_text(reader_over(last_sunday, sizeof last_sunday), text, sizeof text));
    assert_string_equal(text, "****-03-L 02:00:00");
    assert_true(dlms_data_text(reader_over(invalid, sizeof invalid), text, sizeof text));
    assert_string_equal(text, "2026-01-02 03:04:05 (not valid)");
}

static void malformed_data_is_told(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {2, 2, 0x11, 1, 0x11};
    char text[64];
    assert_false(dlms_data_text(reader_over(bytes, sizeof bytes), text, sizeof text));
    assert_null(dlms_data_json(reader_over(bytes, sizeof bytes)));
    /* longer than the room: cut, and said so */
    uint8_t longer[202] = {1, 100};
    for (size_t i = 0; i < 100; i++) {
        longer[2 + 2 * i] = 0x11;
    }
    assert_true(dlms_data_text(reader_over(longer, sizeof longer), text, sizeof text));
    assert_string_equal(text + strlen(text) - 3, "...");
}

static void data_becomes_json(void **state)
{
    (void)state;
    uint8_t bytes[200];
    struct writer w = writer_over(bytes, sizeof bytes);
    assert_null(dlms_data_parse("[{u8:1, text:a, [i8:-1]}, {bool:true, null, []}, u32:7]", &w));
    json_t *json = dlms_data_json(reader_over(bytes, writer_length(&w)));
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text, "[[1,\"a\",[-1]],[true,null,[]],7]");
    free(text);
    json_decref(json);
}

/* ---- traces ---- */

static void traces_tell_everything_but_secrets(void **state)
{
    (void)state;
    static const uint8_t password[] = "S3CRET_WORD";
    uint8_t apdu[256];
    char text[400];
    struct writer w = writer_over(apdu, sizeof apdu);
    const struct dlms_aarq aarq = {.context = DLMS_CONTEXT_LN,
                                   .has_mechanism = true,
                                   .mechanism = DLMS_MECHANISM_LLS,
                                   .user_id = -1,
                                   .secret = {password, 11}};
    dlms_aarq_write(&w, &aarq);
    dlms_apdu_text(apdu, writer_length(&w), text, sizeof text);
    assert_non_null(strstr(text, "mechanism low"));
    assert_null(strstr(text, "S3CRET"));
    /* a new password, a new key, in a request of their own */
    static const struct {
        struct dlms_descriptor d;
        bool method;
    } secrets[] = {
        {{.class_id = 15, .obis = {0, 0, 40, 0, 0, 255}, .member = 7}, false},
        {{.class_id = 15, .obis = {0, 0, 40, 0, 0, 255}, .member = 1}, true},
        {{.class_id = 15, .obis = {0, 0, 40, 0, 0, 255}, .member = 2}, true},
        {{.class_id = 64, .obis = {0, 0, 43, 0, 0, 255}, .member = 2}, true},
    };
    uint8_t data[16];
    struct writer d = writer_over(data, sizeof data);
    dlms_write_octets(&d, password, 11);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        const struct dlms_octets value = {data, writer_length(&d)};
        w = writer_over(apdu, sizeof apdu);
        if (secrets[i].method) {
            dlms_action_write(&w, 0xC1, &secrets[i].d, value);
        } else {
            dlms_set_write(&w, 0xC1, &secrets[i].d, value);
        }
        dlms_apdu_text(apdu, writer_length(&w), text, sizeof text);
        assert_non_null(strstr(text, "not shown"));
        assert_null(strstr(text, "S3CRET"));
    }
    w = writer_over(apdu, sizeof apdu);
    const struct dlms_descriptor open = {.class_id = 1, .obis = {0, 0, 42, 0, 0, 255}, .member = 2};
    dlms_set_write(&w, 0xC1, &open, (struct dlms_octets){data, writer_length(&d)});
    dlms_apdu_text(apdu, writer_length(&w), text, sizeof text);
    assert_string_equal(text, "SET 1 1/0-0:42.0.0.255:2 = S3CRET_WORD");
}

static void traces_stand_any_octets(void **state)
{
    (void)state;
    uint64_t seed = 0x1234567;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t apdu[64];
        char text[100];
        const size_t n = (size_t)(test_random(&seed) % (sizeof apdu + 1));
        for (size_t k = 0; k < n; k++) {
            apdu[k] = (uint8_t)test_random(&seed);
        }
        static const uint8_t tags[] = {0x60, 0x61, 0xC0, 0xC1, 0xC3, 0xC4, 0xC5, 0xC7,
                                       0xD8, 0xD9, 0xDA, 0x0F, 0xC2, 0x62, 0x0E, 0xE0};
        if (n > 2) {
            apdu[0] = tags[i % 16];
            apdu[1] = (uint8_t)(apdu[1] % 7);
        }
        dlms_apdu_text(apdu, n, text, sizeof text);
        assert_true(strlen(text) < sizeof text);
    }
}

static void every_error_has_words(void **state)
{
    (void)state;
    struct dlms_client client;
    memset(&client, 0, sizeof client);
    client.failure =
        (struct dlms_failure){.result = 4, .diagnostic = 13, .service = 6, .counter = 99};
    for (int err = DLMS_CLIENT_ERR_STOPPED; err < 0; err++) {
        char text[300] = "";
        dlms_explain(&client, err, text, sizeof text);
        assert_true(strlen(text) > 5);
        assert_null(strstr(text, "unknown error"));
    }
    char text[300];
    dlms_explain(&client, DLMS_CLIENT_ERR_RESULT, text, sizeof text);
    assert_string_equal(text, "refused: object-undefined (4)");
    dlms_explain(&client, DLMS_CLIENT_ERR_EXCEPTION, text, sizeof text);
    assert_non_null(strstr(text, "at least 99"));
    dlms_class_name(7, text, sizeof text);
    assert_string_equal(text, "Profile");
    dlms_class_name(8000, text, sizeof text);
    assert_string_equal(text, "class 8000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_say_what_is_spoken),
        cmocka_unit_test(bad_addresses_say_what_was_expected),
        cmocka_unit_test(codes_come_in_many_forms),
        cmocka_unit_test(codes_of_any_meter_have_names),
        cmocka_unit_test(units_are_those_of_meters),
        cmocka_unit_test(parsed_data_reads_as_it_was_written),
        cmocka_unit_test(times_with_wildcards_are_shown),
        cmocka_unit_test(malformed_data_is_told),
        cmocka_unit_test(data_becomes_json),
        cmocka_unit_test(traces_tell_everything_but_secrets),
        cmocka_unit_test(traces_stand_any_octets),
        cmocka_unit_test(every_error_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
