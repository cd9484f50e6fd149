/** The way of the voltage quality from the mains to the meter, at both levels.  Private to site.c.
 */
#ifndef OPEN382_LINUX_SITE_QUALITY_H
#define OPEN382_LINUX_SITE_QUALITY_H

#include "site.h"

/** Phasor level: a window of that length ended at at_us. */
void site_quality_window(struct site *site, uint32_t n_samples, int64_t at_us);

/** Waveform level: a measuring system closed its window. */
void site_quality_closed(struct site *site, unsigned system, int64_t at_us);

#endif
