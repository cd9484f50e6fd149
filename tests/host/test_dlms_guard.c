#define _DEFAULT_SOURCE /* mkdtemp, setenv */
/* The client's protection against the server's: every mechanism, wrapping and suite; wrong keys,
 * downgrades, counters that are kept between runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/lib/dlms_guard.h"
#include "host/lib/dlms_key_transfer.h"
#include "ports/crypto/openssl/crypto_openssl.h"
#include "proto/dlms/dlms_sentry.h"
#include "proto/dlms_link.h"

#define SAP 1u

static char folder[512];

/* The meter's side, and the transport between. */
struct stage {
    struct crypto_port crypto;
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer;
    struct dlms_sentry_source source;
    struct dlms_sentry sentry;
    struct dlms_guard hooks;
    struct dlms_association association;
    struct dlms_meter meter;
    struct dlms_model model;
    struct dlms_server server;
    uint8_t kept[512], answer[1024];
    size_t n_answer;
    bool downgrade; /* answers come in clear */
    uint8_t bent;   /* bits turned in the last octet of each answer */
    uint8_t first_tags[64];
    size_t n_sent;
    uint8_t private_key[CRYPTO_SCALAR_MAX], public_key[CRYPTO_POINT_MAX];
};

static struct stage stage;
static struct key_file keys;
static struct dlms_protector protector;
static uint8_t out_buffer[1024], in_buffer[1024];

static bool secret(void *context, const struct dlms_session *session, struct dlms_octets *out)
{
    (void)context;
    (void)session;
    *out = (struct dlms_octets){(const uint8_t *)"12345678", 8};
    return true;
}

static int send(void *context, const uint8_t *apdu, size_t n_apdu)
{
    uint8_t copy[1024];
    (void)context;
    memcpy(copy, apdu, n_apdu);
    if (stage.n_sent < sizeof stage.first_tags) {
        stage.first_tags[stage.n_sent++] = apdu[0];
    }
    stage.n_answer =
        dlms_server_apdu(&stage.server, copy, n_apdu, stage.answer, sizeof stage.answer);
    return DLMS_CLIENT_OK;
}

static int receive(void *context, uint8_t *apdu, size_t capacity)
{
    static const uint8_t clear[] = {0xC4, 1, 0xC1, 0, 0x12, 0, 1};
    (void)context;
    (void)capacity;
    if (stage.downgrade) {
        memcpy(apdu, clear, sizeof clear);
        return (int)sizeof clear;
    }
    if (stage.n_answer == 0) {
        return DLMS_CLIENT_ERR_SILENT;
    }
    stage.answer[stage.n_answer - 1] ^= stage.bent;
    memcpy(apdu, stage.answer, stage.n_answer);
    return (int)stage.n_answer;
}

static void meter_end(void)
{
    if (stage.keys.crypto != NULL) {
        dlms_sentry_end(&stage.sentry);
        dlms_keys_drop(&stage.keys);
    }
}

static void meter_begin(uint8_t mechanism, uint8_t suite, uint8_t contexts)
{
    const size_t n = dlms_suite_key_bytes(suite);
    meter_end();
    memset(&stage, 0, sizeof stage);
    assert_int_equal(crypto_openssl(&stage.crypto), 0);
    assert_int_equal(dlms_keys_init(&stage.keys, &stage.crypto, suite), 0);
    for (int id = 0; id < DLMS_KEY_IDS; id++) {
        dlms_keys_set(&stage.keys, (enum dlms_key_id)id, keys.key[id], n);
    }
    dlms_own_counter_begin(&stage.own, 1);
    stage.source.secret = secret;
    dlms_sentry_init(&stage.sentry, &stage.source, &stage.keys, &stage.own, &stage.peer, NULL,
                     (const uint8_t *)"METER001");
    dlms_sentry_hooks(&stage.sentry, &stage.hooks);
    stage.association =
        (struct dlms_association){SAP, 1, mechanism, contexts, 0, 1, DLMS_METER_MOST, 512};
    dlms_meter_init(&stage.meter);
    stage.model = dlms_meter_model(&stage.meter);
    const struct dlms_server_config config = {.model = &stage.model,
                                              .guard = &stage.hooks,
                                              .associations = &stage.association,
                                              .n_associations = 1,
                                              .kept = stage.kept,
                                              .kept_capacity = sizeof stage.kept};
    dlms_server_init(&stage.server, &config);
    dlms_server_connect(&stage.server, SAP, 1);
}

