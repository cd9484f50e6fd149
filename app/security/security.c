#include "security.h"

#include <string.h>

#define TITLE_LETTER 0x45u /* of the 382's own titles, between maker and number */

/* -- counters --------------------------------------------------------------------------------- */

static int reserve(void *context, uint64_t up_to)
{
    struct security *security = (struct security *)context;
    const uint64_t before = security->kept.own;
    security->kept.own = up_to;
    if (security_counters_save(&security->kept, security->board)) {
        return 0;
    }
    security->kept.own = before;
    return -1;
}

static int keep(void *context, uint64_t lowest)
{
    const struct security_peer_memory *memory = (const struct security_peer_memory *)context;
    struct security *security = memory->security;
    const uint64_t before = security->kept.lowest[memory->peer];
    security->kept.lowest[memory->peer] = lowest;
    if (security_counters_save(&security->kept, security->board)) {
        return 0;
    }
    security->kept.lowest[memory->peer] = before;
    return -1;
}

static const enum dlms_key_id key_of[SECURITY_PEERS] = {DLMS_KEY_UNICAST, DLMS_KEY_BROADCAST};

static void peer_begin(struct security *security, enum security_peer peer)
{
    const uint64_t lowest = security->kept.lowest[peer];
    security->memory[peer] = (struct security_peer_memory){security, peer};
    security->peer[peer] = (struct dlms_peer_counter){
        .lowest = lowest, .kept = lowest, .context = &security->memory[peer], .keep = keep};
}

/* What was kept belongs to a key; one that was changed since begins at 0. */
static void peers_follow(struct security *security, const struct security_keys *stored)
{
    for (unsigned i = 0; i < SECURITY_PEERS; i++) {
        const uint32_t generation = stored->generation[key_of[i]];
        if (security->kept.generation[i] != generation) {
            security->kept.generation[i] = generation;
            security->kept.lowest[i] = 0;
            peer_begin(security, (enum security_peer)i);
        }
    }
}

/* A page that is no record may have been the newest one, which was ahead of what is left. */
static void counters_begin(struct security *security, const struct security_keys *stored)
{
    const bool damaged = security->kept.damaged;
    for (unsigned i = 0; i < SECURITY_PEERS; i++) {
        security->kept.lowest[i] += damaged ? DLMS_PEER_AHEAD_MAX : 0u;
        peer_begin(security, (enum security_peer)i);
    }
    peers_follow(security, stored);
    security->own.step = SECURITY_OWN_STEP;
    security->own.context = security;
    security->own.reserve = reserve;
    dlms_own_counter_begin(&security->own, security->kept.own + (damaged ? SECURITY_OWN_STEP : 0u));
}

/* -- keys ------------------------------------------------------------------------------------- */

/* Delivered keys, and over them those that were changed. */
static bool keys_take(struct security *security, const struct security_delivered *delivered,
                      const struct security_keys *stored)
{
    const size_t n_key = dlms_suite_key_bytes(security->keys.suite);
    bool good = true;
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        const uint8_t *key = delivered != NULL && delivered->has[i] ? delivered->key[i] : NULL;
        if (stored->has[i] && stored->n_key == n_key) {
            key = stored->key[i];
        }
        if (key != NULL && dlms_keys_set(&security->keys, (enum dlms_key_id)i, key, n_key) != 0) {
            good = false;
        }
    }
    return good;
}

/* Keys that were changed in an association that is over. */
static void begins(void *context)
{
    struct security *security = (struct security *)context;
    struct security_keys stored;
    if (!security->changed) {
        return;
    }
    if (security_keys_load(&stored, security->board) && keys_take(security, NULL, &stored)) {
        security->changed = false;
        peers_follow(security, &stored);
    }
    crypto_wipe(&stored, sizeof stored);
}

static void refused(void *context, enum dlms_cipher_err err)
{
    struct security *security = (struct security *)context;
    uint32_t *count =
        err == DLMS_CIPHER_ERR_COUNTER ? &security->refusals.repeated : &security->refusals.forged;
    if (*count < UINT32_MAX) {
        (*count)++;
    }
    if (security->note != NULL && security_worth_noting(security)) {
        security->note(security->note_context);
    }
}

static void title_make(uint8_t title[DLMS_TITLE_BYTES], uint32_t serial)
{
    title[0] = 'K';
    title[1] = 'A';
    title[2] = 'M';
    title[3] = TITLE_LETTER;
    for (unsigned i = 0; i < 4u; i++) {
        title[4u + i] = (uint8_t)(serial >> (24u - 8u * i));
    }
}

