/** metertool calibrate show: constants in use, seal and audit trail. */
#ifndef OPEN382_CALIBRATE_SHOW_H
#define OPEN382_CALIBRATE_SHOW_H

#include "calibrate_link.h"

/** Complains itself. */
enum tool_exit calibrate_show(struct tool *tool, const struct kmp_calibration_snapshot *meter);

/** "calibrated, seal closed": what a snapshot says, for one line. */
void calibrate_state_text(const struct kmp_calibration_snapshot *meter, char *text, size_t n_text);

/** All systems have constants of their own. */
bool calibrate_is_calibrated(const struct kmp_calibration_snapshot *meter);

#endif
