/* metertool info: what kind of meter is this? */
#include <string.h>

#include "calibrate_show.h"
#include "commands.h"
#include "meter_type.h"
#include "output.h"

#define CID_GET_TYPE 0x01u
#define ID_SOFTWARE  1005
#define OUR_SOFTWARE "382" /* 38200101 and so on: LEGAL-CMD-16 */

/* In the order in which they are printed. */
static const uint16_t info_ids[] = {
    1001,                               /* serial number */
    1010,                               /* total meter number */
    1058,   1126,                       /* type number, short and complete */
    1005,   6031,   1083,               /* software number, revision, checksum */
    54,     55,     56,     1029, 1075, /* configurations */
    6002,                               /* energy format */
    1271,                               /* KMP address */
    1047,   1002,   1003,               /* clock */
    0xF100, 0xF101, 0xF102, /* calibration, seal, audit trail: of this project's meter */
    1004,                   /* hours */
};

static void print_row(size_t width, const char *name, const char *value, const char *unit)
{
    printf("%-*s  %s%s%s\n", (int)width, name, value, unit[0] != '\0' ? " " : "", unit);
}

/** Name for people; a code where there is none. */
static void row_name(const struct reading *reading, char *name, size_t n_name)
{
    reading_name(reading, name, n_name);
    if (name[0] == '\0') {
        snprintf(name, n_name, "%s", reading->code);
    }
}

/** Of the longest name. */
static size_t names_width(const struct readings *readings)
{
    size_t width = strlen("Identification");
    for (size_t i = 0; i < readings->length; i++) {
        char name[80];
        row_name(&readings->items[i], name, sizeof name);
        width = strlen(name) > width ? strlen(name) : width;
    }
    return width;
}

/** Revision letter as 5512-447 codes it: 1 = A .. 26 = Z, then AA. */
static void revision_text(const uint8_t *type, char *text, size_t n_text)
{
    unsigned letter = type[2];
    if (letter >= 1 && letter <= 26) {
        snprintf(text, n_text, "%c%u", (char)('A' + letter - 1), type[3]);
    } else if (letter > 26 && letter <= 52) {
        snprintf(text, n_text, "A%c%u", (char)('A' + letter - 27), type[3]);
    } else {
        snprintf(text, n_text, "%u.%u", letter, type[3]);
    }
}

/** GetType's four bytes; not all meters answer it.  @return false: no. */
static bool get_type(struct tool *tool, uint8_t type[4])
{
    int length = kmp_link_command(&tool->kmp, CID_GET_TYPE, NULL, 0);
    if (length < 6) {
        return false;
    }
    memcpy(type, tool->kmp.receiver.body + 2, 4);
    return true;
}

static void type_texts(const uint8_t type[4], char *name, size_t n_name, char *revision,
                       size_t n_revision)
{
    const char *known = meter_type_name(type[0], type[1]);
    snprintf(name, n_name, "%s (%02X %02X)", known != NULL ? known : "unknown", type[0], type[1]);
    revision_text(type, revision, n_revision);
}

/** What a meter of ours says about its calibration.  @return false: another meter, or none. */
static bool get_calibration(struct tool *tool, struct kmp_calibration_snapshot *out)
{
    bool ours = false;
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        ours = ours || (reading->kmp_id == ID_SOFTWARE &&
                        strncmp(reading->text, OUR_SOFTWARE, strlen(OUR_SOFTWARE)) == 0);
    }
    return ours && calibrate_look(tool, out) == CALIBRATE_OK;
}

static void print_kmp_table(const struct tool *tool, const uint8_t *type,
                            const struct kmp_calibration_snapshot *calibration)
{
    char name[80], revision[16];
    size_t width = names_width(&tool->readings);
    if (type != NULL) {
        type_texts(type, name, sizeof name, revision, sizeof revision);
        print_row(width, "Type", name, "");
        print_row(width, "Revision", revision, "");
    }
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        row_name(reading, name, sizeof name);
        print_row(width, name, reading->text, reading->unit);
    }
    if (calibration != NULL) {
        calibrate_state_text(calibration, name, sizeof name);
        print_row(width, "Calibration", name, "");
    }
}

