/* Wireless M-Bus: frames of the air, telegrams deciphered and built, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ports/crypto/openssl/crypto_openssl.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/hex.h"
#include "proto/mbus/mbus_text.h"
#include "proto/wmbus/wmbus_sender.h"
#include "proto/wmbus_vectors.h"

static struct crypto_port ports[2];
static struct wmbus_key key;

/* Hex without blanks. */
static size_t joined(const char *text, uint8_t *out)
{
    size_t n_octets = 0;
    unsigned octet = 0;
    while (sscanf(text + 2 * n_octets, "%2x", &octet) == 1) {
        out[n_octets++] = (uint8_t)octet;
    }
    return n_octets;
}

static int start(void **state)
{
    (void)state;
    crypto_portable(&ports[0], NULL, NULL);
    return crypto_openssl(&ports[1]);
}

static void use_key(const struct crypto_port *port, const char *hex)
{
    uint8_t bytes[WMBUS_KEY_OCTETS];
    assert_int_equal(joined(hex, bytes), sizeof bytes);
    assert_int_equal(wmbus_key_set(port, &key, bytes), 0);
}

/* --- frames --- */

static void checksum(void **state)
{
    (void)state;
    assert_int_equal(wmbus_crc((const uint8_t *)"123456789", 9), 0xC2B7);
    assert_int_equal(wmbus_crc(NULL, 0), 0xFFFF);
    assert_int_equal(wmbus_format_signature(&wmbus_format_omnipower), 0x8C13);
}

static void formats_of_a_382(void **state)
{
    (void)state;
    uint8_t telegram[WMBUS_TELEGRAM_MAX], air[WMBUS_CODED_MAX], expected[WMBUS_CODED_MAX];
    size_t n_telegram = joined(WMBUS_382, telegram);
    static const struct {
        const char *hex;
        enum wmbus_format format;
    } rows[] = {{WMBUS_382_A, WMBUS_FORMAT_A}, {WMBUS_382_B, WMBUS_FORMAT_B}};
    for (size_t i = 0; i < 2; i++) {
        size_t n_expected = joined(rows[i].hex, expected);
        /* The logger had cut off filling; the framed copies have what they need. */
        uint8_t whole[WMBUS_TELEGRAM_MAX];
        int n_whole = wmbus_air_decode(rows[i].format, expected, n_expected, whole);
        assert_true(n_whole >= (int)n_telegram);
        assert_memory_equal(whole, telegram, n_telegram);
        assert_int_equal(wmbus_air_encode(rows[i].format, whole, (size_t)n_whole, air, sizeof air),
                         (int)n_expected);
        assert_memory_equal(air, expected, n_expected);
    }
    size_t n_sent = joined(WMBUS_382_T1, expected);
    enum wmbus_mode mode;
    enum wmbus_format format;
    uint8_t whole[WMBUS_TELEGRAM_MAX];
    int n_whole = wmbus_receive(expected, n_sent, &mode, &format, whole);
    assert_true(n_whole >= (int)n_telegram);
    assert_int_equal(mode, WMBUS_T1);
    assert_memory_equal(whole, telegram, n_telegram);
    int n_coded = wmbus_transmit(WMBUS_T1, WMBUS_FORMAT_A, whole, (size_t)n_whole, air, sizeof air);
    assert_true(n_coded > 0 && n_coded <= (int)n_sent);
    assert_memory_equal(air, expected, (size_t)n_coded - 1u);
}

