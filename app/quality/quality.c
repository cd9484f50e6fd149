/* Values of the voltage quality: means, extremes, unbalance, weekly counts. */
#include "quality.h"

#include <string.h>

#include "quality_inside.h"
#include "quality_number.h"

#define SAMPLE_US       INT64_C(125)
#define CYCLE_US        INT64_C(20000) /* where no frequency is known */
#define US_3S           INT64_C(3000000)
#define US_10S          INT64_C(10000000)
#define US_10MIN        INT64_C(600000000)
#define US_2H           INT64_C(7200000000)
#define US_DAY          INT64_C(86400000000)
#define US_WEEK         (7 * US_DAY)
#define MONDAY_US       (4 * US_DAY)      /* 1970-01-05 */
#define WHOLE_10MIN     UINT64_C(4560000) /* samples: an interval with 95 % of them counts */
#define WHOLE_10S       UINT64_C(76000)
#define FULL_SCALE_MV   UINT64_C(700000)
#define THD_LIMIT       800u
#define UNBALANCE_LIMIT 2000u

void quality_defaults(struct quality_config *config)
{
    *config = (struct quality_config){.declared_mv = 230000,
                                      .dip_pm = 900,
                                      .swell_pm = 1100,
                                      .interruption_pm = 50,
                                      .hysteresis_pm = 20,
                                      .high_mv = 253000,
                                      .low_mv = 207000,
                                      .limit_hysteresis_mv = 0,
                                      .limit_ms = 1000,
                                      .failure_mv = 160000,
                                      .failure_ms = 1000};
}

enum quality_err quality_check(const struct quality_config *config)
{
    const struct quality_config *c = config;
    const bool shares = c->interruption_pm < c->dip_pm && c->dip_pm + c->hysteresis_pm <= 1000u &&
                        c->swell_pm >= 1000u + c->hysteresis_pm && c->swell_pm <= 1500u;
    const bool limits = c->failure_mv <= c->low_mv && c->high_mv <= 600000u &&
                        c->limit_hysteresis_mv <= 20000u &&
                        c->low_mv + c->limit_hysteresis_mv < c->high_mv;
    const bool declared = c->declared_mv >= 100000u && c->declared_mv <= 450000u;
    const bool times = c->limit_ms <= 1800000u && c->failure_ms <= 1800000u;
    return shares && limits && declared && times ? QUALITY_OK : QUALITY_ERR_RANGE;
}

void quality_start(struct quality *quality, const struct quality_config *config, uint8_t systems,
                   bool aron)
{
    memset(quality, 0, sizeof *quality);
    quality->config = *config;
    quality->systems = systems;
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        quality->phase_of[s] = (uint8_t)(aron ? 2u * s : s);
        quality->phase[s].gain_q30 = UINT32_C(1) << 30;
    }
    quality->unbalance_stale = true;
    quality_event_reset(quality);
}

void quality_configure(struct quality *quality, const struct quality_config *config)
{
    quality->config = *config;
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        quality->phase[s].steady = false; /* the next report is judged anew */
    }
}

void quality_resume(struct quality *quality, const struct quality_week *week,
                    const struct quality_week *last_week, const struct quality_day *day)
{
    quality->week = *week;
    quality->last_week = last_week != NULL ? *last_week : (struct quality_week){.begin_us = 0};
    quality->utc_day = day->number;
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        quality->phase[s].day_low_mv = day->low_mv[s];
        quality->phase[s].day_high_mv = day->high_mv[s];
    }
}

void quality_day(const struct quality *quality, struct quality_day *day)
{
    day->number = quality->utc_day;
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        day->low_mv[s] = quality->phase[s].day_low_mv;
        day->high_mv[s] = quality->phase[s].day_high_mv;
    }
}

void quality_gain(struct quality *quality, unsigned system, uint32_t gain_q30)
{
    quality->phase[system].gain_q30 = gain_q30;
    quality->phase[system].rms_q8 = 0;
}

