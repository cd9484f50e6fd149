/**
 * Which readings may stand in which list of the display: pure rules of a variant, for the meter
 * that refuses and for the tool that checks without one. Source: DIS-03..06, DIS-08, DIS-22;
 * docs/display.md.
 */
#ifndef OPEN382_DISPLAY_RULES_H
#define OPEN382_DISPLAY_RULES_H

#include "../../proto/kmp/kmp_display.h"
#include "../registers/register_table.h"
#include "../variant/variant.h"

/** How many readings that list holds; 0: the variant has no such list. */
size_t display_rules_longest(const struct variant *variant, enum kmp_display_which which);

/** False for a reading that this kind of list never holds. */
bool display_rules_allow(enum kmp_display_which which, const struct register_def *def);

/** This reading is no register but opens a log, and the variant has that log. */
bool display_rules_log(const struct variant *variant, uint16_t id);

/** What a meter of this variant says to a list: KMP_DISPLAY_OK, or why not and which reading. */
struct kmp_display_reply display_rules_check(const struct variant *variant,
                                             const struct kmp_display_list *list);

#endif