/* Every length, both formats, there and back; one wrong bit anywhere is seen. */
static void there_and_back(void **state)
{
    (void)state;
    uint8_t telegram[WMBUS_TELEGRAM_MAX], back[WMBUS_TELEGRAM_MAX], sent[WMBUS_CODED_MAX];
    uint64_t seed = 0x5EED;
    for (size_t i = 0; i < sizeof telegram; i++) {
        telegram[i] = (uint8_t)test_random(&seed);
    }
    static const struct {
        enum wmbus_mode mode;
        enum wmbus_format format;
        size_t longest;
    } rows[] = {{WMBUS_T1, WMBUS_FORMAT_A, 256},
                {WMBUS_C1, WMBUS_FORMAT_A, 256},
                {WMBUS_C1, WMBUS_FORMAT_B, 252}};
    for (size_t i = 0; i < 3; i++) {
        for (size_t n = WMBUS_TELEGRAM_MIN; n <= rows[i].longest; n++) {
            enum wmbus_mode mode;
            enum wmbus_format format;
            telegram[0] = (uint8_t)(n - 1u);
            int n_sent =
                wmbus_transmit(rows[i].mode, rows[i].format, telegram, n, sent, sizeof sent);
            assert_true(n_sent > 0);
            assert_int_equal(
                wmbus_transmit(rows[i].mode, rows[i].format, telegram, n, sent, (size_t)n_sent - 1),
                MBUS_ERR_SPACE);
            n_sent = wmbus_transmit(rows[i].mode, rows[i].format, telegram, n, sent, sizeof sent);
            assert_int_equal(wmbus_receive(sent, (size_t)n_sent, &mode, &format, back), (int)n);
            assert_int_equal(mode, rows[i].mode);
            assert_int_equal(format, rows[i].format);
            assert_memory_equal(back, telegram, n);
            assert_true(wmbus_receive(sent, (size_t)n_sent - 2u, &mode, &format, back) < 0);
            size_t at = 4u + test_random(&seed) % ((size_t)n_sent - 5u);
            sent[at] ^= (uint8_t)(1u << (test_random(&seed) & 7u));
            assert_true(wmbus_receive(sent, (size_t)n_sent, &mode, &format, back) < 0);
        }
        telegram[0] = (uint8_t)(rows[i].longest - 1u + 1u);
        assert_int_equal(wmbus_transmit(rows[i].mode, rows[i].format, telegram,
                                        rows[i].longest + 1u, sent, sizeof sent),
                         MBUS_ERR_LENGTH);
    }
}

/* --- telegrams --- */

struct made {
    const char *key, *hex;
    uint8_t security;
    bool compact;
    int64_t values[4]; /**< of the records in a row */
};

static const struct made made[] = {
    {NULL, WMBUS_382, WMBUS_PLAIN, false, {341000}},
    {OMNIPOWER_KEY, OMNIPOWER_COMPACT, WMBUS_ELL_CTR, true, {206, 0, 3, 0}},
    {OMNIPOWER_KEY, OMNIPOWER_LONG, WMBUS_ELL_CTR, false, {215, 0, 3, 0}},
    {NULL, MADE_PLAIN, WMBUS_PLAIN, false, {794, 2, 1000, 0}},
    {MADE_KEY, MADE_MODE_5, WMBUS_MODE_5, false, {794, 2, 1000, 0}},
    {MADE_KEY, MADE_MODE_5_ELL, WMBUS_MODE_5, false, {794, 2, 1000, 0}},
    {MADE_KEY, MADE_MODE_5_LONG, WMBUS_MODE_5, false, {794, 2, 1000, 0}},
    {MADE_KEY, MADE_MODE_7, WMBUS_MODE_7, false, {794, 2, 1000, 0}},
    {MADE_KEY, MADE_CTR_LONG, WMBUS_ELL_CTR, false, {794, 2, 1000, 0}},
    {MADE_KEY, MADE_CTR_COMPACT, WMBUS_ELL_CTR, true, {794, 2, 1000, 0}},
};
#define N_MADE (sizeof made / sizeof made[0])

static void expect_values(const struct made *row, const struct wmbus_telegram *telegram)
{
    uint8_t whole[200];
    struct mbus_record record;
    struct reader r = reader_over(telegram->records, telegram->n_records);
    assert_int_equal(telegram->is_compact, row->compact);
    if (row->compact) {
        int n = wmbus_compact_expand(telegram, &wmbus_format_omnipower, whole, sizeof whole);
        assert_int_equal(n, 26);
        r = reader_over(whole, (size_t)n);
    }
    for (size_t k = 0; k < (row->values[1] == 0 && row->security == WMBUS_PLAIN ? 1u : 4u); k++) {
        assert_int_equal(mbus_record_next(&r, &record), 1);
        assert_int_equal(record.integer, row->values[k]);
        assert_int_equal(record.quantity, k < 2 ? MBUS_QUANTITY_ENERGY : MBUS_QUANTITY_POWER);
    }
    assert_int_equal(mbus_record_next(&r, &record), 0);
}

