/** Waveform recordings through libsndfile. */
#include <sndfile.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "wave.h"

#define FRAMES_PER_READ 4096
#define CHANNELS_MAX    16

/** A recording while it is being read. */
struct recording {
    const char *path;
    SNDFILE *file;
    SF_INFO info;
    int channel[CHANNELS_MAX];
    size_t n_channels, n, capacity;
    float *raw[WAVE_CHANNELS]; /* as recorded, in volts and amperes */
    double full_scale[WAVE_CHANNELS];
    struct lab_kernel *kernel;
    struct lab_error *error;
};

static int map_value(struct lab_file_options *options, struct scan_text key, struct scan_text value)
{
    int channel[CHANNELS_MAX];
    size_t n = 0;
    if (scan_is(key, "u_fs") || scan_is(key, "i_fs")) {
        double number = 0.0;
        bool good = scan_number(value, &number) && number > 0.0 && number <= 1e9;
        double *scale = scan_is(key, "u_fs") ? &options->u_fs_v : &options->i_fs_a;
        *scale = good && *scale <= 0.0 ? number : *scale; /* options of the SPEC go before */
        return good ? 0 : -1;
    }
    if (scan_is(key, "loop")) {
        options->loop_off = options->loop_off || scan_is(value, "no");
        return scan_is(value, "no") || scan_is(value, "yes") ? 0 : -1;
    }
    char text[sizeof options->channels];
    if (value.n >= sizeof text) {
        return -1;
    }
    memcpy(text, value.at, value.n);
    text[value.n] = '\0';
    if (!lab_wave_channels(text, channel, CHANNELS_MAX, &n)) {
        return -1;
    }
    if (options->channels[0] == '\0') {
        memcpy(options->channels, text, value.n + 1);
    }
    return 0;
}

static int map_line(struct lab_file_options *options, const char *name, size_t number,
                    struct scan_text line, struct lab_error *error)
{
    static const char *const keys[] = {"u_fs", "i_fs", "channels", "loop"};
    static const char *const expected[] = {"volts above 0", "amperes above 0",
                                           "channels like u1:i1:-:u2", "yes or no"};
    struct scan_text text = scan_trim(line);
    if (text.n == 0 || text.at[0] == '#') {
        return 0;
    }
    const char *equals = memchr(text.at, '=', text.n);
    size_t n = equals != NULL ? (size_t)(equals - text.at) : text.n;
    struct scan_text key = scan_trim((struct scan_text){text.at, n});
    for (size_t k = 0; k < 4; k++) {
        if (equals == NULL || !scan_is(key, keys[k])) {
            continue;
        }
        struct scan_text value = scan_trim((struct scan_text){equals + 1, text.n - n - 1});
        if (map_value(options, key, value) == 0) {
            return 0;
        }
        return lab_error_set(error, "%.100s:%zu:%zu: expected %s, found %s", name, number,
                             (size_t)(value.at - line.at) + 1, expected[k], scan_quote(value).text);
    }
    return lab_error_set(error,
                         "%.100s:%zu:%zu: expected u_fs=, i_fs=, channels= or loop=, found %s",
                         name, number, (size_t)(text.at - line.at) + 1, scan_quote(key).text);
}

int lab_recording_map(struct lab_file_options *options, const char *name, const char *text,
                      size_t n_bytes, struct lab_error *error)
{
    const char *at = text, *end = text + n_bytes;
    for (size_t number = 1; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        struct scan_text line = {at, (size_t)(stop - at)};
        line.n -= line.n > 0 && line.at[line.n - 1] == '\r' ? 1 : 0;
        if (map_line(options, name, number, line, error) != 0) {
            return -1;
        }
        at = stop < end ? stop + 1 : end;
    }
    return 0;
}

/** name.wav.map beside the recording, when there is one. */
static int read_side_file(struct lab_file_options *options, const char *path,
                          struct lab_error *error)
{
    char name[560];
    size_t n = 0;
    (void)snprintf(name, sizeof name, "%s.map", path);
    FILE *probe = fopen(name, "rb");
    if (probe == NULL) {
        return 0;
    }
    (void)fclose(probe);
    char *text = lab_file_read(name, &n, error);
    if (text == NULL) {
        return -1;
    }
    int result = lab_recording_map(options, name, text, n, error);
    free(text);
    return result;
}

static int plan_channels(struct recording *r, const struct lab_file_options *options)
{
    static const int usual[] = {WAVE_U1,     WAVE_I1,     WAVE_U1 + 1,
                                WAVE_I1 + 1, WAVE_U1 + 2, WAVE_I1 + 2};
    if (r->info.channels < 1 || r->info.channels > CHANNELS_MAX) {
        return lab_error_set(r->error, "%.150s: expected 1 to %d channels, found %d", r->path,
                             CHANNELS_MAX, r->info.channels);
    }
    r->n_channels = (size_t)r->info.channels;
    for (size_t k = 0; k < r->n_channels; k++) {
        r->channel[k] = k < WAVE_CHANNELS ? usual[k] : WAVE_SKIP;
    }
    size_t n = 0;
    if (options->channels[0] != '\0' &&
        (!lab_wave_channels(options->channels, r->channel, CHANNELS_MAX, &n) ||
         n != r->n_channels)) {
        return lab_error_set(r->error,
                             "%.100s: expected channels=u1:i1:.. (- skips one) for %zu channels, "
                             "found '%.40s'",
                             r->path, r->n_channels, options->channels);
    }
    for (size_t k = 0; k < WAVE_CHANNELS; k++) {
        bool voltage = k < WAVE_I1;
        double given = voltage ? options->u_fs_v : options->i_fs_a;
        r->full_scale[k] = given > 0.0 ? given : voltage ? 700.0 : 250.0;
    }
    return 0;
}

