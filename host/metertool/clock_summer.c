#include "clock_summer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/tariff_text.h"
#include "clock_meter.h"

#define LINE_MAX_BYTES  256
#define ID_SUMMER_KIND  0xF410u
#define ID_SUMMER_BEGIN 0xF411u
#define ID_SUMMER_END   0xF412u
#define ID_SUMMER_TABLE 0xF420u

static const char *const weeks[] = {"first", "second", "third", "fourth", "last"};
static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};

/* The word up to the next dash: its number from 1; 0: none of them. */
static unsigned word(const char **text, const char *const *words, unsigned n)
{
    const size_t length = strcspn(*text, "-");
    for (unsigned i = 0; i < n; i++) {
        if (strlen(words[i]) == length && strncmp(*text, words[i], length) == 0 &&
            (*text)[length] == '-') {
            *text += length + 1;
            return i + 1;
        }
    }
    return 0;
}

bool clock_day_parse(const char *text, struct clock_rule_day *day)
{
    const char *at = text;
    const unsigned week = word(&at, weeks, 5);
    const unsigned weekday = week != 0 ? word(&at, weekdays, 7) : 0;
    const unsigned month = weekday != 0 ? word(&at, months, 12) : 0;
    if (month == 0 || strlen(at) != 5 || strspn(at, "0123456789:") != 5 || at[2] != ':') {
        return false;
    }
    const int hour = atoi(at), minute = atoi(at + 3);
    *day = (struct clock_rule_day){.month = (uint8_t)month,
                                   .week = (uint8_t)week,
                                   .weekday = (uint8_t)weekday,
                                   .minute = (uint16_t)(hour * 60 + minute)};
    return hour < 24 && minute < 60;
}

void clock_day_print(const struct clock_rule_day *day, char text[CLOCK_DAY_TEXT])
{
    snprintf(text, CLOCK_DAY_TEXT, "%s-%s-%s-%02u:%02u", weeks[(day->week - 1u) % 5u],
             weekdays[(day->weekday - 1u) % 7u], months[(day->month - 1u) % 12u],
             day->minute / 60u % 24u, day->minute % 60u);
}

/* ---- tables ---- */

static bool table_line(const char *text, struct clock_summer *row)
{
    char begin[32], end[32], rest[2];
    return sscanf(text, "%31s %31s %1s", begin, end, rest) == 2 &&
           tariff_text_instant(begin, strlen(begin), &row->begin_s) &&
           tariff_text_instant(end, strlen(end), &row->end_s);
}

enum tool_exit clock_table_read(const char *path, struct clock_summers *table)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char text[LINE_MAX_BYTES];
    enum tool_exit result = EXIT_GOOD;
    if (file == NULL) {
        tool_complain("%s: %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    memset(table, 0, sizeof *table);
    for (unsigned line = 1; result == EXIT_GOOD && fgets(text, sizeof text, file) != NULL; line++) {
        text[strcspn(text, "#\r\n")] = '\0';
        if (text[strspn(text, " \t")] == '\0') {
            continue;
        }
        if (table->n == CLOCK_SUMMERS_MAX || !table_line(text, &table->row[table->n])) {
            tool_complain("%s:%u:1: expected %s, found '%s'", path, line,
                          table->n == CLOCK_SUMMERS_MAX
                              ? "at most 20 summers"
                              : "begin and end like 2027-03-28T01:00Z 2027-10-31T01:00Z",
                          text);
            result = EXIT_USAGE;
        }
        table->n++;
    }
    if (file != stdin) {
        fclose(file);
    }
    if (result == EXIT_GOOD && (table->n == 0 || !clock_summers_good(table))) {
        tool_complain("%s: expected summers in order, apart from each other, in whole minutes",
                      path);
        result = EXIT_USAGE;
    }
    return result;
}

/* ---- in words ---- */

static void print_instant(int64_t utc_s, const char *before, const char *after)
{
    struct calendar c;
    calendar_from_seconds(utc_s, &c);
    printf("%s%04u-%02u-%02uT%02u:%02uZ%s", before, c.year, c.month, c.day, c.hour, c.minute,
           after);
}

void clock_summer_print(const struct clock *rules)
{
    const struct clock_summer_time *own = &rules->own;
    char begin[CLOCK_DAY_TEXT], end[CLOCK_DAY_TEXT];
    if (!rules->summer_time_eu) {
        puts("none (PPP = 000)");
    } else if (own->kind == CLOCK_SUMMER_RULE) {
        clock_day_print(&own->rule.begin, begin);
        clock_day_print(&own->rule.end, end);
        printf("rule %s %s, normal time\n", begin, end);
    } else if (own->kind == CLOCK_SUMMER_TABLE) {
        printf("table of %u\n", own->table.n);
        for (unsigned i = 0; i < own->table.n; i++) {
            print_instant(own->table.row[i].begin_s, "  ", " ");
            print_instant(own->table.row[i].end_s, "", "\n");
        }
    } else {
        puts("EU rule");
    }
}

/* ---- writing ---- */

static enum tool_exit write_rule(struct tool *tool, const struct clock_rule *rule)
{
    const enum tool_exit result =
        clock_meter_put(tool, ID_SUMMER_BEGIN, 4, clock_rule_day_number(&rule->begin));
    return result == EXIT_GOOD
               ? clock_meter_put(tool, ID_SUMMER_END, 4, clock_rule_day_number(&rule->end))
               : result;
}

static enum tool_exit write_table(struct tool *tool, const struct clock_summers *table)
{
    enum tool_exit result = EXIT_GOOD;
    for (unsigned i = 0; i < CLOCK_SUMMERS_MAX && result == EXIT_GOOD; i++) {
        const int64_t number = i < table->n ? clock_summer_number(&table->row[i]) : 0;
        result = clock_meter_put(tool, (uint16_t)(ID_SUMMER_TABLE + i), 8, number);
    }
    return result;
}

static bool same(const struct clock_summer_time *a, const struct clock_summer_time *b)
{
    bool equal = a->kind == b->kind && a->table.n == b->table.n;
    equal = equal &&
            clock_rule_day_number(&a->rule.begin) == clock_rule_day_number(&b->rule.begin) &&
            clock_rule_day_number(&a->rule.end) == clock_rule_day_number(&b->rule.end);
    for (unsigned i = 0; equal && i < a->table.n; i++) {
        equal = clock_summer_number(&a->table.row[i]) == clock_summer_number(&b->table.row[i]);
    }
    return equal;
}

enum tool_exit clock_summer_write(struct tool *tool, const struct clock_summer_time *wanted)
{
    struct meter_clock clock;
    enum tool_exit result = EXIT_GOOD;
    if (wanted->kind == CLOCK_SUMMER_RULE) {
        result = write_rule(tool, &wanted->rule);
    } else if (wanted->kind == CLOCK_SUMMER_TABLE) {
        result = write_table(tool, &wanted->table);
    }
    result = result == EXIT_GOOD ? clock_meter_put(tool, ID_SUMMER_KIND, 1, wanted->kind) : result;
    result = result == EXIT_GOOD ? clock_meter_open(tool, &clock) : result;
    if (result == EXIT_GOOD && !same(&clock.rules.own, wanted)) {
        tool_complain("the meter has taken the summer time, but another one is read back");
        return EXIT_METER;
    }
    return result;
}
