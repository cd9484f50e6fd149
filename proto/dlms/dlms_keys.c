#include <string.h>

#include "../common/crypto_modes.h"
#include "dlms_cipher.h"

/* A counter of 32 bits; the last value is never sent. */
#define COUNTER_END UINT64_C(0xFFFFFFFF)

size_t dlms_suite_key_bytes(uint8_t suite)
{
    return suite <= 1u ? 16u : suite == 2u ? 32u : 0u;
}

enum dlms_cipher_err dlms_keys_init(struct dlms_keys *keys, const struct crypto_port *crypto,
                                    uint8_t suite)
{
    memset(keys, 0, sizeof *keys);
    keys->crypto = crypto;
    keys->suite = suite;
    return dlms_suite_key_bytes(suite) > 0 ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_SUITE;
}

/* A key that ciphers messages. */
static enum dlms_cipher_err set_cipher_key(const struct dlms_keys *keys, struct crypto_key *key,
                                           bool *has, const uint8_t *bytes, size_t n_bytes)
{
    const struct crypto_port *crypto = keys->crypto;
    crypto->key_drop(crypto->context, key);
    *has = bytes != NULL && crypto->key_set(crypto->context, key, CRYPTO_GCM, bytes, n_bytes) == 0;
    return bytes == NULL || *has ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_CRYPTO;
}

static void set_plain_key(uint8_t key[CRYPTO_KEY_MAX_BYTES], bool *has, const uint8_t *bytes,
                          size_t n_bytes)
{
    crypto_wipe(key, CRYPTO_KEY_MAX_BYTES);
    *has = bytes != NULL;
    if (*has) {
        memcpy(key, bytes, n_bytes);
    }
}

enum dlms_cipher_err dlms_keys_set(struct dlms_keys *keys, enum dlms_key_id id,
                                   const uint8_t *bytes, size_t n_bytes)
{
    if (bytes != NULL && n_bytes != dlms_suite_key_bytes(keys->suite)) {
        return DLMS_CIPHER_ERR_KEY;
    }
    switch (id) {
    case DLMS_KEY_UNICAST:
        return set_cipher_key(keys, &keys->unicast, &keys->has_unicast, bytes, n_bytes);
    case DLMS_KEY_BROADCAST:
        return set_cipher_key(keys, &keys->broadcast, &keys->has_broadcast, bytes, n_bytes);
    case DLMS_KEY_AUTHENTICATION:
        set_plain_key(keys->authentication, &keys->has_authentication, bytes, n_bytes);
        return DLMS_CIPHER_OK;
    case DLMS_KEY_MASTER:
        set_plain_key(keys->master, &keys->has_master, bytes, n_bytes);
        return DLMS_CIPHER_OK;
    case DLMS_KEY_IDS: break;
    }
    return DLMS_CIPHER_ERR_KEY;
}

void dlms_keys_drop(struct dlms_keys *keys)
{
    const struct crypto_port *crypto = keys->crypto;
    const uint8_t suite = keys->suite;
    crypto->key_drop(crypto->context, &keys->unicast);
    crypto->key_drop(crypto->context, &keys->broadcast);
    crypto_wipe(keys, sizeof *keys);
    keys->crypto = crypto;
    keys->suite = suite;
}

enum dlms_cipher_err dlms_keys_unwrap(const struct dlms_keys *keys, const uint8_t *wrapped,
                                      size_t n_wrapped, uint8_t out[CRYPTO_KEY_MAX_BYTES])
{
    const size_t n_key = dlms_suite_key_bytes(keys->suite);
    if (!keys->has_master) {
        return DLMS_CIPHER_ERR_KEY;
    }
    if (n_wrapped != n_key + CRYPTO_WRAP_EXTRA) {
        return DLMS_CIPHER_ERR_FORM;
    }
    return crypto_key_unwrap(keys->crypto, keys->master, n_key, wrapped, n_wrapped, out) == 0
               ? DLMS_CIPHER_OK
               : DLMS_CIPHER_ERR_TAG;
}

void dlms_own_counter_begin(struct dlms_own_counter *own, uint64_t from)
{
    own->next = from > 0 ? from : 1u;
    own->reserved = own->next;
}

enum dlms_cipher_err dlms_own_counter_take(struct dlms_own_counter *own, uint32_t *counter)
{
    if (own->next >= COUNTER_END) {
        return DLMS_CIPHER_ERR_EXHAUSTED;
    }
    if (own->reserve != NULL && own->next >= own->reserved) {
        uint64_t up_to = own->next + (own->step > 0 ? own->step : 1u);
        up_to = up_to < COUNTER_END ? up_to : COUNTER_END;
        if (own->reserve(own->context, up_to) != 0) {
            return DLMS_CIPHER_ERR_STORAGE;
        }
        own->reserved = up_to;
    }
    *counter = (uint32_t)own->next++;
    return DLMS_CIPHER_OK;
}

int dlms_own_counter_settle(struct dlms_own_counter *own)
{
    if (own->reserve == NULL || own->reserved == own->next) {
        return 0;
    }
    if (own->reserve(own->context, own->next) != 0) {
        return -1;
    }
    own->reserved = own->next;
    return 0;
}

int dlms_peer_counter_settle(struct dlms_peer_counter *peer)
{
    if (peer->keep == NULL || peer->kept == peer->lowest) {
        return 0;
    }
    if (peer->keep(peer->context, peer->lowest) != 0) {
        return -1;
    }
    peer->kept = peer->lowest;
    return 0;
}
