/**
 * Device-specific constants (calibration): nominal values, limits, and their two copies in memory.
 * Layout: docs/spec/storage.md, kind C.  Source: MET-06, spec metrology 3.5.
 */
#ifndef OPEN382_LEGAL_CONSTANTS_H
#define OPEN382_LEGAL_CONSTANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "legal_api.h"
#include "store/page.h"

/** All constants of the meter. */
struct constants {
    uint32_t writes; /**< number of the record: writes since the memory was blank */
    bool calibrated[LEGAL_SYSTEMS];
    struct legal_calibration system[LEGAL_SYSTEMS];
};

void constants_nominal(struct constants *constants);

/** The first constant out of its range; LEGAL_CONSTANT_NONE: all may be used. */
enum legal_constant constants_check(const struct legal_calibration *calibration);

/** May these be used?  Gains within 25 % of nominal, filter and delay as a measuring system takes
 * them. */
bool constants_valid(const struct legal_calibration *calibration);

/** CRC-32 over all that is stored of them, but for the number of the record. */
uint32_t constants_crc(const struct constants *constants);

/**
 * Read the better of the two copies and renew the other one when it is damaged or older.
 * @return false: there is no good copy; *out is nominal.  A memory never written, or cut in its
 * first write, gives nominal and true.
 */
bool constants_load(struct page_memory *memory, struct constants *out);

/** Write both copies.  @return false: not stored. */
bool constants_save(struct page_memory *memory, const struct constants *constants);

#endif
