/**
 * M-Bus application layer (EN 13757-3): headers, and data records with their units.
 *
 * Reads what any meter sends, wired or by radio: a record keeps what its DIB and VIB say as numbers
 * (quantity, unit, power of ten, storage, tariff, subunit, function, direction, phase), so that a
 * user needs no tables of its own.  Allocation-free, bounded; records point into the octets.
 */
#ifndef OPEN382_MBUS_RECORD_H
#define OPEN382_MBUS_RECORD_H

#include "mbus_frame.h"
#include "mbus_vif.h"

/** DIB and VIB have at most ten extensions each. */
#define MBUS_EXTENSIONS_MAX 10u

/** Application layer of a message: CI field. */
enum mbus_ci {
    MBUS_CI_RESET = 0x50,
    MBUS_CI_SEND = 0x51,
    MBUS_CI_SELECT = 0x52,
    MBUS_CI_ERROR = 0x70,
    MBUS_CI_ALARM = 0x71,
    MBUS_CI_LONG = 0x72,         /**< header of 12 octets, records */
    MBUS_CI_COMPACT_LONG = 0x73, /**< header of 12 octets, values alone */
    MBUS_CI_NONE = 0x78,         /**< no header, records */
    MBUS_CI_COMPACT_NONE = 0x79,
    MBUS_CI_SHORT = 0x7A, /**< header of 4 octets, records */
    MBUS_CI_COMPACT_SHORT = 0x7B,
    MBUS_CI_BAUD_300 = 0xB8 /**< .. BFh: 38400 */
};

/** Who sends: the secondary address. */
struct mbus_identity {
    uint32_t id;           /**< eight digits as they are read, e.g. 14839120; see id_is_bcd */
    uint32_t id_raw;       /**< the four octets, lowest first */
    bool id_is_bcd;        /**< false: id_raw has digits above 9, id is 0 */
    uint16_t manufacturer; /**< e.g. 2C2Dh = KAM */
    uint8_t version, medium;
};

struct mbus_header {
    bool has_identity; /**< CI 72, 73 */
    bool has_status;   /**< access number, status and signature are there: not with CI 78, 79 */
    struct mbus_identity identity;
    uint8_t access_number, status;
    uint16_t signature; /**< configuration field; 0: not encrypted */
};

/** Read the header that a CI announces.  @return MBUS_OK, MBUS_ERR_LENGTH, MBUS_ERR_FORMAT (no such
 * CI). */
int mbus_header_read(uint8_t ci, struct reader *r, struct mbus_header *header);
/** Identity in the eight octets of a long header or of a selection. */
struct mbus_identity mbus_identity_read(struct reader *r);
void mbus_identity_write(struct writer *w, const struct mbus_identity *identity);
/** Three letters, e.g. "KAM". */
void mbus_manufacturer_text(uint16_t manufacturer, char text[4]);
uint16_t mbus_manufacturer(const char text[3]);
const char *mbus_medium_text(uint8_t medium);
/** Eight digits to the four octets of BCD and back. */
uint32_t mbus_bcd8(uint32_t digits);

enum mbus_function { MBUS_INSTANT, MBUS_MAXIMUM, MBUS_MINIMUM, MBUS_ERROR_STATE };

enum mbus_value_kind {
    MBUS_VALUE_NONE,     /**< DIF with no data */
    MBUS_VALUE_INTEGER,  /**< integer */
    MBUS_VALUE_FLOAT,    /**< float_bits, IEEE 754 single */
    MBUS_VALUE_TEXT,     /**< data as characters, last one first on the line (see mbus_text_at) */
    MBUS_VALUE_OCTETS,   /**< data */
    MBUS_VALUE_DATE,     /**< date: year, month, day (type G) */
    MBUS_VALUE_DATETIME, /**< date with hour and minute (F), and second (I) */
    MBUS_VALUE_TIME,     /**< hour, minute, second (J) */
    MBUS_VALUE_BAD_BCD,  /**< digits above 9: not valid, or an error code; data */
    MBUS_VALUE_MANUFACTURER, /**< the rest of the message is the maker's own; data */
    MBUS_VALUE_MORE          /**< the same, and another message follows (1F) */
};

struct mbus_date {
    uint16_t year;                            /**< 0: every year */
    uint8_t month, day, hour, minute, second; /**< 0 or 255: every */
    bool invalid, summer_time, has_second;
};

/** Where a value was taken (VIFE FC ..). */
enum mbus_place {
    MBUS_PLACE_NONE,
    MBUS_L1,
    MBUS_L2,
    MBUS_L3,
    MBUS_NEUTRAL,
    MBUS_L1_L2,
    MBUS_L2_L3,
    MBUS_L3_L1,
    MBUS_QUADRANT_1,
    MBUS_QUADRANT_2,
    MBUS_QUADRANT_3,
    MBUS_QUADRANT_4
};

/** record.qualifier: a VIFE after FC that has no place here. */
#define MBUS_QUALIFIER_EXTENSION 0x7Cu

enum mbus_direction {
    MBUS_NO_DIRECTION,
    MBUS_FORWARD,  /**< VIFE 3B: accumulated only while positive */
    MBUS_BACKWARD, /**< VIFE 3C: amount, only while negative */
    MBUS_BOTH      /**< FC 10: amounts of both */
};

struct mbus_record {
    uint8_t dif;
    uint8_t function; /**< enum mbus_function */
    uint8_t quantity; /**< enum mbus_quantity */
    uint8_t unit;     /**< enum mbus_unit */
    uint8_t kind;     /**< enum mbus_value_kind */
    uint8_t direction, place;
    int8_t exponent;   /**< value = integer * 10^exponent unit, VIFE of correction included */
    uint8_t qualifier; /**< the last VIFE that changes what the value means, 0: none */
    uint16_t subunit;
    uint32_t tariff;
    uint64_t storage;
    const uint8_t *dib, *vib; /**< as sent */
    uint8_t n_dib, n_vib;
    uint8_t n_unit_text; /**< plain-text VIF: its characters, last one first */
    const uint8_t *unit_text;
    int64_t integer;
    uint32_t float_bits;
    struct mbus_date date;
    const uint8_t *data; /**< the value's octets */
    size_t n_data;
};

/**
 * The next record.  Filler (2F) is passed over.
 * @return 1: *record; 0: no more; MBUS_ERR_FORMAT: a record that does not fit (the reader is then
 * at the end), or a variable length that is reserved.
 */
int mbus_record_next(struct reader *r, struct mbus_record *record);

/**
 * DIB and VIB alone, as in a format of records without their values.
 * @return 1: *record without a value; 0: no more; MBUS_ERR_FORMAT.
 */
int mbus_record_head(struct reader *r, struct mbus_record *record);
/** Octets of the value behind a DIF: 0 .. 8, MBUS_VARIABLE, or MBUS_SPECIAL (no record). */
#define MBUS_VARIABLE 0xFFu
#define MBUS_SPECIAL  0xFEu
uint8_t mbus_value_octets(uint8_t dif);

/** The n-th character of a text value in reading order. */
static inline uint8_t mbus_text_at(const uint8_t *text, size_t n_text, size_t n)
{
    return text[n_text - 1u - n];
}

/** Dates of types G, F and I from their octets (2, 4 or 6), and G and F written. */
bool mbus_date_read(const uint8_t *octets, size_t n_octets, struct mbus_date *date);
void mbus_date_write_g(struct writer *w, const struct mbus_date *date);
void mbus_date_write_f(struct writer *w, const struct mbus_date *date);

#endif
