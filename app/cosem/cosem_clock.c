/* Class 8, and moments as the clients see them.  Loggers keep normal time inside; what goes out is
 * local time with its summer bit (spec cosem-objects 3.2). */
#include "../meter/meter_audit.h"
#include "cosem_inside.h"

#define MINUTES_PER_HOUR 60
#define SUMMER_MIN       60
#define MINUTE_S         INT64_C(60)
#define HOUR_S           INT64_C(3600)
#define QUARTER_S        INT64_C(900)
#define SHIFT_MAX_S      900
#define BASE_CRYSTAL     1u
#define SETTING_SUMMER   16u

enum { TIME = 2, ZONE, STATUS, BEGIN, END, DEVIATION, ENABLED, BASE };
enum { TO_QUARTER = 1, TO_PERIOD, TO_MINUTE, TO_PRESET, PRESET, SHIFT };

static const struct dlms_time no_time = {DLMS_YEAR_ANY,
                                         DLMS_ANY,
                                         DLMS_ANY,
                                         DLMS_ANY,
                                         DLMS_ANY,
                                         DLMS_ANY,
                                         DLMS_ANY,
                                         DLMS_ANY,
                                         DLMS_DEVIATION_NONE,
                                         DLMS_CLOCK_STATUS_NONE};

/* A reading of the local clock; management is told how far it is from UTC (UTC minus local). */
static struct dlms_time shown(const struct cosem *cosem, const struct calendar *c, bool valid)
{
    struct dlms_time time = {.year = c->year,
                             .month = c->month,
                             .day = c->day,
                             .weekday = c->weekday,
                             .hour = c->hour,
                             .minute = c->minute,
                             .second = c->second,
                             .hundredth = DLMS_ANY,
                             .deviation_min = DLMS_DEVIATION_NONE};
    time.status = (uint8_t)((valid ? 0u : DLMS_CLOCK_INVALID) | (c->summer ? DLMS_CLOCK_DST : 0u));
    if (cosem->role == COSEM_MANAGEMENT) {
        time.deviation_min = (int16_t)(-cosem->meter->clock.time_zone_h * MINUTES_PER_HOUR -
                                       (c->summer ? SUMMER_MIN : 0));
    }
    return time;
}

static struct dlms_time time_of(const struct cosem *cosem, int64_t utc_s, bool valid)
{
    struct calendar c;
    clock_calendar(&cosem->meter->clock, utc_s, true, &c);
    return shown(cosem, &c, valid);
}

void cosem_moment_write(const struct cosem *cosem, int64_t utc_s, bool valid, struct writer *out)
{
    const struct dlms_time time = utc_s != 0 ? time_of(cosem, utc_s, valid) : no_time;
    dlms_write_time(out, &time);
}

/* With a deviation the time says itself how far it is from UTC; without one it is local time, and
 * the summer bit tells the two sides of the doubled hour apart. */
int64_t cosem_moment_of(const struct meter *meter, const struct dlms_time *time)
{
    int64_t local_s = 0;
    if (!dlms_time_is_full(time) || !dlms_time_to_s(time, &local_s)) {
        return INT64_MIN;
    }
    if (time->deviation_min != DLMS_DEVIATION_NONE) {
        return local_s + time->deviation_min * MINUTE_S;
    }
    struct calendar c;
    calendar_from_seconds(local_s, &c);
    c.summer = time->status != DLMS_CLOCK_STATUS_NONE && (time->status & DLMS_CLOCK_DST) != 0;
    return clock_utc_from_local(&meter->clock, &c);
}

/* Begin or end of this year's summer, in the local time that the change ends: 02:00 normal time,
 * 03:00 summer time.  None: not specified. */
static void summer_write(const struct cosem *cosem, bool end, struct writer *out)
{
    const struct clock *clock = &cosem->meter->clock;
    const int64_t zone_s = clock->time_zone_h * HOUR_S;
    struct calendar c;
    struct dlms_time time = no_time;
    clock_local(clock, cosem->meter->now_us, &c);
    c = (struct calendar){c.year, 1, 1, 0, 0, 0, 0, false};
    int64_t at_s = calendar_seconds(&c) - zone_s;
    for (unsigned i = 0; i < 2u && clock->summer_time_eu && at_s != INT64_MAX; i++) {
        at_s = clock_summer_change(clock, at_s);
        if (at_s != INT64_MAX && clock_summer(clock, at_s) != end) {
            calendar_from_seconds(at_s + zone_s + (end ? HOUR_S : 0), &c);
            c.summer = end;
            time = shown(cosem, &c, true);
        }
    }
    dlms_write_time(out, &time);
}

