/* metertool clock: how a meter's clock is, and setting it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "clock_meter.h"
#include "clock_summer.h"
#include "commands.h"
#include "dlms_clock.h"

#define GOOD_S         0.05 /* nearer than a line of 9600 baud can tell */
#define LEAD_US        INT64_C(20000)
#define SLEW_S_PER_MIN 0.06
#define ID_TRIM        0xF400u
#define TRIM_MAX_PPM   250.0

/* ---- showing ---- */

static void instant_text(int64_t seconds, char *text, size_t n_text)
{
    struct calendar c;
    calendar_from_seconds(seconds, &c);
    snprintf(text, n_text, "%04u-%02u-%02u %02u:%02u:%02u", c.year, c.month, c.day, c.hour,
             c.minute, c.second);
}

static json_t *summer_json(const struct clock *rules)
{
    static const char *const kinds[] = {"eu", "rule", "table"};
    return json_string(!rules->summer_time_eu ? "none" : kinds[rules->own.kind % 3u]);
}

static void print_json(const struct meter_clock *clock, const char *local, const char *utc)
{
    json_t *all = json_pack(
        "{s:b, s:s, s:s, s:b, s:i, s:o, s:f, s:f}", "valid", clock->valid, "utc", utc, "local",
        local, "summer", clock->summer, "zone_h", (int)clock->rules.time_zone_h, "summer_time",
        summer_json(&clock->rules), "ahead_s", clock->ahead_s, "accuracy_s", clock->accuracy_s);
    if (clock->ours) {
        json_object_set_new(all, "left_s", json_real(clock->left_s));
        json_object_set_new(all, "trim_ppm", json_real((double)clock->trim_ppb / 1000.0));
        json_object_set_new(all, "hold_days", json_integer(clock->hold_days));
    }
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(all);
}

static void print_table(const struct meter_clock *clock, const char *local, const char *utc)
{
    char host[32];
    instant_text(clock->host_us / 1000000, host, sizeof host);
    printf("Meter       %s, %s UTC%s\n", local, utc, clock->valid ? "" : ", NOT VALID: set it");
    printf("Computer    %s UTC\n", host);
    if (clock->valid) {
        printf("Difference  meter %.2f s %s (within %.2f s)\n", fabs(clock->ahead_s),
               clock->ahead_s < 0 ? "late" : "early", clock->accuracy_s);
    }
    printf("Zone        UTC%+d%s, %s time now\n", clock->rules.time_zone_h,
           clock->zone_known  ? ""
           : clock->zone_here ? " (not told: this computer's)"
                              : " (not told)",
           clock->summer ? "summer" : "normal");
    printf("Summer time ");
    clock_summer_print(&clock->rules);
    if (clock->ours) {
        printf("Correction  %.2f s to be worked off\n", clock->left_s);
        printf("Trim        %+.3f ppm\n", (double)clock->trim_ppb / 1000.0);
        printf("Back-up     keeps it for %lld days\n", (long long)clock->hold_days);
    }
}

static void show(const struct tool *tool, const struct meter_clock *clock)
{
    char local[32], utc[32];
    struct calendar c;
    clock_calendar(&clock->rules, clock->utc_s, true, &c);
    instant_text(calendar_seconds(&c), local, sizeof local);
    instant_text(clock->utc_s, utc, sizeof utc);
    if (tool->options.format == FORMAT_JSON) {
        print_json(clock, local, utc);
    } else if (tool->options.format == FORMAT_CSV) {
        printf("valid,local,utc,ahead_s,accuracy_s\n%d,%s,%s,%.3f,%.3f\n", clock->valid, local, utc,
               clock->ahead_s, clock->accuracy_s);
    } else {
        print_table(clock, local, utc);
    }
}

/* ---- before a step ---- */

/* Boundaries of the integration period that the clock would be moved over. */
static bool crosses(const struct meter_clock *clock, int64_t from_s, int64_t to_s)
{
    const int64_t period_s = clock->interval_min != 0 ? clock->interval_min * INT64_C(60) : 300;
    return from_s / period_s != to_s / period_s;
}

