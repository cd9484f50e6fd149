/* The simulated air: datagrams of bursts, and what noise, loss and overlap make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/radio_channel.h"
#include "proto/hex.h"
#include "proto/wmbus_vectors.h"

static struct radio_channel channel;
static unsigned n_heard;
static struct wmbus_heard heard;

static void take(void *context, const struct wmbus_heard *one)
{
    (void)context;
    heard = *one;
    n_heard++;
}

static struct radio_burst burst_of(uint64_t sender, int64_t begin_us)
{
    struct radio_burst burst = {.sender = sender, .begin_us = begin_us, .power_dbm = 10, .mode = 1};
    uint8_t telegram[WMBUS_TELEGRAM_MAX];
    size_t n_chips;
    const size_t n = hex_joined(OMNIPOWER_COMPACT, telegram);
    assert_int_equal(wmbus_chips(WMBUS_C1, WMBUS_FORMAT_B, telegram, n, burst.chips, &n_chips),
                     MBUS_OK);
    burst.n_chips = (uint16_t)n_chips;
    return burst;
}

/* @return telegrams that come out of what is over */
static unsigned receive_all(int64_t over_us, double *rssi_dbm)
{
    static struct radio_reception reception;
    struct wmbus_receiver receiver;
    int64_t next_us;
    n_heard = 0;
    while (radio_channel_next(&channel, over_us, &reception, &next_us)) {
        wmbus_receiver_init(&receiver);
        radio_reception_hear(&reception, &receiver, take, NULL);
        *rssi_dbm = reception.rssi_dbm;
    }
    return n_heard;
}

static void test_datagram(void **state)
{
    (void)state;
    uint8_t datagram[RADIO_BURST_MAX + 1u];
    struct radio_burst burst = burst_of(0x123456789ABCDEF0u, 1700000000123456), back = {0};
    const size_t n = radio_burst_encode(&burst, datagram);
    assert_int_equal(n, RADIO_BURST_HEAD + (burst.n_chips + 7u) / 8u);
    assert_true(radio_burst_decode(datagram, n, &back));
    assert_int_equal(back.sender, burst.sender);
    assert_int_equal(back.begin_us, burst.begin_us);
    assert_int_equal(back.power_dbm, 10);
    assert_int_equal(back.n_chips, burst.n_chips);
    assert_memory_equal(back.chips, burst.chips, (burst.n_chips + 7u) / 8u);
    for (size_t cut = 0; cut < n; cut++) {
        assert_false(radio_burst_decode(datagram, cut, &back));
    }
    assert_false(radio_burst_decode(datagram, n + 1u, &back));
    for (size_t i = 0; i < 4u; i++) {
        datagram[i] ^= 1u;
        assert_false(radio_burst_decode(datagram, n, &back));
        datagram[i] ^= 1u;
    }
    datagram[22] = 0xFF; /* more chips than there can be */
    assert_false(radio_burst_decode(datagram, sizeof datagram, &back));
}

static void test_addresses(void **state)
{
    (void)state;
    char error[RADIO_MEDIUM_ERROR_MAX];
    struct radio_address address;
    assert_int_equal(radio_address_parse("udp:239.3.8.2:3820", &address, error), HOST_OK);
    assert_int_equal(radio_address_parse("unix:/tmp/air", &address, error), HOST_OK);
    assert_string_equal(address.folder, "/tmp/air");
    static const char *const bad[] = {"",
                                      "udp:",
                                      "udp:127.0.0.1:3820",
                                      "unix:",
                                      "tcp:239.0.0.1:1",
                                      "udp:239.3.8.2",
                                      "udp:239.3.8.2:0",
                                      "udp:239.3.8.2:65536",
                                      "udp:239.3.8.2:1x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(radio_address_parse(bad[i], &address, error), HOST_ERR_URL);
        assert_non_null(strstr(error, "expected udp:GROUP:PORT"));
    }
}

/* Without anything in the way a burst comes as it was sent, when it is over and not before. */
static void test_clear(void **state)
{
    (void)state;
    double rssi_dbm = 0, other_dbm = 0;
    radio_channel_init(&channel, &radio_channel_usual);
    struct radio_burst burst = burst_of(1, 1000000);
    const int64_t end_us = 1000000 + burst.n_chips * RADIO_CHIP_US;
    radio_channel_burst(&channel, &burst);
    assert_int_equal(receive_all(end_us - 1, &rssi_dbm), 0);
    assert_int_equal(receive_all(end_us, &rssi_dbm), 1);
    assert_int_equal(receive_all(end_us, &other_dbm), 0);
    assert_true(rssi_dbm <= -40.0 && rssi_dbm >= -83.0);
    /* The same place, another burst: within the fading; another sender elsewhere. */
    burst.begin_us = 3000000;
    radio_channel_burst(&channel, &burst);
    assert_int_equal(receive_all(9000000, &other_dbm), 1);
    assert_true(other_dbm - rssi_dbm < 3.0 && rssi_dbm - other_dbm < 3.0);
}

