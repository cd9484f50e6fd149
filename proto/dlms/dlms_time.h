/**
 * Dates and times of DLMS (IEC 62056-6-2 4.1.6.1): 12, 5 or 4 octets, with wildcards.
 *
 * Deviation is in minutes and is "UTC minus local" in the European profiles (CET -60); real meters
 * differ in its sign, so nothing here applies it.
 */
#ifndef OPEN382_DLMS_TIME_H
#define OPEN382_DLMS_TIME_H

#include "dlms_data.h"

#define DLMS_YEAR_ANY        0xFFFFu
#define DLMS_ANY             0xFFu
#define DLMS_MONTH_DST_END   0xFDu
#define DLMS_MONTH_DST_BEGIN 0xFEu
#define DLMS_DAY_SECOND_LAST 0xFDu
#define DLMS_DAY_LAST        0xFEu
#define DLMS_DEVIATION_NONE  (-32768) /**< 8000h on the wire */

/* Clock status. */
#define DLMS_CLOCK_INVALID     0x01u
#define DLMS_CLOCK_DOUBTFUL    0x02u
#define DLMS_CLOCK_OTHER_BASE  0x04u
#define DLMS_CLOCK_BAD_STATUS  0x08u
#define DLMS_CLOCK_DST         0x80u
#define DLMS_CLOCK_STATUS_NONE 0xFFu

#define DLMS_TIME_OCTETS 12u

struct dlms_time {
    uint16_t year;                           /**< DLMS_YEAR_ANY */
    uint8_t month;                           /**< 1..12, FD, FE, FF */
    uint8_t day;                             /**< 1..31, FD, FE, FF */
    uint8_t weekday;                         /**< 1 = Monday .. 7, FF */
    uint8_t hour, minute, second, hundredth; /**< FF: any */
    int16_t deviation_min;
    uint8_t status;
};

void dlms_time_to_octets(const struct dlms_time *time, uint8_t out[12]);
/** @return false: a field out of range. */
bool dlms_time_from_octets(const uint8_t in[12], struct dlms_time *out);
/** Date-time as octet-string 09 0C, as nearly every attribute carries it. */
void dlms_write_time(struct writer *w, const struct dlms_time *time);
/** The value is a date-time: octet-string of 12 or type 25. */
bool dlms_value_time(const struct dlms_value *value, struct dlms_time *out);
/** Read 09 0C (or 19).  @return false and r->failed: another type or a field out of range. */
bool dlms_read_time(struct reader *r, struct dlms_time *out);

/** Year, month and day are given, and hour, minute and second too. */
bool dlms_time_is_full(const struct dlms_time *time);
/** Seconds since 1970-01-01 00:00:00 of the clock that is shown; deviation and status do not count.
 *  The time has to be full.  @return false: it is not, or there is no such day. */
bool dlms_time_to_s(const struct dlms_time *time, int64_t *out_s);
/** The other way: weekday set, hundredths 0, deviation none, status 0; year 1970..9999. */
void dlms_time_from_s(int64_t local_s, struct dlms_time *out);
/** Compare field by field from the year down; a wildcard on either side is equal to anything.
 *  Weekday and hundredths count only where both are given.  @return < 0, 0, > 0. */
int dlms_time_compare(const struct dlms_time *a, const struct dlms_time *b);

#endif
