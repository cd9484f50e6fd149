#include "quality_json.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/quality/quality_limits.h"
#include "app/quality/quality_record.h"
#include "instant.h"

#define JSON_DIGITS  9
#define EVENTS_SHOWN 8u
#define CENTI        100.0
#define MILLI        1e3
#define MICRO        1e6

static json_t *known(bool is_known, double value)
{
    return is_known ? json_real(value) : json_null();
}

static json_t *harmonics_json(const struct quality_spectrum *spectrum)
{
    json_t *parts = json_array();
    for (unsigned order = 2; spectrum->valid && order <= QUALITY_ORDERS; order++) {
        (void)json_array_append_new(parts, json_real(spectrum->part[order] / CENTI));
    }
    return parts;
}

static json_t *limits_json(void)
{
    json_t *limits = json_array();
    for (unsigned order = 2; order <= QUALITY_ORDERS; order++) {
        (void)json_array_append_new(limits, json_real(quality_harmonic_limit(order) / CENTI));
    }
    return limits;
}

static json_t *phase_json(const struct quality *quality, unsigned s)
{
    const struct quality_phase *phase = &quality->phase[s];
    const bool today = phase->day_high_mv > 0;
    return json_pack(
        "{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "number",
        (int)quality->phase_of[s] + 1, "low", json_real(phase->low_mv / MILLI), "high",
        json_real(phase->high_mv / MILLI), "day_low", known(today, phase->day_low_mv / MILLI),
        "day_high", known(today, phase->day_high_mv / MILLI), "mean_10min",
        known(phase->mean_10min.last_valid, quality_mean_mv(&phase->mean_10min) / MILLI), "thd_u",
        known(phase->u.valid, phase->u.thd / CENTI), "thd_i",
        known(phase->i.valid, phase->i.thd / CENTI), "harmonics_u", harmonics_json(&phase->u),
        "harmonics_i", harmonics_json(&phase->i));
}

static json_t *record_json(const struct quality_record *record)
{
    char at[INSTANT_TEXT_MAX], stamp[INSTANT_TEXT_MAX + 8];
    const int64_t at_ms = record->at_us / 1000;
    json_t *phases = json_array();
    for (int bit = 0; bit < (int)QUALITY_SYSTEMS; bit++) {
        if ((record->phases >> bit & 1) != 0) {
            (void)json_array_append_new(phases, json_integer(bit + 1));
        }
    }
    instant_format(at_ms / 1000, at);
    (void)snprintf(stamp, sizeof stamp, "%s.%03dZ", at, (int)(at_ms % 1000));
    return json_pack("{s:i, s:i, s:o, s:s, s:I, s:f}", "kind", (int)record->kind, "edge",
                     (int)record->edge, "phases", phases, "at", stamp, "duration_ms",
                     (json_int_t)record->duration_ms, "extreme", record->extreme_mv / MILLI);
}

/* Newest first; a record that can't be read is left out. */
static json_t *events_json(const struct meter *meter)
{
    json_t *events = json_array();
    uint32_t id = event_log_newest(&meter->logs, EVENT_LOG_VOLTAGE);
    const uint32_t oldest = event_log_oldest(&meter->logs, EVENT_LOG_VOLTAGE);
    for (; id != 0 && id >= oldest && json_array_size(events) < EVENTS_SHOWN; id--) {
        struct event_log_entry entry;
        struct quality_record record;
        if (event_log_read(&meter->logs, meter->board, EVENT_LOG_VOLTAGE, id, &entry) ==
                EVENT_LOG_OK &&
            quality_record_decode(entry.payload, entry.n_payload, 0, &record)) {
            (void)json_array_append_new(events, record_json(&record));
        }
    }
    return events;
}

