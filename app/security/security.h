/**
 * Keys and counters of the meter's ciphered associations.
 *
 * The platform gives ciphers (board.crypto) and the keys that the meter was delivered with; keys
 * that a client has changed since count before them.  Without a global unicast key and an
 * authentication key, or without memory that answers, nothing is ciphered and the management client
 * is not offered.  Changed keys hold from the next association on: the one that changed them ends
 * with those that it began with.
 * Source: SEC-01, Green Book 9.2, Blue Book class 64; docs/keys.md.
 */
#ifndef OPEN382_SECURITY_H
#define OPEN382_SECURITY_H

#include "../../proto/dlms/dlms_sentry.h"
#include "security_store.h"

/** Own numbers that one write of permanent memory sets aside. */
#define SECURITY_OWN_STEP 256u

/** Keys that a meter is delivered with. */
struct security_delivered {
    uint8_t suite; /**< 0, 1 or 2 */
    bool has[DLMS_KEY_IDS];
    uint8_t key[DLMS_KEY_IDS][CRYPTO_KEY_MAX_BYTES]; /**< the suite's length */
};

enum security_err {
    SECURITY_OK = 0,
    SECURITY_ERR_CLOSED = -1,  /**< no keys, no ciphers, or memory does not answer */
    SECURITY_ERR_FORM = -2,    /**< no such key, one twice, none at all, or a wrong length */
    SECURITY_ERR_KEY = -3,     /**< not wrapped under the master key, or there is none */
    SECURITY_ERR_STORAGE = -4, /**< not stored: all is as before */
};

/** One element of key_transfer (class 64, method 2). */
struct security_transfer {
    uint8_t key_id; /**< enum dlms_key_id */
    const uint8_t *wrapped;
    size_t n_wrapped;
};

/** Refused messages since the start; what stood behind them is for the log. */
struct security_refusals {
    uint32_t forged;   /**< wrong tag or proof, or no message at all */
    uint32_t repeated; /**< counter not above the last */
};

struct security;

/** One peer counter's way to permanent memory. */
struct security_peer_memory {
    struct security *security;
    enum security_peer peer;
};

struct security {
    const struct board *board;
    bool open;    /**< keys are there and memory answers */
    bool changed; /**< keys stand in memory that are not in force yet */
    uint8_t title[DLMS_TITLE_BYTES];
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer[SECURITY_PEERS];
    struct security_peer_memory memory[SECURITY_PEERS];
    struct security_counters kept; /**< as it stands in permanent memory */
    struct security_refusals refusals;
    void (*note)(void *context); /**< refusals are worth a record; NULL: to nobody */
    void *note_context;
    struct dlms_sentry_source source;
};

/**
 * Begin with what permanent memory says.  board->crypto may be NULL: then it stays closed.
 * @param serial  of the meter: its system title is "KAM", 45h and this number (spec cosem-objects)
 * @return false: memory does not answer, or a key could not be made ready: closed
 */
bool security_begin(struct security *security, const struct board *board, uint32_t serial,
                    const struct security_delivered *delivered);

/** A sentry for one connection, while open; the security must outlive it and stay in its place. */
void security_sentry(struct security *security, struct dlms_sentry *sentry);

/** Orderly end or loss of supply: counters stand in memory as they are.  @return false: not stored
 */
bool security_settle(struct security *security);

/** Leave nothing of any key in RAM. */
void security_end(struct security *security);

/** The last counter taken under the unicast key, 0: none: the client's next must be above it. */
uint32_t security_counter(const struct security *security);

/** Would security_key_transfer() take the list?  (It may still fail for memory.) */
enum security_err security_transfer_check(const struct security *security,
                                          const struct security_transfer *list, size_t n);

/** Keys wrapped under the master key; all of them or none.  In force from the next association. */
enum security_err security_key_transfer(struct security *security,
                                        const struct security_transfer *list, size_t n);

/** Refusals so far are a number worth a record: 3, 6, 12, 24, ... (as rights_worth_noting). */
bool security_worth_noting(const struct security *security);

#endif
