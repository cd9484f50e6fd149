#include "writer.h"

#include <string.h>

#define DIGITS_MAX 20u /* of a 64-bit number */

/** Room for n_bytes, or NULL; the failure sticks. */
static uint8_t *writer_room(struct writer *w, size_t n_bytes)
{
    if (w->failed || n_bytes > writer_left(w)) {
        w->failed = true;
        return NULL;
    }
    uint8_t *room = w->at;
    w->at += n_bytes;
    return room;
}

void writer_bytes(struct writer *w, const void *bytes, size_t n_bytes)
{
    uint8_t *room = writer_room(w, n_bytes);
    if (room != NULL && n_bytes > 0) {
        memcpy(room, bytes, n_bytes);
    }
}

void writer_u8(struct writer *w, uint8_t value)
{
    uint8_t *room = writer_room(w, 1);
    if (room != NULL) {
        *room = value;
    }
}

void writer_uint_be(struct writer *w, uint64_t value, unsigned n_bytes)
{
    uint8_t *room = writer_room(w, n_bytes);
    for (unsigned i = n_bytes; room != NULL && i-- > 0;) {
        room[i] = (uint8_t)value;
        value >>= 8;
    }
}

void writer_uint_le(struct writer *w, uint64_t value, unsigned n_bytes)
{
    uint8_t *room = writer_room(w, n_bytes);
    for (unsigned i = 0; room != NULL && i < n_bytes; i++) {
        room[i] = (uint8_t)value;
        value >>= 8;
    }
}

void writer_text(struct writer *w, const char *text)
{
    writer_bytes(w, text, strlen(text));
}

/** Digits of value, last one first.  @return their number, at least one. */
static unsigned digits_of(uint64_t value, char digits[DIGITS_MAX])
{
    unsigned n_digits = 0;
    do {
        digits[n_digits++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return n_digits;
}

void writer_decimal(struct writer *w, uint64_t value, unsigned min_digits)
{
    char digits[DIGITS_MAX];
    unsigned n_digits = digits_of(value, digits);
    unsigned n_zeroes = min_digits > n_digits ? min_digits - n_digits : 0;
    uint8_t *room = writer_room(w, (size_t)n_digits + n_zeroes);
    if (room == NULL) {
        return;
    }
    memset(room, '0', n_zeroes);
    for (unsigned i = 0; i < n_digits; i++) {
        room[n_zeroes + i] = (uint8_t)digits[n_digits - 1 - i];
    }
}

void writer_fixed(struct writer *w, int64_t value, unsigned decimals, unsigned min_int_digits)
{
    struct writer before = *w;
    uint64_t magnitude = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    char digits[DIGITS_MAX];
    unsigned n_digits = digits_of(magnitude, digits);
    unsigned n_int = n_digits > decimals ? n_digits - decimals : 0;
    if (min_int_digits == 0) {
        min_int_digits = 1;
    }
    if (value < 0) {
        writer_u8(w, '-');
    }
    for (unsigned i = n_int; i < min_int_digits; i++) {
        writer_u8(w, '0');
    }
    for (unsigned i = 0; i < n_int; i++) {
        writer_u8(w, (uint8_t)digits[n_digits - 1 - i]);
    }
    if (decimals > 0) {
        writer_u8(w, '.');
    }
    for (unsigned i = decimals; i-- > 0;) {
        writer_u8(w, i < n_digits ? (uint8_t)digits[i] : (uint8_t)'0');
    }
    if (w->failed) { /* all or nothing */
        *w = before;
        w->failed = true;
    }
}
