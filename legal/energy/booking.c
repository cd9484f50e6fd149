/* From frames to registers: windows of all systems are booked together. */
#include "energy/neighbours.h"
#include "energy/trail.h"

/* The hour counter may lose so much in a cut without warning. */
#define OPERATING_STEP_US UINT64_C(360000000)
#define WINDOW_US_MAX     UINT64_C(2000000)

/* Vector summation: each energy of all systems is judged by its sum.  A frame that is still to come
 * is waited for, or the sum of one booking might have the sign of one system alone. */
static void book_sums(struct processor *p)
{
    const unsigned n = p->setup.systems;
    struct registers_entry entry[LEGAL_SYSTEMS];
    struct wide active[LEGAL_SYSTEMS] = {{0, 0}}, reactive[LEGAL_SYSTEMS] = {{0, 0}};
    struct wide active_booked[LEGAL_SYSTEMS], reactive_booked[LEGAL_SYSTEMS];
    uint64_t taken_us[LEGAL_SYSTEMS] = {0};
    for (unsigned s = 0; s < n; s++) {
        const struct system *system = &p->system[s];
        const struct wide nothing = {0, 0};
        active[s] = system->reported ? system->active_energy : nothing;
        reactive[s] = system->reported ? system->reactive_energy : nothing;
        taken_us[s] = system->reported ? system->window.samples * SYSTEM_SAMPLE_US : 0;
    }
    const struct no_load_sum active_sum = processor_sum(p, 0), reactive_sum = processor_sum(p, 1);
    no_load_take_sum(&active_sum, active, taken_us, active_booked);
    no_load_take_sum(&reactive_sum, reactive, taken_us, reactive_booked);
    for (unsigned s = 0; s < n; s++) {
        entry[s].active = active_booked[s];
        entry[s].reactive = reactive_booked[s];
        entry[s].loaded = p->sum_loaded[0];
        entry[s].exporting = no_load_negative(&p->system[s].active_load);
    }
    registers_book(&p->registers, entry, p->setup.systems);
}

static void book_energies(struct processor *p)
{
    if (p->setup.summation == LEGAL_SUM_VECTOR) {
        book_sums(p);
        return;
    }
    struct registers_entry entry[LEGAL_SYSTEMS];
    for (unsigned s = 0; s < p->setup.systems; s++) {
        struct system *system = &p->system[s];
        uint64_t window_us = system->window.samples * SYSTEM_SAMPLE_US; /* below 2^41: 24 days */
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

/* The longest window of the group, and the highest voltage in it. */
static struct supply_level group_level(const struct processor *p)
{
    struct supply_level level = {0, 0, 0};
    uint64_t samples = 0;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system *system = &p->system[s];
        if (!system->reported) {
            continue;
        }
        samples = system->window.samples > samples ? system->window.samples : samples;
        if (system->window.voltage >= level.voltage) {
            level.voltage = system->window.voltage;
            level.samples = system->window.samples;
        }
    }
    uint64_t window_us = samples * SYSTEM_SAMPLE_US;
    level.window_us = window_us < WINDOW_US_MAX ? window_us : WINDOW_US_MAX;
    return level;
}

/* All at once: neighbours' voltages are known at the same instant. */
static void correct_group(struct processor *p)
{
    unsigned known = 0;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        known |= p->system[s].known && !processor_silent(p, s) ? 1u << s : 0u;
    }
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system_phasor none = {0, 0};
        if (p->system[s].reported) {
            system_correct(&p->system[s],
                           p->system[s].compensated
                               ? neighbours_current(p->system, p->setup.systems, s, known)
                               : none);
        }
    }
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
    correct_group(p);
    bool supplied = processor_supplied(p);
    bool starting = supplied && !p->running;
    struct supply_level level = group_level(p);
    if (starting) {
        processor_run(p, level.window_us);
    }
    if (p->running) {
        (void)pulses_run(&p->pulses, &p->port, p->frame_us, true);
        book_energies(p);
        pulses_spread(&p->pulses, processor_shown_uwh(p, p->pulse_energy), p->frame_us,
                      (uint32_t)level.window_us);
        p->operating_us += (uint64_t)(p->frame_us - p->counted_us);
        p->counted_us = p->frame_us;
        p->changed = true;
        if (starting || registers_due(&p->registers) ||
            p->operating_us - p->stored_operating_us >= OPERATING_STEP_US) {
            (void)processor_save(p, false);
        }
    }
    forget_group(p);
    ident_step(&p->ident, &p->port);
    if (p->running && supply_window(&p->supply, &level, supplied, p->frame_us)) {
        processor_stop(p);
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
            processor_stop(p);
        }
    }
    if (p->running) {
        trail_follow(p);
    }
    int64_t next_us = pulses_run(&p->pulses, &p->port, p->now_us, p->running);
    int64_t silent_us = p->running ? p->frame_us + PROCESSOR_SILENCE_US : INT64_MAX;
    return next_us < silent_us ? next_us : silent_us;
}
