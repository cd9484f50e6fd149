/** A small meter for tests of the DLMS server: every kind of attribute, and a wall that aborts when
 *  the server asks for a value before it has asked for the right. */
#ifndef OPEN382_TEST_DLMS_METER_H
#define OPEN382_TEST_DLMS_METER_H

#include <stdlib.h>
#include <string.h>

#include "proto/dlms/dlms_class.h"
#include "proto/dlms/dlms_server.h"
#include "proto/dlms/dlms_time.h"

enum dlms_meter_row {
    ROW_NAME,  /* octets of text_length, in parts; can be written */
    ROW_CLOCK, /* can be set */
    ROW_ASSOCIATION,
    ROW_SAP,
    ROW_BREAKER, /* method 1 carries out, 2 gives a value back, 3 a long one; attribute 2 not
                    readable */
    ROW_ENERGY,
    ROW_UNSTEADY, /* another value each time */
    ROW_PROFILE,
    ROW_SECRET, /* nobody has a right to it */
    ROW_BROKEN  /* breaks off after its second piece */
};

static const struct dlms_object dlms_meter_objects[] = {
    {{0, 0, 1, 0, 0, 255}, 8, 0, 0, ROW_CLOCK},
    {{0, 0, 40, 0, 0, 255}, 15, 1, 0, ROW_ASSOCIATION},
    {{0, 0, 41, 0, 0, 255}, 17, 0, 0, ROW_SAP},
    {{0, 0, 42, 0, 0, 255}, 1, 0, 0, ROW_NAME},
    {{0, 0, 96, 1, 0, 255}, 1, 0, 0, ROW_SECRET},
    {{0, 0, 96, 3, 10, 255}, 70, 0, 0, ROW_BREAKER},
    {{0, 0, 96, 50, 0, 255}, 1, 0, 0, ROW_UNSTEADY},
    {{0, 0, 96, 51, 0, 255}, 1, 0, 0, ROW_BROKEN},
    {{1, 0, 99, 1, 0, 255}, 7, 1, 0, ROW_PROFILE},
    {{1, 1, 21, 25, 0, 255}, 3, 0, 0, ROW_ENERGY},
};

struct dlms_meter {
    struct dlms_table table;
    uint32_t n_rows;
    uint8_t text[300];
    size_t n_text;
    uint8_t extra_mode; /**< added to every right */
    struct dlms_time clock;
    unsigned n_calls, n_values, n_granted, n_refused, n_closed, n_unsteady;
    /* the wall: the last right that was asked for */
    const struct dlms_object *granted_object;
    int8_t granted_index;
    uint8_t granted_mode;
    enum dlms_member granted_member;
};

static const struct dlms_object *dlms_meter_find(void *context, const struct dlms_session *session,
                                                 const uint8_t obis[6], uint16_t class_id,
                                                 bool *other_class)
{
    (void)session;
    const struct dlms_meter *meter = context;
    return dlms_table_find(&meter->table, obis, class_id, other_class);
}

static const struct dlms_object *dlms_meter_at(void *context, const struct dlms_session *session,
                                               size_t n)
{
    (void)session;
    const struct dlms_meter *meter = context;
    return n < meter->table.n_objects ? &meter->table.objects[n] : NULL;
}

static uint8_t dlms_meter_mode(const struct dlms_session *session, const struct dlms_object *object,
                               enum dlms_member member, int8_t index)
{
    if (object->index == ROW_SECRET || index == 0) {
        return DLMS_MODE_NONE;
    }
    if (member == DLMS_METHOD) {
        return object->index == ROW_BREAKER && session->association->role != 0 ? DLMS_MODE_CALL
                                                                               : DLMS_MODE_NONE;
    }
    if (object->index == ROW_BREAKER && index == 2) {
        return DLMS_MODE_NONE;
    }
    if (object->index == ROW_ASSOCIATION && index == 7) {
        return DLMS_MODE_NONE;
    }
    bool writable = index == 2 && (object->index == ROW_NAME || object->index == ROW_CLOCK) &&
                    session->association->role != 0;
    return writable ? DLMS_MODE_RW : DLMS_MODE_READ;
}

static uint8_t dlms_meter_access(void *context, const struct dlms_session *session,
                                 const struct dlms_object *object, enum dlms_member member,
                                 int8_t index)
{
    struct dlms_meter *meter = context;
    meter->granted_object = object;
    meter->granted_index = index;
    meter->granted_member = member;
    meter->granted_mode = dlms_meter_mode(session, object, member, index);
    if (meter->granted_mode != DLMS_MODE_NONE) {
        meter->granted_mode |= meter->extra_mode;
    }
    return meter->granted_mode;
}

/** No value is touched that access() has not granted just before. */
static void dlms_meter_wall(struct dlms_meter *meter, const struct dlms_session *session,
                            const struct dlms_object *object, enum dlms_member member, int8_t index,
                            uint8_t right)
{
    meter->n_values++;
    if (session->state != DLMS_ASSOCIATED || meter->granted_object != object ||
        meter->granted_index != index || meter->granted_member != member ||
        (meter->granted_mode & right) == 0) {
        abort();
    }
}

