#include "analysis_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/registers/register_table.h"
#include "host/lib/event_words.h"
#include "instant.h"

#define JSON_DIGITS  10
#define STATUS_SHIFT 16
#define MARK_BITS    32u
#define TENTHS       10.0
#define KILO         3

static const char *const kind_names[] = {[ANALYSIS_AS_IT_STANDS] = "counter",
                                         [ANALYSIS_INSTANT] = "instant",
                                         [ANALYSIS_MEAN] = "mean",
                                         [ANALYSIS_LOWEST] = "lowest",
                                         [ANALYSIS_HIGHEST] = "highest"};

/* One record, or several in a row. */
struct point {
    int64_t end_s;
    uint32_t id, marks;
    unsigned n; /* records in it */
    double value[ANALYSIS_VALUES], low[ANALYSIS_VALUES], high[ANALYSIS_VALUES];
};

struct curves {
    const struct meter *meter;
    const struct register_def *def[ANALYSIS_VALUES];
    enum analysis_kind kind[ANALYSIS_VALUES];
    unsigned n_values;
    struct point *point;
    size_t n, per_point;
    int64_t first_s, last_s; /* ends of all records; first_s > last_s: none */
};

/* ---- values ---- */

static bool in_kilo(uint8_t unit)
{
    return unit == UNIT_WH || unit == UNIT_VARH || unit == UNIT_VAH || unit == UNIT_W ||
           unit == UNIT_VAR || unit == UNIT_VA;
}

static double scaled(const struct register_def *def, const struct analysis_number *number)
{
    const int exponent = number->exponent - (in_kilo(def->unit) ? KILO : 0);
    return (double)number->number * pow(10.0, exponent);
}

static const char *unit_of(const struct register_def *def)
{
    const char *name = kmp_unit_name(def->kmp_unit);
    if (def->unit == UNIT_CELSIUS) {
        return "\xC2\xB0"
               "C";
    }
    return name != NULL && def->coding != REGISTER_RTC ? name : "";
}

static void columns(struct curves *curves)
{
    const struct analysis_setup *setup = &curves->meter->analysis.stored.setup;
    for (unsigned v = 0; v < setup->n_values; v++) {
        const struct register_def *def = register_by_kmp_id(setup->value[v]);
        if (def != NULL) { /* the meter took no other */
            curves->kind[curves->n_values] = analysis_kind(def);
            curves->def[curves->n_values++] = def;
        }
    }
}

/* ---- records ---- */

static bool wanted(const struct analysis_entry *entry, const struct profile_query *query)
{
    return entry->utc_s > query->from_s && entry->utc_s <= query->to_s;
}

static void point_of(const struct curves *curves, const struct analysis_entry *entry,
                     struct point *out)
{
    *out = (struct point){.end_s = entry->utc_s,
                          .id = entry->id,
                          .marks = entry->quality | (uint32_t)entry->status << STATUS_SHIFT,
                          .n = 1};
    for (unsigned v = 0; v < curves->n_values; v++) {
        out->value[v] = scaled(curves->def[v], &entry->value[v]);
        out->low[v] = out->value[v];
        out->high[v] = out->value[v];
    }
}

static int by_end(const void *a, const void *b)
{
    const struct point *one = a, *other = b;
    if (one->end_s != other->end_s) {
        return one->end_s < other->end_s ? -1 : 1;
    }
    return (one->id > other->id) - (one->id < other->id);
}

static bool collect(struct curves *curves, const struct profile_query *query)
{
    const struct meter *meter = curves->meter;
    const uint32_t oldest = analysis_oldest(&meter->analysis);
    const uint32_t newest = analysis_newest(&meter->analysis);
    const size_t room = newest != 0 ? newest - oldest + 1u : 1u;
    bool rises = true;
    curves->point = malloc(room * sizeof *curves->point);
    for (uint32_t id = oldest; curves->point != NULL && id != 0 && id <= newest; id++) {
        struct analysis_entry entry;
        if (analysis_read(&meter->analysis, meter->board, id, &entry) != ANALYSIS_OK) {
            continue;
        }
        curves->first_s = entry.utc_s < curves->first_s ? entry.utc_s : curves->first_s;
        curves->last_s = entry.utc_s > curves->last_s ? entry.utc_s : curves->last_s;
        if (wanted(&entry, query)) {
            rises = rises && (curves->n == 0 || entry.utc_s > curves->point[curves->n - 1].end_s);
            point_of(curves, &entry, &curves->point[curves->n++]);
        }
    }
    if (!rises) { /* a clock that was set back */
        qsort(curves->point, curves->n, sizeof *curves->point, by_end);
    }
    return curves->point != NULL;
}

