/* From frames to registers: windows of all systems are booked together. */
#include "energy/processor.h"

/* All phases below 160 V for so long: the meter stops (X-MET-7). */
#define SUPPLY_LOSS_US INT64_C(1000000)
/* The hour counter may lose so much in a cut without warning. */
#define OPERATING_STEP_US UINT64_C(360000000)
#define WINDOW_US_MAX     UINT64_C(2000000)

static void book_energies(struct processor *p)
{
    struct registers_entry entry[LEGAL_SYSTEMS];
    for (unsigned s = 0; s < p->setup.systems; s++) {
        struct system *system = &p->system[s];
        uint64_t window_us = system->window_samples * SYSTEM_SAMPLE_US; /* below 2^41: 24 days */
        struct wide nothing = {0, 0};
        entry[s].active = nothing;
        entry[s].reactive = nothing;
        if (system->reported) {
            entry[s].active = no_load_take(&system->active_load, system->active_energy, window_us);
            entry[s].reactive =
                no_load_take(&system->reactive_load, system->reactive_energy, window_us);
        }
        entry[s].loaded = system->active_load.loaded;
        entry[s].exporting = no_load_negative(&system->active_load);
    }
    registers_book(&p->registers, entry, p->setup.systems);
}

static uint64_t group_window_us(const struct processor *p)
{
    uint64_t samples = 0;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        uint64_t of_system = p->system[s].reported ? p->system[s].window_samples : 0;
        samples = of_system > samples ? of_system : samples;
    }
    uint64_t window_us = samples * SYSTEM_SAMPLE_US;
    return window_us < WINDOW_US_MAX ? window_us : WINDOW_US_MAX;
}

static void forget_group(struct processor *p)
{
    for (unsigned s = 0; s < p->setup.systems; s++) {
        system_booked(&p->system[s]);
    }
    p->reported = 0;
}

void processor_book(struct processor *p)
{
    if (p->reported == 0) {
        return;
    }
    bool supplied = supply_present(p);
    bool starting = supplied && !p->running;
    uint64_t window_us = group_window_us(p);
    if (starting) {
        supply_start(p, window_us);
    }
    if (p->running) {
        (void)pulses_run(&p->pulses, &p->port, p->frame_us, true);
        book_energies(p);
        pulses_spread(&p->pulses, processor_shown_uwh(p, p->pulse_energy), p->frame_us,
                      (uint32_t)window_us);
        p->operating_us += (uint64_t)(p->frame_us - p->counted_us);
        p->counted_us = p->frame_us;
        p->supplied_us = supplied ? p->frame_us : p->supplied_us;
        p->changed = true;
        if (starting || registers_due(&p->registers) ||
            p->operating_us - p->stored_operating_us >= OPERATING_STEP_US) {
            (void)processor_save(p, false);
        }
    }
    forget_group(p);
    ident_step(&p->ident, &p->port);
    if (p->running && p->frame_us - p->supplied_us >= SUPPLY_LOSS_US) {
        supply_stop(p);
    }
}

static void receive_frame(struct processor *p, const struct bus_frame *frame)
{
    unsigned s = frame->system - 1u;
    if (s >= p->setup.systems) {
        p->frames_refused++;
        return;
    }
    struct system *system = &p->system[s];
    if (system->reported) {
        processor_book(
            p); /* another system's frame is missing: it will bring its energy next time */
    }
    p->frame_us = p->now_us;
    switch (system_take(system, frame, p->now_us, &p->frames_lost)) {
    case SYSTEM_TAKEN:
        p->frames_taken++;
        p->reported++;
        break;
    case SYSTEM_REPEATED: p->frames_taken++; break;
    case SYSTEM_IMPLAUSIBLE: p->frames_refused++; break;
    }
    if (p->reported == p->setup.systems) {
        processor_book(p);
    }
}

void legal_bus_receive(struct legal *legal, const uint8_t *bytes, size_t n_bytes, int64_t now_us)
{
    struct processor *p = processor_enter(legal, now_us);
    while (n_bytes > 0) {
        struct bus_frame frame;
        bool got = false;
        size_t used = bus_receiver_bytes(&p->receiver, bytes, n_bytes, &frame, &got);
        if (got) {
            receive_frame(p, &frame);
        }
        bytes += used;
        n_bytes -= used;
    }
}

int64_t legal_step(struct legal *legal, int64_t now_us)
{
    struct processor *p = processor_enter(legal, now_us);
    if (p->running && p->now_us - p->frame_us >= PROCESSOR_SILENCE_US) {
        processor_book(p);
        if (p->running) {
            supply_stop(p);
        }
    }
    int64_t next_us = pulses_run(&p->pulses, &p->port, p->now_us, p->running);
    int64_t silent_us = p->running ? p->frame_us + PROCESSOR_SILENCE_US : INT64_MAX;
    return next_us < silent_us ? next_us : silent_us;
}
