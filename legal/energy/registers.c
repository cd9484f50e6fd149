#include "energy/registers.h"

static struct wide sum_of_phases(const struct registers *registers, enum register_cell first)
{
    const struct wide *cell = &registers->cell[first];
    return wide_add(wide_add(cell[0], cell[1]), cell[2]);
}

/* The other direction of a netted pair: net- = net+ - (sum of plus - sum of minus). */
static struct wide net_minus(const struct registers *registers, enum register_cell net,
                             enum register_cell plus, enum register_cell minus)
{
    struct wide balance =
        wide_subtract(sum_of_phases(registers, plus), sum_of_phases(registers, minus));
    return wide_subtract(registers->cell[net], balance);
}

struct pair {
    enum register_cell net, plus, minus;
};

static const struct pair active_cells = {CELL_NET_A_PLUS, CELL_A_PLUS_L1, CELL_A_MINUS_L1};
static const struct pair reactive_cells = {CELL_NET_R_PLUS, CELL_R_PLUS_L1, CELL_R_MINUS_L1};

/* The billing register of one direction, as enum legal_summation has it. */
static struct wide billing(const struct registers *registers, const struct pair *cells, bool minus)
{
    struct wide nothing = {0, 0};
    switch (registers->summation) {
    case LEGAL_SUM_VECTOR:
        return minus ? net_minus(registers, cells->net, cells->plus, cells->minus)
                     : registers->cell[cells->net];
    case LEGAL_SUM_TOTAL:
        return minus ? nothing
                     : wide_add(sum_of_phases(registers, cells->plus),
                                sum_of_phases(registers, cells->minus));
    default: return sum_of_phases(registers, minus ? cells->minus : cells->plus);
    }
}

struct wide registers_read(const struct registers *registers, enum legal_energy energy)
{
    const struct wide *cell = registers->cell;
    switch (energy) {
    case LEGAL_A_PLUS: return billing(registers, &active_cells, false);
    case LEGAL_A_MINUS: return billing(registers, &active_cells, true);
    case LEGAL_R_PLUS: return billing(registers, &reactive_cells, false);
    case LEGAL_R_MINUS: return billing(registers, &reactive_cells, true);
    case LEGAL_R1: return cell[CELL_R1];
    case LEGAL_R2: return wide_subtract(billing(registers, &reactive_cells, false), cell[CELL_R1]);
    case LEGAL_R3: return wide_subtract(billing(registers, &reactive_cells, true), cell[CELL_R4]);
    case LEGAL_R4: return cell[CELL_R4];
    case LEGAL_NET_A_PLUS: return cell[CELL_NET_A_PLUS];
    case LEGAL_NET_A_MINUS:
        return net_minus(registers, CELL_NET_A_PLUS, CELL_A_PLUS_L1, CELL_A_MINUS_L1);
    case LEGAL_NET_R_PLUS: return cell[CELL_NET_R_PLUS];
    case LEGAL_NET_R_MINUS:
        return net_minus(registers, CELL_NET_R_PLUS, CELL_R_PLUS_L1, CELL_R_MINUS_L1);
    default: break;
    }
    struct wide nothing = {0, 0};
    return energy >= LEGAL_A_PLUS_L1 && energy < LEGAL_ENERGIES
               ? cell[(unsigned)energy - LEGAL_A_PLUS_L1] /* same order as the cells */
               : nothing;
}

static void add_to(struct registers *registers, unsigned cell, struct wide energy)
{
    registers->cell[cell] = wide_add(registers->cell[cell], energy);
}

static void add_signed(struct registers *registers, unsigned plus, unsigned minus,
                       struct wide energy)
{
    add_to(registers, wide_is_negative(energy) ? minus : plus, wide_magnitude(energy));
}

/* R1 and R4 lie on the importing side; their partners R2 and R3 are what is left of R+ and R-. */
static void add_quadrant(struct registers *registers, struct wide reactive, bool exporting)
{
    if (!exporting) {
        add_signed(registers, CELL_R1, CELL_R4, reactive);
    }
}

/* Under vector summation the phases may be loaded and yet cancel: the sign of what is left of them
 * in one window says nothing. */
static void turn_net(struct registers *registers, const struct registers_entry *entry,
                     uint8_t phases, struct wide active)
{
    bool loaded = false;
    for (unsigned p = 0; p < phases; p++) {
        loaded = loaded || entry[p].loaded;
    }
    int64_t active_uwh = active.whole + (int64_t)(active.fraction >> (WIDE_FRACTION_BITS - 1u));
    int64_t lean = loaded ? registers->net_lean_uwh + active_uwh : REGISTER_LEAN_UWH;
    lean = lean < REGISTER_LEAN_UWH ? lean : REGISTER_LEAN_UWH;
    lean = lean > -REGISTER_LEAN_UWH ? lean : -REGISTER_LEAN_UWH;
    if (lean == REGISTER_LEAN_UWH || lean == -REGISTER_LEAN_UWH) {
        registers->net_exporting = lean < 0;
    }
    registers->net_lean_uwh = lean;
}

