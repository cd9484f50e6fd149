/* What the registers of a running meter say, in each of the three forms. */
#include <stdio.h>

#include "legal_puppet.h"

static const struct register_def *row(const char *code)
{
    const struct register_def *def = register_by_code(code);
    assert_non_null(def);
    return def;
}

static void expect_text(const struct meter *meter, const char *code, const char *text,
                        const char *unit)
{
    char shown[33];
    const char *shown_unit = NULL;
    assert_true(register_read_text(meter, row(code), shown, sizeof shown, &shown_unit));
    assert_string_equal(shown, text);
    assert_string_equal(shown_unit, unit);
}

static void expect_kmp(const struct meter *meter, uint16_t id, const char *hex)
{
    struct kmp_value value;
    char got[80] = "";
    memset(&value, 0, sizeof value);
    assert_non_null(register_by_kmp_id(id));
    assert_true(register_read_kmp(meter, register_by_kmp_id(id), &value));
    assert_int_equal(value.id, id);
    int n = snprintf(got, sizeof got, "%02X %02X %02X ", (unsigned)value.unit,
                     (unsigned)value.n_bytes, (unsigned)value.sign_exp);
    for (unsigned i = 0; i < value.n_bytes; i++) {
        n += snprintf(got + n, sizeof got - (size_t)n, "%02X", (unsigned)value.bytes[i]);
    }
    assert_string_equal(got, hex);
}

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* REQ(REG-04, MET-07, MET-19): the sample of a real 382J, 6753.3242 kWh, in all forms */
static void test_energy_sample(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(6753324299999);
    puppet.energy_uwh[LEGAL_A_MINUS] = 17 * KWH;
    puppet.energy_uwh[LEGAL_R_PLUS] = 3 * KWH;
    puppet.energy_uwh[LEGAL_R_MINUS] = 4 * KWH;
    expect_kmp(meter, 1, "02 04 00 00001A61");
    expect_kmp(meter, 13, "02 04 44 040679BA");
    expect_kmp(meter, 2, "02 04 00 00000011");
    expect_kmp(meter, 3, "0E 04 00 00000003");
    expect_kmp(meter, 4, "0E 04 00 00000004");
    expect_text(meter, "1.8.0", "0006753", "kWh");
    expect_text(meter, "1.8.0*128", "753.3242", "kWh");
    expect_text(meter, "3.8.0", "0000003", "kvarh");
    struct register_value value;
    assert_true(register_read(meter, row("1.8.0"), &value));
    assert_int_equal(value.number, INT64_C(6753324299999));
    assert_int_equal(value.exponent, -6);
    assert_false(value.is_text);
}

/* REQ(X-MET-4): A1423 = |A+| + |A-|, net = A+ - A- with its sign */
static void test_sums(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = 5 * KWH + KWH / 2;
    puppet.energy_uwh[LEGAL_A_MINUS] = 17 * KWH;
    expect_text(meter, "15.8.0", "0000022", "kWh");
    expect_kmp(meter, 1031, "02 04 00 00000016");
    expect_text(meter, "16.8.0", "-0000011", "kWh");
    expect_kmp(meter, 1274, "02 04 80 0000000B");
}

/* REQ(REG-12): 7.0 rolls over after 9 999 999, 6.1 after 999 999.9 */
static void test_roll_over(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(9999999) * KWH + KWH - 1;
    expect_text(meter, "1.8.0", "9999999", "kWh");
    expect_kmp(meter, 1, "02 04 00 0098967F");
    puppet.energy_uwh[LEGAL_A_PLUS]++;
    expect_text(meter, "1.8.0", "0000000", "kWh");
    expect_kmp(meter, 1, "02 04 00 00000000");
    meter = toy_meter("382E", 0); /* 6.1 */
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(36886) * KWH + KWH / 10;
    expect_text(meter, "1.8.0", "036886.1", "kWh");
    expect_kmp(meter, 1, "02 04 41 0005A0DD");
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(1000000) * KWH - 1;
    expect_text(meter, "1.8.0", "999999.9", "kWh");
    puppet.energy_uwh[LEGAL_A_PLUS]++;
    expect_text(meter, "1.8.0", "000000.0", "kWh");
}

