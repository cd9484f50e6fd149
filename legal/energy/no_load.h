/**
 * No-load rule of one energy of one phase (X-MET-6: about 10 mA, 2.3 W; the same in var).
 *
 * Energy waits in a pending cell, with its sign, until it is judged:
 *  - a window with a mean of 23 W or more is load beyond doubt: all that is pending is booked at
 * once;
 *  - otherwise, as soon as the cell spans a second, its mean decides: from 2.30 W on it is booked
 *    (2.25 W while load is present: hysteresis), below it is discarded;
 *  - the first block below the threshold after load is booked as well: it holds the load's tail
 *    (unless frames were lost for so long that it spans more than 4 s).
 * So a load well above the threshold is booked to the last fraction, however its start and end
 * fall between windows, while noise around zero cancels itself in the cell and is never split into
 * import and export.  Below the threshold registration stops within two seconds. Source: spec
 * metrology 3.6.
 */
#ifndef OPEN382_LEGAL_NO_LOAD_H
#define OPEN382_LEGAL_NO_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "energy/wide.h"

#define NO_LOAD_START_MW 2300u
#define NO_LOAD_STOP_MW  2250u
#define NO_LOAD_CLEAR_MW 23000u
#define NO_LOAD_BLOCK_US 1000000u
#define NO_LOAD_TAIL_US  4000000u
#define NO_LOAD_SKEW_US  100000u  /**< half a short window: no more apart is the same time */
#define NO_LOAD_ALIGN_US 2000000u /**< cells of a sum begin together again after it */

struct no_load {
    struct wide pending;
    uint64_t pending_us;
    bool loaded;   /**< load present: the last judged block was booked for its mean */
    bool negative; /**< its sign; noise below the threshold has none */
};

/** Is load present, and of negative sign? */
static inline bool no_load_negative(const struct no_load *cell)
{
    return cell->loaded && cell->negative;
}

/**
 * Take one window's energy.
 * @param window_us  time that the energy took, lost frames included; below 2^42
 * @return what is to be booked now, with sign; zero: nothing yet, or nothing at all.
 */
struct wide no_load_take(struct no_load *cell, struct wide energy, uint64_t window_us);

/** An energy of all systems that is judged by its sum (vector summation). */
struct no_load_sum {
    struct no_load *cell[3]; /**< of the systems; what they say of a phase is theirs alone */
    unsigned n_cells;
    bool *loaded; /**< load present in the sum */
};

/**
 * The rule on a sum: of an Aron build's systems one may run backwards, or be near nothing, while
 * the load is real.  What the cells come to together decides, and they are booked or discarded
 * together, so that the sum of each booking has the sign of the load.  Nothing is decided before
 * all cells span the same time, or one of them NO_LOAD_ALIGN_US: a frame that is late is waited
 * for.
 *
 * @param taken_us  of each cell as window_us above; 0: its frame has not come
 * @param booked    what is to be booked now of each cell, with sign
 */
void no_load_take_sum(const struct no_load_sum *sum, const struct wide energy[],
                      const uint64_t taken_us[], struct wide booked[]);

/** Settle the cells of a sum early. */
void no_load_settle_sum(const struct no_load_sum *sum, struct wide booked[]);

/** Settle early (end of supply): book what is pending if its mean so far is load or a load's tail.
 */
struct wide no_load_settle(struct no_load *cell);

/** Forget what is pending (the meter stopped). */
void no_load_clear(struct no_load *cell);

#endif
