/* The hooks of a server's ciphering: a session as the engine drives it, from AARQ to the end. */
#include "crypto_test.h"

#include "proto/dlms/dlms_sentry.h"

#define CLIENT "CLIENT01"
#define METER  "METER001"

struct stage {
    struct dlms_keys keys, client_keys;
    struct dlms_own_counter own, client_own;
    struct dlms_peer_counter peer, client_peer;
    struct dlms_cipher client;
    struct dlms_sentry_source source;
    struct dlms_sentry sentry;
    struct dlms_guard hooks;
    struct dlms_association association;
    struct dlms_session session;
    unsigned begun, refusals;
};

static void begins(void *context)
{
    ((struct stage *)context)->begun++;
}

static void refused(void *context, enum dlms_cipher_err err)
{
    assert_int_not_equal(err, DLMS_CIPHER_OK);
    ((struct stage *)context)->refusals++;
}

static bool secret(void *context, const struct dlms_session *session, struct dlms_octets *out)
{
    (void)context;
    assert_int_equal(session->client_sap, 1);
    *out = (struct dlms_octets){(const uint8_t *)"12345678", 8};
    return true;
}

static void keys_begin(struct dlms_keys *keys, const struct crypto_port *port)
{
    uint8_t key[16] = {1};
    assert_int_equal(dlms_keys_init(keys, port, 0), DLMS_CIPHER_OK);
    dlms_keys_set(keys, DLMS_KEY_UNICAST, key, sizeof key);
    dlms_keys_set(keys, DLMS_KEY_BROADCAST, key, sizeof key);
    dlms_keys_set(keys, DLMS_KEY_AUTHENTICATION, key, sizeof key);
}

static void stage_begin(struct stage *stage, const struct crypto_port *port, uint8_t mechanism)
{
    memset(stage, 0, sizeof *stage);
    keys_begin(&stage->keys, port);
    keys_begin(&stage->client_keys, port);
    dlms_own_counter_begin(&stage->own, 1);
    dlms_own_counter_begin(&stage->client_own, 1);
    stage->source = (struct dlms_sentry_source){
        .context = stage, .begins = begins, .secret = secret, .refused = refused};
    dlms_sentry_init(&stage->sentry, &stage->source, &stage->keys, &stage->own, &stage->peer,
                     &stage->peer, (const uint8_t *)METER);
    dlms_sentry_hooks(&stage->sentry, &stage->hooks);
    dlms_cipher_init(&stage->client, &stage->client_keys, &stage->client_own, &stage->client_peer,
                     NULL, (const uint8_t *)CLIENT);
    dlms_cipher_peer(&stage->client, (const uint8_t *)METER);
    stage->association.mechanism = mechanism;
    stage->session.association = &stage->association;
    stage->session.client_sap = 1;
    stage->session.has_title = true;
    memcpy(stage->session.title, CLIENT, 8);
}

static void stage_end(struct stage *stage)
{
    dlms_sentry_end(&stage->sentry);
    dlms_cipher_end(&stage->client);
    dlms_keys_drop(&stage->keys);
    dlms_keys_drop(&stage->client_keys);
}

