/** The reference source: its language, its limits, and what it says it delivers. */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/reference_source.h"

static const struct reference_present three = {12345678, 3, false};

/** Feed text; the answers follow one another in a static buffer. */
static const char *told(struct reference_source *source, const char *text)
{
    static char answers[8u * REFERENCE_ANSWER_MAX];
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += reference_source_byte(source, (uint8_t)*text, &three, answers + n);
        assert_true(n < sizeof answers - REFERENCE_ANSWER_MAX);
    }
    answers[n] = '\0';
    return answers;
}

static void test_settings(void **state)
{
    (void)state;
    struct reference_source source;
    reference_source_init(&source);
    assert_string_equal(told(&source, "*IDN?\n"), "open382,virtual reference source,0,1\n");
    assert_string_equal(told(&source, "VOLT?\nCURR?\nFREQ?\n"), "230,230,230\n0,0,0\n50\n");
    assert_string_equal(told(&source, "VOLTage2 207.5\r\nvolt2?\nVOLT?\n"),
                        "207.5\n230,207.5,230\n");
    assert_string_equal(told(&source, "  CURR\t10 \ncurrent3:phase -60\n:CURR:PHAS?\n"),
                        "0,0,-60\n");
    assert_string_equal(told(&source, "CHAM:TEMP -30\nCHAMBER:TEMPERATURE?\n\n \nOUTP?\n"),
                        "-30\n0\n");
    assert_int_equal(source.changes, 0); /* all of it waits */
    assert_string_equal(told(&source, "OUTP ON\nOUTPut?\n*OPC?\nSYST:ERR?\n"),
                        "1\n1\n0,\"No error\"\n");
    assert_int_equal(source.changes, 1);
    struct lab_state mains;
    reference_source_state(&source, &mains);
    assert_true(mains.phase[1].voltage_v == 207.5 && mains.phase[0].current_a == 10.0 &&
                mains.phase[2].phi_deg == -60.0 && mains.temperature_c == -30.0);
    told(&source, "CURR 5\n"); /* waits again */
    reference_source_state(&source, &mains);
    assert_true(mains.phase[0].current_a == 10.0 && source.changes == 1);
    told(&source, "outp off\noutp 0\n");
    assert_true(!source.on && source.changes == 2);
    assert_string_equal(told(&source, "OUTP 1\n*RST\nCURR1?\nOUTP?\n"), "0\n0\n");
    assert_int_equal(source.changes, 4);
}

/** Each refusal names what came and what was expected, and changes nothing. */
static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *line, *error;
    } cases[] = {
        {"VOLT4 1", "-113,\"Undefined header; VOLT4: "},
        {"VOLTA 1", "-113,\"Undefined header; VOLTA: "},
        {"MEAS", "-113,\"Undefined header; MEAS: "},
        {"*RST?", "-113,\"Undefined header; *RST?: "},
        {"FREQ2?", "-113,\"Undefined header; FREQ2?: "},
        {"VOLT:", "-113,\"Undefined header; VOLT:: "},
        {"?", "-113,\"Undefined header; ?: "},
        {"VOLT2", "-109,\"Missing parameter; VOLT2: expected a value"},
        {"VOLT? 3", "-108,\"Parameter not allowed; VOLT? 3: "},
        {"*CLS 3", "-108,\"Parameter not allowed; *CLS 3: "},
        {"CURR1 ten", "-104,\"Data type error; CURR1 ten: expected a number"},
        {"CURR1 nan", "-104,\"Data type error; CURR1 nan: expected a number"},
        {"CURR1 0x10", "-104,\"Data type error; CURR1 0x10: expected a number"},
        {"CURR1 1e", "-104,\"Data type error; CURR1 1e: expected a number"},
        {"CURR1 \"5\"", "-104,\"Data type error; CURR1 '5': expected a number"},
        {"CURR1 1e999", "-222,\"Data out of range; CURR1 1e999: expected 0 to 170 A"},
        {"VOLT3 -1", "-222,\"Data out of range; VOLT3 -1: expected 0 to 480 V"},
        {"OUTP MAYBE", "-104,\"Data type error; OUTP MAYBE: expected ON or OFF"},
        {"MEAS?", "-221,\"Settings conflict; MEAS: expected OUTPut ON"},
        {"VOLT\x01 3", "-101,\"Invalid character; a line of 7 bytes"},
    };
    struct reference_source source, before;
    reference_source_init(&source);
    before = source;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(told(&source, cases[i].line), "");
        const char *answers = told(&source, "\nSYST:ERR?\n"); /* the failed line has none */
        if (strncmp(answers, cases[i].error, strlen(cases[i].error)) != 0) {
            fail_msg("%s: %s", cases[i].line, answers);
        }
        assert_string_equal(told(&source, "SYST:ERR?\n"), "0,\"No error\"\n");
    }
    assert_memory_equal(&source.set, &before.set, sizeof source.set);
    assert_int_equal(source.changes, 0);
}