static void keys_begin(uint8_t suite)
{
    memset(&keys, 0, sizeof keys);
    keys.suite = suite;
    keys.n_key = dlms_suite_key_bytes(suite);
    for (int id = 0; id < DLMS_KEY_IDS; id++) {
        keys.has[id] = true;
        memset(keys.key[id], 0x10 + id, keys.n_key);
    }
    keys.n_hls = 1;
    keys.hls[0] = (struct key_file_secret){.client = SAP, .n_bytes = 8, .bytes = "12345678"};
}

static struct dlms_url url_of(uint8_t mechanism, uint8_t suite, uint8_t protect)
{
    struct dlms_url url = dlms_url_default();
    url.client = SAP;
    url.server = 1;
    url.auth = mechanism;
    url.suite = suite;
    url.protect = protect;
    return url;
}

static int client_begin(struct dlms_client *client, const struct dlms_url *url)
{
    dlms_guard_end(&protector); /* of the client before */
    if (dlms_guard_begin(&protector, url, &keys) != HOST_OK) {
        printf("%s\n", protector.error);
        return 1;
    }
    const struct dlms_client_settings settings = {
        .transport = {send, receive, NULL},
        .guard = &protector.guard,
        .ciphered = url->protect != DLMS_PROTECT_NONE,
        .mechanism = url->auth,
        .title = {protector.title, 8},
        .dedicated_key = {url->dedicated ? protector.dedicated_key : NULL,
                          url->dedicated ? dlms_suite_key_bytes(url->suite) : 0},
        .conformance = DLMS_CLIENT_CONFORMANCE | DLMS_CAN_PROTECT_GENERAL,
        .out = out_buffer,
        .n_out = sizeof out_buffer,
        .in = in_buffer,
        .n_in = sizeof in_buffer};
    dlms_client_init(client, &settings);
    return 0;
}

static int talk(struct dlms_client *client)
{
    const struct dlms_descriptor energy = link_row(ROW_ENERGY, 2), name = link_row(ROW_NAME, 2);
    uint8_t data[128], value[130];
    struct writer w = writer_over(value, sizeof value);
    memset(data, 'n', 100);
    dlms_write_octets(&w, data, 100);
    int err = dlms_client_associate(client);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    int n = dlms_client_get_into(client, &energy, data, sizeof data);
    err = n == 3 ? DLMS_CLIENT_OK : n < 0 ? n : DLMS_CLIENT_ERR_MALFORMED;
    if (err == DLMS_CLIENT_OK) {
        err = dlms_client_set(client, &name, (struct dlms_octets){value, writer_length(&w)});
    }
    return err == DLMS_CLIENT_OK ? dlms_client_release(client) : err;
}

static void ecdsa_keys(uint8_t suite)
{
    const enum crypto_curve curve = suite == 2 ? CRYPTO_P384 : CRYPTO_P256;
    uint8_t client_public[CRYPTO_POINT_MAX];
    static uint8_t meter_private[CRYPTO_SCALAR_MAX], kept_public[CRYPTO_POINT_MAX];
    const struct crypto_curves *curves = stage.crypto.curves;
    keys.n_sign = crypto_scalar_bytes(curve);
    keys.n_verify = 2 * keys.n_sign;
    assert_int_equal(curves->key_make(stage.crypto.context, curve, keys.sign, client_public), 0);
    assert_int_equal(curves->key_make(stage.crypto.context, curve, meter_private, keys.verify), 0);
    memcpy(kept_public, client_public, sizeof kept_public);
    stage.source.private_key = meter_private;
    stage.source.peer_public_key = kept_public;
}

