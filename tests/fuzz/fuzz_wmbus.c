/* Radio telegrams, as sent and as logged: no crash, whatever comes. */
#include <string.h>

#include "ports/crypto/portable/crypto_portable.h"
#include "proto/wmbus/wmbus_telegram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_telegram(const struct crypto_port *port, const struct wmbus_key *key,
                          const uint8_t *data, size_t size)
{
    uint8_t octets[WMBUS_TELEGRAM_MAX], whole[WMBUS_TELEGRAM_MAX];
    struct wmbus_telegram telegram;
    struct mbus_record record;
    if (size > sizeof octets || size == 0) {
        return;
    }
    memcpy(octets, data, size);
    octets[0] = (uint8_t)(size - 1u);
    if (wmbus_telegram_open(port, key, octets, size, &telegram) != MBUS_OK) {
        return;
    }
    struct reader r = reader_over(telegram.records, telegram.n_records);
    while (mbus_record_next(&r, &record) == 1) {
    }
    struct wmbus_record_format format;
    (void)wmbus_compact_expand(&telegram, &wmbus_format_omnipower, whole, sizeof whole);
    if (wmbus_format_learn(telegram.records, telegram.n_records, &format)) {
        (void)wmbus_format_signature(&format);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t bytes[WMBUS_KEY_OCTETS] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
    struct crypto_port port;
    struct wmbus_key key = {0};
    uint8_t telegram[WMBUS_TELEGRAM_MAX];
    enum wmbus_mode mode;
    enum wmbus_format format;
    crypto_portable(&port, NULL, NULL);
    if (wmbus_key_set(&port, &key, bytes) != 0) {
        return 0;
    }
    (void)wmbus_receive(data, size, &mode, &format, telegram);
    open_telegram(&port, &key, data, size);
    open_telegram(&port, NULL, data, size);
    wmbus_key_drop(&port, &key);
    return 0;
}
