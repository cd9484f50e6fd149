#include "audit/audit.h"

#include <string.h>

/* Offsets of an entry. */
enum {
    ENTRY_WHAT = 8,
    ENTRY_SYSTEMS = 9,
    ENTRY_FLAGS = 10,
    ENTRY_UTC = 12,
    ENTRY_OLD = 20,
    ENTRY_NEW = 24,
    ENTRY_WRITES = 28,
    ENTRY_REFUSED = 32,
    ENTRY_SOFTWARE = 36,
    ENTRY_PROGRAM = 40,
    ENTRY_STARTS = 44,
    ENTRY_OPERATING = 48,
};
#define FLAG_TIME_VALID 1u
#define FLAG_SEAL_OPEN  2u
#define FLAG_LOST       4u

static bool about_constants(const struct legal_audit_entry *entry)
{
    return entry->what == LEGAL_AUDIT_CONSTANTS || entry->what == LEGAL_AUDIT_FOUND;
}

static void entry_put(struct page *page, const struct legal_audit_entry *entry)
{
    const unsigned flags = (entry->time_valid ? FLAG_TIME_VALID : 0u) |
                           (entry->seal_open ? FLAG_SEAL_OPEN : 0u) |
                           (entry->lost ? FLAG_LOST : 0u);
    page_begin(page, PAGE_AUDIT, entry->number);
    page_put(page, ENTRY_WHAT, 1, entry->what);
    page_put(page, ENTRY_SYSTEMS, 1, entry->systems);
    page_put(page, ENTRY_FLAGS, 1, flags);
    page_put(page, ENTRY_UTC, 8, (uint64_t)entry->utc_s);
    page_put(page, ENTRY_OLD, 4, entry->old_crc);
    page_put(page, ENTRY_NEW, 4, entry->new_crc);
    page_put(page, ENTRY_WRITES, 4, entry->writes);
    page_put(page, ENTRY_REFUSED, 4, entry->refused);
    page_put(page, ENTRY_SOFTWARE, 4, entry->software);
    page_put(page, ENTRY_PROGRAM, 4, entry->program_crc);
    page_put(page, ENTRY_STARTS, 4, entry->starts);
    page_put(page, ENTRY_OPERATING, 4, entry->operating_s);
}

static void entry_get(const struct page *page, struct legal_audit_entry *entry)
{
    const unsigned flags = (unsigned)page_get(page, ENTRY_FLAGS, 1);
    memset(entry, 0, sizeof *entry);
    entry->number = page_number(page);
    entry->what = (uint8_t)page_get(page, ENTRY_WHAT, 1);
    entry->systems = (uint8_t)page_get(page, ENTRY_SYSTEMS, 1);
    entry->time_valid = (flags & FLAG_TIME_VALID) != 0;
    entry->seal_open = (flags & FLAG_SEAL_OPEN) != 0;
    entry->lost = (flags & FLAG_LOST) != 0;
    entry->utc_s = (int64_t)page_get(page, ENTRY_UTC, 8);
    entry->old_crc = (uint32_t)page_get(page, ENTRY_OLD, 4);
    entry->new_crc = (uint32_t)page_get(page, ENTRY_NEW, 4);
    entry->writes = (uint32_t)page_get(page, ENTRY_WRITES, 4);
    entry->refused = (uint32_t)page_get(page, ENTRY_REFUSED, 4);
    entry->software = (uint32_t)page_get(page, ENTRY_SOFTWARE, 4);
    entry->program_crc = (uint32_t)page_get(page, ENTRY_PROGRAM, 4);
    entry->starts = (uint32_t)page_get(page, ENTRY_STARTS, 4);
    entry->operating_s = (uint32_t)page_get(page, ENTRY_OPERATING, 4);
}

/* An entry stands at the place of its number, 1 in the first, and nowhere else. */
static enum page_state place_read(struct page_memory *memory, uint32_t place,
                                  struct legal_audit_entry *entry)
{
    struct page page;
    const enum page_state state = page_read(memory, AUDIT_PAGE + place, PAGE_AUDIT, &page);
    if (state != PAGE_GOOD) {
        return state;
    }
    entry_get(&page, entry);
    return entry->number == place + 1u ? PAGE_GOOD : PAGE_DAMAGED;
}

