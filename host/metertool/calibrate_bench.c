#include "calibrate_bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLE_HZ      8000.0
#define WS_PER_NWH     3.6e-6
#define SQUARES_UNIT   65536.0
#define GAIN_ONE       1073741824.0 /* 2^30 */
#define SETTLE_S       2.0          /* meter and reference, after a change of the signal */
#define CHAMBER_NEAR_K 0.3
#define METER_STILL_K  0.1  /* the meter's sensors within CHAMBER_SOAK_S */
#define CHAMBER_SOAK_S 30.0 /* of the signal's time */
#define CHAMBER_MAX_S  14400.0
#define RESTART_MAX_S  15.0
#define STILL_MS       120000 /* a signal whose time stands still for so long of ours has ended */
#define NAP_MAX_US     100000.0
#define NAP_MIN_US     100.0
#define SPEED_EVERY_MS 10
#define SPEED_GUESS    2000.0 /* rather too fast: the first naps are short */
#define SLICE_LEAST    0.9    /* of what was asked, when the slice before came to be longer */

static int stopped(const struct calibrate_bench *bench)
{
    return *bench->stop != 0 ? BENCH_STOPPED : BENCH_OK;
}

__attribute__((format(printf, 2, 3))) static int fail(struct calibrate_bench *bench,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(bench->error, sizeof bench->error, format, arguments);
    va_end(arguments);
    return BENCH_FAILED;
}

static int fail_source(struct calibrate_bench *bench)
{
    return fail(bench, "%s", bench->source->error);
}

/** The meter has answered all this before: one that is silent now has gone. */
static int fail_meter(struct calibrate_bench *bench, enum calibrate_err err,
                      const struct kmp_calibration_result *result)
{
    const enum calibrate_err told = err == CALIBRATE_ERR_UNKNOWN ? CALIBRATE_ERR_LINE : err;
    calibrate_err_text(bench->tool, told, result, bench->error, sizeof bench->error);
    return BENCH_FAILED;
}

/** ---- looking ------------------------------------------------------------------------------- */

/** Nothing may have happened to the meter but what the procedure does. */
static int same_meter(struct calibrate_bench *bench, const struct kmp_calibration_snapshot *meter)
{
    if (meter->systems != bench->systems || meter->starts != bench->starts) {
        return fail(bench, "the meter has started anew meanwhile (supply, or another meter)");
    }
    for (unsigned s = 0; s < meter->systems; s++) {
        const struct kmp_calibration_system *system = &meter->system[s];
        if ((system->flags & KMP_CALIBRATION_SILENT) != 0) {
            return fail(bench, "system %u: its measuring system is silent", s + 1u);
        }
        if (bench->has_epochs && system->epoch != bench->epoch[s]) {
            return fail(bench, "system %u: its measuring system has started anew meanwhile",
                        s + 1u);
        }
    }
    return BENCH_OK;
}

static int look(struct calibrate_bench *bench, struct bench_look *out)
{
    const enum calibrate_err err = calibrate_look(bench->tool, &out->meter);
    if (err != CALIBRATE_OK) {
        return fail_meter(bench, err, NULL);
    }
    if (source_link_measure(bench->source, &out->source) != HOST_OK) {
        return fail_source(bench);
    }
    if (out->source.systems != bench->systems) {
        return fail(bench, "the source stands at %u systems, the meter has %u: not the same meter",
                    out->source.systems, bench->systems);
    }
    return same_meter(bench, &out->meter);
}

/** How fast the signal's time runs, by the last two looks at it that were a while apart. */
static void follow_speed(struct calibrate_bench *bench, double now_s, int64_t now_ms)
{
    const int64_t past_ms = now_ms - bench->speed_from_ms;
    if (bench->speed_from_s > 0.0 && past_ms < SPEED_EVERY_MS) {
        return;
    }
    if (bench->speed_from_s > 0.0) {
        bench->speed = 1e3 * (now_s - bench->speed_from_s) / (double)past_ms;
    }
    bench->speed_from_s = now_s;
    bench->speed_from_ms = now_ms;
}

/** Half of what is left, so that it is not overslept by much at any speed. */
static void nap(const struct calibrate_bench *bench, double left_s)
{
    const double wanted_us = fmin(0.5e6 * left_s / fmax(bench->speed, 0.1), NAP_MAX_US);
    const struct timespec length = {.tv_nsec = (long)(1e3 * fmax(wanted_us, NAP_MIN_US))};
    (void)nanosleep(&length, NULL); /* a signal ends it, and *stop is looked at */
}

