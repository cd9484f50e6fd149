/**
 * The limits of voltage quality one by one, as a client reads and writes them (EVT-08).
 *
 * A limit is written by itself, and all of them together must be sound after it (quality_check), so
 * a client that moves several must choose an order in which they stay so.
 */
#ifndef OPEN382_QUALITY_LIMITS_H
#define OPEN382_QUALITY_LIMITS_H

#include "quality.h"

/** Voltages in mV, times in ms, shares in thousandths of the declared voltage. */
enum quality_limit {
    QUALITY_LIMIT_LOW,      /**< low_mv */
    QUALITY_LIMIT_HIGH,     /**< high_mv */
    QUALITY_LIMIT_TIME,     /**< limit_ms */
    QUALITY_LIMIT_PLAY,     /**< limit_hysteresis_mv */
    QUALITY_LIMIT_DECLARED, /**< declared_mv */
    QUALITY_LIMIT_DIP,      /**< dip_pm */
    QUALITY_LIMIT_SWELL,    /**< swell_pm */
    QUALITY_LIMIT_INTERRUPTION,
    QUALITY_LIMIT_HYSTERESIS,   /**< hysteresis_pm: of dips and swells */
    QUALITY_LIMIT_FAILURE,      /**< failure_mv */
    QUALITY_LIMIT_FAILURE_TIME, /**< failure_ms */
    QUALITY_LIMITS
};

/** Power of ten of the limit's steps: -3 (mV of V, ms of s), -1 (thousandths of percent). */
int quality_limit_exponent(enum quality_limit limit);

uint32_t quality_limit_get(const struct quality_config *config, enum quality_limit limit);

/**
 * Set one limit.
 * @retval QUALITY_ERR_RANGE  it does not fit, or not with the others: *config is untouched.
 */
enum quality_err quality_limit_set(struct quality_config *config, enum quality_limit limit,
                                   int64_t value);

#endif
