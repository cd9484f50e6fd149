/** Protection for tests that hides nothing: tag, security control, counter, the octets xor 5A,
 * their sum.  It has the shape of the real one, so the server can be tried without any cipher. */
#ifndef OPEN382_TEST_DLMS_FALSE_GUARD_H
#define OPEN382_TEST_DLMS_FALSE_GUARD_H

#include <string.h>

#include "proto/dlms/dlms_server.h"

#define FALSE_OVERHEAD 4u

struct false_guard {
    uint8_t last; /**< counter of the peer */
    bool no_random;
};

/** Pairs of tags: plain, glo, ded. */
static const uint8_t false_tags[][3] = {
    {0x01, 0x21, 0x41}, {0x08, 0x28, 0x48}, {0xC0, 0xC8, 0xD0}, {0xC1, 0xC9, 0xD1},
    {0xC3, 0xCB, 0xD3}, {0xC4, 0xCC, 0xD4}, {0xC5, 0xCD, 0xD5}, {0xC7, 0xCF, 0xD7},
};

static inline uint8_t false_sum(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0x11;
    for (size_t i = 0; i < n; i++) {
        sum = (uint8_t)(sum * 31u + bytes[i]);
    }
    return sum;
}

/** The tag of a message that is protected that way; 0: it has none. */
static inline uint8_t false_tag(uint8_t plain, uint8_t kind)
{
    if (kind == DLMS_GENERAL_GLO) {
        return DLMS_TAG_GENERAL_GLO;
    }
    for (size_t i = 0; i < sizeof false_tags / sizeof false_tags[0]; i++) {
        if (false_tags[i][0] == plain) {
            return kind == DLMS_GLO ? false_tags[i][1] : false_tags[i][2];
        }
    }
    return 0;
}

static inline size_t false_seal(uint8_t *buffer, size_t n_plain, size_t capacity, uint8_t kind,
                                uint8_t control, uint8_t counter)
{
    uint8_t tag = false_tag(buffer[0], kind);
    if (tag == 0 || n_plain > capacity - FALSE_OVERHEAD) {
        return 0;
    }
    memmove(buffer + 3, buffer, n_plain);
    for (size_t i = 0; i < n_plain; i++) {
        buffer[3 + i] ^= 0x5A;
    }
    buffer[0] = tag;
    buffer[1] = control;
    buffer[2] = counter;
    buffer[3 + n_plain] = false_sum(buffer, 3 + n_plain);
    return n_plain + FALSE_OVERHEAD;
}

static inline enum dlms_unprotect_result false_open(uint8_t *apdu, size_t n, uint8_t *kind,
                                                    uint8_t *control)
{
    if (n < FALSE_OVERHEAD + 1u || apdu[n - 1] != false_sum(apdu, n - 1)) {
        return DLMS_UNPROTECT_FAILED;
    }
    for (size_t i = 3; i + 1 < n; i++) {
        apdu[i] ^= 0x5A;
    }
    *control = apdu[1];
    *kind = apdu[0] == DLMS_TAG_GENERAL_GLO                   ? DLMS_GENERAL_GLO
            : (apdu[0] & 0xF0) == 0xD0 || apdu[0] >> 4 == 0x4 ? DLMS_DED
                                                              : DLMS_GLO;
    return false_tag(apdu[3], *kind) == apdu[0] ? DLMS_UNPROTECTED : DLMS_UNPROTECT_FAILED;
}

static enum dlms_unprotect_result false_unprotect(void *context, struct dlms_session *session,
                                                  uint8_t *apdu, size_t n_apdu,
                                                  struct dlms_security *how, size_t *offset,
                                                  size_t *n_plain, uint32_t *counter)
{
    struct false_guard *guard = context;
    (void)session;
    enum dlms_unprotect_result result = false_open(apdu, n_apdu, &how->kind, &how->control);
    if (result == DLMS_UNPROTECTED && apdu[2] <= guard->last) {
        *counter = guard->last + 1u;
        result = DLMS_UNPROTECT_COUNTER;
    }
    if (result == DLMS_UNPROTECTED) {
        guard->last = apdu[2];
        *offset = 3;
        *n_plain = n_apdu - FALSE_OVERHEAD;
    }
    return result;
}

static size_t false_protect(void *context, struct dlms_session *session,
                            const struct dlms_security *how, uint8_t *buffer, size_t n_plain,
                            size_t capacity)
{
    (void)context;
    (void)session;
    return false_seal(buffer, n_plain, capacity, how->kind, how->control, 0x77);
}

static size_t false_overhead(void *context, const struct dlms_session *session,
                             const struct dlms_security *how)
{
    (void)context;
    (void)session;
    (void)how;
    return FALSE_OVERHEAD;
}

static void false_title(void *context, uint8_t out[DLMS_TITLE_OCTETS])
{
    (void)context;
    memcpy(out, "ABCDEFGH", DLMS_TITLE_OCTETS);
}

static size_t false_challenge(void *context, struct dlms_session *session,
                              uint8_t out[DLMS_CHALLENGE_MAX])
{
    const struct false_guard *guard = context;
    (void)session;
    memcpy(out, "P6wRJ21F", 8);
    return guard->no_random ? 0 : 8;
}

/** The proof of a challenge is the challenge. */
static bool false_verify(void *context, struct dlms_session *session, const uint8_t *reply,
                         size_t n)
{
    (void)context;
    return dlms_same(reply, n, session->stoc, session->n_stoc);
}

static size_t false_respond(void *context, struct dlms_session *session, uint8_t *out,
                            size_t capacity)
{
    (void)context;
    if (session->n_ctos > capacity) {
        return 0;
    }
    memcpy(out, session->ctos, session->n_ctos);
    return session->n_ctos;
}

static inline struct dlms_guard false_guard_of(struct false_guard *context)
{
    struct dlms_guard guard = {
        .context = context,
        .unprotect = false_unprotect,
        .protect = false_protect,
        .overhead = false_overhead,
        .title = false_title,
        .challenge = false_challenge,
        .verify = false_verify,
        .respond = false_respond,
    };
    return guard;
}

#endif
