#include "aes.h"

#include "proto/common/crypto_port.h"

/*
 * Bit b of byte (row r, column c) of block k stands in word b at bit 8 r + 2 c + k.  So a row is a
 * byte of each word: MixColumns is rotations by 8, ShiftRows moves bits within bytes.
 *
 * SubBytes inverts in GF(2^8).  We do that in a tower, GF(((2^2)^2)^2), where it takes few gates:
 *   GF(4):   w^2 = w + 1
 *   GF(16):  z^2 = z + w
 *   GF(256): y^2 = y + (w z + 1)
 * The linear maps into the tower and out of it (out: together with the affine map of SubBytes) were
 * found by trying all eight isomorphisms for the least number of gates.
 */
#define PLANES 8u

struct gf4 {
    uint32_t h, l; /* h w + l */
};

struct gf16 {
    struct gf4 h, l; /* h z + l */
};

static inline struct gf4 gf4_add(struct gf4 a, struct gf4 b)
{
    const struct gf4 sum = {a.h ^ b.h, a.l ^ b.l};
    return sum;
}

static inline struct gf4 gf4_mul(struct gf4 a, struct gf4 b)
{
    const uint32_t low = a.l & b.l;
    const struct gf4 product = {((a.h ^ a.l) & (b.h ^ b.l)) ^ low, (a.h & b.h) ^ low};
    return product;
}

/* In GF(4) the square is the inverse as well. */
static inline struct gf4 gf4_square(struct gf4 a)
{
    const struct gf4 square = {a.h, a.h ^ a.l};
    return square;
}

static inline struct gf4 gf4_times_w(struct gf4 a)
{
    const struct gf4 product = {a.h ^ a.l, a.h};
    return product;
}

static inline struct gf16 gf16_add(struct gf16 a, struct gf16 b)
{
    const struct gf16 sum = {gf4_add(a.h, b.h), gf4_add(a.l, b.l)};
    return sum;
}

static inline struct gf16 gf16_mul(struct gf16 a, struct gf16 b)
{
    const struct gf4 low = gf4_mul(a.l, b.l);
    const struct gf4 cross = gf4_mul(gf4_add(a.h, a.l), gf4_add(b.h, b.l));
    const struct gf16 product = {gf4_add(cross, low), gf4_add(low, gf4_times_w(gf4_mul(a.h, b.h)))};
    return product;
}

static inline struct gf16 gf16_square(struct gf16 a)
{
    const struct gf4 high = gf4_square(a.h);
    const struct gf16 square = {high, gf4_add(gf4_square(a.l), gf4_times_w(high))};
    return square;
}

/* Times w z + 1. */
static inline struct gf16 gf16_times_nu(struct gf16 a)
{
    const struct gf16 product = {gf4_add(gf4_times_w(gf4_add(a.h, a.l)), a.h),
                                 gf4_add(gf4_times_w(gf4_times_w(a.h)), a.l)};
    return product;
}

static inline struct gf16 gf16_invert(struct gf16 a)
{
    const struct gf4 sum = gf4_add(a.h, a.l);
    const struct gf4 norm = gf4_add(gf4_times_w(gf4_square(a.h)), gf4_mul(sum, a.l));
    const struct gf4 inverse = gf4_square(norm);
    const struct gf16 result = {gf4_mul(a.h, inverse), gf4_mul(sum, inverse)};
    return result;
}

/* Inversion in the tower: bit 7 .. 0 are the coordinates from the top. */
static inline void tower_invert(uint32_t q[PLANES])
{
    const struct gf16 h = {{q[7], q[6]}, {q[5], q[4]}}, l = {{q[3], q[2]}, {q[1], q[0]}};
    const struct gf16 sum = gf16_add(h, l);
    const struct gf16 norm = gf16_add(gf16_times_nu(gf16_square(h)), gf16_mul(sum, l));
    const struct gf16 inverse = gf16_invert(norm);
    const struct gf16 high = gf16_mul(h, inverse), low = gf16_mul(sum, inverse);
    q[7] = high.h.h;
    q[6] = high.h.l;
    q[5] = high.l.h;
    q[4] = high.l.l;
    q[3] = low.h.h;
    q[2] = low.h.l;
    q[1] = low.l.h;
    q[0] = low.l.l;
}

