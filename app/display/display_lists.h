/**
 * Which readings may stand in which list, and the lists a meter is delivered with.
 * Source: DIS-02..06, DIS-08; docs/display.md.
 */
#ifndef OPEN382_DISPLAY_LISTS_H
#define OPEN382_DISPLAY_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../registers/register_table.h"
#include "../variant/variant.h"
#include "display.h"

/** Longest list of this variant; 0 = it has no such list. */
size_t display_list_max(const struct variant *variant, enum display_list which);

/** The list whose readings stand on the glass now; LISTS: none. */
enum display_list display_list_shown(const struct display *display);

/** Where the verification register of that energy stands in the test list; its length: nowhere. */
uint8_t display_test_position(const struct display *display, enum legal_energy energy);

/** False for a reading that this kind of list never holds. */
bool display_reading_allowed(enum display_list which, const struct register_def *def);

/** Fill all lists as the variant's display configuration (FFF) says. */
void display_lists_default(struct display *display, const struct meter *meter);

#endif
