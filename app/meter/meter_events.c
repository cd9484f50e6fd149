/* Event words A and B. */
#include "meter_events.h"

#include "meter_breaker.h"
#include "meter_log.h"
#include "meter_prepay.h"

#define BIT(n) (UINT32_C(1) << (n))

/* Flags that say "new in a log". */
static const struct {
    enum event_log_name log;
    enum event_a bit;
} flags[] = {
    {EVENT_LOG_DEBITING, EVENT_A_DEBITING},
    {EVENT_LOG_CLOCK, EVENT_A_CLOCK},
    {EVENT_LOG_STATUS, EVENT_A_STATUS},
    {EVENT_LOG_VOLTAGE, EVENT_A_VOLTAGE},
    {EVENT_LOG_DISCONNECT, EVENT_A_DISCONNECT},
    {EVENT_LOG_DEBITING_2, EVENT_A_DEBITING_2},
    {EVENT_LOG_FIRMWARE, EVENT_A_FIRMWARE},
    {EVENT_LOG_FIRMWARE_FAILED, EVENT_A_FIRMWARE_FAILED},
    {EVENT_LOG_NEUTRAL, EVENT_A_NEUTRAL},
    {EVENT_LOG_LOAD_PROFILE, EVENT_A_LOAD_PROFILE},
};
#define N_FLAGS (sizeof flags / sizeof flags[0])

/* The number the load profile has given last. */
static uint32_t profile_newest(const struct meter *meter)
{
    struct legal_profile_range range;
    if (!meter->load_profile.fitted) {
        return 0;
    }
    legal_profile_range(&meter->legal, &range);
    return range.n_records > 0 ? range.newest_id : 0;
}

void meter_events_begin(struct meter *meter)
{
    struct event_marks *marks = &meter->marks;
    if (event_marks_load(marks, meter->board) != EVENT_LOG_OK) {
        meter->memory_fault = true;
    }
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        if (!meter->logs.unreadable[log]) {
            event_mark_limit(&marks->log[log], meter->logs.newest[log]);
        }
    }
}

static bool breaker_open(const struct meter *meter)
{
    const struct breaker *breaker = &meter->breaker;
    return breaker->fitted && (!breaker_state_closed(breaker->kept.state) || breaker->kept.fault);
}

uint32_t meter_event_word_a_of(const struct meter *meter, uint32_t wanted)
{
    const struct event_marks *marks = &meter->marks;
    uint32_t word = marks->latched;
    word |= (wanted & UINT8_MAX) != 0 ? meter_events(meter) : 0u;
    for (size_t i = 0; i < N_FLAGS; i++) {
        const bool pending = (wanted & BIT(flags[i].bit)) != 0 &&
                             meter_log_exists(meter, flags[i].log) &&
                             event_mark_pending(&marks->log[flags[i].log],
                                                event_log_newest(&meter->logs, flags[i].log));
        word |= pending ? BIT(flags[i].bit) : 0u;
    }
    if ((wanted & BIT(EVENT_A_PROFILE)) != 0 &&
        event_mark_pending(&marks->profile, profile_newest(meter))) {
        word |= BIT(EVENT_A_PROFILE);
    }
    word |= breaker_open(meter) ? BIT(EVENT_A_DISCONNECTED) : 0u;
    word |= event_mark_pending(&meter->analysis.stored.mark, analysis_newest(&meter->analysis))
                ? BIT(EVENT_A_ANALYSIS)
                : 0u;
    if ((wanted & BIT(EVENT_A_WORD_B)) != 0 && meter->variant.generation == GENERATION_M &&
        meter_event_word_b(meter) != 0) {
        word |= BIT(EVENT_A_WORD_B);
    }
    return word & wanted;
}

uint32_t meter_event_word_a(const struct meter *meter)
{
    return meter_event_word_a_of(meter, UINT32_MAX);
}

/* Bits that only the instantaneous values tell; working these out costs more than a window. */
#define OF_INSTANT                                                                                 \
    (UINT32_C(7) << EVENT_B_MISSING | UINT32_C(7) << EVENT_B_REVERSE | BIT(EVENT_B_SEQUENCE))