/* In V, s and %. */
static json_t *config_json(const struct quality_config *config)
{
    static const char *const names[QUALITY_LIMITS] = {[QUALITY_LIMIT_LOW] = "under",
                                                      [QUALITY_LIMIT_HIGH] = "over",
                                                      [QUALITY_LIMIT_TIME] = "duration",
                                                      [QUALITY_LIMIT_PLAY] = "hysteresis",
                                                      [QUALITY_LIMIT_DECLARED] = "declared",
                                                      [QUALITY_LIMIT_DIP] = "dip",
                                                      [QUALITY_LIMIT_SWELL] = "swell",
                                                      [QUALITY_LIMIT_INTERRUPTION] = "interruption",
                                                      [QUALITY_LIMIT_HYSTERESIS] = "dip-hysteresis",
                                                      [QUALITY_LIMIT_FAILURE] = "failure",
                                                      [QUALITY_LIMIT_FAILURE_TIME] =
                                                          "failure-duration"};
    json_t *all = json_object();
    for (unsigned i = 0; i < QUALITY_LIMITS; i++) {
        const enum quality_limit limit = (enum quality_limit)i;
        const double scale = quality_limit_exponent(limit) == -1 ? 10.0 : 1000.0;
        (void)json_object_set_new(all, names[i],
                                  json_real(quality_limit_get(config, limit) / scale));
    }
    return all;
}

/* Percent of the intervals that were good; null where there was none. */
static json_t *shares_json(const struct quality_week *week, unsigned first, unsigned n)
{
    json_t *shares = json_array();
    for (unsigned i = first; i < first + n; i++) {
        const struct quality_count count = quality_week_count(week, i);
        (void)json_array_append_new(shares,
                                    known(count.n > 0, quality_count_centi_pct(&count) / CENTI));
    }
    return shares;
}

static json_t *week_json(const struct quality *quality, const struct quality_week *week)
{
    char begin[INSTANT_TEXT_MAX] = "";
    json_t *intervals = json_array();
    if (week->begin_us != 0) {
        instant_format(week->begin_us / 1000000, begin);
        begin[strlen("2026-11-23")] = '\0';
    }
    for (unsigned s = 0; s < quality->systems; s++) {
        (void)json_array_append_new(intervals, json_integer(week->voltage_10[s].n));
    }
    const unsigned n = quality->systems;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:i}", "begin", begin,
                     "intervals", intervals, "voltage_10",
                     shares_json(week, QUALITY_SHARE_VOLTAGE_10, n), "voltage_wide",
                     shares_json(week, QUALITY_SHARE_VOLTAGE_WIDE, n), "thd",
                     shares_json(week, QUALITY_SHARE_THD, n), "harmonics",
                     shares_json(week, QUALITY_SHARE_HARMONICS, n), "unbalance",
                     shares_json(week, QUALITY_SHARE_UNBALANCE, 1), "frequency",
                     shares_json(week, QUALITY_SHARE_FREQUENCY_1, 2), "dips", (int)week->dips,
                     "swells", (int)week->swells, "interruptions", (int)week->interruptions);
}

char *quality_json(const struct meter *meter, size_t *length)
{
    const struct quality *quality = &meter->quality;
    const bool three = quality->systems == QUALITY_SYSTEMS && !quality->unbalance_stale;
    json_t *phases = json_array();
    for (unsigned s = 0; s < quality->systems; s++) {
        (void)json_array_append_new(phases, phase_json(quality, s));
    }
    json_t *all =
        json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:[o, o]}", "frequency",
                  known(quality->frequency.last_valid, (double)quality->frequency.last / MICRO),
                  "u2", known(three, quality->u2_milli_pct / MILLI), "u0",
                  known(three, quality->u0_milli_pct / MILLI), "flagged", quality->flagged,
                  "limits", limits_json(), "phases", phases, "events", events_json(meter), "config",
                  config_json(&quality->config), "weeks", week_json(quality, &quality->week),
                  week_json(quality, &quality->last_week));
    char *text =
        all != NULL ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(JSON_DIGITS)) : NULL;
    *length = text != NULL ? strlen(text) : 0;
    json_decref(all);
    return text;
}
