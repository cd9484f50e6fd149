#include "breaker_json.h"

#include "app/meter/meter_breaker.h"
#include "host/lib/event_words.h"

static const char *const positions[] = {[BREAKER_POSITION_UNKNOWN] = "unknown",
                                        [BREAKER_POSITION_OPEN] = "open",
                                        [BREAKER_POSITION_CLOSED] = "closed",
                                        [BREAKER_POSITION_MIXED] = "mixed"};
static const char *const lamps[] = {"dark", "lit", "flashing"};

/* Which phases of the house have voltage: what a lamp there would show, not what the meter thinks.
 */
static json_t *house_json(const struct site *site)
{
    json_t *phases = json_array();
    for (unsigned phase = 0; phase < RELAYS_PHASES; phase++) {
        const int system = variant_system_of_phase(&site->meter.variant, phase);
        const bool common = site->meter.variant.aron && phase == 1;
        const bool live =
            common ? site->supplied != 0 : system >= 0 && (site->supplied >> system & 1u) != 0;
        if ((site->relays.fitted >> phase & 1u) != 0) {
            (void)json_array_append_new(
                phases, json_boolean(live && (site->relays.closed >> phase & 1u) != 0));
        }
    }
    return phases;
}

json_t *breaker_json(const struct site *site)
{
    const struct meter *meter = &site->meter;
    const struct breaker *breaker = &meter->breaker;
    if (!breaker->fitted) {
        return json_null();
    }
    const uint32_t left_s = breaker_trip_left_s(breaker);
    const char *text = breaker_state_name(breaker->kept.state);
    return json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:i, s:o}", "state", (int)breaker->kept.state,
                     "text", text != NULL ? text : "?", "position", positions[breaker->position],
                     "lamp", lamps[meter_breaker_lamp(meter)], "moving", breaker->kept.pending,
                     "error", breaker->kept.fault, "opens_in_s", (int)left_s, "house",
                     house_json(site));
}