static uint32_t word_b_of_instant(const struct meter *meter)
{
    struct legal_instant instant;
    uint32_t word = 0;
    legal_instant(&meter->legal, &instant);
    for (unsigned phase = 0; phase < LEGAL_SYSTEMS; phase++) {
        const int system = variant_system_of_phase(&meter->variant, phase);
        if (system >= 0) {
            word |= !instant.phase[system].voltage_present ? BIT(EVENT_B_MISSING + phase) : 0u;
            word |= instant.phase[system].exporting ? BIT(EVENT_B_REVERSE + phase) : 0u;
        }
    }
    return word | (instant.sequence == LEGAL_SEQUENCE_132 ? BIT(EVENT_B_SEQUENCE) : 0u);
}

uint32_t meter_event_word_b_of(const struct meter *meter, uint32_t wanted)
{
    const uint8_t status = meter_status(meter);
    uint32_t word = (wanted & OF_INSTANT) != 0 ? word_b_of_instant(meter) : 0u;
    for (unsigned phase = 0; phase < LEGAL_SYSTEMS; phase++) {
        const int system = variant_system_of_phase(&meter->variant, phase);
        if (system >= 0) {
            const struct quality_phase *quality = &meter->quality.phase[system];
            word |= quality->over.active ? BIT(EVENT_B_OVERVOLTAGE + 2u * phase) : 0u;
            word |= quality->under.active ? BIT(EVENT_B_UNDERVOLTAGE + 2u * phase) : 0u;
        }
    }
    word |= meter->neutral.fault ? BIT(EVENT_B_NEUTRAL) : 0u;
    word |= meter_breaker_word_b(meter);
    word |= meter_prepay_warns(meter) ? BIT(EVENT_B_PREPAYMENT) : 0u;
    word |= (status & STATUS_ROM) != 0 ? BIT(EVENT_B_ROM) : 0u;
    word |= (status & STATUS_ALARM_INPUT) != 0 ? BIT(EVENT_B_ALARM_INPUT) : 0u;
    word |= (status & STATUS_MAGNET) != 0 ? BIT(EVENT_B_MAGNET) : 0u;
    word |= (status & STATUS_COVER) != 0 ? BIT(EVENT_B_COVER) : 0u;
    return word & wanted;
}

uint32_t meter_event_word_b(const struct meter *meter)
{
    return meter_event_word_b_of(meter, UINT32_MAX);
}

static bool mark_clear(struct event_mark *mark, uint32_t newest, enum event_a bit,
                       uint32_t conditional, uint32_t always)
{
    const struct event_mark before = *mark;
    if (((conditional | always) & BIT(bit)) != 0) {
        event_mark_confirm(mark, newest, (always & BIT(bit)) != 0);
    }
    return mark->read != before.read || mark->quiet != before.quiet;
}

static enum meter_err marks_store(struct meter *meter, const struct event_marks *marks)
{
    const struct event_marks before = meter->marks;
    meter->marks = *marks;
    if (event_marks_save(&meter->marks, meter->board) != EVENT_LOG_OK) {
        meter->marks = before;
        meter->memory_fault = true;
        return METER_ERR_STORAGE;
    }
    return METER_OK;
}

/* The analysis logger keeps its own mark. */
static bool analysis_clear(struct meter *meter, uint32_t conditional, uint32_t always)
{
    struct event_mark mark = meter->analysis.stored.mark;
    const uint32_t newest = analysis_newest(&meter->analysis);
    return !mark_clear(&mark, newest, EVENT_A_ANALYSIS, conditional, always) ||
           analysis_marks_save(&meter->analysis, meter->board, &mark) == ANALYSIS_OK;
}

enum meter_err meter_event_clear(struct meter *meter, uint32_t conditional, uint32_t always)
{
    struct event_marks marks = meter->marks;
    bool changed = (marks.latched & always) != 0;
    marks.latched &= ~always;
    for (size_t i = 0; i < N_FLAGS; i++) {
        const uint32_t newest = event_log_newest(&meter->logs, flags[i].log);
        changed = mark_clear(&marks.log[flags[i].log], newest, flags[i].bit, conditional, always) ||
                  changed;
    }
    changed =
        mark_clear(&marks.profile, profile_newest(meter), EVENT_A_PROFILE, conditional, always) ||
        changed;
    meter_events_clear(meter, (uint8_t)always);
    const bool stored = analysis_clear(meter, conditional, always);
    const enum meter_err err = changed ? marks_store(meter, &marks) : METER_OK;
    return stored ? err : METER_ERR_STORAGE;
}

void meter_event_latch(struct meter *meter, enum event_a bit)
{
    struct event_marks marks = meter->marks;
    if ((marks.latched & BIT(bit)) == 0) {
        marks.latched |= BIT(bit);
        (void)marks_store(meter, &marks);
    }
}
