#include "module_ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "module_carrier.h"
#include "module_links.h"
#include "modules/field_module.h"
#include "run.h"

#define SPEC_MAX 96

/* One slot of the bay. */
struct bay {
    struct module_ports *ports;
    struct module_slot slot;
    struct carrier *carrier; /* of a module that is built in; NULL: none */
};

struct module_ports {
    struct run *run;
    struct bay bay[METER_SLOTS];
    struct carrier *bound[OPTIONS_MODULE_MAX]; /* of the options, not plugged yet */
    struct carrier *pulled[METER_SLOTS];       /* freed with the next step */
    char text[OPTIONS_MODULE_MAX][CARRIER_TEXT_MAX];
    struct module_links *links;
};

uint8_t module_ports_generation(const struct run *run)
{
    switch (run->options->variant.generation) {
    case GENERATION_L: return MODULE_L;
    case GENERATION_M: return MODULE_M;
    default: return MODULE_BCDE;
    }
}

struct module_slot *module_ports_slot(struct module_ports *ports, enum meter_slot slot)
{
    return &ports->bay[slot].slot;
}

/* ---- the bus of a module that is built in ---- */

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    struct bay *bay = context;
    return module_slot_ask(&bay->slot, request, n_request, answer, capacity);
}

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    struct bay *bay = context;
    return module_slot_data(&bay->slot, channel, octets, n_octets);
}

static bool channel_open(void *context, unsigned channel, bool open)
{
    struct bay *bay = context;
    return module_slot_channel(&bay->slot, channel, open);
}

static void drive(void *context, uint8_t levels)
{
    struct bay *bay = context;
    module_slot_pins(&bay->slot, levels);
}

/* Each slot has a piece of memory: it stays in the slot, as a module does when the meter stops. */
static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct bay *bay = context;
    return address > EEPROM_MODULE_BYTES || n_bytes > EEPROM_MODULE_BYTES - address
               ? -1
               : eeprom_read(bay->ports->run->site.eeprom, EEPROM_MODULES,
                             (uint32_t)bay->slot.which * EEPROM_MODULE_BYTES + address, bytes,
                             n_bytes);
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct bay *bay = context;
    return address > EEPROM_MODULE_BYTES || n_bytes > EEPROM_MODULE_BYTES - address
               ? -1
               : eeprom_write(bay->ports->run->site.eeprom, EEPROM_MODULES,
                              (uint32_t)bay->slot.which * EEPROM_MODULE_BYTES + address, bytes,
                              n_bytes);
}

static bool said(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    const struct bay *bay = context;
    module_heard(carrier_module(bay->carrier), channel, octets, n_octets, instant_wall_us() / 1000);
    carrier_stir(bay->carrier);
    return true;
}

static void channel_closed(void *context, unsigned channel)
{
    const struct bay *bay = context;
    module_channel_closed(carrier_module(bay->carrier), channel, instant_wall_us() / 1000);
}

static void pins(void *context, uint8_t levels, int64_t at_us)
{
    const struct bay *bay = context;
    module_pins(carrier_module(bay->carrier), levels, at_us);
}

static void supply(void *context, bool on)
{
    const struct bay *bay = context;
    carrier_supply(bay->carrier, on, instant_wall_us());
}

/* ---- slots ---- */

/* The one that is wanted, or the first that is free of those inside the meter. */
static enum meter_slot slot_for(const struct module_ports *ports, unsigned wanted)
{
    const struct meter *meter = &ports->run->site.meter;
    if (wanted != 0) {
        return (enum meter_slot)(wanted - 1u);
    }
    const bool second = ports->bay[METER_SLOT_PRIMARY].slot.taken &&
                        meter_module_slot_exists(meter, METER_SLOT_SECONDARY);
    return second ? METER_SLOT_SECONDARY : METER_SLOT_PRIMARY;
}

enum meter_module_err module_ports_take(struct module_ports *ports, unsigned wanted,
                                        const struct module_slot_user *user, uint16_t code,
                                        uint32_t serial, enum meter_slot *slot)
{
    if (wanted > METER_SLOTS) {
        return METER_MODULE_ERR_SLOT;
    }
    *slot = slot_for(ports, wanted);
    return module_slot_take(&ports->bay[*slot].slot, user, code, serial);
}

