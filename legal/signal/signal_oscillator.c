#include "signal/angle.h"
#include "signal/signal_state.h"

void signal_oscillator_align(struct signal_oscillator *oscillator)
{
    const struct angle_vector now = angle_vector_of(oscillator->phase);
    const struct angle_vector step = angle_vector_of(oscillator->step);
    oscillator->cos_q30 = now.cos_q30;
    oscillator->sin_q30 = now.sin_q30;
    oscillator->step_cos_q30 = step.cos_q30;
    oscillator->step_sin_q30 = step.sin_q30;
}
