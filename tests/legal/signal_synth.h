/*
 * An ideal front end for tests, and what it must be measured as, in closed form.
 *
 * The reference never looks at the samples: it comes from the definition of the signal, in double
 * precision, with formulas and scale of its own.
 */
#ifndef OPEN382_TESTS_SIGNAL_SYNTH_H
#define OPEN382_TESTS_SIGNAL_SYNTH_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "legal/bus/bus_frame.h"
#include "measuring_system.h"

#define SYNTH_HARMONICS 6
#define SYNTH_BLOCK     173 /* no divisor of any window */

static const double synth_pi = 3.14159265358979323846;
static const double synth_rate_hz = 8000.0;
/* steps per volt and per ampere of the nominal front end: 700 V and 250 A peak = 2^23 */
static const double synth_steps_per_volt = 8388608.0 / 700.0;
static const double synth_steps_per_ampere = 8388608.0 / 250.0;

/** A wave: harmonics (order 1 first) with rms value and angle at time 0, and direct current. */
struct synth_wave {
    struct {
        int order;
        double rms, angle;
    } part[SYNTH_HARMONICS];
    double dc;
};

struct synth {
    double f_hz;
    struct synth_wave u, i;
};

/** What a meter shows: means over the time observed, and the last frame's phasors. */
struct synth_reading {
    double p_w, q_var, u_v, i_a; /* the rms values without direct current */
    double u1_v, i1_a, lag;      /* fundamental; lag of the current, rad */
    double f_hz;
    double energy_ws, reactive_vars; /* over the whole time observed */
    double seconds;
};

static inline double synth_wave_at(const struct synth_wave *wave, double angle)
{
    double sum = wave->dc;
    for (int k = 0; k < SYNTH_HARMONICS && wave->part[k].order != 0; k++) {
        const double own = wave->part[k].order * angle + wave->part[k].angle;
        sum += wave->part[k].rms * sqrt(2.0) * cos(own);
    }
    return sum;
}

static inline int32_t synth_code(double steps)
{
    return (int32_t)lrint(steps);
}

static inline int32_t synth_v_lsb(const struct synth *synth, double t_s)
{
    const double angle = 2 * synth_pi * synth->f_hz * t_s;
    return synth_code(synth_wave_at(&synth->u, angle) * synth_steps_per_volt);
}

static inline int32_t synth_i_lsb(const struct synth *synth, double t_s)
{
    const double angle = 2 * synth_pi * synth->f_hz * t_s;
    return synth_code(synth_wave_at(&synth->i, angle) * synth_steps_per_ampere);
}

/** A sine of u_v, i_a with the current lagging by lag_rad. */
static inline struct synth synth_sine(double f_hz, double u_v, double i_a, double lag_rad)
{
    struct synth synth = {.f_hz = f_hz};
    synth.u.part[0].order = 1;
    synth.u.part[0].rms = u_v;
    synth.u.part[0].angle = 0.7;
    synth.i.part[0].order = 1;
    synth.i.part[0].rms = i_a;
    synth.i.part[0].angle = 0.7 - lag_rad;
    return synth;
}

static inline double synth_wave_rms(const struct synth_wave *wave)
{
    double sum = 0;
    for (int k = 0; k < SYNTH_HARMONICS; k++) {
        sum += wave->part[k].rms * wave->part[k].rms;
    }
    return sqrt(sum);
}

/** Closed form: P = sum Uh Ih cos(phi_h), Q = U1 I1 sin(phi_1), rms = root of the sum of squares.
 */
static inline struct synth_reading synth_truth(const struct synth *synth)
{
    struct synth_reading truth = {.f_hz = synth->f_hz};
    for (int a = 0; a < SYNTH_HARMONICS && synth->u.part[a].order != 0; a++) {
        for (int b = 0; b < SYNTH_HARMONICS && synth->i.part[b].order != 0; b++) {
            if (synth->u.part[a].order == synth->i.part[b].order) {
                truth.p_w += synth->u.part[a].rms * synth->i.part[b].rms *
                             cos(synth->u.part[a].angle - synth->i.part[b].angle);
            }
        }
    }
    truth.lag = synth->u.part[0].angle - synth->i.part[0].angle;
    truth.u1_v = synth->u.part[0].rms;
    truth.i1_a = synth->i.part[0].rms;
    truth.q_var = truth.u1_v * truth.i1_a * sin(truth.lag);
    truth.u_v = synth_wave_rms(&synth->u);
    truth.i_a = synth_wave_rms(&synth->i);
    return truth;
}

