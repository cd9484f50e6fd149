/** Test signals that standards name. */
#include "stimulus.h"

#include <string.h>

void stimulus_balanced(struct stimulus *out, double voltage_v, double current_a, double phi_deg,
                       double frequency_hz)
{
    static const double angle_deg[LAB_PHASES] = {0.0, -120.0, 120.0};
    memset(out, 0, sizeof *out);
    out->frequency_hz = frequency_hz;
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        out->phase[p].voltage_v = voltage_v;
        out->phase[p].voltage_deg = angle_deg[p];
        out->phase[p].current_a = current_a;
        out->phase[p].phi_deg = phi_deg;
    }
}

void stimulus_reverse_sequence(struct stimulus *stimulus)
{
    const double second_deg = stimulus->phase[1].voltage_deg;
    stimulus->phase[1].voltage_deg = stimulus->phase[2].voltage_deg;
    stimulus->phase[2].voltage_deg = second_deg;
}

void stimulus_lose_phase(struct stimulus *stimulus, unsigned phase)
{
    const double angle_deg = stimulus->phase[phase].voltage_deg;
    memset(&stimulus->phase[phase], 0, sizeof stimulus->phase[phase]);
    stimulus->phase[phase].voltage_deg = angle_deg;
}

void stimulus_harmonic_u(struct stimulus *stimulus, unsigned h, double fraction, double angle_deg)
{
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        stimulus->phase[p].u[h] = (struct stimulus_harmonic){fraction, angle_deg};
    }
}

void stimulus_harmonic_i(struct stimulus *stimulus, unsigned h, double fraction, double angle_deg)
{
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        stimulus->phase[p].i[h] = (struct stimulus_harmonic){fraction, angle_deg};
    }
}

void stimulus_fifth_harmonic(struct stimulus *stimulus)
{
    stimulus_harmonic_u(stimulus, 5, 0.10, 0.0);
    stimulus_harmonic_i(stimulus, 5, 0.40, 0.0);
}

/** One harmonic of the two OIML R 46 waveforms; the voltage of a peaked one is flattened. */
struct shape {
    unsigned h;
    double u, i;
    double peaked_i_deg, peaked_u_deg;
};

static const struct shape shapes[] = {
    {3, 0.038, 0.30, 180.0, 0.0},  {5, 0.024, 0.18, 0.0, 180.0},  {7, 0.017, 0.14, 180.0, 0.0},
    {11, 0.010, 0.09, 180.0, 0.0}, {13, 0.008, 0.05, 0.0, 180.0},
};

void stimulus_quadriform(struct stimulus *stimulus)
{
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
        stimulus_harmonic_u(stimulus, shapes[k].h, shapes[k].u, 180.0);
        stimulus_harmonic_i(stimulus, shapes[k].h, shapes[k].i, 0.0);
    }
}

void stimulus_peaked(struct stimulus *stimulus)
{
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
        stimulus_harmonic_u(stimulus, shapes[k].h, shapes[k].u, shapes[k].peaked_u_deg);
        stimulus_harmonic_i(stimulus, shapes[k].h, shapes[k].i, shapes[k].peaked_i_deg);
    }
}

static void gate_all(struct stimulus *stimulus, enum stimulus_gate gate)
{
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        stimulus->phase[p].gate = gate;
    }
}

void stimulus_burst(struct stimulus *stimulus, unsigned on_cycles, unsigned off_cycles)
{
    gate_all(stimulus, STIMULUS_GATE_BURST);
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        stimulus->phase[p].on_cycles = on_cycles;
        stimulus->phase[p].off_cycles = off_cycles;
    }
}

void stimulus_half_wave(struct stimulus *stimulus)
{
    gate_all(stimulus, STIMULUS_GATE_HALF_WAVE);
}

void stimulus_phase_fired(struct stimulus *stimulus, double fire_deg)
{
    gate_all(stimulus, STIMULUS_GATE_PHASE_FIRED);
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        stimulus->phase[p].fire_deg = fire_deg;
    }
}

bool stimulus_change_add(struct stimulus *stimulus, struct stimulus_change change)
{
    if (stimulus->n_changes == STIMULUS_CHANGES_MAX) {
        return false;
    }
    stimulus->change[stimulus->n_changes++] = change;
    return true;
}

bool stimulus_dip(struct stimulus *stimulus, unsigned phases, double from_s, double duration_s,
                  double rest_fraction)
{
    return stimulus_change_add(stimulus, (struct stimulus_change){from_s, from_s + duration_s,
                                                                  phases, rest_fraction, 1.0});
}
