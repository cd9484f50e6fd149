#include <string.h>

#include "../common/reader.h"
#include "dlms_cipher_part.h"

static struct dlms_peer_counter *peer_of(struct dlms_cipher *cipher, const struct dlms_seal *how)
{
    return dlms_seal_is_dedicated(how)   ? &cipher->peer_dedicated
           : dlms_seal_is_broadcast(how) ? cipher->peer_broadcast
                                         : cipher->peer_unicast;
}

uint32_t dlms_cipher_expected(const struct dlms_cipher *cipher, const struct dlms_seal *how)
{
    const struct dlms_peer_counter *peer = dlms_seal_is_dedicated(how)   ? &cipher->peer_dedicated
                                           : dlms_seal_is_broadcast(how) ? cipher->peer_broadcast
                                                                         : cipher->peer_unicast;
    const uint64_t lowest = peer != NULL ? peer->lowest : 0;
    return lowest < UINT32_MAX ? (uint32_t)lowest : UINT32_MAX;
}

/* A message with a good tag has this counter: not one that came before, and never again. */
static enum dlms_cipher_err counter_accept(struct dlms_peer_counter *peer,
                                           const struct dlms_seal *how)
{
    const uint64_t next = (uint64_t)how->counter + 1u;
    if (peer == NULL) {
        return DLMS_CIPHER_ERR_KEY;
    }
    if (how->counter < peer->lowest) {
        return DLMS_CIPHER_ERR_COUNTER;
    }
    if ((how->control & DLMS_SC_AUTHENTICATION) == 0) {
        return DLMS_CIPHER_OK;
    }
    if (peer->keep != NULL && next > peer->kept) {
        const uint64_t ahead = next + (DLMS_PEER_AHEAD_MAX - 1u);
        if (peer->keep(peer->context, ahead) != 0) {
            return DLMS_CIPHER_ERR_STORAGE;
        }
        peer->kept = ahead;
    }
    peer->lowest = next;
    return DLMS_CIPHER_OK;
}

/* Open payload, whose tag stands behind it if there is one. */
static enum dlms_cipher_err gcm_unprotect(struct dlms_gcm_input *input,
                                          const struct dlms_cipher *cipher,
                                          const struct dlms_seal *how, const struct crypto_key *key,
                                          const struct dlms_span *payload)
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    const bool encrypted = (how->control & DLMS_SC_ENCRYPTION) != 0;
    uint8_t unused[CRYPTO_TAG_BYTES];
    int result;
    if ((how->control & DLMS_SC_AUTHENTICATION) == 0) {
        /* the key stream is the same both ways */
        result = crypto->gcm_seal(crypto->context, key, &input->message, payload->bytes,
                                  payload->n_bytes, unused);
        return result == 0 ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_CRYPTO;
    }
    if (!encrypted) {
        dlms_gcm_more(input, payload->bytes, payload->n_bytes);
    }
    result = crypto->gcm_open(crypto->context, key, &input->message, payload->bytes,
                              encrypted ? payload->n_bytes : 0, payload->bytes + payload->n_bytes,
                              DLMS_TAG_BYTES);
    crypto_wipe(input->control_and_key, sizeof input->control_and_key);
    return result == 0 ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_TAG;
}

static size_t length_read(struct reader *r)
{
    const uint8_t first = reader_u8(r);
    if (first < 0x80u) {
        return first;
    }
    const unsigned n_bytes = first & 0x7Fu;
    if (n_bytes == 0 || n_bytes > 4u) {
        r->failed = true;
        return 0;
    }
    return (size_t)reader_uint_be(r, n_bytes);
}

static const uint8_t *string_read(struct reader *r, size_t *n_bytes)
{
    *n_bytes = length_read(r);
    return reader_bytes(r, *n_bytes);
}

/* At most `capacity` bytes into `out`. */
static uint8_t string_take(struct reader *r, uint8_t *out, size_t capacity)
{
    size_t n_bytes = 0;
    const uint8_t *bytes = string_read(r, &n_bytes);
    if (bytes == NULL || n_bytes > capacity) {
        r->failed = true;
        return 0;
    }
    memcpy(out, bytes, n_bytes);
    return (uint8_t)n_bytes;
}

/* -- open ------------------------------------------------------------------------------------- */

/* A ciphered message taken apart. */
struct envelope {
    uint8_t tag;              /* first byte */
    const uint8_t *sender;    /* title that stands in it; NULL: none */
    const uint8_t *recipient; /* general-ciphering; NULL: for everybody */
    const uint8_t *general;   /* what general-ciphering authenticates besides */
    size_t n_general;
    const uint8_t *key_data; /* general-ciphering: a wrapped key, or what agreement needs */
    size_t n_key_data;
    uint8_t scheme;           /* of agreement */
    struct dlms_span payload; /* without tag */
};

