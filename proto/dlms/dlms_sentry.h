/**
 * Ciphering and high-level security of one server association: the struct dlms_guard of the server
 * engine (dlms_model.h), made of dlms_cipher and dlms_hls.
 *
 * One struct dlms_sentry beside each struct dlms_server; keys and counters behind it are shared.
 * Use: dlms_sentry_init(), dlms_sentry_hooks(), and the hooks into the server's configuration;
 * dlms_server_disconnect() at the end leaves no key in it.
 */
#ifndef OPEN382_DLMS_SENTRY_H
#define OPEN382_DLMS_SENTRY_H

#include "dlms_hls.h"
#include "dlms_model.h"

/** What a sentry asks of the application.  Members may be NULL. */
struct dlms_sentry_source {
    void *context;
    /** An association is about to begin: keys that were changed in an earlier one come in force. */
    void (*begins)(void *context);
    /** The secret of HLS 2, 3, 4 and 6 for the session's client.  @return false: none */
    bool (*secret)(void *context, const struct dlms_session *session, struct dlms_octets *secret);
    /** A ciphered message or a proof was refused; for counting and logging. */
    void (*refused)(void *context, enum dlms_cipher_err err);
    const uint8_t *private_key, *peer_public_key; /**< HLS 7 */
};

struct dlms_sentry {
    struct dlms_cipher cipher;
    const struct dlms_sentry_source *source;
    struct dlms_seal came; /**< how the last request was protected */
    uint8_t n_dedicated;   /**< the session's dedicated key, to see when it changes */
    uint8_t dedicated[DLMS_DEDICATED_KEY_MAX];
};

/** keys, own counter and peers as in dlms_cipher_init(); all are kept by reference. */
void dlms_sentry_init(struct dlms_sentry *sentry, const struct dlms_sentry_source *source,
                      struct dlms_keys *keys, struct dlms_own_counter *own,
                      struct dlms_peer_counter *peer_unicast,
                      struct dlms_peer_counter *peer_broadcast,
                      const uint8_t own_title[DLMS_TITLE_BYTES]);

/** The hooks of this sentry, for struct dlms_server_config. */
void dlms_sentry_hooks(struct dlms_sentry *sentry, struct dlms_guard *hooks);

/** Forget the association and its key; the server does it when an association ends. */
void dlms_sentry_end(struct dlms_sentry *sentry);

#endif
