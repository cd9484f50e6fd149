/**
 * Voltage quality: dips, swells, interruptions, over- and undervoltage, failed phases, means,
 * unbalance, harmonics, and the weekly counts of EN 50160.
 *
 * Takes the reports of the measuring systems' quality parts in the order in which they come; says
 * what happened as finished records (quality_take), which the meter writes to its log.  A value;
 * time is an argument.  Definitions: docs/voltage-quality.md.
 * Source: EVT-05, EVT-07, EVT-08, MET-21, X-EVT-3, X-EVT-4, Q-05; spec metrology 1.4 and 3.7.
 */
#ifndef OPEN382_QUALITY_H
#define OPEN382_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "quality_report.h"

#define QUALITY_SYSTEMS 3u
#define QUALITY_OUTBOX  16u /**< finished records not yet taken */
#define QUALITY_OPEN    6u  /**< events under way or waiting for the other phases */

enum quality_err {
    QUALITY_OK = 0,
    QUALITY_ERR_RANGE = -1,   /**< limits contradict each other: nothing changed */
    QUALITY_NONE = -2,        /**< nothing good is stored */
    QUALITY_ERR_STORAGE = -3, /**< memory could not be read or written */
};

/** What counts as an event.  Voltages in mV, shares in thousandths of the declared voltage. */
struct quality_config {
    uint32_t declared_mv;         /**< Udin, 100 .. 300 V */
    uint16_t dip_pm;              /**< 900; below it a dip begins */
    uint16_t swell_pm;            /**< 1100 */
    uint16_t interruption_pm;     /**< 50; a dip below it in every phase is an interruption */
    uint16_t hysteresis_pm;       /**< 20; dips and swells end that far back */
    uint32_t high_mv, low_mv;     /**< 253 V, 207 V: over- and undervoltage (EVT-08) */
    uint32_t limit_hysteresis_mv; /**< 0 */
    uint32_t limit_ms;   /**< 1000: they last as long before they count, and are over so long */
    uint32_t failure_mv; /**< 160 V: below it a phase has failed (X-EVT-3) */
    uint32_t failure_ms; /**< 1000 */
};

enum quality_kind {
    QUALITY_DIP = 1,
    QUALITY_SWELL,
    QUALITY_INTERRUPTION,
    QUALITY_UNDERVOLTAGE,
    QUALITY_OVERVOLTAGE,
    QUALITY_FAILURE, /**< phase failure, or outage of the whole meter */
    QUALITY_KINDS
};

enum quality_edge {
    QUALITY_WHOLE, /**< a dip, swell or interruption, told when it is over */
    QUALITY_BEGIN, /**< of what lasts */
    QUALITY_END,
};

/** One entry of the voltage quality log.  Durations stop at 2^32 - 1 ms, 49 days. */
struct quality_record {
    uint8_t kind;   /**< enum quality_kind */
    uint8_t edge;   /**< enum quality_edge */
    uint8_t phases; /**< bit 0 L1, bit 1 L2, bit 2 L3: all that took part */
    int64_t at_us;  /**< WHOLE and BEGIN: when it began; END: when it was over (meter's time) */
    uint32_t duration_ms; /**< WHOLE and END */
    uint32_t extreme_mv;  /**< WHOLE and END: lowest or highest U rms(1/2); BEGIN: so far */
};

/** A quantity that must stay beyond a limit for some time. */
struct quality_watch {
    bool active;
    int64_t since_us; /**< when it went beyond the limit (or back); INT64_MAX: it has not */
    int64_t began_us; /**< of the active event */
    uint32_t extreme_mv;
};

/** A mean under way and the one finished last. */
struct quality_mean {
    uint64_t sum, weight; /**< of squares (voltages) or values (all others), and of samples */
    bool flagged;         /**< a dip, swell or interruption lies in it */
    uint64_t last;        /**< mV^2; or uHz, 1/10000, 1/1000 %, as the quantity */
    bool last_valid, last_flagged;
};

/** One phase (Aron: one system's voltage). */
struct quality_phase {
    uint32_t gain_q30;                /**< voltage gain of the system, 2^30 = nominal */
    uint32_t rms_q8;                  /**< of the last steady report, and what it is in mV */
    uint32_t voltage_mv;              /**< rms of the last report */
    uint32_t low_mv, high_mv;         /**< U rms(1/2), extremes of the last report */
    uint32_t day_low_mv, day_high_mv; /**< and of the UTC day; 0, 0: none yet */
    int64_t reached_us;               /**< all up to here is known */
    bool steady; /**< nothing is beyond any limit, and the last report was steady */
    bool dipping, swelling;
    struct quality_watch under, over, failure;
    struct quality_mean mean_3s, mean_10min, mean_2h, thd_u, thd_i;
    struct quality_spectrum u, i;
};

/** Dips and swells: opened by the first phase, over with the last. */
struct quality_open {
    uint8_t kind;   /**< 0: free */
    uint8_t active; /**< phases still in it */
    uint8_t phases; /**< phases that took part */
    int64_t begin_us, end_us;
    uint32_t extreme_mv;
    uint32_t phase_mv[QUALITY_SYSTEMS];
};

/** EN 50160: how many intervals there were, and in how many the value was as it should be. */
struct quality_count {
    uint32_t n, good;
};

struct quality_week {
    int64_t begin_us;                                   /**< UTC; Monday 00:00 */
    struct quality_count voltage_10[QUALITY_SYSTEMS];   /**< 10-minute means within +-10 % */
    struct quality_count voltage_wide[QUALITY_SYSTEMS]; /**< within +10 / -15 % */
    struct quality_count thd[QUALITY_SYSTEMS];          /**< 10-minute means up to 8 % */
    struct quality_count harmonics[QUALITY_SYSTEMS];    /**< each order within its limit */
    struct quality_count unbalance;                     /**< 10-minute means up to 2 % */
    struct quality_count frequency_1, frequency_wide;   /**< 10 s: +-1 %, +4 / -6 % */
    uint16_t dips, swells, interruptions;
};

