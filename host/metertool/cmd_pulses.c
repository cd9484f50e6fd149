/* metertool pulses: pulse input and pulse outputs of the module port (registers 58, 1102, F820 up).
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../app/pulse_output/pulse_limit.h"
#include "commands.h"

#define UNIT_NUMBER 51u
#define LATE_BITS   0x03u
#define LOW_LIMIT   0x80u

enum value {
    VALUE_REGISTER,
    VALUE_PORT,
    VALUE_LEVEL,
    VALUE_PER_KWH,
    VALUE_DIVISION,
    VALUE_DIVISOR,
    VALUE_PULSES,
    VALUE_WAITING_1,
    VALUE_WAITING_2,
    VALUE_SENT_1,
    VALUE_SENT_2,
    VALUE_LIMIT,
    VALUE_LATE,
    VALUES
};

static const uint16_t ids[VALUES] = {58,     1102,   1234,   0xF820, 0xF821, 0xF822, 0xF823,
                                     0xF824, 0xF825, 0xF826, 0xF827, 0xF828, 0xF829};

/* Of register 1102. */
static const char *const ports[] = {"none",
                                    "tariff input, tariff input",
                                    "tariff input, alarm input",
                                    "tariff input, output A+",
                                    "pulse input, tariff input",
                                    "pulse input, alarm input",
                                    "pulse input, output A+",
                                    "output R+, output A+",
                                    "output A-, output A+",
                                    "input that ends the debiting period",
                                    "load control input, status output",
                                    "alarm input, output A+",
                                    "pulse input, load-tariff synchronisation",
                                    "tariff inputs, synchronous load control",
                                    "reserved",
                                    "reserved",
                                    "load control 1, load control 2",
                                    "pulse input, load control",
                                    "pulse input, load control in turn"};
#define N_PORTS (sizeof ports / sizeof ports[0])

struct look {
    int64_t number[VALUES];
    char unit[16]; /* of the input's register */
};

