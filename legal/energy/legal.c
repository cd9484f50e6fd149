#include <string.h>

#include "energy/processor.h"

/* All phases below 160 V for so long: the meter stops (X-MET-7). */
#define SUPPLY_LOSS_US INT64_C(1000000)
/* Without any frame for so long the measuring systems are dead as well (windows last 2 s at most).
 */
#define SILENCE_US INT64_C(3000000)
/* The hour counter may lose so much in a cut without warning. */
#define OPERATING_STEP_US UINT64_C(360000000)
#define UWH_PER_KWH       UINT64_C(1000000000)
#define WINDOW_US_MAX     UINT64_C(2000000)

/* The processor, at now_us or later: time never goes back.  The port moves with the struct. */
static struct processor *enter(struct legal *legal, int64_t now_us)
{
    struct processor *p = processor_of(legal);
    p->store.memory.port = &p->port;
    p->now_us = now_us > p->now_us ? now_us : p->now_us;
    return p;
}

static uint64_t shown_uwh(const struct processor *p, uint8_t energy)
{
    return (uint64_t)registers_read(&p->registers, (enum legal_energy)energy).whole;
}

/* Pulses of the normal energy that are still to come. */
static uint64_t pending_pulses(const struct processor *p)
{
    return p->pulse_energy == p->setup.pulse_energy ? pulses_pending(&p->pulses) : p->parked_pulses;
}

static uint64_t emitted_pulses(const struct processor *p)
{
    return shown_uwh(p, p->setup.pulse_energy) / p->pulses.value_uwh - pending_pulses(p);
}

