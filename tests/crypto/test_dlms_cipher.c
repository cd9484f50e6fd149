/* DLMS ciphering: the Green Book's vectors, all wrappings, replay, counters over cuts. */
#include <stdio.h>

#include "crypto_test.h"

#include "proto/common/crypto_modes.h"
#include "proto/dlms/dlms_cipher.h"

#define GET        "C0010000080000010000FF0200"
#define EK         "000102030405060708090A0B0C0D0E0F"
#define AK         "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
#define TITLE      "4D4D4D0000BC614E"
#define PEER_TITLE "4D4D4D0000000001"
#define INITIATE   "01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0"

#define ROOM 96u /* before a message, and behind it */

/* One side with its keys and counters. */
struct party {
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter unicast, broadcast;
    struct dlms_cipher cipher;
};

static void party_begin(struct party *party, const struct crypto_port *port, uint8_t suite,
                        const char *title, const char *peer)
{
    uint8_t bytes[32], own[8];
    memset(party, 0, sizeof *party);
    assert_int_equal(dlms_keys_init(&party->keys, port, suite), DLMS_CIPHER_OK);
    unhex(suite == 2 ? EK "101112131415161718191A1B1C1D1E1F" : EK, bytes);
    assert_int_equal(dlms_keys_set(&party->keys, DLMS_KEY_UNICAST, bytes, suite == 2 ? 32 : 16), 0);
    assert_int_equal(dlms_keys_set(&party->keys, DLMS_KEY_BROADCAST, bytes, suite == 2 ? 32 : 16),
                     0);
    unhex(suite == 2 ? AK "E0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF" : AK, bytes);
    assert_int_equal(
        dlms_keys_set(&party->keys, DLMS_KEY_AUTHENTICATION, bytes, suite == 2 ? 32 : 16), 0);
    unhex(title, own);
    dlms_own_counter_begin(&party->own, 0x01234567);
    dlms_cipher_init(&party->cipher, &party->keys, &party->own, &party->unicast, &party->broadcast,
                     own);
    unhex(peer, own);
    dlms_cipher_peer(&party->cipher, own);
}

static void party_end(struct party *party)
{
    dlms_cipher_end(&party->cipher);
    dlms_keys_drop(&party->keys);
    assert_false(party->keys.has_unicast);
}

static enum dlms_cipher_err protect(struct party *party, struct dlms_seal how, const char *plain,
                                    uint8_t *buffer, size_t capacity, struct dlms_span *out)
{
    const size_t n = unhex(plain, buffer + ROOM);
    return dlms_cipher_protect(&party->cipher, &how, buffer, capacity, ROOM, n, out);
}

static const struct {
    enum dlms_wrapping wrapping;
    uint8_t suite, control;
    uint32_t counter;
    const char *plain, *ciphered;
} vectors[] = {
    {DLMS_WRAP_GLO, 0, 0x10, 0x01234567, GET, "C81E1001234567" GET "06725D910F9221D263877516"},
    {DLMS_WRAP_GLO, 0, 0x20, 0x01234567, GET, "C8122001234567411312FF935A47566827C467BC"},
    {DLMS_WRAP_GLO, 0, 0x30, 0x01234567, GET,
     "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"},
    {DLMS_WRAP_GENERAL_GLO, 0, 0x30, 0x01234567, GET,
     "DB08" TITLE "1E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"},
    {DLMS_WRAP_GLO, 0, 0x30, 0x01234567, INITIATE,
     "21303001234567801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE68"
     "41DB204D39EE6FDB8E356855"},
    {DLMS_WRAP_GLO, 0, 0x30, 0x01234567, "0800065F1F0400007C1F04000007",
     "281F3001234567891214A0845E475714383F65BC19745CA235906525E4F3E1C893"},
    {DLMS_WRAP_GLO, 1, 0x31, 0x01234567, GET,
     "C81E3101234567411312FF935A47566827C467BCE8691C99484B00B2449055B5"},
    {DLMS_WRAP_GLO, 0, 0x70, 0x01234567, GET,
     "C81E7001234567411312FF935A47566827C467BCA5527490DFB85F5DE94ADCC8"},
    {DLMS_WRAP_GLO, 2, 0x32, 0x01234567, GET,
     "C81E3201234567E82B2AD3EE8C12A6FB27038F08442193498C6A53DE55EEB9D2"},
    {DLMS_WRAP_GLO, 0, 0x30, 2, "C4010000090C07E80C1F0217000000FFC400",
     "CC233000000002"
     "34CAFEF2C4EC6260F260F42AE20726017CBC3545D1E80E067A92C06F4FCF"},
};