static void every_mechanism_lets_in(void **state)
{
    (void)state;
    for (uint8_t mechanism = DLMS_AUTH_HLS; mechanism <= DLMS_AUTH_ECDSA; mechanism++) {
        for (uint8_t suite = 0; suite <= 2; suite++) {
            struct dlms_client client;
            const struct dlms_url url = url_of(mechanism, suite, DLMS_PROTECT_BOTH);
            if (mechanism == DLMS_AUTH_ECDSA && suite == 0) {
                continue; /* it has no curve */
            }
            keys_begin(suite);
            meter_begin(mechanism, suite, DLMS_ALLOW_LN_CIPHERED);
            if (mechanism == DLMS_AUTH_ECDSA) {
                ecdsa_keys(suite);
            }
            assert_int_equal(client_begin(&client, &url), 0);
            const int err = talk(&client);
            if (err != DLMS_CLIENT_OK) {
                printf("mechanism %u, suite %u: %s\n", mechanism, suite, dlms_client_err_name(err));
            }
            assert_int_equal(err, DLMS_CLIENT_OK);
            assert_int_equal(stage.meter.n_text, 100);
            dlms_guard_end(&protector);
        }
    }
}

static void every_wrapping_is_understood(void **state)
{
    (void)state;
    static const uint8_t tags[2][2] = {{0xC8, 0xDB}, {0xD0, 0xDC}};
    static const uint8_t protections[] = {DLMS_PROTECT_AUTH, DLMS_PROTECT_BOTH};
    keys_begin(0);
    for (unsigned i = 0; i < 8; i++) {
        struct dlms_client client;
        struct dlms_url url = url_of(DLMS_AUTH_GMAC, 0, protections[i / 4]);
        url.general = i % 2 != 0;
        url.dedicated = i / 2 % 2 != 0;
        meter_begin(DLMS_AUTH_GMAC, 0, DLMS_ALLOW_LN_CIPHERED);
        assert_int_equal(client_begin(&client, &url), 0);
        const int err = talk(&client);
        if (err != DLMS_CLIENT_OK) {
            printf("case %u: %s\n", i, dlms_client_err_name(err));
        }
        assert_int_equal(err, DLMS_CLIENT_OK);
        /* AARQ, third pass, GET */
        assert_int_equal(stage.first_tags[2], tags[url.dedicated][url.general]);
        dlms_guard_end(&protector);
    }
}

static void high_level_security_without_ciphering(void **state)
{
    (void)state;
    struct dlms_client client;
    const struct dlms_url url = url_of(DLMS_AUTH_SHA256, 0, DLMS_PROTECT_NONE);
    keys_begin(0);
    meter_begin(DLMS_AUTH_SHA256, 0, DLMS_ALLOW_LN);
    assert_int_equal(client_begin(&client, &url), 0);
    assert_int_equal(talk(&client), DLMS_CLIENT_OK);
    keys.hls[0].bytes[0] = 'X';
    meter_begin(DLMS_AUTH_SHA256, 0, DLMS_ALLOW_LN);
    assert_int_equal(client_begin(&client, &url), 0);
    assert_int_not_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
    dlms_guard_end(&protector);
}

static void wrong_keys_let_nobody_in(void **state)
{
    (void)state;
    struct dlms_client client;
    const struct dlms_url url = url_of(DLMS_AUTH_GMAC, 0, DLMS_PROTECT_BOTH);
    for (int id = 0; id < 3; id += 2) { /* unicast, authentication */
        keys_begin(0);
        meter_begin(DLMS_AUTH_GMAC, 0, DLMS_ALLOW_LN_CIPHERED);
        keys.key[id][3] ^= 1;
        assert_int_equal(client_begin(&client, &url), 0);
        assert_int_not_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
        assert_false(client.associated);
        dlms_guard_end(&protector);
    }
    keys_begin(0);
    keys.has[DLMS_KEY_AUTHENTICATION] = false;
    assert_int_equal(client_begin(&client, &url), 1);
    assert_non_null(strstr(protector.error, "guek and gak"));
    dlms_guard_end(&protector);
}

