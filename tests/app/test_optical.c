/* The optical port: KMP and IEC 62056-21 on one line, with the bytes of real meters and readers. */
#include <stdio.h>

#include "legal_puppet.h"

#include "optical_talk.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* A meter that has counted what the published samples show. */
static struct meter *sample_meter(const char *variant)
{
    struct meter *meter = toy_meter(variant, 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(6753324200000);
    puppet.instant.phase[0].voltage_mv = 229000;
    puppet.instant.phase[1].voltage_mv = 228000;
    puppet.instant.phase[2].voltage_mv = 230000;
    puppet.instant.phase[0].current_ma = 5410;
    puppet.instant.phase[1].current_ma = 160;
    puppet.instant.phase[2].current_ma = 2000;
    puppet.instant.active_plus_mw = 976000;
    for (unsigned i = 0; i < 3; i++) {
        puppet.instant.phase[i].voltage_present = true;
    }
    return meter;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    unsigned value;
    int used;
    while (sscanf(hex, "%2x%n", &value, &used) == 1) {
        out[n++] = (uint8_t)value;
        hex += used;
    }
    return n;
}

static void expect_answer(struct meter *meter, const char *question, const char *answer)
{
    uint8_t ask[64], expected[128], got[256];
    size_t n_ask = from_hex(question, ask), n_expected = from_hex(answer, expected);
    size_t n = say(meter, ask, n_ask, 0, got, sizeof got);
    assert_int_equal(n, n_expected);
    assert_memory_equal(got, expected, n);
}

/* REQ(X-KMP-1, X-KMP-2): questions and answers in public print, values of real samples */
static void test_kmp_samples(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382M");
    expect_answer(meter, "80 3F 10 01 00 01 55 A1 0D",
                  "40 3F 10 00 01 02 04 00 00 00 1A 61 51 4C 0D");
    expect_answer(meter, "80 3F 10 01 00 1B F2 94 2D 0D",
                  "40 3F 10 00 1B F2 02 04 44 04 1B F9 79 BA 84 AB 0D");
    expect_answer(
        meter, "80 3F 10 03 04 1E 04 1F 04 20 09 36 0D",
        "40 3F 10 04 1E 21 02 00 00 E5 04 1F 21 02 00 00 E4 04 20 21 02 00 00 E6 F4 71 0D");
    expect_answer(meter, "80 3F 10 03 04 34 04 35 04 36 74 DC 0D",
                  "40 3F 10 04 34 22 04 42 00 00 02 1D 04 35 22 04 42 00 00 00 10 04 36 22 04 42 "
                  "00 00 00 C8 2D 0B 0D");
    expect_answer(meter, "80 3F 10 02 03 FF 04 00 15 18 0D",
                  "40 3F 10 03 FF 16 04 43 00 00 03 D0 04 00 16 04 43 00 00 00 00 B0 3C 0D");
    expect_answer(meter, "80 3F 10 01 03 E9 7C D4 0D",
                  "40 3F 10 03 E9 33 04 00 00 BC 61 4E 79 B7 0D");
}

static size_t kmp_frame(const char *body_hex, uint8_t *frame)
{
    uint8_t body[64];
    size_t n = from_hex(body_hex, body);
    int length = kmp_frame_encode(KMP_TO_METER, body, n, frame, 128);
    assert_true(length > 0);
    return (size_t)length;
}

/* Question and answer as bodies, without framing. */
static void expect_body(struct meter *meter, const char *question, const char *answer)
{
    uint8_t frame[128], got[256], expected[64];
    size_t n = say(meter, frame, kmp_frame(question, frame), 0, got, sizeof got);
    size_t n_expected = from_hex(answer, expected);
    if (n_expected <= 1) { /* silence, or the bare acknowledgement */
        assert_int_equal(n, n_expected);
        assert_true(n == 0 || got[0] == expected[0]);
        return;
    }
    struct kmp_receiver receiver;
    kmp_receiver_init(&receiver, KMP_FROM_METER);
    for (size_t i = 0; i + 1 < n; i++) {
        assert_int_equal(kmp_receiver_byte(&receiver, got[i]), 0);
    }
    assert_true(n > 0);
    assert_int_equal(kmp_receiver_byte(&receiver, got[n - 1]), 1);
    assert_int_equal(receiver.length, n_expected);
    assert_memory_equal(receiver.body, expected, n_expected);
}

/* REQ(X-REG-4): every register that public readers poll on a 382 answers; two of them fail when
 * one is missing.
 */
static void test_polled_registers(void **state)
{
    (void)state;
    static const uint16_t polled[] = {1,    2,    13,   14,   1023, 1024, 39,   1054,
                                      1055, 1056, 1076, 1077, 1078, 1080, 1081, 1082,
                                      1344, 1345, 1346, 1001, 1002, 1003, 1047, 1004};
    static const char *const variants[] = {"382B", "382C",   "382D",   "382E",
                                           "382M", "382Lx7", "382LxB", "382MB"};
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        struct meter *meter = sample_meter(variants[v]);
        for (size_t i = 0; i < sizeof polled / sizeof polled[0]; i++) {
            struct kmp_value value;
            const struct register_def *def = register_by_kmp_id(polled[i]);
            assert_non_null(def);
            assert_true(register_read_kmp(meter, def, &value));
        }
    }
}

