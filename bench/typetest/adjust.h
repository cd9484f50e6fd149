/** A new meter's calibration, through its own interface, against a reference that errs a little. */
#ifndef OPEN382_TYPETEST_ADJUST_H
#define OPEN382_TYPETEST_ADJUST_H

#include "lab/desk_meter.h"
#include "point.h"

/** The reference standard's random error: of the power, percent, and of the angle, as many parts of
 *  a radian as it takes to give the same error at PF 0.5.  Drawn anew for each reading. */
#define ADJUST_REFERENCE_PCT 0.02

/**
 * Calibrate by the full table of host/calibration/procedure.h, then close the seal.
 * @return NULL, or what went wrong.
 */
const char *adjust_meter(struct desk_meter *meter, uint64_t seed);

/** Seconds of metering that it takes. */
double adjust_seconds(void);

#endif
