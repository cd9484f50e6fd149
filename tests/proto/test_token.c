/* Tokens: digits and bits, the open test algorithm, its keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ports/crypto/openssl/crypto_openssl.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/kmp/kmp_prepay.h"
#include "proto/token/token.h"

static struct crypto_port portable, openssl;

static int setup(void **state)
{
    (void)state;
    crypto_portable(&portable, NULL, NULL);
    return crypto_openssl(&openssl);
}

static enum token_err bits_of(const char *text, uint8_t bits[TOKEN_BYTES])
{
    return token_bits(text, strlen(text), bits);
}

static void digits_and_bits(void **state)
{
    (void)state;
    uint8_t bits[TOKEN_BYTES], again[TOKEN_BYTES];
    char digits[TOKEN_DIGITS + 1u];
    static const uint8_t most[TOKEN_BYTES] = {3, 255, 255, 255, 255, 255, 255, 255, 255};
    assert_int_equal(bits_of("73786976294838206463", bits), TOKEN_OK); /* 2^66 - 1 */
    assert_memory_equal(bits, most, sizeof most);
    token_text(bits, digits);
    assert_string_equal(digits, "73786976294838206463");
    assert_int_equal(bits_of("73786976294838206464", bits), TOKEN_ERR_FORM);
    assert_int_equal(bits_of("99999999999999999999", bits), TOKEN_ERR_FORM);
    assert_int_equal(bits_of("0000-0000 0000 0000-0258", bits), TOKEN_OK);
    assert_int_equal(bits[7], 1);
    assert_int_equal(bits[8], 2);
    token_text(bits, digits);
    assert_string_equal(digits, "00000000000000000258");
    static const char *const wrong[] = {"",
                                        "0",
                                        "0000000000000000025",
                                        "000000000000000002580",
                                        "0000000000000000025x",
                                        "0000000000000000025\n",
                                        "-",
                                        "                    "};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(again, bits, sizeof bits);
        assert_int_equal(bits_of(wrong[i], bits), TOKEN_ERR_FORM);
        assert_memory_equal(again, bits, sizeof bits);
    }
    for (unsigned n = 0; n < 2000; n++) { /* there and back */
        for (unsigned i = 0; i < TOKEN_BYTES; i++) {
            bits[i] = (uint8_t)((n * 2654435761u >> (i + 3u)) ^ (n << i));
        }
        bits[0] &= 3u;
        token_text(bits, digits);
        assert_int_equal(bits_of(digits, again), TOKEN_OK);
        assert_memory_equal(again, bits, sizeof bits);
    }
}

/* Worked out with the command line of OpenSSL; docs/prepayment.md shows the first. */
static const struct {
    const char *digits;
    struct token token;
} vectors[] = {
    {"00000001101192506557", {0, 1, 100}},
    {"18446744073694199811", {0, 0xFFFFFF, 16383000}},
    {"73786976294825469783", {3, 0xFFFFFF, 16383000}},
    {"05497559555227611717", {0, 5000001, 25000}},
};

static void known_tokens(void **state)
{
    (void)state;
    static const uint8_t meter_key[TOKEN_KEY_BYTES] = {0x60, 0x22, 0x2b, 0x40, 0x57, 0xc3,
                                                       0xe5, 0x09, 0x25, 0xf8, 0x50, 0x94,
                                                       0x9b, 0x1a, 0x21, 0x0d};
    const struct crypto_port *const ports[] = {&portable, &openssl};
    for (size_t p = 0; p < 2; p++) {
        uint8_t vending[TOKEN_KEY_BYTES], key[TOKEN_KEY_BYTES];
        for (unsigned i = 0; i < TOKEN_KEY_BYTES; i++) {
            vending[i] = (uint8_t)i;
        }
        assert_int_equal(token_key_derive(ports[p], vending, 12345678, key), TOKEN_OK);
        assert_memory_equal(key, meter_key, sizeof key);
        for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
            uint8_t bits[TOKEN_BYTES], made[TOKEN_BYTES];
            struct token token;
            assert_int_equal(bits_of(vectors[i].digits, bits), TOKEN_OK);
            assert_int_equal(token_open382.open(ports[p], key, bits, &token), TOKEN_OK);
            assert_int_equal(token.class_of, vectors[i].token.class_of);
            assert_int_equal(token.id, vectors[i].token.id);
            assert_int_equal(token.amount, vectors[i].token.amount);
            assert_int_equal(token_open382.seal(ports[p], key, &token, made), TOKEN_OK);
            assert_memory_equal(made, bits, sizeof bits);
        }
    }
}

