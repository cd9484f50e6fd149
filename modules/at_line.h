/**
 * Lines of a modem, out of the octets that it sends.
 *
 * A line ends with CR or LF; empty ones and blanks at the beginning are left out, a line that is
 * too long is left out whole, octets that are no printable ASCII become '?'.  The prompt "> " has
 * no end: it counts while one waits for it.  Source: 3GPP 27.005 3.5.1, 27.007 4, V.250 5.7.
 */
#ifndef OPEN382_AT_LINE_H
#define OPEN382_AT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest line: 256 octets of a socket in hexadecimal digits, and what stands before them. */
#define AT_LINE_MAX 540u

struct at_line {
    char text[AT_LINE_MAX + 1u]; /**< ended by 0 when a line is told */
    uint16_t length;
    bool too_long;
};

enum at_heard { AT_HEARD_NOTHING, AT_HEARD_LINE, AT_HEARD_PROMPT };

enum at_heard at_line_octet(struct at_line *line, uint8_t octet, bool prompt_expected);

/** Does the line begin so? */
bool at_line_begins(const char *line, const char *beginning);
/** Decimal number at *at, behind blanks; *at goes behind it and behind a comma.  @return -1: none,
 *  or above 999 999 */
int32_t at_line_number(const char **at);
/** Hexadecimal digits up to the first other character.  @return octets, or -1: an odd digit, or
 *  more than capacity */
int at_line_hex(const char *text, uint8_t *octets, size_t capacity);

#endif
