/* The loggers: columns, entries to the byte, ranges, the 382M's numbering and the Blue Book's. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/meter/meter_log.h"
#include "app/quality/quality_record.h"
#include "cosem_client.h"

#define LOAD        "1.1.99.1.0.255"
#define HOUSE_LOAD  "1.0.99.1.0.255"
#define DAY         INT64_C(86400)
#define QUARTER     INT64_C(900)
#define FRIDAY_0000 INT64_C(1382652000) /* 2013-10-25 00:00 local summer time */

static struct cosem_client client;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* n quarters of an hour from Friday 00:15 on, each with another A+. */
static struct meter *recorded(unsigned n)
{
    struct meter *meter = toy_meter("382M", 0);
    puppet_profile.n_records = 0;
    puppet_profile.n_deleted = 0;
    for (unsigned i = 0; i < n; i++) {
        puppet_profile.record[puppet_profile.n_records++] =
            (struct legal_profile_record){.id = i + 1u,
                                          .utc_s = FRIDAY_0000 + (i + 1u) * QUARTER,
                                          .quality = i == 0 ? 0x500 : 0,
                                          .energy_wh = {3000 + i * 1000, 0, 999, 1000}};
    }
    return meter;
}

static unsigned count_in(void)
{
    struct dlms_value value;
    struct reader r = reader_over(client.bytes, client.n_bytes);
    assert_int_equal(dlms_data_read(&r, &value), DLMS_OK);
    assert_int_equal(value.type, DLMS_ARRAY);
    assert_int_equal(client.pieces, value.count + 1u);
    return value.count;
}

/* The traced request: two ends of a day, all columns. */
static const char *const traced_range =
    "02 04 02 04 12 00 08 09 06 00 01 01 00 00 FF 0F 02 12 00 00"
    "09 0C 07 DD 0A 19 FF 00 00 00 00 80 00 80 09 0C 07 DD 0A 1A FF 00 00 00 00 80 00 80 01 00";

static enum dlms_result by_hex(uint8_t selector, const char *obis, const char *hex)
{
    uint8_t parameter[256];
    const size_t n = client_hex(hex, parameter, sizeof parameter);
    return client_select(&client, 7, obis, 2, selector, parameter, n);
}

/* REQ(LPR-01, AMI-02): the entry of the printed trace, but for the scaler of the energies: there
 * they stood in 10 Wh (0F 01), this meter counts kWh (0F 03). */
static void test_traced_entry(void **state)
{
    (void)state;
    client_open(&client, recorded(1), COSEM_CLIENT_MODULE);
    client_expect(&client, 7, LOAD, 2,
                  "01 01 02 08 09 0C 07 DD 0A 19 05 00 0F 00 FF 80 00 80 12 00 00 06 00 00 05 00"
                  "0F 03 06 00 00 00 03 06 00 00 00 00 06 00 00 00 00 06 00 00 00 01");
    assert_int_equal(client.n_bytes, 2 + 46);
}

/* REQ(LPR-02): the traced range of a day: both ends belong to it */
static void test_traced_range(void **state)
{
    (void)state;
    client_open(&client, recorded(200), COSEM_CLIENT_MODULE);
    assert_int_equal(by_hex(1, LOAD, traced_range), DLMS_RESULT_SUCCESS);
    assert_int_equal(count_in(), 96); /* 00:15 .. 24:00; there is none at 00:00 */
    assert_int_equal(client.n_bytes, 2 + 96 * 46);
    /* ends the other way round; a range before all; after all */
    assert_int_equal(by_hex(1, LOAD,
                            "02 04 02 04 120008 0906 0001010000FF 0F02 120000"
                            "090C 07DD0A1AFF00000000800080 090C 07DD0A19FF00000000800080"
                            "0100"),
                     0);
    assert_int_equal(count_in(), 0);
    assert_int_equal(by_hex(1, LOAD,
                            "02 04 02 04 120008 0906 0001010000FF 0F02 120000"
                            "090C 07DC0A19FF00000000800080 090C 07DC0A1AFF00000000800080"
                            "0100"),
                     0);
    assert_int_equal(count_in(), 0);
    /* wildcards: the whole day; no end */
    assert_int_equal(by_hex(1, LOAD,
                            "02 04 02 04 120008 0906 0001010000FF 0F02 120000"
                            "090C 07DD0A19FFFFFFFFFF800080 090C 07DD0A19FFFFFFFFFF800080"
                            "0100"),
                     0);
    assert_int_equal(count_in(), 95);
    assert_int_equal(by_hex(1, LOAD,
                            "02 04 02 04 120008 0906 0001010000FF 0F02 120000"
                            "090C 07DD0A1AFF00000000800080 00 0100"),
                     0);
    assert_int_equal(count_in(), 105);
}

