/* The supply supervisor: when the meter runs. */
#include "energy/processor.h"

void supply_start(struct processor *p, uint64_t window_us)
{
    p->running = true;
    p->counted_us = p->frame_us - (int64_t)window_us;
    /* what was pending when the meter stopped, or was never shown, is due from now on */
    pulses_spread(&p->pulses, p->pulses.to_uwh, p->frame_us, 0);
}

void supply_stop(struct processor *p)
{
    processor_settle(p);
    if (p->changed) {
        (void)processor_save(p, true);
    }
    for (unsigned s = 0; s < p->setup.systems; s++) {
        no_load_clear(&p->system[s].active_load);
        no_load_clear(&p->system[s].reactive_load);
    }
    p->running = false;
    processor_select_pulses(p, p->setup.pulse_energy); /* verification ends with the supply */
    p->starts++; /* the number of the start to come; stored with it */
}

bool supply_present(const struct processor *p)
{
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system *system = &p->system[s];
        if (system->voltage_present && p->frame_us - system->frame_us < PROCESSOR_SILENCE_US) {
            return true;
        }
    }
    return false;
}
