#include "cosem_columns.h"

#include <string.h>

#include "../registers/register_read.h"

#define CLASS_DATA     1u
#define CLASS_REGISTER 3u
#define CLASS_EXTENDED 4u
#define CLASS_PROFILE  7u
#define CLASS_CLOCK    8u
#define VALUE          2
#define CAPTURE_TIME   5
#define ID_FORMAT      6002u

/* A column as the lists below have it; class and name of registers are those of their objects. */
struct spec {
    uint8_t kind, type;
    uint16_t id;
    uint8_t class_id;
    uint8_t obis[6];
};

#define OF_REGISTER(kind, id)                                                                      \
    {                                                                                              \
        kind, DLMS_NULL, id, 0,                                                                    \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define REG(id)  OF_REGISTER(COLUMN_REGISTER, id)
#define PEAK(id) REG(id), OF_REGISTER(COLUMN_CAPTURED, id)
#define ONLY(kind, type, class_id, a, b, c, d, e)                                                  \
    {                                                                                              \
        kind, DLMS_##type, 0, class_id,                                                            \
        {                                                                                          \
            a, b, c, d, e, 255                                                                     \
        }                                                                                          \
    }

static const struct spec debiting[] = {REG(1004), REG(47),  REG(1040), REG(58),    REG(1),
                                       REG(2),    REG(3),   REG(4),    REG(19),    REG(23),
                                       REG(27),   REG(31),  REG(21),   REG(25),    REG(29),
                                       REG(33),   PEAK(39), REG(43),   PEAK(1033), PEAK(1036)};
static const struct spec debiting_2[] = {REG(1004), REG(1),  REG(2),  REG(3),  REG(4),  REG(19),
                                         REG(23),   REG(27), REG(31), REG(20), REG(24), REG(28),
                                         REG(32),   REG(21), REG(25), REG(29), REG(33), REG(22),
                                         REG(26),   REG(30), REG(34)};
static const struct spec status_log[] = {ONLY(COLUMN_CODE, UINT8, CLASS_DATA, 1, 1, 97, 97, 0)};
static const struct spec clock_log[] = {ONLY(COLUMN_BEFORE, NULL, CLASS_CLOCK, 0, 1, 1, 0, 1),
                                        ONLY(COLUMN_CODE, UINT8, CLASS_DATA, 0, 1, 96, 10, 3)};
static const struct spec voltage[] = {ONLY(COLUMN_PHASE, UINT8, CLASS_DATA, 1, 1, 132, 0, 1),
                                      ONLY(COLUMN_EVENT, UINT8, CLASS_DATA, 1, 1, 132, 0, 2),
                                      ONLY(COLUMN_MEAN, UINT16, CLASS_REGISTER, 1, 1, 132, 0, 3),
                                      ONLY(COLUMN_HIGHEST, UINT16, CLASS_REGISTER, 1, 1, 132, 0, 4),
                                      ONLY(COLUMN_LOWEST, UINT16, CLASS_REGISTER, 1, 1, 132, 0, 5)};
static const struct spec load_events[] = {ONLY(COLUMN_CODE, UINT8, CLASS_DATA, 1, 1, 96, 5, 3)};
static const struct spec neutral[] = {ONLY(COLUMN_CODE, UINT8, CLASS_DATA, 1, 1, 132, 0, 6),
                                      ONLY(COLUMN_HOURS, UINT32, CLASS_REGISTER, 0, 1, 96, 8, 0)};

static const struct spec cut_off[] = {ONLY(COLUMN_CODE, UINT8, CLASS_DATA, 1, 1, 128, 0, 0),
                                      ONLY(COLUMN_FEEDBACK, UINT8, CLASS_DATA, 1, 1, 128, 0, 18)};

static const struct spec firmware[] = {ONLY(COLUMN_PART, UINT8, CLASS_DATA, 1, 1, 96, 54, 2),
                                       ONLY(COLUMN_REVISION, VISIBLE, CLASS_DATA, 1, 1, 96, 54, 3),
                                       ONLY(COLUMN_PARTY, OCTETS, CLASS_DATA, 1, 1, 96, 54, 5),
                                       ONLY(COLUMN_WAY, UINT8, CLASS_DATA, 1, 1, 96, 54, 6)};

static const struct spec disconnector[] = {
    ONLY(COLUMN_CODE, UINT8, CLASS_DATA, 1, 1, 128, 0, 0),
    ONLY(COLUMN_FEEDBACK, UINT8, CLASS_DATA, 1, 1, 128, 0, 18),
    ONLY(COLUMN_NUMBER, UINT8, CLASS_DATA, 0, 0, 96, 11, 2)};
static const struct spec standard[] = {ONLY(COLUMN_NUMBER, UINT8, CLASS_DATA, 0, 0, 96, 11, 0)};
static const struct spec fraud[] = {ONLY(COLUMN_NUMBER, UINT8, CLASS_DATA, 0, 0, 96, 11, 1)};
static const struct spec power[] = {ONLY(COLUMN_LASTED, UINT32, CLASS_REGISTER, 0, 0, 96, 7, 19)};

#define LIST(list)                                                                                 \
    {                                                                                              \
        list, sizeof list / sizeof list[0]                                                         \
    }
static const struct {
    const struct spec *spec;
    size_t n;
} lists[COSEM_PROFILES] = {[COSEM_PROFILE_DEBITING] = LIST(debiting),
                           [COSEM_PROFILE_DEBITING_2] = LIST(debiting_2),
                           [COSEM_PROFILE_STATUS] = LIST(status_log),
                           [COSEM_PROFILE_CLOCK] = LIST(clock_log),
                           [COSEM_PROFILE_VOLTAGE] = LIST(voltage),
                           [COSEM_PROFILE_LOAD_EVENTS] = LIST(load_events),
                           [COSEM_PROFILE_NEUTRAL] = LIST(neutral),
                           [COSEM_PROFILE_CUT_OFF] = LIST(cut_off),
                           [COSEM_PROFILE_FIRMWARE] = LIST(firmware),
                           [COSEM_PROFILE_FIRMWARE_FAILED] = LIST(firmware),
                           [COSEM_PROFILE_DISCONNECTOR] = LIST(disconnector),
                           [COSEM_PROFILE_STANDARD] = LIST(standard),
                           [COSEM_PROFILE_FRAUD] = LIST(fraud),
                           [COSEM_PROFILE_POWER] = LIST(power)};

void cosem_clock_column(const struct cosem *cosem, const struct cosem_row *profile,
                        struct dlms_column *out)
{
    const uint8_t b = cosem_house(cosem, profile) ? 0 : 1;
    *out = (struct dlms_column){CLASS_CLOCK, {0, b, 1, 0, 0, 255}, VALUE, 0};
}

static void name_set(struct dlms_column *object, uint16_t class_id, const uint8_t obis[6],
                     int8_t attribute)
{
    object->class_id = class_id;
    memcpy(object->obis, obis, sizeof object->obis);
    object->attribute = attribute;
    object->data_index = 0;
}

static uint8_t type_of(const struct register_def *def)
{
    if (def->coding == REGISTER_RTC) {
        return DLMS_OCTETS;
    }
    const bool has_sign = def->coding == REGISTER_INT;
    switch (def->width) {
    case 1: return has_sign ? DLMS_INT8 : DLMS_UINT8;
    case 2: return has_sign ? DLMS_INT16 : DLMS_UINT16;
    default: return has_sign ? DLMS_INT32 : DLMS_UINT32;
    }
}

/* A register under the name of its object; one that has no object, under its own. */
static bool of_register(const struct cosem *cosem, bool house, uint16_t kmp_id,
                        struct cosem_column *out)
{
    const struct register_def *def = register_by_kmp_id(kmp_id);
    if (def == NULL || !register_exists(cosem->meter, def)) {
        return false;
    }
    const struct cosem_row *row = cosem_row_of_register(kmp_id, house);
    out->def = def;
    out->id = kmp_id;
    if (row != NULL) {
        out->type = row->type;
        name_set(&out->object, row->object.class_id, row->object.obis, VALUE);
    } else {
        out->type = type_of(def);
        name_set(&out->object, def->unit == UNIT_NONE ? CLASS_DATA : CLASS_REGISTER, def->obis,
                 VALUE);
    }
    return true;
}

static bool of_spec(const struct cosem *cosem, bool house, const struct spec *spec,
                    struct cosem_column *out)
{
    out->kind = spec->kind;
    if (spec->class_id == 0) {
        const bool found = of_register(cosem, house, spec->id, out);
        out->object.attribute = spec->kind == COLUMN_CAPTURED ? CAPTURE_TIME : VALUE;
        return found;
    }
    out->type = spec->type;
    out->id = 0;
    name_set(&out->object, spec->class_id, spec->obis, VALUE);
    return true;
}

static bool is_data(enum cosem_profile profile)
{
    return profile <= COSEM_PROFILE_ANALYSIS;
}

/* What stands before the values: the stamp, and in data loggers the two status words and the scaler
 * of the energies; the household list has one octet of status beside intervals. */
static bool head(const struct cosem *cosem, const struct cosem_row *row, unsigned n,
                 struct cosem_column *out)
{
    static const uint8_t amr[2][6] = {{0, 0, 96, 10, 1, 255}, {0, 0, 96, 10, 2, 255}};
    const enum cosem_profile profile = (enum cosem_profile)row->object.index;
    if (n == 0) {
        out->kind = COLUMN_CLOCK;
        cosem_clock_column(cosem, row, &out->object);
    } else if (cosem_house(cosem, row)) {
        out->kind = COLUMN_AMR;
        name_set(&out->object, CLASS_DATA, amr[profile == COSEM_PROFILE_ANALYSIS], VALUE);
    } else if (n < 3) {
        out->kind = n == 1 ? COLUMN_STATUS : COLUMN_QUALITY;
        name_set(&out->object, CLASS_PROFILE, row->object.obis,
                 n == 1 ? COSEM_LOGGER_STATUS : COSEM_DATA_QUALITY);
    } else {
        out->kind = COLUMN_FORMAT;
        name_set(&out->object, CLASS_DATA, register_by_kmp_id(ID_FORMAT)->obis, VALUE);
    }
    return true;
}

static unsigned head_length(const struct cosem *cosem, const struct cosem_row *row)
{
    const enum cosem_profile profile = (enum cosem_profile)row->object.index;
    if (!is_data(profile)) {
        return 1;
    }
    if (!cosem_house(cosem, row)) {
        return 4;
    }
    return profile == COSEM_PROFILE_LOAD || profile == COSEM_PROFILE_ANALYSIS ? 2 : 1;
}

static bool channel(const struct cosem *cosem, bool house, unsigned n, struct cosem_column *out)
{
    static const uint16_t ids[LEGAL_ENERGIES] = {
        [LEGAL_A_PLUS] = 1, [LEGAL_A_MINUS] = 2, [LEGAL_R_PLUS] = 3, [LEGAL_R_MINUS] = 4};
    struct legal_profile_range range;
    legal_profile_range(&cosem->meter->legal, &range);
    if (n >= range.layout.channels ||
        !of_register(cosem, house, ids[range.layout.energy[n]], out)) {
        return false;
    }
    out->kind = COLUMN_ENERGY;
    out->id = (uint16_t)n;
    return true;
}

static bool analysed(const struct cosem *cosem, bool house, unsigned n, struct cosem_column *out)
{
    const struct analysis_setup *setup = &cosem->meter->analysis.stored.setup;
    if (n >= setup->n_values || !of_register(cosem, house, setup->value[n], out)) {
        return false;
    }
    out->kind = COLUMN_ANALYSED;
    out->id = (uint16_t)n;
    return true;
}

/* The n-th of a list that exists on this meter. */
static bool listed(const struct cosem *cosem, const struct cosem_row *row, unsigned n,
                   struct cosem_column *out)
{
    const enum cosem_profile profile = (enum cosem_profile)row->object.index;
    for (size_t i = 0; i < lists[profile].n; i++) {
        if (of_spec(cosem, cosem_house(cosem, row), &lists[profile].spec[i], out) && n-- == 0) {
            return true;
        }
    }
    return false;
}

bool cosem_column(const struct cosem *cosem, const struct cosem_row *profile, unsigned n,
                  struct cosem_column *out)
{
    const unsigned first = head_length(cosem, profile);
    const bool house = cosem_house(cosem, profile);
    memset(out, 0, sizeof *out);
    if (n < first) {
        return head(cosem, profile, n, out);
    }
    switch (profile->object.index) {
    case COSEM_PROFILE_LOAD: return channel(cosem, house, n - first, out);
    case COSEM_PROFILE_ANALYSIS: return analysed(cosem, house, n - first, out);
    default: return listed(cosem, profile, n - first, out);
    }
}
