/* Keys and counters of DLMS in permanent memory: cut at every write, damaged, changed, refused. */
#include "legal_puppet.h"

#include "app/meter/meter_audit.h"
#include "app/meter/meter_security.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/common/crypto_modes.h"

#define PAGE 256u

static struct crypto_port port;
static struct board board;

static int no_chance(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    memset(bytes, 0x5A, n_bytes);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    toys_reset();
    crypto_portable(&port, no_chance, NULL);
    board = toy_board;
    board.crypto = &port;
    return 0;
}

/* Every key another one; suite 0. */
static struct security_delivered delivered(void)
{
    struct security_delivered given;
    memset(&given, 0, sizeof given);
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        given.has[i] = true;
        memset(given.key[i], (int)(0x10 * (i + 1u)), 16);
    }
    return given;
}

static void begin(struct security *security)
{
    const struct security_delivered given = delivered();
    assert_true(security_begin(security, &board, 12345678, &given));
    assert_true(security->open);
}

/* A client with a unicast key. */
struct client {
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer;
    struct dlms_cipher cipher;
};

static void client_begin(struct client *client, const struct security *meter, uint8_t key_byte,
                         uint64_t from)
{
    uint8_t key[16];
    memset(client, 0, sizeof *client);
    dlms_keys_init(&client->keys, &port, 0);
    memset(key, key_byte, sizeof key);
    dlms_keys_set(&client->keys, DLMS_KEY_UNICAST, key, sizeof key);
    dlms_keys_set(&client->keys, DLMS_KEY_BROADCAST, key, sizeof key);
    memset(key, 0x30, sizeof key);
    dlms_keys_set(&client->keys, DLMS_KEY_AUTHENTICATION, key, sizeof key);
    dlms_own_counter_begin(&client->own, from);
    dlms_cipher_init(&client->cipher, &client->keys, &client->own, &client->peer, NULL,
                     (const uint8_t *)"CLIENT01");
    dlms_cipher_peer(&client->cipher, meter->title);
}

/* One GET to the meter.  @return what the meter made of it; *n counts its bytes */
static enum dlms_cipher_err ask(struct client *client, struct dlms_sentry *sentry, uint8_t control,
                                uint32_t *counter)
{
    struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = control}, came;
    struct dlms_span message, plain;
    uint8_t buffer[64] = {0};
    buffer[16] = 0xC0;
    assert_int_equal(
        dlms_cipher_protect(&client->cipher, &how, buffer, sizeof buffer, 16, 13, &message), 0);
    *counter = how.counter;
    dlms_cipher_peer(&sentry->cipher, (const uint8_t *)"CLIENT01");
    return dlms_cipher_open(&sentry->cipher, message.bytes, message.n_bytes, &came, &plain);
}

/* The meter answers: its counter. */
static enum dlms_cipher_err answer(struct dlms_sentry *sentry, uint32_t *counter)
{
    struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30};
    struct dlms_span message;
    uint8_t buffer[64] = {0};
    buffer[16] = 0xC4;
    const enum dlms_cipher_err err =
        dlms_cipher_protect(&sentry->cipher, &how, buffer, sizeof buffer, 16, 9, &message);
    *counter = how.counter;
    return err;
}

/* What ever was sent and accepted over all lives of this meter. */
struct history {
    uint32_t sent, accepted;
};

/* A life of a meter that ends at a cut, or after so many requests. */
static void live(struct history *history, unsigned requests)
{
    struct security security;
    struct dlms_sentry sentry;
    struct client client;
    begin(&security);
    security_sentry(&security, &sentry);
    client_begin(&client, &security, 0x10, security_counter(&security) + 1u);
    for (unsigned i = 0; i < requests && !toy.dead; i++) {
        uint32_t counter = 0;
        enum dlms_cipher_err err = ask(&client, &sentry, 0x30, &counter);
        if (err == DLMS_CIPHER_OK) {
            assert_true(counter > history->accepted);
            history->accepted = counter;
        } else {
            assert_int_equal(err, DLMS_CIPHER_ERR_STORAGE);
        }
        err = answer(&sentry, &counter);
        if (err == DLMS_CIPHER_OK) {
            assert_true(counter > history->sent);
            history->sent = counter;
        } else {
            assert_int_equal(err, DLMS_CIPHER_ERR_STORAGE);
        }
        /* sent before: refused now, and in every later life */
        dlms_own_counter_begin(&client.own, history->accepted);
        if (history->accepted > 0) {
            assert_int_equal(ask(&client, &sentry, 0x30, &counter), DLMS_CIPHER_ERR_COUNTER);
        }
    }
    security_end(&security);
}

