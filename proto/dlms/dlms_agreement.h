/**
 * Key agreement of suites 1 (P-256, SHA-256) and 2 (P-384, SHA-384): two sides make a common AES
 * key without sending it.
 *
 * Ephemeral unified model, C(2e, 0s): key_agreement of class 64 makes a new global key.
 * One-pass Diffie-Hellman, C(1e, 1s), and static unified model, C(0e, 2s): the key of one message,
 * in the key-info of general-ciphering.
 * Needs crypto_port.curves.  Source: Green Book ed. 8, 9.2.3.4.6; NIST SP 800-56A, 5.8.1
 * (concatenation KDF).
 */
#ifndef OPEN382_DLMS_AGREEMENT_H
#define OPEN382_DLMS_AGREEMENT_H

#include "dlms_cipher.h"

enum dlms_agreement_err {
    DLMS_AGREEMENT_OK = 0,
    DLMS_AGREEMENT_ERR_SUITE = -1,     /**< suite 0, or a port without curves or that hash */
    DLMS_AGREEMENT_ERR_FORM = -2,      /**< wrong length */
    DLMS_AGREEMENT_ERR_SIGNATURE = -3, /**< not signed by the key that was given */
    DLMS_AGREEMENT_ERR_KEY = -4,       /**< not a point of the curve, or no key could be made */
};

/** What the key is for: last arc of 2.16.756.5.8.3.n, part of the derivation. */
enum dlms_agreement_use {
    DLMS_AGREEMENT_GCM_128 = 0,
    DLMS_AGREEMENT_GCM_256 = 1,
    DLMS_AGREEMENT_WRAP_128 = 2,
    DLMS_AGREEMENT_WRAP_256 = 3,
};

/** Longest key-data: a public key and a signature of P-384. */
#define DLMS_KEY_DATA_MAX (2u * CRYPTO_POINT_MAX)

/** Bytes of key-data in a suite: 128 or 192; 0: it has no key agreement. */
size_t dlms_key_data_bytes(uint8_t suite);

/** One side of an agreement under way. */
struct dlms_agreement {
    const struct crypto_port *crypto;
    uint8_t suite;
    uint8_t key_id; /**< enum dlms_key_id: part of what is signed */
    uint8_t ephemeral[CRYPTO_SCALAR_MAX];
};

/**
 * Begin C(2e, 0s): make an ephemeral pair.
 * @param signing_key  our private key of ECDSA
 * @param key_data     dlms_key_data_bytes(): the ephemeral public key, and the signature over
 * key_id and it
 */
enum dlms_agreement_err dlms_agreement_offer(struct dlms_agreement *agreement,
                                             const struct crypto_port *crypto, uint8_t suite,
                                             uint8_t key_id, const uint8_t *signing_key,
                                             uint8_t *key_data);

/**
 * Take the other side's key-data and make the key.  The ephemeral key is wiped whatever comes.
 * @param verify_key  the other side's public key of ECDSA
 * @param party_u     title of the client, who began; party_v: of the meter
 * @param key         the suite's length
 */
enum dlms_agreement_err dlms_agreement_take(struct dlms_agreement *agreement,
                                            const uint8_t *verify_key, const uint8_t *key_data,
                                            size_t n_key_data,
                                            const uint8_t party_u[DLMS_TITLE_BYTES],
                                            const uint8_t party_v[DLMS_TITLE_BYTES],
                                            uint8_t key[CRYPTO_KEY_MAX_BYTES]);

/** What makes the key of one message. */
struct dlms_message_agreement {
    const struct crypto_port *crypto;
    uint8_t suite;
    const uint8_t *own_key;    /**< our private key: static, or the sender's ephemeral one */
    const uint8_t *peer_key;   /**< the other side's public key: static, or ephemeral */
    const uint8_t *originator; /**< title of the sender */
    const uint8_t *recipient;
    /** C(0e, 2s) alone, where both keys are static: what makes each message's key another one; its
     *  length octet goes in with it.  C(1e, 1s): NULL */
    const uint8_t *transaction;
    uint8_t n_transaction;
};

/** The key of one message, the same on both sides. */
enum dlms_agreement_err dlms_agreement_message(const struct dlms_message_agreement *how,
                                               uint8_t key[CRYPTO_KEY_MAX_BYTES]);

/** For struct dlms_agreement_keys: the key of a message that came.  DLMS_CIPHER_ERR_TAG: an
 * ephemeral key that its sender has not signed. */
enum dlms_cipher_err dlms_agreed_key_make(const struct dlms_agreed_key *asked,
                                          uint8_t key[CRYPTO_KEY_MAX_BYTES]);

/**
 * Concatenation KDF with one round: the first bytes of hash(00000001, secret, algorithm, U, V).
 * @param secret  a scalar's length
 */
enum dlms_agreement_err dlms_agreement_derive(const struct crypto_port *crypto, uint8_t suite,
                                              const uint8_t *secret, enum dlms_agreement_use use,
                                              const struct crypto_piece *party_u,
                                              const struct crypto_piece *party_v,
                                              uint8_t key[CRYPTO_KEY_MAX_BYTES]);

#endif
