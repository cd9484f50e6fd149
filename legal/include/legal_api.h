/**
 * The protective interface: the only way into the legal processor.
 *
 * Every function carries the number of its row in docs/legal/commands.md (LEGAL-CMD-nn).  Data
 * leave by value.  There is no command that sets, resets or lowers an energy register.
 *
 * The legal part owns: correction per system, summation, energy and tariff registers, pulses, hour
 * counter, supply supervisor, permanent memory, software identification.
 * Source: MET-05..09, REG-01..04, 09, 12..14, LCO-04, LCO-12, X-MET-3..7; WELMEC 7.2 (recalled).
 */
#ifndef OPEN382_LEGAL_API_H
#define OPEN382_LEGAL_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "legal_port.h"
#include "measuring_system.h"

#define LEGAL_SYSTEMS 3u
#define LEGAL_TARIFFS 8u

/** Results of the protective interface.  Numbers are never reused. */
enum legal_err {
    LEGAL_OK = 0,
    LEGAL_ERR_RANGE = -1,   /**< argument outside its range: nothing changed */
    LEGAL_ERR_SEALED = -2,  /**< parameter locked by the seal */
    LEGAL_ERR_STORAGE = -4, /**< could not be made permanent */
    LEGAL_ERR_FORMAT = -5,  /**< stored image of a format this software does not know */
    LEGAL_ERR_TYPE = -7,    /**< stored registers belong to a meter of another summation */
    LEGAL_ERR_FULL = -8,    /**< the audit trail has no room for the change: nothing changed */
};

/**
 * Energies of the whole meter.  The first four are the billing registers and exist per tariff; they
 * follow enum legal_summation.  R1 .. R4 split R+ and R- by the sign of the active power.
 */
enum legal_energy {
    LEGAL_A_PLUS,  /**< A14: sum of the phases that import (individual summation) */
    LEGAL_A_MINUS, /**< A23 */
    LEGAL_R_PLUS,  /**< R12: quadrants 1 and 2 */
    LEGAL_R_MINUS, /**< R34 */
    LEGAL_R1,      /**< inductive import, quadrant 1 */
    LEGAL_R2,
    LEGAL_R3,
    LEGAL_R4,         /**< capacitive import, quadrant 4 */
    LEGAL_NET_A_PLUS, /**< signed sum over the phases first, then split (vector summation) */
    LEGAL_NET_A_MINUS,
    LEGAL_NET_R_PLUS,
    LEGAL_NET_R_MINUS,
    LEGAL_A_PLUS_L1,
    LEGAL_A_PLUS_L2,
    LEGAL_A_PLUS_L3,
    LEGAL_A_MINUS_L1,
    LEGAL_A_MINUS_L2,
    LEGAL_A_MINUS_L3,
    LEGAL_R_PLUS_L1,
    LEGAL_R_PLUS_L2,
    LEGAL_R_PLUS_L3,
    LEGAL_R_MINUS_L1,
    LEGAL_R_MINUS_L2,
    LEGAL_R_MINUS_L3,
    LEGAL_ENERGIES
};
#define LEGAL_TARIFF_ENERGIES 4u

enum legal_summation {
    LEGAL_SUM_INDIVIDUAL, /**< each phase by its own sign (382M default, X-MET-4) */
    LEGAL_SUM_VECTOR,     /**< signed sum first (always so for Aron) */
    LEGAL_SUM_TOTAL,      /**< every phase counts as import: A+ sums |A|, R+ sums |R| */
};

/** Type-specific constants, from the variant descriptor.  Sealed. */
struct legal_setup {
    uint8_t systems;         /**< 1 .. 3 measuring systems */
    uint8_t summation;       /**< enum legal_summation */
    uint16_t pulses_per_kwh; /**< 1000 (MET-18) */
    uint8_t pulse_energy;    /**< enum legal_energy that LED and S0 show; LEGAL_A_PLUS */
    uint8_t pulse_ms;        /**< 30 (LCO-04) */
};

/** Error of a gain at d hundredths of a kelvin from the reference temperature:
 *  d * (linear * 2^-40 + d * (quadratic * 2^-54 + d * cubic * 2^-68)); each +-2^27.  What a reading
 *  is too large by, relative; taken off.  d is held to +-120 K, the error to +-3 %. */
