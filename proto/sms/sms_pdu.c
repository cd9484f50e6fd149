#include "sms_pdu.h"

#include <string.h>

#include "../common/reader.h"
#include "../common/writer.h"

/* First octet of a TPDU. */
#define KIND_MASK       0x03u
#define DELIVER         0x00u
#define SUBMIT          0x01u
#define VALIDITY_MASK   0x18u
#define VALIDITY_SHORT  0x10u /* one octet follows */
#define HAS_HEADER      0x40u
#define NO_MORE_WAITING 0x04u

/* Type of an address. */
#define INTERNATIONAL 0x91u
#define UNKNOWN_PLAN  0x81u
#define TYPE_MASK     0x70u
#define TYPE_NAME     0x50u
#define TYPE_INTER    0x10u

#define ONE_DAY   0xA7u
#define ESCAPE    0x1Bu
#define LOST      '?'
#define UD_OCTETS 140u
#define PART_8    0x00u /* information elements that number parts */
#define PART_16   0x08u

enum alphabet { GSM_7, OCTETS_8, UCS_2, COMPRESSED };

/* Characters that stand elsewhere than in ASCII; those behind the escape have bit 7. */
static const struct {
    char ascii;
    uint8_t septet;
} moved[] = {
    {'@', 0x00},  {'$', 0x02}, {'_', 0x11}, {'^', 0x94}, {'{', 0xA8}, {'}', 0xA9},
    {'\\', 0xAF}, {'[', 0xBC}, {'~', 0xBD}, {']', 0xBE}, {'|', 0xC0},
};
#define N_MOVED  (sizeof moved / sizeof moved[0])
#define EXTENDED 0x80u

/* ASCII characters that the alphabet has at the same place. */
static bool same_place(uint8_t c)
{
    return c == '\n' || c == '\r' ||
           (c >= ' ' && c <= 'z' && c != '$' && c != '@' && !(c >= '[' && c <= '`'));
}

static char to_ascii(uint8_t septet, bool extended)
{
    for (size_t i = 0; i < N_MOVED; i++) {
        if (moved[i].septet == (septet | (extended ? EXTENDED : 0u))) {
            return moved[i].ascii;
        }
    }
    return !extended && same_place(septet) ? (char)septet : LOST;
}

/* @return septet, with EXTENDED when the escape goes before it; negative: none */
static int from_ascii(char c)
{
    for (size_t i = 0; i < N_MOVED; i++) {
        if (moved[i].ascii == c) {
            return moved[i].septet;
        }
    }
    return same_place((uint8_t)c) ? (int)c : SMS_ERR_TEXT;
}

int sms_septets(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++) {
        const int septet = from_ascii(*text);
        if (septet < 0) {
            return SMS_ERR_TEXT;
        }
        n += (septet & (int)EXTENDED) != 0 ? 2 : 1;
    }
    return n;
}

/* ---- septets in octets ---- */

static uint8_t septet_at(const uint8_t *octets, size_t index)
{
    const size_t bit = index * 7u, at = bit / 8u;
    const unsigned shift = bit % 8u;
    const unsigned low = octets[at] >> shift;
    const unsigned high = shift > 1u ? (unsigned)octets[at + 1u] << (8u - shift) : 0u;
    return (uint8_t)((low | high) & 0x7Fu);
}

static void septet_put(uint8_t *octets, size_t index, uint8_t septet)
{
    const size_t bit = index * 7u, at = bit / 8u;
    const unsigned shift = bit % 8u;
    octets[at] = (uint8_t)(octets[at] | septet << shift);
    if (shift > 1u) {
        octets[at + 1u] = (uint8_t)(septet >> (8u - shift));
    }
}

static size_t octets_of(size_t n_septets)
{
    return (n_septets * 7u + 7u) / 8u;
}

/* ---- addresses ---- */

static void take_digits(const uint8_t *octets, size_t n_digits, bool international, char *number)
{
    static const char digits[16] = "0123456789*#abc";
    size_t n = 0;
    if (international) {
        number[n++] = '+';
    }
    for (size_t i = 0; i < n_digits; i++) {
        const unsigned shift = (unsigned)(i % 2u) * 4u;
        const char digit = digits[(unsigned)octets[i / 2u] >> shift & 0x0Fu];
        if (digit == '\0') {
            break; /* filler */
        }
        number[n++] = digit;
    }
    number[n] = '\0';
}

