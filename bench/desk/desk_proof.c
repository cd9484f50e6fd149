/** Signals, readings and what they should be. */
#include "desk_proof.h"

#include <math.h>
#include <string.h>

#define TURN        6.283185307179586
#define UN_V        230.0
#define HZ          50.0
#define REFERENCE_C 23.0
#define PHI_05I     60.0
#define PHI_08C     (-36.86989764584402)
/** Below this the registers move in blocks of a second: instantaneous values there. */
#define REGISTER_VA 30.0

const struct desk_goal_row desk_goals[DESK_GOALS] = {
    [DESK_BEFORE] = {"before calibration, 5 A PF 1", "5 s", 0.0, "%"},
    [DESK_START] = {"20 mA, PF 1", "300 s, instantaneous values", 0.1, "%"},
    [DESK_PF1] = {"0.05 .. 100 A, PF 1", "120 s at 0.05 A .. 5 s", 0.1, "%"},
    [DESK_PF] = {"0.25 .. 100 A, PF 0.5i and 0.8c", "20 s at 0.25 A, else 5 s", 0.1, "%"},
    [DESK_REACTIVE] = {"reactive, at these", "same", 0.2, "%"},
    [DESK_WAVEFORM] = {"5th harmonic, quadriform, phase-fired, 50 A", "4 s", 0.1, "%"},
    [DESK_FREQUENCY] = {"5 A PF 0.5i, 47.5 .. 63 Hz", "5 s", 0.1, "%"},
    [DESK_HERTZ] = {"frequency shown, 47.5 .. 63 Hz", "5 s", 0.02, "%"},
    [DESK_VOLTAGE] = {"change of energy, 0.8 .. 1.15 Un, 5 A", "5 s", 0.05, "%"},
    [DESK_VOLTS] = {"voltage shown, 0.8 .. 1.15 Un, -40 .. 70 C", "5 s", 0.05, "%"},
    [DESK_REVERSED] = {"reversed sequence, 0.25 A", "20 s", 0.1, "%"},
    [DESK_MISSING] = {"one and two phases missing, 0.25 A", "20 s", 0.1, "%"},
    [DESK_HEATING] = {"change in 15 min at 100 A", "5 s", 0.05, "%"},
    [DESK_COEFFICIENT] = {"mean temperature coefficient, 10 A", "5 s", 10.0, "ppm/K"},
    [DESK_TEMPERATURE] = {"part of class B's MPE, -40 .. 70 C", "5 s, 20 s at 0.25 A", 0.2, "1"},
};

static void keep(struct desk_proof *proof, enum desk_goal goal, double value)
{
    proof->worst[goal] = fmax(proof->worst[goal], fabs(value));
}

static double error_pct(double read, double wanted)
{
    return 100.0 * (read / wanted - 1.0);
}

static double settled(double by_register, double instant)
{
    return fabs(instant) >= REGISTER_VA ? by_register : instant;
}

static double read_w(const struct desk_reading *read, unsigned s)
{
    return settled(read->active_w[s], read->instant_w[s]);
}

static void volts_keep(struct desk_proof *proof, const struct desk_reading *read, double wanted_v)
{
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        keep(proof, DESK_VOLTS, error_pct(read->voltage_v[s], wanted_v));
    }
}

/** A balanced load; errors of active power of all systems, percent. */
static void balanced(struct desk_meter *meter, struct desk_proof *proof, enum desk_goal goal,
                     double current_a, double phi_deg, unsigned seconds)
{
    struct stimulus stimulus;
    struct desk_reading read;
    const double apparent_va = UN_V * current_a, phi = TURN * phi_deg / 360.0;
    stimulus_balanced(&stimulus, UN_V, current_a, phi_deg, HZ);
    desk_meter_measure(meter, &stimulus, seconds, &read);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        keep(proof, goal, error_pct(read_w(&read, s), apparent_va * cos(phi)));
        if (phi_deg != 0.0) {
            const double var = settled(read.reactive_var[s], read.instant_var[s]);
            keep(proof, DESK_REACTIVE, error_pct(var, apparent_va * sin(phi)));
        }
    }
    if (goal != DESK_BEFORE) {
        volts_keep(proof, &read, UN_V);
    }
}

