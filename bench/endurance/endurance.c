#include "endurance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/calendar/tariff_plan_image.h"
#include "app/meter/meter.h"
#include "host/lib/tariff_text.h"
#include "lab/mains.h"
#include "memory.h"

#define US_PER_S      INT64_C(1000000)
#define DAY_S         INT64_C(86400)
#define WEEK_S        (7 * DAY_S)
#define INTERVAL_S    INT64_C(300)
#define START_UTC_S   INT64_C(1767225600) /* 2026-01-01 */
#define OUTAGE_MAX_S  (3 * DAY_S)
#define DYING_SAMPLES 1600u
#define STEP_UWH      UINT64_C(10000000) /* 0.01 kWh: what is stored at once */
#define SEEN_MAX      32768u             /* intervals remembered: more than the profile holds */
#define CHECK_EVERY_S (20 * DAY_S)
#define AT_ACTIVE     20u /* of a frame: docs/spec/measuring-bus.md */
#define UWH_PER_WH    UINT64_C(1000000)

__extension__ typedef unsigned __int128 wide_uint;

/* Night and day: the sum of the tariffs is asked for all the time. */
static const char tariff_text[] = "plan \"Endurance\"\n"
                                  "season A from 01-01\n"
                                  "day A work 00:00 T2 06:00 T1 22:00 T2\n"
                                  "day A rest 00:00 T2\n";

/* What the meter showed at the end of an interval; twice where a restart came in between. */
struct seen {
    int64_t utc_s;
    uint64_t least_wh, most_wh;
};

struct life {
    const struct endurance_plan *plan;
    struct endurance_result *result;
    char *why;
    struct memories memories;
    struct board board;
    struct variant variant;
    struct meter meter;
    struct measuring_system system[LAB_PHASES];
    struct mains *mains;
    int64_t now_us, utc_s;
    int64_t outage_s, reset_s; /* UTC of the next */
    uint64_t writes_a_cut;
    int64_t end_s;        /* records after it do not count */
    int64_t check_s;      /* UTC of the next look at the logs */
    uint32_t checked_id;  /* record of the load profile compared last, and its stamp */
    int64_t checked_s;    /* 0: not to be compared with */
    uint32_t analysis_id; /* the same of the analysis logger */
    int64_t analysis_s;
    bool booked_blindly; /* the next frame counts as booked: see reset */
    int64_t absent_s;    /* intervals since then are filled in when supply is seen; 0: none */
    uint64_t window_uwh; /* energy of the window that was given last */
    /* the truth: counter steps since the registers were base_uwh, times the gain */
    uint32_t gain;
    int64_t counter; /* of the frame before */
    uint64_t steps, base_uwh;
    struct seen *seen;
    jmp_buf power_lost;
};

static int wrong(struct life *life, const char *format, ...)
{
    va_list arguments;
    const int64_t s = life->utc_s - START_UTC_S;
    const int n = snprintf(
        life->why, 256, "seed %llu, day %lld, second %lld: ", (unsigned long long)life->plan->seed,
        (long long)(s / DAY_S), (long long)(s % DAY_S));
    va_start(arguments, format);
    (void)vsnprintf(life->why + n, 256u - (unsigned)n, format, arguments);
    va_end(arguments);
    return -1;
}

/* ---- the truth ---- */

static uint64_t consumed_uwh(const struct life *life)
{
    return life->base_uwh + (uint64_t)((wide_uint)life->steps * life->gain >> 48);
}

static int registers_check(struct life *life)
{
    const struct legal *legal = &life->meter.legal;
    const uint64_t total = legal_energy_uwh(legal, LEGAL_A_PLUS);
    const uint64_t expected = consumed_uwh(life);
    uint64_t tariffs = 0;
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        tariffs += legal_tariff_uwh(legal, t, LEGAL_A_PLUS);
    }
    if (total < expected || total > expected + 1u) {
        return wrong(life, "1.8.0 is %llu uWh instead of %llu", (unsigned long long)total,
                     (unsigned long long)expected);
    }
    if (total != tariffs) {
        return wrong(life, "the tariffs are %llu uWh together, 1.8.0 is %llu",
                     (unsigned long long)tariffs, (unsigned long long)total);
    }
    if (total != legal_energy_uwh(legal, LEGAL_A_PLUS_L1) ||
        legal_energy_uwh(legal, LEGAL_A_MINUS) != 0) {
        return wrong(life, "energy in a phase or direction without load");
    }
    return 0;
}

