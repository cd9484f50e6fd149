/**
 * Passwords of the associations with low level security, in permanent memory.
 *
 * Each of the clients 18, 19 and 20 has its own; as delivered all are "12345".  A client changes
 * its own by attribute 7 of its association.
 * Layout in memory: docs/spec/app-storage.md.  Source: spec cosem-objects 1.1 and 1.2, SEC-05.
 */
#ifndef OPEN382_COSEM_SECRETS_H
#define OPEN382_COSEM_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../meter/board.h"

#define COSEM_SECRETS_FIRST_PAGE 126u /**< two pages, written in turn */
#define COSEM_SECRETS            3u   /**< clients 18, 19, 20 */
#define COSEM_SECRET_MAX         16u  /**< octets; at least one */

struct cosem_secret {
    uint8_t n_bytes;
    uint8_t bytes[COSEM_SECRET_MAX];
};

struct cosem_secrets {
    uint32_t sequence;                            /**< of the record written last; 0: none */
    struct cosem_secret delivered[COSEM_SECRETS]; /**< not stored */
    struct cosem_secret changed[COSEM_SECRETS];   /**< n_bytes 0: it was not */
};

/** As delivered, then the newest good record over it.  @return false: memory did not answer */
bool cosem_secrets_load(struct cosem_secrets *secrets, const struct board *board);

/** The password that a client is delivered with, in place of "12345"; one that it has changed
 * counts before it.  @return false: no such client, empty or too long */
bool cosem_secret_deliver(struct cosem_secrets *secrets, uint16_t client, const uint8_t *bytes,
                          size_t n_bytes);

/** NULL: this client has none. */
const struct cosem_secret *cosem_secret_of(const struct cosem_secrets *secrets, uint16_t client);

/** Give a client another password.  @return false: no such client, empty, too long, or not stored:
 *  as before */
bool cosem_secret_change(struct cosem_secrets *secrets, const struct board *board, uint16_t client,
                         const uint8_t *bytes, size_t n_bytes);
#endif
