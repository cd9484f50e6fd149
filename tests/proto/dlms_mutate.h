/** Mutated messages against the DLMS server inside an association: for the test and the bench. */
#ifndef OPEN382_TEST_DLMS_MUTATE_H
#define OPEN382_TEST_DLMS_MUTATE_H

#include "proto/dlms_false_guard.h"
#include "proto/dlms_link.h"
#include "proto/hex.h"

static const char *const mutate_seeds[] = {
    "601DA109060760857405080101BE10040E01000000065F1F0400FEFFFF0200",
    "6033A1090607608574050801018A0207808B0760857405080201AC0780054775727578"
    "BE10040E01000000065F1F0400401E1DFFFF",
    "6203800100",
    "C001C1000100002A0000FF0200",
    "C001C1000F0000280000FF0200",
    "C001C1000300011519 00FF0000",
    "C002C100000001",
    "C003C1030003010115 "
    "1900FF020000080000010000FF020000070100630100FF020102020406000000010600000003120001120000",
    "C001C100070100630100FF0201010204020412000809060000010000FF0F02120000"
    "090C07EA0B14FF000000008000FF090C07EA0B15FF000000008000FF0100",
    "C101C100080000010000FF0200090C07EA0B15060E000000800000",
    "C102C1000100002A0000FF0200000000000104090A4142",
    "C103C1010000000208 4344454647484950",
    "C104C10200010000 2A0000FF0200000100006001 00FF02000209014109 0142",
    "C105C10200010000 2A0000FF0200000100006001 00FF0200000000000104 02090141",
    "C301C10046000060030AFF02010903AABBCC",
    "C303C1020046000060030AFF010046000060030AFF0202000901AA",
    "C304C10046000060030AFF0200000000010409 0AAABB",
    "C306C1010000000208CCDDEEFF00112233",
    "C302C100000001",
    "D94000000100040100030101151900FF02020001 "
    "00002A0000FF02030046000060030AFF020100010000600100FF0204000901AA0901BB00",
    "E0C10001000006C001C1000700",
    "E08100020000080100630100FF0200",
    "E08100010000 0DC001C100070100630100FF0200",
    "E08100020003 00",
    "0F40000001000900",
};
#define N_MUTATE_SEEDS (sizeof mutate_seeds / sizeof mutate_seeds[0])

/** Change a few octets: flips, other values, cuts, insertions, repetitions. */
static inline size_t mutate(uint8_t *apdu, size_t n, size_t capacity, uint64_t *seed)
{
    static const uint8_t telling[] = {0, 1, 2, 3, 9, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFE, 0xFF};
    unsigned n_changes = (unsigned)(test_random(seed) % 5);
    for (unsigned i = 0; i < n_changes && n > 0; i++) {
        uint64_t random = test_random(seed);
        size_t at = (size_t)(random >> 8) % n;
        switch (random % 6) {
        case 0: apdu[at] = (uint8_t)(apdu[at] ^ (1u << (random >> 40) % 8)); break;
        case 1: apdu[at] = telling[(random >> 40) % sizeof telling]; break;
        case 2: apdu[at] = (uint8_t)(random >> 40); break;
        case 3: n = at; break;
        case 4:
            if (n + 1 < capacity) {
                memmove(apdu + at + 1, apdu + at, n - at);
                n++;
            }
            break;
        default: {
            size_t n_part = (size_t)(random >> 40) % (n - at) + 1;
            if (n + n_part < capacity) {
                memmove(apdu + at + n_part, apdu + at, n - at);
                n += n_part;
            }
        }
        }
    }
    return n;
}

/** One message, mutated or not, and all that the server has to say to it. */
static inline void mutate_step(struct dlms_link *link, uint64_t *seed)
{
    uint8_t apdu[512] = {0};
    uint64_t random = test_random(seed);
    size_t n = link_octets(mutate_seeds[random % N_MUTATE_SEEDS], apdu);
    if ((random >> 16) % 4 != 0) {
        n = mutate(apdu, n, sizeof apdu, seed);
    }
    if (link->server.session.context == DLMS_CONTEXT_LN_CIPHERED && (random >> 24) % 8 != 0) {
        struct false_guard *guard = link->server.config.guard->context;
        guard->last = 0;
        size_t n_sealed = false_seal(
            apdu, n, sizeof apdu, (random >> 32) % 2 == 0 ? DLMS_GLO : DLMS_GENERAL_GLO, 0x30, 1);
        n = n_sealed > 0 ? n_sealed : n;
    }
    link_send(link, apdu, n);
    for (unsigned i = 0; link->n_out > 0 && i < 100; i++) {
        uint8_t *answer = malloc(link->capacity);
        link->n_out = dlms_server_more(&link->server, answer, link->capacity);
        free(answer);
    }
}

/** Associate anew as one of the clients, with some size. */
static inline void mutate_open(struct dlms_link *link, const struct dlms_guard *guard,
                               uint64_t *seed)
{
    static const uint16_t clients[] = {18, 18, 18, 16, 2};
    uint64_t random = test_random(seed);
    link_begin(link, clients[random % 5], guard);
    link->capacity = 64 + (size_t)(random >> 8) % 450;
    link->meter.n_text = (random >> 20) % 300;
    link_open(link, (random >> 32) % 4 == 0 ? (uint32_t)(random >> 36) : 0xFFFFFFu,
              (uint16_t)((random >> 40) % 2 == 0 ? 0 : 12 + (random >> 44) % 500));
    if (link->server.session.client_sap == 2 && (random >> 60) % 2 == 0) {
        link->server.session.context = DLMS_CONTEXT_LN_CIPHERED;
    }
}

#endif