static void take_address(struct reader *r, char number[SMS_NUMBER_SIZE])
{
    const uint8_t n_digits = reader_u8(r), type = reader_u8(r);
    const uint8_t *octets = reader_bytes(r, (n_digits + 1u) / 2u);
    number[0] = '\0';
    if (n_digits > SMS_DIGITS_MAX) {
        r->failed = true;
    } else if (octets != NULL && (type & TYPE_MASK) != TYPE_NAME) {
        take_digits(octets, n_digits, (type & TYPE_MASK) == TYPE_INTER, number);
    }
}

static bool put_address(struct writer *w, const char *number)
{
    const bool international = number[0] == '+';
    const char *digits = number + (international ? 1 : 0);
    const size_t n = strlen(digits);
    if (n == 0 || n > SMS_DIGITS_MAX || strspn(digits, "0123456789") != n) {
        return false;
    }
    writer_u8(w, (uint8_t)n);
    writer_u8(w, international ? INTERNATIONAL : UNKNOWN_PLAN);
    for (size_t i = 0; i < n; i += 2) {
        const unsigned low = (unsigned)(digits[i] - '0');
        const unsigned high = i + 1 < n ? (unsigned)(digits[i + 1] - '0') : 0x0Fu;
        writer_u8(w, (uint8_t)(high << 4 | low));
    }
    return true;
}

/* ---- user data ---- */

static enum alphabet alphabet_of(uint8_t coding)
{
    if (coding < 0x80u) { /* general, and to be deleted */
        return (coding & 0x20u) != 0 ? COMPRESSED : (enum alphabet)(coding >> 2 & 3u);
    }
    if (coding >= 0xF0u) {
        return (coding & 0x04u) != 0 ? OCTETS_8 : GSM_7;
    }
    return coding >= 0xE0u ? UCS_2 : coding >= 0xC0u ? GSM_7 : COMPRESSED;
}

/* The header in front of the text.  @return its octets with the length, or 0: not a good one */
static size_t take_header(const uint8_t *data, size_t n_data, struct sms *out)
{
    struct reader r = reader_over(data, n_data);
    const uint8_t length = reader_u8(&r);
    const uint8_t *header = reader_bytes(&r, length);
    if (header == NULL) {
        return 0;
    }
    r = reader_over(header, length);
    while (!r.failed && reader_left(&r) > 0) {
        const uint8_t element = reader_u8(&r), n = reader_u8(&r);
        (void)reader_bytes(&r, n);
        out->part = out->part || element == PART_8 || element == PART_16;
    }
    return r.failed ? 0 : length + 1u;
}

static void take_septets(const uint8_t *data, size_t begin, size_t end, char *text)
{
    size_t n = 0;
    for (size_t i = begin; i < end; i++) {
        const uint8_t septet = septet_at(data, i);
        const bool extended = septet == ESCAPE && i + 1 < end;
        i += extended ? 1u : 0u;
        text[n++] = to_ascii(extended ? septet_at(data, i) : septet, extended);
    }
    text[n] = '\0';
}

static void take_wide(const uint8_t *data, size_t begin, size_t end, char *text)
{
    size_t n = 0;
    for (size_t i = begin; i + 1 < end; i += 2) {
        const bool ascii = data[i] == 0 && data[i + 1] < 0x7F && data[i + 1] != 0;
        text[n++] = ascii ? (char)data[i + 1] : LOST;
    }
    text[n] = '\0';
}

static void take_text(struct reader *r, uint8_t coding, bool has_header, struct sms *out)
{
    const enum alphabet alphabet = alphabet_of(coding);
    const uint8_t length = reader_u8(r);
    const size_t n_octets = alphabet == GSM_7 ? octets_of(length) : length;
    uint8_t data[UD_OCTETS + 1u] = {0};
    const uint8_t *octets = reader_bytes(r, n_octets);
    if (octets == NULL || n_octets > UD_OCTETS) {
        r->failed = true;
        return;
    }
    memcpy(data, octets, n_octets);
    const size_t header = has_header ? take_header(data, n_octets, out) : 0;
    if (has_header && header == 0) {
        r->failed = true;
        return;
    }
    out->readable = alphabet == GSM_7 || alphabet == UCS_2;
    if (alphabet == GSM_7) {
        take_septets(data, (header * 8u + 6u) / 7u, length, out->text);
    } else if (alphabet == UCS_2) {
        take_wide(data, header, n_octets, out->text);
    }
}

