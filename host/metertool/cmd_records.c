/* metertool profile, billing, debit: records of the meter's data loggers over KMP. */
#include <string.h>

#include "commands.h"
#include "dlms_profile.h"
#include "export_records.h"
#include "iec_records.h"

#define DEBITING_STOP 0x88u

static const struct record_kind kinds[] = {
    {"profile", 6, 6, {EXPORT_LOGGER_STATUS, EXPORT_DATA_QUALITY, 13, 14, 15, 16}},
    /* the items of a debiting stop, in the order of the data sheets; stamps of the peaks whole */
    {"billing 1", 1, 23, {1,    2,    3,    4,    19, 23,   27, 31, 21,   25,   29, 33,
                          1033, 1050, 1036, 1051, 39, 1049, 43, 47, 1004, 1040, 58}},
    {"billing 2", 8, 20, {1,  2,  3,  4,  19, 23, 27, 31, 20, 24,
                          28, 32, 21, 25, 29, 33, 22, 26, 30, 34}},
};

/* The word "export" may stand before what is exported. */
static int skip_export(int n_arguments, char ***arguments)
{
    if (n_arguments > 0 && strcmp((*arguments)[0], "export") == 0) {
        (*arguments)++;
        n_arguments--;
    }
    return n_arguments;
}

enum tool_exit command_profile(struct tool *tool, int n_arguments, char **arguments)
{
    static const struct profile_choice load = {"profile", 99, 1, 96};
    n_arguments = skip_export(n_arguments, &arguments);
    if (tool->line.url.protocol == METER_DLMS && n_arguments <= 1) {
        return dlms_profile_export(tool, &load, n_arguments > 0 ? arguments[0] : NULL);
    }
    if (n_arguments > 0) {
        tool_complain("profile '%s': expected nothing more", arguments[0]);
        return EXIT_USAGE;
    }
    return tool->line.url.protocol == METER_IEC ? iec_records_export(tool, "99.1.0", "profile")
                                                : export_records(tool, &kinds[0]);
}

enum tool_exit command_billing(struct tool *tool, int n_arguments, char **arguments)
{
    static const struct profile_choice debiting = {"billing", 98, 1, 255};
    n_arguments = skip_export(n_arguments, &arguments);
    if (tool->line.url.protocol == METER_DLMS && n_arguments <= 1) {
        return dlms_profile_export(tool, &debiting, n_arguments > 0 ? arguments[0] : NULL);
    }
    const char *which = n_arguments > 0 ? arguments[0] : "1";
    if (n_arguments > 1 || (strcmp(which, "1") != 0 && strcmp(which, "2") != 0)) {
        tool_complain("billing '%s': expected 1 or 2", which);
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol == METER_IEC) {
        return which[0] == '1' ? iec_records_export(tool, "98.1.0", "billing 1")
                               : iec_records_export(tool, "98.2.0", "billing 2");
    }
    return export_records(tool, &kinds[which[0] - '0']);
}

enum tool_exit command_debit(struct tool *tool, int n_arguments, char **arguments)
{
    (void)arguments;
    if (n_arguments > 0 || tool->line.url.protocol != METER_KMP) {
        tool_complain("debit: expected nothing more, and a meter that speaks KMP");
        return EXIT_USAGE;
    }
    const uint16_t serial = 1001;
    struct kmp_value value;
    if (kmp_link_registers(&tool->kmp, &serial, 1, &value) < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (kmp_link_act(&tool->kmp, DEBITING_STOP, NULL, 0) != HOST_OK) {
        tool_complain("the meter did not say that it ended the debiting period: read billing");
        return EXIT_METER;
    }
    puts("debiting period ended");
    return EXIT_GOOD;
}
