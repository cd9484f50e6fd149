/* Table VAR-B as a test: on every variant each feature is there, or refused on every channel. */
#include <stdio.h>

#include "legal_puppet.h"

#include "app/meter/meter_events.h"
#include "app/meter/meter_log.h"
#include "proto/kmp/kmp_log.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* ---- channels ---- */

/* @return length of the answer's body; 0: silence, which is how a meter refuses */
static size_t ask(struct meter *meter, const uint8_t *body, size_t n_body, uint8_t answer[320])
{
    uint8_t frame[320], got[1024];
    struct kmp_receiver receiver;
    int n = kmp_frame_encode(KMP_TO_METER, body, n_body, frame, sizeof frame);
    assert_true(n > 0);
    optical_receive(&meter->optical[0], meter, frame, (size_t)n, 0);
    (void)optical_step(&meter->optical[0], meter, 0);
    size_t n_got = optical_transmit(&meter->optical[0], got, sizeof got);
    kmp_receiver_init(&receiver, KMP_FROM_METER);
    for (size_t i = 0; i < n_got; i++) {
        if (kmp_receiver_byte(&receiver, got[i]) == 1) {
            memcpy(answer, receiver.body, receiver.length);
            return receiver.length;
        }
    }
    return n_got; /* the bare acknowledgement */
}

static bool kmp_has_log(struct meter *meter, uint8_t log)
{
    static const uint16_t ids[] = {1047};
    uint8_t body[2 + KMP_LOG_ASK_BYTES] = {0x3F, KMP_LOG_TIME_PRESENT}, answer[320];
    size_t n = kmp_log_ask_all(log, ids, 1, body + 2);
    bool by_time = ask(meter, body, 2 + n, answer) != 0;
    body[1] = KMP_LOG_LAST_PRESENT;
    n = kmp_log_ask_unread(log, ids, 1, body + 2);
    bool unread = ask(meter, body, 2 + n, answer) != 0;
    assert_int_equal(by_time, unread);
    return by_time;
}

static bool kmp_has_register(struct meter *meter, uint16_t id)
{
    uint8_t body[] = {0x3F, 0x10, 1, (uint8_t)(id >> 8), (uint8_t)id}, answer[320];
    return ask(meter, body, sizeof body, answer) > 2;
}

/* A register is on all channels or on none: KMP, text (IEC, display), and the lists of the display.
 */
static bool has_register(struct meter *meter, const char *code)
{
    const struct register_def *def = register_by_code(code);
    assert_non_null(def);
    const uint16_t row = (uint16_t)(def - register_table);
    char text[33];
    const char *unit;
    bool there = register_exists(meter, def);
    assert_int_equal(register_read_text(meter, def, text, sizeof text, &unit), there);
    assert_int_equal(kmp_has_register(meter, (uint16_t)def->kmp_id), there);
    assert_int_equal(
        display_set_list(&meter->display, meter, LIST_AUTOMATIC, &row, 1, 0) == DISPLAY_OK, there);
    return there;
}

static bool answers(struct meter *meter, const uint8_t *body, size_t n_body)
{
    uint8_t answer[320];
    return ask(meter, body, n_body, answer) != 0;
}

/* ---- the features ---- */

static bool has_status_log(struct meter *meter)
{
    return kmp_has_log(meter, 2);
}

static bool has_clock_log(struct meter *meter)
{
    return kmp_has_log(meter, 3);
}

static bool has_voltage_log(struct meter *meter)
{
    return kmp_has_log(meter, 4);
}

static bool has_quality_registers(struct meter *meter)
{
    static const char *const codes[] = {"134.0.13", "134.0.12", "134.0.14", "32.24.0"};
    bool there = has_register(meter, codes[0]);
    for (size_t i = 1; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(has_register(meter, codes[i]), there);
    }
    return there;
}

static bool has_disconnect_log(struct meter *meter)
{
    uint8_t state[] = {0x3F, 0x98}, answer[320];
    bool there = kmp_has_log(meter, 5);
    assert_int_equal(ask(meter, state, sizeof state, answer), 4);
    assert_int_equal(answer[2] != 0, there); /* 00: no relay */
    return there;
}

static bool has_neutral(struct meter *meter)
{
    bool there = kmp_has_log(meter, 12);
    assert_int_equal(kmp_has_register(meter, 1242), there);
    assert_int_equal(kmp_has_register(meter, 1246), there);
    return there;
}

static bool has_load_profile(struct meter *meter)
{
    bool there = kmp_has_log(meter, 6);
    assert_int_equal(kmp_has_log(meter, 10), there);
    return there;
}

static bool has_analysis(struct meter *meter)
{
    bool there = kmp_has_log(meter, 11);
    assert_int_equal(kmp_has_register(meter, 0xF300), there);
    assert_int_equal(kmp_has_register(meter, 0xF310), there);
    return there;
}

static bool has_alarms(struct meter *meter)
{
    bool there = kmp_has_register(meter, 0xF201);
    assert_int_equal(kmp_has_register(meter, 0xF204), there);
    return there;
}

