#include "tariff_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define DAY_S     INT64_C(86400)
#define WEEK_DAYS 7

static json_t *day_json(const struct tariff_plan *plan, int64_t local_s, bool today)
{
    static const char *const types[] = {
        [DAY_WORK] = "work", [DAY_REST] = "rest", [DAY_HOLIDAY] = "holiday"};
    struct calendar local;
    char date[24];
    json_t *at = json_array();
    calendar_from_seconds(local_s, &local);
    const unsigned type = tariff_plan_day_type(plan, &local);
    const struct plan_day *day = tariff_plan_profile(plan, tariff_plan_season(plan, &local), type);
    for (unsigned i = 0; i < day->n; i++) {
        (void)json_array_append_new(
            at, json_pack("[i, i]", (int)day->at[i].minute, (int)day->at[i].tariff));
    }
    (void)snprintf(date, sizeof date, "%04u-%02u-%02u", local.year, local.month, local.day);
    return json_pack("{s:s, s:s, s:b, s:o}", "date", date, "type", types[type], "today", today,
                     "at", at);
}

static json_t *days_json(const struct meter *meter)
{
    json_t *days = json_array();
    struct calendar local;
    if (meter->tariff.plan.n_seasons == 0 || !meter->clock.valid || meter->variant.tariffs == 0) {
        return days;
    }
    clock_local(&meter->clock, meter->now_us, &local);
    const int64_t today_s = calendar_seconds(&local) / DAY_S * DAY_S;
    for (int i = 0; i < WEEK_DAYS; i++) {
        const int64_t day_s = today_s + (i + 1 - local.weekday) * DAY_S;
        (void)json_array_append_new(days, day_json(&meter->tariff.plan, day_s, day_s == today_s));
    }
    return days;
}

char *tariff_json(const struct meter *meter, size_t *length)
{
    static const char *const sources[] = {[TARIFF_BY_DEFAULT] = "default",
                                          [TARIFF_BY_INPUT] = "inputs",
                                          [TARIFF_BY_COMMAND] = "command",
                                          [TARIFF_BY_PLAN] = "plan"};
    json_t *all =
        json_pack("{s:i, s:i, s:s, s:s, s:o}", "tariffs", (int)meter->variant.tariffs, "active",
                  (int)legal_tariff(&meter->legal), "source", sources[meter->tariff.source], "plan",
                  meter->tariff.plan.name, "days", days_json(meter));
    char *text = all != NULL ? json_dumps(all, JSON_COMPACT) : NULL;
    *length = text != NULL ? strlen(text) : 0;
    json_decref(all);
    return text;
}
