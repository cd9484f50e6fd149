/**
 * The wired M-Bus module, 68 50 005 and (382M) 68 50 068: a slave on the bus, a client of its
 * meter.
 *
 * Its identity is the meter's: the customer number (without one the serial number) as secondary
 * address, its last three digits as primary address on delivery, the last two when three are above
 * 250.  An address that a master sets, and the access number, stand in the module's own memory; the
 * access number is written down ahead, so that after a loss of supply numbers go on behind those
 * that may have been sent.  Status octet: 10h (temporary error) while the meter does not answer.
 * Source: MOD-08, MOD-A03, MOD-A21, spec mbus.md 1 and 5.
 */
#ifndef OPEN382_MODULES_MBUS_MODULE_H
#define OPEN382_MODULES_MBUS_MODULE_H

#include "mbus_values.h"

/** Octets of the module's own memory: two records, written in turn. */
#define MBUS_MODULE_MEMORY 32u
/** Access numbers written down ahead. */
#define MBUS_MODULE_AHEAD 16u
/** Nothing came for so long: a half frame is forgotten (33 bit times are 110 ms at 300 baud; a
 *  network may be slower). */
#define MBUS_MODULE_IDLE_MS 500

struct mbus_module_memory {
    void *context;
    /** @return 0, or negative: no answer; nothing happened */
    int (*read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
};

struct mbus_module {
    struct module_bus bus;
    struct mbus_module_memory memory;
    struct mbus_slave slave;
    struct mbus_values values;
    int64_t now_ms;
    /* of the meter */
    bool known;       /**< it has told who it is */
    bool silent;      /**< it did not answer when it was asked last */
    int64_t known_ms; /**< when */
    uint32_t number;  /**< customer number, else serial number: eight digits */
    uint32_t serial;  /**< fabrication number */
    /* in memory */
    uint32_t sequence;    /**< of the record written last; 0: none */
    uint8_t set_address;  /**< by a master; MBUS_MODULE_NOT_SET */
    uint8_t access_ahead; /**< access numbers up to this one may have been sent */
};

#define MBUS_MODULE_NOT_SET 0xFFu

/** Primary address on delivery of a meter with that number. */
uint8_t mbus_module_default_address(uint32_t number);

/** Supply comes. */
void mbus_module_start(struct mbus_module *module, const struct module_bus *bus,
                       const struct mbus_module_memory *memory);

/**
 * A frame from a master; now_ms is wall time and does not go back.
 * @return octets of the answer, 0: silence
 */
size_t mbus_module_frame(struct mbus_module *module, const struct mbus_frame *frame, int64_t now_ms,
                         uint8_t answer[MBUS_FRAME_MAX]);

#endif
