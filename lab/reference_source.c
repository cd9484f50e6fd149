/** The reference source: a table of headers, one line at a time.  docs/spec/reference-source.md. */
#include "reference_source.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEGREE 0.017453292519943295
#define ALL    LAB_PHASES /* a header without a number */

enum {
    ERR_CHARACTER = -101,
    ERR_DATA_TYPE = -104,
    ERR_PARAMETER = -108,
    ERR_MISSING = -109,
    ERR_HEADER = -113,
    ERR_CONFLICT = -221,
    ERR_RANGE = -222,
    ERR_TOO_LONG = -223,
    ERR_OVERFLOW = -350,
};

/** SCPI-99 volume 2, 21.8: the words that go with the numbers. */
static const struct {
    int number;
    const char *text;
} error_words[] = {
    {ERR_CHARACTER, "Invalid character"},     {ERR_DATA_TYPE, "Data type error"},
    {ERR_PARAMETER, "Parameter not allowed"}, {ERR_MISSING, "Missing parameter"},
    {ERR_HEADER, "Undefined header"},         {ERR_CONFLICT, "Settings conflict"},
    {ERR_RANGE, "Data out of range"},         {ERR_TOO_LONG, "Too much data"},
    {ERR_OVERFLOW, "Queue overflow"},
};

/** A line taken apart. */
struct request {
    const char *header; /**< as it came, without '?' */
    const char *argument;
    unsigned phase; /**< 0..2, or ALL */
    bool query;
    const struct reference_present *present;
    char *answer;
    size_t length; /**< of the answer */
};

struct row;
typedef void (*row_fn)(struct reference_source *source, struct request *request,
                       const struct row *row);

struct row {
    const char *pattern; /**< capitals are the short form; '#': 1..3 or nothing */
    row_fn tell, ask;    /**< NULL: not in this form */
    bool needs_argument;
    size_t offset; /**< in struct reference_settings: a double, or three where there is a '#' */
    double low, high;
    const char *unit;
};

/** ---- errors -------------------------------------------------------------------------------- */

static const char *words_of(int number)
{
    for (size_t i = 0; i < sizeof error_words / sizeof error_words[0]; i++) {
        if (error_words[i].number == number) {
            return error_words[i].text;
        }
    }
    return "Error";
}

/** Full: the last one says so (SCPI-99 volume 2, 21.8.1). */
__attribute__((format(printf, 3, 4))) static void complain(struct reference_source *source,
                                                           int number, const char *format, ...)
{
    char detail[REFERENCE_TEXT_MAX - 32u];
    va_list arguments;
    if (source->n_errors == REFERENCE_ERRORS_MAX) {
        struct reference_error *last = &source->error[REFERENCE_ERRORS_MAX - 1u];
        last->number = ERR_OVERFLOW;
        (void)snprintf(last->text, sizeof last->text, "%s", words_of(ERR_OVERFLOW));
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    struct reference_error *error = &source->error[source->n_errors++];
    error->number = number;
    (void)snprintf(error->text, sizeof error->text, "%s; %s", words_of(number), detail);
    for (char *at = error->text; *at != '\0'; at++) { /* the text is sent in quotes */
        *at = *at == '"' ? '\'' : *at;
    }
}

__attribute__((format(printf, 2, 3))) static void say(struct request *request, const char *format,
                                                      ...)
{
    va_list arguments;
    const size_t room = REFERENCE_ANSWER_MAX - 1u - request->length;
    va_start(arguments, format);
    const int n = vsnprintf(request->answer + request->length, room, format, arguments);
    va_end(arguments);
    request->length += n < 0 ? 0u : (size_t)n < room ? (size_t)n : room - 1u;
}

/** ---- rows ---------------------------------------------------------------------------------- */

static double *setting(struct reference_settings *settings, const struct row *row, unsigned phase)
{
    return (double *)(void *)((char *)settings + row->offset) + phase;
}

static bool is_number(const char *text, double *value)
{
    char *end = NULL;
    if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0') {
        return false; /* strtod takes more than decimals */
    }
    *value = strtod(text, &end);
    return *end == '\0';
}

