#include "p1_reader.h"

#include <string.h>

#include "../common/crc.h"

#define TAIL_DIGITS 4u
#define DIGITS_MAX  18u /* fit an int64_t */

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ---- from a stream ---- */

static enum p1_found finish(struct p1_collector *c)
{
    unsigned crc = 0;
    c->inside = false;
    c->behind = false;
    if (c->n_tail == 0) {
        return P1_NO_CRC;
    }
    for (unsigned i = 0; i < TAIL_DIGITS; i++) {
        const int digit = i < c->n_tail ? digit_of(c->tail[i]) : -1;
        if (digit < 0) {
            return P1_BAD_CRC;
        }
        crc = crc << 4 | (unsigned)digit;
    }
    return crc == crc16_arc(c->bytes, c->n_bytes) ? P1_GOOD : P1_BAD_CRC;
}

enum p1_found p1_collector_take(struct p1_collector *c, uint8_t octet)
{
    if (!c->inside) {
        if (octet != '/') {
            return P1_NOTHING;
        }
        c->inside = true;
        c->n_bytes = 0;
        c->n_tail = 0;
    }
    if (c->behind) {
        if (octet == '\r' || octet == '\n') {
            return finish(c);
        }
        if (c->n_tail == TAIL_DIGITS) {
            c->inside = c->behind = false;
            return P1_BAD_CRC;
        }
        c->tail[c->n_tail++] = (char)octet;
        return P1_NOTHING;
    }
    if (octet >= 0x7Fu || (octet < ' ' && octet != '\r' && octet != '\n')) {
        c->inside = false; /* no text: a binary message has an octet like "/" */
        return P1_NOTHING;
    }
    if (c->n_bytes == P1_TELEGRAM_MAX) {
        c->inside = false;
        return P1_TOO_LONG;
    }
    c->bytes[c->n_bytes++] = octet;
    c->behind = octet == '!';
    return P1_NOTHING;
}

/* ---- line by line ---- */

size_t p1_identification(const uint8_t *telegram, size_t n_bytes, const char **text)
{
    size_t n = 1;
    *text = (const char *)telegram + 1;
    while (n < n_bytes && telegram[n] != '\r' && telegram[n] != '\n') {
        n++;
    }
    return n_bytes > 0 ? n - 1u : 0;
}

/* "A-B:C.D.E" or "A-B:C.D.E.F", with "*F" too.  @return characters, 0: no code */
static size_t take_code(const char *text, size_t n_text, uint8_t obis[6])
{
    static const char behind[6] = {'-', ':', '.', '.', '.', 0};
    size_t at = 0;
    obis[5] = 255;
    for (unsigned group = 0; group < 6; group++) {
        unsigned number = 0, n_digits = 0;
        while (at < n_text && text[at] >= '0' && text[at] <= '9' && n_digits < 3) {
            number = number * 10u + (unsigned)(text[at++] - '0');
            n_digits++;
        }
        if (n_digits == 0 || number > 255u) {
            return 0;
        }
        obis[group] = (uint8_t)number;
        if (at == n_text) {
            return 0;
        }
        if (group == 4 && text[at] == '(') {
            return at;
        }
        if (group == 5) {
            return text[at] == '(' ? at : 0;
        }
        if (text[at] != behind[group] && !(group == 4 && text[at] == '*')) {
            return 0;
        }
        at++;
    }
    return 0;
}

/* The next (TEXT).  @return false: none */
static bool take_brackets(const char **at, const char *end, const char **text, size_t *n_text)
{
    if (*at == end || **at != '(') {
        return false;
    }
    *text = *at + 1;
    const char *close = memchr(*text, ')', (size_t)(end - *text));
    if (close == NULL) {
        return false;
    }
    *n_text = (size_t)(close - *text);
    *at = close + 1;
    return true;
}

static void take_number(struct p1_line *line)
{
    size_t i = line->n_value > 0 && line->value[0] == '-' ? 1u : 0u, n_digits = 0;
    bool point = false;
    line->mantissa = 0;
    line->exponent = 0;
    for (; i < line->n_value; i++) {
        const char c = line->value[i];
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9' && n_digits < DIGITS_MAX) {
            line->mantissa = line->mantissa * 10 + (c - '0');
            line->exponent -= point ? 1 : 0;
            n_digits += line->mantissa != 0 ? 1u : 0u;
        } else {
            return;
        }
    }
    /* Without unit or point it may as well be a name: numbers of meters keep their zeroes. */
    line->is_number = line->n_value > 0 && (line->n_unit > 0 || point);
    line->mantissa = line->value[0] == '-' ? -line->mantissa : line->mantissa;
}

/* "101209112500W" */
static bool is_stamp(const char *text, size_t n_text)
{
    if (n_text != 13 || (text[12] != 'W' && text[12] != 'S')) {
        return false;
    }
    for (size_t i = 0; i < 12; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return true;
}

static bool take_line(const char *text, const char *end, struct p1_line *out)
{
    memset(out, 0, sizeof *out);
    const size_t n_code = take_code(text, (size_t)(end - text), out->obis);
    const char *at = text + n_code;
    if (n_code == 0 || !take_brackets(&at, end, &out->value, &out->n_value)) {
        return false;
    }
    if (at != end && is_stamp(out->value, out->n_value)) {
        out->stamp = out->value;
        out->n_stamp = out->n_value;
        if (!take_brackets(&at, end, &out->value, &out->n_value)) {
            return false;
        }
    }
    const char *star = memchr(out->value, '*', out->n_value);
    if (star != NULL) {
        out->unit = star + 1;
        out->n_unit = out->n_value - (size_t)(out->unit - out->value);
        out->n_value = (size_t)(star - out->value);
    }
    take_number(out);
    return at == end;
}

bool p1_line_next(struct reader *telegram, struct p1_line *out)
{
    while (reader_left(telegram) > 0) {
        const char *text = (const char *)telegram->at;
        size_t n = 0;
        while (n < reader_left(telegram) && telegram->at[n] != '\r' && telegram->at[n] != '\n') {
            n++;
        }
        (void)reader_bytes(telegram, n < reader_left(telegram) ? n + 1u : n);
        if (take_line(text, text + n, out)) {
            return true;
        }
    }
    return false;
}
