/**
 * What belongs to DLMS ciphering in the application's permanent memory: keys that a client has
 * changed, and how far the counters are.
 *
 * Keys: one record in two slots of one page, written in turn.  Counters: a ring of pages, one
 * record each, because they are written for ever; the highest sequence number counts.  A record of
 * counters says to which generation of keys it belongs: a key that was changed since begins at 0.
 * Layout: docs/spec/app-storage.md, "DLMS ciphering".  Source: Green Book 9.2.3 (counters).
 */
#ifndef OPEN382_SECURITY_STORE_H
#define OPEN382_SECURITY_STORE_H

#include "../../proto/dlms/dlms_cipher.h"
#include "../meter/board.h"

#define SECURITY_KEYS_FIRST_PAGE     112u /**< two pages, written in turn */
#define SECURITY_COUNTERS_FIRST_PAGE 114u
#define SECURITY_COUNTER_PAGES       12u

/** Keys that stand in place of those that the meter was delivered with. */
struct security_keys {
    uint32_t sequence; /**< of the record written last; 0: none */
    uint8_t n_key;     /**< bytes of each: 16 or 32; 0: none was changed */
    bool has[DLMS_KEY_IDS];
    uint32_t generation[DLMS_KEY_IDS]; /**< changes so far */
    uint8_t key[DLMS_KEY_IDS][CRYPTO_KEY_MAX_BYTES];
};

/** Keys whose messages are counted. */
enum security_peer { SECURITY_UNICAST, SECURITY_BROADCAST, SECURITY_PEERS };

struct security_counters {
    uint32_t sequence;                   /**< of the record written last; 0: none */
    uint64_t own;                        /**< no number below it is sent any more */
    uint64_t lowest[SECURITY_PEERS];     /**< no number below it is accepted any more */
    uint32_t generation[SECURITY_PEERS]; /**< of the key to which that belongs */
    bool damaged; /**< a page of the ring is no record: the newest may have been lost */
};

/** Take the newest good record; without one all is zero.  @return false: memory cannot be read:
 *  nothing may be ciphered */
bool security_keys_load(struct security_keys *keys, const struct board *board);
bool security_counters_load(struct security_counters *counters, const struct board *board);

/** Store them; when this returns true they survive a loss of supply. */
bool security_keys_save(struct security_keys *keys, const struct board *board);
bool security_counters_save(struct security_counters *counters, const struct board *board);

#endif
