/*
 * What the registers must hold, to the last 2^-48 uWh: the rules of the legal part once more, in
 * 128-bit integers and in other words.  It takes counter steps and says what is booked, discarded,
 * forgotten while the meter stands still, and still waiting; these always add up to what came in.
 */
#ifndef OPEN382_TESTS_ENERGY_REFERENCE_H
#define OPEN382_TESTS_ENERGY_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "legal/include/legal_api.h"

__extension__ typedef __int128 exact;

enum { ACTIVE, REACTIVE, ENERGY_KINDS };

/** One energy of one phase; all energies in 2^-48 uWh with sign. */
struct phase_energy {
    exact waiting; /* came in, its group is not booked yet */
    exact pending; /* waits for the no-load rule */
    uint64_t pending_us;
    bool loaded, negative;
    exact plus, minus; /* booked */
};

struct energy_reference {
    uint8_t systems, summation;
    struct phase_energy phase[LEGAL_SYSTEMS][ENERGY_KINDS];
    bool reported[LEGAL_SYSTEMS];
    bool sum_loaded[ENERGY_KINDS]; /* vector summation: the sum is load */
    uint64_t waiting_us[LEGAL_SYSTEMS];
    exact net_plus[ENERGY_KINDS], r1, r4; /* r1, r4: not under vector summation */
    /* the balance: in == booked + waiting + pending + discarded + forgotten + lost */
    exact in[ENERGY_KINDS], discarded[ENERGY_KINDS], forgotten[ENERGY_KINDS], lost[ENERGY_KINDS];
};

/** Do so many microseconds hold a mean of so many milliwatts?  Of the whole uWh, as documented. */
static inline bool reference_reaches(exact energy, uint64_t us, unsigned mw)
{
    const exact whole = (energy < 0 ? -energy : energy) >> 48;
    return whole * 3600000 >= (exact)us * mw;
}

static inline exact reference_release(struct phase_energy *energy, exact *discarded, bool book)
{
    const exact out = energy->pending;
    energy->pending = 0;
    energy->pending_us = 0;
    *discarded += book ? 0 : out;
    return book ? out : 0;
}

/** The no-load rule of no_load.h. */
static inline exact reference_judge(struct phase_energy *energy, exact window, uint64_t us,
                                    exact *discarded)
{
    energy->pending += window;
    energy->pending_us += us;
    if (reference_reaches(window, us, 23000)) {
        energy->loaded = true;
        energy->negative = window < 0;
        return reference_release(energy, discarded, true);
    }
    if (energy->pending_us < 1000000) {
        return 0;
    }
    const bool tail = energy->loaded && energy->pending_us <= 4000000;
    energy->loaded =
        reference_reaches(energy->pending, energy->pending_us, energy->loaded ? 2250 : 2300);
    energy->negative = energy->pending < 0;
    return reference_release(energy, discarded, energy->loaded || tail);
}

/** Book one group: amounts per phase and kind; the side of R1 and R4 by phase. */
static inline void reference_enter(struct energy_reference *reference,
                                   exact amount[LEGAL_SYSTEMS][ENERGY_KINDS], const bool *exporting)
{
    for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
        exact net = 0;
        for (unsigned s = 0; s < reference->systems; s++) {
            const exact part = amount[s][kind];
            net += part;
            reference->phase[s][kind].plus += part > 0 ? part : 0;
            reference->phase[s][kind].minus += part < 0 ? -part : 0;
        }
        reference->net_plus[kind] += net > 0 ? net : 0;
    }
    for (unsigned s = 0; s < reference->systems; s++) {
        const exact part = amount[s][REACTIVE];
        if (reference->summation == LEGAL_SUM_TOTAL) {
            reference->r1 += part < 0 ? -part : part;
        } else if (!exporting[s]) {
            reference->r1 += part > 0 ? part : 0;
            reference->r4 += part < 0 ? -part : 0;
        }
    }
}

