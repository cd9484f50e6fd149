/* Key agreement: both sides make the same key, and whoever is in between makes none. */
#include "crypto_test.h"

#include "proto/dlms/dlms_agreement.h"

#define CLIENT (const uint8_t *)"CLIENT01"
#define METER  (const uint8_t *)"METER001"
#define GET    "C0010000080000010000FF0200"

/* Key pairs of both sides: for signing and, static, for agreement. */
struct pairs {
    uint8_t sign[48], verify[96], agree[48], public_key[96];
};

static void pairs_make(struct pairs *pairs, const struct crypto_port *port, uint8_t suite)
{
    const enum crypto_curve curve = suite == 2 ? CRYPTO_P384 : CRYPTO_P256;
    assert_int_equal(port->curves->key_make(port->context, curve, pairs->sign, pairs->verify), 0);
    assert_int_equal(port->curves->key_make(port->context, curve, pairs->agree, pairs->public_key),
                     0);
}

/* The concatenation KDF by its definition, and no other. */
static void test_derive(void **state)
{
    struct crypto_port port;
    uint8_t secret[48], key[32], digest[48], other[32];
    const struct crypto_piece u = {CLIENT, 8}, v = {METER, 8};
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    memset(secret, 0x5A, sizeof secret);
    const struct crypto_piece one = {"\0\0\0\1ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
                                     "\x60\x85\x74\x05\x08\x03\0CLIENT01METER001",
                                     4 + 32 + 7 + 16};
    assert_int_equal(dlms_agreement_derive(&port, 1, secret, DLMS_AGREEMENT_GCM_128, &u, &v, key),
                     0);
    assert_int_equal(port.hash(port.context, CRYPTO_SHA256, &one, 1, digest), 0);
    assert_memory_equal(key, digest, 16);
    const struct crypto_piece two = {"\0\0\0\1ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
                                     "\x60\x85\x74\x05\x08\x03\x03"
                                     "CLIENT01METER001",
                                     4 + 48 + 7 + 16};
    assert_int_equal(dlms_agreement_derive(&port, 2, secret, DLMS_AGREEMENT_WRAP_256, &u, &v, key),
                     0);
    assert_int_equal(port.hash(port.context, CRYPTO_SHA384, &two, 1, digest), 0);
    assert_memory_equal(key, digest, 32);
    assert_int_equal(
        dlms_agreement_derive(&port, 2, secret, DLMS_AGREEMENT_WRAP_256, &v, &u, other), 0);
    assert_memory_not_equal(key, other, 32);
    assert_int_equal(dlms_agreement_derive(&port, 0, secret, DLMS_AGREEMENT_GCM_128, &u, &v, key),
                     DLMS_AGREEMENT_ERR_SUITE);
}

/* REQ(SEC-01): C(2e, 0s), as key_agreement of class 64 does it. */
static void test_ephemeral(void **state)
{
    struct crypto_port port;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    for (uint8_t suite = 1; suite <= 2; suite++) {
        struct pairs client, meter;
        struct dlms_agreement ours, theirs;
        uint8_t offer[DLMS_KEY_DATA_MAX], answer[DLMS_KEY_DATA_MAX], one[32], two[32];
        const size_t n = dlms_key_data_bytes(suite);
        static const uint8_t zero[48] = {0};
        pairs_make(&client, &port, suite);
        pairs_make(&meter, &port, suite);
        assert_int_equal(dlms_agreement_offer(&ours, &port, suite, 1, client.sign, offer), 0);
        assert_int_equal(dlms_agreement_offer(&theirs, &port, suite, 1, meter.sign, answer), 0);
        assert_int_equal(dlms_agreement_take(&ours, meter.verify, answer, n, CLIENT, METER, one),
                         0);
        assert_int_equal(dlms_agreement_take(&theirs, client.verify, offer, n, CLIENT, METER, two),
                         0);
        assert_memory_equal(one, two, dlms_suite_key_bytes(suite));
        assert_memory_equal(ours.ephemeral, zero, sizeof zero);
        /* changed, cut, for another key, by another signer */
        for (size_t i = 0; i < n; i += 7) {
            offer[i] ^= 1u;
            assert_int_equal(
                dlms_agreement_take(&theirs, client.verify, offer, n, CLIENT, METER, two),
                DLMS_AGREEMENT_ERR_SIGNATURE);
            offer[i] ^= 1u;
        }
        assert_int_equal(
            dlms_agreement_take(&theirs, client.verify, offer, n - 1u, CLIENT, METER, two),
            DLMS_AGREEMENT_ERR_FORM);
        assert_int_equal(dlms_agreement_take(&theirs, meter.verify, offer, n, CLIENT, METER, two),
                         DLMS_AGREEMENT_ERR_SIGNATURE);
        theirs.key_id = 0;
        assert_int_equal(dlms_agreement_take(&theirs, client.verify, offer, n, CLIENT, METER, two),
                         DLMS_AGREEMENT_ERR_SIGNATURE);
    }
}

