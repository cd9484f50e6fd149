/**
 * Instants and durations as people write them.
 */
#ifndef OPEN382_LINUX_INSTANT_H
#define OPEN382_LINUX_INSTANT_H

#include <stddef.h>
#include <stdint.h>

#define INSTANT_TEXT_MAX 32

/** Microseconds of CLOCK_MONOTONIC: the wall scale of time-outs and pacing. */
int64_t instant_wall_us(void);

/** UTC seconds since 1970 of the computer's clock. */
int64_t instant_utc_s(void);

/**
 * Parse ISO 8601: "2026-11-21", "2026-11-21T10:00[:00]", with "Z", "+01:00", "+0100" or "+01"
 * behind a time; without a zone it is UTC.  A blank may stand for the T.  Years 2000 to 2099.
 * @param column  on failure: 1-based place of the first character that does not fit.
 * @return 0, or -1: *utc_s untouched.
 */
int instant_parse_iso(const char *text, int64_t *utc_s, size_t *column);

/** Parse "90s", "30m", "1.5h", "28d".  @return 0, or -1: *us untouched. */
int instant_parse_duration(const char *text, int64_t *us);

/** Write "2026-11-21T10:00:00" (at least INSTANT_TEXT_MAX bytes). */
void instant_format(int64_t seconds, char *out);

#endif
