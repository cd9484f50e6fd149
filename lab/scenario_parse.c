#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "scenario.h"

#define ALL_PHASES    7u
#define PRESS_US      INT64_C(200000)
#define ENTRIES_CHUNK 256u

/** Where the parser is: the rest of a line, and the time of the line before. */
struct parser {
    const char *name;
    struct scan_text line;
    size_t number, at;
    int64_t previous_us;
    struct scenario_entry when; /* time of this line, copied into each entry */
    struct scenario *scenario;
    size_t n_every;
    struct lab_error *error;
};

struct token {
    struct scan_text text;
    size_t column;
};

static int bad(const struct parser *p, const struct token *token, const char *expected)
{
    return lab_error_set(p->error, "%.100s:%zu:%zu: expected %s, found %s", p->name, p->number,
                         token->column, expected, scan_quote(token->text).text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/** The next word of the line; empty at its end or at a comment. */
static struct token next_token(struct parser *p)
{
    while (p->at < p->line.n && is_blank(p->line.at[p->at])) {
        p->at++;
    }
    size_t start = p->at;
    if (p->at < p->line.n && p->line.at[p->at] == '#') {
        p->at = p->line.n;
        return (struct token){{p->line.at + start, 0}, start + 1};
    }
    while (p->at < p->line.n && !is_blank(p->line.at[p->at]) && p->line.at[p->at] != '#') {
        p->at++;
    }
    return (struct token){{p->line.at + start, p->at - start}, start + 1};
}

static struct token peek_token(const struct parser *p)
{
    struct parser copy = *p;
    return next_token(&copy);
}

/** Take the next word if it is this one. */
static bool take_word(struct parser *p, const char *word)
{
    if (!scan_is(peek_token(p).text, word)) {
        return false;
    }
    (void)next_token(p);
    return true;
}

static int parse_time(struct parser *p, struct token token, int64_t low_us, int64_t *us)
{
    double seconds = 0.0;
    if (!scan_duration(token.text, &seconds) || !(seconds * 1e6 <= (double)SCENARIO_TIME_MAX_US)) {
        return bad(p, &token, "a time like 10s, 200ms, 1h30m or 00:01:30");
    }
    *us = llround(seconds * 1e6);
    if (*us < low_us) {
        return bad(p, &token, low_us == 1 ? "a time above 0" : "a period of 1 ms or more");
    }
    return 0;
}

static int take_time(struct parser *p, int64_t low_us, int64_t *us)
{
    return parse_time(p, next_token(p), low_us, us);
}

/** [for DURATION]; 0 when absent. */
static int take_for(struct parser *p, int64_t *us)
{
    *us = 0;
    return take_word(p, "for") ? take_time(p, 1, us) : 0;
}

/** L1, L2+L3, all, neutral (where allowed). */
static int take_phases(struct parser *p, bool neutral, unsigned *phases)
{
    static const char *const names[] = {"L1", "L2", "L3"};
    struct token token = next_token(p);
    *phases = 0;
    if (scan_is(token.text, "all")) {
        *phases = ALL_PHASES;
        return 0;
    }
    if (neutral && scan_is(token.text, "neutral")) {
        *phases = SCENARIO_NEUTRAL;
        return 0;
    }
    for (size_t at = 0; at + 2 <= token.text.n; at += 3) {
        unsigned before = *phases;
        for (unsigned k = 0; k < LAB_PHASES; k++) {
            *phases |= scan_is((struct scan_text){token.text.at + at, 2}, names[k]) ? 1u << k : 0u;
        }
        bool last = at + 2 == token.text.n;
        if (*phases == before || (!last && token.text.at[at + 2] != '+') ||
            at + 3 == token.text.n) {
            *phases = 0;
            break;
        }
    }
    return *phases != 0
               ? 0
               : bad(p, &token,
                     neutral ? "L1, L2, L3, L1+L2, all or neutral" : "L1, L2, L3, L1+L2 or all");
}

static bool percent(struct scan_text text, double high, double *value)
{
    if (text.n > 0 && text.at[text.n - 1] == '%') {
        text.n--;
    }
    return scan_number(text, value) && *value >= 0.0 && *value <= high;
}

static int add(struct parser *p, const struct scenario_action *action, int64_t delay_us)
{
    struct scenario *s = p->scenario;
    if (s->n_entries == SCENARIO_ENTRIES_MAX) {
        return lab_error_set(p->error, "%.100s:%zu:1: expected at most %u things to happen",
                             p->name, p->number, SCENARIO_ENTRIES_MAX);
    }
    if (s->n_entries == s->capacity) {
        size_t capacity = s->capacity == 0 ? ENTRIES_CHUNK : 2 * s->capacity;
        struct scenario_entry *entry = realloc(s->entry, capacity * sizeof *entry);
        if (entry == NULL) {
            return lab_error_set(p->error, "%.100s: no memory", p->name);
        }
        s->entry = entry;
        s->capacity = capacity;
    }
    struct scenario_entry *entry = &s->entry[s->n_entries];
    *entry = p->when;
    entry->at_us += delay_us;
    entry->last_us += entry->last_us < LAB_FOREVER_US ? delay_us : 0;
    entry->order = s->n_entries++;
    entry->action = *action;
    return 0;
}

/** What can be set: limits, and what a person is told. */
static const struct {
    const char *name;
    bool per_phase;
    double low, high;
    const char *expected;
} settings[SCENARIO_NAMES] = {
    [SCENARIO_U] = {"u", true, 0.0, LAB_VOLTAGE_MAX_V, "a voltage from 0 to 1000 V"},
    [SCENARIO_I] = {"i", true, -LAB_CURRENT_MAX_A, LAB_CURRENT_MAX_A,
                    "a current from -1000 to 1000 A"},
    [SCENARIO_PF] = {"pf", true, -1.0, 1.0,
                     "a power factor 0 to 1, then i (inductive) or c (capacitive)"},
    [SCENARIO_PHI] = {"phi", true, -360.0, 360.0, "an angle from -360 to 360 degrees"},
    [SCENARIO_P] = {"p", true, -LAB_POWER_MAX_W, LAB_POWER_MAX_W, "a power from -1000 to 1000 kW"},
    [SCENARIO_F] = {"f", false, LAB_FREQUENCY_MIN, LAB_FREQUENCY_MAX,
                    "a frequency from 40 to 70 Hz"},
    [SCENARIO_TEMPERATURE] = {"temperature", false, -60.0, 120.0,
                              "a temperature from -60 to 120 degrees"},
    [SCENARIO_LOAD] = {"load", false, 0.0, 1.0, "load=constant or load=z"},
    [SCENARIO_SEQUENCE] = {"sequence", false, 0.0, 1.0, "sequence=123 or sequence=132"},
};

/** u, u1, pf3, temperature ... to a setting and its phases. */
static bool find_setting(struct scan_text name, struct scenario_action *action)
{
    char last = name.n > 0 ? name.at[name.n - 1] : '\0';
    bool numbered = last >= '1' && last <= '3';
    struct scan_text stem = {name.at, name.n - (numbered ? 1 : 0)};
    for (unsigned k = 0; k < SCENARIO_NAMES; k++) {
        if (scan_is(stem, settings[k].name) && (!numbered || settings[k].per_phase)) {
            action->name = (enum scenario_name)k;
            action->phases = numbered ? 1u << (last - '1') : ALL_PHASES;
            return true;
        }
    }
    return false;
}

static bool pf_value(struct scan_text text, double *value)
{
    char last = text.n > 0 ? text.at[text.n - 1] : '\0';
    bool capacitive = last == 'c' || last == 'C';
    text.n -= capacitive || last == 'i' || last == 'I' ? 1 : 0;
    if (!scan_number(text, value) || !(*value >= 0.0)) {
        return false;
    }
    *value = capacitive ? -*value : *value;
    return true;
}

static bool setting_value(enum scenario_name name, struct scan_text text, double *value)
{
    switch (name) {
    case SCENARIO_PF: return pf_value(text, value);
    case SCENARIO_LOAD:
        *value = scan_is(text, "z");
        return *value > 0.0 || scan_is(text, "constant");
    case SCENARIO_SEQUENCE:
        *value = scan_is(text, "132");
        return *value > 0.0 || scan_is(text, "123");
    default: return scan_number(text, value);
    }
}

static int take_set(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    action.kind = SCENARIO_SET;
    do {
        const char *equals = token.text.n > 0 ? memchr(token.text.at, '=', token.text.n) : NULL;
        size_t n = equals != NULL ? (size_t)(equals - token.text.at) : token.text.n;
        if (equals == NULL || !find_setting((struct scan_text){token.text.at, n}, &action)) {
            return bad(
                p, &token,
                "u=, i=, pf=, phi=, p= (or u1= .. p3=), f=, temperature=, load= or sequence=");
        }
        struct token value = {{equals + 1, token.text.n - n - 1}, token.column + n + 1};
        if (!setting_value(action.name, value.text, &action.value) ||
            !(action.value >= settings[action.name].low &&
              action.value <= settings[action.name].high)) {
            return bad(p, &value, settings[action.name].expected);
        }
        if (add(p, &action, 0) != 0) {
            return -1;
        }
        token = next_token(p);
    } while (token.text.n > 0);
    return 0;
}

/** dip|swell PHASES to PERCENT [for DURATION] */
static int take_scale(struct parser *p, struct scenario_action action)
{
    action.kind = SCENARIO_SCALE;
    if (take_phases(p, false, &action.phases) != 0) {
        return -1;
    }
    struct token token = next_token(p);
    if (!scan_is(token.text, "to")) {
        return bad(p, &token, "to");
    }
    token = next_token(p);
    if (!percent(token.text, 200.0, &action.value)) {
        return bad(p, &token, "a rest voltage from 0% to 200%");
    }
    return take_for(p, &action.for_us) != 0 ? -1 : add(p, &action, 0);
}

static int take_lose(struct parser *p, struct scenario_action action)
{
    action.kind = SCENARIO_LOSE;
    return take_phases(p, true, &action.phases) != 0 || take_for(p, &action.for_us) != 0
               ? -1
               : add(p, &action, 0);
}

static int take_restore(struct parser *p, struct scenario_action action)
{
    action.kind = SCENARIO_RESTORE;
    return take_phases(p, true, &action.phases) != 0 ? -1 : add(p, &action, 0);
}

/** One ORDER=PERCENT[@DEGREES]. */
static int take_line(struct parser *p, const struct token *token, struct scenario_action *action)
{
    double order = 0.0;
    struct scan_text text = token->text;
    const char *equals = text.n > 0 ? memchr(text.at, '=', text.n) : NULL;
    size_t n = equals != NULL ? (size_t)(equals - text.at) : 0;
    if (!scan_number((struct scan_text){text.at, n}, &order) || order < 2.0 ||
        order > LAB_HARMONICS_MAX || order != floor(order)) {
        return bad(p, token, "none, or order=percent with an order from 2 to 40 (5=10%@180)");
    }
    action->order = (unsigned)order;
    action->angle_deg = 0.0;
    struct token value = {{equals + 1, text.n - n - 1}, token->column + n + 1};
    const char *at = value.text.n > 0 ? memchr(value.text.at, '@', value.text.n) : NULL;
    if (at != NULL) {
        struct token angle = value;
        angle.text.at = at + 1;
        angle.text.n = value.text.n - (size_t)(at + 1 - value.text.at);
        angle.column += (size_t)(at + 1 - value.text.at);
        value.text.n = (size_t)(at - value.text.at);
        if (!scan_number(angle.text, &action->angle_deg) || fabs(action->angle_deg) > 360.0) {
            return bad(p, &angle, "an angle from -360 to 360 degrees");
        }
    }
    return percent(value.text, 200.0, &action->value) ? 0 : bad(p, &value, "0% to 200%");
}

/** harmonic u|i PHASES (none | ORDER=PERCENT[@DEGREES] ...) */
static int take_harmonic(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    action.kind = SCENARIO_HARMONIC;
    action.of_voltage = scan_is(token.text, "u");
    if (!action.of_voltage && !scan_is(token.text, "i")) {
        return bad(p, &token, "u or i");
    }
    if (take_phases(p, false, &action.phases) != 0) {
        return -1;
    }
    if (take_word(p, "none")) {
        action.order = 0;
        return add(p, &action, 0);
    }
    token = next_token(p);
    do {
        if (take_line(p, &token, &action) != 0 || add(p, &action, 0) != 0) {
            return -1;
        }
        token = next_token(p);
    } while (token.text.n > 0);
    return 0;
}

static int take_power(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    action.kind = SCENARIO_POWER;
    action.on = scan_is(token.text, "on");
    if (!action.on && !scan_is(token.text, "off")) {
        return bad(p, &token, "off or on");
    }
    if (!action.on && take_for(p, &action.for_us) != 0) {
        return -1;
    }
    return add(p, &action, 0);
}

/** An event that begins now, and ends again when a time is given. */
static int add_event(struct parser *p, struct scenario_action action, int64_t for_us)
{
    action.kind = SCENARIO_EVENT;
    if (add(p, &action, 0) != 0) {
        return -1;
    }
    action.on = !action.on;
    return for_us > 0 ? add(p, &action, for_us) : 0;
}

static int take_switch(struct parser *p, struct scenario_action action, const char *on,
                       const char *off)
{
    struct token token = next_token(p);
    int64_t for_us = 0;
    action.on = scan_is(token.text, on);
    if (!action.on && !scan_is(token.text, off)) {
        char expected[24];
        (void)snprintf(expected, sizeof expected, "%s or %s", on, off);
        return bad(p, &token, expected);
    }
    return take_for(p, &for_us) != 0 ? -1 : add_event(p, action, for_us);
}

static int take_magnet(struct parser *p, struct scenario_action action)
{
    action.event = LAB_EVENT_MAGNET;
    return take_switch(p, action, "on", "off");
}

static int take_cover(struct parser *p, struct scenario_action action)
{
    action.event = LAB_EVENT_COVER;
    return take_switch(p, action, "open", "closed");
}

static int take_terminal_cover(struct parser *p, struct scenario_action action)
{
    action.event = LAB_EVENT_TERMINAL_COVER;
    return take_switch(p, action, "open", "closed");
}

static int take_seal(struct parser *p, struct scenario_action action)
{
    action.event = LAB_EVENT_SEAL;
    return take_switch(p, action, "open", "closed");
}

static int take_module(struct parser *p, struct scenario_action action)
{
    action.event = LAB_EVENT_MODULE;
    return take_switch(p, action, "in", "out");
}

/** tariff-input 1|2 on|off [for DURATION] */
static int take_tariff_input(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    const bool first = scan_is(token.text, "1");
    if (!first && !scan_is(token.text, "2")) {
        return bad(p, &token, "1 or 2");
    }
    action.event = first ? LAB_EVENT_TARIFF_1 : LAB_EVENT_TARIFF_2;
    return take_switch(p, action, "on", "off");
}

/** pin 1|2 on|off [for DURATION] */
static int take_pin(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    const bool first = scan_is(token.text, "1");
    if (!first && !scan_is(token.text, "2")) {
        return bad(p, &token, "1 or 2");
    }
    action.event = first ? LAB_EVENT_PIN_1 : LAB_EVENT_PIN_2;
    return take_switch(p, action, "on", "off");
}

/** backup remove */
static int take_backup(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    if (!scan_is(token.text, "remove")) {
        return bad(p, &token, "remove");
    }
    action.event = LAB_EVENT_BACKUP;
    action.on = true;
    return add_event(p, action, 0);
}

/** breaker stuck|free PHASES [for DURATION] | slow DURATION | silent on|off [for DURATION] */
static int take_breaker(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    int64_t for_us = 0;
    action.on = true;
    if (scan_is(token.text, "slow")) {
        action.kind = SCENARIO_EVENT;
        action.event = LAB_EVENT_RELAY_SLOW;
        return take_time(p, 1, &action.for_us) != 0 ? -1 : add(p, &action, 0);
    }
    if (scan_is(token.text, "silent")) {
        action.event = LAB_EVENT_RELAY_SILENT;
        return take_switch(p, action, "on", "off");
    }
    action.event = LAB_EVENT_RELAY_STUCK;
    action.on = scan_is(token.text, "stuck");
    if (!action.on && !scan_is(token.text, "free")) {
        return bad(p, &token, "stuck, free, slow or silent");
    }
    if (take_phases(p, false, &action.phases) != 0) {
        return -1;
    }
    return take_for(p, &for_us) != 0 ? -1 : add_event(p, action, for_us);
}

/** press left|right [DURATION] */
static int take_press(struct parser *p, struct scenario_action action)
{
    struct token token = next_token(p);
    int64_t for_us = PRESS_US;
    bool left = scan_is(token.text, "left");
    if (!left && !scan_is(token.text, "right")) {
        return bad(p, &token, "left or right");
    }
    action.event = left ? LAB_EVENT_BUTTON_LEFT : LAB_EVENT_BUTTON_RIGHT;
    action.on = true;
    bool spelled_out = take_word(p, "for");
    if ((spelled_out || peek_token(p).text.n > 0) && take_time(p, 1, &for_us) != 0) {
        return -1;
    }
    return add_event(p, action, for_us);
}

static int take_kill(struct parser *p, struct scenario_action action)
{
    action.event = LAB_EVENT_KILL;
    action.on = true;
    return add_event(p, action, 0);
}

static const struct {
    const char *word;
    int (*take)(struct parser *p, struct scenario_action action);
} actions[] = {
    {"set", take_set},         {"dip", take_scale},
    {"swell", take_scale},     {"lose", take_lose},
    {"restore", take_restore}, {"harmonic", take_harmonic},
    {"power", take_power},     {"magnet", take_magnet},
    {"cover", take_cover},     {"terminal-cover", take_terminal_cover},
    {"seal", take_seal},       {"tariff-input", take_tariff_input},
    {"backup", take_backup},   {"press", take_press},
    {"kill", take_kill},       {"breaker", take_breaker},
    {"module", take_module},   {"pin", take_pin},
};
#define N_ACTIONS (sizeof actions / sizeof actions[0])

static int take_action(struct parser *p)
{
    struct scenario_action action;
    struct token token = next_token(p);
    memset(&action, 0, sizeof action);
    for (size_t k = 0; k < N_ACTIONS; k++) {
        if (!scan_is(token.text, actions[k].word)) {
            continue;
        }
        if (actions[k].take(p, action) != 0) {
            return -1;
        }
        token = next_token(p);
        return token.text.n == 0 ? 0 : bad(p, &token, "the end of the line");
    }
    return bad(p, &token,
               "set, dip, swell, lose, restore, harmonic, power, magnet, cover, terminal-cover, "
               "seal, tariff-input, pin, backup, breaker, press or kill");
}

/** at TIME | at +TIME */
static int take_at(struct parser *p)
{
    struct token token = next_token(p);
    bool relative = token.text.n > 0 && token.text.at[0] == '+';
    int64_t us = 0;
    if (relative) {
        token.text.at++;
        token.text.n--;
        token.column++;
    }
    if (parse_time(p, token, 0, &us) != 0) {
        return -1;
    }
    us += relative ? p->previous_us : 0;
    if (us > SCENARIO_TIME_MAX_US) {
        return bad(p, &token, "a time within a hundred years");
    }
    p->previous_us = us;
    p->when.at_us = us;
    return 0;
}

/** every PERIOD [from TIME] [until TIME] */
static int take_every(struct parser *p)
{
    if (take_time(p, SCENARIO_PERIOD_MIN_US, &p->when.period_us) != 0) {
        return -1;
    }
    p->when.at_us = 0;
    p->when.last_us = LAB_FOREVER_US;
    if (take_word(p, "from") && take_time(p, 0, &p->when.at_us) != 0) {
        return -1;
    }
    if (take_word(p, "until") && take_time(p, 0, &p->when.last_us) != 0) {
        return -1;
    }
    if (++p->n_every > SCENARIO_EVERY_MAX) {
        return lab_error_set(p->error, "%.100s:%zu:1: expected at most %u lines with every",
                             p->name, p->number, SCENARIO_EVERY_MAX);
    }
    return 0;
}

static int take_statement(struct parser *p)
{
    p->at = 0;
    memset(&p->when, 0, sizeof p->when);
    p->when.at_us = p->previous_us; /* a line without a time happens with the one before */
    if (peek_token(p).text.n == 0) {
        return 0;
    }
    if (take_word(p, "at")) {
        return take_at(p) != 0 ? -1 : take_action(p);
    }
    if (take_word(p, "every")) {
        return take_every(p) != 0 ? -1 : take_action(p);
    }
    return take_action(p);
}

static bool next_line(const char **at, const char *end, struct scan_text *line)
{
    if (*at >= end) {
        return false;
    }
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    line->at = *at;
    line->n = (size_t)((stop != NULL ? stop : end) - *at);
    *at = stop != NULL ? stop + 1 : end;
    if (line->n > 0 && line->at[line->n - 1] == '\r') {
        line->n--;
    }
    return true;
}

static int earlier(const void *left, const void *right)
{
    const struct scenario_entry *a = left, *b = right;
    if (a->at_us != b->at_us) {
        return a->at_us < b->at_us ? -1 : 1;
    }
    return a->order < b->order ? -1 : a->order > b->order;
}

static const char *after_mark(const char *text, const char *end)
{
    return end - text >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
}

int scenario_parse(struct scenario *scenario, const char *name, const char *text, size_t n_bytes,
                   struct lab_error *error)
{
    struct parser p;
    const char *end = text + n_bytes, *at = after_mark(text, end);
    memset(scenario, 0, sizeof *scenario);
    memset(&p, 0, sizeof p);
    p.name = name;
    p.scenario = scenario;
    p.error = error;
    while (next_line(&at, end, &p.line)) {
        p.number++;
        if (take_statement(&p) != 0) {
            return -1;
        }
    }
    if (scenario->n_entries == 0) {
        return lab_error_set(error, "%.100s:%zu:1: expected something to happen, found nothing",
                             name, p.number + 1);
    }
    qsort(scenario->entry, scenario->n_entries, sizeof *scenario->entry, earlier);
    return 0;
}

void scenario_free(struct scenario *scenario)
{
    free(scenario->entry);
    memset(scenario, 0, sizeof *scenario);
}

bool scenario_recognise(const char *text, size_t n_bytes)
{
    struct parser p;
    const char *end = text + n_bytes, *at = after_mark(text, end);
    memset(&p, 0, sizeof p);
    while (next_line(&at, end, &p.line)) {
        p.at = 0;
        struct token token = next_token(&p);
        if (token.text.n == 0) {
            continue;
        }
        bool known = scan_is(token.text, "at") || scan_is(token.text, "every");
        for (size_t k = 0; k < N_ACTIONS; k++) {
            known = known || scan_is(token.text, actions[k].word);
        }
        return known;
    }
    return false;
}
