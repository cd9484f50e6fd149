/* The frame as text: for terminals, logs, screen readers. */
#include <string.h>

#include "display.h"
#include "display_font.h"

struct line {
    char *out;
    size_t length, capacity;
};

static void line_char(struct line *line, char character)
{
    if (line->length + 1 < line->capacity) {
        line->out[line->length++] = character;
    }
}

static void line_text(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        line_char(line, *text);
    }
}

/* A new field, two blanks behind the last one. */
static void line_field(struct line *line, const char *text)
{
    if (*text != '\0') {
        line_text(line, line->length == 0 ? "" : "  ");
        line_text(line, text);
    }
}

/* Digits with their marks; blanks at both ends are left out.  out: 3 characters a digit. */
static void digits_read(const uint8_t *segments, size_t n, uint32_t points, uint32_t colons,
                        char *out)
{
    size_t length = 0, kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool marked = ((points | colons) >> i & 1u) != 0;
        if (segments[i] == 0 && !marked && length == 0) {
            continue;
        }
        out[length++] = font_character(segments[i]);
        if ((colons >> i & 1u) != 0) {
            out[length++] = ':';
        }
        if ((points >> i & 1u) != 0) {
            out[length++] = '.';
        }
        kept = segments[i] != 0 || marked ? length : kept;
    }
    out[kept] = '\0';
}

static const char *const unit_names[] = {
    [DISPLAY_UNIT_NONE] = "",     [DISPLAY_UNIT_KWH] = "kWh", [DISPLAY_UNIT_KVARH] = "kvarh",
    [DISPLAY_UNIT_KVAH] = "kVAh", [DISPLAY_UNIT_KW] = "kW",   [DISPLAY_UNIT_KVAR] = "kvar",
    [DISPLAY_UNIT_KVA] = "kVA",   [DISPLAY_UNIT_V] = "V",     [DISPLAY_UNIT_A] = "A",
    [DISPLAY_UNIT_H] = "h",       [DISPLAY_UNIT_HZ] = "Hz",   [DISPLAY_UNIT_DEGREE] = "deg",
    [DISPLAY_UNIT_ALL] = "all",
};

struct icon_name {
    uint32_t icon;
    uint32_t unless; /* said better by this one */
    const char *name;
};

/* In the order of the line. */
static const struct icon_name icon_names[] = {
    {ICON_L1, 0, "L1"},
    {ICON_L2, 0, "L2"},
    {ICON_L3, 0, "L3"},
    {ICON_QUADRANT_P_PLUS, 0, "+P"},
    {ICON_QUADRANT_P_MINUS, 0, "-P"},
    {ICON_QUADRANT_Q_PLUS, 0, "+Q"},
    {ICON_QUADRANT_Q_MINUS, 0, "-Q"},
    {ICON_CURRENT_L1, ICON_EXPORT_L1, "I1+"},
    {ICON_EXPORT_L1, 0, "I1-"},
    {ICON_CURRENT_L2, ICON_EXPORT_L2, "I2+"},
    {ICON_EXPORT_L2, 0, "I2-"},
    {ICON_CURRENT_L3, ICON_EXPORT_L3, "I3+"},
    {ICON_EXPORT_L3, 0, "I3-"},
    {ICON_SEQUENCE_123, 0, "123"},
    {ICON_SEQUENCE_132, 0, "132"},
    {ICON_ERROR, 0, "ERROR"},
    {ICON_TAMPER, 0, "TAMPER"},
    {ICON_PREPAYMENT, 0, "PP"},
    {ICON_RADIO, 0, "RADIO"},
    {ICON_BREAKER_CLOSED, 0, "CLOSED"},
    {ICON_BREAKER_OPEN, 0, "OPEN"},
    {ICON_MODULE_1, 0, "M1"},
    {ICON_MODULE_2, 0, "M2"},
    {ICON_MODULE_3, 0, "M3"},
    {ICON_MODULE_4, 0, "M4"},
};

/* Icons are one field: separated by one blank. */
static void icons_read(struct line *line, const struct display_frame *frame)
{
    const char *gap = line->length == 0 ? "" : "  ";
    if ((frame->icons & (uint32_t)ICON_TARIFF) != 0) {
        line_text(line, gap);
        line_char(line, 'T');
        line_char(line, font_character(frame->tariff));
        gap = " ";
    }
    for (size_t i = 0; i < sizeof icon_names / sizeof icon_names[0]; i++) {
        bool lit = (frame->icons & icon_names[i].icon) != 0;
        if (lit && (frame->icons & icon_names[i].unless) == 0) {
            line_text(line, gap);
            line_text(line, icon_names[i].name);
            gap = " ";
        }
    }
}

static void text_read(const struct display_frame *frame, char out[DISPLAY_TEXT_CHARS + 1])
{
    size_t kept = 0;
    for (size_t i = 0; i < DISPLAY_TEXT_CHARS; i++) {
        out[i] = frame->text[i] == DISPLAY_TEXT_ALL ? '*' : frame->text[i];
        kept = out[i] != ' ' ? i + 1 : kept;
    }
    out[kept] = '\0';
}

size_t display_text(const struct display_frame *frame, char *out, size_t capacity)
{
    char field[3 * DISPLAY_VALUE_DIGITS + 1];
    struct line line = {out, 0, capacity};
    digits_read(frame->ident, DISPLAY_IDENT_DIGITS, frame->ident_points, 0, field);
    line_field(&line, field);
    digits_read(frame->value, DISPLAY_VALUE_DIGITS, frame->value_points, frame->value_colons,
                field);
    line_field(&line, field);
    if (frame->unit != DISPLAY_UNIT_NONE && frame->unit <= DISPLAY_UNIT_ALL) {
        line_text(&line, " ");
        line_text(&line, unit_names[frame->unit]);
    }
    text_read(frame, field);
    line_field(&line, field);
    icons_read(&line, frame);
    if (capacity > 0) {
        out[line.length] = '\0';
    }
    return line.length;
}
