#include "kmp_calibration.h"

#include <string.h>

#define STATE_SEAL_OPEN  1u
#define ENTRY_APPLIED    1u
#define ENTRY_TIME_VALID 2u
#define ENTRY_LOST       4u
#define ENTRY_SEAL_OPEN  8u

static int64_t signed_of(uint64_t value, unsigned n_bytes)
{
    const uint64_t sign = UINT64_C(1) << (8u * n_bytes - 1u);
    const uint64_t low = value & (sign - 1u);
    return (value & sign) == 0 ? (int64_t)low : -(int64_t)(sign - 1u - low) - 1;
}

static int64_t read_signed(struct reader *in, unsigned n_bytes)
{
    return signed_of(reader_uint_be(in, n_bytes), n_bytes);
}

static int32_t read_i32(struct reader *in)
{
    return (int32_t)read_signed(in, 4);
}

static uint32_t read_u32(struct reader *in)
{
    return (uint32_t)reader_uint_be(in, 4);
}

static uint16_t read_u16(struct reader *in)
{
    return (uint16_t)reader_uint_be(in, 2);
}

/* Two's complement: the low bytes of the same number. */
static void write_signed(struct writer *out, int64_t value, unsigned n_bytes)
{
    const uint64_t mask = n_bytes < 8u ? (UINT64_C(1) << (8u * n_bytes)) - 1u : UINT64_MAX;
    writer_uint_be(out, (uint64_t)value & mask, n_bytes);
}

static void write_i32(struct writer *out, int32_t value)
{
    write_signed(out, value, 4);
}

/* ---- E8 ---- */

void kmp_calibration_ask_write(struct writer *out, const struct kmp_calibration_ask *ask)
{
    writer_u8(out, ask->what);
    writer_uint_be(out, ask->number, 4);
}

int kmp_calibration_ask_read(struct reader *in, struct kmp_calibration_ask *out)
{
    struct kmp_calibration_ask ask;
    ask.what = reader_u8(in);
    ask.number = read_u32(in);
    if (!reader_complete(in) || ask.what > KMP_CALIBRATION_ENTRY) {
        return KMP_ERR_FORMAT;
    }
    *out = ask;
    return KMP_OK;
}

static void system_write(struct writer *out, const struct kmp_calibration_system *system)
{
    writer_uint_be(out, system->epoch, 2);
    writer_u8(out, system->flags);
    write_signed(out, system->temperature_cc, 2);
    writer_uint_be(out, system->n_unlocked, 2);
    writer_uint_be(out, system->n_clipped, 2);
    writer_uint_be(out, system->samples, 8);
    write_signed(out, system->active_nwh, 8);
    write_signed(out, system->reactive_nvarh, 8);
    writer_uint_be(out, system->voltage_squares, 8);
    writer_uint_be(out, system->current_squares, 8);
    write_i32(out, system->active_mw);
    write_i32(out, system->reactive_mvar);
    writer_uint_be(out, system->voltage_mv, 4);
    writer_uint_be(out, system->current_ua, 4);
    write_i32(out, system->voltage_mdeg);
    writer_uint_be(out, system->frequency_uhz, 4);
    writer_uint_be(out, system->voltage_gain, 4);
    writer_uint_be(out, system->current_gain, 4);
}

static void system_read(struct reader *in, struct kmp_calibration_system *system)
{
    system->epoch = read_u16(in);
    system->flags = reader_u8(in);
    system->temperature_cc = (int16_t)read_signed(in, 2);
    system->n_unlocked = read_u16(in);
    system->n_clipped = read_u16(in);
    system->samples = reader_uint_be(in, 8);
    system->active_nwh = read_signed(in, 8);
    system->reactive_nvarh = read_signed(in, 8);
    system->voltage_squares = reader_uint_be(in, 8);
    system->current_squares = reader_uint_be(in, 8);
    system->active_mw = read_i32(in);
    system->reactive_mvar = read_i32(in);
    system->voltage_mv = read_u32(in);
    system->current_ua = read_u32(in);
    system->voltage_mdeg = read_i32(in);
    system->frequency_uhz = read_u32(in);
    system->voltage_gain = read_u32(in);
    system->current_gain = read_u32(in);
}

