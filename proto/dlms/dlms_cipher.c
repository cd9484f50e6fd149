#include "dlms_cipher.h"

#include <string.h>

#include "../common/crypto_modes.h"
#include "../common/reader.h"
#include "../common/writer.h"
#include "dlms_agreement.h"

#define SC_BYTES      1u
#define COUNTER_BYTES 4u
#define HEADER_BYTES  (SC_BYTES + COUNTER_BYTES) /* security header */
#define LENGTH_MAX    5u                         /* of a length field */
#define DATE_BYTES    12u

enum tag { TAG_GENERAL_GLO = 0xDB, TAG_GENERAL_DED = 0xDC, TAG_GENERAL = 0xDD };

/* Services with a ciphered form of their own: plain, global key, dedicated key. */
static const uint8_t services[][3] = {
    {0x01, 0x21, 0x41}, {0x05, 0x25, 0x45}, {0x06, 0x26, 0x46}, {0x08, 0x28, 0x48},
    {0x0C, 0x2C, 0x4C}, {0x0D, 0x2D, 0x4D}, {0x0E, 0x2E, 0x4E}, {0x16, 0x36, 0x56},
    {0x18, 0x38, 0x58}, {0xC0, 0xC8, 0xD0}, {0xC1, 0xC9, 0xD1}, {0xC2, 0xCA, 0xD2},
    {0xC3, 0xCB, 0xD3}, {0xC4, 0xCC, 0xD4}, {0xC5, 0xCD, 0xD5}, {0xC7, 0xCF, 0xD7},
};

#define N_SERVICES (sizeof services / sizeof services[0])

/* The row that has `tag` in a column; N_SERVICES: none. */
static size_t service_of(uint8_t tag, enum dlms_wrapping column)
{
    size_t row = 0;
    while (row < N_SERVICES && services[row][column] != tag) {
        row++;
    }
    return row;
}

/* What the first byte of a ciphered message says. */
static enum dlms_wrapping wrapping_of(uint8_t tag)
{
    switch (tag) {
    case TAG_GENERAL_GLO: return DLMS_WRAP_GENERAL_GLO;
    case TAG_GENERAL_DED: return DLMS_WRAP_GENERAL_DED;
    case TAG_GENERAL: return DLMS_WRAP_GENERAL;
    default: break;
    }
    return service_of(tag, DLMS_WRAP_GLO) < N_SERVICES   ? DLMS_WRAP_GLO
           : service_of(tag, DLMS_WRAP_DED) < N_SERVICES ? DLMS_WRAP_DED
                                                         : DLMS_WRAP_NONE;
}

bool dlms_cipher_is(uint8_t first_byte)
{
    return wrapping_of(first_byte) != DLMS_WRAP_NONE;
}

/* -- association ------------------------------------------------------------------------------ */

void dlms_cipher_init(struct dlms_cipher *cipher, struct dlms_keys *keys,
                      struct dlms_own_counter *own, struct dlms_peer_counter *peer_unicast,
                      struct dlms_peer_counter *peer_broadcast,
                      const uint8_t own_title[DLMS_TITLE_BYTES])
{
    memset(cipher, 0, sizeof *cipher);
    cipher->keys = keys;
    cipher->own = own;
    cipher->peer_unicast = peer_unicast;
    cipher->peer_broadcast = peer_broadcast;
    cipher->demands = DLMS_SC_AUTHENTICATION;
    memcpy(cipher->own_title, own_title, DLMS_TITLE_BYTES);
}

void dlms_cipher_end(struct dlms_cipher *cipher)
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    crypto->key_drop(crypto->context, &cipher->dedicated);
    cipher->has_dedicated = false;
    cipher->has_peer_title = false;
    memset(&cipher->peer_dedicated, 0, sizeof cipher->peer_dedicated);
}

void dlms_cipher_peer(struct dlms_cipher *cipher, const uint8_t title[DLMS_TITLE_BYTES])
{
    if (cipher->has_peer_title && memcmp(cipher->peer_title, title, DLMS_TITLE_BYTES) == 0) {
        return;
    }
    dlms_cipher_end(cipher);
    memcpy(cipher->peer_title, title, DLMS_TITLE_BYTES);
    cipher->has_peer_title = true;
}

