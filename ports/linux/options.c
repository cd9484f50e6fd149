#include "options.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/lib/order_text.h"
#include "instant.h"
#include "site_breaker.h"

#define DEFAULT_VARIANT "382M"
#define DEFAULT_MAINS   "house"
#define DEFAULT_OPTICAL "tcp:127.0.0.1:3820"
#define DEFAULT_PANEL   "127.0.0.1:8382"
#define SERIAL_MAX      99999999ul /* eight digits */
#define SPEED_MIN       1e-3
#define SPEED_LIMIT     1e9
#define BACKUP_DAYS_MAX 36500.0
#define TOKEN_MIN       8u
#define TOKEN_MAX       64u
#define ORDER_TEXT_MAX  128u
#define HELP_COLUMN     30

/* What parsing carries besides the result: texts that need other options first. */
struct parsing {
    struct options *options;
    struct problem *problem;
    const char *start, *until;
    bool help, version;
};

static int bad(const struct parsing *parsing, const char *option, const char *expected,
               const char *found)
{
    return problem_set(parsing->problem, EXIT_BAD_INPUT, "--%s: expected %s, found '%.200s'",
                       option, expected, found);
}

/* ORDER[,CONFIGURATION...]: what is not given is as usual for such a meter. */
static int take_order(struct parsing *parsing, const char *text)
{
    char copy[ORDER_TEXT_MAX], error[ORDER_SENTENCE_MAX];
    const char *part[1 + ORDER_CONFIGURATIONS + 1];
    size_t n = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *at = copy; n < sizeof part / sizeof part[0] && at != NULL; n++) {
        part[n] = at;
        at = strchr(at, ',');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    struct order_codes codes;
    struct order_fault fault;
    if (!order_text_read(part[0], part + 1, n - 1u, &codes, error, sizeof error)) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT, "--variant: %s", error);
    }
    order_text_complete(&codes);
    if (order_check(&codes, false, &fault, 1) > 0) {
        order_fault_text(&codes, &fault, error, sizeof error);
        return problem_set(parsing->problem, EXIT_BAD_INPUT, "--variant: %s", error);
    }
    char order[ORDER_DIGITS + 1];
    uint32_t configuration[ORDER_CONFIGURATIONS];
    order_join(&codes, order, configuration);
    const char *name = variant_name_of_order(order);
    return variant_from_order(name[0] != '\0' ? name : order, order, configuration,
                              &parsing->options->variant);
}

static int take_variant(struct parsing *parsing, const char *text)
{
    if (variant_by_name(text, &parsing->options->variant) == 0) {
        return 0;
    }
    if (strncmp(text, "68", 2) == 0) {
        return take_order(parsing, text);
    }
    return bad(parsing, "variant", "a name that --help lists, or an order number", text);
}

static int take_serial(struct parsing *parsing, const char *text)
{
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number > SERIAL_MAX || number == 0) {
        return bad(parsing, "serial", "a number of at most eight digits, not 0", text);
    }
    parsing->options->serial_number = (uint32_t)number;
    return 0;
}

static int take_data(struct parsing *parsing, const char *text)
{
    parsing->options->data = text;
    return *text != '\0' ? 0 : bad(parsing, "data", "a folder", text);
}

static int take_keys(struct parsing *parsing, const char *text)
{
    parsing->options->keys = text;
    return *text != '\0' ? 0 : bad(parsing, "keys", "a file", text);
}

static int take_mains(struct parsing *parsing, const char *text)
{
    parsing->options->mains = text;
    return *text != '\0' ? 0 : bad(parsing, "mains", "a SPEC (docs/mains.md)", text);
}

static int take_speed(struct parsing *parsing, const char *text)
{
    char *end;
    const double speed = strtod(text, &end);
    if (strcasecmp(text, "max") == 0) {
        parsing->options->speed = OPTION_SPEED_MAX;
    } else if (end == text || *end != '\0' || !(speed >= SPEED_MIN && speed <= SPEED_LIMIT)) {
        return bad(parsing, "speed", "a number from 0.001 up, or max", text);
    } else {
        parsing->options->speed = speed;
    }
    return 0;
}

