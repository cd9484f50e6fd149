#include "cosem_push.h"

#include <string.h>

#include "../meter/meter_alarms.h"
#include "../meter/meter_audit.h"
#include "../store/slot_record.h"
#include "cosem_inside.h"

#define MARK        UINT32_C(0x48535550) /* "PUSH" in memory order */
#define FORMAT      1u
#define MS_PER_S    INT64_C(1000)
#define INVOKE_MASK 0x00FFFFFFu
#define NOT_DECIDED INT64_MIN
#define VALUES_MAX  300u

enum { OBJECTS = 2, DESTINATION, WINDOW, RANDOMISATION, RETRIES, DELAY };

/* ---- memory ---- */

static void encode(struct writer *w, const void *record)
{
    const struct cosem_push_setup *setup = record;
    writer_u8(w, setup->n_objects);
    for (unsigned i = 0; i < COSEM_PUSH_OBJECTS; i++) {
        writer_uint_le(w, setup->object[i].class_id, 2);
        writer_bytes(w, setup->object[i].obis, 6);
        writer_u8(w, (uint8_t)setup->object[i].attribute);
    }
    writer_u8(w, setup->service);
    writer_bytes(w, setup->destination, COSEM_PUSH_DESTINATION_MAX);
    writer_uint_le(w, setup->randomisation_s, 2);
    writer_u8(w, setup->retries);
    writer_uint_le(w, setup->delay_s, 2);
}

static bool decode(struct reader *r, void *record)
{
    struct cosem_push_setup *found = record;
    found->n_objects = reader_u8(r);
    for (unsigned i = 0; i < COSEM_PUSH_OBJECTS; i++) {
        found->object[i].class_id = (uint16_t)reader_uint_le(r, 2);
        memcpy(found->object[i].obis, reader_bytes(r, 6), 6);
        found->object[i].attribute = (int8_t)reader_u8(r);
    }
    found->service = reader_u8(r);
    memcpy(found->destination, reader_bytes(r, COSEM_PUSH_DESTINATION_MAX),
           COSEM_PUSH_DESTINATION_MAX);
    found->randomisation_s = (uint16_t)reader_uint_le(r, 2);
    found->retries = reader_u8(r);
    found->delay_s = (uint16_t)reader_uint_le(r, 2);
    return found->n_objects <= COSEM_PUSH_OBJECTS && found->service <= COSEM_PUSH_UDP;
}

static const struct slot_kind stored = {.mark = MARK,
                                        .format = FORMAT,
                                        .n_format = 2,
                                        .slots = 2,
                                        .first_page = COSEM_PUSH_FIRST_PAGE,
                                        .n_record = sizeof(struct cosem_push_setup),
                                        .decode = decode,
                                        .encode = encode};

static bool save(struct meter *meter, const struct cosem_push_setup *wanted)
{
    struct cosem_push_setup next = *wanted;
    next.sequence = meter->push.setup.sequence;
    if (!slot_record_save(&stored, meter->board, &next, &next.sequence)) {
        return false;
    }
    meter->push.setup = next;
    return true;
}

/* As delivered: who it is, when, and the alarms; to nobody. */
static void deliver(struct cosem_push_setup *setup)
{
    static const struct cosem_push_setup delivered = {.n_objects = 5,
                                                      .object = {{1, {0, 0, 42, 0, 0, 255}, 2},
                                                                 {8, {0, 0, 1, 0, 0, 255}, 2},
                                                                 {1, {0, 0, 97, 98, 0, 255}, 2},
                                                                 {1, {0, 0, 97, 98, 1, 255}, 2},
                                                                 {1, {0, 0, 97, 98, 2, 255}, 2}},
                                                      .retries = 3,
                                                      .delay_s = 60};
    *setup = delivered;
}

bool cosem_push_begin(struct meter *meter)
{
    struct cosem_push *push = &meter->push;
    struct cosem_push_setup spare;
    memset(push, 0, sizeof *push);
    deliver(&push->setup);
    const struct slot_found found = slot_record_load(&stored, meter->board, &push->setup, &spare);
    push->setup.sequence = found.sequence;
    for (unsigned kind = 0; kind < ALARM_REGISTERS; kind++) {
        push->alarms[kind] = meter_alarms_raised(meter, (enum alarm_kind)kind);
    }
    return !found.unread;
}

/* ---- sending ---- */

static void want(struct cosem_push *push)
{
    push->wanted = push->setup.destination[0] != '\0';
    push->tries = 0;
    push->next_ms = NOT_DECIDED;
}

/* An alarm that has come since the last look; one that was cleared may come again. */
static void alarms_look_for_push(struct meter *meter)
{
    uint32_t come = 0;
    for (unsigned kind = 0; kind < ALARM_REGISTERS; kind++) {
        const uint32_t now = meter_alarms_raised(meter, (enum alarm_kind)kind);
        come |= now & ~meter->push.alarms[kind];
        meter->push.alarms[kind] = now;
    }
    if (come != 0) {
        want(&meter->push);
    }
}

