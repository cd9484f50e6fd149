#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comtrade.h"
#include "scan.h"

#define FIELDS_MAX 16u

/** The lines of the file, each cut at its commas. */
struct cursor {
    struct lab_bytes text;
    size_t at, line;
    struct scan_text field[FIELDS_MAX];
    size_t column[FIELDS_MAX], n_fields;
    struct lab_error *error;
};

static int bad(struct cursor *c, size_t field, const char *expected)
{
    struct scan_text found = field < c->n_fields ? c->field[field] : (struct scan_text){NULL, 0};
    size_t column = field < c->n_fields ? c->column[field] : 1;
    return lab_error_set(c->error, "%.100s:%zu:%zu: expected %s, found %s", c->text.name, c->line,
                         column, expected, scan_quote(found).text);
}

/** The next line; at the end of the file one without fields. */
static void next_line(struct cursor *c)
{
    const char *start = c->text.at + c->at, *end = c->text.at + c->text.n;
    const char *stop = start < end ? memchr(start, '\n', (size_t)(end - start)) : NULL;
    stop = stop != NULL ? stop : end;
    c->at = (size_t)(stop - c->text.at) + (stop < end ? 1 : 0);
    c->line++;
    c->n_fields = 0;
    if (start >= end) {
        return;
    }
    const char *at = start;
    while (stop > start && (stop[-1] == '\r' || stop[-1] == '\x1a')) {
        stop--;
    }
    for (size_t k = 0; k < FIELDS_MAX; k++) {
        const char *comma = at < stop ? memchr(at, ',', (size_t)(stop - at)) : NULL;
        const char *last = comma != NULL ? comma : stop;
        c->field[k] = scan_trim((struct scan_text){at, (size_t)(last - at)});
        c->column[k] = (size_t)(c->field[k].at - start) + 1;
        c->n_fields = k + 1;
        if (comma == NULL) {
            break;
        }
        at = comma + 1;
    }
}

static bool number(const struct cursor *c, size_t field, double *value)
{
    return field < c->n_fields && scan_number(c->field[field], value);
}

/** A whole number with an optional letter behind it: 6A. */
static int take_count(struct cursor *c, size_t field, const char *letter, double high,
                      const char *expected, size_t *value)
{
    double result = 0.0;
    if (field >= c->n_fields) {
        return bad(c, field, expected);
    }
    struct scan_text text = c->field[field];
    if (letter[0] != '\0') {
        if (text.n == 0 || !scan_is((struct scan_text){text.at + text.n - 1, 1}, letter)) {
            return bad(c, field, expected);
        }
        text.n--;
    }
    if (!scan_number(text, &result) || !(result >= 0.0 && result <= high) ||
        result != floor(result)) {
        return bad(c, field, expected);
    }
    *value = (size_t)result;
    return 0;
}

static void copy_text(char *out, size_t size, struct scan_text text)
{
    size_t n = text.n < size - 1 ? text.n : size - 1;
    memcpy(out, text.at, n);
    out[n] = '\0';
}

static const struct {
    const char *unit;
    bool voltage;
    double factor;
} units[] = {{"V", true, 1.0},  {"kV", true, 1e3},  {"mV", true, 1e-3},  {"uV", true, 1e-6},
             {"A", false, 1.0}, {"kA", false, 1e3}, {"mA", false, 1e-3}, {"uA", false, 1e-6}};

static void take_unit(struct comtrade_analog *analog, struct scan_text unit)
{
    for (size_t k = 0; k < sizeof units / sizeof units[0]; k++) {
        if (scan_is(unit, units[k].unit)) {
            analog->voltage = units[k].voltage;
            analog->current = !units[k].voltage;
            analog->a *= units[k].factor;
            analog->b *= units[k].factor;
        }
    }
}

