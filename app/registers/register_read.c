#include "register_read.h"

#include <string.h>

#include "../meter/meter.h"
#include "register_fetch.h"

#define PULSE_UNITS       4u                 /* codes of configuration NN */
#define ENERGY_DIGITS     7u                 /* 7.0 and 6.1 alike */
#define ENERGY_MODULO     UINT64_C(10000000) /* REG-12 */
#define VERIFICATION_SHOW UINT64_C(10000000) /* 3.4 on display */
#define KELVIN            273
#define KMP_STATUS_SUMMER 0x01u
#define KMP_STATUS_VALID  0x02u
#define KMP_STATUS_EEPROM 0x04u

bool register_fits(const struct variant *variant, const struct register_def *def)
{
    return register_exists_with(def, variant_has(variant), variant->tariffs);
}

bool register_exists(const struct meter *meter, const struct register_def *def)
{
    return register_fits(&meter->variant, def);
}

bool register_read(const struct meter *meter, const struct register_def *def,
                   struct register_value *out)
{
    if (!register_exists(meter, def)) {
        return false;
    }
    register_fetch(meter, def, out);
    return true;
}

static bool follows_format(const struct register_def *def)
{
    return def->kmp_exponent == EXPONENT_FOLLOWS_FORMAT;
}

static int exponent_on_wire(const struct meter *meter, const struct register_def *def)
{
    if (!follows_format(def)) {
        return def->kmp_exponent;
    }
    return meter->variant.energy_format == FORMAT_7_0 ? 0 : -1;
}

/* Thousands over the base unit: kWh, kW and their like. */
static int unit_prefix(uint8_t register_unit)
{
    switch (register_unit) {
    case UNIT_WH:
    case UNIT_VARH:
    case UNIT_VAH:
    case UNIT_W:
    case UNIT_VAR:
    case UNIT_VA: return 3;
    default: return 0;
    }
}

static bool is_energy(const struct register_def *def)
{
    return def->unit == UNIT_WH || def->unit == UNIT_VARH || def->unit == UNIT_VAH;
}

/* number * 10^shift; what falls off is cut for energies (a register shows what it has counted to
 * the end) and rounded for the rest. */
static int64_t scaled(int64_t number, int shift, bool cut)
{
    int64_t divisor = 1;
    for (; shift > 0; shift--) {
        number *= 10;
    }
    for (; shift < 0; shift++) {
        divisor *= 10;
    }
    int64_t half = cut ? 0 : divisor / 2;
    return (number < 0 ? number - half : number + half) / divisor;
}

/* Mantissa in steps of 10^exponent of the unit that people use (kWh, kW, V, ...). */
static int64_t mantissa_of(const struct register_def *def, const struct register_value *value,
                           int exponent)
{
    return scaled(value->number, value->exponent - unit_prefix(def->unit) - exponent,
                  is_energy(def));
}

int64_t register_value_at(const struct register_def *def, const struct register_value *value,
                          int exponent)
{
    return mantissa_of(def, value, exponent - unit_prefix(def->unit));
}

static int64_t rolled_over(int64_t mantissa, uint64_t modulo)
{
    return mantissa < 0 ? -(int64_t)((uint64_t)-mantissa % modulo)
                        : (int64_t)((uint64_t)mantissa % modulo);
}

void register_rtc_bytes(const struct clock *clock, int64_t utc_s, bool valid,
                        uint8_t out[REGISTER_RTC_BYTES])
{
    struct calendar c, local;
    clock_calendar(clock, utc_s, false, &c);
    clock_calendar(clock, utc_s, true, &local);
    unsigned status = (local.summer ? KMP_STATUS_SUMMER : 0u) | (valid ? KMP_STATUS_VALID : 0u);
    const uint8_t bytes[REGISTER_RTC_BYTES] = {
        (uint8_t)status, c.weekday, c.second, c.minute,
        c.hour,          c.day,     c.month,  (uint8_t)(c.year % 100u)};
    memcpy(out, bytes, sizeof bytes);
}

static void rtc_write(const struct meter *meter, const struct register_def *def,
                      struct kmp_value *out)
{
    static const uint8_t none[REGISTER_RTC_BYTES] = {0, 6, 0, 0, 0, 1, 1, 0};
    struct register_moment moment = register_moment(meter, def);
    if (moment.utc_s != 0) {
        register_rtc_bytes(&meter->clock, moment.utc_s, moment.valid, out->bytes);
    } else {
        memcpy(out->bytes, none, sizeof none);
        out->bytes[0] = moment.valid ? KMP_STATUS_VALID : 0u;
    }
    out->bytes[0] |= def->source == SOURCE_RTC && !moment.valid ? KMP_STATUS_EEPROM : 0u;
    out->n_bytes = REGISTER_RTC_BYTES;
    out->sign_exp = 0;
}