struct legal_drift {
    int32_t linear_q40, quadratic_q54, cubic_q68;
};

#define LEGAL_NEIGHBOURS (LEGAL_SYSTEMS - 1u)

/** Device-specific constants of one system (calibration).  Sealed, two copies, CRC. */
struct legal_constants {
    uint32_t
        power_gain; /**< 2^-48 uWh per counter step (2^16 squared ADC steps), nominal 1592888889 */
    uint32_t voltage_gain; /**< nominal 2^30 */
    uint32_t current_gain; /**< nominal 2^30 */
    /** active offset in 2^-40 of the sum of v*v (U^2 law): subtracted from the active counter */
    int32_t crosstalk_g_q40;
    int32_t crosstalk_b_q40;     /**< reactive offset, likewise */
    uint32_t current_noise_lsb2; /**< mean square of the current channel's noise, ADC steps^2 */
    /** of power (energy) and of voltage; that of current is what power drifts more than voltage */
    struct legal_drift power_drift, voltage_drift;
    /** What the shunt is warmer than the temperature sensor, as an error of power and current:
     * 2^-64 per counter step of mean square current (2^16 squared ADC steps), smoothed with
     * heating_s;
     *  +-2^29 (0.5 % at 100 A) */
    int32_t heating_q64;
    int32_t clock_ppb; /**< of the sample clock, positive: it runs fast; +-500 000; corrects the
                            frequency shown, not energy (power_gain contains it) */
    /** Current that the voltage of the next system [0] (in the order 1, 2, 3, 1) and of the one
     *  after it [1] adds, complex, ADC steps in ADC steps, 2^-40; each +-2^30 */
    int32_t neighbour_re_q40[LEGAL_NEIGHBOURS], neighbour_im_q40[LEGAL_NEIGHBOURS];
    int16_t reference_cc; /**< where both drifts are zero, 1/100 degree; -50 .. 100 degrees */
    uint16_t heating_s;   /**< time constant of self-heating, 10 .. 4000; 0: none */
};

enum legal_supply {
    LEGAL_SUPPLY_OFF, /**< all phases below 160 V for over a second: state stored, meter stopped */
    LEGAL_SUPPLY_ON,
};

/** One phase (or Aron system) as measured over the last second. */
struct legal_phase {
    uint32_t voltage_mv;        /**< true rms */
    uint32_t current_ma;        /**< true rms, noise-corrected */
    uint32_t current_ua;        /**< the same, finer: for calibration */
    int32_t active_mw;          /**< positive = import */
    int32_t reactive_mvar;      /**< fundamental; positive = Q1, Q2 */
    uint32_t apparent_mva;      /**< U * I, never below |P| */
    int32_t voltage_angle_mdeg; /**< of U1 against phase L1's U1; -180000 .. 180000 */
    int32_t current_angle_mdeg; /**< of I1 against its own U1; positive = lagging */
    bool voltage_present;       /**< above 160 V (DIS-15) */
    bool load_present;          /**< above 2.3 W or 2.3 var: energy is registered (DIS-16) */
    bool exporting; /**< active load above 2.3 W, and it is export; the sign of less is noise */
    int16_t temperature_cc; /**< of the system's own sensor, 1/100 degree */
    uint32_t frequency_uhz; /**< of its voltage, by its own clock; 0: unknown */
};

enum legal_sequence { LEGAL_SEQUENCE_UNKNOWN, LEGAL_SEQUENCE_123, LEGAL_SEQUENCE_132 };

/** Instantaneous values, renewed once a second (in the first one: of the windows so far). */
struct legal_instant {
    /** absent systems, and those that have sent nothing for three seconds: all zero */
    struct legal_phase phase[LEGAL_SYSTEMS];
    /** totals, split like the registers (individual, vector or total summation); what is below the
     *  no-load threshold does not count */
    uint32_t active_plus_mw, active_minus_mw;
    uint32_t reactive_plus_mvar, reactive_minus_mvar;
    int32_t active_net_mw, reactive_net_mvar; /**< signed sums */
    uint32_t apparent_mva;
    uint32_t frequency_mhz; /**< 0: unknown */
    uint32_t frequency_uhz; /**< the same, finer */
    uint8_t sequence;       /**< enum legal_sequence */
    uint8_t quadrant;       /**< 1 .. 4 of the total; 0 = no load */
    int16_t temperature_cc;
};

