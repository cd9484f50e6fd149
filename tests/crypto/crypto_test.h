/** For the tests of ciphers: hex without gaps, and both ports one after the other. */
#ifndef OPEN382_CRYPTO_TEST_H
#define OPEN382_CRYPTO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ports/crypto/openssl/crypto_openssl.h"
#include "ports/crypto/portable/crypto_portable.h"

/** Bytes of a text like "C001 00"; spaces are passed over.  @return how many */
static inline size_t unhex(const char *text, uint8_t *out)
{
    size_t n_digits = 0;
    for (; *text != '\0'; text++) {
        const char digit[2] = {*text, '\0'};
        if (*text == ' ') {
            continue;
        }
        const uint8_t value = (uint8_t)strtoul(digit, NULL, 16);
        if (n_digits % 2u == 0) {
            out[n_digits / 2u] = (uint8_t)(value << 4);
        } else {
            out[n_digits / 2u] |= value;
        }
        n_digits++;
    }
    return n_digits / 2u;
}

static inline void assert_hex(const uint8_t *bytes, size_t n_bytes, const char *text)
{
    uint8_t wanted[1024];
    const size_t n_wanted = unhex(text, wanted);
    assert_int_equal(n_bytes, n_wanted);
    assert_memory_equal(bytes, wanted, n_wanted);
}

/** Bytes that count up: no randomness, for tests that must repeat. */
static inline int counting_random(void *context, uint8_t *bytes, size_t n_bytes)
{
    uint8_t *next = (uint8_t *)context;
    for (size_t i = 0; i < n_bytes; i++) {
        bytes[i] = (*next)++;
    }
    return 0;
}

/** Both ports: OpenSSL's, then our own. */
struct test_ports {
    struct crypto_port port[2];
    uint8_t next;
};

static inline void test_ports_fill(struct test_ports *ports)
{
    assert_int_equal(crypto_openssl(&ports->port[0]), 0);
    crypto_portable(&ports->port[1], counting_random, &ports->next);
}

#define EACH_PORT(ports, p)                                                                        \
    for (const struct crypto_port *p = (ports)->port; p < (ports)->port + 2; p++)

#endif