enum dlms_cipher_err dlms_cipher_dedicate(struct dlms_cipher *cipher, const uint8_t *bytes,
                                          size_t n_bytes)
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    cipher->has_dedicated = false;
    memset(&cipher->peer_dedicated, 0, sizeof cipher->peer_dedicated);
    if (n_bytes != dlms_suite_key_bytes(cipher->keys->suite)) {
        crypto->key_drop(crypto->context, &cipher->dedicated);
        return DLMS_CIPHER_ERR_KEY;
    }
    cipher->has_dedicated =
        crypto->key_set(crypto->context, &cipher->dedicated, CRYPTO_GCM, bytes, n_bytes) == 0;
    return cipher->has_dedicated ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_CRYPTO;
}

/* -- keys and counters of one message --------------------------------------------------------- */

static bool is_dedicated(const struct dlms_seal *how)
{
    return how->wrapping == DLMS_WRAP_DED || how->wrapping == DLMS_WRAP_GENERAL_DED;
}

static bool is_broadcast(const struct dlms_seal *how)
{
    return how->key_info == DLMS_KEY_INFO_IDENTIFIED ? how->key_id == DLMS_KEY_BROADCAST
                                                     : (how->control & DLMS_SC_BROADCAST) != 0;
}

/* The key that a message names.  @return NULL: there is none of that kind. */
static const struct crypto_key *key_of(const struct dlms_cipher *cipher,
                                       const struct dlms_seal *how)
{
    if (is_dedicated(how)) {
        return cipher->has_dedicated ? &cipher->dedicated : NULL;
    }
    if (is_broadcast(how)) {
        return cipher->keys->has_broadcast ? &cipher->keys->broadcast : NULL;
    }
    return cipher->keys->has_unicast ? &cipher->keys->unicast : NULL;
}

static struct dlms_peer_counter *peer_of(struct dlms_cipher *cipher, const struct dlms_seal *how)
{
    return is_dedicated(how)   ? &cipher->peer_dedicated
           : is_broadcast(how) ? cipher->peer_broadcast
                               : cipher->peer_unicast;
}

uint32_t dlms_cipher_expected(const struct dlms_cipher *cipher, const struct dlms_seal *how)
{
    const struct dlms_peer_counter *peer = is_dedicated(how)   ? &cipher->peer_dedicated
                                           : is_broadcast(how) ? cipher->peer_broadcast
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

/* Can these keys serve a message with that control byte? */
static enum dlms_cipher_err control_check(const struct dlms_cipher *cipher,
                                          const struct dlms_seal *how)
{
    if ((how->control & DLMS_SC_SUITE) != cipher->keys->suite ||
        (how->control & DLMS_SC_COMPRESSION) != 0) {
        return DLMS_CIPHER_ERR_SUITE;
    }
    if ((how->control & (DLMS_SC_AUTHENTICATION | DLMS_SC_ENCRYPTION)) == 0) {
        return DLMS_CIPHER_ERR_FORM;
    }
    if ((how->control & DLMS_SC_AUTHENTICATION) != 0 && !cipher->keys->has_authentication) {
        return DLMS_CIPHER_ERR_KEY;
    }
    return DLMS_CIPHER_OK;
}

/* -- GCM of one message ----------------------------------------------------------------------- */

#define AAD_PIECES 3u

/* What GCM is given besides the bytes to encrypt. */
struct gcm_input {
    struct crypto_gcm message;
    struct crypto_piece pieces[AAD_PIECES];
    uint8_t control_and_key[SC_BYTES + CRYPTO_KEY_MAX_BYTES];
};

static void gcm_prepare(struct gcm_input *input, const struct dlms_cipher *cipher,
                        const struct dlms_seal *how, const uint8_t *title)
{
    const size_t n_key = dlms_suite_key_bytes(cipher->keys->suite);
    struct writer w = writer_over(input->message.iv, sizeof input->message.iv);
    writer_bytes(&w, title, DLMS_TITLE_BYTES);
    writer_uint_be(&w, how->counter, COUNTER_BYTES);
    input->message.aad = input->pieces;
    input->message.n_aad = 0;
    if ((how->control & DLMS_SC_AUTHENTICATION) != 0) {
        input->control_and_key[0] = how->control;
        memcpy(input->control_and_key + SC_BYTES, cipher->keys->authentication, n_key);
        input->pieces[0].bytes = input->control_and_key;
        input->pieces[0].n_bytes = SC_BYTES + n_key;
        input->message.n_aad = 1;
    }
}

static void gcm_more(struct gcm_input *input, const void *bytes, size_t n_bytes)
{
    /* without authentication there is nothing to add to */
    if (input->message.n_aad > 0 && n_bytes > 0) {
        input->pieces[input->message.n_aad].bytes = bytes;
        input->pieces[input->message.n_aad].n_bytes = n_bytes;
        input->message.n_aad++;
    }
}

/* Protect payload; the tag goes behind it if there is one.  @return bytes of the tag, negative:
 * refused. */
static int gcm_protect(struct gcm_input *input, const struct dlms_cipher *cipher,
                       const struct dlms_seal *how, const struct crypto_key *key,
                       const struct dlms_span *payload)
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    const bool encrypted = (how->control & DLMS_SC_ENCRYPTION) != 0;
    uint8_t tag[CRYPTO_TAG_BYTES];
    if (!encrypted) {
        gcm_more(input, payload->bytes, payload->n_bytes);
    }
    const int result = crypto->gcm_seal(crypto->context, key, &input->message, payload->bytes,
                                        encrypted ? payload->n_bytes : 0, tag);
    crypto_wipe(input->control_and_key, sizeof input->control_and_key);
    if (result != 0) {
        return -1;
    }
    if ((how->control & DLMS_SC_AUTHENTICATION) == 0) {
        return 0;
    }
    memcpy(payload->bytes + payload->n_bytes, tag, DLMS_TAG_BYTES);
    return (int)DLMS_TAG_BYTES;
}

