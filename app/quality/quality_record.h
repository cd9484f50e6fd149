/**
 * A record of the voltage quality log as it stands in the log: docs/voltage-quality.md.
 *
 * Payload, little endian: kind, edge, phases (1 byte each), a zero, when (UTC, ms since 1970, 8
 * bytes), duration (ms, 4), extreme (mV, 4).
 */
#ifndef OPEN382_QUALITY_RECORD_H
#define OPEN382_QUALITY_RECORD_H

#include <stddef.h>

#include "quality.h"

#define QUALITY_RECORD_BYTES 20u

/** @return QUALITY_RECORD_BYTES. */
size_t quality_record_encode(const struct quality_record *record, int64_t utc_minus_now_us,
                             uint8_t bytes[QUALITY_RECORD_BYTES]);
/** @return false: not such a record; *record is untouched. */
bool quality_record_decode(const uint8_t *bytes, size_t n_bytes, int64_t utc_minus_now_us,
                           struct quality_record *record);

/**
 * Event code: low byte as the makers' tools know it (X-EVT-4): 01 L1, 02 L2, 04 L3, 20 back within
 * limits, 40 below, 80 above; bits 8 .. 11 enum quality_kind, bits 12 .. 13 enum quality_edge.
 */
uint16_t quality_record_code(const struct quality_record *record);

#endif
