/** Rules and tables of summer time as people write them (docs/clock.md). */
#ifndef OPEN382_TOOL_CLOCK_SUMMER_H
#define OPEN382_TOOL_CLOCK_SUMMER_H

#include "../../app/clock/clock.h"
#include "tool.h"

#define CLOCK_DAY_TEXT 32u

/** "last-sun-mar-02:00", "second-sun-mar-02:00".  @return false: it is none. */
bool clock_day_parse(const char *text, struct clock_rule_day *day);
void clock_day_print(const struct clock_rule_day *day, char text[CLOCK_DAY_TEXT]);

/** A file of lines "2027-03-28T01:00Z 2027-10-31T01:00Z", # comments.  Complains itself. */
enum tool_exit clock_table_read(const char *path, struct clock_summers *table);

/** What is in force, in words: one line, and one for each row of a table. */
void clock_summer_print(const struct clock *rules);

/** Write it to the meter, as a whole, and read it back.  Complains itself. */
enum tool_exit clock_summer_write(struct tool *tool, const struct clock_summer_time *wanted);

#endif