/** An,ch_id,ph,ccbm,uu,a,b,skew,min,max[,primary,secondary,PS] */
static int take_analog(struct cursor *c, struct comtrade_analog *analog)
{
    double primary = 1.0, secondary = 1.0;
    next_line(c);
    if (c->n_fields < 10) {
        return bad(c, c->n_fields, "an analogue channel of 10 fields (1991) or 13");
    }
    copy_text(analog->id, sizeof analog->id, c->field[1]);
    copy_text(analog->phase, sizeof analog->phase, c->field[2]);
    if (!number(c, 5, &analog->a) || fabs(analog->a) > 1e12) {
        return bad(c, 5, "the multiplier a");
    }
    if (!number(c, 6, &analog->b) || fabs(analog->b) > 1e12) {
        return bad(c, 6, "the offset b");
    }
    take_unit(analog, c->field[4]);
    analog->ratio = 1.0;
    if (c->n_fields < 13) {
        return 0;
    }
    if (!number(c, 10, &primary) || !(fabs(primary) < 1e12)) {
        return bad(c, 10, "the primary factor");
    }
    if (!number(c, 11, &secondary) || !(fabs(secondary) < 1e12)) {
        return bad(c, 11, "the secondary factor");
    }
    analog->is_secondary = scan_is(c->field[12], "S");
    if (!analog->is_secondary && !scan_is(c->field[12], "P")) {
        return bad(c, 12, "P or S");
    }
    analog->ratio = fabs(primary) > 1e-12 && fabs(secondary) > 1e-12 ? primary / secondary : 1.0;
    return 0;
}

static int take_header(struct cursor *c, struct comtrade_configuration *out)
{
    size_t total = 0;
    next_line(c);
    out->revision = c->n_fields < 3 || scan_is(c->field[2], "1991") ? 1991
                    : scan_is(c->field[2], "1999")                  ? 1999
                                                                    : 2013;
    if (c->n_fields < 2) {
        return bad(c, 0, "station,device,revision");
    }
    next_line(c);
    if (take_count(c, 0, "", COMTRADE_ANALOG_MAX + COMTRADE_DIGITAL_MAX, "a number of channels",
                   &total) != 0 ||
        take_count(c, 1, "A", COMTRADE_ANALOG_MAX, "a number of analogue channels like 6A",
                   &out->n_analog) != 0 ||
        take_count(c, 2, "D", COMTRADE_DIGITAL_MAX, "a number of digital channels like 2D",
                   &out->n_digital) != 0) {
        return -1;
    }
    if (out->n_analog == 0) {
        return bad(c, 1, "at least one analogue channel");
    }
    return total == out->n_analog + out->n_digital
               ? 0
               : bad(c, 0, "the sum of analogue and digital channels");
}

static int take_rate(struct cursor *c, struct comtrade_configuration *out, size_t k)
{
    double hz = 0.0, end = 0.0;
    next_line(c);
    bool has_rate = number(c, 0, &hz) && (out->timed ? hz <= 0.0 : hz >= WAVE_RATE_MIN_HZ) &&
                    hz >= 0.0 && hz <= WAVE_RATE_MAX_HZ;
    if (!has_rate) {
        return bad(c, 0, out->timed ? "0" : "a sampling rate from 500 to 10000000 Hz");
    }
    if (!number(c, 1, &end) || end != floor(end) || !(end > (double)out->n_samples) ||
        !(end <= (double)WAVE_SAMPLES_MAX)) {
        return bad(c, 1, "the number of the last sample at this rate");
    }
    out->rate[k] = (struct wave_section){hz, (size_t)end - out->n_samples};
    out->n_samples = (size_t)end;
    return 0;
}

