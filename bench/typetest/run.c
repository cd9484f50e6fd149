#define _POSIX_C_SOURCE 200809L
#include "run.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adjust.h"

#define BAR 32u

/** What the threads share. */
struct pool {
    struct run *run;
    size_t n_jobs;
    atomic_size_t next_job;
    atomic_uint_fast64_t done_s; /* of metering, as planned */
    atomic_bool failed;
    atomic_uint running;
    double planned_s;
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/** ---- one meter ----------------------------------------------------------------------------- */

static bool goes_through(const struct run *run, const struct series *series, size_t meter,
                         size_t point)
{
    return meter < run->options.whole || series->plan.point[point].core;
}

static void report_fault(struct pool *pool, const char *fault, uint64_t seed)
{
    bool expected = false;
    if (atomic_compare_exchange_strong(&pool->failed, &expected, true)) {
        pool->run->fault = fault;
        pool->run->fault_seed = seed;
    }
}

static void measure_meter(struct pool *pool, struct series *series, size_t m,
                          struct desk_meter *meter)
{
    const struct plan *plan = &series->plan;
    for (size_t k = 0; k < plan->n && !atomic_load(&pool->failed); k++) {
        if (goes_through(pool->run, series, m, k)) {
            measure_point(meter, plan, k, &series->outcome[m * plan->n + k]);
            series->done[m * plan->n + k] = true;
            atomic_fetch_add(&pool->done_s, (uint_fast64_t)plan_seconds(plan, k));
        }
    }
}

static void go_through(struct pool *pool, struct series *series, size_t m)
{
    const struct run_options *options = &pool->run->options;
    const enum connection connection = series->plan.connection;
    static const unsigned systems[CONNECTIONS] = {3, 2, 1};
    const uint64_t seed = options->seed + m;
    const struct front_end_options front_end = {.effects = FRONT_END_PHYSICAL,
                                                .systems = systems[connection],
                                                .aron = connection == CONNECTION_ARON};
    struct desk_meter *meter = desk_meter_new(seed, &front_end);
    if (meter == NULL) {
        report_fault(pool, "no memory for a meter", seed);
        return;
    }
    const char *fault = adjust_meter(meter, seed);
    if (fault != NULL) {
        report_fault(pool, fault, seed);
    }
    atomic_fetch_add(&pool->done_s, (uint_fast64_t)adjust_seconds());
    measure_meter(pool, series, m, meter);
    if (m == 0 && connection == CONNECTION_4_WIRE) {
        legal_identity(&meter->legal, &pool->run->identity);
    }
    desk_meter_free(meter);
}

/** ---- threads ------------------------------------------------------------------------------- */

/** Meters with the whole matrix come first: the longest jobs begin early. */
static void *work(void *context)
{
    struct pool *pool = context;
    size_t job = atomic_fetch_add(&pool->next_job, 1u);
    while (job < pool->n_jobs && !atomic_load(&pool->failed)) {
        size_t of_series = job;
        struct series *series = pool->run->series;
        while (of_series >= series->meters) {
            of_series -= series->meters;
            series++;
        }
        go_through(pool, series, of_series);
        job = atomic_fetch_add(&pool->next_job, 1u);
    }
    atomic_fetch_sub(&pool->running, 1u);
    return NULL;
}

static void show_progress(const struct pool *pool, double began_s)
{
    const double share = fmin(1.0, (double)atomic_load(&pool->done_s) / pool->planned_s);
    const double took_s = now_s() - began_s;
    char bar[BAR + 1u];
    for (unsigned k = 0; k < BAR; k++) {
        bar[k] = (double)k < share * BAR ? '#' : '.';
    }
    bar[BAR] = '\0';
    fprintf(stderr, "\r[%s] %5.1f %%", bar, 100.0 * share);
    if (share > 0.005) {
        const long left_s = lround(took_s * (1.0 - share) / share);
        fprintf(stderr, "  %ld:%02ld left ", left_s / 60, left_s % 60);
    }
    (void)fflush(stderr);
}

static void watch(struct pool *pool, double began_s)
{
    const bool shown = !pool->run->options.quiet && isatty(STDERR_FILENO) != 0;
    const struct timespec pause = {.tv_nsec = 100000000};
    while (atomic_load(&pool->running) > 0) {
        (void)nanosleep(&pause, NULL);
        if (shown) {
            show_progress(pool, began_s);
        }
    }
    if (shown) {
        fprintf(stderr, "\r%*s\r", (int)BAR + 30, "");
    }
}

static bool run_threads(struct pool *pool)
{
    pthread_t thread[256];
    unsigned n = 0;
    const double began_s = now_s();
    atomic_store(&pool->running, pool->run->options.jobs);
    while (n < pool->run->options.jobs && n < sizeof thread / sizeof thread[0]) {
        if (pthread_create(&thread[n], NULL, work, pool) != 0) {
            break;
        }
        n++;
    }
    atomic_fetch_sub(&pool->running, pool->run->options.jobs - n);
    watch(pool, began_s);
    for (unsigned k = 0; k < n; k++) {
        (void)pthread_join(thread[k], NULL);
    }
    pool->run->took_s = now_s() - began_s;
    return n > 0;
}

/** ---- all ----------------------------------------------------------------------------------- */

static size_t meters_of(const struct run_options *options, enum connection connection)
{
    const unsigned curves = 1u << TEST_LOAD | 1u << TEST_REACTIVE;
    if (connection == CONNECTION_4_WIRE) {
        return options->meters;
    }
    return (options->tests & curves) != 0 ? options->whole : 0;
}

static double series_seconds(const struct run *run, const struct series *series)
{
    double seconds = 0.0;
    for (size_t m = 0; m < series->meters; m++) {
        seconds += adjust_seconds();
        for (size_t k = 0; k < series->plan.n; k++) {
            seconds += goes_through(run, series, m, k) ? plan_seconds(&series->plan, k) : 0.0;
        }
    }
    return seconds;
}

bool run_all(struct run *run, const struct run_options *options)
{
    struct pool pool = {.run = run};
    memset(run, 0, sizeof *run);
    run->options = *options;
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        struct series *series = &run->series[c];
        plan_make(&series->plan, (enum connection)c, options->size, options->tests);
        series->meters = meters_of(options, (enum connection)c);
        const size_t cells = series->meters * series->plan.n + 1u;
        series->outcome = calloc(cells, sizeof *series->outcome);
        series->done = calloc(cells, sizeof *series->done);
        if (series->outcome == NULL || series->done == NULL) {
            run->fault = "no memory for the outcomes";
            return false;
        }
        pool.n_jobs += series->meters;
        run->metered_s += series_seconds(run, series);
    }
    pool.planned_s = run->metered_s;
    if (!run_threads(&pool)) {
        run->fault = "no thread could be started";
    }
    return run->fault == NULL;
}

void run_free(struct run *run)
{
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        free(run->series[c].outcome);
        free(run->series[c].done);
    }
}

bool run_value(const struct series *series, size_t meter, size_t point, double *value)
{
    const struct plan *plan = &series->plan;
    const struct point *of = &plan->point[point];
    const size_t row = meter * plan->n;
    const bool variation = of->test == TEST_TEMPERATURE || of->test == TEST_FREQUENCY;
    if (!series->done[row + point] || (variation && of->base == POINT_NONE)) {
        return false;
    }
    *value = series->outcome[row + point].value;
    if (of->base != POINT_NONE) {
        *value = (*value - series->outcome[row + of->base].value) / of->divisor;
    }
    return true;
}
