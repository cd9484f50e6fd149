#include "dlms_cipher_part.h"

#include <string.h>

#include "../common/writer.h"

/* Services with a ciphered form of their own: plain, global key, dedicated key. */
static const uint8_t services[][3] = {
    {0x01, 0x21, 0x41}, {0x05, 0x25, 0x45}, {0x06, 0x26, 0x46}, {0x08, 0x28, 0x48},
    {0x0C, 0x2C, 0x4C}, {0x0D, 0x2D, 0x4D}, {0x0E, 0x2E, 0x4E}, {0x16, 0x36, 0x56},
    {0x18, 0x38, 0x58}, {0xC0, 0xC8, 0xD0}, {0xC1, 0xC9, 0xD1}, {0xC2, 0xCA, 0xD2},
    {0xC3, 0xCB, 0xD3}, {0xC4, 0xCC, 0xD4}, {0xC5, 0xCD, 0xD5}, {0xC7, 0xCF, 0xD7},
};

#define N_SERVICES (sizeof services / sizeof services[0])
_Static_assert(N_SERVICES == DLMS_SERVICES, "a row for each");

size_t dlms_cipher_service(uint8_t tag, enum dlms_wrapping column)
{
    size_t row = 0;
    while (row < N_SERVICES && services[row][column] != tag) {
        row++;
    }
    return row;
}

enum dlms_wrapping dlms_cipher_wrapping(uint8_t tag)
{
    switch (tag) {
    case TAG_GENERAL_GLO: return DLMS_WRAP_GENERAL_GLO;
    case TAG_GENERAL_DED: return DLMS_WRAP_GENERAL_DED;
    case TAG_GENERAL: return DLMS_WRAP_GENERAL;
    default: break;
    }
    return dlms_cipher_service(tag, DLMS_WRAP_GLO) < N_SERVICES   ? DLMS_WRAP_GLO
           : dlms_cipher_service(tag, DLMS_WRAP_DED) < N_SERVICES ? DLMS_WRAP_DED
                                                                  : DLMS_WRAP_NONE;
}

uint8_t dlms_cipher_tag(size_t row, enum dlms_wrapping column)
{
    return services[row][column];
}

bool dlms_seal_is_dedicated(const struct dlms_seal *how)
{
    return how->wrapping == DLMS_WRAP_DED || how->wrapping == DLMS_WRAP_GENERAL_DED;
}

bool dlms_seal_is_broadcast(const struct dlms_seal *how)
{
    return how->key_info == DLMS_KEY_INFO_IDENTIFIED ? how->key_id == DLMS_KEY_BROADCAST
                                                     : (how->control & DLMS_SC_BROADCAST) != 0;
}

const struct crypto_key *dlms_cipher_key(const struct dlms_cipher *cipher,
                                         const struct dlms_seal *how)
{
    if (dlms_seal_is_dedicated(how)) {
        return cipher->has_dedicated ? &cipher->dedicated : NULL;
    }
    if (dlms_seal_is_broadcast(how)) {
        return cipher->keys->has_broadcast ? &cipher->keys->broadcast : NULL;
    }
    return cipher->keys->has_unicast ? &cipher->keys->unicast : NULL;
}

enum dlms_cipher_err dlms_cipher_control(const struct dlms_cipher *cipher,
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

void dlms_gcm_prepare(struct dlms_gcm_input *input, const struct dlms_cipher *cipher,
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

void dlms_gcm_more(struct dlms_gcm_input *input, const void *bytes, size_t n_bytes)
{
    /* without authentication there is nothing to add to */
    if (input->message.n_aad > 0 && n_bytes > 0) {
        input->pieces[input->message.n_aad].bytes = bytes;
        input->pieces[input->message.n_aad].n_bytes = n_bytes;
        input->message.n_aad++;
    }
}
