#include "wmbus_plug.h"

#include "../proto/wmbus/wmbus_receiver.h"
#include "wmbus_options.h"

static const uint16_t codes[] = {64, 0};

struct wmbus_plug {
    struct wmbus_module module;
    struct wmbus_options options;
};

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct module *module = context;
    return module->host.memory_read(module->host.context, WMBUS_PLUG_MEMORY_AT + address, bytes,
                                    n_bytes);
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct module *module = context;
    return module->host.memory_write(module->host.context, WMBUS_PLUG_MEMORY_AT + address, bytes,
                                     n_bytes);
}

static bool key_of(void *context, uint32_t id_raw, uint8_t key[WMBUS_KEY_OCTETS])
{
    const struct module *module = context;
    return module->host.key != NULL && module->host.key(module->host.context, id_raw, key);
}

static void transmit(void *context, const struct wmbus_module_setup *setup, const uint8_t *telegram,
                     size_t n_octets)
{
    const struct module *module = context;
    const struct wmbus_plug *plug = module->state;
    uint8_t chips[WMBUS_CHIPS_OCTETS];
    size_t n_chips;
    if (wmbus_chips(setup->mode, setup->format, telegram, n_octets, chips, &n_chips) == MBUS_OK) {
        const struct module_burst burst = {.sender = plug->module.number,
                                           .mode = (uint8_t)setup->mode,
                                           .power_dbm = plug->options.power_dbm,
                                           .chips = chips,
                                           .n_chips = n_chips};
        module->host.air(module->host.context, &burst);
    }
}

static const char *check(const struct module *module)
{
    struct wmbus_options options;
    if (module->host.air == NULL || module->host.crypto == NULL) {
        return "a carrier with a radio";
    }
    return wmbus_options_read(module->options, &options);
}

static void start(struct module *module, int64_t now_ms)
{
    struct wmbus_plug *plug = module->state;
    const struct wmbus_module_board board = {.context = module,
                                             .crypto = module->host.crypto,
                                             .read = memory_read,
                                             .write = memory_write,
                                             .key = key_of,
                                             .send = transmit};
    (void)now_ms;
    (void)wmbus_options_read(module->options, &plug->options);
    wmbus_module_start(&plug->module, &module->bus, &board, &plug->options.setup);
}

static void stop(struct module *module, int64_t now_ms)
{
    struct wmbus_plug *plug = module->state;
    (void)now_ms;
    wmbus_module_stop(&plug->module);
}

static int64_t step(struct module *module, int64_t now_ms)
{
    struct wmbus_plug *plug = module->state;
    return wmbus_module_step(&plug->module, now_ms);
}

const struct module_type wmbus_module_type = {
    .name = "wmbus",
    .title = "M-Bus, wireless",
    .help = WMBUS_OPTIONS_HELP,
    .codes = codes,
    .on_air = true,
    .lines_min = 1,
    .lines_max = 1,
    .state_bytes = sizeof(struct wmbus_plug),
    .check = check,
    .start = start,
    .stop = stop,
    .step = step,
};