/** Of the instantaneous values what a star of voltages needs; the same numbers. */
struct legal_voltages {
    uint32_t voltage_mv[LEGAL_SYSTEMS];
    int32_t angle_mdeg[LEGAL_SYSTEMS]; /**< of U1 against phase L1's U1; -180000 .. 180000 */
    bool present[LEGAL_SYSTEMS];       /**< above 160 V (DIS-15) */
};

/** Health of the legal part. */
struct legal_health {
    uint32_t frames_received;
    uint32_t frames_lost;    /**< gaps in the sequence numbers */
    uint32_t frames_damaged; /**< CRC or form wrong */
    uint32_t memory_writes;  /**< since start */
    uint32_t memory_errors;
    uint8_t systems_silent; /**< bit 0: system 1 has sent nothing for three seconds, and so on */
    uint32_t start_count;   /**< starts of the meter since the memory was blank */
    bool memory_restored;   /**< false: the memory was blank at start */
    bool memory_fault;      /**< EEPROM access or check error */
    bool memory_suspect;    /**< a fault above was seen at some time; never cleared */
    bool program_fault;     /**< checksum over the program wrong */
    bool calibrated;        /**< constants read from memory, not nominal */
};

/** Sealed constants of one system: correction and what the measuring system gets at its start. */
struct legal_calibration {
    struct legal_constants correction;
    struct measuring_setup measuring; /**< field system is ignored */
};

/** A constant of one system, by name. */
enum legal_constant {
    LEGAL_CONSTANT_NONE,
    LEGAL_CONSTANT_POWER_GAIN,
    LEGAL_CONSTANT_VOLTAGE_GAIN,
    LEGAL_CONSTANT_CURRENT_GAIN,
    LEGAL_CONSTANT_CROSSTALK_G,
    LEGAL_CONSTANT_CROSSTALK_B,
    LEGAL_CONSTANT_NOISE,
    LEGAL_CONSTANT_FILTER,
    LEGAL_CONSTANT_DELAY,
    LEGAL_CONSTANT_POWER_DRIFT,
    LEGAL_CONSTANT_VOLTAGE_DRIFT,
    LEGAL_CONSTANT_HEATING,
    LEGAL_CONSTANT_CLOCK,
    LEGAL_CONSTANT_NEIGHBOURS,
    LEGAL_CONSTANT_REFERENCE,
    LEGAL_CONSTANTS
};

/**
 * Sums of one system over all windows booked since this start, modulo 2^64: their differences are
 * exact over any time.  They go on through restarts of the measuring system, and count what the
 * no-load rule forgets.  No register follows them.
 */
struct legal_sums {
    uint16_t epoch;                     /**< of the measuring system's run */
    bool locked;                        /**< the last window held whole cycles */
    bool clipped;                       /**< the last window touched the end of the ADC's range */
    bool constants_refused;             /**< the measuring system works with neutral constants */
    bool silent;                        /**< nothing came for three seconds */
    bool calibrated;                    /**< has constants of its own */
    uint16_t n_unlocked, n_clipped;     /**< windows not locked, clipped; modulo 2^16 */
    uint64_t samples;                   /**< 8000 a second of its own clock */
    int64_t active_nwh, reactive_nvarh; /**< corrected, signed */
    uint64_t voltage_squares, current_squares; /**< 2^16 squared ADC steps, not corrected */
    uint32_t voltage_gain, current_gain;       /**< of the rms values, now; 2^-30 */
};

/** What an entry of the audit trail says happened.  Numbers are never reused. */
enum legal_audit_what {
    LEGAL_AUDIT_CONSTANTS = 1,   /**< constants were replaced */
    LEGAL_AUDIT_SEAL_OPENED = 2, /**< the seal was seen open */
    LEGAL_AUDIT_SEAL_CLOSED = 3,
    LEGAL_AUDIT_REFUSED = 4,  /**< constants were to be written with the seal closed */
    LEGAL_AUDIT_SOFTWARE = 5, /**< another program runs than wrote the entry before */
    LEGAL_AUDIT_FOUND = 6,    /**< constants in force are not those that the entries before say */
};

