/**
 * The analysis logger over KMP: its records (log 11) and its set-up registers.
 *
 * A record answers the registers of the set-up, under their ids, with their units and widths;
 * logger status is 1086 and data quality 1455.  A set-up is written in pieces (interval F301,
 * load-profile share F302, values F310 .. F31F), which wait until F300 is written: 1 puts them in
 * force and starts the logger, 0 puts them in force and stops it, 2 forgets them.
 * Source: ANA-04, spec kmp 1.8; docs/analysis-logger.md.
 */
#ifndef OPEN382_OPTICAL_ANALYSIS_H
#define OPEN382_OPTICAL_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../proto/kmp/kmp_log.h"

#define OPTICAL_LOG_ANALYSIS 11u

#define OPTICAL_ANALYSIS_STATE    0xF300u
#define OPTICAL_ANALYSIS_INTERVAL 0xF301u
#define OPTICAL_ANALYSIS_PROFILE  0xF302u
#define OPTICAL_ANALYSIS_VALUE    0xF310u /**< and 15 after it */

struct meter;

/** The records as a source for A0 to A3. */
struct kmp_log_source optical_analysis_source(struct meter *meter);

/** Write one of the set-up registers.  @return false: refused, see register F304. */
bool optical_analysis_write(struct meter *meter, uint16_t kmp_id, int64_t number);

#endif
