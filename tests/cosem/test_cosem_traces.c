/* The printed frames of the 382M family, octet by octet (spec cosem-objects chapter 8): the line,
 * the server and the meter's objects together.  Those marked there as computed are here too. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "cosem_client.h"
#include "proto/common/crc.h"
#include "proto/dlms/dlms_server.h"
#include "proto/dlms/hdlc_server.h"

#define INFO_TO_CLIENT 512u
#define INFO_TO_METER  128u

/* One connection: HDLC over the server over the meter. */
static struct {
    struct meter *meter;
    enum cosem_port port;
    struct hdlc_server hdlc;
    struct dlms_server server;
    struct dlms_model model;
    struct dlms_association associations[COSEM_ASSOCIATIONS];
    struct dlms_server_config config;
    uint8_t frame[INFO_TO_METER + HDLC_OVERHEAD], request[512], kept[256];
    uint8_t answer[INFO_TO_CLIENT - HDLC_LLC_BYTES];
} line;

static bool line_connect(void *context, uint16_t client, uint16_t server)
{
    (void)context;
    if (!dlms_server_offers(&line.config, client, server)) {
        return false;
    }
    dlms_server_init(&line.server, &line.config);
    dlms_server_connect(&line.server, client, server);
    return true;
}

static void line_release(void *context)
{
    (void)context;
    dlms_server_disconnect(&line.server);
}

static size_t line_request(void *context, uint8_t *apdu, size_t n_apdu, uint8_t *answer,
                           size_t capacity)
{
    (void)context;
    return dlms_server_apdu(&line.server, apdu, n_apdu, answer, capacity);
}

static const struct hdlc_upper upper = {
    .connect = line_connect, .release = line_release, .request = line_request};

static void line_open(struct meter *meter, enum cosem_port port)
{
    static const struct hdlc_server_settings settings = {
        .own = {INFO_TO_CLIENT, INFO_TO_METER, 1, 1},
        .physical = 32,
        .inactivity_s = 20,
        .inter_octet_ms = 500};
    const struct hdlc_server_memory memory = {line.frame,   sizeof line.frame,
                                              line.request, sizeof line.request,
                                              line.answer,  sizeof line.answer};
    memset(&line, 0, sizeof line);
    line.meter = meter;
    line.port = port;
    cosem_model(meter, &line.model);
    line.config = (struct dlms_server_config){
        .model = &line.model,
        .associations = line.associations,
        .n_associations = cosem_associations(meter, port, false, line.associations),
        .kept = line.kept,
        .kept_capacity = sizeof line.kept,
        .answers_all = true};
    hdlc_server_init(&line.hdlc, &settings, &memory);
}

/* Send octets; *n_answer octets came back. */
static const uint8_t *line_send(const uint8_t *bytes, size_t n_bytes, size_t *n_answer)
{
    static uint8_t out[2048];
    struct reader in = reader_over(bytes, n_bytes);
    struct writer w = writer_over(out, sizeof out);
    hdlc_server_receive(&line.hdlc, &upper, &in, 0, &w);
    assert_false(w.failed);
    *n_answer = writer_length(&w);
    return out;
}

static void expect_frame(const char *request, const char *answer)
{
    uint8_t bytes[512], wanted[1024];
    size_t n_answer = 0;
    const size_t n = client_hex(request, bytes, sizeof bytes);
    const size_t n_wanted = client_hex(answer, wanted, sizeof wanted);
    const uint8_t *got = line_send(bytes, n, &n_answer);
    if (n_answer != n_wanted || memcmp(got, wanted, n_wanted) != 0) {
        fprintf(stderr, "asked   %s\nwanted  %s\ngot     ", request, answer);
        for (size_t i = 0; i < n_answer; i++) {
            fprintf(stderr, "%02X ", got[i]);
        }
        fprintf(stderr, "\n");
        fail();
    }
}

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

#define PARAMETERS "81 80 14 05 02 02 00 06 02 02 00 07 04 00 00 00 01 08 04 00 00 00 01"

