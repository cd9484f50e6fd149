#include "profile_json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/event_words.h"
#include "instant.h"

#define JSON_DIGITS   10
#define HOUR_S        INT64_C(3600)
#define DAY_S         INT64_C(86400)
#define YEAR_S        (366 * DAY_S)
#define MONDAY_S      (3 * DAY_S) /* 1970 began on a Thursday */
#define WH_PER_KWH    1000.0
#define STATUS_SHIFT  16 /* marks: the logger's status stands above the data quality */
#define MARK_BITS     32u
#define ZONE_ROWS_MAX 64

static const char *const channel_names[] = {
    [LEGAL_A_PLUS] = "A+", [LEGAL_A_MINUS] = "A-", [LEGAL_R_PLUS] = "R+", [LEGAL_R_MINUS] = "R-"};

/* One interval, or the sum of several that lie in one stretch of time. */
struct stretch {
    int64_t start_s, end_s;
    int64_t covered_s; /* of intervals whose energy is known */
    uint32_t marks;
    uint64_t wh[LEGAL_PROFILE_CHANNELS];
    double peak_kw[LEGAL_PROFILE_CHANNELS];
};

struct curve {
    const struct meter *meter;
    struct legal_profile_range range;
    int64_t interval_s, step_s;
    int64_t first_s, last_s; /* of all records; first_s > last_s: none */
    struct stretch *part;
    size_t n;
};

int64_t profile_offset_s(const struct meter *meter, int64_t utc_s)
{
    struct calendar local;
    clock_calendar(&meter->clock, utc_s, true, &local);
    return calendar_seconds(&local) - utc_s;
}

/* ---- records ---- */

static uint32_t marks_of(const struct legal_profile_record *record)
{
    return record->quality | (uint32_t)record->status << STATUS_SHIFT;
}

/* What lies between two records; its energy is known when nothing is missing between them. */
static void interval_of(const struct curve *curve, const struct legal_profile_record *before,
                        const struct legal_profile_record *record, struct stretch *out)
{
    const bool joined = before->id + 1u == record->id && before->id != 0 &&
                        before->utc_s + curve->interval_s == record->utc_s &&
                        (record->status & LOAD_PROFILE_DISCONTINUITY) == 0;
    memset(out, 0, sizeof *out);
    out->start_s = record->utc_s - curve->interval_s;
    out->end_s = record->utc_s;
    out->covered_s = joined ? curve->interval_s : 0;
    out->marks = marks_of(record);
    for (unsigned c = 0; joined && c < curve->range.layout.channels; c++) {
        out->wh[c] = record->energy_wh[c] - before->energy_wh[c];
        out->peak_kw[c] =
            (double)out->wh[c] / WH_PER_KWH * (double)HOUR_S / (double)curve->interval_s;
    }
}

static bool collect(struct curve *curve, const struct profile_query *query)
{
    struct legal_profile_record before = {0}, record;
    curve->part = malloc((curve->range.n_records + 1u) * sizeof *curve->part);
    for (uint32_t i = 0; curve->part != NULL && i < curve->range.n_records; i++) {
        if (legal_profile_read(&curve->meter->legal, curve->range.oldest_id + i, &record) !=
            LEGAL_OK) {
            continue; /* lost: the next record has none before it */
        }
        curve->first_s = record.utc_s < curve->first_s ? record.utc_s : curve->first_s;
        curve->last_s = record.utc_s > curve->last_s ? record.utc_s : curve->last_s;
        if (record.utc_s > query->from_s && record.utc_s <= query->to_s) {
            interval_of(curve, &before, &record, &curve->part[curve->n++]);
        }
        before = record;
    }
    return curve->part != NULL;
}

static int by_start(const void *a, const void *b)
{
    const struct stretch *one = a, *other = b;
    return (one->start_s > other->start_s) - (one->start_s < other->start_s);
}

/* A clock that was set back has recorded some intervals twice, later in the memory. */
static void sort(struct curve *curve)
{
    for (size_t i = 1; i < curve->n; i++) {
        if (curve->part[i].start_s < curve->part[i - 1].start_s) {
            qsort(curve->part, curve->n, sizeof *curve->part, by_start);
            return;
        }
    }
}

/* ---- fewer and longer stretches ---- */

/* Number of the stretch in which an instant lies.  Hours are UTC's, for whole hours lie between the
 * zones and none must be taken for its namesake in October; days begin at the meter's midnight. */
static int64_t stretch_number(const struct curve *curve, int64_t utc_s)
{
    const int64_t shift_s =
        curve->step_s > HOUR_S ? profile_offset_s(curve->meter, utc_s) + MONDAY_S : 0;
    return (utc_s + shift_s) / curve->step_s;
}

static void add(struct stretch *sum, const struct stretch *more)
{
    sum->end_s = more->end_s;
    sum->covered_s += more->covered_s;
    sum->marks |= more->marks;
    for (unsigned c = 0; c < LEGAL_PROFILE_CHANNELS; c++) {
        sum->wh[c] += more->wh[c];
        sum->peak_kw[c] = more->peak_kw[c] > sum->peak_kw[c] ? more->peak_kw[c] : sum->peak_kw[c];
    }
}

