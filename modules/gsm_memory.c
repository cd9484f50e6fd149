#include "gsm_memory.h"

#include <string.h>

#include "../proto/common/crc.h"

#define FORMAT     1u
#define HEAD_BYTES 9u
#define CRC_BYTES  2u
#define SETUP_SLOT 448u
#define NOTES_SLOT 64u
#define MARK_BYTES 2u

enum { SETUP, NOTES };

static const struct area {
    uint8_t mark[MARK_BYTES];
    uint16_t begin, slot_bytes;
} areas[2] = {
    [SETUP] = {{'G', 'C'}, 0, SETUP_SLOT},
    [NOTES] = {{'G', 'N'}, 2u * SETUP_SLOT, NOTES_SLOT},
};
_Static_assert(2u * (SETUP_SLOT + NOTES_SLOT) <= GSM_MEMORY, "both areas fit");
_Static_assert(HEAD_BYTES + GSM_SETUP_BYTES + CRC_BYTES <= SETUP_SLOT, "a setup fits its slot");

/* @return the record's bytes in a slot, 0: not a good one */
static size_t slot_read(const struct gsm_memory *m, unsigned which, unsigned slot,
                        uint8_t bytes[SETUP_SLOT], uint32_t *sequence)
{
    const struct area *area = &areas[which];
    if (m->store.read(m->store.context, area->begin + slot * area->slot_bytes, bytes,
                      area->slot_bytes) != 0 ||
        memcmp(bytes, area->mark, MARK_BYTES) != 0 || bytes[MARK_BYTES] != FORMAT) {
        return 0;
    }
    struct reader r = reader_over(bytes + MARK_BYTES + 1u, HEAD_BYTES - MARK_BYTES - 1u);
    *sequence = (uint32_t)reader_uint_be(&r, 4);
    const size_t length = (size_t)reader_uint_be(&r, 2), end = HEAD_BYTES + length;
    return end + CRC_BYTES <= area->slot_bytes && crc16_xmodem(bytes, end + CRC_BYTES) == 0 ? length
                                                                                            : 0;
}

/* The newest of the two.  @return its length, 0: there is none */
static size_t load(struct gsm_memory *m, unsigned which, uint8_t bytes[SETUP_SLOT])
{
    uint8_t one[SETUP_SLOT];
    size_t found = 0;
    m->sequence[which] = 0;
    for (unsigned slot = 0; slot < 2; slot++) {
        uint32_t sequence = 0;
        const size_t length = slot_read(m, which, slot, one, &sequence);
        if (length > 0 && sequence > m->sequence[which]) {
            m->sequence[which] = sequence;
            memcpy(bytes, one + HEAD_BYTES, length);
            found = length;
        }
    }
    return found;
}

static bool save(struct gsm_memory *m, unsigned which, const uint8_t *record, size_t n_record)
{
    const struct area *area = &areas[which];
    uint8_t bytes[SETUP_SLOT] = {0};
    struct writer w = writer_over(bytes, area->slot_bytes);
    const uint32_t sequence = m->sequence[which] + 1u;
    writer_bytes(&w, area->mark, MARK_BYTES);
    writer_u8(&w, FORMAT);
    writer_uint_be(&w, sequence, 4);
    writer_uint_be(&w, n_record, 2);
    writer_bytes(&w, record, n_record);
    writer_uint_be(&w, crc16_xmodem(bytes, writer_length(&w)), 2);
    if (w.failed || m->store.write(m->store.context, area->begin + sequence % 2u * area->slot_bytes,
                                   bytes, area->slot_bytes) != 0) {
        return false;
    }
    m->sequence[which] = sequence;
    return true;
}

static bool notes_read(struct gsm_notes *notes, struct reader *r)
{
    struct gsm_notes n;
    n.pin_tried = reader_u8(r);
    n.pin_refused = reader_u8(r) != 0;
    uint32_t *const words[] = {&n.seen_a,    &n.seen_b, &n.waiting_a,
                               &n.waiting_b, &n.told_a, &n.told_b};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *words[i] = (uint32_t)reader_uint_be(r, 4);
    }
    n.receivers = reader_u8(r);
    if (!reader_complete(r)) {
        return false;
    }
    *notes = n;
    return true;
}

void gsm_memory_load(struct gsm_memory *m, const struct gsm_store *store, struct gsm_setup *setup,
                     struct gsm_notes *notes)
{
    uint8_t bytes[SETUP_SLOT];
    m->store = *store;
    gsm_setup_default(setup);
    memset(notes, 0, sizeof *notes);
    struct reader r = reader_over(bytes, load(m, SETUP, bytes));
    struct gsm_setup read;
    if (gsm_setup_read(&read, &r) && reader_complete(&r)) {
        *setup = read;
    }
    r = reader_over(bytes, load(m, NOTES, bytes));
    (void)notes_read(notes, &r);
}

bool gsm_memory_setup(struct gsm_memory *m, const struct gsm_setup *setup)
{
    uint8_t record[GSM_SETUP_BYTES];
    struct writer w = writer_over(record, sizeof record);
    gsm_setup_write(setup, &w);
    return !w.failed && save(m, SETUP, record, writer_length(&w));
}

bool gsm_memory_notes(struct gsm_memory *m, const struct gsm_notes *notes)
{
    uint8_t record[NOTES_SLOT];
    struct writer w = writer_over(record, sizeof record);
    const uint32_t words[] = {notes->seen_a,    notes->seen_b, notes->waiting_a,
                              notes->waiting_b, notes->told_a, notes->told_b};
    writer_u8(&w, notes->pin_tried);
    writer_u8(&w, notes->pin_refused ? 1u : 0u);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        writer_uint_be(&w, words[i], 4);
    }
    writer_u8(&w, notes->receivers);
    return !w.failed && save(m, NOTES, record, writer_length(&w));
}