static void telegrams_are_opened(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        for (size_t i = 0; i < N_MADE; i++) {
            uint8_t octets[WMBUS_TELEGRAM_MAX];
            size_t n_octets = joined(made[i].hex, octets);
            struct wmbus_telegram telegram;
            const struct wmbus_key *with = made[i].key != NULL ? &key : NULL;
            if (with != NULL) {
                use_key(&ports[p], made[i].key);
            }
            if (i == 0) { /* a logger's copy, shorter than its L says */
                octets[0] = (uint8_t)(n_octets - 1u);
            }
            assert_int_equal(wmbus_telegram_open(&ports[p], with, octets, n_octets, &telegram),
                             MBUS_OK);
            assert_int_equal(telegram.security, made[i].security);
            assert_int_equal(telegram.sender.manufacturer, mbus_manufacturer("KAM"));
            expect_values(&made[i], &telegram);
            wmbus_key_drop(&ports[p], &key);
        }
    }
}

/* Without the key, with another one, or changed on the way: nothing is shown. */
static void nothing_without_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MADE; i++) {
        uint8_t octets[WMBUS_TELEGRAM_MAX], before[WMBUS_TELEGRAM_MAX];
        size_t n_octets = joined(made[i].hex, octets);
        struct wmbus_telegram telegram;
        if (made[i].key == NULL) {
            continue;
        }
        assert_int_equal(wmbus_telegram_open(&ports[0], NULL, octets, n_octets, &telegram),
                         MBUS_ERR_CIPHERED);
        assert_null(telegram.records);
        assert_int_equal(telegram.sender.manufacturer, mbus_manufacturer("KAM"));
        memcpy(before, octets, n_octets);
        use_key(&ports[0], "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
        assert_int_equal(wmbus_telegram_open(&ports[0], &key, octets, n_octets, &telegram),
                         WMBUS_ERR_KEY);
        assert_null(telegram.records);
        assert_memory_equal(octets, before, n_octets); /* another key may be tried */
        use_key(&ports[0], made[i].key);
        size_t last = n_octets - 1u;
        if (made[i].security != WMBUS_MODE_5) { /* which has no checksum of its own */
            octets[last] ^= 1u;
            assert_int_equal(wmbus_telegram_open(&ports[0], &key, octets, n_octets, &telegram),
                             WMBUS_ERR_KEY);
            octets[last] ^= 1u;
        }
        assert_int_equal(wmbus_telegram_open(&ports[0], &key, octets, n_octets, &telegram),
                         MBUS_OK);
        wmbus_key_drop(&ports[0], &key);
    }
}

static void a_gas_meter(void **state)
{
    (void)state;
    uint8_t air[WMBUS_AIR_MAX], telegram[WMBUS_TELEGRAM_MAX];
    struct wmbus_telegram open;
    char text[1024];
    int n = wmbus_air_decode(WMBUS_FORMAT_A, air, joined(OMS_GAS_A, air), telegram);
    assert_int_equal(n, 47);
    use_key(&ports[0], OMS_KEY);
    assert_int_equal(wmbus_telegram_open(&ports[0], &key, telegram, (size_t)n, &open), MBUS_OK);
    struct reader r = reader_over(open.records, open.n_records);
    struct writer w = writer_over(text, sizeof text - 1u);
    assert_int_equal(mbus_json_records(&w, &r), MBUS_OK);
    *w.at = '\0';
    assert_string_equal(text, "[{\"quantity\":\"volume\",\"value\":28504.27,\"unit\":\"m³\"},"
                              "{\"quantity\":\"date and time\",\"value\":\"2008-05-31T23:50\"},"
                              "{\"quantity\":\"error flags\",\"value\":0}]");
    wmbus_key_drop(&ports[0], &key);
}

/* --- building --- */