static void tell_number(struct reference_source *source, struct request *request,
                        const struct row *row)
{
    double value = 0.0;
    const bool phases = strchr(row->pattern, '#') != NULL;
    const unsigned first = !phases || request->phase == ALL ? 0u : request->phase;
    const unsigned last = !phases ? 0u : request->phase == ALL ? LAB_PHASES - 1u : first;
    if (!is_number(request->argument, &value)) {
        complain(source, ERR_DATA_TYPE, "%s %s: expected a number", request->header,
                 request->argument);
        return;
    }
    if (!(value >= row->low && value <= row->high)) {
        complain(source, ERR_RANGE, "%s %s: expected %g to %g %s", request->header,
                 request->argument, row->low, row->high, row->unit);
        return;
    }
    for (unsigned p = first; p <= last; p++) {
        *setting(&source->set, row, p) = value;
    }
}

static void ask_number(struct reference_source *source, struct request *request,
                       const struct row *row)
{
    if (strchr(row->pattern, '#') == NULL) {
        say(request, "%.9g", *setting(&source->set, row, 0));
    } else if (request->phase != ALL) {
        say(request, "%.9g", *setting(&source->set, row, request->phase));
    } else {
        for (unsigned p = 0; p < LAB_PHASES; p++) {
            say(request, "%s%.9g", p > 0 ? "," : "", *setting(&source->set, row, p));
        }
    }
}

static void tell_output(struct reference_source *source, struct request *request,
                        const struct row *row)
{
    (void)row;
    const char *text = request->argument;
    const bool on = strcasecmp(text, "ON") == 0 || strcmp(text, "1") == 0;
    if (!on && strcasecmp(text, "OFF") != 0 && strcmp(text, "0") != 0) {
        complain(source, ERR_DATA_TYPE, "%s %s: expected ON or OFF", request->header, text);
        return;
    }
    source->changes += on || source->on ? 1u : 0u;
    source->on = on;
    source->output = source->set;
}

static void ask_output(struct reference_source *source, struct request *request,
                       const struct row *row)
{
    (void)row;
    say(request, "%d", source->on ? 1 : 0);
}

static void tell_reset(struct reference_source *source, struct request *request,
                       const struct row *row)
{
    (void)request;
    (void)row;
    struct reference_source fresh;
    reference_source_init(&fresh);
    source->set = fresh.set;
    source->changes += source->on ? 1u : 0u;
    source->on = false;
}

static void tell_clear(struct reference_source *source, struct request *request,
                       const struct row *row)
{
    (void)request;
    (void)row;
    source->n_errors = 0;
}

static void ask_identity(struct reference_source *source, struct request *request,
                         const struct row *row)
{
    (void)source;
    (void)row;
    say(request, "open382,virtual reference source,0,1");
}

static void ask_done(struct reference_source *source, struct request *request,
                     const struct row *row)
{
    (void)source;
    (void)row;
    say(request, "1");
}

static void ask_error(struct reference_source *source, struct request *request,
                      const struct row *row)
{
    (void)row;
    if (source->n_errors == 0) {
        say(request, "0,\"No error\"");
        return;
    }
    say(request, "%d,\"%s\"", source->error[0].number, source->error[0].text);
    source->n_errors--;
    memmove(source->error, source->error + 1, source->n_errors * sizeof source->error[0]);
}

static void say_time(struct request *request)
{
    const int64_t at_us = request->present->at_us;
    say(request, "%lld.%06lld", (long long)(at_us / 1000000), (long long)(at_us % 1000000));
}

static void ask_time(struct reference_source *source, struct request *request,
                     const struct row *row)
{
    (void)source;
    (void)row;
    say_time(request);
}

static void ask_measured(struct reference_source *source, struct request *request,
                         const struct row *row)
{
    (void)row;
    const struct reference_settings *output = &source->output;
    if (!source->on) {
        complain(source, ERR_CONFLICT, "%s: expected OUTPut ON before", request->header);
        return;
    }
    say_time(request);
    say(request, ",%.9g,%.9g,%u", output->frequency_hz, output->chamber_c,
        request->present->systems);
    for (unsigned s = 0; s < request->present->systems; s++) {
        struct reference_truth truth;
        reference_source_truth(output, request->present->aron, s, &truth);
        say(request, ",%.9g,%.9g,%.9g,%.9g", truth.voltage_v, truth.voltage_deg, truth.active_w,
            truth.reactive_var);
    }
}

