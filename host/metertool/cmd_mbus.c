/* metertool mbus: who is on a wired M-Bus, and what the meters there say. */
#include <stdlib.h>
#include <string.h>

#include "../../proto/mbus/mbus_slave.h"
#include "../../proto/mbus/mbus_text.h"
#include "../lib/mbus_master.h"
#include "commands.h"

/* Telegrams of one read-out: a meter that never comes to an end is given up. */
#define TELEGRAMS_MAX 64u

static enum tool_exit broken(const struct tool *tool)
{
    tool_complain("%s", tool->line.error);
    return EXIT_METER;
}

static enum tool_exit connect_bus(struct tool *tool, struct mbus_master *master)
{
    struct meter_url url;
    char error[400];
    if (tool->options.meter == NULL ||
        meter_url_parse(tool->options.meter, &url, error, sizeof error) != HOST_OK ||
        url.protocol != METER_MBUS) {
        tool_complain("mbus: expected -m mbus:/dev/ttyUSB0[?baud=2400] or mbus+tcp://HOST:PORT");
        return EXIT_USAGE;
    }
    if (line_open(&tool->line, &url, tool->options.verbose ? stderr : NULL) != HOST_OK) {
        return broken(tool);
    }
    const long timeout_ms = tool->options.timeout_ms;
    mbus_master_init(master, &tool->line, timeout_ms > 0 ? (unsigned)timeout_ms : 0,
                     (unsigned)tool->options.retries);
    return EXIT_GOOD;
}

/* ---- scan ---- */

static void print_found(void *context, const struct mbus_found *found, const char *where)
{
    const struct tool *tool = context;
    char maker[4];
    if (found == NULL) {
        tool_complain("several meters answer at %s at once and cannot be told apart", where);
        return;
    }
    mbus_manufacturer_text(found->identity.manufacturer, maker);
    const char *format = "address %u: %s %08lX version %u, %s\n";
    if (tool->options.format == FORMAT_JSON) {
        format = "{\"address\":%u,\"manufacturer\":\"%s\",\"id\":\"%08lX\",\"version\":%u,"
                 "\"medium\":\"%s\"}\n";
    } else if (tool->options.format == FORMAT_CSV) {
        format = "%u,%s,%08lX,%u,%s\n";
    }
    printf(format, found->address, maker, (unsigned long)found->identity.id_raw,
           found->identity.version, mbus_medium_text(found->identity.medium));
    (void)fflush(stdout);
}

static enum tool_exit scan(struct tool *tool, struct mbus_master *master, int n_arguments,
                           char **arguments)
{
    const bool secondary = n_arguments == 1 && strcmp(arguments[0], "secondary") == 0;
    const bool primary = n_arguments == 0 || strcmp(arguments[0], "primary") == 0;
    if (n_arguments > 1 || (!primary && !secondary)) {
        tool_complain("mbus scan: expected primary (250 addresses) or secondary (by number)");
        return EXIT_USAGE;
    }
    if (tool->options.format == FORMAT_CSV) {
        puts("address,manufacturer,id,version,medium");
    }
    const int n = secondary ? mbus_master_scan_secondary(master, print_found, tool)
                            : mbus_master_scan_primary(master, print_found, tool);
    if (n < 0) {
        return broken(tool);
    }
    if (n == 0) {
        tool_complain("nobody answers; check speed and polarity, or try a longer --timeout");
    }
    return n > 0 ? EXIT_GOOD : EXIT_METER;
}

/* ---- read ---- */

/* What can be asked for besides the read-out as it is: sub-code of an application reset. */
static const struct {
    const char *name;
    uint8_t application;
} parts[] = {{"all", MBUS_APPLICATION_ALL},
             {"user", MBUS_APPLICATION_USER},
             {"billing", MBUS_APPLICATION_SIMPLE_BILLING},
             {"enhanced", MBUS_APPLICATION_ENHANCED_BILLING},
             {"tariffs", MBUS_APPLICATION_TARIFF_BILLING},
             {"instant", MBUS_APPLICATION_INSTANT}};

static enum tool_exit no_answer(const char *whom, int heard)
{
    tool_complain("%s: %s", whom,
                  heard == MBUS_HEARD_COLLISION ? "what comes is no frame; several meters at once?"
                                                : "no answer");
    return EXIT_METER;
}