static int64_t random_ms(const struct meter *meter)
{
    uint8_t bytes[4] = {0};
    struct reader r = reader_over(bytes, sizeof bytes);
    if (meter->push.setup.randomisation_s == 0 || meter->board->random == NULL ||
        meter->board->random(meter->board->context, bytes, sizeof bytes) != 0) {
        return 0;
    }
    return (int64_t)(reader_uint_le(&r, 4) % (meter->push.setup.randomisation_s * 1000u));
}

bool cosem_push_due(struct meter *meter, int64_t wall_ms, int64_t *next_ms)
{
    struct cosem_push *push = &meter->push;
    *next_ms = INT64_MAX;
    if (!meter->supply_on) {
        push->wanted = false;
        return false;
    }
    alarms_look_for_push(meter);
    if (!push->wanted) {
        return false;
    }
    if (push->next_ms == NOT_DECIDED) {
        push->next_ms = wall_ms + random_ms(meter);
    }
    *next_ms = push->next_ms;
    return wall_ms >= push->next_ms;
}

/* One value; null-data for what this meter does not have or what does not fit. */
static void value_write(const struct cosem *cosem, const struct cosem_push_object *object,
                        struct writer *out)
{
    const struct cosem_row *row = cosem_row_find(object->obis);
    const size_t before = writer_length(out);
    static const uint8_t nothing[1];
    if (row != NULL && row->object.class_id == object->class_id &&
        cosem_there(cosem->meter, cosem->role, row) &&
        (cosem_access(cosem->role, row, DLMS_ATTRIBUTE, object->attribute) & DLMS_MODE_READ) != 0) {
        struct dlms_get get = {&row->object, object->attribute, 0, reader_over(nothing, 0), {0}};
        enum dlms_result result = DLMS_RESULT_MORE;
        while (result == DLMS_RESULT_MORE && !out->failed &&
               writer_length(out) - before <= VALUES_MAX) {
            result = cosem_row_get(cosem, row, &get, out);
        }
        if (result == DLMS_RESULT_SUCCESS && !out->failed) {
            return;
        }
    }
    out->at = out->begin + before;
    out->failed = false;
    dlms_write_null(out);
}

static size_t protect(struct meter *meter, uint8_t *buffer, size_t capacity, size_t at,
                      size_t n_plain)
{
    struct security *security = &meter->security;
    struct dlms_cipher cipher;
    struct dlms_span span = {NULL, 0};
    struct dlms_seal how = {
        .wrapping = DLMS_WRAP_GENERAL_GLO,
        .control = (uint8_t)(DLMS_SC_AUTHENTICATION | DLMS_SC_ENCRYPTION | security->keys.suite)};
    dlms_cipher_init(&cipher, &security->keys, &security->own, &security->peer[SECURITY_UNICAST],
                     NULL, security->title);
    if (dlms_cipher_protect(&cipher, &how, buffer, capacity, at, n_plain, &span) !=
        DLMS_CIPHER_OK) {
        return 0;
    }
    memmove(buffer, span.bytes, span.n_bytes);
    return span.n_bytes;
}

size_t cosem_push_take(struct meter *meter, uint8_t *apdu, size_t capacity)
{
    struct cosem_push *push = &meter->push;
    const struct dlms_session session = {.state = DLMS_ASSOCIATED,
                                         .client_sap = COSEM_CLIENT_MANAGEMENT,
                                         .server_sap = COSEM_SERVER_MANAGEMENT};
    const struct cosem cosem = {meter, &session, COSEM_MANAGEMENT};
    const struct dlms_seal how = {.wrapping = DLMS_WRAP_GENERAL_GLO};
    const size_t before = meter->security.open ? dlms_cipher_before(&how, capacity) : 0;
    const size_t after = meter->security.open ? dlms_cipher_after(&how) : 0;
    if (capacity < before + after) {
        return 0;
    }
    struct writer w = writer_over(apdu + before, capacity - before - after);
    push->invoke = (push->invoke + 1u) & INVOKE_MASK;
    dlms_data_notification_write(&w, push->invoke, NULL);
    dlms_write_structure(&w, push->setup.n_objects);
    for (unsigned i = 0; i < push->setup.n_objects; i++) {
        value_write(&cosem, &push->setup.object[i], &w);
    }
    if (w.failed) {
        return 0;
    }
    const size_t n = writer_length(&w);
    return meter->security.open ? protect(meter, apdu, capacity, before, n) : n;
}

void cosem_push_done(struct meter *meter, bool sent, int64_t wall_ms)
{
    struct cosem_push *push = &meter->push;
    if (sent || push->tries >= push->setup.retries) {
        push->wanted = false;
        return;
    }
    push->tries++;
    push->next_ms = wall_ms + push->setup.delay_s * MS_PER_S;
}

/* ---- class 40 ---- */

