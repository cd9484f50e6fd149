#include "run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consumer_ports.h"
#include "dlms_ports.h"
#include "instant.h"
#include "module_ports.h"
#include "panel_http.h"
#include "source_port.h"

#define SLICE_US   2000 /* wall time of metering between two looks at the ports */
#define REST_US    5000 /* above RUN_SHORT_WINDOW_SPEED: windows of so much wall time at one go */
#define FAR_FUTURE 4e18

/* Whoever asks for the time gets that of the instant, not that of the last window's end. */
static void ports_catch_up(void *context)
{
    struct run *run = context;
    run_catch_up(run);
    site_hear(&run->site);
}

struct run *run_new(const struct options *options, struct problem *problem)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        (void)problem_set(problem, EXIT_NOT_ABLE, "no memory");
        return NULL;
    }
    run->options = options;
    run->loop = (struct loop)LOOP_CLOSED;
    optical_ports_init(&run->ports, &run->loop);
    run->ports.catch_up = ports_catch_up;
    run->ports.context = run;
    return run;
}

void run_free(struct run *run)
{
    loop_close(&run->loop);
    free(run);
}

int run_open(struct run *run, struct problem *problem)
{
    return loop_open(&run->loop) == 0
               ? 0
               : problem_set(problem, EXIT_NOT_ABLE, "event loop: %s", strerror(errno));
}

static bool at_max(const struct run *run)
{
    return !run->paused && run->speed == OPTION_SPEED_MAX;
}

bool run_is_fast(const struct run *run)
{
    return at_max(run) || (!run->paused && run->speed > 1.0);
}

/* Simulated time that belongs to a wall time. */
static int64_t simulated_us(const struct run *run, int64_t wall_us)
{
    if (run->paused) {
        return run->anchor_us;
    }
    if (at_max(run)) {
        return INT64_MAX;
    }
    const double ahead_us = (double)(wall_us - run->anchor_wall_us) * run->speed;
    return ahead_us < FAR_FUTURE ? run->anchor_us + (int64_t)ahead_us : INT64_MAX;
}

/* Wall time at which a simulated instant comes. */
static int64_t wall_us_of(const struct run *run, int64_t simulated_us)
{
    const double ahead_us = (double)(simulated_us - run->anchor_us) / run->speed;
    if (run->paused || simulated_us == INT64_MAX || ahead_us > FAR_FUTURE) {
        return INT64_MAX;
    }
    return run->anchor_wall_us + (int64_t)ceil(ahead_us);
}

static void anchor(struct run *run)
{
    run->anchor_wall_us = instant_wall_us();
    run->anchor_us = run->site.now_us;
    const bool slow = !at_max(run) && run->speed <= RUN_SHORT_WINDOW_SPEED;
    site_set_window(&run->site, slow ? SITE_SHORT_WINDOW : SITE_LONG_WINDOW, at_max(run));
}

void run_catch_up(struct run *run)
{
    const int64_t wall_us = instant_wall_us();
    if (!at_max(run)) {
        (void)site_advance(&run->site, simulated_us(run, wall_us), wall_us + SLICE_US);
    }
}

void run_set_speed(struct run *run, double speed, bool max)
{
    run_catch_up(run);
    run->paused = !max && speed == 0.0;
    if (!run->paused) {
        run->speed = max ? OPTION_SPEED_MAX : speed;
    }
    anchor(run);
    run->site.changes++;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When metering goes on.  At speeds that no eye follows many windows share one turn of the loop. */
static int64_t metering_due_us(const struct run *run, bool reached, int64_t wall_us)
{
    if (!reached) {
        return 0;
    }
    const int64_t due_us = wall_us_of(run, site_next_us(&run->site));
    const bool fast = !at_max(run) && run->speed > RUN_SHORT_WINDOW_SPEED;
    return fast && due_us < wall_us + REST_US ? wall_us + REST_US : due_us;
}

static int64_t serve_ports(struct run *run)
{
    const int64_t wall_us = instant_wall_us();
    int64_t next_us = optical_ports_step(&run->ports, wall_us);
    if (run->panel != NULL) {
        next_us = earlier(next_us, panel_step(run->panel, wall_us));
    }
    if (run->dlms != NULL) {
        next_us = earlier(next_us, dlms_ports_step(run->dlms, wall_us));
    }
    if (run->consumer != NULL) {
        next_us = earlier(next_us, consumer_ports_step(run->consumer, wall_us));
    }
    next_us = earlier(next_us, module_ports_step(run->modules, wall_us));
    if (run->source != NULL) {
        next_us = earlier(next_us, source_port_step(run->source, wall_us));
    }
    return next_us;
}

void run_go(struct run *run)
{
    run->speed = run->options->speed;
    anchor(run);
    (void)module_ports_step(run->modules, instant_wall_us()); /* supply, before time goes on */
    while (!run->loop.stopped) {
        const int64_t wall_us = instant_wall_us();
        const bool reached =
            site_advance(&run->site, simulated_us(run, wall_us), wall_us + SLICE_US);
        if (site_finished(&run->site)) {
            (void)module_ports_step(run->modules, wall_us); /* edges that wait */
            break;
        }
        const int64_t ports_us = serve_ports(run);
        loop_wait(&run->loop, earlier(ports_us, metering_due_us(run, reached, wall_us)));
    }
}
