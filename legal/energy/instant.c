/*
 * Instantaneous values, worked out only when somebody asks: the window path just keeps sums.
 */
#include <string.h>

#include "energy/neighbours.h"
#include "energy/processor.h"
#include "signal/angle.h"

#define MDEG_PER_TURN 360000
#define FULL_SCALE_MV ((uint32_t)(MEASURING_FULL_SCALE_UV / 1000u))
#define FULL_SCALE_UA ((uint32_t)MEASURING_FULL_SCALE_UA)

/* Whole part of the square root.  The square is brought
 * to 2^62 .. 2^64 by an even number of places: its root then has 32 bits.  One divided by the root
 * is a parabola, twice improved by Newton's rule; times the square it is the root to 20 bits, once
 * more improved to all of them, and what is missing then is put right.  No division: each would
 * take as long as all of the products. */
static uint32_t square_root(uint64_t square)
{
    if (square == 0) {
        return 0;
    }
    const unsigned places = (unsigned)__builtin_clzll(square) & ~1u;
    square <<= places;
    const uint32_t upper = (uint32_t)(square >> 32), top = upper >> 16;
    /* 1 / root, 1 to 2: of 2^-14, a parabola (within 3 %) improved once; then of 2^-30, once more
     */
    uint32_t y_q14 = 43759u - (53827u * top >> 16) + ((26846u * top >> 16) * top >> 16);
    y_q14 = y_q14 * ((3u << 14) - (top * (y_q14 * y_q14 >> 14) >> 16)) >> 15;
    const uint64_t y_q30 = (uint64_t)y_q14 << 16, y2_q28 = y_q30 * y_q30 >> 32;
    const uint64_t better_q30 = y_q30 * ((UINT64_C(3) << 28) - (upper * y2_q28 >> 32)) >> 29;
    uint64_t root = upper * better_q30 >> 30;
    root = (uint64_t)((int64_t)root + ((int64_t)(square - root * root) / (INT64_C(1) << 32)) *
                                          (int64_t)better_q30 / (INT64_C(1) << 31));
    root = root < UINT32_MAX ? root : UINT32_MAX;
    while (root * root > square) {
        root--;
    }
    while (root < UINT32_MAX && (root + 1u) * (root + 1u) <= square) {
        root++;
    }
    return (uint32_t)(root >> (places / 2u));
}

/* Values are nearly always of a second: by a constant, compilers multiply. */
static uint64_t over_samples(uint64_t number, uint64_t samples)
{
    return samples == MEASURING_SAMPLE_RATE_HZ ? number / MEASURING_SAMPLE_RATE_HZ
                                               : number / samples;
}

/*
 * Rms of a channel in the unit of full_scale.  squares: counter difference; per sample that is the
 * mean square / 2^16.  2^23 steps are full_scale at a gain of 2^30; full_scale is below 2^28.
 */
static uint32_t rms_of(uint64_t squares, uint64_t samples, uint32_t noise_lsb2, uint32_t full_scale,
                       uint32_t gain_q30)
{
    uint64_t whole = over_samples(squares, samples);
    uint64_t mean_q16 = whole << 32 | over_samples((squares - whole * samples) << 32, samples);
    uint64_t noise_q16 = (uint64_t)noise_lsb2 << 16;
    mean_q16 = mean_q16 > noise_q16 ? mean_q16 - noise_q16 : 0;
    uint64_t rms_q8 = square_root(mean_q16);
    uint64_t scaled_q6 = rms_q8 * full_scale >> 25; /* below 2^32 * 2^28 / 2^25; gains below 2^31 */
    scaled_q6 = scaled_q6 * (gain_q30 >> 6) >> 24;
    return (uint32_t)((scaled_q6 + 32u) >> 6);
}

/* Mean power: 1 uWh in 125 us is 3.6e6 / 125 mW = 28800 mW. */
static int32_t power_milli(struct wide energy, uint64_t samples)
{
    struct wide size = wide_magnitude(energy);
    uint64_t size_q10 = (uint64_t)size.whole << 10 | size.fraction >> 38;
    uint64_t milli = (over_samples(size_q10 * 28800u, samples) + 512u) >> 10;
    int32_t value = (int32_t)milli;
    return wide_is_negative(energy) ? -value : value;
}

