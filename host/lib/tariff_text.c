#include "tariff_text.h"

#include <stdarg.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

struct position {
    unsigned line, column;
};

/* Where the parts of the plan stood, so that what the check finds can be shown there. */
struct positions {
    struct position name, working, end;
    struct position start[TARIFF_PLAN_STARTS];
    struct position season[TARIFF_PLAN_SEASONS]; /* first mention */
    struct position day[TARIFF_PLAN_SEASONS][DAY_TYPES];
    struct position at[TARIFF_PLAN_SEASONS][DAY_TYPES][TARIFF_PLAN_SWITCHES];
    struct position exception[TARIFF_PLAN_EXCEPTIONS];
    struct position summer[CLOCK_SUMMERS_MAX];
};

struct word {
    const char *text;
    size_t length; /* 0: the line ends here */
    struct position at;
};

struct parser {
    const char *line, *at, *end;
    unsigned number;
    struct tariff_plan plan;
    struct positions where;
    struct tariff_text_error *error;
};

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const day_types[] = {"work", "rest", "holiday"};

const char *tariff_day_type_name(unsigned type)
{
    return type < DAY_TYPES ? day_types[type] : "?";
}

/* ---- errors ---- */

static int fail(struct parser *p, struct position at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(p->error->text, sizeof p->error->text, format, arguments);
    va_end(arguments);
    p->error->line = at.line;
    p->error->column = at.column;
    return -1;
}

static int fail_word(struct parser *p, const struct word *word, const char *expected)
{
    if (word->length == 0) {
        return fail(p, word->at, "expected %s, found the end of the line", expected);
    }
    int n = word->length < 40 ? (int)word->length : 40;
    return fail(p, word->at, "expected %s, found '%.*s'", expected, n, word->text);
}

/* ---- words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct word next_word(struct parser *p)
{
    while (p->at < p->end && is_blank(*p->at)) {
        p->at++;
    }
    struct word word = {p->at, 0, {p->number, (unsigned)(p->at - p->line) + 1u}};
    while (p->at < p->end && !is_blank(*p->at) && *p->at != '#') {
        p->at++;
    }
    word.length = (size_t)(p->at - word.text);
    return word;
}

static bool is(const struct word *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

/* Exactly n digits. */
static bool digits(const char **at, const char *end, unsigned n, unsigned *value)
{
    *value = 0;
    for (unsigned i = 0; i < n; i++) {
        if (*at >= end || **at < '0' || **at > '9') {
            return false;
        }
        *value = *value * 10u + (unsigned)(*(*at)++ - '0');
    }
    return true;
}

static bool character(const char **at, const char *end, char wanted)
{
    return *at < end && *(*at)++ == wanted;
}

/* YYYY-MM-DD or MM-DD; whether it exists is the check's business. */
static bool date_of(const struct word *word, struct plan_date *date)
{
    const char *at = word->text, *end = at + word->length;
    unsigned year = 0, month, day;
    if (word->length == 10 && (!digits(&at, end, 4, &year) || !character(&at, end, '-'))) {
        return false;
    }
    if (!digits(&at, end, 2, &month) || !character(&at, end, '-') || !digits(&at, end, 2, &day)) {
        return false;
    }
    bool dated = word->length == 10;
    *date = (struct plan_date){(uint16_t)year, (uint8_t)month, (uint8_t)day};
    return at == end && dated == (year != 0);
}

bool tariff_text_instant(const char *text, size_t n_text, int64_t *utc_s)
{
    struct word day = {text, n_text < 10 ? n_text : 10, {0, 0}};
    struct plan_date date;
    unsigned hour = 0, minute = 0;
    const char *at = text + day.length, *end = text + n_text;
    if (n_text < 10 || !date_of(&day, &date)) {
        return false;
    }
    if (at < end &&
        (!character(&at, end, 'T') || !digits(&at, end, 2, &hour) || !character(&at, end, ':') ||
         !digits(&at, end, 2, &minute) || !character(&at, end, 'Z'))) {
        return false;
    }
    struct calendar c = {date.year,       date.month, date.day, (uint8_t)hour,
                         (uint8_t)minute, 0,          1,        false};
    *utc_s = calendar_seconds(&c);
    return at == end && *utc_s != INT64_MIN;
}

