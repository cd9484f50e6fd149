#include "pins_store.h"

#include <string.h>

#include "../store/slot_record.h"
#include "legal_api.h"

#define MARK UINT32_C(0x534E4950) /* "PINS" in memory order */

void pins_as_delivered(struct pins_kept *kept)
{
    memset(kept, 0, sizeof *kept);
    kept->value = (struct pulse_value){PULSE_VALUE, 1};
    pulse_input_begin(&kept->input);
    for (unsigned i = 0; i < PINS; i++) {
        kept->queue[i].energy = LEGAL_ENERGIES;
    }
}

static void encode(struct writer *w, const void *record)
{
    const struct pins_kept *kept = (const struct pins_kept *)record;
    writer_uint_le(w, kept->value.per_kwh, 2);
    writer_uint_le(w, kept->value.division, 2);
    writer_uint_le(w, kept->input.divisor_milli, 4);
    writer_uint_le(w, kept->input.units, 4);
    writer_uint_le(w, kept->input.rest_milli, 4);
    writer_uint_le(w, kept->input.pulses, 8);
    for (unsigned i = 0; i < PINS; i++) {
        writer_u8(w, kept->queue[i].energy);
        writer_uint_le(w, kept->queue[i].waiting, 4);
        writer_uint_le(w, kept->queue[i].emitted, 8);
        writer_uint_le(w, kept->queue[i].reached, 8);
    }
}

static bool decode(struct reader *r, void *record)
{
    struct pins_kept *found = (struct pins_kept *)record;
    found->value.per_kwh = (uint16_t)reader_uint_le(r, 2);
    found->value.division = (uint16_t)reader_uint_le(r, 2);
    found->input.divisor_milli = (uint32_t)reader_uint_le(r, 4);
    found->input.units = (uint32_t)reader_uint_le(r, 4);
    found->input.rest_milli = (uint32_t)reader_uint_le(r, 4);
    found->input.pulses = reader_uint_le(r, 8);
    bool good = pulse_value_good(&found->value) && pulse_input_good(&found->input);
    for (unsigned i = 0; i < PINS; i++) {
        found->queue[i].energy = reader_u8(r);
        found->queue[i].waiting = (uint32_t)reader_uint_le(r, 4);
        found->queue[i].emitted = reader_uint_le(r, 8);
        found->queue[i].reached = reader_uint_le(r, 8);
        good = good && found->queue[i].energy <= LEGAL_ENERGIES;
    }
    return good;
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = PINS_STORE_FORMAT,
                                      .n_format = 2,
                                      .slots = PINS_STORE_PAGES,
                                      .first_page = PINS_STORE_FIRST_PAGE,
                                      .n_record = sizeof(struct pins_kept),
                                      .decode = decode,
                                      .encode = encode};

bool pins_store_load(struct pins_kept *kept, const struct board *board)
{
    struct pins_kept spare;
    memset(kept, 0, sizeof *kept);
    const struct slot_found found = slot_record_load(&kind, board, kept, &spare);
    if (found.sequence == 0) {
        pins_as_delivered(kept);
    }
    kept->sequence = found.sequence;
    return !found.unread;
}

bool pins_store_save(struct pins_kept *kept, const struct board *board)
{
    return slot_record_save(&kind, board, kept, &kept->sequence);
}
