/* High-level security: the vectors of spec dlms.md 6.9, both sides of every mechanism, reflection.
 */
#include "crypto_test.h"

#include "proto/dlms/dlms_hls.h"

#define CLIENT_TITLE "4D4D4D0000000001"
#define SERVER_TITLE "4D4D4D0000BC614E"

struct pair {
    struct dlms_keys keys;
    struct dlms_own_counter client_own, server_own;
    struct dlms_peer_counter peer;
    struct dlms_cipher client_cipher, server_cipher;
    struct dlms_hls client, server;
};

static void side_begin(struct dlms_hls *hls, uint8_t mechanism, enum dlms_side side,
                       const struct crypto_port *port)
{
    memset(hls, 0, sizeof *hls);
    hls->mechanism = mechanism;
    hls->side = side;
    hls->crypto = port;
    unhex(CLIENT_TITLE, hls->client_title);
    unhex(SERVER_TITLE, hls->server_title);
    hls->secret = (const uint8_t *)"12345678";
    hls->n_secret = 8;
}

static void challenge_set(struct dlms_hls_challenge *challenge, const char *text)
{
    challenge->n_bytes = (uint8_t)strlen(text);
    memcpy(challenge->bytes, text, strlen(text));
}

/* The book's titles, keys and challenges. */
static void pair_begin(struct pair *pair, uint8_t mechanism, const struct crypto_port *port)
{
    uint8_t bytes[16], client[8], server[8];
    memset(pair, 0, sizeof *pair);
    dlms_keys_init(&pair->keys, port, 0);
    unhex("000102030405060708090A0B0C0D0E0F", bytes);
    dlms_keys_set(&pair->keys, DLMS_KEY_UNICAST, bytes, 16);
    unhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF", bytes);
    dlms_keys_set(&pair->keys, DLMS_KEY_AUTHENTICATION, bytes, 16);
    unhex(CLIENT_TITLE, client);
    unhex(SERVER_TITLE, server);
    dlms_own_counter_begin(&pair->client_own, 1);
    dlms_own_counter_begin(&pair->server_own, 0x01234567);
    dlms_cipher_init(&pair->client_cipher, &pair->keys, &pair->client_own, &pair->peer, NULL,
                     client);
    dlms_cipher_init(&pair->server_cipher, &pair->keys, &pair->server_own, &pair->peer, NULL,
                     server);
    dlms_cipher_peer(&pair->client_cipher, server);
    dlms_cipher_peer(&pair->server_cipher, client);
    side_begin(&pair->client, mechanism, DLMS_SIDE_CLIENT, port);
    side_begin(&pair->server, mechanism, DLMS_SIDE_SERVER, port);
    pair->client.cipher = &pair->client_cipher;
    pair->server.cipher = &pair->server_cipher;
    challenge_set(&pair->client.ours, "K56iVagY");
    challenge_set(&pair->client.theirs, "P6wRJ21F");
    challenge_set(&pair->server.ours, "P6wRJ21F");
    challenge_set(&pair->server.theirs, "K56iVagY");
}

static void pair_end(struct pair *pair)
{
    dlms_cipher_end(&pair->client_cipher);
    dlms_cipher_end(&pair->server_cipher);
    dlms_keys_drop(&pair->keys);
}