static enum dlms_result clock_part_get(const struct cosem *cosem, const struct cosem_row *row,
                                       struct dlms_get *get, struct writer *out)
{
    (void)row;
    const struct meter *meter = cosem->meter;
    const int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    const struct dlms_time time = time_of(cosem, utc_s, meter->clock.valid);
    switch (get->attribute) {
    case TIME: dlms_write_time(out, &time); break;
    case ZONE: dlms_write_i16(out, (int16_t)(-meter->clock.time_zone_h * MINUTES_PER_HOUR)); break;
    case STATUS: dlms_write_u8(out, time.status); break;
    case BEGIN: summer_write(cosem, false, out); break;
    case END: summer_write(cosem, true, out); break;
    case DEVIATION: dlms_write_i8(out, SUMMER_MIN); break;
    case ENABLED: dlms_write_bool(out, meter->variant.summer_time_eu); break;
    default: dlms_write_enum(out, BASE_CRYSTAL); break;
    }
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result set_to(const struct cosem *cosem, int64_t utc_s)
{
    if (utc_s == INT64_MIN) {
        return DLMS_RESULT_OTHER;
    }
    const enum rights_answer may = meter_may(cosem->meter, ACTION_CLOCK);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    return meter_clock_set(cosem->meter, utc_s) == METER_OK ? DLMS_RESULT_SUCCESS
                                                            : DLMS_RESULT_OTHER;
}

static enum dlms_result clock_part_set(const struct cosem *cosem, const struct cosem_row *row,
                                       int8_t attribute, struct reader data)
{
    (void)row;
    struct dlms_time time;
    bool enabled = false;
    if (attribute == ENABLED) {
        return dlms_read_bool(&data, &enabled)
                   ? cosem_setting_change(cosem->meter, SETTING_SUMMER, enabled ? 1 : 0)
                   : DLMS_RESULT_TYPE;
    }
    return dlms_read_time(&data, &time) ? set_to(cosem, cosem_moment_of(cosem->meter, &time))
                                        : DLMS_RESULT_TYPE;
}

/* To the nearest multiple, counted in local time; a quarter of an hour divides every time zone. */
static int64_t nearest(int64_t utc_s, int64_t step_s)
{
    return (utc_s + step_s / 2) / step_s * step_s;
}

static enum dlms_result preset(const struct cosem *cosem, struct reader data)
{
    struct dlms_time time[3];
    if (!dlms_read_structure(&data, 3) || !dlms_read_time(&data, &time[0]) ||
        !dlms_read_time(&data, &time[1]) || !dlms_read_time(&data, &time[2])) {
        return DLMS_RESULT_TYPE;
    }
    const int64_t to_s = cosem_moment_of(cosem->meter, &time[0]);
    const int64_t from_s = cosem_moment_of(cosem->meter, &time[1]);
    const int64_t until_s = cosem_moment_of(cosem->meter, &time[2]);
    if (to_s == INT64_MIN || from_s == INT64_MIN || until_s == INT64_MIN || until_s < from_s) {
        return DLMS_RESULT_OTHER;
    }
    cosem->meter->clock_preset = (struct clock_preset){to_s, from_s, until_s};
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result to_preset(const struct cosem *cosem, int64_t now_s)
{
    const struct clock_preset preset = cosem->meter->clock_preset;
    if (preset.until_s == 0 || now_s < preset.from_s || now_s > preset.until_s) {
        return DLMS_RESULT_OTHER;
    }
    cosem->meter->clock_preset = (struct clock_preset){0, 0, 0};
    return set_to(cosem, preset.to_s);
}

static enum dlms_result clock_part_call(const struct cosem *cosem, const struct cosem_row *row,
                                        int8_t method, struct reader data, struct writer *out)
{
    (void)row;
    (void)out;
    const struct meter *meter = cosem->meter;
    const int64_t now_s = clock_utc_s(&meter->clock, meter->now_us);
    int16_t shift_s = 0;
    int8_t nothing = 0;
    if (method == PRESET) {
        return preset(cosem, data);
    }
    if (method == SHIFT) {
        if (!dlms_read_i16(&data, &shift_s)) {
            return DLMS_RESULT_TYPE;
        }
        return shift_s < -SHIFT_MAX_S || shift_s > SHIFT_MAX_S ? DLMS_RESULT_OTHER
                                                               : set_to(cosem, now_s + shift_s);
    }
    if (!dlms_read_i8(&data, &nothing)) {
        return DLMS_RESULT_TYPE;
    }
    switch (method) {
    case TO_QUARTER: return set_to(cosem, nearest(now_s, QUARTER_S));
    case TO_PERIOD: return set_to(cosem, nearest(now_s, meter->demand.integration_min * MINUTE_S));
    case TO_MINUTE: return set_to(cosem, nearest(now_s, MINUTE_S));
    default: return to_preset(cosem, now_s);
    }
}

const struct cosem_part cosem_clock_part = {clock_part_get, clock_part_set, clock_part_call};