static inline void sub_bytes(uint32_t q[PLANES])
{
    const uint32_t a0 = q[4] ^ q[6], a1 = q[1] ^ q[2], a2 = q[3] ^ a0, a3 = q[5] ^ a1;
    const uint32_t a4 = q[1] ^ a0, a5 = q[7] ^ a2;
    uint32_t x[PLANES] = {q[0] ^ a4, a5, a3, q[6] ^ a3, q[2] ^ a5, q[7] ^ a4, a2 ^ a3, q[5] ^ q[7]};
    tower_invert(x);
    const uint32_t b0 = x[2] ^ x[6], b1 = x[0] ^ x[3], b2 = x[5] ^ b1, b3 = x[7] ^ b0;
    const uint32_t b4 = x[0] ^ x[4], b5 = x[1] ^ b2;
    q[0] = ~(x[6] ^ b4);
    q[1] = ~(x[4] ^ b5);
    q[2] = b3 ^ b5;
    q[3] = b4;
    q[4] = b2 ^ b3;
    q[5] = ~(x[3] ^ b0);
    q[6] = ~(x[4] ^ x[7]);
    q[7] = b3;
}

static inline void sub_bytes_back(uint32_t q[PLANES])
{
    const uint32_t y0 = ~q[0], y1 = ~q[1], y5 = ~q[5], y6 = ~q[6];
    const uint32_t a0 = y1 ^ q[2], a1 = y6 ^ a0, a2 = y0 ^ q[3], a3 = q[7] ^ a0;
    uint32_t x[PLANES] = {q[3] ^ a3, q[2] ^ q[4],           a1 ^ a2, y5 ^ a1,
                          a3,        q[3] ^ q[4] ^ y5 ^ y6, a2,      q[7] ^ a1};
    tower_invert(x);
    const uint32_t b0 = x[1] ^ x[6], b1 = x[2] ^ b0, b2 = x[4] ^ x[7], b3 = x[5] ^ b2;
    q[0] = x[0] ^ x[5] ^ b1;
    q[1] = x[6] ^ b2;
    q[2] = x[1] ^ x[4];
    q[3] = b0 ^ b3;
    q[4] = x[1] ^ x[3] ^ b3;
    q[5] = x[7] ^ b1;
    q[6] = x[2] ^ x[3];
    q[7] = b1;
}

static inline void exchange(uint32_t *low, uint32_t *high, unsigned shift, uint32_t mask)
{
    const uint32_t different = ((*low >> shift) ^ *high) & mask;
    *high ^= different;
    *low ^= different << shift;
}

/* Columns in words <-> bits in words: an 8 x 8 transposition in each byte lane; its own inverse. */
static inline void slice(uint32_t q[PLANES])
{
    for (unsigned i = 0; i < PLANES; i += 2u) {
        exchange(&q[i], &q[i + 1u], 1, UINT32_C(0x55555555));
    }
    for (unsigned i = 0; i < PLANES; i += 4u) {
        exchange(&q[i], &q[i + 2u], 2, UINT32_C(0x33333333));
        exchange(&q[i + 1u], &q[i + 3u], 2, UINT32_C(0x33333333));
    }
    for (unsigned i = 0; i < 4u; i++) {
        exchange(&q[i], &q[i + 4u], 4, UINT32_C(0x0F0F0F0F));
    }
}

static inline uint32_t right(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32u - bits);
}

static inline void shift_rows(uint32_t q[PLANES])
{
    for (unsigned i = 0; i < PLANES; i++) {
        const uint32_t x = q[i];
        q[i] = (x & UINT32_C(0x000000FF)) | (x & UINT32_C(0x0000FC00)) >> 2 |
               (x & UINT32_C(0x00000300)) << 6 | (x & UINT32_C(0x00F00000)) >> 4 |
               (x & UINT32_C(0x000F0000)) << 4 | (x & UINT32_C(0xC0000000)) >> 6 |
               (x & UINT32_C(0x3F000000)) << 2;
    }
}

static inline void shift_rows_back(uint32_t q[PLANES])
{
    for (unsigned i = 0; i < PLANES; i++) {
        const uint32_t x = q[i];
        q[i] = (x & UINT32_C(0x000000FF)) | (x & UINT32_C(0x00003F00)) << 2 |
               (x & UINT32_C(0x0000C000)) >> 6 | (x & UINT32_C(0x00F00000)) >> 4 |
               (x & UINT32_C(0x000F0000)) << 4 | (x & UINT32_C(0xFC000000)) >> 2 |
               (x & UINT32_C(0x03000000)) << 6;
    }
}

/* Each byte times x in GF(2^8). */
static inline void times_x(uint32_t q[PLANES])
{
    const uint32_t top = q[7];
    for (unsigned i = PLANES - 1u; i > 0; i--) {
        q[i] = q[i - 1u];
    }
    q[0] = top;
    q[1] ^= top;
    q[3] ^= top;
    q[4] ^= top;
}

