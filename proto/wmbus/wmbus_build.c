/* Building telegrams. */
#include <string.h>

#include "../common/crypto_modes.h"
#include "wmbus_cipher.h"

#define BLOCKS_MAX 15u

static void put_link(struct writer *w, const struct wmbus_message *message)
{
    const struct mbus_identity *sender = &message->sender;
    writer_u8(w, 0); /* L, when it is known */
    writer_u8(w, message->control);
    writer_uint_le(w, sender->manufacturer, 2);
    writer_uint_le(w, sender->id_raw, 4);
    writer_u8(w, sender->version);
    writer_u8(w, sender->medium);
}

/* --- counter mode of the extended link layer --- */

static int build_ctr(const struct crypto_port *port, const struct wmbus_key *key,
                     const struct wmbus_message *message, struct writer *w)
{
    writer_u8(w, WMBUS_CI_ELL_SESSION);
    writer_u8(w, message->cc);
    writer_u8(w, message->access_number);
    writer_uint_le(w, message->session, 4);
    uint8_t *begin = w->at;
    writer_uint_le(w, 0, 2);
    if (message->compact) {
        writer_u8(w, MBUS_CI_COMPACT_NONE);
        if (!wmbus_compact_make(message->records, message->n_records, w)) {
            return w->failed ? MBUS_ERR_SPACE : MBUS_ERR_FORMAT;
        }
    } else {
        writer_u8(w, MBUS_CI_NONE);
        writer_bytes(w, message->records, message->n_records);
    }
    if (w->failed) {
        return MBUS_ERR_SPACE;
    }
    size_t n_octets = (size_t)(w->at - begin);
    struct writer crc = writer_over(begin, 2);
    writer_uint_le(&crc, wmbus_crc(begin + 2, n_octets - 2u), 2);
    if (message->session >> 29 != WMBUS_SESSION_CTR) {
        return MBUS_OK;
    }
    return wmbus_ctr(port, key, &message->sender, message->cc, message->session, begin, n_octets) ==
                   0
               ? MBUS_OK
               : MBUS_ERR_CIPHERED;
}

/* --- transport layer --- */

static unsigned mode_of(const struct wmbus_message *message)
{
    return message->security == WMBUS_MODE_5 ? 5u : message->security == WMBUS_MODE_7 ? 7u : 0u;
}

static size_t blocks_of(const struct wmbus_message *message)
{
    return message->security == WMBUS_PLAIN
               ? 0
               : (message->n_records + 2u + CRYPTO_BLOCK_BYTES - 1u) / CRYPTO_BLOCK_BYTES;
}

static void put_transport(struct writer *w, const struct wmbus_message *message)
{
    if (message->long_header) {
        writer_u8(w, MBUS_CI_LONG);
        mbus_identity_write(w, &message->sender);
    } else {
        writer_u8(w, MBUS_CI_SHORT);
    }
    writer_u8(w, message->access_number);
    writer_u8(w, message->status);
    writer_uint_le(
        w, message->configuration | mode_of(message) << 8 | (unsigned)blocks_of(message) << 4, 2);
    if (message->security == WMBUS_MODE_7) {
        writer_u8(w, WMBUS_KEY_DERIVED);
    }
}

/* Records behind 2F 2F, filled up to whole blocks. */
static void put_records(struct writer *w, const struct wmbus_message *message)
{
    const uint8_t *begin = w->at;
    if (message->security != WMBUS_PLAIN) {
        writer_uint_be(w, 0x2F2F, 2);
    }
    writer_bytes(w, message->records, message->n_records);
    size_t n_octets = blocks_of(message) * CRYPTO_BLOCK_BYTES;
    while (!w->failed && (size_t)(w->at - begin) < n_octets) {
        writer_u8(w, 0x2F);
    }
}

