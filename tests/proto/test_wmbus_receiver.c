/* Wireless M-Bus from chips: real and made telegrams in noise, cut, damaged and one in the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hex.h"
#include "proto/wmbus/wmbus_receiver.h"
#include "wmbus_vectors.h"

struct stream {
    struct wmbus_receiver receiver;
    struct wmbus_heard heard; /* last one */
    unsigned n_heard;
    uint64_t random;
};

static unsigned coin(struct stream *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (unsigned)(s->random >> 40 & 1u);
}

static void begin(struct stream *s, uint64_t seed)
{
    *s = (struct stream){.random = seed * 2654435761u + 1u};
    wmbus_receiver_init(&s->receiver);
}

static void feed(struct stream *s, const uint8_t *chips, size_t n_chips)
{
    for (size_t i = 0; i < n_chips; i++) {
        struct wmbus_heard heard;
        if (wmbus_receiver_chip(&s->receiver, wmbus_chip_of(chips, i), &heard)) {
            s->heard = heard;
            s->n_heard++;
        }
    }
}

static void noise(struct stream *s, unsigned n_chips)
{
    for (unsigned i = 0; i < n_chips; i++) {
        const uint8_t chip = (uint8_t)(coin(s) << 7);
        feed(s, &chip, 1);
    }
}

static void end(struct stream *s)
{
    struct wmbus_heard heard;
    while (wmbus_receiver_end(&s->receiver, &heard)) {
        s->heard = heard;
        s->n_heard++;
    }
}

static const struct {
    const char *hex;
    enum wmbus_mode mode;
    enum wmbus_format format;
} kinds[] = {
    {WMBUS_382 "2F2F", WMBUS_T1, WMBUS_FORMAT_A}, {OMNIPOWER_COMPACT, WMBUS_C1, WMBUS_FORMAT_B},
    {OMNIPOWER_LONG, WMBUS_C1, WMBUS_FORMAT_A},   {MADE_MODE_7, WMBUS_C1, WMBUS_FORMAT_B},
    {MADE_MODE_5_LONG, WMBUS_T1, WMBUS_FORMAT_A},
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

static size_t telegram_of(unsigned kind, uint8_t telegram[WMBUS_TELEGRAM_MAX])
{
    const size_t n = hex_joined(kinds[kind].hex, telegram);
    assert_int_equal(telegram[0], n - 1u);
    return n;
}

static size_t chips_of(unsigned kind, uint8_t chips[WMBUS_CHIPS_OCTETS])
{
    uint8_t telegram[WMBUS_TELEGRAM_MAX];
    size_t n_chips = 0;
    const size_t n = telegram_of(kind, telegram);
    assert_int_equal(
        wmbus_chips(kinds[kind].mode, kinds[kind].format, telegram, n, chips, &n_chips), MBUS_OK);
    return n_chips;
}

static void expect(const struct stream *s, unsigned kind)
{
    uint8_t telegram[WMBUS_TELEGRAM_MAX];
    const size_t n = telegram_of(kind, telegram);
    assert_int_equal(s->heard.mode, kinds[kind].mode);
    assert_int_equal(s->heard.format, kinds[kind].format);
    assert_int_equal(s->heard.n_octets, n);
    assert_memory_equal(s->heard.octets, telegram, n);
}

/* REQ(X-RAD-2): the bits of the real meter's telegram that an independent receiver took. */
static void test_known_chips(void **state)
{
    (void)state;
    struct stream s;
    uint8_t sent[WMBUS_CODED_MAX], chips[WMBUS_CHIPS_OCTETS];
    const size_t n = hex_joined(WMBUS_382_T1, sent);
    begin(&s, 1);
    feed(&s, sent, n * 8u);
    end(&s);
    assert_int_equal(s.n_heard, 1);
    expect(&s, 0);
    const size_t n_chips = chips_of(0, chips);
    assert_true(n_chips >= (n + WMBUS_PREAMBLE) * 8u - 7u);
    assert_memory_equal(chips + WMBUS_PREAMBLE, sent, n - 1u);
}

/* One behind the other, in noise: each one, once. */
static void test_in_noise(void **state)
{
    (void)state;
    struct stream s;
    uint8_t chips[WMBUS_CHIPS_OCTETS];
    begin(&s, 7);
    for (unsigned round = 0; round < 2000; round++) {
        const unsigned kind = round % N_KINDS;
        noise(&s, (unsigned)(s.random >> 20) % 97u);
        feed(&s, chips, chips_of(kind, chips));
        assert_int_equal(s.n_heard, round + 1u);
        expect(&s, kind);
    }
    assert_int_equal(s.receiver.n_telegrams, 2000);
    /* A megabit of nothing holds no telegram. */
    noise(&s, 1000000);
    end(&s);
    assert_int_equal(s.n_heard, 2000);
}

/* A frame that is cut off anywhere, and the next one at once: the next one is heard. */
static void test_cut_off(void **state)
{
    (void)state;
    struct stream s;
    uint8_t first[WMBUS_CHIPS_OCTETS], second[WMBUS_CHIPS_OCTETS];
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        const unsigned other = (kind + 1u) % N_KINDS;
        const size_t n_first = chips_of(kind, first), n_second = chips_of(other, second);
        for (size_t cut = 0; cut < n_first - 16u; cut++) {
            begin(&s, cut);
            feed(&s, first, cut);
            feed(&s, second, n_second);
            end(&s);
            assert_int_equal(s.n_heard, 1);
            expect(&s, other);
        }
    }
}