static int take_start(struct parsing *parsing, const char *text)
{
    parsing->start = text;
    return 0;
}

static int take_until(struct parsing *parsing, const char *text)
{
    parsing->until = text;
    return 0;
}

static int take_fidelity(struct parsing *parsing, const char *text)
{
    parsing->options->waveform = strcmp(text, "waveform") == 0;
    if (parsing->options->waveform || strcmp(text, "phasor") == 0) {
        return 0;
    }
    return bad(parsing, "fidelity", "phasor or waveform", text);
}

static int take_front_end(struct parsing *parsing, const char *text)
{
    const char *expected;
    return sensors_parse(text, &parsing->options->front_end, &expected)
               ? 0
               : bad(parsing, "front-end", expected, text);
}

static int take_tariff_input(struct parsing *parsing, const char *text)
{
    if (strcmp(text, "1") != 0 && strcmp(text, "2") != 0) {
        return bad(parsing, "tariff-input", "1 or 2", text);
    }
    parsing->options->tariff_input[*text - '1'] = true;
    return 0;
}

static int take_crystal(struct parsing *parsing, const char *text)
{
    const char *expected;
    parsing->options->crystal_named = true;
    return rtc_parse_crystal(text, &parsing->options->crystal, &expected)
               ? 0
               : bad(parsing, "crystal", expected, text);
}

static int take_backup(struct parsing *parsing, const char *text)
{
    char *end;
    const double days = strtod(text, &end);
    parsing->options->backup_days = days;
    return end != text && *end == '\0' && days >= 0.0 && days <= BACKUP_DAYS_MAX
               ? 0
               : bad(parsing, "backup", "days from 0 (none) to 36500", text);
}

/* @return the text names a channel */
static bool take_channel(const char *text, size_t length, enum rights_channel *channel)
{
    static const char *const names[] = {[CHANNEL_OPTICAL] = "channel=optical",
                                        [CHANNEL_MODULE] = "channel=module",
                                        [CHANNEL_CONSUMER] = "channel=consumer"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (length == strlen(names[i]) && memcmp(text, names[i], length) == 0) {
            *channel = (enum rights_channel)i;
            return true;
        }
    }
    return false;
}

/* The ",timing=on,echo=on,channel=module" behind an optical port. */
static int take_optical_switches(const struct parsing *parsing, struct optical_option *port,
                                 const char *text)
{
    const struct {
        const char *name;
        bool *value;
    } switches[] = {{"timing=", &port->timing}, {"echo=", &port->echo}};

    while (*text == ',') {
        text++;
        const size_t length = strcspn(text, ",");
        bool known = take_channel(text, length, &port->channel);
        for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
            const size_t name = strlen(switches[i].name);
            const bool on = length == name + 2 && memcmp(text + name, "on", 2) == 0;
            const bool off = length == name + 3 && memcmp(text + name, "off", 3) == 0;
            if (strncmp(text, switches[i].name, name) == 0 && (on || off)) {
                *switches[i].value = on;
                known = true;
            }
        }
        if (!known) {
            return bad(parsing, "optical",
                       "timing=on|off, echo=on|off or channel=optical|module|consumer", text);
        }
        text += length;
    }
    return 0;
}

static int take_optical(struct parsing *parsing, const char *text)
{
    struct options *options = parsing->options;
    if (options->n_optical == METER_OPTICAL_PORTS) {
        return bad(parsing, "optical", "at most 8 ports", text);
    }
    struct optical_option *port = &options->optical[options->n_optical];
    *port = (struct optical_option){.named = true, .pty = strncmp(text, "pty:", 4) == 0};
    if (!port->pty && strncmp(text, "tcp:", 4) != 0) {
        return bad(parsing, "optical", "tcp:HOST:PORT or pty:PATH", text);
    }
    const char *rest = text + 4;
    const size_t length = strcspn(rest, ",");
    if (length == 0 || length >= sizeof port->path) {
        return bad(parsing, "optical", "tcp:HOST:PORT or pty:PATH", text);
    }
    memcpy(port->path, rest, length);
    port->path[length] = '\0';
    const char *why;
    if (!port->pty && address_parse(port->path, &port->address, &why) != 0) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT, "--optical: %s, found '%.200s'", why,
                           port->path);
    }
    for (size_t i = 0; port->pty && i < options->n_optical; i++) {
        if (options->optical[i].pty && strcmp(options->optical[i].path, port->path) == 0) {
            return bad(parsing, "optical", "each pty once", text);
        }
    }
    options->n_optical++;
    return take_optical_switches(parsing, port, rest + length);
}