/* Row r becomes 2 a[r] + 3 a[r+1] + a[r+2] + a[r+3]. */
static inline void mix_columns(uint32_t q[PLANES])
{
    uint32_t pair[PLANES], rest[PLANES];
    for (unsigned i = 0; i < PLANES; i++) {
        const uint32_t next = right(q[i], 8);
        pair[i] = q[i] ^ next;
        rest[i] = next ^ right(pair[i], 16);
    }
    times_x(pair);
    for (unsigned i = 0; i < PLANES; i++) {
        q[i] = pair[i] ^ rest[i];
    }
}

/* The inverse is the same after adding 4 (a[r] + a[r+2]) to each row. */
static inline void mix_columns_back(uint32_t q[PLANES])
{
    uint32_t four[PLANES];
    for (unsigned i = 0; i < PLANES; i++) {
        four[i] = q[i] ^ right(q[i], 16);
    }
    times_x(four);
    times_x(four);
    for (unsigned i = 0; i < PLANES; i++) {
        q[i] ^= four[i];
    }
    mix_columns(q);
}

static inline void add_round_key(uint32_t q[PLANES], const uint32_t round[4])
{
    for (unsigned i = 0; i < 4u; i++) {
        const uint32_t even = round[i] & UINT32_C(0x55555555);
        const uint32_t odd = round[i] & UINT32_C(0xAAAAAAAA);
        q[i] ^= even | even << 1;
        q[i + 4u] ^= odd | odd >> 1;
    }
}

static uint32_t word_of(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void load(uint32_t q[PLANES], const uint8_t blocks[AES_PAIR])
{
    for (unsigned i = 0; i < PLANES; i++) {
        q[i] = word_of(blocks + 16u * (i % 2u) + 4u * (i / 2u));
    }
    slice(q);
}

static void store(uint32_t q[PLANES], uint8_t blocks[AES_PAIR])
{
    slice(q);
    for (unsigned i = 0; i < PLANES; i++) {
        uint8_t *to = blocks + 16u * (i % 2u) + 4u * (i / 2u);
        for (unsigned byte = 0; byte < 4u; byte++) {
            to[byte] = (uint8_t)(q[i] >> (8u * byte));
        }
    }
}

static uint32_t sub_word(uint32_t word)
{
    uint32_t q[PLANES] = {word};
    slice(q);
    sub_bytes(q);
    slice(q);
    return q[0];
}

int aes_key_set(struct aes_key *key, const uint8_t *bytes, size_t n_bytes)
{
    uint32_t words[4u * (AES_ROUNDS_MAX + 1u)];
    const unsigned n = (unsigned)(n_bytes / 4u);
    uint32_t constant = 1;
    if (n_bytes != 16u && n_bytes != 32u) {
        return -1;
    }
    key->rounds = n + 6u;
    for (unsigned i = 0; i < n; i++) {
        words[i] = word_of(bytes + 4u * (size_t)i);
    }
    for (unsigned i = n; i < 4u * (key->rounds + 1u); i++) {
        uint32_t word = words[i - 1u];
        if (i % n == 0) {
            word = sub_word(right(word, 8)) ^ constant;
            constant = (constant << 1) ^ (constant >> 7) * UINT32_C(0x11B);
        } else if (n > 6u && i % n == 4u) {
            word = sub_word(word);
        }
        words[i] = words[i - n] ^ word;
    }
    for (unsigned r = 0; r <= key->rounds; r++) {
        uint32_t q[PLANES];
        for (unsigned i = 0; i < PLANES; i++) {
            q[i] = words[4u * r + i / 2u];
        }
        slice(q);
        for (unsigned i = 0; i < 4u; i++) {
            key->round[r][i] = (q[i] & UINT32_C(0x55555555)) | (q[i + 4u] & UINT32_C(0xAAAAAAAA));
        }
    }
    crypto_wipe(words, sizeof words);
    return 0;
}

void aes_encrypt_pair(const struct aes_key *key, uint8_t blocks[AES_PAIR])
{
    uint32_t q[PLANES];
    load(q, blocks);
    add_round_key(q, key->round[0]);
    for (uint32_t r = 1; r < key->rounds; r++) {
        sub_bytes(q);
        shift_rows(q);
        mix_columns(q);
        add_round_key(q, key->round[r]);
    }
    sub_bytes(q);
    shift_rows(q);
    add_round_key(q, key->round[key->rounds]);
    store(q, blocks);
}

void aes_decrypt_pair(const struct aes_key *key, uint8_t blocks[AES_PAIR])
{
    uint32_t q[PLANES];
    load(q, blocks);
    add_round_key(q, key->round[key->rounds]);
    for (uint32_t r = key->rounds - 1u; r > 0; r--) {
        shift_rows_back(q);
        sub_bytes_back(q);
        add_round_key(q, key->round[r]);
        mix_columns_back(q);
    }
    shift_rows_back(q);
    sub_bytes_back(q);
    add_round_key(q, key->round[0]);
    store(q, blocks);
}
