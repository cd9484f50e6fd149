#include "mbus_plug.h"

#include "mbus_module.h"

/* A 382M has an article of its own; 005 is for all. */
static const uint16_t codes[] = {68, 5, 0};

struct mbus_plug {
    struct mbus_module module;
    struct {
        struct mbus_receiver receiver;
        int64_t heard_ms;
    } line[MODULE_LINES];
};

static void start(struct module *module, int64_t now_ms)
{
    struct mbus_plug *plug = module->state;
    const struct mbus_module_memory memory = {.context = module->host.context,
                                              .read = module->host.memory_read,
                                              .write = module->host.memory_write};
    mbus_module_start(&plug->module, &module->bus, &memory);
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        mbus_receiver_init(&plug->line[i].receiver);
        plug->line[i].heard_ms = now_ms;
    }
}

static void line_open(struct module *module, unsigned line, unsigned place, bool open,
                      const char *who, int64_t now_ms)
{
    struct mbus_plug *plug = module->state;
    static const struct module_speed speed = {2400, 8, 'E', 1};
    (void)place;
    (void)who;
    mbus_receiver_init(&plug->line[line].receiver);
    plug->line[line].heard_ms = now_ms;
    if (open && module->host.line_speed != NULL) {
        module->host.line_speed(module->host.context, line, &speed);
    }
}

static void line(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms)
{
    struct mbus_plug *plug = module->state;
    struct mbus_receiver *receiver = &plug->line[line].receiver;
    struct mbus_frame frame;
    uint8_t answer[MBUS_FRAME_MAX];
    if (now_ms - plug->line[line].heard_ms > MBUS_MODULE_IDLE_MS) {
        mbus_receiver_idle(receiver);
    }
    plug->line[line].heard_ms = now_ms;
    for (size_t i = 0; i < n_octets; i++) {
        if (mbus_receiver_octet(receiver, octets[i], &frame) == 1) {
            const size_t n = mbus_module_frame(&plug->module, &frame, now_ms, answer);
            if (n > 0) {
                (void)module->host.to_line(module->host.context, line, answer, n);
            }
        }
    }
}

const struct module_type mbus_module_type = {
    .name = "mbus",
    .title = "M-Bus, wired",
    .help = "",
    .codes = codes,
    .lines_min = 1,
    .lines_max = 1,
    .state_bytes = sizeof(struct mbus_plug),
    .start = start,
    .line_open = line_open,
    .line = line,
};
