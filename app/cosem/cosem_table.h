/**
 * The COSEM objects of a meter: one row each, and no value among them.
 *
 * A row says under which name, class and rights a register of the register table, a setting or a
 * part of the meter is seen; value, unit and scaler come from there.  Rows of registers that a
 * variant does not have are not there for it.  Names with B = 1 and 0.0.22, 0.0.40 and 0.0.41 are
 * the 382M's own list; the other rows with B = 0 are for the management client alone.
 * Source: spec cosem-objects chapter 2, dlms 8; OPT-03, AMI-02, SEC-06.
 */
#ifndef OPEN382_COSEM_TABLE_H
#define OPEN382_COSEM_TABLE_H

#include "../../proto/dlms/dlms_model.h"

struct meter;
struct variant;

/** Where what a row shows comes from. */
enum cosem_source {
    COSEM_REGISTER, /**< index: KMP id of the register table */
    COSEM_SETTING,  /**< index: id of the table of settings */
    COSEM_VALUE,    /**< index: enum cosem_value */
    COSEM_CLOCK,
    COSEM_ASSOCIATION, /**< index: 0 the current one, or enum cosem_role + 1 */
    COSEM_SAP,
    COSEM_HDLC,
    COSEM_PROFILE,  /**< index: enum cosem_profile */
    COSEM_SCRIPT,   /**< index: enum cosem_script */
    COSEM_SCHEDULE, /**< ends of the debiting periods */
    COSEM_CALENDAR, /**< tariff plan */
    COSEM_DAYS,     /**< its exception days */
    COSEM_BREAKER,  /**< disconnect control */
    COSEM_LIMITER,  /**< first limit of Smart Disconnect */
    COSEM_SECURITY, /**< of the management association */
    COSEM_MONITOR,  /**< power threshold */
    COSEM_PUSH,     /**< push set-up */
    COSEM_IMAGE,    /**< firmware on its way; of boards that take it */
    COSEM_ACCOUNT,  /**< prepayment: cosem_prepay.h */
    COSEM_CREDIT,   /**< index: enum cosem_credit */
    COSEM_CHARGE,
    COSEM_GATEWAY, /**< of tokens */
    COSEM_SOURCES
};

/** Values that are no register. */
enum cosem_value {
    COSEM_METER_NUMBER_LOW,  /**< meter number in five octets */
    COSEM_FIRMWARE,          /**< "38200101-A1" */
    COSEM_FIRMWARE_CHECK,    /**< checksum of the legal program */
    COSEM_BILLING_STOP,      /**< writing 1 ends the debiting period */
    COSEM_WORKING_DAYS,      /**< of the tariff plan in force, bit 0 Monday */
    COSEM_DEVICE_NAME,       /**< of the logical device */
    COSEM_SERIAL_TEXT,       /**< eight digits */
    COSEM_TYPE_TEXT,         /**< order number */
    COSEM_METER_NUMBER_TEXT, /**< eight digits */
    COSEM_CHANGES,           /**< records of the audit log so far */
    COSEM_CHANGE_TIME,       /**< of the newest of them */
    COSEM_PULSES,            /**< pulses per kWh */
    COSEM_RATIO,             /**< of transformers: none, 1 */
    COSEM_NOMINAL_VOLTAGE,
    COSEM_BASIC_CURRENT,
    COSEM_NOMINAL_FREQUENCY,
    COSEM_MAX_CURRENT,
    COSEM_INTEGRATION,       /**< integration period, which the load profile has too */
    COSEM_ANALYSIS_INTERVAL, /**< of the analysis logger */
    COSEM_LOCAL_TIME,
    COSEM_LOCAL_DATE,
    COSEM_DEBITING_TIME, /**< end of the last debiting period */
    COSEM_STATUS_LOAD,   /**< profile status of the load profile's interval under way */
    COSEM_STATUS_ANALYSIS,
    COSEM_TAMPER_COUNT, /**< acts of tampering: magnet, meter cover, terminal cover */
    COSEM_TAMPER_TIME = COSEM_TAMPER_COUNT + 3, /**< of the last one of each */
    COSEM_COUNTER =
        COSEM_TAMPER_TIME + 3, /**< last invocation counter taken under the unicast key */
    COSEM_EVENT_STANDARD,      /**< number of the newest event of that log */
    COSEM_EVENT_FRAUD,
    COSEM_EVENT_DISCONNECT,
    COSEM_QUALITY,                     /**< from here on of the voltage quality: generation M */
    COSEM_SAG_VOLTAGE = COSEM_QUALITY, /**< a dip begins below it */
    COSEM_SWELL_VOLTAGE,
    COSEM_SAG_TIME,       /**< 0: a dip or swell counts however short it is */
    COSEM_FAILURES_ALL,   /**< power failures of all phases at once */
    COSEM_FAILURES_ANY,   /**< of one or more phases */
    COSEM_FAILURES_LONG,  /**< the long ones among these */
    COSEM_LAST_FAILURE,   /**< duration of the last long one */
    COSEM_LONG_FAILURE,   /**< a longer one is long */
    COSEM_QUALITY_PHASES, /**< from here on three each: L1, L2, L3 */
    COSEM_FAILURES_PHASE = COSEM_QUALITY_PHASES,
    COSEM_SAGS = COSEM_FAILURES_PHASE + 3,
    COSEM_SAG_DURATION = COSEM_SAGS + 3,
    COSEM_SAG_LEVEL = COSEM_SAG_DURATION + 3,
    COSEM_SWELLS = COSEM_SAG_LEVEL + 3,
    COSEM_SWELL_DURATION = COSEM_SWELLS + 3,
    COSEM_SWELL_LEVEL = COSEM_SWELL_DURATION + 3,
    COSEM_VALUES = COSEM_SWELL_LEVEL + 3
};

