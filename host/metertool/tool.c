#include "tool.h"

#include <stdarg.h>
#include <string.h>

/* Clients of real meters use 300 ms to 3 s; 5512-447 allows a meter 1600 ms. */
#define KMP_TIMEOUT_MS 1700
/* Mode A data follow up to 1700 ms after the ident, which at 300 baud is itself 700 ms. */
#define IEC_TIMEOUT_MS 4000

/** What a meter or a user wrote may stand in a message: whatever it is, the message stays one line.
 */
static void complain_character(unsigned char character)
{
    switch (character) {
    case '\n': fputs("\\n", stderr); break;
    case '\r': fputs("\\r", stderr); break;
    default:
        if (character < 0x20 || character == 0x7F) {
            fprintf(stderr, "\\x%02X", character);
        } else {
            fputc(character, stderr);
        }
    }
}

void tool_complain(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fputs("metertool: ", stderr);
    for (const char *at = text; *at != '\0'; at++) {
        complain_character((unsigned char)*at);
    }
    fputc('\n', stderr);
}

enum tool_exit tool_connect(struct tool *tool)
{
    const struct tool_options *options = &tool->options;
    struct meter_url url;
    char error[400];
    if (options->meter == NULL) {
        tool_complain("no meter named; give -m URL or set METERTOOL_METER, "
                      "e.g. -m kmp:/dev/ttyUSB0, -m kmp+tcp://127.0.0.1:3820 or -m dlms://HOST");
        return EXIT_USAGE;
    }
    if (meter_url_parse(options->meter, &url, error, sizeof error) != HOST_OK) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    if (url.protocol == METER_KMP && options->password_word) {
        tool_complain("--password: expected a whole number from 0 to 65535, as KMP has them");
        return EXIT_USAGE;
    }
    if (url.protocol == METER_DLMS && !tool->takes_dlms) {
        tool_complain("this command does not go over DLMS: expected -m kmp:... or kmp+tcp://...");
        return EXIT_USAGE;
    }
    if (url.protocol == METER_MBUS) {
        tool_complain("this command does not go over M-Bus: expected metertool mbus scan or read");
        return EXIT_USAGE;
    }
    /* DLMS is traced as APDUs, without its secrets: those would stand among the bytes. */
    const bool bytes = options->verbose && url.protocol != METER_DLMS;
    if (line_open(&tool->line, &url, bytes ? stderr : NULL) != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (url.protocol == METER_DLMS) {
        return (enum tool_exit)dlms_meter_open(tool);
    }
    long timeout_ms = url.protocol == METER_KMP ? KMP_TIMEOUT_MS : IEC_TIMEOUT_MS;
    if (options->timeout_ms >= 0) {
        timeout_ms = options->timeout_ms;
    }
    kmp_link_init(&tool->kmp, &tool->line, (unsigned)timeout_ms, (unsigned)options->retries);
    iec_link_init(&tool->iec, &tool->line, (unsigned)timeout_ms, (unsigned)options->retries);
    return EXIT_GOOD;
}

/* ---- KMP ---- */

static enum tool_exit read_kmp(struct tool *tool)
{
    uint16_t ids[SELECTION_MAX];
    struct kmp_value values[SELECTION_MAX];
    size_t n_ids = 0;
    for (size_t i = 0; i < tool->selection.length; i++) {
        if (tool->selection.items[i].kmp_id >= 0) {
            ids[n_ids++] = (uint16_t)tool->selection.items[i].kmp_id;
        }
    }
    int n_values = kmp_link_registers(&tool->kmp, ids, n_ids, values);
    if (n_values < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    for (int i = 0; i < n_values; i++) {
        readings_add_kmp(&tool->readings, &values[i]);
    }
    return EXIT_GOOD;
}

/* ---- IEC 62056-21 ---- */

static enum tool_exit read_block(struct tool *tool, struct readings *all)
{
    const struct iec_receiver *receiver = &tool->iec.receiver;
    const char *at = receiver->block, *end = receiver->block + receiver->length;
    struct iec_item item;
    int result;
    while ((result = iec_item_next(&at, end, &item)) == 1) {
        readings_add_iec(all, &item);
    }
    if (result < 0) {
        char where[256];
        line_describe(&tool->line, where, sizeof where);
        tool_complain("%s: data block not understood at '%.*s'; check the line", where,
                      (int)(end - at < 30 ? end - at : 30), at);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static const struct reading *find_in(const struct readings *all, const struct selected *selected)
{
    for (size_t k = 0; k < all->length; k++) {
        if (selected_matches(selected, -1, all->items[k].code)) {
            return &all->items[k];
        }
    }
    return NULL;
}

/** "KAM5 ...": the identification of a meter that takes commands. */
static bool takes_commands(const struct iec_receiver *receiver)
{
    return receiver->n_ident > 3 && receiver->ident[3] >= '0' && receiver->ident[3] <= '9';
}

/** What is selected, in that order; what the read-out does not have is asked for by itself. */
static enum tool_exit take_selected(struct tool *tool, const struct readings *all, bool ask)
{
    for (size_t i = 0; i < tool->selection.length; i++) {
        const struct selected *selected = &tool->selection.items[i];
        const struct reading *found = find_in(all, selected);
        if (found != NULL) {
            tool->readings.items[tool->readings.length++] = *found;
        } else if (ask && selected->code[0] != '\0') {
            const enum tool_exit result = tool_iec_register(tool, selected->code, &tool->readings);
            if (result != EXIT_GOOD && result != EXIT_UNKNOWN) {
                return result;
            }
        }
    }
    return EXIT_GOOD;
}

/** With a password registers that are named are asked for alone: the read-out may take half a
 *  minute. */
static enum tool_exit read_iec(struct tool *tool)
{
    static struct readings all;
    all.length = 0;
    if (tool->options.password_text != NULL && tool->selection.length > 0) {
        return take_selected(tool, &all, true);
    }
    if (iec_link_readout(&tool->iec) != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    enum tool_exit result = read_block(tool, &all);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->selection.length == 0) {
        tool->readings = all;
        return EXIT_GOOD;
    }
    return take_selected(tool, &all, takes_commands(&tool->iec.receiver));
}

enum tool_exit tool_read(struct tool *tool)
{
    tool->readings.length = 0;
    if (tool->line.url.protocol == METER_DLMS) {
        return (enum tool_exit)dlms_meter_read(tool);
    }
    return tool->line.url.protocol == METER_KMP ? read_kmp(tool) : read_iec(tool);
}

bool tool_report_nothing(const struct tool *tool)
{
    if (tool->readings.length > 0) {
        return false;
    }
    tool_complain("the meter answers, but has none of the registers asked for; %s",
                  tool->line.url.protocol == METER_DLMS ? "metertool dlms objects lists what it has"
                                                        : "metertool read 0xID asks for any other");
    return true;
}

static bool is_read(const struct tool *tool, const struct selected *selected)
{
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        if (selected_matches(selected, reading->kmp_id, reading->code)) {
            return true;
        }
    }
    return false;
}

bool tool_report_missing(const struct tool *tool)
{
    bool missing = false;
    for (size_t i = 0; i < tool->selection.length; i++) {
        const struct selected *selected = &tool->selection.items[i];
        if (is_read(tool, selected)) {
            continue;
        }
        missing = true;
        if (selected->kmp_id >= 0 && tool->line.url.protocol != METER_DLMS) {
            tool_complain("the meter does not have register 0x%04X%s%s%s",
                          (unsigned)selected->kmp_id, selected->def != NULL ? " (" : "",
                          selected->def != NULL ? selected->def->name : "",
                          selected->def != NULL ? ")" : "");
        } else {
            tool_complain("the meter does not have register %s", selected->code);
        }
    }
    return missing;
}
