/* DLMS in one process with HLS 5 and authenticated encryption: client ciphers, server serves,
 * client deciphers; no line. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ports/crypto/openssl/crypto_openssl.h"
#include "tests/crypto/secure_pair.h"

#define READS  400000u
#define LOGINS 50000u
#define ROWS   100000u

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void reads(struct secure_pair *pair)
{
    const struct dlms_object *energy = &dlms_meter_objects[9];
    bool good = secure_pair_associate(pair);
    const double start_s = now_s();
    for (unsigned i = 0; i < READS; i++) {
        struct dlms_response response;
        const struct dlms_span answer =
            secure_pair_ask(pair, DLMS_WRAP_GLO, secure_pair_get(pair, energy));
        good = good && answer.bytes != NULL &&
               dlms_response_read(answer.bytes, answer.n_bytes, &response) == DLMS_OK &&
               response.has_data;
    }
    printf("%-40s %.2f us%s\n", "DLMS GET in process, HLS 5, ciphered",
           (now_s() - start_s) / READS * 1e6, good ? "" : "  FAILED");
}

static void rows(struct secure_pair *pair)
{
    const struct dlms_object *profile = &dlms_meter_objects[8];
    struct dlms_response response = {.block = {.last = false}};
    pair->meter.n_rows = ROWS;
    bool good = secure_pair_associate(pair);
    size_t n = secure_pair_get(pair, profile);
    const double start_s = now_s();
    while (good && !response.block.last) {
        const struct dlms_span answer = secure_pair_ask(pair, DLMS_WRAP_GLO, n);
        good = answer.bytes != NULL &&
               dlms_response_read(answer.bytes, answer.n_bytes, &response) == DLMS_OK &&
               response.block.raw != NULL;
        struct writer w = writer_over(pair->request + SECURE_BEFORE, 64);
        dlms_get_next_write(&w, 0xC1, response.block.number);
        n = writer_length(&w);
    }
    printf("%-40s %.2f million rows/s%s\n", "DLMS profile of two columns, ciphered",
           ROWS / (now_s() - start_s) * 1e-6, good ? "" : "  FAILED");
}

static void logins(struct secure_pair *pair)
{
    bool good = true;
    const double start_s = now_s();
    for (unsigned i = 0; i < LOGINS; i++) {
        good = good && secure_pair_associate(pair);
    }
    printf("%-40s %.0f /s%s\n", "DLMS associations with HLS 5 in process",
           LOGINS / (now_s() - start_s), good ? "" : "  FAILED");
}

int main(void)
{
    static struct secure_pair pair;
    struct crypto_port port;
    if (crypto_openssl(&port) != 0) {
        return 1;
    }
    secure_pair_begin(&pair, &port, 0);
    reads(&pair);
    rows(&pair);
    logins(&pair);
    secure_pair_end(&pair);
    return 0;
}
