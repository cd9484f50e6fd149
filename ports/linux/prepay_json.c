#include "prepay_json.h"

#include <string.h>

#include "app/meter/meter_prepay.h"
#include "proto/kmp/kmp_prepay.h"

#define UWH_PER_KWH_REAL 1e9

static json_t *last_json(const struct prepay_booking *last)
{
    static const char *const ways[] = {NULL, "set", "loaded", "token", "switched off"};
    if (last->way == PREPAY_NOT_YET || last->way >= sizeof ways / sizeof ways[0]) {
        return json_null();
    }
    return json_pack("{s:s, s:f}", "way", ways[last->way], "kwh",
                     (double)last->amount_uwh / UWH_PER_KWH_REAL);
}

json_t *prepay_json(const struct site *site)
{
    const struct meter *meter = &site->meter;
    const struct prepay *prepay = &meter->prepay;
    if (!meter_prepay_fitted(meter)) {
        return json_null();
    }
    const int64_t left_uwh = meter_prepay_left_uwh(meter);
    const uint16_t days = meter_prepay_days_left(meter);
    const uint32_t low_s = prepay_low_left_s(prepay, legal_operating_s(&meter->legal));
    return json_pack(
        "{s:b, s:f, s:b, s:o, s:b, s:i, s:i, s:o}", "on", prepay->kept.on, "left_kwh",
        (double)(left_uwh < 0 ? -left_uwh : left_uwh) / UWH_PER_KWH_REAL, "owed", left_uwh < 0,
        "days", days == PREPAY_NO_DAYS ? json_null() : json_integer(days), "warns",
        meter_prepay_warns(meter), "low_left_s", prepay->kept.low ? (int)low_s : 0, "token_wait_s",
        (int)prepay_token_wait_s(prepay, meter->now_us), "last", last_json(&prepay->kept.last));
}

const char *prepay_token_enter(struct site *site, const char *digits)
{
    const enum prepay_err err = meter_prepay_token(&site->meter, digits, strlen(digits), NULL);
    site->changes++;
    return err == PREPAY_OK ? NULL : kmp_prepay_result_text(err);
}
