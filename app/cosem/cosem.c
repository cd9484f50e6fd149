#include "cosem.h"

#include <string.h>

#include "../meter/meter_audit.h"
#include "cosem_inside.h"
#include "cosem_secrets.h"

#define READS (DLMS_CAN_BLOCK_GET | DLMS_CAN_GET)
/* ACTION is in the text, not in the trace (spec cosem-objects 1.2); without it nothing can be made
 * to capture. */
#define WRITES (READS | DLMS_CAN_SET | DLMS_CAN_SELECT | DLMS_CAN_ACTION)
#define MANAGES                                                                                    \
    (WRITES | DLMS_CAN_PROTECT_GENERAL | DLMS_CAN_GBT | DLMS_CAN_ATTRIBUTE_0_GET |                 \
     DLMS_CAN_PRIORITY | DLMS_CAN_BLOCK_SET | DLMS_CAN_BLOCK_ACTION | DLMS_CAN_LIST |              \
     DLMS_CAN_DATA_NOTIFICATION | DLMS_CAN_ACCESS)
#define PROTECTED                                                                                  \
    (DLMS_MODE_REQUEST_AUTHENTICATED | DLMS_MODE_REQUEST_ENCRYPTED |                               \
     DLMS_MODE_RESPONSE_AUTHENTICATED | DLMS_MODE_RESPONSE_ENCRYPTED)

#define AT(port) (1u << (port))
#define EVERYWHERE                                                                                 \
    (AT(COSEM_PORT_OPTICAL) | AT(COSEM_PORT_MODULE) | AT(COSEM_PORT_CONSUMER) |                    \
     AT(COSEM_PORT_NETWORK))

static const struct {
    struct dlms_association association;
    uint8_t ports; /* where it is answered */
} offers[COSEM_ASSOCIATIONS] = {
    {{COSEM_CLIENT_PUBLIC, COSEM_SERVER_MANAGEMENT, DLMS_MECHANISM_NONE,
      DLMS_ALLOW_LN | DLMS_WIDE_BLOCKS, 0, COSEM_PUBLIC, READS, COSEM_MAX_PDU},
     EVERYWHERE},
    {{COSEM_CLIENT_MODULE, COSEM_SERVER_METER, DLMS_MECHANISM_LLS, DLMS_ALLOW_LN | DLMS_WIDE_BLOCKS,
      0, COSEM_MODULE, WRITES, COSEM_MAX_PDU},
     AT(COSEM_PORT_MODULE) | AT(COSEM_PORT_NETWORK)},
    {{COSEM_CLIENT_OPTICAL, COSEM_SERVER_METER, DLMS_MECHANISM_LLS,
      DLMS_ALLOW_LN | DLMS_WIDE_BLOCKS, 0, COSEM_OPTICAL, WRITES, COSEM_MAX_PDU},
     AT(COSEM_PORT_OPTICAL) | AT(COSEM_PORT_NETWORK)},
    {{COSEM_CLIENT_CONSUMER, COSEM_SERVER_METER, DLMS_MECHANISM_LLS,
      DLMS_ALLOW_LN | DLMS_WIDE_BLOCKS, 0, COSEM_CONSUMER, WRITES, COSEM_MAX_PDU},
     AT(COSEM_PORT_CONSUMER) | AT(COSEM_PORT_NETWORK)},
    {{COSEM_CLIENT_MANAGEMENT, COSEM_SERVER_MANAGEMENT, DLMS_MECHANISM_HLS_GMAC,
      DLMS_ALLOW_LN_CIPHERED, PROTECTED, COSEM_MANAGEMENT, MANAGES, COSEM_MAX_PDU_MANAGEMENT},
     AT(COSEM_PORT_OPTICAL) | AT(COSEM_PORT_MODULE) | AT(COSEM_PORT_NETWORK)},
};

static struct dlms_association offered(const struct meter *meter, size_t i)
{
    struct dlms_association association = offers[i].association;
    if (settings_number(&meter->settings, SETTING_DLMS_ACTION) == 0 &&
        association.role != COSEM_MANAGEMENT) {
        association.conformance &= ~(uint32_t)DLMS_CAN_ACTION;
    }
    return association;
}

void cosem_association_of(const struct meter *meter, enum cosem_role role,
                          struct dlms_association *out)
{
    size_t i = 0;
    while (i + 1u < COSEM_ASSOCIATIONS && offers[i].association.role != role) {
        i++;
    }
    *out = offered(meter, i);
}

size_t cosem_associations(const struct meter *meter, enum cosem_port port, bool management,
                          struct dlms_association out[COSEM_ASSOCIATIONS])
{
    size_t n = 0;
    if (meter->variant.generation < GENERATION_L) {
        return 0;
    }
    for (size_t i = 0; i < COSEM_ASSOCIATIONS; i++) {
        const bool wanted = management || offers[i].association.role != COSEM_MANAGEMENT;
        if (wanted && (offers[i].ports & AT(port)) != 0) {
            out[n++] = offered(meter, i);
        }
    }
    return n;
}

enum rights_channel cosem_channel(enum cosem_role role)
{
    switch (role) {
    case COSEM_OPTICAL: return CHANNEL_OPTICAL;
    case COSEM_MODULE:
    case COSEM_MANAGEMENT: return CHANNEL_MODULE;
    default: return CHANNEL_CONSUMER;
    }
}

static enum cosem_role role_of(const struct dlms_session *session)
{
    return session->association != NULL ? (enum cosem_role)session->association->role
                                        : COSEM_PUBLIC;
}

static struct cosem asked(void *context, const struct dlms_session *session)
{
    return (struct cosem){(struct meter *)context, session, role_of(session)};
}

