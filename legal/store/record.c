#include "store/record.h"

#define FLAG_ORDERLY 1u
#define FLAG_SUSPECT 2u

/* Offsets of the state record. */
enum {
    STATE_FLAGS = 8,
    STATE_SUMMATION = 10,
    STATE_EPOCHS = 12,
    STATE_STARTS = 18,
    STATE_PULSES = 22,
    STATE_OPERATING = 28,
    STATE_CELLS = 36,
    STATE_CELL_BYTES = 13,
    STATE_WHOLE_BYTES = 7,
};

/* Offsets of the tariff record. */
enum {
    TARIFF_IN_FORCE = 8,
    TARIFF_VALUES = 12,
    TARIFF_VALUE_BYTES = 7,
    TARIFF_STATE_NUMBER = 236,
};

void record_put_state(struct page *page, const struct registers *registers,
                      const struct store_state *state)
{
    unsigned flags = (state->orderly ? FLAG_ORDERLY : 0u) | (state->suspect ? FLAG_SUSPECT : 0u);
    page_put(page, STATE_FLAGS, 2, flags);
    page_put(page, STATE_SUMMATION, 1, registers->summation);
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        page_put(page, STATE_EPOCHS + 2u * s, 2, state->epoch[s]);
    }
    page_put(page, STATE_STARTS, 4, state->starts);
    page_put(page, STATE_PULSES, 6, state->pulses_emitted);
    page_put(page, STATE_OPERATING, 8, state->operating_us);
    for (uint32_t c = 0; c < REGISTER_CELLS; c++) {
        uint32_t at = STATE_CELLS + STATE_CELL_BYTES * c;
        page_put(page, at, STATE_WHOLE_BYTES, (uint64_t)registers->cell[c].whole);
        page_put(page, at + STATE_WHOLE_BYTES, 6, registers->cell[c].fraction);
    }
}

uint8_t record_summation(const struct page *page)
{
    return (uint8_t)page_get(page, STATE_SUMMATION, 1);
}

bool record_get_state(const struct page *page, struct registers *registers,
                      struct store_state *state)
{
    unsigned flags = (unsigned)page_get(page, STATE_FLAGS, 2);
    state->orderly = (flags & FLAG_ORDERLY) != 0;
    state->suspect = (flags & FLAG_SUSPECT) != 0;
    for (uint32_t s = 0; s < LEGAL_SYSTEMS; s++) {
        state->epoch[s] = (uint16_t)page_get(page, STATE_EPOCHS + 2u * s, 2);
    }
    state->starts = (uint32_t)page_get(page, STATE_STARTS, 4);
    state->pulses_emitted = page_get(page, STATE_PULSES, 6);
    state->operating_us = page_get(page, STATE_OPERATING, 8);
    for (uint32_t c = 0; c < REGISTER_CELLS; c++) {
        uint32_t at = STATE_CELLS + STATE_CELL_BYTES * c;
        registers->cell[c].whole = (int64_t)page_get(page, at, STATE_WHOLE_BYTES);
        registers->cell[c].fraction = page_get(page, at + STATE_WHOLE_BYTES, 6);
    }
    bool sound = state->operating_us <= INT64_MAX;
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        sound = sound && !wide_is_negative(registers_read(registers, (enum legal_energy)e));
    }
    return sound;
}

void record_put_tariff(struct page *page, const struct registers *registers, uint32_t state_number)
{
    page_put(page, TARIFF_IN_FORCE, 1, registers->tariff);
    uint32_t at = TARIFF_VALUES;
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            page_put(page, at, TARIFF_VALUE_BYTES,
                     registers_tariff(registers, t, (enum legal_energy)e));
            at += TARIFF_VALUE_BYTES;
        }
    }
    page_put(page, TARIFF_STATE_NUMBER, 4, state_number);
}

bool record_get_tariff(const struct page *page, struct registers *registers)
{
    registers->tariff = (uint8_t)page_get(page, TARIFF_IN_FORCE, 1);
    uint32_t at = TARIFF_VALUES;
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            registers->resting_uwh[t - 1u][e] = page_get(page, at, TARIFF_VALUE_BYTES);
            at += TARIFF_VALUE_BYTES;
        }
    }
    return registers->tariff >= 1u && registers->tariff <= LEGAL_TARIFFS;
}
