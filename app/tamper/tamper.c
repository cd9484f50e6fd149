#include "tamper.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK        UINT32_C(0x52504D54) /* "TMPR" in memory order */
#define FLAG_BROKEN 0x01u
#define FLAG_MODULE 0x02u
#define MS_US       INT64_C(1000)
#define NOT_PENDING INT64_MIN
#define BIT(kind)   tamper_mask(kind)
#define SAME_PLACES 0x44u /* of the low byte and of the meter status */

/* docs/alarms.md, "Acts". */
static const struct tamper_row rows[TAMPER_KINDS] = {
    /* bit, comes after, goes after, watched without supply */
    [TAMPER_MAGNET] = {2, 0, 0, false},
    [TAMPER_COVER] = {6, 0, 0, true},
    [TAMPER_TERMINAL] = {8, 0, 0, true},
    [TAMPER_MODULE] = {9, 2000, 1000, false},
    [TAMPER_SEAL] = {10, 0, 0, true},
    [TAMPER_UTILITY_SEAL] = {11, 0, 0, true},
    [TAMPER_SEQUENCE] = {12, 2000, 2000, false},
    [TAMPER_UNMETERED] = {13, 2000, 2000, false},
    [TAMPER_UNMETERED + 1] = {14, 2000, 2000, false},
    [TAMPER_UNMETERED + 2] = {15, 2000, 2000, false},
};

const struct tamper_row *tamper_row(enum tamper_kind kind)
{
    return (unsigned)kind < TAMPER_KINDS ? &rows[kind] : NULL;
}

uint16_t tamper_mask(enum tamper_kind kind)
{
    return (uint16_t)(1u << rows[kind].bit);
}

/* ---- permanent memory ---- */

struct record {
    uint16_t raised, asleep;
    uint8_t flags;
    struct tamper_kept kept[TAMPER_KINDS];
    uint32_t cleared_s;
    uint8_t cleared_by;
};

static bool record_decode(struct reader *body, void *out)
{
    struct record *record = out;
    record->raised = (uint16_t)reader_uint_le(body, 2);
    record->asleep = (uint16_t)reader_uint_le(body, 2);
    record->flags = reader_u8(body);
    const bool ours = reader_u8(body) == TAMPER_KINDS;
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        record->kept[kind].count = (uint32_t)reader_uint_le(body, 4);
        record->kept[kind].first_s = (uint32_t)reader_uint_le(body, 4);
        record->kept[kind].last_s = (uint32_t)reader_uint_le(body, 4);
    }
    record->cleared_s = (uint32_t)reader_uint_le(body, 4);
    record->cleared_by = reader_u8(body);
    return ours;
}

static void record_encode(struct writer *body, const void *in)
{
    const struct record *record = in;
    writer_uint_le(body, record->raised, 2);
    writer_uint_le(body, record->asleep, 2);
    writer_u8(body, record->flags);
    writer_u8(body, TAMPER_KINDS);
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        writer_uint_le(body, record->kept[kind].count, 4);
        writer_uint_le(body, record->kept[kind].first_s, 4);
        writer_uint_le(body, record->kept[kind].last_s, 4);
    }
    writer_uint_le(body, record->cleared_s, 4);
    writer_u8(body, record->cleared_by);
}

static const struct slot_kind stored = {.mark = MARK,
                                        .format = TAMPER_FORMAT,
                                        .n_format = 2,
                                        .slots = 2,
                                        .first_page = TAMPER_FIRST_PAGE,
                                        .n_record = sizeof(struct record),
                                        .decode = record_decode,
                                        .encode = record_encode};

bool tamper_load(struct tamper *tamper, const struct board *board, uint8_t status, uint8_t logged)
{
    struct record record, spare;
    memset(tamper, 0, sizeof *tamper);
    memset(&record, 0, sizeof record);
    const struct slot_found found = slot_record_load(&stored, board, &record, &spare);
    tamper->sequence = found.sequence;
    tamper->unread = found.unread;
    tamper->raised = record.raised;
    tamper->asleep = record.asleep;
    tamper->utility_broken = (record.flags & FLAG_BROKEN) != 0;
    tamper->module_known = (record.flags & FLAG_MODULE) != 0;
    memcpy(tamper->kept, record.kept, sizeof record.kept);
    tamper->cleared_s = record.cleared_s;
    tamper->cleared_by = record.cleared_by;
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        tamper->since_us[kind] = NOT_PENDING;
    }
    tamper->logged = logged;
    tamper->holds = (uint16_t)((unsigned)logged << 8 | (status & SAME_PLACES));
    return !tamper->unread;
}

/* What the memory holds comes to what has happened meanwhile. */
static bool read_again(struct tamper *tamper, const struct board *board)
{
    struct tamper found;
    if (!tamper_load(&found, board, 0, 0)) {
        return false;
    }
    tamper->raised |= found.raised;
    tamper->asleep |= found.asleep;
    tamper->utility_broken = tamper->utility_broken || found.utility_broken;
    tamper->module_known = tamper->module_known || found.module_known;
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        struct tamper_kept *kept = &tamper->kept[kind];
        const struct tamper_kept *before = &found.kept[kind];
        kept->count += before->count;
        kept->first_s = before->first_s != 0 ? before->first_s : kept->first_s;
        kept->last_s = kept->last_s != 0 ? kept->last_s : before->last_s;
    }
    if (tamper->cleared_s == 0) {
        tamper->cleared_s = found.cleared_s;
        tamper->cleared_by = found.cleared_by;
    }
    tamper->sequence = found.sequence;
    tamper->unread = false;
    return true;
}

