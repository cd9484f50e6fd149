/**
 * Prepayment over KMP, commands C0 to C3: proto/kmp/kmp_prepay.h.
 */
#ifndef OPEN382_OPTICAL_PREPAY_H
#define OPEN382_OPTICAL_PREPAY_H

#include "../../proto/kmp/kmp_prepay.h"
#include "../meter/meter.h"

/** One of the four.  @return as the KMP server wants it; a meter without prepayment is silent */
int optical_prepay(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
