#include "cosem_secrets.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK         UINT32_C(0x53504C4C) /* "LLPS" in memory order */
#define FORMAT       1u
#define PAGE_BYTES   256u
#define SLOTS        2u
#define CHECK_BYTES  4u
#define FIRST_CLIENT 18u

static uint32_t address_of(uint32_t sequence)
{
    return (COSEM_SECRETS_FIRST_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static void encode(const struct cosem_secrets *secrets, struct writer *w)
{
    writer_uint_le(w, MARK, 4);
    writer_uint_le(w, FORMAT, 2);
    writer_uint_le(w, secrets->sequence, 4);
    writer_u8(w, 0);
    for (unsigned i = 0; i < COSEM_SECRETS; i++) {
        writer_u8(w, secrets->changed[i].n_bytes);
        writer_bytes(w, secrets->changed[i].bytes, COSEM_SECRET_MAX);
    }
}

static bool decode(const uint8_t bytes[PAGE_BYTES], struct cosem_secrets *out)
{
    struct reader r = reader_over(bytes, PAGE_BYTES);
    struct cosem_secrets found;
    memset(&found, 0, sizeof found);
    bool good = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == FORMAT;
    found.sequence = (uint32_t)reader_uint_le(&r, 4);
    (void)reader_u8(&r);
    for (unsigned i = 0; i < COSEM_SECRETS; i++) {
        found.changed[i].n_bytes = reader_u8(&r);
        memcpy(found.changed[i].bytes, reader_bytes(&r, COSEM_SECRET_MAX), COSEM_SECRET_MAX);
        good = good && found.changed[i].n_bytes <= COSEM_SECRET_MAX;
    }
    const uint32_t check = crc32_ieee(bytes, PAGE_BYTES - reader_left(&r));
    if (!good || reader_uint_le(&r, CHECK_BYTES) != check) {
        return false;
    }
    memcpy(found.delivered, out->delivered, sizeof found.delivered);
    *out = found;
    return true;
}

bool cosem_secrets_load(struct cosem_secrets *secrets, const struct board *board)
{
    static const struct cosem_secret delivered = {5, {'1', '2', '3', '4', '5'}};
    bool read = true;
    memset(secrets, 0, sizeof *secrets);
    for (unsigned i = 0; i < COSEM_SECRETS; i++) {
        secrets->delivered[i] = delivered;
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[PAGE_BYTES];
        struct cosem_secrets found = *secrets;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            read = false;
        } else if (decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > secrets->sequence) {
            *secrets = found;
        }
    }
    return read;
}

static bool save(struct cosem_secrets *secrets, const struct board *board,
                 const struct cosem_secrets *wanted)
{
    uint8_t bytes[PAGE_BYTES];
    struct cosem_secrets next = *wanted;
    struct writer w = writer_over(bytes, sizeof bytes);
    next.sequence++;
    memset(bytes, 0xFF, sizeof bytes);
    encode(&next, &w);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (board->app_memory_write(board->context, address_of(next.sequence), bytes, sizeof bytes) !=
        0) {
        return false;
    }
    *secrets = next;
    return true;
}

const struct cosem_secret *cosem_secret_of(const struct cosem_secrets *secrets, uint16_t client)
{
    const unsigned place = (unsigned)client - FIRST_CLIENT;
    if (place >= COSEM_SECRETS) {
        return NULL;
    }
    return secrets->changed[place].n_bytes > 0 ? &secrets->changed[place]
                                               : &secrets->delivered[place];
}

static bool secret_set(struct cosem_secret *secret, const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes == 0 || n_bytes > COSEM_SECRET_MAX) {
        return false;
    }
    memset(secret, 0, sizeof *secret);
    secret->n_bytes = (uint8_t)n_bytes;
    memcpy(secret->bytes, bytes, n_bytes);
    return true;
}

bool cosem_secret_deliver(struct cosem_secrets *secrets, uint16_t client, const uint8_t *bytes,
                          size_t n_bytes)
{
    const unsigned place = (unsigned)client - FIRST_CLIENT;
    return place < COSEM_SECRETS && secret_set(&secrets->delivered[place], bytes, n_bytes);
}

bool cosem_secret_change(struct cosem_secrets *secrets, const struct board *board, uint16_t client,
                         const uint8_t *bytes, size_t n_bytes)
{
    const unsigned place = (unsigned)client - FIRST_CLIENT;
    struct cosem_secrets wanted = *secrets;
    return place < COSEM_SECRETS && secret_set(&wanted.changed[place], bytes, n_bytes) &&
           save(secrets, board, &wanted);
}