bool tamper_save(struct tamper *tamper, const struct board *board)
{
    tamper->unsaved = true;
    if (tamper->unread && !read_again(tamper, board)) {
        return false;
    }
    struct record record = {
        .raised = tamper->raised,
        .asleep = tamper->asleep,
        .flags = (uint8_t)((tamper->utility_broken ? FLAG_BROKEN : 0u) |
                           (tamper->module_known ? FLAG_MODULE : 0u)),
        .cleared_s = tamper->cleared_s,
        .cleared_by = tamper->cleared_by,
    };
    memcpy(record.kept, tamper->kept, sizeof record.kept);
    if (!slot_record_save(&stored, board, &record, &tamper->sequence)) {
        return false;
    }
    tamper->unsaved = false;
    tamper->urgent = false;
    return true;
}

/* ---- what holds ---- */

/* @return the kind has changed */
static bool follow_one(struct tamper *tamper, enum tamper_kind kind, uint16_t sources,
                       int64_t now_us)
{
    int64_t *since_us = &tamper->since_us[kind];
    const bool is = (sources & BIT(kind)) != 0, held = (tamper->holds & BIT(kind)) != 0;
    if (is == held) {
        *since_us = NOT_PENDING;
        return false;
    }
    const int64_t wait_us = (is ? rows[kind].come_ms : rows[kind].gone_ms) * MS_US;
    *since_us = *since_us == NOT_PENDING ? now_us : *since_us;
    if (now_us - *since_us < wait_us) {
        return false;
    }
    *since_us = NOT_PENDING;
    tamper->holds = (uint16_t)(tamper->holds ^ BIT(kind));
    return true;
}

uint16_t tamper_follow(struct tamper *tamper, uint16_t sources, int64_t now_us)
{
    const uint16_t before = tamper->holds;
    if ((sources & BIT(TAMPER_TERMINAL)) != 0 && !tamper->utility_broken) {
        tamper->utility_broken = true;
        tamper->unsaved = tamper->urgent = true;
    }
    const uint16_t seal = tamper->utility_broken ? BIT(TAMPER_UTILITY_SEAL) : 0u;
    if ((uint16_t)(sources | seal) == before && !tamper->pending) {
        return 0; /* as nearly always: nothing is another way than it was */
    }
    tamper->pending = false;
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        (void)follow_one(tamper, (enum tamper_kind)kind, (uint16_t)(sources | seal), now_us);
        tamper->pending = tamper->pending || tamper->since_us[kind] != NOT_PENDING;
    }
    tamper->seen &= tamper->holds;
    return (uint16_t)(tamper->holds & ~(unsigned)before);
}

bool tamper_pending(const struct tamper *tamper)
{
    return tamper->pending;
}

/* ---- what has come ---- */

static void raise(struct tamper *tamper, uint16_t bits)
{
    if ((bits & ~(unsigned)tamper->raised) != 0) {
        tamper->raised |= bits;
        tamper->unsaved = tamper->urgent = true;
    }
}

void tamper_note(struct tamper *tamper, uint16_t came, uint16_t mask, uint32_t utc_s, bool asleep)
{
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        struct tamper_kept *kept = &tamper->kept[kind];
        if ((came & BIT(kind)) != 0) {
            kept->count += kept->count < UINT32_MAX ? 1u : 0u;
            tamper->urgent = tamper->urgent || kept->first_s == 0;
            kept->first_s = kept->first_s != 0 ? kept->first_s : utc_s;
            kept->last_s = utc_s;
            tamper->unsaved = true;
        }
    }
    tamper->asleep |= asleep ? came : 0u;
    tamper->seen |= came & mask;
    raise(tamper, came & mask);
}

void tamper_remind(struct tamper *tamper, uint16_t mask)
{
    raise(tamper, (uint16_t)(tamper->holds & mask & ~(unsigned)tamper->seen));
    tamper->seen = tamper->holds & mask;
}

void tamper_clear(struct tamper *tamper, uint16_t bits, bool terminal_open, uint32_t utc_s,
                  uint8_t channel)
{
    tamper->cleared_s = utc_s;
    tamper->cleared_by = channel;
    tamper->raised &= (uint16_t) ~(unsigned)bits;
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        if ((bits & BIT(kind)) != 0) {
            tamper->kept[kind].first_s = 0;
        }
    }
    if ((bits & BIT(TAMPER_UTILITY_SEAL)) != 0 && !terminal_open) {
        tamper->utility_broken = false;
    }
    if ((bits & tamper->holds & BIT(TAMPER_MODULE)) != 0) {
        tamper->module_known = false;
    }
    tamper->unsaved = tamper->urgent = true;
}
