/**
 * A tariff plan as text that people write and review: docs/spec/tariff-plan.md.
 */
#ifndef OPEN382_TARIFF_TEXT_H
#define OPEN382_TARIFF_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "../../app/calendar/tariff_plan.h"

/** Where a text is no plan: lines and columns count from 1, columns in bytes. */
struct tariff_text_error {
    unsigned line, column;
    char text[200]; /**< "expected ..., found ..." */
};

/** Parse and check.  @return 0; -1: *error says why, *plan is untouched. */
int tariff_text_parse(const char *text, size_t n_text, struct tariff_plan *plan,
                      struct tariff_text_error *error);

/** Print a good plan in its one canonical form; parsing that gives the same plan. */
void tariff_text_print(FILE *out, const struct tariff_plan *plan);

/** What a plan should be where it has a fault: "a day must begin with 00:00". */
const char *tariff_fault_text(enum plan_err err);
/** Which part of the plan a fault is in: "season A, rest day, switch 2"; "" when it is the whole.
 */
void tariff_place_text(enum plan_err err, const struct plan_place *place, char *out, size_t n_out);

/** "work", "rest", "holiday". */
const char *tariff_day_type_name(unsigned type);

/** "2027-03-28T01:00Z" or "2027-03-28" (then 00:00Z) to UTC seconds.  @return false: it is none. */
bool tariff_text_instant(const char *text, size_t n_text, int64_t *utc_s);

#endif