/** A frame has brought so much more, over so many samples. */
static inline void reference_frame(struct energy_reference *reference, unsigned s, exact active,
                                   exact reactive, uint64_t samples)
{
    reference->phase[s][ACTIVE].waiting += active;
    reference->phase[s][REACTIVE].waiting += reactive;
    reference->waiting_us[s] += samples * 125;
    reference->reported[s] = true;
    reference->in[ACTIVE] += active;
    reference->in[REACTIVE] += reactive;
}

static inline bool reference_any_reported(const struct energy_reference *reference)
{
    return reference->reported[0] || reference->reported[1] || reference->reported[2];
}

static inline bool reference_all_reported(const struct energy_reference *reference)
{
    bool all = true;
    for (unsigned s = 0; s < reference->systems; s++) {
        all = all && reference->reported[s];
    }
    return all;
}

/** Vector summation: what all phases have pending, over the longest of their times; false: their
 * times differ, or nothing is pending. */
static inline bool reference_sum(const struct energy_reference *reference, unsigned kind,
                                 exact *sum, uint64_t *longest_us)
{
    uint64_t shortest_us = UINT64_MAX;
    *sum = 0;
    *longest_us = 0;
    for (unsigned s = 0; s < reference->systems; s++) {
        const struct phase_energy *energy = &reference->phase[s][kind];
        *sum += energy->pending;
        *longest_us = energy->pending_us > *longest_us ? energy->pending_us : *longest_us;
        shortest_us = energy->pending_us < shortest_us ? energy->pending_us : shortest_us;
    }
    return *longest_us > 0 && (*longest_us - shortest_us <= 100000 || *longest_us >= 2000000);
}

/** The no-load rule on the sum of the phases. */
static inline void reference_judge_sum(struct energy_reference *reference, unsigned kind,
                                       exact amount[LEGAL_SYSTEMS][ENERGY_KINDS])
{
    exact window = 0, sum = 0;
    uint64_t window_us = 0, longest_us = 0;
    for (unsigned s = 0; s < reference->systems; s++) {
        struct phase_energy *energy = &reference->phase[s][kind];
        if (reference->reported[s]) {
            energy->pending += energy->waiting;
            energy->pending_us += reference->waiting_us[s];
            window += energy->waiting;
            window_us = reference->waiting_us[s] > window_us ? reference->waiting_us[s] : window_us;
        }
    }
    if (window_us == 0 || !reference_sum(reference, kind, &sum, &longest_us)) {
        return;
    }
    const bool clear = reference_reaches(window, window_us, 23000);
    if (!clear && longest_us < 1000000) {
        return;
    }
    const bool was = reference->sum_loaded[kind];
    reference->sum_loaded[kind] = clear || reference_reaches(sum, longest_us, was ? 2250 : 2300);
    for (unsigned s = 0; s < reference->systems; s++) {
        amount[s][kind] =
            reference_release(&reference->phase[s][kind], &reference->discarded[kind],
                              reference->sum_loaded[kind] || (was && longest_us <= 4000000));
    }
}

/** The windows that wait are booked, or forgotten when the meter does not run. */
static inline void reference_book(struct energy_reference *reference, bool running)
{
    exact amount[LEGAL_SYSTEMS][ENERGY_KINDS] = {{0}};
    bool exporting[LEGAL_SYSTEMS] = {false};
    const bool by_sum = reference->summation == LEGAL_SUM_VECTOR;
    for (unsigned kind = 0; by_sum && running && kind < ENERGY_KINDS; kind++) {
        reference_judge_sum(reference, kind, amount);
    }
    for (unsigned s = 0; s < reference->systems; s++) {
        for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
            struct phase_energy *energy = &reference->phase[s][kind];
            if (by_sum && reference->reported[s] && running) {
                /* done above */
            } else if (reference->reported[s] && running) {
                amount[s][kind] = reference_judge(energy, energy->waiting, reference->waiting_us[s],
                                                  &reference->discarded[kind]);
            } else {
                reference->forgotten[kind] += energy->waiting;
            }
            energy->waiting = 0;
        }
        const struct phase_energy *active = &reference->phase[s][ACTIVE];
        exporting[s] = active->loaded && active->negative;
        reference->reported[s] = false;
        reference->waiting_us[s] = 0;
    }
    reference_enter(reference, amount, exporting);
}

