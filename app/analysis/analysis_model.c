#include "analysis_model.h"

#include <stddef.h>

#include "../load_profile/load_profile_model.h"

#define HEAD_BYTES       11u
#define VALUE_BYTES      7u
#define MEMORY_L_BYTES   229312u
#define MINUTES_PER_DAY  1440u
#define PROFILE_DAYS     130u
#define PROFILE_RECORDS  12480u /* 130 days at 15 minutes */
#define DEPTH_MIN_TENTHS 25u

bool analysis_fitted(const struct variant *variant)
{
    return load_profile_fitted(variant);
}

bool analysis_interval_allowed(uint8_t interval_min)
{
    static const uint8_t allowed[] = {5, 15, 30, 60};
    size_t i = 0;
    while (i < sizeof allowed && allowed[i] != interval_min) {
        i++;
    }
    return i < sizeof allowed;
}

uint32_t analysis_record_bytes(uint8_t n_values)
{
    return HEAD_BYTES + VALUE_BYTES * n_values;
}

uint32_t analysis_records(uint32_t memory_bytes, uint8_t n_values)
{
    const uint32_t records = memory_bytes / analysis_record_bytes(n_values);
    return records < ANALYSIS_RECORDS_MAX ? records : ANALYSIS_RECORDS_MAX;
}

uint32_t analysis_profile_default(const struct variant *variant)
{
    const uint32_t records = PROFILE_DAYS * MINUTES_PER_DAY / variant->integration_min;
    return records < PROFILE_RECORDS ? records : PROFILE_RECORDS;
}

uint32_t analysis_profile_bytes(const struct variant *variant, uint32_t profile_records)
{
    const uint32_t all = load_profile_memory_bytes(variant);
    const uint32_t record = load_profile_record_bytes(variant);
    if (variant->generation == GENERATION_L || profile_records >= all / record) {
        return all;
    }
    return profile_records * record;
}

uint32_t analysis_memory_bytes(const struct variant *variant, uint32_t profile_records)
{
    if (variant->generation == GENERATION_L) {
        return MEMORY_L_BYTES;
    }
    return load_profile_memory_bytes(variant) - analysis_profile_bytes(variant, profile_records);
}

uint32_t analysis_depth_tenths(uint32_t records, uint8_t interval_min)
{
    return records * interval_min * 10u / MINUTES_PER_DAY;
}

bool analysis_deep_enough(uint32_t records, uint8_t interval_min)
{
    return analysis_depth_tenths(records, interval_min) >= DEPTH_MIN_TENTHS;
}