/* REQ(X-KMP-6): type codes; revision A 1 */
static void test_type(void **state)
{
    (void)state;
    expect_body(sample_meter("382M"), "3F 01", "3F 01 68 00 01 01");
    expect_body(sample_meter("382MB"), "3F 01", "3F 01 69 00 01 01");
    expect_body(sample_meter("382C"), "3F 01", "3F 01 53 00 01 01");
    expect_body(sample_meter("382LxG"), "3F 01", "3F 01 63 00 01 01");
}

/* SetClock takes local time; only real dates; only where a clock is fitted. */
static void test_set_clock(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382M");
    expect_body(meter, "3F 09 00 01 14 4A 00 02 77 15", "06");            /* 07-07-30 16:15:57 */
    assert_int_equal(clock_utc_s(&meter->clock, 0), INT64_C(1185804957)); /* 14:15:57 UTC */
    assert_int_equal(toy.rtc_utc_s, INT64_C(1185804957));
    assert_true(meter->clock.valid);
    expect_body(meter, "3F 09 00 01 14 4A 00 03 9A 80", ""); /* 23:61:60 */
    expect_body(meter, "3F 09 00 01 14 4C 00 02 77 15", ""); /* 07-07-32 */
    assert_int_equal(clock_utc_s(&meter->clock, 0), INT64_C(1185804957));
    expect_body(sample_meter("382Lx1"), "3F 09 00 01 14 4A 00 02 77 15", "");
}

/* Cut-off state of meters with and without breaker; event status */
static void test_states(void **state)
{
    (void)state;
    expect_body(sample_meter("382M"), "3F 98", "3F 98 00 1F");
    toys_reset();
    struct meter *meter = sample_meter("382MB");
    puppet.instant.phase[1].voltage_present = false;
    expect_body(meter, "3F 98", "3F 98 04 3D");       /* bit 5: the high limit is in force */
    expect_body(meter, "3F 9B", "3F 9B 00 08 00 00"); /* a phase is missing: word B */
    meter_input(meter, METER_INPUT_MAGNET, true, 0);
    meter_input(meter, METER_INPUT_COVER, true, 0);
    expect_body(meter, "3F 9B", "3F 9B 44 08 04 00"); /* word B, and two records of status */
    expect_body(meter, "3F 98 01", "");
    expect_body(meter, "3F 07", "");
    expect_body(meter, "3F 11 00 00 00 01 02 04 00 00 00 00 00", ""); /* REG-13: no way to write */
    expect_body(meter, "7F 01", "");
}

/* An event stays in the event status until a client clears it, over a loss of supply too; a cause
 * that still holds stays. */
static void test_events(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382M");
    meter_input(meter, METER_INPUT_MAGNET, true, 0);
    meter_input(meter, METER_INPUT_MAGNET, false, 0);
    assert_int_equal(meter_status(meter), 0);
    expect_body(meter, "3F 9B", "3F 9B 04 00 04 00");
    puppet.supply = LEGAL_SUPPLY_OFF; /* killed */
    meter = sample_meter("382M");
    expect_body(meter, "3F 9B", "3F 9B 05 00 04 00");                         /* and reset */
    expect_body(meter, "3F 9C FF FF FF FF 00 00 00 00", "3F 9B 05 00 04 00"); /* nothing was read */
    expect_body(meter, "3F 9C 00 00 00 00 04 FF FF FF", "3F 9B 01 00 00 00");
    expect_body(meter, "3F 9C 00 00 00 00 FF FF FF", "");
    expect_body(meter, "3F 9C", "");
    expect_body(meter, "3F 9C 00 00 00 00 01 00 00 00", "3F 9B 00 00 00 00");
    assert_int_equal(meter_status(meter), STATUS_RESET); /* the register is not the event */
    assert_int_equal(meter_store(meter), METER_OK);
    meter = sample_meter("382M");
    expect_body(meter, "3F 9B", "3F 9B 00 00 00 00");

    meter_input(meter, METER_INPUT_COVER, true, 0);
    expect_body(meter, "3F 9C 00 00 00 00 FF FF FF FF", "3F 9B 40 08 00 00");
    unsigned writes = toy.writes;
    for (unsigned i = 0; i < 10; i++) { /* still open; and no wear from asking */
        expect_body(meter, "3F 9C FF FF FF FF FF FF FF FF", "3F 9B 40 08 00 00");
    }
    assert_int_equal(toy.writes, writes);
    meter_input(meter, METER_INPUT_COVER, false, 0);
    expect_body(meter, "3F 9C 00 00 00 00 FF FF FF FF", "3F 9B 00 00 00 00");
}

