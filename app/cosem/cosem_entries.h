/**
 * Entries of the loggers: which there are, where a moment lies among them, and what is in one.
 * Internal to app/cosem.
 *
 * An entry has the number that its logger gave it; numbers rise by one, so all loggers look alike.
 * One that cannot be read keeps its place: its stamp is "not specified" and its status says so.
 */
#ifndef OPEN382_COSEM_ENTRIES_H
#define OPEN382_COSEM_ENTRIES_H

#include "cosem_columns.h"

/** Numbers of the entries that a logger shows. */
struct cosem_extent {
    uint32_t oldest, count; /**< count 0: none */
};

struct cosem_extent cosem_extent(const struct meter *meter, enum cosem_profile profile);
/** As many as a logger can hold. */
uint32_t cosem_depth(const struct meter *meter, enum cosem_profile profile);

/** The oldest entry not before utc_s (up), or the newest not after it.  @return false: none */
bool cosem_entry_at(const struct meter *meter, enum cosem_profile profile, int64_t utc_s, bool up,
                    uint32_t *id);

struct cosem_entry {
    uint32_t id;
    bool lost;
    int64_t utc_s; /**< 0: lost */
    bool clock_valid;
    uint16_t status, quality;
    uint8_t number; /**< of IDIS, in views (cosem_events.h) */
    union {
        struct legal_profile_record load;
        struct analysis_entry analysis;
        struct billing_record debiting;
        struct event_log_entry event;
    } of;
};

void cosem_entry_read(const struct meter *meter, enum cosem_profile profile, uint32_t id,
                      struct cosem_entry *out);

/** One column of an entry as Data. */
void cosem_entry_write(const struct cosem *cosem, const struct cosem_row *profile,
                       const struct cosem_entry *entry, const struct cosem_column *column,
                       struct writer *out);

#endif
