/* metertool dlms: objects of any DLMS meter, and what one can do with them. */
#include "cmd_dlms.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/dlms_text.h"
#include "../lib/dlms_words.h"
#include "commands.h"

#define DATA_MAX 4096u

/* ---- which member ---- */

/** Take ":N" off the end; N may be negative. */
static bool take_member(char *text, int8_t usual, int8_t *member)
{
    char *colon = strrchr(text, ':');
    char *first = strchr(text, ':');
    char *end = NULL;
    *member = usual;
    if (colon == NULL ||
        (colon == first && strchr(text, '-') != NULL && strchr(text, '-') < colon)) {
        return true; /* "1-0:1.8.0": that colon belongs to the code */
    }
    const long value = strtol(colon + 1, &end, 10);
    if (colon[1] == '\0' || *end != '\0' || value < -128 || value > 127) {
        return false;
    }
    *member = (int8_t)value;
    *colon = '\0';
    return true;
}

/** Take "CLASS/" off the beginning. */
static bool take_class(char **text, uint16_t *class_id)
{
    char *slash = strchr(*text, '/'), *end = NULL;
    *class_id = 0;
    if (slash == NULL) {
        return true;
    }
    const unsigned long value = strtoul(*text, &end, 10);
    if (end != slash || value == 0 || value > UINT16_MAX) {
        return false;
    }
    *class_id = (uint16_t)value;
    *text = slash + 1;
    return true;
}

/** "Voltage L1", "A+": registers by name, label or the beginning of a name, the first that fits. */
static bool code_by_name(const char *name, uint8_t obis[6], unsigned *named)
{
    static struct selection selection;
    selection.length = 0;
    if (selection_add(&selection, name) == 0 || selection.items[0].named == 0) {
        return false;
    }
    memcpy(obis, selection.items[0].obis, 6);
    *named = selection.items[0].named;
    return true;
}

enum tool_exit dlms_member_parse(struct tool *tool, const char *text, int8_t usual,
                                 struct dlms_descriptor *out)
{
    char copy[80], *at = copy;
    memset(out, 0, sizeof *out);
    snprintf(copy, sizeof copy, "%s", text);
    if (strlen(text) >= sizeof copy || !take_class(&at, &out->class_id) ||
        !take_member(at, usual, &out->member)) {
        tool_complain("'%s': expected [CLASS/]OBIS[:MEMBER], e.g. 8/0-0:1.0.0.255:2 or 1.8.0",
                      text);
        return EXIT_USAGE;
    }
    unsigned named = obis_parse(at, out->obis);
    if (named == 0 && !code_by_name(at, out->obis, &named)) {
        tool_complain("'%s': expected an OBIS code like 1-0:1.8.0.255, or the name of a register",
                      text);
        return EXIT_USAGE;
    }
    if (out->class_id != 0 && (named & (OBIS_NAMED_A | OBIS_NAMED_B)) != 0) {
        return EXIT_GOOD; /* nothing has to be looked up */
    }
    const int result = dlms_meter_list(tool);
    if (result != EXIT_GOOD) {
        return (enum tool_exit)result;
    }
    size_t position = 0;
    const struct meter_object *object =
        dlms_meter_find(&tool->dlms, out->class_id, out->obis, named, &position);
    if (object == NULL) {
        tool_complain("the meter does not list %s; name class and code in full to ask all the same",
                      at);
        return EXIT_UNKNOWN;
    }
    out->class_id = object->class_id;
    memcpy(out->obis, object->obis, sizeof out->obis);
    return EXIT_GOOD;
}

/* ---- objects ---- */

static json_t *object_json(const struct meter_object *object, const char *code, const char *name,
                           const char *class_name)
{
    return json_pack("{s:s, s:i, s:s, s:i, s:s}", "obis", code, "class", (int)object->class_id,
                     "class_name", class_name, "version", (int)object->version, "name", name);
}

static enum tool_exit objects(struct tool *tool, int n_arguments, char **arguments)
{
    json_t *all = json_array();
    const int result = dlms_meter_list(tool);
    (void)arguments;
    (void)n_arguments;
    if (tool->options.format == FORMAT_CSV && result == EXIT_GOOD) {
        puts("obis,class,class_name,version,name");
    }
    for (size_t i = 0; result == EXIT_GOOD && i < tool->dlms.n_objects; i++) {
        const struct meter_object *object = &tool->dlms.objects[i];
        char code[OBIS_TEXT_MAX], name[80], class_name[32];
        obis_text(object->obis, code);
        object_name(object->obis, name, sizeof name);
        dlms_class_name(object->class_id, class_name, sizeof class_name);
        switch (tool->options.format) {
        case FORMAT_TABLE:
            printf("%-20s %3u v%u  %-20s %s\n", code, object->class_id, object->version, class_name,
                   name);
            break;
        case FORMAT_CSV:
            printf("%s,%u,%s,%u,\"%s\"\n", code, object->class_id, class_name, object->version,
                   name);
            break;
        case FORMAT_JSON:
            json_array_append_new(all, object_json(object, code, name, class_name));
            break;
        }
    }
    if (tool->options.format == FORMAT_JSON && result == EXIT_GOOD) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
    return (enum tool_exit)result;
}

/* ---- get, set, action ---- */

static void print_data(const struct tool *tool, struct reader data)
{
    static char text[65536];
    if (tool->options.format == FORMAT_JSON) {
        json_t *value = dlms_data_json(data);
        json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(value);
        return;
    }
    (void)dlms_data_text(data, text, sizeof text);
    puts(text);
}

