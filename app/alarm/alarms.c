#include "alarms.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK         UINT32_C(0x4D524C41) /* "ALRM" in memory order */
#define PAGE_BYTES   256u
#define SLOTS        2u
#define RECORD_BYTES 26u
#define CHECK_BYTES  4u

static uint32_t address_of(uint32_t sequence)
{
    return (ALARMS_FIRST_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static bool slot_load(struct alarms *alarms, const struct board *board, uint32_t slot)
{
    uint8_t bytes[RECORD_BYTES];
    if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
        return false;
    }
    struct reader r = reader_over(bytes, sizeof bytes);
    const bool mark = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == ALARMS_FORMAT;
    const uint32_t sequence = (uint32_t)reader_uint_le(&r, 4);
    uint32_t bits[ALARM_KINDS];
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        bits[i] = (uint32_t)reader_uint_le(&r, 4);
    }
    const uint32_t check = (uint32_t)reader_uint_le(&r, CHECK_BYTES);
    if (mark && sequence > alarms->sequence &&
        check == crc32_ieee(bytes, RECORD_BYTES - CHECK_BYTES)) {
        alarms->sequence = sequence;
        memcpy(alarms->bits, bits, sizeof bits);
    }
    return true;
}

bool alarms_load(struct alarms *alarms, const struct board *board)
{
    memset(alarms, 0, sizeof *alarms);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        alarms->unread = !slot_load(alarms, board, slot) || alarms->unread;
    }
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
    uint8_t bytes[RECORD_BYTES];
    if (alarms->unread && !read_again(alarms, board)) {
        alarms->unsaved = true;
        return false;
    }
    const uint32_t sequence = alarms->sequence + 1u;
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, ALARMS_FORMAT, 2);
    writer_uint_le(&w, sequence, 4);
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        writer_uint_le(&w, alarms->bits[i], 4);
    }
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    alarms->unsaved =
        board->app_memory_write(board->context, address_of(sequence), bytes, sizeof bytes) != 0;
    alarms->sequence = alarms->unsaved ? alarms->sequence : sequence;
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
