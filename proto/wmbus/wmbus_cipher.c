#include "wmbus_cipher.h"

#include <string.h>

#include "../common/crypto_modes.h"

#define DERIVE_CIPHER 0x00u
#define DERIVE_MAC    0x01u
#define DERIVE_FILL   7u /* seven octets of 07 make it a block */

const char *wmbus_err_text(int err)
{
    return err == WMBUS_ERR_KEY       ? "the key does not fit"
           : err == WMBUS_ERR_COMPACT ? "compact frame of an unknown format"
                                      : mbus_err_text(err);
}

int wmbus_key_set(const struct crypto_port *port, struct wmbus_key *key,
                  const uint8_t bytes[WMBUS_KEY_OCTETS])
{
    int result =
        port->key_set(port->context, &key->encrypt, CRYPTO_ENCRYPT, bytes, WMBUS_KEY_OCTETS);
    return result != 0 ? result
                       : port->key_set(port->context, &key->decrypt, CRYPTO_DECRYPT, bytes,
                                       WMBUS_KEY_OCTETS);
}

void wmbus_key_drop(const struct crypto_port *port, struct wmbus_key *key)
{
    port->key_drop(port->context, &key->encrypt);
    port->key_drop(port->context, &key->decrypt);
}

/* M and A as on the air. */
static void put_address(struct writer *w, const struct mbus_identity *sender)
{
    writer_uint_le(w, sender->manufacturer, 2);
    writer_uint_le(w, sender->id_raw, 4);
    writer_u8(w, sender->version);
    writer_u8(w, sender->medium);
}

int wmbus_ctr(const struct crypto_port *port, const struct wmbus_key *key,
              const struct mbus_identity *sender, uint8_t cc, uint32_t session, uint8_t *octets,
              size_t n_octets)
{
    uint8_t counter[CRYPTO_BLOCK_BYTES] = {0}; /* frame number and block number begin at 0 */
    struct writer w = writer_over(counter, sizeof counter);
    put_address(&w, sender);
    /* A repeater changes these two bits on the way. */
    writer_u8(&w, (uint8_t)(cc & ~(unsigned)(WMBUS_CC_HOP | WMBUS_CC_REPEATED)));
    writer_uint_le(&w, session, 4);
    return crypto_ctr(port, &key->encrypt, counter, octets, n_octets);
}

void wmbus_mode_5_iv(const struct mbus_identity *sender, uint8_t access_number,
                     uint8_t iv[CRYPTO_BLOCK_BYTES])
{
    struct writer w = writer_over(iv, CRYPTO_BLOCK_BYTES);
    put_address(&w, sender);
    memset(w.at, access_number, 8);
}

static int derive_one(const struct crypto_port *port, const struct wmbus_key *key, uint8_t what,
                      uint32_t counter, uint32_t id_raw, enum crypto_use use,
                      struct crypto_key *out)
{
    uint8_t block[CRYPTO_BLOCK_BYTES], derived[CRYPTO_BLOCK_BYTES];
    struct writer w = writer_over(block, sizeof block);
    writer_u8(&w, what);
    writer_uint_le(&w, counter, 4);
    writer_uint_le(&w, id_raw, 4);
    memset(w.at, DERIVE_FILL, DERIVE_FILL);
    const struct crypto_piece piece = {block, sizeof block};
    int result = crypto_cmac(port, &key->encrypt, &piece, 1, derived);
    if (result == 0) {
        result = port->key_set(port->context, out, use, derived, sizeof derived);
    }
    crypto_wipe(derived, sizeof derived);
    return result;
}

int wmbus_derive(const struct crypto_port *port, const struct wmbus_key *key, uint32_t counter,
                 uint32_t id_raw, enum crypto_use use, struct wmbus_message_keys *keys)
{
    memset(keys, 0, sizeof *keys);
    int result = derive_one(port, key, DERIVE_CIPHER, counter, id_raw, use, &keys->cipher);
    return result != 0
               ? result
               : derive_one(port, key, DERIVE_MAC, counter, id_raw, CRYPTO_ENCRYPT, &keys->mac);
}

void wmbus_derived_drop(const struct crypto_port *port, struct wmbus_message_keys *keys)
{
    port->key_drop(port->context, &keys->cipher);
    port->key_drop(port->context, &keys->mac);
}

int wmbus_mac(const struct crypto_port *port, const struct wmbus_message_keys *keys,
              uint32_t counter, const uint8_t *transport, size_t n_transport,
              uint8_t mac[CRYPTO_BLOCK_BYTES])
{
    uint8_t head[5];
    struct writer w = writer_over(head, sizeof head);
    writer_u8(&w, WMBUS_MCL);
    writer_uint_le(&w, counter, 4);
    const struct crypto_piece pieces[] = {{head, sizeof head}, {transport, n_transport}};
    return crypto_cmac(port, &keys->mac, pieces, 2, mac);
}