static int32_t millidegrees(uint32_t turns_q32)
{
    int64_t angle = (int64_t)turns_q32;
    angle -= turns_q32 > UINT32_C(0x80000000) ? INT64_C(1) << 32 : 0;
    int64_t scaled = angle * MDEG_PER_TURN;
    int64_t half = INT64_C(1) << 31;
    return (int32_t)((scaled + (scaled < 0 ? -half : half)) / (INT64_C(1) << 32));
}

/* What a phase's values are means of; NULL: of nothing yet.  Before the first second is full: of
 * what there is, so that nobody reads 0 V on a live line. */
static const struct system_sums *sums_of(const struct system *system)
{
    const struct system_sums *sums = system->last.samples > 0 ? &system->last : &system->sums;
    return sums->samples > 0 ? sums : NULL;
}

/* Does this place know the value? */
static bool is_of(const struct system_rms *rms, uint64_t squares, uint64_t samples, uint32_t gain)
{
    return rms->squares == squares && rms->samples == samples && rms->gain == gain;
}

static uint32_t voltage_of(const struct system *system, const struct system_sums *sums,
                           uint32_t gain)
{
    const struct system_rms *known = &system->voltage_rms[sums->voltage & 1u];
    return is_of(known, sums->voltage, sums->samples, gain)
               ? known->value
               : rms_of(sums->voltage, sums->samples, 0, FULL_SCALE_MV, gain);
}

static uint32_t current_of(const struct system *system, const struct system_sums *sums,
                           uint32_t gain)
{
    const struct system_rms *known = &system->current_rms[sums->current & 1u];
    return is_of(known, sums->current, sums->samples, gain)
               ? known->value
               : rms_of(sums->current, sums->samples, system->constants.current_noise_lsb2,
                        FULL_SCALE_UA, gain);
}

/* The same, and remembered. */
static uint32_t keep_voltage(struct system *system, const struct system_sums *sums)
{
    const uint32_t gain = system_voltage_gain(system);
    struct system_rms *place = &system->voltage_rms[sums->voltage & 1u];
    const uint32_t value = voltage_of(system, sums, gain);
    if (!is_of(place, sums->voltage, sums->samples, gain)) {
        *place = (struct system_rms){sums->voltage, sums->samples, gain, value};
    }
    return value;
}

static uint32_t keep_current(struct system *system, const struct system_sums *sums)
{
    const uint32_t gain = system_current_gain(system);
    struct system_rms *place = &system->current_rms[sums->current & 1u];
    const uint32_t value = current_of(system, sums, gain);
    if (!is_of(place, sums->current, sums->samples, gain)) {
        *place = (struct system_rms){sums->current, sums->samples, gain, value};
    }
    return value;
}

/* Rms values of the systems that have any; of the others nobody asks. */
struct sizes {
    uint32_t voltage_mv[LEGAL_SYSTEMS], current_ua[LEGAL_SYSTEMS];
};

/* Of U1 in its own system, 2^-32 turns. */
static uint32_t angle_of_voltage(const struct system *system)
{
    const bool known = system->angle.re == system->v1_re && system->angle.im == system->v1_im;
    return known ? system->angle.turns : angle_of(system->v1_re, system->v1_im);
}

static void keep_angle(struct system *system)
{
    system->angle.turns = angle_of_voltage(system);
    system->angle.re = system->v1_re;
    system->angle.im = system->v1_im;
}

/* The angle of L1's voltage in its own system, which all others are told against. */
struct reference {
    bool known;
    uint32_t turns; /* 2^-32 */
};

static struct reference reference_of(const struct processor *p)
{
    const struct system *first = &p->system[0];
    struct reference reference = {first->voltage_present && !processor_silent(p, 0), 0};
    reference.turns = reference.known ? angle_of_voltage(first) : 0;
    return reference;
}

static uint32_t voltage_turns(const struct processor *p, unsigned s,
                              const struct reference *reference)
{
    return s == 0 ? reference->turns : angle_of_voltage(&p->system[s]);
}

/* Of U1 against L1's. */
static int32_t voltage_angle(const struct processor *p, unsigned s,
                             const struct reference *reference, uint32_t turns)
{
    if (s == 0 || !reference->known) {
        return 0;
    }
    return millidegrees(turns - reference->turns - neighbours_turns(&p->system[0], &p->system[s]));
}

