#include "dlms_class.h"

#include <string.h>

/* IEC 62056-6-2 ed. 3 and later; `version` is the first one that has these members. */
static const struct {
    uint16_t class_id;
    uint8_t version, n_attributes, n_methods;
} classes[] = {
    {1, 0, 2, 0},    {3, 0, 3, 1},    {4, 0, 5, 1},    {5, 0, 9, 2},   {6, 0, 4, 3},
    {7, 0, 8, 2},    {8, 0, 9, 6},    {9, 0, 2, 1},    {10, 0, 2, 3},  {11, 0, 2, 2},
    {12, 0, 4, 8},   {15, 0, 8, 4},   {15, 1, 9, 4},   {15, 2, 11, 6}, {17, 0, 2, 1},
    {18, 0, 7, 4},   {19, 0, 9, 0},   {20, 0, 10, 1},  {21, 0, 4, 0},  {22, 0, 4, 0},
    {23, 0, 9, 0},   {25, 0, 5, 0},   {26, 0, 4, 0},   {27, 0, 4, 0},  {28, 0, 6, 0},
    {29, 0, 6, 0},   {40, 0, 7, 1},   {40, 1, 10, 1},  {40, 2, 13, 2}, {41, 0, 6, 0},
    {42, 0, 10, 3},  {43, 0, 2, 0},   {44, 0, 5, 0},   {45, 0, 4, 0},  {46, 0, 6, 0},
    {47, 0, 8, 0},   {48, 0, 9, 0},   {61, 0, 4, 2},   {62, 0, 6, 2},  {63, 0, 3, 0},
    {64, 0, 5, 2},   {64, 1, 6, 8},   {65, 0, 4, 2},   {68, 0, 6, 1},  {70, 0, 4, 2},
    {71, 0, 11, 0},  {72, 0, 12, 8},  {72, 1, 14, 8},  {74, 0, 2, 0},  {77, 0, 9, 1},
    {111, 0, 19, 3}, {112, 0, 11, 3}, {113, 0, 13, 5}, {115, 0, 6, 1}, {122, 0, 3, 0},
    {123, 0, 3, 2},  {124, 0, 12, 1},
};

struct dlms_members dlms_class_members(uint16_t class_id, uint8_t version)
{
    struct dlms_members members = {1, 0};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].class_id == class_id && classes[i].version <= version) {
            members.n_attributes = classes[i].n_attributes;
            members.n_methods = classes[i].n_methods;
        }
    }
    return members;
}

enum dlms_result dlms_class_name_get(const struct dlms_get *get, struct writer *out)
{
    dlms_write_octets(out, get->object->obis, sizeof get->object->obis);
    return DLMS_RESULT_SUCCESS;
}

enum dlms_result dlms_class_sap_get(const struct dlms_sap *saps, size_t n_saps,
                                    struct dlms_get *get, struct writer *out)
{
    if (get->attribute == 1) {
        return dlms_class_name_get(get, out);
    }
    if (get->attribute != 2) {
        return DLMS_RESULT_DENIED;
    }
    size_t at = get->cursor[0]++;
    if (at == 0) {
        dlms_write_array(out, n_saps);
        return n_saps > 0 ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
    }
    dlms_write_structure(out, 2);
    dlms_write_u16(out, saps[at - 1].sap);
    dlms_write_octets(out, saps[at - 1].name, saps[at - 1].n_name);
    return at < n_saps ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

enum dlms_result dlms_class_register_get(const struct dlms_register *value,
                                         const struct dlms_get *get, struct writer *out)
{
    switch (get->attribute) {
    case 1: return dlms_class_name_get(get, out);
    case 2: dlms_write_int(out, value->type, value->value); return DLMS_RESULT_SUCCESS;
    case 3: dlms_write_scaler_unit(out, value->scaler, value->unit); return DLMS_RESULT_SUCCESS;
    default: return DLMS_RESULT_DENIED;
    }
}