void kmp_calibration_snapshot_write(struct writer *out,
                                    const struct kmp_calibration_snapshot *snapshot)
{
    writer_u8(out, KMP_CALIBRATION_FORMAT);
    writer_u8(out, snapshot->systems);
    writer_u8(out, snapshot->seal_open ? STATE_SEAL_OPEN : 0u);
    writer_uint_be(out, snapshot->starts, 4);
    writer_uint_be(out, snapshot->writes, 4);
    writer_uint_be(out, snapshot->n_entries, 4);
    writer_uint_be(out, snapshot->n_changes_left, 4);
    write_signed(out, snapshot->now_us, 8);
    for (unsigned s = 0; s < snapshot->systems && s < KMP_CALIBRATION_SYSTEMS; s++) {
        system_write(out, &snapshot->system[s]);
    }
}

int kmp_calibration_snapshot_read(struct reader *in, struct kmp_calibration_snapshot *out)
{
    struct kmp_calibration_snapshot snapshot;
    memset(&snapshot, 0, sizeof snapshot);
    const uint8_t format = reader_u8(in);
    snapshot.systems = reader_u8(in);
    snapshot.seal_open = (reader_u8(in) & STATE_SEAL_OPEN) != 0;
    snapshot.starts = read_u32(in);
    snapshot.writes = read_u32(in);
    snapshot.n_entries = read_u32(in);
    snapshot.n_changes_left = read_u32(in);
    snapshot.now_us = read_signed(in, 8);
    if (format != KMP_CALIBRATION_FORMAT || snapshot.systems < 1u ||
        snapshot.systems > KMP_CALIBRATION_SYSTEMS) {
        return KMP_ERR_FORMAT;
    }
    for (unsigned s = 0; s < snapshot.systems; s++) {
        system_read(in, &snapshot.system[s]);
    }
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *out = snapshot;
    return KMP_OK;
}

void kmp_calibration_entry_write(struct writer *out, const struct kmp_calibration_entry *entry)
{
    writer_uint_be(out, entry->number, 4);
    writer_u8(out, entry->what);
    writer_u8(out, entry->systems);
    writer_u8(out, (uint8_t)((entry->applied ? ENTRY_APPLIED : 0u) |
                             (entry->time_valid ? ENTRY_TIME_VALID : 0u) |
                             (entry->lost ? ENTRY_LOST : 0u) |
                             (entry->seal_open ? ENTRY_SEAL_OPEN : 0u)));
    write_signed(out, entry->utc_s, 8);
    writer_uint_be(out, entry->old_crc, 4);
    writer_uint_be(out, entry->new_crc, 4);
    writer_uint_be(out, entry->writes, 4);
    writer_uint_be(out, entry->refused, 4);
    writer_uint_be(out, entry->software, 4);
    writer_uint_be(out, entry->program_crc, 4);
    writer_uint_be(out, entry->starts, 4);
    writer_uint_be(out, entry->operating_s, 4);
}

int kmp_calibration_entry_read(struct reader *in, struct kmp_calibration_entry *out)
{
    struct kmp_calibration_entry entry;
    entry.number = read_u32(in);
    entry.what = reader_u8(in);
    entry.systems = reader_u8(in);
    const uint8_t flags = reader_u8(in);
    entry.applied = (flags & ENTRY_APPLIED) != 0;
    entry.time_valid = (flags & ENTRY_TIME_VALID) != 0;
    entry.lost = (flags & ENTRY_LOST) != 0;
    entry.seal_open = (flags & ENTRY_SEAL_OPEN) != 0;
    entry.utc_s = read_signed(in, 8);
    entry.old_crc = read_u32(in);
    entry.new_crc = read_u32(in);
    entry.writes = read_u32(in);
    entry.refused = read_u32(in);
    entry.software = read_u32(in);
    entry.program_crc = read_u32(in);
    entry.starts = read_u32(in);
    entry.operating_s = read_u32(in);
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *out = entry;
    return KMP_OK;
}

