#include "gsm_memory.h"

#include <string.h>

#define FORMAT     1u
#define SETUP_SLOT 448u
#define NOTES_SLOT 64u

enum { SETUP, NOTES };

static const struct module_record records[2] = {
    [SETUP] = {{'G', 'C'}, FORMAT, 0, SETUP_SLOT},
    [NOTES] = {{'G', 'N'}, FORMAT, 2u * SETUP_SLOT, NOTES_SLOT},
};
_Static_assert(2u * (SETUP_SLOT + NOTES_SLOT) <= GSM_MEMORY, "both areas fit");
_Static_assert(GSM_SETUP_BYTES + MODULE_RECORD_OVER <= SETUP_SLOT, "a setup fits its slot");

static size_t load(struct gsm_memory *m, unsigned which, uint8_t bytes[SETUP_SLOT])
{
    return module_record_load(&m->store, &records[which], bytes, &m->sequence[which]);
}

static bool save(struct gsm_memory *m, unsigned which, const uint8_t *bytes, size_t n_bytes)
{
    return module_record_save(&m->store, &records[which], bytes, n_bytes, &m->sequence[which]);
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

void gsm_memory_load(struct gsm_memory *m, const struct module_memory *store,
                     struct gsm_setup *setup, struct gsm_notes *notes)
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