#define SETTING(member) offsetof(struct reference_settings, member)

static const struct row rows[] = {
    {"*IDN", NULL, ask_identity, false, 0, 0.0, 0.0, ""},
    {"*RST", tell_reset, NULL, false, 0, 0.0, 0.0, ""},
    {"*CLS", tell_clear, NULL, false, 0, 0.0, 0.0, ""},
    {"*OPC", NULL, ask_done, false, 0, 0.0, 0.0, ""},
    {"SYSTem:ERRor", NULL, ask_error, false, 0, 0.0, 0.0, ""},
    {"VOLTage#", tell_number, ask_number, true, SETTING(voltage_v), 0.0, 480.0, "V"},
    {"VOLTage#:PHASe", tell_number, ask_number, true, SETTING(voltage_deg), -360.0, 360.0,
     "degrees"},
    {"CURRent#", tell_number, ask_number, true, SETTING(current_a), 0.0, 170.0, "A"},
    {"CURRent#:PHASe", tell_number, ask_number, true, SETTING(phi_deg), -360.0, 360.0, "degrees"},
    {"FREQuency", tell_number, ask_number, true, SETTING(frequency_hz), 40.0, 70.0, "Hz"},
    {"CHAMber:TEMPerature", tell_number, ask_number, true, SETTING(chamber_c), -45.0, 85.0,
     "degrees Celsius"},
    {"OUTPut", tell_output, ask_output, true, 0, 0.0, 0.0, ""},
    {"MEASure", NULL, ask_measured, false, 0, 0.0, 0.0, ""},
    {"MEASure:TIME", NULL, ask_time, false, 0, 0.0, 0.0, ""},
};
#define N_ROWS (sizeof rows / sizeof rows[0])

/** ---- lines --------------------------------------------------------------------------------- */

/** "VOLTage#" against the word at *text, whose end it moves to. */
static bool word_fits(const char *pattern, size_t n_pattern, const char **text, unsigned *phase)
{
    const bool numbered = pattern[n_pattern - 1u] == '#';
    const size_t full = numbered ? n_pattern - 1u : n_pattern;
    size_t least = 0;
    while (least < full && !islower((unsigned char)pattern[least])) {
        least++;
    }
    const size_t n = strcspn(*text, ":0123456789");
    if ((n != least && n != full) || strncasecmp(*text, pattern, n) != 0) {
        return false;
    }
    *text += n;
    if (numbered && **text >= '1' && **text < '1' + (int)LAB_PHASES) {
        *phase = (unsigned)(**text - '1');
        (*text)++;
    }
    return **text == '\0' || **text == ':';
}

static bool row_fits(const struct row *row, const char *header, unsigned *phase)
{
    const char *pattern = row->pattern;
    *phase = ALL;
    header += *header == ':';
    for (;;) {
        const size_t n = strcspn(pattern, ":");
        if (!word_fits(pattern, n, &header, phase)) {
            return false;
        }
        pattern += n;
        if (*pattern == '\0' || *header == '\0') {
            return *pattern == '\0' && *header == '\0';
        }
        pattern++;
        header++;
    }
}

static const struct row *row_of(const char *header, unsigned *phase)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (row_fits(&rows[i], header, phase)) {
            return &rows[i];
        }
    }
    return NULL;
}

static void obey(struct reference_source *source, struct request *request)
{
    const struct row *row = row_of(request->header, &request->phase);
    const char *mark = request->query ? "?" : "";
    const row_fn act = row == NULL ? NULL : request->query ? row->ask : row->tell;
    if (act == NULL) {
        complain(source, ERR_HEADER, "%s%s: expected a header of docs/spec/reference-source.md",
                 request->header, mark);
    } else if ((request->query || !row->needs_argument) && *request->argument != '\0') {
        complain(source, ERR_PARAMETER, "%s%s %s: expected nothing behind it", request->header,
                 mark, request->argument);
    } else if (!request->query && row->needs_argument && *request->argument == '\0') {
        complain(source, ERR_MISSING, "%s: expected a value behind it", request->header);
    } else {
        act(source, request, row);
    }
}

