/* The current association (class 15), the list of logical devices (17) and the HDLC set-up (23). */
#include <string.h>

#include "../meter/meter_audit.h"
#include "cosem_inside.h"
#include "cosem_secrets.h"

enum { OBJECT_LIST = 2, PARTNERS, CONTEXT_NAME, CONTEXT_INFO, MECHANISM_NAME, SECRET, STATUS };
enum { SPEED = 2, WINDOW_TX, WINDOW_RX, INFO_TX, INFO_RX, INTER_OCTET, INACTIVITY, ADDRESS };

#define NAME_ARCS      7u
#define COUNTRY_ARC    756u
#define SERIAL_OCTETS  6u
#define METER_LETTER   'E' /* 45h, as the real meter's name has it */
#define MANAGER_LETTER 'M' /* of the management device: ours, names differ within a meter */
#define SPEED_9600     5u

/* Object identifier 2.16.756.5.8.branch.arc as its seven numbers (note N5). */
static void name_write(struct writer *out, uint8_t branch, uint8_t arc)
{
    dlms_write_structure(out, NAME_ARCS);
    dlms_write_u8(out, 2);
    dlms_write_u8(out, 16);
    dlms_write_u16(out, COUNTRY_ARC);
    dlms_write_u8(out, 5);
    dlms_write_u8(out, 8);
    dlms_write_u8(out, branch);
    dlms_write_u8(out, arc);
}

/* What an object of class 15 is about: the association that asks, or another as it is offered. */
static struct dlms_session shown(const struct cosem *cosem, const struct cosem_row *row,
                                 struct dlms_association *association)
{
    if (row->object.index == 0) {
        return *cosem->session;
    }
    cosem_association_of(cosem->meter, (enum cosem_role)(row->object.index - 1u), association);
    if (cosem->session->client_sap == association->client_sap) {
        return *cosem->session;
    }
    return (struct dlms_session){
        .association = association,
        .client_sap = association->client_sap,
        .server_sap = association->server_sap,
        .conformance = association->conformance,
        .context = DLMS_CONTEXT_LN,
    };
}

static void context_write(const struct dlms_session *session, struct writer *out)
{
    const uint8_t bits[3] = {(uint8_t)(session->conformance >> 16),
                             (uint8_t)(session->conformance >> 8), (uint8_t)session->conformance};
    dlms_write_structure(out, 6);
    dlms_write_bits(out, bits, 24);
    dlms_write_u16(out, session->association->max_pdu);
    dlms_write_u16(out, session->client_max_pdu);
    dlms_write_u8(out, DLMS_VERSION);
    dlms_write_i8(out, 0);
    dlms_write_octets(out, session->dedicated_key, 0); /* never told */
}

/* Access modes of version 0: 1 read, 2 write, 3 both. */
static void attribute_right_write(struct writer *out, int8_t index, uint8_t mode, bool selects)
{
    dlms_write_structure(out, 3);
    dlms_write_i8(out, index);
    dlms_write_enum(out, mode & DLMS_MODE_RW);
    if (selects) {
        dlms_write_array(out, 2);
        dlms_write_i8(out, 1);
        dlms_write_i8(out, 2);
    } else {
        dlms_write_null(out);
    }
}

static int8_t lowest_attribute(const struct cosem *cosem, const struct cosem_row *row)
{
    return cosem_access(cosem->role, row, DLMS_ATTRIBUTE, COSEM_DATA_QUALITY) != DLMS_MODE_NONE
               ? COSEM_DATA_QUALITY
               : 1;
}

static void object_write(const struct cosem *cosem, const struct cosem_row *row, struct writer *out)
{
    const int8_t lowest = lowest_attribute(cosem, row);
    const int8_t attributes = cosem_attributes(row->object.class_id);
    const int8_t methods = cosem_methods(row->object.class_id);
    dlms_write_structure(out, 4);
    dlms_write_u16(out, row->object.class_id);
    dlms_write_u8(out, row->object.version);
    dlms_write_octets(out, row->object.obis, sizeof row->object.obis);
    dlms_write_structure(out, 2);
    dlms_write_array(out, (size_t)(attributes + (lowest < 0 ? -lowest : 0)));
    for (int8_t a = lowest; a <= attributes; a++) {
        if (a != 0) {
            attribute_right_write(out, a, cosem_access(cosem->role, row, DLMS_ATTRIBUTE, a),
                                  row->object.class_id == 7 && a == 2);
        }
    }
    dlms_write_array(out, (size_t)methods);
    for (int8_t m = 1; m <= methods; m++) {
        dlms_write_structure(out, 2);
        dlms_write_i8(out, m);
        dlms_write_bool(out, cosem_access(cosem->role, row, DLMS_METHOD, m) != DLMS_MODE_NONE);
    }
}

static bool listed(const struct cosem *cosem, size_t i)
{
    return cosem_there(cosem->meter, cosem->role, &cosem_table[i]);
}