static int grow(struct recording *r, size_t n_frames)
{
    size_t n_used = 0;
    for (size_t k = 0; k < r->n_channels; k++) {
        n_used += r->channel[k] != WAVE_SKIP ? 1 : 0;
    }
    if ((r->n + n_frames) * (n_used + 1) > WAVE_SAMPLES_MAX) {
        return lab_error_set(r->error, "%.150s: expected at most %zu samples in all channels",
                             r->path, WAVE_SAMPLES_MAX);
    }
    if (r->n + n_frames <= r->capacity) {
        return 0;
    }
    size_t capacity = 2 * r->capacity + n_frames;
    for (size_t k = 0; k < r->n_channels; k++) {
        if (r->channel[k] == WAVE_SKIP) {
            continue;
        }
        float *raw = realloc(r->raw[r->channel[k]], capacity * sizeof *raw);
        if (raw == NULL) {
            return lab_error_set(r->error, "%.150s: no memory", r->path);
        }
        r->raw[r->channel[k]] = raw;
    }
    r->capacity = capacity;
    return 0;
}

static int take_frames(struct recording *r, const float *frames, size_t n_frames)
{
    for (size_t k = 0; k < r->n_channels; k++) {
        int channel = r->channel[k];
        for (size_t f = 0; channel != WAVE_SKIP && f < n_frames; f++) {
            double value = (double)frames[f * r->n_channels + k];
            if (!(fabs(value) <= 1e9)) {
                return lab_error_set(r->error,
                                     "%.150s: frame %zu, channel %zu: expected a finite sample",
                                     r->path, r->n + f + 1, k + 1);
            }
            r->raw[channel][r->n + f] = (float)(value * r->full_scale[channel]);
        }
    }
    r->n += n_frames;
    return 0;
}

static int read_frames(struct recording *r)
{
    float *frames = malloc(FRAMES_PER_READ * r->n_channels * sizeof *frames);
    int result = frames != NULL ? 0 : lab_error_set(r->error, "%.150s: no memory", r->path);
    while (result == 0) {
        sf_count_t got = sf_readf_float(r->file, frames, FRAMES_PER_READ);
        if (got <= 0) {
            break;
        }
        result = grow(r, (size_t)got) != 0 ? -1 : take_frames(r, frames, (size_t)got);
    }
    free(frames);
    if (result == 0 && r->n == 0) {
        return lab_error_set(r->error, "%.150s: expected samples, found none", r->path);
    }
    return result;
}

static int make_wave(struct recording *r, bool loop, struct lab_source *source)
{
    struct lab_wave *wave = calloc(1, sizeof *wave);
    struct wave_section section = {(double)r->info.samplerate, r->n};
    r->kernel = lab_kernel_new();
    if (wave == NULL || r->kernel == NULL) {
        free(wave);
        return lab_error_set(r->error, "%.150s: no memory", r->path);
    }
    wave->loop = loop;
    wave->n = lab_wave_length(&section, 1);
    int result = wave->n > 0 ? 0 : lab_error_set(r->error, "%.150s: too short", r->path);
    for (size_t k = 0; k < WAVE_CHANNELS && result == 0; k++) {
        if (r->raw[k] == NULL) {
            continue;
        }
        wave->channel[k] =
            wave->n <= WAVE_SAMPLES_MAX / WAVE_CHANNELS ? malloc(wave->n * sizeof(float)) : NULL;
        if (wave->channel[k] == NULL) {
            result = lab_error_set(r->error, "%.150s: too long for the memory", r->path);
            break;
        }
        lab_wave_resample(r->kernel, r->raw[k], &section, 1, loop, wave->channel[k]);
    }
    if (result != 0) {
        lab_wave_free(wave);
        return -1;
    }
    lab_wave_source(wave, source);
    (void)snprintf(source->description, sizeof source->description,
                   "recording %.100s, %zu channels at %d Hz, %.3f s%s", r->path, r->n_channels,
                   r->info.samplerate, (double)r->n / r->info.samplerate, loop ? ", repeated" : "");
    return 0;
}

static int read_recording(struct recording *r, const struct lab_file_options *options,
                          struct lab_source *source)
{
    r->file = sf_open(r->path, SFM_READ, &r->info);
    if (r->file == NULL) {
        return lab_error_set(r->error, "%.150s: expected a WAV, FLAC or W64 recording: %.60s",
                             r->path, sf_strerror(NULL));
    }
    if (r->info.samplerate < WAVE_RATE_MIN_HZ || r->info.samplerate > WAVE_RATE_MAX_HZ) {
        return lab_error_set(r->error,
                             "%.150s: expected 500 to 10000000 samples a second, found %d", r->path,
                             r->info.samplerate);
    }
    (void)sf_command(r->file, SFC_SET_NORM_FLOAT, NULL, SF_TRUE);
    if (plan_channels(r, options) != 0 || read_frames(r) != 0) {
        return -1;
    }
    return make_wave(r, !options->loop_off, source);
}

int lab_recording_open(struct lab_source *source, const char *path,
                       const struct lab_file_options *options, struct lab_error *error)
{
    struct recording r;
    struct lab_file_options all = *options;
    memset(&r, 0, sizeof r);
    r.path = path;
    r.error = error;
    if (read_side_file(&all, path, error) != 0) {
        return -1;
    }
    int result = read_recording(&r, &all, source);
    if (r.file != NULL) {
        (void)sf_close(r.file);
    }
    for (size_t k = 0; k < WAVE_CHANNELS; k++) {
        free(r.raw[k]);
    }
    lab_kernel_free(r.kernel);
    return result;
}
