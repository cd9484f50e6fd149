#include "calibrate_show.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calibrate_report.h"

bool calibrate_is_calibrated(const struct kmp_calibration_snapshot *meter)
{
    bool all = meter->systems > 0;
    for (unsigned s = 0; s < meter->systems; s++) {
        all = all && (meter->system[s].flags & KMP_CALIBRATION_CALIBRATED) != 0;
    }
    return all;
}

void calibrate_state_text(const struct kmp_calibration_snapshot *meter, char *text, size_t n_text)
{
    (void)snprintf(text, n_text, "%s, seal %s",
                   calibrate_is_calibrated(meter) ? "calibrated" : "not calibrated",
                   meter->seal_open ? "open" : "closed");
}

static const char *event_text(uint8_t what)
{
    static const char *const texts[] = {
        [KMP_CALIBRATION_EVENT_REPLACED] = "constants replaced",
        [KMP_CALIBRATION_EVENT_SEAL_OPENED] = "seal opened",
        [KMP_CALIBRATION_EVENT_SEAL_CLOSED] = "seal closed",
        [KMP_CALIBRATION_EVENT_REFUSED] = "change refused, seal closed",
        [KMP_CALIBRATION_EVENT_SOFTWARE] = "another program",
        [KMP_CALIBRATION_EVENT_FOUND] = "found other constants than were written",
    };
    return what < sizeof texts / sizeof texts[0] && texts[what] != NULL ? texts[what] : "unknown";
}

static void time_text(const struct kmp_calibration_entry *entry, char *text, size_t n_text)
{
    const time_t at = (time_t)entry->utc_s;
    struct tm parts;
    if (!entry->time_valid || gmtime_r(&at, &parts) == NULL ||
        strftime(text, n_text, "%Y-%m-%d %H:%M:%SZ", &parts) == 0) {
        (void)snprintf(text, n_text, "?");
    }
}

static void entry_print(const struct kmp_calibration_entry *entry, uint32_t asked)
{
    char when[40];
    if (entry->number == 0) {
        printf("%4u  %-20s  nothing: the supply was cut while it was written\n", (unsigned)asked,
               "?");
        return;
    }
    time_text(entry, when, sizeof when);
    printf("%4u  %-20s  %s%s", (unsigned)entry->number, when, event_text(entry->what),
           entry->applied ? "" : " (never in force)");
    if (entry->what == KMP_CALIBRATION_EVENT_FOUND && entry->lost) {
        printf(", none was good: nominal ones are in force");
    }
    if (entry->what == KMP_CALIBRATION_EVENT_REPLACED ||
        entry->what == KMP_CALIBRATION_EVENT_FOUND) {
        printf(", %08X -> %08X, write %u", (unsigned)entry->old_crc, (unsigned)entry->new_crc,
               (unsigned)entry->writes);
    } else if (entry->what == KMP_CALIBRATION_EVENT_REFUSED) {
        printf(", %u so far", (unsigned)entry->refused);
    } else if (entry->what == KMP_CALIBRATION_EVENT_SOFTWARE) {
        printf(" %u, %08X", (unsigned)entry->software, (unsigned)entry->program_crc);
    }
    putchar('\n');
}

