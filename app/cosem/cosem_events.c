#include "cosem_events.h"

#include <string.h>

#include "../meter/meter_audit.h"
#include "../meter/meter_log.h"
#include "../quality/quality_record.h"
#include "../quality/quality_totals.h"

#define PARTS      32u /* of a record of the status log: bits that came, bits that went */
#define PART_BITS  5u
#define PLACE_BITS 16u
#define ID_MASK    0x7FFu
#define GONE(bit)  ((bit) + 17u)
#define COME(bit)  ((bit) + 1u)
#define CAUSE_BITS 8u

/* What a record tells, where the log has no code for it. */
enum { SUPPLY_GONE = 1, SUPPLY_BACK, SUPPLY_BACK_LATE, PHASE_BACK_LATE };
enum { AUDIT_CHANGED = 1, AUDIT_KEYS, AUDIT_REFUSED, AUDIT_PASSWORD };
enum { BIT_RESET, BIT_EEPROM, BIT_MAGNET, BIT_RAM, BIT_ROM, BIT_COVER = 6 };
/* And of the tamper word above it.  40, 41 and 88 are IDIS's numbers; for the others there is none,
 * they are ours (docs/alarms.md). */
enum { BIT_TERMINAL = 8, BIT_MODULE, BIT_SEAL, BIT_UTILITY_SEAL, BIT_SEQUENCE, BIT_UNMETERED };
#define TAMPER_BYTES 5u /* of a record that tells of them */

static const uint8_t sources[COSEM_EVENT_SOURCES] = {
    EVENT_LOG_STATUS, EVENT_LOG_CLOCK,    EVENT_LOG_VOLTAGE,        EVENT_LOG_NEUTRAL,
    EVENT_LOG_AUDIT,  EVENT_LOG_FIRMWARE, EVENT_LOG_FIRMWARE_FAILED};

/* The one place where what the meter notes gets a number of IDIS. */
static const struct {
    uint8_t profile, log, what, number;
} events[] = {
    {COSEM_PROFILE_STANDARD, EVENT_LOG_VOLTAGE, SUPPLY_GONE, 1},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_VOLTAGE, SUPPLY_BACK, 2},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_VOLTAGE, SUPPLY_BACK_LATE, 2},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_CLOCK, METER_CLOCK_SET, 5},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_CLOCK, METER_CLOCK_CORRECTED, 5},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_CLOCK, METER_CLOCK_LOST, 6},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_STATUS, COME(BIT_ROM), 12},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_STATUS, COME(BIT_RAM), 13},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_STATUS, COME(BIT_EEPROM), 14},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_STATUS, COME(BIT_RESET), 15},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_FIRMWARE, 1, 18},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_AUDIT, AUDIT_CHANGED, 47},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_AUDIT, AUDIT_KEYS, 48},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_FIRMWARE_FAILED, 1, 51},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_NEUTRAL, NEUTRAL_DETECTED, 89},
    {COSEM_PROFILE_STANDARD, EVENT_LOG_STATUS, COME(BIT_SEQUENCE), 88},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_TERMINAL), 40},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_TERMINAL), 41},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_MODULE), 200},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_MODULE), 201},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_SEAL), 202},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_SEAL), 203},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_UTILITY_SEAL), 204},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_UTILITY_SEAL), 205},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_UNMETERED), 206},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_UNMETERED + 1), 207},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_UNMETERED + 2), 208},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_UNMETERED), 209},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_UNMETERED + 1), 210},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_UNMETERED + 2), 211},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_MAGNET), 42},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_MAGNET), 43},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, COME(BIT_COVER), 44},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_STATUS, GONE(BIT_COVER), 45},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_AUDIT, AUDIT_PASSWORD, 46},
    {COSEM_PROFILE_FRAUD, EVENT_LOG_AUDIT, AUDIT_REFUSED, 49},
    {COSEM_PROFILE_POWER, EVENT_LOG_VOLTAGE, SUPPLY_BACK_LATE, 2},
    {COSEM_PROFILE_POWER, EVENT_LOG_VOLTAGE, PHASE_BACK_LATE, 2},
};

/* The same for the disconnect log: by the cause of a record. */
static const struct {
    uint8_t cause, number;
} breaker_events[] = {
    {BREAKER_EVENT_DISCONNECT, 62}, {BREAKER_EVENT_RECONNECT, 63},   {BREAKER_EVENT_TRIP, 64},
    {BREAKER_EVENT_NEUTRAL, 64},    {BREAKER_EVENT_LOW_EXPIRED, 64}, {BREAKER_EVENT_CREDIT_OUT, 64},
    {BREAKER_EVENT_OVER, 65},       {BREAKER_EVENT_NORMAL, 66},      {BREAKER_NOTE_FAILED, 68},
    {BREAKER_NOTE_ASTRAY, 68},      {BREAKER_EVENT_WAITED, 69},      {BREAKER_EVENT_LOW_TRIP, 64},
};

