/* What stands in the fields: digits, marks, identification, unit, text. */
#include "display_fake.h"

#include "app/display/display_font.h"

#define KWH UINT64_C(1000000000) /* in uWh */

/* One reading alone in the automatic list, rendered at its beginning. */
static struct display_frame frame_of(struct meter *meter, const char *code)
{
    struct display_frame frame;
    const uint16_t row = code[0] == '\0' ? DISPLAY_READING_TEST : row_of(code);
    assert_int_equal(display_set_list(&meter->display, meter, LIST_AUTOMATIC, &row, 1, 10 * SECOND),
                     DISPLAY_OK);
    display_render(&meter->display, meter, 10 * SECOND, &frame);
    return frame;
}

static void assert_digits(const uint8_t *segments, size_t n, const char *characters)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(segments[i], font_segments(characters[i]));
    }
}

/* REQ(DIS-11, X-REG-2): seven digits with leading zeros, right-aligned in nine */
static void energy_stands_in_its_format(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    puppet.energy_uwh[LEGAL_A_PLUS] = 123 * KWH + KWH * 3 / 4;
    struct display_frame frame = frame_of(&meter, "1.8.0");
    assert_digits(frame.value, 9, "  0000123");
    assert_int_equal(frame.value_points, 0);
    assert_digits(frame.ident, 7, "   180 ");
    assert_int_equal(frame.ident_points, 1 << 3 | 1 << 4);
    assert_int_equal(frame.unit, DISPLAY_UNIT_KWH);
    assert_memory_equal(frame.text, "A+  ", 4);
    meter.variant.energy_format = FORMAT_6_1;
    frame = frame_of(&meter, "1.8.0");
    assert_digits(frame.value, 9, "  0001237");
    assert_int_equal(frame.value_points, 1 << 7);
    puppet.energy_uwh[LEGAL_R_MINUS] = 9999999 * KWH;
    frame = frame_of(&meter, "4.8.0");
    assert_int_equal(frame.unit, DISPLAY_UNIT_KVARH);
}

/* REQ(DIS-11): the dots of the identification allow 4-1-2, 2-2-3 and 2-3-2 */
static void identification_keeps_the_points_of_the_glass(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    struct display_frame frame = frame_of(&meter, "96.54.1");
    assert_digits(frame.ident, 7, "96541  ");
    assert_int_equal(frame.ident_points, 1 << 1 | 1 << 3);
    frame = frame_of(&meter, "0.128.1");
    assert_digits(frame.ident, 7, " 01281 ");
    assert_int_equal(frame.ident_points, 1 << 1 | 1 << 4);
    frame = frame_of(&meter, "32.7.0");
    assert_digits(frame.ident, 7, "  3270 ");
    assert_int_equal(frame.ident_points, 1 << 3 | 1 << 4);
    frame = frame_of(&meter, "0.130.1");
    assert_digits(frame.ident, 7, " 01301 ");
    frame = frame_of(&meter, "1.8.0*128"); /* group F has no place on the glass */
    assert_digits(frame.ident, 7, "   180 ");
    assert_int_equal(frame.ident_points, 1 << 3 | 1 << 4);
}

/* C, D and E of a code without their points, as the identification field shows them. */
static void digits_of_code(const char *code, char *out)
{
    for (; *code != '\0' && *code != '*'; code++) {
        if (*code != '.') {
            *out++ = *code;
        }
    }
    *out = '\0';
}

static void digits_of_frame(const struct display_frame *frame, char *out)
{
    for (size_t i = 0; i < DISPLAY_IDENT_DIGITS; i++) {
        if (frame->ident[i] != 0) {
            *out++ = font_character(frame->ident[i]);
        }
    }
    *out = '\0';
}

static void expect_every_code(const char *variant)
{
    struct meter meter;
    puppet_run(&meter, variant);
    for (size_t row = 0; row < register_table_length; row++) {
        const struct register_def *def = &register_table[row];
        char wanted[DISPLAY_IDENT_DIGITS + 1], got[DISPLAY_IDENT_DIGITS + 1];
        if (def->code[0] != '\0' && register_exists(&meter, def)) {
            struct display_frame frame = frame_of(&meter, def->code);
            digits_of_code(def->code, wanted);
            digits_of_frame(&frame, got);
            assert_string_equal(got, wanted);
        }
    }
}