/** Wait until the signal's time is there. */
static int wait_until(struct calibrate_bench *bench, double until_s)
{
    double before_s = -1.0;
    int64_t moved_ms = line_now_ms();
    for (;;) {
        double now_s;
        if (source_link_time(bench->source, &now_s) != HOST_OK) {
            return fail_source(bench);
        }
        const int64_t now_ms = line_now_ms();
        follow_speed(bench, now_s, now_ms);
        if (now_s >= until_s) {
            return BENCH_OK;
        }
        if (stopped(bench) != BENCH_OK) {
            return BENCH_STOPPED;
        }
        moved_ms = now_s > before_s ? now_ms : moved_ms;
        before_s = now_s;
        if (now_ms - moved_ms > STILL_MS) {
            return fail(bench, "the time of the source's signal stands still");
        }
        nap(bench, until_s - now_s);
    }
}

/** ---- means --------------------------------------------------------------------------------- */

/** What the system's clock does: 1 + error.  The frequency that it shows has its constant in it. */
static double clock_of(double true_hz, double shown_hz, const struct calibration_constants *in_use)
{
    return shown_hz > 0.0 ? true_hz / shown_hz * (1.0 + 1e-9 * in_use->clock_ppb) : 1.0;
}

static double rms(uint64_t squares, double samples, double noise_lsb2, double unit, double gain)
{
    const double mean = (double)squares * SQUARES_UNIT / samples - noise_lsb2;
    return sqrt(fmax(mean, 0.0)) * unit * gain / GAIN_ONE;
}

static void system_means(const struct bench_look *from, const struct bench_look *to, unsigned s,
                         const struct calibration_constants *in_use, double true_hz,
                         struct procedure_reading *out)
{
    const struct kmp_calibration_system *a = &from->meter.system[s], *b = &to->meter.system[s];
    const struct calibration_type *type = &calibration_type_382;
    const double samples = (double)(b->samples - a->samples);
    const double shown_hz = a->frequency_uhz == 0 || b->frequency_uhz == 0
                                ? 0.0
                                : 0.5e-6 * ((double)a->frequency_uhz + b->frequency_uhz);
    const double true_s = samples / SAMPLE_HZ / clock_of(true_hz, shown_hz, in_use);
    const double volt = type->full_scale_v / type->full_scale_lsb;
    const double ampere = type->full_scale_a / type->full_scale_lsb;
    out->register_w = WS_PER_NWH * (double)(b->active_nwh - a->active_nwh) / true_s;
    out->register_var = WS_PER_NWH * (double)(b->reactive_nvarh - a->reactive_nvarh) / true_s;
    out->instant_w =
        out->register_w; /* the snapshot's energy counts below the no-load limit, too */
    out->instant_var = out->register_var;
    out->voltage_v = rms(b->voltage_squares - a->voltage_squares, samples, 0.0, volt,
                         0.5 * ((double)a->voltage_gain + b->voltage_gain));
    out->current_a =
        rms(b->current_squares - a->current_squares, samples, in_use->current_noise_lsb2, ampere,
            0.5 * ((double)a->current_gain + b->current_gain));
    out->temperature_c = 0.005 * ((double)a->temperature_cc + b->temperature_cc);
    out->frequency_hz = shown_hz;
    out->true_voltage_v = 0.5 * (from->source.system[s].voltage_v + to->source.system[s].voltage_v);
    out->true_voltage_deg = to->source.system[s].voltage_deg;
    out->true_active_w = 0.5 * (from->source.system[s].active_w + to->source.system[s].active_w);
    out->true_reactive_var =
        0.5 * (from->source.system[s].reactive_var + to->source.system[s].reactive_var);
}

void calibrate_bench_means(const struct bench_look *from, const struct bench_look *to,
                           const struct calibration_constants *in_use,
                           struct procedure_measured *out)
{
    memset(out, 0, sizeof *out);
    out->true_frequency_hz = 0.5 * (from->source.frequency_hz + to->source.frequency_hz);
    for (unsigned s = 0; s < to->meter.systems; s++) {
        system_means(from, to, s, &in_use[s], out->true_frequency_hz, &out->system[s]);
    }
}

/** ---- functions of the bench ---------------------------------------------------------------- */