/** Lowest and highest U rms(1/2) of the UTC day; 0, 0: none yet. */
struct quality_day {
    int64_t number; /**< days since 1970 */
    uint32_t low_mv[QUALITY_SYSTEMS], high_mv[QUALITY_SYSTEMS];
};

/** Shares of a week, in the order of struct quality_week. */
enum quality_share {
    QUALITY_SHARE_VOLTAGE_10, /**< and two more: each share of phases has three */
    QUALITY_SHARE_VOLTAGE_WIDE = 3,
    QUALITY_SHARE_THD = 6,
    QUALITY_SHARE_HARMONICS = 9,
    QUALITY_SHARE_UNBALANCE = 12,
    QUALITY_SHARE_FREQUENCY_1,
    QUALITY_SHARE_FREQUENCY_WIDE,
    QUALITY_SHARES
};

struct quality {
    struct quality_config config;
    uint8_t systems;
    uint8_t phase_of[QUALITY_SYSTEMS]; /**< phase of each system: 0 L1 .. 2 L3 (Aron 0, 2) */
    bool supplied;
    int64_t utc_minus_now_us;
    bool flagged; /**< an event touched the three seconds under way */
    bool any_open;
    struct quality_phase phase[QUALITY_SYSTEMS];
    struct quality_open open[QUALITY_OPEN];
    struct {
        struct quality_record record;
        int64_t known_us; /**< it may leave when all systems have been heard some time beyond */
    } outbox[QUALITY_OUTBOX];
    uint8_t n_outbox;
    uint32_t lost_records; /**< the outbox was full */
    bool outage;           /**< FAILURE of the whole meter has begun and is not over */
    int64_t outage_us;
    /* of the network */
    struct quality_mean frequency, u2_mean, u0_mean;
    uint32_t u2_milli_pct, u0_milli_pct; /**< 1/1000 % */
    bool unbalance_stale;                /**< a voltage changed since it was worked out */
    /** what it was worked out of: the same once more has the same unbalance; zero: nothing yet */
    uint64_t unbalance_mv[QUALITY_SYSTEMS];
    int32_t unbalance_mdeg[QUALITY_SYSTEMS];
    int64_t next_us; /**< the next interval ends then, at the latest */
    int64_t utc_3s, utc_10s, utc_10min, utc_2h, utc_day; /**< number of the interval under way */
    struct quality_week week, last_week;
    bool store_due; /**< counts have moved, or supply went: the owner stores them and lowers it */
};

/** Defaults (Q-05, spec metrology 1.4). */
void quality_defaults(struct quality_config *config);
/** @retval QUALITY_ERR_RANGE  limits contradict each other. */
enum quality_err quality_check(const struct quality_config *config);

/** Nothing seen yet.  systems 1 .. 3; aron: two systems that are L1 and L3 against L2. */
void quality_start(struct quality *quality, const struct quality_config *config, uint8_t systems,
                   bool aron);

/** Other limits from now on; they are sound (quality_check).  What is under way ends by them. */
void quality_configure(struct quality *quality, const struct quality_config *config);

/** Go on with what was stored before the restart.  @param last_week  NULL: none */
void quality_resume(struct quality *quality, const struct quality_week *week,
                    const struct quality_week *last_week, const struct quality_day *day);
/** Extremes of the day under way. */
void quality_day(const struct quality *quality, struct quality_day *day);

/** The voltage gain of a system changed; 2^30 = nominal. */
void quality_gain(struct quality *quality, unsigned system, uint32_t gain_q30);

/** A report whose stretch ends at now_us.  Without supply it is not looked at. */
void quality_receive(struct quality *quality, const struct quality_report *report, int64_t now_us);

/** Harmonics of one channel; they hold until the next. */
void quality_spectrum(struct quality *quality, const struct quality_spectrum *spectrum);

/** True when unbalance must be worked out anew: the caller then gives the angles. */
bool quality_wants_angles(const struct quality *quality);
/** Angles of the fundamentals against L1, in 1/1000 degree; all three phases present. */
void quality_angles(struct quality *quality, const int32_t angle_mdeg[QUALITY_SYSTEMS],
                    bool all_present);

/**
 * Intervals that have ended are closed, events that no phase can join any more are told.
 * @param utc_minus_now_us  UTC = now + this
 */
void quality_step(struct quality *quality, int64_t now_us, int64_t utc_minus_now_us);

/** Supply of the meter came or went. */
void quality_supply(struct quality *quality, bool on, int64_t now_us);

/** An outage was under way when the meter stopped (newest record of the log): it began then. */
void quality_restore_outage(struct quality *quality, int64_t begin_us);

/** A bit for each phase (or Aron system) that is measured. */
uint8_t quality_all_phases(const struct quality *quality);

/** The next finished record.  @return false: none. */
bool quality_take(struct quality *quality, struct quality_record *record);

/** Root of a mean of squares, mV; 0 while there is none. */
uint32_t quality_mean_mv(const struct quality_mean *mean);

/** One share of a week: intervals that counted, and those in which the value was as it should be.
 */
struct quality_count quality_week_count(const struct quality_week *week, unsigned share);
/** Good ones in 1/100 %, rounded down so that one bad interval shows; 0 while there is none. */
uint16_t quality_count_centi_pct(const struct quality_count *count);

/** Limit of an order of the voltage by EN 50160, 1/10000 of the fundamental; 0: none. */
uint16_t quality_harmonic_limit(unsigned order);

#endif
