#include "field_module.h"

#include <string.h>

#include "field_pipe.h"

#define TIME_CHARACTERS 20u
#define TEXT_MAX        64u
#define BITS_8N2        11
#define OCTET_US(baud)  (INT64_C(1000000) * BITS_8N2 / (baud))

enum field_line { LINE_NONE, LINE_RS232, LINE_RS485, LINE_LOOP };

struct terminal {
    const char *name; /* NULL: not there */
    uint8_t pin;
    uint8_t level[2]; /* of an output: pin low, pin high; 0 without supply */
};

#define NOTHING                                                                                    \
    {                                                                                              \
        NULL, 0,                                                                                   \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }

/* What a type has; the row of the same index in field_types. */
static const struct field_row {
    uint8_t line; /* enum field_line */
    struct terminal output[MODULE_PINS], input[MODULE_PINS];
} rows[FIELD_TYPES] = {
    {LINE_RS232, {{"out1", 0, {0, 1}}, {"out2", 1, {0, 1}}}, {{"in1", 0, {0, 1}}}},
    {LINE_RS485, {NOTHING}, {NOTHING}},
    {LINE_LOOP, {NOTHING}, {{"in1", 0, {0, 1}}}},
    {LINE_LOOP, {NOTHING}, {{"in1", 0, {0, 1}}, {"in2", 1, {0, 1}}}},
    {LINE_NONE, {NOTHING}, {{"in1", 0, {0, 1}}}},
    {LINE_NONE, {NOTHING}, {{"in1", 0, {0, 1}}, {"in2", 1, {0, 1}}}},
    {LINE_NONE, {{"volt", 1, {24, 0}}}, {NOTHING}},
    {LINE_NONE, {{"s0", 1, {0, 1}}}, {NOTHING}},
    {LINE_NONE, {{"relay1", 0, {0, 1}}}, {NOTHING}},
    {LINE_NONE, {{"relay1", 0, {0, 1}}, {"relay2", 1, {0, 1}}}, {NOTHING}},
    {LINE_NONE, {{"relay1", 1, {0, 1}}}, {{"in1", 0, {0, 1}}}},
    {LINE_NONE, {NOTHING}, {NOTHING}},
};

/* A line of text that is on its way in. */
struct typed {
    char text[FIELD_ROW_MAX];
    uint8_t n;
};

struct field_state {
    struct field_pipe up, down; /* to the meter, to the line */
    int64_t octet_us;           /* 0: at once */
    uint32_t baud;
    bool serial[MODULE_LINES]; /* the line is a serial one */
    bool wired[MODULE_LINES];  /* the line has the terminals */
    struct typed typed[MODULE_LINES];
    uint8_t inputs; /* levels that the terminals have */
    uint8_t levels; /* of the meter's pins, as the outputs show them */
    int64_t at_us;  /* of the last change of the meter's pins */
    bool echo;      /* what is sent comes back */
    struct field_pipe own;
    int64_t own_ms; /* when the last of them was sent */
};

static const struct field_row *row_of(const struct module *module)
{
    return &rows[module->type - field_types];
}

static unsigned terminals_place(const struct module *module)
{
    return row_of(module)->line == LINE_NONE ? 0u : 1u;
}

/* ---- options ---- */

static bool is_value(const char *text, size_t length, const char *name, const char *value)
{
    const size_t n_name = strlen(name), n_value = strlen(value);
    return length == n_name + 1u + n_value && memcmp(text, name, n_name) == 0 &&
           text[n_name] == '=' && memcmp(text + n_name + 1u, value, n_value) == 0;
}

struct speed_row {
    const char *text;
    uint32_t baud;
};
static const struct speed_row slow[] = {{"1200", 1200}, {"300", 300}, {NULL, 0}};
static const struct speed_row fast[] = {{"9600", 9600},   {"300", 300},       {"1200", 1200},
                                        {"2400", 2400},   {"4800", 4800},     {"19200", 19200},
                                        {"38400", 38400}, {"115200", 115200}, {NULL, 0}};

/* Speeds of its line, the one as delivered first. */
static const struct speed_row *speeds_of(const struct module *module)
{
    return row_of(module)->line == LINE_RS485 ? fast : slow;
}

static bool good_option(const struct module *module, const char *text, size_t length)
{
    for (const struct speed_row *speed = speeds_of(module); speed->text != NULL; speed++) {
        if (is_value(text, length, "baud", speed->text)) {
            return true;
        }
    }
    return is_value(text, length, "timing", "1") || is_value(text, length, "timing", "0") ||
           (row_of(module)->line == LINE_RS485 &&
            (is_value(text, length, "echo", "1") || is_value(text, length, "echo", "0")));
}

