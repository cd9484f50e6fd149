/* What stands in each field.  Pure: nothing here changes the display or the meter. */
#include <string.h>

#include "../meter/meter.h"
#include "../meter/meter_breaker.h"
#include "../meter/meter_prepay.h"
#include "../meter/meter_tamper.h"
#include "../registers/register_read.h"
#include "display_font.h"
#include "display_icons.h"

#define TEXT_MAX            40u
#define SLIDE_US            500000  /* a message longer than its field moves on every half second */
#define SLIDE_HOLD_STEPS    3       /* and stands still at its beginning */
#define TIME_OR_DATE_US     2000000 /* a time stamp shows its time and its date in turn */
#define TEST_TEXT_US        2000000 /* every third time this long the text says TEST */
#define SLIDE_GAP           2       /* blank before it comes again */
#define DATE_CHARS          10u
#define WARNING_US          2000000 /* a reading and the seconds until the breaker opens, in turn */
#define CREDIT_TURNS        4       /* of these, in one the credit that is low */
#define CREDIT_ID           1121u
#define BREAKER_CODE        "128.0.0"
#define VALUE_POINTS_FITTED 0x0F0u /* behind digits 5, 6, 7 and 8 */
#define VALUE_COLONS_FITTED 0x050u /* behind digits 5 and 7 */
#define IDENT_POINTS_FITTED 0x1Au  /* behind digits 2, 4 and 5 */

struct unit_sign {
    const char *name;
    uint8_t unit;
};

static const struct unit_sign unit_signs[] = {
    {"kWh", DISPLAY_UNIT_KWH}, {"kvarh", DISPLAY_UNIT_KVARH}, {"kVAh", DISPLAY_UNIT_KVAH},
    {"kW", DISPLAY_UNIT_KW},   {"kvar", DISPLAY_UNIT_KVAR},   {"kVA", DISPLAY_UNIT_KVA},
    {"V", DISPLAY_UNIT_V},     {"A", DISPLAY_UNIT_A},         {"h", DISPLAY_UNIT_H},
    {"Hz", DISPLAY_UNIT_HZ},   {"°", DISPLAY_UNIT_DEGREE},
};

static uint8_t unit_from_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof unit_signs / sizeof unit_signs[0]; i++) {
        if (strcmp(name, unit_signs[i].name) == 0) {
            return unit_signs[i].unit;
        }
    }
    return DISPLAY_UNIT_NONE;
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* Decimal, without leading zeros. */
static void decimal_write(uint32_t number, char *out)
{
    char reversed[10];
    size_t n = 0;
    do {
        reversed[n++] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0);
    for (size_t i = 0; i < n; i++) {
        out[i] = reversed[n - 1 - i];
    }
    out[n] = '\0';
}

static bool is_mark(const char *text, size_t i)
{
    return i > 0 && is_digit(text[i - 1]) && (text[i] == '.' || text[i] == ':' || text[i] == '-');
}

/* First character of a message of n shown in a field of width, so that longer ones slide (X-DIS-1).
 */
static size_t slide_offset(size_t n, size_t width, int64_t shown_us)
{
    int64_t step = shown_us / SLIDE_US - SLIDE_HOLD_STEPS;
    if (n <= width || step < 0) {
        return 0;
    }
    return (size_t)(step % (int64_t)(n + SLIDE_GAP));
}

/*
 * Right-aligned; a point, colon or date dash stands behind a digit.  Marks fall where the glass has
 * them because a value has a fixed number of places; one that does not fit the glass is not lit.
 */
static void value_write(struct display_frame *frame, const char *text, int64_t shown_us)
{
    char digits[TEXT_MAX];
    bool point[TEXT_MAX] = {false}, colon[TEXT_MAX] = {false};
    size_t n = 0, length = strlen(text);
    for (size_t i = 0; i < length && n < TEXT_MAX; i++) {
        if (is_mark(text, i)) {
            point[n - 1] = text[i] == '.';
            colon[n - 1] = text[i] != '.';
        } else {
            digits[n++] = text[i];
        }
    }
    size_t first = slide_offset(n, DISPLAY_VALUE_DIGITS, shown_us);
    size_t place = n < DISPLAY_VALUE_DIGITS ? DISPLAY_VALUE_DIGITS - n : 0;
    for (size_t i = first; i < n && place < DISPLAY_VALUE_DIGITS; i++, place++) {
        frame->value[place] = font_segments(digits[i]);
        frame->value_points |= (uint16_t)(point[i] ? 1u << place : 0u);
        frame->value_colons |= (uint16_t)(colon[i] ? 1u << place : 0u);
    }
    frame->value_points &= VALUE_POINTS_FITTED;
    frame->value_colons &= VALUE_COLONS_FITTED;
}