/** A whole line, in place. */
static size_t take_line(struct reference_source *source, const struct reference_present *present,
                        char *answer)
{
    char *header = source->line + strspn(source->line, " \t");
    char *end = header + strlen(header);
    while (end > header && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) {
        *--end = '\0';
    }
    if (*header == '\0') {
        return 0;
    }
    char *argument = header + strcspn(header, " \t");
    if (*argument != '\0') {
        *argument++ = '\0';
        argument += strspn(argument, " \t");
    }
    struct request request = {
        .header = header, .argument = argument, .present = present, .answer = answer};
    char *mark = header + strlen(header) - 1;
    if (*mark == '?') {
        request.query = true;
        *mark = '\0';
    }
    obey(source, &request);
    if (request.length > 0) {
        answer[request.length++] = '\n';
    }
    return request.length;
}

static bool line_is_plain(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)line[i];
        if ((c < 0x20 && c != '\t' && c != '\r') || c >= 0x7F) {
            return false;
        }
    }
    return true;
}

size_t reference_source_byte(struct reference_source *source, uint8_t byte,
                             const struct reference_present *present, char *answer)
{
    if (byte != '\n') {
        if (source->n_line < REFERENCE_LINE_MAX) {
            source->line[source->n_line++] = (char)byte;
        } else {
            source->overlong = true;
        }
        return 0;
    }
    const size_t n = source->n_line;
    const bool overlong = source->overlong;
    source->line[n] = '\0';
    source->n_line = 0;
    source->overlong = false;
    if (!line_is_plain(source->line, n)) {
        complain(source, ERR_CHARACTER, "a line of %lu bytes: expected printable ASCII",
                 (unsigned long)n);
        return 0;
    }
    if (overlong) {
        complain(source, ERR_TOO_LONG, "%.20s...: expected a line of at most %u bytes",
                 source->line, REFERENCE_LINE_MAX);
        return 0;
    }
    return take_line(source, present, answer);
}

void reference_source_init(struct reference_source *source)
{
    memset(source, 0, sizeof *source);
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        source->set.voltage_v[p] = 230.0;
    }
    source->set.voltage_deg[1] = -120.0;
    source->set.voltage_deg[2] = 120.0;
    source->set.frequency_hz = 50.0;
    source->set.chamber_c = 23.0;
    source->output = source->set;
}

/** ---- what it delivers ---------------------------------------------------------------------- */

void reference_source_state(const struct reference_source *source, struct lab_state *out)
{
    const struct reference_settings *output = &source->output;
    memset(out, 0, sizeof *out);
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        out->phase[p].voltage_v = output->voltage_v[p];
        out->phase[p].voltage_deg = output->voltage_deg[p];
        out->phase[p].current_a = output->current_a[p];
        out->phase[p].phi_deg = output->phi_deg[p];
    }
    out->frequency_hz = output->frequency_hz;
    out->temperature_c = output->chamber_c;
}

void reference_source_truth(const struct reference_settings *settings, bool aron, unsigned system,
                            struct reference_truth *out)
{
    const unsigned phase = aron && system == 1u ? 2u : system;
    const double own = settings->voltage_deg[phase] * DEGREE;
    double re = settings->voltage_v[phase] * cos(own), im = settings->voltage_v[phase] * sin(own);
    if (aron) { /* L2 is the common point of both systems */
        re -= settings->voltage_v[1] * cos(settings->voltage_deg[1] * DEGREE);
        im -= settings->voltage_v[1] * sin(settings->voltage_deg[1] * DEGREE);
    }
    const double voltage_v = hypot(re, im);
    const double angle = voltage_v > 0.0 ? atan2(im, re) : own;
    const double lag = angle - (own - settings->phi_deg[phase] * DEGREE);
    out->voltage_v = voltage_v;
    out->voltage_deg = angle / DEGREE;
    out->active_w = voltage_v * settings->current_a[phase] * cos(lag);
    out->reactive_var = voltage_v * settings->current_a[phase] * sin(lag);
}
