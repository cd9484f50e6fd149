/**
 * The I/O pins of a meter: what an input does, which registers the pulse outputs follow, their
 * records.
 * Source: LCO-06..09, X-LCO-2, X-LCO-3, TAR-05, TOO-06, REG-08, docs/pulses.md.
 */
#ifndef OPEN382_METER_PINS_H
#define OPEN382_METER_PINS_H

#include "meter.h"

/** Take up what the memory holds; the legal part has started. */
void meter_pins_begin(struct meter *meter);
/** Supply came or went.  When it comes inputs count as they are, without an edge. */
void meter_pins_supply(struct meter *meter, bool on);
/** Keep everything (orderly end). */
void meter_pins_store(struct meter *meter);
/** Configurations 1 or 2 may be others. */
void meter_pins_configure(struct meter *meter);

/** An I/O pin, 0 or 1, has changed. */
void meter_pins_input(struct meter *meter, unsigned pin, bool on);
/** Inputs and records.  @return when it wants to be called next */
int64_t meter_pins_step(struct meter *meter);
/** Energy has been booked: what the outputs owe. */
void meter_pins_feed(struct meter *meter);
/** Edges of pulses that are due.  @return when the next one is */
int64_t meter_pins_edges(struct meter *meter);
/** Outputs that show a state follow it. */
void meter_pins_follow(struct meter *meter);

/** The alarm input is active, and configuration I lets it count. */
bool meter_pins_alarm(const struct meter *meter);
/** Voltage at a pin that is tariff input 0 or 1. */
bool meter_pins_tariff(const struct meter *meter, unsigned input);
/** Relays for load control that the outputs drive. */
uint8_t meter_pins_relays(const struct meter *meter);

/** Write a register of the pins, which the audit log has first; rights are the caller's.
 *  @return false: no such register, out of range, or not stored */
bool meter_pins_write(struct meter *meter, uint16_t kmp_id, int64_t number);
/** Value of a register, by enum pin_register of the register table. */
int64_t meter_pins_value(const struct meter *meter, uint8_t index);

#endif