/* Open payload, whose tag stands behind it if there is one. */
static enum dlms_cipher_err gcm_unprotect(struct gcm_input *input, const struct dlms_cipher *cipher,
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
        gcm_more(input, payload->bytes, payload->n_bytes);
    }
    result = crypto->gcm_open(crypto->context, key, &input->message, payload->bytes,
                              encrypted ? payload->n_bytes : 0, payload->bytes + payload->n_bytes,
                              DLMS_TAG_BYTES);
    crypto_wipe(input->control_and_key, sizeof input->control_and_key);
    return result == 0 ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_TAG;
}

/* -- lengths and octet-strings (A-XDR) -------------------------------------------------------- */

static size_t length_bytes(size_t n)
{
    return n < 0x80u ? 1u : n < 0x100u ? 2u : n < 0x10000u ? 3u : LENGTH_MAX;
}

static void length_write(struct writer *w, size_t n)
{
    const size_t n_bytes = length_bytes(n);
    if (n_bytes > 1u) {
        writer_u8(w, (uint8_t)(0x80u + n_bytes - 1u));
    }
    writer_uint_be(w, n, n_bytes > 1u ? (unsigned)n_bytes - 1u : 1u);
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

static void string_write(struct writer *w, const uint8_t *bytes, size_t n_bytes)
{
    length_write(w, n_bytes);
    writer_bytes(w, bytes, n_bytes);
}

/* -- protect ---------------------------------------------------------------------------------- */

/* Of general-ciphering, between its tag and its key-info: what is authenticated as it stands. */
static size_t general_bytes(const struct dlms_seal *how)
{
    return 1u + how->n_transaction + 2u * (1u + DLMS_TITLE_BYTES) + 1u + how->n_date + 1u +
           how->n_other;
}

static size_t key_info_bytes(const struct dlms_seal *how)
{
    return how->key_info == DLMS_KEY_INFO_IDENTIFIED ? 3u : 1u;
}

/* The head of a message whose security header, payload and tag have n_bytes. */
static size_t head_bytes(const struct dlms_seal *how, size_t n_bytes)
{
    switch (how->wrapping) {
    case DLMS_WRAP_NONE: return 0;
    case DLMS_WRAP_GLO:
    case DLMS_WRAP_DED: return 1u + length_bytes(n_bytes);
    case DLMS_WRAP_GENERAL_GLO:
    case DLMS_WRAP_GENERAL_DED: return 1u + 1u + DLMS_TITLE_BYTES + length_bytes(n_bytes);
    case DLMS_WRAP_GENERAL: break;
    }
    return 1u + general_bytes(how) + key_info_bytes(how) + length_bytes(n_bytes);
}

size_t dlms_cipher_after(const struct dlms_seal *how)
{
    return how->wrapping != DLMS_WRAP_NONE && (how->control & DLMS_SC_AUTHENTICATION) != 0
               ? DLMS_TAG_BYTES
               : 0;
}

size_t dlms_cipher_before(const struct dlms_seal *how, size_t n_bytes)
{
    return how->wrapping == DLMS_WRAP_NONE
               ? 0
               : head_bytes(how, HEADER_BYTES + n_bytes + dlms_cipher_after(how)) + HEADER_BYTES;
}

static void general_write(struct writer *w, const struct dlms_cipher *cipher,
                          const struct dlms_seal *how)
{
    writer_u8(w, TAG_GENERAL);
    string_write(w, how->transaction, how->n_transaction);
    string_write(w, cipher->own_title, DLMS_TITLE_BYTES);
    string_write(w, cipher->peer_title, DLMS_TITLE_BYTES);
    string_write(w, how->date, how->n_date);
    string_write(w, how->other, how->n_other);
    writer_u8(w, how->key_info == DLMS_KEY_INFO_IDENTIFIED);
    if (how->key_info == DLMS_KEY_INFO_IDENTIFIED) {
        writer_u8(w, 0);
        writer_u8(w, how->key_id);
    }
}

/* Everything before the payload.  plain_tag: first byte of the message. */
static void head_write(struct writer *w, const struct dlms_cipher *cipher,
                       const struct dlms_seal *how, uint8_t plain_tag, size_t n_ciphered)
{
    switch (how->wrapping) {
    case DLMS_WRAP_GENERAL_GLO:
    case DLMS_WRAP_GENERAL_DED:
        writer_u8(w, how->wrapping == DLMS_WRAP_GENERAL_GLO ? TAG_GENERAL_GLO : TAG_GENERAL_DED);
        string_write(w, cipher->own_title, DLMS_TITLE_BYTES);
        break;
    case DLMS_WRAP_GENERAL: general_write(w, cipher, how); break;
    case DLMS_WRAP_GLO:
    case DLMS_WRAP_DED:
    case DLMS_WRAP_NONE:
        writer_u8(w, services[service_of(plain_tag, DLMS_WRAP_NONE)][how->wrapping]);
        break;
    }
    length_write(w, n_ciphered);
    writer_u8(w, how->control);
    writer_uint_be(w, how->counter, COUNTER_BYTES);
}

/* May a message be sent so at all? */
static enum dlms_cipher_err protect_check(const struct dlms_cipher *cipher,
                                          const struct dlms_seal *how, const uint8_t *message,
                                          size_t n_bytes)
{
    const bool own_tag = how->wrapping == DLMS_WRAP_GLO || how->wrapping == DLMS_WRAP_DED;
    const enum dlms_cipher_err err = control_check(cipher, how);
    if (err != DLMS_CIPHER_OK) {
        return err;
    }
    if (n_bytes == 0 || (own_tag && service_of(message[0], DLMS_WRAP_NONE) == N_SERVICES) ||
        how->n_transaction > DLMS_TRANSACTION_MAX || how->n_other > DLMS_OTHER_INFO_MAX ||
        (how->n_date != 0 && how->n_date != DATE_BYTES) ||
        how->key_info > DLMS_KEY_INFO_IDENTIFIED) {
        return DLMS_CIPHER_ERR_FORM;
    }
    if (how->wrapping == DLMS_WRAP_GENERAL && !cipher->has_peer_title) {
        return DLMS_CIPHER_ERR_TITLE;
    }
    return key_of(cipher, how) != NULL ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_KEY;
}

enum dlms_cipher_err dlms_cipher_protect(struct dlms_cipher *cipher, struct dlms_seal *how,
                                         uint8_t *buffer, size_t capacity, size_t at,
                                         size_t n_bytes, struct dlms_span *out)
{
    const struct dlms_span payload = {buffer + at, n_bytes};
    out->bytes = buffer + at;
    out->n_bytes = n_bytes;
    if (how->wrapping == DLMS_WRAP_NONE) {
        return DLMS_CIPHER_OK;
    }
    const size_t before = dlms_cipher_before(how, n_bytes), after = dlms_cipher_after(how);
    if (at < before || capacity < at + n_bytes + after) {
        return DLMS_CIPHER_ERR_SPACE;
    }
    enum dlms_cipher_err err = protect_check(cipher, how, payload.bytes, n_bytes);
    if (err == DLMS_CIPHER_OK) {
        err = dlms_own_counter_take(cipher->own, &how->counter);
    }
    if (err != DLMS_CIPHER_OK) {
        return err;
    }
    struct gcm_input input;
    uint8_t *head = buffer + at - before;
    struct writer w = writer_over(head, before);
    head_write(&w, cipher, how, payload.bytes[0], HEADER_BYTES + n_bytes + after);
    gcm_prepare(&input, cipher, how, cipher->own_title);
    if (how->wrapping == DLMS_WRAP_GENERAL) {
        gcm_more(&input, head + 1, general_bytes(how));
    }
    const int n_tag = gcm_protect(&input, cipher, how, key_of(cipher, how), &payload);
    if (w.failed || writer_left(&w) > 0 || n_tag < 0) {
        return DLMS_CIPHER_ERR_CRYPTO;
    }
    out->bytes = head;
    out->n_bytes = before + n_bytes + (size_t)n_tag;
    return DLMS_CIPHER_OK;
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
    how->wrapping = wrapping_of(envelope->tag);
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
    struct gcm_input input;
    gcm_prepare(&input, cipher, how, sender);
    gcm_more(&input, envelope->general, envelope->n_general);
    return gcm_unprotect(&input, cipher, how, key, &envelope->payload);
}

enum { SCHEME_ONE_PASS = 1, SCHEME_STATIC = 2 };

/* One pass: an ephemeral public key comes along, signed by the sender. */
static bool one_pass_good(const struct dlms_cipher *cipher, const struct envelope *envelope)
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    const size_t n_point = envelope->n_key_data / 2u;
    const struct crypto_piece point = {envelope->key_data, n_point};
    const uint8_t *verify_key = cipher->keys->agreement.verify_key;
    return envelope->n_key_data == dlms_key_data_bytes(cipher->keys->suite) &&
           crypto->curves != NULL && verify_key != NULL &&
           crypto->curves->verify(crypto->context,
                                  cipher->keys->suite == 2u ? CRYPTO_P384 : CRYPTO_P256, verify_key,
                                  &point, 1, envelope->key_data + n_point) == 0;
}

