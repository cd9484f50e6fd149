/**
 * THE register table: one row per value of the meter.
 *
 * Every protocol, the display, metertool and docs/registers.md read this table; none has a list of
 * its own.  The table is plain constant data with no tie to a running meter, so tools may link it
 * alone; app/registers/register_read.h fetches a row's value from a meter.
 * Sources: KMP ids and formats spec kmp 1.5-1.7, OBIS spec answers B6.2 and cosem-objects
 * 2.12-2.14.
 */
#ifndef OPEN382_REGISTER_TABLE_H
#define OPEN382_REGISTER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How the value stands on a wire. */
enum register_coding {
    REGISTER_UINT,          /**< unsigned number */
    REGISTER_INT,           /**< signed number */
    REGISTER_BITS,          /**< bit field */
    REGISTER_CLOCK,         /**< hhmmss as a decimal number */
    REGISTER_DATE,          /**< yymmdd as a decimal number */
    REGISTER_RTC,           /**< 8-byte RTC (KMP unit 53) */
    REGISTER_TEXT,          /**< ASCII */
    REGISTER_TEXT_REVERSED, /**< ASCII, on the KMP wire from its last character to its first */
};

/** Physical unit of the value (base unit; the exponent is separate). */
enum register_unit {
    UNIT_NONE,
    UNIT_WH,
    UNIT_VARH,
    UNIT_VAH,
    UNIT_W,
    UNIT_VAR,
    UNIT_VA,
    UNIT_V,
    UNIT_A,
    UNIT_HZ,
    UNIT_HOUR,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_DEGREE,
    UNIT_CELSIUS,
    UNIT_COUNT,
    UNIT_TEXT,
    UNIT_TIME,
    UNIT_DATE,
    UNIT_DATE_TIME,
    UNIT_FLAGS,
};

/** What must be fitted or ordered for the register to exist (all bits must hold). */
enum register_need {
    NEED_NOTHING = 0,
    NEED_A_MINUS = 1 << 0,  /**< energy type with A- */
    NEED_REACTIVE = 1 << 1, /**< energy type with R+ / R- */
    NEED_L2 = 1 << 2,       /**< phase L2 is measured (not 162M, not Aron) */
    NEED_L3 = 1 << 3,       /**< phase L3 is measured (not 162M; second system of Aron) */
    NEED_RTC = 1 << 4,
    NEED_TARIFFS = 1 << 5,
    NEED_M = 1 << 6, /**< generation M (382M, 162M) */
    NEED_BREAKER = 1 << 7,
    NEED_L_OR_M = 1 << 8,
    NEED_R_MINUS = 1 << 9,
    NEED_OWN_PHASE = 1 << 10, /**< each system measures a phase against neutral (not Aron) */
};

enum register_access {
    ACCESS_R = 1 << 0,      /**< readable on every channel */
    ACCESS_W = 1 << 1,      /**< writable with password */
    ACCESS_SEALED = 1 << 2, /**< writable only with the verification seal open */
    ACCESS_LEGAL = 1 << 3,  /**< legal reading: cannot be deselected from the manual list */
};

