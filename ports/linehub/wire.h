/**
 * One wire with many ends: a pair of RS-485, an M-Bus.  Time is cut into slots of one octet.  In
 * each slot every end that has something to send puts one octet on the wire; a low bit of one wins
 * over a high one of another, so that two who talk at once give what neither has said.
 */
#ifndef OPEN382_LINEHUB_WIRE_H
#define OPEN382_LINEHUB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_ENDS  64u
#define WIRE_QUEUE 8192u /**< octets that an end may have waiting; what is more is lost */

struct wire_end {
    uint8_t queue[WIRE_QUEUE];
    size_t first, n;
};

struct wire {
    struct wire_end end[WIRE_ENDS];
    bool echo;        /**< who sends hears himself */
    int64_t octet_us; /**< length of a slot */
    int64_t delay_us; /**< what begins on an idle wire begins so much later */
    int64_t next_us;  /**< end of the slot under way; INT64_MAX: the wire is idle */
    uint64_t octets, collisions;
    void *context;
    /** An octet comes out at an end. */
    void (*out)(void *context, unsigned end, uint8_t octet);
};

/** An end says something. */
void wire_say(struct wire *wire, unsigned end, const uint8_t *octets, size_t n_octets,
              int64_t now_us);
/** An end has gone: what it had waiting is not sent. */
void wire_forget(struct wire *wire, unsigned end);
/** All slots that have ended.  @return when the next one ends; INT64_MAX: nobody talks */
int64_t wire_step(struct wire *wire, int64_t now_us);

#endif
