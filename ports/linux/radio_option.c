#include "radio_option.h"

#include <stdlib.h>
#include <string.h>

static const char expected[] = "udp:GROUP:PORT or unix:FOLDER, then "
                               ",kind=382|open|omnipower|mode5|mode7 ,mode=t1|c1 ,format=a|b "
                               ",interval=SECONDS (2 to 86400) ,power=DBM (-30 to 30)";

static bool take_kind(const char *name, struct wmbus_module_setup *setup)
{
    for (unsigned kind = 0; kind < WMBUS_MODULE_KINDS; kind++) {
        if (strcmp(name, wmbus_module_kind_name(kind)) == 0) {
            *setup = wmbus_module_usual((enum wmbus_module_kind)kind);
            return true;
        }
    }
    return false;
}

static bool take_number(const char *text, long least, long most, long *number)
{
    char *end;
    *number = strtol(text, &end, 10);
    return end != text && *end == '\0' && *number >= least && *number <= most;
}

/* One member, "name=value". */
static bool take_member(const char *member, struct radio_option *out)
{
    long number;
    const char *value = strchr(member, '=');
    if (value == NULL) {
        return false;
    }
    value++;
    if (strncmp(member, "kind=", 5) == 0) {
        return true; /* was taken before the others, which change it */
    }
    if (strcmp(member, "mode=t1") == 0 || strcmp(member, "mode=c1") == 0) {
        out->setup.mode = value[0] == 't' ? WMBUS_T1 : WMBUS_C1;
        out->setup.format = value[0] == 't' ? WMBUS_FORMAT_A : out->setup.format;
        return true;
    }
    if (strcmp(member, "format=a") == 0 || strcmp(member, "format=b") == 0) {
        out->setup.format = value[0] == 'a' ? WMBUS_FORMAT_A : WMBUS_FORMAT_B;
        return true;
    }
    if (strncmp(member, "interval=", 9) == 0 &&
        take_number(value, RADIO_INTERVAL_MIN_S, RADIO_INTERVAL_MAX_S, &number)) {
        out->setup.interval_ms = (uint32_t)number * 1000u;
        return true;
    }
    if (strncmp(member, "power=", 6) == 0 && take_number(value, -30, 30, &number)) {
        out->power_dbm = (int8_t)number;
        return true;
    }
    return false;
}

int radio_option_parse(const char *option, const char *text, struct radio_option *out,
                       struct problem *problem)
{
    char copy[256], error[RADIO_MEDIUM_ERROR_MAX];
    const size_t n_text = strlen(text), n_medium = strcspn(text, ",");
    *out = (struct radio_option){.setup = wmbus_module_usual(WMBUS_MODULE_382),
                                 .power_dbm = RADIO_POWER_USUAL_DBM};
    if (n_text >= sizeof copy || n_medium >= sizeof out->medium) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: expected %s", option, expected);
    }
    memcpy(out->medium, text, n_medium);
    if (radio_address_parse(out->medium, &out->address, error) != HOST_OK) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: %s", option, error);
    }
    (void)strcpy(copy, text);
    const char *kind = strstr(copy, ",kind=");
    if (kind != NULL) {
        char name[16] = "";
        (void)strncat(name, kind + 6, strcspn(kind + 6, ",") % sizeof name);
        if (!take_kind(name, &out->setup)) {
            return problem_set(problem, EXIT_BAD_INPUT, "--%s: expected %s, found 'kind=%s'",
                               option, expected, name);
        }
    }
    char *rest = NULL;
    (void)strtok_r(copy, ",", &rest);
    for (const char *member; (member = strtok_r(NULL, ",", &rest)) != NULL;) {
        if (!take_member(member, out)) {
            return problem_set(problem, EXIT_BAD_INPUT, "--%s: expected %s, found '%.100s'", option,
                               expected, member);
        }
    }
    if (out->setup.mode == WMBUS_T1 && out->setup.format == WMBUS_FORMAT_B) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--%s: expected format=a with mode=t1, which has no other", option);
    }
    return 0;
}