/* REQ(X-KMP-3, X-KMP-4, X-EVT-4): records since the last read; a flag falls by condition only when
 * the newest record of its log has been sent; what was read is known after a loss of supply. */
static void test_read_and_clear(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382M");
    meter_input(meter, METER_INPUT_MAGNET, true, 0);
    meter_input(meter, METER_INPUT_MAGNET, false, 0);
    expect_body(meter, "3F A1 02 01 00 32 FF FF",
                "3F A1 02 01 00 01 00 32 33 02 00 00 04 00 02 00 00 00 02 00 02 10");
    expect_body(meter, "3F 9B", "3F 9B 04 00 04 00"); /* reading alone changes nothing */
    meter_input(meter, METER_INPUT_COVER, true, 0);
    meter_input(meter, METER_INPUT_COVER, false, 0);
    expect_body(meter, "3F 9C 00 00 04 00 00 00 00 00", "3F 9B 44 00 04 00"); /* two came since */
    expect_body(meter, "3F A1 02 01 00 32 01 FF",
                "3F A1 02 01 00 03 00 32 33 02 00 00 40 00 03 00 04 00");
    expect_body(meter, "3F 9C 00 00 04 00 00 00 00 00", "3F 9B 44 00 04 00"); /* one is left */
    puppet.supply = LEGAL_SUPPLY_OFF;
    assert_int_equal(meter_store(meter), METER_OK);
    meter = sample_meter("382M");
    expect_body(meter, "3F 9C 00 00 04 00 00 00 00 00", "3F 9B 44 00 04 00"); /* still */
    expect_body(meter, "3F A1 02 01 00 32 FF FF",
                "3F A1 02 01 00 04 00 32 33 02 00 00 00 00 04 00 04 10");
    expect_body(meter, "3F 9C 00 00 02 00 00 00 00 00",
                "3F 9B 44 00 04 00"); /* another log's bit */
    expect_body(meter, "3F 9C 00 00 04 00 00 00 00 00", "3F 9B 44 00 00 00");
    expect_body(meter, "3F A1 02 01 00 32 FF FF", "3F A1 02 00 00 00 00 04 10"); /* nothing new */
    expect_body(meter, "3F A2 02 01 00 32 01 FF 00 01",
                "3F A2 02 01 00 01 00 32 33 02 00 00 04 00 01 00 04 00"); /* all still there */
    puppet.supply = LEGAL_SUPPLY_OFF;
    assert_int_equal(meter_store(meter), METER_OK);
    meter = sample_meter("382M");
    expect_body(meter, "3F 9B", "3F 9B 44 00 00 00");
    expect_body(meter, "3F A1 09 01 00 32 FF FF", ""); /* no such log */
}

/* REQ(EVT-10): cut at any instant of a clearing, the flag is up or down and what was read is what
 * it was or what it is; memory that refuses leaves it up. */
static void test_clear_is_cut(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        toys_reset();
        struct meter *meter = sample_meter("382M");
        meter_input(meter, METER_INPUT_MAGNET, true, 0);
        meter_input(meter, METER_INPUT_MAGNET, false, 0);
        expect_body(meter, "3F 9C 00 00 00 00 04 00 04 00", "3F 9B 00 00 00 00");
        meter_input(meter, METER_INPUT_COVER, true, 0);
        meter_input(meter, METER_INPUT_COVER, false, 0);
        toy.writes = 0;
        toy.cut_after = 0;
        toy.cut_kind = kind;
        expect_body(meter, "3F 9C 00 00 00 00 00 00 04 00", ""); /* refused: silence */
        assert_int_equal(meter->marks.log[EVENT_LOG_STATUS].quiet, 2);
        assert_true(meter->memory_fault);
        toy.dead = false;
        toy.cut_after = UINT32_MAX;
        puppet.supply = LEGAL_SUPPLY_OFF;
        meter = sample_meter("382M");
        assert_int_equal(meter->marks.log[EVENT_LOG_STATUS].quiet, 2);
        expect_body(meter, "3F 9C 00 00 00 00 FF 00 04 00", "3F 9B 00 00 00 00");
    }
}