void registers_book(struct registers *registers, const struct registers_entry *entry,
                    uint8_t phases)
{
    struct wide active = {0, 0}, reactive = {0, 0};
    bool individual = registers->summation == LEGAL_SUM_INDIVIDUAL;
    for (unsigned p = 0; p < phases; p++) {
        active = wide_add(active, entry[p].active);
        reactive = wide_add(reactive, entry[p].reactive);
        if (!wide_is_zero(entry[p].active)) {
            add_signed(registers, CELL_A_PLUS_L1 + p, CELL_A_MINUS_L1 + p, entry[p].active);
        }
        if (wide_is_zero(entry[p].reactive)) {
            continue;
        }
        add_signed(registers, CELL_R_PLUS_L1 + p, CELL_R_MINUS_L1 + p, entry[p].reactive);
        if (individual) {
            add_quadrant(registers, entry[p].reactive, entry[p].exporting);
        } else if (registers->summation == LEGAL_SUM_TOTAL) {
            add_quadrant(registers, wide_magnitude(entry[p].reactive), false);
        }
    }
    if (!wide_is_negative(active)) {
        add_to(registers, CELL_NET_A_PLUS, active);
    }
    if (!wide_is_negative(reactive)) {
        add_to(registers, CELL_NET_R_PLUS, reactive);
    }
    if (registers->summation == LEGAL_SUM_VECTOR) {
        turn_net(registers, entry, phases, active);
        add_quadrant(registers, reactive, registers->net_exporting);
    }
}

uint64_t registers_tariff(const struct registers *registers, uint8_t tariff,
                          enum legal_energy energy)
{
    if (tariff != registers->tariff) {
        return registers->resting_uwh[tariff - 1u][energy];
    }
    uint64_t rest = (uint64_t)registers_read(registers, energy).whole;
    for (unsigned t = 0; t < LEGAL_TARIFFS; t++) {
        rest -= t + 1u == tariff ? 0 : registers->resting_uwh[t][energy];
    }
    return rest;
}

void registers_tariff_select(struct registers *registers, uint8_t tariff)
{
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        registers->resting_uwh[registers->tariff - 1u][e] =
            registers_tariff(registers, registers->tariff, (enum legal_energy)e);
    }
    registers->tariff = tariff;
}

bool registers_fit(const struct registers *registers)
{
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        uint64_t rest = (uint64_t)registers_read(registers, (enum legal_energy)e).whole;
        for (unsigned t = 0; t < LEGAL_TARIFFS; t++) {
            uint64_t resting = t + 1u == registers->tariff ? 0 : registers->resting_uwh[t][e];
            if (resting > rest) {
                return false;
            }
            rest -= resting;
        }
    }
    return true;
}

/* Without what the fractions of the three carry, which is less than three. */
static int64_t whole_of_phases(const struct registers *registers, enum register_cell first)
{
    const struct wide *cell = &registers->cell[first];
    return cell[0].whole + cell[1].whole + cell[2].whole;
}

/* Most windows are nowhere near a step: individual registers can't be, as their whole parts tell.
 */
static bool surely_not_due(const struct registers *registers)
{
    const int64_t carry = 3;
    const int64_t *due_uwh = registers->due_uwh;
    if (registers->summation != LEGAL_SUM_INDIVIDUAL) {
        return false;
    }
    const int64_t plus = whole_of_phases(registers, CELL_A_PLUS_L1) + carry;
    const int64_t minus = whole_of_phases(registers, CELL_A_MINUS_L1) + carry;
    return plus < due_uwh[LEGAL_A_PLUS] && minus < due_uwh[LEGAL_A_MINUS] &&
           whole_of_phases(registers, CELL_R_PLUS_L1) + carry < due_uwh[LEGAL_R_PLUS] &&
           whole_of_phases(registers, CELL_R_MINUS_L1) + carry < due_uwh[LEGAL_R_MINUS] &&
           plus + minus < registers->due_sum_uwh;
}

bool registers_due(const struct registers *registers)
{
    if (surely_not_due(registers)) {
        return false;
    }
    int64_t whole[LEGAL_TARIFF_ENERGIES];
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        whole[e] = registers_read(registers, (enum legal_energy)e).whole;
        if (whole[e] >= registers->due_uwh[e]) {
            return true;
        }
    }
    if (whole[LEGAL_A_PLUS] + whole[LEGAL_A_MINUS] >= registers->due_sum_uwh) {
        return true; /* one of them alone passes its multiple before */
    }
    if (registers->summation != LEGAL_SUM_VECTOR) {
        return false; /* a phase never outruns the sum it is part of */
    }
    for (unsigned c = 0; c < REGISTER_PHASE_CELLS; c++) {
        if (registers->cell[c].whole >= registers->due_cell_uwh[c]) {
            return true;
        }
    }
    return false;
}

void registers_stored(struct registers *registers)
{
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        int64_t whole = registers_read(registers, (enum legal_energy)e).whole;
        registers->due_uwh[e] = (whole / REGISTER_STEP_UWH + 1) * REGISTER_STEP_UWH;
    }
    registers->due_sum_uwh = registers_read(registers, LEGAL_A_PLUS).whole +
                             registers_read(registers, LEGAL_A_MINUS).whole + REGISTER_STEP_UWH;
    for (unsigned c = 0; c < REGISTER_PHASE_CELLS; c++) {
        registers->due_cell_uwh[c] = registers->cell[c].whole + REGISTER_STEP_UWH;
    }
}