static const char *check(const struct module *module)
{
    const char *text = module->options;
    if (row_of(module)->line == LINE_NONE) {
        return *text == '\0' ? NULL : "no options";
    }
    while (*text != '\0') {
        const size_t length = strcspn(text, ",");
        if (!good_option(module, text, length)) {
            return module->type->help;
        }
        text += length + (text[length] == ',' ? 1u : 0u);
    }
    return NULL;
}

static uint32_t baud_of(const struct module *module)
{
    const struct speed_row *speeds = speeds_of(module);
    const char *value;
    const int n = module_option(module->options, "baud", &value);
    for (const struct speed_row *speed = speeds; n > 0 && speed->text != NULL; speed++) {
        if (strlen(speed->text) == (size_t)n && memcmp(speed->text, value, (size_t)n) == 0) {
            return speed->baud;
        }
    }
    return speeds[0].baud;
}

static bool is_on(const struct module *module, const char *name)
{
    const char *value;
    return module_option(module->options, name, &value) == 1 && *value == '1';
}

/* ---- terminals ---- */

static size_t put_number(char *text, uint64_t number)
{
    char digits[TIME_CHARACTERS];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number > 0);
    for (size_t i = 0; i < n; i++) {
        text[i] = digits[n - 1u - i];
    }
    return n;
}

/* TIME_US,NAME,LEVEL; without a time where the module does not know it. */
static void say_level(struct module *module, unsigned line, const struct terminal *output,
                      uint8_t level, int64_t at_us)
{
    char text[TEXT_MAX];
    size_t n = at_us >= 0 ? put_number(text, (uint64_t)at_us) : 0u;
    const size_t n_name = strlen(output->name);
    text[n++] = ',';
    memcpy(text + n, output->name, n_name);
    n += n_name;
    text[n++] = ',';
    n += put_number(text + n, level);
    text[n++] = '\n';
    if (module->host.to_line(module->host.context, line, (const uint8_t *)text, n) != n &&
        module->host.line_close != NULL) {
        module->host.line_close(module->host.context, line); /* half a row is worse than none */
        ((struct field_state *)module->state)->wired[line] = false;
    }
}

static uint8_t level_of(const struct terminal *output, uint8_t pins)
{
    return output->level[(unsigned)pins >> output->pin & 1u];
}

/* Those that differ from what was told before. */
static void say_changes(struct module *module, uint8_t before, uint8_t now, int64_t at_us)
{
    struct field_state *state = module->state;
    const struct field_row *row = row_of(module);
    for (unsigned i = 0; i < MODULE_PINS && row->output[i].name != NULL; i++) {
        for (unsigned line = 0; line < MODULE_LINES; line++) {
            if (state->wired[line] && ((unsigned)(before ^ now) >> row->output[i].pin & 1u) != 0) {
                say_level(module, line, &row->output[i], level_of(&row->output[i], now), at_us);
            }
        }
    }
}

static bool is_field(const struct module *module)
{
    for (unsigned i = 0; i < FIELD_TYPES; i++) {
        if (module->type == &field_types[i]) {
            return true;
        }
    }
    return false;
}

static bool set_input(struct module *module, const char *name, size_t n_name, bool on)
{
    struct field_state *state = module->state;
    const struct field_row *row = row_of(module);
    for (unsigned i = 0; i < MODULE_PINS && row->input[i].name != NULL; i++) {
        const unsigned bit = 1u << row->input[i].pin;
        if (strlen(row->input[i].name) == n_name && memcmp(row->input[i].name, name, n_name) == 0) {
            state->inputs = (uint8_t)((state->inputs & ~bit) | (on ? bit : 0u));
            module_drive(module, state->inputs);
            return true;
        }
    }
    return false;
}

bool field_set(struct module *module, const char *name, bool on)
{
    return is_field(module) && module->supplied && set_input(module, name, strlen(name), on);
}

bool field_terminal(const struct module *module, unsigned index, struct field_terminal *out)
{
    if (!is_field(module)) {
        return false;
    }
    const struct field_state *state = module->state;
    const struct field_row *row = row_of(module);
    for (unsigned i = 0; i < 2u * MODULE_PINS; i++) {
        const bool input = i >= MODULE_PINS;
        const struct terminal *one = input ? &row->input[i - MODULE_PINS] : &row->output[i];
        if (one->name == NULL || index-- > 0) {
            continue;
        }
        const uint8_t level = level_of(one, input ? state->inputs : state->levels);
        *out = (struct field_terminal){one->name, input, module->supplied ? level : 0u};
        return true;
    }
    return false;
}

