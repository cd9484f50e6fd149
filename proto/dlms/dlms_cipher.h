/**
 * Ciphering of DLMS/COSEM messages: suites 0, 1 and 2, service-specific (glo, ded), general-glo,
 * general-ded and general-ciphering; the same for meter and client.
 *
 * Three lives: struct dlms_keys are the keys of one security set-up and struct dlms_own_counter
 * what it has sent (as long as the keys live); struct dlms_cipher is one association.  Messages are
 * protected and opened where they stand.  Nothing of a message is handed on before its tag and its
 * counter are good, and a counter counts only once its tag is good.  Messages that are encrypted
 * but not authenticated (SC 20h) have no tag: their counter must be above the last one, but does
 * not become the last one, or whoever can write to the line could shut the true sender out.  It is
 * up to the caller's policy to refuse them.
 *
 * Source: Green Book ed. 8, 9.2 (spec dlms.md 6.8); the vectors of 6.8 are tests.
 */
#ifndef OPEN382_DLMS_CIPHER_H
#define OPEN382_DLMS_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/crypto_port.h"

#define DLMS_TITLE_BYTES 8u
#define DLMS_TAG_BYTES   12u

/** Bits of the security control byte; the lower four bits are the suite. */
#define DLMS_SC_SUITE          0x0Fu
#define DLMS_SC_AUTHENTICATION 0x10u
#define DLMS_SC_ENCRYPTION     0x20u
#define DLMS_SC_BROADCAST      0x40u /**< key: broadcast instead of unicast */
#define DLMS_SC_COMPRESSION    0x80u /**< V.44; not built, refused */

enum dlms_cipher_err {
    DLMS_CIPHER_OK = 0,
    DLMS_CIPHER_ERR_FORM = -1,      /**< not a ciphered message, or a damaged one */
    DLMS_CIPHER_ERR_SUITE = -2,     /**< another suite than the keys', or compression */
    DLMS_CIPHER_ERR_KEY = -3,       /**< no key of that kind is here */
    DLMS_CIPHER_ERR_TITLE = -4,     /**< of another sender or for another recipient */
    DLMS_CIPHER_ERR_TAG = -5,       /**< forged, damaged, or made with another key */
    DLMS_CIPHER_ERR_COUNTER = -6,   /**< not above the last one: sent before */
    DLMS_CIPHER_ERR_EXHAUSTED = -7, /**< own counter at its end: nothing is sent any more */
    DLMS_CIPHER_ERR_STORAGE = -8,   /**< a counter could not be kept in permanent memory */
    DLMS_CIPHER_ERR_SPACE = -9,     /**< no room around the message */
    DLMS_CIPHER_ERR_CRYPTO = -10,   /**< the port refused */
    DLMS_CIPHER_ERR_WEAK = -11,     /**< less protected than is demanded */
};

/** How a message is wrapped; the numbers of enum dlms_protection_kind. */
enum dlms_wrapping {
    DLMS_WRAP_NONE,        /**< in clear */
    DLMS_WRAP_GLO,         /**< C8.. and 21..: global key, one tag per service */
    DLMS_WRAP_DED,         /**< D0.. and 41..: dedicated key */
    DLMS_WRAP_GENERAL_GLO, /**< DB */
    DLMS_WRAP_GENERAL_DED, /**< DC */
    DLMS_WRAP_GENERAL,     /**< DD: general-ciphering */
};

/** Which key general-ciphering names in its key-info. */
enum dlms_key_info {
    DLMS_KEY_INFO_NONE,       /**< not there: the agreed global key */
    DLMS_KEY_INFO_IDENTIFIED, /**< by number: 0 unicast, 1 broadcast */
    DLMS_KEY_INFO_WRAPPED,    /**< the key comes along, wrapped under the KEK */
    DLMS_KEY_INFO_AGREED,     /**< by key agreement for this message alone: dlms_keys.agreement */
};

#define DLMS_TRANSACTION_MAX 16u
#define DLMS_OTHER_INFO_MAX  16u

/** How one message is protected: what came, and so how to answer.  Zero-filled: in clear. */
struct dlms_seal {
    enum dlms_wrapping wrapping;
    uint8_t control;  /**< security control byte */
    uint32_t counter; /**< of the message that came; set when one was sent */

    /* general-ciphering only */
    enum dlms_key_info key_info;
    uint8_t key_id;                /**< DLMS_KEY_INFO_IDENTIFIED */
    uint8_t n_transaction, n_date; /**< n_date: 0 or 12 */
    uint8_t n_other;
    uint8_t transaction[DLMS_TRANSACTION_MAX];
    uint8_t date[12];
    uint8_t other[DLMS_OTHER_INFO_MAX];
};

struct dlms_cipher;

