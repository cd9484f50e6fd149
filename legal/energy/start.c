/* Start of the legal processor, and what the measuring systems need for theirs. */
#include <string.h>

#include "energy/trail.h"

static bool setup_valid(const struct legal_port *port, const struct legal_setup *setup)
{
    return port->memory_read != 0 && port->memory_write != 0 && setup->systems >= 1u &&
           setup->systems <= LEGAL_SYSTEMS && setup->summation <= LEGAL_SUM_TOTAL &&
           setup->pulses_per_kwh >= 1u && setup->pulse_energy < LEGAL_TARIFF_ENERGIES &&
           setup->pulse_ms >= 1u;
}

static void load(struct processor *p, const struct store_state *state)
{
    p->constants_fault = !constants_load(&p->store.memory, &p->constants);
    trail_start(p);
    p->restored = p->store.restored;
    p->suspect = state->suspect;
    p->starts = state->starts + 1u;
    p->operating_us = state->operating_us;
    p->stored_operating_us = state->operating_us;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        p->system[s].epoch = state->epoch[s];
        p->system[s].epoch_contained = state->epoch[s] != 0;
        p->system[s].frame_us = p->now_us; /* silence is counted from here */
        system_calibrate(&p->system[s], &p->constants.system[s].correction);
    }
    registers_stored(&p->registers);
    processor_start_pulses(p, p->setup.pulse_energy, state->pulses_emitted);
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
    p->log.writable = false;
    constants_nominal(&p->constants);
    processor_start_pulses(p, LEGAL_A_PLUS, 0);
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
    if (profile_start(&p->profile, &p->log, &p->port) == LEGAL_ERR_FORMAT || !trail_open(p)) {
        start_nothing(p);
        return LEGAL_ERR_FORMAT;
    }
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
    const struct processor *p = processor_of_const(legal);
    /* neither a start more nor a change more is ever the number before */
    const uint16_t epoch = (uint16_t)(p->starts + (p->changes << 12));
    return epoch != 0 ? epoch : UINT16_C(0x8000); /* 0 stands for none in the records */
}
