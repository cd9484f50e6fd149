/**
 * Inside of a mains: the source, what lies over it, and the piece of time in force.
 */
#ifndef OPEN382_LAB_INSIDE_H
#define OPEN382_LAB_INSIDE_H

#include "overlay.h"
#include "source.h"

#define SAMPLE_US    125
#define TURN         6.283185307179586
#define ROOT_TWO     1.4142135623730951
#define FULL_SCALE_V 700.0
#define FULL_SCALE_A 250.0
#define BLOCK        160u /* samples of one synthesis block: 20 ms */

/** Half cycles of one system: what is integrated since the boundary before, squares of steps. */
struct mains_half_state {
    double at_us;              /**< all is integrated up to here */
    double half, half_n;       /**< since the boundary before: squares times samples, samples */
    double before, before_n;   /**< of the half cycle before */
    double stretch, stretch_n; /**< since the last report */
    bool at_boundary;          /**< at_us is where a half cycle has ended */
    bool turn_known;           /**< the sine below is that of turn_us, by the anchor in force */
    double turn_us, turn_cos, turn_sin;
    unsigned n_halves;
    struct {
        double rms_lsb, at_us;
    } list[MAINS_HALVES_MAX];
};

struct mains {
    struct lab_source source;
    struct mains_options options;
    struct lab_overlay overlay;
    /* the piece in force: state and rates hold for from_us <= t < until_us */
    int64_t from_us, until_us;
    struct lab_electric electric;
    struct lab_phasor_rates rates[LAB_PHASES];
    unsigned supplied; /* see mains_outlook */
    bool clipped;      /* see mains_clipped */
    bool replaced;     /* instead of the source: */
    struct lab_electric replacement;
    /* the common reference turns without a jump when the frequency changes */
    int64_t anchor_us;
    double anchor_turns, anchor_hz;
    struct lab_phasor_carry carry[LAB_PHASES];
    /* the window before, for as long as the next one is like it; n_samples 0: none */
    struct {
        uint32_t n_samples;
        struct lab_phasor_rates sum[LAB_PHASES];
        struct measuring_window window[LAB_PHASES];
    } last;
    /* exp(j*2*pi*turns) of the window before: at 50 Hz whole seconds end at the same angle */
    double rotation_turns;
    struct lab_vector rotation;
    double residue_u[LAB_PHASES], residue_i[LAB_PHASES];
    struct mains_half_state half[LAB_PHASES];
    int64_t half_from_us; /**< the state has been as it is since then */
    bool half_told;       /**< and that it is steady was told */
};

bool mains_in_piece(const struct mains *m, int64_t at_us);

/** Make the piece that holds at from_us the one in force. */
void mains_enter_piece(struct mains *m, int64_t from_us);

/** The piece in force ends there: its half cycles are integrated. */
void mains_halves_leave(struct mains *m, int64_t to_us);

/** Phase of the common reference, 0 <= turns < 1. */
double mains_turns_at(const struct mains *m, int64_t at_us);

/** Terminals of system k: phase to neutral, or in Aron L1 and L3 against L2. */
void mains_terminals(const struct mains *m, const struct lab_electric *e, unsigned k,
                     struct lab_vector *u, struct lab_vector *i);

/** The rms phasors of harmonic h of a state that has a spectrum. */
void mains_harmonic(const struct lab_electric *e, unsigned h, struct lab_electric *out);

/** The next ADC code of a system's voltage or current; residue carries the rounding error. */
int32_t mains_code(double value, double *residue);

/** Windows and samples of a recording. */
void mains_play_window(struct mains *m, int64_t start_us, uint32_t n_samples,
                       struct measuring_window out[LAB_PHASES]);
void mains_play_last(struct mains *m, int64_t end_us, uint32_t n_samples,
                     struct measuring_window out[LAB_PHASES]);
void mains_play_samples(struct mains *m, int64_t first, size_t n, int32_t *v_lsb[LAB_PHASES],
                        int32_t *i_lsb[LAB_PHASES]);

#endif
