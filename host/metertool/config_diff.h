/** What differs between two configurations, and what changing it would do. */
#ifndef OPEN382_CONFIG_DIFF_H
#define OPEN382_CONFIG_DIFF_H

#include "config_document.h"

#define CONFIG_CHANGES_MAX 128u
#define CONFIG_VALUE_MAX   320u

struct config_change {
    char name[64]; /**< "settings.time-zone" */
    char before[CONFIG_VALUE_MAX], after[CONFIG_VALUE_MAX];
    unsigned effect; /**< enum setting_effect bits */
    bool sealed;     /**< can't be changed: the order number, or a locked setting */
};

struct config_changes {
    size_t n;
    struct config_change change[CONFIG_CHANGES_MAX];
};

/** What leads from `now` to `wanted`; what `wanted` does not name is left alone. */
void config_diff(const struct config_document *wanted, const struct config_document *now,
                 struct config_changes *changes);

/** "erases the load profile, ..."; "" for nothing. */
void config_effect_text(const struct config_change *change, char *out, size_t n_out);

/** Will another list be shown?  configuration: FFF that will be in force. */
bool config_list_differs(const struct kmp_display_list *wanted, const struct kmp_display_list *now,
                         uint16_t configuration);
bool config_plan_differs(const struct config_document *wanted, const struct config_document *now);
/** The load profile's share counts only while the logger is on. */
bool config_analysis_differs(const struct config_analysis *wanted,
                             const struct config_analysis *now);

#endif
