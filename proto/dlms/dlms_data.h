/**
 * A-XDR: the data of DLMS (IEC 62056-5-3, IEC 61334-6), to and from the bounded cursors.
 *
 * Writers put a type octet and the value.  Readers take one item at a time: a simple value whole,
 * of an array or structure its head only, so nothing here calls itself and nothing is copied.
 * Floats are carried as their bits: below the ports there is no floating point.
 */
#ifndef OPEN382_DLMS_DATA_H
#define OPEN382_DLMS_DATA_H

#include "proto/common/reader.h"
#include "proto/common/writer.h"

enum dlms_type {
    DLMS_NULL = 0,
    DLMS_ARRAY = 1,
    DLMS_STRUCTURE = 2,
    DLMS_BOOLEAN = 3,
    DLMS_BIT_STRING = 4,
    DLMS_INT32 = 5,  /**< double-long */
    DLMS_UINT32 = 6, /**< double-long-unsigned */
    DLMS_OCTETS = 9, /**< octet-string */
    DLMS_VISIBLE = 10,
    DLMS_UTF8 = 12,
    DLMS_BCD = 13,
    DLMS_INT8 = 15,   /**< integer */
    DLMS_INT16 = 16,  /**< long */
    DLMS_UINT8 = 17,  /**< unsigned */
    DLMS_UINT16 = 18, /**< long-unsigned */
    DLMS_COMPACT_ARRAY = 19,
    DLMS_INT64 = 20,
    DLMS_UINT64 = 21,
    DLMS_ENUM = 22,
    DLMS_FLOAT32 = 23, /**< four octets, IEEE 754 */
    DLMS_FLOAT64 = 24,
    DLMS_DATE_TIME = 25, /**< 12 octets without a length */
    DLMS_DATE = 26,      /**< 5 octets */
    DLMS_TIME = 27,      /**< 4 octets */
    DLMS_DELTA_INT8 = 28,
    DLMS_DELTA_INT16 = 29,
    DLMS_DELTA_INT32 = 30,
    DLMS_DELTA_UINT8 = 31,
    DLMS_DELTA_UINT16 = 32,
    DLMS_DELTA_UINT32 = 33,
    DLMS_DONT_CARE = 255
};

/** What a codec function says; 0 is well, errors are negative. */
enum dlms_status {
    DLMS_END = 0,        /**< walker: nothing more to come */
    DLMS_OK = 1,         /**< an item, a header, a whole message was read */
    DLMS_ERR_CUT = -1,   /**< the octets end before the item does */
    DLMS_ERR_BAD = -2,   /**< octets that nothing allows here */
    DLMS_ERR_DEPTH = -3, /**< nested deeper than DLMS_DEPTH_MAX */
};

#define DLMS_DEPTH_MAX 8u

/* --- Writing --- */

/** Length or count: below 128 one octet, else 81 xx, 82 xx xx, 84 xx xx xx xx. */
void dlms_write_length(struct writer *w, size_t length);
/** Octets that dlms_write_length takes: 1, 2, 3 or 5. */
size_t dlms_length_size(size_t length);

void dlms_write_null(struct writer *w);
void dlms_write_array(struct writer *w, size_t n_elements);
void dlms_write_structure(struct writer *w, size_t n_elements);
void dlms_write_bool(struct writer *w, bool value);
void dlms_write_enum(struct writer *w, uint8_t value);
/** Any integer type: the type octet, then as many octets as the type has. */
void dlms_write_int(struct writer *w, enum dlms_type type, int64_t value);
void dlms_write_u8(struct writer *w, uint8_t value);
void dlms_write_u16(struct writer *w, uint16_t value);
void dlms_write_u32(struct writer *w, uint32_t value);
void dlms_write_u64(struct writer *w, uint64_t value);
void dlms_write_i8(struct writer *w, int8_t value);
void dlms_write_i16(struct writer *w, int16_t value);
void dlms_write_i32(struct writer *w, int32_t value);
void dlms_write_i64(struct writer *w, int64_t value);
void dlms_write_octets(struct writer *w, const void *bytes, size_t n_bytes);
/** A visible-string (DLMS_VISIBLE) or UTF-8 string (DLMS_UTF8). */
void dlms_write_string(struct writer *w, enum dlms_type type, const void *text, size_t n_bytes);
/** Bit 0 is the highest bit of the first octet; (n_bits + 7) / 8 octets are taken from bits. */
void dlms_write_bits(struct writer *w, const uint8_t *bits, size_t n_bits);
/** structure {integer scaler, enum unit} (attribute 3 of a register). */
void dlms_write_scaler_unit(struct writer *w, int8_t scaler, uint8_t unit);
/** structure {long-unsigned class, octet-string name, integer attribute, long-unsigned index}. */
void dlms_write_capture_object(struct writer *w, uint16_t class_id, const uint8_t obis[6],
                               int8_t attribute, uint16_t data_index);

/* --- Reading --- */

/** A cursor over nothing. */
static inline struct reader dlms_no_data(void)
{
    struct reader none = {NULL, NULL, false};
    return none;
}

