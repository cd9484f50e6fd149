/**
 * A bounded cursor over text with line and column, for all text parsers of the lab.
 */
#ifndef OPEN382_LAB_SCAN_H
#define OPEN382_LAB_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A piece of the input; not terminated. */
struct scan_text {
    const char *at;
    size_t n;
};

/** Decimal number, whole text: [+-]digits[.digits][e[+-]digits].  No inf, nan, hex, blanks. */
bool scan_number(struct scan_text text, double *value);

/** The same with `,` allowed as decimal sign. */
bool scan_number_comma(struct scan_text text, double *value);

/** yyyy-mm-dd[(T| )hh:mm[:ss[.fff]]][Z|(+|-)hh[:]mm]; without zone UTC.  Whole text. */
bool scan_iso_time(struct scan_text text, int64_t *utc_us);

/** 10s, 200ms, 1h30m, 00:01:30 or 00:05: seconds.  Whole text. */
bool scan_duration(struct scan_text text, double *seconds);

/** Without blanks at both ends. */
struct scan_text scan_trim(struct scan_text text);

/** Equal to a word, upper and lower case alike. */
bool scan_is(struct scan_text text, const char *word);

/** Copy for a message: printable, at most 24 characters; "nothing" when empty. */
struct scan_quote {
    char text[32];
};
struct scan_quote scan_quote(struct scan_text text);

#endif