/* REQ(EVT-06, EVT-12): a clock that was set stays up until it is cleared, over a loss of supply
 * too; the newest record of a log is lost: its id comes again and its flag is up again. */
static void test_other_flags(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382M");
    assert_int_equal(meter_clock_set(meter, INT64_C(1718890000)), METER_OK);
    expect_body(meter, "3F 9B", "3F 9B 00 04 02 00");
    puppet.supply = LEGAL_SUPPLY_OFF;
    assert_int_equal(meter_store(meter), METER_OK);
    meter = sample_meter("382M");
    expect_body(meter, "3F A2 03 01 04 15 01 FF 00 01",
                "3F A2 03 01 00 01 04 15 33 02 00 00 01 00 01 00 01 10");
    expect_body(meter, "3F 9C 00 FF FF 00 00 00 00 00", "3F 9B 00 04 00 00");
    expect_body(meter, "3F 9C 00 00 00 00 00 04 00 00", "3F 9B 00 00 00 00");
    memset(toy.memory + 513u * 256u, 0, 256); /* its only record */
    puppet.supply = LEGAL_SUPPLY_OFF;
    assert_int_equal(meter_store(meter), METER_OK);
    meter = sample_meter("382M");
    assert_int_equal(meter->marks.log[EVENT_LOG_CLOCK].read, 0);
    assert_int_equal(meter_clock_set(meter, INT64_C(1718900000)), METER_OK);
    expect_body(meter, "3F 9B", "3F 9B 00 04 02 00");
}

/* REQ(NEU-01, X-EVT-4): word B says what holds now, phase by phase; A says that there is something.
 * Generation L has neither register and tells the log of neutral faults alone. */
static void test_word_b(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382M");
    expect_body(meter, "3F 10 02 04 D3 04 D5",
                "3F 10 04 D3 3B 04 00 00 00 00 00 04 D5 3B 04 00 00 00 00 00");
    puppet.instant.phase[1].voltage_present = false;
    puppet.instant.phase[2].exporting = true;
    puppet.instant.sequence = LEGAL_SEQUENCE_132;
    puppet.health.program_fault = true;
    meter->quality.phase[0].over.active = true;
    meter->quality.phase[2].under.active = true;
    meter->neutral.fault = true;
    meter->input[METER_INPUT_MAGNET] = true;
    expect_body(meter, "3F 10 02 04 D3 04 D5",
                "3F 10 04 D3 3B 04 00 00 00 08 14 04 D5 3B 04 00 04 28 42 98");
    toys_reset();
    meter = sample_meter("382Lx7");
    meter_log(meter, EVENT_LOG_NEUTRAL, NEUTRAL_DETECTED, "", 0);
    expect_body(meter, "3F 10 02 04 D3 04 D5", "3F 10");
    expect_body(meter, "3F 9B", "3F 9B 00 00 00 20");
}

static const char capture_382c[] = "/KAM 68438BC450000\r\n"
                                   "\x02"
                                   "0.0.0(14410000)\r\n"
                                   "1.8.0(0036886*kWh)\r\n"
                                   "1.8.1(0036886*kWh)\r\n"
                                   "1.8.2(0000000*kWh)\r\n"
                                   "1.8.3(0000000*kWh)\r\n"
                                   "1.8.4(0000000*kWh)\r\n"
                                   "96.8.0(0119899*h)\r\n"
                                   "0.128.1(0000000)\r\n"
                                   "1.6.0(1.078*kW)\r\n"
                                   "!\r\n\x03";

/* REQ(X-KMP-3): how head-ends ask for the set-up of load profile and voltage quality */
static void test_setups(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382M");
    puppet_profile.layout = (struct legal_profile_layout){
        .channels = 2, .energy = {LEGAL_A_PLUS, LEGAL_R_PLUS}, .interval_min = 30};
    expect_body(meter, "3F AA", "3F AA 05 1E 83");
    expect_body(meter, "3F A7", "3F A7 00 CF 00 FD 01"); /* 207 V, 253 V, a second is ten */
    expect_body(meter, "3F AA 00", "");
    expect_body(meter, "3F A7 01 02", "");
    expect_body(meter, "3F A9 05 1E 83", ""); /* how they are written is not public */
    meter = sample_meter("382Lx7");
    expect_body(meter, "3F A7", "");
    expect_body(sample_meter("382C"), "3F AA", ""); /* no load profile */
}