static void fill_angles(const struct processor *p, unsigned s, const struct reference *reference,
                        struct legal_phase *phase)
{
    const struct system *system = &p->system[s];
    const uint32_t voltage = voltage_turns(p, s, reference);
    if (phase->current_ma > 0) {
        const uint32_t current = angle_of(system->i1_re, system->i1_im);
        phase->current_angle_mdeg = millidegrees(voltage - current);
    }
    phase->voltage_angle_mdeg = voltage_angle(p, s, reference, voltage);
}

static void fill_phase(const struct processor *p, unsigned s, const struct sizes *sizes,
                       struct legal_phase *phase)
{
    const struct system *system = &p->system[s];
    const struct system_sums *sums = sums_of(system);
    if (sums == NULL) {
        return;
    }
    phase->voltage_mv = sizes->voltage_mv[s];
    phase->current_ua = sizes->current_ua[s];
    phase->current_ma = (phase->current_ua + 500u) / 1000u;
    phase->active_mw = power_milli(wide_product(sums->active, system->power_gain), sums->samples);
    phase->reactive_mvar =
        power_milli(wide_product(sums->reactive, system->power_gain), sums->samples);
    phase->temperature_cc = system->temperature_cc;
    uint64_t apparent = (uint64_t)phase->voltage_mv * phase->current_ma / 1000u;
    uint32_t active = (uint32_t)(phase->active_mw < 0 ? -phase->active_mw : phase->active_mw);
    phase->apparent_mva = apparent > active ? (uint32_t)apparent : active;
    phase->voltage_present = system->voltage_present;
    phase->load_present = system->active_load.loaded || system->reactive_load.loaded;
    phase->exporting = no_load_negative(&system->active_load);
}

static uint8_t sequence_of(const struct legal_instant *instant)
{
    const struct legal_phase *phase = instant->phase;
    if (!phase[0].voltage_present || !phase[1].voltage_present || !phase[2].voltage_present) {
        return LEGAL_SEQUENCE_UNKNOWN;
    }
    int32_t second = phase[1].voltage_angle_mdeg, third = phase[2].voltage_angle_mdeg;
    if (second < 0 && third > 0) {
        return LEGAL_SEQUENCE_123;
    }
    return second > 0 && third < 0 ? LEGAL_SEQUENCE_132 : LEGAL_SEQUENCE_UNKNOWN;
}

static void split(int32_t net, const int32_t *part, uint8_t summation, uint32_t *plus,
                  uint32_t *minus)
{
    if (summation == LEGAL_SUM_VECTOR) {
        *plus = net > 0 ? (uint32_t)net : 0;
        *minus = net < 0 ? (uint32_t)-net : 0;
        return;
    }
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        uint32_t size = (uint32_t)(part[s] < 0 ? -part[s] : part[s]);
        bool negative = part[s] < 0 && summation != LEGAL_SUM_TOTAL;
        *(negative ? minus : plus) += size;
    }
}

static uint8_t quadrant_of(const struct legal_instant *instant)
{
    bool loaded = false;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        loaded = loaded || instant->phase[s].load_present;
    }
    if (!loaded) {
        return 0;
    }
    if (instant->reactive_net_mvar < 0) {
        return instant->active_net_mw < 0 ? 3u : 4u;
    }
    return instant->active_net_mw < 0 ? 2u : 1u;
}

/* Below the no-load threshold nothing counts; under vector summation the sum is what it is asked
 * of. */
static bool counts(const struct processor *p, unsigned which, const struct no_load *cell)
{
    return p->setup.summation == LEGAL_SUM_VECTOR ? p->sum_loaded[which] : cell->loaded;
}

static void fill_totals(const struct processor *p, struct legal_instant *out)
{
    int32_t active[LEGAL_SYSTEMS], reactive[LEGAL_SYSTEMS];
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const struct legal_phase *phase = &out->phase[s];
        /* of a silent system both powers are zero, loaded as it may have been */
        active[s] = counts(p, 0, &p->system[s].active_load) ? phase->active_mw : 0;
        reactive[s] = counts(p, 1, &p->system[s].reactive_load) ? phase->reactive_mvar : 0;
        out->active_net_mw += active[s];
        out->reactive_net_mvar += reactive[s];
        out->apparent_mva += phase->load_present ? phase->apparent_mva : 0;
    }
    split(out->active_net_mw, active, p->setup.summation, &out->active_plus_mw,
          &out->active_minus_mw);
    split(out->reactive_net_mvar, reactive, p->setup.summation, &out->reactive_plus_mvar,
          &out->reactive_minus_mvar);
    out->quadrant = quadrant_of(out);
}