bool security_begin(struct security *security, const struct board *board, uint32_t serial,
                    const struct security_delivered *delivered)
{
    struct security_keys stored;
    memset(security, 0, sizeof *security);
    security->board = board;
    title_make(security->title, serial);
    if (board->crypto == NULL) {
        return true;
    }
    bool good = security_keys_load(&stored, board);
    good = security_counters_load(&security->kept, board) && good;
    const uint8_t suite = delivered != NULL ? delivered->suite : stored.n_key == 32u ? 2u : 0u;
    good = dlms_keys_init(&security->keys, board->crypto, suite) == DLMS_CIPHER_OK && good;
    good = good && keys_take(security, delivered, &stored);
    counters_begin(security, &stored);
    security->source.context = security;
    security->source.begins = begins;
    security->source.refused = refused;
    security->open = good && security->keys.has_unicast && security->keys.has_authentication;
    crypto_wipe(&stored, sizeof stored);
    return good;
}

void security_sentry(struct security *security, struct dlms_sentry *sentry)
{
    dlms_sentry_init(sentry, &security->source, &security->keys, &security->own,
                     &security->peer[SECURITY_UNICAST], &security->peer[SECURITY_BROADCAST],
                     security->title);
}

bool security_settle(struct security *security)
{
    if (!security->open) {
        return true;
    }
    bool good = dlms_own_counter_settle(&security->own) == 0;
    for (unsigned i = 0; i < SECURITY_PEERS; i++) {
        good = dlms_peer_counter_settle(&security->peer[i]) == 0 && good;
    }
    return good;
}

void security_end(struct security *security)
{
    if (security->keys.crypto != NULL) {
        dlms_keys_drop(&security->keys);
    }
    security->open = false;
}

uint32_t security_counter(const struct security *security)
{
    const uint64_t lowest = security->peer[SECURITY_UNICAST].lowest;
    return lowest == 0 ? 0u : lowest > UINT32_MAX ? UINT32_MAX : (uint32_t)(lowest - 1u);
}

/* Put the list into what is stored; nothing is stored yet. */
static enum security_err transfer_take(const struct security *security,
                                       const struct security_transfer *list, size_t n,
                                       struct security_keys *stored)
{
    bool seen[DLMS_KEY_IDS] = {false};
    for (size_t i = 0; i < n; i++) {
        const unsigned id = list[i].key_id;
        if (id >= DLMS_KEY_IDS || seen[id]) {
            return SECURITY_ERR_FORM;
        }
        seen[id] = true;
        const enum dlms_cipher_err err =
            dlms_keys_unwrap(&security->keys, list[i].wrapped, list[i].n_wrapped, stored->key[id]);
        if (err != DLMS_CIPHER_OK) {
            return err == DLMS_CIPHER_ERR_FORM ? SECURITY_ERR_FORM : SECURITY_ERR_KEY;
        }
        stored->has[id] = true;
        stored->generation[id]++;
    }
    return n > 0 ? SECURITY_OK : SECURITY_ERR_FORM;
}

enum security_err security_transfer_check(const struct security *security,
                                          const struct security_transfer *list, size_t n)
{
    struct security_keys unused;
    memset(&unused, 0, sizeof unused);
    const enum security_err err =
        security->open ? transfer_take(security, list, n, &unused) : SECURITY_ERR_CLOSED;
    crypto_wipe(&unused, sizeof unused);
    return err;
}

enum security_err security_key_transfer(struct security *security,
                                        const struct security_transfer *list, size_t n)
{
    struct security_keys stored;
    if (!security->open) {
        return SECURITY_ERR_CLOSED;
    }
    enum security_err err = SECURITY_ERR_STORAGE;
    if (security_keys_load(&stored, security->board)) {
        const uint8_t n_key = (uint8_t)dlms_suite_key_bytes(security->keys.suite);
        if (stored.n_key != n_key) {
            memset(stored.has, 0, sizeof stored.has); /* of another suite */
            stored.n_key = n_key;
        }
        err = transfer_take(security, list, n, &stored);
        if (err == SECURITY_OK && !security_keys_save(&stored, security->board)) {
            err = SECURITY_ERR_STORAGE;
        }
    }
    security->changed = security->changed || err == SECURITY_OK;
    crypto_wipe(&stored, sizeof stored);
    return err;
}

bool security_worth_noting(const struct security *security)
{
    const uint64_t times = (uint64_t)security->refusals.forged + security->refusals.repeated;
    const uint64_t threes = times / 3u;
    return times % 3u == 0 && threes != 0 && (threes & (threes - 1u)) == 0;
}