static int source(void *context, const struct procedure_signal *signal)
{
    struct calibrate_bench *bench = context;
    bench->signal.frequency_hz = signal->frequency_hz;
    for (unsigned l = 0; l < SOURCE_SYSTEMS; l++) {
        bench->signal.voltage_v[l] = signal->voltage_v[l];
        bench->signal.voltage_deg[l] = signal->voltage_deg[l];
        bench->signal.current_a[l] = signal->current_a[l];
        bench->signal.phi_deg[l] = signal->phi_deg[l];
    }
    double began_s;
    if (source_link_signal(bench->source, &bench->signal) != HOST_OK ||
        source_link_time(bench->source, &began_s) != HOST_OK) {
        return fail_source(bench);
    }
    int result = wait_until(bench, began_s + SETTLE_S);
    if (result == BENCH_OK) {
        result = look(bench, &bench->last);
    }
    if (result == BENCH_OK) {
        for (unsigned s = 0; s < bench->systems; s++) {
            bench->epoch[s] = bench->last.meter.system[s].epoch;
        }
        bench->has_epochs = true;
        bench->due_s = bench->last.source.time_s;
    }
    return result;
}

/** The signals of two looks must be within range all the time between them. */
static int unclipped(struct calibrate_bench *bench, const struct bench_look *now)
{
    for (unsigned s = 0; s < bench->systems; s++) {
        if (now->meter.system[s].n_clipped != bench->last.meter.system[s].n_clipped) {
            return fail(bench, "system %u: the signal was beyond its measuring range", s + 1u);
        }
        if (now->meter.system[s].samples == bench->last.meter.system[s].samples) {
            return fail(bench, "system %u: it has measured nothing", s + 1u);
        }
    }
    return BENCH_OK;
}

static int measure(void *context, double seconds, struct procedure_measured *out)
{
    struct calibrate_bench *bench = context;
    struct bench_look now;
    bench->due_s = fmax(bench->due_s + seconds, bench->last.source.time_s + SLICE_LEAST * seconds);
    int result = wait_until(bench, bench->due_s);
    if (result == BENCH_OK) {
        result = look(bench, &now);
    }
    if (result == BENCH_OK) {
        result = unclipped(bench, &now);
    }
    if (result == BENCH_OK) {
        calibrate_bench_means(&bench->last, &now, bench->in_use, out);
        bench->last = now;
    }
    return result;
}

static bool sensors_still(const struct bench_look *from, const struct bench_look *to)
{
    for (unsigned s = 0; s < to->meter.systems; s++) {
        if (abs(to->meter.system[s].temperature_cc - from->meter.system[s].temperature_cc) >
            (int)(100.0 * METER_STILL_K)) {
            return false;
        }
    }
    return true;
}

/** The chamber is there, and so is the meter in it.  No current meanwhile, so that shunts are cold.
 */
static int chamber(void *context, double ambient_c)
{
    struct calibrate_bench *bench = context;
    struct procedure_signal rest = {.frequency_hz = 50.0,
                                    .voltage_v = {230.0, 230.0, 230.0},
                                    .voltage_deg = {0.0, -120.0, 120.0}};
    bool has;
    if (source_link_chamber(bench->source, ambient_c, &has) != HOST_OK) {
        return fail_source(bench);
    }
    int result = source(bench, &rest);
    const double began_s = bench->due_s;
    while (result == BENCH_OK) {
        struct bench_look now;
        bench->due_s += CHAMBER_SOAK_S;
        result = wait_until(bench, bench->due_s);
        if (result == BENCH_OK) {
            result = look(bench, &now);
        }
        if (result != BENCH_OK) {
            break;
        }
        if (fabs(now.source.chamber_c - ambient_c) <= CHAMBER_NEAR_K &&
            sensors_still(&bench->last, &now)) {
            return BENCH_OK;
        }
        if (now.source.time_s - began_s > CHAMBER_MAX_S) {
            return fail(bench, "the chamber has not come to %g C: it is at %g C", ambient_c,
                        now.source.chamber_c);
        }
        bench->last = now;
    }
    return result;
}

static int constants_read(void *context, struct calibration_constants *constants)
{
    struct calibrate_bench *bench = context;
    for (unsigned s = 0; s < bench->systems; s++) {
        struct kmp_calibration_constants wire;
        const enum calibrate_err err = calibrate_read(bench->tool, (uint8_t)(s + 1u), &wire);
        if (err != CALIBRATE_OK) {
            return fail_meter(bench, err, NULL);
        }
        calibrate_constants(&wire, &constants[s]);
        bench->in_use[s] = constants[s];
    }
    return stopped(bench);
}