static enum legal_err save(struct processor *p, bool orderly)
{
    p->suspect = p->suspect || p->store.fault || p->constants_fault;
    struct store_state state = {
        .orderly = orderly,
        .suspect = p->suspect,
        .starts = p->starts,
        .pulses_emitted = emitted_pulses(p),
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

/* What the no-load rule still holds back is booked if it is load so far. */
static void settle(struct processor *p)
{
    struct registers_entry entry[LEGAL_SYSTEMS];
    memset(entry, 0, sizeof entry);
    bool any = false;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        entry[s].exporting = wide_is_negative(p->system[s].active_load.pending);
        entry[s].active = no_load_settle(&p->system[s].active_load);
        entry[s].reactive = no_load_settle(&p->system[s].reactive_load);
        any = any || !wide_is_zero(entry[s].active) || !wide_is_zero(entry[s].reactive);
    }
    if (any) {
        registers_book(&p->registers, entry, p->setup.systems);
        pulses_spread(&p->pulses, shown_uwh(p, p->pulse_energy), p->now_us, 0);
        p->changed = true;
    }
}

static void supply_start(struct processor *p, uint64_t window_us)
{
    p->running = true;
    p->counted_us = p->frame_us - (int64_t)window_us;
    /* what was pending when the meter stopped, or was never shown, is due from now on */
    pulses_spread(&p->pulses, p->pulses.to_uwh, p->frame_us, 0);
}

static void supply_stop(struct processor *p)
{
    settle(p);
    if (p->changed) {
        (void)save(p, true);
    }
    for (unsigned s = 0; s < p->setup.systems; s++) {
        no_load_clear(&p->system[s].active_load);
        no_load_clear(&p->system[s].reactive_load);
    }
    p->running = false;
    p->starts++; /* the number of the start to come; stored with it */
}

/* Any phase above 160 V?  A system that has fallen silent has no say. */
static bool voltage_anywhere(const struct processor *p)
{
    for (unsigned s = 0; s < p->setup.systems; s++) {
        const struct system *system = &p->system[s];
        if (system->voltage_present && p->frame_us - system->frame_us < SILENCE_US) {
            return true;
        }
    }
    return false;
}

static void book_energies(struct processor *p)
{
    struct registers_entry entry[LEGAL_SYSTEMS];
    for (unsigned s = 0; s < p->setup.systems; s++) {
        struct system *system = &p->system[s];
        uint32_t window_us = (uint32_t)(system->window_samples < WINDOW_US_MAX
                                            ? system->window_samples * SYSTEM_SAMPLE_US
                                            : WINDOW_US_MAX * SYSTEM_SAMPLE_US);
        struct wide nothing = {0, 0};
        entry[s].exporting = wide_is_negative(system->active_energy);
        entry[s].active = nothing;
        entry[s].reactive = nothing;
        if (system->reported) {
            entry[s].active = no_load_take(&system->active_load, system->active_energy, window_us);
            entry[s].reactive =
                no_load_take(&system->reactive_load, system->reactive_energy, window_us);
        }
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

/* Book the windows that wait: all phases at once, so that vector sums hold at every instant. */
static void book(struct processor *p)
{
    if (p->reported == 0) {
        return;
    }
    bool supplied = voltage_anywhere(p);
    bool starting = supplied && !p->running;
    uint64_t window_us = group_window_us(p);
    if (starting) {
        supply_start(p, window_us);
    }
    if (p->running) {
        (void)pulses_run(&p->pulses, &p->port, p->frame_us, true);
        book_energies(p);
        pulses_spread(&p->pulses, shown_uwh(p, p->pulse_energy), p->frame_us, (uint32_t)window_us);
        p->operating_us += (uint64_t)(p->frame_us - p->counted_us);
        p->counted_us = p->frame_us;
        p->supplied_us = supplied ? p->frame_us : p->supplied_us;
        p->changed = true;
        if (starting || registers_due(&p->registers) ||
            p->operating_us - p->stored_operating_us >= OPERATING_STEP_US) {
            (void)save(p, false);
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
        book(p); /* another system's frame is missing: it will bring its energy next time */
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
        book(p);
    }
}

void legal_bus_receive(struct legal *legal, const uint8_t *bytes, size_t n_bytes, int64_t now_us)
{
    struct processor *p = enter(legal, now_us);
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
    struct processor *p = enter(legal, now_us);
    if (p->running && p->now_us - p->frame_us >= SILENCE_US) {
        book(p);
        if (p->running) {
            supply_stop(p);
        }
    }
    int64_t next_us = pulses_run(&p->pulses, &p->port, p->now_us, p->running);
    int64_t silent_us = p->running ? p->frame_us + SILENCE_US : INT64_MAX;
    return next_us < silent_us ? next_us : silent_us;
}

static bool setup_valid(const struct legal_port *port, const struct legal_setup *setup)
{
    return port->memory_read != 0 && port->memory_write != 0 && setup->systems >= 1u &&
           setup->systems <= LEGAL_SYSTEMS && setup->summation <= LEGAL_SUM_TOTAL &&
           setup->pulses_per_kwh >= 1u && setup->pulse_energy < LEGAL_TARIFF_ENERGIES &&
           setup->pulse_ms >= 1u;
}

static void start_pulses(struct processor *p, uint8_t energy, uint64_t emitted)
{
    p->pulse_energy = energy;
    pulses_start(&p->pulses, UWH_PER_KWH / p->setup.pulses_per_kwh, p->setup.pulse_ms * 1000u,
                 emitted, shown_uwh(p, energy), p->now_us);
}

static void load(struct processor *p, const struct store_state *state)
{
    p->constants_fault = !constants_load(&p->store.memory, &p->constants);
    p->restored = p->store.restored;
    p->suspect = state->suspect;
    p->starts = state->starts + 1u;
    p->operating_us = state->operating_us;
    p->stored_operating_us = state->operating_us;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        p->system[s].epoch = state->epoch[s];
        p->system[s].epoch_contained = state->epoch[s] != 0;
        system_calibrate(&p->system[s], &p->constants.system[s].correction);
    }
    registers_stored(&p->registers);
    start_pulses(p, p->setup.pulse_energy, state->pulses_emitted);
}

/* A processor that runs nothing and stores nothing, but may be asked. */
static void start_nothing(struct processor *p)
{
    p->setup.systems = 0;
    p->setup.pulses_per_kwh = 1;
    p->setup.pulse_energy = LEGAL_A_PLUS;
    memset(&p->registers, 0, sizeof p->registers);
    p->registers.tariff = 1;
    p->store.memory.writable = false;
    constants_nominal(&p->constants);
    start_pulses(p, LEGAL_A_PLUS, 0);
}

enum legal_err legal_start(struct legal *legal, const struct legal_port *port,
                           const struct legal_setup *setup, int64_t now_us)
{
    memset(legal, 0, sizeof *legal);
    struct processor *p = processor_of(legal);
    p->port = *port;
    p->setup = *setup;
    p->now_us = now_us;
    p->frame_us = now_us;
    if (!setup_valid(port, setup)) {
        start_nothing(p);
        return LEGAL_ERR_RANGE;
    }
    bus_receiver_start(&p->receiver);
    ident_start(&p->ident, &p->port);
    p->registers.summation = setup->summation;
    struct store_state state;
    enum legal_err err = store_open(&p->store, &p->port, &p->registers, &state);
    if (err == LEGAL_ERR_FORMAT || err == LEGAL_ERR_TYPE) {
        start_nothing(p);
        return err;
    }
    load(p, &state);
    return err;
}

void legal_measuring_setup(const struct legal *legal, uint8_t system, struct measuring_setup *out)
{
    const struct processor *p = processor_of_const(legal);
    measuring_setup_neutral(out, system);
    if (system >= 1u && system <= LEGAL_SYSTEMS) {
        *out = p->constants.system[system - 1u].measuring;
        out->system = system;
    }
}

uint16_t legal_measuring_epoch(const struct legal *legal)
{
    uint16_t epoch = (uint16_t)processor_of_const(legal)->starts;
    return epoch != 0 ? epoch : UINT16_C(0x8000); /* 0 stands for none in the records */
}

enum legal_err legal_tariff_select(struct legal *legal, uint8_t tariff)
{
    struct processor *p = enter(legal, processor_of(legal)->now_us);
    if (tariff < 1u || tariff > LEGAL_TARIFFS) {
        return LEGAL_ERR_RANGE;
    }
    book(p); /* windows that have ended belong to the old tariff */
    uint8_t old = p->registers.tariff;
    if (tariff == old) {
        return LEGAL_OK;
    }
    enum legal_err err = p->changed ? save(p, false) : LEGAL_OK;
    if (err != LEGAL_OK) {
        return err;
    }
    registers_tariff_select(&p->registers, tariff);
    err = store_save_tariff(&p->store, &p->registers);
    if (err != LEGAL_OK) {
        p->registers.tariff = old; /* its register is the total less the others again */
    }
    return err;
}

enum legal_err legal_store(struct legal *legal)
{
    struct processor *p = enter(legal, processor_of(legal)->now_us);
    book(p);
    settle(p);
    return p->changed ? save(p, true) : LEGAL_OK;
}

uint64_t legal_energy_uwh(const struct legal *legal, enum legal_energy energy)
{
    return shown_uwh(processor_of_const(legal), (uint8_t)energy);
}

uint64_t legal_tariff_uwh(const struct legal *legal, uint8_t tariff, enum legal_energy energy)
{
    if (tariff < 1u || tariff > LEGAL_TARIFFS || (unsigned)energy >= LEGAL_TARIFF_ENERGIES) {
        return 0;
    }
    return registers_tariff(&processor_of_const(legal)->registers, tariff, energy);
}

uint8_t legal_tariff(const struct legal *legal)
{
    return processor_of_const(legal)->registers.tariff;
}

uint64_t legal_operating_s(const struct legal *legal)
{
    return processor_of_const(legal)->operating_us / 1000000u;
}

void legal_pulses(const struct legal *legal, uint64_t *emitted, uint64_t *pending)
{
    const struct processor *p = processor_of_const(legal);
    *emitted = emitted_pulses(p);
    *pending = pending_pulses(p);
}

enum legal_err legal_pulse_select(struct legal *legal, enum legal_energy energy)
{
    struct processor *p = enter(legal, processor_of(legal)->now_us);
    if ((unsigned)energy >= LEGAL_TARIFF_ENERGIES) {
        return LEGAL_ERR_RANGE;
    }
    if (p->pulse_energy == (uint8_t)energy) {
        return LEGAL_OK;
    }
    p->parked_pulses = pending_pulses(p);
    bool normal = (uint8_t)energy == p->setup.pulse_energy;
    uint64_t reached = shown_uwh(p, (uint8_t)energy) / p->pulses.value_uwh;
    bool lit = p->pulses.lit;
    int64_t off_us = p->pulses.off_us;
    start_pulses(p, (uint8_t)energy, normal ? reached - p->parked_pulses : reached);
    p->pulses.lit = lit; /* the pulse under way keeps its length */
    p->pulses.off_us = off_us;
    return LEGAL_OK;
}

enum legal_supply legal_supply(const struct legal *legal)
{
    return processor_of_const(legal)->running ? LEGAL_SUPPLY_ON : LEGAL_SUPPLY_OFF;
}

void legal_health(const struct legal *legal, struct legal_health *out)
{
    const struct processor *p = processor_of_const(legal);
    memset(out, 0, sizeof *out);
    out->frames_received = p->frames_taken;
    out->frames_lost = p->frames_lost;
    out->frames_damaged = p->receiver.n_damaged + p->frames_refused;
    out->memory_writes = p->store.memory.writes;
    out->memory_errors = p->store.memory.errors;
    out->start_count = p->starts;
    out->memory_restored = p->restored;
    out->memory_fault = p->store.fault || p->constants_fault;
    out->memory_suspect = p->suspect || out->memory_fault;
    out->program_fault = p->ident.fault;
    out->calibrated = true;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        out->calibrated = out->calibrated && p->constants.calibrated[s];
    }
}

void legal_identity(const struct legal *legal, struct legal_identity *out)
{
    ident_read(&processor_of_const(legal)->ident, out);
}

enum legal_err legal_calibration_read(const struct legal *legal, uint8_t system,
                                      struct legal_calibration *out)
{
    const struct processor *p = processor_of_const(legal);
    if (system < 1u || system > p->setup.systems) {
        return LEGAL_ERR_RANGE;
    }
    *out = p->constants.system[system - 1u];
    out->measuring.system = system;
    return LEGAL_OK;
}

enum legal_err legal_calibration_write(struct legal *legal, uint8_t system,
                                       const struct legal_calibration *calibration)
{
    struct processor *p = enter(legal, processor_of(legal)->now_us);
    if (p->port.seal_open == 0 || !p->port.seal_open(p->port.context)) {
        return LEGAL_ERR_SEALED;
    }
    if (system < 1u || system > p->setup.systems || !constants_valid(calibration)) {
        return LEGAL_ERR_RANGE;
    }
    book(p); /* windows that have ended are corrected with the old constants */
    struct constants constants = p->constants;
    constants.system[system - 1u] = *calibration;
    constants.calibrated[system - 1u] = true;
    constants.writes++;
    if (!constants_save(&p->store.memory, &constants)) {
        p->constants_fault = true;
        return LEGAL_ERR_STORAGE;
    }
    p->constants = constants;
    system_calibrate(&p->system[system - 1u], &calibration->correction);
    return LEGAL_OK;
}

uint32_t legal_calibration_count(const struct legal *legal)
{
    return processor_of_const(legal)->constants.writes;
}