/* After a restart: the registers are at most a step behind, and the window whose end would have
 * been stored; the truth goes on from them. */
static int registers_resume(struct life *life, bool orderly)
{
    const uint64_t expected = consumed_uwh(life);
    const uint64_t found = legal_energy_uwh(&life->meter.legal, LEGAL_A_PLUS);
    const uint64_t allowed = orderly ? 0 : STEP_UWH + life->window_uwh;
    if (found > expected + 1u || found + allowed < expected) {
        return wrong(life, "1.8.0 is %llu uWh after a restart, was %llu", (unsigned long long)found,
                     (unsigned long long)expected);
    }
    if (!orderly) {
        const double lost_wh = found < expected ? (double)(expected - found) * 1e-6 : 0;
        life->result->lost_kwh += lost_wh * 1e-3;
        life->result->lost_most_wh =
            lost_wh > life->result->lost_most_wh ? lost_wh : life->result->lost_most_wh;
        life->base_uwh = found;
        life->steps = 0;
    }
    return 0;
}

static struct seen *seen_of(struct life *life, int64_t utc_s)
{
    return &life->seen[(uint64_t)(utc_s / INTERVAL_S) % SEEN_MAX];
}

static uint64_t register_wh(const struct life *life)
{
    return legal_energy_uwh(&life->meter.legal, LEGAL_A_PLUS) / UWH_PER_WH;
}

/* The register stood at wh at the end of every interval from from_s (not) to now. */
static void seen_note(struct life *life, int64_t from_s, uint64_t wh)
{
    for (int64_t s = (from_s / INTERVAL_S + 1) * INTERVAL_S; s <= life->utc_s; s += INTERVAL_S) {
        struct seen *seen = seen_of(life, s);
        if (seen->utc_s != s) {
            *seen = (struct seen){s, wh, wh};
        }
        seen->least_wh = wh < seen->least_wh ? wh : seen->least_wh;
        seen->most_wh = wh > seen->most_wh ? wh : seen->most_wh;
    }
}

/* ---- what the logs hold ---- */

static int record_check(struct life *life, const struct legal_profile_record *record)
{
    const struct seen *seen = seen_of(life, record->utc_s);
    const int64_t before_s = life->checked_s;
    if (before_s != 0 && record->utc_s != before_s + INTERVAL_S) {
        return wrong(life, "load profile record %u is of %lld, %lld s after the one before",
                     (unsigned)record->id, (long long)record->utc_s,
                     (long long)(record->utc_s - before_s));
    }
    if (seen->utc_s != record->utc_s || record->energy_wh[0] < seen->least_wh ||
        record->energy_wh[0] > seen->most_wh) {
        return wrong(life,
                     "load profile record %u of %lld says %llu Wh, the register was %llu to %llu",
                     (unsigned)record->id, (long long)(record->utc_s - START_UTC_S),
                     (unsigned long long)record->energy_wh[0], (unsigned long long)seen->least_wh,
                     (unsigned long long)seen->most_wh);
    }
    return 0;
}

/* Every record since the last look: none missing, none twice, each what the register was. */
static int profile_check(struct life *life)
{
    struct legal_profile_range range;
    legal_profile_range(&life->meter.legal, &range);
    if (range.n_records == 0) {
        return wrong(life, "no load profile");
    }
    if (range.oldest_id > life->checked_id + 1u) {
        return wrong(life, "load profile records %u to %u are gone unseen",
                     (unsigned)life->checked_id + 1u, (unsigned)range.oldest_id - 1u);
    }
    for (uint32_t id = life->checked_id + 1u; id <= range.newest_id; id++) {
        struct legal_profile_record record;
        if (legal_profile_read(&life->meter.legal, id, &record) != LEGAL_OK) {
            life->result->records_lost++;
            life->checked_s = 0;
            continue;
        }
        if (record_check(life, &record) != 0) {
            return -1;
        }
        life->checked_s = record.utc_s;
        life->result->records += record.utc_s <= life->end_s;
    }
    life->checked_id = range.newest_id;
    return 0;
}