/* Two named columns; one that is not there; another restricting object; no range at all. */
static void test_range_of_columns(void **state)
{
    (void)state;
    client_open(&client, recorded(3), COSEM_CLIENT_MODULE);
    const char *const head = "02 04 02 04 120008 0906 0001010000FF 0F02 120000 00 00 ";
    char text[256];
    (void)snprintf(text, sizeof text,
                   "%s 01 02 02 04 120008 0906 0001010000FF 0F02 120000"
                   "02 04 120003 0906 0101010800FF 0F02 120000",
                   head);
    assert_int_equal(by_hex(1, LOAD, text), 0);
    assert_int_equal(count_in(), 3);
    assert_int_equal(client.n_bytes, 2 + 3 * (2 + 14 + 5));
    (void)snprintf(text, sizeof text, "%s 01 01 02 04 120003 0906 0101090800FF 0F02 120000", head);
    assert_int_equal(by_hex(1, LOAD, text), DLMS_RESULT_OTHER);
    assert_int_equal(by_hex(1, LOAD,
                            "02 04 02 04 120003 0906 0101010800FF 0F02 120000"
                            "00 00 0100"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(by_hex(1, LOAD, "06 00000001"), DLMS_RESULT_TYPE);
    assert_int_equal(by_hex(1, LOAD,
                            "02 04 02 04 120008 0906 0001010000FF 0F02 120000"
                            "06 00000001 00 0100"),
                     DLMS_RESULT_TYPE);
    assert_int_equal(by_hex(3, LOAD, "06 00000001"), DLMS_RESULT_OTHER);
    /* the client of the household list asks by its own clock */
    client_open(&client, recorded(3), COSEM_CLIENT_MANAGEMENT);
    (void)snprintf(text, sizeof text, "%s 01 00", head);
    assert_int_equal(by_hex(1, HOUSE_LOAD, text), DLMS_RESULT_OTHER);
    assert_int_equal(by_hex(1, HOUSE_LOAD,
                            "02 04 02 04 120008 0906 0000010000FF 0F02 120000"
                            "00 00 0100"),
                     0);
    assert_int_equal(count_in(), 3);
}

static enum dlms_result by_entries(const char *obis, unsigned from, unsigned to,
                                   unsigned from_column, unsigned to_column)
{
    char text[64];
    (void)snprintf(text, sizeof text, "02 04 06 %08X 06 %08X 12 %04X 12 %04X", from, to,
                   from_column, to_column);
    return by_hex(2, obis, text);
}

/* A+ of the answer's rows, which have `width` octets, of which it takes the last four of its own.
 */
static void expect_rows(unsigned row_octets, unsigned at, const char *wanted)
{
    const unsigned n = count_in();
    char got[128] = "";
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *bytes = client.bytes + 2 + i * row_octets + at;
        assert_int_equal(bytes[-1], DLMS_UINT32);
        const unsigned kwh = (unsigned)bytes[2] << 8 | bytes[3];
        (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%u", i > 0 ? " " : "", kwh);
    }
    assert_string_equal(got, wanted);
}

/* REQ(LPR-02): the 382M counts from the newest, 0, and answers from `from` to `to` (spec
 * cosem-objects 3.3, all its rows) */
static void test_numbering_of_382m(void **state)
{
    (void)state;
    static const struct {
        unsigned from, to;
        const char *rows;
    } cases[] = {
        {1, 3, "6 5 4"},
        {1, 0, "6 7"},
        {0, 4, "7 6 5 4 3"},
        {4, 0, "3 4 5 6 7"},
        {0, 0, "7"},
        {4, 4, "3"},
        {2, 9, "5 4 3"},
        {9, 2, "3 4 5"},
        {5, 9, ""},
        {9, 5, ""},
        {0, UINT32_MAX, "7 6 5 4 3"},
    };
    client_open(&client, recorded(5), COSEM_CLIENT_OPTICAL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(by_entries(LOAD, cases[i].from, cases[i].to, 1, 0), 0);
        expect_rows(46, 27, cases[i].rows);
    }
    /* columns 2 to 4 */
    assert_int_equal(by_entries(LOAD, 1, 3, 2, 4), 0);
    assert_int_equal(client.n_bytes, 2 + 3 * (2 + 3 + 5 + 2));
    assert_int_equal(by_entries(LOAD, 0, 0, 5, 5), 0);
    expect_rows(7, 3, "7");
    assert_int_equal(by_entries(LOAD, 0, 0, 9, 0), DLMS_RESULT_OTHER);
    client_open(&client, recorded(0), COSEM_CLIENT_OPTICAL);
    assert_int_equal(by_entries(LOAD, 0, 9, 1, 0), 0);
    assert_int_equal(count_in(), 0);
}

/* Management counts from the oldest, 1; 0 is the last. */
static void test_numbering_of_the_blue_book(void **state)
{
    (void)state;
    static const struct {
        unsigned from, to;
        const char *rows;
    } cases[] = {{1, 2, "3 4"}, {1, 0, "3 4 5 6 7"}, {4, 0, "6 7"}, {5, 5, "7"},
                 {6, 9, ""},    {4, 99, "6 7"},      {3, 2, ""},    {0, 0, "3 4 5 6 7"}};
    client_open(&client, recorded(5), COSEM_CLIENT_MANAGEMENT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(by_entries(HOUSE_LOAD, cases[i].from, cases[i].to, 1, 0), 0);
        expect_rows(38, 19, cases[i].rows);
        assert_int_equal(by_entries(LOAD, cases[i].from, cases[i].to, 1, 0), 0);
        expect_rows(46, 27, cases[i].rows);
    }
    /* stamp with its deviation, one octet of status: power down in the first, summer time */
    assert_int_equal(by_entries(HOUSE_LOAD, 1, 1, 1, 2), 0);
    const uint8_t wanted[] = {1, 1, 2,  2, 9,    12,   7,    0xDD, 10,   25,
                              5, 0, 15, 0, 0xFF, 0xFF, 0x88, 0x80, 0x11, 0x88};
    assert_int_equal(client.n_bytes, sizeof wanted);
    assert_memory_equal(client.bytes, wanted, sizeof wanted);
}

/* The household's status octet, of what has been noted in the interval under way. */
static void test_status_of_the_interval(void **state)
{
    (void)state;
    struct meter *meter = recorded(0);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 1, "0.0.96.10.1.255", 2, "11 08"); /* summer time */
    meter->load_profile.quality = LOAD_PROFILE_OUTAGE | LOAD_PROFILE_CLOCK_15_S;
    client_expect(&client, 1, "0.0.96.10.1.255", 2, "11 A8");
    client_expect(&client, 1, "0.0.96.10.2.255", 2, "11 08");
    meter->clock.valid = false;
    client_expect(&client, 1, "0.0.96.10.2.255", 2, "11 0A");
}

/* Entries that come while an answer goes out change nothing in it, and lost ones keep their place.
 */
static void test_an_answer_stands_still(void **state)
{
    (void)state;
    struct meter *meter = recorded(4);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    uint8_t bytes[512];
    struct dlms_get get = {client_find(&client, 7, LOAD), 2, 0, reader_over(bytes, 0), {0}};
    unsigned rows = 0;
    enum dlms_result result = DLMS_RESULT_MORE;
    while (result == DLMS_RESULT_MORE) {
        struct writer w = writer_over(bytes, sizeof bytes);
        result = client.model.get(meter, &client.session, &get, &w);
        if (rows > 0) {
            const uint32_t kwh = bytes[30];
            assert_int_equal(kwh, rows <= 2 ? 0 : 2 + rows);
        } else {
            assert_int_equal(bytes[1], 4);
        }
        puppet_profile.record[puppet_profile.n_records].id = puppet_profile.n_records + 1u;
        puppet_profile.n_records++;
        puppet_profile.n_deleted = 2; /* the two oldest are gone before they are sent */
        rows++;
    }
    assert_int_equal(result, DLMS_RESULT_SUCCESS);
    assert_int_equal(rows, 5);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    puppet_profile.record[2].utc_s = 0;
    puppet_profile.n_records = 3;
}

static void test_attributes(void **state)
{
    (void)state;
    client_open(&client, recorded(5), COSEM_CLIENT_OPTICAL);
    client_expect(&client, 7, LOAD, 3,
                  "01 08 02 04 12 0008 09 06 0001010000FF 0F 02 12 0000"
                  "02 04 12 0007 09 06 0101630100FF 0F FF 12 0000"
                  "02 04 12 0007 09 06 0101630100FF 0F FE 12 0000"
                  "02 04 12 0001 09 06 0101860001FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0101010800FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0101020800FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0101030800FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0101040800FF 0F 02 12 0000");
    client_expect(&client, 7, LOAD, 4, "06 00000384");
    client_expect(&client, 7, LOAD, 5, "16 01");
    client_expect(&client, 7, LOAD, 6, "02 04 12 0008 09 06 0001010000FF 0F 02 12 0000");
    client_expect(&client, 7, LOAD, 7, "06 00000005");
    client_expect(&client, 7, LOAD, -1, "12 0000");
    client_expect(&client, 7, LOAD, -2, "06 00000000");
    assert_int_equal(client_get(&client, 7, LOAD, -3), DLMS_RESULT_DENIED);
    assert_int_equal(client_get(&client, 7, "1.1.99.98.2.255", -1), DLMS_RESULT_DENIED);
    client_open(&client, recorded(5), COSEM_CLIENT_PUBLIC);
    assert_int_equal(client_get(&client, 7, LOAD, 2), DLMS_RESULT_UNDEFINED);
}

/* REQ(LPR-08): another capture period erases the load profile and is an event (5) */
static void test_capture_period(void **state)
{
    (void)state;
    struct meter *meter = recorded(5);
    client_open(&client, meter, COSEM_CLIENT_CONSUMER);
    assert_int_equal(client_set(&client, 7, LOAD, 4, "06 0000012C"), DLMS_RESULT_DENIED);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 7, LOAD, 4, "06 0000003C"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 7, LOAD, 4, "12 012C"), DLMS_RESULT_TYPE);
    client_expect(&client, 7, LOAD, 7, "06 00000005");
    assert_int_equal(client_set(&client, 7, LOAD, 4, "06 0000012C"), 0);
    client_expect(&client, 7, LOAD, 4, "06 0000012C");
    client_expect(&client, 7, LOAD, 7, "06 00000000");
    client_expect(&client, 7, "1.1.99.98.10.255", 2,
                  "01 01 02 02 09 0C 07E80614040E1E05FF800080 11 05");
    assert_int_equal(client_set(&client, 7, "1.1.99.1.1.255", 4, "06 00000708"), 0);
    client_expect(&client, 7, "1.1.99.1.1.255", 4, "06 00000708");
    assert_int_equal(client_set(&client, 7, "1.1.98.1.0.255", 4, "06 00000708"),
                     DLMS_RESULT_DENIED);
}

