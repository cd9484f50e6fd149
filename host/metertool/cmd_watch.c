/* metertool watch: read again and again. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "output.h"

#define HIGHLIGHT "\033[1;7m"
#define NORMAL    "\033[0m"
#define TO_TOP    "\033[H"
#define CLEAR     "\033[2J"
#define CLEAR_END "\033[K"
#define CLEAR_ALL "\033[J"

/** What stood there the time before, by place. */
struct history {
    char text[READINGS_MAX][sizeof((struct reading *)0)->text];
    size_t length;
};

static void time_text(char *text, size_t n_text)
{
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(text, n_text, "%Y-%m-%d %H:%M:%S", &local);
}

static bool has_changed(const struct history *before, const struct readings *readings, size_t i)
{
    return before->length == readings->length &&
           strcmp(before->text[i], readings->items[i].text) != 0;
}

static void remember(struct history *before, const struct readings *readings)
{
    for (size_t i = 0; i < readings->length; i++) {
        memcpy(before->text[i], readings->items[i].text, sizeof before->text[i]);
    }
    before->length = readings->length;
}

/** A page that is drawn over itself. */
static void show_page(const struct tool *tool, const char *now, const struct history *before)
{
    size_t width = 5, name_width = 4;
    char name[80];
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        reading_name(reading, name, sizeof name);
        width = strlen(reading->text) > width ? strlen(reading->text) : width;
        name_width = strlen(name) > name_width ? strlen(name) : name_width;
    }
    printf(TO_TOP "%s  %s   (Ctrl-C ends)" CLEAR_END "\n" CLEAR_END "\n", now, tool->options.meter);
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        bool changed = has_changed(before, &tool->readings, i);
        reading_name(reading, name, sizeof name);
        printf("%-10s  %-*s  %s%*s%s  %s" CLEAR_END "\n", reading->code, (int)name_width, name,
               changed ? HIGHLIGHT : "", (int)width, reading->text, changed ? NORMAL : "",
               reading->unit);
    }
    printf(CLEAR_ALL);
}

/** One line: "2026-11-21 09:00:00  1.8.0 6753 kWh  32.7.0 229 V". */
static void show_line(const struct tool *tool, const char *now)
{
    fputs(now, stdout);
    for (size_t i = 0; i < tool->readings.length; i++) {
        const struct reading *reading = &tool->readings.items[i];
        char key[32];
        output_key(reading, key, sizeof key);
        printf("  %s %s%s%s", key, reading->text, reading->unit[0] != '\0' ? " " : "",
               reading->unit);
    }
    putchar('\n');
}

static void show_json(const struct tool *tool, const char *now)
{
    json_t *all = json_object();
    json_object_set_new(all, "time", json_string(now));
    for (size_t i = 0; i < tool->readings.length; i++) {
        char key[32];
        output_key(&tool->readings.items[i], key, sizeof key);
        json_object_set_new(all, key, output_json_reading(&tool->readings.items[i]));
    }
    json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(all);
}

/** Time and the values of the first round's columns. */
static void show_csv(const struct tool *tool, const char *now, bool first)
{
    if (first) {
        fputs("time", stdout);
        for (size_t i = 0; i < tool->readings.length; i++) {
            const struct reading *reading = &tool->readings.items[i];
            char key[32];
            output_key(reading, key, sizeof key);
            printf(",%s%s%s", key, reading->unit[0] != '\0' ? " " : "", reading->unit);
        }
        putchar('\n');
    }
    fputs(now, stdout);
    for (size_t i = 0; i < tool->readings.length; i++) {
        printf(",%s", tool->readings.items[i].text);
    }
    putchar('\n');
}

static void show(const struct tool *tool, const struct history *before, bool first)
{
    char now[32];
    time_text(now, sizeof now);
    if (tool->options.format == FORMAT_JSON) {
        show_json(tool, now);
    } else if (tool->options.format == FORMAT_CSV) {
        show_csv(tool, now, first);
    } else if (isatty(STDOUT_FILENO)) {
        fputs(first ? CLEAR : "", stdout);
        show_page(tool, now, before);
    } else {
        show_line(tool, now);
    }
    fflush(stdout);
}

/** After the first round only what the meter has is asked for, so that columns stay in place. */
static void keep_what_is_there(struct tool *tool)
{
    struct selection kept = {.length = 0};
    for (size_t i = 0; i < tool->selection.length; i++) {
        const struct selected *selected = &tool->selection.items[i];
        for (size_t k = 0; k < tool->readings.length; k++) {
            const struct reading *reading = &tool->readings.items[k];
            if (selected_matches(selected, reading->kmp_id, reading->code)) {
                kept.items[kept.length++] = *selected;
                break;
            }
        }
    }
    tool->selection = kept;
}

static void wait_until(int64_t due_ms)
{
    int64_t left_ms = due_ms - line_now_ms();
    struct timespec pause = {left_ms / 1000, left_ms % 1000 * 1000000};
    while (left_ms > 0 && nanosleep(&pause, &pause) != 0 && errno == EINTR) {
    }
}

/** A line that broke is opened again; a try that fails leaves the old one closed. */
static enum tool_exit read_again(struct tool *tool)
{
    if (tool->line.fd < 0 && tool_connect(tool) != EXIT_GOOD) {
        return EXIT_METER;
    }
    enum tool_exit result = tool_read(tool);
    if (result != EXIT_GOOD) {
        dlms_meter_close(tool);
        line_close(&tool->line);
    }
    return result;
}

enum tool_exit command_watch(struct tool *tool, int n_arguments, char **arguments)
{
    struct history before = {.length = 0};
    enum tool_exit result = select_registers(tool, n_arguments, arguments);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (n_arguments == 0 && tool->line.url.protocol != METER_IEC) {
        select_usual(tool);
    }
    int64_t due_ms = line_now_ms();
    for (long round = 0; tool->options.count == 0 || round < tool->options.count; round++) {
        wait_until(due_ms);
        int64_t now_ms = line_now_ms(), interval_ms = (int64_t)(tool->options.interval_s * 1000.0);
        due_ms = due_ms + interval_ms > now_ms ? due_ms + interval_ms : now_ms + interval_ms;
        result = read_again(tool);
        if (round == 0) {
            if (result != EXIT_GOOD) {
                return result;
            }
            if (n_arguments > 0 ? tool_report_missing(tool) : tool_report_nothing(tool)) {
                return EXIT_UNKNOWN;
            }
            keep_what_is_there(tool);
        }
        if (result == EXIT_GOOD) { /* a round that failed has complained; the next may do better */
            show(tool, &before, round == 0);
            remember(&before, &tool->readings);
        }
    }
    return result;
}