/* 2^-48 uWh in nWh, rounded towards minus infinity. */
static int64_t nano_of(struct wide energy)
{
    return energy.whole * 1000 + (int64_t)(energy.fraction * 1000u >> WIDE_FRACTION_BITS);
}

enum legal_err legal_sums(const struct legal *legal, uint8_t system, struct legal_sums *out)
{
    const struct processor *p = processor_of_const(legal);
    memset(out, 0, sizeof *out);
    if (system < 1u || system > p->setup.systems) {
        return LEGAL_ERR_RANGE;
    }
    const struct system *from = &p->system[system - 1u];
    out->epoch = from->epoch;
    out->locked = (from->flags & BUS_FLAG_LOCKED) != 0;
    out->clipped = (from->flags & BUS_FLAG_CLIPPED) != 0;
    out->constants_refused = (from->flags & BUS_FLAG_REFUSED) != 0;
    out->silent = processor_silent(p, system - 1u);
    out->calibrated = p->constants.calibrated[system - 1u];
    out->n_unlocked = from->n_unlocked;
    out->n_clipped = from->n_clipped;
    out->samples = from->total.samples;
    out->active_nwh = nano_of(from->total.active);
    out->reactive_nvarh = nano_of(from->total.reactive);
    out->voltage_squares = from->total.voltage;
    out->current_squares = from->total.current;
    out->voltage_gain = system_voltage_gain(from);
    out->current_gain = system_current_gain(from);
    return LEGAL_OK;
}

static void powers(const struct processor *p, const struct sizes *sizes, struct legal_instant *out)
{
    memset(out, 0, sizeof *out);
    bool temperature = false;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system *system = &p->system[s];
        if (processor_silent(p, s)) {
            continue;
        }
        fill_phase(p, s, sizes, &out->phase[s]);
        if (!temperature && system->last.samples > 0) {
            out->temperature_cc = system->temperature_cc;
            temperature = true;
        }
    }
    fill_totals(p, out);
}

void legal_powers(struct legal *legal, struct legal_instant *out)
{
    struct processor *p = processor_of(legal);
    struct sizes sizes;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system_sums *sums = sums_of(&p->system[s]);
        if (sums != NULL) {
            sizes.voltage_mv[s] = keep_voltage(&p->system[s], sums);
            sizes.current_ua[s] = keep_current(&p->system[s], sums);
        }
    }
    powers(p, &sizes, out);
}

void legal_instant(const struct legal *legal, struct legal_instant *out)
{
    const struct processor *p = processor_of_const(legal);
    const struct reference reference = reference_of(p);
    struct sizes sizes;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system *system = &p->system[s];
        const struct system_sums *sums = sums_of(system);
        if (sums != NULL) {
            sizes.voltage_mv[s] = voltage_of(system, sums, system_voltage_gain(system));
            sizes.current_ua[s] = current_of(system, sums, system_current_gain(system));
        }
    }
    powers(p, &sizes, out);
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system *system = &p->system[s];
        struct legal_phase *phase = &out->phase[s];
        if (processor_silent(p, s) || sums_of(system) == NULL) {
            continue;
        }
        phase->frequency_uhz = neighbours_frequency_uhz(system);
        if (!system->voltage_present) {
            continue;
        }
        fill_angles(p, s, &reference, phase);
        if (out->frequency_mhz == 0) {
            out->frequency_uhz = phase->frequency_uhz;
            out->frequency_mhz = (out->frequency_uhz + 500u) / 1000u;
        }
    }
    out->sequence = sequence_of(out);
}

void legal_voltages(struct legal *legal, struct legal_voltages *out)
{
    struct processor *p = processor_of(legal);
    for (unsigned s = 0; s < p->setup.systems; s++) {
        if (p->system[s].voltage_present) {
            keep_angle(&p->system[s]);
        }
    }
    const struct reference reference = reference_of(p);
    memset(out, 0, sizeof *out);
    for (unsigned s = 0; s < p->setup.systems; s++) {
        struct system *system = &p->system[s];
        const struct system_sums *sums = sums_of(system);
        if (processor_silent(p, s) || sums == NULL) {
            continue;
        }
        out->voltage_mv[s] = keep_voltage(system, sums);
        out->present[s] = system->voltage_present;
        if (out->present[s]) {
            out->angle_mdeg[s] = voltage_angle(p, s, &reference, voltage_turns(p, s, &reference));
        }
    }
}
