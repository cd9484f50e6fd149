/**
 * THE table of settings: one row for everything about a meter that can be configured.
 *
 * Plain constant data, as the register table: metertool links it, so that a tool checks a value by
 * the very rule that the meter will apply.  What a combination of values contradicts is said by
 * variant_from_order alone (CFG-09), in the meter.  Where the values live and how they are changed:
 * settings.h.
 * Source: CFG-01..11, CFG-T1..T5, OPT-01, X-BRK-1, X-BRK-2, X-NEU-1, spec answers B1.3, B1.4, B6,
 * cosem-objects 4.4.
 */
#ifndef OPEN382_SETTING_TABLE_H
#define OPEN382_SETTING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Of the table below; a client that knows another version must not write. */
#define SETTING_TABLE_VERSION 1u
/** Characters of a text: with it a record of the audit log (old and new) fits one KMP register. */
#define SETTING_TEXT_MAX 11u
/** Most rows that the permanent memory of the settings holds (docs/spec/app-storage.md). */
#define SETTINGS_MAX 82u

enum setting_type {
    SETTING_NUMBER, /**< number * 10^exponent of the unit */
    SETTING_DIGITS, /**< a number shown with all its digits, leading zeroes too */
    SETTING_CHOICE, /**< one of the codes of `choices` */
    SETTING_FLAGS,  /**< bits */
    SETTING_TEXT,   /**< printable ASCII, 0 .. SETTING_TEXT_MAX characters */
    SETTING_SECRET, /**< a number that can be written and never read */
};

enum setting_class {
    SETTING_WITH_PASSWORD, /**< configurable: rights of the channel and password */
    SETTING_LOCKED,        /**< set at the factory under the verification seal (CFG-07) */
    SETTING_MODULE_PORT,   /**< with password, but not over the optical eye (X-BRK-2) */
};

/** What changing it does besides (bits). */
enum setting_effect {
    EFFECT_ERASES_PROFILE = 1 << 0, /**< the records of the load profile are deleted (LPR-08) */
    EFFECT_ENDS_PERIOD = 1 << 1,    /**< the running integration period begins anew */
    EFFECT_LOCAL_TIME = 1 << 2,     /**< tariffs and debiting dates move with local time */
    EFFECT_DISPLAY = 1 << 3,        /**< the display begins anew with other lists */
    EFFECT_AT_START = 1 << 4,       /**< takes effect when the meter starts the next time */
};

/** Where the value lives. */
enum setting_home {
    HOME_CONFIGURATION, /**< decimal digits of configuration `index`: / divisor % modulus */
    HOME_SERIAL_NUMBER,
    HOME_METER_NUMBER, /**< `index` 0 .. 2 */
    HOME_SPECIAL_DATA, /**< `index` 0 .. 1 */
    HOME_POWER_THRESHOLD,
    HOME_SETTINGS, /**< in the record of the settings itself */
};

struct setting_choice {
    uint32_t code;
    const char *word; /**< NULL ends the list */
};

