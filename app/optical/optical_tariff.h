/**
 * KMP commands for tariffs: a private block, since those of the real meter are not public.
 * Bytes: docs/tariffs.md, "Over KMP".
 */
#ifndef OPEN382_OPTICAL_TARIFF_H
#define OPEN382_OPTICAL_TARIFF_H

#include <stdint.h>

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

struct meter;

/** Numbers of the commands; integers in them are big-endian. */
enum optical_tariff_command {
    TARIFF_STAGE = 0xE0,  /**< password, offset, bytes: part of an image */
    TARIFF_COMMIT = 0xE1, /**< password, length, activation: check and store it */
    TARIFF_READ = 0xE2,   /**< which plan, offset: part of a stored image */
    TARIFF_FORCE = 0xE3,  /**< password, tariff, minutes: on-demand tariff */
};
#define OPTICAL_TARIFF_PART  200u /**< bytes of an image in one frame, at most */
#define OPTICAL_TARIFF_FORCE 0u   /**< TARIFF_READ: the plan in force */
#define OPTICAL_TARIFF_WAITS 1u   /**< the plan that waits */

/** As kmp_meter.other: 1: answer written; 0: silence (unknown, malformed, wrong password). */
int optical_tariff(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
