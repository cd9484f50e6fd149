/**
 * Radio telegrams of any meter to records: keys from a key file, formats of compact frames learnt
 * from the full frames that came before.
 */
#ifndef OPEN382_HOST_RADIO_DECODER_H
#define OPEN382_HOST_RADIO_DECODER_H

#include "../../proto/wmbus/wmbus_telegram.h"
#include "key_file.h"

#define RADIO_FORMATS 64u /**< of compact frames; the oldest one learnt makes room */

struct radio_decoder {
    struct crypto_port port;
    bool has_crypto;
    const struct key_file *keys;
    size_t n_formats, next_format;
    struct wmbus_record_format format[RADIO_FORMATS];
};

/** The keys stay where they are. */
void radio_decoder_init(struct radio_decoder *decoder, const struct key_file *keys);

struct radio_telegram {
    struct wmbus_telegram head;
    const struct mbus_identity *sender; /**< of the transport layer, else of the link layer */
    bool wants_key;                     /**< encrypted, and there is no key for it */
    struct reader records;              /**< for mbus_record_next; empty after an error */
    uint8_t whole[WMBUS_TELEGRAM_MAX];  /**< records of a compact frame, made whole */
};

/**
 * Take a telegram apart, deciphered in place.
 * @return MBUS_OK; what wmbus_telegram_open() and wmbus_compact_expand() say.  *out is filled as
 *         far as the telegram can be understood; after MBUS_ERR_LENGTH and MBUS_ERR_FORMAT its head
 *         only when head.sender.manufacturer is not 0.
 */
int radio_decoder_open(struct radio_decoder *decoder, uint8_t *octets, size_t n_octets,
                       struct radio_telegram *out);

/** "not encrypted", "AES-CTR", "mode 5", "mode 7" */
const char *radio_security_text(uint8_t security);

#endif