/* cursor[0]: row of the table that comes next, counted from 1; 0: the head. */
static enum dlms_result list_get(const struct cosem *cosem, struct dlms_get *get,
                                 struct writer *out)
{
    size_t next = get->cursor[0];
    if (next == 0) {
        size_t n = 0;
        for (size_t i = 0; i < cosem_table_length; i++) {
            n += listed(cosem, i) ? 1u : 0u;
        }
        dlms_write_array(out, n);
    } else {
        object_write(cosem, &cosem_table[next - 1u], out);
    }
    while (next < cosem_table_length && !listed(cosem, next)) {
        next++;
    }
    get->cursor[0] = (uint32_t)next + 1u;
    return next < cosem_table_length ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static enum dlms_result association_get(const struct cosem *cosem, const struct cosem_row *row,
                                        struct dlms_get *get, struct writer *out)
{
    struct dlms_association association;
    const struct dlms_session about = shown(cosem, row, &association);
    const struct dlms_session *session = &about;
    const struct cosem whose = {cosem->meter, session, (enum cosem_role)session->association->role};
    switch (get->attribute) {
    case OBJECT_LIST: return list_get(&whose, get, out);
    case PARTNERS:
        dlms_write_structure(out, 2);
        dlms_write_i8(out, (int8_t)session->client_sap);
        dlms_write_u16(out, session->server_sap);
        break;
    case CONTEXT_NAME: name_write(out, 1, session->context); break;
    case CONTEXT_INFO: context_write(session, out); break;
    case MECHANISM_NAME: name_write(out, 2, session->association->mechanism); break;
    default: dlms_write_enum(out, session->state); break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* The password of one's own association.  Noted without its value. */
static enum dlms_result association_set(const struct cosem *cosem, const struct cosem_row *row,
                                        int8_t attribute, struct reader data)
{
    (void)row;
    (void)attribute;
    struct meter *meter = cosem->meter;
    const uint8_t *bytes = NULL;
    uint32_t n_bytes = 0;
    if (!dlms_read_octets(&data, &bytes, &n_bytes)) {
        return DLMS_RESULT_TYPE;
    }
    const enum rights_answer may = meter_may(meter, ACTION_SETTINGS);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    if (n_bytes == 0 || n_bytes > COSEM_SECRET_MAX) {
        return DLMS_RESULT_OTHER;
    }
    if (!meter_audit_secret(meter, cosem->session->client_sap) ||
        !cosem_secret_change(&meter->cosem, meter->board, cosem->session->client_sap, bytes,
                             n_bytes)) {
        return DLMS_RESULT_HARDWARE_FAULT;
    }
    return DLMS_RESULT_SUCCESS;
}

void cosem_device_name(const struct meter *meter, uint16_t server_sap,
                       uint8_t out[COSEM_DEVICE_NAME_OCTETS])
{
    struct writer w = writer_over(out, COSEM_DEVICE_NAME_OCTETS);
    writer_text(&w, "KAM");
    writer_u8(&w, server_sap == COSEM_SERVER_METER ? METER_LETTER : MANAGER_LETTER);
    writer_uint_be(&w, meter->serial_number, SERIAL_OCTETS);
}

static enum dlms_result sap_get(const struct cosem *cosem, const struct cosem_row *row,
                                struct dlms_get *get, struct writer *out)
{
    (void)row;
    (void)get;
    static const uint16_t saps[] = {COSEM_SERVER_METER, COSEM_SERVER_MANAGEMENT};
    dlms_write_array(out, sizeof saps / sizeof saps[0]);
    for (size_t i = 0; i < sizeof saps / sizeof saps[0]; i++) {
        uint8_t name[COSEM_DEVICE_NAME_OCTETS];
        cosem_device_name(cosem->meter, saps[i], name);
        dlms_write_structure(out, 2);
        dlms_write_u16(out, saps[i]);
        dlms_write_octets(out, name, sizeof name);
    }
    return DLMS_RESULT_SUCCESS;
}

/* Settings behind the attributes that can be written; 0: none. */
static uint16_t hdlc_setting(int8_t attribute)
{
    switch (attribute) {
    case INFO_TX: return SETTING_HDLC_TRANSMIT;
    case INFO_RX: return SETTING_HDLC_RECEIVE;
    case INTER_OCTET: return SETTING_HDLC_INTER_OCTET;
    case INACTIVITY: return SETTING_HDLC_INACTIVITY;
    case ADDRESS: return SETTING_HDLC_ADDRESS;
    default: return 0;
    }
}

static enum dlms_result hdlc_get(const struct cosem *cosem, const struct cosem_row *row,
                                 struct dlms_get *get, struct writer *out)
{
    const uint16_t setting = hdlc_setting(get->attribute);
    (void)row;
    if (setting != 0) {
        dlms_write_u16(
            out, (uint16_t)settings_number(&cosem->meter->settings, (enum setting_id)setting));
    } else if (get->attribute == SPEED) {
        dlms_write_enum(out, SPEED_9600);
    } else {
        dlms_write_u8(out, 1); /* windows */
    }
    return DLMS_RESULT_SUCCESS;
}

/* From the next link on. */
static enum dlms_result hdlc_set(const struct cosem *cosem, const struct cosem_row *row,
                                 int8_t attribute, struct reader data)
{
    uint16_t number = 0;
    (void)row;
    return dlms_read_u16(&data, &number)
               ? cosem_setting_change(cosem->meter, hdlc_setting(attribute), number)
               : DLMS_RESULT_TYPE;
}

const struct cosem_part cosem_association_part = {association_get, association_set, NULL};
const struct cosem_part cosem_sap_part = {sap_get, NULL, NULL};
const struct cosem_part cosem_hdlc_part = {hdlc_get, hdlc_set, NULL};
