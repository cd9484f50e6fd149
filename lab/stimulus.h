/**
 * A test signal: what stands at the meter's terminals, independent of any sampling.
 *
 * Definition, for each phase, x = 2*pi*f*t + voltage_deg + 90 degrees and y = x - phi:
 *   u(t) = F_u(t) * (U_dc + sqrt2 * U * [sin(x) + sum_h u_h * sin(h*x + a_h)])  + tone
 *   i(t) = F_i(t) * (I_dc + sqrt2 * I * gate(y) * [sin(y) + sum_h i_h * sin(h*y + b_h)])  + tone
 * U and I are rms values of the fundamentals before the gate.  Angles of harmonics count from the
 * positive zero crossing of their own fundamental (as in lab/phasor.h).  F are factors that changes
 * put in force.  Time runs from the instant at which the signal is connected.
 *
 * Gates are synthesised band-limited: the product with the gate is a Fourier series, ended at 40
 * times the fundamental.  Nothing beyond it exists in the signal, so nothing aliases; powers with a
 * sinusoidal voltage are those of the ideal gate, rms values of the current lack what is cut off.
 *
 * There are no powers here on purpose: a reference that judges a meter works them out from this
 * definition alone.  Source: spec metrology 4.1 and 4.5.
 */
#ifndef OPEN382_LAB_STIMULUS_H
#define OPEN382_LAB_STIMULUS_H

#include "phasor.h"

#define STIMULUS_CHANGES_MAX     8u
#define STIMULUS_GATE_CYCLES_MAX 10u /**< on and off together */
#define STIMULUS_LINES_MAX       (LAB_HARMONICS_MAX * STIMULUS_GATE_CYCLES_MAX + 1u)
#define STIMULUS_LINE_ORDER_NONE 0.0 /**< of a tone: bound to no fundamental */

enum stimulus_gate {
    STIMULUS_GATE_NONE,
    STIMULUS_GATE_BURST,       /**< on_cycles on, off_cycles off, from a zero crossing of y */
    STIMULUS_GATE_HALF_WAVE,   /**< positive half cycles only: direct current and even harmonics */
    STIMULUS_GATE_PHASE_FIRED, /**< from fire_deg to the end of each half cycle */
};

struct stimulus_harmonic {
    double fraction;  /**< of the fundamental */
    double angle_deg; /**< a_h or b_h above */
};

struct stimulus_phase {
    double voltage_v;   /**< 0: this phase is missing */
    double voltage_deg; /**< against the common reference: 0, -120, +120 */
    double voltage_dc_v;
    double current_a; /**< not negative; export is a phi beyond 90 degrees */
    double phi_deg;   /**< the current lags by this */
    double current_dc_a;
    struct stimulus_harmonic u[LAB_HARMONICS_MAX + 1u]; /**< 2..40 */
    struct stimulus_harmonic i[LAB_HARMONICS_MAX + 1u];
    enum stimulus_gate gate;
    unsigned on_cycles, off_cycles; /**< of a burst; together at most STIMULUS_GATE_CYCLES_MAX */
    double fire_deg;                /**< of phase firing, 0..180 */
    /** One sine of any frequency on top (inter-harmonics, 2..150 kHz); rms, angle at t = 0. */
    double tone_hz, tone_v, tone_v_deg, tone_a, tone_a_deg;
};

/** From from_s until until_s the phases named (bit 0 = L1) have these factors. */
struct stimulus_change {
    double from_s, until_s;
    unsigned phases;
    double voltage_factor, current_factor;
};

/** Magnetism of external origin, the same at all shunts, along the axis that does most. */
struct stimulus_field {
    double still_mt; /**< of a magnet */
    double ac_mt;    /**< rms, at the mains frequency: sqrt2 * ac_mt * cos(2*pi*f*t + ac_deg) */
    double ac_deg;   /**< against a voltage of 0 degrees, as L1's */
};

struct stimulus {
    double frequency_hz;
    struct stimulus_field field;
    struct stimulus_phase phase[LAB_PHASES];
    struct stimulus_change change[STIMULUS_CHANGES_MAX];
    unsigned n_changes;
};

/** Three equal phases, sequence L1 L2 L3, sines. */
void stimulus_balanced(struct stimulus *out, double voltage_v, double current_a, double phi_deg,
                       double frequency_hz);

/** L2 and L3 change places. */
void stimulus_reverse_sequence(struct stimulus *stimulus);

/** Neither voltage nor current on this phase, 0..2. */
void stimulus_lose_phase(struct stimulus *stimulus, unsigned phase);

/** A harmonic on all phases, 2..40. */
void stimulus_harmonic_u(struct stimulus *stimulus, unsigned h, double fraction, double angle_deg);
void stimulus_harmonic_i(struct stimulus *stimulus, unsigned h, double fraction, double angle_deg);

/** IEC 62053-21: 5th harmonic, 10 % in the voltage and 40 % in the current, in phase. */
void stimulus_fifth_harmonic(struct stimulus *stimulus);

/**
 * OIML R 46 waveforms on all phases, harmonics 3, 5, 7, 11, 13.  Source: spec metrology 4.5
 * (amplitudes and angles recalled there).
 */
void stimulus_quadriform(struct stimulus *stimulus);
void stimulus_peaked(struct stimulus *stimulus);

/** Gates on all phases; IEC 62053-21 has 90 degrees, 2 cycles on and 2 off. */
void stimulus_burst(struct stimulus *stimulus, unsigned on_cycles, unsigned off_cycles);
void stimulus_half_wave(struct stimulus *stimulus);
void stimulus_phase_fired(struct stimulus *stimulus, double fire_deg);

/** @return false: no room for another change. */
bool stimulus_change_add(struct stimulus *stimulus, struct stimulus_change change);
bool stimulus_dip(struct stimulus *stimulus, unsigned phases, double from_s, double duration_s,
                  double rest_fraction);

enum stimulus_channel { STIMULUS_VOLTAGE, STIMULUS_CURRENT };

/** Re(peak * exp(j*2*pi*frequency_hz*t)). */
struct stimulus_line {
    double order; /**< multiple of the fundamental; STIMULUS_LINE_ORDER_NONE for a tone */
    double frequency_hz;
    struct lab_vector peak; /**< V or A */
};

/** One channel of one phase as what it consists of, without the factors of changes. */
struct stimulus_spectrum {
    double dc;
    size_t n_lines;
    struct stimulus_line line[STIMULUS_LINES_MAX];
};

void stimulus_spectrum_of(const struct stimulus *stimulus, unsigned phase,
                          enum stimulus_channel channel, struct stimulus_spectrum *out);

/** Value at t_s, without changes. */
double stimulus_spectrum_at(const struct stimulus_spectrum *spectrum, double t_s);

/** Factor in force at t_s; *until_s becomes the next instant at which any factor may change. */
double stimulus_factor(const struct stimulus *stimulus, unsigned phase,
                       enum stimulus_channel channel, double t_s, double *until_s);

/** u(t) and i(t) themselves; slow, for tests and references. */
double stimulus_voltage_v(const struct stimulus *stimulus, unsigned phase, double t_s);
double stimulus_current_a(const struct stimulus *stimulus, unsigned phase, double t_s);

#endif