uint8_t cosem_breaker_number(const struct event_log_entry *entry)
{
    const unsigned cause = entry->code >> CAUSE_BITS;
    if (cause == BREAKER_EVENT_BUTTON) {
        return (entry->code & UINT8_MAX) == BREAKER_OPEN_BUTTON ? 60 : 61;
    }
    for (size_t i = 0; i < sizeof breaker_events / sizeof breaker_events[0]; i++) {
        if (breaker_events[i].cause == cause) {
            return breaker_events[i].number;
        }
    }
    return 0;
}

bool cosem_is_view(enum cosem_profile profile)
{
    return profile == COSEM_PROFILE_STANDARD || profile == COSEM_PROFILE_FRAUD ||
           profile == COSEM_PROFILE_POWER;
}

/* ---- what a record tells ---- */

static unsigned voltage_what(const struct meter *meter, const struct event_log_entry *entry)
{
    struct quality_record record;
    if (!quality_record_decode(entry->payload, entry->n_payload, 0, &record) ||
        record.kind != QUALITY_FAILURE) {
        return 0;
    }
    const bool all = record.phases == quality_all_phases(&meter->quality);
    if (record.edge == QUALITY_BEGIN) {
        return all ? SUPPLY_GONE : 0;
    }
    if (quality_long_failure(&record)) {
        return all ? SUPPLY_BACK_LATE : PHASE_BACK_LATE;
    }
    return all ? SUPPLY_BACK : 0;
}

static unsigned audit_what(uint16_t code)
{
    switch (code) {
    case METER_AUDIT_KEYS: return AUDIT_KEYS;
    case METER_AUDIT_CIPHER: return AUDIT_REFUSED;
    case METER_AUDIT_PASSWORD: return AUDIT_PASSWORD;
    default: return AUDIT_CHANGED;
    }
}

/* @return 0: nothing.  Only a record of the status log tells more than one thing. */
static unsigned what_of(const struct meter *meter, uint8_t log, const struct event_log_entry *entry,
                        unsigned part)
{
    if (log == EVENT_LOG_STATUS) {
        const unsigned more = entry->n_payload >= TAMPER_BYTES ? entry->payload[3] : 0u;
        const uint32_t bits = entry->code | (uint32_t)entry->payload[1] << 16 | more << 24;
        return (bits >> part & 1u) != 0 ? part + 1u : 0;
    }
    if (part != 0) {
        return 0;
    }
    switch (log) {
    case EVENT_LOG_VOLTAGE: return voltage_what(meter, entry);
    case EVENT_LOG_AUDIT: return audit_what(entry->code);
    case EVENT_LOG_FIRMWARE:
    case EVENT_LOG_FIRMWARE_FAILED: return 1;
    default: return entry->code;
    }
}

static uint8_t number_of(enum cosem_profile profile, uint8_t log, unsigned what)
{
    for (size_t i = 0; what != 0 && i < sizeof events / sizeof events[0]; i++) {
        if (events[i].profile == profile && events[i].log == log && events[i].what == what) {
            return events[i].number;
        }
    }
    return 0;
}

static bool feeds(enum cosem_profile profile, uint8_t log)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (events[i].profile == profile && events[i].log == log) {
            return true;
        }
    }
    return false;
}

/* ---- one log ---- */

struct place {
    uint32_t id;
    uint8_t part;
};

/* A record's event of this profile at this part or further in the direction. */
static bool part_find(const struct meter *meter, enum cosem_profile profile, uint8_t log, bool up,
                      const struct event_log_entry *entry, struct place *place, uint8_t *number)
{
    const unsigned last = up ? PARTS - 1u : 0;
    for (;;) {
        *number = number_of(profile, log, what_of(meter, log, entry, place->part));
        if (*number != 0) {
            return true;
        }
        if (place->part == last) {
            return false;
        }
        place->part = (uint8_t)(up ? place->part + 1 : place->part - 1);
    }
}

/* From the place on (it counts), to the first event of the profile; the place moves there. */
static bool find(const struct meter *meter, enum cosem_profile profile, uint8_t log, bool up,
                 struct place *place, struct cosem_entry *out)
{
    const uint32_t oldest = event_log_oldest(&meter->logs, (enum event_log_name)log);
    const uint32_t newest = event_log_newest(&meter->logs, (enum event_log_name)log);
    if (up && place->id < oldest) {
        *place = (struct place){oldest, 0};
    }
    while (newest != 0 && place->id >= oldest && place->id <= newest) {
        struct event_log_entry *entry = &out->of.event;
        if (event_log_read(&meter->logs, meter->board, (enum event_log_name)log, place->id,
                           entry) == EVENT_LOG_OK &&
            part_find(meter, profile, log, up, entry, place, &out->number)) {
            out->id = place->id;
            out->utc_s = entry->utc_s;
            out->clock_valid = entry->clock_valid;
            return true;
        }
        *place =
            (struct place){up ? place->id + 1u : place->id - 1u, (uint8_t)(up ? 0 : PARTS - 1u)};
    }
    return false;
}

