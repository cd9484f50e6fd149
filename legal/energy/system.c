#include "energy/system.h"

#define Q40_MASK ((UINT64_C(1) << 40) - 1u)
/* One sample adds at most full scale squared: 2^46 / 2^16. */
#define STEPS_PER_SAMPLE_MAX (INT64_C(1) << 30)
/* Instantaneous values are means of a second, or of a bit less at 50.6 Hz (five windows). */
#define SECOND_SAMPLES 7900u
/* Means over more (a second under way, and two lost windows of a second) are no values of now. */
#define MEAN_SAMPLES_MAX 32000u
/* Longest gap that one difference may bridge: 2^34 samples are 24 days. */
#define GAP_SAMPLES_MAX (UINT64_C(1) << 34)

static void drifts_follow(struct system *system)
{
    const struct legal_constants *c = &system->constants;
    system->power_drift_q40 =
        drift_error_q40(&c->power_drift, system->temperature_cc, c->reference_cc);
    system->voltage_drift_q40 =
        drift_error_q40(&c->voltage_drift, system->temperature_cc, c->reference_cc);
}

static bool drifts(const struct legal_drift *drift)
{
    return drift->linear_q40 != 0 || drift->quadratic_q54 != 0 || drift->cubic_q68 != 0;
}

/* Without any of these, correction is one gain. */
static bool compensates(const struct legal_constants *c)
{
    bool neighbours = false;
    for (unsigned n = 0; n < LEGAL_NEIGHBOURS; n++) {
        neighbours = neighbours || c->neighbour_re_q40[n] != 0 || c->neighbour_im_q40[n] != 0;
    }
    return neighbours || c->crosstalk_g_q40 != 0 || c->crosstalk_b_q40 != 0 ||
           c->heating_q64 != 0 || drifts(&c->power_drift);
}

void system_calibrate(struct system *system, const struct legal_constants *constants)
{
    static const struct system_rms nothing = {0, 0, 0, 0};
    system->constants = *constants;
    for (unsigned i = 0; i < 2; i++) { /* of another noise */
        system->voltage_rms[i] = nothing;
        system->current_rms[i] = nothing;
    }
    system->compensated = compensates(constants);
    /* 160 V in ADC steps: 160 V / 700 V * 2^23, less the gain of this very divider */
    uint64_t lsb = (SYSTEM_VOLTAGE_MIN_MV << 23) / (MEASURING_FULL_SCALE_UV / 1000u);
    lsb = (lsb << 30) / constants->voltage_gain;
    system->voltage_min = lsb * lsb >> BUS_COUNTER_SHIFT;
    system->power_gain = constants->power_gain;
    drifts_follow(system);
}

static int64_t power_error_q40(const struct system *system)
{
    return system->power_drift_q40 + heat_error_q40(&system->heat, system->constants.heating_q64);
}

uint32_t system_voltage_gain(const struct system *system)
{
    return drift_gain(system->constants.voltage_gain, system->voltage_drift_q40);
}

/* Power is voltage times current, and so are their drifts. */
uint32_t system_current_gain(const struct system *system)
{
    uint32_t gain = drift_gain(system->constants.current_gain, power_error_q40(system));
    return (uint32_t)(gain +
                      (int64_t)gain * (system->voltage_drift_q40 / 1024) / (INT64_C(1) << 30));
}

/*
 * crosstalk * squares, in 2^-40 steps, plus the rest of last time; whole steps come back, the rest
 * is kept.  |crosstalk| <= 2^30 and squares < 2^64 in two halves.
 */
static int64_t crosstalk_steps(int32_t crosstalk_q40, uint64_t squares, uint64_t *rest_q40)
{
    if (crosstalk_q40 == 0) {
        return 0;
    }
    uint64_t size = (uint64_t)(crosstalk_q40 < 0 ? -(int64_t)crosstalk_q40 : crosstalk_q40);
    uint64_t low = (squares & UINT32_MAX) * size;              /* bits 0 and up */
    uint64_t high = (squares >> 32) * size + (low >> 32);      /* bits 32 and up */
    uint64_t whole = high >> 8;                                /* bits 40 and up */
    uint64_t part = (high & 0xFFu) << 32 | (low & UINT32_MAX); /* bits 0 .. 39 */
    if (crosstalk_q40 > 0) {
        part += *rest_q40;
        *rest_q40 = part & Q40_MASK;
        return (int64_t)(whole + (part >> 40));
    }
    /* rounded towards minus infinity, so that the rest stays positive */
    int64_t steps = -(int64_t)whole;
    uint64_t borrowed = *rest_q40 - part;
    if (part > *rest_q40) {
        borrowed += Q40_MASK + 1u;
        steps--;
    }
    *rest_q40 = borrowed & Q40_MASK;
    return steps;
}