/* REQ(X-IEC-1): a real 382C's read-out, byte for byte, with its values put in */
static void test_iec_of_a_382c(void **state)
{
    (void)state;
    static const uint8_t ask[] = {'/', '?', '!', '\r', '\n'};
    struct meter *meter = toy_meter("382C", 0);
    memcpy(meter->meter_number[0], "14410000", 9);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(36886) * KWH + 5;
    puppet.tariff_uwh[0][LEGAL_A_PLUS] = UINT64_C(36886) * KWH + 5;
    puppet.operating_s = UINT64_C(119899) * 3600;
    meter->demand.peak[0].power_mw = 1078000;
    uint8_t got[512];
    size_t n = say(meter, ask, sizeof ask, 0, got, sizeof got);
    const size_t length = sizeof capture_382c - 1;
    assert_int_equal(n, length + 1);
    assert_memory_equal(got, capture_382c, length);
    uint8_t bcc = 0;
    const uint8_t *stx = memchr(capture_382c, 2, length);
    for (const uint8_t *at = stx + 1; at < (const uint8_t *)capture_382c + length; at++) {
        bcc ^= *at;
    }
    assert_int_equal(got[length], bcc);
    assert_int_equal(optical_baud(&meter->optical[0]), 300);
}

/* REQ(REG-14): a 382M's user data 2, by option select and, when nobody selects, after 1.7 s */
static void test_iec_of_a_382m(void **state)
{
    (void)state;
    static const uint8_t ask[] = {'/', '?', '!', '\r', '\n'};
    static const uint8_t option[] = {0x06, '0', '5', '0', '\r', '\n'};
    static const char *const lines[] = {
        "\x02"
        "0.0.1(12345678)\r\n97.97.0(4)\r\n1.8.0(0000010*kWh)\r\n1.8.1(0000000*kWh)\r\n",
        "\r\n2.8.0(0000000*kWh)\r\n",
        "\r\n3.8.0(0000003*kvarh)\r\n3.8.1(0000000*kvarh)\r\n",
        "\r\n1.6.0(1.078*kW)(01240620133000)\r\n1.6.1(0.000*kW)(00000101000000)\r\n",
        "\r\n2.6.0(0.000*kW)(00000101000000)\r\n1.2.0(0.000*kW)\r\n2.2.0(0.000*kW)\r\n3.6.0(0.000*"
        "kvar)(00000101000000)\r\n",
        "\r\n0.1.0(0)\r\n96.8.0(49)\r\n1.0.0(11240620143005)\r\n!\r\n\x03"};
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = 10 * KWH;
    puppet.energy_uwh[LEGAL_R_PLUS] = 3 * KWH;
    puppet.operating_s = 49 * 3600;
    meter->demand.peak[0] = (struct demand_peak){1078000, INT64_C(1718886600)};
    meter_input(meter, METER_INPUT_MAGNET, true, 0);
    for (int selected = 0; selected <= 1; selected++) {
        char got[2048] = "";
        int64_t wall = 10000 * (selected + 1);
        size_t n = say(meter, ask, sizeof ask, wall, (uint8_t *)got, sizeof got);
        assert_int_equal(n, 21);
        assert_memory_equal(got, "/KAM5 68431BM423010\r\n", n);
        if (selected == 1) {
            n = say(meter, option, sizeof option, wall + 50, (uint8_t *)got, sizeof got);
            assert_int_equal(n, 0);
            assert_int_equal(optical_baud(&meter->optical[0]), 9600);
            (void)optical_step(&meter->optical[0], meter, wall + 300);
        } else {
            assert_true(optical_step(&meter->optical[0], meter, wall + 1699) == wall + 1700);
            (void)optical_step(&meter->optical[0], meter, wall + 1700);
        }
        n = optical_transmit(&meter->optical[0], (uint8_t *)got, sizeof got - 1);
        got[n] = '\0';
        const char *at = got;
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
            at = strstr(at, lines[i]);
            assert_non_null(at);
        }
    }
}

/* ---- programming mode ---- */

