/* metertool dlms dump: every attribute of every object that this client may read. */
#include <string.h>

#include "../lib/dlms_text.h"
#include "../lib/dlms_words.h"
#include "cmd_dlms.h"

#define CLASS_PROFILE     7u
#define CLASS_ASSOCIATION 15u
#define ATTRIBUTES_MAX    48u

struct dump {
    struct tool *tool;
    json_t *all, *attributes; /* of the object under way */
    bool everything;
    unsigned long n;
};

/** Buffers and lists of objects are as long as a meter likes: left out unless wanted. */
static bool is_wanted(const struct dump *dump, const struct meter_object *object, int8_t attribute)
{
    const bool is_long = attribute == 2 && (object->class_id == CLASS_PROFILE ||
                                            object->class_id == CLASS_ASSOCIATION);
    return attribute != 1 && (!is_long || dump->everything);
}

static size_t list_attributes(const struct dump *dump, struct meter_object *object,
                              struct meter_want *wants)
{
    size_t n = 0;
    for (int8_t attribute = -METER_OWN_MAX; attribute <= METER_ATTRIBUTE_MAX; attribute++) {
        if (dlms_meter_may_read(object, attribute) && is_wanted(dump, object, attribute) &&
            n < ATTRIBUTES_MAX) {
            wants[n++] = (struct meter_want){object, attribute};
        }
    }
    return n;
}

static void csv_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        putchar(*text);
        if (*text == '"') {
            putchar('"');
        }
    }
    putchar('"');
}

static void got(void *context, const struct meter_want *want, uint16_t result, struct reader data)
{
    static char text[65536];
    struct dump *dump = context;
    char code[OBIS_TEXT_MAX], member[8];
    if (result != 0) {
        return; /* listed, but refused: there is nothing to show */
    }
    dump->n++;
    obis_text(want->object->obis, code);
    snprintf(member, sizeof member, "%d", want->attribute);
    if (dump->tool->options.format == FORMAT_JSON) {
        json_object_set_new(dump->attributes, member, dlms_data_json(data));
        return;
    }
    (void)dlms_data_text(data, text, sizeof text);
    if (dump->tool->options.format == FORMAT_CSV) {
        printf("%s,%u,%s,", code, want->object->class_id, member);
        csv_text(text);
        putchar('\n');
    } else {
        printf("%3u/%s:%-3s %s\n", want->object->class_id, code, member, text);
    }
}

static void begin_object(struct dump *dump, const struct meter_object *object)
{
    char code[OBIS_TEXT_MAX], name[80], class_name[32], key[40];
    obis_text(object->obis, code);
    object_name(object->obis, name, sizeof name);
    dlms_class_name(object->class_id, class_name, sizeof class_name);
    snprintf(key, sizeof key, "%u/%s", object->class_id, code);
    dump->attributes = json_object();
    json_object_set_new(dump->all, key,
                        json_pack("{s:s, s:i, s:s, s:o}", "class_name", class_name, "version",
                                  (int)object->version, "name", name, "attributes",
                                  dump->attributes));
}

enum tool_exit dlms_command_dump(struct tool *tool, int n_arguments, char **arguments)
{
    struct dlms_meter *meter = &tool->dlms;
    struct dump dump = {.tool = tool, .all = json_object()};
    if (n_arguments > 0 && strcmp(arguments[0], "all") != 0) {
        tool_complain("dlms dump '%s': expected all, or nothing more", arguments[0]);
        return EXIT_USAGE;
    }
    dump.everything = n_arguments > 0;
    int result = dlms_meter_list(tool);
    if (result == EXIT_GOOD && tool->options.format == FORMAT_CSV) {
        puts("obis,class,attribute,value");
    }
    for (size_t i = 0; result == EXIT_GOOD && i < meter->n_objects; i++) {
        struct meter_want wants[ATTRIBUTES_MAX];
        begin_object(&dump, &meter->objects[i]);
        result = dlms_meter_get(tool, wants, list_attributes(&dump, &meter->objects[i], wants), got,
                                &dump);
    }
    if (tool->options.format == FORMAT_JSON && result == EXIT_GOOD) {
        json_dumpf(dump.all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
    json_decref(dump.all);
    return (enum tool_exit)result;
}
