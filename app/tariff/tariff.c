#include "tariff.h"

#include <string.h>

#define UTC_2100    INT64_C(4102444800)
#define LOOK_AHEAD  (INT64_C(2) * 86400) /* s: how far a plan is searched at once */
#define LOAD_RETRY  60                   /* s */
#define TWO_TARIFFS 2u

/* What configuration 1 makes of the inputs: field DD (module ports) or CCC (tariff modules). */
struct wiring {
    uint16_t code;
    uint8_t tariffs; /* 2 or 4 */
    uint8_t input;   /* of a two-tariff meter: which one */
    bool inverted;
};

static const struct wiring ports[] = {
    {1, 4, 0, false},  {2, 4, 0, true},  {7, 2, 0, false},  {8, 2, 0, true},
    {9, 2, 0, false},  {10, 2, 0, true}, {11, 2, 0, false}, {12, 2, 0, true},
    {13, 2, 1, false}, {14, 2, 1, true}, {22, 4, 0, false}, {23, 4, 0, true},
};

static const struct wiring modules[] = {
    {8, 2, 0, false}, {14, 2, 0, false}, {18, 4, 0, false}, {76, 4, 0, false}, {78, 4, 0, false},
};

static const struct wiring *find(const struct wiring *rows, size_t n, unsigned code)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct wiring *wiring_of(const struct variant *variant)
{
    unsigned module = variant->configuration[0] / 1000u % 1000u;
    unsigned port = variant->configuration[0] / 10u % 100u;
    const struct wiring *row = find(ports, sizeof ports / sizeof ports[0], port);
    return row != NULL ? row : find(modules, sizeof modules / sizeof modules[0], module);
}

uint8_t tariff_inputs(const struct variant *variant)
{
    const struct wiring *row = wiring_of(variant);
    if (row == NULL || variant->tariffs == 0) {
        return 0;
    }
    return (uint8_t)(row->tariffs == TWO_TARIFFS ? 1u << row->input : 3u);
}

/* Table 10 of the technical description: port 1 counts one, port 2 two. */
static uint8_t tariff_of_inputs(const struct wiring *row, const bool input[2])
{
    unsigned value = row->tariffs == TWO_TARIFFS ? input[row->input]
                                                 : (input[0] ? 1u : 0u) + (input[1] ? 2u : 0u);
    return (uint8_t)(1u + (row->inverted ? row->tariffs - 1u - value : value));
}

/* ---- the plan in force ---- */

static void plan_fetch(struct tariff *tariff, const struct board *board, int slot)
{
    uint8_t image[TARIFF_PLAN_IMAGE_MAX];
    struct plan_place place;
    uint16_t n = tariff->store.slot[slot].n_image;
    bool read = tariff_store_read(&tariff->store, board, slot, 0, image, n);
    if (!read || tariff_plan_read(image, n, &tariff->plan, &place) != PLAN_OK) {
        tariff->memory_fault = true;
        memset(&tariff->plan, 0, sizeof tariff->plan);
    }
}

/* No plan: n_seasons is 0. */
static void plan_follow(struct tariff *tariff, const struct board *board, struct clock *clock,
                        int64_t utc_s)
{
    int slot = tariff_store_in_force(&tariff->store, utc_s);
    if (slot == tariff->slot) {
        return;
    }
    tariff->slot = slot;
    memset(&tariff->plan, 0, sizeof tariff->plan);
    if (slot >= 0 && tariff->store.slot[slot].n_image > 0) {
        plan_fetch(tariff, board, slot);
    }
    clock->summers = tariff->plan.summers;
}

void tariff_init(struct tariff *tariff)
{
    memset(tariff, 0, sizeof *tariff);
    tariff->slot = TARIFF_STORE_NO_SLOT;
}

uint8_t tariff_season_number(const struct tariff *tariff, const struct clock *clock, int64_t utc_s)
{
    struct calendar local;
    if (tariff->plan.n_seasons == 0) {
        return 0;
    }
    clock_calendar(clock, utc_s, true, &local);
    return (uint8_t)(tariff_plan_season(&tariff->plan, &local) + 1u);
}

/* ---- the decision ---- */

