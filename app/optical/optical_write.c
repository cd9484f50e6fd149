#include "optical_write.h"

#include <stddef.h>

#include "../meter/meter_alarms.h"
#include "../meter/meter_audit.h"
#include "../meter/meter_load.h"
#include "../meter/meter_pins.h"
#include "../meter/meter_prepay.h"
#include "../meter/meter_quality.h"
#include "../registers/register_read.h"
#include "optical_analysis.h"
#include "optical_clock.h"
#include "optical_settings.h"

/** A register that may be written and is no setting: the number comes in steps of 10^exponent. */
struct row {
    uint16_t kmp_id;
    int8_t exponent;
    uint8_t index; /**< which one, in the terms of the writer */
    bool (*write)(struct meter *meter, const struct row *row, int64_t number);
};

static bool write_operation_state(struct meter *meter, const struct row *row, int64_t number)
{
    (void)row;
    return number >= 0 && number <= UINT8_MAX &&
           meter_operation_set(meter, (uint8_t)number) == METER_OK;
}

static bool write_clock(struct meter *meter, const struct row *row, int64_t number)
{
    return optical_clock_write(meter, row->kmp_id, number);
}

static bool write_quality_limit(struct meter *meter, const struct row *row, int64_t number)
{
    return meter_quality_limit_set(meter, row->kmp_id, (enum quality_limit)row->index, number) ==
           METER_OK;
}

static bool write_analysis(struct meter *meter, const struct row *row, int64_t number)
{
    return optical_analysis_write(meter, row->kmp_id, number);
}

/* kWh, to the microwatt-hour. */
static bool write_credit(struct meter *meter, const struct row *row, int64_t number)
{
    (void)row;
    return meter_prepay_set(meter, number) == PREPAY_OK;
}

/* The number is the bits to clear. */
static bool write_alarms(struct meter *meter, const struct row *row, int64_t number)
{
    return number >= 0 && number <= UINT32_MAX &&
           meter_alarms_clear(meter, (enum alarm_kind)row->index, (uint32_t)number) == METER_OK;
}

static bool write_load(struct meter *meter, const struct row *row, int64_t number)
{
    return meter_load_write(meter, row->kmp_id, number) == LOAD_DONE;
}

static bool write_pin(struct meter *meter, const struct row *row, int64_t number)
{
    return meter_pins_write(meter, row->kmp_id, number);
}