/* Make the meter ready; *address is that of the requests to come. */
static enum tool_exit approach(struct tool *tool, struct mbus_master *master, const char *whom,
                               uint8_t *address)
{
    char *end;
    const unsigned long number = strtoul(whom, &end, 10);
    if (strlen(whom) == 8 && strspn(whom, "0123456789Ff") == 8) {
        const uint32_t id = (uint32_t)strtoul(whom, NULL, 16);
        *address = MBUS_ADDRESS_SELECTED;
        int heard = mbus_master_reset(master, MBUS_ADDRESS_SELECTED);
        heard = heard < 0 ? heard : mbus_master_select(master, id);
        if (heard < 0) {
            return broken(tool);
        }
        return heard == MBUS_HEARD_ACK ? EXIT_GOOD : no_answer(whom, heard);
    }
    if (*whom < '0' || *whom > '9' || *end != '\0' ||
        (number > MBUS_ADDRESS_LAST && number != MBUS_ADDRESS_TEST)) {
        tool_complain("mbus read '%s': expected an address 0 to 250, 254 (whoever is there), or a "
                      "number of eight digits (F: any)",
                      whom);
        return EXIT_USAGE;
    }
    *address = (uint8_t)number;
    const int heard = mbus_master_reset(master, *address); /* some meters say nothing to that */
    return heard < 0 ? broken(tool) : EXIT_GOOD;
}

static enum tool_exit choose_part(struct tool *tool, struct mbus_master *master, uint8_t address,
                                  const char *name)
{
    struct mbus_frame answer;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            const uint8_t code = (uint8_t)(parts[i].application << 4);
            const struct mbus_frame question = {.kind = MBUS_LONG,
                                                .control = MBUS_SND_UD,
                                                .address = address,
                                                .ci = MBUS_CI_RESET,
                                                .data = &code,
                                                .n_data = 1};
            const int heard = mbus_master_ask(master, &question, &answer);
            if (heard < 0) {
                return broken(tool);
            }
            return heard == MBUS_HEARD_ACK ? EXIT_GOOD : no_answer(name, heard);
        }
    }
    tool_complain("mbus read: '%s': expected all, user, billing, enhanced, tariffs or instant",
                  name);
    return EXIT_USAGE;
}

/* Does the telegram's last record say that another one follows? */
static bool more_follows(const struct mbus_frame *frame)
{
    struct reader r = reader_over(frame->data, frame->n_data);
    struct mbus_header header;
    struct mbus_record record = {.kind = MBUS_VALUE_NONE};
    if (mbus_header_read(frame->ci, &r, &header) != MBUS_OK) {
        return false;
    }
    while (mbus_record_next(&r, &record) == 1) {
    }
    return record.kind == MBUS_VALUE_MORE;
}

static enum tool_exit read_meter(struct tool *tool, struct mbus_master *master, int n_arguments,
                                 char **arguments)
{
    const char *whom = n_arguments > 0 ? arguments[0] : "254";
    uint8_t address = 0;
    if (n_arguments > 2) {
        tool_complain("mbus read: expected an address and what to read");
        return EXIT_USAGE;
    }
    enum tool_exit result = approach(tool, master, whom, &address);
    if (result == EXIT_GOOD && n_arguments == 2) {
        result = choose_part(tool, master, address, arguments[1]);
    }
    bool more = result == EXIT_GOOD;
    for (unsigned n = 0; more && n < TELEGRAMS_MAX; n++) {
        struct mbus_frame answer;
        const int heard = mbus_master_request(master, address, n % 2 == 0, &answer);
        if (heard < 0) {
            return broken(tool);
        }
        if (heard != MBUS_HEARD_FRAME) {
            return no_answer(whom, heard);
        }
        result = decode_print(tool, &answer, n == 0);
        more = result == EXIT_GOOD && more_follows(&answer);
    }
    return result;
}

enum tool_exit command_mbus(struct tool *tool, int n_arguments, char **arguments)
{
    struct mbus_master master;
    const bool scans = n_arguments > 0 && strcmp(arguments[0], "scan") == 0;
    const bool reads = n_arguments > 0 && strcmp(arguments[0], "read") == 0;
    if (!scans && !reads) {
        tool_complain("mbus: expected scan or read");
        return EXIT_USAGE;
    }
    const enum tool_exit connected = connect_bus(tool, &master);
    if (connected != EXIT_GOOD) {
        return connected;
    }
    return scans ? scan(tool, &master, n_arguments - 1, arguments + 1)
                 : read_meter(tool, &master, n_arguments - 1, arguments + 1);
}