/* The seven places fall into three groups in one of these ways, with a point between the groups. */
static const uint8_t groupings[][3] = {{4, 1, 2}, {2, 2, 3}, {2, 3, 2}};

static const uint8_t *grouping_of(const uint8_t digits[3])
{
    for (size_t i = 0; i < sizeof groupings / sizeof groupings[0]; i++) {
        const uint8_t *group = groupings[i];
        if (digits[0] <= group[0] && digits[1] == group[1] && digits[2] <= group[2]) {
            return group;
        }
    }
    /* 32.7.124: the middle part stands alone at the right of its two places */
    return digits[0] <= 2 && digits[1] <= 2 && digits[2] <= 3 ? groupings[1] : NULL;
}

/* Split "C.D.E" into its three parts; "*F" has no place on the glass.  False when it is anything
 * else. */
static bool code_split(const char *code, const char *part[3], uint8_t digits[3])
{
    size_t n = 0;
    part[0] = code;
    for (; *code != '\0' && *code != '*'; code++) {
        if (is_digit(*code)) {
            digits[n]++;
        } else if (*code == '.' && n < 2) {
            part[++n] = code + 1;
        } else {
            return false;
        }
    }
    return n == 2;
}

static void ident_write(struct display_frame *frame, const char *code)
{
    const char *part[3] = {NULL, NULL, NULL};
    uint8_t digits[3] = {0, 0, 0};
    const uint8_t *group = code_split(code, part, digits) ? grouping_of(digits) : NULL;
    size_t end = 0;
    for (size_t i = 0; group != NULL && i < 3; i++) {
        size_t place = i == 2 ? end : end + group[i] - digits[i];
        for (size_t k = 0; k < digits[i]; k++) {
            frame->ident[place + k] = font_segments(part[i][k]);
        }
        end += group[i];
        frame->ident_points |= (uint8_t)(i < 2 ? 1u << (end - 1) : 0u);
    }
    frame->ident_points &= IDENT_POINTS_FITTED;
}

/* " P.01": the load profile, whose letter no code has. */
static void profile_ident_write(struct display_frame *frame)
{
    static const char places[] = " P01";
    for (size_t i = 0; places[i] != '\0'; i++) {
        frame->ident[i] = font_segments(places[i]);
    }
    frame->ident_points = 1u << 1;
}

static void text_write(struct display_frame *frame, const struct meter *meter, const char *text,
                       int64_t shown_us)
{
    size_t length = strlen(text);
    size_t first = slide_offset(length, DISPLAY_TEXT_CHARS, shown_us);
    if (!display_has_text(&meter->variant)) {
        return;
    }
    for (size_t i = 0; i < DISPLAY_TEXT_CHARS && first + i < length; i++) {
        frame->text[i] = text[first + i];
    }
}

static void checksum_write(struct display_frame *frame, const struct legal_identity *identity,
                           int64_t shown_us)
{
    char text[TEXT_MAX];
    decimal_write(identity->checksum & 0xFFFFu, text);
    value_write(frame, text, shown_us);
}

static void software_write(struct display_frame *frame, const struct meter *meter,
                           const struct legal_identity *identity, int64_t shown_us)
{
    char text[TEXT_MAX];
    decimal_write(identity->number, text);
    value_write(frame, text, shown_us);
    text[0] = (char)identity->revision_letter;
    decimal_write(identity->revision_number, text + 1);
    text_write(frame, meter, text, shown_us);
}

/* "2026-11-21 14:30:05" shows its time, then its date, under the same identification. */
static void register_write(struct display_frame *frame, const struct meter *meter,
                           const struct register_def *def, int64_t shown_us)
{
    char text[TEXT_MAX] = "";
    const char *unit = "", *label = def->label;
    const char *shown = text;
    if (!register_read_text(meter, def, text, sizeof text, &unit)) {
        shown = "-------";
    } else if (strlen(text) > DATE_CHARS && text[DATE_CHARS] == ' ') {
        bool date = shown_us / TIME_OR_DATE_US % 2 != 0;
        text[DATE_CHARS] = '\0';
        shown = date ? text : text + DATE_CHARS + 1;
        label = date ? "DATE" : "TIME";
    }
    value_write(frame, shown, shown_us);
    text_write(frame, meter, label, shown_us);
    frame->unit = unit_from_name(unit);
}

