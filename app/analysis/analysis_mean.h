/**
 * Means and extremes over the analysis interval, of the values that the legal part renews once a
 * second.  A value counts for the time since the sample before it.
 * Source: X-ANA-1 (averages are means over the analysis interval), spec answers B6.1 and B10.5.
 */
#ifndef OPEN382_ANALYSIS_MEAN_H
#define OPEN382_ANALYSIS_MEAN_H

#include <stdint.h>

#include "legal_api.h"

/** What each phase has a mean of: mV, mA, mW, mvar, mVA; of a THD 0.01 %, over the time in which it
 * had one. */
enum analysis_quantity {
    ANALYSIS_VOLTAGE,
    ANALYSIS_CURRENT,
    ANALYSIS_ACTIVE_PLUS,
    ANALYSIS_ACTIVE_MINUS,
    ANALYSIS_REACTIVE_PLUS,
    ANALYSIS_REACTIVE_MINUS,
    ANALYSIS_APPARENT_PLUS,  /**< while the phase imports */
    ANALYSIS_APPARENT_MINUS, /**< while it exports */
    ANALYSIS_THD_U,
    ANALYSIS_THD_I,
    ANALYSIS_QUANTITIES
};

/** Extremes of the one-second values; index of SOURCE_ANALYSIS_EXTREME. */
enum analysis_extreme {
    ANALYSIS_VOLTAGE_LOW,                                          /**< L1, and L2, L3 after it */
    ANALYSIS_VOLTAGE_HIGH = ANALYSIS_VOLTAGE_LOW + LEGAL_SYSTEMS,  /**< likewise */
    ANALYSIS_CURRENT_HIGH = ANALYSIS_VOLTAGE_HIGH + LEGAL_SYSTEMS, /**< likewise */
    ANALYSIS_POWER_LOW = ANALYSIS_CURRENT_HIGH + LEGAL_SYSTEMS,    /**< P+ of the meter */
    ANALYSIS_POWER_HIGH,
    ANALYSIS_EXTREMES
};

/** An interval that is over; by measuring system.  All zero: nothing was measured. */
struct analysis_result {
    uint32_t mean[LEGAL_SYSTEMS][ANALYSIS_QUANTITIES];
    uint32_t extreme[ANALYSIS_EXTREMES]; /**< mV, mA, mW */
    int32_t net_mw;                      /**< mean of the signed sum */
    uint32_t apparent_mva;
};

struct analysis_means {
    int64_t sum[LEGAL_SYSTEMS][ANALYSIS_QUANTITIES]; /**< value times milliseconds */
    int64_t net_sum, apparent_sum;
    int64_t measured_ms;
    int64_t thd_ms[LEGAL_SYSTEMS][2]; /**< of them, with a THD of voltage, of current */
    uint32_t extreme[ANALYSIS_EXTREMES];
    struct analysis_result last; /**< of the last full interval */
};

/** Take the values of now for the last so many milliseconds; less than one: nothing. */
void analysis_means_add(struct analysis_means *means, const struct legal_instant *instant,
                        int64_t ms);

/** Likewise a THD of a measuring system, while there is one (without current there is none). */
void analysis_means_add_thd(struct analysis_means *means, unsigned system,
                            enum analysis_quantity quantity, uint16_t thd_centi_pct, int64_t ms);

/** The interval is over: its result stands in last, and the next one begins. */
void analysis_means_close(struct analysis_means *means);

#endif
