#include "bay_json.h"

#include "module_ports.h"
#include "modules/field_module.h"
#include "modules/module_types.h"
#include "run.h"

#define CCC_DIVISOR 1000u /* configuration 1, A-B-CCC-DD-E */
#define CCC_MODULUS 1000u

/* What could be plugged: the types that are built and have an article for this meter. */
static json_t *shelf_json(const struct run *run)
{
    json_t *shelf = json_array();
    for (size_t i = 0; i < module_types_length; i++) {
        const uint16_t code = module_type_code(module_types[i], module_ports_generation(run));
        if (code != 0) {
            (void)json_array_append_new(shelf, json_pack("{s:s, s:i, s:s}", "type",
                                                         module_types[i]->name, "code", (int)code,
                                                         "name", module_types[i]->title));
        }
    }
    return shelf;
}

static json_t *terminals_json(const struct run *run, enum meter_slot slot)
{
    const struct module *module = module_ports_module(run->modules, slot);
    struct field_terminal one;
    json_t *terminals = json_array();
    for (unsigned i = 0; module != NULL && field_terminal(module, i, &one); i++) {
        (void)json_array_append_new(terminals,
                                    json_pack("{s:s, s:b, s:i}", "name", one.name, "input",
                                              one.input, "level", (int)one.level));
    }
    return terminals;
}

static json_t *module_json(const struct run *run, enum meter_slot slot)
{
    const struct meter *meter = &run->site.meter;
    const struct module_seen *seen = &meter->modules.slot[slot];
    const struct module_row *row = module_by_code(seen->code);
    if (!seen->present) {
        return json_null();
    }
    return json_pack("{s:i, s:s, s:o, s:I, s:s, s:b, s:b, s:o}", "code", (int)seen->code, "name",
                     row != NULL ? row->name : "without an article", "article",
                     row != NULL ? json_string(row->article) : json_null(), "serial",
                     (json_int_t)seen->serial, "line", module_ports_line(run->modules, slot),
                     "program", module_ports_is_program(run->modules, slot), "other",
                     slot == METER_SLOT_PRIMARY && meter_module_mismatch(meter), "terminals",
                     terminals_json(run, slot));
}

static json_t *slots_json(const struct run *run)
{
    static const char *const names[METER_SLOTS] = {"primary", "secondary", "consumer"};
    json_t *slots = json_array();
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        if (meter_module_slot_exists(&run->site.meter, (enum meter_slot)i)) {
            (void)json_array_append_new(slots, json_pack("{s:i, s:s, s:o}", "slot", (int)(i + 1u),
                                                         "name", names[i], "module",
                                                         module_json(run, (enum meter_slot)i)));
        }
    }
    return slots;
}

json_t *bay_json(const struct run *run)
{
    const struct meter *meter = &run->site.meter;
    const unsigned configured = meter->variant.configuration[0] / CCC_DIVISOR % CCC_MODULUS;
    json_t *radio =
        meter->variant.radio ? json_string(meter_radio_on(meter) ? "on" : "off") : json_null();
    return json_pack("{s:i, s:b, s:o, s:o, s:o}", "configured", (int)configured, "other",
                     meter_module_mismatch(meter), "radio", radio, "slots", slots_json(run),
                     "shelf", shelf_json(run));
}