/* The key that both sides make for this message. */
static enum dlms_cipher_err agreed_key(const struct dlms_cipher *cipher,
                                       const struct dlms_seal *how, const struct envelope *envelope,
                                       const uint8_t *sender, uint8_t bytes[CRYPTO_KEY_MAX_BYTES])
{
    struct dlms_message_agreement agreement = {.crypto = cipher->keys->crypto,
                                               .suite = cipher->keys->suite,
                                               .own_key = cipher->keys->agreement.own_key,
                                               .peer_key = cipher->keys->agreement.peer_key,
                                               .originator = sender,
                                               .recipient = cipher->own_title};
    if (agreement.own_key == NULL) {
        return DLMS_CIPHER_ERR_KEY;
    }
    if (envelope->scheme == SCHEME_ONE_PASS) {
        if (!one_pass_good(cipher, envelope)) {
            return DLMS_CIPHER_ERR_TAG;
        }
        agreement.peer_key = envelope->key_data;
    } else if (envelope->scheme == SCHEME_STATIC && envelope->n_key_data == 0) {
        agreement.transaction = how->transaction;
        agreement.n_transaction = how->n_transaction;
    } else {
        return DLMS_CIPHER_ERR_FORM;
    }
    return agreement.peer_key != NULL &&
                   dlms_agreement_message(&agreement, bytes) == DLMS_AGREEMENT_OK
               ? DLMS_CIPHER_OK
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
    const enum dlms_cipher_err err = control_check(cipher, how);
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
    const struct crypto_key *key = key_of(cipher, how);
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
        services[service_of(envelope.tag, how->wrapping)][DLMS_WRAP_NONE] != payload->bytes[0]) {
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

struct dlms_seal dlms_cipher_answer(const struct dlms_seal *came)
{
    struct dlms_seal how = *came;
    how.control = (uint8_t)(came->control & ~DLMS_SC_BROADCAST);
    how.counter = 0;
    how.n_date = 0;
    how.n_other = 0;
    if (came->key_info != DLMS_KEY_INFO_NONE) {
        how.key_info = DLMS_KEY_INFO_IDENTIFIED;
        how.key_id = DLMS_KEY_UNICAST;
    }
    return how;
}

/* -- proofs of HLS with GMAC ------------------------------------------------------------------ */

/* Tag over SC, AK and challenge. */
static enum dlms_cipher_err gmac(struct dlms_cipher *cipher, const struct dlms_seal *how,
                                 const uint8_t *title, const struct crypto_piece *challenge,
                                 uint8_t tag[CRYPTO_TAG_BYTES])
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    struct gcm_input input;
    gcm_prepare(&input, cipher, how, title);
    gcm_more(&input, challenge->bytes, challenge->n_bytes);
    const int result =
        crypto->gcm_seal(crypto->context, &cipher->keys->unicast, &input.message, NULL, 0, tag);
    crypto_wipe(input.control_and_key, sizeof input.control_and_key);
    return result == 0 ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_CRYPTO;
}

