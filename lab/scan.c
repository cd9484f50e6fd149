#include "scan.h"

#include <math.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/** Decimal digits gathered exactly; more than 18 only move the exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
    unsigned seen;
};

static size_t take_digits(struct scan_text text, size_t at, struct decimal *number, bool fraction)
{
    while (at < text.n && is_digit(text.at[at])) {
        bool room = number->digits < UINT64_C(100000000000000000);
        if (room) {
            number->digits = number->digits * 10u + (uint64_t)(text.at[at] - '0');
        }
        number->exponent += (room ? 0 : 1) - (fraction ? 1 : 0);
        number->seen++;
        at++;
    }
    return at;
}

static bool take_exponent(struct scan_text text, size_t at, int *exponent)
{
    bool negative = at < text.n && text.at[at] == '-';
    int value = 0;
    if (at < text.n && (text.at[at] == '-' || text.at[at] == '+')) {
        at++;
    }
    if (at == text.n || text.n - at > 3) {
        return false;
    }
    for (; at < text.n; at++) {
        if (!is_digit(text.at[at])) {
            return false;
        }
        value = value * 10 + (text.at[at] - '0');
    }
    *exponent += negative ? -value : value;
    return true;
}

/** Exact for the everyday case: fewer than 16 digits and a power of ten that a double holds. */
static double decimal_value(const struct decimal *number)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value = (double)number->digits;
    if (number->exponent >= 0 && number->exponent <= 22) {
        return value * power[number->exponent];
    }
    if (number->exponent < 0 && number->exponent >= -22) {
        return value / power[-number->exponent];
    }
    return value * pow(10.0, (double)number->exponent);
}

static bool number_with(struct scan_text text, char decimal_sign, double *value)
{
    struct decimal number = {0, 0, 0};
    bool negative = text.n > 0 && text.at[0] == '-';
    size_t at = text.n > 0 && (text.at[0] == '-' || text.at[0] == '+') ? 1 : 0;
    if (text.n > 64) {
        return false;
    }
    at = take_digits(text, at, &number, false);
    if (at < text.n && (text.at[at] == '.' || text.at[at] == decimal_sign)) {
        at = take_digits(text, at + 1, &number, true);
    }
    if (number.seen == 0) {
        return false;
    }
    if (at < text.n) {
        if (lower(text.at[at]) != 'e' || !take_exponent(text, at + 1, &number.exponent)) {
            return false;
        }
    }
    double result = decimal_value(&number);
    if (!isfinite(result)) {
        return false;
    }
    *value = negative ? -result : result;
    return true;
}

bool scan_number(struct scan_text text, double *value)
{
    return number_with(text, '.', value);
}

bool scan_number_comma(struct scan_text text, double *value)
{
    return number_with(text, ',', value);
}

/** A field of exactly n digits in a range, then the cursor moves on. */
static bool field(struct scan_text *text, size_t n, int low, int high, int *value)
{
    int result = 0;
    if (text->n < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(text->at[i])) {
            return false;
        }
        result = result * 10 + (text->at[i] - '0');
    }
    text->at += n;
    text->n -= n;
    *value = result;
    return result >= low && result <= high;
}

static bool literal(struct scan_text *text, char c)
{
    if (text->n == 0 || text->at[0] != c) {
        return false;
    }
    text->at++;
    text->n--;
    return true;
}

/** Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_of(int year, int month, int day)
{
    static const int16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int past = month > 2 ? year : year - 1;
    int64_t leaps = past / 4 - past / 100 + past / 400 - 477;
    return (int64_t)(year - 1970) * 365 + leaps + before[month - 1] + day - 1;
}

static int month_length(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool take_fraction(struct scan_text *text, int64_t *us)
{
    int64_t weight = 100000;
    if (!literal(text, '.')) {
        return true;
    }
    if (text->n == 0 || !is_digit(text->at[0])) {
        return false;
    }
    while (text->n > 0 && is_digit(text->at[0])) {
        *us += weight * (text->at[0] - '0');
        weight /= 10;
        text->at++;
        text->n--;
    }
    return true;
}

static bool take_time_of_day(struct scan_text *text, int64_t *us)
{
    int hour = 0, minute = 0, second = 0;
    if (!field(text, 2, 0, 23, &hour) || !literal(text, ':') || !field(text, 2, 0, 59, &minute)) {
        return false;
    }
    if (literal(text, ':') && (!field(text, 2, 0, 59, &second) || !take_fraction(text, us))) {
        return false;
    }
    *us += ((int64_t)hour * 3600 + minute * 60 + second) * 1000000;
    return true;
}

static bool take_zone(struct scan_text *text, int64_t *us)
{
    int hour = 0, minute = 0;
    bool east = literal(text, '+');
    if (!east && !literal(text, '-')) {
        (void)(literal(text, 'Z') || literal(text, 'z'));
        return true;
    }
    if (!field(text, 2, 0, 14, &hour)) {
        return false;
    }
    (void)literal(text, ':');
    if (!field(text, 2, 0, 59, &minute)) {
        return false;
    }
    int64_t offset = ((int64_t)hour * 3600 + minute * 60) * 1000000;
    *us += east ? -offset : offset;
    return true;
}

bool scan_iso_time(struct scan_text text, int64_t *utc_us)
{
    int year = 0, month = 0, day = 0;
    int64_t us = 0;
    if (!field(&text, 4, 1900, 9999, &year) || !literal(&text, '-') ||
        !field(&text, 2, 1, 12, &month) || !literal(&text, '-') || !field(&text, 2, 1, 31, &day) ||
        day > month_length(year, month)) {
        return false;
    }
    if ((literal(&text, 'T') || literal(&text, 't') || literal(&text, ' ')) &&
        (!take_time_of_day(&text, &us) || !take_zone(&text, &us))) {
        return false;
    }
    *utc_us = days_of(year, month, day) * INT64_C(86400000000) + us;
    return text.n == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct scan_text scan_trim(struct scan_text text)
{
    while (text.n > 0 && is_blank(text.at[0])) {
        text.at++;
        text.n--;
    }
    while (text.n > 0 && is_blank(text.at[text.n - 1])) {
        text.n--;
    }
    return text;
}

bool scan_is(struct scan_text text, const char *word)
{
    size_t i = 0;
    while (i < text.n && word[i] != '\0' && lower(text.at[i]) == lower(word[i])) {
        i++;
    }
    return i == text.n && word[i] == '\0';
}

struct scan_quote scan_quote(struct scan_text text)
{
    struct scan_quote quote;
    size_t n = text.n < 24 ? text.n : 24;
    if (n == 0) {
        memcpy(quote.text, "nothing", sizeof "nothing");
        return quote;
    }
    quote.text[0] = '\'';
    for (size_t i = 0; i < n; i++) {
        char c = text.at[i];
        quote.text[i + 1] = c >= ' ' && c <= '~' ? c : '?';
    }
    memcpy(quote.text + n + 1, "'", 2);
    return quote;
}

static bool take_clock_part(struct scan_text text, size_t *at, double *value)
{
    size_t start = *at;
    while (*at < text.n && text.at[*at] != ':') {
        (*at)++;
    }
    return scan_number((struct scan_text){text.at + start, *at - start}, value) && *value >= 0.0;
}

/** hh:mm:ss[.fff] or hh:mm; hours may be more than 23. */
static bool clock_time(struct scan_text text, double *seconds)
{
    double part[3] = {0.0, 0.0, 0.0};
    unsigned n = 0;
    for (size_t at = 0; n < 3; at++) {
        if (!take_clock_part(text, &at, &part[n++])) {
            return false;
        }
        if (at >= text.n) {
            break;
        }
        if (n == 3) {
            return false;
        }
    }
    *seconds = part[0] * 3600.0 + part[1] * 60.0 + part[2];
    return n >= 2 && part[1] < 60.0 && part[2] < 60.0;
}

static const struct {
    const char *name;
    double seconds;
} time_units[] = {{"us", 1e-6}, {"ms", 1e-3},  {"s", 1.0},
                  {"m", 60.0},  {"h", 3600.0}, {"d", 86400.0}};

/** 10s, 200ms, 1h30m: numbers with units, one after the other. */
static bool unit_time(struct scan_text text, double *seconds)
{
    size_t at = 0;
    *seconds = 0.0;
    while (at < text.n) {
        size_t start = at;
        double value = 0.0, unit = 0.0;
        while (at < text.n && ((text.at[at] >= '0' && text.at[at] <= '9') || text.at[at] == '.')) {
            at++;
        }
        if (!scan_number((struct scan_text){text.at + start, at - start}, &value)) {
            return false;
        }
        start = at;
        while (at < text.n && text.at[at] >= 'a' && text.at[at] <= 'z') {
            at++;
        }
        for (size_t k = 0; k < sizeof time_units / sizeof time_units[0]; k++) {
            bool same =
                scan_is((struct scan_text){text.at + start, at - start}, time_units[k].name);
            unit = same ? time_units[k].seconds : unit;
        }
        if (unit <= 0.0) {
            return false;
        }
        *seconds += value * unit;
    }
    return text.n > 0;
}

bool scan_duration(struct scan_text text, double *seconds)
{
    bool clock = text.n > 0 && memchr(text.at, ':', text.n) != NULL;
    return clock ? clock_time(text, seconds) : unit_time(text, seconds);
}
