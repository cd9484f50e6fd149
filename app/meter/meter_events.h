/**
 * Event words A and B: what is new in the logs, and what is wrong now.
 *
 * Word A is what clients poll and clear (KMP 9B and 9C, byte by byte from its low end); word B says
 * what holds at this instant and needs no clearing.
 * Source: X-EVT-4, spec answers B18, cosem-objects 4.4 and 4.5, kmp 1.8 and 1.9.
 */
#ifndef OPEN382_METER_EVENTS_H
#define OPEN382_METER_EVENTS_H

#include "meter.h"

/** Bits of word A; 0 .. 7 are those of the meter status. */
enum event_a {
    EVENT_A_CLOCK_ADJUSTED = 10,
    EVENT_A_WORD_B = 11,       /**< generation M: word B is not 0 */
    EVENT_A_DISCONNECTED = 12, /**< the breaker is open, or not where it should be */
    EVENT_A_DEBITING = 16,
    EVENT_A_CLOCK = 17,
    EVENT_A_STATUS = 18,
    EVENT_A_VOLTAGE = 19,
    EVENT_A_DISCONNECT = 20,
    EVENT_A_PROFILE = 21,
    EVENT_A_DEBITING_2 = 22,
    EVENT_A_FIRMWARE = 27,
    EVENT_A_FIRMWARE_FAILED = 28,
    EVENT_A_NEUTRAL = 29,
    EVENT_A_ANALYSIS = 30,
    EVENT_A_LOAD_PROFILE = 31,
};

/** Bits of word B; those of a phase: L1, and L2 and L3 above it. */
enum event_b {
    EVENT_B_NEUTRAL = 3,
    EVENT_B_ROM = 4,
    EVENT_B_MISSING = 6,       /**< phase below 160 V; one bit on */
    EVENT_B_OVERVOLTAGE = 9,   /**< two bits on */
    EVENT_B_UNDERVOLTAGE = 10, /**< two bits on */
    EVENT_B_ALARM_INPUT = 15,
    EVENT_B_SEQUENCE = 19, /**< phases come as L1, L3, L2 */
    EVENT_B_MAGNET = 21,
    EVENT_B_COVER = 22,
    EVENT_B_REVERSE = 24,    /**< active power of the phase flows out; one bit on */
    EVENT_B_PREPAYMENT = 28, /**< credit is at its alarm limit or below */
    EVENT_B_OPENED_BY_HAND = 29,
    EVENT_B_OPENED_BY_ITSELF = 30,
    EVENT_B_OPENED_REMOTELY = 31,
};

/** Load the marks; after the logs and the load profile. */
void meter_events_begin(struct meter *meter);

/** EventStatusA, 96.10.1. */
uint32_t meter_event_word_a(const struct meter *meter);
/** EventStatusB, 96.10.2. */
uint32_t meter_event_word_b(const struct meter *meter);

/** The wanted bits alone: what nobody wants is not worked out. */
uint32_t meter_event_word_a_of(const struct meter *meter, uint32_t wanted);
uint32_t meter_event_word_b_of(const struct meter *meter, uint32_t wanted);

/**
 * A client clears flags of word A and confirms what it has read of the logs of both masks.
 * A flag of `conditional` falls when the newest record of its log has been read; one that has no
 * log of its own only by `always`.  What still holds stays up.
 * @retval METER_ERR_STORAGE  not stored: the flags of the logs are as they were
 */
enum meter_err meter_event_clear(struct meter *meter, uint32_t conditional, uint32_t always);

/** A bit of word A that stays until a client clears it: EVENT_A_CLOCK_ADJUSTED. */
void meter_event_latch(struct meter *meter, enum event_a bit);

#endif