/* One request as the client makes it, opened by the hook; then an answer, read by the client. */
static enum dlms_unprotect_result exchange(struct stage *stage, struct dlms_seal how,
                                           uint32_t *expected)
{
    uint8_t buffer[160] = {0}, reply[160] = {0xC4, 1, 0xC1, 0, 6, 0, 0, 0, 9};
    struct dlms_security security;
    struct dlms_span message, plain;
    struct dlms_seal came;
    size_t offset = 0, n_plain = 0;
    void *context = stage->hooks.context;
    buffer[80] = 0xC0;
    assert_int_equal(
        dlms_cipher_protect(&stage->client, &how, buffer, sizeof buffer, 80, 13, &message), 0);
    const enum dlms_unprotect_result result =
        stage->hooks.unprotect(context, &stage->session, message.bytes, message.n_bytes, &security,
                               &offset, &n_plain, expected);
    if (result != DLMS_UNPROTECTED) {
        return result;
    }
    assert_int_equal(n_plain, 13);
    assert_int_equal(message.bytes[offset], 0xC0);
    assert_int_equal(security.kind, how.wrapping);
    assert_int_equal(security.control, how.control);
    const size_t overhead = stage->hooks.overhead(context, &stage->session, &security);
    const size_t n =
        stage->hooks.protect(context, &stage->session, &security, reply, 9, sizeof reply);
    assert_in_range(n, 9 + 5, 9 + overhead);
    assert_int_equal(dlms_cipher_open(&stage->client, reply, n, &came, &plain), DLMS_CIPHER_OK);
    assert_int_equal(plain.n_bytes, 9);
    assert_int_equal(plain.bytes[8], 9);
    assert_int_equal(came.wrapping, how.wrapping);
    assert_int_equal(came.n_transaction, how.n_transaction);
    assert_int_equal(came.control & DLMS_SC_BROADCAST, 0);
    return result;
}

static void test_wrappings(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        struct stage stage;
        uint32_t expected = 0;
        const uint8_t dedicated[16] = {0x0D};
        stage_begin(&stage, p, DLMS_MECHANISM_HLS_GMAC);
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30};
        /* the AARQ's part: keys that were changed come in force */
        assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECTED);
        assert_int_equal(stage.begun, 1);
        stage.session.state = DLMS_ASSOCIATED;
        stage.session.n_dedicated_key = 16;
        memcpy(stage.session.dedicated_key, dedicated, 16);
        dlms_cipher_dedicate(&stage.client, dedicated, 16);
        for (; how.wrapping <= DLMS_WRAP_GENERAL; how.wrapping++) {
            assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECTED);
        }
        how.wrapping = DLMS_WRAP_GENERAL;
        how.n_transaction = 3;
        assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECTED);
        how.wrapping = DLMS_WRAP_GLO;
        how.n_transaction = 0;
        how.control |= DLMS_SC_BROADCAST;
        assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECTED);
        assert_int_equal(stage.begun, 1);
        assert_int_equal(stage.refusals, 0);
        stage_end(&stage);
    }
}

/* What is refused, and how it is answered. */
static void test_refusals(void **state)
{
    struct crypto_port port;
    struct stage stage;
    uint32_t expected = 0;
    uint8_t small[30] = {0xC4}, key[16] = {9};
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    stage_begin(&stage, &port, DLMS_MECHANISM_HLS_GMAC);
    stage.session.state = DLMS_ASSOCIATED;
    struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30};
    dlms_own_counter_begin(&stage.client_own, 50);
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECTED);
    dlms_own_counter_begin(&stage.client_own, 50);
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECT_COUNTER);
    assert_int_equal(expected, 51);
    /* whoever speaks to all is not answered */
    how.control |= DLMS_SC_BROADCAST;
    dlms_own_counter_begin(&stage.client_own, 50);
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECT_REFUSED);
    how.control = 0x20;
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECT_FAILED);
    how.control = 0x30;
    dlms_keys_set(&stage.client_keys, DLMS_KEY_UNICAST, key, 16);
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECT_FAILED);
    assert_int_equal(stage.refusals, 4);
    /* an answer without room is none */
    const struct dlms_security security = {.kind = DLMS_GLO, .control = 0x30};
    for (size_t capacity = 0; capacity < 9u + 7u + 12u; capacity++) {
        assert_int_equal(
            stage.hooks.protect(stage.hooks.context, &stage.session, &security, small, 9, capacity),
            0);
    }
    assert_int_equal(stage.hooks.protect(stage.hooks.context, &stage.session, &security, small, 9,
                                         9u + 7u + 12u),
                     28);
    stage_end(&stage);
}

