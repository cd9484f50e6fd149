/**
 * KMP commands that head-ends ask how a meter's loggers are set up: AA load profile, A7 voltage
 * quality.  Read only: how they are written is not public.  docs/protocols.md, "Commands answered".
 */
#ifndef OPEN382_OPTICAL_SETUPS_H
#define OPEN382_OPTICAL_SETUPS_H

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

struct meter;

enum optical_setups_command { GET_VOLTAGE_QUALITY_SETUP = 0xA7, GET_LOAD_PROFILE_SETUP = 0xAA };

/** @return 1: answer in out; 0: silence (malformed, or the meter has no such logger) */
int optical_setups(const struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

#endif
