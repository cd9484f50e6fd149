/* 10^5 mutated frames and messages through HDLC and wrapper; OPEN382_LONG=n: n times as many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hdlc_fuzz.h"
#include "proto/hdlc_vectors.h"

#define SESSIONS 12500u
#define PIECES   8u /* frames of a session: 10^5 in all */

static uint64_t seed_of_run(void)
{
    const char *given = getenv("OPEN382_SEED");
    return UINT64_C(0xA24BAED4963EE407) ^ (given != NULL ? strtoull(given, NULL, 10) << 24 : 0);
}

static unsigned rounds_of_run(void)
{
    const char *given = getenv("OPEN382_LONG");
    const unsigned long n = given != NULL ? strtoul(given, NULL, 10) : 1;
    return n > 0 ? (unsigned)n : 1;
}

static void mutate(uint8_t *bytes, size_t n_bytes, uint64_t *seed)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7E, 0x7F, 0x80, 0x81, 0xA0, 0xFF};
    for (unsigned i = (unsigned)(test_random(seed) >> 40) % 4u; i > 0 && n_bytes > 0; i--) {
        const uint64_t random = test_random(seed);
        uint8_t *at = &bytes[(random >> 16) % n_bytes];
        const unsigned bit = 1u << (random >> 8 & 7u);
        *at = (uint8_t)((random & 1u) != 0 ? edges[random >> 8 & 7u] : *at ^ bit);
    }
}

/* A frame of the vectors as it is on the line, damaged, or with right checks after the damage. */
static size_t piece_make(uint8_t *out, uint64_t *seed)
{
    uint8_t bytes[300];
    const uint64_t random = test_random(seed);
    const char *hex =
        hdlc_vectors[(random >> 8) % (sizeof hdlc_vectors / sizeof hdlc_vectors[0])].hex;
    size_t n = hex_bytes(hex, bytes);
    const bool sealed = (random & 3u) != 0;
    if (sealed) { /* control, address and S bit, information */
        static const uint8_t controls[] = {0x93, 0x10, 0x10, 0x12, 0x32, 0x54, 0x11, 0x31,
                                           0x53, 0x73, 0x30, 0x52, 0x1F, 0x97, 0x03, 0x35};
        const size_t n_info = n > 12 ? n - 11 : 0;
        memmove(bytes + 2, bytes + 8, n_info);
        bytes[0] = controls[random >> 16 & 15u];
        bytes[1] = (random >> 24 & 7u) == 0 ? 0x80 : 0x00;
        n = n_info + 2;
    }
    n = n > 63 ? 63 : n;
    mutate(bytes, n, seed);
    out[0] = (uint8_t)(n | (sealed ? 0x80u : 0u) | ((random >> 32 & 15u) == 0 ? 0x40u : 0u));
    memcpy(out + 1, bytes, n);
    return n + 1;
}

static void mutated_frames(void **state)
{
    (void)state;
    uint64_t seed = seed_of_run();
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned session = 0; session < SESSIONS * rounds_of_run(); session++) {
        uint8_t data[PIECES * 64];
        size_t n = 0;
        for (unsigned piece = 0; piece < PIECES; piece++) {
            n += piece_make(data + n, &seed);
        }
        hdlc_fuzz_link(data, n);
    }
}

static void mutated_wrapped_messages(void **state)
{
    (void)state;
    uint64_t seed = seed_of_run() + 2u;
    for (unsigned session = 0; session < SESSIONS * rounds_of_run(); session++) {
        uint8_t data[PIECES * 24];
        size_t n = 0;
        for (unsigned piece = 0; piece < PIECES; piece++) {
            const size_t n_apdu = 1 + (size_t)(test_random(&seed) >> 8) % 14u;
            const uint8_t head[] = {0, 1, 0, 16, 0, 1, 0, (uint8_t)n_apdu};
            memcpy(data + n, head, sizeof head);
            memset(data + n + sizeof head, 0xC0, n_apdu);
            n += sizeof head + n_apdu;
        }
        mutate(data + n / 2, n - n / 2, &seed);
        hdlc_fuzz_wrapper(data, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_frames),
        cmocka_unit_test(mutated_wrapped_messages),
    };
    return cmocka_run_group_tests_name("hdlc_mutants", tests, NULL, NULL);
}
