/* Commands of the protective interface: the billing load profile. */
#include <string.h>

#include "energy/processor.h"

#define UWH_PER_WH 1000000u

enum legal_err legal_profile_begin(struct legal *legal, const struct legal_profile_layout *layout,
                                   bool *deleted)
{
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    bool gone = false;
    const enum legal_err err =
        p->log.writable ? profile_begin(&p->profile, layout, &gone) : LEGAL_ERR_STORAGE;
    if (deleted != 0) {
        *deleted = gone;
    }
    return err;
}

enum legal_err legal_profile_record(struct legal *legal, const struct legal_profile_record *stamp)
{
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    if (!p->log.writable) {
        return LEGAL_ERR_STORAGE;
    }
    processor_book(p); /* windows that have ended belong to the interval that ends */
    struct legal_profile_record record = *stamp;
    const struct legal_profile_layout *layout = &p->profile.layout;
    for (unsigned c = 0; c < layout->channels; c++) {
        record.energy_wh[c] = processor_shown_uwh(p, layout->energy[c]) / UWH_PER_WH;
    }
    return profile_append(&p->profile, &record);
}

void legal_profile_range(const struct legal *legal, struct legal_profile_range *out)
{
    profile_range(&processor_of_const(legal)->profile, out);
}

enum legal_err legal_profile_read(const struct legal *legal, uint32_t id,
                                  struct legal_profile_record *out)
{
    /* Reading counts what it could not read: in a copy, for the command changes nothing. */
    const struct processor *p = processor_of_const(legal);
    struct page_memory log = p->log;
    log.port = &p->port;
    return profile_read(&p->profile, &log, id, out);
}