/* REQ(X-RAD-2): the telegrams of the maker's electricity meters, full and compact. */
static void telegrams_are_built(void **state)
{
    (void)state;
    uint8_t records[64], octets[WMBUS_TELEGRAM_MAX], expected[WMBUS_TELEGRAM_MAX];
    const struct wmbus_message base = {.sender = {.id_raw = mbus_bcd8(14839120),
                                                  .manufacturer = mbus_manufacturer("KAM"),
                                                  .version = 0x30,
                                                  .medium = 2},
                                       .control = WMBUS_SND_NR,
                                       .cc = WMBUS_CC_SYNCHRONOUS,
                                       .access_number = 0x2A,
                                       .records = records,
                                       .n_records = joined(MADE_RECORDS, records)};
    struct wmbus_message messages[7];
    static const char *const hex[7] = {MADE_PLAIN,       MADE_MODE_5, MADE_MODE_5_ELL,
                                       MADE_MODE_5_LONG, MADE_MODE_7, MADE_CTR_LONG,
                                       MADE_CTR_COMPACT};
    for (size_t i = 0; i < 7; i++) {
        messages[i] = base;
    }
    messages[0].access_number = 1;
    for (size_t i = 1; i < 5; i++) {
        messages[i].configuration = 0x2000;
        messages[i].security = i == 4 ? WMBUS_MODE_7 : WMBUS_MODE_5;
    }
    messages[2].has_ell = messages[4].has_ell = true;
    messages[3].long_header = true;
    messages[4].message_counter = 0xA49;
    messages[5].security = messages[6].security = WMBUS_ELL_CTR;
    messages[5].session = messages[6].session = 0x2003DD61;
    messages[6].access_number = 0x2B;
    messages[6].compact = true;
    for (size_t p = 0; p < 2; p++) {
        use_key(&ports[p], MADE_KEY);
        for (size_t i = 0; i < 7; i++) {
            size_t n_expected = joined(hex[i], expected);
            int n = wmbus_telegram_build(&ports[p], &key, &messages[i], octets, sizeof octets);
            assert_int_equal(n, (int)n_expected);
            assert_memory_equal(octets, expected, n_expected);
            for (size_t room = 0; room < n_expected; room++) {
                assert_int_equal(wmbus_telegram_build(&ports[p], &key, &messages[i], octets, room),
                                 MBUS_ERR_SPACE);
            }
            assert_int_equal(
                wmbus_telegram_build(&ports[p], NULL, &messages[i], octets, sizeof octets),
                i == 0 ? (int)n_expected : MBUS_ERR_CIPHERED);
        }
        wmbus_key_drop(&ports[p], &key);
    }
}

static void open_and_walk(uint8_t *octets, size_t n_octets)
{
    struct wmbus_telegram telegram;
    struct mbus_record record;
    int result = wmbus_telegram_open(&ports[0], &key, octets, n_octets, &telegram);
    if (result != MBUS_OK) {
        assert_true(result < 0 && wmbus_err_text(result)[0] != '\0');
        assert_null(telegram.records);
        return;
    }
    struct reader r = reader_over(telegram.records, telegram.n_records);
    while (mbus_record_next(&r, &record) == 1) {
    }
}

/* Cut at each octet, and with each octet changed: an error or a good telegram, never beyond it. */
static void every_cut(void **state)
{
    (void)state;
    uint64_t seed = 0xC07;
    for (size_t i = 0; i < N_MADE; i++) {
        uint8_t octets[WMBUS_TELEGRAM_MAX];
        size_t n_octets = joined(made[i].hex, octets);
        use_key(&ports[0], made[i].key != NULL ? made[i].key : MADE_KEY);
        for (size_t n = 0; n < n_octets * 20u; n++) {
            size_t length = n % n_octets;
            uint8_t *exact = test_malloc(length + 1u);
            memcpy(exact, octets, length);
            if (length > 0) {
                exact[0] = (uint8_t)(length - 1u);
            }
            if (n >= n_octets && length > 12u) {
                exact[10u + test_random(&seed) % (length - 10u)] = (uint8_t)test_random(&seed);
            }
            open_and_walk(exact, length);
            test_free(exact);
        }
        wmbus_key_drop(&ports[0], &key);
    }
}