/* REQ(SEC-01): spec dlms.md 6.8, all of them, made and opened. */
static void test_vectors(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
            const struct dlms_seal how = {.wrapping = vectors[i].wrapping,
                                          .control = vectors[i].control};
            struct party sender, receiver;
            uint8_t buffer[256];
            struct dlms_span message, plain;
            struct dlms_seal came;
            party_begin(&sender, p, vectors[i].suite, TITLE, PEER_TITLE);
            party_begin(&receiver, p, vectors[i].suite, PEER_TITLE, TITLE);
            receiver.cipher.demands = 0;
            dlms_own_counter_begin(&sender.own, vectors[i].counter);
            assert_int_equal(
                protect(&sender, how, vectors[i].plain, buffer, sizeof buffer, &message), 0);
            assert_hex(message.bytes, message.n_bytes, vectors[i].ciphered);
            assert_true(dlms_cipher_is(message.bytes[0]));
            assert_int_equal(
                dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain),
                DLMS_CIPHER_OK);
            assert_hex(plain.bytes, plain.n_bytes, vectors[i].plain);
            assert_int_equal(came.wrapping, vectors[i].wrapping);
            assert_int_equal(came.control, vectors[i].control);
            assert_int_equal(came.counter, vectors[i].counter);
            party_end(&sender);
            party_end(&receiver);
        }
    }
}

#define CAPTURED_MAX 600u

/* The next value of a file of tests/vectors: hex over some lines up to a blank one. */
static size_t captured_read(FILE *file, uint8_t bytes[CAPTURED_MAX])
{
    char line[256];
    size_t n = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || (line[0] == '\0' && n == 0)) {
            continue;
        }
        if (line[0] == '\0') {
            break;
        }
        assert_true(n + strlen(line) / 2u <= CAPTURED_MAX);
        n += unhex(line, bytes + n);
    }
    return n;
}

/* REQ(X-SEC-1): a push of a real meter, heard by a listener that knows its keys and nothing else.
 */
static void test_captured(void **state)
{
    static const uint8_t title[8] = {'K', 'A', 'M', 0x45, 0x01, 0xA4, 0xDC, 0x52};
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        FILE *file = fopen(SOURCE_DIR "/tests/vectors/radius_push.txt", "r");
        uint8_t key[CAPTURED_MAX], message[CAPTURED_MAX], plain[CAPTURED_MAX], sender[8];
        struct dlms_peer_counter peer = {.lowest = 0};
        struct dlms_cipher cipher;
        struct dlms_keys keys;
        struct dlms_span out;
        struct dlms_seal came;
        assert_non_null(file);
        dlms_keys_init(&keys, p, 0);
        assert_int_equal(captured_read(file, key), 16);
        dlms_keys_set(&keys, DLMS_KEY_UNICAST, key, 16);
        assert_int_equal(captured_read(file, key), 16);
        dlms_keys_set(&keys, DLMS_KEY_AUTHENTICATION, key, 16);
        const size_t n = captured_read(file, message), n_plain = captured_read(file, plain);
        fclose(file);
        dlms_cipher_init(&cipher, &keys, NULL, &peer, NULL, (const uint8_t *)"LISTENER");
        assert_true(dlms_cipher_sender(message, n, sender));
        assert_memory_equal(sender, title, 8);
        assert_int_equal(dlms_cipher_open(&cipher, message, n, &came, &out), DLMS_CIPHER_OK);
        assert_int_equal(out.n_bytes, n_plain);
        assert_memory_equal(out.bytes, plain, n_plain);
        assert_int_equal(came.wrapping, DLMS_WRAP_GENERAL_GLO);
        assert_int_equal(came.control, 0x30);
        dlms_cipher_end(&cipher);
        dlms_keys_drop(&keys);
    }
}

