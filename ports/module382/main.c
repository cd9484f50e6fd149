/* module382: a plug-in module as a program of its own.  docs/module382.md is the manual. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_client.h"
#include "ports/linux/instant.h"
#include "ports/linux/module_carrier.h"

#define FILES       5u /* options that name one: the carrier's, not the module's */
#define OPTIONS_MAX (MODULE_OPTIONS_MAX + FILES * CARRIER_PLACE_MAX)
#define SPEC_MAX    (CARRIER_PLACES * CARRIER_PLACE_MAX + OPTIONS_MAX + 64u)
#define MEMORY_MODE 0600

struct arguments {
    char spec[SPEC_MAX]; /* TYPE[:PLACE...][,OPTION...], put together */
    const char *type, *bus, *memory;
    char lines[CARRIER_PLACES * CARRIER_PLACE_MAX];
    char options[OPTIONS_MAX];
    bool done; /* --help, --version */
};

struct program {
    struct carrier_spec spec;
    struct carrier *carrier;
    struct bus_client client;
    struct loop loop;
    uint8_t memory[MODULE_MEMORY_BYTES];
    int memory_fd; /* -1: forgotten at the end */
};

/* ---- arguments ---- */

static int bad(struct problem *problem, const char *option, const char *expected, const char *found)
{
    return problem_set(problem, EXIT_BAD_INPUT, "--%s: expected %s, found '%.200s'", option,
                       expected, found);
}

/* Put one more behind those that are there. */
static int add(char *list, size_t capacity, char between, const char *text, struct problem *problem)
{
    const size_t used = strlen(list);
    if (used + strlen(text) + 2u > capacity) {
        return problem_set(problem, EXIT_BAD_INPUT, "expected fewer lines or options");
    }
    (void)snprintf(list + used, capacity - used, "%s%s",
                   used > 0 ? (const char[]){between, '\0'} : "", text);
    return 0;
}

static int take_bus(struct arguments *arguments, const char *text, struct problem *problem)
{
    (void)problem;
    arguments->bus = text;
    return 0;
}

static int take_line(struct arguments *arguments, const char *text, struct problem *problem)
{
    return add(arguments->lines, sizeof arguments->lines, '+', text, problem);
}

static int take_memory(struct arguments *arguments, const char *text, struct problem *problem)
{
    arguments->memory = text;
    return *text != '\0' ? 0 : bad(problem, "memory", "a file", text);
}

static int take_option(struct arguments *arguments, const char *text, struct problem *problem)
{
    return add(arguments->options, sizeof arguments->options, ',', text, problem);
}

static int take_slot(struct arguments *arguments, const char *text, struct problem *problem)
{
    char option[16];
    (void)snprintf(option, sizeof option, "slot=%.8s", text);
    return take_option(arguments, option, problem);
}

static const struct row {
    const char *name, *argument, *help;
    int (*take)(struct arguments *arguments, const char *text, struct problem *problem);
} rows[] = {
    {"bus", "tcp|unix:...", "bus of the meter: its --module-bus", take_bus},
    {"line", "LINE", "tcp:, tls:HOST:PORT, pty:PATH, serial:DEVICE or trace:FILE; repeatable",
     take_line},
    {"slot", "1|2|ccc", "slot that is wanted (default: the first that is free)", take_slot},
    {"memory", "FILE", "what the module keeps (default: forgotten at exit)", take_memory},
    {"option", "NAME=VALUE", "of the module; also code= and serial=; repeatable", take_option},
    {"help", NULL, "print this and exit", NULL},
    {"version", NULL, "print the version and exit", NULL},
};
#define N_ROWS (sizeof rows / sizeof rows[0])

static void print_help(void)
{
    printf("usage: module382 TYPE --bus tcp:HOST:PORT|unix:PATH [OPTION]...\n"
           "A plug-in module of a meter as a process: it is plugged while it runs.\n\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        printf("  --%-8s %-13s %s\n", rows[i].name,
               rows[i].argument != NULL ? rows[i].argument : "", rows[i].help);
    }
    printf("\ntypes:\n");
    for (size_t i = 0; i < module_types_length; i++) {
        printf("  %-10s %s%s%s\n", module_types[i]->name, module_types[i]->title,
               module_types[i]->help[0] != '\0' ? "; " : "", module_types[i]->help);
    }
    printf(
        "\nSIGTERM and Ctrl-C pull it.  Exit status: 0 done, 1 the meter or the machine refused, "
        "2 bad arguments.\n");
}

