/* B to L: the list and widths of real 382C and 382L read-outs.  M: user data 2 of Kamstrup
 * 5512-1458, where status, counters and the hour counter stand as plain decimal numbers. */
#include "optical_lines.h"

#include <stddef.h>

#include "../meter/meter.h"
#include "../registers/register_read.h"

enum line_form {
    LINE_PLAIN, /* as on the display */
    LINE_SHORT, /* decimal, no leading zeroes, no unit */
    LINE_PEAK,  /* value, then the stamp in a second bracket */
    LINE_STAMP, /* the stamp alone */
};

struct line {
    const char *code;
    enum line_form form;
};

static const struct line lines_b_to_l[] = {
    {"0.0.0", LINE_PLAIN},  {"1.8.0", LINE_PLAIN},   {"1.8.1", LINE_PLAIN},
    {"1.8.2", LINE_PLAIN},  {"1.8.3", LINE_PLAIN},   {"1.8.4", LINE_PLAIN},
    {"96.8.0", LINE_PLAIN}, {"0.128.1", LINE_PLAIN}, {"1.6.0", LINE_PLAIN},
};

static const struct line lines_m_1[] = {
    {"0.0.1", LINE_PLAIN},  {"1.8.0", LINE_PLAIN},   {"1.8.1", LINE_PLAIN},
    {"1.8.2", LINE_PLAIN},  {"1.8.3", LINE_PLAIN},   {"1.8.4", LINE_PLAIN},
    {"96.8.0", LINE_SHORT}, {"0.128.1", LINE_PLAIN}, {"1.6.0", LINE_PEAK},
};

static const struct line lines_m[] = {
    {"0.0.1", LINE_PLAIN}, {"97.97.0", LINE_SHORT}, {"1.8.0", LINE_PLAIN}, {"1.8.1", LINE_PLAIN},
    {"1.8.2", LINE_PLAIN}, {"2.8.0", LINE_PLAIN},   {"2.8.1", LINE_PLAIN}, {"2.8.2", LINE_PLAIN},
    {"3.8.0", LINE_PLAIN}, {"3.8.1", LINE_PLAIN},   {"3.8.2", LINE_PLAIN}, {"4.8.0", LINE_PLAIN},
    {"4.8.1", LINE_PLAIN}, {"4.8.2", LINE_PLAIN},   {"1.6.0", LINE_PEAK},  {"1.6.1", LINE_PEAK},
    {"1.6.2", LINE_PEAK},  {"2.6.0", LINE_PEAK},    {"1.2.0", LINE_PLAIN}, {"2.2.0", LINE_PLAIN},
    {"3.6.0", LINE_PEAK},  {"3.2.0", LINE_PLAIN},   {"4.6.0", LINE_PEAK},  {"4.2.0", LINE_PLAIN},
    {"0.1.0", LINE_SHORT}, {"96.8.0", LINE_SHORT},  {"1.0.0", LINE_STAMP},
};

struct list {
    const struct line *line;
    size_t length;
};

static struct list list_of(const struct meter *meter, bool first)
{
    if (meter->variant.generation != GENERATION_M) {
        return (struct list){lines_b_to_l, sizeof lines_b_to_l / sizeof lines_b_to_l[0]};
    }
    return first ? (struct list){lines_m_1, sizeof lines_m_1 / sizeof lines_m_1[0]}
                 : (struct list){lines_m, sizeof lines_m / sizeof lines_m[0]};
}

/* As the list has it; what stands in none as on the display, settings as short numbers. */
static enum line_form form_of(const struct meter *meter, const struct register_def *def)
{
    const struct list list = list_of(meter, false);
    for (size_t i = 0; i < list.length; i++) {
        if (register_by_code(list.line[i].code) == def) {
            return list.line[i].form;
        }
    }
    return def->source == SOURCE_SETTING      ? LINE_SHORT
           : def->source == SOURCE_PEAK_POWER ? LINE_PEAK
                                              : LINE_PLAIN;
}

/* Of the list that a client has set; a reading that the meter does not have any more is none. */
static const struct register_def *own_line(const struct meter *meter, unsigned line,
                                           enum line_form *form)
{
    for (unsigned i = 0; i < meter->readout.n; i++) {
        const struct register_def *def = register_by_kmp_id(meter->readout.reading[i]);
        if (def != NULL && register_exists(meter, def) && line-- == 0) {
            *form = form_of(meter, def);
            return def;
        }
    }
    return NULL;
}

/* The list's line-th register that this meter has. */
static const struct register_def *line_find(const struct meter *meter, bool first, unsigned line,
                                            enum line_form *form)
{
    if (!first && meter->readout.n > 0) {
        return own_line(meter, line, form);
    }
    const struct list list = list_of(meter, first);
    for (size_t i = 0; i < list.length; i++) {
        const struct register_def *def = register_by_code(list.line[i].code);
        if (def != NULL && register_exists(meter, def) && line-- == 0) {
            *form = list.line[i].form;
            return def;
        }
    }
    return NULL;
}

static void short_write(const struct meter *meter, const struct register_def *def,
                        struct writer *out)
{
    struct register_value value = {0};
    (void)register_read(meter, def, &value);
    writer_decimal(out, (uint64_t)value.number, 1);
}

/* Seven bits have no degree sign. */
static const char *unit_of(const struct register_def *def, const char *unit)
{
    switch (def->unit) {
    case UNIT_DEGREE: return "deg";
    case UNIT_CELSIUS: return "C";
    default: return unit;
    }
}

const char *optical_unit(const struct meter *meter, const struct register_def *def)
{
    static const struct register_value zero = {0};
    char text[33];
    const char *unit = "";
    (void)register_value_text(meter, def, &zero, text, sizeof text, &unit);
    return unit_of(def, unit);
}

static void plain_write(const struct meter *meter, const struct register_def *def,
                        struct writer *out)
{
    char text[33] = "";
    const char *unit = "";
    (void)register_read_text(meter, def, text, sizeof text, &unit);
    writer_text(out, text);
    if (unit[0] != '\0') {
        writer_u8(out, '*');
        writer_text(out, unit_of(def, unit));
    }
}

static void line_write(const struct meter *meter, const struct register_def *def,
                       enum line_form form, struct writer *out)
{
    char stamp[15] = "";
    writer_text(out, def->code);
    writer_u8(out, '(');
    if (form == LINE_SHORT) {
        short_write(meter, def, out);
    } else if (form != LINE_STAMP) {
        plain_write(meter, def, out);
    }
    if (form == LINE_PEAK) {
        writer_text(out, ")(");
    }
    if (form == LINE_PEAK || form == LINE_STAMP) {
        (void)register_read_stamp(meter, def, stamp);
        writer_text(out, stamp);
    }
    writer_u8(out, ')');
}

void optical_register_line(const struct meter *meter, const struct register_def *def,
                           struct writer *out)
{
    line_write(meter, def, form_of(meter, def), out);
}

unsigned optical_list(const struct meter *meter, const struct register_def **defs, unsigned max)
{
    enum line_form form;
    unsigned n = 0;
    const struct register_def *def = line_find(meter, false, n, &form);
    while (def != NULL && n < max) {
        defs[n++] = def;
        def = line_find(meter, false, n, &form);
    }
    return n;
}

bool optical_data_line(const struct meter *meter, bool first, unsigned line, struct writer *out)
{
    enum line_form form = LINE_PLAIN;
    const struct register_def *def = line_find(meter, first, line, &form);
    if (def == NULL) {
        return false;
    }
    line_write(meter, def, form, out);
    return true;
}
