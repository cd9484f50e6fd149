/**
 * Acts of tampering over KMP: C8 tells what holds, what has come, how often and when.
 */
#ifndef OPEN382_OPTICAL_TAMPER_H
#define OPEN382_OPTICAL_TAMPER_H

#include "../../proto/kmp/kmp_tamper.h"
#include "../meter/meter.h"

/** @return as the KMP server wants it */
int optical_tamper(const struct meter *meter, struct reader *data, struct writer *out);

#endif