static int take_panel(struct parsing *parsing, const char *text)
{
    const char *why;
    if (address_parse(text, &parsing->options->panel_address, &why) != 0) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT, "--panel: %s, found '%.200s'", why,
                           text);
    }
    parsing->options->panel = true;
    parsing->options->panel_named = true;
    return 0;
}

static int take_panel_token(struct parsing *parsing, const char *text)
{
    const size_t length = strlen(text);
    const size_t plain = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_.~");
    if (length < TOKEN_MIN || length > TOKEN_MAX || plain != length) {
        return bad(parsing, "panel-token", "8 to 64 letters, digits or -_.~", text);
    }
    parsing->options->panel_token = text;
    return 0;
}

static int take_source(struct parsing *parsing, const char *text)
{
    const char *why = "expected tcp:HOST:PORT";
    const bool tcp = strncmp(text, "tcp:", 4) == 0;
    if (!tcp || address_parse(text + 4, &parsing->options->source_address, &why) != 0) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT, "--source: %s, found '%.200s'", why,
                           text);
    }
    parsing->options->source = true;
    return 0;
}

static int take_load_relays(struct parsing *parsing, const char *text)
{
    if (text[0] < '0' || text[0] > '2' || text[1] != '\0') {
        return bad(parsing, "load-relays", "0, 1 or 2", text);
    }
    parsing->options->load_relays = (int8_t)(*text - '0');
    return 0;
}

static int take_breaker(struct parsing *parsing, const char *text)
{
    const char *expected = "";
    return site_breaker_parse(text, &parsing->options->breaker, &expected)
               ? 0
               : bad(parsing, "breaker", expected, text);
}

static int take_dlms(struct parsing *parsing, const char *text)
{
    struct options *options = parsing->options;
    const char *why = "expected tcp:HOST:PORT or udp:HOST:PORT";
    if (options->n_dlms == OPTIONS_DLMS_MAX) {
        return bad(parsing, "dlms", "at most 4 ports", text);
    }
    struct dlms_option *port = &options->dlms[options->n_dlms];
    port->udp = strncmp(text, "udp:", 4) == 0;
    const bool known = port->udp || strncmp(text, "tcp:", 4) == 0;
    if (!known || address_parse(text + 4, &port->address, &why) != 0) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT, "--dlms: %s, found '%.200s'", why,
                           text);
    }
    options->n_dlms++;
    return 0;
}

static int take_consumer(struct parsing *parsing, const char *text)
{
    struct options *options = parsing->options;
    if (options->n_consumer == OPTIONS_CONSUMER_MAX) {
        return bad(parsing, "consumer", "at most 4 ports", text);
    }
    if (consumer_option_parse(text, &options->consumer[options->n_consumer], parsing->problem) !=
        0) {
        return -1;
    }
    options->n_consumer++;
    return 0;
}

static int take_module(struct parsing *parsing, const char *text)
{
    struct options *options = parsing->options;
    if (options->n_modules == OPTIONS_MODULE_MAX) {
        return bad(parsing, "module", "at most 3 modules", text);
    }
    struct carrier_spec *spec = &options->module[options->n_modules];
    options->n_modules++;
    return carrier_parse(text, "module", spec, parsing->problem);
}

static int take_module_bus(struct parsing *parsing, const char *text)
{
    struct options *options = parsing->options;
    const char *why;
    if (options->n_module_bus == OPTIONS_MODULE_BUS_MAX) {
        return bad(parsing, "module-bus", "at most 2", text);
    }
    if (bus_address_parse(text, &options->module_bus[options->n_module_bus], &why) != 0) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT, "--module-bus: %s, found '%.200s'",
                           why, text);
    }
    options->n_module_bus++;
    return 0;
}

