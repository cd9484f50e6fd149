/** Between the files of app/quality; nobody else's. */
#ifndef OPEN382_QUALITY_INSIDE_H
#define OPEN382_QUALITY_INSIDE_H

#include "quality.h"

#define QUALITY_NEVER_US INT64_MAX

/** One U rms(1/2), whose cycle ended at at_us. */
void quality_event_half(struct quality *q, unsigned s, uint32_t mv, int64_t at_us,
                        int64_t cycle_us);
/** The rms of a report against over- and undervoltage and failure. */
void quality_event_report(struct quality *q, unsigned s, int64_t from_us, int64_t to_us);
/** Events that no phase can join any more become records. */
void quality_event_settle(struct quality *q);
/** Drop what is under way: the meter lost its supply or begins. */
void quality_event_reset(struct quality *q);
void quality_event_supply(struct quality *q, bool on, int64_t now_us);
/** A dip, swell or interruption is under way that began less than a minute ago. */
bool quality_event_flags(const struct quality *q, int64_t now_us);

#endif
