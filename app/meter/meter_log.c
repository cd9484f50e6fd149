/* What a meter notes of itself in its event logs. */
#include "meter_log.h"

#include <string.h>

#include "../../proto/common/writer.h"
#include "meter_events.h"
#include "meter_tamper.h"

#define SECONDS_PER_HOUR    3600u
#define STATUS_RECORD_BYTES 2u
#define TAMPER_RECORD_BYTES 5u /* where the high byte of the tamper word has something to tell */
#define RECORD_ASLEEP       0x01u
#define CLOCK_RECORD_BYTES  9u

static void append(struct meter *meter, enum event_log_name log, uint16_t code, const void *payload,
                   uint8_t n_payload, int64_t utc_s)
{
    struct event_log_entry entry = {
        .utc_s = utc_s,
        .clock_valid = meter->clock.fitted && meter->clock.valid,
        .hours = (uint32_t)(legal_operating_s(&meter->legal) / SECONDS_PER_HOUR),
        .code = code,
        .n_payload = n_payload};
    if (n_payload > event_log_row(log)->payload_bytes) {
        return; /* a mistake of the caller: nothing half said */
    }
    memcpy(entry.payload, payload, n_payload);
    meter->log_fault =
        event_log_append(&meter->logs, meter->board, log, &entry) == EVENT_LOG_ERR_STORAGE;
}

void meter_log(struct meter *meter, enum event_log_name log, uint16_t code, const void *payload,
               uint8_t n_payload)
{
    append(meter, log, code, payload, n_payload, clock_utc_s(&meter->clock, meter->now_us));
}

bool meter_log_exists(const struct meter *meter, enum event_log_name log)
{
    const uint8_t generation = meter->variant.generation;
    switch (log) {
    case EVENT_LOG_CLOCK: return generation == GENERATION_M && meter->variant.rtc;
    case EVENT_LOG_VOLTAGE: return generation != GENERATION_L;
    case EVENT_LOG_DISCONNECT: return meter->variant.breaker;
    case EVENT_LOG_LOAD: return generation >= GENERATION_L;
    case EVENT_LOG_NEUTRAL: return meter->neutral.fitted;
    case EVENT_LOG_LOAD_PROFILE: return meter->load_profile.fitted;
    case EVENT_LOG_DEBITING_2: return meter->billing.second;
    default: return (unsigned)log < EVENT_LOGS;
    }
}

void meter_log_start(struct meter *meter)
{
    struct event_log_entry newest;
    if (event_log_seek(&meter->logs, meter->board, EVENT_LOG_STATUS, UINT32_MAX, false, &newest) ==
            EVENT_LOG_OK &&
        newest.n_payload >= STATUS_RECORD_BYTES) {
        meter->status_logged = (uint8_t)(newest.payload[0] & ~(unsigned)STATUS_RESET);
        meter->tamper.logged = newest.n_payload >= TAMPER_RECORD_BYTES ? newest.payload[2] : 0;
    }
}

/* Records of the public register alone stay as short as they were. */
static void status_record(struct meter *meter, uint8_t status, uint8_t more)
{
    const uint8_t before = meter->status_logged, more_before = meter->tamper.logged;
    const uint8_t payload[TAMPER_RECORD_BYTES] = {status, (uint8_t)(before & ~(unsigned)status),
                                                  more, (uint8_t)(more_before & ~(unsigned)more)};
    const unsigned come = (status & ~(unsigned)before) | (more & ~(unsigned)more_before) << 8;
    meter_log(meter, EVENT_LOG_STATUS, (uint16_t)come, payload,
              more == 0 && more_before == 0 ? STATUS_RECORD_BYTES : TAMPER_RECORD_BYTES);
}

void meter_log_status(struct meter *meter)
{
    const uint8_t status = meter_status(meter);
    const uint8_t more = (uint8_t)(meter_tamper_word(meter) >> 8);
    if ((status == meter->status_logged && more == meter->tamper.logged) || meter->log_fault) {
        return; /* a log that failed is tried again when the memory has been found well */
    }
    status_record(meter, status, more);
    if (!meter->log_fault) {
        meter->status_logged = status;
        meter->tamper.logged = more;
    }
}

void meter_log_asleep(struct meter *meter, uint16_t act, int64_t utc_s)
{
    const uint8_t status = (uint8_t)(meter->status_logged | act);
    const uint8_t more = (uint8_t)(meter->tamper.logged | act >> 8);
    const uint8_t payload[TAMPER_RECORD_BYTES] = {status, 0, more, 0, RECORD_ASLEEP};
    append(meter, EVENT_LOG_STATUS, act, payload, sizeof payload,
           utc_s != 0 ? utc_s : clock_utc_s(&meter->clock, meter->now_us));
    if (!meter->log_fault) {
        meter->status_logged = status;
        meter->tamper.logged = more;
    }
}

static void clock_record(struct meter *meter, enum meter_clock_event event, int64_t before_s,
                         bool before_valid)
{
    uint8_t payload[CLOCK_RECORD_BYTES];
    struct writer w = writer_over(payload, sizeof payload);
    writer_uint_le(&w, (uint64_t)before_s, 8);
    writer_u8(&w, before_valid ? 1u : 0u);
    meter_log(meter, EVENT_LOG_CLOCK, (uint16_t)event, payload, sizeof payload);
}

void meter_log_clock_set(struct meter *meter, int64_t before_s, bool before_valid)
{
    const int64_t step_s = clock_utc_s(&meter->clock, meter->now_us) - before_s;
    if (!before_valid || step_s >= METER_CLOCK_STEP_S || step_s <= -METER_CLOCK_STEP_S) {
        clock_record(meter, METER_CLOCK_SET, before_s, before_valid);
        meter_event_latch(meter, EVENT_A_CLOCK_ADJUSTED);
    }
}

void meter_log_clock_lost(struct meter *meter, int64_t before_s)
{
    clock_record(meter, METER_CLOCK_LOST, before_s, true);
}

void meter_log_clock_corrected(struct meter *meter, int64_t sum_s)
{
    clock_record(meter, METER_CLOCK_CORRECTED, clock_utc_s(&meter->clock, meter->now_us) - sum_s,
                 true);
    meter_event_latch(meter, EVENT_A_CLOCK_ADJUSTED);
}

void meter_log_profile_deleted(struct meter *meter)
{
    const bool interval = (meter->load_profile.status & LOAD_PROFILE_INTERVAL_CHANGED) != 0;
    const uint8_t minutes = meter->load_profile.interval_min;
    meter_log(meter, EVENT_LOG_LOAD_PROFILE,
              interval ? METER_PROFILE_INTERVAL : METER_PROFILE_REGISTERS, &minutes, 1);
}