static void take_row(struct module *module, unsigned line, const char *text, size_t length)
{
    static const uint8_t wrong[] = "?\n";
    const size_t n_name = length >= 2u ? length - 2u : 0u;
    const char level = length >= 2u ? text[n_name + 1u] : '?';
    if (n_name > 0 && text[n_name] == ',' && (level == '0' || level == '1') &&
        set_input(module, text, n_name, level == '1')) {
        return;
    }
    (void)module->host.to_line(module->host.context, line, wrong, sizeof wrong - 1u);
}

static void type_in(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets)
{
    struct typed *typed = &((struct field_state *)module->state)->typed[line];
    for (size_t i = 0; i < n_octets; i++) {
        if (octets[i] == '\n' || octets[i] == '\r') {
            const uint8_t n = typed->n;
            typed->n = 0;
            if (n > 0) {
                take_row(module, line, typed->text, n);
            }
        } else if (typed->n < FIELD_ROW_MAX) {
            typed->text[typed->n++] = (char)octets[i]; /* a full row is one that is not good */
        }
    }
}

/* ---- serial line ---- */

/* Octets of our own that come back are not for the meter; another one is, and what came back before
 * it was damaged by somebody. */
static bool is_echo(struct field_state *state, uint8_t octet, int64_t now_ms)
{
    if (state->own.n > 0 && now_ms - state->own_ms > FIELD_ECHO_MS) {
        state->own.n = 0;
    }
    if (state->own.n == 0) {
        return false;
    }
    const bool same = state->own.octets[0] == octet;
    if (same) {
        field_pipe_drop(&state->own, 1, 0);
    } else {
        state->own.n = 0;
    }
    return same;
}

