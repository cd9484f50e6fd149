/* Ciphered DLMS messages: whatever comes, nothing is released that was not sealed with our keys.
 * The first octet says how: below 128 the rest is a message as it comes from the line, above it is
 * a plain message that is sealed here, changed in one place, and opened. */
#include <stdlib.h>
#include <string.h>

#include "ports/crypto/portable/crypto_portable.h"
#include "proto/dlms/dlms_hls.h"

#define MESSAGE_MAX 600u
#define BEFORE      80u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct party {
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer;
    struct dlms_cipher cipher;
};

static void party_begin(struct party *party, const struct crypto_port *port, uint8_t suite,
                        const char *title, const char *peer)
{
    uint8_t key[32] = {0, 1, 2, 3, 4, 5, 6, 7};
    memset(party, 0, sizeof *party);
    dlms_keys_init(&party->keys, port, suite);
    for (unsigned id = 0; id < DLMS_KEY_IDS; id++) {
        dlms_keys_set(&party->keys, (enum dlms_key_id)id, key, dlms_suite_key_bytes(suite));
    }
    dlms_own_counter_begin(&party->own, 0x01234567);
    dlms_cipher_init(&party->cipher, &party->keys, &party->own, &party->peer, &party->peer,
                     (const uint8_t *)title);
    dlms_cipher_peer(&party->cipher, (const uint8_t *)peer);
    key[0] = 0x0D; /* the first octet of a message, which names the key, is not authenticated */
    dlms_cipher_dedicate(&party->cipher, key, dlms_suite_key_bytes(suite));
}

static void party_end(struct party *party)
{
    dlms_cipher_end(&party->cipher);
    dlms_keys_drop(&party->keys);
}

/* Nothing comes out but within the message, and what comes out can be answered alike. */
static bool open_one(struct party *to, struct party *from, uint8_t *bytes, size_t n_bytes,
                     struct dlms_span *plain)
{
    struct dlms_seal came, how;
    struct dlms_span answer, back;
    uint8_t buffer[200] = {0};
    if (dlms_cipher_open(&to->cipher, bytes, n_bytes, &came, plain) != DLMS_CIPHER_OK) {
        if (plain->bytes != NULL || plain->n_bytes != 0) {
            abort();
        }
        (void)dlms_cipher_expected(&to->cipher, &came);
        return false;
    }
    if (plain->bytes < bytes || plain->bytes + plain->n_bytes > bytes + n_bytes) {
        abort();
    }
    how = dlms_cipher_answer(&came);
    buffer[100] = 0xC4;
    from->cipher.demands = 0;
    if (dlms_cipher_protect(&to->cipher, &how, buffer, sizeof buffer, 100, 40, &answer) !=
            DLMS_CIPHER_OK ||
        dlms_cipher_open(&from->cipher, answer.bytes, answer.n_bytes, &came, &back) !=
            DLMS_CIPHER_OK ||
        back.n_bytes != 40) {
        abort();
    }
    return true;
}

static void from_line(const struct crypto_port *port, uint8_t mode, const uint8_t *data, size_t n)
{
    struct party meter, client;
    struct dlms_span plain;
    uint8_t bytes[MESSAGE_MAX], title[DLMS_TITLE_BYTES];
    party_begin(&meter, port, mode % 3u, "METER001", "CLIENT01");
    party_begin(&client, port, mode % 3u, "CLIENT01", "METER001");
    meter.cipher.demands = (mode & 0x40u) != 0 ? 0 : DLMS_SC_AUTHENTICATION;
    n = n < sizeof bytes ? n : sizeof bytes;
    if (n > 0) {
        memcpy(bytes, data, n);
    }
    (void)dlms_cipher_sender(bytes, n, title);
    (void)dlms_cipher_gmac_check(&meter.cipher, &(struct crypto_piece){"challenge", 9}, bytes, n);
    (void)open_one(&meter, &client, bytes, n, &plain);
    party_end(&meter);
    party_end(&client);
}

static void sealed(const struct crypto_port *port, uint8_t mode, const uint8_t *data, size_t n)
{
    struct dlms_seal how = {.wrapping = (enum dlms_wrapping)(1 + mode % 5u), .control = 0x30};
    struct party meter, client;
    struct dlms_span message, plain;
    uint8_t buffer[BEFORE + MESSAGE_MAX + 12u], change = 0;
    size_t where = 0;
    if (n < 4u) {
        return;
    }
    where = (size_t)data[0] << 8 | data[1];
    change = data[2];
    how.n_transaction = data[0] % (DLMS_TRANSACTION_MAX + 1u);
    n = n - 3u < MESSAGE_MAX ? n - 3u : MESSAGE_MAX;
    party_begin(&meter, port, 0, "METER001", "CLIENT01");
    party_begin(&client, port, 0, "CLIENT01", "METER001");
    memcpy(buffer + BEFORE, data + 3, n);
    if (dlms_cipher_protect(&client.cipher, &how, buffer, sizeof buffer, BEFORE, n, &message) ==
        DLMS_CIPHER_OK) {
        message.bytes[where % message.n_bytes] ^= change;
        const bool opened = open_one(&meter, &client, message.bytes, message.n_bytes, &plain);
        if (opened != (change == 0) ||
            (opened && (plain.n_bytes != n || memcmp(plain.bytes, data + 3, n) != 0))) {
            abort();
        }
    }
    party_end(&meter);
    party_end(&client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crypto_port port;
    crypto_portable(&port, NULL, NULL);
    if (size < 1u) {
        return 0;
    }
    if (data[0] < 0x80u) {
        from_line(&port, data[0], data + 1, size - 1u);
    } else {
        sealed(&port, data[0], data + 1, size - 1u);
    }
    return 0;
}