static void compact_frames_are_learnt(void **state)
{
    (void)state;
    uint8_t records[64], whole[64];
    struct wmbus_record_format format;
    size_t n_records = joined(MADE_RECORDS, records);
    assert_true(wmbus_format_learn(records, n_records, &format));
    assert_int_equal(format.n_octets, wmbus_format_omnipower.n_octets);
    assert_memory_equal(format.octets, wmbus_format_omnipower.octets, format.n_octets);
    struct wmbus_telegram telegram = {.is_compact = true, .full_crc = 1, .format_signature = 2};
    assert_int_equal(wmbus_compact_expand(&telegram, &format, whole, sizeof whole),
                     WMBUS_ERR_COMPACT);
    telegram.format_signature = 0x8C13;
    telegram.records = records;
    telegram.n_records = 16;
    assert_int_equal(wmbus_compact_expand(&telegram, &format, whole, sizeof whole),
                     WMBUS_ERR_COMPACT); /* checksum */
    telegram.n_records = 15;
    assert_int_equal(wmbus_compact_expand(&telegram, &format, whole, sizeof whole),
                     WMBUS_ERR_COMPACT); /* values missing */
    assert_int_equal(wmbus_compact_expand(&telegram, &format, whole, 9), WMBUS_ERR_COMPACT);
    /* text varies in length: no compact frames of it */
    static const uint8_t text[] = {0x0D, 0xFD, 0x11, 1, 'a'};
    assert_false(wmbus_format_learn(text, sizeof text, &format));
}

/* --- numbers --- */

static uint32_t kept;
static unsigned n_writes, fail_at;

static bool keep(void *context, uint32_t minute)
{
    (void)context;
    if (++n_writes == fail_at) {
        return false;
    }
    kept = minute;
    return true;
}

/* Clocks that jump, cuts at any time, memory that refuses: no session comes twice. */
static void no_number_twice(void **state)
{
    (void)state;
    uint64_t seed = 0xC17;
    uint32_t last = 0, minute = 100;
    struct wmbus_sender sender;
    kept = n_writes = 0;
    fail_at = 50;
    wmbus_sender_init(&sender, kept, 0, keep, NULL);
    for (unsigned i = 0; i < 200000; i++) {
        struct wmbus_message message = {0};
        minute += (uint32_t)(test_random(&seed) % 5u);
        if (test_random(&seed) % 1000u == 0) {
            minute = (uint32_t)(test_random(&seed) % 100000u); /* a clock that is set */
        }
        if (test_random(&seed) % 500u == 0) {
            wmbus_sender_init(&sender, kept, (uint8_t)i, keep, NULL);
        }
        if (wmbus_sender_next(&sender, minute, &message)) {
            assert_int_equal(message.session >> 29, 1);
            assert_true(message.session > last);
            last = message.session;
            assert_true((last >> 4 & WMBUS_MINUTE_MAX) <= kept);
            assert_int_equal(message.compact, message.access_number % 8u != 4u);
        }
    }
    assert_true(n_writes > 50);
    /* A year on the clock: a write an hour. */
    kept = n_writes = 0;
    fail_at = 0;
    wmbus_sender_init(&sender, 0, 0, keep, NULL);
    for (uint32_t s = 0; s < 365u * 86400u; s += WMBUS_INTERVAL_S) {
        struct wmbus_message message;
        assert_true(wmbus_sender_next(&sender, s / 60u, &message));
        assert_int_equal(message.session, 0x20000000u | s / 60u << 4 | s % 60u / WMBUS_INTERVAL_S);
    }
    assert_true(n_writes <= 365u * 24u);
    struct wmbus_message message;
    assert_false(wmbus_sender_next(&sender, WMBUS_MINUTE_MAX + 1u, &message));
}

/* A meter without a clock, cut after its first telegrams: minute 0 is kept like any other. */
static void no_number_twice_from_the_start(void **state)
{
    (void)state;
    struct wmbus_sender sender;
    struct wmbus_message message = {0};
    kept = n_writes = fail_at = 0;
    uint32_t last = 0;
    for (unsigned life = 0; life < 5; life++) {
        wmbus_sender_init(&sender, kept, 0, keep, NULL);
        for (unsigned i = 0; i < 3; i++) {
            assert_true(wmbus_sender_next(&sender, 0, &message));
            assert_true(message.session > last);
            last = message.session;
        }
        assert_int_equal(n_writes, life + 1u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum),
        cmocka_unit_test(formats_of_a_382),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(telegrams_are_opened),
        cmocka_unit_test(nothing_without_the_key),
        cmocka_unit_test(a_gas_meter),
        cmocka_unit_test(telegrams_are_built),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(compact_frames_are_learnt),
        cmocka_unit_test(no_number_twice),
        cmocka_unit_test(no_number_twice_from_the_start),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