/* REQ(EVT-04, EVT-06): status log and clock log, with the columns of the list */
static void test_event_logs(void **state)
{
    (void)state;
    struct meter *meter = recorded(0);
    meter_input(meter, METER_INPUT_MAGNET, true, 0);
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    client_expect(&client, 7, "1.1.99.98.2.255", 3,
                  "01 02 02 04 12 0008 09 06 0001010000FF 0F 02 12 0000"
                  "02 04 12 0001 09 06 0101616100FF 0F 02 12 0000");
    client_expect(&client, 7, "1.1.99.98.2.255", 2,
                  "01 01 02 02 09 0C 07E80614040E1E05FF800080 11 04");
    client_expect(&client, 7, "1.1.99.98.2.255", 8, "06 000000C8");
    assert_int_equal(client_set(&client, 8, "0.1.1.0.0.255", 2, "090C 07E80C01FF0C0000FF800000"),
                     0);
    client_expect(&client, 7, "1.1.99.98.3.255", 3,
                  "01 03 02 04 12 0008 09 06 0001010000FF 0F 02 12 0000"
                  "02 04 12 0008 09 06 0001010001FF 0F 02 12 0000"
                  "02 04 12 0001 09 06 0001600A03FF 0F 02 12 0000");
    client_expect(&client, 7, "1.1.99.98.3.255", 2,
                  "01 01 02 03 09 0C 07E80C01070C0000FF800000"
                  "09 0C 07E80614040E1E05FF800080 11 01");
    client_expect(&client, 7, "1.1.99.98.12.255", 2, "01 00");
}