void desk_prove_before(struct desk_meter *meter, struct desk_proof *proof)
{
    balanced(meter, proof, DESK_BEFORE, 5.0, 0.0, 5);
}

static void prove_loads(struct desk_meter *meter, struct desk_proof *proof)
{
    static const struct {
        double current_a;
        unsigned seconds;
    } loads[] = {{0.25, 20}, {0.5, 10}, {5.0, 5}, {20.0, 5}, {100.0, 5}};
    balanced(meter, proof, DESK_START, 0.02, 0.0, 300);
    balanced(meter, proof, DESK_PF1, 0.05, 0.0, 120);
    balanced(meter, proof, DESK_PF1, 0.1, 0.0, 60);
    for (unsigned k = 0; k < sizeof loads / sizeof loads[0]; k++) {
        balanced(meter, proof, DESK_PF1, loads[k].current_a, 0.0, loads[k].seconds);
        balanced(meter, proof, DESK_PF, loads[k].current_a, PHI_05I, loads[k].seconds);
        balanced(meter, proof, DESK_PF, loads[k].current_a, PHI_08C, loads[k].seconds);
    }
}

static void prove_frequencies(struct desk_meter *meter, struct desk_proof *proof)
{
    static const double hertz[] = {47.5, 50.0, 52.5, 57.0, 63.0};
    for (unsigned k = 0; k < sizeof hertz / sizeof hertz[0]; k++) {
        struct stimulus stimulus;
        struct desk_reading read;
        stimulus_balanced(&stimulus, UN_V, 5.0, PHI_05I, hertz[k]);
        desk_meter_measure(meter, &stimulus, 5, &read);
        keep(proof, DESK_HERTZ, error_pct(read.frequency_hz, hertz[k]));
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            keep(proof, DESK_FREQUENCY, error_pct(read_w(&read, s), 575.0));
        }
    }
}

static void prove_waveforms(struct desk_meter *meter, struct desk_proof *proof)
{
    /* phase-fired: half the energy; the harmonics' powers from their fractions */
    static const double wanted_w[] = {11500.0 * 1.04, 11500.0 * (1.0 - 0.0194), 5750.0};
    for (unsigned k = 0; k < 3u; k++) {
        struct stimulus stimulus;
        struct desk_reading read;
        stimulus_balanced(&stimulus, UN_V, 50.0, 0.0, HZ);
        if (k == 0) {
            stimulus_fifth_harmonic(&stimulus);
        } else if (k == 1u) {
            stimulus_quadriform(&stimulus);
        } else {
            stimulus_phase_fired(&stimulus, 90.0);
        }
        desk_meter_measure(meter, &stimulus, 4, &read);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            keep(proof, DESK_WAVEFORM, error_pct(read_w(&read, s), wanted_w[k]));
        }
    }
}

static void prove_voltages(struct desk_meter *meter, struct desk_proof *proof)
{
    static const double part[] = {1.0, 0.8, 0.9, 1.1, 1.15};
    double at_un_pct[LEGAL_SYSTEMS] = {0.0};
    for (unsigned k = 0; k < sizeof part / sizeof part[0]; k++) {
        struct stimulus stimulus;
        struct desk_reading read;
        stimulus_balanced(&stimulus, part[k] * UN_V, 5.0, 0.0, HZ);
        desk_meter_measure(meter, &stimulus, 5, &read);
        volts_keep(proof, &read, part[k] * UN_V);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            const double pct = error_pct(read_w(&read, s), part[k] * UN_V * 5.0);
            at_un_pct[s] = k == 0 ? pct : at_un_pct[s];
            keep(proof, DESK_VOLTAGE, pct - at_un_pct[s]);
        }
    }
}

