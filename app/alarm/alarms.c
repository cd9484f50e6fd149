#include "alarms.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK UINT32_C(0x4D524C41) /* "ALRM" in memory order */

static bool bits_decode(struct reader *body, void *record)
{
    uint32_t *bits = record;
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        bits[i] = (uint32_t)reader_uint_le(body, 4);
    }
    return true;
}

static void bits_encode(struct writer *body, const void *record)
{
    const uint32_t *bits = record;
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        writer_uint_le(body, bits[i], 4);
    }
}

static const struct slot_kind stored = {.mark = MARK,
                                        .format = ALARMS_FORMAT,
                                        .n_format = 2,
                                        .slots = 2,
                                        .first_page = ALARMS_FIRST_PAGE,
                                        .n_record = sizeof(uint32_t[ALARM_KINDS]),
                                        .decode = bits_decode,
                                        .encode = bits_encode};

bool alarms_load(struct alarms *alarms, const struct board *board)
{
    uint32_t spare[ALARM_KINDS];
    memset(alarms, 0, sizeof *alarms);
    const struct slot_found found = slot_record_load(&stored, board, alarms->bits, spare);
    alarms->sequence = found.sequence;
    alarms->unread = found.unread;
    return !alarms->unread;
}

/* What the memory holds comes to what has been raised meanwhile. */
static bool read_again(struct alarms *alarms, const struct board *board)
{
    struct alarms found;
    if (!alarms_load(&found, board)) {
        return false;
    }
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        alarms->bits[i] |= found.bits[i];
    }
    alarms->sequence = found.sequence;
    alarms->unread = false;
    return true;
}

bool alarms_save(struct alarms *alarms, const struct board *board)
{
    alarms->unsaved = (alarms->unread && !read_again(alarms, board)) ||
                      !slot_record_save(&stored, board, alarms->bits, &alarms->sequence);
    return !alarms->unsaved;
}

bool alarms_look(struct alarms *alarms, const uint32_t mask[ALARM_KINDS],
                 const struct alarm_words *words)
{
    const struct alarm_words *seen = &alarms->seen;
    const uint32_t came_a = (words->a & ~seen->a) | (words->noted_a & ~seen->noted_a);
    const uint32_t raised[ALARM_KINDS] = {
        [ALARM_A] = came_a & mask[ALARM_A],
        [ALARM_B_COME] = words->b & ~seen->b & mask[ALARM_B_COME],
        [ALARM_B_GONE] = ~words->b & seen->b & mask[ALARM_B_GONE],
    };
    bool changed = false;
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        changed = changed || (raised[i] & ~alarms->bits[i]) != 0;
        alarms->bits[i] |= raised[i];
    }
    alarms->seen = *words;
    return changed;
}

bool alarms_clear(struct alarms *alarms, enum alarm_kind kind, uint32_t bits)
{
    const uint32_t before = alarms->bits[kind];
    alarms->bits[kind] &= ~bits;
    return alarms->bits[kind] != before;
}
