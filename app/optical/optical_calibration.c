#include "optical_calibration.h"

#include <string.h>

#include "../../proto/kmp/kmp_calibration.h"
#include "../meter/meter_audit.h"
#include "../meter/meter_clock.h"

#define ANSWER  1
#define SILENCE 0

_Static_assert(KMP_CALIBRATION_SYSTEMS == LEGAL_SYSTEMS &&
                   KMP_CALIBRATION_NEIGHBOURS == LEGAL_NEIGHBOURS &&
                   KMP_CALIBRATION_TAPS == MEASURING_FIR_TAPS,
               "both sides of the wire");
/* Their names on the wire are the legal ones, behind "number of the system". */
_Static_assert((int)KMP_CALIBRATION_FIELD_POWER_GAIN == (int)LEGAL_CONSTANT_POWER_GAIN + 1 &&
                   (int)KMP_CALIBRATION_FIELD_REFERENCE == (int)LEGAL_CONSTANT_REFERENCE + 1 &&
                   (int)KMP_CALIBRATION_FIELDS == (int)LEGAL_CONSTANTS + 1,
               "constants in the same order");
_Static_assert((int)KMP_CALIBRATION_EVENT_REPLACED == (int)LEGAL_AUDIT_CONSTANTS &&
                   (int)KMP_CALIBRATION_EVENT_FOUND == (int)LEGAL_AUDIT_FOUND,
               "events have the same numbers");

/* ---- looking ---- */

static uint8_t flags_of(const struct meter *meter, unsigned s, const struct legal_sums *sums,
                        bool voltage)
{
    const struct {
        unsigned flag;
        bool set;
    } rows[] = {
        {KMP_CALIBRATION_VOLTAGE, voltage},
        {KMP_CALIBRATION_LOCKED, sums->locked},
        {KMP_CALIBRATION_CLIPPED, sums->clipped},
        {KMP_CALIBRATION_NEUTRAL, sums->constants_refused},
        {KMP_CALIBRATION_SILENT, sums->silent},
        {KMP_CALIBRATION_CALIBRATED, sums->calibrated},
        {KMP_CALIBRATION_STAGED, (meter->staged.systems & 1u << s) != 0},
    };
    unsigned flags = 0;
    for (unsigned r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        flags |= rows[r].set ? rows[r].flag : 0u;
    }
    return (uint8_t)flags;
}

static void system_of(const struct meter *meter, unsigned s, const struct legal_phase *phase,
                      struct kmp_calibration_system *out)
{
    struct legal_sums sums;
    (void)legal_sums(&meter->legal, (uint8_t)(s + 1u), &sums);
    *out = (struct kmp_calibration_system){
        .epoch = sums.epoch,
        .flags = flags_of(meter, s, &sums, phase->voltage_present),
        .temperature_cc = phase->temperature_cc,
        .n_unlocked = sums.n_unlocked,
        .n_clipped = sums.n_clipped,
        .samples = sums.samples,
        .active_nwh = sums.active_nwh,
        .reactive_nvarh = sums.reactive_nvarh,
        .voltage_squares = sums.voltage_squares,
        .current_squares = sums.current_squares,
        .active_mw = phase->active_mw,
        .reactive_mvar = phase->reactive_mvar,
        .voltage_mv = phase->voltage_mv,
        .current_ua = phase->current_ua,
        .voltage_mdeg = phase->voltage_angle_mdeg,
        .frequency_uhz = phase->frequency_uhz,
        .voltage_gain = sums.voltage_gain,
        .current_gain = sums.current_gain,
    };
}

static void snapshot(const struct meter *meter, struct writer *out)
{
    struct legal_audit audit;
    struct legal_health health;
    struct legal_instant instant;
    legal_audit(&meter->legal, &audit);
    legal_health(&meter->legal, &health);
    legal_instant(&meter->legal, &instant);
    struct kmp_calibration_snapshot now = {
        .systems = meter->variant.systems,
        .seal_open = audit.seal_open,
        .starts = health.start_count,
        .writes = legal_calibration_count(&meter->legal),
        .n_entries = audit.n_entries,
        .n_changes_left = audit.n_changes_left,
        .now_us = meter->now_us,
    };
    for (unsigned s = 0; s < now.systems; s++) {
        system_of(meter, s, &instant.phase[s], &now.system[s]);
    }
    kmp_calibration_snapshot_write(out, &now);
}

