#include "load_text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAYS     7u
#define ALL_DAYS 0x7Fu

static const char *const names[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* @return day, DAYS: none begins here */
static unsigned day_at(const char *text)
{
    unsigned day = 0;
    while (day < DAYS && strncasecmp(text, names[day], 3) != 0) {
        day++;
    }
    return day;
}

uint8_t load_days_of(const char *text)
{
    unsigned days = 0;
    if (strcasecmp(text, "daily") == 0) {
        return ALL_DAYS;
    }
    for (;;) {
        unsigned first = day_at(text), last = first;
        text += first < DAYS ? 3 : 0;
        if (first < DAYS && *text == '-') {
            last = day_at(text + 1);
            text += last < DAYS ? 4 : 0;
        }
        if (first >= DAYS || last >= DAYS || (*text != ',' && *text != '\0')) {
            return 0;
        }
        for (days |= 1u << first; first != last; days |= 1u << first) {
            first = (first + 1u) % DAYS; /* sat-mon goes over the end of the week */
        }
        if (*text++ == '\0') {
            return (uint8_t)days;
        }
    }
}

void load_days_text(uint8_t days, char out[LOAD_DAYS_TEXT_MAX])
{
    size_t n = 0;
    out[0] = '\0';
    if (days == ALL_DAYS) {
        (void)snprintf(out, LOAD_DAYS_TEXT_MAX, "daily");
        return;
    }
    for (unsigned day = 0; day < DAYS; day++) {
        unsigned last = day;
        if ((days >> day & 1) == 0) {
            continue;
        }
        while (last + 1u < DAYS && (days >> (last + 1u) & 1) != 0) {
            last++;
        }
        last = last - day >= 2u ? last : day;
        n += (size_t)snprintf(out + n, LOAD_DAYS_TEXT_MAX - n, "%s%s%s%s", n > 0 ? "," : "",
                              names[day], last > day ? "-" : "", last > day ? names[last] : "");
        day = last;
    }
}

static bool minute_of(const char *text, uint16_t *minute)
{
    unsigned hour = 0, of_hour = 0;
    int n = 0;
    if (sscanf(text, "%2u:%2u%n", &hour, &of_hour, &n) != 2 || text[n] != '\0' || n != 5 ||
        hour > 23 || of_hour > 59) {
        return false;
    }
    *minute = (uint16_t)(hour * 60u + of_hour);
    return true;
}

const char *load_plan_of(char **words, int n_words, struct load_plan *out, const char **bad)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < n_words; i += 3) {
        struct load_switch *row = &out->at[out->n];
        *bad = words[i];
        if (out->n == LOAD_PLAN_ROWS) {
            return "at most 12 rows";
        }
        row->days = load_days_of(words[i]);
        if (row->days == 0) {
            return "days such as mon-fri, sat,sun or daily";
        }
        *bad = i + 1 < n_words ? words[i + 1] : "";
        if (i + 1 >= n_words || !minute_of(words[i + 1], &row->minute)) {
            return "a time HH:MM";
        }
        *bad = i + 2 < n_words ? words[i + 2] : "";
        row->active = strcasecmp(*bad, "on") == 0;
        if (!row->active && strcasecmp(*bad, "off") != 0) {
            return "on or off";
        }
        out->n++;
    }
    return NULL;
}
