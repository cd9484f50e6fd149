/**
 * The breaker of a meter: its memory, its log, who may move it, and what the load is.
 * Source: BRK-01..13, NEU-02, C-23, X-BRK-2..5, docs/breaker.md.
 */
#ifndef OPEN382_METER_BREAKER_H
#define OPEN382_METER_BREAKER_H

#include "../rights/rights.h"
#include "meter.h"

#define METER_BREAKER_RECORD_BYTES 10u /**< payload of a record in the disconnect log */

/** Take up what the memory holds. */
void meter_breaker_begin(struct meter *meter);
/** Take limits and times from the settings. */
void meter_breaker_configure(struct meter *meter);
/** Supply came or went. */
void meter_breaker_supply(struct meter *meter, bool on);
/** Keep what its times have come to (orderly end). */
void meter_breaker_store(struct meter *meter);
/** Do what is due; call with every step of the meter.  @return when it wants to be called next */
int64_t meter_breaker_step(struct meter *meter);

/**
 * A client's command: 1 disconnect, 2 release, 3 reconnect (events of the same numbers); whoever is
 * being served must be allowed to.
 * @retval BREAKER_ERR_RIGHTS  not over this connection
 */
enum breaker_answer meter_breaker_command(struct meter *meter, uint8_t command);
/** The button has been held for 6 s where it acts. */
void meter_breaker_button(struct meter *meter);

/** State as clients read it; BREAKER_NO_RELAY where none is fitted. */
uint8_t meter_breaker_state(const struct meter *meter);
/** CouplingFeedback; of a meter without a breaker: voltages of the phases, valid, no error. */
uint8_t meter_breaker_feedback(const struct meter *meter);
/** Bits 29 to 31 of event word B: opened by hand, by itself, remotely. */
uint32_t meter_breaker_word_b(const struct meter *meter);
/** The red lamp beside the button: 0 dark (closed), 1 lit (open), 2 flashing (released). */
uint8_t meter_breaker_lamp(const struct meter *meter);

#endif