static void dlms_meter_row_time(void *context, uint32_t row, struct dlms_time *out)
{
    (void)context;
    dlms_time_from_s(INT64_C(1795737600) + (int64_t)row * 900, out); /* 2026-11-27 */
}

static void dlms_meter_row_value(void *context, uint32_t row, uint8_t column, struct writer *out)
{
    struct dlms_time time;
    dlms_meter_row_time(context, row, &time);
    if (column == 0) {
        dlms_write_time(out, &time);
    } else {
        dlms_write_u32(out, (row + 1u) * 7u);
    }
}

static const struct dlms_column dlms_meter_columns[] = {{8, {0, 0, 1, 0, 0, 255}, 2, 0},
                                                        {3, {1, 1, 21, 25, 0, 255}, 2, 0}};

static enum dlms_result dlms_meter_profile(const struct dlms_meter *meter, struct dlms_get *get,
                                           struct writer *out)
{
    const struct dlms_profile profile = {.columns = dlms_meter_columns,
                                         .n_columns = 2,
                                         .capture_period_s = 900,
                                         .n_rows = meter->n_rows,
                                         .capacity = 1000,
                                         .time = dlms_meter_row_time,
                                         .value = dlms_meter_row_value};
    return dlms_class_profile_get(&profile, get, out);
}

static enum dlms_result dlms_meter_data(struct dlms_meter *meter, struct dlms_get *get,
                                        struct writer *out)
{
    if (get->attribute == 1) {
        return dlms_class_name_get(get, out);
    }
    if (get->attribute != 2) {
        return DLMS_RESULT_UNDEFINED;
    }
    switch (get->object->index) {
    case ROW_NAME: return dlms_write_part(out, &get->cursor[0], meter->text, meter->n_text);
    case ROW_UNSTEADY: {
        uint8_t bytes[40];
        memset(bytes, (int)(meter->n_unsteady++ & 0xFFu), sizeof bytes);
        dlms_write_octets(out, bytes, sizeof bytes);
        return DLMS_RESULT_SUCCESS;
    }
    case ROW_BROKEN:
        if (get->cursor[0] == 2) {
            return DLMS_RESULT_HARDWARE_FAULT;
        }
        if (get->cursor[0]++ == 0) {
            dlms_write_array(out, 3);
        } else {
            dlms_write_u8(out, 1);
        }
        return DLMS_RESULT_MORE;
    default: return DLMS_RESULT_UNDEFINED;
    }
}

static enum dlms_result dlms_meter_get(void *context, const struct dlms_session *session,
                                       struct dlms_get *get, struct writer *out);