/* REQ(EVT-05): an undervoltage and a swell in the voltage quality log */
static void test_voltage_log(void **state)
{
    (void)state;
    struct meter *meter = recorded(0);
    uint8_t payload[QUALITY_RECORD_BYTES];
    struct quality_record record = {QUALITY_UNDERVOLTAGE, QUALITY_BEGIN, 2, 0, 0, 205600};
    (void)quality_record_encode(&record, INT64_C(1718886605000000), payload);
    meter_log(meter, EVENT_LOG_VOLTAGE, quality_record_code(&record), payload, sizeof payload);
    record = (struct quality_record){QUALITY_SWELL, QUALITY_WHOLE, 7, 0, 20, 262000};
    (void)quality_record_encode(&record, INT64_C(1718886605000000), payload);
    meter_log(meter, EVENT_LOG_VOLTAGE, quality_record_code(&record), payload, sizeof payload);
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    client_expect(&client, 7, "1.1.99.98.4.255", 2,
                  "01 02 02 06 09 0C 07E80614040E1E05FF800080 11 02 11 06 12 0000 12 0000 12 00CE"
                  "02 06 09 0C 07E80614040E1E05FF800080 11 00 11 03 12 0000 12 0106 12 0000");
}

static void expect_columns(const char *obis, unsigned n)
{
    assert_int_equal(client_get(&client, 7, obis, 3), DLMS_RESULT_SUCCESS);
    assert_int_equal(count_in(), n);
    assert_int_equal(client_get(&client, 7, obis, 2), DLMS_RESULT_SUCCESS);
}