/* ---- E9 and EA ---- */

static void drift_write(struct writer *out, const struct kmp_calibration_drift *drift)
{
    write_i32(out, drift->linear_q40);
    write_i32(out, drift->quadratic_q54);
    write_i32(out, drift->cubic_q68);
}

static void drift_read(struct reader *in, struct kmp_calibration_drift *drift)
{
    drift->linear_q40 = read_i32(in);
    drift->quadratic_q54 = read_i32(in);
    drift->cubic_q68 = read_i32(in);
}

void kmp_calibration_constants_write(struct writer *out, const struct kmp_calibration_constants *c)
{
    writer_u8(out, c->system);
    writer_u8(out, c->calibrated ? 1u : 0u);
    writer_uint_be(out, c->power_gain, 4);
    writer_uint_be(out, c->voltage_gain, 4);
    writer_uint_be(out, c->current_gain, 4);
    write_i32(out, c->crosstalk_g_q40);
    write_i32(out, c->crosstalk_b_q40);
    writer_uint_be(out, c->current_noise_lsb2, 4);
    for (unsigned t = 0; t < KMP_CALIBRATION_TAPS; t++) {
        write_i32(out, c->voltage_fir_q28[t]);
    }
    writer_u8(out, c->current_delay_samples);
    drift_write(out, &c->power_drift);
    drift_write(out, &c->voltage_drift);
    write_i32(out, c->heating_q64);
    write_i32(out, c->clock_ppb);
    for (unsigned n = 0; n < KMP_CALIBRATION_NEIGHBOURS; n++) {
        write_i32(out, c->neighbour_re_q40[n]);
        write_i32(out, c->neighbour_im_q40[n]);
    }
    write_signed(out, c->reference_cc, 2);
    writer_uint_be(out, c->heating_s, 2);
}

int kmp_calibration_constants_read(struct reader *in, struct kmp_calibration_constants *out)
{
    struct kmp_calibration_constants c;
    memset(&c, 0, sizeof c);
    c.system = reader_u8(in);
    const uint8_t calibrated = reader_u8(in);
    c.calibrated = calibrated == 1u;
    c.power_gain = read_u32(in);
    c.voltage_gain = read_u32(in);
    c.current_gain = read_u32(in);
    c.crosstalk_g_q40 = read_i32(in);
    c.crosstalk_b_q40 = read_i32(in);
    c.current_noise_lsb2 = read_u32(in);
    for (unsigned t = 0; t < KMP_CALIBRATION_TAPS; t++) {
        c.voltage_fir_q28[t] = read_i32(in);
    }
    c.current_delay_samples = reader_u8(in);
    drift_read(in, &c.power_drift);
    drift_read(in, &c.voltage_drift);
    c.heating_q64 = read_i32(in);
    c.clock_ppb = read_i32(in);
    for (unsigned n = 0; n < KMP_CALIBRATION_NEIGHBOURS; n++) {
        c.neighbour_re_q40[n] = read_i32(in);
        c.neighbour_im_q40[n] = read_i32(in);
    }
    c.reference_cc = (int16_t)read_signed(in, 2);
    c.heating_s = read_u16(in);
    if (!reader_complete(in) || c.system < 1u || c.system > KMP_CALIBRATION_SYSTEMS ||
        calibrated > 1u) {
        return KMP_ERR_FORMAT;
    }
    *out = c;
    return KMP_OK;
}

void kmp_calibration_stage_write(struct writer *out, const struct kmp_calibration_stage *stage)
{
    writer_uint_be(out, stage->password, 2);
    kmp_calibration_constants_write(out, &stage->constants);
}

int kmp_calibration_stage_read(struct reader *in, struct kmp_calibration_stage *out)
{
    const uint16_t password = read_u16(in);
    if (in->failed || kmp_calibration_constants_read(in, &out->constants) != KMP_OK) {
        return KMP_ERR_FORMAT;
    }
    out->password = password;
    return KMP_OK;
}

/* ---- EB ---- */