/** Ids that code asks for by name. */
enum setting_id {
    SETTING_PLATE_TEXT = 36,
    SETTING_DEBITING_2_INTERVAL = 41,
    SETTING_NEUTRAL_DISPLACEMENT = 50,
    SETTING_NEUTRAL_HIGH = 51,
    SETTING_NEUTRAL_TIME = 52,
    SETTING_KMP_ADDRESS = 60,
    SETTING_PASSWORD = 61,
    /* IEC 62056-21, 131.0.1 .. 131.0.16: of module, consumer port and optical port, in this order
     */
    SETTING_IEC_USER_DATA = 80,
    SETTING_IEC_D0_PERIOD = 83,
    SETTING_IEC_D0_SPEED = 86,
    SETTING_IEC_MODE = 89,
    SETTING_IEC_TA = 92,
    SETTING_IEC_TR = 93,
    SETTING_IEC_TT = 94,
    SETTING_IEC_TI = 95,
    /* DLMS (spec cosem-objects 1.2 and 1.4) */
    SETTING_DLMS_ACTION = 120,
    SETTING_HDLC_TRANSMIT = 121,
    SETTING_HDLC_RECEIVE = 122,
    SETTING_HDLC_INTER_OCTET = 123,
    SETTING_HDLC_INACTIVITY = 124,
    SETTING_HDLC_ADDRESS = 125,
    SETTING_ALARM_MASK_A = 70,
    SETTING_ALARM_MASK_B_RISE = 71,
    SETTING_ALARM_MASK_B_FALL = 72,
    /* breaker, 1.1.128.0.x */
    SETTING_BREAKER_SHORT_CIRCUIT = 100,
    SETTING_BREAKER_K1 = 101,
    SETTING_BREAKER_T1 = 104,
    SETTING_PREPAY_LOW_DAYS = 107,
    SETTING_BREAKER_WAIT = 108,
    SETTING_BREAKER_COUPLING = 109,
    SETTING_BREAKER_LOW_LIMIT = 110,
    SETTING_BREAKER_BASIS = 111,
    SETTING_BREAKER_LIMIT = 112,
    SETTING_BREAKER_BUTTON = 113,
    SETTING_BREAKER_RETRIES = 114,
    SETTING_BREAKER_TOOL = 115,
    /* prepayment, 1.1.130.0.x */
    SETTING_PREPAY_FREE_FROM = 126,
    SETTING_PREPAY_FREE_TO = 127,
    SETTING_PREPAY_ALARM = 128,
    SETTING_PREPAY_DAYS = 129,
    /* tampering, 134.0.79 and .80 */
    SETTING_TAMPER_MASK = 150,
    SETTING_TAMPER_SYMBOL = 151,
    SETTING_RADIO_WITH_MODULE = 160,
};

/** Codes of the audit log: a setting's is this + its id. */
#define SETTING_AUDIT_CODE 0xFE00u

/** An initial value that does not stand here: the order number's, or given at the factory. */
#define SETTING_FROM_FACTORY UINT32_MAX
#define SETTING_NO_REGISTER  0xFFFFu

struct setting_def {
    uint16_t id; /**< stands in permanent memory and on the wire: never give one a new meaning */
    const char *name;          /**< as metertool takes it: "integration-period" */
    const char *text;          /**< in words; letters of the field where it has some */
    uint8_t type;              /**< enum setting_type */
    uint8_t access;            /**< enum setting_class */
    uint8_t effect;            /**< enum setting_effect bits */
    uint8_t home;              /**< enum setting_home */
    uint8_t index;             /**< which one of the home; of configurations 0 .. 4 */
    uint8_t digits;            /**< as it is written, 0: as many as it takes */
    uint32_t divisor, modulus; /**< HOME_CONFIGURATION */
    uint32_t min, max;         /**< of number, inclusive; flags: max holds all that exist */
    uint32_t initial;          /**< of HOME_SETTINGS: as delivered */
    const char *unit;          /**< "V", "s", "W"; "": none */
    int8_t exponent;           /**< of a number */
    uint16_t need;             /**< enum register_need bits (register_table.h) */
    uint16_t kmp_id;           /**< register that shows it, SETTING_NO_REGISTER: none */
    const struct setting_choice *choices; /**< NULL: none */
};

/** Sorted by id. */
extern const struct setting_def setting_table[];
extern const size_t setting_table_length;

/** A value: number, or text for SETTING_TEXT (the other is 0, or empty). */
struct setting_value {
    uint32_t number;
    char text[SETTING_TEXT_MAX + 1u];
};

/** NULL: there is none. */
const struct setting_def *setting_by_id(uint16_t id);
const struct setting_def *setting_by_name(const char *name);
/** The one that a register shows; NULL: none. */
const struct setting_def *setting_by_kmp_id(uint16_t kmp_id);

/** The value is one that the row allows by itself: range, code, bits, characters. */
bool setting_value_good(const struct setting_def *def, const struct setting_value *value);
bool setting_value_equal(const struct setting_value *a, const struct setting_value *b);
/** Word of a code of a SETTING_CHOICE; NULL: none. */
const char *setting_choice_word(const struct setting_def *def, uint32_t code);

/** Of everything in the table that a client relies on: the same in tool and meter, or hands off. */
uint16_t setting_table_hash(void);

#endif
