/**
 * Software identification: number, revision and checksum of the legal program (WELMEC 7.2 P2, P5).
 */
#ifndef OPEN382_LEGAL_IDENT_H
#define OPEN382_LEGAL_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "legal_api.h"

/** Checks the program a few bytes at a time, round and round. */
struct ident {
    uint32_t checksum; /**< of the whole program, as found at start */
    uint32_t running;  /**< of the part of this round */
    uint32_t position;
    uint8_t bookings; /**< counted for the pace */
    bool fault;       /**< differs from what was expected, or from the start */
};

/** Check the whole program once. */
void ident_start(struct ident *ident, const struct legal_port *port);

/** Check the next few bytes. */
void ident_step(struct ident *ident, const struct legal_port *port);

void ident_read(const struct ident *ident, struct legal_identity *out);

#endif