static void add(const struct curves *curves, struct point *sum, const struct point *more)
{
    for (unsigned v = 0; v < curves->n_values; v++) {
        sum->low[v] = fmin(sum->low[v], more->low[v]);
        sum->high[v] = fmax(sum->high[v], more->high[v]);
        switch (curves->kind[v]) {
        case ANALYSIS_LOWEST: sum->value[v] = sum->low[v]; break;
        case ANALYSIS_HIGHEST: sum->value[v] = sum->high[v]; break;
        case ANALYSIS_AS_IT_STANDS: sum->value[v] = more->value[v]; break;
        default:
            sum->value[v] =
                (sum->value[v] * sum->n + more->value[v] * more->n) / (sum->n + more->n);
            break;
        }
    }
    sum->n += more->n;
    sum->end_s = more->end_s;
    sum->marks |= more->marks;
}

static void shorten(struct curves *curves, uint32_t points)
{
    size_t kept = 0;
    curves->per_point = (curves->n + points - 1u) / points;
    for (size_t i = 0; i < curves->n; i++) {
        if (i % curves->per_point != 0) {
            add(curves, &curves->point[kept - 1], &curves->point[i]);
        } else {
            curves->point[kept++] = curves->point[i];
        }
    }
    curves->n = kept;
}

/* ---- JSON ---- */

static json_t *numbers_json(const struct curves *curves, size_t offset, unsigned v)
{
    json_t *array = json_array();
    for (size_t i = 0; i < curves->n; i++) {
        double value;
        memcpy(&value, (const char *)&curves->point[i] + offset + v * sizeof value, sizeof value);
        (void)json_array_append_new(array, json_real(value));
    }
    return array;
}

static json_t *value_json(const struct curves *curves, unsigned v)
{
    const struct register_def *def = curves->def[v];
    json_t *one =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "id", (int)def->kmp_id, "code", def->code,
                  "name", def->name, "unit", unit_of(def), "kind", kind_names[curves->kind[v]],
                  "value", numbers_json(curves, offsetof(struct point, value), v));
    if (curves->per_point > 1) {
        (void)json_object_set_new(one, "low", numbers_json(curves, offsetof(struct point, low), v));
        (void)json_object_set_new(one, "high",
                                  numbers_json(curves, offsetof(struct point, high), v));
    }
    return one;
}

static const char *mark_name(unsigned bit)
{
    return bit < STATUS_SHIFT ? profile_quality_name(bit) : profile_status_name(bit - STATUS_SHIFT);
}

static void times_json(const struct curves *curves, json_t *all)
{
    json_t *end = json_array(), *marks = json_array(), *words = json_object();
    uint32_t seen = 0;
    for (size_t i = 0; i < curves->n; i++) {
        (void)json_array_append_new(end, json_integer(curves->point[i].end_s));
        (void)json_array_append_new(marks, json_integer(curves->point[i].marks));
        seen |= curves->point[i].marks;
    }
    for (unsigned bit = 0; bit < MARK_BITS; bit++) {
        char key[4];
        if ((seen >> bit & 1u) != 0 && mark_name(bit) != NULL) {
            (void)snprintf(key, sizeof key, "%u", bit);
            (void)json_object_set_new(words, key, json_string(mark_name(bit)));
        }
    }
    (void)json_object_set_new(all, "end", end);
    (void)json_object_set_new(all, "marks", marks);
    (void)json_object_set_new(all, "words", words);
}

static json_t *setup_json(const struct meter *meter)
{
    const struct analysis *analysis = &meter->analysis;
    const struct analysis_setup *setup = &analysis->stored.setup;
    const uint32_t newest = analysis_newest(analysis);
    const uint32_t records = newest != 0 ? newest - analysis_oldest(analysis) + 1u : 0;
    return json_pack("{s:b, s:i, s:I, s:f, s:I, s:I}", "on", setup->on, "interval_min",
                     (int)setup->interval_min, "capacity", (json_int_t)analysis->depth,
                     "depth_days",
                     analysis_depth_tenths(analysis->depth, setup->interval_min) / TENTHS,
                     "records", (json_int_t)records, "newest", (json_int_t)newest);
}