enum cosem_profile {
    COSEM_PROFILE_DEBITING,
    COSEM_PROFILE_DEBITING_2,
    COSEM_PROFILE_LOAD,
    COSEM_PROFILE_ANALYSIS,
    COSEM_PROFILE_STATUS,
    COSEM_PROFILE_CLOCK,
    COSEM_PROFILE_VOLTAGE,
    COSEM_PROFILE_LOAD_EVENTS,
    COSEM_PROFILE_NEUTRAL,
    COSEM_PROFILE_CUT_OFF,
    COSEM_PROFILE_FIRMWARE,        /**< taken */
    COSEM_PROFILE_FIRMWARE_FAILED, /**< refused */
    COSEM_PROFILE_DISCONNECTOR,    /**< the cut-off log with numbers of IDIS */
    COSEM_PROFILE_STANDARD,        /**< views of several logs: cosem_events.h */
    COSEM_PROFILE_FRAUD,
    COSEM_PROFILE_POWER, /**< long power failures */
    COSEM_PROFILES
};

enum cosem_script {
    COSEM_SCRIPT_DEBITING, /**< 1: the period ends */
    COSEM_SCRIPT_BREAKER,  /**< 1 disconnect, 2 reconnect, as disconnect control does */
    COSEM_SCRIPT_TARIFF,   /**< 1 .. 8: that tariff holds until another is asked for */
};

/** Who may do what with the object: see cosem_access.c. */
enum cosem_set {
    SET_P_R,         /**< public client too; all read */
    SET_P_RW,        /**< public client reads, the others write */
    SET_R,           /**< readers */
    SET_RW,          /**< readers may write */
    SET_RW_MODULE,   /**< only the module may write */
    SET_W,           /**< write only */
    SET_CLOCK,       /**< class 8 of the 382M */
    SET_ASSOCIATION, /**< class 15 */
    SET_HDLC,        /**< class 23 */
    SET_LOG,         /**< class 7: an event log */
    SET_LOGGER,      /**< class 7: a data logger */
    SET_DEBITING,    /**< the same, which can be made to capture */
    SET_PERIOD,      /**< the same, whose period can be written */
    SET_HOUSE,       /**< from here on for management alone */
    SET_HOUSE_R = SET_HOUSE,
    SET_HOUSE_RW,
    SET_HOUSE_CLOCK,
    SET_HOUSE_LOG,
    SET_HOUSE_DEBITING,
    SET_HOUSE_PERIOD,
    SETS
};

struct cosem_row {
    struct dlms_object object; /**< first: a row is found again from its object */
    uint8_t source;            /**< enum cosem_source */
    uint8_t type;              /**< enum dlms_type of the value; DLMS_NULL: the class says */
};

/** Sorted as dlms_object_compare does; no name twice. */
extern const struct cosem_row cosem_table[];
extern const size_t cosem_table_length;

static inline const struct cosem_row *cosem_row_of(const struct dlms_object *object)
{
    return (const struct cosem_row *)(const void *)object;
}

/** @return NULL: no row has that name. */
const struct cosem_row *cosem_row_find(const uint8_t obis[6]);
/** The row that shows a register's value to the management client under B = 0 (house), else among
 *  the 382M's own.  @return NULL: none */
const struct cosem_row *cosem_row_of_register(uint16_t kmp_id, bool house);

/** Does a meter of this variant have what the row shows? */
bool cosem_row_fits(const struct variant *variant, const struct cosem_row *row);

#endif