struct legal_audit_entry {
    uint32_t number; /**< 1 up; numbers without entry are remains of cuts */
    uint8_t what;    /**< enum legal_audit_what */
    uint8_t systems; /**< of LEGAL_AUDIT_CONSTANTS: bit 0 system 1, and so on */
    bool applied;    /**< false: a change that never was in force (cut off, or not stored) */
    bool lost;       /**< of LEGAL_AUDIT_FOUND: no copy was good, nominal ones are in force */
    bool seal_open;
    bool time_valid;                /**< else utc_s is zero */
    int64_t utc_s;                  /**< by legal_audit_time */
    uint32_t old_crc, new_crc;      /**< of all constants, before and after; 0: never noted */
    uint32_t writes;                /**< legal_calibration_count after the change */
    uint32_t refused;               /**< attempts refused so far */
    uint32_t software, program_crc; /**< that wrote the entry: number and checksum */
    uint32_t starts, operating_s;   /**< legal_health, legal_operating_s */
};

struct legal_audit {
    uint32_t n_entries;      /**< highest number */
    uint32_t n_changes_left; /**< changes of constants that still find room */
    uint32_t refused;        /**< attempts with the seal closed; those since the newest entry are
                                  forgotten when the supply goes */
    bool seal_open;          /**< now */
};

/** Software identification (WELMEC P2): shown on demand, part of the program itself. */
struct legal_identity {
    uint32_t number;                          /**< software number, e.g. 38200101 */
    uint8_t revision_letter, revision_number; /**< A 1 */
    /** CRC-32 over the legal program as it is in memory; where the board can't tell the span, over
     *  the identification itself */
    uint32_t checksum;
};

#define LEGAL_PROFILE_CHANNELS 4u

/** What the billing load profile records (LPR-02, LPR-03). */
struct legal_profile_layout {
    uint8_t channels;                       /**< 1 .. 4; 0: no profile */
    uint8_t energy[LEGAL_PROFILE_CHANNELS]; /**< enum legal_energy; those beyond channels are 0 */
    uint8_t interval_min;                   /**< 5, 15, 30, 60; only kept here */
    uint32_t capacity;                      /**< records; the oldest goes when there is one more */
};

/** One record.  Status words come from the application and are kept as they are. */
struct legal_profile_record {
    uint32_t id;          /**< 1, 2, 3 ...: rises by one, is never given twice */
    int64_t utc_s;        /**< end of the interval, 2000 .. 2136 */
    uint8_t clock_status; /**< of the stamp */
    uint16_t status;      /**< of the logger */
    uint16_t quality;     /**< of the data */
    /** registers then, whole Wh or varh, rounded down */
    uint64_t energy_wh[LEGAL_PROFILE_CHANNELS];
};

struct legal_profile_range {
    struct legal_profile_layout layout;
    uint32_t n_records;
    uint32_t oldest_id, newest_id; /**< when n_records > 0 */
    uint32_t next_id;              /**< 0: the last number has been given, nothing is recorded */
};

/** The legal processor is a value; its inside is private (legal/energy). 8-byte aligned. */
struct legal {
    uint64_t opaque[520];
};

/** Nominal constants of one system.  LEGAL-CMD-01 */
void legal_constants_nominal(struct legal_constants *constants);

/**
 * Start the legal processor: check the program, load constants and registers.  LEGAL-CMD-02
 *
 * A blank memory starts at zero.  The meter begins stopped (LEGAL_SUPPLY_OFF) and runs as soon as a
 * frame shows a phase above 160 V.  port and setup are kept by value.
 *
 * @retval LEGAL_ERR_RANGE    setup out of range; nothing started.
 * @retval LEGAL_ERR_FORMAT   memory holds a newer format; nothing started, nothing written.
 * @retval LEGAL_ERR_TYPE     memory holds registers of another summation; nothing started or
 * written.
 * @retval LEGAL_ERR_STORAGE  memory can't be read; the meter runs, shows memory_fault, stores
 * nothing.
 */