static int analysis_record_check(struct life *life, const struct analysis_entry *entry)
{
    const struct seen *seen = seen_of(life, entry->utc_s);
    const uint64_t wh = (uint64_t)entry->value[0].number / UWH_PER_WH;
    if (life->analysis_s != 0 && entry->utc_s != life->analysis_s + INTERVAL_S) {
        return wrong(life, "analysis record %u is %lld s after the one before", (unsigned)entry->id,
                     (long long)(entry->utc_s - life->analysis_s));
    }
    if (seen->utc_s != entry->utc_s || wh < seen->least_wh || wh > seen->most_wh) {
        return wrong(life, "analysis record %u says %llu Wh, the register was %llu to %llu",
                     (unsigned)entry->id, (unsigned long long)wh,
                     (unsigned long long)seen->least_wh, (unsigned long long)seen->most_wh);
    }
    return 0;
}

/* As of the load profile: none missing, none twice, none lost, each what the register was. */
static int analysis_check(struct life *life)
{
    const struct analysis *analysis = &life->meter.analysis;
    const uint32_t newest = analysis_newest(analysis);
    if (newest == 0 || analysis_oldest(analysis) > life->analysis_id + 1u) {
        return wrong(life, "analysis records from %u on are gone unseen",
                     (unsigned)life->analysis_id + 1u);
    }
    for (uint32_t id = life->analysis_id + 1u; id <= newest; id++) {
        struct analysis_entry entry;
        if (analysis_read(analysis, &life->board, id, &entry) != ANALYSIS_OK) {
            return wrong(life, "analysis record %u can't be read", (unsigned)id);
        }
        if (analysis_record_check(life, &entry) != 0) {
            return -1;
        }
        life->analysis_s = entry.utc_s;
        life->result->analysis_records += entry.utc_s <= life->end_s;
    }
    life->analysis_id = newest;
    return 0;
}

static int log_check(struct life *life, enum event_log_name log, uint32_t *n_records)
{
    const struct event_logs *logs = &life->meter.logs;
    const uint32_t newest = event_log_newest(logs, log);
    int64_t before_s = 0;
    for (uint32_t id = newest == 0 ? 1u : event_log_oldest(logs, log); id <= newest; id++) {
        struct event_log_entry entry;
        if (event_log_read(logs, &life->board, log, id, &entry) != EVENT_LOG_OK) {
            return wrong(life, "record %u of log %u can't be read", (unsigned)id, (unsigned)log);
        }
        if (entry.utc_s < before_s || entry.utc_s > life->utc_s) {
            return wrong(life, "record %u of log %u is out of order", (unsigned)id, (unsigned)log);
        }
        before_s = entry.utc_s;
    }
    *n_records = newest;
    return 0;
}

/* A record at the first of each month, and none else. */
static int debiting_check(struct life *life)
{
    const struct event_logs *logs = &life->meter.logs;
    uint32_t newest = 0;
    uint64_t before_uwh = 0;
    if (log_check(life, EVENT_LOG_DEBITING, &newest) != 0) {
        return -1;
    }
    for (uint32_t id = newest == 0 ? 1u : event_log_oldest(logs, EVENT_LOG_DEBITING); id <= newest;
         id++) {
        struct billing_record record;
        if (billing_read(logs, &life->board, id, &record) != EVENT_LOG_OK || record.period != id ||
            record.energy_uwh[LEGAL_A_PLUS] < before_uwh) {
            return wrong(life, "debiting record %u: period %u", (unsigned)id,
                         (unsigned)record.period);
        }
        before_uwh = record.energy_uwh[LEGAL_A_PLUS];
    }
    life->result->debiting = newest;
    return 0;
}

