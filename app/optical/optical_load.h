/**
 * Load control over KMP: a private block of commands, C4 to C7 (docs/protocols.md).  Modes, maps
 * and the delay are registers.
 */
#ifndef OPEN382_OPTICAL_LOAD_H
#define OPEN382_OPTICAL_LOAD_H

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"
#include "../meter/meter.h"

enum optical_load_command {
    KMP_LOAD_PLAN_READ = 0xC4,  /**< a relay's table */
    KMP_LOAD_PLAN_WRITE = 0xC5, /**< another one */
    KMP_LOAD_COMMAND = 0xC6,    /**< make a relay active or inactive */
    KMP_LOAD_STATUS = 0xC7,     /**< all that can be seen */
};

/** One of the four.  @return as the KMP server wants it */
int optical_load(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