static int take_radio(struct parsing *parsing, const char *text)
{
    parsing->options->has_radio = true;
    return radio_option_parse("radio", text, &parsing->options->radio, parsing->problem);
}

static int take_seal(struct parsing *parsing, const char *text)
{
    parsing->options->seal_open = strcmp(text, "open") == 0;
    if (parsing->options->seal_open || strcmp(text, "closed") == 0) {
        return 0;
    }
    return bad(parsing, "seal", "open or closed", text);
}

static int take_headless(struct parsing *parsing, const char *text)
{
    (void)text;
    parsing->options->headless = true;
    return 0;
}

static int take_status(struct parsing *parsing, const char *text)
{
    (void)text;
    parsing->options->status = true;
    return 0;
}

static int take_help(struct parsing *parsing, const char *text)
{
    (void)text;
    parsing->help = true;
    return 0;
}

static int take_version(struct parsing *parsing, const char *text)
{
    (void)text;
    parsing->version = true;
    return 0;
}

static const struct option_row {
    const char *name, *argument; /* argument NULL: a switch */
    const char *help;
    int (*take)(struct parsing *parsing, const char *text);
} rows[] = {
    {"variant", "NAME",
     "type of meter (default " DEFAULT_VARIANT "), see below; or an order number with up to\nfive "
     "configurations: 68431BM423010,11000002,...",
     take_variant},
    {"serial", "N", "serial number, up to eight digits (default: the stored one,\nor 12345678)",
     take_serial},
    {"data", "DIR", "permanent memory; created if missing (default: forgotten at exit)", take_data},
    {"keys", "FILE",
     "keys and passwords of DLMS as delivered, JSON that only its owner can read\n"
     "(default: $OPEN382_KEYS, or none; docs/keys.md)",
     take_keys},
    {"mains", "SPEC",
     "what it meters: u=230,i=5,pf=0.8i | FILE.csv | FILE.wav | FILE.cfg |\n"
     "a scenario | house (default: a real house; see docs/mains.md)",
     take_mains},
    {"fidelity", "LEVEL", "phasor (default) or waveform: 8 kHz samples", take_fidelity},
    {"front-end", "SEED",
     "sensors of one physical meter before its inputs: all effects, or SEED,ideal or\n"
     "SEED,EFFECT... (docs/front-end.md)",
     take_front_end},
    {"seal", "STATE",
     "verification seal: closed (default) or open: constants can be written\n"
     "(docs/front-end.md)",
     take_seal},
    {"tariff-input", "1|2", "voltage at that tariff input from the start on; repeatable",
     take_tariff_input},
    {"breaker", "FAULT",
     "of the breaker's relays: stuck=L1+L2, slow=SECONDS or silent; repeatable\n"
     "(docs/breaker.md)",
     take_breaker},
    {"load-relays", "N",
     "relays for load control, 0 to 2 (default: those of the configured module;\n"
     "docs/load-control.md)",
     take_load_relays},
    {"crystal", "ERROR",
     "of the clock: PPM at 23 degrees, or seed=N: one crystal with its curve and ageing\n"
     "(default: ideal, or that of the front end's SEED; docs/clock.md)",
     take_crystal},
    {"backup", "DAYS",
     "what keeps the clock without supply lasts so long (default: the\nvariant's)", take_backup},
    {"speed", "X|max", "simulated seconds per second (default 1)", take_speed},
    {"start", "ISO-TIME", "simulated start, UTC when it names no zone (default: now)", take_start},
    {"until", "TIME", "end after N(s|m|h|d) of simulated time, or at an ISO-TIME", take_until},
    {"optical", "PORT",
     "tcp:HOST:PORT or pty:PATH, with ,timing=on ,echo=on ,channel=module|consumer;\n"
     "repeatable\n"
     "(default " DEFAULT_OPTICAL ")",
     take_optical},
    {"panel", "HOST:PORT", "front panel as a web page (default " DEFAULT_PANEL ")", take_panel},
    {"panel-token", "TOKEN", "what the panel asks for; a must on any address but loopback",
     take_panel_token},
    {"source", "tcp:HOST:PORT",
     "reference source with reference meter and chamber, for a calibration\n"
     "(docs/spec/reference-source.md); needs --front-end or --fidelity waveform",
     take_source},
    {"dlms", "tcp|udp:HOST:PORT",
     "DLMS with the wrapper, as a module offers it; repeatable (docs/meter382.md)", take_dlms},
    {"consumer", "LIST:PORT",
     "customer port that pushes: han, push1 or p1, to tcp:HOST:PORT, pty:PATH,\n"
     "serial:PATH or mqtt:HOST[:PORT][/TOPIC], with ,ciphered ,energy=wh ,timing=on,\n"
     "mqtt with ,user=NAME ,password=FILE ,tls ,ca=FILE ,discovery=TOPIC|off; repeatable\n"
     "(docs/consumer.md)",
     take_consumer},
    {"module", "TYPE[:LINE]",
     "plug a module in, its line at tcp:HOST:PORT, tls:HOST:PORT, pty:PATH or serial:DEVICE:\n"
     "mbus:tcp:... with ,slot=1|2|ccc ,code=NNN and options of its own; repeatable "
     "(docs/modules.md)",
     take_module},
    {"radio", "MEDIUM",
     "the integrated radio is on the air: udp:GROUP:PORT or unix:FOLDER, with ,kind=\n"
     ",mode= ,format= ,interval= ,power= (docs/radio.md)",
     take_radio},
    {"module-bus", "tcp|unix:...",
     "modules that are programs of their own plug themselves in there; repeatable\n"
     "(docs/module382.md)",
     take_module_bus},
    {"headless", NULL, "open only the ports that are named", take_headless},
    {"status", NULL, "at exit print every register as one JSON object", take_status},
    {"help", NULL, "print this and exit", take_help},
    {"version", NULL, "print the version and exit", take_version},
};
#define N_ROWS (sizeof rows / sizeof rows[0])