/* REQ(REG-05, TAR-01): eight tariffs of four energies */
static void test_tariffs(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    for (unsigned t = 0; t < LEGAL_TARIFFS; t++) {
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            puppet.tariff_uwh[t][e] = (t * 10 + e + 1) * KWH;
        }
    }
    for (unsigned t = 1; t <= LEGAL_TARIFFS; t++) {
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            char code[8];
            struct register_value value;
            (void)snprintf(code, sizeof code, "%u.8.%u", e + 1, t);
            assert_true(register_read(meter, row(code), &value));
            assert_int_equal(value.number, (int64_t)(((t - 1) * 10 + e + 1) * KWH));
        }
    }
    expect_kmp(meter, 19, "02 04 00 00000001");
    expect_kmp(meter, 34, "0E 04 00 00000022");   /* R- T4 */
    expect_kmp(meter, 1062, "02 04 00 00000047"); /* A+ T8 */
    expect_kmp(meter, 2010, "33 01 00 02");
}

/* REQ(MET-09, REG-09): per phase, with the units and steps of real read-outs */
static void test_instantaneous(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.instant.phase[0] = (struct legal_phase){.voltage_mv = 229499,
                                                   .current_ma = 5414,
                                                   .active_mw = 976400,
                                                   .reactive_mvar = -500600,
                                                   .apparent_mva = 1242000,
                                                   .current_angle_mdeg = -27140,
                                                   .voltage_present = true};
    puppet.instant.phase[1].voltage_mv = 229500;
    puppet.instant.phase[2].active_mw = -1500500;
    puppet.instant.active_plus_mw = 976400;
    puppet.instant.active_minus_mw = 1500500;
    puppet.instant.active_net_mw = -524100;
    puppet.instant.apparent_mva = 2000000;
    puppet.instant.frequency_mhz = 50014;
    puppet.instant.temperature_cc = 4185;
    puppet.instant.sequence = LEGAL_SEQUENCE_132;
    expect_kmp(meter, 1054, "21 02 00 00E5");
    expect_kmp(meter, 1055, "21 02 00 00E6");
    expect_kmp(meter, 1076, "22 04 42 0000021D");
    expect_kmp(meter, 1023, "16 04 43 000003D0");
    expect_kmp(meter, 1080, "16 04 43 000003D0");
    expect_kmp(meter, 1082, "16 04 43 00000000");
    expect_kmp(meter, 1346, "16 04 43 000005DD");
    expect_kmp(meter, 1347, "1A 04 43 00000000");
    expect_kmp(meter, 1350, "1A 04 43 000001F5");
    expect_kmp(meter, 1390, "43 02 42 1389");
    expect_kmp(meter, 1471, "44 02 C1 010F");
    expect_kmp(meter, 1079,
               "26 02 00 013B"); /* 41.85 degrees: 315 K, as in a public register dump */
    expect_kmp(meter, 1170, "33 02 42 004F");
    expect_kmp(meter, 1172, "33 02 42 0064"); /* nothing flows: 1 */
    expect_kmp(meter, 1173, "33 02 42 001A");
    expect_kmp(meter, 1307, "1E 04 43 000007D0");
    expect_kmp(meter, 1470, "33 01 00 02");
    expect_text(meter, "32.7.0", "229", "V");
    expect_text(meter, "31.7.0", "5.41", "A");
    expect_text(meter, "1.7.0", "0.976", "kW");
    expect_text(meter, "14.7.0", "50.01", "Hz");
    expect_text(meter, "33.7.0", "0.79", "");
    expect_text(meter, "96.9.0", "42",
                "\xC2\xB0"
                "C");
}

static void phase_carries(unsigned phase, int32_t active_mw, uint32_t apparent_mva)
{
    struct legal_phase *p = &puppet.instant.phase[phase];
    p->active_mw = active_mw;
    p->apparent_mva = apparent_mva;
    p->load_present = true;
    p->exporting = active_mw < -2300;
    puppet.instant.active_net_mw += active_mw;
    puppet.instant.apparent_mva += apparent_mva;
}