/** A message whose key is agreed upon for it alone. */
struct dlms_agreed_key {
    const struct dlms_cipher *cipher;
    const struct dlms_seal *how;
    const uint8_t *sender; /**< its title */
    uint8_t scheme;        /**< key-parameters: 1 C(1e, 1s), 2 C(0e, 2s) */
    const uint8_t *data;   /**< key-ciphered-data */
    size_t n_data;
};

/** Keys of the curves for such messages; what is NULL is not used. */
struct dlms_agreement_keys {
    /** dlms_agreed_key_make() (dlms_agreement.h); NULL: such messages are refused, and the code for
     *  them is not linked. */
    enum dlms_cipher_err (*make)(const struct dlms_agreed_key *asked,
                                 uint8_t key[CRYPTO_KEY_MAX_BYTES]);
    const uint8_t *own_key;    /**< our static private key */
    const uint8_t *peer_key;   /**< the peer's static public key: C(0e, 2s) */
    const uint8_t *verify_key; /**< the peer's public key of ECDSA: C(1e, 1s) */
};

/** Keys of one security set-up, ready for use. */
struct dlms_keys {
    const struct crypto_port *crypto;
    uint8_t suite; /**< 0, 1: keys of 16 bytes; 2: of 32 */
    bool has_unicast, has_broadcast, has_authentication, has_master;
    struct crypto_key unicast, broadcast;
    uint8_t authentication[CRYPTO_KEY_MAX_BYTES];
    uint8_t master[CRYPTO_KEY_MAX_BYTES]; /**< KEK: wraps keys, ciphers no messages */
    struct dlms_agreement_keys
        agreement; /**< suites 1 and 2; set by the caller, who owns the keys */
};

/** What the own side has sent.  Counts up for all keys together, for ever. */
struct dlms_own_counter {
    uint64_t next;     /**< of the next message; above UINT32_MAX - 1: exhausted */
    uint64_t reserved; /**< below this permanent memory is ahead already */
    uint32_t step;     /**< how far ahead to reserve */
    void *context;
    /** Keep `up_to` in permanent memory: no number below it is given again after a loss of supply.
     *  NULL: nothing is kept (the caller's counters end with the process). @return 0: kept. */
    int (*reserve)(void *context, uint64_t up_to);
};

#define DLMS_PEER_AHEAD_MAX 32u

/** What came last under one key. */
struct dlms_peer_counter {
    uint64_t lowest; /**< the next message has this or more; 0: anything may come */
    uint64_t kept;   /**< what permanent memory says of it: at most 32 above */
    void *context;
    /** Keep `lowest` in permanent memory.  NULL: nothing is kept.  @return 0: kept. */
    int (*keep)(void *context, uint64_t lowest);
};

/** One association.  Zero-filled but for its first members; see dlms_cipher_init(). */
struct dlms_cipher {
    struct dlms_keys *keys;
    struct dlms_own_counter *own;
    struct dlms_peer_counter *peer_unicast, *peer_broadcast; /**< broadcast: may be NULL */
    uint8_t own_title[DLMS_TITLE_BYTES];
    uint8_t peer_title[DLMS_TITLE_BYTES];
    bool has_peer_title;
    uint8_t demands; /**< bits of the control byte that what comes must have; at first
                          DLMS_SC_AUTHENTICATION, without which anybody can turn bits */
    bool has_dedicated;
    struct crypto_key dedicated;
    struct dlms_peer_counter peer_dedicated; /**< begins with the key */
};

/** A message in a buffer. */
struct dlms_span {
    uint8_t *bytes;
    size_t n_bytes;
};

/* -- keys ------------------------------------------------------------------------------------ */

enum dlms_key_id {
    DLMS_KEY_UNICAST = 0,        /**< GUEK */
    DLMS_KEY_BROADCAST = 1,      /**< GBEK */
    DLMS_KEY_AUTHENTICATION = 2, /**< GAK */
    DLMS_KEY_MASTER = 3,         /**< KEK */
    DLMS_KEY_IDS
};

/** Bytes of the suite's keys: 16 or 32; 0: no such suite. */
size_t dlms_suite_key_bytes(uint8_t suite);

/** No keys yet.  @return DLMS_CIPHER_OK or _ERR_SUITE */
enum dlms_cipher_err dlms_keys_init(struct dlms_keys *keys, const struct crypto_port *crypto,
                                    uint8_t suite);

/** Give or change one key; NULL takes it away.  n_bytes: the suite's. */
enum dlms_cipher_err dlms_keys_set(struct dlms_keys *keys, enum dlms_key_id id,
                                   const uint8_t *bytes, size_t n_bytes);

/** Leave nothing of any key. */
void dlms_keys_drop(struct dlms_keys *keys);

/** Unwrap a key that came in key_transfer (class 64, method 2), and only that; out holds the
 * suite's length.  DLMS_CIPHER_ERR_TAG: not wrapped under the KEK. */