/* REQ(SEC-01): killed at every write, the write lost, half done or garbage: no number comes twice.
 */
static void test_cut_at_every_write(void **state)
{
    (void)state;
    for (toy.cut_kind = 0; toy.cut_kind < 3;) {
        struct history history = {0, 0};
        const int kind = toy.cut_kind;
        toys_reset();
        for (unsigned cut = 0; cut < 40; cut++) {
            toy.cut_kind = kind;
            toy.writes = 0;
            toy.dead = false;
            toy.cut_after = cut % 16u;
            live(&history, 20 + 30 * (cut % 16u));
        }
        assert_in_range(history.accepted, 1000, 20000);
        /* the price of a cut is bounded */
        assert_true(history.sent < 40u * 3u * SECURITY_OWN_STEP + 12000u);
        toy.cut_kind = kind + 1;
    }
}

/* The page of the newest record goes bad while the meter is off: what it said is not used again. */
static void test_page_goes_bad(void **state)
{
    (void)state;
    struct history history = {0, 0};
    for (unsigned round = 0; round < 30; round++) {
        live(&history, 70);
        struct security_counters found;
        assert_true(security_counters_load(&found, &board));
        const uint32_t page =
            SECURITY_COUNTERS_FIRST_PAGE + found.sequence % SECURITY_COUNTER_PAGES;
        toy.memory[page * PAGE + 12u] ^= 0x10u;
    }
    assert_true(history.sent > 30u * 70u);
}

/* After an orderly end the client goes on where it was. */
static void test_orderly(void **state)
{
    (void)state;
    uint32_t last = 0, sent = 0;
    for (unsigned round = 0; round < 10; round++) {
        struct security security;
        struct dlms_sentry sentry;
        struct client client;
        uint32_t counter = 0;
        begin(&security);
        assert_int_equal(security_counter(&security), last);
        security_sentry(&security, &sentry);
        client_begin(&client, &security, 0x10, last + 1u);
        assert_int_equal(ask(&client, &sentry, 0x30, &counter), DLMS_CIPHER_OK);
        last = counter;
        assert_int_equal(answer(&sentry, &counter), DLMS_CIPHER_OK);
        assert_int_equal(counter, sent + 1u);
        sent = counter;
        assert_true(security_settle(&security));
        const unsigned writes = toy.writes;
        assert_true(security_settle(&security));
        assert_int_equal(toy.writes, writes);
        security_end(&security);
    }
}

/* The bytes of docs/spec/app-storage.md. */
static void test_layout(void **state)
{
    (void)state;
    struct security_counters counters = {
        .own = 0x0102, .lowest = {3, 4}, .generation = {5, 6}, .sequence = 0};
    static const uint8_t bytes[] = {0x44, 0x43, 0x4E, 0x54, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0,
                                    0,    0,    0,    0,    3, 0, 0, 0, 0, 0, 0, 0, 5, 0,
                                    0,    0,    4,    0,    0, 0, 0, 0, 0, 0, 6, 0, 0, 0};
    assert_true(security_counters_save(&counters, &board));
    assert_memory_equal(toy.memory + (SECURITY_COUNTERS_FIRST_PAGE + 1u) * PAGE, bytes,
                        sizeof bytes);
    struct security_keys keys = {.n_key = 16};
    keys.has[DLMS_KEY_BROADCAST] = true;
    keys.generation[DLMS_KEY_BROADCAST] = 7;
    keys.key[DLMS_KEY_BROADCAST][0] = 9;
    assert_true(security_keys_save(&keys, &board));
    const uint8_t *page = toy.memory + (SECURITY_KEYS_FIRST_PAGE + 1u) * PAGE;
    static const uint8_t head[] = {0x44, 0x4B, 0x45, 0x59, 1, 0, 1, 0, 0, 0, 16, 0, 0, 0, 0, 0};
    assert_memory_equal(page, head, sizeof head);
    static const uint8_t broadcast[] = {1, 7, 0, 0, 0, 9};
    assert_memory_equal(page + 11u + 37u, broadcast, sizeof broadcast);
}