static int season_of(struct parser *p, const struct word *word)
{
    if (word->length != 1 || word->text[0] < 'A' ||
        word->text[0] >= (char)('A' + TARIFF_PLAN_SEASONS)) {
        return fail_word(p, word, "a season from A to D");
    }
    unsigned season = (unsigned)(word->text[0] - 'A');
    if (p->plan.n_seasons <= season) {
        p->plan.n_seasons = (uint8_t)(season + 1u);
    }
    if (p->where.season[season].line == 0) {
        p->where.season[season] = word->at;
    }
    return (int)season;
}

static int type_of(const struct word *word)
{
    for (unsigned t = 0; t < DAY_TYPES; t++) {
        if (is(word, day_types[t])) {
            return (int)t;
        }
    }
    return -1;
}

static int end_of_line(struct parser *p)
{
    struct word word = next_word(p);
    return word.length == 0 ? 0 : fail_word(p, &word, "the end of the line");
}

/* ---- statements ---- */

/* A name may have blanks and '#' in it, so it is no word. */
static int take_plan(struct parser *p, const struct word *keyword)
{
    while (p->at < p->end && is_blank(*p->at)) {
        p->at++;
    }
    struct word word = {
        p->at, (size_t)(p->end - p->at), {p->number, (unsigned)(p->at - p->line) + 1u}};
    if (p->where.name.line != 0) {
        return fail(p, keyword->at, "expected one plan line, found a second one");
    }
    const char *from = p->at + 1;
    const char *to =
        word.length > 1 && *p->at == '"' ? memchr(from, '"', (size_t)(p->end - from)) : NULL;
    if (to == NULL || to == from || to - from > (long)TARIFF_PLAN_NAME_MAX) {
        return fail_word(p, &word, "a name of 1 to 16 characters in quotes");
    }
    p->where.name = word.at;
    memcpy(p->plan.name, from, (size_t)(to - from));
    p->at = to + 1;
    return end_of_line(p);
}

static int take_working(struct parser *p, const struct word *keyword)
{
    struct word word = next_word(p);
    if (p->where.working.line != 0) {
        return fail(p, keyword->at, "expected one working line, found a second one");
    }
    p->where.working = keyword->at;
    p->plan.working_days = 0;
    if (is(&word, "none")) {
        return end_of_line(p);
    }
    do {
        unsigned day = 0;
        while (day < COUNT_OF(weekdays) && !is(&word, weekdays[day])) {
            day++;
        }
        if (day == COUNT_OF(weekdays)) {
            return fail_word(p, &word, "weekdays from mon to sun, or none");
        }
        p->plan.working_days |= (uint8_t)(1u << day);
        word = next_word(p);
    } while (word.length > 0);
    return 0;
}

static int take_season(struct parser *p, const struct word *keyword)
{
    (void)keyword;
    struct word word = next_word(p);
    int season = season_of(p, &word);
    if (season < 0) {
        return -1;
    }
    word = next_word(p);
    if (!is(&word, "from")) {
        return fail_word(p, &word, "from");
    }
    word = next_word(p);
    do {
        struct plan_start *start = &p->plan.start[p->plan.n_starts];
        if (p->plan.n_starts == TARIFF_PLAN_STARTS) {
            return fail(p, word.at, "expected at most 8 first days of seasons, found another one");
        }
        if (!date_of(&word, &start->date)) {
            return fail_word(p, &word, "a date, MM-DD or YYYY-MM-DD");
        }
        start->season = (uint8_t)season;
        p->where.start[p->plan.n_starts++] = word.at;
        word = next_word(p);
    } while (word.length > 0);
    return 0;
}

