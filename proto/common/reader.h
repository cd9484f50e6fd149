/**
 * Bounded cursor over bytes from outside.
 *
 * The first failure sticks, so a parser may read a whole header and check once at the end.
 * After a failure every read returns 0 (or NULL) and the cursor stays where it was.
 */
#ifndef OPEN382_READER_H
#define OPEN382_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static inline struct reader reader_over(const void *bytes, size_t n_bytes)
{
    const uint8_t *at = (const uint8_t *)bytes;
    struct reader r = {at, at + n_bytes, false};
    return r;
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

/** Everything read and nothing failed: unread bytes are an error too. */
static inline bool reader_complete(const struct reader *r)
{
    return !r->failed && r->at == r->end;
}

/** Take n_bytes, or NULL. */
const uint8_t *reader_bytes(struct reader *r, size_t n_bytes);
/** Big-endian unsigned integer of 1 .. 8 bytes. */
uint64_t reader_uint_be(struct reader *r, unsigned n_bytes);
/** Little-endian unsigned integer of 1 .. 8 bytes. */
uint64_t reader_uint_le(struct reader *r, unsigned n_bytes);
uint8_t reader_u8(struct reader *r);

#endif
