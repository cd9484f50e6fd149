#include "dlms_model.h"

#include <string.h>

#define PART_OCTETS 128u

int dlms_object_compare(const struct dlms_object *a, const struct dlms_object *b)
{
    int order = memcmp(a->obis, b->obis, sizeof a->obis);
    return order != 0 ? order : (int)a->class_id - (int)b->class_id;
}

bool dlms_table_is_sorted(const struct dlms_table *table)
{
    for (size_t i = 1; i < table->n_objects; i++) {
        if (dlms_object_compare(&table->objects[i - 1], &table->objects[i]) >= 0) {
            return false;
        }
    }
    return true;
}

const struct dlms_object *dlms_table_find(const struct dlms_table *table, const uint8_t obis[6],
                                          uint16_t class_id, bool *other_class)
{
    size_t low = 0, high = table->n_objects;
    while (low < high) { /* the first row not before (obis, class) */
        size_t middle = low + (high - low) / 2;
        const struct dlms_object *row = &table->objects[middle];
        int order = memcmp(row->obis, obis, sizeof row->obis);
        if (order < 0 || (order == 0 && row->class_id < class_id)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (table->n_objects == 0) {
        return NULL;
    }
    const struct dlms_object *here = table->objects + low;
    bool same_name = low < table->n_objects && memcmp(here->obis, obis, sizeof here->obis) == 0;
    if (same_name && here->class_id == class_id) {
        return here;
    }
    bool before = low > 0 && memcmp(here[-1].obis, obis, sizeof here->obis) == 0;
    if (same_name || before) {
        *other_class = true;
    }
    return NULL;
}

const struct dlms_association *dlms_association_find(const struct dlms_association *associations,
                                                     size_t n, uint16_t client_sap,
                                                     uint16_t server_sap)
{
    for (size_t i = 0; i < n; i++) {
        if (associations[i].client_sap == client_sap && associations[i].server_sap == server_sap) {
            return &associations[i];
        }
    }
    return NULL;
}

bool dlms_same(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b)
{
    uint8_t difference = n_a == n_b ? 0 : 1;
    for (size_t i = 0; i < n_a; i++) {
        difference |= (uint8_t)(a[i] ^ (i < n_b ? b[i] : 0xFFu));
    }
    return difference == 0;
}

enum dlms_result dlms_write_part(struct writer *w, uint32_t *at, const void *bytes, size_t n_bytes)
{
    const uint8_t *octets = bytes;
    size_t n_part = n_bytes - *at > PART_OCTETS ? PART_OCTETS : n_bytes - *at;
    if (*at == 0) {
        writer_u8(w, DLMS_OCTETS);
        dlms_write_length(w, n_bytes);
    }
    if (n_part > 0) {
        writer_bytes(w, octets + *at, n_part);
    }
    *at += (uint32_t)n_part;
    return *at < n_bytes ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}
