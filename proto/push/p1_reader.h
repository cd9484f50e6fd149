/**
 * Telegrams of P1 ports, of any meter: found in a stream, checked, taken apart line by line.
 *
 * "/" identification, empty line, lines "1-0:1.8.0(00009621.983*kWh)", "!" and a CRC-16/ARC in four
 * hexadecimal digits over all from "/" to "!"; meters before DSMR 4 send none.
 * Source: DSMR 5.0.2 P1 chapter 5 and 6; spec customer-port 3.5.
 */
#ifndef OPEN382_P1_READER_H
#define OPEN382_P1_READER_H

#include "../common/reader.h"

#define P1_TELEGRAM_MAX 4096u /**< longer ones are passed over */

enum p1_found {
    P1_NOTHING,  /**< go on */
    P1_GOOD,     /**< a whole telegram with its CRC */
    P1_NO_CRC,   /**< a whole telegram of a meter that sends none */
    P1_BAD_CRC,  /**< damaged */
    P1_TOO_LONG, /**< given up */
};

/** Finds telegrams in octets.  Zero-filled is the beginning. */
struct p1_collector {
    uint8_t bytes[P1_TELEGRAM_MAX];
    size_t n_bytes;  /**< of the telegram, "/" up to "!" */
    unsigned n_tail; /**< behind "!": digits of the CRC */
    char tail[4];
    bool inside, behind; /**< a telegram has begun; its "!" has come */
};

/** Take one octet.  Behind anything but P1_NOTHING bytes and n_bytes hold until the
 *  next "/". */
enum p1_found p1_collector_take(struct p1_collector *collector, uint8_t octet);

/** One line.  Texts stand in the telegram and have no end mark. */
struct p1_line {
    uint8_t obis[6]; /**< group F 255 unless the line names it */
    const char *value, *unit, *stamp;
    size_t n_value, n_unit, n_stamp; /**< unit 0: none; stamp 0: no time stands before the value */
    bool is_number;
    int64_t mantissa;
    int exponent; /**< the number is mantissa * 10^exponent of its unit */
};

/** Identification behind "/", without the end of the line. */
size_t p1_identification(const uint8_t *telegram, size_t n_bytes, const char **text);
/** The next line that is CODE(VALUE) or CODE(TIME)(VALUE); others are passed over.
 *  @return false: no more */
bool p1_line_next(struct reader *telegram, struct p1_line *out);

#endif
