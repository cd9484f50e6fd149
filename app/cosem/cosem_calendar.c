#include "cosem_calendar.h"

#include <string.h>

#include "../calendar/tariff_plan_image.h"
#include "../meter/meter_audit.h"
#include "cosem_inside.h"

enum {
    NAME_ACTIVE = 2,
    SEASONS_ACTIVE,
    WEEKS_ACTIVE,
    DAYS_ACTIVE,
    NAME_PASSIVE,
    SEASONS_PASSIVE,
    WEEKS_PASSIVE,
    DAYS_PASSIVE,
    ACTIVATION
};

#define WEEK_DAYS     7u
#define WHOLE_WEEK    0x7Fu
#define NAME_BYTES    2u
#define TYPES         3u
#define WRITTEN(part) (1u << ((part)-NAME_PASSIVE))
#define ALL_WRITTEN                                                                                \
    (WRITTEN(NAME_PASSIVE) | WRITTEN(SEASONS_PASSIVE) | WRITTEN(WEEKS_PASSIVE) |                   \
     WRITTEN(DAYS_PASSIVE))

static const uint8_t script_name[6] = {0, 0, 10, 0, 100, 255};

/* ---- names and numbers ---- */

static void name_write(struct writer *out, char letter, unsigned season)
{
    const char name[NAME_BYTES] = {letter, (char)('1' + season)};
    dlms_write_octets(out, name, sizeof name);
}

/* @return the season of "W1" .. "W4"; TARIFF_PLAN_SEASONS: another name */
static unsigned week_of(const uint8_t *name, uint32_t n_name)
{
    const bool ours = n_name == NAME_BYTES && name[0] == 'W' && name[1] >= '1' &&
                      name[1] < '1' + (int)TARIFF_PLAN_SEASONS;
    return ours ? (unsigned)(name[1] - '1') : TARIFF_PLAN_SEASONS;
}

/* The day profile that a type of day has: its own, or the one that it falls back to. */
static uint8_t day_id(const struct tariff_plan *plan, unsigned season, unsigned type)
{
    while (type > 0 && plan->day[season][type].n == 0) {
        type--;
    }
    return (uint8_t)(season * TYPES + type + 1u);
}

static void date_write(struct writer *out, const struct plan_date *date)
{
    const uint16_t year = date->year != 0 ? date->year : DLMS_YEAR_ANY;
    const uint8_t bytes[5] = {(uint8_t)(year >> 8), (uint8_t)year, date->month, date->day,
                              DLMS_ANY};
    dlms_write_octets(out, bytes, sizeof bytes);
}

/* ---- reading ---- */

static void season_write(struct writer *out, const struct plan_start *start)
{
    struct dlms_time at = {.year = start->date.year != 0 ? start->date.year : DLMS_YEAR_ANY,
                           .month = start->date.month,
                           .day = start->date.day,
                           .weekday = DLMS_ANY,
                           .hundredth = 0,
                           .deviation_min = DLMS_DEVIATION_NONE,
                           .status = DLMS_CLOCK_STATUS_NONE};
    dlms_write_structure(out, 3);
    name_write(out, 'S', start->season);
    dlms_write_time(out, &at);
    name_write(out, 'W', start->season);
}

/* Of a calendar on its way: as it was written, whatever days there are yet. */
static void week_written(struct writer *out, const struct cosem_passive *passive, unsigned season)
{
    const bool every_day = (passive->every_day >> season & 1u) != 0;
    dlms_write_structure(out, 1u + WEEK_DAYS);
    name_write(out, 'W', season);
    for (unsigned d = 0; d < WEEK_DAYS; d++) {
        const bool working = every_day || (passive->plan.working_days >> d & 1u) != 0;
        dlms_write_u8(out, (uint8_t)(season * TYPES + (working ? DAY_WORK : DAY_REST) + 1u));
    }
}

static void week_write(struct writer *out, const struct tariff_plan *plan, unsigned season)
{
    dlms_write_structure(out, 1u + WEEK_DAYS);
    name_write(out, 'W', season);
    for (unsigned d = 0; d < WEEK_DAYS; d++) {
        const bool working = (plan->working_days >> d & 1u) != 0;
        dlms_write_u8(out, day_id(plan, season, working ? DAY_WORK : DAY_REST));
    }
}