/* REQ(OPT-03, AMI-02): the public client from SNRM to DISC */
static void test_public(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    memcpy(meter->meter_number[0], "12345679", 9);
    line_open(meter, COSEM_PORT_OPTICAL);
    expect_frame("7E A0 20 03 21 93 7D D9 " PARAMETERS " 6F EF 7E",
                 "7E A0 20 21 03 73 73 98 81 80 14 05 02 02 00 06 02 00 80 07 04 00 00 00 01 08 04 "
                 "00 00 00 01 19 D4 7E");
    expect_frame("7E A0 2B 03 21 10 FB AF E6 E6 00 60 1D A1 09 06 07 60 85 74 05 08 01 01 BE 10 04 "
                 "0E 01 00 00 00 06 5F 1F 04 00 00 18 1D FF FF 5F AF 7E",
                 "7E A0 37 21 03 30 6C 7C E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 02 "
                 "01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 10 10 00 7D 00 07 "
                 "7D EE 7E");
    expect_frame("7E A0 19 03 21 32 6F D8 E6 E6 00 C0 01 81 00 01 01 01 00 00 01 FF 02 00 A8 E3 7E",
                 "7E A0 15 21 03 52 5D 8A E6 E7 00 C4 01 81 00 06 00 BC 61 4F E4 36 7E");
    expect_frame("7E A0 07 03 21 53 03 C7 7E", "7E A0 07 21 03 73 01 40 7E");
}

/* The check sequence behind n octets, low octet first. */
static void check_put(uint8_t *bytes, size_t n)
{
    const uint16_t check = crc16_x25(bytes, n);
    bytes[n] = (uint8_t)check;
    bytes[n + 1] = (uint8_t)(check >> 8);
}

/* REQ(SEC-05): the module's password; the eye does not answer its client */
static void test_module(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    line_open(meter, COSEM_PORT_MODULE);
    uint8_t snrm[64];
    size_t n_answer = 0;
    (void)client_hex("7E A0 20 21 25 93 1D 0D " PARAMETERS " 6F EF 7E", snrm, sizeof snrm);
    check_put(snrm + 1, 5); /* the trace does not print this frame */
    const uint8_t *ua = line_send(snrm, 34, &n_answer);
    assert_true(n_answer > 6 && ua[5] == 0x73);
    expect_frame("7E A0 41 21 25 10 52 3B E6 E6 00 60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 07 "
                 "80 8B 07 60 85 74 05 08 02 01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 00 00 "
                 "06 5F 1F 04 00 00 FE 1F FF FF 0C FF 7E",
                 "7E A0 37 25 21 30 8E 0F E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 02 "
                 "01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 10 1C 00 7D 00 07 "
                 "4D 99 7E");
    line_open(meter, COSEM_PORT_OPTICAL);
    const uint8_t *refused = line_send(snrm, 34, &n_answer);
    assert_true(n_answer == 9 && refused[5] == 0x1F); /* DM */
}

/* With ACTION granted; SET of the billing stop; a breaker that has no object; DM in NDM. */
static void test_optical(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    meter->settings.own[settings_row(setting_by_id(SETTING_DLMS_ACTION))].number = 1;
    line_open(meter, COSEM_PORT_OPTICAL);
    uint8_t disc[] = {0x7E, 0xA0, 0x07, 0x21, 0x27, 0x53, 0, 0, 0x7E}, dm[9];
    size_t n_answer = 0;
    check_put(disc + 1, 5);
    (void)client_hex("7E A0 07 27 21 1F 31 2F 7E", dm, sizeof dm);
    const uint8_t *answer = line_send(disc, sizeof disc, &n_answer);
    assert_int_equal(n_answer, sizeof dm);
    assert_memory_equal(answer, dm, sizeof dm);
    uint8_t snrm[64];
    const size_t n_snrm = client_hex("7E A0 20 21 27 93 2E 3B " PARAMETERS " 6F EF 7E", snrm, 64);
    answer = line_send(snrm, n_snrm, &n_answer);
    assert_int_equal(n_answer, 34);
    assert_int_equal(answer[5], 0x73); /* UA */
    expect_frame("7E A0 41 21 27 10 E2 08 E6 E6 00 60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 07 "
                 "80 8B 07 60 85 74 05 08 02 01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 00 00 "
                 "06 5F 1F 04 00 00 FE 1F FF FF 0C FF 7E",
                 "7E A0 37 27 21 30 36 BA E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 02 "
                 "01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 10 1D 00 7D 00 07 "
                 "09 92 7E");
    expect_frame("7E A0 1B 21 27 32 4A 03 E6 E6 00 C1 01 81 00 01 01 01 00 01 05 80 02 00 11 01 71 "
                 "9E 7E",
                 "7E A0 10 27 21 52 50 22 E6 E7 00 C5 01 81 00 36 CF 7E");
    assert_int_equal(meter->demand.debiting_count, 1);
}