/* The four passes of every mechanism that both ports have. */
static void passes(const struct crypto_port *port, uint8_t mechanism)
{
    struct stage stage;
    uint8_t proof[DLMS_PROOF_MAX];
    size_t n = 0;
    stage_begin(&stage, port, mechanism);
    struct dlms_hls client = {.mechanism = mechanism,
                              .side = DLMS_SIDE_CLIENT,
                              .crypto = port,
                              .secret = (const uint8_t *)"12345678",
                              .n_secret = 8,
                              .cipher = &stage.client};
    memcpy(client.client_title, CLIENT, 8);
    memcpy(client.server_title, METER, 8);
    assert_int_equal(dlms_hls_draw(&client, 16), DLMS_HLS_OK);
    stage.session.n_ctos = client.ours.n_bytes;
    memcpy(stage.session.ctos, client.ours.bytes, client.ours.n_bytes);
    stage.session.n_stoc =
        (uint8_t)stage.hooks.challenge(stage.hooks.context, &stage.session, stage.session.stoc);
    assert_in_range(stage.session.n_stoc, 8, 64);
    stage.session.state = DLMS_PENDING;
    assert_int_equal(dlms_hls_take(&client, stage.session.stoc, stage.session.n_stoc), DLMS_HLS_OK);
    assert_int_equal(dlms_hls_make(&client, proof, &n), DLMS_HLS_OK);
    assert_true(stage.hooks.verify(stage.hooks.context, &stage.session, proof, n));
    proof[n - 1u] ^= 1u;
    assert_false(stage.hooks.verify(stage.hooks.context, &stage.session, proof, n));
    assert_int_equal(stage.refusals, 1);
    n = stage.hooks.respond(stage.hooks.context, &stage.session, proof, sizeof proof);
    assert_true(n >= 16);
    assert_int_equal(dlms_hls_check(&client, proof, n), DLMS_HLS_OK);
    assert_int_equal(stage.hooks.respond(stage.hooks.context, &stage.session, proof, 15), 0);
    stage_end(&stage);
}

static void test_passes(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        passes(p, DLMS_MECHANISM_HLS_MANUFACTURER);
        passes(p, DLMS_MECHANISM_HLS_GMAC);
        passes(p, DLMS_MECHANISM_HLS_SHA256);
    }
    passes(ports.port, DLMS_MECHANISM_HLS_MD5);
    passes(ports.port, DLMS_MECHANISM_HLS_SHA1);
}

/* Without randomness there is no challenge, and nobody gets in. */
static void test_no_random(void **state)
{
    struct test_ports ports = {.next = 0};
    struct stage stage;
    (void)state;
    test_ports_fill(&ports);
    ports.port[1].random = NULL;
    stage_begin(&stage, &ports.port[1], DLMS_MECHANISM_HLS_GMAC);
    stage.session.n_ctos = 16;
    assert_int_equal(stage.hooks.challenge(stage.hooks.context, &stage.session, stage.session.stoc),
                     0);
    assert_false(stage.hooks.verify(stage.hooks.context, &stage.session, stage.session.ctos, 17));
    stage_end(&stage);
}

/* A dedicated key ends with its association; the next one begins without. */
static void test_dedicated_ends(void **state)
{
    struct crypto_port port;
    struct stage stage;
    uint32_t expected = 0;
    const uint8_t dedicated[16] = {0x0D};
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    stage_begin(&stage, &port, DLMS_MECHANISM_HLS_GMAC);
    stage.session.state = DLMS_ASSOCIATED;
    stage.session.n_dedicated_key = 16;
    memcpy(stage.session.dedicated_key, dedicated, 16);
    dlms_cipher_dedicate(&stage.client, dedicated, 16);
    struct dlms_seal how = {.wrapping = DLMS_WRAP_DED, .control = 0x30};
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECTED);
    stage.session.n_dedicated_key = 0;
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECT_FAILED);
    stage.session.n_dedicated_key = 7;
    assert_int_equal(exchange(&stage, how, &expected), DLMS_UNPROTECT_FAILED);
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrappings),      cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_passes),         cmocka_unit_test(test_no_random),
        cmocka_unit_test(test_dedicated_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
