#include "sha256.h"

#include <string.h>

#define BLOCK 64u

static const uint32_t constants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

static uint32_t right(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32u - bits);
}

static uint32_t word_be(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

/* Word t of the schedule, of which 16 are kept. */
static uint32_t schedule(uint32_t w[16], unsigned t)
{
    const uint32_t before = w[(t + 1u) % 16u], last = w[(t + 14u) % 16u];
    w[t % 16u] += (right(before, 7) ^ right(before, 18) ^ before >> 3) + w[(t + 9u) % 16u] +
                  (right(last, 17) ^ right(last, 19) ^ last >> 10);
    return w[t % 16u];
}

static void compress(uint32_t state[8], const uint8_t block[BLOCK])
{
    uint32_t w[16], s[8];
    memcpy(s, state, sizeof s);
    for (unsigned t = 0; t < 16u; t++) {
        w[t] = word_be(block + 4u * (size_t)t);
    }
    for (unsigned t = 0; t < 64u; t++) {
        const uint32_t word = t < 16u ? w[t] : schedule(w, t);
        const uint32_t one = s[7] + (right(s[4], 6) ^ right(s[4], 11) ^ right(s[4], 25)) +
                             ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[t] + word;
        const uint32_t two = (right(s[0], 2) ^ right(s[0], 13) ^ right(s[0], 22)) +
                             ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7u * sizeof s[0]);
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned i = 0; i < 8u; i++) {
        state[i] += s[i];
    }
}

void sha256_begin(struct sha256 *sha)
{
    static const uint32_t start[8] = {
        0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
        0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
    };
    memcpy(sha->state, start, sizeof start);
    sha->n_bytes = 0;
}

void sha256_more(struct sha256 *sha, const void *bytes, size_t n_bytes)
{
    const uint8_t *at = (const uint8_t *)bytes;
    while (n_bytes > 0) {
        const size_t filled = (size_t)(sha->n_bytes % BLOCK);
        const size_t n = n_bytes < BLOCK - filled ? n_bytes : BLOCK - filled;
        memcpy(sha->block + filled, at, n);
        sha->n_bytes += n;
        at += n;
        n_bytes -= n;
        if (filled + n == BLOCK) {
            compress(sha->state, sha->block);
        }
    }
}

void sha256_end(struct sha256 *sha, uint8_t digest[SHA256_BYTES])
{
    static const uint8_t padding[BLOCK] = {0x80};
    const uint64_t n_bits = sha->n_bytes * 8u;
    const size_t filled = (size_t)(sha->n_bytes % BLOCK);
    uint8_t length[8];
    sha256_more(sha, padding, (filled < 56u ? 56u : 120u) - filled);
    for (unsigned i = 0; i < 8u; i++) {
        length[i] = (uint8_t)(n_bits >> (56u - 8u * i));
    }
    sha256_more(sha, length, sizeof length);
    for (unsigned i = 0; i < SHA256_BYTES; i++) {
        digest[i] = (uint8_t)(sha->state[i / 4u] >> (24u - 8u * (i % 4u)));
    }
}