static void send_out(struct module *module, size_t n, int64_t now_ms)
{
    struct field_state *state = module->state;
    for (unsigned line = 0; n > 0 && line < MODULE_LINES; line++) {
        if (state->serial[line]) {
            (void)module->host.to_line(module->host.context, line, state->down.octets, n);
        }
    }
    if (state->echo && n > 0) {
        field_pipe_put(&state->own, state->down.octets, n, 0, now_ms * 1000);
        state->own_ms = now_ms;
    }
    field_pipe_drop(&state->down, n, state->octet_us);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Hand on what has arrived, both ways.  @return when more will have */
static int64_t move(struct module *module, int64_t now_ms)
{
    struct field_state *state = module->state;
    int64_t next_ms = MODULE_NEVER;
    send_out(module, field_pipe_ready(&state->down, state->octet_us, now_ms * 1000), now_ms);
    const size_t n = field_pipe_ready(&state->up, state->octet_us, now_ms * 1000);
    if (n > 0 &&
        module->host.to_meter(module->host.context, MODULE_DATA_LINE, state->up.octets, n)) {
        field_pipe_drop(&state->up, n, state->octet_us);
    } else if (n > 0) {
        next_ms = now_ms + FIELD_RETRY_MS;
    }
    if (state->up.n > 0) {
        next_ms = sooner(next_ms, state->up.next_us / 1000 + 1);
    }
    if (state->down.n > 0) {
        next_ms = sooner(next_ms, state->down.next_us / 1000 + 1);
    }
    return next_ms > now_ms ? next_ms : now_ms + 1;
}

/* ---- the type's functions ---- */

static void start(struct module *module, int64_t now_ms)
{
    struct field_state *state = module->state;
    (void)now_ms;
    state->at_us = -1;
    if (row_of(module)->line != LINE_NONE) {
        state->baud = baud_of(module);
        state->octet_us = is_on(module, "timing") ? OCTET_US(state->baud) : 0;
        state->echo = is_on(module, "echo");
    }
}

static void stop(struct module *module, int64_t now_ms)
{
    struct field_state *state = module->state;
    const struct field_row *row = row_of(module);
    (void)now_ms;
    for (unsigned i = 0; i < MODULE_PINS && row->output[i].name != NULL; i++) {
        for (unsigned line = 0; line < MODULE_LINES; line++) {
            if (state->wired[line] && level_of(&row->output[i], state->levels) != 0) {
                say_level(module, line, &row->output[i], 0, -1);
            }
        }
    }
    module->pins_in = 0; /* they fall with the supply */
}

static void line_open(struct module *module, unsigned line, unsigned place, bool open,
                      const char *who, int64_t now_ms)
{
    struct field_state *state = module->state;
    const struct field_row *row = row_of(module);
    const struct module_speed speed = {state->baud, 8, 'N', 2};
    (void)who;
    (void)now_ms;
    state->typed[line].n = 0;
    state->serial[line] = open && place != terminals_place(module);
    state->wired[line] = open && place == terminals_place(module);
    if (state->serial[line] && module->host.line_speed != NULL) {
        module->host.line_speed(module->host.context, line, &speed);
    }
    for (unsigned i = 0; state->wired[line] && i < MODULE_PINS && row->output[i].name != NULL;
         i++) {
        say_level(module, line, &row->output[i], level_of(&row->output[i], state->levels),
                  state->at_us);
    }
}

static void line(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms)
{
    struct field_state *state = module->state;
    if (state->wired[line]) {
        type_in(module, line, octets, n_octets);
        return;
    }
    for (size_t i = 0; i < n_octets; i++) {
        if (!is_echo(state, octets[i], now_ms)) {
            field_pipe_put(&state->up, &octets[i], 1, state->octet_us, now_ms * 1000);
        }
    }
    (void)move(module, now_ms);
}

static void heard(struct module *module, unsigned channel, const uint8_t *octets, size_t n_octets,
                  int64_t now_ms)
{
    struct field_state *state = module->state;
    if (channel == MODULE_DATA_LINE) {
        field_pipe_put(&state->down, octets, n_octets, state->octet_us, now_ms * 1000);
        if (state->octet_us == 0) {
            send_out(module, state->down.n, now_ms);
        }
    }
}

static void pins(struct module *module, uint8_t levels, int64_t at_us)
{
    struct field_state *state = module->state;
    const uint8_t before = state->levels;
    state->levels = levels;
    state->at_us = at_us;
    say_changes(module, before, levels, at_us);
}

static int64_t step(struct module *module, int64_t now_ms)
{
    return move(module, now_ms);
}

/* ---- the types ---- */

static const uint16_t codes_rs232[] = {75, 3, 0}, codes_rs485[] = {72, 0}, codes_loop2[] = {14, 0},
                      codes_loop4[] = {76, 18, 0}, codes_tariff2[] = {8, 0},
                      codes_tariff4[] = {78, 0}, codes_supply[] = {1, 0}, codes_s0[] = {21, 0},
                      codes_relay[] = {58, 0}, codes_relays[] = {69, 0}, codes_both[] = {55, 0},
                      codes_connection[] = {62, 0};

#define SLOW_HELP "baud=1200|300 timing=0|1"
#define FAST_HELP "baud=9600|300|1200|2400|4800|19200|38400|115200 timing=0|1 echo=0|1"

/* A module with a serial line has its terminals, if it has any, on a place behind it. */
#define BRIDGE(type_name, type_title, type_codes, type_help, least, places)                        \
    {                                                                                              \
        .name = type_name, .title = type_title, .help = type_help, .codes = type_codes,            \
        .lines_min = least, .lines_max = places, .terminals = (places) > 1,                        \
        .state_bytes = sizeof(struct field_state), .check = check, .start = start, .stop = stop,   \
        .line_open = line_open, .line = line, .heard = heard, .pins = pins, .step = step           \
    }
#define TERMINALS(type_name, type_title, type_codes, places)                                       \
    {                                                                                              \
        .name = type_name, .title = type_title, .help = "", .codes = type_codes,                   \
        .lines_min = places, .lines_max = places, .terminals = (places) > 0,                       \
        .state_bytes = sizeof(struct field_state), .check = check, .start = start, .stop = stop,   \
        .line_open = line_open, .line = line, .pins = pins                                         \
    }

const struct module_type field_types[FIELD_TYPES] = {
    BRIDGE("rs232", "Data/pulse, RS-232", codes_rs232, SLOW_HELP, 1, 2),
    BRIDGE("rs485", "RS-485, multi-drop", codes_rs485, FAST_HELP, 1, 1),
    BRIDGE("loop2", "2 tariffs, current loop", codes_loop2, SLOW_HELP, 2, 2),
    BRIDGE("loop4", "4 tariffs, current loop", codes_loop4, SLOW_HELP, 2, 2),
    TERMINALS("tariff2", "2 tariffs, 230 V", codes_tariff2, 1),
    TERMINALS("tariff4", "4 tariffs, 230 V", codes_tariff4, 1),
    TERMINALS("s0supply", "S0 supply", codes_supply, 1),
    TERMINALS("s0", "S0 pulse output", codes_s0, 1),
    TERMINALS("relay", "Load control, 5 A", codes_relay, 1),
    TERMINALS("relays", "Load control, 2 x 5 A", codes_relays, 1),
    TERMINALS("pulserelay", "Pulse input/load control", codes_both, 1),
    TERMINALS("connection", "Connection for a secondary module", codes_connection, 0),
};
