/**
 * Mean power of the integration period and the peaks P+max (REG-06, REG-07, REG-08 in part).
 *
 * Periods are aligned to the clock; means come from differences of the legal registers, so nothing
 * is sampled and a power cut loses nothing: a period that goes on after a cut goes on from its
 * start.
 * A mean is the period's energy over the whole period, time without supply included.
 */
#ifndef OPEN382_DEMAND_H
#define OPEN382_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "legal_api.h"

#define DEMAND_PEAKS               6u /**< P+ P- Q+ Q-, P+ tariff 1, P+ tariff 2 */
#define DEMAND_TARIFFS             2u /**< tariffs that have a peak of their own */
#define DEMAND_THRESHOLD_DEFAULT_W 99000u

struct demand_peak {
    uint32_t power_mw; /**< mW or mvar */
    int64_t utc_s;     /**< end of that period; 0: none yet */
};

struct demand {
    uint8_t integration_min;
    uint8_t accumulates;    /**< tariff (1, 2) whose peak P+ is accumulated, 0: P+ itself; K */
    int64_t period_start_s; /**< UTC; INT64_MIN: no period running */
    uint64_t start_uwh[LEGAL_TARIFF_ENERGIES]; /**< registers at the period's start */
    uint64_t start_tariff_uwh[DEMAND_TARIFFS]; /**< A+ tariff 1 and 2 likewise */
    uint32_t mean_mw[LEGAL_TARIFF_ENERGIES];   /**< of the last full period */
    struct demand_peak peak[DEMAND_PEAKS];
    struct demand_peak ended; /**< the last step ended this period: mean P+; utc_s 0: it did not */
    uint64_t accumulated_mw[LEGAL_TARIFF_ENERGIES]; /**< of the periods that were debited */
    uint32_t debiting_count;
    uint32_t threshold_w;    /**< mean P+ above it is counted */
    uint8_t threshold_count; /**< wraps at 255 (the register has one byte) */
};

/** @param integration_min  5, 15, 30 or 60 */
void demand_init(struct demand *demand, uint8_t integration_min);
/** Configuration 3, K: which of the three peaks P+ is accumulated; all of them are kept. */
void demand_accumulate(struct demand *demand, uint32_t configuration_3);
/**
 * Call at least once per period boundary, after the energy of the time before it was registered.
 *
 * When more than one period has passed (no supply, or the clock was set), all the energy counts
 * for the period that was running and the last full one is empty.  When the clock was set back,
 * the running period begins anew.
 * @return UTC second of the next boundary.
 */
int64_t demand_step(struct demand *demand, const struct legal *legal, int64_t utc_s);

/** The accumulated peak as it will be when the present one (of P+: the one that K chooses) has been
 *  added. */
uint64_t demand_accumulated_with_peak(const struct demand *demand, enum legal_energy energy);

/**
 * A debiting period ends (BIL-07): peaks are added to the accumulated ones and begin at zero, the
 * number of debiting periods rises.  The integration period under way goes on.
 */
void demand_debit(struct demand *demand);

#endif
