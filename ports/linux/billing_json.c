#include "billing_json.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "app/registers/register_read.h"
#include "instant.h"

#define JSON_DIGITS 12
#define UWH_PER_KWH 1e9
#define MW_PER_KW   1e6

/* BIL-A in the order of the data sheets; where each stands in a record. */
enum item {
    ITEM_ENERGY,
    ITEM_A_TARIFF,
    ITEM_R_TARIFF,
    ITEM_PEAK,
    ITEM_ACCUMULATED,
    ITEM_PERIOD,
    ITEM_THRESHOLD,
    ITEM_PULSES
};

static const struct column {
    const char *code;
    const char *unit;
    enum item item;
    unsigned index;
} columns[] = {
    {"1.8.0", "kWh", ITEM_ENERGY, 0},     {"2.8.0", "kWh", ITEM_ENERGY, 1},
    {"3.8.0", "kvarh", ITEM_ENERGY, 2},   {"4.8.0", "kvarh", ITEM_ENERGY, 3},
    {"1.8.1", "kWh", ITEM_A_TARIFF, 0},   {"1.8.2", "kWh", ITEM_A_TARIFF, 1},
    {"1.8.3", "kWh", ITEM_A_TARIFF, 2},   {"1.8.4", "kWh", ITEM_A_TARIFF, 3},
    {"3.8.1", "kvarh", ITEM_R_TARIFF, 0}, {"3.8.2", "kvarh", ITEM_R_TARIFF, 1},
    {"3.8.3", "kvarh", ITEM_R_TARIFF, 2}, {"3.8.4", "kvarh", ITEM_R_TARIFF, 3},
    {"1.6.1", "kW", ITEM_PEAK, 0},        {"1.6.2", "kW", ITEM_PEAK, 1},
    {"1.6.0", "kW", ITEM_PEAK, 2},        {"1.2.0", "kW", ITEM_ACCUMULATED, 0},
    {"0.1.0", "", ITEM_PERIOD, 0},        {"96.51.2", "", ITEM_THRESHOLD, 0},
    {"0.128.1", "", ITEM_PULSES, 0},
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void local_text(const struct meter *meter, int64_t utc_s, char *out)
{
    struct calendar at;
    clock_calendar(&meter->clock, utc_s, true, &at);
    instant_format(calendar_seconds(&at), out);
}

static bool shown(const struct meter *meter, const struct column *column)
{
    const struct register_def *def = register_by_code(column->code);
    return def != NULL && register_exists(meter, def);
}

static double first_value(const struct billing_record *record, const struct column *column)
{
    switch (column->item) {
    case ITEM_ENERGY: return (double)record->energy_uwh[column->index] / UWH_PER_KWH;
    case ITEM_A_TARIFF: return (double)record->a_plus_uwh[column->index] / UWH_PER_KWH;
    case ITEM_R_TARIFF: return (double)record->r_plus_uwh[column->index] / UWH_PER_KWH;
    case ITEM_PEAK: return record->peak[column->index].power_mw / MW_PER_KW;
    case ITEM_ACCUMULATED: return (double)record->accumulated_mw / MW_PER_KW;
    case ITEM_PERIOD: return record->period;
    case ITEM_THRESHOLD: return record->threshold_count;
    case ITEM_PULSES: return record->pulse_input;
    }
    return 0.0;
}

/* When a peak was; null: there was none, or it is no peak. */
static json_t *peak_time(const struct meter *meter, const struct billing_record *record,
                         const struct column *column)
{
    char text[INSTANT_TEXT_MAX];
    if (column->item != ITEM_PEAK || record->peak[column->index].utc_s == 0) {
        return json_null();
    }
    local_text(meter, record->peak[column->index].utc_s, text);
    return json_string(text);
}

static json_t *head_json(const struct meter *meter, uint32_t id, int64_t utc_s, bool valid,
                         uint32_t hours)
{
    char text[INSTANT_TEXT_MAX];
    local_text(meter, utc_s, text);
    return json_pack("{s:I, s:I, s:s, s:b, s:I}", "id", (json_int_t)id, "utc", (json_int_t)utc_s,
                     "time", text, "valid", valid, "hours", (json_int_t)hours);
}

static json_t *first_json(const struct meter *meter, uint32_t id)
{
    struct billing_record record;
    if (billing_read(&meter->logs, meter->board, id, &record) != EVENT_LOG_OK) {
        return NULL;
    }
    json_t *values = json_array(), *times = json_array();
    for (size_t c = 0; c < N_COLUMNS; c++) {
        if (shown(meter, &columns[c])) {
            (void)json_array_append_new(values, json_real(first_value(&record, &columns[c])));
            (void)json_array_append_new(times, peak_time(meter, &record, &columns[c]));
        }
    }
    json_t *period = head_json(meter, id, record.utc_s, record.clock_valid, record.hours);
    (void)json_object_set_new(period, "cause",
                              json_string(record.cause == BILLING_BY_DATE ? "date" : "command"));
    (void)json_object_set_new(period, "values", values);
    (void)json_object_set_new(period, "times", times);
    return period;
}

static json_t *second_json(const struct meter *meter, uint32_t id)
{
    struct billing2_record record;
    if (billing2_read(&meter->logs, meter->board, id, &record) != EVENT_LOG_OK) {
        return NULL;
    }
    json_t *values = json_array();
    for (size_t c = 0; c < N_COLUMNS; c++) {
        const struct column *column = &columns[c];
        const uint64_t *energy =
            column->item == ITEM_ENERGY     ? &record.energy_uwh[column->index]
            : column->item == ITEM_A_TARIFF ? &record.tariff_uwh[column->index][LEGAL_A_PLUS]
            : column->item == ITEM_R_TARIFF ? &record.tariff_uwh[column->index][LEGAL_R_PLUS]
                                            : NULL;
        if (shown(meter, column)) {
            (void)json_array_append_new(
                values, energy != NULL ? json_real((double)*energy / UWH_PER_KWH) : json_null());
        }
    }
    json_t *period = head_json(meter, id, record.utc_s, record.clock_valid, record.hours);
    (void)json_object_set_new(period, "values", values);
    return period;
}

static json_t *log_json(const struct meter *meter, enum event_log_name log,
                        json_t *(*record_json)(const struct meter *meter, uint32_t id))
{
    json_t *list = json_array();
    const uint32_t oldest = event_log_oldest(&meter->logs, log);
    for (uint32_t id = event_log_newest(&meter->logs, log); id != 0 && id >= oldest; id--) {
        json_t *record = record_json(meter, id);
        if (record != NULL) {
            (void)json_array_append_new(list, record);
        }
    }
    return list;
}

static json_t *columns_json(const struct meter *meter)
{
    json_t *list = json_array();
    for (size_t c = 0; c < N_COLUMNS; c++) {
        if (shown(meter, &columns[c])) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:s, s:s}", "code", columns[c].code, "name",
                                register_by_code(columns[c].code)->name, "unit", columns[c].unit));
        }
    }
    return list;
}

char *billing_json(const struct meter *meter, size_t *length)
{
    json_t *all = json_pack("{s:o, s:o, s:o}", "columns", columns_json(meter), "periods",
                            log_json(meter, EVENT_LOG_DEBITING, first_json), "second",
                            log_json(meter, EVENT_LOG_DEBITING_2, second_json));
    char *text =
        all != NULL ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(JSON_DIGITS)) : NULL;
    *length = text != NULL ? strlen(text) : 0;
    json_decref(all);
    return text;
}