/* REQ(OPT-01): registers, time, settings and the operation state over a programming session. */
static void test_iec_programming(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = 10 * KWH;
    sign_on(meter, 1000, "P1<(00000)");
    expect_told(meter, "R1<1.8.0()", 1400, "1.8.0(0000010*kWh)");
    expect_told(meter, "R1<131.0.3()", 1500, "131.0.3(1)");
    expect_ack(meter, "W5<1.0.0(0260321073800)", 1600);
    expect_told(meter, "R5<1.0.0()", 1600, "1.0.0(01260321073800)");
    expect_ack(meter, "W1<131.0.3(0)", 1700);
    expect_told(meter, "R1<131.0.3()", 1700, "131.0.3(0)");
    expect_told(meter, "W1<131.0.3(2)", 1700, "ER value");
    expect_told(meter, "W1<131.0.13(999)", 1700, "ER value");
    expect_told(meter, "W1<1.8.0(1)", 1700, "ER unknown object");
    expect_told(meter, "W5<1.0.0(0261341073800)", 1700, "ER value");
    expect_told(meter, "R1<9.9.9()", 1700, "ER unknown object");
    expect_ack(meter, "W1<96.5.1(2)", 1800);
    assert_int_equal(meter_operation_state(meter), 2);
    char got[2048];
    assert_int_equal(tell(meter, "B0", 1900, got), 0);
    /* user data 1 from now on */
    static const uint8_t ask[] = {'/', '?', '!', '\r', '\n'};
    (void)say(meter, ask, sizeof ask, 5000, (uint8_t *)got, sizeof got);
    const size_t n = say(meter, ask, 0, 6700, (uint8_t *)got, sizeof got - 1u);
    got[n] = '\0';
    assert_non_null(strstr(got, "\x02"
                                "0.0.1(12345678)\r\n1.8.0(0000010*kWh)\r\n1.8.1("));
    assert_null(strstr(got, "97.97.0"));
}

/* REQ(SEC-06): a wrong password ends the session, and the consumer port has no way in. */
static void test_iec_password(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    static const char *const wrong[] = {"P1<(1)", "P1<()", "P1<(65536)", "P1<(abc)"};
    char got[2048];
    for (unsigned k = 0; k < 5; k++) {
        const int64_t wall_ms = 1000000 * (k + 1);
        static const uint8_t start[] = {'/', '?', '!', '\r', '\n', 0x06, '0', '5', '1', '\r', '\n'};
        if (k == 4) {
            optical_connect(&meter->optical[0], meter, CHANNEL_CONSUMER);
        }
        (void)say(meter, start, sizeof start, wall_ms, (uint8_t *)got, sizeof got);
        (void)say(meter, start, 0, wall_ms + 200, (uint8_t *)got, sizeof got);
        assert_int_equal(tell(meter, k == 4 ? "P1<(0)" : wrong[k], wall_ms + 300, got), 5);
        assert_memory_equal(got,
                            "\x01"
                            "B0\x03\x71",
                            5);
    }
    optical_connect(&meter->optical[0], meter, CHANNEL_OPTICAL);
}

/* Rights are asked for at each write: a password that is changed meanwhile ends them. */
static void test_iec_rights_at_each_write(void **state)
{
    (void)state;
    static const char *const writes[] = {"W1<131.0.3(0)", "W5<1.0.0(0260321073800)", "W1<96.5.1(2)",
                                         "W1<129.0.0(1)"};
    struct meter *meter = toy_meter("382M", 0);
    sign_on(meter, 1000, "P1<(0)");
    meter->settings.own[settings_row(setting_by_id(SETTING_PASSWORD))].number = 4711;
    for (unsigned k = 0; k < sizeof writes / sizeof writes[0]; k++) {
        expect_told(meter, writes[k], 60000 * ((int64_t)k + 1), "ER denied");
    }
    expect_told(meter, "R1<131.0.3()", 300000, "131.0.3(1)");
    assert_int_equal(meter_operation_state(meter), 1);
}