/* A secondary module goes with the one that carries it. */
void module_ports_leave(struct module_ports *ports, enum meter_slot slot)
{
    struct problem problem;
    if (slot == METER_SLOT_PRIMARY && ports->bay[METER_SLOT_SECONDARY].slot.taken) {
        (void)module_ports_pull(ports, METER_SLOT_SECONDARY + 1u, &problem);
    }
    module_slot_leave(&ports->bay[slot].slot);
}

int module_ports_pull(struct module_ports *ports, unsigned slot, struct problem *problem)
{
    struct bay *bay = slot >= 1 && slot <= METER_SLOTS ? &ports->bay[slot - 1u] : NULL;
    if (bay == NULL || !bay->slot.taken) {
        return problem_set(problem, EXIT_BAD_INPUT, "nothing is plugged there");
    }
    if (bay->carrier == NULL) {
        module_links_pull(ports->links, bay->slot.which);
        return 0;
    }
    carrier_supply(bay->carrier, false, instant_wall_us());
    carrier_close(bay->carrier);
    ports->pulled[bay->slot.which] = bay->carrier;
    bay->carrier = NULL;
    module_ports_leave(ports, bay->slot.which);
    return 0;
}

static void bury(struct module_ports *ports)
{
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        carrier_free(ports->pulled[i]);
        ports->pulled[i] = NULL;
    }
}

/* ---- modules that are built in ---- */

static uint16_t code_of(const struct module_ports *ports, const struct carrier_spec *spec)
{
    return spec->code != 0 ? spec->code
                           : module_type_code(spec->type, module_ports_generation(ports->run));
}

static struct carrier *bind_one(struct module_ports *ports, const struct carrier_spec *spec,
                                struct problem *problem)
{
    const struct carrier_bus bus = {.context = &ports->bay[METER_SLOT_PRIMARY],
                                    .exchange = exchange,
                                    .to_meter = to_meter,
                                    .channel = channel_open,
                                    .pins = drive,
                                    .memory_read = memory_read,
                                    .memory_write = memory_write};
    const struct module_row *row = module_by_code(code_of(ports, spec));
    if (row == NULL || (row->generations & module_ports_generation(ports->run)) == 0) {
        (void)problem_set(problem, EXIT_BAD_INPUT, "--module: %s: expected a module for a %s",
                          spec->type->name, ports->run->options->variant.name);
        return NULL;
    }
    struct carrier_spec one = *spec;
    if (one.keys[0] == '\0' && ports->run->options->keys != NULL) {
        (void)snprintf(one.keys, sizeof one.keys, "%s", ports->run->options->keys);
    }
    return carrier_bind(&one, &bus, "module", problem);
}

static int plug(struct module_ports *ports, const struct carrier_spec *spec,
                struct carrier *carrier, struct problem *problem)
{
    enum meter_slot which = slot_for(ports, spec->slot);
    struct bay *bay = &ports->bay[which];
    const struct module_slot_user user = {.context = bay,
                                          .said = said,
                                          .channel_closed = channel_closed,
                                          .pins = pins,
                                          .supply = supply};
    static const char *const why[] = {"the meter has no such slot",
                                      "another module is in the slot"};
    const enum meter_module_err err =
        module_ports_take(ports, spec->slot, &user, code_of(ports, spec), spec->serial, &which);
    if (err != METER_MODULE_OK) {
        (void)problem_set(problem, EXIT_BAD_INPUT, "--module: %s: %s", spec->type->name,
                          why[err == METER_MODULE_ERR_SLOT ? 0 : 1]);
        carrier_close(carrier);
        carrier_free(carrier);
        return -1;
    }
    bay->carrier = carrier;
    carrier_owner(carrier, bay);
    if (carrier_open(carrier, &ports->run->loop, problem) != 0) {
        struct problem other;
        (void)module_ports_pull(ports, (unsigned)which + 1u, &other);
        return -1;
    }
    return 0;
}

int module_ports_plug(struct module_ports *ports, const char *type, unsigned slot,
                      struct problem *problem)
{
    char text[SPEC_MAX];
    struct carrier_spec spec;
    const struct module_type *known = module_type_by_name(type, strlen(type));
    if (known == NULL || slot > METER_SLOTS) {
        return problem_set(problem, EXIT_BAD_INPUT, "expected a module that is built, and a slot");
    }
    (void)snprintf(text, sizeof text, "%s", known->name);
    for (unsigned i = 0; i < known->lines_min; i++) {
        const size_t length = strlen(text);
        (void)snprintf(text + length, sizeof text - length, "%c%s", i == 0 ? ':' : '+',
                       known->on_air ? RADIO_MEDIUM_USUAL : "tcp:127.0.0.1:0");
    }
    if (carrier_parse(text, "module", &spec, problem) != 0) {
        return -1;
    }
    spec.slot = (uint8_t)slot;
    struct carrier *carrier = bind_one(ports, &spec, problem);
    return carrier == NULL ? -1 : plug(ports, &spec, carrier, problem);
}