/* A message of general-ciphering whose key is agreed upon: 1 one-pass, 2 static. */
struct message {
    uint8_t bytes[512];
    size_t n_bytes;
};

static void message_make(struct message *message, const struct crypto_port *port, uint8_t suite,
                         uint8_t scheme, const struct pairs *client, const struct pairs *meter)
{
    const enum crypto_curve curve = suite == 2 ? CRYPTO_P384 : CRYPTO_P256;
    const size_t n_point = 2u * crypto_scalar_bytes(curve), n_head = 1u + 5u + 9u + 9u + 1u + 1u;
    struct dlms_seal how = {.wrapping = DLMS_WRAP_GENERAL,
                            .control = (uint8_t)(0x30u | suite),
                            .n_transaction = 4,
                            .transaction = "tran"};
    uint8_t ephemeral[48], data[DLMS_KEY_DATA_MAX], key[32], buffer[256];
    struct dlms_message_agreement agreement = {.crypto = port,
                                               .suite = suite,
                                               .own_key = client->agree,
                                               .peer_key = meter->public_key,
                                               .originator = CLIENT,
                                               .recipient = METER};
    if (scheme == 1) {
        const struct crypto_piece point = {data, n_point};
        assert_int_equal(port->curves->key_make(port->context, curve, ephemeral, data), 0);
        assert_int_equal(
            port->curves->sign(port->context, curve, client->sign, &point, 1, data + n_point), 0);
        agreement.own_key = ephemeral;
    } else {
        agreement.transaction = how.transaction;
        agreement.n_transaction = how.n_transaction;
    }
    assert_int_equal(dlms_agreement_message(&agreement, key), 0);
    struct dlms_keys keys;
    struct dlms_own_counter own = {.next = 77};
    struct dlms_cipher cipher;
    struct dlms_span out;
    uint8_t authentication[32] = {0xA0};
    dlms_keys_init(&keys, port, suite);
    dlms_keys_set(&keys, DLMS_KEY_UNICAST, key, dlms_suite_key_bytes(suite));
    dlms_keys_set(&keys, DLMS_KEY_AUTHENTICATION, authentication, dlms_suite_key_bytes(suite));
    dlms_cipher_init(&cipher, &keys, &own, NULL, NULL, CLIENT);
    dlms_cipher_peer(&cipher, METER);
    unhex(GET, buffer + 100);
    assert_int_equal(dlms_cipher_protect(&cipher, &how, buffer, sizeof buffer, 100, 13, &out), 0);
    dlms_cipher_end(&cipher);
    dlms_keys_drop(&keys);
    /* the key-info instead of none */
    uint8_t *at = message->bytes;
    memcpy(at, out.bytes, n_head);
    at += n_head;
    at += unhex(scheme == 1 ? "01020101" : "0102010200", at);
    if (scheme == 1) {
        at += unhex(suite == 1 ? "8180" : "81C0", at);
        memcpy(at, data, 2u * n_point);
        at += 2u * n_point;
    }
    memcpy(at, out.bytes + n_head + 1u, out.n_bytes - n_head - 1u);
    message->n_bytes = (size_t)(at - message->bytes) + out.n_bytes - n_head - 1u;
}

static enum dlms_cipher_err message_open(const struct message *message,
                                         const struct crypto_port *port, uint8_t suite,
                                         const struct dlms_agreement_keys *agreement)
{
    struct dlms_keys keys;
    struct dlms_own_counter own = {.next = 1};
    struct dlms_peer_counter peer = {.lowest = 0};
    struct dlms_cipher cipher;
    struct dlms_seal came;
    struct dlms_span plain;
    uint8_t authentication[32] = {0xA0}, copy[512];
    dlms_keys_init(&keys, port, suite);
    dlms_keys_set(&keys, DLMS_KEY_AUTHENTICATION, authentication, dlms_suite_key_bytes(suite));
    keys.agreement = *agreement;
    dlms_cipher_init(&cipher, &keys, &own, &peer, NULL, METER);
    dlms_cipher_peer(&cipher, CLIENT);
    memcpy(copy, message->bytes, message->n_bytes);
    enum dlms_cipher_err err = dlms_cipher_open(&cipher, copy, message->n_bytes, &came, &plain);
    if (err == DLMS_CIPHER_OK) {
        assert_hex(plain.bytes, plain.n_bytes, GET);
        memcpy(copy, message->bytes, message->n_bytes);
        assert_int_equal(dlms_cipher_open(&cipher, copy, message->n_bytes, &came, &plain),
                         DLMS_CIPHER_ERR_COUNTER);
    }
    dlms_cipher_end(&cipher);
    dlms_keys_drop(&keys);
    return err;
}

