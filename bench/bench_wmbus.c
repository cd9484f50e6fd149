/* Wireless M-Bus from chips to telegrams, bursts apart by 100 chips of noise; and what gets through
 * where many meters share the air.  bench_wmbus */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/lib/radio_channel.h"

#define ROUNDS     400000u
#define NOISE      100u
#define METERS     500u
#define INTERVAL_S 16
#define HOURS      2

static const uint8_t telegram[] = {0x27, 0x44, 0x2D, 0x2C, 0x57, 0x68, 0x66, 0x32, 0x30, 0x02,
                                   0x8D, 0x20, 0x2E, 0x21, 0x87, 0x03, 0x20, 0xD3, 0xA4, 0xF1,
                                   0x49, 0xB1, 0xB8, 0xF5, 0x78, 0x3D, 0xF7, 0x43, 0x4B, 0x8A,
                                   0x66, 0xA5, 0x57, 0x86, 0x49, 0x9A, 0xBE, 0x7B, 0xAB, 0x59};

static uint64_t state = 382;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void run_receiver(enum wmbus_mode mode, enum wmbus_format format)
{
    static uint8_t stream[(WMBUS_CHIPS_OCTETS * 8u + NOISE) * 16u]; /* a chip an octet, 16 bursts */
    uint8_t chips[WMBUS_CHIPS_OCTETS];
    struct wmbus_receiver receiver;
    struct wmbus_heard heard;
    size_t n_chips = 0, n_stream = 0;
    (void)wmbus_chips(mode, format, telegram, sizeof telegram, chips, &n_chips);
    for (unsigned burst = 0; burst < 16u; burst++) {
        for (unsigned i = 0; i < NOISE; i++) {
            stream[n_stream++] = (uint8_t)(draw() >> 63);
        }
        for (size_t i = 0; i < n_chips; i++) {
            stream[n_stream++] = (uint8_t)wmbus_chip_of(chips, i);
        }
    }
    wmbus_receiver_init(&receiver);
    const double start_s = now_s();
    for (unsigned round = 0; round < ROUNDS / 16u; round++) {
        for (size_t i = 0; i < n_stream; i++) {
            (void)wmbus_receiver_chip(&receiver, stream[i], &heard);
        }
    }
    const double each_s = (now_s() - start_s) / ROUNDS;
    printf("wireless M-Bus, %s from chips and noise %6.0f ns  %5.2f million telegrams/s  (%.1f %% "
           "heard)\n",
           mode == WMBUS_T1 ? "T1" : "C1", each_s * 1e9, 1e-6 / each_s,
           100.0 * receiver.n_telegrams / ROUNDS);
}

static void count(void *context, const struct wmbus_heard *heard)
{
    (void)heard;
    ++*(unsigned long *)context;
}

/* Meters around one receiver, each every 16 s at an instant of its own. */
static void run_air(void)
{
    static struct radio_channel channel;
    static struct radio_reception reception;
    struct radio_burst burst = {.power_dbm = 10, .mode = WMBUS_C1};
    struct wmbus_receiver receiver;
    size_t n_chips = 0;
    unsigned long n_heard = 0;
    int64_t now_us = 1, next_us;
    (void)wmbus_chips(WMBUS_C1, WMBUS_FORMAT_B, telegram, sizeof telegram, burst.chips, &n_chips);
    burst.n_chips = (uint16_t)n_chips;
    radio_channel_init(&channel, &radio_channel_usual);
    const int64_t mean_us = INT64_C(1000000) * INTERVAL_S / METERS;
    const double start_s = now_s();
    while (now_us < INT64_C(3600000000) * HOURS) {
        burst.sender = draw() % METERS + 1u;
        burst.begin_us = now_us;
        radio_channel_burst(&channel, &burst);
        now_us += (int64_t)(draw() % (uint64_t)(2 * mean_us));
        while (radio_channel_next(&channel, now_us - 1000, &reception, &next_us)) {
            wmbus_receiver_init(&receiver);
            radio_reception_hear(&reception, &receiver, count, &n_heard);
        }
    }
    const double took_s = now_s() - start_s;
    printf("wireless M-Bus, %u meters every %d s on one frequency: %.1f %% of %lu telegrams heard, "
           "%.0f bursts/s simulated\n",
           METERS, INTERVAL_S, 100.0 * (double)n_heard / (double)channel.n_bursts, channel.n_bursts,
           (double)channel.n_bursts / took_s);
}

int main(void)
{
    run_receiver(WMBUS_T1, WMBUS_FORMAT_A);
    run_receiver(WMBUS_C1, WMBUS_FORMAT_B);
    run_air();
    return 0;
}
