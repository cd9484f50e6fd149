#include "meter_display.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../display/display_rules.h"
#include "meter_log.h"

/* ---- ids and rows ---- */

static uint16_t id_of(uint16_t row)
{
    return row >= register_table_length ? row : register_table[row].kmp_id;
}

/* @return a row that no meter has: no such id */
static uint16_t row_of(uint16_t id)
{
    const struct register_def *def = register_by_kmp_id(id);
    if (id == KMP_DISPLAY_TEST || id == KMP_DISPLAY_HISTORY || id == KMP_DISPLAY_PROFILE) {
        return id; /* the same numbers */
    }
    return def != NULL ? (uint16_t)(def - register_table) : (uint16_t)register_table_length;
}

static void rows_of(const uint16_t *ids, size_t n, uint16_t *rows)
{
    for (size_t i = 0; i < n; i++) {
        rows[i] = row_of(ids[i]);
    }
}

/* ---- the lists of now ---- */

static bool own_list(const struct meter *meter, unsigned which)
{
    const struct display_store *store = &meter->display_store;
    return store->configuration == meter->variant.display_configuration &&
           store->length[which] != DISPLAY_STORE_DELIVERED;
}

void meter_display_begin(struct meter *meter)
{
    const struct display_store *store = &meter->display_store;
    display_init(&meter->display, meter);
    for (unsigned which = 0; which < LIST_TEST; which++) {
        uint16_t rows[DISPLAY_MANUAL_MAX];
        if (own_list(meter, which)) {
            rows_of(store->reading[which], store->length[which], rows);
            (void)display_set_list(&meter->display, meter, (enum display_list)which, rows,
                                   store->length[which], meter->now_us);
        }
    }
}

void meter_display_list(const struct meter *meter, unsigned which, struct kmp_display_list *out)
{
    memset(out, 0, sizeof *out);
    out->configuration = meter->variant.display_configuration;
    out->which = (uint8_t)which;
    out->delivered = !own_list(meter, which);
    out->n = meter->display.length[which];
    for (unsigned i = 0; i < out->n; i++) {
        out->reading[i] = id_of(meter->display.list[which][i]);
    }
}

/* ---- another list ---- */

static struct kmp_display_reply refuse(enum kmp_display_reason reason, uint16_t reading)
{
    return (struct kmp_display_reply){(uint8_t)reason, reading};
}

static uint16_t check_of(const struct kmp_display_list *list)
{
    uint8_t bytes[2 * KMP_DISPLAY_READINGS_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    for (unsigned i = 0; i < list->n; i++) {
        writer_uint_be(&w, list->reading[i], 2);
    }
    return crc16_xmodem(bytes, writer_length(&w));
}

/* Forty readings do not fit a record: how many there are, and a check over them. */
static void note(struct meter *meter, const struct kmp_display_list *before,
                 const struct kmp_display_list *after)
{
    uint8_t payload[7];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, (uint8_t)rights_channel(&meter->rights));
    writer_u8(&w, before->n);
    writer_uint_le(&w, check_of(before), 2);
    writer_u8(&w, after->n);
    writer_uint_le(&w, check_of(after), 2);
    meter_log(meter, EVENT_LOG_AUDIT, (uint16_t)(METER_AUDIT_DISPLAY + before->which), payload,
              sizeof payload);
}

static void store_put(struct display_store *store, const struct kmp_display_list *list)
{
    if (store->configuration != list->configuration) {
        memset(store->length, DISPLAY_STORE_DELIVERED, sizeof store->length);
    }
    store->configuration = list->configuration;
    store->length[list->which] = list->delivered ? DISPLAY_STORE_DELIVERED : list->n;
    memcpy(store->reading[list->which], list->reading, sizeof store->reading[0]);
}

/* A list that has changed, and is shown, begins anew. */
static void show(struct meter *meter, unsigned which)
{
    const struct display_store *store = &meter->display_store;
    struct display delivered;
    uint16_t rows[DISPLAY_MANUAL_MAX];
    uint8_t n = store->length[which];
    if (own_list(meter, which)) {
        rows_of(store->reading[which], n, rows);
    } else {
        display_init(&delivered, meter);
        n = delivered.length[which];
        memcpy(rows, delivered.list[which], sizeof rows);
    }
    if (n != meter->display.length[which] ||
        memcmp(rows, meter->display.list[which], n * sizeof rows[0]) != 0) {
        (void)display_set_list(&meter->display, meter, (enum display_list)which, rows, n,
                               meter->now_us);
        meter->next_display_us = meter->now_us;
    }
}

struct kmp_display_reply meter_display_set(struct meter *meter, const struct kmp_display_list *list)
{
    const struct display_store before = meter->display_store;
    struct kmp_display_list old, now;
    const struct kmp_display_reply reply = display_rules_check(&meter->variant, list);
    if (reply.reason != KMP_DISPLAY_OK) {
        return reply;
    }
    meter_display_list(meter, list->which, &old);
    store_put(&meter->display_store, list);
    if (!display_store_save(&meter->display_store, meter->board)) {
        meter->display_store = before;
        meter->memory_fault = true;
        return refuse(KMP_DISPLAY_STORAGE, 0);
    }
    for (unsigned which = 0; which < LIST_TEST; which++) {
        show(meter, which); /* another configuration moves them all */
    }
    meter_display_list(meter, list->which, &now);
    note(meter, &old, &now);
    return reply;
}