static int take_rates(struct cursor *c, struct comtrade_configuration *out)
{
    next_line(c);
    if (!number(c, 0, &out->line_hz) && c->n_fields > 0 && c->field[0].n > 0) {
        return bad(c, 0, "the line frequency");
    }
    next_line(c);
    if (take_count(c, 0, "", COMTRADE_RATES_MAX, "a number of sampling rates", &out->n_rates)) {
        return -1;
    }
    out->timed = out->n_rates == 0;
    out->n_rates = out->timed ? 1 : out->n_rates;
    for (size_t k = 0; k < out->n_rates; k++) {
        if (take_rate(c, out, k) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_format(struct cursor *c, struct comtrade_configuration *out)
{
    static const struct {
        const char *word;
        enum comtrade_format format;
    } formats[] = {{"ASCII", COMTRADE_ASCII},
                   {"BINARY", COMTRADE_BINARY},
                   {"BINARY32", COMTRADE_BINARY32},
                   {"FLOAT32", COMTRADE_FLOAT32}};
    next_line(c); /* start of the data, trigger point: the run has its own time */
    next_line(c);
    next_line(c);
    for (size_t k = 0; c->n_fields > 0 && k < sizeof formats / sizeof formats[0]; k++) {
        if (scan_is(c->field[0], formats[k].word)) {
            out->format = formats[k].format;
            next_line(c);
            bool given = number(c, 0, &out->time_multiplier) && out->time_multiplier > 0.0;
            out->time_multiplier = given && out->time_multiplier < 1e9 ? out->time_multiplier : 1.0;
            return 0;
        }
    }
    return bad(c, 0, "ASCII, BINARY, BINARY32 or FLOAT32");
}

int comtrade_configuration_parse(struct comtrade_configuration *configuration,
                                 struct lab_bytes text, struct lab_error *error)
{
    struct cursor c;
    memset(&c, 0, sizeof c);
    memset(configuration, 0, sizeof *configuration);
    c.text = text;
    c.error = error;
    if (take_header(&c, configuration) != 0) {
        return -1;
    }
    configuration->analog = calloc(configuration->n_analog, sizeof *configuration->analog);
    if (configuration->analog == NULL) {
        return lab_error_set(error, "%.100s: no memory", text.name);
    }
    for (size_t k = 0; k < configuration->n_analog; k++) {
        if (take_analog(&c, &configuration->analog[k]) != 0) {
            return -1;
        }
    }
    for (size_t k = 0; k < configuration->n_digital; k++) {
        next_line(&c);
        if (c.n_fields < 2) {
            return bad(&c, 0, "a digital channel");
        }
    }
    return take_rates(&c, configuration) != 0 ? -1 : take_format(&c, configuration);
}

void comtrade_configuration_free(struct comtrade_configuration *configuration)
{
    free(configuration->analog);
    memset(configuration, 0, sizeof *configuration);
}

/** A, L1, 1, R, a ... to 0..2; -1: none of the three (N, AB, empty). */
static int phase_of(const char *text)
{
    static const char *const names[LAB_PHASES][6] = {{"A", "L1", "1", "R", "U", "AN"},
                                                     {"B", "L2", "2", "S", "V", "BN"},
                                                     {"C", "L3", "3", "T", "W", "CN"}};
    struct scan_text whole = scan_trim((struct scan_text){text, strlen(text)});
    for (int phase = 0; phase < (int)LAB_PHASES; phase++) {
        for (size_t k = 0; k < 6; k++) {
            if (scan_is(whole, names[phase][k])) {
                return phase;
            }
        }
    }
    return -1;
}

/** By the phase field, else by the end of the name (VA, IL2, U_3), else none. */
static int phase_of_channel(const struct comtrade_analog *analog)
{
    size_t n = strlen(analog->id);
    if (analog->phase[0] != '\0') {
        return phase_of(analog->phase);
    }
    if (n >= 2 && phase_of(analog->id + n - 2) >= 0) {
        return phase_of(analog->id + n - 2);
    }
    return n >= 2 ? phase_of(analog->id + n - 1) : -1;
}

static void map_by_name(const struct comtrade_configuration *configuration,
                        int analog_of[WAVE_CHANNELS])
{
    for (size_t k = 0; k < configuration->n_analog; k++) {
        const struct comtrade_analog *analog = &configuration->analog[k];
        int phase = phase_of_channel(analog);
        if (phase < 0 || (!analog->voltage && !analog->current)) {
            continue;
        }
        int channel = (analog->voltage ? WAVE_U1 : WAVE_I1) + phase;
        if (analog_of[channel] < 0) {
            analog_of[channel] = (int)k;
        }
    }
}

int comtrade_map(const struct comtrade_configuration *configuration, const char *option,
                 const char *name, int analog_of[WAVE_CHANNELS], struct lab_error *error)
{
    int channel[COMTRADE_ANALOG_MAX];
    size_t n = 0;
    bool any = false;
    for (size_t k = 0; k < WAVE_CHANNELS; k++) {
        analog_of[k] = -1;
    }
    if (option[0] != '\0') {
        if (!lab_wave_channels(option, channel, configuration->n_analog, &n)) {
            return lab_error_set(
                error,
                "%.100s: expected channels=u1:i1:.. (- skips one) for %zu analogue "
                "channels, found '%.40s'",
                name, configuration->n_analog, option);
        }
        for (size_t k = 0; k < n; k++) {
            if (channel[k] != WAVE_SKIP) {
                analog_of[channel[k]] = (int)k;
            }
        }
    } else {
        map_by_name(configuration, analog_of);
    }
    for (size_t k = 0; k < WAVE_CHANNELS; k++) {
        any = any || analog_of[k] >= 0;
    }
    return any ? 0
               : lab_error_set(error,
                               "%.100s: expected channels of phase A, B or C in V or A, or "
                               "channels=u1:i1:..",
                               name);
}
