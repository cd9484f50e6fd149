#include "wmbus_telegram.h"

#include <string.h>

#include "../common/crypto_modes.h"
#include "wmbus_cipher.h"

/* Where a telegram is being read; the octets may be written, for they are deciphered in place. */
struct opening {
    const struct crypto_port *port;
    const struct wmbus_key *key;
    struct wmbus_telegram *out;
    uint8_t *octets;
    struct reader r;
};

static uint8_t *writable(const struct opening *opening)
{
    return opening->octets + (opening->r.at - opening->octets);
}

/* --- extended link layer --- */

/* PLCRC and what follows it. */
static int open_session(struct opening *opening)
{
    struct wmbus_telegram *out = opening->out;
    uint8_t *octets = writable(opening);
    size_t n_octets = reader_left(&opening->r);
    unsigned cipher = out->session >> 29;
    if (n_octets < 3u) {
        return MBUS_ERR_LENGTH;
    }
    if (cipher > WMBUS_SESSION_CTR) {
        return MBUS_ERR_FORMAT;
    }
    if (cipher == WMBUS_SESSION_CTR) {
        out->security = WMBUS_ELL_CTR;
        if (opening->key == NULL) {
            return MBUS_ERR_CIPHERED;
        }
        if (wmbus_ctr(opening->port, opening->key, &out->sender, out->cc, out->session, octets,
                      n_octets) != 0) {
            return WMBUS_ERR_KEY;
        }
    }
    uint16_t crc = (uint16_t)reader_uint_le(&opening->r, 2);
    if (crc == wmbus_crc(octets + 2, n_octets - 2u)) {
        return MBUS_OK;
    }
    if (cipher == WMBUS_SESSION_CTR) {
        /* As it was: another key may be tried. */
        (void)wmbus_ctr(opening->port, opening->key, &out->sender, out->cc, out->session, octets,
                        n_octets);
        return WMBUS_ERR_KEY;
    }
    return MBUS_ERR_CHECKSUM;
}

/* @return MBUS_OK; *ci is the CI behind it. */
static int open_ell(struct opening *opening, uint8_t *ci)
{
    struct wmbus_telegram *out = opening->out;
    struct reader *r = &opening->r;
    out->has_ell = true;
    out->ell_ci = *ci;
    out->cc = reader_u8(r);
    out->ell_access = reader_u8(r);
    if (*ci >= WMBUS_CI_ELL_ADDRESS) {
        (void)reader_bytes(r, 8); /* whom it is for */
    }
    if (*ci == WMBUS_CI_ELL_SESSION || *ci == WMBUS_CI_ELL_ADDRESS_SESSION) {
        out->session = (uint32_t)reader_uint_le(r, 4);
        int result = r->failed ? MBUS_ERR_LENGTH : open_session(opening);
        if (result != MBUS_OK) {
            return result;
        }
    }
    *ci = reader_u8(r);
    return r->failed ? MBUS_ERR_LENGTH : MBUS_OK;
}

/* --- authentication layer --- */

static int open_afl(struct opening *opening, uint8_t *ci)
{
    struct reader *r = &opening->r;
    uint8_t n_afl = reader_u8(r);
    const uint8_t *afl = reader_bytes(r, n_afl);
    if (afl == NULL) {
        return MBUS_ERR_LENGTH;
    }
    struct reader inside = reader_over(afl, n_afl);
    /* One form is in use with mode 7; a fragment of a longer message is not taken apart. */
    if (reader_uint_le(&inside, 2) != WMBUS_FCL || reader_u8(&inside) != WMBUS_MCL) {
        return MBUS_ERR_FORMAT;
    }
    opening->out->has_afl = true;
    opening->out->message_counter = (uint32_t)reader_uint_le(&inside, 4);
    opening->out->mac = reader_bytes(&inside, WMBUS_MAC_OCTETS);
    *ci = reader_u8(r);
    return r->failed || !reader_complete(&inside) ? MBUS_ERR_LENGTH : MBUS_OK;
}

/* --- transport layer --- */

static const struct mbus_identity *transport_sender(const struct wmbus_telegram *telegram)
{
    return telegram->header.has_identity ? &telegram->header.identity : &telegram->sender;
}

static bool starts_plain(const uint8_t *octets, size_t n_octets)
{
    return n_octets >= 2u && octets[0] == 0x2Fu && octets[1] == 0x2Fu;
}

/* Mode 5, or what the first generation of radio meters sends: a number of blocks and no mode. */
static int open_mode_5(struct opening *opening, size_t n_cipher)
{
    struct wmbus_telegram *out = opening->out;
    uint8_t *octets = writable(opening), iv[CRYPTO_BLOCK_BYTES];
    bool no_mode = WMBUS_MODE(out->header.signature) == 0;
    if (n_cipher == 0 || (no_mode && starts_plain(octets, reader_left(&opening->r)))) {
        return MBUS_OK;
    }
    if (n_cipher > reader_left(&opening->r)) {
        return MBUS_ERR_LENGTH;
    }
    out->security = WMBUS_MODE_5;
    if (opening->key == NULL) {
        return MBUS_ERR_CIPHERED;
    }
    wmbus_mode_5_iv(transport_sender(out), out->header.access_number, iv);
    if (crypto_cbc_decrypt(opening->port, &opening->key->decrypt, iv, octets, n_cipher) != 0) {
        return WMBUS_ERR_KEY;
    }
    if (!starts_plain(octets, n_cipher)) {
        wmbus_mode_5_iv(transport_sender(out), out->header.access_number, iv);
        (void)crypto_cbc_encrypt(opening->port, &opening->key->encrypt, iv, octets, n_cipher);
        return WMBUS_ERR_KEY;
    }
    return MBUS_OK;
}

