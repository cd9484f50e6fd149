/**
 * Times as IEC 62056-21 carries them: NVYYMMDDhhmmss, without V NYYMMDDhhmmss.  N 1: summer time,
 * V 1: the clock was valid (Kamstrup 5512-1458 ch. 5).
 */
#ifndef OPEN382_IEC_STAMP_H
#define OPEN382_IEC_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IEC_STAMP_TEXT 20u /**< "2026-02-01 12:00:00" */

struct iec_stamp {
    bool summer, valid;
    int64_t normal_s; /**< the meter's normal time, as seconds since 1970 as if it were UTC */
};

/** @return false: no such time */
bool iec_stamp_read(const char *text, size_t n_text, struct iec_stamp *stamp);
/** Normal time for people, which also sorts. */
void iec_stamp_text(int64_t normal_s, char text[IEC_STAMP_TEXT]);
/** NYYMMDDhhmmss of a local reading. */
void iec_stamp_write(int64_t local_s, bool summer, char text[14]);

#endif
