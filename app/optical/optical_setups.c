#include "optical_setups.h"

#include "../meter/meter.h"
#include "../registers/register_read.h"

#define LOGGER_ON         0x80u
#define LOGGER_LARGE      0x03u
#define DURATION_UNIT_S   10
#define ID_LOW            1212u
#define ID_HIGH           1213u
#define ID_DURATION       1214u
#define DURATION_UNIT_MAX 255

/* Energies that are recorded (bits A+ A- R+ R-), minutes, and what the logger is. */
static int load_profile(const struct meter *meter, struct writer *out)
{
    struct legal_profile_range range;
    unsigned energies = 0;
    if (!meter->load_profile.fitted) {
        return 0;
    }
    legal_profile_range(&meter->legal, &range);
    for (unsigned c = 0; c < range.layout.channels && c < LEGAL_PROFILE_CHANNELS; c++) {
        energies |=
            range.layout.energy[c] < LEGAL_TARIFF_ENERGIES ? 1u << range.layout.energy[c] : 0u;
    }
    writer_u8(out, (uint8_t)energies);
    writer_u8(out, (uint8_t)range.layout.interval_min);
    writer_u8(out, LOGGER_ON | LOGGER_LARGE);
    return 1;
}

/* @return false: the meter does not have the register */
static bool whole_number(const struct meter *meter, uint16_t id, int64_t *number)
{
    struct kmp_value value;
    int exponent = 0;
    const struct register_def *def = register_by_kmp_id(id);
    return def != NULL && register_read_kmp(meter, def, &value) &&
           kmp_value_number(&value, number, &exponent) == KMP_OK && exponent == 0;
}

/* Lower and upper limit, V, and how long beyond them makes an event, in tens of seconds. */
static int voltage_quality(const struct meter *meter, struct writer *out)
{
    int64_t low_v = 0, high_v = 0, duration_s = 0;
    if (!whole_number(meter, ID_LOW, &low_v) || !whole_number(meter, ID_HIGH, &high_v) ||
        !whole_number(meter, ID_DURATION, &duration_s)) {
        return 0;
    }
    const int64_t units = (duration_s + DURATION_UNIT_S - 1) / DURATION_UNIT_S;
    writer_uint_be(out, (uint64_t)low_v, 2);
    writer_uint_be(out, (uint64_t)high_v, 2);
    writer_u8(out, (uint8_t)(units < DURATION_UNIT_MAX ? units : DURATION_UNIT_MAX));
    return 1;
}

int optical_setups(const struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    if (!reader_complete(data)) {
        return 0;
    }
    return cid == GET_LOAD_PROFILE_SETUP ? load_profile(meter, out) : voltage_quality(meter, out);
}