/* REQ(DIS-11): every reading that has a code shows it */
static void every_code_is_shown(void **state)
{
    (void)state;
    expect_every_code("382B");
    expect_every_code("382M");
}

/* REQ(X-REG-2): power 2.3, meter number of eight digits; checksum: its low 16 bits in decimal */
static void values_have_their_formats(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    puppet.instant.active_plus_mw = 3215400;
    struct display_frame frame = frame_of(&meter, "1.7.0");
    assert_int_equal(frame.value_points, 1 << 5);
    assert_digits(&frame.value[5], 4, "3215");
    assert_int_equal(frame.unit, DISPLAY_UNIT_KW);
    frame = frame_of(&meter, "0.0.1");
    assert_digits(frame.value, 9, " 12345678");
    assert_int_equal(frame.unit, DISPLAY_UNIT_NONE);
    frame = frame_of(&meter, "96.54.1");
    assert_digits(frame.value, 9, "    27032");
    assert_memory_equal(frame.text, "CSUM", 4);
    frame = frame_of(&meter, "0.2.0");
    assert_digits(frame.value, 9, " 38200101");
    assert_memory_equal(frame.text, "A1  ", 4);
    puppet.instant.phase[0].voltage_mv = 231400;
    frame = frame_of(&meter, "32.7.0");
    assert_digits(frame.value, 9, "      231");
    assert_int_equal(frame.unit, DISPLAY_UNIT_V);
    puppet.instant.frequency_mhz = 50000;
    assert_int_equal(frame_of(&meter, "14.7.0").unit, DISPLAY_UNIT_HZ);
}

/* REQ(X-REG-2): time HH:MM:SS and the date, with the colons that the glass has; one after the other
 */
static void time_and_date_take_turns(void **state)
{
    (void)state;
    struct meter meter;
    struct display_frame frame;
    puppet_run(&meter, "382M");
    clock_init(&meter.clock, 1, true, true);
    clock_set(&meter.clock, INT64_C(1795249805), 10 * SECOND);
    meter.now_us = 10 * SECOND;
    struct calendar local;
    clock_local(&meter.clock, meter.now_us, &local);
    frame = frame_of(&meter, "1.0.0");
    const char time[10] = {' ',
                           ' ',
                           ' ',
                           (char)('0' + local.hour / 10),
                           (char)('0' + local.hour % 10),
                           (char)('0' + local.minute / 10),
                           (char)('0' + local.minute % 10),
                           (char)('0' + local.second / 10),
                           (char)('0' + local.second % 10),
                           '\0'};
    assert_digits(frame.value, 9, time);
    assert_int_equal(frame.value_colons, 1 << 4 | 1 << 6);
    assert_memory_equal(frame.text, "TIME", 4);
    struct display_frame date = frame_of(&meter, "0.9.2");
    assert_digits(date.value, 9, "   261121");
    assert_int_equal(date.value_colons, 1 << 4 | 1 << 6);
    (void)frame_of(&meter, "1.0.0");
    display_render(&meter.display, &meter, 12 * SECOND, &frame);
    assert_memory_equal(frame.text, "DATE", 4);
    assert_digits(frame.value, 9, " 20261121");
    assert_int_equal(frame.value_colons, 1 << 4 | 1 << 6);
}

/* A message longer than its field slides. */
static void long_values_slide(void **state)
{
    (void)state;
    struct meter meter;
    struct display_frame frame;
    puppet_run(&meter, "382M");
    frame = frame_of(&meter, "96.1.4");
    struct display_frame first = frame;
    display_render(&meter.display, &meter, 13 * SECOND, &frame);
    bool long_value = memcmp(first.value, frame.value, sizeof frame.value) != 0;
    char text[64];
    const char *unit;
    assert_true(
        register_read_text(&meter, &register_table[row_of("96.1.4")], text, sizeof text, &unit));
    assert_int_equal(long_value, strlen(text) > 9);
    assert_true(strlen(text) > 9);
    assert_digits(first.value, 9, text);
    assert_digits(frame.value, 8, text + 3);
}

static void assert_text(const struct meter *meter, int64_t shown_us, const char *text)
{
    struct display_frame frame;
    display_render(&meter->display, meter, 10 * SECOND + shown_us, &frame);
    assert_memory_equal(frame.text, text, DISPLAY_TEXT_CHARS);
}