/** End of supply, or the command to store: what is load so far is booked. */
static inline void reference_settle(struct energy_reference *reference)
{
    exact amount[LEGAL_SYSTEMS][ENERGY_KINDS] = {{0}};
    bool exporting[LEGAL_SYSTEMS] = {false};
    exact settled[ENERGY_KINDS];
    uint64_t settled_us[ENERGY_KINDS];
    for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
        (void)reference_sum(reference, kind, &settled[kind], &settled_us[kind]);
    }
    for (unsigned s = 0; s < reference->systems; s++) {
        for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
            struct phase_energy *energy = &reference->phase[s][kind];
            exact pending = energy->pending;
            uint64_t pending_us = energy->pending_us;
            bool loaded = energy->loaded;
            if (reference->summation == LEGAL_SUM_VECTOR) {
                pending = settled[kind];
                pending_us = settled_us[kind];
                loaded = reference->sum_loaded[kind];
            }
            if (pending_us > 0 && (loaded || reference_reaches(pending, pending_us, 2300))) {
                amount[s][kind] = reference_release(energy, &reference->discarded[kind], true);
            }
        }
        const struct phase_energy *active = &reference->phase[s][ACTIVE];
        exporting[s] =
            amount[s][ACTIVE] < 0 || (amount[s][ACTIVE] == 0 && active->loaded && active->negative);
    }
    reference_enter(reference, amount, exporting);
}

/** The meter stops. */
static inline void reference_stop(struct energy_reference *reference)
{
    reference_settle(reference);
    for (unsigned s = 0; s < reference->systems; s++) {
        for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
            struct phase_energy *energy = &reference->phase[s][kind];
            (void)reference_release(energy, &reference->discarded[kind], false);
            energy->loaded = false;
            reference->sum_loaded[kind] = false;
        }
    }
}

/** Net energy of all that came in and is not in the registers (any more): zero when all is well. */
static inline exact reference_missing(const struct energy_reference *reference, unsigned kind)
{
    exact sum = reference->in[kind] - reference->discarded[kind] - reference->forgotten[kind] -
                reference->lost[kind];
    for (unsigned s = 0; s < reference->systems; s++) {
        const struct phase_energy *energy = &reference->phase[s][kind];
        sum -= energy->plus - energy->minus + energy->pending + energy->waiting;
    }
    return sum;
}

/** After a loss of power the registers are these cells; what was in RAM beyond them is lost. */
static inline void reference_restart(struct energy_reference *reference, const exact *cell)
{
    for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
        for (unsigned s = 0; s < reference->systems; s++) {
            const exact plus = cell[kind * 6u + s];
            const exact minus = cell[kind * 6u + 3u + s];
            reference->phase[s][kind] = (struct phase_energy){.plus = plus, .minus = minus};
        }
        reference->net_plus[kind] = cell[12u + kind];
        reference->sum_loaded[kind] = false;
        reference->lost[kind] += reference_missing(reference, kind);
    }
    reference->r1 = cell[14];
    reference->r4 = cell[15];
    memset(reference->reported, 0, sizeof reference->reported);
    memset(reference->waiting_us, 0, sizeof reference->waiting_us);
}

/** The sixteen cells in the order of the record (docs/spec/storage.md). */
static inline void reference_cells(const struct energy_reference *reference, exact *cell)
{
    memset(cell, 0, 16 * sizeof *cell);
    for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
        for (unsigned s = 0; s < reference->systems; s++) {
            cell[kind * 6u + s] = reference->phase[s][kind].plus;
            cell[kind * 6u + 3u + s] = reference->phase[s][kind].minus;
        }
        cell[12u + kind] = reference->net_plus[kind];
    }
    cell[14] = reference->r1;
    cell[15] = reference->r4;
}

#endif
