/**
 * KMP commands for settings, EC to EF: read, stage, commit, status.
 * Bytes: proto/kmp/kmp_settings.h and docs/protocols.md, "Settings".
 */
#ifndef OPEN382_OPTICAL_SETTINGS_H
#define OPEN382_OPTICAL_SETTINGS_H

#include <stdint.h>

#include "../../proto/kmp/kmp.h"

struct meter;

/** As kmp_meter.other: 1: answer written; 0: silence (unknown or malformed). */
int optical_settings(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

/**
 * PutRegister of a register that shows a setting, or of a whole configuration: a change of its own,
 * staged and committed at once.  The password has been checked.
 * @param exponent  of the number's power of ten
 * @return false: no such setting, or refused
 */
bool optical_settings_put(struct meter *meter, uint16_t kmp_id, int64_t number, int exponent);

#endif