/* @return the title, or NULL: left out; another length fails. */
static const uint8_t *title_read(struct reader *r)
{
    size_t n_bytes = 0;
    const uint8_t *title = string_read(r, &n_bytes);
    if (n_bytes != 0 && n_bytes != DLMS_TITLE_BYTES) {
        r->failed = true;
    }
    return n_bytes == DLMS_TITLE_BYTES ? title : NULL;
}

static void key_info_read(struct reader *r, struct dlms_seal *how, struct envelope *envelope)
{
    const uint8_t there = reader_u8(r);
    if (there == 0) {
        return;
    }
    how->key_info = (enum dlms_key_info)(DLMS_KEY_INFO_IDENTIFIED + reader_u8(r));
    if (there != 1u || how->key_info > DLMS_KEY_INFO_AGREED) {
        r->failed = true;
        return;
    }
    if (how->key_info == DLMS_KEY_INFO_IDENTIFIED) {
        how->key_id = reader_u8(r);
        r->failed = r->failed || how->key_id > DLMS_KEY_BROADCAST;
    } else if (how->key_info == DLMS_KEY_INFO_WRAPPED) {
        const uint8_t master = reader_u8(r); /* kek-id: 0, the master key, is the only one */
        envelope->key_data = string_read(r, &envelope->n_key_data);
        r->failed = r->failed || master != 0;
    } else {
        (void)string_take(r, &envelope->scheme, 1); /* key-parameters */
        envelope->key_data = string_read(r, &envelope->n_key_data);
    }
}

static void general_read(struct reader *r, struct dlms_seal *how, struct envelope *envelope)
{
    envelope->general = r->at;
    how->n_transaction = string_take(r, how->transaction, sizeof how->transaction);
    envelope->sender = title_read(r);
    envelope->recipient = title_read(r);
    how->n_date = string_take(r, how->date, sizeof how->date);
    how->n_other = string_take(r, how->other, sizeof how->other);
    r->failed = r->failed || (how->n_date != 0 && how->n_date != DATE_BYTES);
    envelope->n_general = (size_t)(r->at - envelope->general);
    key_info_read(r, how, envelope);
}

/* bytes is where the reader began: it leads to the payload in a form that can be written. */
static bool envelope_read(uint8_t *bytes, size_t n_bytes, struct dlms_seal *how,
                          struct envelope *envelope)
{
    struct reader r = reader_over(bytes, n_bytes);
    memset(how, 0, sizeof *how);
    memset(envelope, 0, sizeof *envelope);
    envelope->tag = reader_u8(&r);
    how->wrapping = dlms_cipher_wrapping(envelope->tag);
    switch (how->wrapping) {
    case DLMS_WRAP_NONE: return false;
    case DLMS_WRAP_GLO:
    case DLMS_WRAP_DED: break;
    case DLMS_WRAP_GENERAL_GLO:
    case DLMS_WRAP_GENERAL_DED:
        envelope->sender = title_read(&r);
        r.failed = r.failed || envelope->sender == NULL;
        break;
    case DLMS_WRAP_GENERAL: general_read(&r, how, envelope); break;
    }
    const size_t n_ciphered = length_read(&r);
    how->control = reader_u8(&r);
    how->counter = (uint32_t)reader_uint_be(&r, COUNTER_BYTES);
    const size_t n_tag = dlms_cipher_after(how);
    if (r.failed || n_ciphered != HEADER_BYTES + reader_left(&r) || reader_left(&r) < n_tag + 1u) {
        return false;
    }
    envelope->payload.bytes = bytes + (r.at - bytes);
    envelope->payload.n_bytes = reader_left(&r) - n_tag;
    return true;
}

bool dlms_cipher_sender(const uint8_t *bytes, size_t n_bytes, uint8_t title[DLMS_TITLE_BYTES])
{
    struct reader r = reader_over(bytes, n_bytes);
    size_t n_transaction = 0;
    const uint8_t tag = reader_u8(&r);
    if (tag != TAG_GENERAL_GLO && tag != TAG_GENERAL_DED && tag != TAG_GENERAL) {
        return false;
    }
    if (tag == TAG_GENERAL) {
        string_read(&r, &n_transaction);
    }
    const uint8_t *found = title_read(&r);
    if (r.failed || found == NULL) {
        return false;
    }
    memcpy(title, found, DLMS_TITLE_BYTES);
    return true;
}

/* Whose title is in the IV?  @return NULL: nobody's that this association knows. */
static const uint8_t *sender_of(const struct dlms_cipher *cipher, const struct envelope *envelope)
{
    const uint8_t *known = cipher->has_peer_title ? cipher->peer_title : NULL;
    if (envelope->recipient != NULL &&
        memcmp(envelope->recipient, cipher->own_title, DLMS_TITLE_BYTES) != 0) {
        return NULL;
    }
    if (envelope->sender != NULL && known != NULL &&
        memcmp(envelope->sender, known, DLMS_TITLE_BYTES) != 0) {
        return NULL;
    }
    return envelope->sender != NULL ? envelope->sender : known;
}

