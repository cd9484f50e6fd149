/**
 * Wireless M-Bus telegrams: link layer, extended link layer (ELL), authentication layer (AFL),
 * transport layer (TPL), and their ciphers (EN 13757-4, -7; OMS volume 2).
 *
 * Read: any meter's telegram, deciphered in place with its key, down to its records
 * (mbus_record_next).  Nothing is shown unless what protects it fits: payload CRC of the ELL, the
 * 2F 2F of mode 5, the MAC of mode 7.  Built: the same kinds.  Never the same counter twice is the
 * sender's to see to (wmbus_sender.h).
 */
#ifndef OPEN382_WMBUS_TELEGRAM_H
#define OPEN382_WMBUS_TELEGRAM_H

#include "../common/crypto_port.h"
#include "../mbus/mbus_record.h"
#include "wmbus_frame.h"

#define WMBUS_KEY_OCTETS 16u
#define WMBUS_MAC_OCTETS 8u

/** The key does not fit this telegram; behind the errors of mbus_frame.h. */
#define WMBUS_ERR_KEY (-16)
/** A compact frame of a format that is not known yet. */
#define WMBUS_ERR_COMPACT (-17)

const char *wmbus_err_text(int err);

/** A meter's key made ready for both directions.  See crypto_port.h: never moved. */
struct wmbus_key {
    struct crypto_key encrypt, decrypt;
};

int wmbus_key_set(const struct crypto_port *port, struct wmbus_key *key,
                  const uint8_t bytes[WMBUS_KEY_OCTETS]);
void wmbus_key_drop(const struct crypto_port *port, struct wmbus_key *key);

enum wmbus_control {
    WMBUS_SND_NR = 0x44, /**< data, no answer wanted */
    WMBUS_SND_IR = 0x46, /**< installation */
    WMBUS_ACC_NR = 0x47,
    WMBUS_ACC_DMD = 0x48,
    WMBUS_RSP_UD = 0x08
};

/** Communication control of the ELL. */
enum wmbus_cc {
    WMBUS_CC_BIDIRECTIONAL = 0x80,
    WMBUS_CC_DELAY = 0x40,
    WMBUS_CC_SYNCHRONOUS = 0x20,
    WMBUS_CC_HOP = 0x10,
    WMBUS_CC_PRIORITY = 0x08,
    WMBUS_CC_ACCESSIBLE = 0x04,
    WMBUS_CC_REPEATED = 0x02
};

enum wmbus_security {
    WMBUS_PLAIN,
    WMBUS_ELL_CTR, /**< AES-128-CTR of the extended link layer */
    WMBUS_MODE_5,  /**< AES-128-CBC, IV from address and access number */
    WMBUS_MODE_7   /**< AES-128-CBC with a key of the message, CMAC */
};

struct wmbus_telegram {
    uint8_t control;
    struct mbus_identity sender; /**< of the link layer */
    bool has_ell;
    uint8_t ell_ci, cc, ell_access; /**< 8C .. 8F */
    uint32_t session;               /**< 8D, 8F: number with the cipher in its upper bits */
    bool has_afl;
    uint32_t message_counter;  /**< of the AFL */
    const uint8_t *mac;        /**< of the AFL, or NULL */
    uint8_t ci;                /**< transport layer */
    struct mbus_header header; /**< of it; identity only with CI 72, 73 */
    uint8_t security;          /**< enum wmbus_security, what it came in */
    bool is_compact;
    uint16_t format_signature, full_crc; /**< of a compact frame */
    const uint8_t *records;              /**< plain; of a compact frame values alone */
    size_t n_records;
};

/**
 * Take a telegram apart and decipher it in place.
 * @param key NULL: none
 * @return MBUS_OK; MBUS_ERR_LENGTH, MBUS_ERR_FORMAT (a layer that is not known), MBUS_ERR_CIPHERED
 *         (no key), WMBUS_ERR_KEY.  After the last two *out is filled up to what is encrypted.
 */
int wmbus_telegram_open(const struct crypto_port *port, const struct wmbus_key *key,
                        uint8_t *octets, size_t n_octets, struct wmbus_telegram *out);

/* --- compact frames --- */

/** DIBs and VIBs of the records in a row: what a compact frame leaves out. */
struct wmbus_record_format {
    uint8_t n_octets;
    uint8_t octets[96];
};

/** Learn it from the records of a full frame.  @return false: they do not fit, or vary in length.
 */
bool wmbus_format_learn(const uint8_t *records, size_t n_records,
                        struct wmbus_record_format *format);
/** What a compact frame names it by. */
uint16_t wmbus_format_signature(const struct wmbus_record_format *format);
/** Those of the maker's electricity meters: A+, A-, P+, P-. */
extern const struct wmbus_record_format wmbus_format_omnipower;
/**
 * Make the records of a compact frame whole, checked by the full frame's checksum.
 * @return octets written; WMBUS_ERR_COMPACT (another format, or the checksum differs),
 *         MBUS_ERR_SPACE.
 */
int wmbus_compact_expand(const struct wmbus_telegram *telegram,
                         const struct wmbus_record_format *format, uint8_t *records,
                         size_t capacity);
/** Records to what a compact frame carries behind its CI: signature, checksum, values. */
bool wmbus_compact_make(const uint8_t *records, size_t n_records, struct writer *out);

/* --- building --- */

/** What goes into a telegram; what a kind does not need is not read. */
struct wmbus_message {
    struct mbus_identity sender;
    uint8_t control;       /**< enum wmbus_control */
    uint8_t security;      /**< enum wmbus_security */
    bool has_ell;          /**< 8C before the transport layer (modes 5, 7 and plain) */
    bool long_header;      /**< transport layer 72 instead of 7A */
    uint8_t cc;            /**< of the ELL */
    uint8_t access_number; /**< of ELL and transport layer alike */
    uint8_t status;
    uint32_t session;         /**< WMBUS_ELL_CTR: whole, with the cipher in its upper bits */
    uint32_t message_counter; /**< WMBUS_MODE_7 */
    bool compact;             /**< WMBUS_ELL_CTR: CI 79 instead of 78 */
    uint16_t configuration;   /**< further bits of the configuration field: 15 bidirectional, 14
                                 accessible, 13 synchronous */
    const uint8_t *records;
    size_t n_records;
};

/** @return octets of the telegram; MBUS_ERR_SPACE, MBUS_ERR_CIPHERED (no key), MBUS_ERR_LENGTH. */
int wmbus_telegram_build(const struct crypto_port *port, const struct wmbus_key *key,
                         const struct wmbus_message *message, uint8_t *octets, size_t capacity);

#endif
