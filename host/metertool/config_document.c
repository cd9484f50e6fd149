/* The configuration document: from JSON and to JSON. */
#include "config_document.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../app/registers/register_table.h"
#include "../../proto/common/writer.h"
#include "../lib/tariff_text.h"
#include "setting_text.h"

#define FILE_MAX 262144u

const char *const config_list_names[KMP_DISPLAY_LISTS] = {"automatic", "manual", "backup"};

/** What is being read: for messages, and for the line of a key. */
struct source {
    const char *path;
    const struct config_lines *lines;
    char text[FILE_MAX];
    char *error;
    size_t n_error;
};

/* ---- messages ---- */

/** Line of a key in a place; of the place; of the key; 0: unknown. */
static unsigned line_of(const struct source *source, const char *key, const char *place)
{
    char path[2 * CONFIG_PATH_MAX];
    snprintf(path, sizeof path, "%.60s%s%.60s", place, place[0] != '\0' ? "." : "", key);
    unsigned line = config_line(source->lines, path);
    line = line == 0 ? config_line(source->lines, place) : line;
    return line == 0 ? config_line(source->lines, key) : line;
}

/** "FILE:LINE: place: ..."; always false. */
static bool fault(struct source *source, const char *key, const char *place, const char *format,
                  ...)
{
    char where[24] = "", what[900];
    const unsigned line = line_of(source, key, place);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (line > 0) {
        snprintf(where, sizeof where, ":%u", line);
    }
    snprintf(source->error, source->n_error, "%s%s: %s%s%s", source->path, where, place,
             place[0] != '\0' ? ": " : "", what);
    return false;
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a text";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_NULL: return "null";
    default: return "true or false";
    }
}

/* ---- readings ---- */

/* What the display shows besides registers: its test, and the logs that open. */
static const struct {
    uint16_t kmp_id;
    const char *name;
} no_registers[] = {
    {KMP_DISPLAY_TEST, "test"}, {KMP_DISPLAY_HISTORY, "98.1.0"}, {KMP_DISPLAY_PROFILE, "99.1.0"}};
#define N_NO_REGISTERS (sizeof no_registers / sizeof no_registers[0])

void config_reading_name(uint16_t kmp_id, char *out, size_t n_out)
{
    const struct register_def *def = register_by_kmp_id(kmp_id);
    for (size_t i = 0; i < N_NO_REGISTERS; i++) {
        if (no_registers[i].kmp_id == kmp_id) {
            snprintf(out, n_out, "%s", no_registers[i].name);
            return;
        }
    }
    if (def != NULL && def->code[0] != '\0' && register_by_code(def->code) == def) {
        snprintf(out, n_out, "%s", def->code);
    } else {
        snprintf(out, n_out, "0x%04X", kmp_id);
    }
}

bool config_reading_id(const char *name, uint16_t *kmp_id)
{
    const struct register_def *def = register_by_code(name);
    for (size_t i = 0; i < N_NO_REGISTERS; i++) {
        if (strcmp(name, no_registers[i].name) == 0) {
            *kmp_id = no_registers[i].kmp_id;
            return true;
        }
    }
    if (strncmp(name, "0x", 2) == 0) {
        char *end = NULL;
        const unsigned long id = strtoul(name + 2, &end, 16);
        def = *end == '\0' && id <= UINT16_MAX ? register_by_kmp_id((uint16_t)id) : NULL;
    }
    if (def == NULL) {
        return false;
    }
    *kmp_id = def->kmp_id;
    return true;
}