static bool has_alarms_of_word_b(struct meter *meter)
{
    bool there = kmp_has_register(meter, 0xF202);
    assert_int_equal(kmp_has_register(meter, 0xF203), there);
    assert_int_equal(kmp_has_register(meter, 0xF205), there);
    return there;
}

static bool has_debiting(struct meter *meter)
{
    static const uint8_t stop[] = {0x3F, 0x88};
    bool there = kmp_has_log(meter, 1);
    assert_int_equal(answers(meter, stop, sizeof stop), there);
    return there;
}

static bool has_second_debiting(struct meter *meter)
{
    return kmp_has_log(meter, 8);
}

static bool has_clock(struct meter *meter)
{
    static const uint8_t set[] = {0x3F, 0x09, 0x00, 0x01, 0x14, 0x4A, 0x00, 0x02, 0x77, 0x15};
    bool there = answers(meter, set, sizeof set);
    assert_int_equal(kmp_has_register(meter, 1002), there);
    assert_int_equal(kmp_has_register(meter, 1003), there);
    assert_int_equal(kmp_has_register(meter, 1047), there);
    return there;
}

static bool has_tariffs(struct meter *meter)
{
    static const uint8_t read[] = {0x3F, 0xE2, 0, 0, 0};
    bool there = has_register(meter, "1.8.1");
    assert_int_equal(answers(meter, read, sizeof read), there);
    assert_int_equal(kmp_has_register(meter, 2010), there);
    return there;
}

static bool has_eight_tariffs(struct meter *meter)
{
    return has_register(meter, "1.8.8");
}

static bool has_back_up_list(struct meter *meter)
{
    const uint16_t row = (uint16_t)(register_by_code("1.8.0") - register_table);
    return display_set_list(&meter->display, meter, LIST_BACKUP, &row, 1, 0) == DISPLAY_OK;
}

static bool has_forty_readings(struct meter *meter)
{
    uint16_t rows[41];
    size_t n = 0;
    for (size_t i = 0; i < register_table_length && n < 31; i++) {
        if ((register_table[i].access & ACCESS_LEGAL) != 0 &&
            register_exists(meter, &register_table[i])) {
            rows[n++] = (uint16_t)i;
        }
    }
    for (; n < 41; n++) {
        rows[n] = DISPLAY_READING_TEST;
    }
    struct display *display = &meter->display;
    assert_int_equal(display_set_list(display, meter, LIST_MANUAL, rows, 30, 0), DISPLAY_OK);
    assert_int_equal(display_set_list(display, meter, LIST_MANUAL, rows, 41, 0),
                     DISPLAY_ERR_LENGTH);
    bool there = display_set_list(display, meter, LIST_MANUAL, rows, 40, 0) == DISPLAY_OK;
    assert_int_equal(display_set_list(display, meter, LIST_MANUAL, rows, 31, 0) == DISPLAY_OK,
                     there);
    return there;
}

static bool has_mode_c(struct meter *meter)
{
    static const char request[] = "/?!\r\n";
    uint8_t got[OPTICAL_TX_BYTES];
    optical_receive(&meter->optical[1], meter, (const uint8_t *)request, strlen(request), 0);
    (void)optical_step(&meter->optical[1], meter, 250);
    size_t n = optical_transmit(&meter->optical[1], got, sizeof got - 1);
    assert_true(n > 5); /* every generation identifies itself */
    got[n] = '\0';
    return strncmp((const char *)got, "/KAM5", 5) == 0;
}

static bool has_event_word_b(struct meter *meter)
{
    return kmp_has_register(meter, 1237);
}

static bool has_second_phase(struct meter *meter)
{
    return has_register(meter, "52.7.0");
}

static bool has_third_phase(struct meter *meter)
{
    return has_register(meter, "72.7.0");
}

static bool has_energy_of_a_phase(struct meter *meter)
{
    return has_register(meter, "21.8.0");
}

static bool has_everything_else(struct meter *meter)
{
    static const char *const codes[] = {"1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.7.0", "32.7.0"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (!has_register(meter, codes[i])) {
            return false;
        }
    }
    return true;
}

/* ---- the matrix ---- */

enum column { COLUMN_BASIC, COLUMN_L, COLUMN_M, COLUMN_162, COLUMNS };

/* Besides the column: what must be fitted. */
enum fitted { ANYWAY = 0, CLOCK = 1, BATTERY = 2, BREAKER = 4, FOUR_WIRES = 8 };

