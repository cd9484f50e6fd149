#include "gsm_plug.h"

#include <string.h>

#include "gsm_module.h"

#define NO_LINE      (-1)
#define CALL_EACH_MS 2000
#define MODEM_MAX    96u

static const uint16_t codes[] = {53, 54, 0};
static const struct module_speed speed = {115200, 8, 'N', 1};

_Static_assert(MODULE_MEMORY_BYTES >= GSM_MEMORY, "room for what it keeps");

struct gsm_plug {
    struct gsm_module module;
    int line;        /**< of the modem; NO_LINE */
    bool line_open;  /**< else it is being called */
    int64_t call_ms; /**< next call */
};

/* ---- options ---- */

/* All but modem=, which is not kept. */
static void setup_text(const char *options, char text[MODULE_OPTIONS_MAX])
{
    size_t n = 0;
    while (*options != '\0') {
        const size_t length = strcspn(options, ",");
        if (strncmp(options, "modem=", strlen("modem=")) != 0 && length > 0) {
            if (n > 0) {
                text[n++] = ',';
            }
            memcpy(text + n, options, length);
            n += length;
        }
        options += length + (options[length] == ',' ? 1u : 0u);
    }
    text[n] = '\0';
}

static const char *check(const struct module *module)
{
    char text[MODULE_OPTIONS_MAX];
    const char *why, *bad, *value;
    size_t n_bad;
    struct gsm_setup setup;
    const int modem = module_option(module->options, "modem", &value);
    setup_text(module->options, text);
    gsm_setup_default(&setup);
    if (modem >= 0 && ((size_t)modem >= MODEM_MAX || strncmp(value, "tcp:", 4) != 0)) {
        return "modem=tcp:HOST:PORT";
    }
    return gsm_setup_take(&setup, text, ',', &why, &bad, &n_bad) ? NULL : why;
}

/* ---- the modem's line ---- */

static void call(struct module *module, int64_t now_ms)
{
    struct gsm_plug *plug = module->state;
    char to[MODEM_MAX];
    const char *value;
    const int length = module_option(module->options, "modem", &value);
    if (length < 0 || plug->line != NO_LINE || now_ms < plug->call_ms ||
        module->host.line_connect == NULL) {
        return;
    }
    memcpy(to, value, (size_t)length);
    to[length] = '\0';
    plug->call_ms = now_ms + CALL_EACH_MS;
    plug->line = module->host.line_connect(module->host.context, to);
}

static void flush(struct module *module)
{
    struct gsm_plug *plug = module->state;
    uint8_t octets[AT_TX_BYTES];
    const size_t n = gsm_module_take(&plug->module, octets, sizeof octets);
    if (n > 0 && plug->line_open) {
        (void)module->host.to_line(module->host.context, (unsigned)plug->line, octets, n);
    }
}

/* A modem that was called has no reset line; calling it again is the nearest to it. */
static void reset(struct module *module)
{
    struct gsm_plug *plug = module->state;
    const char *value;
    if (plug->module.pull_reset && plug->line_open && module->host.line_close != NULL &&
        module_option(module->options, "modem", &value) >= 0) {
        module->host.line_close(module->host.context, (unsigned)plug->line);
        plug->line = NO_LINE;
        plug->line_open = false;
    }
    plug->module.pull_reset = false;
}

static int64_t step(struct module *module, int64_t now_ms)
{
    struct gsm_plug *plug = module->state;
    for (unsigned i = 0; i < MODULE_PINS; i++) {
        plug->module.relay[i] = (module->pins_in >> i & 1) != 0;
        plug->module.input[i] = (module->pins_out >> i & 1) != 0;
    }
    int64_t wake_ms = gsm_module_step(&plug->module, now_ms);
    flush(module);
    reset(module);
    call(module, now_ms);
    if (wake_ms <= now_ms) {
        wake_ms = now_ms + 1;
    }
    return wake_ms;
}

/* ---- what the carrier hands on ---- */

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    const struct module *module = context;
    return module->host.to_meter(module->host.context, channel, octets, n_octets);
}

static bool open_channel(void *context, unsigned channel, bool open)
{
    const struct module *module = context;
    return module->host.channel != NULL &&
           module->host.channel(module->host.context, channel, open);
}

static void start(struct module *module, int64_t now_ms)
{
    struct gsm_plug *plug = module->state;
    char text[MODULE_OPTIONS_MAX];
    const char *why, *bad;
    size_t n_bad;
    const struct gsm_bus bus = {
        .kmp = module->bus, .context = module, .to_meter = to_meter, .channel = open_channel};
    const struct module_memory store = {.context = module->host.context,
                                        .read = module->host.memory_read,
                                        .write = module->host.memory_write};
    plug->line = NO_LINE;
    plug->line_open = false;
    plug->call_ms = now_ms;
    gsm_module_start(&plug->module, &bus, &store, (uint32_t)now_ms, now_ms);
    setup_text(module->options, text);
    (void)gsm_module_set_up(&plug->module, text, ',', &why, &bad, &n_bad);
}

/* The newest line of a place is the modem's; the one before has died without a word. */
static void line_open(struct module *module, unsigned line, unsigned place, bool open,
                      const char *who, int64_t now_ms)
{
    struct gsm_plug *plug = module->state;
    (void)place;
    (void)who;
    (void)now_ms;
    if (open) {
        if (plug->line_open && plug->line != (int)line && module->host.line_close != NULL) {
            module->host.line_close(module->host.context, (unsigned)plug->line);
        }
        plug->line = (int)line;
        plug->line_open = true;
        if (module->host.line_speed != NULL) {
            module->host.line_speed(module->host.context, line, &speed);
        }
    } else if (plug->line == (int)line) {
        plug->line = NO_LINE;
        plug->line_open = false;
    }
}

static void line(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms)
{
    struct gsm_plug *plug = module->state;
    if (plug->line == (int)line) {
        gsm_module_octets(&plug->module, octets, n_octets, now_ms);
        (void)step(module, now_ms);
    }
}

static void heard(struct module *module, unsigned channel, const uint8_t *octets, size_t n_octets,
                  int64_t now_ms)
{
    struct gsm_plug *plug = module->state;
    gsm_module_heard(&plug->module, channel, octets, n_octets, now_ms);
}

static void channel_closed(struct module *module, unsigned channel, int64_t now_ms)
{
    struct gsm_plug *plug = module->state;
    (void)now_ms;
    gsm_module_channel_closed(&plug->module, channel);
}

const struct module_type gsm_module_type = {
    .name = "gsm",
    .title = "GSM/GPRS",
    .help = "modem=tcp:HOST:PORT where it has no line; pin= apn= user= password= dialect= server= "
            "keep-alive= watchdog= hello= allow= alarm= alarms= (docs/gsm.md)",
    .codes = codes,
    .lines_min = 0,
    .lines_max = 1,
    .state_bytes = sizeof(struct gsm_plug),
    .check = check,
    .start = start,
    .line_open = line_open,
    .line = line,
    .heard = heard,
    .channel_closed = channel_closed,
    .step = step,
};
