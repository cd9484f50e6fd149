#include "cosem_secrets.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK         UINT32_C(0x53504C4C) /* "LLPS" in memory order */
#define FORMAT       1u
#define FIRST_CLIENT 18u

static void encode(struct writer *w, const void *record)
{
    const struct cosem_secret *changed = record;
    writer_u8(w, 0);
    for (unsigned i = 0; i < COSEM_SECRETS; i++) {
        writer_u8(w, changed[i].n_bytes);
        writer_bytes(w, changed[i].bytes, COSEM_SECRET_MAX);
    }
}

static bool decode(struct reader *r, void *record)
{
    struct cosem_secret *changed = record;
    bool good = true;
    (void)reader_u8(r);
    for (unsigned i = 0; i < COSEM_SECRETS; i++) {
        changed[i].n_bytes = reader_u8(r);
        memcpy(changed[i].bytes, reader_bytes(r, COSEM_SECRET_MAX), COSEM_SECRET_MAX);
        good = good && changed[i].n_bytes <= COSEM_SECRET_MAX;
    }
    return good;
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = COSEM_SECRETS_FIRST_PAGE,
                                      .n_record = sizeof(struct cosem_secret[COSEM_SECRETS]),
                                      .decode = decode,
                                      .encode = encode};

bool cosem_secrets_load(struct cosem_secrets *secrets, const struct board *board)
{
    static const struct cosem_secret delivered = {5, {'1', '2', '3', '4', '5'}};
    struct cosem_secret spare[COSEM_SECRETS];
    memset(secrets, 0, sizeof *secrets);
    for (unsigned i = 0; i < COSEM_SECRETS; i++) {
        secrets->delivered[i] = delivered;
    }
    const struct slot_found found = slot_record_load(&kind, board, secrets->changed, spare);
    secrets->sequence = found.sequence;
    return !found.unread;
}

static bool save(struct cosem_secrets *secrets, const struct board *board,
                 struct cosem_secrets *wanted)
{
    if (!slot_record_save(&kind, board, wanted->changed, &wanted->sequence)) {
        return false;
    }
    *secrets = *wanted;
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
