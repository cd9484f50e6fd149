/**
 * Tampering with a meter: where each act is seen, and what follows from it: a record in the status
 * log, the word, an alarm, the symbol.  Nothing here reaches the legal part.
 * Source: EVT-01, EVT-11, SEC-03, SEC-05, SEC-07; docs/alarms.md.
 */
#ifndef OPEN382_METER_TAMPER_H
#define OPEN382_METER_TAMPER_H

#include "meter.h"

/** Take up what memory and status log hold; after meter_log_start. */
void meter_tamper_begin(struct meter *meter);
/** Take mask and symbol from the settings. */
void meter_tamper_configure(struct meter *meter);
/** Supply has come or is going: what came without it goes into the log; what is new is stored. */
void meter_tamper_supply(struct meter *meter, bool on);
/** An input has changed; without supply only what is watched counts. */
void meter_tamper_input(struct meter *meter);
/** Look when it is time, while there is supply. */
void meter_tamper_step(struct meter *meter);
/** When it would like to look. */
int64_t meter_tamper_next_us(const struct meter *meter);
/** Store what is not stored yet (orderly end). */
void meter_tamper_store(struct meter *meter);

/** The word: acts that hold, bits of enum tamper_kind's rows. */
uint16_t meter_tamper_word(const struct meter *meter);
/** The hand on the display (M). */
bool meter_tamper_shown(const struct meter *meter);
/**
 * Clear alarms of these acts; see tamper_clear.
 * @retval METER_ERR_STORAGE  the memory has not taken it: nothing changed
 */
enum meter_err meter_tamper_clear(struct meter *meter, uint32_t bits);

#endif