/* The time and date of a peak stand under the peak's own identification. */
static const char *code_shown(const struct register_def *def)
{
    bool stamp = def->source == SOURCE_PEAK_TIME || def->source == SOURCE_PEAK_DATE ||
                 def->source == SOURCE_PEAK_RTC;
    for (size_t row = 0; stamp && row < register_table_length; row++) {
        const struct register_def *peak = &register_table[row];
        if (peak->source == SOURCE_PEAK_POWER && peak->index == def->index) {
            return peak->code;
        }
    }
    return def->code;
}

static void reading_write(struct display_frame *frame, const struct meter *meter, uint16_t reading,
                          int64_t shown_us)
{
    struct legal_identity identity;
    const struct register_def *def = &register_table[reading];
    legal_identity(&meter->legal, &identity);
    ident_write(frame, code_shown(def));
    switch (def->source) {
    case SOURCE_PROGRAM_CHECKSUM:
        checksum_write(frame, &identity, shown_us);
        text_write(frame, meter, "CSUM", shown_us);
        break;
    case SOURCE_SOFTWARE_NUMBER: software_write(frame, meter, &identity, shown_us); break;
    default: register_write(frame, meter, def, shown_us); break;
    }
}

/* Everything that this variant's glass has. */
static void test_write(struct display_frame *frame, const struct meter *meter)
{
    memset(frame->value, FONT_ALL_LIT, sizeof frame->value);
    memset(frame->ident, FONT_ALL_LIT, sizeof frame->ident);
    frame->value_points = VALUE_POINTS_FITTED;
    frame->value_colons = VALUE_COLONS_FITTED;
    frame->ident_points = IDENT_POINTS_FITTED;
    if (display_has_text(&meter->variant)) {
        memset(frame->text, DISPLAY_TEXT_ALL, sizeof frame->text);
    }
    frame->unit = DISPLAY_UNIT_ALL;
    frame->tariff = FONT_ALL_LIT;
    frame->icons = display_icons_fitted(&meter->variant);
}

/* What the relays do; without an answer from them no symbol is lit. */
static enum display_breaker breaker_shown(const struct meter *meter)
{
    switch (meter->breaker.position) {
    case BREAKER_POSITION_OPEN: return DISPLAY_BREAKER_OPEN;
    case BREAKER_POSITION_CLOSED:
        return meter->breaker.kept.state == BREAKER_WARNING ? DISPLAY_BREAKER_WARNING
                                                            : DISPLAY_BREAKER_CLOSED;
    case BREAKER_POSITION_MIXED: return DISPLAY_BREAKER_MIXED;
    default: return DISPLAY_BREAKER_NONE;
    }
}

static enum display_module module_shown(const struct meter *meter)
{
    if (meter_module_mismatch(meter)) {
        return DISPLAY_MODULE_OTHER;
    }
    return meter->modules.slot[METER_SLOT_PRIMARY].present ? DISPLAY_MODULE_IN
                                                           : DISPLAY_MODULE_NONE;
}

static void icons_write(struct display_frame *frame, const struct meter *meter, int64_t now_us)
{
    struct display_situation situation = {
        .variant = &meter->variant,
        .status = meter_status(meter),
        .alarm = meter->neutral.fault || meter->breaker.kept.fault,
        .prepayment = meter_prepay_on(meter),
        .credit_low = meter_prepay_warns(meter),
        .tamper = meter_tamper_shown(meter),
        .uncalibrated = meter_uncalibrated(meter),
        .breaker = (uint8_t)breaker_shown(meter),
        .module = (uint8_t)module_shown(meter),
        .consumer = meter->modules.slot[METER_SLOT_CCC].present,
        .radio = meter_radio_on(meter),
        .now_us = now_us,
    };
    legal_instant(&meter->legal, &situation.instant);
    frame->icons = display_icons(&situation);
    if ((frame->icons & (uint32_t)ICON_TARIFF) != 0) {
        frame->tariff = font_segments((char)('0' + legal_tariff(&meter->legal)));
    }
}

