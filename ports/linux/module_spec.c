/* TYPE[:PLACE[+PLACE...]][,OPTION=VALUE...] as a person writes it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_carrier.h"

#define SERIAL_LAST  99999999ul
#define EXPECTED_MAX 400u

static const struct {
    const char *prefix;
    enum carrier_place_kind kind;
} kinds[] = {{"tcp:", CARRIER_TCP},       {"tls:", CARRIER_TLS},     {"pty:", CARRIER_PTY},
             {"serial:", CARRIER_SERIAL}, {"trace:", CARRIER_TRACE}, {"udp:", CARRIER_AIR},
             {"unix:", CARRIER_AIR}};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

bool carrier_place_listens(const struct carrier_place_spec *place)
{
    return place->kind == CARRIER_TCP || place->kind == CARRIER_TLS;
}

static size_t kind_at(const char *text)
{
    size_t i = 0;
    while (i < N_KINDS && strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0) {
        i++;
    }
    return i;
}

static int bad(struct problem *problem, const char *option, const char *expected, const char *found)
{
    return problem_set(problem, EXIT_BAD_INPUT, "--%s: expected %s, found '%.150s'", option,
                       expected, found);
}

static int bad_place(const struct module_type *type, const char *option, const char *found,
                     struct problem *problem)
{
    char expected[EXPECTED_MAX];
    const char *form = "%s:tcp:HOST:PORT, ...:tls:HOST:PORT, ...:pty:PATH or ...:serial:DEVICE";
    if (type->lines_max == 0) {
        form = "%s alone: it has no line";
    } else if (type->on_air) {
        form = "%s:udp:GROUP:PORT or ...:unix:FOLDER";
    } else if (type->terminals) {
        form = type->lines_max == 1 ? "%s:tcp:HOST:PORT, ...:pty:PATH or ...:trace:FILE"
                                    : "%s:tcp:HOST:PORT, :pty:PATH or :serial:DEVICE, +trace:FILE";
    }
    (void)snprintf(expected, sizeof expected, form, type->name);
    return bad(problem, option, expected, found);
}

/* Characters of the first place: up to a '+' behind which another begins. */
static size_t place_length(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '+' && kind_at(text + i + 1) < N_KINDS) {
            return i;
        }
    }
    return length;
}

static int take_air(const char *text, size_t length, const char *option, struct carrier_spec *spec,
                    struct problem *problem)
{
    struct carrier_place_spec *place = &spec->place[spec->n_places];
    char error[RADIO_MEDIUM_ERROR_MAX];
    if (length >= sizeof place->path) {
        return bad_place(spec->type, option, text, problem);
    }
    memcpy(place->path, text, length);
    place->path[length] = '\0';
    if (radio_address_parse(place->path, &place->air, error) != HOST_OK) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: %s", option, error);
    }
    spec->n_places++;
    return 0;
}

static int take_place(const char *text, size_t length, const char *option,
                      struct carrier_spec *spec, struct problem *problem)
{
    const size_t kind = kind_at(text);
    struct carrier_place_spec *place = &spec->place[spec->n_places];
    const char *why;
    const size_t prefix = kind < N_KINDS ? strlen(kinds[kind].prefix) : 0;
    if (kind == N_KINDS || length <= prefix || length - prefix >= sizeof place->path ||
        spec->n_places == CARRIER_PLACES || spec->n_places == spec->type->lines_max ||
        (kinds[kind].kind == CARRIER_AIR) != spec->type->on_air ||
        (kinds[kind].kind == CARRIER_TRACE &&
         (!spec->type->terminals || spec->n_places + 1u != spec->type->lines_max))) {
        return bad_place(spec->type, option, text, problem);
    }
    place->kind = kinds[kind].kind;
    if (place->kind == CARRIER_AIR) {
        return take_air(text, length, option, spec, problem);
    }
    memcpy(place->path, text + prefix, length - prefix);
    place->path[length - prefix] = '\0';
    if (carrier_place_listens(place) && address_parse(place->path, &place->address, &why) != 0) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: %s, found '%.150s'", option, why,
                           place->path);
    }
    spec->n_places++;
    return 0;
}

static bool number_of(const char *text, size_t length, unsigned long last, unsigned long *out)
{
    char digits[16] = "";
    char *end;
    if (length == 0 || length >= sizeof digits || !isdigit((unsigned char)text[0])) {
        return false;
    }
    memcpy(digits, text, length);
    *out = strtoul(digits, &end, 10);
    return *end == '\0' && *out <= last;
}

static bool take_slot(const char *text, size_t length, struct carrier_spec *spec)
{
    static const char *const names[] = {"1", "2", "ccc"};
    for (uint8_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (length == strlen(names[i]) && memcmp(text, names[i], length) == 0) {
            spec->slot = (uint8_t)(i + 1u);
            return true;
        }
    }
    return false;
}

static bool add_option(const char *text, size_t length, struct carrier_spec *spec)
{
    const size_t used = strlen(spec->options), comma = used > 0 ? 1u : 0u;
    if (used + comma + length >= sizeof spec->options) {
        return false;
    }
    (void)snprintf(spec->options + used, sizeof spec->options - used, "%s%.*s",
                   comma > 0 ? "," : "", (int)length, text);
    return true;
}