void kmp_calibration_order_write(struct writer *out, const struct kmp_calibration_order *order)
{
    writer_uint_be(out, order->password, 2);
    writer_u8(out, order->action);
    writer_uint_be(out, order->writes, 4);
}

int kmp_calibration_order_read(struct reader *in, struct kmp_calibration_order *out)
{
    struct kmp_calibration_order order;
    order.password = read_u16(in);
    order.action = reader_u8(in);
    order.writes = read_u32(in);
    if (!reader_complete(in) || order.action > KMP_CALIBRATION_FORGET) {
        return KMP_ERR_FORMAT;
    }
    *out = order;
    return KMP_OK;
}

void kmp_calibration_result_write(struct writer *out, const struct kmp_calibration_result *result)
{
    writer_u8(out, result->code);
    writer_u8(out, result->system);
    writer_u8(out, result->field);
    writer_uint_be(out, result->writes, 4);
}

int kmp_calibration_result_read(struct reader *in, struct kmp_calibration_result *out)
{
    struct kmp_calibration_result result;
    result.code = reader_u8(in);
    result.system = reader_u8(in);
    result.field = reader_u8(in);
    result.writes = read_u32(in);
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *out = result;
    return KMP_OK;
}

const char *kmp_calibration_code_text(uint8_t code)
{
    static const char *const texts[KMP_CALIBRATION_CODES] = {
        [KMP_CALIBRATION_DONE] = "",
        [KMP_CALIBRATION_SEALED] = "the verification seal is closed",
        [KMP_CALIBRATION_RANGE] = "a constant is outside its range",
        [KMP_CALIBRATION_NOT_STAGED] = "the constants of a system are missing",
        [KMP_CALIBRATION_PASSWORD] = "wrong password",
        [KMP_CALIBRATION_STORAGE] = "the meter could not store it: the old constants are in force",
        [KMP_CALIBRATION_FULL] = "the audit trail is full",
        [KMP_CALIBRATION_STALE] = "somebody else has written constants meanwhile",
    };
    return code < KMP_CALIBRATION_CODES ? texts[code] : "unknown reason";
}

const char *kmp_calibration_field_text(uint8_t field)
{
    static const char *const texts[KMP_CALIBRATION_FIELDS] = {
        [KMP_CALIBRATION_FIELD_NONE] = "",
        [KMP_CALIBRATION_FIELD_SYSTEM] = "number of the system",
        [KMP_CALIBRATION_FIELD_POWER_GAIN] = "power gain",
        [KMP_CALIBRATION_FIELD_VOLTAGE_GAIN] = "voltage gain",
        [KMP_CALIBRATION_FIELD_CURRENT_GAIN] = "current gain",
        [KMP_CALIBRATION_FIELD_CROSSTALK_G] = "active crosstalk",
        [KMP_CALIBRATION_FIELD_CROSSTALK_B] = "reactive crosstalk",
        [KMP_CALIBRATION_FIELD_NOISE] = "current noise",
        [KMP_CALIBRATION_FIELD_FILTER] = "voltage filter",
        [KMP_CALIBRATION_FIELD_DELAY] = "current delay",
        [KMP_CALIBRATION_FIELD_POWER_DRIFT] = "drift of power",
        [KMP_CALIBRATION_FIELD_VOLTAGE_DRIFT] = "drift of voltage",
        [KMP_CALIBRATION_FIELD_HEATING] = "self-heating",
        [KMP_CALIBRATION_FIELD_CLOCK] = "sample clock",
        [KMP_CALIBRATION_FIELD_NEIGHBOURS] = "neighbours' crosstalk",
        [KMP_CALIBRATION_FIELD_REFERENCE] = "reference temperature",
    };
    return field < KMP_CALIBRATION_FIELDS ? texts[field] : "";
}

int kmp_calibration_answer(const uint8_t *body, size_t n_body, uint8_t cid, struct reader *data)
{
    struct reader r = reader_over(body, n_body);
    (void)reader_u8(&r); /* one meter on the line, whatever it calls itself */
    if (reader_u8(&r) != cid || r.failed) {
        return KMP_ERR_FORMAT;
    }
    *data = r;
    return KMP_OK;
}