static int memories_check(struct life *life)
{
    return profile_check(life) == 0 && analysis_check(life) == 0 && debiting_check(life) == 0 &&
                   log_check(life, EVENT_LOG_STATUS, &life->result->status) == 0 &&
                   log_check(life, EVENT_LOG_CLOCK, &life->result->clock) == 0
               ? 0
               : -1;
}

/* ---- the meter ---- */

static void cut_plan(struct life *life)
{
    life->memories.writes_left =
        life->writes_a_cut == 0 ? 0
                                : 1u + memories_random(&life->memories, 2u * life->writes_a_cut);
}

/* The processor begins anew on what the memories hold. */
static int processor_start(struct life *life)
{
    memset(&life->meter, 0, sizeof life->meter);
    return meter_start(&life->meter, &life->board, &life->variant, 0, life->now_us) == METER_OK
               ? 0
               : wrong(life, "the meter does not start");
}

static void systems_start(struct life *life)
{
    for (unsigned s = 0; s < LAB_PHASES; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&life->meter.legal, (uint8_t)(s + 1u), &setup);
        measuring_system_start(&life->system[s], &setup, legal_measuring_epoch(&life->meter.legal));
    }
    life->counter = 0;
    life->booked_blindly = false;
}

static int64_t frame_active(const uint8_t *frame)
{
    uint64_t value = 0;
    for (unsigned k = 8; k > 0; k--) {
        value = value << 8 | frame[AT_ACTIVE + k - 1u];
    }
    return (int64_t)value;
}

/* A window ends now: frames to the meter, and to the truth what they say. */
static void window_give(struct life *life, const struct measuring_window *window)
{
    uint8_t frames[LAB_PHASES * MEASURING_FRAME_BYTES_MAX];
    size_t length = 0;
    for (unsigned s = 0; s < LAB_PHASES; s++) {
        measuring_system_window(&life->system[s], &window[s]);
        if (s == 0) {
            const size_t n = measuring_system_frame(&life->system[s], frames);
            const int64_t counter = frame_active(frames);
            const uint64_t steps = life->booked_blindly ? 0 : (uint64_t)(counter - life->counter);
            life->steps += steps;
            life->window_uwh = (uint64_t)((wide_uint)steps * life->gain >> 48);
            life->counter = counter;
            life->booked_blindly = false;
            length = n;
        } else {
            length += measuring_system_frame(&life->system[s], frames + length);
        }
    }
    meter_bus_receive(&life->meter, frames, length, life->now_us);
    (void)meter_step(&life->meter, life->now_us);
}

static void time_pass(struct life *life, int64_t us)
{
    life->now_us += us;
    life->utc_s = START_UTC_S + life->now_us / US_PER_S;
}

/* Frames of nothing until the meter has noticed, and stored. */
static int supply_cut(struct life *life)
{
    struct measuring_window nothing[LAB_PHASES];
    memset(nothing, 0, sizeof nothing);
    for (unsigned s = 0; s < LAB_PHASES; s++) {
        nothing[s].samples = DYING_SAMPLES;
    }
    for (unsigned k = 0; life->meter.supply_on; k++) {
        if (k == 20) {
            return wrong(life, "no loss of supply noticed");
        }
        time_pass(life, DYING_SAMPLES * US_PER_S / MEASURING_SAMPLE_RATE_HZ);
        window_give(life, nothing);
    }
    return 0;
}

/* To the next second that windows begin at. */
static void align(struct life *life)
{
    const int64_t raster_us = life->plan->window_s * US_PER_S;
    time_pass(life, raster_us - life->now_us % raster_us);
}

static int outage(struct life *life)
{
    const int64_t from_s = life->utc_s;
    life->absent_s = from_s;
    if (supply_cut(life) != 0) {
        return -1;
    }
    time_pass(life, US_PER_S * (int64_t)memories_random(&life->memories, OUTAGE_MAX_S));
    align(life);
    if (processor_start(life) != 0 || registers_resume(life, true) != 0) {
        return -1;
    }
    systems_start(life);
    seen_note(life, from_s, register_wh(life));
    life->result->outages++;
    return 0;
}

