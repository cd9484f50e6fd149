/*
 * A client without a line: asks the model the way the server does, rights before values, piece by
 * piece.  Include after legal_puppet.h.
 */
#ifndef OPEN382_TESTS_COSEM_CLIENT_H
#define OPEN382_TESTS_COSEM_CLIENT_H

#include <stdio.h>

#include "app/cosem/cosem.h"
#include "app/cosem/cosem_access.h"
#include "app/cosem/cosem_secrets.h"

struct cosem_client {
    struct dlms_model model;
    struct dlms_association associations[COSEM_ASSOCIATIONS];
    struct dlms_session session;
    uint8_t bytes[400000];
    size_t n_bytes, pieces;
};

/* An open association of that client SAP. */
static inline void client_open(struct cosem_client *client, struct meter *meter, uint16_t sap)
{
    memset(client, 0, sizeof *client);
    cosem_model(meter, &client->model);
    const size_t n = cosem_associations(meter, COSEM_PORT_NETWORK, true, client->associations);
    for (size_t i = 0; i < n; i++) {
        if (client->associations[i].client_sap == sap) {
            client->session.association = &client->associations[i];
        }
    }
    assert_non_null(client->session.association);
    client->session.state = DLMS_ASSOCIATED;
    client->session.context = DLMS_CONTEXT_LN;
    client->session.client_sap = sap;
    client->session.server_sap = client->session.association->server_sap;
    client->session.conformance = client->session.association->conformance;
    client->session.client_max_pdu = 0xFFFF;
}

static inline void client_obis(const char *text, uint8_t obis[6])
{
    unsigned part[6];
    assert_int_equal(sscanf(text, "%u.%u.%u.%u.%u.%u", &part[0], &part[1], &part[2], &part[3],
                            &part[4], &part[5]),
                     6);
    for (unsigned i = 0; i < 6; i++) {
        obis[i] = (uint8_t)part[i];
    }
}

static inline const struct dlms_object *client_find(struct cosem_client *client, uint16_t class_id,
                                                    const char *obis)
{
    uint8_t name[6];
    bool other = false;
    client_obis(obis, name);
    return client->model.find(client->model.context, &client->session, name, class_id, &other);
}

/* All pieces of an attribute with a selection (selector 0: none), each asked twice as a server may.
 */
static inline enum dlms_result client_select(struct cosem_client *client, uint16_t class_id,
                                             const char *obis, int8_t attribute, uint8_t selector,
                                             const uint8_t *parameter, size_t n_parameter)
{
    const struct dlms_object *object = client_find(client, class_id, obis);
    const struct dlms_model *model = &client->model;
    client->n_bytes = 0;
    client->pieces = 0;
    if (object == NULL) {
        return DLMS_RESULT_UNDEFINED;
    }
    if ((model->access(model->context, &client->session, object, DLMS_ATTRIBUTE, attribute) &
         DLMS_MODE_READ) == 0) {
        return DLMS_RESULT_DENIED;
    }
    static const uint8_t nothing[1];
    struct dlms_get get = {object,
                           attribute,
                           selector,
                           reader_over(parameter != NULL ? parameter : nothing, n_parameter),
                           {0}};
    enum dlms_result result = DLMS_RESULT_MORE;
    while (result == DLMS_RESULT_MORE) {
        uint8_t again[512];
        struct dlms_get same = get;
        struct writer w = writer_over(client->bytes + client->n_bytes, 512);
        struct writer w2 = writer_over(again, sizeof again);
        result = model->get(model->context, &client->session, &get, &w);
        assert_int_equal(model->get(model->context, &client->session, &same, &w2), result);
        assert_false(w.failed);
        assert_int_equal(writer_length(&w), writer_length(&w2));
        assert_memory_equal(again, client->bytes + client->n_bytes, writer_length(&w));
        client->n_bytes += writer_length(&w);
        client->pieces++;
        assert_true(client->n_bytes + 512 < sizeof client->bytes);
    }
    return result;
}

static inline enum dlms_result client_get(struct cosem_client *client, uint16_t class_id,
                                          const char *obis, int8_t attribute)
{
    return client_select(client, class_id, obis, attribute, 0, NULL, 0);
}

static inline size_t client_hex(const char *hex, uint8_t *bytes, size_t capacity)
{
    size_t n = 0;
    while (*hex != '\0') {
        unsigned byte = 0;
        if (*hex == ' ') {
            hex++;
            continue;
        }
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        assert_true(n < capacity);
        bytes[n++] = (uint8_t)byte;
        hex += 2;
    }
    return n;
}

static inline enum dlms_result client_put(struct cosem_client *client, uint16_t class_id,
                                          const char *obis, int8_t attribute, const uint8_t *bytes,
                                          size_t n_bytes)
{
    const struct dlms_object *object = client_find(client, class_id, obis);
    const struct dlms_model *model = &client->model;
    if (object == NULL) {
        return DLMS_RESULT_UNDEFINED;
    }
    if ((model->access(model->context, &client->session, object, DLMS_ATTRIBUTE, attribute) &
         DLMS_MODE_WRITE) == 0) {
        return DLMS_RESULT_DENIED;
    }
    return model->set(model->context, &client->session, object, attribute,
                      reader_over(bytes, n_bytes));
}

static inline enum dlms_result client_set(struct cosem_client *client, uint16_t class_id,
                                          const char *obis, int8_t attribute, const char *hex)
{
    uint8_t bytes[256];
    const size_t n = client_hex(hex, bytes, sizeof bytes);
    return client_put(client, class_id, obis, attribute, bytes, n);
}

static inline enum dlms_result client_call(struct cosem_client *client, uint16_t class_id,
                                           const char *obis, int8_t method, const char *hex)
{
    const struct dlms_object *object = client_find(client, class_id, obis);
    const struct dlms_model *model = &client->model;
    uint8_t bytes[256], answer[256];
    const size_t n = client_hex(hex, bytes, sizeof bytes);
    struct writer out = writer_over(answer, sizeof answer);
    if (object == NULL) {
        return DLMS_RESULT_UNDEFINED;
    }
    if ((model->access(model->context, &client->session, object, DLMS_METHOD, method) &
         DLMS_MODE_CALL) == 0) {
        return DLMS_RESULT_DENIED;
    }
    return model->action(model->context, &client->session, object, method, reader_over(bytes, n),
                         &out);
}

static inline void client_expect(struct cosem_client *client, uint16_t class_id, const char *obis,
                                 int8_t attribute, const char *hex)
{
    uint8_t wanted[1024];
    const size_t n = client_hex(hex, wanted, sizeof wanted);
    assert_int_equal(client_get(client, class_id, obis, attribute), DLMS_RESULT_SUCCESS);
    assert_int_equal(client->n_bytes, n);
    assert_memory_equal(client->bytes, wanted, n);
}

#endif