/* A key wrapped under the delivered master key. */
static struct security_transfer wrapped(enum dlms_key_id id, uint8_t byte, uint8_t out[24])
{
    uint8_t master[16], key[16];
    memset(master, 0x40, sizeof master);
    memset(key, byte, sizeof key);
    assert_int_equal(crypto_key_wrap(&port, master, 16, key, 16, out), 0);
    return (struct security_transfer){(uint8_t)id, out, 24};
}

/* Changed keys: stored at once, in force from the next association; the counter of the new key
 * begins anew, and that of the other one does not. */
static void test_transfer(void **state)
{
    (void)state;
    struct security security;
    struct dlms_sentry sentry;
    struct client old, new;
    uint8_t bytes[24];
    uint32_t counter = 0;
    begin(&security);
    security_sentry(&security, &sentry);
    client_begin(&old, &security, 0x10, 5000);
    assert_int_equal(ask(&old, &sentry, 0x30, &counter), DLMS_CIPHER_OK);
    struct security_transfer list = wrapped(DLMS_KEY_UNICAST, 0x77, bytes);
    assert_int_equal(security_key_transfer(&security, &list, 1), SECURITY_OK);
    /* this association goes on with the old key */
    assert_int_equal(ask(&old, &sentry, 0x30, &counter), DLMS_CIPHER_OK);
    security.source.begins(security.source.context);
    assert_int_equal(ask(&old, &sentry, 0x30, &counter), DLMS_CIPHER_ERR_TAG);
    client_begin(&new, &security, 0x77, 1);
    assert_int_equal(security_counter(&security), 0);
    assert_int_equal(ask(&new, &sentry, 0x30, &counter), DLMS_CIPHER_OK);
    security_end(&security);
    /* killed and started: the same, whatever was delivered */
    begin(&security);
    security_sentry(&security, &sentry);
    dlms_own_counter_begin(&new.own, 1);
    assert_int_equal(ask(&new, &sentry, 0x30, &counter), DLMS_CIPHER_ERR_COUNTER);
    dlms_own_counter_begin(&new.own, security_counter(&security) + 1u);
    assert_int_equal(ask(&new, &sentry, 0x30, &counter), DLMS_CIPHER_OK);
    security_end(&security);
}

static void test_transfer_refused(void **state)
{
    (void)state;
    struct security security;
    uint8_t good[24], bad[24];
    begin(&security);
    struct security_transfer list[2] = {wrapped(DLMS_KEY_UNICAST, 0x77, good),
                                        wrapped(DLMS_KEY_UNICAST, 0x78, bad)};
    assert_int_equal(security_key_transfer(&security, list, 0), SECURITY_ERR_FORM);
    assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_ERR_FORM);
    list[1].key_id = DLMS_KEY_IDS;
    assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_ERR_FORM);
    list[1].key_id = DLMS_KEY_BROADCAST;
    list[1].n_wrapped = 16;
    assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_ERR_FORM);
    list[1].n_wrapped = 24;
    bad[3] ^= 1u;
    assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_ERR_KEY);
    bad[3] ^= 1u;
    toy.fail_write = true;
    assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_ERR_STORAGE);
    toy.fail_write = false;
    assert_false(security.changed);
    struct security_keys stored;
    assert_true(security_keys_load(&stored, &board));
    assert_int_equal(stored.sequence, 0);
    assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_OK);
    security_end(&security);
    assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_ERR_CLOSED);
}

