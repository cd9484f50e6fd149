#include "analysis_setup.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../registers/register_read.h"
#include "../store/slot_record.h"
#include "analysis_mean.h"

#define MARK             UINT32_C(0x55534E41) /* "ANSU" in memory order */
#define FORMAT           1u
#define PAYLOAD_BYTES    (3u + 2u * ANALYSIS_VALUES + 4u * 4u + 8u)
#define PAYLOAD_SHIFT    16u /* the length stands behind the format */
#define FLAG_ON          0x01u
#define INTERVAL_DEFAULT 15u

/* ---- what a value is ---- */

enum analysis_kind analysis_kind(const struct register_def *def)
{
    static const struct {
        uint8_t first, last; /* of enum register_source */
        enum analysis_kind kind;
    } kinds[] = {
        {SOURCE_ACTIVE_PLUS, SOURCE_PHASE_SEQUENCE, ANALYSIS_INSTANT},
        {SOURCE_QUALITY_VOLTAGE_10MIN, SOURCE_QUALITY_FREQUENCY, ANALYSIS_INSTANT},
        {SOURCE_NEUTRAL_VOLTAGE, SOURCE_NEUTRAL_VOLTAGE, ANALYSIS_INSTANT},
        {SOURCE_ANALYSIS_MEAN, SOURCE_ANALYSIS_FACTOR, ANALYSIS_MEAN},
    };
    if (def->source == SOURCE_ANALYSIS_EXTREME) {
        const bool low =
            def->index < ANALYSIS_VOLTAGE_HIGH || def->index == (uint8_t)ANALYSIS_POWER_LOW;
        return low ? ANALYSIS_LOWEST : ANALYSIS_HIGHEST;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (def->source >= kinds[i].first && def->source <= kinds[i].last) {
            return kinds[i].kind;
        }
    }
    return ANALYSIS_AS_IT_STANDS;
}

static bool selectable(const struct variant *variant, uint16_t id)
{
    const struct register_def *def = register_by_kmp_id(id);
    return def != NULL && def->loggable && register_fits(variant, def);
}

/* ---- a set-up ---- */

void analysis_setup_default(const struct variant *variant, struct analysis_setup *setup)
{
    static const uint16_t candidates[] = {1023, 1024, 1025, 1026, 1215,
                                          1216, 1217, 1218, 1219, 1220};
    *setup = (struct analysis_setup){
        .interval_min = INTERVAL_DEFAULT,
        .profile_records =
            variant->generation == GENERATION_L ? 0 : analysis_profile_default(variant),
        .first_id = 1,
    };
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (selectable(variant, candidates[i])) {
            setup->value[setup->n_values++] = candidates[i];
        }
    }
}

uint32_t analysis_setup_depth(const struct variant *variant, const struct analysis_setup *setup)
{
    return analysis_records(analysis_memory_bytes(variant, setup->profile_records),
                            setup->n_values);
}

enum analysis_refusal analysis_setup_check(const struct variant *variant,
                                           const struct analysis_setup *setup)
{
    if (!analysis_fitted(variant)) {
        return ANALYSIS_REFUSED_FITTED;
    }
    if (!analysis_interval_allowed(setup->interval_min)) {
        return ANALYSIS_REFUSED_INTERVAL;
    }
    if (setup->n_values == 0 || setup->n_values > ANALYSIS_VALUES) {
        return ANALYSIS_REFUSED_EMPTY;
    }
    for (unsigned v = 0; v < setup->n_values; v++) {
        if (!selectable(variant, setup->value[v])) {
            return ANALYSIS_REFUSED_VALUE;
        }
        for (unsigned before = 0; before < v; before++) {
            if (setup->value[before] == setup->value[v]) {
                return ANALYSIS_REFUSED_TWICE;
            }
        }
    }
    if (variant->generation != GENERATION_L && setup->profile_records == 0) {
        return ANALYSIS_REFUSED_PROFILE;
    }
    const uint32_t depth = analysis_setup_depth(variant, setup);
    return analysis_deep_enough(depth, setup->interval_min) ? ANALYSIS_TAKEN
                                                            : ANALYSIS_REFUSED_DEPTH;
}

uint16_t analysis_layout(const struct analysis_setup *setup)
{
    uint8_t bytes[1 + 2 * ANALYSIS_VALUES];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_u8(&w, setup->interval_min);
    for (unsigned v = 0; v < ANALYSIS_VALUES; v++) {
        writer_uint_le(&w, v < setup->n_values ? setup->value[v] : 0u, 2);
    }
    return crc16_xmodem(bytes, sizeof bytes);
}

/* ---- in memory ---- */

static bool stored_decode(struct reader *body, void *record)
{
    struct analysis_stored *stored = record;
    stored->setup.on = (reader_u8(body) & FLAG_ON) != 0;
    stored->setup.interval_min = reader_u8(body);
    stored->setup.n_values = reader_u8(body);
    for (unsigned v = 0; v < ANALYSIS_VALUES; v++) {
        stored->setup.value[v] = (uint16_t)reader_uint_le(body, 2);
    }
    stored->setup.profile_records = (uint32_t)reader_uint_le(body, 4);
    stored->setup.first_id = (uint32_t)reader_uint_le(body, 4);
    stored->setup.since_s = (int64_t)reader_uint_le(body, 8);
    stored->mark.read = (uint32_t)reader_uint_le(body, 4);
    stored->mark.quiet = (uint32_t)reader_uint_le(body, 4);
    return stored->setup.n_values <= ANALYSIS_VALUES && stored->setup.first_id != 0;
}

static void stored_encode(struct writer *body, const void *record)
{
    const struct analysis_stored *stored = record;
    writer_u8(body, stored->setup.on ? FLAG_ON : 0u);
    writer_u8(body, stored->setup.interval_min);
    writer_u8(body, stored->setup.n_values);
    for (unsigned v = 0; v < ANALYSIS_VALUES; v++) {
        writer_uint_le(body, v < stored->setup.n_values ? stored->setup.value[v] : 0u, 2);
    }
    writer_uint_le(body, stored->setup.profile_records, 4);
    writer_uint_le(body, stored->setup.first_id, 4);
    writer_uint_le(body, (uint64_t)stored->setup.since_s, 8);
    writer_uint_le(body, stored->mark.read, 4);
    writer_uint_le(body, stored->mark.quiet, 4);
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = FORMAT | PAYLOAD_BYTES << PAYLOAD_SHIFT,
                                      .n_format = 4,
                                      .slots = 2,
                                      .first_page = ANALYSIS_SETUP_FIRST_PAGE,
                                      .read_back = true,
                                      .n_record = sizeof(struct analysis_stored),
                                      .decode = stored_decode,
                                      .encode = stored_encode};

enum analysis_err analysis_setup_load(struct analysis_stored *stored, const struct board *board)
{
    struct analysis_stored spare;
    memset(stored, 0, sizeof *stored);
    const struct slot_found found = slot_record_load(&kind, board, stored, &spare);
    stored->sequence = found.sequence;
    return found.unread ? ANALYSIS_ERR_STORAGE : ANALYSIS_OK;
}

enum analysis_err analysis_setup_save(struct analysis_stored *stored, const struct board *board)
{
    return slot_record_save(&kind, board, stored, &stored->sequence) ? ANALYSIS_OK
                                                                     : ANALYSIS_ERR_STORAGE;
}