enum legal_err legal_start(struct legal *legal, const struct legal_port *port,
                           const struct legal_setup *setup, int64_t now_us);

/** Constants that a measuring system needs at its own start.  LEGAL-CMD-03 */
void legal_measuring_setup(const struct legal *legal, uint8_t system, struct measuring_setup *out);

/**
 * Bytes from the measuring bus, any number, frames may be cut anywhere.  LEGAL-CMD-04
 * Damaged or missing frames are counted and lose no energy: the counters are cumulative.
 * @param now_us  instant of the last byte: the end of the window that the frame describes.
 */
void legal_bus_receive(struct legal *legal, const uint8_t *bytes, size_t n_bytes, int64_t now_us);

/**
 * Do what is due: pulse edges, storing, supply.  LEGAL-CMD-05
 * @return when it wants to be called next, at the latest; INT64_MAX: nothing pending.
 */
int64_t legal_step(struct legal *legal, int64_t now_us);

/**
 * Choose the tariff register that counts from the next window on.  LEGAL-CMD-06
 * Stored before this returns.  Choosing the tariff in force writes nothing.
 * @param tariff  1 .. 8
 */
enum legal_err legal_tariff_select(struct legal *legal, uint8_t tariff);

/**
 * Store the exact state now, remainders included (orderly end).  LEGAL-CMD-07
 * Repeating it without new energy writes nothing.
 */
enum legal_err legal_store(struct legal *legal);

/** Total of one energy, uWh or uvarh; never decreases, never wraps in practice.  LEGAL-CMD-08 */
uint64_t legal_energy_uwh(const struct legal *legal, enum legal_energy energy);

/** Tariff register 1..8 of one of the first four energies, uWh; 0 outside.  LEGAL-CMD-09 */
uint64_t legal_tariff_uwh(const struct legal *legal, uint8_t tariff, enum legal_energy energy);

/** Tariff in force, 1 .. 8.  LEGAL-CMD-10 */
uint8_t legal_tariff(const struct legal *legal);

/** Instantaneous values of the last full second.  LEGAL-CMD-11 */
void legal_instant(const struct legal *legal, struct legal_instant *out);

/** Voltages of legal_instant alone, at a third of its cost, and at less where nothing has
 *  changed: what was worked out of the same sums and phasors is remembered.  LEGAL-CMD-23 */
void legal_voltages(struct legal *legal, struct legal_voltages *out);

/** legal_instant without angles, frequencies and sequence (all zero), at half of its cost,
 *  rms values remembered likewise.  LEGAL-CMD-24 */
void legal_powers(struct legal *legal, struct legal_instant *out);

/** Seconds with supply since the memory was blank (hour counter = / 3600).  LEGAL-CMD-12 */
uint64_t legal_operating_s(const struct legal *legal);

/** Pulses emitted and pulses queued since the memory was blank; their sum is the registered energy
 *  divided by the pulse value.  LEGAL-CMD-13 */
void legal_pulses(const struct legal *legal, uint64_t *emitted, uint64_t *pending);

/** LEGAL-CMD-14 */
enum legal_supply legal_supply(const struct legal *legal);

/** LEGAL-CMD-15 */
void legal_health(const struct legal *legal, struct legal_health *out);

/** LEGAL-CMD-16 */
void legal_identity(const struct legal *legal, struct legal_identity *out);

/** Constants of one system, 1 .. systems, as in use.  LEGAL-CMD-17 */
enum legal_err legal_calibration_read(const struct legal *legal, uint8_t system,
                                      struct legal_calibration *out);

/**
 * Write the constants of one system, 1 .. systems.  LEGAL-CMD-18
 *
 * Stored in two copies before this returns and used from the next window on; the measuring system's
 * part from its next start on: legal_measuring_epoch changes, and whoever runs the measuring
 * systems starts them.  Counted in a counter that can't be reset.  The audit trail has it first;
 * cut off anywhere, the next start says in the trail whether it came into force.
 *
 * @retval LEGAL_ERR_SEALED   the seal is closed (or the board has none): nothing changed.
 * @retval LEGAL_ERR_RANGE    a gain beyond +-25 % of nominal, a filter or delay that a measuring
 * system would refuse, another constant beyond its range: nothing changed.
 * @retval LEGAL_ERR_FULL     the audit trail has no room: nothing changed.
 * @retval LEGAL_ERR_STORAGE  not stored; the old constants stay.
 */
