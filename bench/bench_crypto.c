/* Ciphers: AES-GCM by both ports, and the ciphering of a DLMS request and its answer. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ports/crypto/openssl/crypto_openssl.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/dlms/dlms_cipher.h"

#define KIB 1024u

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* 1 KiB sealed again and again, the key made ready once. */
static double gcm_mb_s(const struct crypto_port *port, unsigned rounds)
{
    static uint8_t bytes[KIB];
    const uint8_t raw[16] = {1, 2, 3};
    struct crypto_key key = {{0}};
    struct crypto_gcm message = {.n_aad = 0};
    uint8_t tag[CRYPTO_TAG_BYTES];
    port->key_set(port->context, &key, CRYPTO_GCM, raw, sizeof raw);
    const double start_s = now_s();
    for (unsigned i = 0; i < rounds; i++) {
        message.iv[0] = (uint8_t)i;
        port->gcm_seal(port->context, &key, &message, bytes, sizeof bytes, tag);
    }
    const double took_s = now_s() - start_s;
    port->key_drop(port->context, &key);
    return rounds * (double)KIB / took_s * 1e-6;
}

struct side {
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer;
    struct dlms_cipher cipher;
};

static void side_begin(struct side *side, const struct crypto_port *port, const char *title,
                       const char *peer)
{
    const uint8_t key[16] = {7};
    memset(side, 0, sizeof *side);
    dlms_keys_init(&side->keys, port, 0);
    dlms_keys_set(&side->keys, DLMS_KEY_UNICAST, key, sizeof key);
    dlms_keys_set(&side->keys, DLMS_KEY_AUTHENTICATION, key, sizeof key);
    dlms_own_counter_begin(&side->own, 1);
    dlms_cipher_init(&side->cipher, &side->keys, &side->own, &side->peer, NULL,
                     (const uint8_t *)title);
    dlms_cipher_peer(&side->cipher, (const uint8_t *)peer);
}

static void side_end(struct side *side)
{
    dlms_cipher_end(&side->cipher);
    dlms_keys_drop(&side->keys);
}

#define BEFORE 16u

/* One message from one side to the other.  @return false: it did not arrive */
static bool carry(struct side *from, struct side *to, const void *plain, size_t n_bytes)
{
    struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30}, came;
    struct dlms_span message, opened;
    uint8_t buffer[128];
    memcpy(buffer + BEFORE, plain, n_bytes);
    return dlms_cipher_protect(&from->cipher, &how, buffer, sizeof buffer, BEFORE, n_bytes,
                               &message) == DLMS_CIPHER_OK &&
           dlms_cipher_open(&to->cipher, message.bytes, message.n_bytes, &came, &opened) ==
               DLMS_CIPHER_OK;
}

/* Microseconds for a GET (13 bytes) and its answer (9): two messages made, two opened. */
static double exchange_us(const struct crypto_port *port, unsigned rounds)
{
    static const uint8_t get[13] = {0xC0, 1, 0xC1, 0, 3, 1, 0, 1, 8, 0, 0xFF, 2};
    static const uint8_t answer[9] = {0xC4, 1, 0xC1, 0, 6};
    struct side client, server;
    bool good = true;
    side_begin(&client, port, "CLIENT01", "METER001");
    side_begin(&server, port, "METER001", "CLIENT01");
    const double start_s = now_s();
    for (unsigned i = 0; i < rounds; i++) {
        good = good && carry(&client, &server, get, sizeof get) &&
               carry(&server, &client, answer, sizeof answer);
    }
    const double took_s = now_s() - start_s;
    side_end(&client);
    side_end(&server);
    return good ? took_s / rounds * 1e6 : -1.0;
}

int main(void)
{
    struct crypto_port openssl, portable;
    if (crypto_openssl(&openssl) != 0) {
        return 1;
    }
    crypto_portable(&portable, NULL, NULL);
    printf("%-40s %.0f MB/s\n", "AES-128-GCM of 1 KiB, OpenSSL", gcm_mb_s(&openssl, 400000));
    printf("%-40s %.0f MB/s\n", "the same, plain C in constant time", gcm_mb_s(&portable, 40000));
    printf("%-40s %.2f us\n", "DLMS exchange ciphered, OpenSSL", exchange_us(&openssl, 400000));
    printf("%-40s %.2f us\n", "the same, plain C in constant time", exchange_us(&portable, 40000));
    return 0;
}
