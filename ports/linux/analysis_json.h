/** The analysis logger for the panel: as curves of limited length, and whole as CSV. */
#ifndef OPEN382_LINUX_ANALYSIS_JSON_H
#define OPEN382_LINUX_ANALYSIS_JSON_H

#include <stddef.h>

#include "profile_json.h"

/**
 * One line: {"on":true,"interval_min":15,"capacity":1760,"depth_days":18.3,"records":960,
 * "newest":960,"per_point":1,"first":..,"last":..,"zone":[[utc,offset],...],"end":[..],
 * "marks":[..],"words":{"10":"outage",..},"values":[{"id":1215,"code":"32.25.0","name":"Mean
 * voltage L1", "unit":"V","kind":"mean","value":[..],"low":[..],"high":[..]},...]}.
 *
 * Each entry of the arrays is a record, or per_point records in a row when there are more than the
 * points asked for; end is the end of its last interval, UTC.  kind says what value is then:
 * "counter" that of the last record, "instant" and "mean" the mean of them, "lowest" and "highest"
 * the extreme; low and high are their extremes, there with per_point above 1 only.  Values of other
 * codings: stamps are UTC seconds, clocks hhmmss, dates yymmdd.  null: the record does not tell.
 * first and last belong to all records: where the first interval begins and the last one ends. Bits
 * of marks as in profile_json.  Without a logger interval_min is 0 and that is all; without records
 * "first" and all after it but per_point and values are missing.
 * @return heap text for the caller to free, *length set; NULL: no memory.
 */
char *analysis_json(const struct meter *meter, const struct profile_query *query, size_t *length);

/**
 * The records, oldest first: id,time,utc,<codes>,clock_valid,status,quality; time is the meter's
 * local time.
 * @return likewise.
 */
char *analysis_csv(const struct meter *meter, const struct profile_query *query, size_t *length);

#endif