static void day_write(struct writer *out, const struct tariff_plan *plan, unsigned n)
{
    const struct plan_day *day = &plan->day[n / TYPES][n % TYPES];
    dlms_write_structure(out, 2);
    dlms_write_u8(out, (uint8_t)(n + 1u));
    dlms_write_array(out, day->n);
    for (unsigned s = 0; s < day->n; s++) {
        const uint8_t at[4] = {(uint8_t)(day->at[s].minute / 60u),
                               (uint8_t)(day->at[s].minute % 60u), 0, 0};
        dlms_write_structure(out, 3);
        dlms_write_octets(out, at, sizeof at);
        dlms_write_octets(out, script_name, sizeof script_name);
        dlms_write_u16(out, day->at[s].tariff);
    }
}

static bool day_there(const struct tariff_plan *plan, unsigned n)
{
    return n / TYPES < plan->n_seasons && plan->day[n / TYPES][n % TYPES].n > 0;
}

/* An array, one element a piece; cursor[0]: which comes next, plus 1. */
static enum dlms_result seasons_get(const struct tariff_plan *plan, struct dlms_get *get,
                                    struct writer *out)
{
    static const struct plan_start always = {{0, 1, 1}, 0}; /* one season all the year */
    const unsigned n = plan->n_starts > 0 ? plan->n_starts : plan->n_seasons > 0 ? 1u : 0u;
    if (get->cursor[0] == 0) {
        dlms_write_array(out, n);
    } else {
        season_write(out, plan->n_starts == 0 ? &always : &plan->start[get->cursor[0] - 1u]);
    }
    return get->cursor[0]++ < n ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static enum dlms_result weeks_get(const struct cosem *cosem, const struct tariff_plan *plan,
                                  struct dlms_get *get, struct writer *out)
{
    if (get->cursor[0] == 0) {
        dlms_write_array(out, plan->n_seasons);
    } else if (get->attribute == WEEKS_PASSIVE) {
        week_written(out, &cosem->meter->passive, get->cursor[0] - 1u);
    } else {
        week_write(out, plan, get->cursor[0] - 1u);
    }
    return get->cursor[0]++ < plan->n_seasons ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static enum dlms_result days_get(const struct tariff_plan *plan, struct dlms_get *get,
                                 struct writer *out)
{
    unsigned next = get->cursor[0], n = 0;
    if (next == 0) {
        for (unsigned d = 0; d < TARIFF_PLAN_SEASONS * TYPES; d++) {
            n += day_there(plan, d) ? 1u : 0u;
        }
        dlms_write_array(out, n);
    } else {
        day_write(out, plan, next - 1u);
    }
    while (next < TARIFF_PLAN_SEASONS * TYPES && !day_there(plan, next)) {
        next++;
    }
    get->cursor[0] = next + 1u;
    return next < TARIFF_PLAN_SEASONS * TYPES ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static void activation_write(const struct cosem *cosem, struct writer *out)
{
    const struct meter *meter = cosem->meter;
    const int slot =
        tariff_store_waiting(&meter->tariff.store, clock_utc_s(&meter->clock, meter->now_us));
    cosem_moment_write(cosem, slot >= 0 ? meter->tariff.store.slot[slot].activation_s : 0, true,
                       out);
}

static enum dlms_result calendar_get(const struct cosem *cosem, const struct cosem_row *row,
                                     struct dlms_get *get, struct writer *out)
{
    static const struct tariff_plan none;
    (void)row;
    const struct tariff *tariff = &cosem->meter->tariff;
    const struct tariff_plan *plan = get->attribute >= NAME_PASSIVE ? &cosem->meter->passive.plan
                                     : tariff->slot != TARIFF_STORE_NO_SLOT ? &tariff->plan
                                                                            : &none;
    switch (get->attribute) {
    case NAME_ACTIVE:
    case NAME_PASSIVE: dlms_write_octets(out, plan->name, strlen(plan->name)); break;
    case SEASONS_ACTIVE:
    case SEASONS_PASSIVE: return seasons_get(plan, get, out);
    case WEEKS_ACTIVE:
    case WEEKS_PASSIVE: return weeks_get(cosem, plan, get, out);
    case DAYS_ACTIVE:
    case DAYS_PASSIVE: return days_get(plan, get, out);
    default: activation_write(cosem, out); break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* ---- writing ---- */

static enum dlms_result name_set(struct tariff_plan *plan, struct reader *data)
{
    const uint8_t *bytes = NULL;
    uint32_t n = 0;
    if (!dlms_read_octets(data, &bytes, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n == 0 || n > TARIFF_PLAN_NAME_MAX || memchr(bytes, 0, n) != NULL) {
        return DLMS_RESULT_OTHER;
    }
    memset(plan->name, 0, sizeof plan->name);
    memcpy(plan->name, bytes, n);
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result season_read(struct reader *data, struct plan_start *start)
{
    const uint8_t *name = NULL, *week = NULL;
    uint32_t n_name = 0, n_week = 0;
    struct dlms_time at;
    if (!dlms_read_structure(data, 3) || !dlms_read_octets(data, &name, &n_name) ||
        !dlms_read_time(data, &at) || !dlms_read_octets(data, &week, &n_week)) {
        return DLMS_RESULT_TYPE;
    }
    const unsigned season = week_of(week, n_week);
    const bool midnight = (at.hour == 0 || at.hour == DLMS_ANY) &&
                          (at.minute == 0 || at.minute == DLMS_ANY) &&
                          (at.second == 0 || at.second == DLMS_ANY);
    if (season >= TARIFF_PLAN_SEASONS || !midnight || at.month > 12 || at.day > 31) {
        return DLMS_RESULT_OTHER;
    }
    *start = (struct plan_start){{at.year == DLMS_YEAR_ANY ? 0 : at.year, at.month, at.day},
                                 (uint8_t)season};
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result seasons_set(struct tariff_plan *plan, struct reader *data)
{
    uint32_t n = 0;
    if (!dlms_read_array(data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n == 0 || n > TARIFF_PLAN_STARTS) {
        return DLMS_RESULT_OTHER;
    }
    for (uint32_t i = 0; i < n; i++) {
        const enum dlms_result result = season_read(data, &plan->start[i]);
        if (result != DLMS_RESULT_SUCCESS) {
            return result;
        }
    }
    plan->n_starts = (uint8_t)n;
    return DLMS_RESULT_SUCCESS;
}

/* One week: W1, W2, ... in order; each day is the week's working day or its other one. */
static enum dlms_result week_read(struct reader *data, unsigned season, uint8_t *working_days)
{
    const uint8_t *name = NULL;
    uint32_t n_name = 0;
    unsigned working = 0;
    if (!dlms_read_structure(data, 1u + WEEK_DAYS) || !dlms_read_octets(data, &name, &n_name)) {
        return DLMS_RESULT_TYPE;
    }
    for (unsigned d = 0; d < WEEK_DAYS; d++) {
        uint8_t id = 0;
        if (!dlms_read_u8(data, &id)) {
            return DLMS_RESULT_TYPE;
        }
        const unsigned type = (unsigned)id - 1u - season * TYPES;
        if (type > DAY_REST) {
            return DLMS_RESULT_OTHER;
        }
        working |= type == DAY_WORK ? 1u << d : 0u;
    }
    *working_days = (uint8_t)working;
    return week_of(name, n_name) == season ? DLMS_RESULT_SUCCESS : DLMS_RESULT_OTHER;
}

/* All weeks work on the same days, but for those that have one kind of day only. */
static enum dlms_result weeks_set(struct cosem_passive *passive, struct reader *data)
{
    uint32_t n = 0;
    if (!dlms_read_array(data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n == 0 || n > TARIFF_PLAN_SEASONS) {
        return DLMS_RESULT_OTHER;
    }
    passive->plan.working_days = WHOLE_WEEK;
    passive->every_day = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t working = 0;
        const enum dlms_result result = week_read(data, i, &working);
        if (result != DLMS_RESULT_SUCCESS) {
            return result;
        }
        if (working == WHOLE_WEEK) {
            passive->every_day |= (uint8_t)(1u << i);
        } else if (passive->plan.working_days == WHOLE_WEEK) {
            passive->plan.working_days = working;
        } else if (working != passive->plan.working_days) {
            return DLMS_RESULT_OTHER;
        }
    }
    passive->plan.n_seasons = (uint8_t)n;
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result switch_read(struct reader *data, struct plan_switch *out)
{
    uint16_t tariff = 0;
    const bool whole = dlms_read_structure(data, 3);
    const uint8_t *at = whole ? dlms_read_octets_of(data, 4) : NULL;
    const uint8_t *script = at != NULL ? dlms_read_octets_of(data, sizeof script_name) : NULL;
    if (script == NULL || !dlms_read_u16(data, &tariff)) {
        return DLMS_RESULT_TYPE;
    }
    const bool minute = (at[2] == 0 || at[2] == DLMS_ANY) && (at[3] == 0 || at[3] == DLMS_ANY);
    if (memcmp(script, script_name, sizeof script_name) != 0 || at[0] > 23 || at[1] > 59 ||
        !minute || tariff == 0 || tariff > TARIFF_PLAN_TARIFFS) {
        return DLMS_RESULT_OTHER;
    }
    *out = (struct plan_switch){(uint16_t)(at[0] * 60u + at[1]), (uint8_t)tariff};
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result day_read(struct tariff_plan *plan, struct reader *data)
{
    uint8_t id = 0;
    uint32_t n = 0;
    if (!dlms_read_structure(data, 2) || !dlms_read_u8(data, &id) || !dlms_read_array(data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    const unsigned place = (unsigned)id - 1u;
    if (place >= TARIFF_PLAN_SEASONS * TYPES || n == 0 || n > TARIFF_PLAN_SWITCHES) {
        return DLMS_RESULT_OTHER;
    }
    struct plan_day *day = &plan->day[place / TYPES][place % TYPES];
    for (uint32_t i = 0; i < n; i++) {
        const enum dlms_result result = switch_read(data, &day->at[i]);
        if (result != DLMS_RESULT_SUCCESS) {
            return result;
        }
    }
    day->n = (uint8_t)n;
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result days_set(struct tariff_plan *plan, struct reader *data)
{
    uint32_t n = 0;
    if (!dlms_read_array(data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n == 0 || n > TARIFF_PLAN_SEASONS * TYPES) {
        return DLMS_RESULT_OTHER;
    }
    memset(plan->day, 0, sizeof plan->day);
    for (uint32_t i = 0; i < n; i++) {
        const enum dlms_result result = day_read(plan, data);
        if (result != DLMS_RESULT_SUCCESS) {
            return result;
        }
    }
    return DLMS_RESULT_SUCCESS;
}

/* ---- in force ---- */

/* A plan is stored as a whole: what was in force stays until the new one is. */
static enum dlms_result commit(struct meter *meter, const struct tariff_plan *plan,
                               int64_t activation_s)
{
    struct plan_place place;
    struct writer w = writer_over(meter->tariff.staged, sizeof meter->tariff.staged);
    if (tariff_plan_check(plan, &place) != PLAN_OK) {
        return DLMS_RESULT_OTHER;
    }
    tariff_plan_write(&w, plan);
    const int err =
        w.failed ? PLAN_ERR_FORM
                 : meter_tariff_commit(meter, (uint16_t)writer_length(&w), activation_s, &place);
    switch (err) {
    case TARIFF_OK: return DLMS_RESULT_SUCCESS;
    case TARIFF_ERR_STORAGE: return DLMS_RESULT_HARDWARE_FAULT;
    default: return DLMS_RESULT_OTHER;
    }
}

/* A season whose week has working days alone has no other day, or the plan would go by it. */
static bool weeks_hold(const struct cosem_passive *passive)
{
    const struct tariff_plan *plan = &passive->plan;
    for (unsigned s = 0; s < plan->n_seasons && plan->working_days != WHOLE_WEEK; s++) {
        if ((passive->every_day >> s & 1u) != 0 && plan->day[s][DAY_REST].n > 0) {
            return false;
        }
    }
    return true;
}

/* The passive calendar with the exception days and summers of the one in force, which no attribute
 * of the calendar carries. */
static enum dlms_result activate(struct meter *meter, int64_t activation_s)
{
    struct tariff_plan *plan = &meter->passive.plan;
    if (meter->passive.written != ALL_WRITTEN || !weeks_hold(&meter->passive)) {
        return DLMS_RESULT_OTHER;
    }
    plan->n_exceptions = 0;
    plan->summers.n = 0;
    if (meter->tariff.slot != TARIFF_STORE_NO_SLOT) {
        const struct tariff_plan *now = &meter->tariff.plan;
        plan->n_exceptions = now->n_exceptions;
        memcpy(plan->exception, now->exception, sizeof plan->exception);
        plan->summers = now->summers;
    }
    return commit(meter, plan, activation_s);
}

/* A full date-time: the passive calendar comes into force then.  Not specified: nothing waits that
 * could be taken back, so nothing changes. */
static enum dlms_result activation_set(struct meter *meter, struct reader *data)
{
    struct dlms_time at;
    if (!dlms_read_time(data, &at)) {
        return DLMS_RESULT_TYPE;
    }
    const int64_t utc_s = cosem_moment_of(meter, &at);
    return utc_s == INT64_MIN ? DLMS_RESULT_OTHER : activate(meter, utc_s);
}

static enum dlms_result part_set(struct cosem_passive *passive, int8_t attribute,
                                 struct reader *data)
{
    switch (attribute) {
    case NAME_PASSIVE: return name_set(&passive->plan, data);
    case SEASONS_PASSIVE: return seasons_set(&passive->plan, data);
    case WEEKS_PASSIVE: return weeks_set(passive, data);
    default: return days_set(&passive->plan, data);
    }
}

static enum dlms_result calendar_set(const struct cosem *cosem, const struct cosem_row *row,
                                     int8_t attribute, struct reader data)
{
    struct meter *meter = cosem->meter;
    (void)row;
    const enum rights_answer may = meter_may(meter, ACTION_TARIFF);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    if (attribute == ACTIVATION) {
        return activation_set(meter, &data);
    }
    struct cosem_passive next = meter->passive; /* a part that is refused leaves the old one */
    const enum dlms_result result = part_set(&next, attribute, &data);
    if (result == DLMS_RESULT_SUCCESS) {
        meter->passive = next;
        meter->passive.written |= (uint8_t)WRITTEN(attribute);
    }
    return result;
}

static enum dlms_result calendar_call(const struct cosem *cosem, const struct cosem_row *row,
                                      int8_t method, struct reader data, struct writer *out)
{
    (void)row;
    (void)method;
    (void)data;
    (void)out;
    const enum rights_answer may = meter_may(cosem->meter, ACTION_TARIFF);
    return may == RIGHTS_OK ? activate(cosem->meter, 0) : cosem_rights_result(may);
}

const struct cosem_part cosem_calendar_part = {calendar_get, calendar_set, calendar_call};

/* ---- special days ---- */

/* Season of an exception: that of its date, in any year when it comes every year. */
static unsigned season_of(const struct tariff_plan *plan, const struct plan_date *date)
{
    const struct calendar c = {
        .year = date->year != 0 ? date->year : 2001u, .month = date->month, .day = date->day};
    return tariff_plan_season(plan, &c);
}

static void exception_write(struct writer *out, const struct tariff_plan *plan, unsigned i)
{
    const struct plan_exception *exception = &plan->exception[i];
    dlms_write_structure(out, 3);
    dlms_write_u16(out, (uint16_t)(i + 1u));
    date_write(out, &exception->date);
    dlms_write_u8(out, (uint8_t)(season_of(plan, &exception->date) * TYPES + exception->type + 1u));
}

static enum dlms_result special_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    const struct tariff *tariff = &cosem->meter->tariff;
    const unsigned n = tariff->slot != TARIFF_STORE_NO_SLOT ? tariff->plan.n_exceptions : 0;
    (void)row;
    if (get->cursor[0] == 0) {
        dlms_write_array(out, n);
    } else {
        exception_write(out, &tariff->plan, get->cursor[0] - 1u);
    }
    return get->cursor[0]++ < n ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

/* The day is one of the season that holds at the date. */
static enum dlms_result exception_read(const struct tariff_plan *plan, struct reader *data,
                                       uint16_t *index, struct plan_exception *out)
{
    uint8_t id = 0;
    const bool whole = dlms_read_structure(data, 3) && dlms_read_u16(data, index);
    const uint8_t *date = whole ? dlms_read_octets_of(data, 5) : NULL;
    if (date == NULL || !dlms_read_u8(data, &id)) {
        return DLMS_RESULT_TYPE;
    }
    const uint16_t year = (uint16_t)(date[0] << 8 | date[1]);
    out->date = (struct plan_date){year == DLMS_YEAR_ANY ? 0 : year, date[2], date[3]};
    if (date[2] < 1 || date[2] > 12 || date[3] < 1 || date[3] > 31) {
        return DLMS_RESULT_OTHER;
    }
    const unsigned type = (unsigned)id - 1u - season_of(plan, &out->date) * TYPES;
    if (type >= TYPES) {
        return DLMS_RESULT_OTHER;
    }
    out->type = (uint8_t)type;
    return DLMS_RESULT_SUCCESS;
}

/* All of them. */
static enum dlms_result special_all(struct tariff_plan *plan, struct reader *data)
{
    uint32_t n = 0;
    if (!dlms_read_array(data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n > TARIFF_PLAN_EXCEPTIONS) {
        return DLMS_RESULT_OTHER;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint16_t index = 0;
        const enum dlms_result result = exception_read(plan, data, &index, &plan->exception[i]);
        if (result != DLMS_RESULT_SUCCESS) {
            return result;
        }
    }
    plan->n_exceptions = (uint8_t)n;
    return DLMS_RESULT_SUCCESS;
}

/* In the place of the one with its index, or behind the last. */
static enum dlms_result special_insert(struct tariff_plan *plan, struct reader *data)
{
    struct plan_exception exception;
    uint16_t index = 0;
    const enum dlms_result result = exception_read(plan, data, &index, &exception);
    if (result != DLMS_RESULT_SUCCESS) {
        return result;
    }
    const unsigned place =
        index >= 1u && index <= plan->n_exceptions ? index - 1u : plan->n_exceptions;
    if (place >= TARIFF_PLAN_EXCEPTIONS) {
        return DLMS_RESULT_OTHER;
    }
    plan->exception[place] = exception;
    plan->n_exceptions = (uint8_t)(place == plan->n_exceptions ? place + 1u : plan->n_exceptions);
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result special_delete(struct tariff_plan *plan, struct reader *data)
{
    uint16_t index = 0;
    if (!dlms_read_u16(data, &index)) {
        return DLMS_RESULT_TYPE;
    }
    if (index < 1 || index > plan->n_exceptions) {
        return DLMS_RESULT_OTHER;
    }
    memmove(&plan->exception[index - 1u], &plan->exception[index],
            (plan->n_exceptions - (size_t)index) * sizeof plan->exception[0]);
    plan->n_exceptions--;
    return DLMS_RESULT_SUCCESS;
}

/* They belong to the plan in force, which is stored anew with them. */
static enum dlms_result special_change(struct meter *meter, struct reader data,
                                       enum dlms_result (*change)(struct tariff_plan *plan,
                                                                  struct reader *data))
{
    struct tariff_plan plan = meter->tariff.plan;
    const enum rights_answer may = meter_may(meter, ACTION_TARIFF);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    if (meter->tariff.slot == TARIFF_STORE_NO_SLOT) {
        return DLMS_RESULT_OTHER;
    }
    const enum dlms_result result = change(&plan, &data);
    return result == DLMS_RESULT_SUCCESS ? commit(meter, &plan, 0) : result;
}

static enum dlms_result special_set(const struct cosem *cosem, const struct cosem_row *row,
                                    int8_t attribute, struct reader data)
{
    (void)row;
    (void)attribute;
    return special_change(cosem->meter, data, special_all);
}

static enum dlms_result special_call(const struct cosem *cosem, const struct cosem_row *row,
                                     int8_t method, struct reader data, struct writer *out)
{
    (void)row;
    (void)out;
    return special_change(cosem->meter, data, method == 1 ? special_insert : special_delete);
}

const struct cosem_part cosem_days_part = {special_get, special_set, special_call};