/** A list of readings.  @return false, with a message */
static bool read_readings(struct source *source, const char *key, const char *place,
                          const json_t *array, uint16_t *ids, size_t max, uint8_t *n)
{
    *n = 0;
    if (json_array_size(array) > max) {
        return fault(source, key, place, "expected at most %zu readings, found %zu", max,
                     json_array_size(array));
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *name = json_string_value(json_array_get(array, i));
        if (name == NULL || !config_reading_id(name, &ids[i])) {
            return fault(source, key, place,
                         "reading %zu: expected a code such as \"1.8.0\", found %s%s%s", i + 1,
                         name != NULL ? "'" : type_name(json_array_get(array, i)),
                         name != NULL ? name : "", name != NULL ? "'" : "");
        }
        (*n)++;
    }
    return true;
}

/* ---- the parts of a document ---- */

static bool read_order(struct source *source, const json_t *value, struct config_document *out)
{
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != sizeof out->order_number - 1) {
        return fault(source, "order_number", "order_number",
                     "expected 13 characters like \"68431BM423010\", found %s%s%s",
                     text != NULL ? "'" : type_name(value), text != NULL ? text : "",
                     text != NULL ? "'" : "");
    }
    memcpy(out->order_number, text, sizeof out->order_number);
    return true;
}

static bool read_setting(struct source *source, const char *name, const json_t *value,
                         struct config_document *out)
{
    const struct setting_def *def = setting_by_name(name);
    char place[80], text[80] = "", error[600];
    snprintf(place, sizeof place, "settings.%.60s", name);
    if (def == NULL) {
        return fault(source, name, "settings",
                     "expected a setting (docs/configuration.md lists them), found '%.60s'", name);
    }
    if (json_is_integer(value) && def->type != SETTING_TEXT) {
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_string(value) && json_string_length(value) < sizeof text) {
        snprintf(text, sizeof text, "%s", json_string_value(value));
    } else {
        setting_text_expected(def, error, sizeof error);
        return fault(source, name, place, "expected %s, found %s", error,
                     json_is_string(value) ? "a longer text" : type_name(value));
    }
    const size_t row = (size_t)(def - setting_table);
    if (!setting_text_parse(def, text, &out->value[row], error, sizeof error)) {
        return fault(source, name, place, "%s", error);
    }
    out->has[row] = true;
    return true;
}

static bool read_settings(struct source *source, const json_t *object, struct config_document *out)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        return fault(source, "settings", "settings", "expected an object, found %s",
                     type_name(object));
    }
    json_object_foreach((json_t *)object, name, value)
    {
        if (!read_setting(source, name, value, out)) {
            return false;
        }
    }
    return true;
}

static bool read_list(struct source *source, const char *name, const json_t *value,
                      struct config_document *out)
{
    char place[80];
    unsigned which = 0;
    snprintf(place, sizeof place, "display.%.60s", name);
    while (which < KMP_DISPLAY_LISTS && strcmp(config_list_names[which], name) != 0) {
        which++;
    }
    if (which == KMP_DISPLAY_LISTS) {
        return fault(source, name, "display", "expected automatic, manual or backup, found '%.60s'",
                     name);
    }
    struct kmp_display_list *list = &out->list[which];
    list->which = (uint8_t)which;
    out->has_list[which] = true;
    if (json_is_string(value) && strcmp(json_string_value(value), "delivered") == 0) {
        list->delivered = true;
        return true;
    }
    if (!json_is_array(value)) {
        return fault(source, name, place, "expected a list of readings or \"delivered\", found %s",
                     type_name(value));
    }
    return read_readings(source, name, place, value, list->reading, KMP_DISPLAY_READINGS_MAX,
                         &list->n);
}

static bool read_display(struct source *source, const json_t *object, struct config_document *out)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        return fault(source, "display", "display", "expected an object, found %s",
                     type_name(object));
    }
    json_object_foreach((json_t *)object, name, value)
    {
        if (!read_list(source, name, value, out)) {
            return false;
        }
    }
    return true;
}