static int take_all(struct arguments *arguments, int argc, char **argv, struct problem *problem)
{
    struct option longs[N_ROWS + 1];
    memset(longs, 0, sizeof longs);
    for (size_t i = 0; i < N_ROWS; i++) {
        longs[i].name = rows[i].name;
        longs[i].has_arg = rows[i].argument != NULL ? required_argument : no_argument;
    }
    opterr = 0;
    int index = 0, found;
    while ((found = getopt_long(argc, argv, "-:", longs, &index)) != -1) {
        if (found == 1 && arguments->type == NULL) {
            arguments->type = optarg;
        } else if (found == 0 && rows[index].take == NULL) {
            arguments->done = true;
            if (rows[index].name[0] == 'h') {
                print_help();
            } else {
                printf("module382 %s\n", OPEN382_VERSION);
            }
            return 0;
        } else if (found != 0) {
            return problem_set(problem, EXIT_BAD_INPUT, "%.200s: %s (see --help)", argv[optind - 1],
                               found == ':' ? "expected a value behind it"
                                            : "unknown option or second type");
        } else if (rows[index].take(arguments, optarg, problem) != 0) {
            return -1;
        }
    }
    return 0;
}

static int arguments_read(struct arguments *arguments, struct program *program, int argc,
                          char **argv, struct problem *problem)
{
    const char *why;
    if (take_all(arguments, argc, argv, problem) != 0 || arguments->done) {
        return arguments->done ? 0 : -1;
    }
    if (arguments->type == NULL || strpbrk(arguments->type, ":,") != NULL) {
        return problem_set(problem, EXIT_BAD_INPUT, "expected a type of module (see --help)");
    }
    if (arguments->bus == NULL) {
        return problem_set(problem, EXIT_BAD_INPUT, "expected --bus with it (see --help)");
    }
    if (bus_address_parse(arguments->bus, &program->client.address, &why) != 0) {
        return bad(problem, "bus", why + strlen("expected "), arguments->bus);
    }
    (void)snprintf(arguments->spec, sizeof arguments->spec, "%.40s%s%s%s%s", arguments->type,
                   arguments->lines[0] != '\0' ? ":" : "", arguments->lines,
                   arguments->options[0] != '\0' ? "," : "", arguments->options);
    return carrier_parse(arguments->spec, "line", &program->spec, problem);
}

/* ---- memory ---- */

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct program *program = context;
    if (address > MODULE_MEMORY_BYTES || n_bytes > MODULE_MEMORY_BYTES - address) {
        return -1;
    }
    memcpy(bytes, program->memory + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    struct program *program = context;
    if (address > MODULE_MEMORY_BYTES || n_bytes > MODULE_MEMORY_BYTES - address) {
        return -1;
    }
    if (program->memory_fd >= 0 &&
        pwrite(program->memory_fd, bytes, n_bytes, (off_t)address) != (ssize_t)n_bytes) {
        return -1;
    }
    memcpy(program->memory + address, bytes, n_bytes);
    return 0;
}

/* A new file is blank memory; one of another length is not ours. */
static int memory_open(struct program *program, const char *path, struct problem *problem)
{
    memset(program->memory, UINT8_MAX, sizeof program->memory);
    if (path == NULL) {
        return 0;
    }
    program->memory_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, MEMORY_MODE);
    const ssize_t n = program->memory_fd < 0
                          ? -1
                          : pread(program->memory_fd, program->memory, sizeof program->memory, 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (n < 0 || fcntl(program->memory_fd, F_SETLK, &lock) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "--memory: %.200s: %s", path,
                           n < 0 ? strerror(errno) : "another module has it");
    }
    const bool whole = n == (ssize_t)sizeof program->memory &&
                       lseek(program->memory_fd, 0, SEEK_END) == (off_t)sizeof program->memory;
    if (n != 0 && !whole) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--memory: %.200s: expected a file of %u octets, or none", path,
                           MODULE_MEMORY_BYTES);
    }
    if (n == 0 && pwrite(program->memory_fd, program->memory, sizeof program->memory, 0) !=
                      (ssize_t)sizeof program->memory) {
        return problem_set(problem, EXIT_NOT_ABLE, "--memory: %.200s: %s", path, strerror(errno));
    }
    return 0;
}