enum legal_err legal_calibration_write(struct legal *legal, uint8_t system,
                                       const struct legal_calibration *calibration);

/**
 * Write the constants of all systems at once: all or none, also when the supply is cut meanwhile.
 * LEGAL-CMD-22
 * Counts as one write; else as legal_calibration_write.
 * @param calibration  as many as there are systems
 */
enum legal_err legal_calibration_replace(struct legal *legal,
                                         const struct legal_calibration *calibration);

/** How often constants have been written since the memory was blank.  LEGAL-CMD-19 */
uint32_t legal_calibration_count(const struct legal *legal);

/**
 * Let LED and S0 show another energy (verification mode, X-MET-3).  LEGAL-CMD-20
 *
 * One of the four billing energies.  Pulses of the normal energy that fall due meanwhile are not
 * made up later; those pending before are.  The mode is not stored: it ends with the supply.
 *
 * @retval LEGAL_ERR_RANGE  not one of the first four energies: nothing changed.
 */
enum legal_err legal_pulse_select(struct legal *legal, enum legal_energy energy);

/**
 * Epoch to start the measuring systems with: differs from that of the start before, and after each
 * change of constants.  LEGAL-CMD-21
 */
uint16_t legal_measuring_epoch(const struct legal *legal);

/**
 * The calendar clock, for the stamps of the audit trail: tell it when it is set or lost.
 * LEGAL-CMD-30
 * @param utc_s  seconds since 1970 now
 * @param valid  false: the clock does not know the time
 */
void legal_audit_time(struct legal *legal, int64_t utc_s, bool valid);

/** How the audit trail stands, and the seal.  LEGAL-CMD-31 */
void legal_audit(const struct legal *legal, struct legal_audit *out);

/**
 * One entry of the audit trail.  LEGAL-CMD-32
 * @retval LEGAL_ERR_RANGE    there is none with this number
 * @retval LEGAL_ERR_STORAGE  what stands there is no entry: a cut, or damage
 */
enum legal_err legal_audit_read(const struct legal *legal, uint32_t number,
                                struct legal_audit_entry *out);

/** The first constant out of its range, LEGAL_CONSTANT_NONE: they may be written.  LEGAL-CMD-33 */
enum legal_constant legal_calibration_check(const struct legal_calibration *calibration);

/** Sums of one system, 1 .. systems.  LEGAL-CMD-34 */
enum legal_err legal_sums(const struct legal *legal, uint8_t system, struct legal_sums *out);

/**
 * Record the load profile in this layout from now on.  LEGAL-CMD-40
 *
 * Stored before this returns.  The layout in force changes nothing; another capacity shows more or
 * fewer of the records; other energies or another interval delete all records (LPR-08).
 *
 * @param deleted  set to whether records were deleted; may be NULL
 * @retval LEGAL_ERR_RANGE    no such energy, no channels, or more records than the memory holds
 * @retval LEGAL_ERR_STORAGE  no log memory, or not stored: the layout before stays in force
 */
enum legal_err legal_profile_begin(struct legal *legal, const struct legal_profile_layout *layout,
                                   bool *deleted);

/**
 * Record the registers as they are now.  LEGAL-CMD-41
 *
 * @param stamp  utc_s and the status words; id and energies are the legal part's own
 * @retval LEGAL_ERR_RANGE    no layout yet, instant out of range, or no number left
 * @retval LEGAL_ERR_STORAGE  no log memory, or not stored: nothing was recorded
 */
enum legal_err legal_profile_record(struct legal *legal, const struct legal_profile_record *stamp);

/** What is there.  Without a log memory: nothing.  LEGAL-CMD-42 */
void legal_profile_range(const struct legal *legal, struct legal_profile_range *out);

/**
 * One record.  LEGAL-CMD-43
 * @retval LEGAL_ERR_RANGE    there is no such record (any more)
 * @retval LEGAL_ERR_STORAGE  it was lost, or can't be read
 */
enum legal_err legal_profile_read(const struct legal *legal, uint32_t id,
                                  struct legal_profile_record *out);

#endif
