/* Twenty digits and the bits that they are. */
#include "token.h"

#include <stdbool.h>
#include <string.h>

#define TOP_BITS 3u /* of the first byte: 66 bits have two there */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* bits = bits * 10 + digit.  @return false: more than 66 bits */
static bool shift_in(uint8_t bits[TOKEN_BYTES], unsigned digit)
{
    unsigned carry = digit;
    for (unsigned i = TOKEN_BYTES; i-- > 0;) {
        const unsigned value = bits[i] * 10u + carry;
        bits[i] = (uint8_t)(value & UINT8_MAX);
        carry = value >> 8;
    }
    return carry == 0 && bits[0] <= TOP_BITS;
}

enum token_err token_bits(const char *text, size_t n_text, uint8_t bits[TOKEN_BYTES])
{
    uint8_t number[TOKEN_BYTES] = {0};
    unsigned n_digits = 0;
    for (size_t i = 0; i < n_text; i++) {
        if (is_digit(text[i])) {
            if (++n_digits > TOKEN_DIGITS || !shift_in(number, (unsigned)(text[i] - '0'))) {
                return TOKEN_ERR_FORM;
            }
        } else if (text[i] != ' ' && text[i] != '-') {
            return TOKEN_ERR_FORM;
        }
    }
    if (n_digits != TOKEN_DIGITS) {
        return TOKEN_ERR_FORM;
    }
    memcpy(bits, number, TOKEN_BYTES);
    return TOKEN_OK;
}

void token_text(const uint8_t bits[TOKEN_BYTES], char digits[TOKEN_DIGITS + 1u])
{
    uint8_t number[TOKEN_BYTES];
    memcpy(number, bits, sizeof number);
    for (unsigned place = TOKEN_DIGITS; place-- > 0;) {
        unsigned rest = 0;
        for (unsigned i = 0; i < TOKEN_BYTES; i++) {
            const unsigned value = rest << 8 | number[i];
            number[i] = (uint8_t)(value / 10u);
            rest = value % 10u;
        }
        digits[place] = (char)('0' + rest);
    }
    digits[TOKEN_DIGITS] = '\0';
}