/* ---- the bus of the module ---- */

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    struct program *program = context;
    return bus_client_ask(&program->client, request, n_request, answer, capacity);
}

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    struct program *program = context;
    uint8_t frame[MODULE_FRAME_MAX];
    bool sent = channel < MODULE_CHANNELS;
    while (sent && n_octets > 0) {
        const size_t n =
            n_octets < MODULE_FRAME_BODY_MAX / 2 ? n_octets : MODULE_FRAME_BODY_MAX / 2;
        sent = bus_client_send(&program->client, frame,
                               module_frame_write_led(MODULE_FRAME_DATA, (uint8_t)channel, octets,
                                                      n, frame, sizeof frame));
        octets += n;
        n_octets -= n;
    }
    return sent;
}

static bool channel_open(void *context, unsigned channel, bool open)
{
    struct program *program = context;
    uint8_t frame[MODULE_FRAME_MAX];
    const uint8_t state = open ? 1 : 0;
    return channel != MODULE_DATA_LINE && channel < MODULE_CHANNELS &&
           bus_client_send(&program->client, frame,
                           module_frame_write_led(MODULE_FRAME_CHANNEL, (uint8_t)channel, &state, 1,
                                                  frame, sizeof frame));
}

static void drive(void *context, uint8_t levels)
{
    struct program *program = context;
    uint8_t frame[MODULE_FRAME_MAX];
    const struct module_pins_frame body = {levels, 0};
    (void)bus_client_send(&program->client, frame, module_pins_write(&body, frame, sizeof frame));
}

static bool heard(void *context, const struct module_frame *frame)
{
    struct program *program = context;
    struct module *module = carrier_module(program->carrier);
    struct module_pins_frame pins;
    const uint8_t *octets;
    size_t n_octets;
    uint8_t channel;
    bool on;
    switch (frame->kind) {
    case MODULE_FRAME_DATA:
        if (module_led_read(frame, &channel, &octets, &n_octets) != MODULE_FRAME_OK) {
            return false;
        }
        module_heard(module, channel, octets, n_octets, instant_wall_us() / 1000);
        carrier_stir(program->carrier);
        return true;
    case MODULE_FRAME_CHANNEL:
        if (module_channel_read(frame, &channel, &on) != MODULE_FRAME_OK || on) {
            return false;
        }
        module_channel_closed(module, channel, instant_wall_us() / 1000);
        return true;
    case MODULE_FRAME_PINS:
        if (module_pins_read(frame, &pins) != MODULE_FRAME_OK) {
            return false;
        }
        module_pins(module, pins.levels, pins.at_us);
        return true;
    case MODULE_FRAME_SUPPLY:
        if (module_supply_read(frame, &on) != MODULE_FRAME_OK) {
            return false;
        }
        carrier_supply(program->carrier, on, instant_wall_us());
        return true;
    default: return true;
    }
}

static void plugged(void *context, bool on)
{
    static const char *const names[] = {"?", "slot 1", "slot 2", "the consumer port"};
    struct program *program = context;
    const struct module_welcome *welcome = &program->client.welcome;
    carrier_supply(program->carrier, on && welcome->supply, instant_wall_us());
    if (on) {
        printf("plugged into %s of meter %08lu\n", names[welcome->slot <= 3 ? welcome->slot : 0],
               (unsigned long)welcome->meter);
    } else {
        printf("pulled\n");
    }
    (void)fflush(stdout);
}

/* ---- the program ---- */

static int loop_begin(struct program *program, struct problem *problem)
{
    return loop_open(&program->loop) == 0
               ? 0
               : problem_set(problem, EXIT_NOT_ABLE, "event loop: %s", strerror(errno));
}