static enum tool_exit look_at(struct tool *tool, struct look *look)
{
    struct kmp_value values[VALUES];
    const int n = kmp_link_registers(&tool->kmp, ids, VALUES, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (n != VALUES) {
        tool_complain("the meter does not tell of its pins: only meters of this project do");
        return EXIT_UNKNOWN;
    }
    for (unsigned i = 0; i < VALUES; i++) {
        int exponent = 0;
        if (kmp_value_number(&values[i], &look->number[i], &exponent) != KMP_OK) {
            tool_complain("pulses: the meter's answer is not as it should be");
            return EXIT_METER;
        }
    }
    const char *unit = kmp_unit_name(values[VALUE_REGISTER].unit);
    (void)snprintf(look->unit, sizeof look->unit, "%s", unit != NULL ? unit : "");
    return EXIT_GOOD;
}

static const char *port_words(const struct look *look)
{
    const int64_t port = look->number[VALUE_PORT];
    return port >= 0 && port < (int64_t)N_PORTS ? ports[port] : "unknown";
}

static void print_json(const struct look *look)
{
    const int64_t *v = look->number;
    json_t *all = json_pack(
        "{s:I, s:s, s:{s:I, s:s, s:I, s:f, s:b}, s:{s:I, s:I, s:f, s:b, s:[{s:I, s:I, s:b}, "
        "{s:I, s:I, s:b}]}}",
        "port", (json_int_t)v[VALUE_PORT], "pins", port_words(look), "input", "register",
        (json_int_t)v[VALUE_REGISTER], "unit", look->unit, "pulses", (json_int_t)v[VALUE_PULSES],
        "divisor", (double)v[VALUE_DIVISOR] / 1000.0, "level", v[VALUE_LEVEL] != 0, "outputs",
        "per_kwh", (json_int_t)v[VALUE_PER_KWH], "division", (json_int_t)v[VALUE_DIVISION],
        "highest_load_a", (double)v[VALUE_LIMIT] / 10.0, "below_highest_current",
        ((uint64_t)v[VALUE_LATE] & LOW_LIMIT) != 0, "output", "sent", (json_int_t)v[VALUE_SENT_1],
        "waiting", (json_int_t)v[VALUE_WAITING_1], "late", ((uint64_t)v[VALUE_LATE] & 1u) != 0,
        "sent", (json_int_t)v[VALUE_SENT_2], "waiting", (json_int_t)v[VALUE_WAITING_2], "late",
        ((uint64_t)v[VALUE_LATE] & 2u) != 0);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static void print_text(const struct look *look)
{
    const int64_t *v = look->number;
    printf("Pins: %s (register 1102: %lld)\n", port_words(look), (long long)v[VALUE_PORT]);
    printf("Pulse input: %lld%s%s; %lld pulses, divisor %lld.%03lld, level %s\n",
           (long long)v[VALUE_REGISTER], look->unit[0] != '\0' ? " " : "", look->unit,
           (long long)v[VALUE_PULSES], (long long)(v[VALUE_DIVISOR] / 1000),
           (long long)(v[VALUE_DIVISOR] % 1000), v[VALUE_LEVEL] != 0 ? "on" : "off");
    printf("Pulse outputs: %lld pulses a kWh or kvarh, division %lld; highest load %lld.%lld A\n",
           (long long)v[VALUE_PER_KWH], (long long)v[VALUE_DIVISION],
           (long long)(v[VALUE_LIMIT] / 10), (long long)(v[VALUE_LIMIT] % 10));
    for (unsigned i = 0; i < 2; i++) {
        printf("  output %u: %lld sent, %lld waiting\n", i + 1, (long long)v[VALUE_SENT_1 + i],
               (long long)v[VALUE_WAITING_1 + i]);
    }
}

/* What a person should know before he relies on the pulses. */
static void warn(const struct look *look)
{
    const uint64_t late = (uint64_t)look->number[VALUE_LATE];
    if ((late & LOW_LIMIT) != 0) {
        fprintf(stderr,
                "WARNING: the meter carries more than %lld.%lld A; above that pulses wait, and "
                "come later.\n",
                (long long)(look->number[VALUE_LIMIT] / 10),
                (long long)(look->number[VALUE_LIMIT] % 10));
    }
    if ((late & LATE_BITS) != 0) {
        fprintf(stderr, "WARNING: the load is too high for the set-up: pulses are waiting.\n");
    }
}

/* ---- changing ---- */

/* A decimal with up to three places.  @return thousandths, negative: not that */
static int64_t thousandths(const char *text)
{
    char *end;
    const double number = strtod(text, &end);
    const double milli = number * 1000.0;
    if (end == text || *end != '\0' || !(milli >= 0.0 && milli <= 4294967295.0)) {
        return -1;
    }
    const int64_t whole = (int64_t)(milli + 0.5);
    return milli - (double)whole < 1e-6 && (double)whole - milli < 1e-6 ? whole : -1;
}

static const struct {
    const char *name;
    uint8_t value; /* enum value */
    uint8_t width;
    int8_t exponent;
    const char *expected;
} settable[] = {
    {"register", VALUE_REGISTER, 4, 0, "what the register shows from now on, 0 to 4294967295"},
    {"port", VALUE_PORT, 1, 0, "a code of register 1102 (docs/pulses.md)"},
    {"value", VALUE_PER_KWH, 2, 0, "pulses a kWh: 1, 10, 100, 1000 or 10000"},
    {"division", VALUE_DIVISION, 2, 0, "1 to 1000"},
    {"divisor", VALUE_DIVISOR, 4, -3, "pulses a unit, 0.100 to 1000.000"},
};
#define N_SETTABLE (sizeof settable / sizeof settable[0])

static bool in_range(size_t row, int64_t milli)
{
    const bool whole = milli % 1000 == 0;
    const struct pulse_value value = {(uint16_t)(milli / 1000 <= 10000 ? milli / 1000 : 0), 1};
    switch (settable[row].value) {
    case VALUE_PORT: return whole && milli / 1000 < (int64_t)N_PORTS;
    case VALUE_PER_KWH: return whole && pulse_value_good(&value);
    case VALUE_DIVISION: return whole && milli >= 1000 && milli / 1000 <= PULSE_DIVISION_MAX;
    case VALUE_DIVISOR: return milli >= 100 && milli <= 1000000;
    default: return whole && milli >= 0;
    }
}

static enum tool_exit set_one(struct tool *tool, const char *word)
{
    const char *text = strchr(word, '=');
    size_t row = 0;
    while (row < N_SETTABLE &&
           (text == NULL || strlen(settable[row].name) != (size_t)(text - word) ||
            strncmp(settable[row].name, word, (size_t)(text - word)) != 0)) {
        row++;
    }
    if (row == N_SETTABLE) {
        tool_complain("pulses set '%s': expected value=, division=, divisor=, register= or port=",
                      word);
        return EXIT_USAGE;
    }
    const bool large = settable[row].value == VALUE_REGISTER;
    char *end = NULL;
    const unsigned long long units = large ? strtoull(text + 1, &end, 10) : 0;
    const int64_t milli = large ? 0 : thousandths(text + 1);
    const bool good = large
                          ? end != text + 1 && *end == '\0' && units <= UINT32_MAX && text[1] != '-'
                          : milli >= 0 && in_range(row, milli);
    if (!good) {
        tool_complain("pulses set '%s': expected %s", word, settable[row].expected);
        return EXIT_USAGE;
    }
    const int64_t number = large                         ? (int64_t)units
                           : settable[row].exponent != 0 ? milli
                                                         : milli / 1000;
    struct kmp_value value;
    if (kmp_value_set(&value, ids[settable[row].value], UNIT_NUMBER, settable[row].width, number,
                      settable[row].exponent) != KMP_OK ||
        kmp_link_put(&tool->kmp, tool->options.password, &value) != HOST_OK) {
        tool_complain("the meter does not take '%s': %s", word, tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

enum tool_exit command_pulses(struct tool *tool, int n_arguments, char **arguments)
{
    const bool set = n_arguments > 1 && strcmp(arguments[0], "set") == 0;
    struct look look;
    enum tool_exit result = EXIT_GOOD;
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("pulses needs KMP (-m kmp:... or -m kmp+tcp://...)");
        return EXIT_USAGE;
    }
    if (!set && (n_arguments > 1 || (n_arguments == 1 && strcmp(arguments[0], "show") != 0))) {
        tool_complain("pulses '%s': expected show, or set NAME=VALUE ...", arguments[0]);
        return EXIT_USAGE;
    }
    for (int i = 1; set && result == EXIT_GOOD && i < n_arguments; i++) {
        result = set_one(tool, arguments[i]);
    }
    result = result == EXIT_GOOD ? look_at(tool, &look) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->options.format == FORMAT_JSON) {
        print_json(&look);
    } else if (tool->options.format == FORMAT_CSV) {
        puts("register,unit,pulses,sent_1,waiting_1,sent_2,waiting_2");
        printf("%lld,%s,%lld,%lld,%lld,%lld,%lld\n", (long long)look.number[VALUE_REGISTER],
               look.unit, (long long)look.number[VALUE_PULSES],
               (long long)look.number[VALUE_SENT_1], (long long)look.number[VALUE_WAITING_1],
               (long long)look.number[VALUE_SENT_2], (long long)look.number[VALUE_WAITING_2]);
    } else {
        print_text(&look);
    }
    warn(&look);
    return EXIT_GOOD;
}
