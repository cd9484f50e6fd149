/**
 * The sensors of the meter on the desk: the virtual front end (lab/front_end.h) before its
 * measuring systems.
 *
 * Without one the measuring systems get exact samples.  With one they get what the sensors, ADCs
 * and clocks of one physical meter make of the same mains, each system at its own sample clock.
 */
#ifndef OPEN382_LINUX_SENSORS_H
#define OPEN382_LINUX_SENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/front_end.h"

/** What --front-end names. */
struct sensors_option {
    bool fitted;
    uint64_t seed;
    unsigned effects; /**< set of enum front_end_effect */
};

struct sensors {
    bool fitted;
    struct lab_state connected; /**< what the front end is fed with now */
    struct front_end front_end;
};

/**
 * SEED[,ideal | ,EFFECT...]: all effects of a real meter, none, or those named.  Quantisation and
 * clipping are always in force.
 * @return false: *expected says what should have stood there.
 */
bool sensors_parse(const char *text, struct sensors_option *out, const char **expected);

/** Make the meter of that seed; time is zero. */
void sensors_start(struct sensors *sensors, const struct sensors_option *option, unsigned systems,
                   bool aron);

/** The mains is in this state from now on; the same state again changes nothing. */
void sensors_connect(struct sensors *sensors, const struct lab_state *state);

/** Make the samples of one system that begin before end_us, at most n_max.  @return how many. */
size_t sensors_samples(struct sensors *sensors, unsigned system, int64_t end_us, size_t n_max,
                       int32_t *v_lsb, int32_t *i_lsb);

/** True instant, from time zero, at which a system has n_ahead samples of those made to come. */
int64_t sensors_instant_us(const struct sensors *sensors, unsigned system, size_t n_ahead);

#endif