static void test_bounds(void **state)
{
    (void)state;
    struct reference_source source;
    reference_source_init(&source);
    for (unsigned k = 0; k < 5000; k++) {
        assert_string_equal(told(&source, "X"), "");
    }
    assert_string_equal(told(&source, "\nVOLT?\n"), "230,230,230\n");
    assert_non_null(strstr(told(&source, "SYST:ERR?\n"), "-223,\"Too much data; XXXX"));
    for (unsigned k = 0; k < 3u * REFERENCE_ERRORS_MAX; k++) {
        told(&source, "NO\n");
    }
    for (unsigned k = 0; k + 1u < REFERENCE_ERRORS_MAX; k++) {
        assert_non_null(strstr(told(&source, "SYST:ERR?\n"), "-113,"));
    }
    assert_string_equal(told(&source, "SYST:ERR?\nSYST:ERR?\n"),
                        "-350,\"Queue overflow\"\n0,\"No error\"\n");
    told(&source, "NO\n*CLS\n");
    assert_string_equal(told(&source, "SYST:ERR?\n"), "0,\"No error\"\n");
}

static double complex turned(double size, double deg)
{
    const double angle = deg * acos(-1.0) / 180.0;
    return size * cos(angle) + (double complex)I * size * sin(angle);
}

static void near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-6 * (1.0 + fabs(expected)))) {
        fail_msg("expected %.12g, found %.12g", expected, value);
    }
}

/** What it says that each system gets, against S = U conj(I). */
static void test_measured(void **state)
{
    (void)state;
    struct reference_source source;
    char *at;
    reference_source_init(&source);
    at = (char *)told(&source, "VOLT1 231\nVOLT3 228\nCURR1 5\nCURR2 0.25\nCURR3 100\n"
                               "CURR1:PHAS 60\nCURR3:PHAS -37\nFREQ 49.5\nOUTP ON\nMEAS?\n");
    double value[16];
    for (unsigned k = 0; k < 16; k++) {
        value[k] = strtod(at, &at);
        assert_int_equal(*at, k < 15 ? ',' : '\n');
        at++;
    }
    near(value[0], 12.345678);
    near(value[1], 49.5);
    near(value[2], 23.0);
    near(value[3], 3.0);
    const double volts[] = {231, 230, 228}, amperes[] = {5, 0.25, 100}, phi[] = {60, 0, -37},
                 deg[] = {0, -120, 120};
    for (unsigned s = 0; s < 3; s++) {
        const double complex power =
            turned(volts[s], deg[s]) * conj(turned(amperes[s], deg[s] - phi[s]));
        near(value[4 + 4 * s], volts[s]);
        near(value[5 + 4 * s], deg[s]);
        near(value[6 + 4 * s], creal(power));
        near(value[7 + 4 * s], cimag(power));
    }
    for (unsigned s = 0; s < 2; s++) { /* Aron: U12 with I1, U32 with I3 */
        const unsigned p = 2 * s;
        struct reference_truth truth;
        reference_source_truth(&source.output, true, s, &truth);
        const double complex u = turned(volts[p], deg[p]) - turned(230, -120);
        const double complex power = u * conj(turned(amperes[p], deg[p] - phi[p]));
        near(truth.voltage_v, cabs(u));
        near(truth.voltage_deg, carg(u) * 180.0 / acos(-1.0));
        near(truth.active_w, creal(power));
        near(truth.reactive_var, cimag(power));
    }
    assert_string_equal(told(&source, "OUTP OFF\nMEAS:TIME?\n"), "12.345678\n");
}

/** It takes the place of the mains, controls included, and gives it back. */
static void test_takes_over(void **state)
{
    (void)state;
    struct reference_source source;
    struct mains *mains;
    struct lab_error error;
    struct lab_state fed, seen;
    const struct mains_options options = {3, false, 0};
    struct measuring_window window[LAB_PHASES];
    assert_int_equal(mains_open(&mains, "u=230,i=1", &options, &error), 0);
    assert_int_equal(mains_control(mains, 0, "i2", 7.0, &error), 0);
    mains_window(mains, 0, 8000, window);
    reference_source_init(&source);
    told(&source, "CURR 3\nCURR2:PHAS 60\nCHAM:TEMP 45\nFREQ 51\nOUTP ON\n");
    reference_source_state(&source, &fed);
    assert_int_equal(mains_replace(mains, 1000000, &fed, &error), 0);
    mains_state(mains, 1000000, &seen);
    near(seen.phase[0].current_a, 3.0);
    near(seen.phase[1].current_a, 3.0);
    near(seen.phase[1].phi_deg, 60.0);
    near(seen.phase[2].voltage_deg, 120.0);
    near(seen.frequency_hz, 51.0);
    near(seen.temperature_c, 45.0);
    mains_window(mains, 1000000, 8000, window);
    assert_int_equal(mains_replace(mains, 2000000, NULL, &error), 0);
    mains_state(mains, 2000000, &seen);
    near(seen.phase[0].current_a, 1.0);
    near(seen.phase[1].current_a, 7.0);
    near(seen.frequency_hz, 50.0);
    near(seen.temperature_c, 23.0);
    mains_close(mains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),   cmocka_unit_test(test_errors),
        cmocka_unit_test(test_bounds),     cmocka_unit_test(test_measured),
        cmocka_unit_test(test_takes_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