/** Where the value comes from; in groups, each of which register_fetch.c knows how to fetch. */
enum register_source {
    /* the legal registers */
    SOURCE_ENERGY,        /**< index = enum legal_energy */
    SOURCE_TARIFF_ENERGY, /**< index = (tariff - 1) * 4 + enum legal_energy */
    SOURCE_A1423,         /**< |A+| + |A-| */
    SOURCE_NET_ENERGY,    /**< A+ - A- */
    /* instantaneous, whole meter */
    SOURCE_ACTIVE_PLUS,
    SOURCE_ACTIVE_MINUS,
    SOURCE_REACTIVE_PLUS,
    SOURCE_REACTIVE_MINUS,
    SOURCE_APPARENT, /**< index 0: while importing, 1: while exporting, 2: always */
    /* instantaneous, index 0 .. 2 = L1 .. L3 */
    SOURCE_PHASE_VOLTAGE,
    SOURCE_PHASE_CURRENT,
    SOURCE_PHASE_ACTIVE_PLUS,
    SOURCE_PHASE_ACTIVE_MINUS,
    SOURCE_PHASE_REACTIVE_PLUS,
    SOURCE_PHASE_REACTIVE_MINUS,
    SOURCE_PHASE_APPARENT_PLUS,  /**< while the phase imports */
    SOURCE_PHASE_APPARENT_MINUS, /**< while the phase exports */
    SOURCE_PHASE_POWER_FACTOR,
    SOURCE_PHASE_ANGLE,
    /* instantaneous, whole meter */
    SOURCE_POWER_FACTOR,
    SOURCE_FREQUENCY,
    SOURCE_TEMPERATURE,
    SOURCE_PHASE_SEQUENCE,
    /* voltage quality; index 0 .. 2 = L1 .. L3 where a phase has its own */
    SOURCE_QUALITY_VOLTAGE_10MIN,
    SOURCE_QUALITY_THD_U, /**< index + 3: 10-minute mean */
    SOURCE_QUALITY_THD_I,
    SOURCE_QUALITY_UNBALANCE, /**< index 0: u2, 1: its 10-minute mean */
    SOURCE_QUALITY_FREQUENCY, /**< over 10 s */
    SOURCE_QUALITY_EXTREME,   /**< of U rms(1/2) today (UTC): lowest; index + 3: highest */
    SOURCE_QUALITY_LIMIT,     /**< index: enum quality_limit */
    SOURCE_QUALITY_WEEK, /**< index: enum register_week; from REGISTER_WEEK_LAST on last week's */
    /* the analysis interval; means and extremes of the last full one */
    SOURCE_ANALYSIS_MEAN,    /**< index = enum analysis_quantity * 3 + phase 0 .. 2 */
    SOURCE_ANALYSIS_FACTOR,  /**< power factor of the means; index 0 .. 2 = L1 .. L3, 3: total */
    SOURCE_ANALYSIS_EXTREME, /**< index = enum analysis_extreme */
    SOURCE_ANALYSIS_SETUP,   /**< index = enum analysis_setup_register */
    SOURCE_ANALYSIS_VALUE,   /**< index 0 .. 15: KMP id of the value recorded there, 0: none */
    /* loss of the neutral */
    SOURCE_NEUTRAL_VOLTAGE,
    SOURCE_NEUTRAL_FAULT,
    /* breaker */
    SOURCE_BREAKER, /**< index: enum breaker_register */
    SOURCE_PREPAY,  /**< index: enum prepay_register */
    /* plug-in modules */
    SOURCE_MODULE, /**< index: enum module_register */
    /* load control */
    SOURCE_LOAD, /**< index: enum load_register */
    /* pins of the module connector */
    SOURCE_PIN, /**< index: enum pin_register */
    /* integration periods */
    SOURCE_MEAN_POWER, /**< index 0..3: last full integration period, P+ P- Q+ Q- */
    SOURCE_PEAK_POWER, /**< index 0..3 P+ P- Q+ Q-, 4 P+ tariff 1, 5 P+ tariff 2; enum register_day
                        */
    SOURCE_PEAK_ACCUMULATED, /**< index 0..3 */
    SOURCE_DEBITING_COUNT,
    SOURCE_THRESHOLD_VALUE,
    SOURCE_THRESHOLD_COUNT,
    /* moments */
    SOURCE_PEAK_TIME, /**< index as SOURCE_PEAK_POWER */
    SOURCE_PEAK_DATE,
    SOURCE_PEAK_RTC,
    SOURCE_PREPAY_RTC, /**< when credit was loaded last */
    SOURCE_CLOCK,
    SOURCE_DATE,
    SOURCE_RTC,
    /* how the clock is set up */
    SOURCE_CLOCK_SETUP,  /**< index: enum clock_setup */
    SOURCE_CLOCK_SUMMER, /**< index 0 .. 19: a row of the table of summers */
    /* identity */
    SOURCE_SERIAL_NUMBER,
    SOURCE_METER_NUMBER, /**< index 0..2; 3 = total meter number: number 1 */
    SOURCE_SPECIAL_DATA, /**< index 0..1 */
    SOURCE_TYPE_NUMBER,  /**< order number without country */
    SOURCE_TYPE_NUMBER_COMPLETE,
    SOURCE_CONFIGURATION, /**< index 0..4 */
    SOURCE_SOFTWARE_NUMBER,
    SOURCE_SOFTWARE_REVISION,
    SOURCE_PROGRAM_CHECKSUM,
    /* state */
    SOURCE_HOUR_COUNTER,
    SOURCE_METER_STATUS,
    SOURCE_EVENT_STATUS, /**< index 0: word A, 1: word B */
    SOURCE_ACTIVE_TARIFF,
    SOURCE_TARIFF_MODE,   /**< enum tariff_source */
    SOURCE_TARIFF_PLAN,   /**< name of the plan in force */
    SOURCE_TARIFF_SEASON, /**< 1 = A; 0: no plan */
    SOURCE_PULSE_INPUT,
    SOURCE_OPERATION_STATE,
    SOURCE_ENERGY_FORMAT,
    SOURCE_ALARM,       /**< index: enum alarm_kind */
    SOURCE_TAMPER,      /**< acts of tampering that hold */
    SOURCE_CALIBRATION, /**< index 0: times written, 1: seal open, 2: entries in the audit trail */
    SOURCE_SETTING,     /**< index: id of a setting with a home of its own (setting_table.h) */
    SOURCES
};

