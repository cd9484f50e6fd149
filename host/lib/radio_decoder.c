#include "radio_decoder.h"

#include <string.h>

#include "../../ports/crypto/openssl/crypto_openssl.h"

void radio_decoder_init(struct radio_decoder *decoder, const struct key_file *keys)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->keys = keys;
    decoder->has_crypto = crypto_openssl(&decoder->port) == 0;
    decoder->format[0] = wmbus_format_omnipower;
    decoder->n_formats = decoder->next_format = 1;
}

const char *radio_security_text(uint8_t security)
{
    static const char *const texts[] = {"not encrypted", "AES-CTR", "mode 5", "mode 7"};
    return texts[security & 3u];
}

/* Its number says whose key it is; a number inside the transport layer comes first. */
static const uint8_t *key_of(const struct key_file *keys, const struct wmbus_telegram *telegram)
{
    const uint8_t *key = NULL;
    if (telegram->header.has_identity) {
        key = key_file_radio(keys, telegram->header.identity.id_raw);
    }
    return key != NULL ? key : key_file_radio(keys, telegram->sender.id_raw);
}

static int open_layers(const struct radio_decoder *decoder, uint8_t *octets, size_t n_octets,
                       struct radio_telegram *out)
{
    struct wmbus_key key = {0};
    if (!decoder->has_crypto) {
        return MBUS_ERR_CIPHERED;
    }
    int result = wmbus_telegram_open(&decoder->port, NULL, octets, n_octets, &out->head);
    if (result != MBUS_ERR_CIPHERED) {
        return result;
    }
    const uint8_t *bytes = key_of(decoder->keys, &out->head);
    out->wants_key = bytes == NULL;
    if (bytes != NULL) {
        result = wmbus_key_set(&decoder->port, &key, bytes) == 0
                     ? wmbus_telegram_open(&decoder->port, &key, octets, n_octets, &out->head)
                     : WMBUS_ERR_KEY;
        wmbus_key_drop(&decoder->port, &key);
    }
    return result;
}

static void learn(struct radio_decoder *decoder, const struct wmbus_telegram *telegram)
{
    struct wmbus_record_format format;
    if (!wmbus_format_learn(telegram->records, telegram->n_records, &format)) {
        return;
    }
    const uint16_t signature = wmbus_format_signature(&format);
    for (size_t i = 0; i < decoder->n_formats; i++) {
        if (wmbus_format_signature(&decoder->format[i]) == signature) {
            return;
        }
    }
    decoder->format[decoder->next_format] = format;
    if (decoder->n_formats < RADIO_FORMATS) {
        decoder->n_formats++;
    }
    /* The first one, of the maker's electricity meters, stays. */
    decoder->next_format =
        decoder->next_format + 1u < RADIO_FORMATS ? decoder->next_format + 1u : 1;
}

static int expand(const struct radio_decoder *decoder, struct radio_telegram *out)
{
    int n = WMBUS_ERR_COMPACT;
    for (size_t i = 0; i < decoder->n_formats && n < 0; i++) {
        n = wmbus_compact_expand(&out->head, &decoder->format[i], out->whole, sizeof out->whole);
    }
    out->records = reader_over(out->whole, n > 0 ? (size_t)n : 0);
    return n < 0 ? n : MBUS_OK;
}

int radio_decoder_open(struct radio_decoder *decoder, uint8_t *octets, size_t n_octets,
                       struct radio_telegram *out)
{
    memset(out, 0, sizeof *out);
    const int result = open_layers(decoder, octets, n_octets, out);
    out->sender = out->head.header.has_identity ? &out->head.header.identity : &out->head.sender;
    out->records = reader_over(out->whole, 0);
    if (result != MBUS_OK) {
        return result;
    }
    if (out->head.is_compact) {
        return expand(decoder, out);
    }
    out->records = reader_over(out->head.records, out->head.n_records);
    learn(decoder, &out->head);
    return MBUS_OK;
}
