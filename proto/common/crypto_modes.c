#include "crypto_modes.h"

#include <string.h>

#define BLOCK      CRYPTO_BLOCK_BYTES
#define RUN_BLOCKS 8u /* blocks that are handed to the port at once */
#define HALF       8u /* key wrap works on halves of blocks */

void crypto_wipe(void *bytes, size_t n_bytes)
{
    volatile uint8_t *at = (volatile uint8_t *)bytes;
    while (n_bytes-- > 0) {
        *at++ = 0;
    }
}

bool crypto_equal(const void *left, const void *right, size_t n_bytes)
{
    const volatile uint8_t *a = (const volatile uint8_t *)left;
    const volatile uint8_t *b = (const volatile uint8_t *)right;
    uint8_t different = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        different |= (uint8_t)(a[i] ^ b[i]);
    }
    return different == 0;
}

static void mix(uint8_t *into, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        into[i] ^= bytes[i];
    }
}

static size_t at_most(size_t n_bytes, size_t limit)
{
    return n_bytes < limit ? n_bytes : limit;
}

int crypto_cbc_encrypt(const struct crypto_port *port, const struct crypto_key *key,
                       uint8_t iv[CRYPTO_BLOCK_BYTES], uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes % BLOCK != 0) {
        return -1;
    }
    for (size_t at = 0; at < n_bytes; at += BLOCK) {
        mix(bytes + at, iv, BLOCK);
        if (port->blocks(port->context, key, bytes + at, 1) != 0) {
            return -1;
        }
        memcpy(iv, bytes + at, BLOCK);
    }
    return 0;
}

int crypto_cbc_decrypt(const struct crypto_port *port, const struct crypto_key *key,
                       uint8_t iv[CRYPTO_BLOCK_BYTES], uint8_t *bytes, size_t n_bytes)
{
    uint8_t before[(RUN_BLOCKS + 1u) * BLOCK]; /* IV, then the run as it came */
    if (n_bytes % BLOCK != 0) {
        return -1;
    }
    for (size_t at = 0, n = 0; at < n_bytes; at += n) {
        n = at_most(n_bytes - at, RUN_BLOCKS * BLOCK);
        memcpy(before, iv, BLOCK);
        memcpy(before + BLOCK, bytes + at, n);
        if (port->blocks(port->context, key, bytes + at, n / BLOCK) != 0) {
            return -1;
        }
        mix(bytes + at, before, n);
        memcpy(iv, before + n, BLOCK);
    }
    return 0;
}

static void count_up(uint8_t counter[BLOCK])
{
    for (size_t i = BLOCK; i-- > 0;) {
        if (++counter[i] != 0) {
            return;
        }
    }
}

int crypto_ctr(const struct crypto_port *port, const struct crypto_key *key,
               uint8_t counter[CRYPTO_BLOCK_BYTES], uint8_t *bytes, size_t n_bytes)
{
    uint8_t stream[RUN_BLOCKS * BLOCK];
    int result = 0;
    for (size_t at = 0, n = 0; at < n_bytes && result == 0; at += n) {
        n = at_most(n_bytes - at, sizeof stream);
        const size_t n_blocks = (n + BLOCK - 1u) / BLOCK;
        for (size_t i = 0; i < n_blocks; i++) {
            memcpy(stream + i * BLOCK, counter, BLOCK);
            count_up(counter);
        }
        result = port->blocks(port->context, key, stream, n_blocks);
        if (result == 0) {
            mix(bytes + at, stream, n);
        }
    }
    crypto_wipe(stream, sizeof stream);
    return result;
}

/* Twice the value in GF(2^128), bit 0 last (RFC 4493, 2.3), without a branch on the secret. */
static void twice(uint8_t value[BLOCK])
{
    const uint8_t over = (uint8_t)(0u - (unsigned)(value[0] >> 7));
    for (size_t i = 0; i + 1u < BLOCK; i++) {
        value[i] = (uint8_t)((unsigned)value[i] << 1 | (unsigned)value[i + 1u] >> 7);
    }
    value[BLOCK - 1u] = (uint8_t)((unsigned)value[BLOCK - 1u] << 1 ^ (over & 0x87u));
}

/* A CMAC under way.  A full block waits until more comes: the last one is treated otherwise. */
struct cmac {
    const struct crypto_port *port;
    const struct crypto_key *key;
    uint8_t *mac;
    size_t in_block; /* bytes of the running block that stand in mac already */
};