static int take_switch(struct parser *p, unsigned season, unsigned type, const struct word *time)
{
    struct plan_day *day = &p->plan.day[season][type];
    const char *at = time->text, *end = at + time->length;
    unsigned hour, minute;
    if (day->n == TARIFF_PLAN_SWITCHES) {
        return fail(p, time->at, "expected at most 8 tariffs in a day, found another one");
    }
    if (!digits(&at, end, 2, &hour) || !character(&at, end, ':') || !digits(&at, end, 2, &minute) ||
        at != end || hour > 23 || minute > 59) {
        return fail_word(p, time, "a time from 00:00 to 23:59");
    }
    struct word tariff = next_word(p);
    if (tariff.length != 2 || tariff.text[0] != 'T' || tariff.text[1] < '1' ||
        tariff.text[1] > '8') {
        return fail_word(p, &tariff, "a tariff from T1 to T8");
    }
    p->where.at[season][type][day->n] = time->at;
    day->at[day->n++] =
        (struct plan_switch){(uint16_t)(hour * 60u + minute), (uint8_t)(tariff.text[1] - '0')};
    return 0;
}

static int take_day(struct parser *p, const struct word *keyword)
{
    struct word word = next_word(p);
    int season = season_of(p, &word);
    if (season < 0) {
        return -1;
    }
    word = next_word(p);
    int type = type_of(&word);
    if (type < 0) {
        return fail_word(p, &word, "work, rest or holiday");
    }
    if (p->plan.day[season][type].n > 0) {
        return fail(p, keyword->at, "expected one day %c %s, found a second one", 'A' + season,
                    day_types[type]);
    }
    p->where.day[season][type] = keyword->at;
    word = next_word(p);
    do {
        if (take_switch(p, (unsigned)season, (unsigned)type, &word) != 0) {
            return -1;
        }
        word = next_word(p);
    } while (word.length > 0);
    return 0;
}

/* Dates, then perhaps what they are. */
static int take_exception(struct parser *p, const struct word *keyword)
{
    (void)keyword;
    const unsigned first = p->plan.n_exceptions;
    struct word word = next_word(p);
    struct plan_date date;
    while (word.length > 0 && date_of(&word, &date)) {
        if (p->plan.n_exceptions == TARIFF_PLAN_EXCEPTIONS) {
            return fail(p, word.at, "expected at most 100 exception days, found another one");
        }
        p->where.exception[p->plan.n_exceptions] = word.at;
        p->plan.exception[p->plan.n_exceptions++] = (struct plan_exception){date, DAY_HOLIDAY};
        word = next_word(p);
    }
    if (p->plan.n_exceptions == first) {
        return fail_word(p, &word, "a date, MM-DD or YYYY-MM-DD");
    }
    if (word.length == 0) {
        return 0;
    }
    int type = type_of(&word);
    if (type < 0) {
        return fail_word(p, &word, "a date, or work, rest or holiday");
    }
    for (unsigned i = first; i < p->plan.n_exceptions; i++) {
        p->plan.exception[i].type = (uint8_t)type;
    }
    return end_of_line(p);
}

static int take_summer(struct parser *p, const struct word *keyword)
{
    struct clock_summers *summers = &p->plan.summers;
    if (summers->n == CLOCK_SUMMERS_MAX) {
        return fail(p, keyword->at, "expected at most 20 summers, found another one");
    }
    struct clock_summer *row = &summers->row[summers->n];
    int64_t *const ends[] = {&row->begin_s, &row->end_s};
    for (unsigned i = 0; i < COUNT_OF(ends); i++) {
        struct word word = next_word(p);
        if (!tariff_text_instant(word.text, word.length, ends[i])) {
            return fail_word(p, &word, "an instant like 2027-03-28T01:00Z");
        }
    }
    p->where.summer[summers->n++] = keyword->at;
    return end_of_line(p);
}

