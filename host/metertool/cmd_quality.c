/* metertool quality: what the meter says of the voltage, a row a quantity and a column a phase; of
 * EN 50160, this week and the last. */
#include <string.h>

#include "commands.h"
#include "output.h"
#include "quality_limits.h"

#define COLUMNS 3u
#define NONE    0u

/* KMP ids of L1, L2, L3, or one for the whole meter. */
/* What a week has, from its first KMP id on. */
#define WEEK(id, key, name)                                                                        \
    {key "monday", name "Monday", "", {(id), NONE, NONE}},                                         \
        {key "intervals", "  10-minute intervals", "", {(id) + 1, (id) + 2, (id) + 3}},            \
        {key "voltage_10", "  voltage within 10 %", "%", {(id) + 4, (id) + 5, (id) + 6}},          \
        {key "voltage_wide", "  voltage within +10/-15 %", "%", {(id) + 7, (id) + 8, (id) + 9}},   \
        {key "thd", "  THD up to 8 %", "%", {(id) + 10, (id) + 11, (id) + 12}},                    \
        {key "harmonics", "  harmonics within limits", "%", {(id) + 13, (id) + 14, (id) + 15}},    \
        {key "unbalance", "  unbalance up to 2 %", "%", {(id) + 16, NONE, NONE}},                  \
        {key "frequencies", "  10-second intervals", "", {(id) + 17, NONE, NONE}},                 \
        {key "frequency_1", "  frequency within 1 %", "%", {(id) + 18, NONE, NONE}},               \
        {key "frequency_wide", "  frequency within +4/-6 %", "%", {(id) + 19, NONE, NONE}},        \
        {key "dips", "  dips", "", {(id) + 20, NONE, NONE}},                                       \
        {key "swells", "  swells", "", {(id) + 21, NONE, NONE}},                                   \
    {                                                                                              \
        key "interruptions", "  interruptions", "",                                                \
        {                                                                                          \
            (id) + 22, NONE, NONE                                                                  \
        }                                                                                          \
    }

static const struct quantity {
    const char *key, *name, *unit;
    uint16_t id[COLUMNS];
} quantities[] = {
    {"voltage", "Voltage", "V", {1054, 1055, 1056}},
    {"voltage_10min", "Voltage, 10-minute mean", "V", {1385, 1386, 1387}},
    {"voltage_lowest", "Lowest over a cycle today", "V", {0xF010, 0xF011, 0xF012}},
    {"voltage_highest", "Highest over a cycle today", "V", {0xF013, 0xF014, 0xF015}},
    {"thd_voltage", "THD of voltage", "%", {1434, 1437, 1440}},
    {"thd_voltage_10min", "THD of voltage, 10-minute mean", "%", {1435, 1438, 1441}},
    {"thd_current", "THD of current", "%", {1443, 1446, 1449}},
    {"thd_current_10min", "THD of current, 10-minute mean", "%", {1444, 1447, 1450}},
    {"unbalance", "Unbalance u2", "%", {1388, NONE, NONE}},
    {"unbalance_10min", "Unbalance u2, 10-minute mean", "%", {1389, NONE, NONE}},
    {"frequency", "Frequency", "Hz", {1390, NONE, NONE}},
    {"frequency_10s", "Frequency over 10 s", "Hz", {1391, NONE, NONE}},
    {"limit_low", "Undervoltage below", "V", {1212, NONE, NONE}},
    {"limit_high", "Overvoltage above", "V", {1213, NONE, NONE}},
    {"limit_duration", "for at least", "s", {1214, NONE, NONE}},
    WEEK(0xF040, "week_", "EN 50160, this week: "),
    WEEK(0xF060, "last_week_", "EN 50160, last week: "),
};
#define N_QUANTITIES (sizeof quantities / sizeof quantities[0])

static const char *const phases[COLUMNS] = {"L1", "L2", "L3"};

static bool of_phases(const struct quantity *quantity)
{
    return quantity->id[1] != NONE;
}

/** NULL: the meter does not have it. */
static const struct reading *reading_of(const struct tool *tool, uint16_t id)
{
    for (size_t i = 0; id != NONE && i < tool->readings.length; i++) {
        if (tool->readings.items[i].kmp_id == (int32_t)id) {
            return &tool->readings.items[i];
        }
    }
    return NULL;
}

static void print_table(const struct tool *tool)
{
    printf("%-32s %10s %10s %10s\n", "", "L1", "L2", "L3");
    for (size_t q = 0; q < N_QUANTITIES; q++) {
        const struct quantity *quantity = &quantities[q];
        bool any = false;
        for (unsigned k = 0; k < COLUMNS; k++) {
            any = any || reading_of(tool, quantity->id[k]) != NULL;
        }
        if (!any) {
            continue;
        }
        printf("%-32s", quantity->name);
        for (unsigned k = 0; k < (of_phases(quantity) ? COLUMNS : 1u); k++) {
            const struct reading *reading = reading_of(tool, quantity->id[k]);
            printf(" %10s", reading != NULL ? reading->text : "-");
        }
        printf("%s%s\n", quantity->unit[0] != '\0' ? " " : "", quantity->unit);
    }
}

static void print_csv(const struct tool *tool)
{
    puts("quantity,phase,value,unit");
    for (size_t q = 0; q < N_QUANTITIES; q++) {
        for (unsigned k = 0; k < COLUMNS; k++) {
            const struct reading *reading = reading_of(tool, quantities[q].id[k]);
            if (reading != NULL) {
                printf("%s,%s,%s,%s\n", quantities[q].key,
                       of_phases(&quantities[q]) ? phases[k] : "", reading->text,
                       quantities[q].unit);
            }
        }
    }
}

static void print_json(const struct tool *tool)
{
    json_t *all = json_object();
    for (size_t q = 0; q < N_QUANTITIES; q++) {
        json_t *columns = json_object();
        for (unsigned k = 0; k < COLUMNS; k++) {
            const struct reading *reading = reading_of(tool, quantities[q].id[k]);
            if (reading != NULL && of_phases(&quantities[q])) {
                json_object_set_new(columns, phases[k], output_json_reading(reading));
            } else if (reading != NULL) {
                json_object_set_new(all, quantities[q].key, output_json_reading(reading));
            }
        }
        if (json_object_size(columns) > 0) {
            json_object_set(all, quantities[q].key, columns);
        }
        json_decref(columns);
    }
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(all);
}

enum tool_exit command_quality(struct tool *tool, int n_arguments, char **arguments)
{
    const bool limits = n_arguments > 0 && strcmp(arguments[0], "limits") == 0;
    if (n_arguments > 0 && !limits) {
        tool_complain("quality '%s': expected nothing, or limits [NAME=VALUE ...]", arguments[0]);
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("voltage quality is read over KMP");
        return EXIT_USAGE;
    }
    if (limits) {
        return quality_limits(tool, n_arguments - 1, arguments + 1);
    }
    for (size_t q = 0; q < N_QUANTITIES; q++) {
        for (unsigned k = 0; k < COLUMNS && quantities[q].id[k] != NONE; k++) {
            selection_add_id(&tool->selection, quantities[q].id[k]);
        }
    }
    const enum tool_exit result = tool_read(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool_report_nothing(tool)) {
        return EXIT_UNKNOWN;
    }
    switch (tool->options.format) {
    case FORMAT_TABLE: print_table(tool); break;
    case FORMAT_JSON: print_json(tool); break;
    case FORMAT_CSV: print_csv(tool); break;
    }
    return EXIT_GOOD;
}
