/** Samples of a mains that is a definition: constant, profile, scenario. */
#include <math.h>
#include <string.h>

#include "inside.h"

/** One sinusoid of a block: amplitude phasor (ADC steps peak) turning at step turns a sample. */
static void add_sinusoid(double *sum, size_t n, struct lab_vector peak, double turns, double step)
{
    double angle = turns * TURN, turn = step * TURN;
    double re = peak.re * cos(angle) - peak.im * sin(angle);
    double im = peak.re * sin(angle) + peak.im * cos(angle);
    double c = cos(turn), s = sin(turn);
    for (size_t k = 0; k < n; k++) {
        sum[k] += re;
        double next = re * c - im * s;
        im = re * s + im * c;
        re = next;
    }
}

/**
 * The next ADC code.  The rounding error goes into the next one (first-order noise shaping), so
 * that the same error does not repeat in every cycle of a small current and bias its energy.
 */
int32_t mains_code(double value, double *residue)
{
    value += *residue;
    if (value >= MEASURING_FULL_SCALE_LSB - 1) {
        *residue = 0.0;
        return MEASURING_FULL_SCALE_LSB - 1;
    }
    if (value <= -MEASURING_FULL_SCALE_LSB) {
        *residue = 0.0;
        return -MEASURING_FULL_SCALE_LSB;
    }
    int32_t code = (int32_t)lrint(value);
    *residue = value - (double)code;
    return code;
}

/** The frequency components of one system's voltage and current over a block. */
struct block {
    double u[BLOCK], i[BLOCK];
    size_t n;
    double turns, step; /* of the common reference: at the first sample, per sample */
};

static void add_line(struct block *block, struct lab_vector u, struct lab_vector i, double order)
{
    const double volt = ROOT_TWO * (double)MEASURING_FULL_SCALE_LSB / FULL_SCALE_V;
    const double ampere = ROOT_TWO * (double)MEASURING_FULL_SCALE_LSB / FULL_SCALE_A;
    if (u.re != 0.0 || u.im != 0.0) {
        struct lab_vector peak = {u.re * volt, u.im * volt};
        add_sinusoid(block->u, block->n, peak, block->turns * order, block->step * order);
    }
    if (i.re != 0.0 || i.im != 0.0) {
        struct lab_vector peak = {i.re * ampere, i.im * ampere};
        add_sinusoid(block->i, block->n, peak, block->turns * order, block->step * order);
    }
}

static void synthesise(const struct mains *m, struct block *block, unsigned system)
{
    struct lab_vector u, i;
    memset(block->u, 0, sizeof block->u);
    memset(block->i, 0, sizeof block->i);
    mains_terminals(m, &m->electric, system, &u, &i);
    add_line(block, u, i, 1.0);
    for (unsigned h = 2; m->electric.spectrum != NULL && h <= LAB_HARMONICS_MAX; h++) {
        struct lab_electric line;
        mains_harmonic(&m->electric, h, &line);
        mains_terminals(m, &line, system, &u, &i);
        add_line(block, u, i, (double)h);
    }
}

/** A block of samples that lies in the piece in force. */
static void synthesise_block(struct mains *m, int64_t first, size_t n, size_t offset,
                             int32_t *v_lsb[LAB_PHASES], int32_t *i_lsb[LAB_PHASES])
{
    struct block block;
    block.n = n;
    block.turns = mains_turns_at(m, first * SAMPLE_US);
    block.step = m->electric.frequency_hz * (SAMPLE_US * 1e-6);
    for (unsigned k = 0; k < m->options.systems; k++) {
        synthesise(m, &block, k);
        for (size_t s = 0; s < n; s++) {
            v_lsb[k][offset + s] = mains_code(block.u[s], &m->residue_u[k]);
            i_lsb[k][offset + s] = mains_code(block.i[s], &m->residue_i[k]);
        }
    }
}

void mains_samples(struct mains *mains, int64_t first, size_t n, int32_t *v_lsb[LAB_PHASES],
                   int32_t *i_lsb[LAB_PHASES])
{
    if (mains->source.samples != NULL) {
        mains_play_samples(mains, first, n, v_lsb, i_lsb);
        return;
    }
    for (size_t done = 0; done < n;) {
        int64_t at_us = (first + (int64_t)done) * SAMPLE_US;
        size_t part = n - done < BLOCK ? n - done : BLOCK;
        int64_t end_us = at_us + (int64_t)part * SAMPLE_US;
        if (!mains_in_piece(mains, at_us)) {
            mains_enter_piece(mains, at_us);
        }
        if (mains->until_us < end_us) {
            part = (size_t)((mains->until_us - at_us + SAMPLE_US - 1) / SAMPLE_US);
        }
        synthesise_block(mains, first + (int64_t)done, part, done, v_lsb, i_lsb);
        done += part;
    }
}