static int take_line(struct parser *p)
{
    static const struct {
        const char *keyword;
        int (*take)(struct parser *p, const struct word *keyword);
    } statements[] = {
        {"plan", take_plan}, {"working", take_working},     {"season", take_season},
        {"day", take_day},   {"exception", take_exception}, {"summer", take_summer},
    };
    struct word word = next_word(p);
    if (word.length == 0) {
        return 0; /* blank, or a comment */
    }
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        if (is(&word, statements[i].keyword)) {
            return statements[i].take(p, &word);
        }
    }
    return fail_word(p, &word, "plan, working, season, day, exception or summer");
}

/* ---- the whole ---- */

const char *tariff_fault_text(enum plan_err err)
{
    static const char *const texts[] = {
        [-PLAN_OK] = "good",
        [-PLAN_ERR_FORM] = "no tariff plan, or damaged on the way",
        [-PLAN_ERR_VERSION] = "a plan of a version that is not known here",
        [-PLAN_ERR_NAME] = "expected a line plan \"NAME\", 1 to 16 plain characters",
        [-PLAN_ERR_WORKING_DAYS] = "expected at most seven working days",
        [-PLAN_ERR_SEASONS] = "expected one season, or for each of them a line season X from DATE",
        [-PLAN_ERR_START] = "expected a date that exists (02-29 only with a year)",
        [-PLAN_ERR_START_TWICE] = "expected one season from this day, found a second one",
        [-PLAN_ERR_SEASON_UNUSED] = "expected a line season X from DATE: this season never begins",
        [-PLAN_ERR_DAY_EMPTY] = "expected a line day X work for this season",
        [-PLAN_ERR_SWITCHES] = "expected at most 8 tariffs in a day",
        [-PLAN_ERR_SWITCH_FIRST] = "expected 00:00 as the first time of a day",
        [-PLAN_ERR_SWITCH_ORDER] = "expected a time after the one before it",
        [-PLAN_ERR_TARIFF] = "expected a tariff from T1 to T8",
        [-PLAN_ERR_EXCEPTION] = "expected a date that exists (02-29 only with a year)",
        [-PLAN_ERR_EXCEPTION_TWICE] = "expected each exception day once",
        [-PLAN_ERR_SUMMERS] =
            "expected summers one after the other, each ending after its begin, at whole minutes",
    };
    size_t n = (size_t) - (int)err;
    return err <= PLAN_OK && n < COUNT_OF(texts) ? texts[n] : "a fault that is not known here";
}

static bool in_switch(enum plan_err err)
{
    return err == PLAN_ERR_SWITCH_FIRST || err == PLAN_ERR_SWITCH_ORDER || err == PLAN_ERR_TARIFF;
}

void tariff_place_text(enum plan_err err, const struct plan_place *place, char *out, size_t n_out)
{
    out[0] = '\0';
    if (in_switch(err) || err == PLAN_ERR_DAY_EMPTY || err == PLAN_ERR_SWITCHES) {
        (void)snprintf(out, n_out, "season %c, %s day, tariff %u", 'A' + place->season % 26,
                       tariff_day_type_name(place->type), place->index + 1u);
    } else if (err == PLAN_ERR_SEASON_UNUSED) {
        (void)snprintf(out, n_out, "season %c", 'A' + place->season % 26);
    } else if (err == PLAN_ERR_START || err == PLAN_ERR_START_TWICE) {
        (void)snprintf(out, n_out, "first day %u of the seasons", place->index + 1u);
    } else if (err == PLAN_ERR_EXCEPTION || err == PLAN_ERR_EXCEPTION_TWICE) {
        (void)snprintf(out, n_out, "exception day %u", place->index + 1u);
    }
}