static void entry(const struct meter *meter, uint32_t number, struct writer *out)
{
    struct legal_audit_entry found;
    memset(&found, 0, sizeof found);
    const bool there = legal_audit_read(&meter->legal, number, &found) == LEGAL_OK;
    const struct kmp_calibration_entry answer = {
        .number = there ? number : 0,
        .what = found.what,
        .systems = found.systems,
        .applied = found.applied,
        .lost = found.lost,
        .seal_open = found.seal_open,
        .time_valid = found.time_valid,
        .utc_s = found.utc_s,
        .old_crc = found.old_crc,
        .new_crc = found.new_crc,
        .writes = found.writes,
        .refused = found.refused,
        .software = found.software,
        .program_crc = found.program_crc,
        .starts = found.starts,
        .operating_s = found.operating_s,
    };
    kmp_calibration_entry_write(out, &answer);
}

static int look(const struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_calibration_ask ask;
    if (kmp_calibration_ask_read(data, &ask) != KMP_OK) {
        return SILENCE;
    }
    if (ask.what == KMP_CALIBRATION_SNAPSHOT) {
        snapshot(meter, out);
    } else {
        entry(meter, ask.number, out);
    }
    return ANSWER;
}

/* ---- constants ---- */

static struct kmp_calibration_drift drift_out(const struct legal_drift *drift)
{
    return (struct kmp_calibration_drift){drift->linear_q40, drift->quadratic_q54,
                                          drift->cubic_q68};
}

static struct legal_drift drift_in(const struct kmp_calibration_drift *drift)
{
    return (struct legal_drift){drift->linear_q40, drift->quadratic_q54, drift->cubic_q68};
}

static void constants_out(uint8_t system, bool calibrated, const struct legal_calibration *from,
                          struct kmp_calibration_constants *out)
{
    const struct legal_constants *c = &from->correction;
    *out = (struct kmp_calibration_constants){
        .system = system,
        .calibrated = calibrated,
        .power_gain = c->power_gain,
        .voltage_gain = c->voltage_gain,
        .current_gain = c->current_gain,
        .crosstalk_g_q40 = c->crosstalk_g_q40,
        .crosstalk_b_q40 = c->crosstalk_b_q40,
        .current_noise_lsb2 = c->current_noise_lsb2,
        .current_delay_samples = from->measuring.current_delay_samples,
        .power_drift = drift_out(&c->power_drift),
        .voltage_drift = drift_out(&c->voltage_drift),
        .heating_q64 = c->heating_q64,
        .clock_ppb = c->clock_ppb,
        .reference_cc = c->reference_cc,
        .heating_s = c->heating_s,
    };
    memcpy(out->voltage_fir_q28, from->measuring.voltage_fir_q28, sizeof out->voltage_fir_q28);
    memcpy(out->neighbour_re_q40, c->neighbour_re_q40, sizeof out->neighbour_re_q40);
    memcpy(out->neighbour_im_q40, c->neighbour_im_q40, sizeof out->neighbour_im_q40);
}

static void constants_in(const struct kmp_calibration_constants *c, struct legal_calibration *out)
{
    memset(out, 0, sizeof *out);
    out->correction = (struct legal_constants){
        .power_gain = c->power_gain,
        .voltage_gain = c->voltage_gain,
        .current_gain = c->current_gain,
        .crosstalk_g_q40 = c->crosstalk_g_q40,
        .crosstalk_b_q40 = c->crosstalk_b_q40,
        .current_noise_lsb2 = c->current_noise_lsb2,
        .power_drift = drift_in(&c->power_drift),
        .voltage_drift = drift_in(&c->voltage_drift),
        .heating_q64 = c->heating_q64,
        .clock_ppb = c->clock_ppb,
        .reference_cc = c->reference_cc,
        .heating_s = c->heating_s,
    };
    memcpy(out->correction.neighbour_re_q40, c->neighbour_re_q40, sizeof c->neighbour_re_q40);
    memcpy(out->correction.neighbour_im_q40, c->neighbour_im_q40, sizeof c->neighbour_im_q40);
    out->measuring.system = c->system;
    out->measuring.current_delay_samples = c->current_delay_samples;
    memcpy(out->measuring.voltage_fir_q28, c->voltage_fir_q28, sizeof c->voltage_fir_q28);
}

static int read_constants(const struct meter *meter, struct reader *data, struct writer *out)
{
    struct legal_calibration in_use;
    struct legal_sums sums;
    struct kmp_calibration_constants constants;
    const uint8_t system = reader_u8(data);
    if (!reader_complete(data) ||
        legal_calibration_read(&meter->legal, system, &in_use) != LEGAL_OK ||
        legal_sums(&meter->legal, system, &sums) != LEGAL_OK) {
        return SILENCE;
    }
    constants_out(system, sums.calibrated, &in_use, &constants);
    kmp_calibration_constants_write(out, &constants);
    return ANSWER;
}