static void test_messages(void **state)
{
    struct crypto_port port;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    for (uint8_t kind = 0; kind < 4; kind++) {
        const uint8_t suite = 1u + kind / 2u, scheme = 1u + kind % 2u;
        struct pairs client, meter, stranger;
        struct message message;
        pairs_make(&client, &port, suite);
        pairs_make(&meter, &port, suite);
        pairs_make(&stranger, &port, suite);
        message_make(&message, &port, suite, scheme, &client, &meter);
        struct dlms_agreement_keys keys = {dlms_agreed_key_make, meter.agree, client.public_key,
                                           client.verify};
        assert_int_equal(message_open(&message, &port, suite, &keys), DLMS_CIPHER_OK);
        for (size_t i = 1; i < message.n_bytes; i += 3) {
            message.bytes[i] ^= 1u;
            assert_int_not_equal(message_open(&message, &port, suite, &keys), DLMS_CIPHER_OK);
            message.bytes[i] ^= 1u;
        }
        keys.own_key = stranger.agree;
        assert_int_equal(message_open(&message, &port, suite, &keys), DLMS_CIPHER_ERR_TAG);
        keys.own_key = NULL;
        assert_int_equal(message_open(&message, &port, suite, &keys), DLMS_CIPHER_ERR_KEY);
        keys = (struct dlms_agreement_keys){dlms_agreed_key_make, meter.agree, stranger.public_key,
                                            stranger.verify};
        assert_int_equal(message_open(&message, &port, suite, &keys), DLMS_CIPHER_ERR_TAG);
        keys = (struct dlms_agreement_keys){NULL, meter.agree, client.public_key, client.verify};
        assert_int_equal(message_open(&message, &port, suite, &keys), DLMS_CIPHER_ERR_KEY);
        keys = (struct dlms_agreement_keys){dlms_agreed_key_make, meter.agree, NULL, NULL};
        assert_int_not_equal(message_open(&message, &port, suite, &keys), DLMS_CIPHER_OK);
    }
}

/* Of two static keys the secret is always the same: the transaction makes the key another one. */
static void test_transaction(void **state)
{
    struct crypto_port port;
    struct pairs client, meter;
    uint8_t secret[48], wanted[32], key[32];
    const struct crypto_piece u = {"CLIENT01\3abc", 12}, v = {METER, 8};
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    pairs_make(&client, &port, 1);
    pairs_make(&meter, &port, 1);
    assert_int_equal(
        port.curves->agree(port.context, CRYPTO_P256, meter.agree, client.public_key, secret), 0);
    assert_int_equal(
        dlms_agreement_derive(&port, 1, secret, DLMS_AGREEMENT_GCM_128, &u, &v, wanted), 0);
    const struct dlms_message_agreement agreement = {.crypto = &port,
                                                     .suite = 1,
                                                     .own_key = client.agree,
                                                     .peer_key = meter.public_key,
                                                     .originator = CLIENT,
                                                     .recipient = METER,
                                                     .transaction = (const uint8_t *)"abc",
                                                     .n_transaction = 3};
    assert_int_equal(dlms_agreement_message(&agreement, key), 0);
    assert_memory_equal(key, wanted, 16);
}

/* Suite 0, and a port without curves. */
static void test_lacking(void **state)
{
    struct test_ports ports = {.next = 0};
    struct dlms_agreement agreement;
    uint8_t data[DLMS_KEY_DATA_MAX], key[32] = {0};
    (void)state;
    test_ports_fill(&ports);
    assert_int_equal(dlms_agreement_offer(&agreement, &ports.port[0], 0, 0, key, data),
                     DLMS_AGREEMENT_ERR_SUITE);
    assert_int_equal(dlms_agreement_offer(&agreement, &ports.port[1], 1, 0, key, data),
                     DLMS_AGREEMENT_ERR_SUITE);
    assert_int_equal(dlms_agreement_take(&agreement, key, data, 128, CLIENT, METER, key),
                     DLMS_AGREEMENT_ERR_SUITE);
    assert_int_equal(dlms_key_data_bytes(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derive),   cmocka_unit_test(test_ephemeral),
        cmocka_unit_test(test_messages), cmocka_unit_test(test_transaction),
        cmocka_unit_test(test_lacking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
