#include "pulse_limit.h"

#define UWH_PER_KWH UINT64_C(1000000000)
#define TENTHS      10u
#define VOLTAGE_V   230u
/* Tenths of an ampere x ms x pulses a kWh x V: 3 600 000 Ws and 1000 ms, ten times. */
#define TENTHS_MS_PER_KWH UINT64_C(36000000000)

bool pulse_value_good(const struct pulse_value *value)
{
    uint16_t per_kwh = 1;
    while (per_kwh < PULSE_VALUE_MAX && per_kwh < value->per_kwh) {
        per_kwh = (uint16_t)(per_kwh * 10u);
    }
    return value->per_kwh == per_kwh && value->division >= 1 &&
           value->division <= PULSE_DIVISION_MAX;
}

uint64_t pulse_value_uwh(const struct pulse_value *value)
{
    return UWH_PER_KWH / value->per_kwh * value->division;
}

uint32_t pulse_limit_tenths(const struct pulse_value *value, unsigned pulse_ms, unsigned phases,
                            unsigned max_a)
{
    const uint64_t load =
        (uint64_t)2u * pulse_ms * value->per_kwh * phases * VOLTAGE_V; /* of one ampere */
    if (load == 0) {
        return 0;
    }
    uint64_t tenths = TENTHS_MS_PER_KWH * value->division / load;
    tenths = tenths >= 10u * TENTHS ? tenths / TENTHS * TENTHS : tenths;
    return (uint32_t)(tenths < (uint64_t)max_a * TENTHS ? tenths : (uint64_t)max_a * TENTHS);
}
