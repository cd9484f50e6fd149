/*
 * The open test algorithm.  Of the 66 bits, from the first: class (2), id (24), power of ten (2)
 * and number (14) of the amount, the first 24 bits of the CMAC.  What was mistyped fails the CMAC
 * as what was made up does: there is no check of its own to spend digits on.
 */
#include "token.h"

#include <string.h>

#include "../common/crypto_modes.h"
#include "../common/reader.h"
#include "../common/writer.h"

#define FIELDS_BYTES 6u
#define TAG_BYTES    3u
#define NUMBER_BITS  14u
#define NUMBER_MAX   16383u
#define TENS_MAX     3u
#define CLASS_MAX    3u

static const char token_context[] = "open382 token 1";
static const char meter_context[] = "open382 meter 1";

static enum token_err cmac(const struct crypto_port *crypto, const uint8_t key[TOKEN_KEY_BYTES],
                           const char *context, const uint8_t *bytes, size_t n_bytes,
                           uint8_t mac[CRYPTO_BLOCK_BYTES])
{
    const struct crypto_piece pieces[] = {{context, strlen(context)}, {bytes, n_bytes}};
    struct crypto_key ready;
    if (crypto == NULL || crypto->key_set == NULL || crypto->blocks == NULL) {
        return TOKEN_ERR_CIPHER;
    }
    memset(&ready, 0, sizeof ready);
    if (crypto->key_set(crypto->context, &ready, CRYPTO_ENCRYPT, key, TOKEN_KEY_BYTES) != 0) {
        return TOKEN_ERR_CIPHER;
    }
    const int done = crypto_cmac(crypto, &ready, pieces, sizeof pieces / sizeof pieces[0], mac);
    crypto->key_drop(crypto->context, &ready);
    return done == 0 ? TOKEN_OK : TOKEN_ERR_CIPHER;
}

static uint32_t power_of_ten(unsigned tens)
{
    uint32_t power = 1;
    for (; tens > 0; tens--) {
        power *= 10u;
    }
    return power;
}

static enum token_err open_token(const struct crypto_port *crypto,
                                 const uint8_t key[TOKEN_KEY_BYTES],
                                 const uint8_t bits[TOKEN_BYTES], struct token *out)
{
    uint8_t mac[CRYPTO_BLOCK_BYTES];
    const enum token_err err = cmac(crypto, key, token_context, bits, FIELDS_BYTES, mac);
    if (err != TOKEN_OK) {
        return err;
    }
    if (!crypto_equal(mac, bits + FIELDS_BYTES, TAG_BYTES)) {
        return TOKEN_ERR_CHECK;
    }
    struct reader r = reader_over(bits, FIELDS_BYTES);
    out->class_of = reader_u8(&r);
    out->id = (uint32_t)reader_uint_be(&r, 3);
    const unsigned amount = (unsigned)reader_uint_be(&r, 2);
    out->amount = (amount & NUMBER_MAX) * power_of_ten(amount >> NUMBER_BITS);
    return TOKEN_OK;
}

static enum token_err seal_token(const struct crypto_port *crypto,
                                 const uint8_t key[TOKEN_KEY_BYTES], const struct token *token,
                                 uint8_t bits[TOKEN_BYTES])
{
    uint8_t mac[CRYPTO_BLOCK_BYTES];
    struct writer w = writer_over(bits, TOKEN_BYTES);
    unsigned tens = 0;
    uint32_t number = token->amount;
    for (; number > NUMBER_MAX && tens < TENS_MAX && number % 10u == 0; tens++) {
        number /= 10u;
    }
    if (number == 0 || number > NUMBER_MAX || token->id > TOKEN_ID_MAX ||
        token->class_of > CLASS_MAX) {
        return TOKEN_ERR_AMOUNT;
    }
    writer_u8(&w, token->class_of);
    writer_uint_be(&w, token->id, 3);
    writer_uint_be(&w, tens << NUMBER_BITS | number, 2);
    const enum token_err err = cmac(crypto, key, token_context, bits, FIELDS_BYTES, mac);
    writer_bytes(&w, mac, TAG_BYTES);
    return err;
}

const struct token_algorithm token_open382 = {"open382", open_token, seal_token};

enum token_err token_key_derive(const struct crypto_port *crypto,
                                const uint8_t vending_key[TOKEN_KEY_BYTES], uint32_t serial_number,
                                uint8_t key[TOKEN_KEY_BYTES])
{
    uint8_t digits[8];
    struct writer w = writer_over(digits, sizeof digits);
    writer_decimal(&w, serial_number, sizeof digits);
    return cmac(crypto, vending_key, meter_context, digits, sizeof digits, key);
}
