/* metertool calibrate: a meter, a reference source, and the procedure between them. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "calibrate_progress.h"
#include "calibrate_report.h"
#include "calibrate_show.h"
#include "commands.h"

#define ID_SERIAL   1001u
#define ID_SOFTWARE 1005u

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/** Without SA_RESTART: naps and the question end at once. */
static void signals(void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/** ---- before -------------------------------------------------------------------------------- */

static enum tool_exit check_arguments(const struct tool *tool, int n_arguments, char **arguments,
                                      bool *show)
{
    const struct tool_options *options = &tool->options;
    *show = options->show || (n_arguments == 1 && strcmp(arguments[0], "show") == 0);
    if (n_arguments > 1 || (n_arguments == 1 && strcmp(arguments[0], "show") != 0)) {
        tool_complain("calibrate '%s': expected options, or show", arguments[n_arguments - 1]);
        return EXIT_USAGE;
    }
    if (options->format == FORMAT_CSV) {
        tool_complain("calibrate: expected a table or --json, found --csv");
        return EXIT_USAGE;
    }
    if (!*show && options->source == NULL) {
        tool_complain("no reference source named; give --source tcp:HOST:PORT (a meter382 "
                      "--source, or a bench that speaks docs/spec/reference-source.md)");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/** Who it is, and whether it knows what this is about. */
static enum tool_exit meet_meter(struct tool *tool, struct calibrate_story *story,
                                 struct kmp_calibration_snapshot *meter)
{
    static const uint16_t ids[] = {ID_SERIAL, ID_SOFTWARE};
    struct kmp_value values[2];
    enum tool_exit result = tool_connect(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("calibrate needs KMP (-m kmp:... or -m kmp+tcp://...)");
        return EXIT_USAGE;
    }
    const int n = kmp_link_registers(&tool->kmp, ids, 2, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    for (int k = 0; k < n; k++) {
        const bool serial = values[k].id == ID_SERIAL;
        kmp_value_text(&values[k], serial ? story->serial : story->software, sizeof story->serial);
    }
    const enum calibrate_err err = calibrate_look(tool, meter);
    if (err != CALIBRATE_OK) {
        char text[500];
        calibrate_err_text(tool, err, NULL, text, sizeof text);
        tool_complain("%s", text);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/** Forgetting what nobody has staged does nothing, but wants the password: better known now than
 *  after all the measuring. */
static enum tool_exit check_password(struct tool *tool,
                                     const struct kmp_calibration_snapshot *meter)
{
    struct kmp_calibration_result result;
    const struct kmp_calibration_order order = {tool->options.password, KMP_CALIBRATION_FORGET,
                                                meter->writes};
    const enum calibrate_err err = calibrate_order(tool, &order, &result);
    if (err != CALIBRATE_OK) {
        char text[500];
        calibrate_err_text(tool, err, &result, text, sizeof text);
        tool_complain("%s", text);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static enum tool_exit may_write(struct tool *tool, const struct kmp_calibration_snapshot *meter)
{
    if (!tool->options.dry_run && !meter->seal_open) {
        tool_complain("the seal of this meter is closed: open it (calibration switch, meter382 "
                      "--seal open), or measure only with --dry-run");
        return EXIT_METER;
    }
    if (!tool->options.dry_run && meter->n_changes_left == 0) {
        tool_complain("the audit trail of this meter is full: its constants can't be changed any "
                      "more");
        return EXIT_METER;
    }
    return tool->options.dry_run ? EXIT_GOOD : check_password(tool, meter);
}

static enum tool_exit meet_source(const struct tool *tool, struct source_link *source,
                                  const struct meter_url *url, struct calibrate_story *story)
{
    if (source_link_open(source, url, tool->options.verbose ? stderr : NULL) != HOST_OK ||
        source_link_chamber(source, 23.0, &story->chamber) != HOST_OK) {
        tool_complain("%s", source->error);
        return EXIT_METER;
    }
    story->source_identity = source->identity;
    return EXIT_GOOD;
}

/** Whoever is asked may take long: a source hangs up on the silent, and others may want it. */
static bool agreed(const struct tool *tool, struct source_link *source, enum tool_exit *result)
{
    const struct meter_url url = source->line.url;
    char answer[16] = "";
    *result = EXIT_GOOD;
    if (tool->options.yes || tool->options.dry_run) {
        return true;
    }
    source_link_close(source);
    if (isatty(STDIN_FILENO) == 0) {
        tool_complain("calibrate changes the meter: expected --yes where nobody can be asked");
        *result = EXIT_USAGE;
        return false;
    }
    (void)fputs("Calibrate? [y/N] ", stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL || (answer[0] != 'y' && answer[0] != 'Y')) {
        (void)fputs("Nothing was done.\n", stderr);
        *result = stop != 0 ? EXIT_STOPPED : EXIT_GOOD;
        return false;
    }
    if (source_link_open(source, &url, tool->options.verbose ? stderr : NULL) != HOST_OK) {
        tool_complain("%s", source->error);
        *result = EXIT_METER;
        return false;
    }
    return true;
}

/** ---- the report's file: written beside, put in its place when it is whole ------------------- */

struct report_file {
    FILE *file; /**< NULL: none wanted */
    const char *path;
    char part[PATH_MAX];
};

static enum tool_exit report_open(struct report_file *report, const char *path)
{
    memset(report, 0, sizeof *report);
    report->path = path;
    if (path == NULL) {
        return EXIT_GOOD;
    }
    const int n = snprintf(report->part, sizeof report->part, "%s.part", path);
    errno = ENAMETOOLONG;
    report->file = n > 0 && (size_t)n < sizeof report->part ? fopen(report->part, "we") : NULL;
    if (report->file == NULL) {
        tool_complain("--report '%s': %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static void report_drop(struct report_file *report)
{
    if (report->file != NULL) {
        (void)fclose(report->file);
        (void)remove(report->part);
        report->file = NULL;
    }
}

static enum tool_exit report_keep(struct report_file *report, const struct calibrate_story *story)
{
    if (report->file == NULL) {
        return EXIT_GOOD;
    }
    const bool good = calibrate_story_save(report->file, story) == 0;
    const bool closed = fclose(report->file) == 0;
    report->file = NULL;
    if (!good || !closed || rename(report->part, report->path) != 0) {
        tool_complain("--report '%s': %s", report->path, strerror(errno));
        (void)remove(report->part);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/** ---- the calibration ----------------------------------------------------------------------- */

static void plan(struct calibrate_story *story, const struct tool *tool,
                 const struct kmp_calibration_snapshot *meter)
{
    const time_t now = time(NULL);
    struct tm parts;
    const bool shortened = tool->options.shortened;
    story->shortened = shortened;
    story->dry = tool->options.dry_run;
    story->meter_url = tool->options.meter;
    story->source_url = tool->options.source;
    story->systems = meter->systems;
    story->points = shortened ? procedure_points_short : procedure_points_full;
    story->n_points = shortened ? procedure_n_points_short : procedure_n_points_full;
    story->planned_s = procedure_planned_s(story->points, story->n_points, story->chamber,
                                           story->systems, story->dry);
    (void)gmtime_r(&now, &parts);
    (void)strftime(story->began, sizeof story->began, "%Y-%m-%d %H:%M:%S", &parts);
}

/** Why it ended early, in one line. */
static void tell_end(struct calibrate_story *story, const struct calibrate_bench *bench,
                     enum procedure_err err, enum calibration_err why)
{
    switch (err) {
    case PROCEDURE_OK: story->done = true; break;
    case PROCEDURE_ERR_BENCH:
        (void)snprintf(story->why, sizeof story->why, "%s",
                       story->report.bench == BENCH_STOPPED ? "stopped" : bench->error);
        break;
    case PROCEDURE_ERR_POINTS:
        (void)snprintf(story->why, sizeof story->why, "the table lacks a kind of point");
        break;
    case PROCEDURE_ERR_READINGS:
        (void)snprintf(story->why, sizeof story->why, "system %u: %s", story->report.refused,
                       calibration_err_text(why));
        break;
    }
    story->written = bench->written;
}

static void run(struct tool *tool, struct source_link *source,
                const struct kmp_calibration_snapshot *meter, struct calibrate_story *story)
{
    static struct calibrate_bench bench;
    struct calibrate_progress progress;
    struct procedure_bench functions;
    enum calibration_err why = CALIBRATION_OK;
    calibrate_progress_start(&progress);
    bench = (struct calibrate_bench){.tool = tool,
                                     .source = source,
                                     .stop = &stop,
                                     .password = tool->options.password,
                                     .progress = calibrate_progress_step,
                                     .progress_context = &progress};
    calibrate_bench_functions(&bench, meter, story->chamber, &functions);
    const enum procedure_err err =
        procedure_run(&functions, story->points, story->n_points, story->dry, &story->report, &why);
    calibrate_progress_end(&progress);
    tell_end(story, &bench, err, why);
}

static enum tool_exit finish(const struct tool *tool, const struct calibrate_story *story)
{
    if (tool->options.format == FORMAT_JSON) {
        json_t *all = calibrate_story_json(story);
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
        putchar('\n');
        json_decref(all);
    } else {
        calibrate_story_print(stdout, story);
    }
    (void)fflush(stdout);
    if (!story->done) {
        tool_complain("calibration ended at \"%s\": %s", story->report.at, story->why);
        return stop != 0 && story->report.bench == BENCH_STOPPED ? EXIT_STOPPED : EXIT_METER;
    }
    if (!story->dry && !(calibrate_worst_pct(&story->report, true) <= CALIBRATE_LIMIT_PCT)) {
        tool_complain("a point of verification errs by more than %g %%", CALIBRATE_LIMIT_PCT);
        return EXIT_LIMIT;
    }
    return EXIT_GOOD;
}

static enum tool_exit calibrate(struct tool *tool, struct source_link *source,
                                const struct kmp_calibration_snapshot *meter,
                                struct calibrate_story *story)
{
    struct report_file report;
    enum tool_exit result = report_open(&report, tool->options.report);
    if (result != EXIT_GOOD) {
        return result;
    }
    plan(story, tool, meter);
    calibrate_plan_print(tool->options.format == FORMAT_JSON ? stderr : stdout, story);
    (void)fflush(stdout);
    signals(on_signal);
    if (!agreed(tool, source, &result)) {
        report_drop(&report);
        return result;
    }
    run(tool, source, meter, story);
    source_link_close(source);
    if (tool->options.format != FORMAT_JSON) {
        putchar('\n');
    }
    result = finish(tool, story);
    const enum tool_exit kept = report_keep(&report, story);
    signals(SIG_DFL);
    return result == EXIT_GOOD ? kept : result;
}

enum tool_exit command_calibrate(struct tool *tool, int n_arguments, char **arguments)
{
    static struct calibrate_story story;
    struct kmp_calibration_snapshot meter;
    struct source_link source;
    struct meter_url url;
    bool show;
    memset(&story, 0, sizeof story);
    memset(&source, 0, sizeof source);
    source.line.fd = -1;
    enum tool_exit result = check_arguments(tool, n_arguments, arguments, &show);
    if (result == EXIT_GOOD && !show &&
        source_link_url(&source, tool->options.source, &url) != HOST_OK) {
        tool_complain("%s", source.error);
        result = EXIT_USAGE;
    }
    if (result == EXIT_GOOD) {
        result = meet_meter(tool, &story, &meter);
    }
    if (result != EXIT_GOOD || show) {
        return result != EXIT_GOOD ? result : calibrate_show(tool, &meter);
    }
    result = may_write(tool, &meter);
    if (result == EXIT_GOOD) {
        result = meet_source(tool, &source, &url, &story);
    }
    if (result == EXIT_GOOD) {
        result = calibrate(tool, &source, &meter, &story);
    }
    source_link_close(&source);
    return result;
}