/* ADC steps * 2^8 to mV: 2^23 steps are 700 V at a gain of 2^30. */
static uint32_t millivolts(const struct quality_phase *phase, uint32_t rms_q8)
{
    const uint64_t nominal_q8 = rms_q8 * FULL_SCALE_MV >> 23;
    return (uint32_t)((nominal_q8 * phase->gain_q30 + (UINT64_C(1) << 37)) >> 38);
}

/* ---- means ---- */

static void mean_add(struct quality_mean *mean, uint64_t value, uint64_t weight)
{
    mean->sum += value * weight;
    mean->weight += weight;
}

/* A finished mean goes into the longer one as it is. */
static void mean_roll(struct quality_mean *into, const struct quality_mean *from)
{
    into->sum += from->sum;
    into->weight += from->weight;
    into->flagged = into->flagged || from->flagged;
}

static void mean_close(struct quality_mean *mean)
{
    mean->last_valid = mean->weight > 0;
    mean->last_flagged = mean->flagged;
    mean->last = mean->last_valid ? mean->sum / mean->weight : 0;
    mean->sum = 0;
    mean->weight = 0;
    mean->flagged = false;
}

uint32_t quality_mean_mv(const struct quality_mean *mean)
{
    return mean->last_valid ? quality_root(mean->last) : 0;
}

static void count(struct quality_count *into, bool good)
{
    into->n++;
    into->good += good ? 1u : 0u;
}

struct quality_count quality_week_count(const struct quality_week *week, unsigned share)
{
    const struct quality_count none = {0, 0};
    const unsigned s = share % 3u;
    switch (share) {
    case QUALITY_SHARE_UNBALANCE: return week->unbalance;
    case QUALITY_SHARE_FREQUENCY_1: return week->frequency_1;
    case QUALITY_SHARE_FREQUENCY_WIDE: return week->frequency_wide;
    default: break;
    }
    const struct quality_count *of_phases[] = {week->voltage_10, week->voltage_wide, week->thd,
                                               week->harmonics};
    return share < QUALITY_SHARE_UNBALANCE ? of_phases[share / 3u][s] : none;
}

uint16_t quality_count_centi_pct(const struct quality_count *count)
{
    const uint64_t intervals = count->n > 0 ? count->n : 1u;
    return (uint16_t)(count->good * UINT64_C(10000) / intervals);
}

uint16_t quality_harmonic_limit(unsigned order)
{
    /* EN 50160 table 1, 1/10000; orders beyond 25 have no limit but through the THD */
    static const uint16_t limit[] = {0,   0,  200, 500, 100, 600, 50,  500, 50, 150, 50,  350, 50,
                                     300, 50, 50,  50,  200, 50,  150, 50,  50, 50,  150, 50,  150};
    return order < sizeof limit / sizeof limit[0] ? limit[order] : 0;
}

static bool harmonics_good(const struct quality_spectrum *spectrum)
{
    for (unsigned order = 2; order <= QUALITY_ORDERS; order++) {
        const uint16_t limit = quality_harmonic_limit(order);
        if (limit != 0 && spectrum->part[order] > limit) {
            return false;
        }
    }
    return true;
}

static void close_3s(struct quality *q)
{
    for (unsigned s = 0; s < q->systems; s++) {
        struct quality_phase *phase = &q->phase[s];
        const uint64_t weight = phase->mean_3s.weight;
        phase->mean_3s.flagged = q->flagged;
        mean_roll(&phase->mean_10min, &phase->mean_3s);
        mean_close(&phase->mean_3s);
        if (phase->u.valid) {
            mean_add(&phase->thd_u, phase->u.thd, weight);
        }
        if (phase->i.valid) {
            mean_add(&phase->thd_i, phase->i.thd, weight);
        }
    }
    const uint64_t weight = q->supplied && !q->unbalance_stale ? 1u : 0u;
    mean_add(&q->u2_mean, q->u2_milli_pct, weight);
    mean_add(&q->u0_mean, q->u0_milli_pct, weight);
    q->flagged = quality_event_flags(q, q->phase[0].reached_us);
    q->frequency.flagged = q->frequency.flagged || q->flagged;
}

