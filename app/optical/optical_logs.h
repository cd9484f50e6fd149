/**
 * Event logs over KMP (commands A0 to A3 of proto/kmp/kmp_log.h), for every log of the table in
 * app/log that has a KMP number.
 *
 * Registers of a record: RTC 1047, clock 1002, date 1003 (normal time, X-EVT-2), hour counter 1004,
 * log id 1458, the event under its log's register (event_log_row), and the record's own bytes as
 * they stand in memory under OPTICAL_LOG_PAYLOAD and the ids after it, 32 bytes each.  The event is
 * also under OPTICAL_LOG_EVENT, in every log.
 */
#ifndef OPEN382_OPTICAL_LOGS_H
#define OPEN382_OPTICAL_LOGS_H

#include <stdint.h>

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"
#include "../../proto/kmp/kmp_log.h"

struct meter;

/** Ours; no meter's register has these ids. */
#define OPTICAL_LOG_EVENT   0xFEFFu
#define OPTICAL_LOG_PAYLOAD 0xFF00u

/** The event logs and the debiting logs as a source of records. */
struct kmp_log_source optical_event_source(struct meter *meter);

/** @return 1: answer in out, 0: silence. */
int optical_logs(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
