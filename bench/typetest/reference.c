/** Powers of a defined signal.  No include but the mathematics library and its own header. */
#include "reference.h"

#include <math.h>

static double radians(double degrees)
{
    return degrees * acos(-1.0) / 180.0;
}

/*
 * The fundamental that a gate leaves of sqrt2 * I * sin(y), as parts of I in phase with it and a
 * quarter of a period behind: integrals of gate * sin(y) * sin(y) and gate * sin(y) * -cos(y).
 */
static void gated_fundamental(const struct reference_phase *phase, double *in_phase,
                              double *lagging)
{
    const double fire = radians(phase->fire_deg), pi = acos(-1.0);
    *lagging = 0.0;
    switch (phase->gate) {
    case REFERENCE_BURST:
        *in_phase = (double)phase->on_cycles / (double)(phase->on_cycles + phase->off_cycles);
        break;
    case REFERENCE_HALF_WAVE: *in_phase = 0.5; break;
    case REFERENCE_PHASE_FIRED:
        *in_phase = 1.0 - fire / pi + sin(2.0 * fire) / (2.0 * pi);
        *lagging = sin(fire) * sin(fire) / pi;
        break;
    default: *in_phase = 1.0; break;
    }
}

bool reference_phase_power(const struct reference_phase *phase, struct reference_power *out)
{
    const double phi = radians(phase->phi_deg), volt_amperes = phase->u_v * phase->i_a;
    double in_phase, lagging;
    gated_fundamental(phase, &in_phase, &lagging);
    out->active_w = volt_amperes * (in_phase * cos(phi) - lagging * sin(phi));
    out->reactive_var = volt_amperes * (in_phase * sin(phi) + lagging * cos(phi));
    for (int k = 0; k < REFERENCE_HARMONICS && phase->harmonic[k].order != 0; k++) {
        const struct reference_harmonic *h = &phase->harmonic[k];
        if (phase->gate != REFERENCE_STEADY) {
            return false;
        }
        /* u: h*x + a;  i: h*(x - phi) + b */
        const double between = radians(h->u_deg - h->i_deg) + h->order * phi;
        out->active_w += volt_amperes * h->u_fraction * h->i_fraction * cos(between);
    }
    return true;
}

bool reference_four_wire(const struct reference_phase phase[REFERENCE_PHASES],
                         struct reference_power *out)
{
    out->active_w = out->reactive_var = 0.0;
    for (int p = 0; p < REFERENCE_PHASES; p++) {
        struct reference_power one;
        if (!reference_phase_power(&phase[p], &one)) {
            return false;
        }
        out->active_w += one.active_w;
        out->reactive_var += one.reactive_var;
    }
    return true;
}

/** Power of a voltage and a current given in rectangular parts. */
static void add_power(double u_re, double u_im, double i_re, double i_im,
                      struct reference_power *out)
{
    out->active_w += u_re * i_re + u_im * i_im;
    out->reactive_var += u_im * i_re - u_re * i_im;
}

bool reference_three_wire(const struct reference_phase phase[REFERENCE_PHASES],
                          struct reference_power *out)
{
    double i_re[REFERENCE_PHASES], i_im[REFERENCE_PHASES];
    out->active_w = out->reactive_var = 0.0;
    for (int p = 0; p < REFERENCE_PHASES; p++) {
        const double angle = radians(phase[p].u_deg - phase[p].phi_deg);
        if (phase[p].gate != REFERENCE_STEADY || phase[p].harmonic[0].order != 0) {
            return false;
        }
        i_re[p] = phase[p].i_a * cos(angle);
        i_im[p] = phase[p].i_a * sin(angle);
    }
    i_re[1] = -i_re[0] - i_re[2];
    i_im[1] = -i_im[0] - i_im[2];
    for (int p = 0; p < REFERENCE_PHASES; p++) {
        const double angle = radians(phase[p].u_deg);
        add_power(phase[p].u_v * cos(angle), phase[p].u_v * sin(angle), i_re[p], i_im[p], out);
    }
    return true;
}
