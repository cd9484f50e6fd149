/*
 * Talking to a toy meter's optical port: bytes in, bytes out, and the programming mode of IEC
 * 62056-21.  Include behind legal_puppet.h.
 */
#ifndef OPEN382_TESTS_OPTICAL_TALK_H
#define OPEN382_TESTS_OPTICAL_TALK_H

#include "app/optical/optical.h"

static inline size_t say(struct meter *meter, const uint8_t *bytes, size_t n, int64_t wall_ms,
                         uint8_t *out, size_t capacity)
{
    optical_receive(&meter->optical[0], meter, bytes, n, wall_ms);
    (void)optical_step(&meter->optical[0], meter, wall_ms);
    return optical_transmit(&meter->optical[0], out, capacity);
}

/* A message with its block check; '<' opens the data. */
static inline size_t tell(struct meter *meter, const char *message, int64_t wall_ms, char got[2048])
{
    uint8_t bytes[700];
    size_t n = 0;
    uint8_t check = 0;
    bytes[n++] = 0x01;
    for (const char *c = message; *c != '\0'; c++) {
        bytes[n++] = *c == '<' ? 0x02 : (uint8_t)*c;
        check ^= bytes[n - 1u];
    }
    bytes[n++] = 0x03;
    bytes[n++] = check ^ 0x03;
    const size_t length = say(meter, bytes, n, wall_ms, (uint8_t *)got, 2047);
    got[length] = '\0';
    return length;
}

/* One question, one answer of data: without STX, ETX and check. */
static inline void expect_told(struct meter *meter, const char *message, int64_t wall_ms,
                               const char *text)
{
    char got[2048];
    const size_t n = tell(meter, message, wall_ms, got);
    assert_true(n > 3u && got[0] == 0x02 && (got[n - 2u] == 0x03 || got[n - 2u] == 0x04));
    got[n - 2u] = '\0';
    assert_string_equal(got + 1, text);
}

static inline void expect_ack(struct meter *meter, const char *message, int64_t wall_ms)
{
    char got[2048];
    assert_int_equal(tell(meter, message, wall_ms, got), 1);
    assert_int_equal(got[0], 0x06);
}

/* mode: '1' programming, '6' the maker's. */
static inline void sign_on_as(struct meter *meter, int64_t wall_ms, char mode, const char *password)
{
    static const uint8_t ask[] = {'/', '?', '!', '\r', '\n'};
    const uint8_t option[] = {0x06, '0', '5', (uint8_t)mode, '\r', '\n'};
    char got[2048];
    (void)say(meter, ask, sizeof ask, wall_ms, (uint8_t *)got, sizeof got);
    (void)say(meter, option, sizeof option, wall_ms, (uint8_t *)got, sizeof got);
    const size_t n = say(meter, option, 0, wall_ms + 200, (uint8_t *)got, sizeof got);
    assert_int_equal(n, 8);
    assert_memory_equal(got, "\x01P0\x02()\x03\x60", 8);
    expect_ack(meter, password, wall_ms + 300);
}

static inline void sign_on(struct meter *meter, int64_t wall_ms, const char *password)
{
    sign_on_as(meter, wall_ms, '1', password);
}

#endif
