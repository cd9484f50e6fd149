/** A test signal as lines of a spectrum, and its value at any time. */
#include "stimulus.h"

#include <math.h>
#include <string.h>

#define TURN        6.283185307179586
#define ROOT_TWO    1.4142135623730951
#define SLICES_MAX  2u
#define NEGLIGIBLE  1e-14 /* of a gated current: rounding, not signal */
#define DEG(degree) ((degree) * (TURN / 360.0))

static struct lab_vector vector_times(struct lab_vector a, struct lab_vector b)
{
    return (struct lab_vector){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static struct lab_vector vector_polar(double size, double angle)
{
    return (struct lab_vector){size * cos(angle), size * sin(angle)};
}

/** ---- gates --------------------------------------------------------------------------------- */

/** A gate: open in these slices of a period, all in cycles. */
struct gate {
    unsigned period;
    unsigned n_slices;
    double from[SLICES_MAX], until[SLICES_MAX];
};

static struct gate gate_of(const struct stimulus_phase *phase)
{
    const double fire = phase->fire_deg / 360.0;
    unsigned cycles = phase->on_cycles + phase->off_cycles;
    switch (phase->gate) {
    case STIMULUS_GATE_BURST:
        cycles = cycles < 1u ? 1u : cycles;
        cycles = cycles > STIMULUS_GATE_CYCLES_MAX ? STIMULUS_GATE_CYCLES_MAX : cycles;
        return (struct gate){cycles, 1, {0.0}, {(double)phase->on_cycles}};
    case STIMULUS_GATE_HALF_WAVE: return (struct gate){1, 1, {0.0}, {0.5}};
    case STIMULUS_GATE_PHASE_FIRED: return (struct gate){1, 2, {fire, 0.5 + fire}, {0.5, 1.0}};
    case STIMULUS_GATE_NONE: break;
    }
    return (struct gate){1, 1, {0.0}, {1.0}};
}

/** Fourier coefficient m of the gate: mean of gate * exp(-j*2*pi*m*s/period) over a period. */
static struct lab_vector gate_coefficient(const struct gate *gate, int m)
{
    struct lab_vector sum = {0.0, 0.0};
    const double period = (double)gate->period;
    for (unsigned k = 0; k < gate->n_slices; k++) {
        const double width = gate->until[k] - gate->from[k];
        const double middle = 0.5 * (gate->until[k] + gate->from[k]);
        const double half = 0.5 * TURN * m * width / period;
        const double size = m == 0 ? width / period : width / period * sin(half) / half;
        const struct lab_vector part = vector_polar(size, -TURN * m * middle / period);
        sum.re += part.re;
        sum.im += part.im;
    }
    return sum;
}

/** ---- lines --------------------------------------------------------------------------------- */

static void line_add(struct stimulus_spectrum *out, double order, double frequency_hz,
                     struct lab_vector peak)
{
    if (out->n_lines < STIMULUS_LINES_MAX && (peak.re != 0.0 || peak.im != 0.0)) {
        out->line[out->n_lines++] = (struct stimulus_line){order, frequency_hz, peak};
    }
}

/** Peak phasors of the fundamental (1) and its harmonics against their own zero crossing. */
static void own_phasors(double rms, const struct stimulus_harmonic *harmonic,
                        struct lab_vector peak[LAB_HARMONICS_MAX + 1u])
{
    peak[0] = (struct lab_vector){0.0, 0.0};
    peak[1] = (struct lab_vector){0.0, -ROOT_TWO * rms};
    for (unsigned h = 2; h <= LAB_HARMONICS_MAX; h++) {
        peak[h] =
            vector_polar(ROOT_TWO * rms * harmonic[h].fraction, DEG(harmonic[h].angle_deg - 90.0));
        if (harmonic[h].fraction == 0.0) {
            peak[h] = peak[0];
        }
    }
}

/** Lines of a channel without a gate; origin_rad is x or y at t = 0. */
static void plain_lines(const struct lab_vector *peak, double origin_rad, double frequency_hz,
                        struct stimulus_spectrum *out)
{
    for (unsigned h = 1; h <= LAB_HARMONICS_MAX; h++) {
        line_add(out, h, h * frequency_hz,
                 vector_times(peak[h], vector_polar(1.0, h * origin_rad)));
    }
}

/** Line k / period of gate * current: each phasor meets the gate's coefficients on both sides. */
static struct lab_vector gated_phasor(const struct gate *gate, const struct lab_vector *peak, int k)
{
    struct lab_vector sum = {0.0, 0.0};
    for (int h = 1; h <= (int)LAB_HARMONICS_MAX; h++) {
        if (peak[h].re == 0.0 && peak[h].im == 0.0) {
            continue;
        }
        const int apart = h * (int)gate->period;
        const struct lab_vector mirrored = {peak[h].re, -peak[h].im};
        const struct lab_vector above = vector_times(peak[h], gate_coefficient(gate, k - apart));
        const struct lab_vector below = vector_times(mirrored, gate_coefficient(gate, k + apart));
        sum.re += above.re + below.re;
        sum.im += above.im + below.im;
    }
    return sum;
}

static void gated_lines(const struct gate *gate, const struct lab_vector *peak, double origin_rad,
                        double frequency_hz, struct stimulus_spectrum *out)
{
    const double small = NEGLIGIBLE * hypot(peak[1].re, peak[1].im);
    out->dc += 0.5 * gated_phasor(gate, peak, 0).re;
    for (unsigned k = 1; k <= LAB_HARMONICS_MAX * gate->period; k++) {
        const double order = (double)k / (double)gate->period;
        const struct lab_vector own = gated_phasor(gate, peak, (int)k);
        if (hypot(own.re, own.im) > small) {
            line_add(out, order, order * frequency_hz,
                     vector_times(own, vector_polar(1.0, order * origin_rad)));
        }
    }
}

void stimulus_spectrum_of(const struct stimulus *stimulus, unsigned phase,
                          enum stimulus_channel channel, struct stimulus_spectrum *out)
{
    const struct stimulus_phase *p = &stimulus->phase[phase];
    struct lab_vector peak[LAB_HARMONICS_MAX + 1u];
    const double x = DEG(p->voltage_deg + 90.0);
    out->n_lines = 0;
    if (channel == STIMULUS_VOLTAGE) {
        out->dc = p->voltage_dc_v;
        own_phasors(p->voltage_v, p->u, peak);
        plain_lines(peak, x, stimulus->frequency_hz, out);
        line_add(out, STIMULUS_LINE_ORDER_NONE, p->tone_hz,
                 vector_polar(ROOT_TWO * p->tone_v, DEG(p->tone_v_deg - 90.0)));
        return;
    }
    const double y = x - DEG(p->phi_deg);
    out->dc = p->current_dc_a;
    own_phasors(p->current_a, p->i, peak);
    if (p->gate == STIMULUS_GATE_NONE) {
        plain_lines(peak, y, stimulus->frequency_hz, out);
    } else {
        const struct gate gate = gate_of(p);
        gated_lines(&gate, peak, y, stimulus->frequency_hz, out);
    }
    line_add(out, STIMULUS_LINE_ORDER_NONE, p->tone_hz,
             vector_polar(ROOT_TWO * p->tone_a, DEG(p->tone_a_deg - 90.0)));
}

/** ---- values -------------------------------------------------------------------------------- */

double stimulus_spectrum_at(const struct stimulus_spectrum *spectrum, double t_s)
{
    double sum = spectrum->dc;
    for (size_t k = 0; k < spectrum->n_lines; k++) {
        const struct stimulus_line *line = &spectrum->line[k];
        const double turns = line->frequency_hz * t_s;
        const double angle = TURN * (turns - floor(turns));
        sum += line->peak.re * cos(angle) - line->peak.im * sin(angle);
    }
    return sum;
}

double stimulus_factor(const struct stimulus *stimulus, unsigned phase,
                       enum stimulus_channel channel, double t_s, double *until_s)
{
    double factor = 1.0;
    *until_s = HUGE_VAL;
    for (unsigned k = 0; k < stimulus->n_changes; k++) {
        const struct stimulus_change *change = &stimulus->change[k];
        const bool begun = t_s >= change->from_s;
        const double edge_s = begun ? change->until_s : change->from_s;
        if (begun && t_s >= change->until_s) {
            continue;
        }
        *until_s = edge_s < *until_s ? edge_s : *until_s;
        if (begun && (change->phases >> phase & 1u) != 0) {
            factor *= channel == STIMULUS_VOLTAGE ? change->voltage_factor : change->current_factor;
        }
    }
    return factor;
}

static double value_at(const struct stimulus *stimulus, unsigned phase,
                       enum stimulus_channel channel, double t_s)
{
    const struct stimulus_phase *p = &stimulus->phase[phase];
    struct stimulus_spectrum spectrum;
    double until_s;
    stimulus_spectrum_of(stimulus, phase, channel, &spectrum);
    /* the tone is not the network's: no change acts on it */
    double tone_rms = channel == STIMULUS_VOLTAGE ? p->tone_v : p->tone_a;
    double tone = 0.0;
    if (tone_rms != 0.0) {
        const struct stimulus_line *last = &spectrum.line[--spectrum.n_lines];
        const double angle = TURN * fmod(last->frequency_hz * t_s, 1.0);
        tone = last->peak.re * cos(angle) - last->peak.im * sin(angle);
    }
    return tone + stimulus_factor(stimulus, phase, channel, t_s, &until_s) *
                      stimulus_spectrum_at(&spectrum, t_s);
}

double stimulus_voltage_v(const struct stimulus *stimulus, unsigned phase, double t_s)
{
    return value_at(stimulus, phase, STIMULUS_VOLTAGE, t_s);
}

double stimulus_current_a(const struct stimulus *stimulus, unsigned phase, double t_s)
{
    return value_at(stimulus, phase, STIMULUS_CURRENT, t_s);
}