static void join(struct curve *curve)
{
    size_t kept = 0;
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < curve->n; i++) {
        const int64_t number = stretch_number(curve, curve->part[i].start_s);
        if (kept > 0 && number == last) {
            add(&curve->part[kept - 1], &curve->part[i]);
        } else {
            curve->part[kept++] = curve->part[i];
        }
        last = number;
    }
    curve->n = kept;
}

/* What was asked for, not what there is of it, so that a day that has just begun is drawn like the
 * others. */
static int64_t span_s(const struct curve *curve, const struct profile_query *query)
{
    const int64_t begin_s = curve->first_s - curve->interval_s;
    const int64_t from_s = query->from_s > begin_s ? query->from_s : begin_s;
    const int64_t to_s = query->to_s < curve->last_s + YEAR_S ? query->to_s : curve->last_s;
    return to_s - from_s;
}

static void shorten(struct curve *curve, const struct profile_query *query)
{
    static const int64_t steps_s[] = {300,         900,        1800,       HOUR_S,
                                      2 * HOUR_S,  3 * HOUR_S, 4 * HOUR_S, 6 * HOUR_S,
                                      12 * HOUR_S, DAY_S,      7 * DAY_S,  28 * DAY_S};
    const int64_t asked_s = span_s(curve, query);
    curve->step_s = curve->interval_s;
    for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0]; i++) {
        if (asked_s / curve->step_s > (int64_t)query->points && steps_s[i] > curve->step_s) {
            curve->step_s = steps_s[i];
        }
    }
    if (curve->n > 0 && curve->part[0].start_s > 0) {
        join(curve);
    }
}

/* ---- JSON ---- */

json_t *profile_zone_json(const struct meter *meter, int64_t first_s, int64_t last_s)
{
    json_t *zone = json_array();
    int64_t at_s = first_s - YEAR_S, before_s = INT64_MIN;
    for (int i = 0; i < ZONE_ROWS_MAX && at_s <= last_s + YEAR_S; i++) {
        const int64_t now_s = profile_offset_s(meter, at_s);
        if (now_s != before_s) {
            (void)json_array_append_new(zone,
                                        json_pack("[I, I]", (json_int_t)at_s, (json_int_t)now_s));
        }
        before_s = now_s;
        at_s = clock_summer_change(&meter->clock, at_s);
    }
    return zone;
}

static json_t *times_json(const struct curve *curve, size_t offset)
{
    json_t *array = json_array();
    for (size_t i = 0; i < curve->n; i++) {
        int64_t value;
        memcpy(&value, (const char *)&curve->part[i] + offset, sizeof value);
        (void)json_array_append_new(array, json_integer(value));
    }
    return array;
}

static json_t *channel_json(const struct curve *curve, unsigned c, bool peak)
{
    json_t *array = json_array();
    for (size_t i = 0; i < curve->n; i++) {
        const struct stretch *part = &curve->part[i];
        const double value = peak ? part->peak_kw[c] : (double)part->wh[c] / WH_PER_KWH;
        (void)json_array_append_new(array, part->covered_s > 0 ? json_real(value) : json_null());
    }
    return array;
}

static json_t *channels_json(const struct curve *curve, bool peak)
{
    json_t *array = json_array();
    for (unsigned c = 0; c < curve->range.layout.channels; c++) {
        (void)json_array_append_new(array, channel_json(curve, c, peak));
    }
    return array;
}

static const char *mark_name(unsigned bit)
{
    return bit < STATUS_SHIFT ? profile_quality_name(bit) : profile_status_name(bit - STATUS_SHIFT);
}

static json_t *marks_json(const struct curve *curve, json_t *words)
{
    json_t *array = json_array();
    uint32_t seen = 0;
    for (size_t i = 0; i < curve->n; i++) {
        (void)json_array_append_new(array, json_integer(curve->part[i].marks));
        seen |= curve->part[i].marks;
    }
    for (unsigned bit = 0; bit < MARK_BITS; bit++) {
        char key[4];
        if ((seen >> bit & 1u) != 0 && mark_name(bit) != NULL) {
            (void)snprintf(key, sizeof key, "%u", bit);
            (void)json_object_set_new(words, key, json_string(mark_name(bit)));
        }
    }
    return array;
}

static json_t *names_json(const struct legal_profile_layout *layout)
{
    json_t *names = json_array();
    for (unsigned c = 0; c < layout->channels; c++) {
        (void)json_array_append_new(names, json_string(channel_names[layout->energy[c]]));
    }
    return names;
}

