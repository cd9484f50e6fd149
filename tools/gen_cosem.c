/* Prints the COSEM objects as Markdown from the table that the server uses. */
#include "gen_cosem.h"

#include <stdio.h>

#include "app/cosem/cosem_access.h"
#include "app/cosem/cosem_prepay.h"
#include "app/registers/register_table.h"
#include "app/settings/setting_table.h"
#include "app/tamper/tamper.h"
#include "app/variant/variant.h"

#define OF_PHASES(value, text)                                                                     \
    [value] = text " L1", [(value) + 1] = text " L2", [(value) + 2] = text " L3"

static const char *const values[COSEM_VALUES] = {
    [COSEM_METER_NUMBER_LOW] = "Meter number 1, five octets",
    [COSEM_FIRMWARE] = "Software number and revision",
    [COSEM_FIRMWARE_CHECK] = "Checksum of the legal program",
    [COSEM_BILLING_STOP] = "1 ends the debiting period",
    [COSEM_WORKING_DAYS] = "Working days of the tariff plan (bit 0 Monday)",
    [COSEM_DEVICE_NAME] = "Name of the logical device",
    [COSEM_SERIAL_TEXT] = "Serial number, eight digits",
    [COSEM_TYPE_TEXT] = "Order number",
    [COSEM_METER_NUMBER_TEXT] = "Meter number 1, eight digits",
    [COSEM_CHANGES] = "Records of the audit log so far",
    [COSEM_CHANGE_TIME] = "Time of the newest of them",
    [COSEM_PULSES] = "Pulses of LED and S0",
    [COSEM_RATIO] = "Transformer ratio (none: 1)",
    [COSEM_NOMINAL_VOLTAGE] = "Nominal voltage",
    [COSEM_BASIC_CURRENT] = "Basic current",
    [COSEM_NOMINAL_FREQUENCY] = "Nominal frequency",
    [COSEM_MAX_CURRENT] = "Maximum current",
    [COSEM_INTEGRATION] = "Integration period, also of the load profile",
    [COSEM_ANALYSIS_INTERVAL] = "Interval of the analysis logger",
    [COSEM_LOCAL_TIME] = "Local time, four octets",
    [COSEM_LOCAL_DATE] = "Local date, five octets",
    [COSEM_DEBITING_TIME] = "End of the last debiting period",
    [COSEM_STATUS_LOAD] = "Status of the load profile's interval under way",
    [COSEM_STATUS_ANALYSIS] = "Status of the analysis logger's interval under way",
    [COSEM_TAMPER_COUNT + TAMPER_MAGNET] = "Magnets held to the meter",
    [COSEM_TAMPER_COUNT + TAMPER_COVER] = "Openings of the meter cover",
    [COSEM_TAMPER_COUNT + TAMPER_TERMINAL] = "Openings of the terminal cover",
    [COSEM_TAMPER_TIME + TAMPER_MAGNET] = "Time of the last magnet",
    [COSEM_TAMPER_TIME + TAMPER_COVER] = "Time of the last opening of the meter cover",
    [COSEM_TAMPER_TIME + TAMPER_TERMINAL] = "Time of the last opening of the terminal cover",
    [COSEM_EVENT_STANDARD] = "Newest event of the standard event log",
    [COSEM_EVENT_FRAUD] = "Newest event of the fraud detection log",
    [COSEM_EVENT_DISCONNECT] = "Newest event of the disconnector log",
    [COSEM_FAILURES_ALL] = "Power failures of all phases at once",
    [COSEM_FAILURES_ANY] = "Power failures of one or more phases",
    [COSEM_FAILURES_LONG] = "Long ones among these",
    [COSEM_LAST_FAILURE] = "Duration of the last long power failure",
    [COSEM_LONG_FAILURE] = "A longer power failure is long",
    OF_PHASES(COSEM_FAILURES_PHASE, "Power failures"),
    OF_PHASES(COSEM_SAGS, "Sags"),
    OF_PHASES(COSEM_SAG_DURATION, "Duration of the last sag"),
    OF_PHASES(COSEM_SAG_LEVEL, "Lowest voltage of the last sag"),
    OF_PHASES(COSEM_SWELLS, "Swells"),
    OF_PHASES(COSEM_SWELL_DURATION, "Duration of the last swell"),
    OF_PHASES(COSEM_SWELL_LEVEL, "Highest voltage of the last swell"),
    [COSEM_SAG_VOLTAGE] = "Sag (dip) below",
    [COSEM_SWELL_VOLTAGE] = "Swell above",
    [COSEM_SAG_TIME] = "Least duration of a sag or swell (0: any)",
    [COSEM_COUNTER] = "Invocation counter of the unicast key",
};