static enum dlms_result push_get(const struct cosem *cosem, const struct cosem_row *row,
                                 struct dlms_get *get, struct writer *out)
{
    const struct cosem_push_setup *setup = &cosem->meter->push.setup;
    (void)row;
    switch (get->attribute) {
    case OBJECTS:
        dlms_write_array(out, setup->n_objects);
        for (unsigned i = 0; i < setup->n_objects; i++) {
            dlms_write_capture_object(out, setup->object[i].class_id, setup->object[i].obis,
                                      setup->object[i].attribute, 0);
        }
        break;
    case DESTINATION:
        dlms_write_structure(out, 3);
        dlms_write_enum(out, setup->service);
        dlms_write_octets(out, setup->destination, strlen(setup->destination));
        dlms_write_enum(out, 0); /* A-XDR */
        break;
    case WINDOW: dlms_write_array(out, 0); break; /* at any time */
    case RANDOMISATION: dlms_write_u16(out, setup->randomisation_s); break;
    case RETRIES: dlms_write_u8(out, setup->retries); break;
    default: dlms_write_u16(out, setup->delay_s); break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* Single values only: what has rows is read, not pushed. */
static enum dlms_result objects_set(struct cosem_push_setup *setup, struct reader *data)
{
    uint32_t n = 0;
    if (!dlms_read_array(data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n > COSEM_PUSH_OBJECTS) {
        return DLMS_RESULT_OTHER;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct dlms_column column;
        if (!dlms_column_read(data, &column)) {
            return DLMS_RESULT_TYPE;
        }
        const struct cosem_row *row = cosem_row_find(column.obis);
        if (row == NULL || row->object.class_id != column.class_id || column.data_index != 0 ||
            column.class_id == 15 || (column.class_id == 7 && column.attribute == 2)) {
            return DLMS_RESULT_OTHER;
        }
        setup->object[i].class_id = column.class_id;
        setup->object[i].attribute = column.attribute;
        memcpy(setup->object[i].obis, column.obis, sizeof column.obis);
    }
    setup->n_objects = (uint8_t)n;
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result destination_set(struct cosem_push_setup *setup, struct reader *data)
{
    uint8_t service = 0, message = 0;
    const uint8_t *text = NULL;
    uint32_t n = 0;
    if (!dlms_read_structure(data, 3) || !dlms_read_enum(data, &service) ||
        !dlms_read_octets(data, &text, &n) || !dlms_read_enum(data, &message)) {
        return DLMS_RESULT_TYPE;
    }
    bool good = service <= COSEM_PUSH_UDP && message == 0 && n <= COSEM_PUSH_DESTINATION_MAX;
    for (uint32_t i = 0; good && i < n; i++) {
        good = text[i] > ' ' && text[i] <= '~';
    }
    if (!good || (n > 0 && memchr(text, ':', n) == NULL)) {
        return DLMS_RESULT_OTHER;
    }
    memset(setup->destination, 0, sizeof setup->destination);
    memcpy(setup->destination, text, n);
    setup->service = service;
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result number_set(struct cosem_push_setup *setup, int8_t attribute,
                                   struct reader *data)
{
    bool read = false;
    switch (attribute) {
    case RANDOMISATION: read = dlms_read_u16(data, &setup->randomisation_s); break;
    case RETRIES: read = dlms_read_u8(data, &setup->retries); break;
    default: read = dlms_read_u16(data, &setup->delay_s); break;
    }
    return read ? DLMS_RESULT_SUCCESS : DLMS_RESULT_TYPE;
}

/* Noted before it is stored. */
static enum dlms_result push_set(const struct cosem *cosem, const struct cosem_row *row,
                                 int8_t attribute, struct reader data)
{
    struct meter *meter = cosem->meter;
    struct cosem_push_setup wanted = meter->push.setup;
    (void)row;
    const enum rights_answer may = meter_may(meter, ACTION_SETTINGS);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    const enum dlms_result result = attribute == OBJECTS ? objects_set(&wanted, &data)
                                    : attribute == DESTINATION
                                        ? destination_set(&wanted, &data)
                                        : number_set(&wanted, attribute, &data);
    if (result != DLMS_RESULT_SUCCESS) {
        return result;
    }
    const uint8_t payload[2] = {(uint8_t)rights_channel(&meter->rights), (uint8_t)attribute};
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_PUSH, payload, sizeof payload);
    return !meter->log_fault && save(meter, &wanted) ? DLMS_RESULT_SUCCESS
                                                     : DLMS_RESULT_HARDWARE_FAULT;
}

static enum dlms_result push_call(const struct cosem *cosem, const struct cosem_row *row,
                                  int8_t method, struct reader data, struct writer *out)
{
    int8_t nothing = 0;
    (void)row;
    (void)method;
    (void)out;
    if (!dlms_read_i8(&data, &nothing)) {
        return DLMS_RESULT_TYPE;
    }
    want(&cosem->meter->push);
    return cosem->meter->push.wanted ? DLMS_RESULT_SUCCESS : DLMS_RESULT_OTHER;
}

const struct cosem_part cosem_push_part = {push_get, push_set, push_call};