/* S+ and S- are the sums of their phases, each by its own direction; Aron goes by the whole. */
static void test_apparent_totals(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    phase_carries(0, 2300000, 2302000);
    phase_carries(1, -460000, 460000);
    expect_kmp(meter, 1353, "1E 04 43 000008FE");
    expect_kmp(meter, 1357, "1E 04 43 000001CC");
    expect_kmp(meter, 1305, "1E 04 43 000008FE");
    expect_kmp(meter, 1306, "1E 04 43 000001CC");
    expect_kmp(meter, 1307, "1E 04 43 00000ACA");
    phase_carries(2, -100, 690000); /* reactive load alone: the sign of its active power is noise */
    expect_kmp(meter, 1355, "1E 04 43 000002B2");
    expect_kmp(meter, 1358, "1E 04 43 00000000");
    expect_kmp(meter, 1305, "1E 04 43 00000BB0");
    toys_reset();
    meter = toy_meter("382M-aron", 0);
    phase_carries(0, 2300000, 2302000);
    phase_carries(1, -460000, 460000);
    expect_kmp(meter, 1305, "1E 04 43 00000ACA");
    expect_kmp(meter, 1306, "1E 04 43 00000000");
    puppet.instant.active_net_mw = -1;
    expect_kmp(meter, 1305, "1E 04 43 00000000");
    expect_kmp(meter, 1306, "1E 04 43 00000ACA");
}

/* REQ(MET-08): what is not ordered does not exist */
static void test_energy_types(void **state)
{
    (void)state;
    static const uint32_t configuration[5] = {11000002, 42301011, 1000, 101, 0};
    static const struct {
        const char *order;
        bool a_minus, r_plus, r_minus;
    } types[] = {{"68431BM123010", false, false, false},
                 {"68431BM223010", true, false, false},
                 {"68431BM323010", false, true, false},
                 {"68431BM423010", true, true, true}};
    struct meter *meter = toy_meter("382M", 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(variant_from_order("x", types[i].order, configuration, &meter->variant),
                         0);
        assert_true(register_exists(meter, row("1.8.0")));
        assert_true(register_exists(meter, row("1.8.8")));
        static const char *const a_minus[] = {"2.8.0",  "2.8.1",  "2.7.0",  "2.6.0",    "22.7.0",
                                              "15.8.0", "2.25.0", "22.8.0", "2.8.0*128"};
        static const char *const r_plus[] = {"3.8.0", "3.8.1", "3.7.0", "3.6.0", "23.7.0", "5.8.0"};
        static const char *const r_minus[] = {"4.8.0", "4.8.1",  "4.7.0",
                                              "4.6.0", "24.7.0", "8.8.0"};
        for (size_t k = 0; k < sizeof a_minus / sizeof a_minus[0]; k++) {
            assert_int_equal(register_exists(meter, row(a_minus[k])), types[i].a_minus);
        }
        for (size_t k = 0; k < sizeof r_plus / sizeof r_plus[0]; k++) {
            assert_int_equal(register_exists(meter, row(r_plus[k])), types[i].r_plus);
            assert_int_equal(register_exists(meter, row(r_minus[k])), types[i].r_minus);
        }
    }
    assert_int_equal(variant_from_order("x", types[0].order, configuration, &meter->variant), 0);
    struct register_value value;
    struct kmp_value wire;
    char text[33];
    const char *unit;
    assert_false(register_read(meter, row("2.8.0"), &value));
    assert_false(register_read_kmp(meter, row("2.8.0"), &wire));
    assert_false(register_read_text(meter, row("2.8.0"), text, sizeof text, &unit));
}