static struct position position_of(const struct parser *p, enum plan_err err,
                                   const struct plan_place *place)
{
    const struct positions *w = &p->where;
    struct position at = {0, 0};
    if (in_switch(err)) {
        at = w->at[place->season][place->type][place->index];
    } else if (err == PLAN_ERR_START || err == PLAN_ERR_START_TWICE) {
        at = w->start[place->index];
    } else if (err == PLAN_ERR_EXCEPTION || err == PLAN_ERR_EXCEPTION_TWICE) {
        at = w->exception[place->index];
    } else if (err == PLAN_ERR_SEASON_UNUSED || err == PLAN_ERR_DAY_EMPTY) {
        at = w->season[place->season];
    } else if (err == PLAN_ERR_SUMMERS) {
        at = w->summer[0];
    }
    return at.line != 0 ? at : w->end;
}

int tariff_text_parse(const char *text, size_t n_text, struct tariff_plan *plan,
                      struct tariff_text_error *error)
{
    struct parser p;
    memset(&p, 0, sizeof p);
    p.error = error;
    p.plan.working_days = 0x1Fu; /* Monday to Friday, unless the text says otherwise */
    for (const char *at = text, *end = text + n_text; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        p.line = p.at = at;
        p.end = stop != NULL ? stop : end;
        p.number++;
        if (take_line(&p) != 0) {
            return -1;
        }
        at = stop != NULL ? stop + 1 : end;
    }
    p.where.end = (struct position){p.number != 0 ? p.number : 1u, 1};
    struct plan_place place;
    enum plan_err err = tariff_plan_check(&p.plan, &place);
    if (err != PLAN_OK) {
        return fail(&p, position_of(&p, err, &place), "%s", tariff_fault_text(err));
    }
    *plan = p.plan;
    return 0;
}

/* ---- printing ---- */

static void print_date(FILE *out, const struct plan_date *date)
{
    if (date->year != 0) {
        fprintf(out, " %04u-%02u-%02u", date->year, date->month, date->day);
    } else {
        fprintf(out, " %02u-%02u", date->month, date->day);
    }
}

static void print_days(FILE *out, const struct tariff_plan *plan)
{
    for (unsigned s = 0; s < plan->n_seasons; s++) {
        for (unsigned t = 0; t < DAY_TYPES; t++) {
            const struct plan_day *day = &plan->day[s][t];
            if (day->n == 0) {
                continue;
            }
            fprintf(out, "day %c %-7s", 'A' + (int)s, day_types[t]);
            for (unsigned i = 0; i < day->n; i++) {
                fprintf(out, "  %02u:%02u T%u", day->at[i].minute / 60u, day->at[i].minute % 60u,
                        day->at[i].tariff);
            }
            fputc('\n', out);
        }
    }
}

static void print_instant(FILE *out, int64_t utc_s)
{
    struct calendar c;
    calendar_from_seconds(utc_s, &c);
    fprintf(out, " %04u-%02u-%02uT%02u:%02uZ", c.year, c.month, c.day, c.hour, c.minute);
}

void tariff_text_print(FILE *out, const struct tariff_plan *plan)
{
    fprintf(out, "plan \"%s\"\nworking", plan->name);
    for (unsigned day = 0; day < COUNT_OF(weekdays); day++) {
        if ((plan->working_days >> day & 1u) != 0) {
            fprintf(out, " %s", weekdays[day]);
        }
    }
    fputs(plan->working_days == 0 ? " none\n" : "\n", out);
    for (unsigned i = 0; i < plan->n_starts; i++) {
        fprintf(out, "season %c from", 'A' + plan->start[i].season);
        print_date(out, &plan->start[i].date);
        fputc('\n', out);
    }
    print_days(out, plan);
    for (unsigned i = 0; i < plan->n_exceptions; i++) {
        fputs("exception", out);
        print_date(out, &plan->exception[i].date);
        fprintf(out, " %s\n", day_types[plan->exception[i].type]);
    }
    for (unsigned i = 0; i < plan->summers.n; i++) {
        fputs("summer", out);
        print_instant(out, plan->summers.row[i].begin_s);
        print_instant(out, plan->summers.row[i].end_s);
        fputc('\n', out);
    }
}
