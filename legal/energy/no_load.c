#include "energy/no_load.h"

/* 1 mW for 1 us is 1e-3 / 3.6e9 Wh = 1 / 3 600 000 uWh. */
#define MW_US_PER_UWH UINT64_C(3600000)
/* Beyond this many uWh (a megawatt-hour) the answer is known, and the product would overflow. */
#define SURELY_LOAD_UWH INT64_C(1000000000000)

static bool mean_reaches(struct wide energy, uint64_t us, uint32_t threshold_mw)
{
    struct wide size = wide_magnitude(energy);
    if (size.whole >= SURELY_LOAD_UWH) {
        return true;
    }
    return (uint64_t)size.whole * MW_US_PER_UWH >= threshold_mw * us;
}

static struct wide release(struct no_load *cell, bool book)
{
    struct wide nothing = {0, 0};
    struct wide out = book ? cell->pending : nothing;
    cell->pending = nothing;
    cell->pending_us = 0;
    return out;
}

static struct wide judge(struct no_load *cell)
{
    bool was_loaded = cell->loaded;
    uint64_t pending_us = cell->pending_us;
    cell->loaded = mean_reaches(cell->pending, cell->pending_us,
                                was_loaded ? NO_LOAD_STOP_MW : NO_LOAD_START_MW);
    cell->negative = wide_is_negative(cell->pending);
    bool tail = was_loaded && pending_us <= NO_LOAD_TAIL_US;
    return release(cell, cell->loaded || tail);
}

struct wide no_load_take(struct no_load *cell, struct wide energy, uint64_t window_us)
{
    cell->pending = wide_add(cell->pending, energy);
    cell->pending_us += window_us;
    if (mean_reaches(energy, window_us, NO_LOAD_CLEAR_MW)) {
        cell->loaded = true;
        cell->negative = wide_is_negative(energy);
        return release(cell, true);
    }
    if (cell->pending_us >= NO_LOAD_BLOCK_US) {
        return judge(cell);
    }
    struct wide nothing = {0, 0};
    return nothing;
}

struct wide no_load_settle(struct no_load *cell)
{
    if (cell->pending_us == 0) {
        struct wide nothing = {0, 0};
        return nothing;
    }
    if (!cell->loaded && !mean_reaches(cell->pending, cell->pending_us, NO_LOAD_START_MW)) {
        struct wide nothing = {0, 0}; /* stays pending: it may yet become load */
        return nothing;
    }
    return release(cell, true);
}

void no_load_clear(struct no_load *cell)
{
    (void)release(cell, false);
    cell->loaded = false;
}