/** Phases of the mask away, the others at 0.25 A. */
static void prove_missing(struct desk_meter *meter, struct desk_proof *proof)
{
    struct stimulus stimulus;
    struct desk_reading read;
    for (unsigned mask = 0; mask < 7u; mask++) {
        stimulus_balanced(&stimulus, UN_V, 0.25, 0.0, HZ);
        if (mask == 0) {
            stimulus_reverse_sequence(&stimulus);
        }
        for (unsigned l = 0; l < LAB_PHASES; l++) {
            if ((mask >> l & 1u) != 0) {
                stimulus_lose_phase(&stimulus, l);
            }
        }
        desk_meter_measure(meter, &stimulus, 20, &read);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            if ((mask >> s & 1u) == 0) {
                keep(proof, mask == 0 ? DESK_REVERSED : DESK_MISSING,
                     error_pct(read_w(&read, s), 57.5));
            }
        }
    }
}

/** The meter has been without much current for a while. */
static void prove_heating(struct desk_meter *meter, struct desk_proof *proof)
{
    double cold_pct[LEGAL_SYSTEMS] = {0.0};
    for (unsigned k = 0; k < 9u; k++) {
        struct stimulus stimulus;
        struct desk_reading read;
        stimulus_balanced(&stimulus, UN_V, 100.0, 0.0, HZ);
        desk_meter_measure(meter, &stimulus, 5, &read);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            const double pct = error_pct(read_w(&read, s), 23000.0);
            cold_pct[s] = k == 0 ? pct : cold_pct[s];
            keep(proof, DESK_HEATING, pct - cold_pct[s]);
        }
        desk_meter_run(meter, 93.0);
    }
    struct stimulus idle;
    stimulus_balanced(&idle, UN_V, 0.0, 0.0, HZ);
    front_end_connect(&meter->front_end, &idle);
    desk_meter_run(meter, 900.0);
}

/** Smallest MPE of class B at this temperature, percent (MI-003, table 2; metrology 1.1). */
static double mpe_pct(double ambient_c)
{
    if (ambient_c >= 5.0 && ambient_c <= 30.0) {
        return 2.0;
    }
    if (ambient_c >= -10.0 && ambient_c <= 40.0) {
        return 2.5;
    }
    return ambient_c >= -25.0 && ambient_c <= 55.0 ? 3.5 : 4.0;
}

static void at_temperature(struct desk_meter *meter, double ambient_c, double current_a,
                           unsigned seconds, struct desk_proof *proof, double pct[LEGAL_SYSTEMS])
{
    struct stimulus stimulus;
    struct desk_reading read;
    front_end_ambient(&meter->front_end, ambient_c);
    stimulus_balanced(&stimulus, UN_V, current_a, 0.0, HZ);
    desk_meter_measure(meter, &stimulus, seconds, &read);
    volts_keep(proof, &read, UN_V);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        pct[s] = error_pct(read_w(&read, s), UN_V * current_a);
        keep(proof, DESK_TEMPERATURE, pct[s] / mpe_pct(ambient_c));
    }
}

static void prove_temperatures(struct desk_meter *meter, struct desk_proof *proof)
{
    static const double ambient_c[] = {-40.0, -25.0, -10.0, 5.0, 40.0, 55.0, 70.0};
    double reference_pct[LEGAL_SYSTEMS], pct[LEGAL_SYSTEMS];
    at_temperature(meter, REFERENCE_C, 10.0, 5, proof, reference_pct);
    for (unsigned k = 0; k < sizeof ambient_c / sizeof ambient_c[0]; k++) {
        at_temperature(meter, ambient_c[k], 0.25, 20, proof, pct);
        at_temperature(meter, ambient_c[k], 100.0, 5, proof, pct);
        at_temperature(meter, ambient_c[k], 10.0, 5, proof, pct);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            const double away_k = fabs(ambient_c[k] - REFERENCE_C);
            keep(proof, DESK_COEFFICIENT, 1e4 * (pct[s] - reference_pct[s]) / away_k);
        }
    }
    front_end_ambient(&meter->front_end, REFERENCE_C);
}

void desk_prove(struct desk_meter *meter, struct desk_proof *proof)
{
    prove_loads(meter, proof);
    prove_frequencies(meter, proof);
    prove_waveforms(meter, proof);
    prove_voltages(meter, proof);
    prove_missing(meter, proof);
    prove_heating(meter, proof);
    prove_temperatures(meter, proof);
}
