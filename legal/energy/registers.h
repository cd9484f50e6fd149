/**
 * The energy registers: sixteen cells from which every register is an exact sum, and the tariffs.
 *
 * Keeping only what is independent makes the rules hold by construction: the phases' registers add
 * up to the total, R1 + R2 is R+, net A+ less net A- is A+ less A-, and the tariffs add up to the
 * total. The table of sums is in docs/spec/storage.md.
 */
#ifndef OPEN382_LEGAL_REGISTERS_H
#define OPEN382_LEGAL_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "energy/wide.h"
#include "legal_api.h"

/** Cells, in the order of the stored record; those of the phases are first + phase 0 .. 2. */
enum register_cell {
    CELL_A_PLUS_L1 = 0,
    CELL_A_MINUS_L1 = 3,
    CELL_R_PLUS_L1 = 6,
    CELL_R_MINUS_L1 = 9,
    CELL_NET_A_PLUS = 12,
    CELL_NET_R_PLUS = 13,
    CELL_R1 = 14,
    CELL_R4 = 15,
    REGISTER_CELLS = 16
};
#define REGISTER_PHASE_CELLS 12u

/** Store step: 0.01 kWh. */
#define REGISTER_STEP_UWH INT64_C(10000000)

/** No noise of a net of zero, and less than 23 W bring in a window of 200 ms. */
#define REGISTER_LEAN_UWH INT64_C(600)

struct registers {
    struct wide cell[REGISTER_CELLS];
    /** whole uWh of the tariffs that are not in force; the one in force is the total less these */
    uint64_t resting_uwh[LEGAL_TARIFFS][LEGAL_TARIFF_ENERGIES];
    uint8_t tariff; /**< in force, 1 .. 8 */
    uint8_t summation;
    /** direction of the whole under vector summation: leans to where net active energy went, and
     * turns over when it has gone the other way for REGISTER_LEAN_UWH */
    bool net_exporting;
    int64_t net_lean_uwh;
    /** where the next record is due: billing registers at a multiple of the step, cells of the
     * phases one step above their stored value */
    int64_t due_uwh[LEGAL_TARIFF_ENERGIES];
    int64_t due_sum_uwh; /**< of A+ and A- together (A1423), one step above the stored value */
    int64_t due_cell_uwh[REGISTER_PHASE_CELLS];
};

/** What one window adds to one phase, with sign. */
struct registers_entry {
    struct wide active, reactive;
    bool loaded;    /**< active load is there */
    bool exporting; /**< and it is negative: the side of R1 .. R4 */
};

/** Book one window of all phases at once. */
void registers_book(struct registers *registers, const struct registers_entry *entry,
                    uint8_t phases);

/** Exact value; never negative. */
struct wide registers_read(const struct registers *registers, enum legal_energy energy);

/** Whole uWh of a tariff, 1 .. 8, of the first four energies. */
uint64_t registers_tariff(const struct registers *registers, uint8_t tariff,
                          enum legal_energy energy);

/** Another tariff counts from here on. */
void registers_tariff_select(struct registers *registers, uint8_t tariff);

/** Do the resting tariffs fit under the totals? */
bool registers_fit(const struct registers *registers);

/** Has a register moved so far that a record is due? */
bool registers_due(const struct registers *registers);

/** A record has been written, or read: set where the next one is due. */
void registers_stored(struct registers *registers);

#endif
