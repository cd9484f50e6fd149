/** One meter at one point: signal, waiting, counting, and the closed-form reference. */
#ifndef OPEN382_TYPETEST_MEASURE_H
#define OPEN382_TYPETEST_MEASURE_H

#include "lab/desk_meter.h"
#include "plan.h"
#include "reference.h"

/** What came out; value is NO_VALUE where the point has none (the meter did not do what it should).
 */
struct outcome {
    double value;          /**< error in percent, or what the test is about, in its unit */
    double register_value; /**< error of the fine registers over the same time, percent */
    double seconds;        /**< that the figure was measured over */
    unsigned pulses;       /**< intervals of the LED in it; 0: by register */
};

/** The signal of a point for the front end; voltages as the connection has them. */
void signal_of(enum connection connection, const struct point *point, struct stimulus *out);

/** The same for the reference; false: no closed form. */
bool signal_power(enum connection connection, const struct point *point,
                  struct reference_power *out);

/** Go through one point.  The meter is left with that point's signal connected. */
void measure_point(struct desk_meter *meter, const struct plan *plan, size_t at,
                   struct outcome *out);

#endif