/* Share of bursts that get through, and the same again with the same seed. */
static unsigned through(const struct radio_channel_setup *setup, unsigned n_bursts)
{
    unsigned n = 0;
    double rssi_dbm;
    radio_channel_init(&channel, setup);
    for (unsigned i = 0; i < n_bursts; i++) {
        const struct radio_burst burst = burst_of(i % 10u, (int64_t)i * 100000);
        radio_channel_burst(&channel, &burst);
        n += receive_all((int64_t)i * 100000 + 99999, &rssi_dbm);
    }
    return n;
}

static void test_chance(void **state)
{
    (void)state;
    struct radio_channel_setup setup = radio_channel_usual;
    assert_int_equal(through(&setup, 500), 500);
    assert_true(radio_channel_take(&setup, "loss=0.25"));
    const unsigned kept = through(&setup, 2000);
    assert_in_range(kept, 1420, 1580);
    assert_int_equal(through(&setup, 2000), kept);
    assert_true(radio_channel_take(&setup, "seed=99"));
    assert_int_not_equal(through(&setup, 2000), kept);
    /* About 370 chips count: (1 - 0.002)^370 = 48 %. */
    setup = radio_channel_usual;
    assert_true(radio_channel_take(&setup, "errors=0.002"));
    assert_in_range(through(&setup, 2000), 800, 1120);
    /* Noise as loud as the loudest sender: nothing. */
    setup = radio_channel_usual;
    assert_true(radio_channel_take(&setup, "noise=-40"));
    assert_int_equal(through(&setup, 200), 0);
    static const char *const bad[] = {"loss=2",   "errors=x", "seed=",     "seed=1x",
                                      "louder=1", "loss=",    "noise=nan", "capture=-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(radio_channel_take(&setup, bad[i]));
    }
}

/* Two at a time: with levels 20 dB apart the stronger one, with equal levels neither. */
static void test_overlap(void **state)
{
    (void)state;
    double rssi_dbm;
    for (unsigned i = 0; i < 200; i++) {
        struct radio_burst weak = burst_of(5, 1000000 + i * 1000000),
                           strong = burst_of(5, weak.begin_us + 10 * (int64_t)(i % 250u));
        strong.power_dbm = 30;
        radio_channel_init(&channel, &radio_channel_usual);
        radio_channel_burst(&channel, &strong); /* out of order is no matter */
        radio_channel_burst(&channel, &weak);
        assert_int_equal(receive_all(weak.begin_us + 900000, &rssi_dbm), 1);
        assert_int_equal(channel.n_overlapped, 1);
        strong.power_dbm = 10;
        radio_channel_init(&channel, &radio_channel_usual);
        radio_channel_burst(&channel, &weak);
        radio_channel_burst(&channel, &strong);
        assert_int_equal(receive_all(weak.begin_us + 900000, &rssi_dbm), 0);
        assert_int_equal(channel.n_overlapped, 2);
    }
}

/* Meters that know nothing of each other: what gets through without capture is the e^-2G of ALOHA.
 */
static void test_aloha(void **state)
{
    (void)state;
    struct radio_channel_setup setup = radio_channel_usual;
    setup.capture_db = 60.0;
    uint64_t random = 42;
    double rssi_dbm;
    unsigned n_sent = 0, n_through = 0;
    radio_channel_init(&channel, &setup);
    const struct radio_burst one = burst_of(1, 0);
    const int64_t length_us = one.n_chips * RADIO_CHIP_US;
    const int64_t step_us = length_us / 20; /* G = 0.25: a burst begins in every 80th step */
    for (int64_t now_us = 1; n_sent < 4000; now_us += step_us) {
        if (test_random(&random) % 80u == 0) {
            const struct radio_burst burst = burst_of(n_sent % 50u, now_us);
            radio_channel_burst(&channel, &burst);
            n_sent++;
        }
        n_through += receive_all(now_us - step_us, &rssi_dbm);
    }
    const double share = (double)n_through / n_sent; /* e^-0.5 = 0.607 */
    assert_true(share > 0.56 && share < 0.66);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datagram), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_clear),    cmocka_unit_test(test_chance),
        cmocka_unit_test(test_overlap),  cmocka_unit_test(test_aloha),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
