/** COMTRADE data: ASCII, BINARY, BINARY32, FLOAT32; then to the ADC rate. */
#include "comtrade.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

#define VALUE_MAX 1e9

/** A record while it is being read. */
struct record {
    struct comtrade_configuration configuration;
    struct lab_bytes data;
    int analog_of[WAVE_CHANNELS];
    float *raw[WAVE_CHANNELS];
    double *time_s; /* only without sampling rates */
    bool secondary;
    struct lab_kernel *kernel;
    struct lab_error *error;
};

static int no_memory(struct record *r)
{
    return lab_error_set(r->error, "%.100s: no memory", r->data.name);
}

/** Before memory is taken: what the configuration promises must be able to stand in the data. */
static int check_size(struct record *r)
{
    const struct comtrade_configuration *c = &r->configuration;
    size_t least = c->format == COMTRADE_ASCII ? c->n_analog + 2 : 8 + 2 * c->n_analog;
    if (r->data.n / least < c->n_samples) {
        return lab_error_set(r->error, "%.100s: byte %zu: expected %zu samples, found the end",
                             r->data.name, r->data.n, c->n_samples);
    }
    return c->n_samples <= WAVE_SAMPLES_MAX / WAVE_CHANNELS
               ? 0
               : lab_error_set(r->error, "%.100s: expected at most %zu samples", r->data.name,
                               WAVE_SAMPLES_MAX / WAVE_CHANNELS);
}

static int allocate(struct record *r)
{
    size_t n = r->configuration.n_samples;
    if (check_size(r) != 0) {
        return -1;
    }
    for (size_t k = 0; k < WAVE_CHANNELS; k++) {
        if (r->analog_of[k] >= 0 && (r->raw[k] = malloc(n * sizeof(float))) == NULL) {
            return no_memory(r);
        }
    }
    if (r->configuration.timed && (r->time_s = malloc(n * sizeof *r->time_s)) == NULL) {
        return no_memory(r);
    }
    return 0;
}

/** Store a raw number of a channel; a missing one repeats the one before. */
static void store(struct record *r, unsigned channel, size_t sample, double x, bool missing)
{
    const struct comtrade_analog *analog = &r->configuration.analog[r->analog_of[channel]];
    double value = analog->a * x + analog->b;
    if (analog->is_secondary && !r->secondary) {
        value *= analog->ratio;
    } else if (!analog->is_secondary && r->secondary) {
        value /= analog->ratio;
    }
    if (missing || !(fabs(value) <= VALUE_MAX)) {
        value = sample > 0 ? (double)r->raw[channel][sample - 1] : 0.0;
    }
    r->raw[channel][sample] = (float)value;
}

static int store_time(struct record *r, size_t sample, double stamp, const char *where, size_t at)
{
    if (!r->configuration.timed) {
        return 0;
    }
    double time_s = stamp * r->configuration.time_multiplier * 1e-6;
    if (sample > 0 && !(time_s > r->time_s[sample - 1])) {
        return lab_error_set(r->error, "%.100s:%s%zu: expected a time stamp after the one before",
                             r->data.name, where, at);
    }
    r->time_s[sample] = time_s;
    return 0;
}

/* ---- ASCII: n,timestamp,A1,..,Ak,D1,..,Dm --------------------------------------------------- */

static int bad_cell(struct record *r, size_t line, size_t column, const char *expected,
                    struct scan_text found)
{
    return lab_error_set(r->error, "%.100s:%zu:%zu: expected %s, found %s", r->data.name, line,
                         column, expected, scan_quote(found).text);
}

/** Channel of the wave that an analogue channel feeds, or -1. */
static int wanted(const struct record *r, size_t analog, unsigned from)
{
    for (unsigned k = from; k < WAVE_CHANNELS; k++) {
        if (r->analog_of[k] == (int)analog) {
            return (int)k;
        }
    }
    return -1;
}

