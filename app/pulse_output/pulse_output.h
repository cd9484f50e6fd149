/**
 * A pulse output of the module port: pulses of one energy, from a queue that loses nothing.
 *
 * Each time the register passes the value of a pulse one more is due.  Pulses leave evenly spread
 * over the time that the energy took to come, and never closer than length and pause allow; what
 * the load makes faster than that waits.  Always:
 *     emitted + waiting == floor(register / value) - what it was when the output began.
 * Source: LCO-06, LCO-07, X-LCO-3, requirements part 3.
 */
#ifndef OPEN382_PULSE_OUTPUT_H
#define OPEN382_PULSE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

struct pulse_output {
    uint64_t value_uwh; /**< energy of a pulse; 0: this output has none */
    uint64_t reached;   /**< pulses that the register was worth when it was looked at last */
    uint64_t emitted;   /**< since the memory was blank */
    uint32_t waiting;
    uint32_t width_us; /**< length of a pulse, and of the pause behind it */
    bool on;
    bool spread;         /**< something was due before: the time since is known */
    int64_t fed_us;      /**< when the register moved last */
    int64_t interval_us; /**< from the begin of a pulse to the next */
    int64_t begin_us;    /**< the next pulse begins there, not before */
    int64_t end_us;      /**< of the pulse that is on */
};

/** Where an edge goes. */
struct pulse_edge {
    void *context;
    void (*edge)(void *context, bool on, int64_t at_us);
};

/** Begin at a register; waiting and emitted are as they were. */
void pulse_output_begin(struct pulse_output *output, uint64_t value_uwh, uint32_t width_us,
                        uint64_t register_uwh, int64_t now_us);
/** The register stands there now. */
void pulse_output_feed(struct pulse_output *output, uint64_t register_uwh, int64_t now_us);
/**
 * Tell the edges that are due, with their instants.
 * @param begin  false: end the pulse that is on, begin no other (no supply)
 * @return when the next one is due; INT64_MAX: none
 */
int64_t pulse_output_run(struct pulse_output *output, const struct pulse_edge *to, bool begin,
                         int64_t now_us);
/** More waits than the next two seconds can send: the load is too high for the set-up. */
bool pulse_output_late(const struct pulse_output *output);

#endif
