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

/* What the cells of a sum have pending, and over which time. */
static struct wide pending_sum(const struct no_load_sum *sum, uint64_t *us)
{
    struct wide pending = {0, 0};
    *us = 0;
    for (unsigned i = 0; i < sum->n_cells; i++) {
        pending = wide_add(pending, sum->cell[i]->pending);
        *us = sum->cell[i]->pending_us > *us ? sum->cell[i]->pending_us : *us;
    }
    return pending;
}

/* By how much the shortest cell is behind the longest. */
static uint64_t skew_us(const struct no_load_sum *sum, uint64_t longest_us)
{
    uint64_t shortest_us = longest_us;
    for (unsigned i = 0; i < sum->n_cells; i++) {
        const uint64_t us = sum->cell[i]->pending_us;
        shortest_us = us < shortest_us ? us : shortest_us;
    }
    return longest_us - shortest_us;
}

/* Each phase by itself, for what is shown of it. */
static void judge_phase(struct no_load *cell)
{
    if (cell->pending_us > 0) {
        cell->loaded = mean_reaches(cell->pending, cell->pending_us,
                                    cell->loaded ? NO_LOAD_STOP_MW : NO_LOAD_START_MW);
        cell->negative = wide_is_negative(cell->pending);
    }
}

static void release_sum(const struct no_load_sum *sum, bool loaded, bool book, struct wide booked[])
{
    *sum->loaded = loaded;
    for (unsigned i = 0; i < sum->n_cells; i++) {
        judge_phase(sum->cell[i]);
        booked[i] = release(sum->cell[i], book);
    }
}

/* Take the window into its cell. */
static void add_window(struct no_load *cell, struct wide energy, uint64_t us)
{
    cell->pending = wide_add(cell->pending, energy);
    cell->pending_us += us;
    if (us > 0 && mean_reaches(energy, us, NO_LOAD_CLEAR_MW)) {
        cell->loaded = true;
        cell->negative = wide_is_negative(energy);
    }
}

void no_load_take_sum(const struct no_load_sum *sum, const struct wide energy[],
                      const uint64_t taken_us[], struct wide booked[])
{
    struct wide nothing = {0, 0}, window = nothing;
    uint64_t window_us = 0, pending_us = 0;
    for (unsigned i = 0; i < sum->n_cells; i++) {
        add_window(sum->cell[i], energy[i], taken_us[i]);
        window = wide_add(window, energy[i]);
        window_us = taken_us[i] > window_us ? taken_us[i] : window_us;
        booked[i] = nothing;
    }
    struct wide pending = pending_sum(sum, &pending_us);
    if (pending_us == 0 ||
        (skew_us(sum, pending_us) > NO_LOAD_SKEW_US && pending_us < NO_LOAD_ALIGN_US)) {
        return;
    }
    if (window_us > 0 && mean_reaches(window, window_us, NO_LOAD_CLEAR_MW)) {
        release_sum(sum, true, true, booked);
    } else if (pending_us >= NO_LOAD_BLOCK_US) {
        bool loaded =
            mean_reaches(pending, pending_us, *sum->loaded ? NO_LOAD_STOP_MW : NO_LOAD_START_MW);
        bool tail = *sum->loaded && pending_us <= NO_LOAD_TAIL_US;
        release_sum(sum, loaded, loaded || tail, booked);
    }
}

void no_load_settle_sum(const struct no_load_sum *sum, struct wide booked[])
{
    uint64_t pending_us = 0;
    struct wide nothing = {0, 0}, pending = pending_sum(sum, &pending_us);
    bool book =
        pending_us > 0 && (*sum->loaded || mean_reaches(pending, pending_us, NO_LOAD_START_MW));
    for (unsigned i = 0; i < sum->n_cells; i++) {
        booked[i] = book ? release(sum->cell[i], true) : nothing; /* else it may yet become load */
    }
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