/* REQ(BIL-02): both debiting logs, all columns of the list */
static void test_debiting_logs(void **state)
{
    (void)state;
    struct meter *meter = recorded(0);
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        puppet.energy_uwh[e] = (100 + e) * KWH;
    }
    for (unsigned t = 0; t < 4; t++) {
        puppet.tariff_uwh[t][LEGAL_A_PLUS] = (10 + t) * KWH;
        puppet.tariff_uwh[t][LEGAL_R_PLUS] = (20 + t) * KWH;
    }
    puppet.operating_s = 36000;
    meter->demand.peak[LEGAL_A_PLUS] = (struct demand_peak){5000000, INT64_C(1718880300)};
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 1, "1.1.0.1.5.128", 2, "11 01"), 0);
    expect_columns("1.1.98.1.0.255", 4 + 23);
    static const char *const row =
        "01 01 02 1B 09 0C 07E80614040E1E05FF800080 12 0000 06 00000000 0F 03"
        "06 0000000A 11 01 11 00 06 00000000 06 00000064 06 00000065 06 00000066 06 00000067"
        "06 0000000A 06 0000000B 06 0000000C 06 0000000D"
        "06 00000014 06 00000015 06 00000016 06 00000017"
        "06 00001388 09 0C 07E80614040C2D00FF800080 06 00001388"
        "06 00000000 09 0C FFFFFFFFFFFFFFFFFF8000FF 06 00000000 09 0C FFFFFFFFFFFFFFFFFF8000FF";
    client_expect(&client, 7, "1.1.98.1.0.255", 2, row);
    expect_columns("1.1.98.2.0.255", 4 + 21);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    expect_columns("0.0.98.1.0.255", 1 + 23);
    assert_int_equal(count_in(), 1);
}