static void print_kmp_json(const struct tool *tool, const uint8_t *type,
                           const struct kmp_calibration_snapshot *calibration)
{
    json_t *all = json_object();
    char name[60], revision[16];
    if (type != NULL) {
        type_texts(type, name, sizeof name, revision, sizeof revision);
        json_object_set_new(all, "type", json_string(name));
        json_object_set_new(all, "revision", json_string(revision));
    }
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        output_key(reading, name, sizeof name);
        json_object_set_new(all, name, output_json_reading(reading));
    }
    if (calibration != NULL) {
        json_object_set_new(all, "calibrated", json_boolean(calibrate_is_calibrated(calibration)));
        json_object_set_new(all, "seal_open", json_boolean(calibration->seal_open));
    }
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(all);
}

static enum tool_exit info_kmp(struct tool *tool)
{
    uint8_t type[4];
    for (size_t i = 0; i < sizeof info_ids / sizeof info_ids[0]; i++) {
        selection_add_id(&tool->selection, info_ids[i]);
    }
    enum tool_exit result = tool_read(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    const uint8_t *typed = get_type(tool, type) ? type : NULL;
    struct kmp_calibration_snapshot snapshot;
    const struct kmp_calibration_snapshot *calibration =
        get_calibration(tool, &snapshot) ? &snapshot : NULL;
    switch (tool->options.format) {
    case FORMAT_TABLE: print_kmp_table(tool, typed, calibration); break;
    case FORMAT_JSON: print_kmp_json(tool, typed, calibration); break;
    case FORMAT_CSV: output_csv(&tool->readings); break;
    }
    return EXIT_GOOD;
}

static enum tool_exit info_iec(struct tool *tool)
{
    enum tool_exit result = tool_read(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->options.format != FORMAT_TABLE) {
        output_readings(tool);
        return EXIT_GOOD;
    }
    size_t width = names_width(&tool->readings);
    print_row(width, "Identification", tool->iec.receiver.ident, "");
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        char name[80];
        row_name(reading, name, sizeof name);
        if (!reading->is_number) { /* numbers and clock; readings are for metertool read */
            print_row(width, name, reading->text, "");
        }
    }
    return EXIT_GOOD;
}

/* Names, numbers, firmware, clock: what says which meter it is, as far as this client may see it.
 */
static const char *const info_codes[] = {
    "0-0:42.0.0", "0.0.0",  "0.0.1",  "0.2.0",   "0.2.8",   "0.2.1",   "96.1.0",
    "96.1.1",     "96.1.2", "96.1.3", "96.1.10", "0.3.0",   "0.4.2",   "0.4.3",
    "1.0.0",      "96.8.0", "0.1.0",  "43.1.0",  "96.14.0", "96.10.1", "97.97.0",
};

static void show_info(const struct readings *readings, bool ciphered)
{
    const size_t width = names_width(readings);
    print_row(width, "Association", ciphered ? "ciphered" : "not ciphered", "");
    for (size_t i = 0; i < readings->length; i++) {
        char name[80];
        row_name(&readings->items[i], name, sizeof name);
        print_row(width, name, readings->items[i].text, readings->items[i].unit);
    }
}

static enum tool_exit info_dlms(struct tool *tool)
{
    for (size_t i = 0; i < sizeof info_codes / sizeof info_codes[0]; i++) {
        (void)selection_add(&tool->selection, info_codes[i]);
    }
    const enum tool_exit result = tool_read(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->options.format == FORMAT_TABLE) {
        show_info(&tool->readings, tool->dlms.client.settings.ciphered);
    } else {
        output_readings(tool);
    }
    return tool_report_nothing(tool) ? EXIT_UNKNOWN : EXIT_GOOD;
}

enum tool_exit command_info(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments > 0) {
        tool_complain("info takes no argument, but '%s' was given", arguments[0]);
        return EXIT_USAGE;
    }
    switch (tool->line.url.protocol) {
    case METER_KMP: return info_kmp(tool);
    case METER_DLMS: return info_dlms(tool);
    case METER_IEC:
    case METER_MBUS: break;
    }
    return info_iec(tool);
}
