#include "wmbus_options.h"

#include <string.h>

#define INTERVAL_MIN_S 2
#define INTERVAL_MAX_S 86400
#define POWER_MIN_DBM  (-30)
#define POWER_MAX_DBM  30

/* One member of the list. */
struct member {
    const char *name, *value;
    size_t n_name, n_value;
};

/* @return where the next one begins; NULL: it has no "=" */
static const char *member_at(const char *text, struct member *member)
{
    const size_t length = strcspn(text, ","), n_name = strcspn(text, "=");
    if (n_name >= length) {
        return NULL;
    }
    *member = (struct member){.name = text,
                              .n_name = n_name,
                              .value = text + n_name + 1u,
                              .n_value = length - n_name - 1u};
    return text + length + (text[length] == ',');
}

static bool is(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* A whole number from least to most.  @return false: it is none */
static bool number_of(const struct member *member, int least, int most, int *number)
{
    const bool negative = member->n_value > 0 && member->value[0] == '-';
    const size_t digits = negative ? 1u : 0u;
    if (member->n_value <= digits || member->n_value > digits + 5u) {
        return false;
    }
    *number = 0;
    for (size_t i = digits; i < member->n_value; i++) {
        if (member->value[i] < '0' || member->value[i] > '9') {
            return false;
        }
        *number = *number * 10 + (member->value[i] - '0');
    }
    *number = negative ? -*number : *number;
    return *number >= least && *number <= most;
}

static bool take_kind(const struct member *member, struct wmbus_options *out)
{
    for (unsigned kind = 0; kind < WMBUS_MODULE_KINDS; kind++) {
        if (is(member->value, member->n_value, wmbus_module_kind_name(kind))) {
            out->setup = wmbus_module_usual((enum wmbus_module_kind)kind);
            return true;
        }
    }
    return false;
}

/* One of two words.  @return 0, 1; -1: neither */
static int choice_of(const struct member *member, const char *first, const char *second)
{
    if (is(member->value, member->n_value, first)) {
        return 0;
    }
    return is(member->value, member->n_value, second) ? 1 : -1;
}

static const char *take(const struct member *member, struct wmbus_options *out)
{
    int number;
    if (is(member->name, member->n_name, "kind")) {
        return take_kind(member, out) ? NULL : "kind=382|open|omnipower|mode5|mode7";
    }
    if (is(member->name, member->n_name, "mode")) {
        number = choice_of(member, "t1", "c1");
        out->setup.mode = number == 0 ? WMBUS_T1 : WMBUS_C1;
        out->setup.format = number == 0 ? WMBUS_FORMAT_A : out->setup.format;
        return number < 0 ? "mode=t1|c1" : NULL;
    }
    if (is(member->name, member->n_name, "format")) {
        number = choice_of(member, "a", "b");
        out->setup.format = number == 0 ? WMBUS_FORMAT_A : WMBUS_FORMAT_B;
        return number < 0 ? "format=a|b" : NULL;
    }
    if (is(member->name, member->n_name, "interval")) {
        if (!number_of(member, INTERVAL_MIN_S, INTERVAL_MAX_S, &number)) {
            return "interval=SECONDS, 2 to 86400";
        }
        out->setup.interval_ms = (uint32_t)number * 1000u;
        return NULL;
    }
    if (is(member->name, member->n_name, "power")) {
        if (!number_of(member, POWER_MIN_DBM, POWER_MAX_DBM, &number)) {
            return "power=DBM, -30 to 30";
        }
        out->power_dbm = (int8_t)number;
        return NULL;
    }
    return WMBUS_OPTIONS_HELP;
}

const char *wmbus_options_read(const char *text, struct wmbus_options *out)
{
    struct member member;
    *out = (struct wmbus_options){.setup = wmbus_module_usual(WMBUS_MODULE_382),
                                  .power_dbm = WMBUS_OPTIONS_POWER_DBM};
    /* The kind sets all others, so it comes first wherever it stands. */
    for (unsigned round = 0; round < 2u; round++) {
        for (const char *at = text; *at != '\0';) {
            at = member_at(at, &member);
            if (at == NULL) {
                return WMBUS_OPTIONS_HELP;
            }
            const bool kind = is(member.name, member.n_name, "kind");
            const char *expected = kind == (round == 0) ? take(&member, out) : NULL;
            if (expected != NULL) {
                return expected;
            }
        }
    }
    return out->setup.mode == WMBUS_T1 && out->setup.format == WMBUS_FORMAT_B
               ? "format=a with mode=t1, which has no other"
               : NULL;
}

bool wmbus_options_need_key(const char *text)
{
    struct wmbus_options options;
    return wmbus_options_read(text, &options) == NULL && wmbus_module_needs_key(options.setup.kind);
}