static bool read_limit(struct source *source, const char *name, const json_t *value,
                       struct config_document *out)
{
    char place[80];
    snprintf(place, sizeof place, "quality_limits.%.60s", name);
    for (size_t i = 0; i < quality_limit_rows_length; i++) {
        const struct quality_limit_row *row = &quality_limit_rows[i];
        if (strcmp(row->name, name) != 0) {
            continue;
        }
        char text[40] = "";
        if (json_is_integer(value)) {
            snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        } else if (json_is_real(value)) {
            snprintf(text, sizeof text, "%.*f", row->decimals, json_real_value(value));
        }
        if (!quality_limit_steps(text, row->decimals, &out->limit[i])) {
            return fault(source, name, place, "expected a number of %s, found %s", row->unit,
                         text[0] != '\0' ? text : type_name(value));
        }
        out->has_limit |= 1u << i;
        return true;
    }
    return fault(source, name, "quality_limits",
                 "expected a limit that metertool quality limits lists, found '%.60s'", name);
}

static bool read_limits(struct source *source, const json_t *object, struct config_document *out)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        return fault(source, "quality_limits", "quality_limits", "expected an object, found %s",
                     type_name(object));
    }
    json_object_foreach((json_t *)object, name, value)
    {
        if (!read_limit(source, name, value, out)) {
            return false;
        }
    }
    return true;
}

static bool plan_text(struct source *source, const char *text, size_t n, const char *place,
                      struct config_document *out)
{
    struct tariff_plan plan;
    struct tariff_text_error error;
    if (tariff_text_parse(text, n, &plan, &error) != 0) {
        return fault(source, "tariff_plan", place, "line %u, column %u of the plan: %s", error.line,
                     error.column, error.text);
    }
    struct writer w = writer_over(out->plan, sizeof out->plan);
    tariff_plan_write(&w, &plan);
    out->n_plan = writer_length(&w);
    out->has_plan = true;
    return true;
}

/** Beside the document, unless the name begins with a slash. */
static bool plan_file(struct source *source, const char *name, struct config_document *out)
{
    static char text[FILE_MAX];
    char path[1024];
    const char *slash = strrchr(source->path, '/');
    const int folder = slash != NULL && name[0] != '/' ? (int)(slash - source->path) + 1 : 0;
    snprintf(path, sizeof path, "%.*s%s", folder, source->path, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return fault(source, "tariff_plan", "tariff_plan.file", "%s: %s", path, strerror(errno));
    }
    const size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    return plan_text(source, text, n, path, out);
}

