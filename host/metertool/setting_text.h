/** Values of settings as people write and read them. */
#ifndef OPEN382_SETTING_TEXT_H
#define OPEN382_SETTING_TEXT_H

#include "../../app/settings/setting_table.h"

#define SETTING_WORDS_MAX 80u

/** "15 min", "01", "253 V", "0x40", "\"Jones\""; of a secret "(secret)". */
void setting_text_print(const struct setting_def *def, const struct setting_value *value, char *out,
                        size_t n_out);

/**
 * Read a value: a word of the list or its code, digits, a number with or without its unit, a text.
 * @param error  what was expected; left alone on success
 * @return false: none that the row allows
 */
bool setting_text_parse(const struct setting_def *def, const char *text,
                        struct setting_value *value, char *error, size_t n_error);

/** What such a setting takes: "5 min, 15 min, 30 min or 60 min", "a number from 5 to 120 (V)". */
void setting_text_expected(const struct setting_def *def, char *out, size_t n_out);

#endif