/* A step that ends or repeats periods is asked for, or told with --yes. */
static enum tool_exit confirm(const struct tool *tool, const struct meter_clock *clock,
                              int64_t to_s)
{
    char line[16] = "";
    const int64_t step_s = to_s - clock->utc_s;
    if (!clock->valid || (step_s < (int64_t)CLOCK_STEP_S && step_s > -(int64_t)CLOCK_STEP_S) ||
        !crosses(clock, clock->utc_s, to_s) || tool->options.yes) {
        return EXIT_GOOD;
    }
    const char *what = step_s > 0 ? "ends the integration period under way early and leaves out "
                                    "records of the load profile; debiting dates between are due"
                                  : "begins integration periods again and repeats records of the "
                                    "load profile";
    if (isatty(STDIN_FILENO) == 0) {
        tool_complain("setting the clock by %+lld s %s: expected --yes", (long long)step_s, what);
        return EXIT_USAGE;
    }
    fprintf(stderr, "Setting the clock by %+lld s %s.\nGo on? [y/N] ", (long long)step_s, what);
    if (fgets(line, sizeof line, stdin) == NULL || (line[0] != 'y' && line[0] != 'Y')) {
        tool_complain("nothing was set");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/* ---- after it ---- */

static enum tool_exit report(struct tool *tool, struct meter_clock *clock, double wanted_ahead_s)
{
    const enum tool_exit result = clock_meter_look(tool, clock);
    const double off_s = clock->ahead_s - wanted_ahead_s;
    if (result != EXIT_GOOD) {
        return result;
    }
    if (!clock->valid || fabs(off_s + clock->left_s) > clock->accuracy_s + 1.0) {
        tool_complain("the meter took the time, but it is %.1f s off", off_s);
        return EXIT_METER;
    }
    if (tool->options.format == FORMAT_TABLE && fabs(clock->left_s) > 2.0 * GOOD_S) {
        printf("set; the meter works %.1f s off, right in %.0f minutes\n", fabs(clock->left_s),
               ceil(fabs(clock->left_s) / SLEW_S_PER_MIN));
    } else if (tool->options.format == FORMAT_TABLE) {
        puts("set, read back and compared");
    }
    if (tool->options.format != FORMAT_TABLE) {
        show(tool, clock);
    }
    return EXIT_GOOD;
}

static void sleep_until(int64_t host_us)
{
    const int64_t left_us = host_us - clock_host_us();
    if (left_us > 0) {
        const struct timespec nap = {.tv_sec = (time_t)(left_us / 1000000),
                                     .tv_nsec = (long)(left_us % 1000000) * 1000};
        (void)nanosleep(&nap, NULL);
    }
}

/* ---- actions ---- */

static enum tool_exit act_get(struct tool *tool, struct meter_clock *clock, char **arguments,
                              int n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    show(tool, clock);
    return EXIT_GOOD;
}

static enum tool_exit limit_difference(const struct tool *tool, const struct meter_clock *clock)
{
    const char *text = tool->options.max_difference;
    char *end = NULL;
    if (text == NULL) {
        return EXIT_GOOD;
    }
    const double most_s = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(most_s >= 0.0)) {
        tool_complain("--max-difference '%s': expected seconds from 0 up", text);
        return EXIT_USAGE;
    }
    if (clock->valid && fabs(clock->ahead_s) > most_s) {
        tool_complain("the meter is %.1f s %s, more than --max-difference %g: nothing set",
                      fabs(clock->ahead_s), clock->ahead_s < 0 ? "late" : "early", most_s);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static enum tool_exit act_sync(struct tool *tool, struct meter_clock *clock, char **arguments,
                               int n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    if (clock->valid && fabs(clock->ahead_s) <= GOOD_S + clock->accuracy_s) {
        if (tool->options.format == FORMAT_TABLE) {
            printf("right within %.2f s: nothing set\n", fabs(clock->ahead_s) + clock->accuracy_s);
        } else {
            show(tool, clock);
        }
        return EXIT_GOOD;
    }
    enum tool_exit result = limit_difference(tool, clock);
    result =
        result != EXIT_GOOD ? result : confirm(tool, clock, clock->utc_s - llround(clock->ahead_s));
    if (result != EXIT_GOOD) {
        return result;
    }
    /* the second that begins when the command is there */
    const int64_t way_us = llround(clock->one_way_s * 1e6);
    const int64_t target_s = (clock_host_us() + way_us + LEAD_US) / 1000000 + 1;
    sleep_until(target_s * 1000000 - way_us);
    result = clock_meter_set(tool, clock, target_s);
    return result == EXIT_GOOD ? report(tool, clock, 0.0) : result;
}

/* "2026-11-29T12:00:00", a blank for the T, seconds may be left out; Z: UTC, else meter's time. */
static bool time_parse(const struct clock *rules, const char *text, int64_t *utc_s)
{
    unsigned year, month, day, hour, minute, second = 0;
    int n = 0, at = 0;
    char between;
    if (sscanf(text, "%4u-%2u-%2u%c%2u:%2u%n", &year, &month, &day, &between, &hour, &minute, &n) !=
            6 ||
        (between != 'T' && between != ' ')) {
        return false;
    }
    if (text[n] == ':' && sscanf(text + n, ":%2u%n", &second, &at) == 1) {
        n += at;
    }
    struct calendar c = {.year = (uint16_t)year,
                         .month = (uint8_t)month,
                         .day = (uint8_t)day,
                         .hour = (uint8_t)hour,
                         .minute = (uint8_t)minute,
                         .second = (uint8_t)second};
    const bool utc = strcmp(text + n, "Z") == 0;
    if ((!utc && text[n] != '\0') || calendar_seconds(&c) == INT64_MIN) {
        return false;
    }
    *utc_s = utc ? calendar_seconds(&c) : clock_utc_from_local(rules, &c);
    return true;
}

static enum tool_exit act_set(struct tool *tool, struct meter_clock *clock, char **arguments,
                              int n_arguments)
{
    int64_t utc_s = 0;
    (void)n_arguments;
    if (!time_parse(&clock->rules, arguments[0], &utc_s)) {
        tool_complain("expected a time like 2026-11-29T12:00:00 (the meter's) or "
                      "2026-11-29T11:00:00Z (UTC), found '%s'",
                      arguments[0]);
        return EXIT_USAGE;
    }
    enum tool_exit result = confirm(tool, clock, utc_s);
    result = result == EXIT_GOOD ? clock_meter_set(tool, clock, utc_s) : result;
    const double ahead_s = (double)(utc_s * 1000000 - clock_host_us()) * 1e-6;
    return result == EXIT_GOOD ? report(tool, clock, ahead_s) : result;
}

static enum tool_exit act_trim(struct tool *tool, struct meter_clock *clock, char **arguments,
                               int n_arguments)
{
    char *end = NULL;
    if (!clock->ours) {
        tool_complain("only meters of this project tell the trim of their crystal");
        return EXIT_UNKNOWN;
    }
    if (n_arguments == 0) {
        printf("%+.3f ppm\n", (double)clock->trim_ppb / 1000.0);
        return EXIT_GOOD;
    }
    const double ppm = strtod(arguments[0], &end);
    if (end == arguments[0] || *end != '\0' || !(fabs(ppm) <= TRIM_MAX_PPM)) {
        tool_complain("expected ppm from -250 to 250, found '%s'", arguments[0]);
        return EXIT_USAGE;
    }
    const int64_t wanted_ppb = llround(ppm * 1000.0);
    enum tool_exit result = clock_meter_put(tool, ID_TRIM, 4, wanted_ppb);
    result = result == EXIT_GOOD ? clock_meter_open(tool, clock) : result;
    if (result == EXIT_GOOD && clock->trim_ppb != wanted_ppb) {
        tool_complain("the meter took the trim, but another one is read back");
        return EXIT_METER;
    }
    return result;
}

static enum tool_exit act_summer(struct tool *tool, struct meter_clock *clock, char **arguments,
                                 int n_arguments)
{
    struct clock_summer_time wanted = {.kind = CLOCK_SUMMER_EU};
    const char *kind = n_arguments > 0 ? arguments[0] : "";
    if (n_arguments == 0) {
        clock_summer_print(&clock->rules);
        return EXIT_GOOD;
    }
    if (strcmp(kind, "rule") == 0 && n_arguments == 3) {
        wanted.kind = CLOCK_SUMMER_RULE;
        if (!clock_day_parse(arguments[1], &wanted.rule.begin) ||
            !clock_day_parse(arguments[2], &wanted.rule.end) || !clock_rule_good(&wanted.rule)) {
            tool_complain("expected two days two months apart like last-sun-mar-02:00 "
                          "last-sun-oct-02:00, found '%s' '%s'",
                          arguments[1], arguments[2]);
            return EXIT_USAGE;
        }
    } else if (strcmp(kind, "table") == 0 && n_arguments == 2) {
        wanted.kind = CLOCK_SUMMER_TABLE;
        if (clock_table_read(arguments[1], &wanted.table) != EXIT_GOOD) {
            return EXIT_USAGE;
        }
    } else if (strcmp(kind, "eu") != 0 || n_arguments != 1) {
        tool_complain("expected clock summer eu | rule BEGIN END | table FILE");
        return EXIT_USAGE;
    }
    if (!clock->ours || !clock->rules.summer_time_eu) {
        tool_complain("this meter takes no summer time: %s",
                      clock->ours ? "PPP = 000" : "it is none of this project");
        return EXIT_UNKNOWN;
    }
    return clock_summer_write(tool, &wanted);
}

static const struct {
    const char *name, *arguments;
    int least, most; /* how many arguments */
    bool looks;      /* needs the time */
    enum tool_exit (*act)(struct tool *tool, struct meter_clock *clock, char **arguments,
                          int n_arguments);
} actions[] = {
    {"get", "", 0, 0, true, act_get},
    {"set", "TIME", 1, 1, true, act_set},
    {"sync", "", 0, 0, true, act_sync},
    {"trim", "[PPM]", 0, 1, false, act_trim},
    {"summer", "[eu | rule BEGIN END | table FILE]", 0, 3, false, act_summer},
};
#define N_ACTIONS (sizeof actions / sizeof actions[0])

enum tool_exit command_clock(struct tool *tool, int n_arguments, char **arguments)
{
    static char get[] = "get";
    char *word = n_arguments > 0 ? arguments[0] : get;
    struct meter_clock clock;
    for (size_t i = 0; i < N_ACTIONS; i++) {
        if (strcmp(word, actions[i].name) != 0) {
            continue;
        }
        const int n = n_arguments > 0 ? n_arguments - 1 : 0;
        if (n < actions[i].least || n > actions[i].most) {
            tool_complain("expected metertool clock %s %s", actions[i].name, actions[i].arguments);
            return EXIT_USAGE;
        }
        enum tool_exit result = tool_connect(tool);
        if (result == EXIT_GOOD && tool->line.url.protocol == METER_IEC && !actions[i].looks) {
            tool_complain("clock %s goes over KMP: expected -m kmp:... or kmp+tcp://...", word);
            return EXIT_USAGE;
        }
        if (result == EXIT_GOOD && tool->line.url.protocol == METER_DLMS) {
            return dlms_clock(tool, n_arguments, arguments);
        }
        result = result == EXIT_GOOD ? clock_meter_open(tool, &clock) : result;
        if (result == EXIT_GOOD && actions[i].looks) {
            result = clock_meter_look(tool, &clock);
        }
        return result == EXIT_GOOD ? actions[i].act(tool, &clock, arguments + 1, n) : result;
    }
    tool_complain("expected metertool clock get, set, sync, trim or summer, found '%s'", word);
    return EXIT_USAGE;
}