static void print_row(const struct option_row *row)
{
    int width = printf("  --%s%s%s", row->name, row->argument != NULL ? " " : "",
                       row->argument != NULL ? row->argument : "");
    for (const char *line = row->help; line != NULL;) {
        const size_t length = strcspn(line, "\n");
        printf("%*s%.*s\n", HELP_COLUMN - width, "", (int)length, line);
        line = line[length] == '\n' ? line + length + 1 : NULL;
        width = 0;
    }
}

static void print_help(void)
{
    printf("usage: meter382 [OPTION]...\nA smart electricity meter as a process: it meters virtual "
           "mains and answers on its ports.\n\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        print_row(&rows[i]);
    }
    printf("\nvariants:");
    for (size_t i = 0; i < variant_count(); i++) {
        printf("%s%s", i % 8 == 0 ? "\n  " : " ", variant_name(i));
    }
    printf("\n\nSIGTERM and Ctrl-C store and exit.  Exit status: 0 done, 1 the machine refused "
           "(port busy,\ndisk full), 2 bad arguments or input files.\n");
}

static int take_all(struct parsing *parsing, int argc, char **argv)
{
    struct option longs[N_ROWS + 1];
    memset(longs, 0, sizeof longs);
    for (size_t i = 0; i < N_ROWS; i++) {
        longs[i].name = rows[i].name;
        longs[i].has_arg = rows[i].argument != NULL ? required_argument : no_argument;
    }
    opterr = 0;
    for (;;) {
        int index = 0;
        const int found = getopt_long(argc, argv, ":", longs, &index);
        if (found == -1) {
            break;
        }
        if (found != 0) {
            return problem_set(parsing->problem, EXIT_BAD_INPUT,
                               found == ':' ? "%.200s: expected a value behind it (see --help)"
                                            : "%.200s: unknown option (see --help)",
                               argv[optind - 1]);
        }
        if (rows[index].take(parsing, optarg) != 0) {
            return -1;
        }
    }
    if (optind < argc) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT,
                           "expected options only, found '%.200s' (see --help)", argv[optind]);
    }
    return 0;
}