static void week_count(struct quality *q, unsigned s, bool whole)
{
    struct quality_phase *phase = &q->phase[s];
    struct quality_week *week = &q->week;
    const uint64_t mv = quality_mean_mv(&phase->mean_10min), declared = q->config.declared_mv;
    if (!whole || phase->mean_10min.last_flagged) {
        return;
    }
    count(&week->voltage_10[s], mv * 100u >= declared * 90u && mv * 100u <= declared * 110u);
    count(&week->voltage_wide[s], mv * 100u >= declared * 85u && mv * 100u <= declared * 110u);
    if (phase->thd_u.last_valid) {
        count(&week->thd[s], phase->thd_u.last <= THD_LIMIT);
        count(&week->harmonics[s], harmonics_good(&phase->u));
    }
}

static void close_10min(struct quality *q)
{
    bool whole = true;
    for (unsigned s = 0; s < q->systems; s++) {
        struct quality_phase *phase = &q->phase[s];
        const bool mine = phase->mean_10min.weight >= WHOLE_10MIN;
        whole = whole && mine && !phase->mean_10min.flagged;
        mean_roll(&phase->mean_2h, &phase->mean_10min);
        mean_close(&phase->mean_10min);
        mean_close(&phase->thd_u);
        mean_close(&phase->thd_i);
        week_count(q, s, mine);
    }
    mean_close(&q->u2_mean);
    mean_close(&q->u0_mean);
    if (whole && q->u2_mean.last_valid) {
        count(&q->week.unbalance, q->u2_mean.last <= UNBALANCE_LIMIT);
    }
    q->store_due = q->store_due || q->supplied;
}

static void close_10s(struct quality *q)
{
    const bool whole = q->frequency.weight >= WHOLE_10S && !q->frequency.flagged;
    mean_close(&q->frequency);
    if (whole) {
        const uint64_t uhz = q->frequency.last;
        const uint64_t nominal = uhz < UINT64_C(55000000) ? 50000000u : 60000000u;
        count(&q->week.frequency_1, uhz * 100u >= nominal * 99u && uhz * 100u <= nominal * 101u);
        count(&q->week.frequency_wide, uhz * 100u >= nominal * 94u && uhz * 100u <= nominal * 104u);
    }
}

static void close_2h(struct quality *q)
{
    for (unsigned s = 0; s < q->systems; s++) {
        mean_close(&q->phase[s].mean_2h);
    }
}

static void close_day(struct quality *q, int64_t utc_us)
{
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        q->phase[s].day_low_mv = 0;
        q->phase[s].day_high_mv = 0;
    }
    const int64_t week_us = utc_us - (utc_us - MONDAY_US) % US_WEEK;
    if (q->week.begin_us == week_us) {
        return;
    }
    /* a clock that was wrong for a while finds the week where it left it */
    const bool again = q->last_week.begin_us == week_us;
    const struct quality_week week =
        again ? q->last_week : (struct quality_week){.begin_us = week_us};
    q->last_week = q->week;
    q->week = week;
}

void quality_step(struct quality *quality, int64_t now_us, int64_t utc_minus_now_us)
{
    struct quality *q = quality;
    if (now_us < q->next_us && utc_minus_now_us == q->utc_minus_now_us) {
        if (q->any_open) {
            quality_event_settle(q);
        }
        return;
    }
    const int64_t utc_us = now_us + utc_minus_now_us;
    const bool first = q->next_us == 0;
    struct {
        int64_t *number;
        int64_t length_us;
        void (*close)(struct quality *);
    } intervals[] = {{&q->utc_3s, US_3S, close_3s},
                     {&q->utc_10s, US_10S, close_10s},
                     {&q->utc_10min, US_10MIN, close_10min},
                     {&q->utc_2h, US_2H, close_2h}};
    quality_event_settle(q);
    q->next_us = INT64_MAX;
    for (unsigned i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        const int64_t number = utc_us / intervals[i].length_us;
        const int64_t end_us = (number + 1) * intervals[i].length_us - utc_minus_now_us;
        if (!first && number != *intervals[i].number) {
            intervals[i].close(q);
        }
        *intervals[i].number = number;
        q->next_us = end_us < q->next_us ? end_us : q->next_us;
    }
    if (utc_us / US_DAY != q->utc_day) {
        q->utc_day = utc_us / US_DAY;
        close_day(q, utc_us);
    }
    q->utc_minus_now_us = utc_minus_now_us;
}

