#include "quality_limits.h"

#include <stddef.h>
#include <string.h>

#define THOUSANDTHS  (-3)
#define TENTHS       (-1)
#define WIDE(field)  offsetof(struct quality_config, field), 4, THOUSANDTHS
#define SHARE(field) offsetof(struct quality_config, field), 2, TENTHS

static const struct {
    uint8_t offset, bytes;
    int8_t exponent;
} limits[QUALITY_LIMITS] = {
    [QUALITY_LIMIT_LOW] = {WIDE(low_mv)},
    [QUALITY_LIMIT_HIGH] = {WIDE(high_mv)},
    [QUALITY_LIMIT_TIME] = {WIDE(limit_ms)},
    [QUALITY_LIMIT_PLAY] = {WIDE(limit_hysteresis_mv)},
    [QUALITY_LIMIT_DECLARED] = {WIDE(declared_mv)},
    [QUALITY_LIMIT_DIP] = {SHARE(dip_pm)},
    [QUALITY_LIMIT_SWELL] = {SHARE(swell_pm)},
    [QUALITY_LIMIT_INTERRUPTION] = {SHARE(interruption_pm)},
    [QUALITY_LIMIT_HYSTERESIS] = {SHARE(hysteresis_pm)},
    [QUALITY_LIMIT_FAILURE] = {WIDE(failure_mv)},
    [QUALITY_LIMIT_FAILURE_TIME] = {WIDE(failure_ms)},
};

int quality_limit_exponent(enum quality_limit limit)
{
    return limits[limit].exponent;
}

uint32_t quality_limit_get(const struct quality_config *config, enum quality_limit limit)
{
    const uint8_t *at = (const uint8_t *)config + limits[limit].offset;
    uint16_t share = 0;
    uint32_t wide = 0;
    if (limits[limit].bytes == sizeof share) {
        memcpy(&share, at, sizeof share);
        return share;
    }
    memcpy(&wide, at, sizeof wide);
    return wide;
}

enum quality_err quality_limit_set(struct quality_config *config, enum quality_limit limit,
                                   int64_t value)
{
    struct quality_config changed = *config;
    uint8_t *at = (uint8_t *)&changed + limits[limit].offset;
    const bool is_share = limits[limit].bytes == sizeof(uint16_t);
    if (value < 0 || value > (int64_t)(is_share ? UINT16_MAX : UINT32_MAX)) {
        return QUALITY_ERR_RANGE;
    }
    if (is_share) {
        const uint16_t share = (uint16_t)value;
        memcpy(at, &share, sizeof share);
    } else {
        const uint32_t wide = (uint32_t)value;
        memcpy(at, &wide, sizeof wide);
    }
    if (quality_check(&changed) != QUALITY_OK) {
        return QUALITY_ERR_RANGE;
    }
    *config = changed;
    return QUALITY_OK;
}