static int parse_instant(const struct parsing *parsing, const char *option, const char *expected,
                         const char *text, int64_t *utc_s)
{
    size_t column;
    if (instant_parse_iso(text, utc_s, &column) == 0) {
        return 0;
    }
    return problem_set(parsing->problem, EXIT_BAD_INPUT,
                       "--%s: column %lu: expected %s, found '%.100s'", option,
                       (unsigned long)column, expected, text);
}

static int resolve_times(const struct parsing *parsing)
{
    struct options *options = parsing->options;
    options->start_utc_s = instant_utc_s();
    if (parsing->start != NULL &&
        parse_instant(parsing, "start", "a time like 2026-11-21T10:00:00Z", parsing->start,
                      &options->start_utc_s) != 0) {
        return -1;
    }
    options->until_us = INT64_MAX;
    if (parsing->until == NULL || instant_parse_duration(parsing->until, &options->until_us) == 0) {
        return 0;
    }
    int64_t end_s;
    if (parse_instant(parsing, "until", "30s, 15m, 2h, 7d or a time like 2026-11-21T10:00:00Z",
                      parsing->until, &end_s) != 0) {
        return -1;
    }
    if (end_s <= options->start_utc_s) {
        return bad(parsing, "until", "a time after the start", parsing->until);
    }
    options->until_us = (end_s - options->start_utc_s) * 1000000;
    return 0;
}

static int resolve_ports(struct parsing *parsing)
{
    struct options *options = parsing->options;
    if (options->n_optical == 0 && !options->headless) {
        (void)take_optical(parsing, DEFAULT_OPTICAL);
        options->optical[0].named = false;
    }
    if (!options->panel && !options->headless) {
        (void)take_panel(parsing, DEFAULT_PANEL);
        options->panel_named = false;
    }
    if (options->source && !options->front_end.fitted && !options->waveform) {
        return problem_set(
            parsing->problem, EXIT_BAD_INPUT,
            "--source: expected --front-end or --fidelity waveform with it: finished "
            "windows have nothing to calibrate");
    }
    if (options->n_dlms > 0 && options->variant.generation < GENERATION_L) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT,
                           "--dlms: expected a meter with DLMS (382L, 382M or 162M), found %s",
                           options->variant.name);
    }
    if (options->n_consumer > 0 && options->variant.generation < GENERATION_M) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT,
                           "--consumer: expected a meter with a customer port (382M or 162M), "
                           "found %s",
                           options->variant.name);
    }
    if (options->has_radio && !options->variant.radio) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT,
                           "--radio: expected a meter with an integrated radio (hardware 4 to 7 or "
                           "D to G, a radio profile), found %s",
                           options->variant.name);
    }
    if (options->panel && options->panel_token == NULL &&
        !address_is_loopback(&options->panel_address)) {
        return problem_set(parsing->problem, EXIT_BAD_INPUT,
                           "--panel: this address can be reached by others, expected "
                           "--panel-token TOKEN with it");
    }
    return 0;
}

enum options_result options_parse(struct options *options, int argc, char **argv,
                                  struct problem *problem)
{
    *options = (struct options){
        .mains = DEFAULT_MAINS, .speed = 1.0, .backup_days = -1.0, .load_relays = -1};
    struct parsing parsing = {.options = options, .problem = problem};
    if (variant_by_name(DEFAULT_VARIANT, &options->variant) != 0) {
        (void)bad(&parsing, "variant", "its default", DEFAULT_VARIANT);
        return OPTIONS_BAD;
    }
    if (take_all(&parsing, argc, argv) != 0) {
        return OPTIONS_BAD;
    }
    if (parsing.help) {
        print_help();
        return OPTIONS_DONE;
    }
    if (parsing.version) {
        printf("meter382 %s\n", OPEN382_VERSION);
        return OPTIONS_DONE;
    }
    if (resolve_times(&parsing) != 0 || resolve_ports(&parsing) != 0) {
        return OPTIONS_BAD;
    }
    return OPTIONS_RUN;
}