static const char *const profiles[COSEM_PROFILES] = {
    [COSEM_PROFILE_DEBITING] = "Debiting log 1",
    [COSEM_PROFILE_DEBITING_2] = "Debiting log 2",
    [COSEM_PROFILE_LOAD] = "Load profile",
    [COSEM_PROFILE_ANALYSIS] = "Analysis logger",
    [COSEM_PROFILE_STATUS] = "Status log",
    [COSEM_PROFILE_CLOCK] = "Clock log",
    [COSEM_PROFILE_VOLTAGE] = "Voltage quality log",
    [COSEM_PROFILE_LOAD_EVENTS] = "Log of load-profile events",
    [COSEM_PROFILE_NEUTRAL] = "Log of neutral faults",
    [COSEM_PROFILE_CUT_OFF] = "Cut-off log",
    [COSEM_PROFILE_FIRMWARE] = "Log of firmware taken",
    [COSEM_PROFILE_FIRMWARE_FAILED] = "Log of firmware refused",
    [COSEM_PROFILE_DISCONNECTOR] = "Disconnector log",
    [COSEM_PROFILE_STANDARD] = "Standard event log",
    [COSEM_PROFILE_FRAUD] = "Fraud detection log",
    [COSEM_PROFILE_POWER] = "Log of long power failures",
};

static const char *const associations[COSEM_ROLES + 1] = {
    [0] = "Current association",
    [COSEM_PUBLIC + 1] = "Association of the public client, 16",
    [COSEM_CONSUMER + 1] = "Association of the consumer port, 20",
    [COSEM_OPTICAL + 1] = "Association of the optical client, 19",
    [COSEM_MODULE + 1] = "Association of the module, 18",
    [COSEM_MANAGEMENT + 1] = "Association of management, 1",
};

static const char *const scripts[] = {
    [COSEM_SCRIPT_DEBITING] = "Script: end of the debiting period",
    [COSEM_SCRIPT_BREAKER] = "Scripts: disconnect, reconnect",
    [COSEM_SCRIPT_TARIFF] = "Scripts: tariffs",
};

static const char *name_of(const struct cosem_row *row)
{
    switch (row->source) {
    case COSEM_REGISTER: return register_by_kmp_id(row->object.index)->name;
    case COSEM_SETTING: return setting_by_id(row->object.index)->text;
    case COSEM_VALUE: return values[row->object.index];
    case COSEM_CLOCK: return "Clock";
    case COSEM_ASSOCIATION: return associations[row->object.index];
    case COSEM_SAP: return "Logical devices";
    case COSEM_HDLC: return "HDLC set-up";
    case COSEM_SCRIPT: return scripts[row->object.index];
    case COSEM_SCHEDULE: return "Dates of the debiting stops";
    case COSEM_CALENDAR: return "Activity calendar: tariff plan";
    case COSEM_BREAKER: return "Disconnect control";
    case COSEM_LIMITER: return "Limiter: first limit of Smart Disconnect";
    case COSEM_MONITOR: return "Register monitor: power threshold";
    case COSEM_PUSH: return "Push set-up";
    case COSEM_IMAGE: return "Image transfer";
    case COSEM_ACCOUNT: return "Account of prepayment";
    case COSEM_CREDIT:
        return row->object.index == COSEM_CREDIT_TOKEN ? "Credit: what was loaded"
                                                       : "Credit: what is used beyond it";
    case COSEM_CHARGE: return "Charge: consumption";
    case COSEM_GATEWAY: return "Token gateway";
    case COSEM_SECURITY: return "Security set-up";
    case COSEM_DAYS: return "Special days of the tariff plan";
    default: return profiles[row->object.index];
    }
}

