/** Units of class 3 and its kin, as the Blue Book numbers them (table of "unit"). */
#ifndef OPEN382_DLMS_UNIT_H
#define OPEN382_DLMS_UNIT_H

#include <stdint.h>

/** "kWh" is not among them: the scaler says the thousand.  "" for 255 (none), NULL: not known. */
const char *dlms_unit_name(uint8_t unit);

/**
 * A value as people read it: 1234567 Wh with scaler 0 is 1234.567 kWh.  Moves W, VA, var, their
 * hours to thousands, since that is how meters show them.
 *
 * @return the unit to print; *exponent is what value * 10^exponent has to be printed with.
 */
const char *dlms_unit_shown(uint8_t unit, int scaler, int *exponent);

#endif
