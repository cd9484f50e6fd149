#include "tamper_json.h"

#include "app/meter/meter_tamper.h"
#include "host/lib/event_words.h"
#include "instant.h"

static json_t *local_json(const struct meter *meter, uint32_t utc_s)
{
    char text[INSTANT_TEXT_MAX];
    struct calendar at;
    if (utc_s == 0) {
        return json_null();
    }
    clock_calendar(&meter->clock, utc_s, true, &at);
    instant_format(calendar_seconds(&at), text);
    return json_string(text);
}

json_t *tamper_json(const struct meter *meter)
{
    json_t *acts = json_array();
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        const struct tamper_kept *kept = &meter->tamper.kept[kind];
        const unsigned bit = tamper_row((enum tamper_kind)kind)->bit;
        (void)json_array_append_new(
            acts, json_pack("{s:i, s:s, s:b, s:b, s:I, s:o, s:o}", "bit", (int)bit, "text",
                            event_word_tamper_name(bit), "holds",
                            (unsigned)meter_tamper_word(meter) >> bit & 1u, "alarm",
                            (unsigned)meter->tamper.raised >> bit & 1u, "count",
                            (json_int_t)kept->count, "first", local_json(meter, kept->first_s),
                            "last", local_json(meter, kept->last_s)));
    }
    return json_pack("{s:o, s:b}", "acts", acts, "module_expected", meter->tamper.module_known);
}
