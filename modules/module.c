#include "module.h"

#include <string.h>

const char *module_init(struct module *module, const struct module_type *type,
                        const struct module_host *host, void *state, const char *options)
{
    const size_t length = strlen(options);
    if (length >= sizeof module->options) {
        return "fewer options";
    }
    memset(module, 0, sizeof *module);
    module->type = type;
    module->host = *host;
    module->bus = (struct module_bus){.context = host->context, .exchange = host->exchange};
    module->state = state;
    memcpy(module->options, options, length + 1u);
    if (type->check != NULL) {
        return type->check(module);
    }
    return length == 0 ? NULL : "no options";
}

void module_drive(struct module *module, uint8_t levels)
{
    levels &= (1u << MODULE_PINS) - 1u;
    if (levels != module->pins_out) {
        module->pins_out = levels;
        module->host.pins(module->host.context, levels);
    }
}

void module_supply(struct module *module, bool on, int64_t now_ms)
{
    const struct module_type *type = module->type;
    if (on == module->supplied) {
        return;
    }
    if (!on && type->stop != NULL) {
        type->stop(module, now_ms);
    }
    if (!on) {
        module_drive(module, 0);
    }
    module->supplied = on;
    if (on) {
        memset(module->state, 0, type->state_bytes);
        if (type->start != NULL) {
            type->start(module, now_ms);
        }
    }
}

void module_line_open(struct module *module, unsigned line, unsigned place, bool open,
                      const char *who, int64_t now_ms)
{
    if (module->supplied && module->type->line_open != NULL && line < MODULE_LINES) {
        module->type->line_open(module, line, place, open, who, now_ms);
    }
}

void module_line(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms)
{
    if (module->supplied && module->type->line != NULL && line < MODULE_LINES) {
        module->type->line(module, line, octets, n_octets, now_ms);
    }
}

void module_heard(struct module *module, unsigned channel, const uint8_t *octets, size_t n_octets,
                  int64_t now_ms)
{
    if (module->supplied && module->type->heard != NULL && channel < MODULE_CHANNELS) {
        module->type->heard(module, channel, octets, n_octets, now_ms);
    }
}

void module_channel_closed(struct module *module, unsigned channel, int64_t now_ms)
{
    if (module->supplied && module->type->channel_closed != NULL && channel < MODULE_CHANNELS) {
        module->type->channel_closed(module, channel, now_ms);
    }
}

void module_pins(struct module *module, uint8_t levels, int64_t at_us)
{
    levels &= (1u << MODULE_PINS) - 1u;
    const bool changed = levels != module->pins_in;
    module->pins_in = levels;
    if (changed && module->supplied && module->type->pins != NULL) {
        module->type->pins(module, levels, at_us);
    }
}

int64_t module_step(struct module *module, int64_t now_ms)
{
    return module->supplied && module->type->step != NULL ? module->type->step(module, now_ms)
                                                          : MODULE_NEVER;
}

int module_option(const char *options, const char *name, const char **value)
{
    const size_t n_name = strlen(name);
    while (*options != '\0') {
        const char *end = strchr(options, ',');
        const size_t length = end != NULL ? (size_t)(end - options) : strlen(options);
        if (length > n_name && memcmp(options, name, n_name) == 0 && options[n_name] == '=') {
            *value = options + n_name + 1u;
            return (int)(length - n_name - 1u);
        }
        options += length + (end != NULL ? 1u : 0u);
    }
    return -1;
}
