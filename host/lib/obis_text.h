/**
 * OBIS codes as people write them, and what they mean: IEC 62056-6-1 for electricity (A = 1) and
 * for abstract data (A = 0), whichever meter it is.
 */
#ifndef OPEN382_OBIS_TEXT_H
#define OPEN382_OBIS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBIS_TEXT_MAX 24u /**< "255-255:255.255.255.255" and its end */

/** Which groups a text named, bit 0 = A. */
#define OBIS_NAMED_A 0x01u
#define OBIS_NAMED_B 0x02u
#define OBIS_NAMED_F 0x20u

/**
 * "1-0:1.8.0.255", "1-0:1.8.0", "1.8.0", "1.8.0*255" or six numbers with points ("1.0.1.8.0.255").
 * Groups that are not named are 0 (A, B) and 255 (F).
 *
 * @return the groups named (always C, D and E), or 0: no OBIS code.
 */
unsigned obis_parse(const char *text, uint8_t obis[6]);

/** "1-0:1.8.0.255". */
void obis_text(const uint8_t obis[6], char text[OBIS_TEXT_MAX]);

/** Are they the same in the groups named (as obis_parse returns it)? */
bool obis_matches(const uint8_t obis[6], const uint8_t wanted[6], unsigned named);

/** "Active energy A+, tariff 2", "Clock", or "" for a code that no list names. */
void obis_name(const uint8_t obis[6], char *name, size_t n_name);

#endif