/* Every wrapping there and back, in a buffer with not a byte to spare. */
static void wrap_check(const struct crypto_port *p, struct dlms_seal how, uint8_t suite)
{
    struct party sender, receiver;
    uint8_t buffer[256], dedicated[32] = {0x0D};
    struct dlms_span message, plain;
    struct dlms_seal came;
    how.control = (uint8_t)(how.control | suite);
    party_begin(&sender, p, suite, TITLE, PEER_TITLE);
    party_begin(&receiver, p, suite, PEER_TITLE, TITLE);
    receiver.cipher.demands = 0;
    if (how.wrapping == DLMS_WRAP_DED || how.wrapping == DLMS_WRAP_GENERAL_DED) {
        assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message),
                         DLMS_CIPHER_ERR_KEY);
    }
    assert_int_equal(dlms_cipher_dedicate(&sender.cipher, dedicated, suite == 2 ? 32 : 16), 0);
    assert_int_equal(dlms_cipher_dedicate(&receiver.cipher, dedicated, suite == 2 ? 32 : 16), 0);
    const size_t before = dlms_cipher_before(&how, 13), after = dlms_cipher_after(&how);
    unhex(GET, buffer + before);
    assert_int_equal(dlms_cipher_protect(&sender.cipher, &how, buffer, before + 13 + after - 1u,
                                         before, 13, &message),
                     DLMS_CIPHER_ERR_SPACE);
    assert_int_equal(
        dlms_cipher_protect(&sender.cipher, &how, buffer, sizeof buffer, before - 1u, 13, &message),
        DLMS_CIPHER_ERR_SPACE);
    assert_int_equal(dlms_cipher_protect(&sender.cipher, &how, buffer, before + 13 + after, before,
                                         13, &message),
                     DLMS_CIPHER_OK);
    assert_ptr_equal(message.bytes, buffer);
    assert_int_equal(message.n_bytes, before + 13 + after);
    assert_int_equal(
        dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain),
        DLMS_CIPHER_OK);
    assert_hex(plain.bytes, plain.n_bytes, GET);
    assert_int_equal(came.n_transaction, how.n_transaction);
    assert_memory_equal(came.transaction, how.transaction, sizeof how.transaction);
    assert_int_equal(came.key_info, how.key_info);
    party_end(&sender);
    party_end(&receiver);
}

static void wraps_check(const struct crypto_port *p, struct dlms_seal how)
{
    for (uint8_t suite = 0; suite <= 2; suite++) {
        for (how.control = 0x10; how.control <= 0x30; how.control += 0x10) {
            wrap_check(p, how, suite);
        }
    }
}

static void test_wrappings(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO};
        for (; how.wrapping <= DLMS_WRAP_GENERAL; how.wrapping++) {
            wraps_check(p, how);
        }
        how.wrapping = DLMS_WRAP_GENERAL;
        how.n_transaction = 4;
        memcpy(how.transaction, "abcd", 4);
        how.n_date = 12;
        how.n_other = 2;
        how.key_info = DLMS_KEY_INFO_IDENTIFIED;
        wraps_check(p, how);
        how.key_id = DLMS_KEY_BROADCAST;
        wraps_check(p, how);
    }
}

/* Long messages have long length fields. */
static void test_lengths(void **state)
{
    static const size_t lengths[] = {1, 109, 110, 111, 237, 238, 239, 240, 65517, 65518, 65519};
    struct crypto_port port;
    uint8_t *buffer = malloc(70000);
    (void)state;
    assert_non_null(buffer);
    assert_int_equal(crypto_openssl(&port), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30}, came;
        struct party sender, receiver;
        struct dlms_span message, plain;
        party_begin(&sender, &port, 0, TITLE, PEER_TITLE);
        party_begin(&receiver, &port, 0, PEER_TITLE, TITLE);
        memset(buffer, 0xC0, 70000);
        assert_int_equal(
            dlms_cipher_protect(&sender.cipher, &how, buffer, 70000, ROOM, lengths[i], &message),
            0);
        assert_int_equal(
            dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain), 0);
        assert_int_equal(plain.n_bytes, lengths[i]);
        party_end(&sender);
        party_end(&receiver);
    }
    free(buffer);
}

