/**
 * High-level security: who is at the other end, without a password on the line.
 *
 * Mechanisms 2 to 7 for both sides: each sends a challenge, each answers the other's with a proof
 * that only a holder of the secret can make.  Source: Green Book ed. 8, 9.2.2.2 (spec dlms.md 6.9).
 */
#ifndef OPEN382_DLMS_HLS_H
#define OPEN382_DLMS_HLS_H

#include "dlms_cipher.h"

/** Mechanisms that have a proof: numbers of the mechanism-name 2.16.756.5.8.2.n. */
enum dlms_hls_kind {
    DLMS_HLS_MANUFACTURER = 2, /**< AES-128 of the challenge with the secret */
    DLMS_HLS_MD5 = 3,
    DLMS_HLS_SHA1 = 4,
    DLMS_HLS_GMAC = 5,
    DLMS_HLS_SHA256 = 6,
    DLMS_HLS_ECDSA = 7,
};

#define DLMS_HLS_CHALLENGE_MIN 8u
#define DLMS_HLS_CHALLENGE_MAX 64u
#define DLMS_PROOF_MAX         96u /**< ECDSA over P-384 */

enum dlms_hls_err {
    DLMS_HLS_OK = 0,
    DLMS_HLS_ERR_MECHANISM = -1, /**< not one of 2 .. 7, or the port cannot */
    DLMS_HLS_ERR_RANDOM = -2,    /**< no random bytes: nobody gets in */
    DLMS_HLS_ERR_CHALLENGE = -3, /**< too short, too long, or a reflection of ours */
    DLMS_HLS_ERR_PROOF = -4,     /**< wrong */
    DLMS_HLS_ERR_SECRET = -5,    /**< no secret, key or counter to make it with */
};

/** Sides of an association. */
enum dlms_side { DLMS_SIDE_CLIENT, DLMS_SIDE_SERVER };

struct dlms_hls_challenge {
    uint8_t n_bytes; /**< 0: none yet */
    uint8_t bytes[DLMS_HLS_CHALLENGE_MAX];
};

/** One authentication.  Everything pointed to is the caller's. */
struct dlms_hls {
    uint8_t mechanism;   /**< enum dlms_hls_kind; another one is refused */
    enum dlms_side side; /**< ours */
    const struct crypto_port *crypto;
    struct dlms_hls_challenge ours, theirs; /**< sent, and received */
    uint8_t client_title[DLMS_TITLE_BYTES], server_title[DLMS_TITLE_BYTES]; /**< 6 and 7 */
    const uint8_t *secret;                                                  /**< 2, 3, 4, 6 */
    size_t n_secret;                              /**< 1 or more; 2: at most 16 */
    struct dlms_cipher *cipher;                   /**< 5 */
    enum crypto_curve curve;                      /**< 7: suite 1 P-256, suite 2 P-384 */
    const uint8_t *private_key, *peer_public_key; /**< 7 */
};

/** Draw our challenge.  n_bytes: DLMS_HLS_CHALLENGE_MIN .. _MAX */
enum dlms_hls_err dlms_hls_draw(struct dlms_hls *hls, size_t n_bytes);

/** Take theirs.  One that equals ours is refused: it would have us prove ourselves to ourselves. */
enum dlms_hls_err dlms_hls_take(struct dlms_hls *hls, const uint8_t *bytes, size_t n_bytes);

/** Our proof over their challenge. */
enum dlms_hls_err dlms_hls_make(struct dlms_hls *hls, uint8_t proof[DLMS_PROOF_MAX],
                                size_t *n_proof);

/** Check their proof over ours.  DLMS_HLS_ERR_PROOF: wrong. */
enum dlms_hls_err dlms_hls_check(struct dlms_hls *hls, const uint8_t *proof, size_t n_proof);

#endif