/* REQ(TAR-02): with X7 = 1 no tariff register, with 2 and 4 as many as tariffs */
static void test_tariff_options(void **state)
{
    (void)state;
    static const uint32_t configuration[5] = {11000002, 42301011, 1000, 101, 0};
    static const uint8_t tariffs[] = {0, 0, 2, 8, 4};
    struct meter *meter = toy_meter("382M", 0);
    for (char x7 = '1'; x7 <= '4'; x7++) {
        char order[] = "68431BM423010";
        order[9] = x7;
        assert_int_equal(variant_from_order("x", order, configuration, &meter->variant), 0);
        for (unsigned t = 1; t <= 8; t++) {
            char code[] = "1.8.x";
            code[4] = (char)('0' + t);
            assert_int_equal(register_exists(meter, row(code)), t <= tariffs[x7 - '0']);
        }
        assert_int_equal(register_exists(meter, row("129.0.0")), x7 != '1');
    }
}

/* REQ(VAR-06, VAR-07): no L2, L3 on a 162M; Aron shows its second system as L3 */
static void test_phases(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("162M", 0);
    puppet.instant.phase[0].voltage_mv = 231000;
    puppet.instant.phase[1].voltage_mv = 232000;
    assert_true(register_exists(meter, row("32.7.0")));
    assert_false(register_exists(meter, row("52.7.0")));
    assert_false(register_exists(meter, row("72.7.0")));
    assert_false(register_exists(meter, row("41.8.0")));
    assert_false(register_exists(meter, row("134.0.70")));
    meter = toy_meter("382M-aron", 0);
    assert_int_equal(puppet.setup.systems, 2);
    assert_int_equal(puppet.setup.summation, LEGAL_SUM_VECTOR);
    expect_text(meter, "32.7.0", "231", "V");
    assert_false(register_exists(meter, row("52.7.0")));
    expect_text(meter, "72.7.0", "232", "V");
    assert_false(register_exists(meter, row("21.8.0"))); /* of a system, not of a phase */
    assert_false(register_exists(meter, row("62.8.0")));
    meter = toy_meter("162M", 0);
    assert_true(register_exists(meter, row("21.8.0")));
}

/* REQ(MET-10): energies per phase belong to M */
static void test_generations(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.energy_uwh[LEGAL_A_PLUS_L2] = 7 * KWH;
    puppet.energy_uwh[LEGAL_A_MINUS_L3] = 8 * KWH;
    expect_kmp(meter, 1300, "02 04 00 00000007");
    expect_kmp(meter, 1304, "02 04 00 00000008");
    meter = toy_meter("382C", 0);
    assert_false(register_exists(meter, row("41.8.0")));
    assert_false(register_exists(meter, row("14.7.0")));
    assert_true(register_exists(meter, row("22.7.0")));
}

/* REQ(X-KMP-5, REG-08, TAR-09): clock and date in local time, RTC in normal time */
static void test_clock_registers(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    expect_kmp(meter, 1002, "2F 04 00 00022E9D"); /* 14:30:05 with summer time */
    expect_kmp(meter, 1003, "30 04 00 0003ABEC"); /* 24-06-20 */
    expect_kmp(meter, 1047, "35 08 00 0304051E0D140618");
    expect_text(meter, "0.9.1", "14:30:05", "");
    expect_text(meter, "0.9.2", "24:06:20", "");
    expect_text(meter, "1.0.0", "2024-06-20 14:30:05", "");
    char stamp[15];
    assert_true(register_read_stamp(meter, row("1.0.0"), stamp));
    assert_string_equal(stamp, "11240620143005");
    /* no peak yet */
    expect_kmp(meter, 1027, "2F 04 00 00000000");
    expect_kmp(meter, 1028, "30 04 00 00000065");
    expect_kmp(meter, 1049, "35 08 00 0006000000010100");
    assert_true(register_read_stamp(meter, row("1.6.0"), stamp));
    assert_string_equal(stamp, "00000101000000");
    /* a peak keeps normal time; people are shown local time */
    meter->demand.peak[0] = (struct demand_peak){1078000, INT64_C(1718886600)};
    expect_kmp(meter, 1027, "2F 04 00 00020788");
    expect_kmp(meter, 1049, "35 08 00 0304001E0D140618");
    assert_true(register_read_stamp(meter, row("1.6.0"), stamp));
    assert_string_equal(stamp, "01240620133000");
    expect_text(meter, "1.6.0", "1.078", "kW");
    /* a clock that has lost its time says so; time of the memory */
    meter->clock.valid = false;
    expect_kmp(meter, 1047, "35 08 00 0504051E0D140618");
    /* no clock fitted */
    meter = toy_meter("382Lx1", 0);
    assert_false(register_exists(meter, row("1.0.0")));
    assert_false(register_exists(meter, row("0.9.1")));
    assert_false(register_exists(meter, register_by_kmp_id(1049)));
    assert_true(register_exists(meter, row("1.6.0")));
}

