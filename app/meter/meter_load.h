/**
 * Load control of a meter: its memory, who may command it, how many relays there are.
 * Source: LCO-01, LCO-02, X-LCO-1, docs/load-control.md.
 */
#ifndef OPEN382_METER_LOAD_H
#define OPEN382_METER_LOAD_H

#include "meter.h"

#define METER_LOAD_RECORD_BYTES 6u /**< payload of a record in its log */

/** Take up what the memory holds. */
void meter_load_begin(struct meter *meter);
/** Supply came or went. */
void meter_load_supply(struct meter *meter, bool on);
/** Keep what is left of delays (orderly end). */
void meter_load_store(struct meter *meter);
/** Do what is due.  @return when it wants to be called next */
int64_t meter_load_step(struct meter *meter);
/** Another number of relays is there than the last step found. */
bool meter_load_changed(const struct meter *meter);

/**
 * Write a register of load control: a command, mode, map of tariffs, delay.  Rights are the
 * caller's; a change of the set-up goes to the audit log first.
 * @retval LOAD_ERR_RELAY  no such register or relay
 */
enum load_answer meter_load_write(struct meter *meter, uint16_t kmp_id, int64_t number);
/** Is the register a command (ACTION_TARIFF) or of the set-up (ACTION_SETTINGS)? */
bool meter_load_is_command(uint16_t kmp_id);
/** Another table for relay 0 or 1; noted in the audit log. */
enum load_answer meter_load_plan(struct meter *meter, uint8_t relay, const struct load_plan *plan);

/** Value of a register, by enum load_register of the register table. */
uint32_t meter_load_value(const struct meter *meter, uint8_t index);

#endif