static void answers_in_clear_or_bent_are_refused(void **state)
{
    (void)state;
    struct dlms_client client;
    const struct dlms_url url = url_of(DLMS_AUTH_GMAC, 0, DLMS_PROTECT_BOTH);
    const struct dlms_descriptor energy = link_row(ROW_ENERGY, 2);
    uint8_t data[32];
    keys_begin(0);
    meter_begin(DLMS_AUTH_GMAC, 0, DLMS_ALLOW_LN_CIPHERED);
    assert_int_equal(client_begin(&client, &url), 0);
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
    stage.downgrade = true;
    assert_int_equal(dlms_client_get_into(&client, &energy, data, sizeof data),
                     DLMS_CLIENT_ERR_SECURITY);
    stage.downgrade = false;
    stage.bent = 1;
    assert_int_equal(dlms_client_get_into(&client, &energy, data, sizeof data),
                     DLMS_CLIENT_ERR_SECURITY);
    stage.bent = 0;
    assert_int_equal(dlms_client_get_into(&client, &energy, data, sizeof data), 3);
    /* the same answer once more: its counter is not new */
    struct dlms_bytes again = {stage.answer, stage.n_answer};
    assert_int_not_equal(protector.guard.unprotect(&protector, &again), 0);
    dlms_guard_end(&protector);
}

static void answers_protected_less_than_asked_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t control;
        bool good;
    } cases[] = {{0x30, true}, {0x10, false}, {0x20, false}, {0x30, true}};
    struct dlms_client client;
    const struct dlms_url url = url_of(DLMS_AUTH_GMAC, 0, DLMS_PROTECT_BOTH);
    keys_begin(0);
    meter_begin(DLMS_AUTH_GMAC, 0, DLMS_ALLOW_LN_CIPHERED);
    assert_int_equal(client_begin(&client, &url), 0);
    assert_int_equal(dlms_client_associate(&client), DLMS_CLIENT_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const uint8_t answer[] = {0xC4, 1, 0xC1, 0, 0x12, 0, 1};
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = cases[i].control};
        struct dlms_span span;
        uint8_t buffer[100];
        memcpy(buffer + 40, answer, sizeof answer);
        assert_int_equal(dlms_cipher_protect(&stage.sentry.cipher, &how, buffer, sizeof buffer, 40,
                                             sizeof answer, &span),
                         0);
        struct dlms_bytes apdu = {span.bytes, span.n_bytes};
        assert_int_equal(protector.guard.unprotect(&protector, &apdu) == 0, cases[i].good);
    }
    dlms_guard_end(&protector);
}

/* ---- counters ---- */

static void counters_are_never_used_twice(void **state)
{
    (void)state;
    char path[600];
    struct dlms_counter one, two;
    const uint8_t title[8] = "TITLE001", other[8] = "TITLE002";
    uint32_t last = 0;
    snprintf(path, sizeof path, "%s/a/b/counters", folder);
    for (unsigned run = 0; run < 5; run++) {
        assert_int_equal(dlms_counter_open(&one, path, title, 10), HOST_OK);
        assert_true(one.next >= last && one.next >= 10);
        assert_int_equal(dlms_counter_reserve(&one), HOST_OK);
        assert_true(one.next >= last && one.reserved > one.next);
        last = one.reserved;
    }
    /* two runs at once */
    assert_int_equal(dlms_counter_open(&one, path, title, 1), HOST_OK);
    assert_int_equal(dlms_counter_open(&two, path, title, 1), HOST_OK);
    assert_int_equal(dlms_counter_reserve(&one), HOST_OK);
    assert_int_equal(dlms_counter_reserve(&two), HOST_OK);
    assert_true(two.next >= one.reserved);
    assert_int_equal(dlms_counter_reserve(&one), HOST_OK);
    assert_true(one.next >= two.reserved);
    /* another title counts on its own, and neither loses its line */
    assert_int_equal(dlms_counter_open(&two, path, other, 7), HOST_OK);
    assert_int_equal(dlms_counter_reserve(&two), HOST_OK);
    assert_int_equal(two.next, 7);
    last = one.reserved;
    assert_int_equal(dlms_counter_open(&one, path, title, 1), HOST_OK);
    assert_int_equal(dlms_counter_reserve(&one), HOST_OK);
    assert_int_equal(one.next, last);
    /* at its end nothing is given any more */
    assert_int_equal(dlms_counter_open(&one, path, title, UINT32_MAX - 3), HOST_OK);
    assert_int_not_equal(dlms_counter_reserve(&one), HOST_OK);
}