static void curve_json(const struct curve *curve, json_t *all)
{
    json_t *words = json_object();
    (void)json_object_set_new(all, "step_s", json_integer(curve->step_s));
    (void)json_object_set_new(all, "first", json_integer(curve->first_s - curve->interval_s));
    (void)json_object_set_new(all, "last", json_integer(curve->last_s));
    (void)json_object_set_new(all, "zone",
                              profile_zone_json(curve->meter, curve->first_s, curve->last_s));
    (void)json_object_set_new(all, "start", times_json(curve, offsetof(struct stretch, start_s)));
    (void)json_object_set_new(all, "end", times_json(curve, offsetof(struct stretch, end_s)));
    (void)json_object_set_new(all, "covered",
                              times_json(curve, offsetof(struct stretch, covered_s)));
    (void)json_object_set_new(all, "kwh", channels_json(curve, false));
    (void)json_object_set_new(all, "peak", channels_json(curve, true));
    (void)json_object_set_new(all, "marks", marks_json(curve, words));
    (void)json_object_set_new(all, "words", words);
}

static bool fitted(const struct meter *meter, struct legal_profile_range *range)
{
    legal_profile_range(&meter->legal, range);
    return meter->load_profile.fitted && range->layout.channels > 0 &&
           range->layout.interval_min > 0;
}

char *profile_json(const struct meter *meter, const struct profile_query *query, size_t *length)
{
    struct curve curve = {.meter = meter, .first_s = INT64_MAX, .last_s = INT64_MIN};
    json_t *all = json_object();
    char *text = NULL;
    *length = 0;
    if (!fitted(meter, &curve.range)) {
        (void)json_object_set_new(all, "interval_min", json_integer(0));
    } else {
        const struct legal_profile_range *range = &curve.range;
        curve.interval_s = range->layout.interval_min * INT64_C(60);
        (void)json_object_update_new(
            all,
            json_pack("{s:i, s:I, s:I, s:I, s:o}", "interval_min", (int)range->layout.interval_min,
                      "capacity", (json_int_t)range->layout.capacity, "records",
                      (json_int_t)range->n_records, "newest",
                      (json_int_t)(range->n_records > 0 ? range->newest_id : 0), "channels",
                      names_json(&range->layout)));
        if (!collect(&curve, query)) {
            json_decref(all);
            return NULL;
        }
        if (curve.first_s <= curve.last_s) {
            sort(&curve);
            shorten(&curve, query);
            curve_json(&curve, all);
        }
        free(curve.part);
    }
    text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(JSON_DIGITS));
    json_decref(all);
    *length = text != NULL ? strlen(text) : 0;
    return text;
}

/* ---- CSV ---- */

static void csv_words(FILE *out, uint32_t marks)
{
    const char *separator = "";
    for (unsigned bit = 0; bit < MARK_BITS; bit++) {
        if ((marks >> bit & 1u) != 0 && mark_name(bit) != NULL) {
            (void)fprintf(out, "%s%s", separator, mark_name(bit));
            separator = "; ";
        }
    }
}

static void csv_row(FILE *out, const struct meter *meter, unsigned channels,
                    const struct legal_profile_record *record)
{
    char utc[INSTANT_TEXT_MAX], local[INSTANT_TEXT_MAX];
    const int64_t ahead_s = profile_offset_s(meter, record->utc_s);
    const int minutes = (int)(ahead_s / 60);
    instant_format(record->utc_s, utc);
    instant_format(record->utc_s + ahead_s, local);
    (void)fprintf(out, "%" PRIu32 ",%s%c%02d:%02d,%sZ", record->id, local, minutes < 0 ? '-' : '+',
                  abs(minutes) / 60, abs(minutes) % 60, utc);
    for (unsigned c = 0; c < channels; c++) {
        (void)fprintf(out, ",%" PRIu64 ".%03u", record->energy_wh[c] / 1000u,
                      (unsigned)(record->energy_wh[c] % 1000u));
    }
    (void)fprintf(out, ",%d,%u,%u,", (record->clock_status & LOAD_PROFILE_CLOCK_INVALID) == 0,
                  (unsigned)record->status, (unsigned)record->quality);
    csv_words(out, marks_of(record));
    (void)fputs("\r\n", out);
}

char *profile_csv(const struct meter *meter, const struct profile_query *query, size_t *length)
{
    struct legal_profile_range range;
    struct legal_profile_record record;
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (out == NULL) {
        return NULL;
    }
    const bool there = fitted(meter, &range);
    (void)fputs("id,time,utc", out);
    for (unsigned c = 0; there && c < range.layout.channels; c++) {
        (void)fprintf(out, ",%s k%s", channel_names[range.layout.energy[c]],
                      range.layout.energy[c] <= LEGAL_A_MINUS ? "Wh" : "varh");
    }
    (void)fputs(",clock_valid,status,quality,words\r\n", out);
    for (uint32_t i = 0; there && i < range.n_records; i++) {
        if (legal_profile_read(&meter->legal, range.oldest_id + i, &record) == LEGAL_OK &&
            record.utc_s > query->from_s && record.utc_s <= query->to_s) {
            csv_row(out, meter, range.layout.channels, &record);
        }
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