/* Both proofs; NULL: only that they are accepted. */
static void pair_check(const struct crypto_port *port, uint8_t mechanism, const char *f_stoc,
                       const char *f_ctos)
{
    struct pair pair;
    uint8_t proof[DLMS_PROOF_MAX];
    size_t n = 0;
    pair_begin(&pair, mechanism, port);
    assert_int_equal(dlms_hls_make(&pair.client, proof, &n), DLMS_HLS_OK);
    if (f_stoc != NULL) {
        assert_hex(proof, n, f_stoc);
    }
    assert_int_equal(dlms_hls_check(&pair.server, proof, n), DLMS_HLS_OK);
    /* the client's own proof sent back to it proves nothing */
    assert_int_equal(dlms_hls_check(&pair.client, proof, n), DLMS_HLS_ERR_PROOF);
    for (size_t bit = 0; bit < 8u * n; bit++) {
        proof[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        assert_int_equal(dlms_hls_check(&pair.server, proof, n), DLMS_HLS_ERR_PROOF);
        proof[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(dlms_hls_check(&pair.server, proof, cut), DLMS_HLS_ERR_PROOF);
    }
    assert_int_equal(dlms_hls_make(&pair.server, proof, &n), DLMS_HLS_OK);
    if (f_ctos != NULL) {
        assert_hex(proof, n, f_ctos);
    }
    assert_int_equal(dlms_hls_check(&pair.client, proof, n), DLMS_HLS_OK);
    pair_end(&pair);
}

/* REQ(SEC-01) */
static void test_vectors(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    pair_check(ports.port, DLMS_HLS_MD5, "53D4537E37DAB4FF089629E25557AF9F", NULL);
    pair_check(ports.port, DLMS_HLS_SHA1, "6DBD949D1B1EFDD6FE5F9EA627877E986E8708CB", NULL);
    EACH_PORT(&ports, p)
    {
        pair_check(p, DLMS_HLS_MANUFACTURER, NULL, NULL);
        pair_check(p, DLMS_HLS_GMAC, "10000000011A52FE7DD3E72748973C1E28",
                   "1001234567FE1466AFB3DBCD4F9389E2B7");
        pair_check(p, DLMS_HLS_SHA256,
                   "67342BAA6815DA654EEFBB879B6A23DA0D2BB0404ABBB1A738631241A6B96516",
                   "5DA97807E1B30B5D95A5B48BDA34C4232130F761E57C316CCDEF70322605A90D");
    }
}

static void test_ecdsa(void **state)
{
    struct crypto_port port;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    for (enum crypto_curve curve = CRYPTO_P256; curve < CRYPTO_CURVES; curve++) {
        uint8_t client_key[48], client_public[96], server_key[48], server_public[96];
        uint8_t proof[DLMS_PROOF_MAX];
        struct pair pair;
        size_t n = 0;
        pair_begin(&pair, DLMS_HLS_ECDSA, &port);
        assert_int_equal(port.curves->key_make(NULL, curve, client_key, client_public), 0);
        assert_int_equal(port.curves->key_make(NULL, curve, server_key, server_public), 0);
        pair.client.curve = pair.server.curve = curve;
        assert_int_equal(dlms_hls_make(&pair.client, proof, &n), DLMS_HLS_ERR_SECRET);
        pair.client.private_key = client_key;
        pair.server.private_key = server_key;
        assert_int_equal(dlms_hls_make(&pair.client, proof, &n), DLMS_HLS_OK);
        assert_int_equal(n, curve == CRYPTO_P256 ? 64 : 96);
        assert_int_equal(dlms_hls_check(&pair.server, proof, n), DLMS_HLS_ERR_SECRET);
        pair.server.peer_public_key = client_public;
        pair.client.peer_public_key = server_public;
        assert_int_equal(dlms_hls_check(&pair.server, proof, n), DLMS_HLS_OK);
        assert_int_equal(dlms_hls_check(&pair.server, proof, n - 1u), DLMS_HLS_ERR_PROOF);
        assert_int_equal(dlms_hls_check(&pair.client, proof, n), DLMS_HLS_ERR_PROOF);
        assert_int_equal(dlms_hls_make(&pair.server, proof, &n), DLMS_HLS_OK);
        assert_int_equal(dlms_hls_check(&pair.client, proof, n), DLMS_HLS_OK);
        pair_end(&pair);
    }
}

static int no_random(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    (void)bytes;
    (void)n_bytes;
    return -1;
}

/* A challenge that comes back, a poor one, or none: nobody gets in. */
static void test_challenges(void **state)
{
    struct test_ports ports = {.next = 0};
    struct dlms_hls server;
    uint8_t proof[DLMS_PROOF_MAX];
    size_t n = 0;
    (void)state;
    test_ports_fill(&ports);
    side_begin(&server, DLMS_HLS_SHA256, DLMS_SIDE_SERVER, &ports.port[1]);
    assert_int_equal(dlms_hls_draw(&server, 7), DLMS_HLS_ERR_CHALLENGE);
    assert_int_equal(dlms_hls_draw(&server, 65), DLMS_HLS_ERR_CHALLENGE);
    assert_int_equal(dlms_hls_take(&server, (const uint8_t *)"1234567", 7), DLMS_HLS_ERR_CHALLENGE);
    assert_int_equal(dlms_hls_make(&server, proof, &n), DLMS_HLS_ERR_CHALLENGE);
    assert_int_equal(dlms_hls_draw(&server, 16), DLMS_HLS_OK);
    /* the reflection */
    assert_int_equal(dlms_hls_take(&server, server.ours.bytes, 16), DLMS_HLS_ERR_CHALLENGE);
    assert_int_equal(dlms_hls_make(&server, proof, &n), DLMS_HLS_ERR_CHALLENGE);
    assert_int_equal(dlms_hls_check(&server, proof, 32), DLMS_HLS_ERR_CHALLENGE);
    /* also when ours is drawn after theirs came */
    assert_int_equal(dlms_hls_take(&server, (const uint8_t *)"12345678", 8), DLMS_HLS_OK);
    memcpy(&server.ours, &server.theirs, sizeof server.ours);
    assert_int_equal(dlms_hls_make(&server, proof, &n), DLMS_HLS_ERR_CHALLENGE);
    /* without randomness: closed */
    ports.port[1].random = no_random;
    assert_int_equal(dlms_hls_draw(&server, 16), DLMS_HLS_ERR_RANDOM);
    assert_int_equal(server.ours.n_bytes, 0);
    ports.port[1].random = NULL;
    assert_int_equal(dlms_hls_draw(&server, 16), DLMS_HLS_ERR_RANDOM);
}

/* No secret, no key, no such mechanism. */
static void test_lacking(void **state)
{
    struct test_ports ports = {.next = 0};
    uint8_t proof[DLMS_PROOF_MAX];
    struct pair pair;
    size_t n = 0;
    (void)state;
    test_ports_fill(&ports);
    for (uint8_t mechanism = 0; mechanism < 10; mechanism++) {
        pair_begin(&pair, mechanism, &ports.port[1]);
        pair.client.secret = NULL;
        pair.client.cipher = NULL;
        assert_true(dlms_hls_make(&pair.client, proof, &n) < 0);
        assert_true(dlms_hls_check(&pair.client, proof, 16) < 0);
        pair_end(&pair);
    }
    pair_begin(&pair, DLMS_HLS_GMAC, &ports.port[1]);
    dlms_keys_set(&pair.keys, DLMS_KEY_UNICAST, NULL, 0);
    assert_int_equal(dlms_hls_make(&pair.client, proof, &n), DLMS_HLS_ERR_SECRET);
    assert_int_equal(dlms_hls_check(&pair.client, proof, 17), DLMS_HLS_ERR_SECRET);
    pair_end(&pair);
    /* what our own port has not */
    pair_begin(&pair, DLMS_HLS_MD5, &ports.port[1]);
    assert_int_equal(dlms_hls_make(&pair.client, proof, &n), DLMS_HLS_ERR_MECHANISM);
    pair_end(&pair);
    pair_begin(&pair, DLMS_HLS_ECDSA, &ports.port[1]);
    assert_int_equal(dlms_hls_make(&pair.client, proof, &n), DLMS_HLS_ERR_MECHANISM);
    pair_end(&pair);
    pair_begin(&pair, DLMS_HLS_MANUFACTURER, &ports.port[1]);
    pair.client.n_secret = 17;
    assert_int_equal(dlms_hls_make(&pair.client, proof, &n), DLMS_HLS_ERR_SECRET);
    pair_end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_ecdsa),
        cmocka_unit_test(test_challenges),
        cmocka_unit_test(test_lacking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
