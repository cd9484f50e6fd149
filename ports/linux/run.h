/**
 * The run: one thread that keeps simulated time beside wall time and serves the ports in between.
 */
#ifndef OPEN382_LINUX_RUN_H
#define OPEN382_LINUX_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "optical_ports.h"
#include "options.h"
#include "site.h"

struct consumer_ports;
struct module_ports;
struct radio_ports;
struct dlms_ports;
struct panel;
struct source_port;

#define RUN_SHORT_WINDOW_SPEED 10.0 /**< up to here windows are 200 ms, above 1 s */

struct run {
    const struct options *options;
    struct loop loop;
    struct site site;
    struct optical_ports ports;
    struct panel *panel;             /**< NULL: none */
    struct source_port *source;      /**< NULL: none */
    struct dlms_ports *dlms;         /**< NULL: none */
    struct consumer_ports *consumer; /**< NULL: none */
    struct radio_ports *radio;       /**< NULL: none */
    struct module_ports *modules;    /**< the bay */
    double speed; /**< simulated seconds per second; OPTION_SPEED_MAX; negative: never used */
    bool paused;
    int64_t pressed_wall_us[2]; /**< left and right button: down on the panel since then; 0: up */
    int64_t anchor_wall_us, anchor_us; /**< at that wall time it was that simulated time */
};

/** A run that has opened nothing yet; the options outlive it.  @return NULL and *problem: no
 * memory. */
struct run *run_new(const struct options *options, struct problem *problem);

/** Close the loop and forget the run; the ports are closed before. */
void run_free(struct run *run);

/** Catch SIGTERM and SIGINT in the loop.  @return 0, or -1 and *problem. */
int run_open(struct run *run, struct problem *problem);

/** Until the run's end or a signal. */
void run_go(struct run *run);

/** Change the speed, from now on; 0 pauses unless max is set. */
void run_set_speed(struct run *run, double speed, bool max);

/** Simulated time runs faster than a person's. */
bool run_is_fast(const struct run *run);

/** Bring the simulation to this instant, so that what a person does now happens now. */
void run_catch_up(struct run *run);

#endif
