/** A tariff plan as weeks in the terminal. */
#ifndef OPEN382_TARIFF_PICTURE_H
#define OPEN382_TARIFF_PICTURE_H

#include <stdio.h>

#include "../../app/calendar/tariff_plan.h"

/**
 * One week per season, a column per half an hour, with the exact switches beside it; then exception
 * days and summers.
 * @param colour  with the terminal's colours; without, the tariffs' digits tell all
 */
void tariff_picture(FILE *out, const struct tariff_plan *plan, bool colour);

#endif