/* The measuring systems go on counting.  The memory does not say how far their counters had come,
 * so the frame that comes first tells where to go on from, and its own window is not counted. */
static int reset(struct life *life)
{
    life->absent_s = life->utc_s - INTERVAL_S;
    life->booked_blindly = true;
    if (processor_start(life) != 0 || registers_resume(life, false) != 0) {
        return -1;
    }
    seen_note(life, life->utc_s - INTERVAL_S, register_wh(life));
    life->result->resets++;
    return 0;
}

/* The supply went in the middle of a write, and is back after up to ten minutes; now and then it
 * goes again while the meter starts. */
static int cut(struct life *life)
{
    const int64_t from_s = life->absent_s != 0 ? life->absent_s : life->utc_s - INTERVAL_S;
    life->absent_s = from_s;
    life->result->cuts++;
    /* a record of this instant may have been written: it says what had been consumed */
    seen_note(life, from_s, (consumed_uwh(life) + 1u) / UWH_PER_WH);
    time_pass(life, US_PER_S * (int64_t)memories_random(&life->memories, 600));
    align(life);
    life->memories.writes_left =
        memories_random(&life->memories, 8) == 0 ? 1u + memories_random(&life->memories, 4) : 0;
    if (processor_start(life) != 0) {
        return -1;
    }
    cut_plan(life);
    if (registers_resume(life, false) != 0) {
        return -1;
    }
    systems_start(life);
    seen_note(life, from_s, register_wh(life));
    return 0;
}

static int64_t within_week(struct life *life)
{
    const int64_t week_s = life->utc_s / WEEK_S * WEEK_S + WEEK_S;
    return week_s + (int64_t)memories_random(&life->memories, WEEK_S);
}

static int one_window(struct life *life)
{
    struct measuring_window window[LAB_PHASES];
    const int64_t from_us = life->now_us;
    const uint32_t n_samples = life->plan->window_s * MEASURING_SAMPLE_RATE_HZ;
    mains_window(life->mains, from_us, n_samples, window);
    time_pass(life, life->plan->window_s * US_PER_S);
    window_give(life, window);
    life->result->windows++;
    if (life->absent_s != 0 && life->meter.supply_on) {
        seen_note(life, life->absent_s, register_wh(life));
        life->absent_s = 0;
    }
    if (life->utc_s % INTERVAL_S == 0) {
        seen_note(life, life->utc_s - INTERVAL_S, register_wh(life));
        if (life->utc_s % 3600 == 0 && registers_check(life) != 0) {
            return -1;
        }
    }
    if (life->plan->outages && life->utc_s >= life->outage_s) {
        life->outage_s = within_week(life);
        return outage(life);
    }
    if (life->plan->resets && life->utc_s >= life->reset_s) {
        life->reset_s = within_week(life);
        return reset(life);
    }
    return 0;
}

static int tariff_give(struct life *life)
{
    struct tariff_plan plan;
    struct tariff_text_error error;
    struct plan_place place;
    uint8_t image[TARIFF_PLAN_IMAGE_MAX];
    struct writer writer = writer_over(image, sizeof image);
    if (tariff_text_parse(tariff_text, sizeof tariff_text - 1u, &plan, &error) != 0) {
        return wrong(life, "tariff plan, line %u: %s", error.line, error.text);
    }
    tariff_plan_write(&writer, &plan);
    const uint16_t n = (uint16_t)writer_length(&writer);
    return tariff_stage(&life->meter.tariff, 0, image, n) &&
                   meter_tariff_commit(&life->meter, n, 0, &place) == 0
               ? 0
               : wrong(life, "the meter takes no tariff plan");
}

/* Energy and voltage every five minutes, deep enough for the time between two looks. */
static int analysis_give(struct life *life)
{
    const struct analysis_setup setup = {
        .on = true, .interval_min = 5, .n_values = 2, .value = {13, 1054}, .profile_records = 8000};
    return meter_analysis_take(&life->meter, &setup) == ANALYSIS_TAKEN
               ? 0
               : wrong(life, "the meter takes no set-up of the analysis logger");
}