/* ---- reports ---- */

static void report_frequency(struct quality *q, unsigned s, const struct quality_report *report)
{
    /* of the first system that has one: the systems before it have none */
    for (unsigned k = 0; k < s; k++) {
        if (q->phase[k].voltage_mv >= q->config.failure_mv / 4u) {
            return;
        }
    }
    if (report->frequency_uhz != 0) {
        mean_add(&q->frequency, report->frequency_uhz, report->samples);
    }
}

static void report_halves(struct quality *q, unsigned s, const struct quality_report *report,
                          int64_t now_us)
{
    struct quality_phase *phase = &q->phase[s];
    const int64_t cycle_us = report->frequency_uhz != 0
                                 ? INT64_C(1000000000000) / (int64_t)report->frequency_uhz
                                 : CYCLE_US;
    phase->low_mv = UINT32_MAX;
    phase->high_mv = 0;
    for (unsigned i = 0; i < report->n_halves; i++) {
        const struct quality_half *half = &report->half[i];
        quality_event_half(q, s, millivolts(phase, half->rms_q8),
                           now_us - (int64_t)half->age_samples * SAMPLE_US, cycle_us);
    }
    if (report->steady) {
        const int64_t since_us =
            report->n_halves > 0
                ? now_us - (int64_t)report->half[report->n_halves - 1u].age_samples * SAMPLE_US +
                      cycle_us / 2
                : now_us - (int64_t)report->samples * SAMPLE_US;
        quality_event_half(q, s, millivolts(phase, report->rms_q8), since_us, cycle_us);
    }
    if (phase->high_mv == 0 && phase->low_mv == UINT32_MAX) { /* too short for a half cycle */
        phase->low_mv = phase->voltage_mv;
        phase->high_mv = phase->voltage_mv;
    }
}

static void report_full(struct quality *q, unsigned s, const struct quality_report *report,
                        int64_t now_us)
{
    struct quality_phase *phase = &q->phase[s];
    phase->voltage_mv = millivolts(phase, report->rms_q8);
    report_halves(q, s, report, now_us);
    quality_event_report(q, s, now_us - (int64_t)report->samples * SAMPLE_US, now_us);
    phase->rms_q8 = report->steady && report->n_halves == 0 ? report->rms_q8 : 0;
    q->unbalance_stale = true;
}

void quality_receive(struct quality *quality, const struct quality_report *report, int64_t now_us)
{
    const unsigned s = report->system - 1u;
    if (s >= quality->systems || report->samples == 0) {
        return;
    }
    struct quality_phase *phase = &quality->phase[s];
    phase->reached_us = now_us;
    if (!quality->supplied) {
        return;
    }
    /* most stretches are like the one before: nothing but the means moves */
    if (!phase->steady || !report->steady || report->n_halves != 0 ||
        report->rms_q8 != phase->rms_q8) {
        report_full(quality, s, report, now_us);
    }
    if (phase->day_high_mv == 0 || phase->low_mv < phase->day_low_mv) {
        phase->day_low_mv = phase->low_mv;
    }
    phase->day_high_mv = phase->high_mv > phase->day_high_mv ? phase->high_mv : phase->day_high_mv;
    mean_add(&phase->mean_3s, (uint64_t)phase->voltage_mv * phase->voltage_mv, report->samples);
    report_frequency(quality, s, report);
}