/* REQ(LPR-01): the load profile in blocks, by time, as 5512-1458 prints it. */
static void test_iec_load_profile(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    memset(&puppet_profile, 0, sizeof puppet_profile);
    puppet_profile.layout = (struct legal_profile_layout){.channels = 1, .interval_min = 60};
    for (unsigned k = 0; k < 8; k++) { /* 2026-01-01 01:00 (UTC+1) and on */
        puppet.energy_uwh[LEGAL_A_PLUS] = (500u + k) * KWH;
        const struct legal_profile_record stamp = {.utc_s = 1767225600 + 3600 * (int64_t)k,
                                                   .status = k == 1 ? 64 : 0,
                                                   .quality = k == 2 ? 1024 : 0};
        assert_int_equal(legal_profile_record(&meter->legal, &stamp), LEGAL_OK);
    }
    sign_on(meter, 1000, "P1<(0)");
    expect_told(meter, "R6<99.1.0(0260101020000;0260101040000;2)", 2000,
                "99.1.0(4)(1.0.0)()(96.56.2)()(96.56.3)()(1.8.0)(kWh)\r\n"
                "(01260101020000)(64)(0)(0000501)\r\n"
                "(01260101030000)(0)(1024)(0000502)\r\n");
    static const uint8_t more = 0x06;
    char got[2048];
    size_t n = say(meter, &more, 1, 2100, (uint8_t *)got, sizeof got);
    assert_memory_equal(got, "\x02(01260101040000)(0)(0)(0000503)\r\n\x03", n - 1u);
    n = tell(meter, "R6<99.1.0()", 2200, got);
    assert_int_equal(got[n - 2u], 0x04);
    assert_non_null(strstr(got, "(01260101060000)(0)(0)(0000505)\r\n\x04"));
    expect_told(meter, "R6<99.1.0(0270101000000)", 2300,
                "99.1.0(4)(1.0.0)()(96.56.2)()(96.56.3)()(1.8.0)(kWh)\r\n");
    expect_told(meter, "R6<99.1.0(1;2)", 2300, "ER value");
    expect_told(meter, "R6<99.9.0()", 2300, "ER unknown object");
}

