#include "energy/pulses.h"

void pulses_start(struct pulses *pulses, uint64_t value_uwh, uint32_t width_us, uint64_t emitted,
                  uint64_t register_uwh, int64_t now_us)
{
    uint64_t reached = register_uwh / value_uwh;
    pulses->emitted = emitted < reached ? emitted : reached;
    pulses->value_uwh = value_uwh;
    pulses->next_uwh = (pulses->emitted + 1u) * value_uwh;
    pulses->from_uwh = register_uwh;
    pulses->to_uwh = register_uwh;
    pulses->from_us = now_us;
    pulses->span_us = 0;
    pulses->width_us = width_us;
    pulses->off_us = now_us - PULSE_PAUSE_MIN_US;
    pulses->lit = false;
    pulses->begin_known = false;
}

void pulses_spread(struct pulses *pulses, uint64_t register_uwh, int64_t now_us, uint32_t span_us)
{
    pulses->from_uwh = pulses->to_uwh;
    pulses->to_uwh = register_uwh;
    pulses->from_us = now_us;
    pulses->span_us = span_us;
    pulses->begin_known = false;
}

/* Where the line passes the next pulse; never before the minimum pause is over. */
static int64_t next_begin_us(struct pulses *pulses)
{
    if (pulses->begin_known) {
        return pulses->begin_us;
    }
    int64_t at_us = pulses->from_us;
    if (pulses->next_uwh > pulses->from_uwh) {
        /* below 2 s * 2^43 uWh (8.8 MWh in one window), far below 2^64 */
        at_us += (int64_t)((pulses->next_uwh - pulses->from_uwh) * pulses->span_us /
                           (pulses->to_uwh - pulses->from_uwh));
    }
    int64_t earliest_us = pulses->off_us + PULSE_PAUSE_MIN_US;
    pulses->begin_us = at_us > earliest_us ? at_us : earliest_us;
    pulses->begin_known = true;
    return pulses->begin_us;
}

/* The next edge; INT64_MAX when nothing is due. */
static int64_t next_edge_us(struct pulses *pulses, bool begin)
{
    if (pulses->lit) {
        return pulses->off_us;
    }
    return begin && pulses->next_uwh <= pulses->to_uwh ? next_begin_us(pulses) : INT64_MAX;
}

int64_t pulses_run(struct pulses *pulses, const struct legal_port *port, int64_t now_us, bool begin)
{
    int64_t at_us = next_edge_us(pulses, begin);
    while (at_us <= now_us) {
        pulses->lit = !pulses->lit;
        if (pulses->lit) {
            pulses->off_us = at_us + (int64_t)pulses->width_us;
            pulses->emitted++;
            pulses->next_uwh += pulses->value_uwh;
            pulses->begin_known = false;
        }
        if (port->pulse_output != 0) {
            port->pulse_output(port->context, pulses->lit, at_us);
        }
        at_us = next_edge_us(pulses, begin);
    }
    return at_us;
}

uint64_t pulses_pending(const struct pulses *pulses)
{
    return pulses->to_uwh / pulses->value_uwh - pulses->emitted;
}
