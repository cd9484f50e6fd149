/*
 * The CRC by carry-less multiplication: x86-64 processors that have PCLMULQDQ (nearly all since
 * 2010; the others take the tables: the compiler's runtime knows which it is).
 *
 * The bytes are a polynomial over GF(2), bits of a byte from the highest power down.  A block of 16
 * bytes that d more blocks follow counts for its product with x^(128 d); the products' remainders
 * are small, so that all blocks of a step are multiplied at the same time and added.  At the end
 * 128 bits are left and reduced to 32 (Barrett).
 */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "bus/legal_crc.h"

#define BLOCK 16u
#define STEP  (4u * BLOCK)

#define CLMUL __attribute__((target("pclmul")))

/* x^(128 d + 32) and x^(128 d - 32) modulo the polynomial, bits reversed, one place up, for d = 1
   to 4: what the lower half of a block (the higher powers) and its upper half are multiplied by. */
static const uint64_t ahead[4][2] = {
    {UINT64_C(0x1751997d0), UINT64_C(0x0ccaa009e)},
    {UINT64_C(0x0f1da05aa), UINT64_C(0x15a546366)},
    {UINT64_C(0x03db1ecdc), UINT64_C(0x174359406)},
    {UINT64_C(0x154442bd4), UINT64_C(0x1c6e41596)},
};
/* x^64 likewise; the polynomial, and x^64 divided by it, bits reversed. */
#define AHEAD_64   INT64_C(0x163cd6124)
#define POLYNOMIAL INT64_C(0x1db710641)
#define QUOTIENT   INT64_C(0x1f7011641)

static inline uint64_t word_64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* In two halves: who made the bytes has just written them in words of eight, and a wider load would
   wait for them to reach the cache. */
CLMUL static inline __m128i block_at(const uint8_t *at)
{
    return _mm_set_epi64x((int64_t)word_64(at + 8), (int64_t)word_64(at));
}

/* Twelve bytes at the end of a block, after four zeros: zeros before the first byte change nothing.
 */
CLMUL static inline __m128i block_of_12(const uint8_t *at)
{
    uint32_t last;
    memcpy(&last, at + 8, sizeof last);
    return _mm_slli_si128(_mm_set_epi64x((int64_t)last, (int64_t)word_64(at)), 4);
}

/* The block moved ahead by so many blocks. */
CLMUL static inline __m128i moved(__m128i block, unsigned blocks)
{
    const __m128i by = _mm_loadu_si128((const __m128i *)ahead[blocks - 1u]);
    return _mm_xor_si128(_mm_clmulepi64_si128(block, by, 0x00),
                         _mm_clmulepi64_si128(block, by, 0x11));
}

/* The remainder of the last block. */
CLMUL static inline uint32_t remainder_of(__m128i block)
{
    const __m128i low_32 = _mm_set_epi32(0, 0, 0, -1);
    const __m128i ahead_96 = _mm_set_epi64x(0, (int64_t)ahead[0][1]);
    const __m128i barrett = _mm_set_epi64x(QUOTIENT, POLYNOMIAL);
    __m128i rest =
        _mm_xor_si128(_mm_srli_si128(block, 8), _mm_clmulepi64_si128(block, ahead_96, 0x00));
    rest = _mm_xor_si128(
        _mm_srli_si128(rest, 4),
        _mm_clmulepi64_si128(_mm_and_si128(rest, low_32), _mm_set_epi64x(0, AHEAD_64), 0x00));
    __m128i times = _mm_clmulepi64_si128(_mm_and_si128(rest, low_32), barrett, 0x10);
    times = _mm_clmulepi64_si128(_mm_and_si128(times, low_32), barrett, 0x00);
    const __m128i sum = _mm_xor_si128(rest, times);
    return (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(sum, 4));
}

/* Whole blocks, and twelve bytes before them if n_bytes says so; more than these twelve. */
CLMUL static uint32_t by_products(uint32_t crc, const uint8_t *at, size_t n_bytes)
{
    const bool twelve = n_bytes % BLOCK != 0;
    const uint32_t start = twelve ? BLOCK - 12u : 0;
    __m128i sum = twelve ? block_of_12(at) : block_at(at);
    sum = _mm_xor_si128(sum, _mm_set_epi64x(0, (int64_t)((uint64_t)~crc << 8u * start)));
    at += BLOCK - start;
    n_bytes -= BLOCK - start;
    for (; n_bytes >= STEP; n_bytes -= STEP, at += STEP) {
        const __m128i early = _mm_xor_si128(moved(sum, 4), moved(block_at(at), 3));
        const __m128i late =
            _mm_xor_si128(moved(block_at(at + BLOCK), 2), moved(block_at(at + 2 * BLOCK), 1));
        sum = _mm_xor_si128(_mm_xor_si128(early, late), block_at(at + 3 * BLOCK));
    }
    for (; n_bytes > 0; n_bytes -= BLOCK, at += BLOCK) {
        sum = _mm_xor_si128(moved(sum, 1), block_at(at));
    }
    return ~remainder_of(sum);
}

/* All that is long and often has such a length: frames 76 bytes, pages 252. */
uint32_t legal_crc32_continue(uint32_t crc, const void *bytes, size_t n_bytes)
{
    const size_t rest = n_bytes % BLOCK;
    if (n_bytes >= BLOCK && (rest == 0 || rest == 12u) && __builtin_cpu_supports("pclmul")) {
        return by_products(crc, bytes, n_bytes);
    }
    return legal_crc32_tables(crc, bytes, n_bytes);
}
