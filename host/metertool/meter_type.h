/** What kind of meter a GetType answer means. */
#ifndef OPEN382_METER_TYPE_H
#define OPEN382_METER_TYPE_H

#include <stdint.h>

/** "Kamstrup 382Mx2-9" for codes hi, lo; NULL when the code is in no list that we know. */
const char *meter_type_name(uint8_t hi, uint8_t lo);

#endif
