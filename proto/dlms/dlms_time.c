#include "dlms_time.h"

#include <string.h>

#define DAY_S INT64_C(86400)

void dlms_time_to_octets(const struct dlms_time *time, uint8_t out[12])
{
    const uint16_t deviation = (uint16_t)time->deviation_min;
    const uint8_t octets[12] = {
        (uint8_t)(time->year >> 8),
        (uint8_t)time->year,
        time->month,
        time->day,
        time->weekday,
        time->hour,
        time->minute,
        time->second,
        time->hundredth,
        (uint8_t)(deviation >> 8),
        (uint8_t)deviation,
        time->status,
    };
    memcpy(out, octets, sizeof octets);
}

static bool is_in(uint8_t value, uint8_t least, uint8_t most)
{
    return value == DLMS_ANY || (value >= least && value <= most);
}

bool dlms_time_from_octets(const uint8_t in[12], struct dlms_time *out)
{
    uint16_t deviation = (uint16_t)(in[9] << 8 | in[10]);
    out->year = (uint16_t)(in[0] << 8 | in[1]);
    out->month = in[2];
    out->day = in[3];
    out->weekday = in[4];
    out->hour = in[5];
    out->minute = in[6];
    out->second = in[7];
    out->hundredth = in[8];
    out->deviation_min = (int16_t)(deviation >= 0x8000u ? (int32_t)deviation - 0x10000 : deviation);
    out->status = in[11];
    bool month_known = is_in(out->month, 1, 12) || out->month >= DLMS_MONTH_DST_END;
    bool day_known = is_in(out->day, 1, 31) || out->day >= DLMS_DAY_SECOND_LAST;
    bool deviation_known = out->deviation_min == DLMS_DEVIATION_NONE ||
                           (out->deviation_min >= -720 && out->deviation_min <= 840);
    return month_known && day_known && is_in(out->weekday, 1, 7) && is_in(out->hour, 0, 23) &&
           is_in(out->minute, 0, 59) && is_in(out->second, 0, 59) && is_in(out->hundredth, 0, 99) &&
           deviation_known;
}

void dlms_write_time(struct writer *w, const struct dlms_time *time)
{
    uint8_t octets[DLMS_TIME_OCTETS];
    dlms_time_to_octets(time, octets);
    dlms_write_octets(w, octets, sizeof octets);
}

bool dlms_value_time(const struct dlms_value *value, struct dlms_time *out)
{
    bool is_time = (value->type == DLMS_OCTETS || value->type == DLMS_DATE_TIME) &&
                   value->n_bytes == DLMS_TIME_OCTETS;
    return is_time && dlms_time_from_octets(value->bytes, out);
}

bool dlms_read_time(struct reader *r, struct dlms_time *out)
{
    struct dlms_value value;
    if (dlms_data_read(r, &value) != DLMS_OK || !dlms_value_time(&value, out)) {
        r->failed = true;
        return false;
    }
    return true;
}

bool dlms_time_is_full(const struct dlms_time *time)
{
    return time->year != DLMS_YEAR_ANY && time->month >= 1 && time->month <= 12 && time->day >= 1 &&
           time->day <= 31 && time->hour <= 23 && time->minute <= 59 && time->second <= 59;
}

static bool is_leap(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in_month(uint32_t year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/** Days from 1970-01-01, for years from 1 on.  Years begin in March, so the leap day is their last.
 */
static int64_t days_of(uint32_t year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2 ? 1 : 0);
    int64_t month_from_march = (int64_t)(month + 9u) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * month_from_march + 2) / 5 + (int64_t)day -
           719469;
}

bool dlms_time_to_s(const struct dlms_time *time, int64_t *out_s)
{
    if (!dlms_time_is_full(time) || time->year < 1 ||
        time->day > days_in_month(time->year, time->month)) {
        return false;
    }
    *out_s = days_of(time->year, time->month, time->day) * DAY_S + time->hour * 3600 +
             time->minute * 60 + time->second;
    return true;
}

void dlms_time_from_s(int64_t local_s, struct dlms_time *out)
{
    int64_t days = local_s / DAY_S, second = local_s % DAY_S;
    uint32_t year = 1970;
    unsigned month = 1;
    out->weekday = (uint8_t)((days + 3) % 7 + 1); /* 1970-01-01 was a Thursday */
    year += (uint32_t)(days / 366);               /* never too late; the rest is few steps */
    days -= days_of(year, 1, 1);
    while (days >= (is_leap(year) ? 366 : 365)) {
        days -= is_leap(year) ? 366 : 365;
        year++;
    }
    while (days >= (int64_t)days_in_month(year, month)) {
        days -= days_in_month(year, month);
        month++;
    }
    out->year = (uint16_t)year;
    out->month = (uint8_t)month;
    out->day = (uint8_t)(days + 1);
    out->hour = (uint8_t)(second / 3600);
    out->minute = (uint8_t)(second / 60 % 60);
    out->second = (uint8_t)(second % 60);
    out->hundredth = 0;
    out->deviation_min = DLMS_DEVIATION_NONE;
    out->status = 0;
}

int dlms_time_compare(const struct dlms_time *a, const struct dlms_time *b)
{
    const uint16_t fields[][2] = {
        {a->month, b->month},         {a->day, b->day},       {a->weekday, b->weekday},
        {a->hour, b->hour},           {a->minute, b->minute}, {a->second, b->second},
        {a->hundredth, b->hundredth},
    };
    if (a->year != b->year && a->year != DLMS_YEAR_ANY && b->year != DLMS_YEAR_ANY) {
        return a->year < b->year ? -1 : 1;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint16_t left = fields[i][0], right = fields[i][1];
        if (left != right && left != DLMS_ANY && right != DLMS_ANY) {
            return left < right ? -1 : 1;
        }
    }
    return 0;
}
