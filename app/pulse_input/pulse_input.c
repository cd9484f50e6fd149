#include "pulse_input.h"

#define PULSE_MILLI 1000u

void pulse_input_begin(struct pulse_input *input)
{
    *input = (struct pulse_input){.divisor_milli = PULSE_INPUT_DIVISOR};
}

bool pulse_input_good(const struct pulse_input *input)
{
    return input->divisor_milli >= PULSE_INPUT_DIVISOR_MIN &&
           input->divisor_milli <= PULSE_INPUT_DIVISOR_MAX &&
           input->rest_milli < input->divisor_milli;
}

void pulse_input_count(struct pulse_input *input)
{
    const uint32_t all = input->rest_milli + PULSE_MILLI;
    input->pulses++;
    input->units += all / input->divisor_milli;
    input->rest_milli = all % input->divisor_milli;
}

bool pulse_input_scale(struct pulse_input *input, uint32_t divisor_milli)
{
    const struct pulse_input next = {.divisor_milli = divisor_milli};
    if (!pulse_input_good(&next)) {
        return false;
    }
    input->rest_milli =
        (uint32_t)((uint64_t)input->rest_milli * divisor_milli / input->divisor_milli);
    input->divisor_milli = divisor_milli;
    return true;
}

void pulse_input_set(struct pulse_input *input, uint32_t units)
{
    input->units = units;
    input->rest_milli = 0;
}