/** Runs of a tool, one after the other; each tells where its numbers begin. */
static int reserve_often(const char *path, const uint8_t title[8], int out)
{
    for (unsigned i = 0; i < 25; i++) {
        struct dlms_counter counter;
        if (dlms_counter_open(&counter, path, title, 1) != HOST_OK ||
            dlms_counter_reserve(&counter) != HOST_OK ||
            write(out, &counter.next, sizeof counter.next) != sizeof counter.next) {
            return 1;
        }
    }
    return 0;
}

static void many_runs_at_once_share_no_number(void **state)
{
    (void)state;
    char path[600];
    int ends[2];
    const uint8_t title[8] = "TITLE003";
    snprintf(path, sizeof path, "%s/shared", folder);
    assert_int_equal(pipe(ends), 0);
    for (unsigned child = 0; child < 4; child++) {
        if (fork() == 0) {
            _exit(reserve_often(path, title, ends[1]));
        }
    }
    int status = 0;
    for (unsigned child = 0; child < 4; child++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    close(ends[1]);
    bool seen[101] = {false};
    uint32_t next = 0;
    unsigned n = 0;
    while (read(ends[0], &next, sizeof next) == sizeof next) {
        assert_int_equal((next - 1) % 256, 0);
        assert_in_range((next - 1) / 256, 0, 100);
        assert_false(seen[(next - 1) / 256]);
        seen[(next - 1) / 256] = true;
        n++;
    }
    close(ends[0]);
    assert_int_equal(n, 100);
}

static void a_damaged_file_of_counters_stops_everything(void **state)
{
    (void)state;
    char path[600];
    struct dlms_counter counter;
    const uint8_t title[8] = "TITLE001";
    snprintf(path, sizeof path, "%s/damaged", folder);
    FILE *file = fopen(path, "w");
    fputs("something else\n", file);
    fclose(file);
    assert_int_equal(dlms_counter_open(&counter, path, title, 1), HOST_ERR_IO);
    assert_non_null(strstr(counter.error, "damaged"));
    assert_int_equal(dlms_counter_open(&counter, "/proc/nowhere/counters", title, 1), HOST_ERR_IO);
}

static void a_title_is_drawn_once(void **state)
{
    (void)state;
    char path[600], error[200];
    uint8_t first[8], again[8];
    snprintf(path, sizeof path, "%s/titles/counters", folder);
    assert_int_equal(dlms_counter_title(path, first, error, sizeof error), HOST_OK);
    assert_int_equal(dlms_counter_title(path, again, error, sizeof error), HOST_OK);
    assert_memory_equal(first, again, 8);
    assert_memory_equal(first, "O38", 3);
    snprintf(path, sizeof path, "%s/titles2/counters", folder);
    assert_int_equal(dlms_counter_title(path, again, error, sizeof error), HOST_OK);
    assert_memory_not_equal(first, again, 8);
}

/* ---- other keys ---- */

static void other_keys_are_wrapped_by_the_master_key(void **state)
{
    (void)state;
    for (uint8_t suite = 0; suite <= 2; suite += 2) {
        struct key_file wanted;
        uint8_t data[300];
        struct writer w = writer_over(data, sizeof data);
        keys_begin(suite);
        meter_begin(DLMS_AUTH_GMAC, suite, DLMS_ALLOW_LN_CIPHERED);
        wanted = keys;
        assert_int_equal(dlms_key_transfer_write(&stage.crypto, &keys, &wanted, &w), 0);
        wanted.key[DLMS_KEY_UNICAST][0] ^= 0x55;
        wanted.key[DLMS_KEY_MASTER][5] ^= 0x55;
        wanted.has[DLMS_KEY_BROADCAST] = false; /* not in the new file: it stays */
        w = writer_over(data, sizeof data);
        assert_int_equal(dlms_key_transfer_write(&stage.crypto, &keys, &wanted, &w), 2);
        struct reader r = reader_over(data, writer_length(&w));
        uint32_t n = 0;
        assert_true(dlms_read_array(&r, &n));
        assert_int_equal(n, 2);
        for (unsigned i = 0; i < 2; i++) {
            uint8_t id = 0, key[CRYPTO_KEY_MAX_BYTES];
            assert_true(dlms_read_structure(&r, 2));
            assert_true(dlms_read_enum(&r, &id));
            assert_int_equal(id, i == 0 ? DLMS_KEY_UNICAST : DLMS_KEY_MASTER);
            const uint8_t *wrapped = dlms_read_octets_of(&r, (uint32_t)keys.n_key + 8);
            assert_non_null(wrapped);
            assert_int_equal(dlms_keys_unwrap(&stage.keys, wrapped, keys.n_key + 8, key), 0);
            assert_memory_equal(key, wanted.key[id], keys.n_key);
        }
        assert_true(reader_complete(&r));
    }
}

/* ---- pushes ---- */

static void pushes_of_several_meters_are_opened(void **state)
{
    (void)state;
    static struct dlms_protector listener;
    keys_begin(0);
    assert_int_equal(dlms_guard_listen(&listener, 0, &keys), HOST_OK);
    meter_begin(DLMS_AUTH_GMAC, 0, DLMS_ALLOW_LN_CIPHERED);
    for (unsigned i = 0; i < 6; i++) {
        static const char *const titles[] = {"METER00A", "METER00B"};
        struct dlms_cipher cipher;
        struct dlms_own_counter own = {0};
        struct dlms_peer_counter peer = {0};
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GENERAL_GLO,
                                .control = i % 3 == 0 ? 0x20 : 0x30};
        struct dlms_span span;
        uint8_t buffer[128] = {0};
        static const uint8_t push[] = {0x0F, 0, 0, 0, 1, 0, 0x11, 7};
        dlms_own_counter_begin(&own, 100 + i);
        dlms_cipher_init(&cipher, &stage.keys, &own, &peer, NULL, (const uint8_t *)titles[i % 2]);
        memcpy(buffer + 40, push, sizeof push);
        assert_int_equal(
            dlms_cipher_protect(&cipher, &how, buffer, sizeof buffer, 40, sizeof push, &span), 0);
        struct dlms_bytes apdu = {span.bytes, span.n_bytes};
        assert_true(dlms_guard_open(&listener, &apdu));
        assert_int_equal(apdu.n_bytes, sizeof push);
        assert_memory_equal(apdu.bytes, push, sizeof push);
        dlms_cipher_end(&cipher);
    }
    uint8_t garbage[] = {0xDB, 8, 'M', 'E', 'T', 'E', 'R', '0', '0', 'A', 5, 0x30, 0, 0, 0, 1};
    struct dlms_bytes apdu = {garbage, sizeof garbage};
    assert_false(dlms_guard_open(&listener, &apdu));
    dlms_guard_end(&listener);
}

int main(void)
{
    snprintf(folder, sizeof folder, "%s/test-dlms-guard-XXXXXX", BUILD_DIR);
    if (mkdtemp(folder) == NULL || setenv("XDG_STATE_HOME", folder, 1) != 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mechanism_lets_in),
        cmocka_unit_test(every_wrapping_is_understood),
        cmocka_unit_test(high_level_security_without_ciphering),
        cmocka_unit_test(wrong_keys_let_nobody_in),
        cmocka_unit_test(answers_in_clear_or_bent_are_refused),
        cmocka_unit_test(answers_protected_less_than_asked_are_refused),
        cmocka_unit_test(counters_are_never_used_twice),
        cmocka_unit_test(many_runs_at_once_share_no_number),
        cmocka_unit_test(a_damaged_file_of_counters_stops_everything),
        cmocka_unit_test(a_title_is_drawn_once),
        cmocka_unit_test(other_keys_are_wrapped_by_the_master_key),
        cmocka_unit_test(pushes_of_several_meters_are_opened),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dlms_guard_end(&protector);
    meter_end();
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0 ? 1 : failed;
}
