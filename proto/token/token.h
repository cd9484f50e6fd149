/**
 * Tokens of 20 digits: what a customer buys and keys in, and the plug-ins that can read them.
 *
 * A token is a number of 66 bits, written with 20 decimal digits as those of prepayment systems
 * are.  What its bits mean is the algorithm's: the meter knows the fields below and nothing else,
 * and takes each token id once (app/prepay/prepay.h).  Algorithms that are under licence (IEC
 * 62055-41) are not here; token_open382 is ours, open, and for tests and simulations.
 * Source: PRE-02, PRE-03; docs/prepayment.md, "Tokens".
 */
#ifndef OPEN382_TOKEN_H
#define OPEN382_TOKEN_H

#include <stdint.h>

#include "../common/crypto_port.h"

#define TOKEN_DIGITS     20u
#define TOKEN_BYTES      9u  /**< 66 bits, big-endian; the upper six of the first byte are 0 */
#define TOKEN_KEY_BYTES  16u /**< of one meter */
#define TOKEN_ID_MAX     UINT32_C(0xFFFFFF)
#define TOKEN_UNIT_UWH   INT64_C(100000000) /**< amounts go by 0.1 kWh */
#define TOKEN_AMOUNT_MAX UINT32_C(16383000) /**< in these: 1 638 300 kWh */

enum token_err {
    TOKEN_OK = 0,
    TOKEN_ERR_FORM = -1,   /**< not 20 digits, or no number of 66 bits */
    TOKEN_ERR_CHECK = -2,  /**< mistyped, of another meter or another key, or made up */
    TOKEN_ERR_CLASS = -3,  /**< genuine, and nothing that this meter does */
    TOKEN_ERR_CIPHER = -4, /**< the board has no cipher */
    TOKEN_ERR_AMOUNT = -5, /**< of a token to be made: none, or not to be said in 16 bits */
};

enum token_class {
    TOKEN_CREDIT = 0, /**< adds energy; all other classes are reserved */
};

struct token {
    uint8_t class_of; /**< enum token_class */
    uint32_t id;      /**< each at most once; rises with the time of sale */
    uint32_t amount;  /**< of TOKEN_UNIT_UWH */
};

/** A way to read tokens. */
struct token_algorithm {
    const char *name;
    /**
     * Read 66 bits.  Any class that is genuine comes out: what to do with it is the meter's.
     * @return TOKEN_OK, TOKEN_ERR_CHECK, TOKEN_ERR_CIPHER: *out is untouched
     */
    enum token_err (*open)(const struct crypto_port *crypto, const uint8_t key[TOKEN_KEY_BYTES],
                           const uint8_t bits[TOKEN_BYTES], struct token *out);
    /** Make one; NULL where only a vending system can. */
    enum token_err (*seal)(const struct crypto_port *crypto, const uint8_t key[TOKEN_KEY_BYTES],
                           const struct token *token, uint8_t bits[TOKEN_BYTES]);
};

/** 20 digits, blanks and dashes between them allowed, as bits.  @return TOKEN_ERR_FORM */
enum token_err token_bits(const char *text, size_t n_text, uint8_t bits[TOKEN_BYTES]);
/** And back. */
void token_text(const uint8_t bits[TOKEN_BYTES], char digits[TOKEN_DIGITS + 1u]);

/**
 * The open test algorithm: class (2 bits), id (24), amount (16: a power of ten and 14 bits), and 24
 * bits of an AES-CMAC (RFC 4493) over them.
 */
extern const struct token_algorithm token_open382;

/**
 * Key of one meter out of a vending system's: AES-CMAC over its factory number.
 * @return TOKEN_OK or TOKEN_ERR_CIPHER
 */
enum token_err token_key_derive(const struct crypto_port *crypto,
                                const uint8_t vending_key[TOKEN_KEY_BYTES], uint32_t serial_number,
                                uint8_t key[TOKEN_KEY_BYTES]);

#endif