bool cosem_there(const struct meter *meter, enum cosem_role role, const struct cosem_row *row)
{
    return cosem_sees(role, row) && cosem_row_fits(&meter->variant, row) &&
           (row->source != COSEM_IMAGE || cosem_image_fitted(meter));
}

static const struct dlms_object *find(void *context, const struct dlms_session *session,
                                      const uint8_t obis[6], uint16_t class_id, bool *other_class)
{
    const struct cosem_row *row = cosem_row_find(obis);
    *other_class = false;
    if (row == NULL || !cosem_there((const struct meter *)context, role_of(session), row)) {
        return NULL;
    }
    *other_class = row->object.class_id != class_id;
    return *other_class ? NULL : &row->object;
}

static const struct dlms_object *at(void *context, const struct dlms_session *session, size_t n)
{
    for (size_t i = 0; i < cosem_table_length; i++) {
        if (cosem_there((const struct meter *)context, role_of(session), &cosem_table[i]) &&
            n-- == 0) {
            return &cosem_table[i].object;
        }
    }
    return NULL;
}

static uint8_t access(void *context, const struct dlms_session *session,
                      const struct dlms_object *object, enum dlms_member member, int8_t index)
{
    (void)context;
    return cosem_access(role_of(session), cosem_row_of(object), member, index);
}

static const struct cosem_part *const parts[COSEM_SOURCES] = {
    [COSEM_REGISTER] = &cosem_value_part,
    [COSEM_SETTING] = &cosem_value_part,
    [COSEM_VALUE] = &cosem_value_part,
    [COSEM_CLOCK] = &cosem_clock_part,
    [COSEM_ASSOCIATION] = &cosem_association_part,
    [COSEM_SAP] = &cosem_sap_part,
    [COSEM_HDLC] = &cosem_hdlc_part,
    [COSEM_PROFILE] = &cosem_profile_part,
    [COSEM_SCRIPT] = &cosem_script_part,
    [COSEM_SCHEDULE] = &cosem_schedule_part,
    [COSEM_CALENDAR] = &cosem_calendar_part,
    [COSEM_DAYS] = &cosem_days_part,
    [COSEM_BREAKER] = &cosem_breaker_part,
    [COSEM_LIMITER] = &cosem_limiter_part,
    [COSEM_SECURITY] = &cosem_security_part,
    [COSEM_IMAGE] = &cosem_image_part,
    [COSEM_PUSH] = &cosem_push_part,
    [COSEM_MONITOR] = &cosem_monitor_part,
    [COSEM_ACCOUNT] = &cosem_account_part,
    [COSEM_CREDIT] = &cosem_credit_part,
    [COSEM_CHARGE] = &cosem_charge_part,
    [COSEM_GATEWAY] = &cosem_gateway_part,
};

enum dlms_result cosem_row_get(const struct cosem *cosem, const struct cosem_row *row,
                               struct dlms_get *get, struct writer *out)
{
    if (get->attribute == 1) {
        dlms_write_octets(out, row->object.obis, sizeof row->object.obis);
        return DLMS_RESULT_SUCCESS;
    }
    return parts[row->source]->get(cosem, row, get, out);
}

static enum dlms_result get(void *context, const struct dlms_session *session, struct dlms_get *get,
                            struct writer *out)
{
    const struct cosem cosem = asked(context, session);
    return cosem_row_get(&cosem, cosem_row_of(get->object), get, out);
}

/* What is written counts as written by the association's channel. */
static void enter(const struct cosem *cosem)
{
    cosem->meter->rights.association = (uint8_t)(cosem_channel(cosem->role) + 1u);
}

static void leave(const struct cosem *cosem)
{
    cosem->meter->rights.association = 0;
}

static enum dlms_result set(void *context, const struct dlms_session *session,
                            const struct dlms_object *object, int8_t attribute, struct reader data)
{
    const struct cosem cosem = asked(context, session);
    const struct cosem_row *row = cosem_row_of(object);
    const struct cosem_part *part = parts[row->source];
    if (part->set == NULL) {
        return DLMS_RESULT_DENIED;
    }
    enter(&cosem);
    const enum dlms_result result = part->set(&cosem, row, attribute, data);
    leave(&cosem);
    return result;
}

static enum dlms_result action(void *context, const struct dlms_session *session,
                               const struct dlms_object *object, int8_t method, struct reader data,
                               struct writer *out)
{
    const struct cosem cosem = asked(context, session);
    const struct cosem_row *row = cosem_row_of(object);
    const struct cosem_part *part = parts[row->source];
    if (part->call == NULL) {
        return DLMS_RESULT_DENIED;
    }
    enter(&cosem);
    const enum dlms_result result = part->call(&cosem, row, method, data, out);
    leave(&cosem);
    return result;
}

static bool password(void *context, const struct dlms_session *session, const uint8_t *bytes,
                     size_t n_bytes)
{
    struct meter *meter = (struct meter *)context;
    const struct cosem_secret *secret = cosem_secret_of(&meter->cosem, session->client_sap);
    return secret != NULL && dlms_same(secret->bytes, secret->n_bytes, bytes, n_bytes);
}

/* Counted and noted with the channel it came by. */
static void login(void *context, const struct dlms_session *session, bool granted)
{
    struct meter *meter = (struct meter *)context;
    if (session->association == NULL || session->association->mechanism == DLMS_MECHANISM_NONE) {
        return;
    }
    const struct cosem cosem = asked(context, session);
    enter(&cosem);
    (void)meter_secret(meter, granted);
    leave(&cosem);
}

void cosem_model(struct meter *meter, struct dlms_model *out)
{
    *out = (struct dlms_model){.context = meter,
                               .find = find,
                               .at = at,
                               .access = access,
                               .get = get,
                               .set = set,
                               .action = action,
                               .password = password,
                               .login = login};
}