static json_t *entry_json(const struct kmp_calibration_entry *entry)
{
    char when[40], old_crc[12], new_crc[12], program[12];
    time_text(entry, when, sizeof when);
    (void)snprintf(old_crc, sizeof old_crc, "%08X", (unsigned)entry->old_crc);
    (void)snprintf(new_crc, sizeof new_crc, "%08X", (unsigned)entry->new_crc);
    (void)snprintf(program, sizeof program, "%08X", (unsigned)entry->program_crc);
    json_t *systems = json_array();
    for (unsigned s = 0; s < KMP_CALIBRATION_SYSTEMS; s++) {
        if ((entry->systems >> s & 1u) != 0) {
            json_array_append_new(systems, json_integer((json_int_t)s + 1));
        }
    }
    return json_pack(
        "{s:I, s:s, s:o, s:b, s:b, s:b, s:o?, s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:I}", "number",
        (json_int_t)entry->number, "event", event_text(entry->what), "systems", systems, "applied",
        entry->applied, "constants_lost", entry->lost, "seal_open", entry->seal_open, "time",
        entry->time_valid ? json_string(when) : json_null(), "old_crc", old_crc, "new_crc", new_crc,
        "writes", (json_int_t)entry->writes, "refused", (json_int_t)entry->refused, "software",
        (json_int_t)entry->software, "program", program, "starts", (json_int_t)entry->starts,
        "operating_s", (json_int_t)entry->operating_s);
}

static enum tool_exit failed(const struct tool *tool, enum calibrate_err err)
{
    char text[500];
    calibrate_err_text(tool, err, NULL, text, sizeof text);
    tool_complain("%s", text);
    return EXIT_METER;
}

static void show_json(const struct kmp_calibration_snapshot *meter,
                      const struct kmp_calibration_constants *constants, json_t *trail)
{
    json_t *systems = json_array();
    for (unsigned s = 0; s < meter->systems; s++) {
        struct calibration_constants known;
        calibrate_constants(&constants[s], &known);
        json_t *one = calibrate_constants_json(&known);
        json_object_set_new(one, "system", json_integer((json_int_t)s + 1));
        json_object_set_new(one, "calibrated", json_boolean(constants[s].calibrated));
        json_array_append_new(systems, one);
    }
    json_t *all = json_pack("{s:b, s:b, s:I, s:I, s:o, s:o}", "calibrated",
                            calibrate_is_calibrated(meter), "seal_open", meter->seal_open, "writes",
                            (json_int_t)meter->writes, "changes_left",
                            (json_int_t)meter->n_changes_left, "systems", systems, "trail", trail);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static void show_table(const struct kmp_calibration_snapshot *meter,
                       const struct kmp_calibration_constants *constants)
{
    struct calibration_constants known[CALIBRATION_SYSTEMS];
    char state[60];
    for (unsigned s = 0; s < meter->systems; s++) {
        calibrate_constants(&constants[s], &known[s]);
    }
    calibrate_state_text(meter, state, sizeof state);
    printf("%c%s; constants written %u times\n\n", state[0] == 'c' ? 'C' : 'N', state + 1,
           (unsigned)meter->writes);
    calibrate_constants_print(stdout, known, meter->systems);
    printf("\nAudit trail: %u entries, room for %u more changes\n", (unsigned)meter->n_entries,
           (unsigned)meter->n_changes_left);
}

enum tool_exit calibrate_show(struct tool *tool, const struct kmp_calibration_snapshot *meter)
{
    const bool json = tool->options.format == FORMAT_JSON;
    struct kmp_calibration_constants constants[KMP_CALIBRATION_SYSTEMS];
    for (unsigned s = 0; s < meter->systems; s++) {
        const enum calibrate_err err = calibrate_read(tool, (uint8_t)(s + 1u), &constants[s]);
        if (err != CALIBRATE_OK) {
            return failed(tool, err);
        }
    }
    json_t *trail = json_array();
    if (!json) {
        show_table(meter, constants);
    }
    for (uint32_t number = 1; number <= meter->n_entries; number++) {
        struct kmp_calibration_entry entry;
        const enum calibrate_err err = calibrate_entry(tool, number, &entry);
        if (err != CALIBRATE_OK) {
            json_decref(trail);
            return failed(tool, err);
        }
        if (json && entry.number != 0) {
            json_array_append_new(trail, entry_json(&entry));
        } else if (!json) {
            entry_print(&entry, number);
        }
    }
    if (json) {
        show_json(meter, constants, trail);
    } else {
        json_decref(trail);
    }
    return EXIT_GOOD;
}