static int ascii_cell(struct record *r, struct scan_text cell, size_t index, size_t sample,
                      size_t column)
{
    double value = 0.0;
    bool missing = cell.n == 0;
    if (index == 0 || index >= 2 + r->configuration.n_analog) {
        return 0; /* sample numbers and digital channels are not used */
    }
    if (!missing && !scan_number(cell, &value)) {
        return bad_cell(r, sample + 1, column, "a number", cell);
    }
    if (index == 1) {
        return missing && r->configuration.timed
                   ? bad_cell(r, sample + 1, column, "a time stamp", cell)
                   : store_time(r, sample, value, "", sample + 1);
    }
    missing = missing || (r->configuration.revision < 2013 && value == 99999.0);
    int channel = wanted(r, index - 2, 0);
    if (channel >= 0) {
        store(r, (unsigned)channel, sample, value, missing);
    }
    return 0;
}

static int ascii_line(struct record *r, struct scan_text line, size_t sample)
{
    size_t n_cells = 2 + r->configuration.n_analog, index = 0, start = 0;
    for (size_t at = 0; at <= line.n; at++) {
        if (at < line.n && line.at[at] != ',') {
            continue;
        }
        struct scan_text cell = scan_trim((struct scan_text){line.at + start, at - start});
        size_t column = (size_t)(cell.at - line.at) + 1;
        if (ascii_cell(r, cell, index++, sample, column) != 0) {
            return -1;
        }
        start = at + 1;
    }
    if (index < n_cells) {
        return lab_error_set(r->error, "%.100s:%zu:%zu: expected %zu values, found %zu",
                             r->data.name, sample + 1, line.n + 1, n_cells, index);
    }
    return 0;
}

static int read_ascii(struct record *r)
{
    const char *at = r->data.at, *end = at + r->data.n;
    size_t sample = 0;
    while (sample < r->configuration.n_samples && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        struct scan_text line = {at, (size_t)(stop - at)};
        while (line.n > 0 && (line.at[line.n - 1] == '\r' || line.at[line.n - 1] == '\x1a')) {
            line.n--;
        }
        if (line.n == 0) {
            break;
        }
        if (ascii_line(r, line, sample) != 0) {
            return -1;
        }
        sample++;
        at = stop < end ? stop + 1 : end;
    }
    if (sample < r->configuration.n_samples) {
        return lab_error_set(r->error, "%.100s:%zu:1: expected %zu samples, found %zu",
                             r->data.name, sample + 1, r->configuration.n_samples, sample);
    }
    return 0;
}

/* ---- binary: sample number, time stamp, analogue values, words of 16 digital bits ---------- */

