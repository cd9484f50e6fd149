/* What all commands of the legal processor share. */
#include "energy/processor.h"

#include <string.h>

#define UWH_PER_KWH UINT64_C(1000000000)

uint64_t processor_pending_pulses(const struct processor *p)
{
    return p->pulse_energy == p->setup.pulse_energy ? pulses_pending(&p->pulses) : p->parked_pulses;
}

uint64_t processor_emitted_pulses(const struct processor *p)
{
    return processor_shown_uwh(p, p->setup.pulse_energy) / p->pulses.value_uwh -
           processor_pending_pulses(p);
}

enum legal_err processor_save(struct processor *p, bool orderly)
{
    p->suspect = p->suspect || p->store.fault || p->constants_fault;
    struct store_state state = {
        .orderly = orderly,
        .suspect = p->suspect,
        .starts = p->starts,
        .pulses_emitted = processor_emitted_pulses(p),
        .operating_us = p->operating_us,
    };
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        state.epoch[s] =
            p->system[s].known || p->system[s].epoch_contained ? p->system[s].epoch : 0;
    }
    enum legal_err err = store_save_state(&p->store, &p->registers, &state);
    registers_stored(&p->registers); /* after a failure too: the next step is the next attempt */
    p->stored_operating_us = p->operating_us;
    p->changed = err != LEGAL_OK;
    return err;
}

struct no_load_sum processor_sum(struct processor *p, unsigned which)
{
    struct no_load_sum sum = {.n_cells = p->setup.systems, .loaded = &p->sum_loaded[which]};
    for (unsigned s = 0; s < p->setup.systems; s++) {
        struct system *system = &p->system[s];
        sum.cell[s] = which == 0 ? &system->active_load : &system->reactive_load;
    }
    return sum;
}

/* What is pending and is load, of each system; under vector summation judged by the sum. */
static void settle_cells(struct processor *p, unsigned which, struct wide booked[])
{
    const struct no_load_sum sum = processor_sum(p, which);
    if (p->setup.summation == LEGAL_SUM_VECTOR) {
        no_load_settle_sum(&sum, booked);
        return;
    }
    for (unsigned s = 0; s < sum.n_cells; s++) {
        booked[s] = no_load_settle(sum.cell[s]);
    }
}

void processor_settle(struct processor *p)
{
    struct registers_entry entry[LEGAL_SYSTEMS];
    struct wide active[LEGAL_SYSTEMS], reactive[LEGAL_SYSTEMS];
    memset(entry, 0, sizeof entry);
    bool any = false;
    settle_cells(p, 0, active);
    settle_cells(p, 1, reactive);
    for (unsigned s = 0; s < p->setup.systems; s++) {
        entry[s].active = active[s];
        entry[s].loaded = p->system[s].active_load.loaded || !wide_is_zero(entry[s].active);
        entry[s].exporting = wide_is_zero(entry[s].active)
                                 ? no_load_negative(&p->system[s].active_load)
                                 : wide_is_negative(entry[s].active);
        entry[s].reactive = reactive[s];
        any = any || !wide_is_zero(entry[s].active) || !wide_is_zero(entry[s].reactive);
    }
    if (any) {
        registers_book(&p->registers, entry, p->setup.systems);
        pulses_spread(&p->pulses, processor_shown_uwh(p, p->pulse_energy), p->now_us, 0);
        p->changed = true;
    }
}

void processor_start_pulses(struct processor *p, uint8_t energy, uint64_t emitted)
{
    p->pulse_energy = energy;
    pulses_start(&p->pulses, UWH_PER_KWH / p->setup.pulses_per_kwh, p->setup.pulse_ms * 1000u,
                 emitted, processor_shown_uwh(p, energy), p->now_us);
}

void processor_select_pulses(struct processor *p, uint8_t energy)
{
    if (p->pulse_energy == energy) {
        return;
    }
    p->parked_pulses = processor_pending_pulses(p);
    bool normal = energy == p->setup.pulse_energy;
    uint64_t reached = processor_shown_uwh(p, energy) / p->pulses.value_uwh;
    bool lit = p->pulses.lit;
    int64_t off_us = p->pulses.off_us;
    processor_start_pulses(p, energy, normal ? reached - p->parked_pulses : reached);
    p->pulses.lit = lit; /* the pulse under way keeps its length */
    p->pulses.off_us = off_us;
}

void processor_run(struct processor *p, uint64_t window_us)
{
    p->running = true;
    supply_begin(&p->supply, p->frame_us - (int64_t)window_us);
    p->counted_us = p->frame_us - (int64_t)window_us;
    /* what was pending when the meter stopped, or was never shown, is due from now on */
    pulses_spread(&p->pulses, p->pulses.to_uwh, p->frame_us, 0);
}

void processor_stop(struct processor *p)
{
    processor_settle(p);
    if (p->changed) {
        (void)processor_save(p, true);
    }
    for (unsigned s = 0; s < p->setup.systems; s++) {
        no_load_clear(&p->system[s].active_load);
        no_load_clear(&p->system[s].reactive_load);
    }
    p->sum_loaded[0] = p->sum_loaded[1] = false;
    p->running = false;
    processor_select_pulses(p, p->setup.pulse_energy); /* verification ends with the supply */
    p->starts++; /* the number of the start to come; stored with it */
}

bool processor_supplied(const struct processor *p)
{
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system *system = &p->system[s];
        if (system->voltage_present && p->frame_us - system->frame_us < PROCESSOR_SILENCE_US) {
            return true;
        }
    }
    return false;
}
