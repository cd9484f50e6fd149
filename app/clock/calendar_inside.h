/**
 * Arithmetic of dates that the parts of the clock share.
 */
#ifndef OPEN382_CALENDAR_INSIDE_H
#define OPEN382_CALENDAR_INSIDE_H

#include <stdint.h>

/** a / b, rounded down; b > 0. */
int64_t calendar_floor(int64_t a, int64_t b);
/** Days since 1970-01-01. */
int64_t calendar_days(int year, unsigned month, unsigned day);
/** Length of a month of 2000 .. 2099. */
unsigned calendar_month_days(unsigned year, unsigned month);

#endif
