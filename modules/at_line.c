#include "at_line.h"

#include <string.h>

#define NUMBER_MAX 999999

enum at_heard at_line_octet(struct at_line *line, uint8_t octet, bool prompt_expected)
{
    if (octet == '\r' || octet == '\n') {
        const bool told = line->length > 0 && !line->too_long;
        line->text[line->length] = '\0';
        line->length = 0;
        line->too_long = false;
        return told ? AT_HEARD_LINE : AT_HEARD_NOTHING;
    }
    if (octet == '\0' || (octet == ' ' && line->length == 0)) {
        return AT_HEARD_NOTHING;
    }
    if (octet == '>' && line->length == 0 && prompt_expected) {
        return AT_HEARD_PROMPT;
    }
    if (line->length == AT_LINE_MAX) {
        line->too_long = true;
        return AT_HEARD_NOTHING;
    }
    line->text[line->length++] = octet >= ' ' && octet < 0x7F ? (char)octet : '?';
    return AT_HEARD_NOTHING;
}

bool at_line_begins(const char *line, const char *beginning)
{
    return strncmp(line, beginning, strlen(beginning)) == 0;
}

int32_t at_line_number(const char **at)
{
    const char *p = *at;
    int32_t number = 0;
    while (*p == ' ') {
        p++;
    }
    const char *begin = p;
    for (; *p >= '0' && *p <= '9'; p++) {
        number = number * 10 + (*p - '0');
        if (number > NUMBER_MAX) {
            return -1;
        }
    }
    if (p == begin) {
        return -1;
    }
    *at = p + (*p == ',' ? 1 : 0);
    return number;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

int at_line_hex(const char *text, uint8_t *octets, size_t capacity)
{
    size_t n = 0;
    for (; digit(text[0]) >= 0; text += 2) {
        if (digit(text[1]) < 0 || n == capacity) {
            return -1;
        }
        octets[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
    }
    return (int)n;
}