/* A log of the manual list, open or closed. */
static void log_write(struct display_frame *frame, const struct display *display,
                      const struct meter *meter, uint16_t reading, int64_t shown_us)
{
    struct browse_view view;
    const int64_t now_us = shown_us + display->position_since_us;
    display_browse_view(&display->browse, meter, reading, now_us, &view);
    if (view.code[0] == 'P') {
        profile_ident_write(frame);
    } else {
        ident_write(frame, view.code);
    }
    value_write(frame, view.value, 0);
    text_write(frame, meter, view.text, now_us - display->browse.since_us);
    frame->unit = unit_from_name(view.unit);
}

static void list_write(struct display_frame *frame, const struct display *display,
                       const struct meter *meter, enum display_list list, int64_t shown_us)
{
    uint16_t reading = display->list[list][display->position];
    if (display->position >= display->length[list]) {
        return;
    }
    if (reading == DISPLAY_READING_TEST) {
        test_write(frame, meter);
    } else if (reading >= register_table_length) {
        log_write(frame, display, meter, reading, shown_us);
    } else {
        reading_write(frame, meter, reading, shown_us);
    }
}

/* The load is too high: the seconds that are left stand between the readings of the list. */
static bool warning_shown(const struct meter *meter, int64_t now_us)
{
    return meter_breaker_state(meter) == BREAKER_WARNING && now_us / WARNING_US % 2 != 0;
}

static void warning_write(struct display_frame *frame, const struct meter *meter, int64_t shown_us)
{
    char text[TEXT_MAX];
    decimal_write(breaker_trip_left_s(&meter->breaker), text);
    ident_write(frame, BREAKER_CODE);
    value_write(frame, text, shown_us);
    text_write(frame, meter, "DCON", shown_us);
}

/* Credit is low: what is left stands between the readings, every fourth time. */
static bool credit_shown(const struct meter *meter, int64_t now_us)
{
    return now_us / WARNING_US % CREDIT_TURNS == CREDIT_TURNS - 1 && meter_prepay_warns(meter);
}

static void credit_write(struct display_frame *frame, const struct meter *meter, int64_t shown_us)
{
    const struct register_def *credit = register_by_kmp_id(CREDIT_ID);
    reading_write(frame, meter, (uint16_t)(credit - register_table), shown_us);
}

/* The test mode must not be taken for a reading of the lists: the identification blinks, and the
 * text says so now and then. */
static void test_mark(struct display_frame *frame, const struct meter *meter, int64_t shown_us)
{
    if (shown_us / DISPLAY_BLINK_US % 2 != 0) {
        memset(frame->ident, 0, sizeof frame->ident);
        frame->ident_points = 0;
    }
    if (shown_us / TEST_TEXT_US % 3 == 2) {
        memset(frame->text, ' ', sizeof frame->text);
        text_write(frame, meter, "TEST", 0);
    }
}

void display_render(const struct display *display, const struct meter *meter, int64_t now_us,
                    struct display_frame *frame)
{
    int64_t shown_us = now_us - display->position_since_us;
    struct legal_identity identity;
    memset(frame, 0, sizeof *frame);
    memset(frame->text, ' ', sizeof frame->text);
    if (display->state != DISPLAY_OFF && display->state != DISPLAY_BACKUP) {
        icons_write(frame, meter, now_us);
    }
    switch (display->state) {
    case DISPLAY_CHECKSUM:
        legal_identity(&meter->legal, &identity);
        ident_write(frame, "96.54.1");
        checksum_write(frame, &identity, shown_us);
        text_write(frame, meter, "CSUM", shown_us);
        break;
    case DISPLAY_SOFTWARE:
        legal_identity(&meter->legal, &identity);
        ident_write(frame, "0.2.0");
        software_write(frame, meter, &identity, shown_us);
        break;
    case DISPLAY_AUTOMATIC:
        if (warning_shown(meter, now_us)) {
            warning_write(frame, meter, shown_us);
        } else if (credit_shown(meter, now_us)) {
            credit_write(frame, meter, shown_us);
        } else {
            list_write(frame, display, meter, LIST_AUTOMATIC, shown_us);
        }
        break;
    case DISPLAY_MANUAL: list_write(frame, display, meter, LIST_MANUAL, shown_us); break;
    case DISPLAY_BACKUP: list_write(frame, display, meter, LIST_BACKUP, shown_us); break;
    case DISPLAY_TEST:
        list_write(frame, display, meter, LIST_TEST, shown_us);
        test_mark(frame, meter, shown_us);
        break;
    default: break;
    }
}