/* Each bit of a message turned, each cut of it: refused, and nothing of the plain text is left. */
static void damage_check(const struct crypto_port *p, enum dlms_wrapping wrapping)
{
    const struct dlms_seal how = {.wrapping = wrapping, .control = 0x30};
    struct party sender, receiver;
    uint8_t buffer[256], copy[256], wanted[16];
    struct dlms_span message, plain;
    struct dlms_seal came;
    unhex(GET, wanted);
    party_begin(&sender, p, 0, TITLE, PEER_TITLE);
    party_begin(&receiver, p, 0, PEER_TITLE, TITLE);
    assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
    for (size_t bit = 0; bit < 8u * message.n_bytes; bit++) {
        memcpy(copy, message.bytes, message.n_bytes);
        copy[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        assert_int_not_equal(
            dlms_cipher_open(&receiver.cipher, copy, message.n_bytes, &came, &plain), 0);
        assert_null(plain.bytes);
        for (size_t i = 0; i + 13u <= message.n_bytes; i++) {
            assert_memory_not_equal(copy + i, wanted, 13);
        }
    }
    for (size_t n = 0; n < message.n_bytes; n++) {
        memcpy(copy, message.bytes, n);
        assert_int_not_equal(dlms_cipher_open(&receiver.cipher, copy, n, &came, &plain), 0);
    }
    /* none of that has used up the counter */
    assert_int_equal(receiver.unicast.lowest, 0);
    assert_int_equal(
        dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain), 0);
    party_end(&sender);
    party_end(&receiver);
}

static void test_damage(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        damage_check(p, DLMS_WRAP_GLO);
        damage_check(p, DLMS_WRAP_GENERAL_GLO);
        damage_check(p, DLMS_WRAP_GENERAL);
    }
}

/* Permanent memory of a counter, with a cut: after `writes_left` it refuses. */
struct memory {
    uint64_t value;
    unsigned writes, writes_left;
};

static int memory_keep(void *context, uint64_t value)
{
    struct memory *memory = (struct memory *)context;
    if (memory->writes_left == 0) {
        return -1;
    }
    memory->writes_left--;
    memory->writes++;
    memory->value = value;
    return 0;
}

/* REQ(SEC-01): a message that came before is refused, also after a kill; the order of counters is
 * kept. */
static void test_replay(void **state)
{
    const struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30};
    struct memory memory = {.writes_left = UINT32_MAX};
    struct party sender, receiver;
    struct crypto_port port;
    uint8_t buffer[256], seen[100][64], copy[64];
    size_t n_seen[100];
    struct dlms_span message, plain;
    struct dlms_seal came;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    party_begin(&sender, &port, 0, TITLE, PEER_TITLE);
    party_begin(&receiver, &port, 0, PEER_TITLE, TITLE);
    receiver.unicast.context = &memory;
    receiver.unicast.keep = memory_keep;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
        memcpy(seen[i], message.bytes, message.n_bytes);
        n_seen[i] = message.n_bytes;
        assert_int_equal(
            dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain), 0);
        assert_true(memory.value > came.counter);
        assert_true(memory.value <= (uint64_t)came.counter + DLMS_PEER_AHEAD_MAX);
        /* killed here: what was seen stays refused */
        struct dlms_peer_counter after = {.lowest = memory.value, .kept = memory.value};
        receiver.cipher.peer_unicast = &after;
        for (unsigned k = 0; k <= i; k++) {
            memcpy(copy, seen[k], n_seen[k]);
            assert_int_equal(dlms_cipher_open(&receiver.cipher, copy, n_seen[k], &came, &plain),
                             DLMS_CIPHER_ERR_COUNTER);
            assert_null(plain.bytes);
            assert_int_equal(dlms_cipher_expected(&receiver.cipher, &came), memory.value);
        }
        receiver.cipher.peer_unicast = &receiver.unicast;
    }
    assert_in_range(memory.writes, 3, 5);
    /* an orderly end costs nothing */
    assert_int_equal(dlms_peer_counter_settle(&receiver.unicast), 0);
    assert_int_equal(memory.value, receiver.unicast.lowest);
    /* a memory that cannot keep it: refused, nothing released */
    memory.writes_left = 0;
    assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
    assert_int_equal(
        dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain),
        DLMS_CIPHER_ERR_STORAGE);
    assert_null(plain.bytes);
    party_end(&sender);
    party_end(&receiver);
}