/* 96 quarters of an hour in blocks of whole entries, as they were traced: 10 in the first, 462
 * octets; the count is what is sent. */
static void test_long_answer(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    for (unsigned i = 0; i < 62; i++) {
        puppet_profile.record[puppet_profile.n_records++] = (struct legal_profile_record){
            .id = i + 1u, .utc_s = INT64_C(1382652000) + (i + 1) * 900, .energy_wh = {i * 1000}};
    }
    line_open(meter, COSEM_PORT_MODULE);
    assert_true(line_connect(NULL, 18, 16));
    uint8_t aarq[64], get[128], answer[INFO_TO_CLIENT - HDLC_LLC_BYTES];
    const size_t n_aarq =
        client_hex("60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 07 80 8B 07 60 85 "
                   "74 05 08 02 01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 "
                   "00 00 06 5F 1F 04 00 00 FE 1F FF FF",
                   aarq, sizeof aarq);
    assert_true(dlms_server_apdu(&line.server, aarq, n_aarq, answer, sizeof answer) > 0);
    const size_t n_get = client_hex(
        "C0 01 81 00 07 01 01 63 01 00 FF 02 01 01 02 04 02 04 12 00 08 09 06 00 01 01 00 00 FF 0F "
        "02 12 00 00 09 0C 07 DD 0A 19 FF 00 00 00 00 80 00 80 09 0C 07 DD 0A 1A FF 00 00 00 00 80 "
        "00 80 01 00",
        get, sizeof get);
    size_t n = dlms_server_apdu(&line.server, get, n_get, answer, sizeof answer);
    static const uint8_t first[] = {0xC4, 2, 0x81, 0, 0, 0, 0, 1, 0, 0x82, 0x01, 0xCE, 0x01, 62};
    assert_int_equal(n, 12 + 462);
    assert_memory_equal(answer, first, sizeof first);
    unsigned block = 1, rows = 10;
    while (answer[3] == 0) {
        uint8_t next[] = {0xC0, 2, 0x81, 0, 0, 0, (uint8_t)block};
        n = dlms_server_apdu(&line.server, next, sizeof next, answer, sizeof answer);
        block++;
        assert_true(n > 12 && answer[7] == block);
        assert_int_equal((n - 12) % 46, 0);
        assert_int_equal(answer[12], DLMS_STRUCTURE);
        rows += (unsigned)(n - 12) / 46u;
    }
    assert_int_equal(rows, 62);
    assert_int_equal(block, 7);
    static const uint8_t last[] = {0xC4, 2, 0x81, 1, 0, 0, 0, 7, 0, 0x82, 0x00, 0x5C};
    assert_memory_equal(answer, last, sizeof last); /* two entries, their length in two octets */
}

