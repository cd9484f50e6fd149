/**
 * KMP commands for calibration (proto/kmp/kmp_calibration.h): snapshots, constants, audit trail.
 *
 * Constants of each system are staged until all of them are committed at once; what is staged is
 * forgotten with the supply.  The legal part decides: behind a closed seal nothing is written.
 * Source: MET-06, OPT-06, SEC-02, SEC-03.
 */
#ifndef OPEN382_OPTICAL_CALIBRATION_H
#define OPEN382_OPTICAL_CALIBRATION_H

#include <stdint.h>

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"
#include "legal_api.h"

struct meter;

/** Constants that wait to be committed. */
struct optical_staged {
    struct legal_calibration system[LEGAL_SYSTEMS];
    uint8_t systems; /**< bit 0: system 1 is there, and so on */
};

/** As kmp_meter.other: 1: answer written; 0: silence (unknown or malformed). */
int optical_calibration(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
