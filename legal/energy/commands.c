/* Commands of the protective interface: they read a register or choose, none sets one. */
#include <string.h>

#include "energy/trail.h"

enum legal_err legal_tariff_select(struct legal *legal, uint8_t tariff)
{
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    if (tariff < 1u || tariff > LEGAL_TARIFFS) {
        return LEGAL_ERR_RANGE;
    }
    processor_book(p); /* windows that have ended belong to the old tariff */
    uint8_t old = p->registers.tariff;
    if (tariff == old) {
        return LEGAL_OK;
    }
    enum legal_err err = p->changed ? processor_save(p, false) : LEGAL_OK;
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
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    processor_book(p);
    processor_settle(p);
    return p->changed ? processor_save(p, true) : LEGAL_OK;
}

uint64_t legal_energy_uwh(const struct legal *legal, enum legal_energy energy)
{
    return processor_shown_uwh(processor_of_const(legal), (uint8_t)energy);
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
    *emitted = processor_emitted_pulses(p);
    *pending = processor_pending_pulses(p);
}

enum legal_err legal_pulse_select(struct legal *legal, enum legal_energy energy)
{
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    if ((unsigned)energy >= LEGAL_TARIFF_ENERGIES) {
        return LEGAL_ERR_RANGE;
    }
    processor_select_pulses(p, (uint8_t)energy);
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
    out->memory_writes = p->store.memory.writes + p->log.writes;
    out->memory_errors = p->store.memory.errors + p->log.errors;
    out->start_count = p->starts;
    out->memory_restored = p->restored;
    out->memory_fault = p->store.fault || p->constants_fault || p->audit.fault || p->profile.fault;
    out->memory_suspect = p->suspect || out->memory_fault;
    out->program_fault = p->ident.fault;
    out->calibrated = true;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        out->calibrated = out->calibrated && p->constants.calibrated[s];
        out->systems_silent |= (uint8_t)(processor_silent(p, s) ? 1u << s : 0u);
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

static bool seal_open(struct processor *p)
{
    trail_follow(p);
    if (p->port.seal_open == 0 || !p->port.seal_open(p->port.context)) {
        trail_refused(p);
        return false;
    }
    return true;
}

/* In the trail before they are stored, stored before they are used. */
static enum legal_err constants_change(struct processor *p, struct constants *constants,
                                       uint8_t systems)
{
    processor_book(p); /* windows that have ended are corrected with the old constants */
    constants->writes++;
    const enum legal_err err = trail_change(p, constants, systems);
    if (err != LEGAL_OK) {
        return err;
    }
    if (!constants_save(&p->store.memory, constants)) {
        p->constants_fault = true;
        trail_failed(p);
        return LEGAL_ERR_STORAGE;
    }
    p->constants = *constants;
    p->changes++;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        system_calibrate(&p->system[s], &constants->system[s].correction);
    }
    return LEGAL_OK;
}

enum legal_err legal_calibration_write(struct legal *legal, uint8_t system,
                                       const struct legal_calibration *calibration)
{
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    if (!seal_open(p)) {
        return LEGAL_ERR_SEALED;
    }
    if (system < 1u || system > p->setup.systems || !constants_valid(calibration)) {
        return LEGAL_ERR_RANGE;
    }
    struct constants constants = p->constants;
    constants.system[system - 1u] = *calibration;
    constants.calibrated[system - 1u] = true;
    return constants_change(p, &constants, (uint8_t)(1u << (system - 1u)));
}

enum legal_err legal_calibration_replace(struct legal *legal,
                                         const struct legal_calibration *calibration)
{
    struct processor *p = processor_enter(legal, processor_of(legal)->now_us);
    if (!seal_open(p)) {
        return LEGAL_ERR_SEALED;
    }
    if (p->setup.systems == 0) {
        return LEGAL_ERR_RANGE; /* nothing was started */
    }
    struct constants constants = p->constants;
    for (unsigned s = 0; s < p->setup.systems; s++) {
        if (!constants_valid(&calibration[s])) {
            return LEGAL_ERR_RANGE;
        }
        constants.system[s] = calibration[s];
        constants.calibrated[s] = true;
    }
    return constants_change(p, &constants, (uint8_t)((1u << p->setup.systems) - 1u));
}

enum legal_constant legal_calibration_check(const struct legal_calibration *calibration)
{
    return constants_check(calibration);
}

uint32_t legal_calibration_count(const struct legal *legal)
{
    return processor_of_const(legal)->constants.writes;
}
