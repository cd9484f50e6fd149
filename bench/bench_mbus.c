/* M-Bus: the read-out of a 382 to records, and to JSON; radio telegrams deciphered. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ports/crypto/openssl/crypto_openssl.h"
#include "proto/mbus/mbus_text.h"
#include "proto/wmbus/wmbus_telegram.h"

#define ROUNDS 2000000u

/* The read-out of a real 382 with module 6850-005 (rscada/libmbus test/test-frames). */
static const uint8_t read_out[] = {
    0x68, 0x46, 0x46, 0x68, 0x08, 0x78, 0x72, 0x20, 0x91, 0x83, 0x14, 0x2D, 0x2C, 0x01, 0x02, 0x04,
    0x00, 0x00, 0x00, 0x04, 0x06, 0x00, 0x00, 0x00, 0x00, 0x04, 0x22, 0x09, 0x00, 0x00, 0x00, 0x04,
    0x2B, 0x00, 0x00, 0x00, 0x00, 0x14, 0x2B, 0x00, 0x00, 0x00, 0x00, 0x84, 0x50, 0x06, 0x00, 0x00,
    0x00, 0x00, 0x84, 0x60, 0x06, 0x00, 0x00, 0x00, 0x00, 0x0F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x24, 0x16};

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static unsigned to_records(void)
{
    struct mbus_frame frame;
    struct mbus_header header;
    struct mbus_record record;
    unsigned n_records = 0;
    if (mbus_frame_decode(read_out, sizeof read_out, &frame) < 0) {
        return 0;
    }
    struct reader r = reader_over(frame.data, frame.n_data);
    if (mbus_header_read(frame.ci, &r, &header) != MBUS_OK) {
        return 0;
    }
    while (mbus_record_next(&r, &record) == 1) {
        n_records += record.kind != MBUS_VALUE_NONE;
    }
    return n_records;
}

static unsigned to_json(void)
{
    static char text[4096];
    struct mbus_frame frame;
    struct writer w = writer_over(text, sizeof text);
    if (mbus_frame_decode(read_out, sizeof read_out, &frame) < 0 ||
        mbus_json_frame(&w, &frame) != MBUS_OK) {
        return 0;
    }
    return (unsigned)writer_length(&w);
}

/* Telegrams of one meter, its key made ready: CTR with the values of A+, A-, P+, P-; mode 5. */
static const struct {
    const char *name;
    uint8_t n_octets;
    uint8_t octets[48];
} telegrams[] = {
    {"AES-CTR", 46, {0x2D, 0x44, 0x2D, 0x2C, 0x20, 0x91, 0x83, 0x14, 0x30, 0x02, 0x8D, 0x20,
                     0x2A, 0x61, 0xDD, 0x03, 0x20, 0x22, 0x5F, 0xFE, 0x11, 0xC2, 0x44, 0x03,
                     0x6B, 0x35, 0xF8, 0xC3, 0x86, 0x34, 0x8D, 0x53, 0xDD, 0x33, 0x7B, 0xBC,
                     0x28, 0x08, 0xF8, 0x1C, 0x5B, 0xD6, 0x66, 0x08, 0x06, 0xDE}},
    {"mode 5 ", 47, {0x2E, 0x44, 0x2D, 0x2C, 0x20, 0x91, 0x83, 0x14, 0x30, 0x02, 0x7A, 0x2A,
                     0x00, 0x20, 0x25, 0x45, 0x41, 0xEC, 0xF5, 0xBF, 0x63, 0xFC, 0xF6, 0xB1,
                     0x18, 0x3C, 0x23, 0x26, 0x1E, 0x70, 0x60, 0xBB, 0xD1, 0xD9, 0xBE, 0x02,
                     0x0D, 0x89, 0xC8, 0xD0, 0xD9, 0xAF, 0x3D, 0xB1, 0x8B, 0x3A, 0x70}},
};

static unsigned open_one(const struct crypto_port *port, const struct wmbus_key *key,
                         const uint8_t *sent, size_t n_octets)
{
    uint8_t octets[sizeof telegrams[0].octets];
    struct wmbus_telegram telegram;
    struct mbus_record record;
    unsigned n_records = 0;
    memcpy(octets, sent, sizeof octets);
    if (wmbus_telegram_open(port, key, octets, n_octets, &telegram) == MBUS_OK) {
        struct reader r = reader_over(telegram.records, telegram.n_records);
        while (mbus_record_next(&r, &record) == 1) {
            n_records++;
        }
    }
    return n_records;
}

static void run_radio(void)
{
    struct crypto_port port;
    static struct wmbus_key key;
    static const uint8_t bytes[WMBUS_KEY_OCTETS] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
    if (crypto_openssl(&port) != 0 || wmbus_key_set(&port, &key, bytes) != 0) {
        return;
    }
    for (size_t i = 0; i < sizeof telegrams / sizeof telegrams[0]; i++) {
        unsigned long n_records = 0;
        double start_s = now_s();
        for (unsigned round = 0; round < ROUNDS; round++) {
            n_records += open_one(&port, &key, telegrams[i].octets, telegrams[i].n_octets);
        }
        double each_ns = (now_s() - start_s) * 1e9 / ROUNDS;
        printf("wireless M-Bus, %s, to records %6.0f ns  %5.2f million/s  (%lu records)\n",
               telegrams[i].name, each_ns, 1e3 / each_ns, n_records / ROUNDS);
    }
    wmbus_key_drop(&port, &key);
}

static void run(const char *what, unsigned (*once)(void), const char *of_what)
{
    unsigned long total = 0;
    double start_s = now_s();
    for (unsigned round = 0; round < ROUNDS; round++) {
        total += once();
    }
    double each_ns = (now_s() - start_s) * 1e9 / ROUNDS;
    printf("M-Bus read-out of a 382 to %s %6.0f ns  %5.2f million/s  (%lu %s)\n", what, each_ns,
           1e3 / each_ns, total / ROUNDS, of_what);
}

int main(void)
{
    run("records", to_records, "records");
    run("JSON   ", to_json, "characters");
    run_radio();
    return 0;
}