/* REQ(SEC-06): what is refused, with its code, over the whole server */
static void test_refusals(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"C0 01 81 0001 0101010800FF 02 00", "C4 01 81 01 09"}, /* a register, not data */
        {"C0 01 81 0003 0101010900FF 02 00", "C4 01 81 01 04"},
        {"C0 01 81 0003 0100010800FF 02 00", "C4 01 81 01 04"}, /* household name */
        {"C0 01 81 0001 010100010580 02 00", "C4 01 81 01 03"}, /* write only */
        {"C0 01 81 000F 0000280000FF 07 00", "C4 01 81 01 03"}, /* the secret */
        {"C0 01 81 0004 0101010600FF 04 00", "C4 01 81 01 03"}, /* status */
        {"C0 01 81 0046 0000600A0AFF 02 00", "C4 01 81 01 04"}, /* no disconnect control */
        {"C0 01 81 0007 0101630100FF 02 01 03 0600000001", "C4 01 81 01 FA"},
        {"C1 01 81 0003 0101010800FF 02 00 0600000001", "C5 01 81 03"},
        {"C1 01 81 0001 0101000001FF 02 00 1200 01", "C5 01 81 0C"},
        {"C1 01 81 0001 0101600501FF 02 00 1109", "C5 01 81 FA"},
        {"C1 01 81 0003 0101010900FF 02 00 0600000001", "C5 01 81 04"},
        {"C1 01 81 0001 0101010800FF 02 00 0600000001", "C5 01 81 09"},
    };
    line_open(meter, COSEM_PORT_OPTICAL);
    assert_true(line_connect(NULL, 19, 16));
    uint8_t bytes[128], answer[256], wanted[64];
    size_t n =
        client_hex("60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 07 80 8B 07 60 85 74 05 08 02 "
                   "01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 00 00 06 5F 1F 04 00 00 FE "
                   "1F FF FF",
                   bytes, sizeof bytes);
    assert_true(dlms_server_apdu(&line.server, bytes, n, answer, sizeof answer) > 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        n = client_hex(rows[i].request, bytes, sizeof bytes);
        const size_t n_wanted = client_hex(rows[i].answer, wanted, sizeof wanted);
        const size_t got = dlms_server_apdu(&line.server, bytes, n, answer, sizeof answer);
        if (got != n_wanted || memcmp(answer, wanted, got) != 0) {
            fail_msg("%s: %02X %02X %02X %02X %02X", rows[i].request, answer[0], answer[1],
                     answer[2], answer[3], answer[4]);
        }
    }
}

static size_t log_in(uint16_t client, const char *password, uint8_t *answer, size_t capacity)
{
    uint8_t aarq[64];
    const size_t n =
        client_hex("60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 07 80 8B 07 60 85 74 05 "
                   "08 02 01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 00 00 06 5F 1F "
                   "04 00 00 FE 1F FF FF",
                   aarq, sizeof aarq);
    memcpy(aarq + 30, password, 5);
    assert_true(line_connect(NULL, client, 16));
    return dlms_server_apdu(&line.server, aarq, n, answer, capacity);
}

/* A wrong password: rejected-permanent, authentication-failure (13), and nothing is served. */
static void test_wrong_password(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    uint8_t answer[256], get[32];
    line_open(meter, COSEM_PORT_OPTICAL);
    const size_t n = log_in(19, "12346", answer, sizeof answer);
    static const uint8_t refusal[] = {0xA2, 3, 2, 1, 1, 0xA3, 5, 0xA1, 3, 2, 1, 13};
    bool found = false;
    for (size_t i = 0; i + sizeof refusal <= n; i++) {
        found = found || memcmp(answer + i, refusal, sizeof refusal) == 0;
    }
    assert_true(found);
    assert_int_equal(meter->rights.wrong, 1);
    const size_t n_get = client_hex("C0 01 81 0003 0101010800FF 02 00", get, sizeof get);
    const size_t got = dlms_server_apdu(&line.server, get, n_get, answer, sizeof answer);
    assert_true(got == 0 || answer[0] != DLMS_TAG_GET_RESPONSE);
    assert_true(log_in(19, "12345", answer, sizeof answer) > 0);
    assert_true(dlms_server_associated(&line.server));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_public, setup),
        cmocka_unit_test_setup(test_module, setup),
        cmocka_unit_test_setup(test_optical, setup),
        cmocka_unit_test_setup(test_long_answer, setup),
        cmocka_unit_test_setup(test_refusals, setup),
        cmocka_unit_test_setup(test_wrong_password, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
