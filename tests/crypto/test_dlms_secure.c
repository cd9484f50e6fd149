/* Whole associations with HLS 5 and authenticated encryption against the server engine. */
#include "crypto_test.h"

#include "secure_pair.h"

static const struct dlms_object *const energy = &dlms_meter_objects[9];

static bool reads(struct secure_pair *pair, enum dlms_wrapping wrapping)
{
    struct dlms_response response;
    const struct dlms_span answer = secure_pair_ask(pair, wrapping, secure_pair_get(pair, energy));
    return answer.bytes != NULL &&
           dlms_response_read(answer.bytes, answer.n_bytes, &response) == DLMS_OK &&
           response.has_data;
}

/* REQ(SEC-01): suites 0 to 2, every wrapping, both ports. */
static void test_read(void **state)
{
    static struct secure_pair pair;
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        for (uint8_t suite = 0; suite <= 2; suite++) {
            secure_pair_begin(&pair, p, suite);
            assert_false(reads(&pair, DLMS_WRAP_GLO));
            assert_true(secure_pair_associate(&pair));
            assert_true(reads(&pair, DLMS_WRAP_GLO));
            assert_true(reads(&pair, DLMS_WRAP_GENERAL_GLO));
            assert_true(reads(&pair, DLMS_WRAP_GENERAL));
            assert_false(reads(&pair, DLMS_WRAP_DED));
            assert_int_equal(pair.meter.n_granted, 1);
            secure_pair_end(&pair);
        }
    }
}

static void test_dedicated(void **state)
{
    static struct secure_pair pair;
    struct crypto_port port;
    const uint8_t key[16] = {0x0D};
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    secure_pair_begin(&pair, &port, 0);
    assert_true(secure_pair_greet(&pair, secure_pair_aarq(&pair, key, sizeof key)));
    dlms_cipher_dedicate(&pair.cipher, key, sizeof key);
    /* before the proof nothing is served, however well it is ciphered */
    assert_false(reads(&pair, DLMS_WRAP_GLO));
    assert_false(reads(&pair, DLMS_WRAP_DED));
    assert_true(secure_pair_prove(&pair));
    assert_true(reads(&pair, DLMS_WRAP_DED));
    assert_true(reads(&pair, DLMS_WRAP_GENERAL_DED));
    assert_true(reads(&pair, DLMS_WRAP_GLO));
    /* with the association its key ends, whoever ends it */
    assert_true(pair.sentry.cipher.has_dedicated);
    dlms_server_disconnect(pair.engine);
    static const struct crypto_key no_key;
    assert_false(pair.sentry.cipher.has_dedicated);
    assert_memory_equal(&pair.sentry.cipher.dedicated, &no_key, sizeof no_key);
    /* the next association begins without it */
    assert_true(secure_pair_associate(&pair));
    assert_false(reads(&pair, DLMS_WRAP_DED));
    secure_pair_end(&pair);
}

/* What a listener has recorded opens nothing. */
static void test_recorded(void **state)
{
    static struct secure_pair pair;
    struct crypto_port port;
    uint8_t aarq[256];
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    secure_pair_begin(&pair, &port, 0);
    const size_t n = secure_pair_aarq(&pair, NULL, 0);
    assert_in_range(n, 80, sizeof aarq);
    memcpy(aarq, pair.request, n);
    assert_true(secure_pair_greet(&pair, n));
    assert_true(secure_pair_prove(&pair));
    memcpy(pair.request, aarq, n);
    assert_false(secure_pair_greet(&pair, n));
    /* a client that has lost count would be told where to go on */
    static const uint8_t expected[] = {0xD8, 1, 6, 0, 0, 0, 4};
    assert_memory_equal(pair.reply, expected, sizeof expected);
    /* and the association that it broke into is over: on this connection alone */
    assert_false(reads(&pair, DLMS_WRAP_GLO));
    assert_true(secure_pair_associate(&pair));
    secure_pair_end(&pair);
}

/* A wrong proof ends the association and is told to the meter. */
static void test_wrong_proof(void **state)
{
    static struct secure_pair pair;
    struct crypto_port port;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    secure_pair_begin(&pair, &port, 0);
    assert_true(secure_pair_greet(&pair, secure_pair_aarq(&pair, NULL, 0)));
    pair.hls.theirs.bytes[3] ^= 1u;
    assert_false(secure_pair_prove(&pair));
    assert_int_equal(pair.meter.n_refused, 1);
    assert_int_equal(pair.meter.n_granted, 0);
    pair.hls.theirs.bytes[3] ^= 1u;
    assert_false(secure_pair_prove(&pair));
    secure_pair_end(&pair);
}

/* Less protection than the policy demands, or none at all: not served. */
static void test_policy(void **state)
{
    static struct secure_pair pair;
    struct crypto_port port;
    uint8_t plain[64];
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    secure_pair_begin(&pair, &port, 0);
    assert_true(secure_pair_associate(&pair));
    const unsigned before = pair.meter.n_values;
    size_t n = secure_pair_get(&pair, energy);
    memcpy(plain, pair.request + SECURE_BEFORE, n);
    const size_t n_answer = dlms_server_apdu(pair.engine, plain, n, pair.reply, sizeof pair.reply);
    assert_true(n_answer == 0 || pair.reply[0] != 0xC4 || pair.reply[3] == 1);
    for (unsigned control = 0x10; control <= 0x20; control += 0x10) {
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = (uint8_t)control};
        struct dlms_span message;
        n = secure_pair_get(&pair, energy);
        assert_int_equal(dlms_cipher_protect(&pair.cipher, &how, pair.request, sizeof pair.request,
                                             SECURE_BEFORE, n, &message),
                         0);
        dlms_server_apdu(pair.engine, message.bytes, message.n_bytes, pair.reply,
                         sizeof pair.reply);
    }
    assert_int_equal(pair.meter.n_values, before);
    secure_pair_end(&pair);
}

/* Without randomness nobody is let in. */
static void test_no_random(void **state)
{
    static struct secure_pair pair;
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    secure_pair_begin(&pair, &ports.port[1], 0);
    const size_t n = secure_pair_aarq(&pair, NULL, 0);
    assert_true(n > 0);
    ports.port[1].random = NULL;
    assert_false(secure_pair_greet(&pair, n));
    assert_false(secure_pair_prove(&pair));
    secure_pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),     cmocka_unit_test(test_dedicated),
        cmocka_unit_test(test_recorded), cmocka_unit_test(test_wrong_proof),
        cmocka_unit_test(test_policy),   cmocka_unit_test(test_no_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