static int encrypt_mode_5(const struct crypto_port *port, const struct wmbus_key *key,
                          const struct wmbus_message *message, uint8_t *octets, size_t n_octets)
{
    uint8_t iv[CRYPTO_BLOCK_BYTES];
    wmbus_mode_5_iv(&message->sender, message->access_number, iv);
    return crypto_cbc_encrypt(port, &key->encrypt, iv, octets, n_octets);
}

static int encrypt_mode_7(const struct crypto_port *port, const struct wmbus_key *key,
                          const struct wmbus_message *message, uint8_t *mac_at,
                          const uint8_t *transport, uint8_t *octets, size_t n_octets)
{
    struct wmbus_message_keys keys;
    uint8_t iv[CRYPTO_BLOCK_BYTES] = {0}, mac[CRYPTO_BLOCK_BYTES];
    int result = wmbus_derive(port, key, message->message_counter, message->sender.id_raw,
                              CRYPTO_ENCRYPT, &keys);
    if (result == 0) {
        result = crypto_cbc_encrypt(port, &keys.cipher, iv, octets, n_octets);
    }
    if (result == 0) {
        result = wmbus_mac(port, &keys, message->message_counter, transport,
                           (size_t)(octets - transport) + n_octets, mac);
    }
    if (result == 0) {
        memcpy(mac_at, mac, WMBUS_MAC_OCTETS);
    }
    wmbus_derived_drop(port, &keys);
    return result;
}

static int build_transport(const struct crypto_port *port, const struct wmbus_key *key,
                           const struct wmbus_message *message, struct writer *w)
{
    uint8_t *mac_at = NULL;
    if (message->has_ell) {
        writer_u8(w, WMBUS_CI_ELL_SHORT);
        writer_u8(w, message->cc);
        writer_u8(w, message->access_number);
    }
    if (message->security == WMBUS_MODE_7) {
        writer_u8(w, WMBUS_CI_AFL);
        writer_u8(w, WMBUS_AFL_OCTETS);
        writer_uint_le(w, WMBUS_FCL, 2);
        writer_u8(w, WMBUS_MCL);
        writer_uint_le(w, message->message_counter, 4);
        mac_at = w->at;
        writer_uint_le(w, 0, WMBUS_MAC_OCTETS);
    }
    const uint8_t *transport = w->at;
    put_transport(w, message);
    uint8_t *octets = w->at;
    put_records(w, message);
    if (w->failed) {
        return MBUS_ERR_SPACE;
    }
    size_t n_octets = (size_t)(w->at - octets);
    int result = message->security == WMBUS_MODE_5
                     ? encrypt_mode_5(port, key, message, octets, n_octets)
                 : message->security == WMBUS_MODE_7
                     ? encrypt_mode_7(port, key, message, mac_at, transport, octets, n_octets)
                     : 0;
    return result == 0 ? MBUS_OK : MBUS_ERR_CIPHERED;
}

int wmbus_telegram_build(const struct crypto_port *port, const struct wmbus_key *key,
                         const struct wmbus_message *message, uint8_t *octets, size_t capacity)
{
    struct writer w =
        writer_over(octets, capacity < WMBUS_TELEGRAM_MAX ? capacity : WMBUS_TELEGRAM_MAX);
    bool ciphered =
        message->security != WMBUS_PLAIN &&
        !(message->security == WMBUS_ELL_CTR && message->session >> 29 != WMBUS_SESSION_CTR);
    if (ciphered && (key == NULL || port == NULL)) {
        return MBUS_ERR_CIPHERED;
    }
    if (message->security != WMBUS_ELL_CTR && blocks_of(message) > BLOCKS_MAX) {
        return MBUS_ERR_LENGTH;
    }
    put_link(&w, message);
    int result = message->security == WMBUS_ELL_CTR ? build_ctr(port, key, message, &w)
                                                    : build_transport(port, key, message, &w);
    if (result != MBUS_OK || w.failed) {
        return result != MBUS_OK ? result : MBUS_ERR_SPACE;
    }
    octets[0] = (uint8_t)(writer_length(&w) - 1u);
    return (int)writer_length(&w);
}