/* Broadcast, unicast and dedicated keys have a counter each; a new dedicated key begins anew. */
static void test_counter_per_key(void **state)
{
    struct dlms_seal glo = {.wrapping = DLMS_WRAP_GLO, .control = 0x30}, wide = glo, ded = glo;
    const uint8_t dedicated[16] = {0x0D}, other[16] = {0x0E};
    struct party sender, receiver;
    struct crypto_port port;
    uint8_t buffer[256];
    struct dlms_span message, plain;
    struct dlms_seal came;
    (void)state;
    wide.control |= DLMS_SC_BROADCAST;
    ded.wrapping = DLMS_WRAP_DED;
    assert_int_equal(crypto_openssl(&port), 0);
    party_begin(&sender, &port, 0, TITLE, PEER_TITLE);
    party_begin(&receiver, &port, 0, PEER_TITLE, TITLE);
    dlms_cipher_dedicate(&sender.cipher, dedicated, 16);
    dlms_cipher_dedicate(&receiver.cipher, dedicated, 16);
    const struct dlms_seal *const order[] = {&glo, &wide, &ded};
    for (size_t i = 0; i < 3; i++) {
        dlms_own_counter_begin(&sender.own, 100u - 10u * i);
        assert_int_equal(protect(&sender, *order[i], GET, buffer, sizeof buffer, &message), 0);
        assert_int_equal(
            dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain), 0);
        assert_int_equal(dlms_cipher_expected(&receiver.cipher, order[i]), 101u - 10u * i);
    }
    dlms_cipher_dedicate(&receiver.cipher, other, 16);
    assert_int_equal(dlms_cipher_expected(&receiver.cipher, &ded), 0);
    party_end(&sender);
    party_end(&receiver);
}

/* What is encrypted but not authenticated cannot push the counter up. */
static void test_counter_needs_tag(void **state)
{
    const struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x20};
    struct party sender, receiver;
    struct crypto_port port;
    uint8_t buffer[256];
    struct dlms_span message, plain;
    struct dlms_seal came;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    party_begin(&sender, &port, 0, TITLE, PEER_TITLE);
    party_begin(&receiver, &port, 0, PEER_TITLE, TITLE);
    receiver.unicast.lowest = 5;
    dlms_own_counter_begin(&sender.own, 4000000000u);
    /* refused unless the caller wants such messages */
    assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
    assert_int_equal(
        dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain),
        DLMS_CIPHER_ERR_WEAK);
    receiver.cipher.demands = 0;
    assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
    assert_int_equal(
        dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain), 0);
    assert_int_equal(receiver.unicast.lowest, 5);
    dlms_own_counter_begin(&sender.own, 4);
    assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
    assert_int_equal(
        dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain),
        DLMS_CIPHER_ERR_COUNTER);
    party_end(&sender);
    party_end(&receiver);
}

