#include "display_rules.h"

#include "../load_profile/load_profile_model.h"
#include "display_configurations.h"
#include "legal_api.h"

#define AUTOMATIC_MAX 16u
#define BACKUP_MAX    8u

size_t display_rules_longest(const struct variant *variant, enum kmp_display_which which)
{
    switch (which) {
    case KMP_DISPLAY_AUTOMATIC: return AUTOMATIC_MAX;
    case KMP_DISPLAY_MANUAL:
        return variant->manual_list_max < KMP_DISPLAY_READINGS_MAX ? variant->manual_list_max
                                                                   : KMP_DISPLAY_READINGS_MAX;
    case KMP_DISPLAY_BACKUP: return variant->backup_battery ? BACKUP_MAX : 0;
    default: return 0;
    }
}

/* Values of an earlier debiting period (OBIS value group F), and the logs themselves. */
static bool is_historical(const struct register_def *def)
{
    bool has_obis = def->obis[2] != 0 || def->obis[3] != 0 || def->obis[4] != 0;
    return has_obis && (def->obis[5] <= 99 || def->obis[2] == 98 || def->obis[2] == 99);
}

static bool is_energy_total(const struct register_def *def)
{
    return def->source == SOURCE_NET_ENERGY ||
           (def->source == SOURCE_ENERGY && def->index <= LEGAL_R4 && def->obis[5] == 255);
}

bool display_rules_allow(enum kmp_display_which which, const struct register_def *def)
{
    switch (which) {
    case KMP_DISPLAY_AUTOMATIC: return !is_historical(def);
    case KMP_DISPLAY_MANUAL: return true;
    case KMP_DISPLAY_BACKUP: return is_energy_total(def);
    default: return false;
    }
}

static struct kmp_display_reply say(enum kmp_display_reason reason, uint16_t reading)
{
    return (struct kmp_display_reply){(uint8_t)reason, reading};
}

static bool variant_shows(const struct variant *variant, const struct register_def *def)
{
    return register_exists_with(def, variant_has(variant), variant->tariffs);
}

bool display_rules_log(const struct variant *variant, uint16_t id)
{
    return id == KMP_DISPLAY_HISTORY || (id == KMP_DISPLAY_PROFILE && load_profile_fitted(variant));
}

static enum kmp_display_reason check_reading(const struct variant *variant,
                                             enum kmp_display_which which, uint16_t id)
{
    const struct register_def *def = register_by_kmp_id(id);
    if (id == KMP_DISPLAY_TEST) {
        return which == KMP_DISPLAY_BACKUP ? KMP_DISPLAY_BARRED : KMP_DISPLAY_OK;
    }
    if (display_rules_log(variant, id)) { /* BIL-08, spec answers B3.2 */
        return which == KMP_DISPLAY_MANUAL ? KMP_DISPLAY_OK : KMP_DISPLAY_BARRED;
    }
    if (def == NULL || !variant_shows(variant, def)) {
        return KMP_DISPLAY_UNKNOWN;
    }
    return display_rules_allow(which, def) ? KMP_DISPLAY_OK : KMP_DISPLAY_BARRED;
}

static bool holds(const struct kmp_display_list *list, uint16_t id)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (list->reading[i] == id) {
            return true;
        }
    }
    return false;
}

static struct kmp_display_reply check_legal(const struct variant *variant,
                                            const struct kmp_display_list *list)
{
    for (size_t row = 0; row < register_table_length; row++) {
        const struct register_def *def = &register_table[row];
        if ((def->access & ACCESS_LEGAL) != 0 && variant_shows(variant, def) &&
            !holds(list, def->kmp_id)) {
            return say(KMP_DISPLAY_LEGAL, def->kmp_id);
        }
    }
    return say(KMP_DISPLAY_OK, 0);
}

struct kmp_display_reply display_rules_check(const struct variant *variant,
                                             const struct kmp_display_list *list)
{
    const enum kmp_display_which which = (enum kmp_display_which)list->which;
    if (display_configuration_find(list->configuration) == NULL) {
        return say(KMP_DISPLAY_CONFIGURATION, 0);
    }
    if (list->delivered) {
        return say(list->n == 0 ? KMP_DISPLAY_OK : KMP_DISPLAY_LENGTH, 0);
    }
    if (list->n > display_rules_longest(variant, which) ||
        (which == KMP_DISPLAY_AUTOMATIC && list->n == 0)) {
        return say(KMP_DISPLAY_LENGTH, 0);
    }
    for (unsigned i = 0; i < list->n; i++) {
        const enum kmp_display_reason reason = check_reading(variant, which, list->reading[i]);
        if (reason != KMP_DISPLAY_OK) {
            return say(reason, list->reading[i]);
        }
    }
    return which == KMP_DISPLAY_MANUAL ? check_legal(variant, list) : say(KMP_DISPLAY_OK, 0);
}
