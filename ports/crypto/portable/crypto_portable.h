/**
 * crypto_port for a processor without a cipher unit: AES-GCM, AES blocks and SHA-256 in plain C, in
 * time that does not depend on secrets (one assumption: a 32-bit shift, and, xor take the same time
 * whatever their values).  No heap, no state but the keys.  MD5, SHA-1, SHA-384 and curves it has
 * not.
 *
 * With a cipher unit, take the members of this port and put your own blocks(), gcm_seal() and
 * gcm_open() in their place.
 */
#ifndef OPEN382_CRYPTO_PORTABLE_H
#define OPEN382_CRYPTO_PORTABLE_H

#include "proto/common/crypto_port.h"

/** Fill a port.  random(context, ...) is the board's; NULL: it has none. */
void crypto_portable(struct crypto_port *port,
                     int (*random)(void *context, uint8_t *bytes, size_t n_bytes), void *context);

#endif