static bool plausible(const struct system_sums *sums)
{
    if (sums->samples == 0 || sums->samples > GAP_SAMPLES_MAX) {
        return false;
    }
    int64_t limit = INT64_MAX / 2;
    if (sums->samples <= UINT32_MAX) {
        limit = (int64_t)sums->samples * STEPS_PER_SAMPLE_MAX;
    }
    return sums->active <= limit && sums->active >= -limit && sums->reactive <= limit &&
           sums->reactive >= -limit && sums->voltage <= (uint64_t)limit &&
           sums->current <= (uint64_t)limit;
}

static struct system_counters counters_of(const struct bus_frame *frame)
{
    struct system_counters counters = {
        .active = (uint64_t)frame->active,
        .reactive = (uint64_t)frame->reactive,
        .voltage = frame->voltage,
        .current = frame->current,
        .samples = frame->samples,
    };
    return counters;
}

static struct system_sums difference(const struct bus_frame *frame,
                                     const struct system_counters *from)
{
    struct system_sums sums = {
        .active = (int64_t)((uint64_t)frame->active - from->active),
        .reactive = (int64_t)((uint64_t)frame->reactive - from->reactive),
        .voltage = frame->voltage - from->voltage,
        .current = frame->current - from->current,
        .samples = frame->samples - from->samples,
    };
    return sums;
}

static void keep_counters(struct system *system, const struct bus_frame *frame)
{
    system->known = true;
    system->epoch = frame->epoch;
    system->sequence = frame->sequence;
    system->counters = counters_of(frame);
    system->doubted = false;
}

/* The sum is worked out before it is put down anywhere: reading back what was just written in other
   pieces costs more than the additions. */
static void add_second(struct system *system, const struct system_sums *sums)
{
    static const struct system_sums none = {0, 0, 0, 0, 0};
    const struct system_sums total = {
        .active = system->sums.active + sums->active,
        .reactive = system->sums.reactive + sums->reactive,
        .voltage = system->sums.voltage + sums->voltage,
        .current = system->sums.current + sums->current,
        .samples = system->sums.samples + sums->samples,
    };
    if (total.samples < SECOND_SAMPLES) {
        system->sums = total;
        return;
    }
    system->last = total.samples <= MEAN_SAMPLES_MAX ? total : none;
    system->sums = none;
}

static void add_total(struct system *system)
{
    struct system_total *total = &system->total;
    total->active = wide_add(total->active, system->active_energy);
    total->reactive = wide_add(total->reactive, system->reactive_energy);
    total->samples += system->window.samples;
    total->voltage += system->window.voltage;
    total->current += system->window.current;
}

/*
 * samples * 1/2 * product in counter steps, plus the rest of last time.  product: of a phasor in
 * 2^-6 ADC steps and one in 2^-16, below 2^61; 2^39 of it are a counter step a sample.
 */
static int64_t phasor_steps(int64_t product, uint64_t samples, uint64_t *rest_q23)
{
    const int64_t q23 = product / (INT64_C(1) << 16); /* a step: 2^23 */
    int64_t whole = q23 >> 23;
    const uint64_t part = (uint64_t)(q23 & ((INT64_C(1) << 23) - 1)) * samples + *rest_q23;
    *rest_q23 = part & ((UINT64_C(1) << 23) - 1u);
    return whole * (int64_t)samples + (int64_t)(part >> 23);
}

static void compensate(struct system *system, struct system_phasor neighbours,
                       struct system_sums *out)
{
    const struct legal_constants *constants = &system->constants;
    struct system_sums sums = *out;
    sums.active -=
        crosstalk_steps(constants->crosstalk_g_q40, sums.voltage, &system->active_rest_q40);
    sums.reactive -=
        crosstalk_steps(constants->crosstalk_b_q40, sums.voltage, &system->reactive_rest_q40);
    if (neighbours.re != 0 || neighbours.im != 0) {
        const int64_t re = system->v1_re, im = system->v1_im;
        sums.active -= phasor_steps(re * neighbours.re + im * neighbours.im, sums.samples,
                                    &system->active_rest_q23);
        sums.reactive -= phasor_steps(im * neighbours.re - re * neighbours.im, sums.samples,
                                      &system->reactive_rest_q23);
    }
    system->power_gain = drift_gain(constants->power_gain, power_error_q40(system));
    *out = sums;
}