static int begin(struct life *life)
{
    static const uint32_t five_minutes[5] = {11000001, 42301011, 1000, 101, 0};
    static const struct mains_options options = {.systems = LAB_PHASES, .start_utc_s = START_UTC_S};
    struct legal_constants nominal;
    struct lab_error error = {""};
    if (memories_new(&life->memories, life->plan->seed) != 0 ||
        variant_from_order("382M", "68431BM423010", five_minutes, &life->variant) != VARIANT_OK) {
        return wrong(life, "no memory, or no such meter");
    }
    if (mains_open(&life->mains, "house", &options, &error) != 0) {
        return wrong(life, "%s", error.text);
    }
    life->memories.rtc_utc_s = &life->utc_s;
    life->memories.power_lost = &life->power_lost;
    life->board = memories_board(&life->memories);
    life->utc_s = START_UTC_S;
    legal_constants_nominal(&nominal);
    life->gain = nominal.power_gain;
    if (processor_start(life) != 0) {
        return -1;
    }
    systems_start(life);
    life->outage_s = within_week(life);
    life->reset_s = within_week(life);
    return 0;
}

static void wear_read(const struct memory *memory, struct endurance_wear *wear)
{
    *wear = (struct endurance_wear){.name = memory->name, .writes = memory->writes};
    for (uint32_t page = 0; page < memory->n_bytes / LEGAL_MEMORY_PAGE_BYTES; page++) {
        if (memory->page_writes[page] > wear->page_writes) {
            wear->page = page;
            wear->page_writes = memory->page_writes[page];
        }
    }
}

/* Ten years of this load and profile are some 13 million writes without a cut, and fewer with many.
 */
static uint64_t writes_expected(const struct endurance_plan *plan)
{
    return UINT64_C(3200) * plan->days;
}

static int guarded_window(struct life *life)
{
    return setjmp(life->power_lost) != 0 ? cut(life) : one_window(life);
}

static void progress(const struct life *life)
{
    if (life->plan->progress != NULL) {
        fprintf(life->plan->progress, "\rday %lld of %u",
                (long long)((life->utc_s - START_UTC_S) / DAY_S), life->plan->days);
        fflush(life->plan->progress);
    }
}

static int live(struct life *life)
{
    life->end_s = START_UTC_S + (int64_t)life->plan->days * DAY_S;
    life->check_s = START_UTC_S + CHECK_EVERY_S;
    if (life->plan->cuts > 0) {
        life->writes_a_cut = writes_expected(life->plan) / life->plan->cuts;
    }
    cut_plan(life);
    while (life->utc_s < life->end_s) {
        if (guarded_window(life) != 0) {
            return -1;
        }
        if (life->utc_s >= life->check_s) {
            life->check_s += CHECK_EVERY_S;
            if (memories_check(life) != 0) {
                return -1;
            }
            progress(life);
        }
    }
    life->memories.writes_left = 0;
    while (life->absent_s != 0) { /* cut at the very end: records wait for the supply */
        if (one_window(life) != 0) {
            return -1;
        }
    }
    return registers_check(life) == 0 && memories_check(life) == 0 ? 0 : -1;
}

int endurance_run(const struct endurance_plan *plan, struct endurance_result *result, char why[256])
{
    struct life *life = calloc(1, sizeof *life);
    memset(result, 0, sizeof *result);
    if (life == NULL) {
        return -2;
    }
    life->plan = plan;
    life->result = result;
    life->why = why;
    life->seen = calloc(SEEN_MAX, sizeof *life->seen);
    int err =
        life->seen == NULL || begin(life) != 0 || tariff_give(life) != 0 || analysis_give(life) != 0
            ? -2
            : live(life);
    for (unsigned m = 0; m < MEMORIES && err == 0; m++) {
        wear_read(&life->memories.memory[m], &result->wear[m]);
    }
    result->register_kwh = (double)legal_energy_uwh(&life->meter.legal, LEGAL_A_PLUS) * 1e-9;
    mains_close(life->mains);
    memories_free(&life->memories);
    free(life->seen);
    free(life);
    return err;
}