/** Numbers of a week (EN 50160), index of SOURCE_QUALITY_WEEK. */
enum register_week {
    REGISTER_WEEK_SHARE = 0,        /**< + enum quality_share: good ones, 1/100 % */
    REGISTER_WEEK_BEGIN = 15,       /**< its Monday */
    REGISTER_WEEK_INTERVALS = 16,   /**< whole and unflagged 10-minute intervals, L1 .. L3 */
    REGISTER_WEEK_FREQUENCIES = 19, /**< 10-second intervals */
    REGISTER_WEEK_DIPS,
    REGISTER_WEEK_SWELLS,
    REGISTER_WEEK_INTERRUPTIONS,
    REGISTER_WEEK_LAST = 32
};

/** Peaks of the day, index of SOURCE_PEAK_POWER and its stamps: behind those of the period. */
enum register_day { REGISTER_DAY_HIGHEST = 6, REGISTER_DAY_LOWEST };

/** Set-up registers of the analysis logger. */
enum analysis_setup_register {
    ANALYSIS_SETUP_STATE,    /**< 1 on, 0 off */
    ANALYSIS_SETUP_INTERVAL, /**< minutes */
    ANALYSIS_SETUP_PROFILE,  /**< load-profile records kept beside it */
    ANALYSIS_SETUP_DEPTH,    /**< records */
    ANALYSIS_SETUP_REFUSAL,  /**< enum analysis_refusal of the last change */
    ANALYSIS_SETUP_DAYS,     /**< depth in tenths of a day */
};

enum module_register {
    MODULE_REGISTER_PRIMARY = 0,   /**< CCC code of the module in the slot, 0: none */
    MODULE_REGISTER_SECONDARY = 1, /**< the same */
    MODULE_REGISTER_CCC = 2,       /**< 1: something is in the consumer port */
    MODULE_REGISTER_STATE = 3,     /**< enum meter_module_state */
    MODULE_REGISTER_PINS = 4,      /**< levels that the primary module drives */
};

enum breaker_register {
    BREAKER_REGISTER_STATE,    /**< enum breaker_state; on the display the button acts there */
    BREAKER_REGISTER_LIMIT,    /**< the limit in force, A or kW */
    BREAKER_REGISTER_FEEDBACK, /**< CouplingFeedback */
    BREAKER_REGISTER_EVENT,    /**< event of the log: cause and state */
    BREAKER_REGISTER_RETRIES,  /**< automatic reconnections in a row */
    BREAKER_REGISTER_LEFT,     /**< seconds until it is cut off; 0: no time runs */
};

enum prepay_register {
    PREPAY_REGISTER_CREDIT,   /**< what is left, never less than 0 */
    PREPAY_REGISTER_OWED,     /**< used beyond zero */
    PREPAY_REGISTER_LAST,     /**< the last that was loaded */
    PREPAY_REGISTER_DAYS,     /**< that it lasts; 65535: not known */
    PREPAY_REGISTER_LOW_LEFT, /**< seconds of the low limit */
    PREPAY_REGISTER_NUMBER,   /**< of the last remote load */
};

