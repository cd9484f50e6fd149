/* Chips from anywhere: no crash, no telegram that does not stand its own checksums, and the
 * receiver hears the next good burst whatever came before. */
#include <stdlib.h>
#include <string.h>

#include "host/lib/radio_medium.h"
#include "proto/wmbus/wmbus_receiver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct wmbus_heard *heard)
{
    uint8_t air[WMBUS_AIR_MAX], again[WMBUS_TELEGRAM_MAX];
    const int n = wmbus_air_encode(heard->format, heard->octets, heard->n_octets, air, sizeof air);
    if (n < 0 || wmbus_air_decode(heard->format, air, (size_t)n, again) != (int)heard->n_octets ||
        memcmp(again, heard->octets, heard->n_octets) != 0) {
        abort();
    }
}

static unsigned feed(struct wmbus_receiver *receiver, const uint8_t *chips, size_t n_chips,
                     struct wmbus_heard *heard)
{
    unsigned n_heard = 0;
    for (size_t i = 0; i < n_chips; i++) {
        if (wmbus_receiver_chip(receiver, wmbus_chip_of(chips, i), heard)) {
            check(heard);
            n_heard++;
        }
    }
    return n_heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t telegram[] = {0x0A, 0x44, 0x2D, 0x2C, 0x57, 0x68,
                                       0x66, 0x32, 0x30, 0x02, 0x7A};
    uint8_t chips[WMBUS_CHIPS_OCTETS];
    struct wmbus_receiver receiver;
    struct wmbus_heard heard;
    struct radio_burst burst;
    size_t n_chips;
    (void)radio_burst_decode(data, size, &burst);
    wmbus_receiver_init(&receiver);
    (void)feed(&receiver, data, size * 8u, &heard);
    while (wmbus_receiver_end(&receiver, &heard)) {
        check(&heard);
    }
    if (wmbus_chips(size % 2u == 0 ? WMBUS_T1 : WMBUS_C1, WMBUS_FORMAT_A, telegram, sizeof telegram,
                    chips, &n_chips) != MBUS_OK ||
        feed(&receiver, chips, n_chips, &heard) != 1u || heard.n_octets != sizeof telegram ||
        memcmp(heard.octets, telegram, sizeof telegram) != 0) {
        abort();
    }
    return 0;
}