/* Article and code: as chosen, or one of the type after the other until the meter takes it. */
static bool introduce(struct program *program, unsigned attempt)
{
    const uint16_t chosen[] = {program->spec.code, 0};
    const uint16_t *codes = program->spec.code != 0 ? chosen : program->spec.type->codes;
    for (unsigned i = 0; i <= attempt; i++) {
        if (codes[i] == 0) {
            return false;
        }
    }
    const struct module_row *row = module_by_code(codes[attempt]);
    program->client.hello = (struct module_hello){
        .version = MODULE_FRAME_VERSION,
        .slot = program->spec.slot,
        .code = codes[attempt],
        .article = row != NULL ? (uint32_t)strtoul(row->article, NULL, 10) : 0,
        .serial = program->spec.serial};
    bus_client_init(&program->client);
    return true;
}

static int begin(struct program *program, const struct arguments *arguments,
                 struct problem *problem)
{
    const struct carrier_bus bus = {.context = program,
                                    .exchange = exchange,
                                    .to_meter = to_meter,
                                    .channel = channel_open,
                                    .pins = drive,
                                    .memory_read = memory_read,
                                    .memory_write = memory_write};
    program->carrier = carrier_bind(&program->spec, &bus, "line", problem);
    if (program->carrier == NULL || memory_open(program, arguments->memory, problem) != 0 ||
        loop_begin(program, problem) != 0 ||
        carrier_open(program->carrier, &program->loop, problem) != 0) {
        return -1;
    }
    program->client.loop = &program->loop;
    program->client.heard = heard;
    program->client.plugged = plugged;
    program->client.context = program;
    (void)introduce(program, 0);
    printf("%s\n", carrier_text(program->carrier));
    (void)fflush(stdout);
    return 0;
}

/* @return false: for good */
static bool offer_another(struct program *program, unsigned *attempt)
{
    if (program->client.result != MODULE_REFUSED_ARTICLE) {
        return false;
    }
    bus_client_close(&program->client);
    return introduce(program, ++*attempt);
}

static int go(struct program *program, struct problem *problem)
{
    unsigned attempt = 0;
    while (!program->loop.stopped) {
        const int64_t wall_us = instant_wall_us();
        int64_t next_us = bus_client_step(&program->client, wall_us);
        if (program->client.state == BUS_REFUSED) {
            if (offer_another(program, &attempt)) {
                continue;
            }
            return problem_set(problem, EXIT_NOT_ABLE, "%s",
                               module_welcome_text(program->client.result));
        }
        const int64_t due_us = carrier_step(program->carrier, wall_us);
        next_us = due_us < next_us ? due_us : next_us;
        if (program->client.watch.fd >= 0 && (program->client.broken)) {
            next_us = 0; /* found while the module spoke */
        }
        loop_wait(&program->loop, next_us);
    }
    carrier_supply(program->carrier, false, instant_wall_us());
    return 0;
}

static void end(struct program *program)
{
    if (program->carrier != NULL) {
        carrier_close(program->carrier);
        carrier_free(program->carrier);
    }
    if (program->client.loop != NULL) {
        bus_client_close(&program->client);
    }
    loop_close(&program->loop);
    if (program->memory_fd >= 0) {
        (void)close(program->memory_fd);
    }
    free(program);
}

int main(int argc, char **argv)
{
    struct problem problem = {0, ""};
    struct arguments arguments;
    memset(&arguments, 0, sizeof arguments);
    struct program *program = calloc(1, sizeof *program);
    if (program == NULL) {
        return EXIT_NOT_ABLE;
    }
    program->memory_fd = -1;
    program->loop = (struct loop)LOOP_CLOSED;
    if (arguments_read(&arguments, program, argc, argv, &problem) == 0 && !arguments.done &&
        begin(program, &arguments, &problem) == 0) {
        (void)go(program, &problem);
    }
    end(program);
    if (problem.exit_status != 0) {
        (void)fprintf(stderr, "module382: %s\n", problem.text);
    }
    return problem.exit_status;
}
