/** A point as a signal: once for the front end, once, in other words, for the reference. */
#include <math.h>
#include <string.h>

#include "measure.h"

/** Harmonics of a waveform as the standards have them (spec metrology 4.5). */
static const struct reference_harmonic quadriform[] = {{3, 0.038, 180, 0.30, 0},
                                                       {5, 0.024, 180, 0.18, 0},
                                                       {7, 0.017, 180, 0.14, 0},
                                                       {11, 0.010, 180, 0.09, 0},
                                                       {13, 0.008, 180, 0.05, 0}};
static const struct reference_harmonic peaked[] = {{3, 0.038, 0, 0.30, 180},
                                                   {5, 0.024, 180, 0.18, 0},
                                                   {7, 0.017, 0, 0.14, 180},
                                                   {11, 0.010, 0, 0.09, 180},
                                                   {13, 0.008, 180, 0.05, 0}};
static const struct reference_harmonic fifth[] = {{5, 0.10, 0, 0.40, 0}};

static double angle_of(const struct point *point)
{
    return point->phi_deg + (point->exporting ? 180.0 : 0.0);
}

static bool loaded(const struct point *point, unsigned phase)
{
    return point->load == LOAD_BALANCED || point->load == (enum load)(LOAD_L1 + phase);
}

static double volts(enum connection connection, const struct point *point)
{
    return RATED_V * point->voltage * (connection == CONNECTION_ARON ? RATED_SHARE_V : 1.0);
}

static void wave_of(const struct point *point, struct stimulus *out)
{
    switch (point->wave) {
    case WAVE_FIFTH: stimulus_fifth_harmonic(out); break;
    case WAVE_HALF: stimulus_half_wave(out); break;
    case WAVE_FIRED: stimulus_phase_fired(out, 90.0); break;
    case WAVE_BURST: stimulus_burst(out, 2, 2); break;
    case WAVE_QUADRIFORM: stimulus_quadriform(out); break;
    case WAVE_PEAKED: stimulus_peaked(out); break;
    default: break;
    }
}

void signal_of(enum connection connection, const struct point *point, struct stimulus *out)
{
    stimulus_balanced(out, volts(connection, point), point->current_a, angle_of(point), point->hz);
    out->field.still_mt = point->magnet_mt;
    out->field.ac_mt = point->field_mt;
    out->field.ac_deg = point->field_deg;
    wave_of(point, out);
    if (point->reversed) {
        stimulus_reverse_sequence(out);
    }
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        if (!loaded(point, p)) {
            out->phase[p].current_a = 0.0;
        } else if (point->tone_a > 0.0) {
            out->phase[p].tone_hz = point->tone_hz;
            out->phase[p].tone_a = point->tone_a;
        }
        if ((point->missing >> p & 1u) != 0 || (p > 0 && connection == CONNECTION_1_PHASE)) {
            stimulus_lose_phase(out, p);
        }
    }
}

static void harmonics_copy(struct reference_phase *phase, const struct reference_harmonic *from,
                           size_t n)
{
    memcpy(phase->harmonic, from, n * sizeof *from);
}

static void reference_wave(const struct point *point, struct reference_phase *phase)
{
    switch (point->wave) {
    case WAVE_FIFTH: harmonics_copy(phase, fifth, 1); break;
    case WAVE_QUADRIFORM: harmonics_copy(phase, quadriform, 5); break;
    case WAVE_PEAKED: harmonics_copy(phase, peaked, 5); break;
    case WAVE_HALF: phase->gate = REFERENCE_HALF_WAVE; break;
    case WAVE_FIRED:
        phase->gate = REFERENCE_PHASE_FIRED;
        phase->fire_deg = 90.0;
        break;
    case WAVE_BURST:
        phase->gate = REFERENCE_BURST;
        phase->on_cycles = phase->off_cycles = 2;
        break;
    default: break;
    }
}

bool signal_power(enum connection connection, const struct point *point,
                  struct reference_power *out)
{
    struct reference_phase phase[REFERENCE_PHASES];
    memset(phase, 0, sizeof phase);
    for (unsigned p = 0; p < REFERENCE_PHASES; p++) {
        const double turn = p == 0 ? 0.0 : (p == 1u) != point->reversed ? -120.0 : 120.0;
        const bool there = (point->missing >> p & 1u) == 0;
        phase[p].u_v = there ? volts(connection, point) : 0.0;
        phase[p].u_deg = turn;
        phase[p].i_a = there && loaded(point, p) ? point->current_a : 0.0;
        phase[p].phi_deg = angle_of(point);
        reference_wave(point, &phase[p]);
    }
    switch (connection) {
    case CONNECTION_ARON: return reference_three_wire(phase, out);
    case CONNECTION_1_PHASE: return reference_phase_power(&phase[0], out);
    default: return reference_four_wire(phase, out);
    }
}