enum dlms_cipher_err dlms_cipher_gmac_make(struct dlms_cipher *cipher,
                                           const struct crypto_piece *challenge,
                                           uint8_t proof[DLMS_GMAC_PROOF_BYTES])
{
    const struct dlms_keys *keys = cipher->keys;
    struct dlms_seal how = {.control = (uint8_t)(DLMS_SC_AUTHENTICATION | keys->suite)};
    uint8_t tag[CRYPTO_TAG_BYTES];
    if (!keys->has_unicast || !keys->has_authentication) {
        return DLMS_CIPHER_ERR_KEY;
    }
    enum dlms_cipher_err err = dlms_own_counter_take(cipher->own, &how.counter);
    if (err == DLMS_CIPHER_OK) {
        err = gmac(cipher, &how, cipher->own_title, challenge, tag);
    }
    if (err == DLMS_CIPHER_OK) {
        struct writer w = writer_over(proof, DLMS_GMAC_PROOF_BYTES);
        writer_u8(&w, how.control);
        writer_uint_be(&w, how.counter, COUNTER_BYTES);
        writer_bytes(&w, tag, DLMS_TAG_BYTES);
    }
    return err;
}

enum dlms_cipher_err dlms_cipher_gmac_check(struct dlms_cipher *cipher,
                                            const struct crypto_piece *challenge,
                                            const uint8_t *proof, size_t n_proof)
{
    const struct dlms_keys *keys = cipher->keys;
    struct reader r = reader_over(proof, n_proof);
    struct dlms_seal how = {.control = reader_u8(&r)};
    uint8_t expected[CRYPTO_TAG_BYTES];
    how.counter = (uint32_t)reader_uint_be(&r, COUNTER_BYTES);
    const uint8_t *tag = reader_bytes(&r, DLMS_TAG_BYTES);
    if (!keys->has_unicast || !keys->has_authentication) {
        return DLMS_CIPHER_ERR_KEY;
    }
    if (!cipher->has_peer_title) {
        return DLMS_CIPHER_ERR_TITLE;
    }
    if (!reader_complete(&r) || how.control != (DLMS_SC_AUTHENTICATION | keys->suite)) {
        return DLMS_CIPHER_ERR_FORM;
    }
    const enum dlms_cipher_err err = gmac(cipher, &how, cipher->peer_title, challenge, expected);
    if (err != DLMS_CIPHER_OK) {
        return err;
    }
    const bool good = crypto_equal(expected, tag, DLMS_TAG_BYTES);
    crypto_wipe(expected, sizeof expected);
    return good ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_TAG;
}