static bool command_holds(const struct tariff *tariff, const struct clock *clock, int64_t utc_s)
{
    const struct tariff_command *command = &tariff->command;
    bool lasts = command->until_s == 0 || (clock->valid && utc_s < command->until_s);
    return command->tariff != 0 && lasts;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static uint8_t choose(struct tariff *tariff, const struct tariff_facts *facts,
                      const struct clock *clock, int64_t utc_s, int64_t *next_s)
{
    const struct wiring *row = wiring_of(facts->variant);
    if (command_holds(tariff, clock, utc_s)) {
        tariff->source = TARIFF_BY_COMMAND;
        *next_s =
            tariff->command.until_s != 0 ? earlier(*next_s, tariff->command.until_s) : *next_s;
        return tariff->command.tariff;
    }
    if (row != NULL) {
        tariff->source = TARIFF_BY_INPUT;
        return tariff_of_inputs(row, facts->input);
    }
    if (clock->valid && tariff->plan.n_seasons > 0) {
        tariff->source = TARIFF_BY_PLAN;
        *next_s = tariff_plan_next(&tariff->plan, clock, utc_s, *next_s);
        return tariff_plan_at(&tariff->plan, clock, utc_s);
    }
    tariff->source = TARIFF_BY_DEFAULT;
    return 1;
}

uint8_t tariff_decide(struct tariff *tariff, const struct board *board,
                      const struct tariff_facts *facts, struct clock *clock, int64_t utc_s,
                      int64_t *next_s)
{
    *next_s = utc_s + LOOK_AHEAD;
    if (facts->variant->tariffs == 0) {
        tariff->source = TARIFF_BY_DEFAULT;
        return 1;
    }
    if (!tariff->loaded) {
        tariff->loaded = tariff_store_load(&tariff->store, board, &tariff->command);
        tariff->memory_fault = !tariff->loaded;
        *next_s = tariff->loaded ? *next_s : utc_s + LOAD_RETRY;
    }
    if (clock->fitted) {
        plan_follow(tariff, board, clock, utc_s);
        int waiting = tariff_store_waiting(&tariff->store, utc_s);
        *next_s =
            waiting >= 0 ? earlier(*next_s, tariff->store.slot[waiting].activation_s) : *next_s;
    }
    uint8_t chosen = choose(tariff, facts, clock, utc_s, next_s);
    return chosen <= facts->variant->tariffs ? chosen : 1u;
}

/* ---- commands ---- */

bool tariff_stage(struct tariff *tariff, uint16_t offset, const uint8_t *bytes, uint16_t n_bytes)
{
    if ((uint32_t)offset + n_bytes > sizeof tariff->staged) {
        return false;
    }
    memcpy(tariff->staged + offset, bytes, n_bytes);
    return true;
}

static int staged_check(const struct tariff *tariff, const struct variant *variant,
                        uint16_t n_image, struct plan_place *place)
{
    struct tariff_plan plan;
    if (n_image == 0) {
        return TARIFF_OK;
    }
    enum plan_err err = n_image <= sizeof tariff->staged
                            ? tariff_plan_read(tariff->staged, n_image, &plan, place)
                            : PLAN_ERR_FORM;
    if (err != PLAN_OK) {
        return err;
    }
    if (tariff_plan_highest(&plan) > variant->tariffs) {
        return TARIFF_ERR_TARIFFS;
    }
    if (plan.n_seasons > TARIFF_SEASONS_MAX) {
        return TARIFF_ERR_SEASONS;
    }
    return plan.summers.n > 0 && !variant->summer_time_eu ? TARIFF_ERR_SUMMERS : TARIFF_OK;
}

int tariff_commit(struct tariff *tariff, const struct board *board, const struct variant *variant,
                  const struct clock *clock, int64_t utc_s, uint16_t n_image, int64_t activation_s,
                  struct plan_place *place)
{
    *place = (struct plan_place){0, 0, 0};
    if (variant->tariffs == 0) {
        return TARIFF_ERR_NONE;
    }
    if (!clock->fitted || (activation_s != 0 && !clock->valid)) {
        return TARIFF_ERR_CLOCK;
    }
    if (activation_s != 0 && (activation_s < utc_s || activation_s >= UTC_2100)) {
        return TARIFF_ERR_RANGE;
    }
    int err = staged_check(tariff, variant, n_image, place);
    if (err != TARIFF_OK) {
        return err;
    }
    bool stored = tariff->loaded && tariff_store_write(&tariff->store, board, utc_s, activation_s,
                                                       tariff->staged, n_image);
    tariff->memory_fault = !stored;
    return stored ? TARIFF_OK : TARIFF_ERR_STORAGE;
}

enum tariff_err tariff_force(struct tariff *tariff, const struct board *board,
                             const struct variant *variant, const struct clock *clock,
                             int64_t utc_s, uint8_t forced, int64_t until_s)
{
    const struct tariff_command command = {forced, forced != 0 ? until_s : 0};
    if (variant->tariffs == 0) {
        return TARIFF_ERR_NONE;
    }
    if (forced > variant->tariffs) {
        return TARIFF_ERR_TARIFFS;
    }
    if (command.until_s != 0 && !clock->valid) {
        return TARIFF_ERR_CLOCK;
    }
    if (command.until_s != 0 && command.until_s <= utc_s) {
        return TARIFF_ERR_RANGE;
    }
    if (!tariff->loaded || !tariff_store_command(&tariff->store, board, &command)) {
        tariff->memory_fault = true;
        return TARIFF_ERR_STORAGE;
    }
    tariff->command = command;
    return TARIFF_OK;
}
