/**
 * The breaker over KMP: 97 moves it, 98 tells where it is (spec kmp 1.5, 1.9).
 */
#ifndef OPEN382_OPTICAL_BREAKER_H
#define OPEN382_OPTICAL_BREAKER_H

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"
#include "../meter/meter.h"

enum optical_breaker_command { KMP_SET_CUT_OFF_STATE = 0x97, KMP_GET_CUT_OFF_STATE = 0x98 };

/** One of the two.  @return as the KMP server wants it; what is refused is not answered */
int optical_breaker(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