static const char *type_name(uint8_t type)
{
    switch (type) {
    case DLMS_UINT8: return "unsigned";
    case DLMS_UINT16: return "long-unsigned";
    case DLMS_UINT32: return "double-long-unsigned";
    case DLMS_INT16: return "long";
    case DLMS_INT32: return "double-long";
    case DLMS_OCTETS: return "octet-string";
    case DLMS_VISIBLE: return "visible-string";
    default: return "";
    }
}

/* The attribute that the rights are about: capture period of loggers, else the value. */
static const char *mode_name(const struct cosem_row *row, enum cosem_role role)
{
    static const char *const names[] = {"", "R", "W", "RW"};
    const int8_t attribute = row->object.class_id == 7 ? 4 : 2;
    return cosem_sees(role, row)
               ? names[cosem_access(role, row, DLMS_ATTRIBUTE, attribute) & DLMS_MODE_RW]
               : "";
}

static bool fits(const char *variant_name, const struct cosem_row *row)
{
    struct variant variant;
    return variant_by_name(variant_name, &variant) == 0 && cosem_row_fits(&variant, row);
}

static void print_row(const struct cosem_row *row)
{
    static const char *const variants[] = {"382M", "382MB", "162M", "382LxF"};
    const uint8_t *o = row->object.obis;
    printf("| %u.%u.%u.%u.%u.%u | %u | %s | %s |", o[0], o[1], o[2], o[3], o[4], o[5],
           (unsigned)row->object.class_id, name_of(row), type_name(row->type));
    for (unsigned role = COSEM_PUBLIC; role < COSEM_ROLES; role++) {
        printf(" %s |", mode_name(row, (enum cosem_role)role));
    }
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        printf(" %s |", fits(variants[i], row) ? "yes" : "");
    }
    printf("\n");
}

static void print_part(const char *title, bool house)
{
    size_t n = 0;
    for (size_t i = 0; i < cosem_table_length; i++) {
        n += (cosem_table[i].object.access_set >= SET_HOUSE) == house ? 1u : 0u;
    }
    printf("\n## %s: %zu objects\n\n", title, n);
    printf("| OBIS | class | what | type of the value | 16 | 20 | 19 | 18 | 1 | 382M | 382MB | "
           "162M | 382L "
           "|\n|:--|--:|:--|:--|:--|:--|:--|:--|:--|:--|:--|:--|:--|\n");
    for (size_t i = 0; i < cosem_table_length; i++) {
        if ((cosem_table[i].object.access_set >= SET_HOUSE) == house) {
            print_row(&cosem_table[i]);
        }
    }
}

void print_cosem(void)
{
    printf("# COSEM objects\n\n"
           "Printed by `tools/gen_registers.c` from `app/cosem/cosem_table.c`; do not edit.\n"
           "Value, unit and scaler of a register are those of [registers.md](registers.md); a "
           "register that a\nvariant does not have has no object. Columns 16 to 1: what the "
           "client with that number may do with the value\n(clock: the time; loggers: the capture "
           "period); empty: it does not see the object. 382M, 382MB (with breaker), 162M and 382L "
           "as\ndelivered with "
           "four energies. How the objects behave, and which of the 382M's are not here yet: "
           "[dlms-meter.md](dlms-meter.md).\n");
    print_part("The 382M's own list", false);
    print_part("Household list, client 1 only", true);
}