static int cmac_more(struct cmac *cmac, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        if (cmac->in_block == BLOCK) {
            if (cmac->port->blocks(cmac->port->context, cmac->key, cmac->mac, 1) != 0) {
                return -1;
            }
            cmac->in_block = 0;
        }
        cmac->mac[cmac->in_block++] ^= bytes[i];
    }
    return 0;
}

int crypto_cmac(const struct crypto_port *port, const struct crypto_key *key,
                const struct crypto_piece *pieces, size_t n_pieces, uint8_t mac[CRYPTO_BLOCK_BYTES])
{
    struct cmac cmac = {port, key, mac, 0};
    uint8_t subkey[BLOCK] = {0};
    int result = port->blocks(port->context, key, subkey, 1);
    memset(mac, 0, BLOCK);
    for (size_t i = 0; i < n_pieces && result == 0; i++) {
        result = cmac_more(&cmac, (const uint8_t *)pieces[i].bytes, pieces[i].n_bytes);
    }
    if (result != 0) {
        return -1;
    }
    twice(subkey);
    if (cmac.in_block < BLOCK) {
        mac[cmac.in_block] ^= 0x80u;
        twice(subkey);
    }
    mix(mac, subkey, BLOCK);
    crypto_wipe(subkey, sizeof subkey);
    return port->blocks(port->context, key, mac, 1);
}

/* The value that is mixed into A at step t: t as a number of 64 bits. */
static void mix_step(uint8_t a[HALF], unsigned t)
{
    a[HALF - 1u] ^= (uint8_t)t;
    a[HALF - 2u] ^= (uint8_t)(t >> 8);
}

static const uint8_t wrap_mark[HALF] = {0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6};

#define WRAP_ROUNDS 6u

int crypto_key_wrap(const struct crypto_port *port, const uint8_t *kek, size_t n_kek,
                    const uint8_t *bytes, size_t n_bytes, uint8_t *wrapped)
{
    struct crypto_key key = {{0}};
    uint8_t block[BLOCK]; /* A, then R[i] */
    const unsigned n = (unsigned)(n_bytes / HALF);
    if (n_bytes < 2u * HALF || n_bytes > CRYPTO_WRAP_MAX || n_bytes % HALF != 0 ||
        port->key_set(port->context, &key, CRYPTO_ENCRYPT, kek, n_kek) != 0) {
        return -1;
    }
    int result = 0;
    memcpy(block, wrap_mark, HALF);
    memmove(wrapped + HALF, bytes, n_bytes);
    for (unsigned t = 1; t <= WRAP_ROUNDS * n && result == 0; t++) {
        uint8_t *r = wrapped + HALF + (t - 1u) % n * HALF;
        memcpy(block + HALF, r, HALF);
        result = port->blocks(port->context, &key, block, 1);
        mix_step(block, t);
        memcpy(r, block + HALF, HALF);
    }
    memcpy(wrapped, block, HALF);
    port->key_drop(port->context, &key);
    crypto_wipe(block, sizeof block);
    return result;
}

int crypto_key_unwrap(const struct crypto_port *port, const uint8_t *kek, size_t n_kek,
                      const uint8_t *wrapped, size_t n_wrapped, uint8_t *bytes)
{
    struct crypto_key key = {{0}};
    uint8_t block[BLOCK];
    if (n_wrapped < 3u * HALF || n_wrapped > CRYPTO_WRAP_MAX + HALF || n_wrapped % HALF != 0 ||
        port->key_set(port->context, &key, CRYPTO_DECRYPT, kek, n_kek) != 0) {
        return -1;
    }
    const unsigned n = (unsigned)(n_wrapped / HALF) - 1u;
    int result = 0;
    memcpy(block, wrapped, HALF);
    memmove(bytes, wrapped + HALF, n_wrapped - HALF);
    for (unsigned t = WRAP_ROUNDS * n; t >= 1u && result == 0; t--) {
        uint8_t *r = bytes + (t - 1u) % n * HALF;
        mix_step(block, t);
        memcpy(block + HALF, r, HALF);
        result = port->blocks(port->context, &key, block, 1);
        memcpy(r, block + HALF, HALF);
    }
    if (!crypto_equal(block, wrap_mark, HALF)) {
        result = -1;
    }
    if (result != 0) {
        crypto_wipe(bytes, n_wrapped - HALF);
    }
    port->key_drop(port->context, &key);
    crypto_wipe(block, sizeof block);
    return result;
}
