/** Tariff plans in a meter of this project, over KMP (docs/tariffs.md, "Over KMP"). */
#ifndef OPEN382_TARIFF_METER_H
#define OPEN382_TARIFF_METER_H

#include "../../app/calendar/tariff_plan.h"
#include "tool.h"

/** A plan as it stands in the meter. */
struct meter_plan {
    bool present;
    int64_t activation_s; /**< UTC; 0: in force since it was stored */
    struct tariff_plan plan;
    size_t n_image;
    uint8_t image[1028];
};

/** Read the plan in force, or the one that waits.  Complains itself. */
enum tool_exit tariff_meter_read(struct tool *tool, bool waiting, struct meter_plan *out);

/**
 * Send a plan, let the meter store it (activation_s 0: in force at once), and read it back.
 * Until the meter has checked all of it, nothing in it changes.  Complains itself.
 */
enum tool_exit tariff_meter_write(struct tool *tool, const struct tariff_plan *plan,
                                  int64_t activation_s);

/** On-demand tariff; 0 releases it; minutes 0: until it is released.  Complains itself. */
enum tool_exit tariff_meter_force(struct tool *tool, unsigned tariff, unsigned minutes);

#endif