/* Both keys or none, wherever the write of a transfer is cut. */
static void test_transfer_cut(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct security security;
        uint8_t one[24], two[24];
        toys_reset();
        begin(&security);
        const struct security_transfer list[2] = {wrapped(DLMS_KEY_UNICAST, 0x77, one),
                                                  wrapped(DLMS_KEY_AUTHENTICATION, 0x78, two)};
        assert_int_equal(security_key_transfer(&security, list, 1), SECURITY_OK);
        toy.cut_kind = kind;
        toy.cut_after = toy.writes;
        assert_int_equal(security_key_transfer(&security, list, 2), SECURITY_ERR_STORAGE);
        toy.dead = false;
        struct security_keys stored;
        assert_true(security_keys_load(&stored, &board));
        assert_int_equal(stored.sequence, 1);
        assert_true(stored.has[DLMS_KEY_UNICAST]);
        assert_false(stored.has[DLMS_KEY_AUTHENTICATION]);
        security_end(&security);
    }
}

/* Without keys, ciphers or memory nothing is ciphered. */
static void test_closed(void **state)
{
    (void)state;
    struct security security;
    struct security_delivered given = delivered();
    assert_true(security_begin(&security, &board, 1, NULL));
    assert_false(security.open);
    assert_true(security_settle(&security));
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        given.has[i] = false;
        assert_true(security_begin(&security, &board, 1, &given));
        assert_int_equal(security.open, i == DLMS_KEY_BROADCAST || i == DLMS_KEY_MASTER);
        security_end(&security);
        given.has[i] = true;
    }
    toy.fail_read = true;
    assert_false(security_begin(&security, &board, 1, &given));
    assert_false(security.open);
    toy.fail_read = false;
    board.crypto = NULL;
    assert_true(security_begin(&security, &board, 1, &given));
    assert_false(security.open);
    security_end(&security);
}

/* Refusals are counted, and noted at 3, 6, 12, ...; a change of keys is noted before it is done. */
static void test_notes(void **state)
{
    (void)state;
    const struct security_delivered given = delivered();
    struct event_log_entry entry;
    uint8_t bytes[24];
    struct meter *meter = toy_meter("382M", 12345678);
    meter->board = &board;
    assert_int_equal(meter_security_begin(meter, &given), METER_OK);
    assert_memory_equal(meter->security.title, "KAM\x45\x00\xBC\x61\x4E", 8);
    for (unsigned i = 1; i <= 12; i++) {
        meter->security.source.refused(meter->security.source.context,
                                       i % 3u == 0 ? DLMS_CIPHER_ERR_COUNTER : DLMS_CIPHER_ERR_TAG);
    }
    static const uint8_t noted[] = {0, 8, 0, 0, 0, 4, 0, 0, 0};
    assert_int_equal(
        event_log_seek(&meter->logs, &board, EVENT_LOG_AUDIT, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_CIPHER);
    assert_memory_equal(entry.payload + 1, noted + 1, sizeof noted - 1u);
    assert_int_equal(entry.id, 3);
    const struct security_transfer list = wrapped(DLMS_KEY_MASTER, 0x99, bytes);
    assert_int_equal(meter_key_transfer(meter, &list, 1), SECURITY_OK);
    assert_int_equal(
        event_log_seek(&meter->logs, &board, EVENT_LOG_AUDIT, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_KEYS);
    assert_int_equal(entry.payload[1], 1u << DLMS_KEY_MASTER);
    bytes[0] ^= 1u;
    assert_int_equal(meter_key_transfer(meter, &list, 1), SECURITY_ERR_KEY);
    assert_int_equal(meter_store(meter), METER_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_cut_at_every_write, setup),
        cmocka_unit_test_setup(test_page_goes_bad, setup),
        cmocka_unit_test_setup(test_orderly, setup),
        cmocka_unit_test_setup(test_layout, setup),
        cmocka_unit_test_setup(test_transfer, setup),
        cmocka_unit_test_setup(test_transfer_refused, setup),
        cmocka_unit_test_setup(test_transfer_cut, setup),
        cmocka_unit_test_setup(test_closed, setup),
        cmocka_unit_test_setup(test_notes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
