/**
 * Records of the data loggers over KMP: load profile (6), debiting logs 1 (1) and 2 (8).
 *
 * A record answers the registers that it holds, under the ids that the meter's own registers have,
 * with their units and widths; energies also in the finer form of the verification registers.  Of
 * the load profile logger status is 1086 and data quality 1455.  Source: spec kmp 1.8.
 */
#ifndef OPEN382_OPTICAL_RECORDS_H
#define OPEN382_OPTICAL_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../proto/kmp/kmp_log.h"

#define OPTICAL_LOG_DEBITING   1u
#define OPTICAL_LOG_PROFILE    6u
#define OPTICAL_LOG_DEBITING_2 8u

#define OPTICAL_UNIT_RTC 53u /**< of a value that is a moment */

struct meter;

/** What every record of every log has. */
struct optical_stamp {
    uint32_t id;
    int64_t utc_s;
    uint32_t hours;
    bool clock_valid;
};

/** UTC of a time on the wire, which is the meter's normal time; INT64_MIN: no such date. */
int64_t optical_log_time(const struct meter *meter, const struct kmp_log_time *time);

/** RTC 1047, clock 1002, date 1003, hour counter 1004, log id 1458.  @return false: another. */
bool optical_stamp_value(const struct meter *meter, const struct optical_stamp *stamp,
                         uint16_t register_id, struct kmp_value *out);

/** A moment that a register held, as RTC; the id stands in out already; utc_s 0: none yet. */
bool optical_moment_value(const struct meter *meter, int64_t utc_s, struct kmp_value *out);

/** A register of a record of debiting log 1 or 2.  @return false: the record does not hold it. */
bool optical_billing_value(const struct meter *meter, uint8_t log, uint32_t id,
                           uint16_t register_id, struct kmp_value *out);

/** The load profile as a source of records. */
struct kmp_log_source optical_profile_source(struct meter *meter);

#endif