static enum tool_exit get(struct tool *tool, int n_arguments, char **arguments)
{
    enum tool_exit worst = EXIT_GOOD;
    for (int i = 0; i < n_arguments; i++) {
        struct dlms_meter *meter = &tool->dlms;
        struct dlms_descriptor d;
        enum tool_exit result = dlms_member_parse(tool, arguments[i], 2, &d);
        if (result == EXIT_USAGE) {
            return result;
        }
        if (result == EXIT_GOOD) {
            const int n = dlms_client_get_into(&meter->client, &d, meter->row, sizeof meter->row);
            if (n < 0) {
                result = (enum tool_exit)dlms_meter_fail(tool, n, arguments[i]);
            } else {
                print_data(tool, reader_over(meter->row, (size_t)n));
            }
        }
        worst = result != EXIT_GOOD ? result : worst;
        if (result == EXIT_METER) {
            break;
        }
    }
    return worst;
}

/** Data out of an argument.  Complains itself. */
static bool take_data(const char *text, uint8_t *data, struct dlms_octets *out)
{
    struct writer w = writer_over(data, DATA_MAX);
    const char *expected = dlms_data_parse(text, &w);
    if (expected != NULL) {
        tool_complain("'%s': expected %s", text, expected);
        return false;
    }
    *out = (struct dlms_octets){data, writer_length(&w)};
    return true;
}

static enum tool_exit set(struct tool *tool, int n_arguments, char **arguments)
{
    uint8_t data[DATA_MAX];
    struct dlms_octets value;
    struct dlms_descriptor d;
    (void)n_arguments;
    if (!take_data(arguments[1], data, &value)) {
        return EXIT_USAGE;
    }
    const enum tool_exit result = dlms_member_parse(tool, arguments[0], 2, &d);
    if (result != EXIT_GOOD) {
        return result;
    }
    const int err = dlms_client_set(&tool->dlms.client, &d, value);
    return err == DLMS_CLIENT_OK ? EXIT_GOOD
                                 : (enum tool_exit)dlms_meter_fail(tool, err, arguments[0]);
}

struct returned {
    uint8_t data[DATA_MAX];
    size_t n;
};

static int take_returned(void *context, const uint8_t *bytes, size_t n_bytes)
{
    struct returned *returned = context;
    if (n_bytes > sizeof returned->data - returned->n) {
        return 1;
    }
    memcpy(returned->data + returned->n, bytes, n_bytes);
    returned->n += n_bytes;
    return 0;
}

static enum tool_exit action(struct tool *tool, int n_arguments, char **arguments)
{
    uint8_t data[DATA_MAX];
    struct dlms_octets value = {NULL, 0};
    struct dlms_descriptor d;
    struct returned returned = {.n = 0};
    const struct dlms_sink sink = {take_returned, &returned};
    if (n_arguments > 1 && !take_data(arguments[1], data, &value)) {
        return EXIT_USAGE;
    }
    const enum tool_exit result = dlms_member_parse(tool, arguments[0], 1, &d);
    if (result != EXIT_GOOD) {
        return result;
    }
    const int err = dlms_client_action(&tool->dlms.client, &d, value, &sink);
    if (err != DLMS_CLIENT_OK) {
        return (enum tool_exit)dlms_meter_fail(tool, err, arguments[0]);
    }
    if (returned.n > 0) {
        print_data(tool, reader_over(returned.data, returned.n));
    }
    return EXIT_GOOD;
}

/* ---- the words behind dlms ---- */

static const struct {
    const char *name, *arguments;
    int least, most;
    bool needs_meter;
    enum tool_exit (*run)(struct tool *tool, int n_arguments, char **arguments);
} words[] = {
    {"objects", "", 0, 0, true, objects},
    {"dump", "[all]", 0, 1, true, dlms_command_dump},
    {"get", "[CLASS/]OBIS[:ATTRIBUTE] ...", 1, 1000, true, get},
    {"set", "[CLASS/]OBIS[:ATTRIBUTE] TYPE:VALUE", 2, 2, true, set},
    {"action", "[CLASS/]OBIS[:METHOD] [TYPE:VALUE]", 1, 2, true, action},
    {"image", "upload FILE [name=NAME] [resume] [activate]", 2, 5, true, dlms_command_image},
    {"keys", "change FILE", 2, 2, true, dlms_command_keys},
    {"listen", "[PORT]", 0, 1, false, dlms_command_listen},
};

enum tool_exit command_dlms(struct tool *tool, int n_arguments, char **arguments)
{
    const char *word = n_arguments > 0 ? arguments[0] : "";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i].name) != 0) {
            continue;
        }
        const int n = n_arguments - 1;
        if (n < words[i].least || n > words[i].most) {
            tool_complain("expected metertool dlms %s %s", words[i].name, words[i].arguments);
            return EXIT_USAGE;
        }
        enum tool_exit result = words[i].needs_meter ? tool_connect(tool) : EXIT_GOOD;
        if (result == EXIT_GOOD && words[i].needs_meter && tool->line.url.protocol != METER_DLMS) {
            tool_complain("dlms %s: expected a meter over DLMS, -m dlms://HOST, dlms-hdlc: or "
                          "hdlc+tcp:",
                          word);
            return EXIT_USAGE;
        }
        return result == EXIT_GOOD ? words[i].run(tool, n, arguments + 1) : result;
    }
    tool_complain("expected metertool dlms objects, dump, get, set, action, image, keys or listen, "
                  "found '%s'",
                  word);
    return EXIT_USAGE;
}
