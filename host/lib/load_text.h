/**
 * Tables of load control as words: "mon-fri 22:00 on", one row after the other.
 */
#ifndef OPEN382_LOAD_TEXT_H
#define OPEN382_LOAD_TEXT_H

#include "../../app/load_control/load_plan.h"

#define LOAD_DAYS_TEXT_MAX 32u

/** "mon-fri", "sat,sun", "mon,wed-fri", "daily".  @return days, bit 0 Monday; 0: not that */
uint8_t load_days_of(const char *text);
/** The other way; ranges where three or more days stand in a row. */
void load_days_text(uint8_t days, char out[LOAD_DAYS_TEXT_MAX]);

/**
 * Rows of three words each.
 * @param bad  the word that is wrong
 * @return NULL, or what was expected in its place
 */
const char *load_plan_of(char **words, int n_words, struct load_plan *out, const char **bad);

#endif