void system_correct(struct system *system, struct system_phasor neighbours)
{
    struct system_sums sums = system->window;
    if (system->compensated || neighbours.re != 0 || neighbours.im != 0) {
        compensate(system, neighbours, &sums);
    }
    system->active_energy = wide_product(sums.active, system->power_gain);
    system->reactive_energy = wide_product(sums.reactive, system->power_gain);
    add_second(system, &sums);
    add_total(system);
}

/* What passed since the last frame heats the shunt; between two runs of the measuring system there
 * was no supply, and so no current. */
static void keep_heat(struct system *system, const struct system_sums *sums, bool follows,
                      int64_t now_us)
{
    const uint16_t time_s = system->constants.heating_s;
    const int64_t passed_us = now_us - system->frame_us;
    if (time_s == 0) {
        return;
    }
    if (!follows && passed_us > 0) {
        const uint64_t passed = (uint64_t)passed_us / SYSTEM_SAMPLE_US;
        heat_follow(&system->heat, time_s, 0, passed > sums->samples ? passed - sums->samples : 0);
    }
    heat_follow(&system->heat, time_s, sums->current, sums->samples);
}

static void keep_window(struct system *system, const struct bus_frame *frame, int64_t now_us)
{
    system->frame_us = now_us;
    if (system->temperature_cc != frame->temperature_cc) {
        system->temperature_cc = frame->temperature_cc;
        drifts_follow(system);
    }
    system->v1_re = frame->v1_re;
    system->v1_im = frame->v1_im;
    system->i1_re = frame->i1_re;
    system->i1_im = frame->i1_im;
    system->frequency_uhz = frame->frequency_uhz;
    system->flags = frame->flags;
    system->n_unlocked =
        (uint16_t)(system->n_unlocked + ((frame->flags & BUS_FLAG_LOCKED) == 0 ? 1u : 0u));
    system->n_clipped =
        (uint16_t)(system->n_clipped + ((frame->flags & BUS_FLAG_CLIPPED) != 0 ? 1u : 0u));
}

/*
 * A frame that no mains could produce, though its CRC is right: what it is compared with stays, so
 * that the next honest frame brings the energy of both.  Only when a second frame fits to it have
 * the counters really jumped, and count from there.
 */
static bool believe_second(struct system *system, const struct bus_frame *frame,
                           struct system_sums *sums)
{
    if (system->doubted && frame->epoch == system->doubted_epoch) {
        *sums = difference(frame, &system->doubtful);
        if (plausible(sums)) {
            return true;
        }
    }
    system->doubted = true;
    system->doubted_epoch = frame->epoch;
    system->doubtful = counters_of(frame);
    return false;
}

enum system_result system_take(struct system *system, const struct bus_frame *frame, int64_t now_us,
                               uint32_t *lost)
{
    static const struct system_counters zero = {0, 0, 0, 0, 0};
    bool same_epoch = frame->epoch == system->epoch;
    bool follows = system->known && same_epoch;
    if (follows && frame->sequence == system->sequence) {
        return SYSTEM_REPEATED;
    }
    if (!system->known && system->epoch_contained && same_epoch) {
        timing_follow(&system->timing, frame->samples, system->constants.clock_ppb, false, now_us);
        keep_counters(system, frame); /* only this processor was restarted: all this is booked */
        keep_window(system, frame, now_us);
        return SYSTEM_REPEATED;
    }
    /* from the last frame on, or from zero after a power-up of the measuring system */
    struct system_sums sums = difference(frame, follows ? &system->counters : &zero);
    uint16_t missing =
        follows ? (uint16_t)(frame->sequence - system->sequence - 1u) : frame->sequence;
    if (!plausible(&sums) && !believe_second(system, frame, &sums)) {
        return SYSTEM_IMPLAUSIBLE;
    }
    keep_heat(system, &sums, follows, now_us);
    timing_follow(&system->timing, frame->samples, system->constants.clock_ppb, follows, now_us);
    keep_counters(system, frame);
    keep_window(system, frame, now_us);
    *lost += missing;
    system->voltage_present = sums.voltage >= system->voltage_min * sums.samples;
    system->window = sums;
    system->reported = true;
    return SYSTEM_TAKEN;
}

void system_booked(struct system *system)
{
    static const struct wide nothing = {0, 0};
    static const struct system_sums none = {0, 0, 0, 0, 0};
    system->reported = false;
    system->window = none;
    system->active_energy = nothing;
    system->reactive_energy = nothing;
}
