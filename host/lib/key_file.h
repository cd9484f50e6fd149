/**
 * A meter's secrets, from a file that nobody else can read or from the environment: the same for
 * meter382 and metertool.  Never from the command line, which every process can see, and never
 * printed.  What a file looks like: docs/keys.md.
 */
#ifndef OPEN382_KEY_FILE_H
#define OPEN382_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../proto/common/crypto_port.h"
#include "../../proto/dlms/dlms_cipher.h"
#include "host_err.h"

#define KEY_FILE_ENVIRONMENT "OPEN382_KEYS" /**< a path, or the text of a file itself */
#define KEY_FILE_PASSWORDS   8u
#define KEY_FILE_SECRET_MAX  64u
#define KEY_FILE_ERROR_MAX   320u

/** Password (LLS) or secret (HLS 2, 3, 4, 6) of one client. */
struct key_file_secret {
    uint16_t client; /**< SAP */
    uint8_t n_bytes; /**< 1 .. KEY_FILE_SECRET_MAX */
    uint8_t bytes[KEY_FILE_SECRET_MAX];
};

#define KEY_FILE_RADIOS 64u

/** Key of a wireless M-Bus meter. */
struct key_file_radio {
    uint32_t id_raw; /**< its number, eight digits as BCD */
    uint8_t key[16];
};

/** Every member is optional. */
struct key_file {
    uint8_t suite; /**< 0, 1 or 2; not said: by the length of the keys, 0 or 2 */
    size_t n_key;  /**< bytes of the keys, 16 or 32; 0: none given */
    bool has[DLMS_KEY_IDS];
    uint8_t key[DLMS_KEY_IDS][CRYPTO_KEY_MAX_BYTES];
    struct key_file_secret lls[KEY_FILE_PASSWORDS], hls[KEY_FILE_PASSWORDS];
    size_t n_lls, n_hls;
    size_t n_sign, n_verify; /**< HLS 7: own private key, the other side's public key; 0: none */
    uint8_t sign[CRYPTO_SCALAR_MAX], verify[CRYPTO_POINT_MAX];
    struct key_file_radio radio[KEY_FILE_RADIOS];
    size_t n_radio;
};

/**
 * Read the secrets.
 * @param path   a file, mode 0600 or less; NULL: what KEY_FILE_ENVIRONMENT says, and nothing at all
 *               when it is not set
 * @param error  one line that names the file, the member and what was expected; never a secret
 * @return HOST_OK; HOST_ERR_OPEN: no such file, or others can read it; HOST_ERR_PROTOCOL: not what
 *         a file may hold.  On an error nothing is left in *keys.
 */
enum host_err key_file_read(struct key_file *keys, const char *path,
                            char error[KEY_FILE_ERROR_MAX]);

/** @return NULL: none for this client */
const struct key_file_secret *key_file_lls(const struct key_file *keys, uint16_t client);
const struct key_file_secret *key_file_hls(const struct key_file *keys, uint16_t client);

/** Key of the radio meter with this number.  @return NULL: none */
const uint8_t *key_file_radio(const struct key_file *keys, uint32_t id_raw);

/** Leave nothing of them. */
void key_file_wipe(struct key_file *keys);

#endif