void quality_spectrum(struct quality *quality, const struct quality_spectrum *spectrum)
{
    const unsigned s = spectrum->system - 1u;
    if (s < quality->systems) {
        struct quality_phase *phase = &quality->phase[s];
        *(spectrum->channel == QUALITY_VOLTAGE ? &phase->u : &phase->i) = *spectrum;
    }
}

/* ---- unbalance ---- */

bool quality_wants_angles(const struct quality *quality)
{
    return quality->systems == 3u && quality->supplied && quality->unbalance_stale;
}

/* Fundamental of a voltage: its rms without what the harmonics add. */
static uint64_t fundamental_mv(const struct quality_phase *phase)
{
    if (!phase->u.valid || phase->u.thd == 0) {
        return phase->voltage_mv;
    }
    const uint64_t square = UINT64_C(100000000) + (uint64_t)phase->u.thd * phase->u.thd;
    const uint32_t length_q8 = quality_root(square << 16);
    return (uint64_t)phase->voltage_mv * 2560000u / length_q8;
}

/* Size of the sum of the phasors, each turned by k times a third. */
static uint64_t component_mv(const uint64_t mv[3], const uint32_t turns[3], uint32_t third)
{
    int64_t re = 0, im = 0;
    for (unsigned k = 0; k < 3u; k++) {
        const struct quality_vector v = quality_vector_of(turns[k] + third * k);
        re += (int64_t)mv[k] * v.cos_q30 >> 24;
        im += (int64_t)mv[k] * v.sin_q30 >> 24;
    }
    return quality_root((uint64_t)(re * re + im * im));
}

static void unbalance_forget(struct quality *quality)
{
    memset(quality->unbalance_mv, 0, sizeof quality->unbalance_mv);
    quality->u2_milli_pct = 0;
    quality->u0_milli_pct = 0;
}

void quality_angles(struct quality *quality, const int32_t angle_mdeg[QUALITY_SYSTEMS],
                    bool all_present)
{
    const uint32_t third = UINT32_C(0x55555555);
    uint64_t mv[3];
    uint32_t turns[3];
    bool same = quality->unbalance_mv[0] != 0;
    quality->unbalance_stale = !all_present;
    if (!all_present) {
        unbalance_forget(quality);
        return;
    }
    for (unsigned k = 0; k < 3u; k++) {
        mv[k] = fundamental_mv(&quality->phase[k]);
        turns[k] = quality_turns(angle_mdeg[k]);
        same = same && mv[k] == quality->unbalance_mv[k] &&
               angle_mdeg[k] == quality->unbalance_mdeg[k];
    }
    if (same) {
        return;
    }
    unbalance_forget(quality);
    memcpy(quality->unbalance_mv, mv, sizeof mv);
    memcpy(quality->unbalance_mdeg, angle_mdeg, sizeof quality->unbalance_mdeg);
    /* the larger of the two is the positive sequence, whichever way the field turns */
    const uint64_t one = component_mv(mv, turns, third), two = component_mv(mv, turns, 0u - third);
    const uint64_t zero = component_mv(mv, turns, 0);
    const uint64_t large = one > two ? one : two, small = one > two ? two : one;
    if (large > 0) {
        quality->u2_milli_pct = (uint32_t)((small * 100000u + large / 2u) / large);
        quality->u0_milli_pct = (uint32_t)((zero * 100000u + large / 2u) / large);
    }
}

void quality_supply(struct quality *quality, bool on, int64_t now_us)
{
    if (quality->supplied == on) {
        return;
    }
    quality->supplied = on;
    quality_event_supply(quality, on, now_us);
    quality->flagged = quality->flagged || !on;
    quality->store_due = quality->store_due || !on;
    quality->unbalance_stale = true;
    for (unsigned s = 0; s < quality->systems; s++) {
        struct quality_phase *phase = &quality->phase[s];
        phase->reached_us = now_us;
        phase->voltage_mv = on ? phase->voltage_mv : 0;
        phase->low_mv = on ? phase->low_mv : 0;
        phase->high_mv = on ? phase->high_mv : 0;
    }
}
