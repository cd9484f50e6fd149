#include "setting_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_SHOWN 8u /* of a long list of choices */

void setting_text_print(const struct setting_def *def, const struct setting_value *value, char *out,
                        size_t n_out)
{
    const char *word = setting_choice_word(def, value->number);
    const unsigned long number = value->number;
    switch (def->type) {
    case SETTING_CHOICE: snprintf(out, n_out, "%s", word != NULL ? word : "?"); break;
    case SETTING_DIGITS: snprintf(out, n_out, "%0*lu", def->digits, number); break;
    case SETTING_FLAGS: snprintf(out, n_out, "0x%lX", number); break;
    case SETTING_TEXT: snprintf(out, n_out, "\"%s\"", value->text); break;
    case SETTING_SECRET: snprintf(out, n_out, "(secret)"); break;
    default:
        snprintf(out, n_out, "%lu%s%s", number, def->unit[0] != '\0' ? " " : "", def->unit);
        break;
    }
}

static size_t choices_count(const struct setting_def *def)
{
    size_t n = 0;
    while (def->choices != NULL && def->choices[n].word != NULL) {
        n++;
    }
    return n;
}

static void expected_choices(const struct setting_def *def, char *out, size_t n_out)
{
    const size_t n = choices_count(def);
    out[0] = '\0';
    for (size_t i = 0; i < n && i < WORDS_SHOWN; i++) {
        const size_t at = strlen(out);
        snprintf(out + at, n_out - at, "%s%s",
                 i == 0       ? ""
                 : i + 1 == n ? " or "
                              : ", ",
                 def->choices[i].word);
    }
    if (n > WORDS_SHOWN) {
        const size_t at = strlen(out);
        snprintf(out + at, n_out - at, " ... or a code");
    }
}

void setting_text_expected(const struct setting_def *def, char *out, size_t n_out)
{
    const unsigned long min = def->min, max = def->max;
    switch (def->type) {
    case SETTING_CHOICE: expected_choices(def, out, n_out); break;
    case SETTING_DIGITS:
        snprintf(out, n_out, "digits from %0*lu to %0*lu", def->digits, min, def->digits, max);
        break;
    case SETTING_TEXT:
        snprintf(out, n_out, "a text of at most %u printable characters", SETTING_TEXT_MAX);
        break;
    case SETTING_FLAGS: snprintf(out, n_out, "bits, at most 0x%lX", max); break;
    default:
        snprintf(out, n_out, "a whole number from %lu to %lu%s%s%s", min, max,
                 def->unit[0] != '\0' ? " (" : "", def->unit, def->unit[0] != '\0' ? ")" : "");
        break;
    }
}

/** All of the text but a unit behind it. */
static bool number_of(const char *text, const char *unit, uint32_t *number)
{
    char *end = NULL;
    const bool hex = strncasecmp(text, "0x", 2) == 0;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 20) {
        return false;
    }
    const unsigned long long value = strtoull(text, &end, hex ? 16 : 10);
    while (*end == ' ') {
        end++;
    }
    const bool whole = *end == '\0' || (unit[0] != '\0' && strcmp(end, unit) == 0);
    *number = (uint32_t)value;
    return whole && value <= UINT32_MAX;
}

static bool word_of(const struct setting_def *def, const char *text, uint32_t *code)
{
    for (size_t i = 0; i < choices_count(def); i++) {
        if (strcasecmp(def->choices[i].word, text) == 0) {
            *code = def->choices[i].code;
            return true;
        }
    }
    return number_of(text, "", code);
}

bool setting_text_parse(const struct setting_def *def, const char *text,
                        struct setting_value *value, char *error, size_t n_error)
{
    struct setting_value read;
    bool good = true;
    memset(&read, 0, sizeof read);
    if (def->type == SETTING_TEXT) {
        good = strlen(text) <= SETTING_TEXT_MAX;
        snprintf(read.text, sizeof read.text, "%s", text);
    } else if (def->type == SETTING_CHOICE) {
        good = word_of(def, text, &read.number);
    } else {
        good = number_of(text, def->unit, &read.number);
    }
    if (!good || !setting_value_good(def, &read)) {
        char expected[400];
        setting_text_expected(def, expected, sizeof expected);
        snprintf(error, n_error, "expected %s, found '%.60s'", expected, text);
        return false;
    }
    *value = read;
    return true;
}