static enum sms_err put_text(struct writer *w, const char *text)
{
    uint8_t data[UD_OCTETS + 1u] = {0};
    const int n = sms_septets(text);
    if (n < 0 || n > (int)SMS_SEPTETS_MAX) {
        return SMS_ERR_TEXT;
    }
    size_t at = 0;
    for (; *text != '\0'; text++) {
        const unsigned septet = (unsigned)from_ascii(*text);
        if ((septet & EXTENDED) != 0) {
            septet_put(data, at++, ESCAPE);
        }
        septet_put(data, at++, septet & 0x7Fu);
    }
    writer_u8(w, (uint8_t)n);
    writer_bytes(w, data, octets_of((size_t)n));
    return SMS_OK;
}

/* ---- whole messages ---- */

static enum sms_err decode(const uint8_t *pdu, size_t n_pdu, uint8_t kind, struct sms *out)
{
    struct reader r = reader_over(pdu, n_pdu);
    struct sms sms = {.readable = false};
    (void)reader_bytes(&r, reader_u8(&r)); /* service centre */
    const uint8_t first = reader_u8(&r);
    if (!r.failed && (first & KIND_MASK) != kind) {
        return SMS_ERR_KIND;
    }
    if (kind == SUBMIT) {
        (void)reader_u8(&r); /* reference */
    }
    take_address(&r, sms.number);
    (void)reader_u8(&r); /* protocol */
    const uint8_t coding = reader_u8(&r);
    const unsigned validity = first & VALIDITY_MASK;
    (void)reader_bytes(&r, kind == DELIVER              ? 7u
                           : validity == 0              ? 0u
                           : validity == VALIDITY_SHORT ? 1u
                                                        : 7u);
    take_text(&r, coding, (first & HAS_HEADER) != 0, &sms);
    if (!reader_complete(&r)) {
        return SMS_ERR_FORMAT;
    }
    *out = sms;
    return SMS_OK;
}

enum sms_err sms_deliver_decode(const uint8_t *pdu, size_t n_pdu, struct sms *out)
{
    return decode(pdu, n_pdu, DELIVER, out);
}

enum sms_err sms_submit_decode(const uint8_t *pdu, size_t n_pdu, struct sms *out)
{
    return decode(pdu, n_pdu, SUBMIT, out);
}

static int finish(const struct writer *w, enum sms_err result, size_t *n_tpdu)
{
    if (result != SMS_OK || w->failed) {
        return result != SMS_OK ? (int)result : SMS_ERR_SPACE;
    }
    *n_tpdu = writer_length(w) - 1u;
    return (int)writer_length(w);
}

int sms_submit_encode(const char *number, const char *text, uint8_t *pdu, size_t capacity,
                      size_t *n_tpdu)
{
    struct writer w = writer_over(pdu, capacity);
    const uint8_t begin[] = {0, SUBMIT | VALIDITY_SHORT, 0}, coding[] = {0, 0, ONE_DAY};
    writer_bytes(&w, begin, sizeof begin);
    if (!put_address(&w, number)) {
        return SMS_ERR_NUMBER;
    }
    writer_bytes(&w, coding, sizeof coding);
    return finish(&w, put_text(&w, text), n_tpdu);
}

int sms_deliver_encode(const char *number, const char *text, const uint8_t when[7], uint8_t *pdu,
                       size_t capacity, size_t *n_tpdu)
{
    struct writer w = writer_over(pdu, capacity);
    const uint8_t begin[] = {0, DELIVER | NO_MORE_WAITING}, coding[] = {0, 0};
    writer_bytes(&w, begin, sizeof begin);
    if (!put_address(&w, number)) {
        return SMS_ERR_NUMBER;
    }
    writer_bytes(&w, coding, sizeof coding);
    writer_bytes(&w, when, 7);
    return finish(&w, put_text(&w, text), n_tpdu);
}
