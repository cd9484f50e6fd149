/* Class 15, association LN: what the server knows of itself, and the list of objects. */
#include <string.h>

#include "dlms_class.h"

/* Access modes of versions 0 to 2. */
enum old_mode { OLD_AUTHENTICATED = 3, OLD_METHOD_AUTHENTICATED = 2 };

/** An attribute's mode in the encoding of that version of the class. */
static uint8_t attribute_mode(uint8_t mode, uint8_t version)
{
    uint8_t old = mode & DLMS_MODE_RW;
    if (version >= 3) {
        return mode;
    }
    bool authenticated = version >= 1 && (mode & DLMS_MODE_REQUEST_AUTHENTICATED) != 0;
    return old != 0 && authenticated ? (uint8_t)(old + OLD_AUTHENTICATED) : old;
}

static void attribute_rights_write(struct writer *out, const struct dlms_object *object,
                                   int8_t attribute, uint8_t mode)
{
    dlms_write_structure(out, 3);
    dlms_write_i8(out, attribute);
    dlms_write_enum(out, mode);
    if (object->class_id == DLMS_CLASS_PROFILE && attribute == 2) {
        dlms_write_array(out, 2); /* by range, by entry */
        dlms_write_i8(out, 1);
        dlms_write_i8(out, 2);
    } else {
        dlms_write_null(out);
    }
}

static void method_rights_write(struct writer *out, uint8_t version, int8_t method, uint8_t mode)
{
    bool callable = (mode & DLMS_MODE_CALL) != 0;
    bool authenticated = callable && (mode & DLMS_MODE_REQUEST_AUTHENTICATED) != 0;
    dlms_write_structure(out, 2);
    dlms_write_i8(out, method);
    if (version == 0) {
        dlms_write_bool(out, callable);
    } else if (version >= 3) {
        dlms_write_enum(out, mode);
    } else {
        dlms_write_enum(out, authenticated ? OLD_METHOD_AUTHENTICATED : callable ? 1 : 0);
    }
}

/** One element of the object list. */
static void object_write(const struct dlms_model *model, const struct dlms_session *session,
                         const struct dlms_object *object, uint8_t version, struct writer *out)
{
    struct dlms_members members = dlms_class_members(object->class_id, object->version);
    dlms_write_structure(out, 4);
    dlms_write_u16(out, object->class_id);
    dlms_write_u8(out, object->version);
    dlms_write_octets(out, object->obis, sizeof object->obis);
    dlms_write_structure(out, 2);
    dlms_write_array(out, members.n_attributes);
    for (int8_t i = 1; i <= (int8_t)members.n_attributes; i++) {
        uint8_t mode = model->access(model->context, session, object, DLMS_ATTRIBUTE, i);
        attribute_rights_write(out, object, i, attribute_mode(mode, version));
    }
    dlms_write_array(out, members.n_methods);
    for (int8_t i = 1; i <= (int8_t)members.n_methods; i++) {
        uint8_t mode = model->access(model->context, session, object, DLMS_METHOD, i);
        method_rights_write(out, version, i, mode);
    }
}

/** cursor[0]: element to come plus 1, cursor[1]: elements in all. */
static enum dlms_result object_list_get(const struct dlms_model *model,
                                        const struct dlms_session *session, struct dlms_get *get,
                                        struct writer *out)
{
    if (get->cursor[0] == 0) {
        while (model->at(model->context, session, get->cursor[1]) != NULL) {
            get->cursor[1]++;
        }
        dlms_write_array(out, get->cursor[1]);
        get->cursor[0] = 1;
        return get->cursor[1] > 0 ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
    }
    const struct dlms_object *object = model->at(model->context, session, get->cursor[0] - 1);
    if (object == NULL) {
        return DLMS_RESULT_LONG_GET_ABORTED; /* the list has become shorter */
    }
    object_write(model, session, object, get->object->version, out);
    get->cursor[0]++;
    return get->cursor[0] <= get->cursor[1] ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

/** 2.16.756.5.8.branch.arc, in the form that the application wants. */
static void name_write(struct writer *out, bool as_structure, uint8_t branch, uint8_t arc)
{
    const uint8_t octets[7] = {0x60, 0x85, 0x74, 0x05, 0x08, branch, arc};
    const uint16_t arcs[7] = {2, 16, 756, 5, 8, branch, arc};
    if (!as_structure) {
        dlms_write_octets(out, octets, sizeof octets);
        return;
    }
    dlms_write_structure(out, 7);
    for (size_t i = 0; i < 7; i++) {
        if (arcs[i] > 255) {
            dlms_write_u16(out, arcs[i]);
        } else {
            dlms_write_u8(out, (uint8_t)arcs[i]);
        }
    }
}

static void xdlms_context_write(const struct dlms_session *session, struct writer *out)
{
    const uint8_t bits[3] = {(uint8_t)(session->conformance >> 16),
                             (uint8_t)(session->conformance >> 8), (uint8_t)session->conformance};
    dlms_write_structure(out, 6);
    dlms_write_bits(out, bits, 24);
    dlms_write_u16(out, session->association->max_pdu);
    dlms_write_u16(out, session->client_max_pdu);
    dlms_write_u8(out, DLMS_VERSION);
    dlms_write_i8(out, 0);
    dlms_write_octets(out, session->dedicated_key, 0); /* the key itself is nobody's to read */
}

enum dlms_result dlms_class_association_get(const struct dlms_model *model,
                                            const struct dlms_session *session,
                                            const struct dlms_association_style *style,
                                            struct dlms_get *get, struct writer *out)
{
    switch (get->attribute) {
    case 1: return dlms_class_name_get(get, out);
    case 2: return object_list_get(model, session, get, out);
    case 3:
        dlms_write_structure(out, 2);
        dlms_write_i8(out, (int8_t)session->client_sap);
        dlms_write_u16(out, session->server_sap);
        return DLMS_RESULT_SUCCESS;
    case 4: name_write(out, style->names_as_structure, 1, session->context); break;
    case 5: xdlms_context_write(session, out); break;
    case 6: name_write(out, style->names_as_structure, 2, session->association->mechanism); break;
    case 8: dlms_write_enum(out, session->state); break;
    case 9:
        if (style->security_setup == NULL) {
            return DLMS_RESULT_DENIED;
        }
        dlms_write_octets(out, style->security_setup, 6);
        break;
    default: return DLMS_RESULT_DENIED;
    }
    return DLMS_RESULT_SUCCESS;
}