/** The answer to the commit was lost: was it heard?  A broken line is opened once more. */
static int find_out(struct calibrate_bench *bench)
{
    struct kmp_calibration_snapshot now;
    struct tool *tool = bench->tool;
    char error[sizeof tool->line.error];
    memcpy(error, tool->line.error, sizeof error);
    bench->written = BENCH_UNKNOWN;
    enum calibrate_err err = calibrate_look(tool, &now);
    if (err != CALIBRATE_OK) {
        const struct meter_url url = tool->line.url;
        line_close(&tool->line);
        err = line_open(&tool->line, &url, tool->line.trace) == HOST_OK ? calibrate_look(tool, &now)
                                                                        : CALIBRATE_ERR_LINE;
    }
    if (err == CALIBRATE_OK) {
        bench->written = now.writes == bench->writes ? BENCH_OLD : BENCH_NEW;
    }
    return bench->written == BENCH_NEW ? BENCH_OK : fail(bench, "%s", error);
}

static int commit(struct calibrate_bench *bench)
{
    struct kmp_calibration_result result;
    const struct kmp_calibration_order order = {bench->password, KMP_CALIBRATION_COMMIT,
                                                bench->writes};
    const enum calibrate_err err = calibrate_order(bench->tool, &order, &result);
    if (err == CALIBRATE_OK) {
        bench->written = BENCH_NEW;
        return BENCH_OK;
    }
    return err == CALIBRATE_ERR_REFUSED ? fail_meter(bench, err, &result) : find_out(bench);
}

static void forget(struct calibrate_bench *bench)
{
    struct kmp_calibration_result result;
    const struct kmp_calibration_order order = {bench->password, KMP_CALIBRATION_FORGET,
                                                bench->writes};
    (void)calibrate_order(bench->tool, &order, &result);
}

static int constants_write(void *context, const struct calibration_constants *constants)
{
    struct calibrate_bench *bench = context;
    struct kmp_calibration_result result;
    for (unsigned s = 0; s < bench->systems; s++) {
        const enum calibrate_err err = calibrate_stage(bench->tool, bench->password,
                                                       (uint8_t)(s + 1u), &constants[s], &result);
        const int end = err != CALIBRATE_OK ? fail_meter(bench, err, &result) : stopped(bench);
        if (end != BENCH_OK) {
            if (err == CALIBRATE_OK || err == CALIBRATE_ERR_REFUSED) {
                forget(bench);
            }
            return end;
        }
    }
    const int end = commit(bench);
    if (end == BENCH_OK) {
        memcpy(bench->in_use, constants, bench->systems * sizeof *constants);
    }
    return end;
}

/** The meter lets its measuring systems start anew by itself. */
static int restart(void *context)
{
    struct calibrate_bench *bench = context;
    double until_s = 0.0;
    unsigned started = 0;
    bench->has_epochs = false;
    while (started < bench->systems) {
        struct bench_look now;
        int result = look(bench, &now);
        if (result != BENCH_OK) {
            return result;
        }
        const double now_s = now.source.time_s;
        until_s = until_s > 0.0 ? until_s : now_s + RESTART_MAX_S;
        started = 0;
        for (unsigned s = 0; s < bench->systems; s++) {
            started += now.meter.system[s].epoch != bench->epoch[s];
        }
        if (started < bench->systems && now_s > until_s) {
            return fail(bench, "the measuring systems have not started anew with their constants");
        }
        if (started < bench->systems) {
            result = wait_until(bench, now_s + 0.5);
        }
        if (result != BENCH_OK) {
            return result;
        }
    }
    return BENCH_OK;
}

static void progress(void *context, const char *what, double done_s, double planned_s)
{
    const struct calibrate_bench *bench = context;
    if (bench->progress != NULL) {
        bench->progress(bench->progress_context, what, done_s, planned_s);
    }
}

void calibrate_bench_functions(struct calibrate_bench *bench,
                               const struct kmp_calibration_snapshot *meter, bool has_chamber,
                               struct procedure_bench *out)
{
    bench->systems = meter->systems;
    bench->starts = meter->starts;
    bench->writes = meter->writes;
    bench->written = BENCH_OLD;
    bench->has_epochs = false;
    bench->speed = SPEED_GUESS;
    bench->speed_from_s = 0.0;
    bench->speed_from_ms = line_now_ms();
    bench->error[0] = '\0';
    *out = (struct procedure_bench){
        .context = bench,
        .systems = meter->systems,
        .source = source,
        .chamber = has_chamber ? chamber : NULL,
        .measure = measure,
        .constants_read = constants_read,
        .constants_write = constants_write,
        .restart = restart,
        .progress = progress,
    };
}