/* ---- all of them ---- */

int module_ports_bind(struct module_ports **out, struct run *run, struct problem *problem)
{
    const struct options *options = run->options;
    struct module_ports *ports = calloc(1, sizeof *ports);
    *out = ports;
    if (ports == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "no memory");
    }
    ports->run = run;
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        ports->bay[i].ports = ports;
        module_slot_init(&ports->bay[i].slot, run, (enum meter_slot)i);
    }
    for (size_t i = 0; i < options->n_modules; i++) {
        ports->bound[i] = bind_one(ports, &options->module[i], problem);
        if (ports->bound[i] == NULL) {
            return -1;
        }
        (void)snprintf(ports->text[i], sizeof ports->text[i], "%s", carrier_text(ports->bound[i]));
    }
    return module_links_bind(&ports->links, ports, run, problem);
}

int module_ports_open(struct module_ports *ports, struct problem *problem)
{
    for (size_t i = 0; i < ports->run->options->n_modules; i++) {
        struct carrier *carrier = ports->bound[i];
        ports->bound[i] = NULL;
        if (plug(ports, &ports->run->options->module[i], carrier, problem) != 0) {
            return -1;
        }
    }
    return ports->links == NULL ? 0 : module_links_open(ports->links, problem);
}

const char *module_ports_text(const struct module_ports *ports, size_t index)
{
    const struct options *options = ports->run->options;
    if (index < options->n_modules) {
        return ports->text[index];
    }
    index -= options->n_modules;
    return index < options->n_module_bus ? module_links_text(ports->links, index) : NULL;
}

struct module *module_ports_module(const struct module_ports *ports, enum meter_slot slot)
{
    struct carrier *carrier = ports->bay[slot].carrier;
    return carrier != NULL ? carrier_module(carrier) : NULL;
}

int module_ports_set(struct module_ports *ports, unsigned slot, const char *name, bool on,
                     struct problem *problem)
{
    struct module *module = slot >= 1 && slot <= METER_SLOTS
                                ? module_ports_module(ports, (enum meter_slot)(slot - 1u))
                                : NULL;
    return module != NULL && field_set(module, name, on)
               ? 0
               : problem_set(problem, EXIT_BAD_INPUT,
                             "the module there has no such input, or no supply");
}

const char *module_ports_line(const struct module_ports *ports, enum meter_slot slot)
{
    const struct carrier *carrier = ports->bay[slot].carrier;
    return carrier != NULL ? carrier_text(carrier) : "";
}

bool module_ports_is_program(const struct module_ports *ports, enum meter_slot slot)
{
    return ports->bay[slot].slot.taken && ports->bay[slot].carrier == NULL;
}

int64_t module_ports_step(struct module_ports *ports, int64_t wall_us)
{
    int64_t next_us = INT64_MAX, due_us;
    bury(ports);
    if (ports->links != NULL) {
        next_us = module_links_step(ports->links, wall_us);
    }
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        struct bay *bay = &ports->bay[i];
        due_us = module_slot_step(&bay->slot, wall_us);
        next_us = due_us < next_us ? due_us : next_us;
        due_us = bay->carrier != NULL ? carrier_step(bay->carrier, wall_us) : INT64_MAX;
        next_us = due_us < next_us ? due_us : next_us;
    }
    return next_us;
}

void module_ports_close(struct module_ports *ports)
{
    if (ports == NULL) {
        return;
    }
    module_links_close(ports->links);
    for (size_t i = 0; i < OPTIONS_MODULE_MAX; i++) {
        if (ports->bound[i] != NULL) {
            carrier_close(ports->bound[i]);
            carrier_free(ports->bound[i]);
        }
    }
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        module_slot_forget(&ports->bay[i].slot);
        if (ports->bay[i].carrier != NULL) {
            carrier_close(ports->bay[i].carrier);
            carrier_free(ports->bay[i].carrier);
        }
    }
    bury(ports);
    free(ports);
}