/* REQ(DIS-18, X-DIS-1): a label longer than four characters stands, then slides through the field
 */
static void long_labels_slide(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    (void)frame_of(&meter, "1.8.1");
    assert_text(&meter, 0, "A+/T");
    assert_text(&meter, 3 * SECOND / 2, "A+/T");
    assert_text(&meter, 2 * SECOND, "+/T1");
    assert_text(&meter, 5 * SECOND / 2, "/T1 ");
    assert_text(&meter, 3 * SECOND, "T1  ");
    assert_text(&meter, 7 * SECOND / 2, "1   ");
    assert_text(&meter, 5 * SECOND, "A+/T");
    (void)frame_of(&meter, "32.7.0");
    assert_text(&meter, 3 * SECOND, "U-L1"); /* four fit: they stand still */
}

/* REQ(DIS-18): the text field exists on M and 162M, and only there */
static void only_m_has_a_text_field(void **state)
{
    (void)state;
    static const char *const without[] = {"382B", "382C", "382D", "382E", "382Lx2"};
    struct meter meter;
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        puppet_run(&meter, without[i]);
        assert_memory_equal(frame_of(&meter, "1.8.0").text, "    ", 4);
        assert_memory_equal(frame_of(&meter, "").text, "    ", 4);
    }
    puppet_run(&meter, "162M");
    assert_memory_equal(frame_of(&meter, "1.8.0").text, "A+  ", 4);
}

/* REQ(DIS-19, C-24, C-25): the display test lights all that the variant's glass has, no more */
static void the_test_lights_everything(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    struct display_frame frame = frame_of(&meter, "");
    assert_digits(frame.value, 9, "888888888");
    assert_digits(frame.ident, 7, "8888888");
    assert_int_equal(frame.value_points, 0x0F0);
    assert_int_equal(frame.value_colons, 0x050);
    assert_int_equal(frame.ident_points, 0x1A);
    assert_int_equal(frame.unit, DISPLAY_UNIT_ALL);
    assert_int_equal(frame.tariff, FONT_ALL_LIT);
    assert_int_equal(frame.text[3], DISPLAY_TEXT_ALL);
    assert_int_equal(frame.icons, (1 << 26) - 1);
    puppet_run(&meter, "382E");
    frame = frame_of(&meter, "");
    assert_int_equal(frame.icons, ICON_QUADRANT_P_PLUS | ICON_QUADRANT_P_MINUS |
                                      ICON_QUADRANT_Q_PLUS | ICON_QUADRANT_Q_MINUS | ICON_ERROR |
                                      ICON_L1 | ICON_L2 | ICON_L3 | ICON_TARIFF);
}

/* The line of text says what is lit and is cut, not overrun, when there is no room. */
static void the_line_of_text_says_what_is_lit(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    meter.variant.tariffs = 4;
    puppet.tariff = 3;
    puppet.energy_uwh[LEGAL_A_PLUS] = 123 * KWH;
    puppet.instant.phase[1] =
        (struct legal_phase){.voltage_present = true, .load_present = true, .exporting = true};
    assert_string_equal(shown(&meter, 10 * SECOND), "1.8.0  0000123 kWh  A+  T3 L2 I2-");
    struct display_frame frame = frame_of(&meter, "1.8.0");
    char line[128], small[128];
    size_t length = display_text(&frame, line, sizeof line);
    assert_int_equal(length, strlen(line));
    for (size_t capacity = 0; capacity <= length + 1; capacity++) {
        memset(small, '#', sizeof small);
        size_t n = display_text(&frame, small, capacity);
        assert_int_equal(n, capacity == 0 ? 0 : capacity - 1 < length ? capacity - 1 : length);
        assert_memory_equal(small, line, n);
        assert_int_equal(small[capacity], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energy_stands_in_its_format),
        cmocka_unit_test(identification_keeps_the_points_of_the_glass),
        cmocka_unit_test(every_code_is_shown),
        cmocka_unit_test(values_have_their_formats),
        cmocka_unit_test(time_and_date_take_turns),
        cmocka_unit_test(long_values_slide),
        cmocka_unit_test(long_labels_slide),
        cmocka_unit_test(only_m_has_a_text_field),
        cmocka_unit_test(the_test_lights_everything),
        cmocka_unit_test(the_line_of_text_says_what_is_lit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