/* REQ(X-CFG-1): configurations as numbers, the type number from its end to its start */
static void test_identity(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.operating_s = 119899u * 3600u + 3599u;
    expect_kmp(meter, 1001, "33 04 00 00BC614E");
    expect_kmp(meter, 51, "33 04 00 00BC614E");
    expect_kmp(meter, 52, "33 04 00 00000000");
    expect_kmp(meter, 1010, "33 04 00 00BC614E");
    expect_kmp(meter, 54, "33 04 00 00A7D8C2");
    expect_kmp(meter, 1029, "33 04 00 00000065");
    expect_kmp(meter, 1005, "33 04 00 0246E325");
    expect_kmp(meter, 1083, "33 04 00 72526998");
    expect_kmp(meter, 1004, "2E 04 00 0001D45B");
    expect_kmp(meter, 1126, "36 0D 00 3031303332344D423133343836");
    expect_kmp(meter, 6002, "33 01 00 04");
    expect_kmp(meter, 1271, "33 01 00 3F");
    expect_text(meter, "96.8.0", "0119899", "h");
    expect_text(meter, "0.0.0", "12345678", "");
    expect_text(meter, "96.1.0", "12345678", "");
    expect_text(meter, "0.129.3", "00001000", "");
    expect_text(meter, "96.54.1", "27032", ""); /* low 16 bits: example of 5512-1424 */
    expect_text(meter, "96.1.1", "68431BM423010", "");
    expect_text(meter, "0.2.0", "38200101", "");
    expect_text(meter, "0.2.2", "A1", "");
    expect_text(meter, "0.128.1", "0000000", "");
}

/* REQ(X-REG-3): eight digits, bit 0 on the right */
static void test_status(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    expect_text(meter, "97.97.0", "00000000", "");
    expect_kmp(meter, 50, "3B 01 00 00");
    meter_input(meter, METER_INPUT_MAGNET, true, 1);
    meter_input(meter, METER_INPUT_COVER, true, 1);
    puppet.health.memory_fault = true;
    expect_text(meter, "97.97.0", "01000110", "");
    expect_kmp(meter, 50, "3B 01 00 46");
    puppet.health.program_fault = true;
    meter_input(meter, METER_INPUT_COVER, false, 2);
    expect_text(meter, "97.97.0", "00010110", "");
}

static void test_short_buffers(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char text[33];
    const char *unit;
    for (size_t i = 0; i < register_table_length; i++) {
        const struct register_def *def = &register_table[i];
        assert_true(register_read_text(meter, def, text, sizeof text, &unit) ||
                    !register_exists(meter, def));
        size_t length = strlen(text);
        for (size_t capacity = 0; capacity <= length && register_exists(meter, def); capacity++) {
            char small[33];
            memset(small, '#', sizeof small);
            assert_false(register_read_text(meter, def, small, capacity, &unit));
            assert_int_equal(small[capacity], '#');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_energy_sample, setup),
        cmocka_unit_test_setup(test_sums, setup),
        cmocka_unit_test_setup(test_roll_over, setup),
        cmocka_unit_test_setup(test_tariffs, setup),
        cmocka_unit_test_setup(test_instantaneous, setup),
        cmocka_unit_test_setup(test_apparent_totals, setup),
        cmocka_unit_test_setup(test_energy_types, setup),
        cmocka_unit_test_setup(test_tariff_options, setup),
        cmocka_unit_test_setup(test_phases, setup),
        cmocka_unit_test_setup(test_generations, setup),
        cmocka_unit_test_setup(test_clock_registers, setup),
        cmocka_unit_test_setup(test_identity, setup),
        cmocka_unit_test_setup(test_status, setup),
        cmocka_unit_test_setup(test_short_buffers, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
