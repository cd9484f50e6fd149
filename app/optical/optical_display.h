/** Display lists over KMP, commands E4 and E5: proto/kmp/kmp_display.h. */
#ifndef OPEN382_OPTICAL_DISPLAY_H
#define OPEN382_OPTICAL_DISPLAY_H

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

struct meter;

/** As kmp_meter.other: 1: answer written; 0: silence (unknown, malformed). */
int optical_display(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