static enum dlms_result dlms_meter_set(void *context, const struct dlms_session *session,
                                       const struct dlms_object *object, int8_t attribute,
                                       struct reader data)
{
    struct dlms_meter *meter = context;
    const uint8_t *bytes = NULL;
    uint32_t n_bytes = 0;
    dlms_meter_wall(meter, session, object, DLMS_ATTRIBUTE, attribute, DLMS_MODE_WRITE);
    if (object->index == ROW_CLOCK) {
        return dlms_read_time(&data, &meter->clock) ? DLMS_RESULT_SUCCESS : DLMS_RESULT_TYPE;
    }
    if (!dlms_read_octets(&data, &bytes, &n_bytes)) {
        return DLMS_RESULT_TYPE;
    }
    if (n_bytes > sizeof meter->text) {
        return DLMS_RESULT_OTHER;
    }
    memcpy(meter->text, bytes, n_bytes);
    meter->n_text = n_bytes;
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result dlms_meter_action(void *context, const struct dlms_session *session,
                                          const struct dlms_object *object, int8_t method,
                                          struct reader data, struct writer *out)
{
    struct dlms_meter *meter = context;
    const uint8_t *bytes = NULL;
    uint32_t n_bytes = 0;
    dlms_meter_wall(meter, session, object, DLMS_METHOD, method, DLMS_MODE_CALL);
    meter->n_calls++;
    switch (method) {
    case 1: return DLMS_RESULT_SUCCESS;
    case 2: /* gives back what it was given */
        if (!dlms_read_octets(&data, &bytes, &n_bytes)) {
            return DLMS_RESULT_TYPE;
        }
        dlms_write_octets(out, bytes, n_bytes);
        return DLMS_RESULT_SUCCESS;
    case 3: dlms_write_octets(out, meter->text, meter->n_text); return DLMS_RESULT_SUCCESS;
    default: return DLMS_RESULT_UNDEFINED;
    }
}

static bool dlms_meter_password(void *context, const struct dlms_session *session,
                                const uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    (void)session;
    return dlms_same(bytes, n_bytes, (const uint8_t *)"Gurux", 5);
}

static void dlms_meter_login(void *context, const struct dlms_session *session, bool granted)
{
    struct dlms_meter *meter = context;
    (void)session;
    meter->n_granted += granted ? 1u : 0u;
    meter->n_refused += granted ? 0u : 1u;
}

static void dlms_meter_closed(void *context, const struct dlms_session *session)
{
    struct dlms_meter *meter = context;
    (void)session;
    meter->n_closed++;
}

static const struct dlms_sap dlms_meter_saps[] = {
    {1, (const uint8_t *)"TST0000000000001", 16},
    {16, (const uint8_t *)"KAME\0\0\1\x15\x17\x39", 10}};

static struct dlms_model dlms_meter_model(struct dlms_meter *meter)
{
    struct dlms_model model = {
        .context = meter,
        .find = dlms_meter_find,
        .at = dlms_meter_at,
        .access = dlms_meter_access,
        .get = dlms_meter_get,
        .set = dlms_meter_set,
        .action = dlms_meter_action,
        .password = dlms_meter_password,
        .login = dlms_meter_login,
        .closed = dlms_meter_closed,
    };
    return model;
}

static enum dlms_result dlms_meter_get(void *context, const struct dlms_session *session,
                                       struct dlms_get *get, struct writer *out)
{
    struct dlms_meter *meter = context;
    const struct dlms_register energy = {DLMS_UINT16, 0, 0, 30};
    const struct dlms_association_style style = {false, NULL};
    dlms_meter_wall(meter, session, get->object, DLMS_ATTRIBUTE, get->attribute, DLMS_MODE_READ);
    switch (get->object->index) {
    case ROW_CLOCK:
        if (get->attribute == 1) {
            return dlms_class_name_get(get, out);
        }
        if (get->attribute == 2) {
            dlms_write_time(out, &meter->clock);
            return DLMS_RESULT_SUCCESS;
        }
        return DLMS_RESULT_UNDEFINED;
    case ROW_ENERGY: return dlms_class_register_get(&energy, get, out);
    case ROW_SAP: return dlms_class_sap_get(dlms_meter_saps, 2, get, out);
    case ROW_ASSOCIATION: {
        struct dlms_model model = dlms_meter_model(meter);
        enum dlms_result result = dlms_class_association_get(&model, session, &style, get, out);
        return result;
    }
    case ROW_PROFILE: return dlms_meter_profile(meter, get, out);
    default: return dlms_meter_data(meter, get, out);
    }
}

static void dlms_meter_init(struct dlms_meter *meter)
{
    memset(meter, 0, sizeof *meter);
    meter->table.objects = dlms_meter_objects;
    meter->table.n_objects = sizeof dlms_meter_objects / sizeof dlms_meter_objects[0];
    meter->n_rows = 100;
    meter->n_text = 16;
    memcpy(meter->text, "TST0000000000001", 16);
    const struct dlms_time time = {2026, 11, 20, 5, 13, 50, 45, 0, 0, 0};
    meter->clock = time;
}

#define DLMS_METER_ALL                                                                             \
    (DLMS_CAN_GET | DLMS_CAN_SET | DLMS_CAN_ACTION | DLMS_CAN_BLOCK_GET | DLMS_CAN_BLOCK_SET |     \
     DLMS_CAN_BLOCK_ACTION | DLMS_CAN_LIST | DLMS_CAN_SELECT)
#define DLMS_METER_MOST                                                                            \
    (DLMS_METER_ALL | DLMS_CAN_GBT | DLMS_CAN_ACCESS | DLMS_CAN_ATTRIBUTE_0_GET |                  \
     DLMS_CAN_ATTRIBUTE_0_SET | DLMS_CAN_PROTECT_GENERAL)

/** Role 0 may only read. */
static const struct dlms_association dlms_meter_associations[] = {
    {16, 1, DLMS_MECHANISM_NONE, DLMS_ALLOW_LN, 0, 0, DLMS_CAN_GET | DLMS_CAN_BLOCK_GET, 125},
    {17, 1, DLMS_MECHANISM_LLS, DLMS_ALLOW_LN, 0, 1, DLMS_METER_ALL, 512},
    {18, 1, DLMS_MECHANISM_NONE, DLMS_ALLOW_LN, 0, 1, DLMS_METER_MOST, 512},
    {1, 1, DLMS_MECHANISM_HLS_GMAC, DLMS_ALLOW_LN_CIPHERED,
     DLMS_MODE_REQUEST_AUTHENTICATED | DLMS_MODE_REQUEST_ENCRYPTED, 1, DLMS_METER_MOST, 512},
    {19, 1, DLMS_MECHANISM_NONE, DLMS_ALLOW_LN, 0, 1, DLMS_CAN_ACCESS | DLMS_CAN_GET, 512},
    {2, 1, DLMS_MECHANISM_NONE, DLMS_ALLOW_LN_CIPHERED | DLMS_ALLOW_LN, 0, 1, DLMS_METER_MOST, 512},
};
#define DLMS_METER_ASSOCIATIONS (sizeof dlms_meter_associations / sizeof dlms_meter_associations[0])

#endif