static const struct {
    const char *feature;
    bool column[COLUMNS];
    unsigned fitted;
    bool (*there)(struct meter *meter);
} matrix[] = {
    {"four quadrants", {1, 1, 1, 1}, ANYWAY, has_everything_else},
    {"tariffs", {1, 1, 1, 1}, ANYWAY, has_tariffs},
    {"eight tariffs", {1, 1, 1, 1}, ANYWAY, has_eight_tariffs},
    {"manual list of 40", {1, 0, 0, 0}, ANYWAY, has_forty_readings},
    {"back-up list", {1, 1, 1, 1}, BATTERY, has_back_up_list},
    {"debiting log", {1, 1, 1, 1}, ANYWAY, has_debiting},
    {"second debiting log", {0, 0, 1, 1}, ANYWAY, has_second_debiting},
    {"load profile", {0, 1, 1, 1}, CLOCK, has_load_profile},
    {"analysis logger", {0, 1, 1, 1}, CLOCK, has_analysis},
    {"alarms", {0, 1, 1, 1}, ANYWAY, has_alarms},
    {"alarms of word B", {0, 0, 1, 1}, ANYWAY, has_alarms_of_word_b},
    {"voltage log", {1, 0, 1, 1}, ANYWAY, has_voltage_log},
    {"voltage quality in registers", {0, 0, 1, 1}, ANYWAY, has_quality_registers},
    {"status log", {1, 1, 1, 1}, ANYWAY, has_status_log},
    {"clock log", {0, 0, 1, 1}, CLOCK, has_clock_log},
    {"breaker", {1, 1, 1, 1}, BREAKER, has_disconnect_log},
    {"neutral fault", {0, 1, 1, 0}, FOUR_WIRES, has_neutral},
    {"IEC 62056-21 mode C", {0, 0, 1, 1}, ANYWAY, has_mode_c},
    {"clock", {1, 1, 1, 1}, CLOCK, has_clock},
    {"event word B", {0, 0, 1, 1}, ANYWAY, has_event_word_b},
    {"phase L2", {1, 1, 1, 0}, FOUR_WIRES, has_second_phase},
    {"phase L3", {1, 1, 1, 0}, ANYWAY, has_third_phase},
    {"energy of a phase", {0, 0, 1, 1}, FOUR_WIRES, has_energy_of_a_phase},
};

static enum column column_of(const char *name)
{
    if (name[0] == '1') {
        return COLUMN_162;
    }
    return name[3] == 'L' ? COLUMN_L : name[3] == 'M' ? COLUMN_M : COLUMN_BASIC;
}

/* From the name alone (VAR-01 .. VAR-07), not from what the meter says of itself. */
static unsigned fitted_of(const char *name)
{
    bool l = column_of(name) == COLUMN_L, basic = column_of(name) == COLUMN_BASIC;
    bool one = name[0] == '1';
    char build = l ? name[5] : name[3];
    unsigned fitted = strstr(name, "-aron") == NULL ? FOUR_WIRES : 0u;
    fitted |= l && build == '1' ? 0u : CLOCK;
    fitted |= (l && strchr("245BDE", build) != NULL) || (!l && !one) ? BATTERY : 0u;
    fitted |= (l && strchr("BCDEFG", build) != NULL) || (basic && strchr("DE", build) != NULL) ||
                      strncmp(name, "382MB", 5) == 0 || strcmp(name, "162MB") == 0
                  ? BREAKER
                  : 0u;
    return fitted;
}

/* REQ(VAR-08): forty-one variants, twenty-three features */
static void test_matrix(void **state)
{
    (void)state;
    for (size_t v = 0; v < variant_count(); v++) {
        const char *name = variant_name(v);
        for (size_t i = 0; i < sizeof matrix / sizeof matrix[0]; i++) {
            const unsigned fitted = fitted_of(name);
            const bool expected = matrix[i].column[column_of(name)] &&
                                  (matrix[i].fitted & fitted) == matrix[i].fitted;
            if (matrix[i].there(toy_meter(name, 0)) != expected) {
                fail_msg("%s: '%s' should be %s", name, matrix[i].feature,
                         expected ? "there" : "refused");
            }
        }
    }
}

/* REQ(VAR-08): a log that the variant lacks raises no flag, whatever was noted in it */
static void test_no_flags_of_missing_logs(void **state)
{
    (void)state;
    static const struct {
        enum event_log_name log;
        unsigned bit;
    } logs[] = {{EVENT_LOG_CLOCK, EVENT_A_CLOCK},
                {EVENT_LOG_VOLTAGE, EVENT_A_VOLTAGE},
                {EVENT_LOG_DISCONNECT, EVENT_A_DISCONNECT},
                {EVENT_LOG_NEUTRAL, EVENT_A_NEUTRAL},
                {EVENT_LOG_LOAD_PROFILE, EVENT_A_LOAD_PROFILE},
                {EVENT_LOG_DEBITING_2, EVENT_A_DEBITING_2}};
    static const char *const names[] = {"382B", "382Lx1", "382LxB", "382M", "162MB", "382M-aron"};
    for (size_t v = 0; v < sizeof names / sizeof names[0]; v++) {
        struct meter *meter = toy_meter(names[v], 0);
        for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
            meter_log(meter, logs[i].log, 1, "", 0);
            const bool raised = (meter_event_word_a(meter) >> logs[i].bit & 1u) != 0;
            assert_int_equal(raised, meter_log_exists(meter, logs[i].log));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_matrix, setup),
        cmocka_unit_test_setup(test_no_flags_of_missing_logs, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
