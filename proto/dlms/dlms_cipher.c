#include <string.h>

#include "../common/reader.h"
#include "../common/writer.h"
#include "dlms_cipher_part.h"

#define LENGTH_MAX 5u /* of a length field */

bool dlms_cipher_is(uint8_t first_byte)
{
    return dlms_cipher_wrapping(first_byte) != DLMS_WRAP_NONE;
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

/* -- GCM of one message ----------------------------------------------------------------------- */

/* Protect payload; the tag goes behind it if there is one.  @return bytes of the tag, negative:
 * refused. */
static int gcm_protect(struct dlms_gcm_input *input, const struct dlms_cipher *cipher,
                       const struct dlms_seal *how, const struct crypto_key *key,
                       const struct dlms_span *payload)
{
    const struct crypto_port *crypto = cipher->keys->crypto;
    const bool encrypted = (how->control & DLMS_SC_ENCRYPTION) != 0;
    uint8_t tag[CRYPTO_TAG_BYTES];
    if (!encrypted) {
        dlms_gcm_more(input, payload->bytes, payload->n_bytes);
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
        writer_u8(w,
                  dlms_cipher_tag(dlms_cipher_service(plain_tag, DLMS_WRAP_NONE), how->wrapping));
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
    const enum dlms_cipher_err err = dlms_cipher_control(cipher, how);
    if (err != DLMS_CIPHER_OK) {
        return err;
    }
    if (n_bytes == 0 ||
        (own_tag && dlms_cipher_service(message[0], DLMS_WRAP_NONE) == DLMS_SERVICES) ||
        how->n_transaction > DLMS_TRANSACTION_MAX || how->n_other > DLMS_OTHER_INFO_MAX ||
        (how->n_date != 0 && how->n_date != DATE_BYTES) ||
        how->key_info > DLMS_KEY_INFO_IDENTIFIED) {
        return DLMS_CIPHER_ERR_FORM;
    }
    if (how->wrapping == DLMS_WRAP_GENERAL && !cipher->has_peer_title) {
        return DLMS_CIPHER_ERR_TITLE;
    }
    return dlms_cipher_key(cipher, how) != NULL ? DLMS_CIPHER_OK : DLMS_CIPHER_ERR_KEY;
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
    struct dlms_gcm_input input;
    uint8_t *head = buffer + at - before;
    struct writer w = writer_over(head, before);
    head_write(&w, cipher, how, payload.bytes[0], HEADER_BYTES + n_bytes + after);
    dlms_gcm_prepare(&input, cipher, how, cipher->own_title);
    if (how->wrapping == DLMS_WRAP_GENERAL) {
        dlms_gcm_more(&input, head + 1, general_bytes(how));
    }
    const int n_tag = gcm_protect(&input, cipher, how, dlms_cipher_key(cipher, how), &payload);
    if (w.failed || writer_left(&w) > 0 || n_tag < 0) {
        return DLMS_CIPHER_ERR_CRYPTO;
    }
    out->bytes = head;
    out->n_bytes = before + n_bytes + (size_t)n_tag;
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
    struct dlms_gcm_input input;
    dlms_gcm_prepare(&input, cipher, how, title);
    dlms_gcm_more(&input, challenge->bytes, challenge->n_bytes);
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
