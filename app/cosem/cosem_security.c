/* Security set-up (class 64, version 0) of the management association. */
#include "../meter/meter_audit.h"
#include "../meter/meter_security.h"
#include "cosem_inside.h"

enum { POLICY = 2, SUITE, CLIENT_TITLE, SERVER_TITLE };
enum { ACTIVATE = 1, TRANSFER };

#define POLICY_BOTH 3u /* every message authenticated and encrypted: it can be no less */

static enum dlms_result security_get(const struct cosem *cosem, const struct cosem_row *row,
                                     struct dlms_get *get, struct writer *out)
{
    const struct security *security = &cosem->meter->security;
    (void)row;
    switch (get->attribute) {
    case POLICY: dlms_write_enum(out, POLICY_BOTH); break;
    case SUITE: dlms_write_enum(out, security->keys.suite); break;
    case CLIENT_TITLE:
        dlms_write_octets(out, cosem->session->title,
                          cosem->session->has_title ? DLMS_TITLE_OCTETS : 0);
        break;
    default: dlms_write_octets(out, security->title, sizeof security->title); break;
    }
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result transfer(struct meter *meter, struct reader *data)
{
    struct security_transfer list[DLMS_KEY_IDS];
    uint32_t n = 0;
    if (!dlms_read_array(data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n == 0 || n > DLMS_KEY_IDS) {
        return DLMS_RESULT_OTHER;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t n_wrapped = 0;
        if (!dlms_read_structure(data, 2) || !dlms_read_enum(data, &list[i].key_id) ||
            !dlms_read_octets(data, &list[i].wrapped, &n_wrapped)) {
            return DLMS_RESULT_TYPE;
        }
        list[i].n_wrapped = n_wrapped;
    }
    switch (meter_key_transfer(meter, list, n)) {
    case SECURITY_OK: return DLMS_RESULT_SUCCESS;
    case SECURITY_ERR_STORAGE: return DLMS_RESULT_HARDWARE_FAULT;
    default: return DLMS_RESULT_OTHER;
    }
}

static enum dlms_result security_call(const struct cosem *cosem, const struct cosem_row *row,
                                      int8_t method, struct reader data, struct writer *out)
{
    uint8_t policy = 0;
    (void)row;
    (void)out;
    const enum rights_answer may = meter_may(cosem->meter, ACTION_SETTINGS);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    if (method == TRANSFER) {
        return transfer(cosem->meter, &data);
    }
    if (!dlms_read_enum(&data, &policy)) {
        return DLMS_RESULT_TYPE;
    }
    return policy == POLICY_BOTH ? DLMS_RESULT_SUCCESS : DLMS_RESULT_OTHER;
}

const struct cosem_part cosem_security_part = {security_get, NULL, security_call};