static uint32_t u32_le(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static double binary_value(enum comtrade_format format, const char *at, bool *missing)
{
    if (format == COMTRADE_BINARY) {
        uint32_t word = (uint32_t)(unsigned char)at[0] | (uint32_t)(unsigned char)at[1] << 8;
        *missing = word == 0x8000u;
        return (double)((int32_t)word - (word >= 0x8000u ? 0x10000 : 0));
    }
    uint32_t word = u32_le(at);
    if (format == COMTRADE_BINARY32) {
        *missing = word == 0x80000000u;
        return (double)((int64_t)word - (word >= 0x80000000u ? INT64_C(0x100000000) : 0));
    }
    float value = 0.0f;
    memcpy(&value, &word, sizeof value);
    *missing = !isfinite(value);
    return *missing ? 0.0 : (double)value;
}

static int read_binary(struct record *r)
{
    const struct comtrade_configuration *c = &r->configuration;
    size_t width = c->format == COMTRADE_BINARY ? 2 : 4;
    size_t size = 8 + c->n_analog * width + (c->n_digital + 15) / 16 * 2;
    if (r->data.n / size < c->n_samples) {
        return lab_error_set(r->error,
                             "%.100s: byte %zu: expected %zu samples of %zu bytes, found %zu",
                             r->data.name, r->data.n, c->n_samples, size, r->data.n / size);
    }
    for (size_t sample = 0; sample < c->n_samples; sample++) {
        const char *at = r->data.at + sample * size;
        double stamp = (double)u32_le(at + 4);
        if (store_time(r, sample, stamp, " byte ", sample * size + 4) != 0) {
            return -1;
        }
        for (unsigned k = 0; k < WAVE_CHANNELS; k++) {
            if (r->analog_of[k] < 0) {
                continue;
            }
            bool missing = false;
            double x = binary_value(c->format, at + 8 + (size_t)r->analog_of[k] * width, &missing);
            store(r, k, sample, x, missing);
        }
    }
    return 0;
}

/* ---- to the ADC rate ------------------------------------------------------------------------ */

static size_t wave_length(const struct record *r)
{
    const struct comtrade_configuration *c = &r->configuration;
    if (!c->timed) {
        return lab_wave_length(c->rate, c->n_rates);
    }
    double seconds = r->time_s[c->n_samples - 1] - r->time_s[0];
    return seconds * 8000.0 < (double)WAVE_SAMPLES_MAX ? (size_t)(seconds * 8000.0) + 1
                                                       : WAVE_SAMPLES_MAX;
}

static int make_channels(struct record *r, struct lab_wave *wave)
{
    const struct comtrade_configuration *c = &r->configuration;
    wave->n = wave_length(r);
    if (c->timed && (double)wave->n * WAVE_RATE_MIN_HZ > 8000.0 * ((double)c->n_samples + 1.0)) {
        return lab_error_set(r->error, "%.100s: expected time stamps at most 2 ms apart",
                             r->data.name);
    }
    if (wave->n == 0 || wave->n > WAVE_SAMPLES_MAX / WAVE_CHANNELS) {
        return lab_error_set(r->error, "%.100s: expected a record of 0.2 ms to half an hour",
                             r->data.name);
    }
    r->kernel = lab_kernel_new();
    if (r->kernel == NULL) {
        return no_memory(r);
    }
    for (size_t k = 0; k < WAVE_CHANNELS; k++) {
        if (r->raw[k] == NULL) {
            continue;
        }
        wave->channel[k] = malloc(wave->n * sizeof(float));
        if (wave->channel[k] == NULL) {
            return no_memory(r);
        }
        if (c->timed) {
            lab_wave_interpolate(r->raw[k], r->time_s, c->n_samples, wave->channel[k], wave->n);
        } else {
            lab_wave_resample(r->kernel, r->raw[k], c->rate, c->n_rates,
                              wave->loop && c->n_rates == 1, wave->channel[k]);
        }
    }
    return 0;
}

static int read_record(struct record *r, struct lab_bytes configuration,
                       const struct lab_file_options *options, struct lab_wave *wave)
{
    if (comtrade_configuration_parse(&r->configuration, configuration, r->error) != 0 ||
        comtrade_map(&r->configuration, options->channels, configuration.name, r->analog_of,
                     r->error) != 0 ||
        allocate(r) != 0) {
        return -1;
    }
    bool ascii = r->configuration.format == COMTRADE_ASCII;
    return (ascii ? read_ascii(r) : read_binary(r)) != 0 ? -1 : make_channels(r, wave);
}

int lab_comtrade_open(struct lab_source *source, struct lab_bytes configuration,
                      struct lab_bytes data, const struct lab_file_options *options,
                      struct lab_error *error)
{
    struct record r;
    struct lab_wave *wave = calloc(1, sizeof *wave);
    memset(&r, 0, sizeof r);
    r.data = data;
    r.error = error;
    r.secondary = options->secondary;
    if (wave == NULL) {
        return no_memory(&r);
    }
    wave->loop = !options->loop_off;
    int result = read_record(&r, configuration, options, wave);
    if (result == 0) {
        lab_wave_source(wave, source);
        (void)snprintf(source->description, sizeof source->description,
                       "COMTRADE %.100s, %zu analogue channels, %.3f s%s", configuration.name,
                       r.configuration.n_analog, (double)wave->n / 8000.0,
                       wave->loop ? ", repeated" : "");
    } else {
        lab_wave_free(wave);
    }
    for (size_t k = 0; k < WAVE_CHANNELS; k++) {
        free(r.raw[k]);
    }
    free(r.time_s);
    lab_kernel_free(r.kernel);
    comtrade_configuration_free(&r.configuration);
    return result;
}
