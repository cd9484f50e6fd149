/** How far a calibration is: a bar on a terminal, else a line for each point. */
#ifndef OPEN382_CALIBRATE_PROGRESS_H
#define OPEN382_CALIBRATE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct calibrate_progress {
    bool terminal;
    bool shown; /**< there is a bar that is to be wiped away */
    int64_t began_ms;
    char what[60]; /**< the point told last */
};

#define CALIBRATE_MINUTES_MAX 48u

/** "12:05" */
void calibrate_minutes_text(double seconds, char text[CALIBRATE_MINUTES_MAX]);

/** Looks at standard error. */
void calibrate_progress_start(struct calibrate_progress *progress);
/** For calibrate_bench.progress; context is the struct above. */
void calibrate_progress_step(void *context, const char *what, double done_s, double planned_s);
/** Wipe the bar away before anything else is said. */
void calibrate_progress_end(struct calibrate_progress *progress);

#endif
