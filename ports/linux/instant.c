#include "instant.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/clock/clock.h"

#define ZONE_HOURS_MAX  14   /* Kiribati */
#define DURATION_MAX_US 4e15 /* a good hundred years */

static int64_t clock_us(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t instant_wall_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t instant_utc_s(void)
{
    return clock_us(CLOCK_REALTIME) / 1000000;
}

/* A place in the text; the first thing that does not fit sticks. */
struct scan {
    const char *at;
    bool failed;
};

static uint16_t scan_digits(struct scan *scan, unsigned n)
{
    unsigned value = 0;
    for (unsigned i = 0; i < n && !scan->failed; i++) {
        if (*scan->at < '0' || *scan->at > '9') {
            scan->failed = true;
        } else {
            value = value * 10 + (unsigned)(*scan->at++ - '0');
        }
    }
    return (uint16_t)value;
}

static bool scan_is(struct scan *scan, char wanted)
{
    if (scan->failed || *scan->at != wanted) {
        return false;
    }
    scan->at++;
    return true;
}

static void scan_expect(struct scan *scan, char wanted)
{
    if (!scan_is(scan, wanted)) {
        scan->failed = true;
    }
}

/* A fraction that many programs print: "10:00:00.000".  The clock counts whole seconds, so only
 * zeroes. */
static void scan_whole(struct scan *scan)
{
    if (!scan_is(scan, '.')) {
        return;
    }
    scan_expect(scan, '0');
    while (scan_is(scan, '0')) {
    }
}

static void scan_time(struct scan *scan, struct calendar *out)
{
    out->hour = (uint8_t)scan_digits(scan, 2);
    scan_expect(scan, ':');
    out->minute = (uint8_t)scan_digits(scan, 2);
    if (scan_is(scan, ':')) {
        out->second = (uint8_t)scan_digits(scan, 2);
        scan_whole(scan);
    }
}

/* @return seconds that local time is ahead of UTC. */
static int64_t scan_zone(struct scan *scan)
{
    if (scan->failed || *scan->at == '\0' || scan_is(scan, 'Z')) {
        return 0;
    }
    const bool west = *scan->at == '-';
    if (!west && *scan->at != '+') {
        scan->failed = true;
        return 0;
    }
    scan->at++;
    const unsigned hours = scan_digits(scan, 2);
    unsigned minutes = 0;
    if (!scan->failed && *scan->at != '\0') {
        (void)scan_is(scan, ':');
        minutes = scan_digits(scan, 2);
    }
    scan->failed = scan->failed || hours > ZONE_HOURS_MAX || minutes > 59;
    const int64_t ahead_s = hours * INT64_C(3600) + minutes * INT64_C(60);
    return west ? -ahead_s : ahead_s;
}

int instant_parse_iso(const char *text, int64_t *utc_s, size_t *column)
{
    struct scan scan = {.at = text, .failed = false};
    struct calendar day = {0};
    int64_t ahead_s = 0;
    day.year = scan_digits(&scan, 4);
    scan_expect(&scan, '-');
    day.month = (uint8_t)scan_digits(&scan, 2);
    scan_expect(&scan, '-');
    day.day = (uint8_t)scan_digits(&scan, 2);
    if (scan_is(&scan, 'T') || scan_is(&scan, ' ')) {
        scan_time(&scan, &day);
        ahead_s = scan_zone(&scan);
    }
    *column = (size_t)(scan.at - text) + 1;
    if (scan.failed || *scan.at != '\0') {
        return -1;
    }
    const int64_t seconds = calendar_seconds(&day);
    if (seconds == INT64_MIN) {
        *column = 1; /* well formed, but no such day */
        return -1;
    }
    *utc_s = seconds - ahead_s;
    return 0;
}

int instant_parse_duration(const char *text, int64_t *us)
{
    static const struct {
        char letter;
        double seconds;
    } units[] = {{'s', 1.0}, {'m', 60.0}, {'h', 3600.0}, {'d', 86400.0}};

    char *end;
    const double number = strtod(text, &end);
    if (end == text || *end == '\0' || end[1] != '\0' || !(number > 0.0)) {
        return -1;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const double whole_us = number * units[i].seconds * 1e6;
        if (units[i].letter == *end && whole_us <= DURATION_MAX_US) {
            *us = llround(whole_us);
            return 0;
        }
    }
    return -1;
}

void instant_format(int64_t seconds, char *out)
{
    struct calendar day;
    calendar_from_seconds(seconds, &day);
    (void)snprintf(out, INSTANT_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u",
                   (unsigned)day.year % 10000u, (unsigned)day.month % 100u,
                   (unsigned)day.day % 100u, (unsigned)day.hour % 100u, (unsigned)day.minute % 100u,
                   (unsigned)day.second % 100u);
}
