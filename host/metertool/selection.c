#include "selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NO_KMP_ID 0xFFFFu

/** The next place; what does not fit goes to the spare one at the end and is not counted. */
static struct selected *add(struct selection *selection)
{
    if (selection->length == SELECTION_MAX) {
        return &selection->items[SELECTION_MAX];
    }
    return &selection->items[selection->length++];
}

#define NAMED_CDE 0x1Cu

/** Its code for DLMS: medium and channel are not compared, as everywhere. */
static void name_obis(struct selected *selected, const struct register_def *def)
{
    static const uint8_t none[6] = {0};
    const bool has = def != NULL && memcmp(def->obis, none, sizeof none) != 0;
    memset(selected->obis, 0, sizeof selected->obis);
    selected->named = has ? NAMED_CDE : 0;
    if (has) {
        memcpy(selected->obis, def->obis, sizeof selected->obis);
    }
}

void selection_add_register(struct selection *selection, const struct register_def *def)
{
    struct selected *selected = add(selection);
    selected->def = def;
    selected->kmp_id = def->kmp_id == NO_KMP_ID ? -1 : def->kmp_id;
    snprintf(selected->code, sizeof selected->code, "%s", def->code);
    name_obis(selected, def);
}

void selection_add_id(struct selection *selection, uint16_t kmp_id)
{
    const struct register_def *def = register_by_kmp_id(kmp_id);
    struct selected *selected = add(selection);
    selected->def = def;
    selected->kmp_id = kmp_id;
    snprintf(selected->code, sizeof selected->code, "%s", def != NULL ? def->code : "");
    name_obis(selected, def);
}

static size_t add_id(struct selection *selection, const char *argument)
{
    char *end = NULL;
    bool hex = argument[0] == '0' && (argument[1] == 'x' || argument[1] == 'X');
    unsigned long id = strtoul(argument, &end, hex ? 16 : 10);
    bool number = argument[0] >= '0' && argument[0] <= '9' && *end == '\0';
    if (!number || id > UINT16_MAX) {
        return 0;
    }
    selection_add_id(selection, (uint16_t)id);
    return 1;
}

/** "1-1:1.8.0.255", "1.8.0*255", "1-0:1.8.0" -> groups; which ones are named is told by a mask. */
static bool parse_obis(const char *text, unsigned groups[6], bool named[6])
{
    static const char separators[] = "-:...*";
    unsigned group = strchr(text, ':') != NULL ? 0 : 2;
    memset(named, 0, 6 * sizeof *named);
    for (; group < 6; group++) {
        char *end = NULL;
        unsigned long value = strtoul(text, &end, 10);
        if (end == text || value > 255 || *text < '0' || *text > '9') {
            return false;
        }
        groups[group] = (unsigned)value;
        named[group] = true;
        if (*end == '\0') {
            return group >= 4;
        }
        bool separated = *end == separators[group] || (group == 4 && *end == '*');
        if (!separated || group == 5) {
            return false;
        }
        text = end + 1;
    }
    return false;
}

/** Medium and channel are not compared: meters and documents differ in them (1-0 and 1-1). */
static bool obis_equal(const struct register_def *def, const unsigned groups[6],
                       const bool named[6])
{
    static const uint8_t none[6] = {0};
    for (unsigned i = 2; i < 6; i++) {
        unsigned wanted = named[i] ? groups[i] : 255;
        if (wanted != def->obis[i]) {
            return false;
        }
    }
    return memcmp(def->obis, none, sizeof none) != 0;
}

/** What was named counts for DLMS, where medium and channel tell objects apart. */
static void keep_named(struct selection *selection, const char *argument)
{
    struct selected *selected = &selection->items[selection->length - 1];
    uint8_t obis[6];
    const unsigned named = obis_parse(argument, obis);
    if (named != 0) {
        memcpy(selected->obis, obis, sizeof obis);
        selected->named = named;
    }
}

static size_t add_obis(struct selection *selection, const char *argument)
{
    unsigned groups[6];
    bool named[6];
    const struct register_def *def = register_by_code(argument);
    if (def != NULL) {
        selection_add_register(selection, def);
        return 1;
    }
    if (!parse_obis(argument, groups, named)) {
        return 0;
    }
    for (size_t i = 0; i < register_table_length; i++) {
        if (obis_equal(&register_table[i], groups, named)) {
            selection_add_register(selection, &register_table[i]);
            keep_named(selection, argument);
            return 1;
        }
    }
    struct selected *selected = add(selection);
    selected->def = NULL;
    selected->kmp_id = -1;
    snprintf(selected->code, sizeof selected->code, "%u.%u.%u", groups[2], groups[3], groups[4]);
    keep_named(selection, argument);
    return 1;
}

static size_t add_name(struct selection *selection, const char *argument)
{
    for (size_t i = 0; i < register_table_length; i++) {
        if (strcasecmp(register_table[i].name, argument) == 0) {
            selection_add_register(selection, &register_table[i]);
            return 1;
        }
    }
    return 0;
}

static size_t add_label(struct selection *selection, const char *argument)
{
    for (size_t i = 0; i < register_table_length && argument[0] != '\0'; i++) {
        if (strcasecmp(register_table[i].label, argument) == 0) {
            selection_add_register(selection, &register_table[i]);
            return 1;
        }
    }
    return 0;
}

/** U for U-L1, U-L2, U-L3; PFA for PFA1 .. PFA3. */
static size_t add_label_family(struct selection *selection, const char *argument)
{
    static const char behind[] = "-/123";
    size_t n_added = 0, length = strlen(argument);
    for (size_t i = 0; i < register_table_length && length > 0; i++) {
        const char *label = register_table[i].label;
        if (strncasecmp(label, argument, length) == 0 && label[length] != '\0' &&
            strchr(behind, label[length]) != NULL) {
            selection_add_register(selection, &register_table[i]);
            n_added++;
        }
    }
    return n_added;
}

static size_t add_beginning(struct selection *selection, const char *argument)
{
    size_t n_added = 0, length = strlen(argument);
    for (size_t i = 0; i < register_table_length && length >= 3; i++) {
        if (strncasecmp(register_table[i].name, argument, length) == 0) {
            selection_add_register(selection, &register_table[i]);
            n_added++;
        }
    }
    return n_added;
}

size_t selection_add(struct selection *selection, const char *argument)
{
    size_t (*const meanings[])(struct selection *, const char *) = {
        add_id, add_obis, add_name, add_label, add_label_family, add_beginning};
    size_t n_added = 0;
    for (size_t i = 0; n_added == 0 && i < sizeof meanings / sizeof meanings[0]; i++) {
        n_added = meanings[i](selection, argument);
    }
    return n_added;
}

bool selected_matches(const struct selected *selected, int32_t kmp_id, const char *code)
{
    if (kmp_id >= 0) {
        return selected->kmp_id == kmp_id;
    }
    uint8_t obis[6];
    if (strchr(code, ':') != NULL && obis_parse(code, obis) != 0) { /* DLMS */
        return selected->named != 0 && obis_matches(obis, selected->obis, selected->named);
    }
    return selected->code[0] != '\0' && strcmp(selected->code, code) == 0;
}
