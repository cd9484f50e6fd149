/**
 * Order number and configurations 1 .. 5, digit by digit: ONE table of fields and their codes, and
 * the rules between them.  The meter reads itself by it (variant.h), metertool explains and makes
 * numbers with it, docs/variants.md prints it.  Plain constant data and pure functions.
 *
 * Source: CFG-01..11, CFG-T0..T5, VAR-A, MOD-A, answers, K-01, K-02, K-31,
 * K-35.
 */
#ifndef OPEN382_ORDER_H
#define OPEN382_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum order_field_id {
    ORDER_PHASES, /**< 684 or 686 and X1 */
    ORDER_CURRENT,
    ORDER_CLASS,
    ORDER_GENERATION,
    ORDER_ENERGY,
    ORDER_HARDWARE,
    ORDER_TARIFF,
    ORDER_COUNTRY,
    ORDER_DECIMALS, /**< configuration 1, A-B-CCC-DD-E */
    ORDER_LED,
    ORDER_MODULE,
    ORDER_PORT,
    ORDER_INTEGRATION,
    ORDER_DISPLAY, /**< configuration 2, FFF-GG-HH-I */
    ORDER_TARGET_DAY,
    ORDER_INTERVAL,
    ORDER_PULSE,
    ORDER_DISCONNECT, /**< configuration 3, JJ-K-LL-M-NN */
    ORDER_PEAK,
    ORDER_ZONE,
    ORDER_FREE,
    ORDER_PULSE_UNIT,
    ORDER_TARIFF_TABLE, /**< configuration 4, OOO-PPP-QQ */
    ORDER_SUMMER,
    ORDER_PROTOCOL,
    ORDER_RADIO,      /**< configuration 5, RRR */
    ORDER_RADIO_REST, /**< five more digits of configuration 5, or none; seen on M */
    ORDER_FIELDS
};

#define ORDER_DIGITS         13u
#define ORDER_CODE_MAX       5u
#define ORDER_CONFIGURATIONS 5u

/** For whom a code stands in its table. */
enum order_fits {
    FITS_B = 1 << 0,
    FITS_C = 1 << 1,
    FITS_D = 1 << 2,
    FITS_E = 1 << 3,
    FITS_L = 1 << 4,
    FITS_M = 1 << 5,
    FITS_BCDE = FITS_B | FITS_C | FITS_D | FITS_E,
    FITS_L_M = FITS_L | FITS_M,
    FITS_ALL = FITS_BCDE | FITS_L_M,
    FITS_READ_ONLY = 1 << 7, /**< in no published key: taken from a real meter, never made */
};

/** A code of a field, or all from first to last (digits). */
struct order_code {
    const char *first, *last; /**< last NULL: one code */
    uint8_t fits;             /**< enum order_fits */
    const char *meaning;
};

struct order_field {
    const char *key;    /**< "hardware": how a person names it */
    const char *symbol; /**< "X6": how the data sheets name it */
    const char *title;
    uint8_t part;   /**< 0: order number; 1 .. 5: configuration */
    uint8_t at;     /**< first digit in that number, from 0 */
    uint8_t digits; /**< how many */
    bool locked;    /**< under the verification seal (CFG-07), or the meter's type itself */
    const struct order_code *codes;
    uint8_t n_codes;
};

extern const struct order_field order_fields[ORDER_FIELDS];

/** One code per field, as text: "4", "055", "". */
struct order_codes {
    char code[ORDER_FIELDS][ORDER_CODE_MAX + 1];
};

enum order_fault_kind {
    ORDER_FAULT_CODE, /**< not in the field's table, for this generation */
    ORDER_FAULT_PAIR, /**< two fields contradict each other (CFG-09) */
    ORDER_FAULT_MADE, /**< can be read, but must not be made */
};

struct order_fault {
    uint8_t kind;       /**< enum order_fault_kind */
    uint8_t field;      /**< enum order_field_id */
    uint8_t against;    /**< the other field of a pair */
    const char *reason; /**< PAIR, MADE: the rule, as half a sentence */
};

/**
 * Take the numbers apart; whether their codes exist says order_check.
 * @param order  13 characters, as printed: "68431BM423010"
 * @param configuration  numbers of up to eight digits; the fifth has three or eight
 * @return false: not 13 characters, or more than eight digits; *out is unchanged
 */
bool order_split(const char *order, const uint32_t configuration[ORDER_CONFIGURATIONS],
                 struct order_codes *out);

/** Put them together again: order_split of the result gives the same codes. */
void order_join(const struct order_codes *codes, char order[ORDER_DIGITS + 1],
                uint32_t configuration[ORDER_CONFIGURATIONS]);

/**
 * Find what is wrong: first codes in no table, then contradictions.
 * @param made  true: the number is to be made; what only real meters show is a fault too
 * @return number of faults; the first n_faults of them are written
 */
size_t order_check(const struct order_codes *codes, bool made, struct order_fault *faults,
                   size_t n_faults);

/** The row of the field's table for this code and generation; NULL: there is none. */
const struct order_code *order_code_row(const struct order_codes *codes, enum order_field_id field);

/**
 * Would this code in that field be in the table, not read-only, and contradict no other field?
 * Fields that are still empty contradict nothing.
 */
bool order_code_would_fit(const struct order_codes *codes, enum order_field_id field,
                          const char *code);

/** What X6 says is fitted; X6 letters B to G stand for builds with breaker (VAR-A). */
struct order_hardware {
    char code;
    bool rtc, battery, breaker;
    char radio; /**< 'S' Senea, 'K' Kamstrup, 0 none */
};

/** NULL: X6 is no such code. */
const struct order_hardware *order_hardware(const struct order_codes *codes);

/** Number of an all-digit field. */
unsigned order_number_of(const struct order_codes *codes, enum order_field_id field);

#endif