/* 6.1: the decimal point stands in the line as on the display. */
static void test_iec_format_6_1(void **state)
{
    (void)state;
    static const uint8_t ask[] = {'/', '?', '!', '\r', '\n'};
    struct meter *meter = toy_meter("382E", 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(36886) * KWH + KWH / 10;
    char got[1024] = "";
    size_t n = say(meter, ask, sizeof ask, 0, (uint8_t *)got, sizeof got - 1);
    got[n] = '\0';
    assert_non_null(strstr(got, "1.8.0(036886.1*kWh)\r\n"));
}

/* "/?12345678!" calls by serial number; another number stays silent. */
static void test_iec_address(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382Lx7", 12345678);
    uint8_t got[1024];
    assert_true(say(meter, (const uint8_t *)"/?12345678!\r\n", 13, 0, got, sizeof got) > 0);
    assert_int_equal(say(meter, (const uint8_t *)"/?12345679!\r\n", 13, 0, got, sizeof got), 0);
}

/* The first bytes decide; noise in between changes nothing. */
static void test_protocols_in_turn(void **state)
{
    (void)state;
    static const uint8_t kmp[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    static const uint8_t iec[] = {'/', '?', '!', '\r', '\n'};
    static const uint8_t noise[] = {0x00, 0xFF, 'x', 0x0D, 0x06, 0x7E, '?', '!', '\r', '\n'};
    struct meter *meter = sample_meter("382C");
    uint8_t got[1024];
    int64_t wall = 0;
    for (int i = 0; i < 20; i++) {
        wall += 10;
        assert_int_equal(say(meter, noise, sizeof noise, wall, got, sizeof got), 0);
        assert_int_equal(say(meter, kmp, sizeof kmp, wall, got, sizeof got), 15);
        assert_int_equal(got[0], 0x40);
        assert_int_equal(optical_baud(&meter->optical[0]), 9600);
        assert_int_equal(say(meter, noise, sizeof noise, wall, got, sizeof got), 0);
        assert_true(say(meter, iec, sizeof iec, wall, got, sizeof got) > 100);
        assert_int_equal(got[0], '/');
    }
}

/* A '/' inside a KMP telegram is a byte like any other. */
static void test_slash_inside_kmp(void **state)
{
    (void)state;
    struct meter *meter = sample_meter("382C");
    expect_body(meter, "3F 10 01 2F 3F", "3F 10");
}

/* KMP in the middle of an IEC session takes over at once; half a KMP telegram is forgotten in time.
 */
static void test_taking_over(void **state)
{
    (void)state;
    static const uint8_t kmp[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    static const uint8_t iec[] = {'/', '?', '!', '\r', '\n'};
    struct meter *meter = sample_meter("382M");
    uint8_t got[1024];
    assert_int_equal(say(meter, iec, sizeof iec, 0, got, sizeof got), 21);
    assert_int_equal(say(meter, kmp, sizeof kmp, 100, got, sizeof got), 15);
    assert_true(optical_step(&meter->optical[0], meter, 5000) == INT64_MAX);
    assert_int_equal(optical_transmit(&meter->optical[0], got, sizeof got), 0);

    assert_int_equal(say(meter, kmp, 4, 6000, got, sizeof got), 0);
    const int64_t later = 6001 + OPTICAL_KMP_TIMEOUT_MS;
    assert_int_equal(say(meter, iec, sizeof iec, later, got, sizeof got), 21);
}

/* Each connection is a line of its own. */
static void test_two_lines(void **state)
{
    (void)state;
    static const uint8_t kmp[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    struct meter *meter = sample_meter("382M");
    uint8_t got[64];
    for (size_t i = 0; i < sizeof kmp; i++) {
        optical_receive(&meter->optical[0], meter, kmp + i, 1, 0);
        optical_receive(&meter->optical[1], meter, kmp + i, 1, 0);
    }
    assert_int_equal(optical_transmit(&meter->optical[0], got, sizeof got), 15);
    assert_int_equal(optical_transmit(&meter->optical[1], got, 7), 7);
    assert_int_equal(optical_transmit(&meter->optical[1], got, sizeof got), 8);
    assert_int_equal(optical_transmit(&meter->optical[1], got, sizeof got), 0);
}

/* Nobody fetches the answers: nothing is written beyond the buffer, and the line lives on. */
static void test_full_buffer(void **state)
{
    (void)state;
    static const uint8_t kmp[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    static const uint8_t iec[] = {'/', '?', '!', '\r', '\n'};
    struct meter *meter = sample_meter("382C");
    struct optical *optical = &meter->optical[0];
    uint8_t got[OPTICAL_TX_BYTES];
    for (int i = 0; i < 1000; i++) {
        optical_receive(optical, meter, kmp, sizeof kmp, i);
    }
    assert_true(optical->tx_length <= OPTICAL_TX_BYTES);
    optical_receive(optical, meter, iec, sizeof iec, 1000);
    (void)optical_step(optical, meter, 1000);
    size_t n = 0;
    for (int i = 0; i < 10; i++) {
        n += optical_transmit(optical, got, sizeof got);
        (void)optical_step(optical, meter, 4000);
    }
    assert_true(n > 0);
    assert_int_equal(say(meter, kmp, sizeof kmp, 9000, got, sizeof got), 15);
}

/* Random bytes, seed printed: no answer is ever longer than its buffer, and the line lives on. */
static void test_random_bytes(void **state)
{
    (void)state;
    static const uint8_t kmp[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    static const uint8_t likely[] = {0x80, 0x3F, 0x10, '/', '?', '!', '\r', '\n', 0x06, '0', 0x0D};
    uint32_t seed = 20261121u;
    print_message("seed %u\n", (unsigned)seed);
    struct meter *meter = sample_meter("382M");
    uint8_t got[OPTICAL_TX_BYTES];
    int64_t wall = 0;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint8_t byte = (seed >> 31) != 0 ? (uint8_t)(seed >> 16) : likely[(seed >> 8) % 11u];
        wall += (seed >> 20) % 4u == 0 ? (seed >> 22) % 700u : 0;
        (void)say(meter, &byte, 1, wall, got, sizeof got);
    }
    wall += 10000;
    (void)say(meter, kmp, 0, wall, got, sizeof got);
    assert_int_equal(say(meter, kmp, sizeof kmp, wall + 10, got, sizeof got), 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_kmp_samples, setup),
        cmocka_unit_test_setup(test_polled_registers, setup),
        cmocka_unit_test_setup(test_type, setup),
        cmocka_unit_test_setup(test_set_clock, setup),
        cmocka_unit_test_setup(test_states, setup),
        cmocka_unit_test_setup(test_events, setup),
        cmocka_unit_test_setup(test_read_and_clear, setup),
        cmocka_unit_test_setup(test_clear_is_cut, setup),
        cmocka_unit_test_setup(test_other_flags, setup),
        cmocka_unit_test_setup(test_word_b, setup),
        cmocka_unit_test_setup(test_setups, setup),
        cmocka_unit_test_setup(test_iec_of_a_382c, setup),
        cmocka_unit_test_setup(test_iec_of_a_382m, setup),
        cmocka_unit_test_setup(test_iec_programming, setup),
        cmocka_unit_test_setup(test_iec_password, setup),
        cmocka_unit_test_setup(test_iec_rights_at_each_write, setup),
        cmocka_unit_test_setup(test_iec_load_profile, setup),
        cmocka_unit_test_setup(test_iec_format_6_1, setup),
        cmocka_unit_test_setup(test_iec_address, setup),
        cmocka_unit_test_setup(test_protocols_in_turn, setup),
        cmocka_unit_test_setup(test_slash_inside_kmp, setup),
        cmocka_unit_test_setup(test_taking_over, setup),
        cmocka_unit_test_setup(test_two_lines, setup),
        cmocka_unit_test_setup(test_full_buffer, setup),
        cmocka_unit_test_setup(test_random_bytes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