static const struct row writable[] = {
    {58, 0, 0, write_pin},
    {1032, 0, 0, write_operation_state},
    {1102, 0, 0, write_pin},
    {1121, -9, 0, write_credit},
    {1212, -3, QUALITY_LIMIT_LOW, write_quality_limit},
    {1213, -3, QUALITY_LIMIT_HIGH, write_quality_limit},
    {1214, -3, QUALITY_LIMIT_TIME, write_quality_limit},
    {1226, 0, 0, write_load},
    {1227, 0, 0, write_load},
    {1228, 0, 0, write_load},
    {1229, 0, 0, write_load},
    {1230, 0, 0, write_load},
    {1231, 0, 0, write_load},
    {1232, 0, 0, write_load},
    {0xF020, -3, QUALITY_LIMIT_LOW, write_quality_limit},
    {0xF021, -3, QUALITY_LIMIT_HIGH, write_quality_limit},
    {0xF022, -3, QUALITY_LIMIT_TIME, write_quality_limit},
    {0xF023, -3, QUALITY_LIMIT_PLAY, write_quality_limit},
    {0xF024, -3, QUALITY_LIMIT_DECLARED, write_quality_limit},
    {0xF025, -1, QUALITY_LIMIT_DIP, write_quality_limit},
    {0xF026, -1, QUALITY_LIMIT_SWELL, write_quality_limit},
    {0xF027, -1, QUALITY_LIMIT_INTERRUPTION, write_quality_limit},
    {0xF028, -1, QUALITY_LIMIT_HYSTERESIS, write_quality_limit},
    {0xF029, -3, QUALITY_LIMIT_FAILURE, write_quality_limit},
    {0xF02A, -3, QUALITY_LIMIT_FAILURE_TIME, write_quality_limit},
    {0xF204, 0, ALARM_A, write_alarms},
    {0xF205, 0, ALARM_B_COME, write_alarms},
    {0xF206, 0, ALARM_B_GONE, write_alarms},
    {0xF901, 0, ALARM_TAMPER, write_alarms},
    {0xF300, 0, 0, write_analysis},
    {0xF301, 0, 0, write_analysis},
    {0xF302, 0, 0, write_analysis},
    {0xF310, 0, 0, write_analysis},
    {0xF311, 0, 0, write_analysis},
    {0xF312, 0, 0, write_analysis},
    {0xF313, 0, 0, write_analysis},
    {0xF314, 0, 0, write_analysis},
    {0xF315, 0, 0, write_analysis},
    {0xF316, 0, 0, write_analysis},
    {0xF317, 0, 0, write_analysis},
    {0xF318, 0, 0, write_analysis},
    {0xF319, 0, 0, write_analysis},
    {0xF31A, 0, 0, write_analysis},
    {0xF31B, 0, 0, write_analysis},
    {0xF31C, 0, 0, write_analysis},
    {0xF31D, 0, 0, write_analysis},
    {0xF31E, 0, 0, write_analysis},
    {0xF31F, 0, 0, write_analysis},
    {0xF400, 0, 0, write_clock},
    {0xF410, 0, 0, write_clock},
    {0xF411, 0, 0, write_clock},
    {0xF412, 0, 0, write_clock},
    {0xF420, 0, 0, write_clock},
    {0xF421, 0, 0, write_clock},
    {0xF422, 0, 0, write_clock},
    {0xF423, 0, 0, write_clock},
    {0xF424, 0, 0, write_clock},
    {0xF425, 0, 0, write_clock},
    {0xF426, 0, 0, write_clock},
    {0xF427, 0, 0, write_clock},
    {0xF428, 0, 0, write_clock},
    {0xF429, 0, 0, write_clock},
    {0xF42A, 0, 0, write_clock},
    {0xF42B, 0, 0, write_clock},
    {0xF42C, 0, 0, write_clock},
    {0xF42D, 0, 0, write_clock},
    {0xF42E, 0, 0, write_clock},
    {0xF42F, 0, 0, write_clock},
    {0xF430, 0, 0, write_clock},
    {0xF431, 0, 0, write_clock},
    {0xF432, 0, 0, write_clock},
    {0xF433, 0, 0, write_clock},
    {0xF820, 0, 0, write_pin},
    {0xF821, 0, 0, write_pin},
    {0xF822, -3, 0, write_pin},
};

static const struct row *row_of(const struct meter *meter, uint16_t kmp_id)
{
    const struct register_def *def = register_by_kmp_id(kmp_id);
    for (size_t i = 0; i < sizeof writable / sizeof writable[0]; i++) {
        if (writable[i].kmp_id == kmp_id && def != NULL && register_exists(meter, def)) {
            return &writable[i];
        }
    }
    return NULL;
}

static enum rights_action action_of(const struct row *row)
{
    if (row == NULL) {
        return ACTION_SETTINGS;
    }
    return row->write == write_operation_state  ? ACTION_TEST_MODE
           : row->write == write_alarms         ? ACTION_CONFIRM
           : meter_load_is_command(row->kmp_id) ? ACTION_TARIFF
                                                : ACTION_SETTINGS;
}

/* To another power of ten.  @return false: not without a rest, or too large. */
static bool rescale(int64_t *number, int from, int to)
{
    for (; from > to; from--) {
        if (*number > INT64_MAX / 10 || *number < INT64_MIN / 10) {
            return false;
        }
        *number *= 10;
    }
    for (; from < to; from++) {
        if (*number % 10 != 0) {
            return false;
        }
        *number /= 10;
    }
    return true;
}

bool optical_write(struct meter *meter, uint16_t password, const struct kmp_value *value)
{
    int64_t number = 0;
    int exponent = 0;
    const struct row *row = row_of(meter, value->id);
    const enum rights_action action = action_of(row);
    if (kmp_value_number(value, &number, &exponent) != KMP_OK ||
        meter_may_with(meter, action, password) != RIGHTS_OK) {
        return false;
    }
    if (row == NULL) {
        return optical_settings_put(meter, value->id, number, exponent);
    }
    return rescale(&number, exponent, row->exponent) && row->write(meter, row, number);
}