/* ---- all of them ---- */

void cosem_events_begin(const struct meter *meter, struct cosem_events *at)
{
    memset(at, 0, sizeof *at);
    for (unsigned s = 0; s < COSEM_EVENT_SOURCES; s++) {
        at->id[s] = event_log_oldest(&meter->logs, (enum event_log_name)sources[s]);
    }
}

bool cosem_events_next(const struct meter *meter, enum cosem_profile profile,
                       struct cosem_events *at, struct cosem_entry *out)
{
    unsigned first = COSEM_EVENT_SOURCES;
    memset(out, 0, sizeof *out);
    for (unsigned s = 0; s < COSEM_EVENT_SOURCES; s++) {
        struct cosem_entry entry;
        struct place place = {at->id[s], at->part[s]};
        memset(&entry, 0, sizeof entry);
        if (!feeds(profile, sources[s])) {
            continue;
        }
        const bool found = find(meter, profile, sources[s], true, &place, &entry);
        at->id[s] = place.id;
        at->part[s] = place.part;
        if (found && (first == COSEM_EVENT_SOURCES || entry.utc_s < out->utc_s)) {
            first = s;
            *out = entry;
        }
    }
    if (first == COSEM_EVENT_SOURCES) {
        memset(out, 0, sizeof *out);
        out->lost = true;
        return false;
    }
    at->part[first] = (uint8_t)((at->part[first] + 1u) % PARTS);
    at->id[first] += at->part[first] == 0 ? 1u : 0u;
    return true;
}

/* A log holds far fewer records than the lower bits of their numbers can tell apart. */
void cosem_events_pack(const struct cosem_events *at, uint32_t words[COSEM_EVENT_WORDS])
{
    memset(words, 0, COSEM_EVENT_WORDS * sizeof words[0]);
    for (unsigned s = 0; s < COSEM_EVENT_SOURCES; s++) {
        const uint32_t place = (at->id[s] & ID_MASK) << PART_BITS | at->part[s];
        words[s / 2u] |= place << s % 2u * PLACE_BITS;
    }
}

void cosem_events_unpack(const struct meter *meter, const uint32_t words[COSEM_EVENT_WORDS],
                         struct cosem_events *at)
{
    for (unsigned s = 0; s < COSEM_EVENT_SOURCES; s++) {
        const uint32_t place = words[s / 2u] >> s % 2u * PLACE_BITS & UINT16_MAX;
        const uint32_t end = event_log_newest(&meter->logs, (enum event_log_name)sources[s]) + 1u;
        at->part[s] = (uint8_t)(place % PARTS);
        at->id[s] = end - ((end - (place >> PART_BITS)) & ID_MASK);
    }
}

uint32_t cosem_events_count(const struct meter *meter, enum cosem_profile profile)
{
    struct cosem_events at;
    struct cosem_entry entry;
    uint32_t n = 0;
    cosem_events_begin(meter, &at);
    while (cosem_events_next(meter, profile, &at, &entry)) {
        n++;
    }
    return n;
}

bool cosem_events_at(const struct meter *meter, enum cosem_profile profile, int64_t utc_s, bool up,
                     uint32_t *place)
{
    struct cosem_events at;
    struct cosem_entry entry;
    *place = 0;
    cosem_events_begin(meter, &at);
    for (uint32_t n = 1; cosem_events_next(meter, profile, &at, &entry); n++) {
        if (up ? entry.utc_s >= utc_s : entry.utc_s <= utc_s) {
            *place = n;
            if (up) {
                break;
            }
        }
    }
    return *place != 0;
}

uint32_t cosem_events_depth(enum cosem_profile profile)
{
    uint32_t depth = 0;
    for (unsigned s = 0; s < COSEM_EVENT_SOURCES; s++) {
        depth +=
            feeds(profile, sources[s]) ? event_log_row((enum event_log_name)sources[s])->depth : 0u;
    }
    return depth;
}

uint8_t cosem_events_newest(const struct meter *meter, enum cosem_profile profile)
{
    uint8_t number = 0;
    int64_t newest_s = INT64_MIN;
    for (unsigned s = 0; s < COSEM_EVENT_SOURCES; s++) {
        struct cosem_entry entry;
        struct place place = {event_log_newest(&meter->logs, (enum event_log_name)sources[s]),
                              PARTS - 1u};
        if (feeds(profile, sources[s]) && find(meter, profile, sources[s], false, &place, &entry) &&
            entry.utc_s >= newest_s) {
            newest_s = entry.utc_s;
            number = entry.number;
        }
    }
    return number;
}
