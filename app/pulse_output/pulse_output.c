#include "pulse_output.h"

#define SPREAD_US INT64_C(2000000) /* the longest time over which pulses are spread */

static int64_t shortest_us(const struct pulse_output *output)
{
    return 2 * (int64_t)output->width_us;
}

void pulse_output_begin(struct pulse_output *output, uint64_t value_uwh, uint32_t width_us,
                        uint64_t register_uwh, int64_t now_us)
{
    output->value_uwh = value_uwh;
    output->width_us = width_us;
    output->reached = value_uwh != 0 ? register_uwh / value_uwh : 0;
    output->spread = false;
    output->fed_us = now_us;
    output->interval_us = shortest_us(output);
    output->begin_us = now_us > output->begin_us ? now_us : output->begin_us;
}

void pulse_output_feed(struct pulse_output *output, uint64_t register_uwh, int64_t now_us)
{
    const uint64_t reached = register_uwh / output->value_uwh;
    if (reached <= output->reached) {
        return;
    }
    const uint64_t more = reached - output->reached;
    const int64_t since_us = now_us - output->fed_us;
    const bool idle = output->waiting == 0;
    output->reached = reached;
    output->waiting =
        more < UINT32_MAX - output->waiting ? output->waiting + (uint32_t)more : UINT32_MAX;
    output->fed_us = now_us;
    const int64_t over_us = output->spread && since_us < SPREAD_US ? since_us : 0;
    const int64_t even_us = over_us / output->waiting;
    output->interval_us = even_us > shortest_us(output) ? even_us : shortest_us(output);
    output->spread = true;
    if (idle && output->begin_us < now_us) {
        output->begin_us = now_us;
    }
}

static int64_t next_edge_us(const struct pulse_output *output, bool begin)
{
    if (output->on) {
        return output->end_us;
    }
    return begin && output->waiting > 0 ? output->begin_us : INT64_MAX;
}

int64_t pulse_output_run(struct pulse_output *output, const struct pulse_edge *to, bool begin,
                         int64_t now_us)
{
    int64_t at_us = next_edge_us(output, begin);
    while (at_us <= now_us) {
        output->on = !output->on;
        if (output->on) {
            output->waiting--;
            output->emitted++;
            output->end_us = at_us + (int64_t)output->width_us;
            output->begin_us = at_us + output->interval_us;
        }
        to->edge(to->context, output->on, at_us);
        at_us = next_edge_us(output, begin);
    }
    return at_us;
}

bool pulse_output_late(const struct pulse_output *output)
{
    return (int64_t)output->waiting * shortest_us(output) > SPREAD_US;
}