/** Last frame of the system, decoded. */
static inline struct bus_frame synth_frame(const struct measuring_system *system)
{
    uint8_t bytes[MEASURING_FRAME_BYTES_MAX];
    struct bus_frame frame = {0};
    const size_t n = measuring_system_frame(system, bytes);
    if (!bus_frame_decode(bytes, n, &frame)) {
        memset(&frame, 0, sizeof frame);
    }
    return frame;
}

/** Feeds until the next window closes; *n_fed counts samples since power-up. */
static inline struct bus_frame synth_window(struct measuring_system *system,
                                            const struct synth *synth, uint64_t *n_fed)
{
    int32_t v[SYNTH_BLOCK];
    int32_t i[SYNTH_BLOCK];
    for (bool closed = false; !closed;) {
        for (size_t k = 0; k < SYNTH_BLOCK; k++) {
            const double t_s = (double)(*n_fed + k) / synth_rate_hz;
            v[k] = synth_v_lsb(synth, t_s);
            i[k] = synth_i_lsb(synth, t_s);
        }
        *n_fed += measuring_system_samples(system, v, i, SYNTH_BLOCK, &closed);
    }
    return synth_frame(system);
}

/** What was measured between two frames. */
static inline struct synth_reading synth_between(const struct bus_frame *from,
                                                 const struct bus_frame *to)
{
    const double n = (double)(to->samples - from->samples);
    const double counter = 65536.0 / (synth_steps_per_volt * synth_steps_per_ampere);
    const double volts2 = 65536.0 / (synth_steps_per_volt * synth_steps_per_volt);
    const double amperes2 = 65536.0 / (synth_steps_per_ampere * synth_steps_per_ampere);
    struct synth_reading reading = {0};
    reading.seconds = n / synth_rate_hz;
    const uint64_t active = (uint64_t)to->active - (uint64_t)from->active;
    const uint64_t reactive = (uint64_t)to->reactive - (uint64_t)from->reactive;
    reading.p_w = (double)(int64_t)active * counter / n;
    reading.q_var = (double)(int64_t)reactive * counter / n;
    reading.energy_ws = reading.p_w * reading.seconds;
    reading.reactive_vars = reading.q_var * reading.seconds;
    reading.u_v = sqrt((double)(to->voltage - from->voltage) * volts2 / n);
    reading.i_a = sqrt((double)(to->current - from->current) * amperes2 / n);
    reading.u1_v = hypot(to->v1_re, to->v1_im) / 64 / sqrt(2.0) / synth_steps_per_volt;
    reading.i1_a = hypot(to->i1_re, to->i1_im) / 64 / sqrt(2.0) / synth_steps_per_ampere;
    reading.lag = atan2(to->v1_im, to->v1_re) - atan2(to->i1_im, to->i1_re);
    reading.f_hz = to->frequency_uhz * 1e-6;
    return reading;
}

/** Means over n_windows after n_settle windows from power-up. */
static inline struct synth_reading synth_measure(const struct synth *synth, unsigned n_settle,
                                                 unsigned n_windows)
{
    struct measuring_setup setup;
    struct measuring_system system;
    uint64_t n_fed = 0;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    struct bus_frame from = {.system = 1};
    for (unsigned k = 0; k < n_settle; k++) {
        from = synth_window(&system, synth, &n_fed);
    }
    struct bus_frame to = from;
    for (unsigned k = 0; k < n_windows; k++) {
        to = synth_window(&system, synth, &n_fed);
    }
    return synth_between(&from, &to);
}

/** Angle between -pi and pi. */
static inline double synth_wrap(double angle)
{
    return remainder(angle, 2 * synth_pi);
}

#endif