/* ---- writing ---- */

static bool seal_open(const struct meter *meter)
{
    struct legal_audit audit;
    legal_audit(&meter->legal, &audit);
    return audit.seal_open;
}

static struct kmp_calibration_result stage_it(struct meter *meter,
                                              const struct kmp_calibration_stage *stage)
{
    struct kmp_calibration_result result = {.system = stage->constants.system};
    struct legal_calibration calibration;
    constants_in(&stage->constants, &calibration);
    const enum legal_constant wrong = legal_calibration_check(&calibration);
    if (meter_may_with(meter, ACTION_SEALED, stage->password) != RIGHTS_OK) {
        result.code = KMP_CALIBRATION_PASSWORD;
    } else if (!seal_open(meter)) {
        result.code = KMP_CALIBRATION_SEALED;
    } else if (stage->constants.system > meter->variant.systems) {
        result.code = KMP_CALIBRATION_RANGE;
        result.field = KMP_CALIBRATION_FIELD_SYSTEM;
    } else if (wrong != LEGAL_CONSTANT_NONE) {
        result.code = KMP_CALIBRATION_RANGE;
        result.field = (uint8_t)(wrong + 1);
    } else {
        meter->staged.system[stage->constants.system - 1u] = calibration;
        meter->staged.systems |= (uint8_t)(1u << (stage->constants.system - 1u));
    }
    return result;
}

static int stage(struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_calibration_stage asked;
    if (kmp_calibration_stage_read(data, &asked) != KMP_OK) {
        return SILENCE;
    }
    struct kmp_calibration_result result = stage_it(meter, &asked);
    result.writes = legal_calibration_count(&meter->legal);
    kmp_calibration_result_write(out, &result);
    return ANSWER;
}

static enum kmp_calibration_code code_of(enum legal_err err)
{
    switch (err) {
    case LEGAL_OK: return KMP_CALIBRATION_DONE;
    case LEGAL_ERR_SEALED: return KMP_CALIBRATION_SEALED;
    case LEGAL_ERR_RANGE: return KMP_CALIBRATION_RANGE;
    case LEGAL_ERR_FULL: return KMP_CALIBRATION_FULL;
    default: return KMP_CALIBRATION_STORAGE;
    }
}

/* With the seal closed the legal part is asked all the same: it counts the attempt. */
static struct kmp_calibration_result commit(struct meter *meter, uint32_t writes)
{
    struct kmp_calibration_result result = {.code = KMP_CALIBRATION_DONE};
    if (seal_open(meter)) {
        for (unsigned s = 0; s < meter->variant.systems; s++) {
            if ((meter->staged.systems & 1u << s) == 0) {
                result.code = KMP_CALIBRATION_NOT_STAGED;
                result.system = (uint8_t)(s + 1u);
                return result;
            }
        }
        if (writes != legal_calibration_count(&meter->legal)) {
            result.code = KMP_CALIBRATION_STALE;
            return result;
        }
    }
    meter_clock_trail(meter);
    result.code = (uint8_t)code_of(legal_calibration_replace(&meter->legal, meter->staged.system));
    if (result.code == KMP_CALIBRATION_DONE) {
        meter->staged.systems = 0;
    }
    return result;
}

static int order(struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_calibration_order asked;
    struct kmp_calibration_result result = {.code = KMP_CALIBRATION_DONE};
    if (kmp_calibration_order_read(data, &asked) != KMP_OK) {
        return SILENCE;
    }
    if (meter_may_with(meter, ACTION_SEALED, asked.password) != RIGHTS_OK) {
        result.code = KMP_CALIBRATION_PASSWORD;
    } else if (asked.action == KMP_CALIBRATION_FORGET) {
        meter->staged.systems = 0;
    } else {
        result = commit(meter, asked.writes);
    }
    result.writes = legal_calibration_count(&meter->legal);
    kmp_calibration_result_write(out, &result);
    return ANSWER;
}

int optical_calibration(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    switch (cid) {
    case KMP_CALIBRATION_LOOK: return look(meter, data, out);
    case KMP_CALIBRATION_READ: return read_constants(meter, data, out);
    case KMP_CALIBRATION_STAGE: return stage(meter, data, out);
    case KMP_CALIBRATION_ORDER: return order(meter, data, out);
    default: return SILENCE;
    }
}
