/**
 * Protection and authentication of a client, by the ciphers of this computer (OpenSSL).
 */
#ifndef OPEN382_DLMS_GUARD_H
#define OPEN382_DLMS_GUARD_H

#include "../../proto/dlms/dlms_client.h"
#include "../../proto/dlms/dlms_hls.h"
#include "dlms_counter.h"
#include "dlms_url.h"
#include "key_file.h"

/** Large; never copied or moved once it is set up. */
struct dlms_protector {
    struct crypto_port crypto;
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer, peer_broadcast;
    struct dlms_cipher cipher;
    struct dlms_hls hls;
    struct dlms_counter counter;    /**< of the file; path "": none is used */
    struct dlms_client_guard guard; /**< for the client's settings */
    uint8_t title[8];
    uint8_t suite, protect; /**< enum dlms_protect */
    bool general, dedicated;
    uint8_t dedicated_key[32];
    char error[400]; /**< one line of what went wrong */
};

/**
 * Set up for an address; mechanism and protection as decided there (no "by keys" any more).  keys
 * stay where they are as long as the protector is used.  @return HOST_OK, or an error that
 * protector->error explains.
 */
enum host_err dlms_guard_begin(struct dlms_protector *protector, const struct dlms_url *url,
                               const struct key_file *keys);

/** Forget all keys. */
void dlms_guard_end(struct dlms_protector *protector);

/** Only what comes: for pushes that are protected with these keys. */
enum host_err dlms_guard_listen(struct dlms_protector *protector, uint8_t suite,
                                const struct key_file *keys);

/** Open one protected APDU of whoever says its title (general-glo, general-ciphering).  @return
 *  false: it is not to be used. */
bool dlms_guard_open(struct dlms_protector *protector, struct dlms_bytes *apdu);

#endif
