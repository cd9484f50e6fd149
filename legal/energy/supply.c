#include "energy/supply.h"

#include <string.h>

void supply_begin(struct supply *supply, int64_t now_us)
{
    memset(supply, 0, sizeof *supply);
    supply->supplied_us = now_us;
    supply->lost_us = now_us;
}

static uint64_t mean_square(const struct supply_level *level)
{
    return level->samples > 0 ? level->voltage / level->samples : 0;
}

/* How long voltage was at its good level in this window, if it was low for the rest. */
static int64_t good_us(const struct supply_level *level, uint64_t low, uint64_t good)
{
    uint64_t mean = mean_square(level);
    if (mean >= good) {
        return (int64_t)level->window_us;
    }
    return mean <= low ? 0 : (int64_t)((mean - low) * level->window_us / (good - low));
}

/* The step down lies in the last window above 160 V, or in the first below. */
static int64_t loss_us(const struct supply *supply, const struct supply_level *first_below,
                       const struct supply_level *last_above, uint64_t low)
{
    return supply->supplied_us - (int64_t)last_above->window_us +
           good_us(last_above, low, supply->good) + good_us(first_below, low, supply->good);
}

bool supply_missing(struct supply *supply, int64_t now_us)
{
    const struct supply_level *level = supply->level;
    uint64_t now = mean_square(&level[0]), before = mean_square(&level[1]);
    if (supply->windows_below < 3u) {
        supply->windows_below++;
    }
    if (supply->windows_below == 1u) { /* how low it gets is not known yet: nothing, for now */
        uint64_t earlier = mean_square(&level[2]);
        supply->good = before > earlier ? before : earlier;
        supply->lost_us = loss_us(supply, &level[0], &level[1], 0);
        return now_us - supply->lost_us >= SUPPLY_LOSS_US;
    }
    if (supply->windows_below == 2u) {
        supply->lost_us = loss_us(supply, &level[1], &level[2], now < before ? now : before);
    }
    /* voltage may be back since some time in this window */
    int64_t back_us = good_us(&level[0], before, supply->good);
    return now_us - back_us - supply->lost_us >= SUPPLY_LOSS_US;
}