static bool has_tls(const struct carrier_spec *spec)
{
    unsigned i = 0;
    while (i < spec->n_places && spec->place[i].kind != CARRIER_TLS) {
        i++;
    }
    return i < spec->n_places;
}

/* Options that name a file.  @return 1: it is none of them; 0; -1 and *problem */
static int take_file(const char *text, size_t length, const char *option, struct carrier_spec *spec,
                     struct problem *problem)
{
    const bool tls = has_tls(spec);
    const struct {
        const char *name, *expected;
        bool allowed;
        char *path;
    } files[] = {{"options=", "options=FILE", true, spec->options_file},
                 {"keys=", "keys=FILE", spec->type->on_air, spec->keys},
                 {"cert=", "cert=FILE", tls, spec->tls.cert},
                 {"key=", "key=FILE", tls, spec->tls.key},
                 {"client-ca=", "client-ca=FILE", tls, spec->tls.client_ca}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const size_t name = strlen(files[i].name);
        if (!files[i].allowed || strncmp(text, files[i].name, name) != 0) {
            continue;
        }
        if (length == name || length - name >= CARRIER_PLACE_MAX) {
            return bad(problem, option, files[i].expected, text);
        }
        memcpy(files[i].path, text + name, length - name);
        files[i].path[length - name] = '\0';
        return 0;
    }
    return 1;
}

/* slot=, code=, serial= and those that name a file are the carrier's; all others the module's. */
static int take_option(const char *text, size_t length, const char *option,
                       struct carrier_spec *spec, struct problem *problem)
{
    unsigned long number = 0;
    const int file = take_file(text, length, option, spec, problem);
    if (file <= 0) {
        return file;
    }
    if (strncmp(text, "slot=", 5) == 0) {
        return take_slot(text + 5, length - 5, spec)
                   ? 0
                   : bad(problem, option, "slot=1, slot=2 or slot=ccc", text);
    }
    if (strncmp(text, "code=", 5) == 0) {
        if (!number_of(text + 5, length - 5, 999, &number) ||
            !module_type_has_code(spec->type, (uint16_t)number)) {
            return bad(problem, option, "the code of an article of that type", text);
        }
        spec->code = (uint16_t)number;
        return 0;
    }
    if (strncmp(text, "serial=", 7) == 0) {
        if (!number_of(text + 7, length - 7, SERIAL_LAST, &number)) {
            return bad(problem, option, "serial= with at most eight digits", text);
        }
        spec->serial = (uint32_t)number;
        return 0;
    }
    return add_option(text, length, spec) ? 0 : bad(problem, option, "fewer options", text);
}

int carrier_read_options(struct carrier_spec *spec, const char *option, struct problem *problem)
{
    char text[MODULE_OPTIONS_MAX] = "";
    bool good = true;
    if (spec->options_file[0] == '\0') {
        return 0;
    }
    FILE *file = fopen(spec->options_file, "re");
    if (file == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "--%s: %.150s: %s", option, spec->options_file,
                           strerror(errno));
    }
    while (good && fgets(text, sizeof text, file) != NULL) {
        const size_t length = strcspn(text, "\r\n");
        good = memchr(text, ',', length) == NULL &&
               (length == 0 || text[0] == '#' || add_option(text, length, spec));
    }
    good = good && ferror(file) == 0;
    (void)fclose(file);
    return good ? 0
                : problem_set(problem, EXIT_BAD_INPUT,
                              "--%s: %.150s: expected one NAME=VALUE a line, not too many", option,
                              spec->options_file);
}

static const struct module_type *type_of(const char *text, const char *option,
                                         struct problem *problem)
{
    char expected[EXPECTED_MAX] = "";
    const struct module_type *type = module_type_by_name(text, strcspn(text, ":,"));
    for (size_t i = 0; type == NULL && i < module_types_length; i++) {
        const size_t length = strlen(expected);
        (void)snprintf(expected + length, sizeof expected - length, "%s%s%s", i > 0 ? ", " : "",
                       module_types[i]->name,
                       module_types[i]->on_air          ? ":udp:GROUP:PORT"
                       : module_types[i]->lines_min > 0 ? ":tcp:HOST:PORT"
                                                        : "");
    }
    if (type == NULL) {
        (void)bad(problem, option, expected, text);
    }
    return type;
}

int carrier_parse(const char *text, const char *option, struct carrier_spec *spec,
                  struct problem *problem)
{
    memset(spec, 0, sizeof *spec);
    spec->type = type_of(text, option, problem);
    if (spec->type == NULL) {
        return -1;
    }
    const char *rest = text + strlen(spec->type->name);
    while (*rest == ':' || *rest == '+') {
        rest++;
        const size_t length = place_length(rest, strcspn(rest, ","));
        if (take_place(rest, length, option, spec, problem) != 0) {
            return -1;
        }
        rest += length;
    }
    if (spec->n_places < spec->type->lines_min) {
        return bad_place(spec->type, option, text, problem);
    }
    while (*rest == ',') {
        rest++;
        const size_t length = strcspn(rest, ",");
        if (take_option(rest, length, option, spec, problem) != 0) {
            return -1;
        }
        rest += length;
    }
    if (has_tls(spec) && (spec->tls.cert[0] == '\0' || spec->tls.key[0] == '\0')) {
        return bad(problem, option, "cert=FILE and key=FILE with tls:HOST:PORT", text);
    }
    return 0;
}
