/** What protecting and opening share.  Internal to dlms_cipher*.c. */
#ifndef OPEN382_DLMS_CIPHER_PART_H
#define OPEN382_DLMS_CIPHER_PART_H

#include "dlms_cipher.h"

#define SC_BYTES      1u
#define COUNTER_BYTES 4u
#define HEADER_BYTES  (SC_BYTES + COUNTER_BYTES) /* security header */
#define DATE_BYTES    12u

enum tag { TAG_GENERAL_GLO = 0xDB, TAG_GENERAL_DED = 0xDC, TAG_GENERAL = 0xDD };

#define DLMS_SERVICES 16u /* services with a ciphered form of their own */

/** The row of services that has `tag` in a column; DLMS_SERVICES: none. */
size_t dlms_cipher_service(uint8_t tag, enum dlms_wrapping column);
/** The first byte of a service in clear (DLMS_WRAP_NONE), under the global or the dedicated key. */
uint8_t dlms_cipher_tag(size_t row, enum dlms_wrapping column);
/** What the first byte of a message says. */
enum dlms_wrapping dlms_cipher_wrapping(uint8_t tag);

bool dlms_seal_is_dedicated(const struct dlms_seal *how);
bool dlms_seal_is_broadcast(const struct dlms_seal *how);
/** The key that a message names.  @return NULL: there is none of that kind. */
const struct crypto_key *dlms_cipher_key(const struct dlms_cipher *cipher,
                                         const struct dlms_seal *how);
/** Can these keys serve a message with that control byte? */
enum dlms_cipher_err dlms_cipher_control(const struct dlms_cipher *cipher,
                                         const struct dlms_seal *how);

#define AAD_PIECES 3u

/** What GCM is given besides the bytes to encrypt. */
struct dlms_gcm_input {
    struct crypto_gcm message;
    struct crypto_piece pieces[AAD_PIECES];
    uint8_t control_and_key[SC_BYTES + CRYPTO_KEY_MAX_BYTES];
};

/** title: of the sender. */
void dlms_gcm_prepare(struct dlms_gcm_input *input, const struct dlms_cipher *cipher,
                      const struct dlms_seal *how, const uint8_t *title);
/** More that is authenticated. */
void dlms_gcm_more(struct dlms_gcm_input *input, const void *bytes, size_t n_bytes);

#endif