/* The MAC first: what does not fit is not deciphered. */
static int check_and_decipher(struct opening *opening, const struct wmbus_message_keys *keys,
                              const uint8_t *transport, size_t n_cipher)
{
    uint8_t mac[CRYPTO_BLOCK_BYTES], iv[CRYPTO_BLOCK_BYTES] = {0};
    const struct wmbus_telegram *out = opening->out;
    if (wmbus_mac(opening->port, keys, out->message_counter, transport,
                  (size_t)(opening->r.end - transport), mac) != 0 ||
        !crypto_equal(mac, out->mac, WMBUS_MAC_OCTETS)) {
        return WMBUS_ERR_KEY;
    }
    return crypto_cbc_decrypt(opening->port, &keys->cipher, iv, writable(opening), n_cipher) == 0
               ? MBUS_OK
               : WMBUS_ERR_KEY;
}

static int open_mode_7(struct opening *opening, const uint8_t *transport, size_t n_cipher)
{
    struct wmbus_telegram *out = opening->out;
    struct wmbus_message_keys keys;
    uint8_t derivation = reader_u8(&opening->r);
    out->security = WMBUS_MODE_7;
    if (opening->r.failed || n_cipher > reader_left(&opening->r)) {
        return MBUS_ERR_LENGTH;
    }
    if (derivation != WMBUS_KEY_DERIVED || !out->has_afl) {
        return MBUS_ERR_FORMAT;
    }
    if (opening->key == NULL) {
        return MBUS_ERR_CIPHERED;
    }
    int result = wmbus_derive(opening->port, opening->key, out->message_counter,
                              transport_sender(out)->id_raw, CRYPTO_DECRYPT, &keys);
    result = result != 0 ? WMBUS_ERR_KEY : check_and_decipher(opening, &keys, transport, n_cipher);
    wmbus_derived_drop(opening->port, &keys);
    return result;
}

static int open_transport(struct opening *opening)
{
    struct wmbus_telegram *out = opening->out;
    const uint8_t *transport = opening->r.at - 1;
    int result = mbus_header_read(out->ci, &opening->r, &out->header);
    if (result != MBUS_OK || !out->header.has_status) {
        return result;
    }
    size_t n_cipher = CRYPTO_BLOCK_BYTES * WMBUS_BLOCKS(out->header.signature);
    switch (WMBUS_MODE(out->header.signature)) {
    case 0:
    case 5: return open_mode_5(opening, n_cipher);
    case 7: return open_mode_7(opening, transport, n_cipher);
    default: return MBUS_ERR_FORMAT;
    }
}

static void read_link(struct opening *opening)
{
    struct mbus_identity *sender = &opening->out->sender;
    opening->out->control = reader_u8(&opening->r);
    uint16_t manufacturer = (uint16_t)reader_uint_le(&opening->r, 2);
    /* The same octets as in a wired header, the maker in front. */
    struct reader rest = opening->r;
    uint8_t octets[8];
    const uint8_t *address = reader_bytes(&rest, 6);
    if (address != NULL) {
        struct writer w = writer_over(octets, sizeof octets);
        writer_bytes(&w, address, 4);
        writer_uint_le(&w, manufacturer, 2);
        writer_bytes(&w, address + 4, 2);
        struct reader whole = reader_over(octets, sizeof octets);
        *sender = mbus_identity_read(&whole);
    }
    opening->r = rest;
}

static int open_layers(struct opening *opening)
{
    struct wmbus_telegram *out = opening->out;
    int result = MBUS_OK;
    read_link(opening);
    uint8_t ci = reader_u8(&opening->r);
    if (opening->r.failed) {
        return MBUS_ERR_LENGTH;
    }
    if (ci >= WMBUS_CI_ELL_SHORT && ci <= WMBUS_CI_ELL_ADDRESS_SESSION) {
        result = open_ell(opening, &ci);
    }
    if (result == MBUS_OK && ci == WMBUS_CI_AFL) {
        result = open_afl(opening, &ci);
    }
    if (result != MBUS_OK) {
        return result;
    }
    out->ci = ci;
    return open_transport(opening);
}

int wmbus_telegram_open(const struct crypto_port *port, const struct wmbus_key *key,
                        uint8_t *octets, size_t n_octets, struct wmbus_telegram *out)
{
    *out = (struct wmbus_telegram){0};
    if (n_octets < WMBUS_TELEGRAM_MIN || octets[0] != n_octets - 1u) {
        return MBUS_ERR_LENGTH;
    }
    struct opening opening = {port, key, out, octets, reader_over(octets + 1, n_octets - 1u)};
    int result = open_layers(&opening);
    if (result != MBUS_OK) {
        return result;
    }
    out->is_compact = out->ci == MBUS_CI_COMPACT_NONE || out->ci == MBUS_CI_COMPACT_SHORT ||
                      out->ci == MBUS_CI_COMPACT_LONG;
    if (out->is_compact) {
        out->format_signature = (uint16_t)reader_uint_le(&opening.r, 2);
        out->full_crc = (uint16_t)reader_uint_le(&opening.r, 2);
    }
    out->records = opening.r.at;
    out->n_records = reader_left(&opening.r);
    return opening.r.failed ? MBUS_ERR_LENGTH : MBUS_OK;
}