/* Type numbers stand on the wire from their last character to their first (X-CFG-1). */
static void text_on_wire(const struct register_def *def, const char *text, struct kmp_value *out)
{
    size_t length = strlen(text);
    bool backwards = def->coding == REGISTER_TEXT_REVERSED;
    length = length < sizeof out->bytes ? length : sizeof out->bytes;
    for (size_t i = 0; i < length; i++) {
        out->bytes[i] = (uint8_t)text[backwards ? length - 1u - i : i];
    }
    out->n_bytes = (uint8_t)length;
    out->sign_exp = 0;
}

int register_scaler(const struct meter *meter, const struct register_def *def)
{
    return def->unit == UNIT_CELSIUS ? def->scaler
                                     : exponent_on_wire(meter, def) + unit_prefix(def->unit);
}

int64_t register_value_scaled(const struct meter *meter, const struct register_def *def,
                              const struct register_value *value, int *scaler)
{
    *scaler = register_scaler(meter, def);
    const int64_t mantissa = mantissa_of(def, value, *scaler - unit_prefix(def->unit));
    if (!is_energy(def)) {
        return mantissa;
    }
    return rolled_over(mantissa, follows_format(def) ? ENERGY_MODULO : (uint64_t)UINT32_MAX + 1u);
}

/* The pulse input counts what another meter counts (NN, REG-11): none, kWh, m3, l. */
static unsigned pulse_unit(const struct meter *meter, const struct register_def *def)
{
    const unsigned code = meter->variant.configuration[2] % 100u;
    return def->source == SOURCE_PULSE_INPUT && code < PULSE_UNITS ? code : 0;
}

static uint8_t kmp_unit_of(const struct meter *meter, const struct register_def *def)
{
    static const uint8_t units[PULSE_UNITS] = {0, 2, 40, 39}; /* KMP numbers of kWh, m3, l */
    const unsigned unit = pulse_unit(meter, def);
    return unit != 0 ? units[unit] : def->kmp_unit;
}

static bool number_on_wire(const struct meter *meter, const struct register_def *def,
                           const struct register_value *value, struct kmp_value *out)
{
    int exponent = exponent_on_wire(meter, def);
    int64_t mantissa = mantissa_of(def, value, exponent);
    if (def->unit == UNIT_CELSIUS) {
        mantissa = scaled(value->number + 27315, value->exponent, false); /* kelvin */
    }
    if (is_energy(def)) {
        mantissa =
            rolled_over(mantissa, follows_format(def) ? ENERGY_MODULO : (uint64_t)UINT32_MAX + 1u);
    }
    if (mantissa < 0 && def->coding != REGISTER_INT) {
        mantissa = 0;
    }
    return kmp_value_set(out, def->kmp_id, kmp_unit_of(meter, def), def->width, mantissa,
                         exponent) == KMP_OK;
}

bool register_value_kmp(const struct meter *meter, const struct register_def *def,
                        const struct register_value *value, struct kmp_value *out)
{
    out->id = def->kmp_id;
    out->unit = def->kmp_unit;
    return number_on_wire(meter, def, value, out);
}

bool register_read_kmp(const struct meter *meter, const struct register_def *def,
                       struct kmp_value *out)
{
    struct register_value value;
    if (!register_read(meter, def, &value)) {
        return false;
    }
    out->id = def->kmp_id;
    out->unit = kmp_unit_of(meter, def);
    switch (def->coding) {
    case REGISTER_RTC: rtc_write(meter, def, out); return true;
    case REGISTER_TEXT:
    case REGISTER_TEXT_REVERSED: text_on_wire(def, value.text, out); return true;
    default: return number_on_wire(meter, def, &value, out);
    }
}

/* Digits, decimals and modulo of a number as the display shows it. */
struct form {
    unsigned digits, decimals;
    uint64_t modulo; /* 0: none */
};

static struct form form_of(const struct meter *meter, const struct register_def *def)
{
    if (is_energy(def)) {
        bool fine = !follows_format(def);
        unsigned decimals = fine ? 4u : meter->variant.energy_format == FORMAT_7_0 ? 0u : 1u;
        return (struct form){ENERGY_DIGITS, decimals, fine ? VERIFICATION_SHOW : ENERGY_MODULO};
    }
    switch (def->source) {
    case SOURCE_HOUR_COUNTER:
    case SOURCE_PULSE_INPUT: return (struct form){7, 0, ENERGY_MODULO};
    case SOURCE_SERIAL_NUMBER:
    case SOURCE_METER_NUMBER:
    case SOURCE_SPECIAL_DATA:
    case SOURCE_CONFIGURATION: return (struct form){8, 0, 0};
    case SOURCE_PROGRAM_CHECKSUM: return (struct form){1, 0, 65536};
    case SOURCE_TEMPERATURE: return (struct form){1, 0, 0};
    default: return (struct form){1, (unsigned)-def->kmp_exponent, 0};
    }
}

