#include "load_profile_model.h"

#include <string.h>

#define MINUTES_PER_DAY 1440u

struct model {
    uint32_t memory_bytes, head_bytes, channel_bytes;
    bool rounds; /**< days to the nearest; else down */
};

static const struct model model_l = {229312, 1, 3, false};
static const struct model model_m = {554400, 17, 4, true};

static const struct model *model_of(const struct variant *variant)
{
    return variant->generation == GENERATION_L ? &model_l : &model_m;
}

bool load_profile_fitted(const struct variant *variant)
{
    return variant->generation >= GENERATION_L && variant->rtc;
}

uint8_t load_profile_channels(const struct variant *variant, uint8_t energy[LEGAL_PROFILE_CHANNELS])
{
    static const struct {
        uint8_t n, energy[LEGAL_PROFILE_CHANNELS];
    } sets[] = {
        [ENERGY_A_PLUS] = {1, {LEGAL_A_PLUS}},
        [ENERGY_A_BOTH] = {2, {LEGAL_A_PLUS, LEGAL_A_MINUS}},
        [ENERGY_A_PLUS_R_PLUS] = {2, {LEGAL_A_PLUS, LEGAL_R_PLUS}},
        [ENERGY_FOUR] = {4, {LEGAL_A_PLUS, LEGAL_A_MINUS, LEGAL_R_PLUS, LEGAL_R_MINUS}},
    };
    memcpy(energy, sets[variant->energy_type].energy, LEGAL_PROFILE_CHANNELS);
    return sets[variant->energy_type].n;
}

uint32_t load_profile_record_bytes(const struct variant *variant)
{
    uint8_t energy[LEGAL_PROFILE_CHANNELS];
    const struct model *model = model_of(variant);
    return model->head_bytes + model->channel_bytes * load_profile_channels(variant, energy);
}

uint32_t load_profile_memory_bytes(const struct variant *variant)
{
    return model_of(variant)->memory_bytes;
}

uint32_t load_profile_records(const struct variant *variant, uint32_t memory_bytes)
{
    return memory_bytes / load_profile_record_bytes(variant);
}

uint32_t load_profile_depth_days(const struct variant *variant, uint32_t records,
                                 uint8_t interval_min)
{
    const uint32_t minutes = records * interval_min;
    const uint32_t half = model_of(variant)->rounds ? MINUTES_PER_DAY / 2u : 0;
    return (minutes + half) / MINUTES_PER_DAY;
}
