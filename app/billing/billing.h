/**
 * Debiting (billing): what is stored at the end of a debiting period, and when that is.
 *
 * A stop stores a record of the 22 items of BIL-A in debiting log 1 (36 deep), closes the peaks
 * into it, adds them to the accumulated ones and begins a new period.  The record is written first:
 * a cut after it is recognised at the next start, by the number of its period, and the stop is
 * completed, never repeated.  Debiting log 2 (M: 45 deep) stores energies by day, week or month and
 * touches nothing.  Source: BIL-01..07, REG-06..08, X-BIL-1, spec answers B10.3, B10.4.
 */
#ifndef OPEN382_BILLING_H
#define OPEN382_BILLING_H

#include <stdbool.h>
#include <stdint.h>

#include "../clock/clock.h"
#include "../demand/demand.h"
#include "../log/event_log.h"
#include "billing_dates.h"
#include "legal_api.h"

#define BILLING_TARIFFS 4u
#define BILLING_PEAKS   3u /**< P+ tariff 1, P+ tariff 2, P+ */

enum billing_cause { BILLING_BY_DATE = 1, BILLING_BY_COMMAND = 2 };

/** One record of debiting log 1: BIL-A, in the order of the data sheets. */
struct billing_record {
    uint64_t energy_uwh[LEGAL_TARIFF_ENERGIES]; /**< A+ A- R+ R- */
    uint64_t a_plus_uwh[BILLING_TARIFFS];       /**< A+ of T1 .. T4 */
    uint64_t r_plus_uwh[BILLING_TARIFFS];
    struct demand_peak peak[BILLING_PEAKS];
    uint64_t accumulated_mw; /**< P+max acc, this period's included */
    int64_t utc_s;           /**< date and time of the stop */
    bool clock_valid;
    uint32_t hours;  /**< hour counter */
    uint32_t period; /**< number of debiting periods, this one included */
    uint8_t threshold_count;
    uint32_t pulse_input;
    enum billing_cause cause;
    int64_t due_s; /**< BILLING_BY_DATE: midnight that was due; it may have been stopped later */
};

/** One record of debiting log 2. */
struct billing2_record {
    uint64_t energy_uwh[LEGAL_TARIFF_ENERGIES];
    uint64_t tariff_uwh[BILLING_TARIFFS][LEGAL_TARIFF_ENERGIES];
    int64_t utc_s;
    bool clock_valid;
    uint32_t hours;
};

/** What billing works on, and the instant. */
struct billing_parts {
    const struct board *board;
    const struct legal *legal;
    const struct clock *clock;
    struct event_logs *logs;
    struct demand *demand;
    int64_t utc_s;
    uint32_t pulse_input; /**< register of the module's pulse input */
};

struct billing {
    uint8_t target_day_gg; /**< configuration GG; 0: external control */
    uint16_t months;       /**< of configuration HH, bit 0 = January */
    bool second;           /**< debiting log 2 is fitted (M, 162M) */
    enum billing2_interval second_interval;
    int64_t checked_s; /**< dates up to here have been looked at; INT64_MIN: none */
    int64_t due_s;     /**< of the newest stop by date; INT64_MIN: none */
    int64_t second_due_s;
};

/** Take GG, HH and what is fitted from the variant; the rest stays. */
void billing_configure(struct billing *billing, const struct variant *variant);

/**
 * Take up where the memory ends; completes a stop that was cut.  After billing_configure.
 * @param known_utc_s  last instant at which the meter is known to have run; INT64_MIN: unknown
 * @return whether demand was changed by that and must be stored
 */
bool billing_start(struct billing *billing, const struct billing_parts *parts, int64_t known_utc_s);

/**
 * Stop what is due by date.  Call at every full hour at least, and when supply returns, before new
 * energy is counted.  Dates that passed without supply make one stop, at the return.  Nothing is
 * due while the clock is not valid.  What can't be stored stays due.
 * @return whether a stop changed demand: to be stored
 */
bool billing_step(struct billing *billing, const struct billing_parts *parts);

/**
 * Stop now, by command.
 * @retval EVENT_LOG_ERR_STORAGE  not stored: the period goes on, nothing has changed
 */
enum event_log_err billing_stop(struct billing *billing, const struct billing_parts *parts);

/** The clock is about to be set to this UTC second. */
void billing_clock_set(struct billing *billing, int64_t from_utc_s, int64_t to_utc_s);

/** A record of log 1 by its id. */
enum event_log_err billing_read(const struct event_logs *logs, const struct board *board,
                                uint32_t id, struct billing_record *out);
enum event_log_err billing2_read(const struct event_logs *logs, const struct board *board,
                                 uint32_t id, struct billing2_record *out);

#endif