static enum dlms_cipher_err open_with(struct dlms_cipher *cipher, const struct dlms_seal *how,
                                      const struct envelope *envelope, const struct crypto_key *key,
                                      const uint8_t *sender)
{
    struct dlms_gcm_input input;
    dlms_gcm_prepare(&input, cipher, how, sender);
    dlms_gcm_more(&input, envelope->general, envelope->n_general);
    return gcm_unprotect(&input, cipher, how, key, &envelope->payload);
}

/* The key that both sides make for this message. */
static enum dlms_cipher_err agreed_key(const struct dlms_cipher *cipher,
                                       const struct dlms_seal *how, const struct envelope *envelope,
                                       const uint8_t *sender, uint8_t bytes[CRYPTO_KEY_MAX_BYTES])
{
    const struct dlms_agreed_key asked = {.cipher = cipher,
                                          .how = how,
                                          .sender = sender,
                                          .scheme = envelope->scheme,
                                          .data = envelope->key_data,
                                          .n_data = envelope->n_key_data};
    return cipher->keys->agreement.make != NULL ? cipher->keys->agreement.make(&asked, bytes)
                                                : DLMS_CIPHER_ERR_KEY;
}

/* The key comes with the message, wrapped under the master key, or is made for it. */
static enum dlms_cipher_err open_with_own_key(struct dlms_cipher *cipher,
                                              const struct dlms_seal *how,
                                              const struct envelope *envelope,
                                              const uint8_t *sender)
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    struct crypto_key key = {{0}};
    uint8_t bytes[CRYPTO_KEY_MAX_BYTES];
    enum dlms_cipher_err err =
        how->key_info == DLMS_KEY_INFO_WRAPPED
            ? dlms_keys_unwrap(cipher->keys, envelope->key_data, envelope->n_key_data, bytes)
            : agreed_key(cipher, how, envelope, sender, bytes);
    if (err != DLMS_CIPHER_OK) {
        return err;
    }
    if (crypto->key_set(crypto->context, &key, CRYPTO_GCM, bytes,
                        dlms_suite_key_bytes(cipher->keys->suite)) == 0) {
        err = open_with(cipher, how, envelope, &key, sender);
    } else {
        err = DLMS_CIPHER_ERR_CRYPTO;
    }
    crypto->key_drop(crypto->context, &key);
    crypto_wipe(bytes, sizeof bytes);
    return err;
}

static enum dlms_cipher_err open_envelope(struct dlms_cipher *cipher, const struct dlms_seal *how,
                                          const struct envelope *envelope)
{
    const uint8_t *sender = sender_of(cipher, envelope);
    const enum dlms_cipher_err err = dlms_cipher_control(cipher, how);
    if (err != DLMS_CIPHER_OK) {
        return err;
    }
    if ((how->control & cipher->demands) != cipher->demands) {
        return DLMS_CIPHER_ERR_WEAK;
    }
    if (sender == NULL) {
        return DLMS_CIPHER_ERR_TITLE;
    }
    if (how->key_info >= DLMS_KEY_INFO_WRAPPED) {
        return open_with_own_key(cipher, how, envelope, sender);
    }
    const struct crypto_key *key = dlms_cipher_key(cipher, how);
    return key != NULL ? open_with(cipher, how, envelope, key, sender) : DLMS_CIPHER_ERR_KEY;
}

enum dlms_cipher_err dlms_cipher_open(struct dlms_cipher *cipher, uint8_t *bytes, size_t n_bytes,
                                      struct dlms_seal *how, struct dlms_span *out)
{
    struct envelope envelope;
    memset(out, 0, sizeof *out);
    if (!envelope_read(bytes, n_bytes, how, &envelope)) {
        return DLMS_CIPHER_ERR_FORM;
    }
    const struct dlms_span *payload = &envelope.payload;
    const bool own_tag = how->wrapping == DLMS_WRAP_GLO || how->wrapping == DLMS_WRAP_DED;
    enum dlms_cipher_err err = open_envelope(cipher, how, &envelope);
    /* the first byte is not authenticated: before it may use up a counter it must fit the inside */
    if (err == DLMS_CIPHER_OK && own_tag &&
        dlms_cipher_tag(dlms_cipher_service(envelope.tag, how->wrapping), DLMS_WRAP_NONE) !=
            payload->bytes[0]) {
        err = DLMS_CIPHER_ERR_FORM;
    }
    if (err == DLMS_CIPHER_OK) {
        err = counter_accept(peer_of(cipher, how), how);
    }
    if (err != DLMS_CIPHER_OK) {
        crypto_wipe(payload->bytes, payload->n_bytes);
        return err;
    }
    *out = *payload;
    return DLMS_CIPHER_OK;
}
