#include "wave.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE_HZ   8000.0
#define TURN      6.283185307179586
#define WINDOW    1600u /* 200 ms */
#define SAMPLE_US 125

bool lab_wave_channels(const char *text, int *channel, size_t n_max, size_t *n_found)
{
    size_t n = 0;
    for (;; n++) {
        size_t length = strcspn(text, ":");
        if (n == n_max) {
            return false;
        }
        if (length == 1 && text[0] == '-') {
            channel[n] = WAVE_SKIP;
        } else if (length == 2 && (text[0] == 'u' || text[0] == 'i') && text[1] >= '1' &&
                   text[1] <= '3') {
            channel[n] = (text[0] == 'u' ? WAVE_U1 : WAVE_I1) + (text[1] - '1');
        } else {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            if (channel[n] != WAVE_SKIP && channel[k] == channel[n]) {
                return false;
            }
        }
        if (text[length] == '\0') {
            *n_found = n + 1;
            return true;
        }
        text += length + 1;
    }
}

static float value_at(const struct lab_wave *wave, unsigned channel, int64_t at)
{
    if (wave->channel[channel] == NULL || at < 0) {
        return 0.0f;
    }
    if (at >= (int64_t)wave->n) {
        if (!wave->loop) {
            return 0.0f;
        }
        at %= (int64_t)wave->n;
    }
    return wave->channel[channel][at];
}

static void wave_samples(void *self, int64_t first, size_t n, unsigned phase, float *u_v,
                         float *i_a)
{
    const struct lab_wave *wave = self;
    for (size_t k = 0; k < n; k++) {
        u_v[k] = value_at(wave, WAVE_U1 + phase, first + (int64_t)k);
        i_a[k] = value_at(wave, WAVE_I1 + phase, first + (int64_t)k);
    }
}

/** rms phasor at f of a channel over a window, weighted with a raised cosine. */
static struct lab_vector phasor_of(const struct lab_wave *wave, unsigned channel, int64_t first,
                                   double hz)
{
    struct lab_vector sum = {0.0, 0.0};
    for (size_t k = 0; k < WINDOW; k++) {
        double weight = 1.0 - cos(TURN * ((double)k + 0.5) / WINDOW);
        double angle = TURN * hz * (double)k / RATE_HZ;
        double value = weight * (double)value_at(wave, channel, first + (int64_t)k);
        sum.re += value * cos(angle);
        sum.im -= value * sin(angle);
    }
    double scale = sqrt(2.0) / WINDOW;
    return (struct lab_vector){sum.re * scale, sum.im * scale};
}

/** Frequency from the turn of the phasor between two windows; nominal without a voltage. */
static double measure_frequency(const struct lab_wave *wave)
{
    unsigned channel = 0;
    while (channel < LAB_PHASES && wave->channel[channel] == NULL) {
        channel++;
    }
    if (channel == LAB_PHASES || wave->n < 2 * WINDOW) {
        return LAB_NOMINAL_HZ;
    }
    struct lab_vector at50 = phasor_of(wave, channel, 0, 50.0);
    struct lab_vector at60 = phasor_of(wave, channel, 0, 60.0);
    bool sixty = hypot(at60.re, at60.im) > hypot(at50.re, at50.im);
    double hz = sixty ? 60.0 : 50.0;
    for (unsigned round = 0; round < 4; round++) {
        struct lab_vector a = phasor_of(wave, channel, 0, hz);
        struct lab_vector b = phasor_of(wave, channel, WINDOW, hz);
        double turn = atan2(b.im * a.re - b.re * a.im, b.re * a.re + b.im * a.im);
        double moved = turn / TURN - hz * WINDOW / RATE_HZ;
        hz = hz + (moved - floor(moved + 0.5)) * (RATE_HZ / WINDOW);
    }
    return hz >= LAB_FREQUENCY_MIN && hz <= LAB_FREQUENCY_MAX ? hz : LAB_NOMINAL_HZ;
}

/** What the panel shows of a recording: fundamentals of these 200 ms, turned so that U1 is at 0. */
static void wave_piece(void *self, int64_t from_us, struct lab_electric *out, int64_t *until_us)
{
    const struct lab_wave *wave = self;
    int64_t first = from_us / SAMPLE_US;
    lab_electric_dead(out);
    out->frequency_hz = wave->frequency_hz;
    *until_us = from_us + (int64_t)WINDOW * SAMPLE_US;
    struct lab_vector u1 = phasor_of(wave, WAVE_U1, first, wave->frequency_hz);
    double size = hypot(u1.re, u1.im);
    struct lab_vector turn = {1.0, 0.0};
    if (size > 1e-6) {
        turn = (struct lab_vector){u1.re / size, -u1.im / size};
    }
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        struct lab_vector u = phasor_of(wave, WAVE_U1 + k, first, wave->frequency_hz);
        struct lab_vector i = phasor_of(wave, WAVE_I1 + k, first, wave->frequency_hz);
        out->u[k] =
            (struct lab_vector){u.re * turn.re - u.im * turn.im, u.re * turn.im + u.im * turn.re};
        out->i[k] =
            (struct lab_vector){i.re * turn.re - i.im * turn.im, i.re * turn.im + i.im * turn.re};
    }
}

void lab_wave_free(void *self)
{
    struct lab_wave *wave = self;
    for (unsigned k = 0; k < WAVE_CHANNELS; k++) {
        free(wave->channel[k]);
    }
    free(wave);
}

void lab_wave_source(struct lab_wave *wave, struct lab_source *source)
{
    wave->frequency_hz = measure_frequency(wave);
    source->self = wave;
    source->piece = wave_piece;
    source->samples = wave_samples;
    source->free = lab_wave_free;
}