static void learn(struct audit *audit, const struct legal_audit_entry *entry)
{
    audit->any = true;
    audit->refused = entry->refused > audit->refused ? entry->refused : audit->refused;
    audit->software = entry->software;
    audit->program_crc = entry->program_crc;
    audit->seal_open = entry->seal_open;
    audit->refused_last = entry->what == LEGAL_AUDIT_REFUSED;
    if (about_constants(entry)) {
        audit->constants_known = true;
        audit->constants_crc = entry->new_crc;
        audit->writes = entry->writes > audit->writes ? entry->writes : audit->writes;
    }
}

/* The first place that nothing was ever written to; a torn page may begin like one. */
static void pass_over(struct audit *audit, struct page_memory *memory)
{
    struct page page;
    while (audit->next < AUDIT_PAGES) {
        const enum page_state state =
            page_read(memory, AUDIT_PAGE + audit->next, PAGE_AUDIT, &page);
        audit->fault = state == PAGE_UNREADABLE || audit->fault;
        if (state == PAGE_BLANK) {
            return;
        }
        audit->next++;
    }
}

enum legal_err audit_open(struct audit *audit, struct page_memory *memory)
{
    memset(audit, 0, sizeof *audit);
    for (uint32_t place = 0; place < AUDIT_PAGES; place++) {
        struct page head;
        struct legal_audit_entry entry;
        const uint32_t address = (AUDIT_PAGE + place) * LEGAL_MEMORY_PAGE_BYTES;
        if (!page_read_bytes(memory, address, head.bytes, PAGE_HEAD_BYTES)) {
            audit->fault = true;
        } else if (!page_head_blank(&head)) {
            audit->next = place + 1u;
            switch (place_read(memory, place, &entry)) {
            case PAGE_GOOD: learn(audit, &entry); break;
            case PAGE_NEWER: return LEGAL_ERR_FORMAT;
            case PAGE_UNREADABLE: audit->fault = true; break;
            default: break;
            }
        }
    }
    pass_over(audit, memory);
    return LEGAL_OK;
}

uint32_t audit_room(const struct audit *audit, bool change)
{
    const uint32_t left = AUDIT_PAGES - audit->next, kept = change ? 0 : AUDIT_KEPT;
    return left > kept ? left - kept : 0;
}

bool audit_append(struct audit *audit, struct page_memory *memory,
                  const struct legal_audit_entry *entry)
{
    struct legal_audit_entry written = *entry;
    struct page page;
    pass_over(audit, memory);
    if (audit->fault || audit_room(audit, about_constants(entry)) == 0) {
        return false;
    }
    written.number = ++audit->next;
    entry_put(&page, &written);
    if (!page_write(memory, AUDIT_PAGE + written.number - 1u, &page)) {
        audit->fault = true; /* one bad page is no reason to use up the others */
        return false;
    }
    learn(audit, &written);
    return true;
}

/* The next entry that says which constants are in force decides: found as they were before, and
 * not because they had been lost, the change never was. */
static bool in_force_once(const struct audit *audit, struct page_memory *memory,
                          const struct legal_audit_entry *change)
{
    for (uint32_t place = change->number; place < audit->next; place++) {
        struct legal_audit_entry later;
        if (place_read(memory, place, &later) == PAGE_GOOD && about_constants(&later)) {
            return later.what != LEGAL_AUDIT_FOUND || later.lost ||
                   later.new_crc != change->old_crc;
        }
    }
    return !audit->other_constants || audit->constants_lost;
}

enum legal_err audit_read(const struct audit *audit, struct page_memory *memory, uint32_t number,
                          struct legal_audit_entry *out)
{
    memset(out, 0, sizeof *out);
    if (number < 1u || number > audit->next) {
        return LEGAL_ERR_RANGE;
    }
    struct legal_audit_entry entry;
    if (place_read(memory, number - 1u, &entry) != PAGE_GOOD) {
        return LEGAL_ERR_STORAGE;
    }
    entry.applied = entry.what != LEGAL_AUDIT_CONSTANTS || in_force_once(audit, memory, &entry);
    *out = entry;
    return LEGAL_OK;
}