static bool read_plan(struct source *source, const json_t *value, struct config_document *out)
{
    static char text[FILE_MAX];
    const char *file = json_string_value(json_object_get(value, "file"));
    size_t n = 0;
    if (json_is_null(value)) {
        out->has_plan = true;
        return true;
    }
    if (json_is_object(value) && file != NULL && json_object_size(value) == 1) {
        return plan_file(source, file, out);
    }
    if (!json_is_array(value)) {
        return fault(source, "tariff_plan", "tariff_plan",
                     "expected a list of lines, {\"file\": NAME} or null, found %s",
                     type_name(value));
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *line = json_string_value(json_array_get(value, i));
        if (line == NULL || n + strlen(line) + 1 >= sizeof text) {
            return fault(source, "tariff_plan", "tariff_plan",
                         "line %zu: expected a text, found %s", i + 1,
                         type_name(json_array_get(value, i)));
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", line);
    }
    return plan_text(source, text, n, "tariff_plan", out);
}

static bool read_analysis(struct source *source, const json_t *object, struct config_document *out)
{
    struct config_analysis *analysis = &out->analysis;
    const json_t *on = json_object_get(object, "on");
    const json_t *interval = json_object_get(object, "interval_min");
    const json_t *records = json_object_get(object, "profile_records");
    const json_t *values = json_object_get(object, "values");
    const bool kept_given = json_is_true(on) || records != NULL;
    if (!json_is_boolean(on) || !json_is_integer(interval) || !json_is_array(values) ||
        (kept_given && !json_is_integer(records)) ||
        json_object_size(object) != (kept_given ? 4 : 3)) {
        return fault(source, "analysis", "analysis",
                     "expected on (true or false), interval_min and profile_records (numbers; "
                     "without it while off), values (a list of readings), and nothing else");
    }
    const json_int_t minutes = json_integer_value(interval), kept = json_integer_value(records);
    if ((minutes != 5 && minutes != 15 && minutes != 30 && minutes != 60) || kept < 0 ||
        kept > 65535) {
        return fault(source, "analysis", "analysis",
                     "expected interval_min 5, 15, 30 or 60, and profile_records up to 65535");
    }
    analysis->has = true;
    analysis->on = json_is_true(on);
    analysis->interval_min = (uint32_t)minutes;
    analysis->profile_records = (uint32_t)kept;
    return read_readings(source, "values", "analysis.values", values, analysis->value,
                         ANALYSIS_VALUES, &analysis->n);
}

static const struct {
    const char *name;
    bool (*read)(struct source *source, const json_t *value, struct config_document *out);
} parts[] = {
    {"order_number", read_order},    {"settings", read_settings}, {"display", read_display},
    {"quality_limits", read_limits}, {"tariff_plan", read_plan},  {"analysis", read_analysis},
};
#define N_PARTS (sizeof parts / sizeof parts[0])

static bool read_part(struct source *source, const char *name, const json_t *value,
                      struct config_document *out)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            return parts[i].read(source, value, out);
        }
    }
    return strcmp(name, "format") == 0 ||
           fault(source, name, "",
                 "expected format, order_number, settings, display, quality_limits, tariff_plan or "
                 "analysis, found '%.60s'",
                 name);
}

static bool read_root(struct source *source, const json_t *root, struct config_document *out)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *name;
    json_t *value;
    if (format == NULL || strcmp(format, CONFIG_FORMAT) != 0) {
        return fault(source, "format", "format", "expected \"" CONFIG_FORMAT "\", found %s%.60s%s",
                     format != NULL ? "'" : "", format != NULL ? format : "nothing like it",
                     format != NULL ? "'" : "");
    }
    json_object_foreach((json_t *)root, name, value)
    {
        if (!read_part(source, name, value, out)) {
            return false;
        }
    }
    return true;
}

static bool read_file(struct source *source)
{
    FILE *file = strcmp(source->path, "-") == 0 ? stdin : fopen(source->path, "r");
    if (file == NULL) {
        snprintf(source->error, source->n_error, "%s: %s", source->path, strerror(errno));
        return false;
    }
    const size_t n = fread(source->text, 1, sizeof source->text - 1, file);
    const bool failed = ferror(file) != 0, more = n == sizeof source->text - 1;
    if (file != stdin) {
        fclose(file);
    }
    source->text[n] = '\0';
    if (failed || more || strlen(source->text) != n) {
        snprintf(source->error, source->n_error, "%s: %s", source->path,
                 failed ? "cannot be read" : "expected less than 256 KiB of text");
        return false;
    }
    return true;
}

bool config_document_read(const char *path, struct config_document *document, char *error,
                          size_t n_error)
{
    static struct source source;
    json_error_t json_error;
    source.path = path;
    source.lines = &document->lines;
    source.error = error;
    source.n_error = n_error;
    memset(document, 0, sizeof *document);
    if (!read_file(&source)) {
        return false;
    }
    json_t *root = json_loads(source.text, JSON_REJECT_DUPLICATES, &json_error);
    if (root == NULL) {
        snprintf(error, n_error, "%s:%d:%d: %s", path, json_error.line, json_error.column,
                 json_error.text);
        return false;
    }
    document->path = path;
    config_lines_read(source.text, &document->lines);
    const bool good = json_is_object(root)
                          ? read_root(&source, root, document)
                          : fault(&source, "", "", "expected an object, found %s", type_name(root));
    json_decref(root);
    return good;
}