static char *text_of(json_t *all, size_t *length)
{
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(JSON_DIGITS));
    json_decref(all);
    *length = text != NULL ? strlen(text) : 0;
    return text;
}

char *analysis_json(const struct meter *meter, const struct profile_query *query, size_t *length)
{
    struct curves curves = {.meter = meter, .first_s = INT64_MAX, .last_s = INT64_MIN};
    *length = 0;
    if (!meter->analysis.fitted) {
        return text_of(json_pack("{s:i}", "interval_min", 0), length);
    }
    columns(&curves);
    if (!collect(&curves, query)) {
        return NULL;
    }
    json_t *all = setup_json(meter), *values = json_array();
    shorten(&curves, query->points);
    (void)json_object_set_new(all, "per_point", json_integer((json_int_t)curves.per_point));
    if (curves.first_s <= curves.last_s) {
        const int64_t interval_s = meter->analysis.stored.setup.interval_min * INT64_C(60);
        (void)json_object_set_new(all, "first", json_integer(curves.first_s - interval_s));
        (void)json_object_set_new(all, "last", json_integer(curves.last_s));
        (void)json_object_set_new(all, "zone",
                                  profile_zone_json(meter, curves.first_s, curves.last_s));
        times_json(&curves, all);
    }
    for (unsigned v = 0; v < curves.n_values; v++) {
        (void)json_array_append_new(values, value_json(&curves, v));
    }
    (void)json_object_set_new(all, "values", values);
    free(curves.point);
    return text_of(all, length);
}

/* ---- CSV ---- */

static int decimals_of(const struct register_def *def)
{
    if (def->unit == UNIT_WH || def->unit == UNIT_VARH || def->unit == UNIT_VAH) {
        return KILO;
    }
    return def->kmp_exponent < 0 ? -def->kmp_exponent : 0;
}

static void csv_row(FILE *out, const struct curves *curves, const struct analysis_entry *entry)
{
    char utc[INSTANT_TEXT_MAX], local[INSTANT_TEXT_MAX];
    const int64_t ahead_s = profile_offset_s(curves->meter, entry->utc_s);
    const int minutes = (int)(ahead_s / 60);
    instant_format(entry->utc_s, utc);
    instant_format(entry->utc_s + ahead_s, local);
    (void)fprintf(out, "%" PRIu32 ",%s%c%02d:%02d,%sZ", entry->id, local, minutes < 0 ? '-' : '+',
                  abs(minutes) / 60, abs(minutes) % 60, utc);
    for (unsigned v = 0; v < curves->n_values; v++) {
        (void)fprintf(out, ",%.*f", decimals_of(curves->def[v]),
                      scaled(curves->def[v], &entry->value[v]));
    }
    (void)fprintf(out, ",%d,%u,%u\r\n", (entry->clock_status & LOAD_PROFILE_CLOCK_INVALID) == 0,
                  (unsigned)entry->status, (unsigned)entry->quality);
}

char *analysis_csv(const struct meter *meter, const struct profile_query *query, size_t *length)
{
    struct curves curves = {.meter = meter};
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (out == NULL) {
        return NULL;
    }
    if (meter->analysis.fitted) {
        columns(&curves);
    }
    (void)fputs("id,time,utc", out);
    for (unsigned v = 0; v < curves.n_values; v++) {
        (void)fprintf(out, ",%s %s", curves.def[v]->code, unit_of(curves.def[v]));
    }
    (void)fputs(",clock_valid,status,quality\r\n", out);
    const uint32_t newest = analysis_newest(&meter->analysis);
    for (uint32_t id = analysis_oldest(&meter->analysis); id != 0 && id <= newest; id++) {
        struct analysis_entry entry;
        if (analysis_read(&meter->analysis, meter->board, id, &entry) == ANALYSIS_OK &&
            wanted(&entry, query)) {
            csv_row(out, &curves, &entry);
        }
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
