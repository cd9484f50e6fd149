#include "load_plan.h"

#define DAYS     7u
#define ALL_DAYS 0x7Fu

bool load_plan_good(const struct load_plan *plan)
{
    for (unsigned i = 0; plan->n <= LOAD_PLAN_ROWS && i < plan->n; i++) {
        const struct load_switch *row = &plan->at[i];
        if (row->days == 0 || row->days > ALL_DAYS || row->minute >= LOAD_MINUTES_OF_DAY) {
            return false;
        }
    }
    return plan->n <= LOAD_PLAN_ROWS;
}

static bool on_day(const struct load_switch *row, unsigned weekday)
{
    return ((unsigned)row->days >> weekday & 1u) != 0;
}

/* The row that counts on a day up to a minute; NULL: none does. */
static const struct load_switch *latest(const struct load_plan *plan, unsigned weekday,
                                        unsigned minute)
{
    const struct load_switch *found = 0;
    for (unsigned i = 0; i < plan->n; i++) {
        const struct load_switch *row = &plan->at[i];
        if (on_day(row, weekday) && row->minute <= minute &&
            (found == 0 || row->minute >= found->minute)) {
            found = row;
        }
    }
    return found;
}

bool load_plan_at(const struct load_plan *plan, uint8_t weekday, uint16_t minute)
{
    const struct load_switch *row = latest(plan, weekday, minute);
    for (unsigned back = 1; row == 0 && back <= DAYS; back++) {
        row = latest(plan, (weekday + DAYS - back) % DAYS, LOAD_MINUTES_OF_DAY);
    }
    return row != 0 && row->active;
}

uint16_t load_plan_next(const struct load_plan *plan, uint8_t weekday, uint16_t minute)
{
    uint16_t next = LOAD_MINUTES_OF_DAY;
    for (unsigned i = 0; i < plan->n; i++) {
        const struct load_switch *row = &plan->at[i];
        if (on_day(row, weekday) && row->minute > minute && row->minute < next) {
            next = row->minute;
        }
    }
    return (uint16_t)(next - minute);
}
