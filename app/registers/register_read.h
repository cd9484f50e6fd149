/**
 * Fetch a register row's value from a running meter, in the resolution a reader wants.
 */
#ifndef OPEN382_REGISTER_READ_H
#define OPEN382_REGISTER_READ_H

#include "../../proto/kmp/kmp.h"
#include "register_table.h"

struct meter;

/** A value at full internal resolution: number * 10^exponent of the row's base unit, or text. */
struct register_value {
    bool is_text;
    int64_t number;
    int exponent;  /**< power of ten over the base unit (Wh, W, V, A, Hz, h, s) */
    char text[33]; /**< dates and texts: "2024-06-20 14:30:05", type numbers */
};

/** False when this variant does not have the register (MET-08, VAR-08). */
bool register_exists(const struct meter *meter, const struct register_def *def);

/** Full resolution.  @return false: does not exist. */
bool register_read(const struct meter *meter, const struct register_def *def,
                   struct register_value *out);

/** As it stands on the KMP wire (unit, width, exponent, roll-over of the display format). */
bool register_read_kmp(const struct meter *meter, const struct register_def *def,
                       struct kmp_value *out);

/** As the display shows it and IEC 62056-21 prints it: "0036886", "1.078"; *unit "kWh" or "". */
bool register_read_text(const struct meter *meter, const struct register_def *def, char *out,
                        size_t capacity, const char **unit);

#endif
