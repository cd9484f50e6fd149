/* The audit trail of the legal processor, and the commands that read it. */
#include "energy/trail.h"

#include <string.h>

/* An entry with all that every entry says.  The clock goes on from when it was told. */
static struct legal_audit_entry entry_of(struct processor *p, enum legal_audit_what what)
{
    const struct audit *audit = &p->audit;
    struct legal_identity identity;
    ident_read(&p->ident, &identity);
    const int64_t since_us = p->now_us - audit->told_us;
    const struct legal_audit_entry entry = {
        .what = (uint8_t)what,
        .time_valid = audit->time_valid,
        .utc_s = audit->time_valid ? audit->utc_s + since_us / 1000000 : 0,
        .seal_open = audit->seal_open,
        .old_crc = audit->constants_crc,
        .new_crc = audit->constants_crc,
        .writes = p->constants.writes,
        .refused = audit->refused,
        .software = identity.number,
        .program_crc = identity.checksum,
        .starts = p->starts,
        .operating_s = (uint32_t)(p->operating_us / 1000000u),
    };
    return entry;
}

bool trail_open(struct processor *p)
{
    struct page_memory memory = {.port = &p->port};
    return audit_open(&p->audit, &memory) == LEGAL_OK;
}

void trail_start(struct processor *p)
{
    struct audit *audit = &p->audit;
    audit->constants_lost = p->constants_fault;
    audit->other_constants =
        audit->constants_known && constants_crc(&p->constants) != audit->constants_crc;
    if (p->constants_fault && p->constants.writes < audit->writes) {
        p->constants.writes = audit->writes; /* the count outlives the constants */
    }
}

static void follow_seal(struct processor *p)
{
    const bool open = p->port.seal_open != 0 && p->port.seal_open(p->port.context);
    if (open == p->audit.seal_open) {
        return;
    }
    p->audit.seal_open = open;
    const struct legal_audit_entry entry =
        entry_of(p, open ? LEGAL_AUDIT_SEAL_OPENED : LEGAL_AUDIT_SEAL_CLOSED);
    (void)audit_append(&p->audit, &p->store.memory, &entry);
}

void trail_follow(struct processor *p)
{
    struct audit *audit = &p->audit;
    if (audit->other_constants && !audit->fault) {
        struct legal_audit_entry entry = entry_of(p, LEGAL_AUDIT_FOUND);
        entry.new_crc = constants_crc(&p->constants);
        entry.lost = audit->constants_lost;
        audit->other_constants = !audit_append(audit, &p->store.memory, &entry);
    }
    struct legal_identity identity;
    ident_read(&p->ident, &identity);
    if (audit->any &&
        (audit->software != identity.number || audit->program_crc != identity.checksum)) {
        const struct legal_audit_entry entry = entry_of(p, LEGAL_AUDIT_SOFTWARE);
        audit->software = identity.number;
        audit->program_crc = identity.checksum;
        (void)audit_append(audit, &p->store.memory, &entry);
    }
    follow_seal(p);
}

/* The first one gets an entry; the next entry of any kind tells how many there were. */
void trail_refused(struct processor *p)
{
    p->audit.refused++;
    if (!p->audit.refused_last) {
        const struct legal_audit_entry entry = entry_of(p, LEGAL_AUDIT_REFUSED);
        (void)audit_append(&p->audit, &p->store.memory, &entry);
    }
}

enum legal_err trail_change(struct processor *p, const struct constants *to, uint8_t systems)
{
    struct legal_audit_entry entry = entry_of(p, LEGAL_AUDIT_CONSTANTS);
    if (p->audit.fault) {
        return LEGAL_ERR_STORAGE;
    }
    if (audit_room(&p->audit, true) < AUDIT_CHANGE_PLACES) {
        return LEGAL_ERR_FULL;
    }
    entry.systems = systems;
    entry.old_crc = constants_crc(&p->constants);
    entry.new_crc = constants_crc(to);
    entry.writes = to->writes;
    return audit_append(&p->audit, &p->store.memory, &entry) ? LEGAL_OK : LEGAL_ERR_STORAGE;
}

void trail_failed(struct processor *p)
{
    struct legal_audit_entry entry = entry_of(p, LEGAL_AUDIT_FOUND);
    entry.new_crc = constants_crc(&p->constants);
    (void)audit_append(&p->audit, &p->store.memory, &entry);
}

void legal_audit_time(struct legal *legal, int64_t utc_s, bool valid)
{
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    p->audit.utc_s = utc_s;
    p->audit.told_us = p->now_us;
    p->audit.time_valid = valid;
}

void legal_audit(const struct legal *legal, struct legal_audit *out)
{
    const struct processor *p = processor_of_const(legal);
    memset(out, 0, sizeof *out);
    out->n_entries = p->audit.next;
    out->n_changes_left = audit_room(&p->audit, true) / AUDIT_CHANGE_PLACES;
    out->refused = p->audit.refused;
    out->seal_open = p->port.seal_open != 0 && p->port.seal_open(p->port.context);
}

enum legal_err legal_audit_read(const struct legal *legal, uint32_t number,
                                struct legal_audit_entry *out)
{
    const struct processor *p = processor_of_const(legal);
    struct page_memory memory = p->store.memory; /* a look counts no errors */
    memory.port = &p->port;
    return audit_read(&p->audit, &memory, number, out);
}
