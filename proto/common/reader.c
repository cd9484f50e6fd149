#include "reader.h"

const uint8_t *reader_bytes(struct reader *r, size_t n_bytes)
{
    if (r->failed || n_bytes > reader_left(r)) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *taken = r->at;
    r->at += n_bytes;
    return taken;
}

/** The bytes of an integer; a width that no integer has is a failure too. */
static const uint8_t *integer_bytes(struct reader *r, unsigned n_bytes)
{
    if (n_bytes < 1 || n_bytes > 8) {
        r->failed = true;
        return NULL;
    }
    return reader_bytes(r, n_bytes);
}

uint64_t reader_uint_be(struct reader *r, unsigned n_bytes)
{
    const uint8_t *bytes = integer_bytes(r, n_bytes);
    uint64_t value = 0;
    for (unsigned i = 0; bytes != NULL && i < n_bytes; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

uint64_t reader_uint_le(struct reader *r, unsigned n_bytes)
{
    const uint8_t *bytes = integer_bytes(r, n_bytes);
    uint64_t value = 0;
    for (unsigned i = n_bytes; bytes != NULL && i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

uint8_t reader_u8(struct reader *r)
{
    const uint8_t *byte = reader_bytes(r, 1);
    return byte == NULL ? 0 : *byte;
}