/** One item.  The octets stay where they were: valid as long as the message is. */
struct dlms_value {
    uint8_t type;         /**< enum dlms_type */
    uint8_t depth;        /**< walker only: 0 for the outermost item */
    uint32_t count;       /**< elements of an array or structure; bits of a bit-string */
    const uint8_t *bytes; /**< content octets of a simple value, without type and length */
    uint32_t n_bytes;     /**< their number; 0 for array and structure */
    uint64_t number;      /**< integer, boolean, enum: the value; signed types sign-extended */
};

/** Length or count.  An element takes at least one octet, but null-data apart nothing is known of
 *  its size: whoever uses the count as a size checks it against what is left. */
uint32_t dlms_read_length(struct reader *r);

/** One item: a simple value whole, of an array or structure the head.  A compact-array comes whole
 * as bytes (type description and contents), count 0.
 *  @return DLMS_OK, DLMS_ERR_CUT or DLMS_ERR_BAD; after an error r->failed is set. */
enum dlms_status dlms_data_read(struct reader *r, struct dlms_value *out);

/** Pass over one whole item with all that is in it, at most DLMS_DEPTH_MAX deep.
 *  @return DLMS_OK or an error; after an error r->failed is set. */
enum dlms_status dlms_data_skip(struct reader *r);

/** The item is an integer type (or enum, boolean): its value as a signed number.  A UINT64 above
 *  INT64_MAX is none.  @return false: another type. */
bool dlms_value_integer(const struct dlms_value *value, int64_t *out);

/* Typed readers for parameters: exactly this type, else false and r->failed (result 12). */
bool dlms_read_u8(struct reader *r, uint8_t *out);
bool dlms_read_u16(struct reader *r, uint16_t *out);
bool dlms_read_u32(struct reader *r, uint32_t *out);
bool dlms_read_i8(struct reader *r, int8_t *out);
bool dlms_read_i16(struct reader *r, int16_t *out);
bool dlms_read_i32(struct reader *r, int32_t *out);
bool dlms_read_bool(struct reader *r, bool *out);
bool dlms_read_enum(struct reader *r, uint8_t *out);
/** An octet-string of any length. */
bool dlms_read_octets(struct reader *r, const uint8_t **bytes, uint32_t *n_bytes);
/** An octet-string of exactly n_bytes, or NULL. */
const uint8_t *dlms_read_octets_of(struct reader *r, uint32_t n_bytes);
/** Head of a structure with exactly n_elements. */
bool dlms_read_structure(struct reader *r, uint32_t n_elements);
bool dlms_read_array(struct reader *r, uint32_t *n_elements);

/**
 * Walker: every item of a Data in the order of its octets, heads before their elements, with its
 * depth.  Compact arrays come as an array of their elements.  Made for answers that arrive in
 * blocks: where the octets end inside an item it says DLMS_ERR_CUT and stays before that item;
 * the caller then gives octets from there on (dlms_walker_feed) and goes on.  A compact array has
 * to be there whole.
 */
struct dlms_walker {
    struct reader r;
    uint8_t depth;                 /**< open arrays and structures */
    uint32_t left[DLMS_DEPTH_MAX]; /**< elements still to come in each */
    const uint8_t *type[DLMS_DEPTH_MAX], *again[DLMS_DEPTH_MAX]; /**< inside a compact array */
    const uint8_t *type_end, *content_end, *element;
    uint8_t compact_depth; /**< depth of the compact array plus 1, 0: not inside one */
    bool started;
};

void dlms_walker_init(struct dlms_walker *walker, const void *bytes, size_t n_bytes);
/** Go on with other octets; they begin where dlms_walker_left() said the old ones were unread. */
void dlms_walker_feed(struct dlms_walker *walker, const void *bytes, size_t n_bytes);
static inline size_t dlms_walker_left(const struct dlms_walker *walker)
{
    return reader_left(&walker->r);
}
/** @return DLMS_OK: *out is the next item; DLMS_END: the Data is complete; DLMS_ERR_... */
enum dlms_status dlms_data_next(struct dlms_walker *walker, struct dlms_value *out);

/* --- Selective access (IEC 62056-6-2, profile generic) --- */

/** Column or restricting object of a profile. */
struct dlms_column {
    uint16_t class_id;
    uint8_t obis[6];
    int8_t attribute;
    uint16_t data_index;
};

/** Selector 1: {restricting object, from, to, selected columns}; the ends belong to it. */
struct dlms_range {
    struct dlms_column restricting;
    struct dlms_value from, to;
    uint32_t n_columns; /**< 0: all columns */
    struct reader columns;
};

/** Selector 2: {from row, to row, from column, to column}; 0 as an end: the last. */
struct dlms_entries {
    uint32_t from_row, to_row;
    uint16_t from_column, to_column;
};

/** @return false: malformed or of other types (answer with type-unmatched, 12). */
bool dlms_range_read(struct reader parameter, struct dlms_range *out);
bool dlms_entries_read(struct reader parameter, struct dlms_entries *out);
/** The next selected column.  @return false: no more. */
bool dlms_range_column(struct dlms_range *range, struct dlms_column *out);
/** One capture object definition, structure of four.  @return false: malformed. */
bool dlms_column_read(struct reader *r, struct dlms_column *out);

#endif