static void bits_write(uint64_t status, unsigned n_bits, struct writer *w)
{
    for (unsigned bit = n_bits; bit-- > 0;) {
        writer_u8(w, (uint8_t)((status >> bit & 1u) != 0 ? '1' : '0'));
    }
}

static void number_write(const struct meter *meter, const struct register_def *def,
                         const struct register_value *value, struct writer *w)
{
    struct form form = form_of(meter, def);
    int64_t mantissa = mantissa_of(def, value, -(int)form.decimals);
    if (form.modulo != 0) {
        mantissa = rolled_over(mantissa, form.modulo);
    }
    unsigned min_int = form.digits > form.decimals ? form.digits - form.decimals : 1u;
    writer_fixed(w, mantissa, form.decimals, min_int);
}

/* Unit as printed behind a value. */
static const char *unit_text(const struct meter *meter, const struct register_def *def)
{
    static const char *const counted[PULSE_UNITS] = {"", "kWh", "m\xC2\xB3", "l"};
    static const struct {
        uint8_t unit;
        const char *text;
    } units[] = {
        {UNIT_WH, "kWh"},
        {UNIT_VARH, "kvarh"},
        {UNIT_VAH, "kVAh"},
        {UNIT_W, "kW"},
        {UNIT_VAR, "kvar"},
        {UNIT_VA, "kVA"},
        {UNIT_V, "V"},
        {UNIT_A, "A"},
        {UNIT_HZ, "Hz"},
        {UNIT_HOUR, "h"},
        {UNIT_DEGREE, "\xC2\xB0"},
        {UNIT_CELSIUS, "\xC2\xB0"
                       "C"},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == def->unit) {
            return units[i].text;
        }
    }
    return counted[pulse_unit(meter, def)];
}

bool register_value_text(const struct meter *meter, const struct register_def *def,
                         const struct register_value *value, char *out, size_t capacity,
                         const char **unit)
{
    if (capacity == 0) {
        return false;
    }
    struct writer w = writer_over(out, capacity - 1u);
    number_write(meter, def, value, &w);
    out[writer_length(&w)] = '\0';
    *unit = unit_text(meter, def);
    return !w.failed;
}

bool register_kmp_text(const struct meter *meter, const struct register_def *def,
                       const struct kmp_value *value, char *out, size_t capacity, const char **unit)
{
    struct register_value number = {0};
    if (kmp_value_number(value, &number.number, &number.exponent) != KMP_OK) {
        return false;
    }
    number.exponent += unit_prefix(def->unit);
    if (def->unit == UNIT_CELSIUS) {
        number.number -= KELVIN; /* whole ones on the wire */
    }
    return register_value_text(meter, def, &number, out, capacity, unit);
}

bool register_read_text(const struct meter *meter, const struct register_def *def, char *out,
                        size_t capacity, const char **unit)
{
    struct register_value value;
    if (capacity == 0 || !register_read(meter, def, &value)) {
        return false;
    }
    struct writer w = writer_over(out, capacity - 1u);
    if (value.is_text) {
        writer_text(&w, value.text);
    } else if (def->coding == REGISTER_BITS) {
        bits_write((uint64_t)value.number, 8u * def->width, &w);
    } else {
        number_write(meter, def, &value, &w);
    }
    out[writer_length(&w)] = '\0';
    *unit = unit_text(meter, def);
    return !w.failed;
}

bool register_read_stamp(const struct meter *meter, const struct register_def *def, char out[15])
{
    if (!register_exists(meter, def)) {
        return false;
    }
    struct register_moment moment = register_moment(meter, def);
    struct calendar c = {2000, 1, 1, 0, 0, 0, 6, false};
    if (moment.utc_s != 0) {
        bool peak = def->source == SOURCE_PEAK_POWER; /* peaks keep normal time (X-EVT-2) */
        clock_calendar(&meter->clock, moment.utc_s, !peak, &c);
    }
    const unsigned parts[6] = {c.year % 100u, c.month, c.day, c.hour, c.minute, c.second};
    struct writer w = writer_over(out, 14);
    writer_u8(&w, c.summer ? '1' : '0');
    writer_u8(&w, moment.valid ? '1' : '0');
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        writer_decimal(&w, parts[i], 2);
    }
    out[14] = '\0';
    return true;
}
