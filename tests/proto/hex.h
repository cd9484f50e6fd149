/** Test helper: bytes as people write them, "80 3F 01". */
#ifndef OPEN382_TEST_HEX_H
#define OPEN382_TEST_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/** @return number of bytes put to out (the caller's array is large enough). */
static inline size_t hex_bytes(const char *text, uint8_t *out)
{
    size_t n_bytes = 0;
    while (*text != '\0') {
        char *end = NULL;
        unsigned long byte = strtoul(text, &end, 16);
        if (end == text) {
            break;
        }
        out[n_bytes++] = (uint8_t)byte;
        text = end;
    }
    return n_bytes;
}

/** The same without blanks, "803F01", as telegrams are written. */
static inline size_t hex_joined(const char *text, uint8_t *out)
{
    size_t n_bytes = 0;
    for (; text[2 * n_bytes] != '\0' && text[2 * n_bytes + 1] != '\0'; n_bytes++) {
        const char two[3] = {text[2 * n_bytes], text[2 * n_bytes + 1], '\0'};
        out[n_bytes] = (uint8_t)strtoul(two, NULL, 16);
    }
    return n_bytes;
}

/** Small random numbers with a seed that can be printed (xorshift64). */
static inline uint64_t test_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
