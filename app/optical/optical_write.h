/**
 * Registers that a client may write over KMP (PutRegister), one row each; all others are refused.
 * What a client writes is checked by the part of the meter that it belongs to.
 * Source: OPT-01, X-MET-3, Kamstrup 5512-447 (PutRegister carries a password of two bytes).
 */
#ifndef OPEN382_OPTICAL_WRITE_H
#define OPEN382_OPTICAL_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../proto/kmp/kmp.h"

struct meter;

/** @return false: unknown register, wrong password, or a value that the meter does not take;
 *          nothing changed. */
bool optical_write(struct meter *meter, uint16_t password, const struct kmp_value *value);

#endif
