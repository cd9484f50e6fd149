#include "optical_analysis.h"

#include <string.h>

#include "../meter/meter.h"
#include "../registers/register_read.h"
#include "optical_records.h"

enum { ID_LOGGER_STATUS = 1086, ID_DATA_QUALITY = 1455, UNIT_NUMBER = 51 };
enum state_written { STATE_OFF, STATE_ON, STATE_BEGIN };

/* ---- records ---- */

static const struct analysis *logger_of(const void *context)
{
    return &((const struct meter *)context)->analysis;
}

static bool newest(void *context, uint8_t log, uint32_t *id)
{
    (void)log;
    *id = analysis_newest(logger_of(context));
    return logger_of(context)->fitted;
}

static bool at_time(void *context, uint8_t log, const struct kmp_log_time *time, bool up,
                    uint32_t *id)
{
    (void)log;
    const struct meter *meter = (const struct meter *)context;
    const int64_t wanted_s = optical_log_time(meter, time);
    *id =
        wanted_s != INT64_MIN ? analysis_at_time(&meter->analysis, meter->board, wanted_s, up) : 0;
    return *id != 0;
}

/* There are fewer than 65536 records: counting from the oldest tells ids apart. */
static bool at_id(void *context, uint8_t log, uint16_t wire_id, uint32_t *id)
{
    (void)log;
    const uint32_t oldest = analysis_oldest(logger_of(context));
    const uint32_t last = analysis_newest(logger_of(context)) - oldest;
    const uint32_t ahead = (uint16_t)(wire_id - oldest);
    *id = oldest + (ahead <= last ? ahead : 0u);
    return oldest != 0 && (ahead <= last || ahead > UINT16_MAX / 2u);
}

static bool next(void *context, uint8_t log, bool up, uint32_t *id)
{
    (void)log;
    if (*id == (up ? analysis_newest(logger_of(context)) : analysis_oldest(logger_of(context)))) {
        return false;
    }
    *id = up ? *id + 1u : *id - 1u;
    return true;
}

static bool number_value(const struct meter *meter, const struct register_def *def,
                         const struct analysis_number *number, struct kmp_value *out)
{
    const struct register_value value = {.number = number->number, .exponent = number->exponent};
    if (def->coding == REGISTER_RTC) {
        return optical_moment_value(meter, number->number, out);
    }
    return register_value_kmp(meter, def, &value, out);
}

static bool logged_value(const struct meter *meter, const struct analysis_entry *entry,
                         uint16_t register_id, struct kmp_value *out)
{
    const struct analysis_setup *setup = &meter->analysis.stored.setup;
    const struct register_def *def = register_by_kmp_id(register_id);
    for (unsigned v = 0; def != NULL && v < setup->n_values; v++) {
        if (setup->value[v] == register_id) {
            return number_value(meter, def, &entry->value[v], out);
        }
    }
    return false;
}

static bool value(void *context, uint8_t log, uint32_t id, uint16_t register_id,
                  struct kmp_value *out)
{
    (void)log;
    const struct meter *meter = (const struct meter *)context;
    struct analysis_entry entry;
    if (analysis_read(&meter->analysis, meter->board, id, &entry) != ANALYSIS_OK) {
        memset(&entry, 0, sizeof entry); /* its number stays; everything in it is lost */
        entry.status = LOAD_PROFILE_RECORD_LOST;
        entry.clock_status = LOAD_PROFILE_CLOCK_INVALID;
    }
    const struct optical_stamp stamp = {id, entry.utc_s, 0,
                                        (entry.clock_status & LOAD_PROFILE_CLOCK_INVALID) == 0};
    if (register_id == ID_LOGGER_STATUS) {
        return kmp_value_set(out, register_id, UNIT_NUMBER, 2, entry.status, 0) == KMP_OK;
    }
    if (register_id == ID_DATA_QUALITY) {
        return kmp_value_set(out, register_id, UNIT_NUMBER, 4, entry.quality, 0) == KMP_OK;
    }
    return logged_value(meter, &entry, register_id, out) ||
           optical_stamp_value(meter, &stamp, register_id, out);
}

static bool unread(void *context, uint8_t log, uint32_t *id)
{
    (void)log;
    const struct analysis *analysis = logger_of(context);
    const uint32_t read = analysis->stored.mark.read, oldest = analysis_oldest(analysis);
    *id = read >= oldest ? read + 1u : oldest;
    return oldest != 0 && read < analysis_newest(analysis);
}

static void sent(void *context, uint8_t log, uint32_t id)
{
    (void)log;
    event_mark_sent(&((struct meter *)context)->analysis.stored.mark, id);
}

struct kmp_log_source optical_analysis_source(struct meter *meter)
{
    return (struct kmp_log_source){meter, newest, at_time, at_id, next, value, unread, sent};
}

/* ---- set-up ---- */

static bool write_state(struct meter *meter, int64_t number)
{
    struct analysis_setup wanted = meter->analysis.staged;
    if (number == STATE_BEGIN) {
        meter->analysis.staged = meter->analysis.stored.setup;
        return true;
    }
    if (number != STATE_OFF && number != STATE_ON) {
        return false;
    }
    wanted.on = number == STATE_ON;
    wanted.n_values =
        0; /* up to the last that is not 0: a gap in the list is no register and refused */
    for (unsigned v = 0; v < ANALYSIS_VALUES; v++) {
        wanted.n_values = wanted.value[v] != 0 ? (uint8_t)(v + 1u) : wanted.n_values;
    }
    return meter_analysis_take(meter, &wanted) == ANALYSIS_TAKEN;
}

bool optical_analysis_write(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    struct analysis_setup *staged = &meter->analysis.staged;
    if (!meter->analysis.fitted || number < 0) {
        return false;
    }
    if (kmp_id == OPTICAL_ANALYSIS_STATE) {
        return write_state(meter, number);
    }
    if (kmp_id == OPTICAL_ANALYSIS_INTERVAL && number <= UINT8_MAX) {
        staged->interval_min = (uint8_t)number;
        return true;
    }
    if (kmp_id == OPTICAL_ANALYSIS_PROFILE && number <= UINT32_MAX) {
        staged->profile_records = (uint32_t)number;
        return true;
    }
    const unsigned place = (unsigned)kmp_id - OPTICAL_ANALYSIS_VALUE;
    if (kmp_id >= OPTICAL_ANALYSIS_VALUE && place < ANALYSIS_VALUES && number <= UINT16_MAX) {
        staged->value[place] = (uint16_t)number;
        return true;
    }
    return false;
}
