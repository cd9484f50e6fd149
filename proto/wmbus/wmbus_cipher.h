/**
 * What reading and building telegrams have in common: counter blocks, initial values, keys of one
 * message.
 */
#ifndef OPEN382_WMBUS_CIPHER_H
#define OPEN382_WMBUS_CIPHER_H

#include "wmbus_telegram.h"

#define WMBUS_SESSION_CTR 1u /* upper three bits of a session number */

enum {
    WMBUS_CI_ELL_SHORT = 0x8C,
    WMBUS_CI_ELL_SESSION = 0x8D,
    WMBUS_CI_ELL_ADDRESS = 0x8E,
    WMBUS_CI_ELL_ADDRESS_SESSION = 0x8F,
    WMBUS_CI_AFL = 0x90
};

/* Fragment control of the AFL: MCL, message counter and MAC are there; and the MCL of CMAC with
 * eight octets and the counter. */
#define WMBUS_FCL             0x2C00u
#define WMBUS_MCL             0x25u
#define WMBUS_AFL_OCTETS      15u
#define WMBUS_KEY_DERIVED     0x10u /* third octet of the configuration field in mode 7 */
#define WMBUS_MODE(signature) ((signature) >> 8 & 31u)
#define WMBUS_BLOCKS(sign)    ((sign) >> 4 & 15u)

/** Ciphers from PLCRC to the end, in place, both ways. */
int wmbus_ctr(const struct crypto_port *port, const struct wmbus_key *key,
              const struct mbus_identity *sender, uint8_t cc, uint32_t session, uint8_t *octets,
              size_t n_octets);
/** IV of mode 5. */
void wmbus_mode_5_iv(const struct mbus_identity *sender, uint8_t access_number,
                     uint8_t iv[CRYPTO_BLOCK_BYTES]);

/** Keys of one message of mode 7. */
struct wmbus_message_keys {
    struct crypto_key cipher, mac; /**< cipher: made ready for what use says */
};
int wmbus_derive(const struct crypto_port *port, const struct wmbus_key *key, uint32_t counter,
                 uint32_t id_raw, enum crypto_use use, struct wmbus_message_keys *keys);
void wmbus_derived_drop(const struct crypto_port *port, struct wmbus_message_keys *keys);
/** MAC over MCL, counter and the transport layer from its CI to the end, encrypted. */
int wmbus_mac(const struct crypto_port *port, const struct wmbus_message_keys *keys,
              uint32_t counter, const uint8_t *transport, size_t n_transport,
              uint8_t mac[CRYPTO_BLOCK_BYTES]);

#endif
