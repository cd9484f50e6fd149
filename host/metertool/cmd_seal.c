/* metertool seal: the two seals, and what the verification seal locks. */
#include <jansson.h>

#include "../../app/settings/setting_table.h"
#include "../../proto/kmp/kmp_calibration.h"
#include "commands.h"
#include "config_meter.h"

#define TAMPER_WORD      0xF900u
#define UTILITY_SEAL_BIT 11

static enum tool_exit look(struct tool *tool, struct kmp_calibration_snapshot *snapshot)
{
    uint8_t bytes[8];
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct kmp_calibration_ask ask = {.what = KMP_CALIBRATION_SNAPSHOT};
    kmp_calibration_ask_write(&w, &ask);
    struct reader r = config_ask(tool, KMP_CALIBRATION_LOOK, &w);
    if (r.failed) {
        return EXIT_METER;
    }
    if (kmp_calibration_snapshot_read(&r, snapshot) != KMP_OK) {
        tool_complain("seal: the meter's answer is not as it should be");
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static bool calibrated(const struct kmp_calibration_snapshot *snapshot)
{
    for (unsigned s = 0; s < snapshot->systems; s++) {
        if ((snapshot->system[s].flags & KMP_CALIBRATION_CALIBRATED) == 0) {
            return false;
        }
    }
    return true;
}

/* A meter that does not say has no utility seal that it knows of. */
static bool utility_broken(struct tool *tool, bool *known)
{
    const uint16_t id = TAMPER_WORD;
    struct kmp_value value;
    int64_t word = 0;
    int exponent = 0;
    *known = kmp_link_registers(&tool->kmp, &id, 1, &value) == 1 &&
             kmp_value_number(&value, &word, &exponent) == KMP_OK;
    return (word >> UTILITY_SEAL_BIT & 1) != 0;
}

static void print_text(struct tool *tool, const struct kmp_calibration_snapshot *snapshot)
{
    bool known = false;
    const bool broken = utility_broken(tool, &known);
    printf("Verification seal: %s\n", snapshot->seal_open ? "OPEN" : "closed");
    if (known) {
        printf("Utility seal: %s\n", broken ? "BROKEN with the terminal cover; renewed: metertool "
                                              "alarms clear tamper=11"
                                            : "closed, as far as the terminal cover tells");
    }
    printf("Calibration constants: %s; %s\n",
           calibrated(snapshot) ? "of this meter" : "none of its own",
           snapshot->seal_open ? "may be replaced while the seal is open, each time noted in the "
                                 "audit trail"
                               : "locked");
    printf("Audit trail: %lu entries, room for %lu more changes of constants\n",
           (unsigned long)snapshot->n_entries, (unsigned long)snapshot->n_changes_left);
    puts("Locked on every connection, whatever the seal, since they are set when a meter is made:\n"
         "  order-number          type, hardware, energies, tariffs");
    for (size_t row = 0; row < setting_table_length; row++) {
        if (setting_table[row].access == SETTING_LOCKED) {
            printf("  %-21s %s\n", setting_table[row].name, setting_table[row].text);
        }
    }
    puts("Never changed by anybody: energies registered, and the audit trail itself");
}

static void print_json(struct tool *tool, const struct kmp_calibration_snapshot *snapshot)
{
    bool known = false;
    const bool broken = utility_broken(tool, &known);
    json_t *locked = json_array();
    json_array_append_new(locked, json_string("order-number"));
    for (size_t row = 0; row < setting_table_length; row++) {
        if (setting_table[row].access == SETTING_LOCKED) {
            json_array_append_new(locked, json_string(setting_table[row].name));
        }
    }
    json_t *all = json_pack("{s:b, s:b, s:i, s:i, s:o}", "open", snapshot->seal_open, "calibrated",
                            calibrated(snapshot), "audit_entries", (int)snapshot->n_entries,
                            "audit_changes_left", (int)snapshot->n_changes_left, "locked", locked);
    json_object_set_new(all, "utility_seal_broken", known ? json_boolean(broken) : json_null());
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

enum tool_exit command_seal(struct tool *tool, int n_arguments, char **arguments)
{
    struct kmp_calibration_snapshot snapshot;
    if (n_arguments > 0 || tool->options.format == FORMAT_CSV) {
        tool_complain("seal takes no argument and prints text or JSON%s%s%s",
                      n_arguments > 0 ? ", found '" : "", n_arguments > 0 ? arguments[0] : "",
                      n_arguments > 0 ? "'" : "");
        return EXIT_USAGE;
    }
    const enum tool_exit result = look(tool, &snapshot);
    if (result == EXIT_GOOD && tool->options.format == FORMAT_JSON) {
        print_json(tool, &snapshot);
    } else if (result == EXIT_GOOD) {
        print_text(tool, &snapshot);
    }
    return result;
}