/** Load control; those of relay 2 stand LOAD_REGISTER_SECOND higher. */
enum load_register {
    LOAD_REGISTER_ACTIVE,
    LOAD_REGISTER_MODE,      /**< enum load_mode */
    LOAD_REGISTER_TARIFFS,   /**< bit 0 tariff 1: active in it */
    LOAD_REGISTER_LEFT,      /**< seconds until it becomes active; 0: no delay runs */
    LOAD_REGISTER_MOVEMENTS, /**< so far */
    LOAD_REGISTER_SECOND = 8,
    LOAD_REGISTER_DELAY = 16, /**< longest delay */
    LOAD_REGISTER_FITTED,     /**< relays that the module has */
    LOAD_REGISTER_EVENT,      /**< of the last movement; 0: none since the start */
};

#define PIN_LATE_LOW_LIMIT 0x80u /**< the meter carries more than its outputs can follow */

/** I/O pins. */
enum pin_register {
    PIN_REGISTER_UNITS,        /**< the pulse input's register */
    PIN_REGISTER_LEVEL,        /**< of the pulse input, as it is now */
    PIN_REGISTER_PORT,         /**< ModulPortIOCfg */
    PIN_REGISTER_VALUE,        /**< pulses a kWh */
    PIN_REGISTER_DIVISION,     /**< of them */
    PIN_REGISTER_DIVISOR,      /**< of the input, thousandths */
    PIN_REGISTER_PULSES,       /**< at the input, modulo 2^32 */
    PIN_REGISTER_LIMIT,        /**< highest load, tenths of an ampere */
    PIN_REGISTER_LATE,         /**< bit per output, and PIN_LATE_LOW_LIMIT */
    PIN_REGISTER_WAITING = 10, /**< output 1, and 2 */
    PIN_REGISTER_EMITTED = 12, /**< output 1, and 2; modulo 2^32 */
};

enum clock_setup {
    CLOCK_SETUP_TRIM,
    CLOCK_SETUP_LEFT,     /**< ms that are still to be worked off */
    CLOCK_SETUP_UNLOGGED, /**< ms of small corrections that no entry tells yet */
    CLOCK_SETUP_HOLD,
    CLOCK_SETUP_KIND,
    CLOCK_SETUP_BEGIN,
    CLOCK_SETUP_END,
};

/** kmp_exponent of the energy registers that follow the display format (7.0 -> 0, 6.1 -> -1), and
 *  their scaler (7.0 -> +3, 6.1 -> +2 over Wh). */
#define EXPONENT_FOLLOWS_FORMAT INT8_MAX

struct register_def {
    uint8_t obis[6];     /**< A-B:C.D.E.F; the stamps of a peak carry the peak's */
    uint16_t kmp_id;     /**< 0xFFFF: not offered over KMP */
    uint8_t kmp_unit;    /**< KMP unit code */
    int8_t kmp_exponent; /**< value on the KMP wire = mantissa * 10^exponent of kmp_unit */
    uint8_t width;       /**< bytes on the wire (KMP NoB) */
    uint8_t coding;      /**< enum register_coding */
    uint8_t unit;        /**< enum register_unit */
    int8_t scaler;       /**< resolution offered: DLMS scaler over the base unit */
    uint8_t source;      /**< enum register_source */
    uint8_t index;       /**< which one of the source */
    uint16_t need;       /**< enum register_need bits */
    uint8_t access;      /**< enum register_access bits */
    bool loggable;       /**< selectable for the analysis logger */
    const char *code;    /**< short OBIS code, "1.8.0"; unique; "" = none */
    const char *label;   /**< display text field, e.g. "A+", "A+/T1"; "" = none */
    const char *name;    /**< English name, e.g. "Active energy A+" */
};

/** Sorted by kmp_id; rows without one stand last. */
extern const struct register_def register_table[];
extern const size_t register_table_length;

/** NULL when there is none. */
const struct register_def *register_by_kmp_id(uint16_t kmp_id);
/** Does a meter have the register that has these things (enum register_need) and so many tariffs?
 */
bool register_exists_with(const struct register_def *def, uint16_t has, uint8_t tariffs);
const struct register_def *register_by_code(const char *code);

#endif
