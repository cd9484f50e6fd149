/* What lines, terminals, the meter's pins and time may do to modules of terminals and serial lines.
 * The first octet chooses the type and its options; then each step is an octet of what and how
 * many, and what it takes. */
#include <stdlib.h>
#include <string.h>

#include "modules/field_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t taken;

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    (void)octets;
    return channel == MODULE_DATA_LINE && n_octets % 7u != 3u;
}

static size_t to_line(void *context, unsigned line, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    if (line >= MODULE_LINES) {
        __builtin_trap();
    }
    taken += n_octets > 0 ? octets[n_octets - 1u] : 0u;
    return taken % 11u == 5u ? n_octets / 2u : n_octets;
}

static void pins(void *context, uint8_t levels)
{
    (void)context;
    if (levels > 3u) {
        __builtin_trap();
    }
}

static void line_close(void *context, unsigned line)
{
    (void)context;
    (void)line;
}

static void act(struct module *module, unsigned what, const uint8_t *data, size_t n, int64_t now_ms)
{
    struct field_terminal one;
    const unsigned line = n > 0 ? data[0] % MODULE_LINES : 0u;
    switch (what) {
    case 0: module_line(module, line, data, n, now_ms); break;
    case 1: module_heard(module, MODULE_DATA_LINE, data, n, now_ms); break;
    case 2: module_pins(module, (uint8_t)line, now_ms * 1000); break;
    case 3: module_line_open(module, line, n % 2u, n % 3u != 0, "", now_ms); break;
    case 4: module_supply(module, n % 4u != 0, now_ms); break;
    case 5: (void)field_set(module, n % 2u != 0 ? "in1" : "in2", n > 9u); break;
    case 6:
        for (unsigned i = 0; field_terminal(module, i, &one); i++) {
            taken += one.level;
        }
        break;
    default: module_line(module, line, (const uint8_t *)"in1,1\nin2,0\n", n % 13u, now_ms);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const options[] = {"", "timing=1", "timing=1,baud=300", "echo=1",
                                          "echo=1,timing=1,baud=115200"};
    const struct module_host host = {
        .to_meter = to_meter, .to_line = to_line, .pins = pins, .line_close = line_close};
    struct module module;
    int64_t now_ms = 0;
    if (size == 0) {
        return 0;
    }
    const struct module_type *type = &field_types[data[0] % FIELD_TYPES];
    void *state = calloc(1, type->state_bytes);
    if (state == NULL ||
        module_init(&module, type, &host, state, options[data[0] / FIELD_TYPES % 5u]) != NULL) {
        free(state);
        return 0;
    }
    module_supply(&module, true, now_ms);
    for (size_t at = 1; at < size;) {
        const unsigned what = data[at] & 7u;
        const size_t wanted = data[at] >> 3, left = size - at - 1u;
        const size_t n = wanted < left ? wanted : left;
        act(&module, what, data + at + 1u, n, now_ms);
        const int64_t next_ms = module_step(&module, now_ms);
        if (next_ms <= now_ms) {
            __builtin_trap(); /* it would be called without end */
        }
        now_ms += (int64_t)wanted + 1;
        at += n + 1u;
    }
    free(state);
    return 0;
}