/* Each digit mistyped in each way, two neighbours changed over, another meter's key. */
static void what_was_mistyped_is_refused(void **state)
{
    (void)state;
    uint8_t key[TOKEN_KEY_BYTES] = {9}, bits[TOKEN_BYTES];
    const struct token token = {TOKEN_CREDIT, 4711, 250};
    struct token found = {7, 7, 7};
    char good[TOKEN_DIGITS + 1u], typed[TOKEN_DIGITS + 1u];
    assert_int_equal(token_open382.seal(&portable, key, &token, bits), TOKEN_OK);
    token_text(bits, good);
    unsigned n = 0;
    for (unsigned place = 0; place < TOKEN_DIGITS; place++) {
        for (char digit = '0'; digit <= '9'; digit++) {
            memcpy(typed, good, sizeof typed);
            typed[place] = digit;
            if (digit != good[place] && bits_of(typed, bits) == TOKEN_OK) {
                assert_int_equal(token_open382.open(&portable, key, bits, &found), TOKEN_ERR_CHECK);
                n++;
            }
        }
        memcpy(typed, good, sizeof typed);
        if (place > 0 && typed[place] != typed[place - 1u]) {
            typed[place] = good[place - 1u];
            typed[place - 1u] = good[place];
            if (bits_of(typed, bits) == TOKEN_OK) {
                assert_int_equal(token_open382.open(&portable, key, bits, &found), TOKEN_ERR_CHECK);
                n++;
            }
        }
    }
    assert_true(n > 150);
    assert_int_equal(found.id, 7); /* untouched */
    assert_int_equal(bits_of(good, bits), TOKEN_OK);
    key[15] ^= 1u;
    assert_int_equal(token_open382.open(&portable, key, bits, &found), TOKEN_ERR_CHECK);
}

static void what_cannot_be_said(void **state)
{
    (void)state;
    const uint8_t key[TOKEN_KEY_BYTES] = {0};
    uint8_t bits[TOKEN_BYTES] = {0};
    const struct crypto_port none = {0};
    static const struct token wrong[] = {
        {0, 1, 0},        {0, 1, 16384},      {0, 1, 163831},    {0, 1, 16383001},
        {0, 1, 16384000}, {0, 1, UINT32_MAX}, {0, 0x1000000, 1}, {4, 1, 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(token_open382.seal(&portable, key, &wrong[i], bits), TOKEN_ERR_AMOUNT);
    }
    struct token token = {0, 1, 16390};
    assert_int_equal(token_open382.seal(&portable, key, &token, bits), TOKEN_OK);
    assert_int_equal(token_open382.open(&portable, key, bits, &token), TOKEN_OK);
    assert_int_equal(token.amount, 16390);
    assert_int_equal(token_open382.open(NULL, key, bits, &token), TOKEN_ERR_CIPHER);
    assert_int_equal(token_open382.open(&none, key, bits, &token), TOKEN_ERR_CIPHER);
    assert_int_equal(token_open382.seal(&none, key, &token, bits), TOKEN_ERR_CIPHER);
}

/* ---- KMP ---- */

static void kmp_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[300];
    const struct kmp_prepay p = {
        1,         0x1F, -5,        INT64_C(9999999000000000), 77, 3, 65535, 99, 60, 3, 2, 12,
        INT64_MIN, -1,   1700000000};
    struct kmp_prepay back;
    struct writer w = writer_over(bytes, sizeof bytes);
    kmp_prepay_write(&w, &p);
    const size_t n = writer_length(&w);
    for (size_t cut = 0; cut <= n; cut++) {
        struct reader r = reader_over(bytes, cut);
        assert_int_equal(kmp_prepay_read(&r, &back), cut == n ? KMP_OK : KMP_ERR_FORMAT);
    }
    assert_int_equal(back.left_uwh, -5);
    assert_int_equal(back.amount_uwh, INT64_MIN);
    assert_int_equal(back.utc_s, 1700000000);
    const struct kmp_prepay_reply reply = {-10, 9, 100, -100, 3600};
    struct kmp_prepay_reply reply_back;
    w = writer_over(bytes, sizeof bytes);
    kmp_prepay_reply_write(&w, &reply);
    struct reader r = reader_over(bytes, writer_length(&w));
    assert_int_equal(kmp_prepay_reply_read(&r, &reply_back), KMP_OK);
    assert_int_equal(reply_back.result, -10);
    assert_int_equal(reply_back.left_uwh, -100);
    assert_string_equal(kmp_prepay_result_text(-10), "this token has been taken before");
    assert_null(kmp_prepay_result_text(1));
    assert_null(kmp_prepay_result_text(-100));
    struct kmp_prepay_days days = {.n = KMP_PREPAY_DAYS_MAX}, days_back;
    for (unsigned i = 0; i < days.n; i++) {
        days.day[i] = (struct kmp_prepay_day){(uint16_t)(i == 0 ? 0 : 1999 + i), 12, 31};
    }
    w = writer_over(bytes, sizeof bytes);
    kmp_prepay_days_write(&w, &days);
    const size_t n_days = writer_length(&w);
    for (size_t cut = 0; cut <= n_days; cut++) {
        r = reader_over(bytes, cut);
        assert_int_equal(kmp_prepay_days_read(&r, &days_back),
                         cut == n_days ? KMP_OK : KMP_ERR_FORMAT);
    }
    assert_memory_equal(&days, &days_back, sizeof days);
    bytes[0]++;
    r = reader_over(bytes, n_days);
    assert_int_equal(kmp_prepay_days_read(&r, &days_back), KMP_ERR_FORMAT);
    bytes[0] = 1;
    bytes[1] = 100u << 1; /* the year 2100 */
    r = reader_over(bytes, 3);
    assert_int_equal(kmp_prepay_days_read(&r, &days_back), KMP_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_and_bits),
        cmocka_unit_test(known_tokens),
        cmocka_unit_test(what_was_mistyped_is_refused),
        cmocka_unit_test(what_cannot_be_said),
        cmocka_unit_test(kmp_there_and_back),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