/* REQ(SEC-01): no own counter is ever used twice, wherever the supply is cut. */
static void test_own_counter(void **state)
{
    uint64_t highest = 0, kept = 0;
    (void)state;
    for (unsigned cut = 0; cut < 40; cut++) {
        struct memory memory = {.value = kept, .writes_left = cut % 3u};
        struct dlms_own_counter own = {.step = 7, .context = &memory, .reserve = memory_keep};
        uint32_t counter = 0;
        dlms_own_counter_begin(&own, kept);
        for (unsigned i = 0; i < cut; i++) {
            if (dlms_own_counter_take(&own, &counter) != DLMS_CIPHER_OK) {
                break;
            }
            assert_true(counter > highest);
            assert_true(counter < memory.value);
            highest = counter;
        }
        kept = memory.value;
    }
    assert_true(highest > 40);
    struct memory memory = {.writes_left = 9};
    struct dlms_own_counter own = {.step = 7, .context = &memory, .reserve = memory_keep};
    uint32_t counter = 0;
    dlms_own_counter_begin(&own, UINT32_MAX - 1u);
    assert_int_equal(dlms_own_counter_take(&own, &counter), DLMS_CIPHER_OK);
    assert_int_equal(counter, UINT32_MAX - 1u);
    assert_int_equal(dlms_own_counter_take(&own, &counter), DLMS_CIPHER_ERR_EXHAUSTED);
    dlms_own_counter_begin(&own, memory.value);
    assert_int_equal(dlms_own_counter_take(&own, &counter), DLMS_CIPHER_ERR_EXHAUSTED);
    dlms_own_counter_begin(&own, 50);
    assert_int_equal(dlms_own_counter_take(&own, &counter), DLMS_CIPHER_OK);
    assert_int_equal(dlms_own_counter_settle(&own), 0);
    assert_int_equal(memory.value, 51);
}

/* A key that comes along, wrapped under the master key; the answer names the unicast key. */
static void test_wrapped_key(void **state)
{
    struct test_ports ports = {.next = 0};
    const uint8_t master[16] = {0xEE}, session[16] = {0x55};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GENERAL, .control = 0x30};
        struct party sender, receiver;
        uint8_t buffer[256], built[256] = {0};
        struct dlms_span message, plain;
        struct dlms_seal came;
        party_begin(&sender, p, 0, TITLE, PEER_TITLE);
        party_begin(&receiver, p, 0, PEER_TITLE, TITLE);
        dlms_keys_set(&sender.keys, DLMS_KEY_UNICAST, session, 16);
        assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
        /* tag, empty transaction, two titles, no date, nothing else; then the key-info */
        const size_t n_head = 1u + 1u + 9u + 9u + 1u + 1u;
        size_t n = n_head;
        memcpy(built, message.bytes, n_head);
        n += unhex("01010018", built + n);
        assert_int_equal(crypto_key_wrap(p, master, 16, session, 16, built + n), 0);
        n += 24;
        memcpy(built + n, message.bytes + n_head + 1u, message.n_bytes - n_head - 1u);
        n += message.n_bytes - n_head - 1u;
        memcpy(buffer, built, n);
        assert_int_equal(dlms_cipher_open(&receiver.cipher, buffer, n, &came, &plain),
                         DLMS_CIPHER_ERR_KEY);
        dlms_keys_set(&receiver.keys, DLMS_KEY_MASTER, master, 16);
        memcpy(buffer, built, n);
        buffer[n_head + 6u] ^= 1u;
        assert_int_equal(dlms_cipher_open(&receiver.cipher, buffer, n, &came, &plain),
                         DLMS_CIPHER_ERR_TAG);
        memcpy(buffer, built, n);
        assert_int_equal(dlms_cipher_open(&receiver.cipher, buffer, n, &came, &plain), 0);
        assert_hex(plain.bytes, plain.n_bytes, GET);
        how = dlms_cipher_answer(&came);
        assert_int_equal(how.key_info, DLMS_KEY_INFO_IDENTIFIED);
        assert_int_equal(how.key_id, DLMS_KEY_UNICAST);
        memcpy(buffer, built, n);
        assert_int_equal(dlms_cipher_open(&receiver.cipher, buffer, n, &came, &plain),
                         DLMS_CIPHER_ERR_COUNTER);
        party_end(&sender);
        party_end(&receiver);
    }
}