/* One chip wrong anywhere: never a wrong telegram. */
static void test_one_chip_wrong(void **state)
{
    (void)state;
    struct stream s;
    uint8_t chips[WMBUS_CHIPS_OCTETS];
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        const size_t n_chips = chips_of(kind, chips);
        for (size_t i = 0; i < n_chips; i++) {
            chips[i / 8u] ^= (uint8_t)(0x80u >> i % 8u);
            begin(&s, 3);
            feed(&s, chips, n_chips);
            end(&s);
            chips[i / 8u] ^= (uint8_t)(0x80u >> i % 8u);
            if (s.n_heard > 0) { /* in the preamble, or behind the frame */
                assert_true(i < WMBUS_PREAMBLE * 8u || i + 16u > n_chips);
                expect(&s, kind);
            } else {
                assert_true(i >= WMBUS_PREAMBLE * 8u);
            }
            assert_true(s.n_heard <= 1u);
        }
    }
}

/* Longest and shortest telegrams of both formats; too long for format B is refused. */
static void test_lengths(void **state)
{
    (void)state;
    struct stream s;
    uint8_t telegram[WMBUS_TELEGRAM_MAX], chips[WMBUS_CHIPS_OCTETS];
    begin(&s, 5);
    for (unsigned n = WMBUS_TELEGRAM_MIN; n <= WMBUS_TELEGRAM_MAX; n++) {
        for (unsigned i = 1; i < n; i++) {
            telegram[i] = (uint8_t)(s.random >> i % 48u);
            (void)coin(&s);
        }
        telegram[0] = (uint8_t)(n - 1u);
        for (unsigned kind = 0; kind < 3u; kind++) {
            const enum wmbus_mode mode = kind == 0 ? WMBUS_T1 : WMBUS_C1;
            const enum wmbus_format format = kind == 2u ? WMBUS_FORMAT_B : WMBUS_FORMAT_A;
            size_t n_chips = 0;
            const int result = wmbus_chips(mode, format, telegram, n, chips, &n_chips);
            if (kind == 2u && n > 252u) {
                assert_int_equal(result, MBUS_ERR_LENGTH);
                continue;
            }
            assert_int_equal(result, MBUS_OK);
            assert_true(n_chips <= WMBUS_CHIPS_OCTETS * 8u);
            const unsigned before = s.n_heard;
            feed(&s, chips, n_chips);
            assert_int_equal(s.n_heard, before + 1u);
            assert_int_equal(s.heard.n_octets, n);
            assert_memory_equal(s.heard.octets, telegram, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_chips), cmocka_unit_test(test_in_noise),
        cmocka_unit_test(test_cut_off),     cmocka_unit_test(test_one_chip_wrong),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
