/**
 * Bounded cursor for bytes to the outside.  What does not fit is not written and the writer
 * remembers the failure; a caller checks once, at the end, before it sends anything.
 */
#ifndef OPEN382_WRITER_H
#define OPEN382_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
    uint8_t *begin, *at, *end;
    bool failed;
};

static inline struct writer writer_over(void *bytes, size_t capacity)
{
    uint8_t *at = (uint8_t *)bytes;
    struct writer w = {at, at, at + capacity, false};
    return w;
}

static inline size_t writer_length(const struct writer *w)
{
    return (size_t)(w->at - w->begin);
}

static inline size_t writer_left(const struct writer *w)
{
    return (size_t)(w->end - w->at);
}

void writer_bytes(struct writer *w, const void *bytes, size_t n_bytes);
void writer_u8(struct writer *w, uint8_t value);
void writer_uint_be(struct writer *w, uint64_t value, unsigned n_bytes);
void writer_uint_le(struct writer *w, uint64_t value, unsigned n_bytes);
/** The characters of a string, without its end mark. */
void writer_text(struct writer *w, const char *text);
/** Decimal number; min_digits pads with leading zeroes (0 and 1 alike: no padding). */
void writer_decimal(struct writer *w, uint64_t value, unsigned min_digits);
/** value * 10^-decimals as digits with a point, e.g. (1078, 3) -> "1.078". */
void writer_fixed(struct writer *w, int64_t value, unsigned decimals, unsigned min_int_digits);

#endif
