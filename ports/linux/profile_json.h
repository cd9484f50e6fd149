/** The load profile for the panel: as a curve of limited length, and whole as CSV. */
#ifndef OPEN382_LINUX_PROFILE_JSON_H
#define OPEN382_LINUX_PROFILE_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "app/meter/meter.h"

#define PROFILE_POINTS_MAX 4000u

/** What is asked for: intervals that end after from_s and not after to_s, UTC. */
struct profile_query {
    int64_t from_s, to_s;
    uint32_t points; /**< at most so many of them; 1 .. PROFILE_POINTS_MAX */
};

/** The meter's local time is so many seconds ahead of UTC then. */
int64_t profile_offset_s(const struct meter *meter, int64_t utc_s);
/** [[utc,offset],...]: that offset holds from that second on, a year around first_s .. last_s. */
json_t *profile_zone_json(const struct meter *meter, int64_t first_s, int64_t last_s);

/**
 * One line: {"interval_min":15,"capacity":16800,"records":960,"newest":960,"first":..,"last":..,
 * "step_s":900,"zone":[[utc,offset],...],"channels":["A+","A-"],"start":[..],"end":[..],
 * "covered":[..],"kwh":[[..],..],"peak":[[..],..],"marks":[..],"words":{"10":"outage",..}}.
 *
 * Each entry of the arrays is a stretch of step_s, the shortest that keeps within the points asked
 * for: one interval, or several that lie in the same hours or days of the meter's own time.  kwh is
 * the energy (kWh, kvarh) of its intervals, peak the highest mean power (kW, kvar) of one of them,
 * covered the seconds that they last; 0 and null where the records do not tell.  Bits of marks:
 * data quality 0 .. 15, logger status 16 .. 31; words names those that occur.  zone: offset of the
 * meter's local time from that second on.  Without a load profile interval_min is 0 and that is
 * all.
 * @return heap text for the caller to free, *length set; NULL: no memory.
 */
char *profile_json(const struct meter *meter, const struct profile_query *query, size_t *length);

/**
 * The records, oldest first: id,time,utc,<registers>,clock_valid,status,quality,words.  time is the
 * meter's local time, registers are kWh and kvarh at that time; points is not looked at.
 * @return likewise.
 */
char *profile_csv(const struct meter *meter, const struct profile_query *query, size_t *length);

#endif