/* Everybody who holds the keys could open it; only the one that is named may. */
static void test_other_recipient(void **state)
{
    const struct dlms_seal how = {.wrapping = DLMS_WRAP_GENERAL, .control = 0x30};
    struct party sender, receiver;
    struct crypto_port port;
    uint8_t buffer[256];
    struct dlms_span message, plain;
    struct dlms_seal came;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    party_begin(&sender, &port, 0, TITLE, "4D4D4D0000000002");
    party_begin(&receiver, &port, 0, PEER_TITLE, TITLE);
    assert_int_equal(protect(&sender, how, GET, buffer, sizeof buffer, &message), 0);
    assert_int_equal(
        dlms_cipher_open(&receiver.cipher, message.bytes, message.n_bytes, &came, &plain),
        DLMS_CIPHER_ERR_TITLE);
    assert_null(plain.bytes);
    party_end(&sender);
    party_end(&receiver);
}

/* What is no message of this association is refused, each for its reason. */
static void test_refused(void **state)
{
    static const struct {
        const char *message;
        enum dlms_cipher_err err;
    } bad[] = {
        {"C0010000080000010000FF0200", DLMS_CIPHER_ERR_FORM},
        {"C81E0001234567" GET "06725D910F9221D263877516", DLMS_CIPHER_ERR_FORM},
        {"C8120001234567" GET, DLMS_CIPHER_ERR_FORM},
        {"C81EB001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B", DLMS_CIPHER_ERR_SUITE},
        {"C81E3101234567411312FF935A47566827C467BCE8691C99484B00B2449055B5", DLMS_CIPHER_ERR_SUITE},
        /* the same in a GET-response's tag: the inside is no GET-response */
        {"CC1E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B", DLMS_CIPHER_ERR_FORM},
        {"D01E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B", DLMS_CIPHER_ERR_KEY},
        {"DB084D4D4D0000BC614F1E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B",
         DLMS_CIPHER_ERR_TITLE},
        {"DB001E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B",
         DLMS_CIPHER_ERR_FORM},
        {"C880"
         "3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B",
         DLMS_CIPHER_ERR_FORM},
        {"", DLMS_CIPHER_ERR_FORM},
    };
    struct party receiver;
    struct crypto_port port;
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t bytes[128];
        struct dlms_span plain;
        struct dlms_seal came;
        const size_t n = unhex(bad[i].message, bytes);
        party_begin(&receiver, &port, 0, PEER_TITLE, TITLE);
        assert_int_equal(dlms_cipher_open(&receiver.cipher, bytes, n, &came, &plain), bad[i].err);
        assert_null(plain.bytes);
        party_end(&receiver);
    }
    uint8_t buffer[256], title[8];
    struct dlms_span out;
    party_begin(&receiver, &port, 0, PEER_TITLE, TITLE);
    const struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30};
    assert_int_equal(protect(&receiver, how, "0F0000000000", buffer, sizeof buffer, &out),
                     DLMS_CIPHER_ERR_FORM);
    assert_int_equal(dlms_keys_set(&receiver.keys, DLMS_KEY_UNICAST, title, 8),
                     DLMS_CIPHER_ERR_KEY);
    const size_t n = unhex("DD0461626364084D4D4D0000BC614E00", buffer);
    assert_true(dlms_cipher_sender(buffer, n, title));
    assert_hex(title, 8, TITLE);
    assert_false(dlms_cipher_sender(buffer, 9, title));
    assert_false(dlms_cipher_sender((const uint8_t *)"\xC8", 1, title));
    party_end(&receiver);
    assert_int_equal(dlms_keys_init(&receiver.keys, &port, 3), DLMS_CIPHER_ERR_SUITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),         cmocka_unit_test(test_captured),
        cmocka_unit_test(test_wrappings),       cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_damage),          cmocka_unit_test(test_replay),
        cmocka_unit_test(test_counter_per_key), cmocka_unit_test(test_counter_needs_tag),
        cmocka_unit_test(test_own_counter),     cmocka_unit_test(test_wrapped_key),
        cmocka_unit_test(test_other_recipient), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