enum dlms_cipher_err dlms_keys_unwrap(const struct dlms_keys *keys, const uint8_t *wrapped,
                                      size_t n_wrapped, uint8_t out[CRYPTO_KEY_MAX_BYTES]);

/* -- one association -------------------------------------------------------------------------- */

void dlms_cipher_init(struct dlms_cipher *cipher, struct dlms_keys *keys,
                      struct dlms_own_counter *own, struct dlms_peer_counter *peer_unicast,
                      struct dlms_peer_counter *peer_broadcast,
                      const uint8_t own_title[DLMS_TITLE_BYTES]);

/** The title from AARQ or AARE.  Another one than before ends what belonged to it. */
void dlms_cipher_peer(struct dlms_cipher *cipher, const uint8_t title[DLMS_TITLE_BYTES]);

/** The dedicated key from the InitiateRequest.  n_bytes: the suite's. */
enum dlms_cipher_err dlms_cipher_dedicate(struct dlms_cipher *cipher, const uint8_t *bytes,
                                          size_t n_bytes);

/** The association ends: title and dedicated key are forgotten. */
void dlms_cipher_end(struct dlms_cipher *cipher);

/** Is the message ciphered in any way?  (Looks at its first byte only.) */
bool dlms_cipher_is(uint8_t first_byte);

/** Bytes that protection needs at most before and after a message of n_bytes. */
size_t dlms_cipher_before(const struct dlms_seal *how, size_t n_bytes);
size_t dlms_cipher_after(const struct dlms_seal *how);

/**
 * Protect a message in place.
 *
 * @param buffer    the message stands at buffer[at .. at + n_bytes); before it
 *                  dlms_cipher_before() bytes are free, behind it dlms_cipher_after()
 * @param how       wrapping and control in; its counter is set.  DLMS_WRAP_GLO and _DED exist for
 *                  services with a tag of their own only (else DLMS_CIPHER_ERR_FORM)
 * @param out       the whole protected message, within the buffer
 * An error leaves the message useless: it is not to be sent.
 */
enum dlms_cipher_err dlms_cipher_protect(struct dlms_cipher *cipher, struct dlms_seal *how,
                                         uint8_t *buffer, size_t capacity, size_t at,
                                         size_t n_bytes, struct dlms_span *out);

/**
 * Open a message in place.
 *
 * @param how  what protected it, for the policy and for the answer
 * @param out  the message within it.  On an error nothing: and what was encrypted is zero
 * DLMS_CIPHER_ERR_COUNTER: the tag was good, the counter was not; dlms_cipher_expected() says which
 * one would be.
 */
enum dlms_cipher_err dlms_cipher_open(struct dlms_cipher *cipher, uint8_t *bytes, size_t n_bytes,
                                      struct dlms_seal *how, struct dlms_span *out);

/** The lowest counter that would be taken under the key that `how` names. */
uint32_t dlms_cipher_expected(const struct dlms_cipher *cipher, const struct dlms_seal *how);

/** How to answer a message that came so: the same wrapping, control and transaction; broadcast is
 *  answered with the unicast key. */
struct dlms_seal dlms_cipher_answer(const struct dlms_seal *came);

/* -- what authentication and pushes need on their own ------------------------------------------ */

/** Begin where permanent memory says: nothing below `from` is used again.  0 counts as 1. */
void dlms_own_counter_begin(struct dlms_own_counter *own, uint64_t from);

/** The next own counter, kept in permanent memory first. */
enum dlms_cipher_err dlms_own_counter_take(struct dlms_own_counter *own, uint32_t *counter);

/** An orderly end: permanent memory gets the true counters instead of those that run ahead.
 *  @return 0: kept */
int dlms_own_counter_settle(struct dlms_own_counter *own);
int dlms_peer_counter_settle(struct dlms_peer_counter *peer);

/** Whose message is it?  Of general-glo, general-ded and general-ciphering, whose sender stands in
 *  clear.  @return false: of another kind, or no title in it */
bool dlms_cipher_sender(const uint8_t *bytes, size_t n_bytes, uint8_t title[DLMS_TITLE_BYTES]);

/** f(challenge) of HLS with GMAC: SC, counter, tag: 17 bytes. */
#define DLMS_GMAC_PROOF_BYTES 17u
enum dlms_cipher_err dlms_cipher_gmac_make(struct dlms_cipher *cipher,
                                           const struct crypto_piece *challenge,
                                           uint8_t proof[DLMS_GMAC_PROOF_BYTES]);

/** Check the other's proof.  Its counter is compared with nothing: the challenge was fresh, and
 *  clients take that number before or after the message's own. */
enum dlms_cipher_err dlms_cipher_gmac_check(struct dlms_cipher *cipher,
                                            const struct crypto_piece *challenge,
                                            const uint8_t *proof, size_t n_proof);

#endif