/* REQ(ANA-01): the analysis logger's values under the names of their objects */
static void test_analysis_logger(void **state)
{
    (void)state;
    struct meter *meter = recorded(0);
    struct analysis_setup setup_wanted = meter->analysis.stored.setup;
    setup_wanted.on = true;
    setup_wanted.n_values = 3;
    memset(setup_wanted.value, 0, sizeof setup_wanted.value);
    setup_wanted.value[0] = 1023; /* P+ */
    setup_wanted.value[1] = 1215; /* mean voltage L1 */
    setup_wanted.value[2] = 1079; /* temperature: the 382M has no object for it */
    assert_int_equal(meter_analysis_take(meter, &setup_wanted), ANALYSIS_TAKEN);
    for (int64_t t = 0; t < 2000; t += 100) {
        (void)meter_step(meter, t * SECOND);
    }
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    client_expect(&client, 7, "1.1.99.1.1.255", 3,
                  "01 07 02 04 12 0008 09 06 0001010000FF 0F 02 12 0000"
                  "02 04 12 0007 09 06 0101630101FF 0F FF 12 0000"
                  "02 04 12 0007 09 06 0101630101FF 0F FE 12 0000"
                  "02 04 12 0001 09 06 0101860001FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0101010700FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0101201900FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0101600900FF 0F 02 12 0000");
    assert_int_equal(client_get(&client, 7, "1.1.99.1.1.255", 2), DLMS_RESULT_SUCCESS);
    assert_true(count_in() >= 2);
}

/* A page of a log that went bad: its entry keeps its place, with nothing in it. */
static void test_lost_entry(void **state)
{
    (void)state;
    struct meter *meter = recorded(0);
    for (unsigned i = 0; i < 3; i++) {
        meter_log(meter, EVENT_LOG_LOAD_PROFILE, METER_PROFILE_INTERVAL, "\x0F", 1);
    }
    const struct event_log_row *row = event_log_row(EVENT_LOG_LOAD_PROFILE);
    toy.memory[(row->first_page + 2u) * 256u + 10u] ^= 0x55u;
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    client_expect(&client, 7, "1.1.99.98.10.255", 2,
                  "01 03 02 02 09 0C 07E80614040E1E05FF800080 11 05"
                  "02 02 09 0C FFFFFFFFFFFFFFFFFF8000FF 11 00"
                  "02 02 09 0C 07E80614040E1E05FF800080 11 05");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_traced_entry, setup),
        cmocka_unit_test_setup(test_traced_range, setup),
        cmocka_unit_test_setup(test_range_of_columns, setup),
        cmocka_unit_test_setup(test_numbering_of_382m, setup),
        cmocka_unit_test_setup(test_numbering_of_the_blue_book, setup),
        cmocka_unit_test_setup(test_status_of_the_interval, setup),
        cmocka_unit_test_setup(test_an_answer_stands_still, setup),
        cmocka_unit_test_setup(test_attributes, setup),
        cmocka_unit_test_setup(test_capture_period, setup),
        cmocka_unit_test_setup(test_event_logs, setup),
        cmocka_unit_test_setup(test_voltage_log, setup),
        cmocka_unit_test_setup(test_debiting_logs, setup),
        cmocka_unit_test_setup(test_analysis_logger, setup),
        cmocka_unit_test_setup(test_lost_entry, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
