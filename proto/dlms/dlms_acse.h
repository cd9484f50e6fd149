/**
 * Opening and closing of associations: AARQ, AARE, RLRQ, RLRE in BER, and the Initiate services in
 * A-XDR (IEC 62056-5-3).  Elements are read in any order, unknown ones are passed over by their
 * length; they are written in the standard's order.  Pointers lead into the message.
 */
#ifndef OPEN382_DLMS_ACSE_H
#define OPEN382_DLMS_ACSE_H

#include "dlms_data.h"

/** Last arc of the application context name 2.16.756.5.8.1.x. */
enum dlms_context {
    DLMS_CONTEXT_NONE = 0,
    DLMS_CONTEXT_LN = 1,
    DLMS_CONTEXT_SN = 2,
    DLMS_CONTEXT_LN_CIPHERED = 3,
    DLMS_CONTEXT_SN_CIPHERED = 4
};

/** Last arc of the mechanism name 2.16.756.5.8.2.x. */
enum dlms_mechanism {
    DLMS_MECHANISM_NONE = 0,
    DLMS_MECHANISM_LLS = 1,
    DLMS_MECHANISM_HLS_MANUFACTURER = 2,
    DLMS_MECHANISM_HLS_MD5 = 3,
    DLMS_MECHANISM_HLS_SHA1 = 4,
    DLMS_MECHANISM_HLS_GMAC = 5,
    DLMS_MECHANISM_HLS_SHA256 = 6,
    DLMS_MECHANISM_HLS_ECDSA = 7
};

/** AARE result. */
enum dlms_associate_result {
    DLMS_ACCEPTED = 0,
    DLMS_REJECTED_PERMANENT = 1,
    DLMS_REJECTED_TRANSIENT = 2
};

/** Diagnostic of the acse-service-user. */
enum dlms_diagnostic {
    DLMS_DIAGNOSTIC_NULL = 0,
    DLMS_DIAGNOSTIC_NO_REASON = 1,
    DLMS_DIAGNOSTIC_CONTEXT = 2,
    DLMS_DIAGNOSTIC_MECHANISM_UNKNOWN = 11,
    DLMS_DIAGNOSTIC_MECHANISM_REQUIRED = 12,
    DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED = 13,
    DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED = 14 /**< HLS goes on with its third pass */
};

/** Octets inside a message; n_bytes 0 and bytes NULL: absent. */
struct dlms_octets {
    const uint8_t *bytes;
    size_t n_bytes;
};

struct dlms_aarq {
    uint8_t context;                /**< enum dlms_context; DLMS_CONTEXT_NONE: not one of ours */
    bool has_mechanism;             /**< the element is there */
    uint8_t mechanism;              /**< enum dlms_mechanism; 255: not one of ours */
    struct dlms_octets title;       /**< calling AP title: the client's system title */
    struct dlms_octets certificate; /**< calling AE qualifier */
    int16_t user_id;                /**< calling AE invocation id, -1: absent */
    struct dlms_octets secret;      /**< password or challenge CtoS */
    struct dlms_octets user_information; /**< Initiate request, plain or ciphered */
};

struct dlms_aare {
    uint8_t context;
    uint8_t result;                 /**< enum dlms_associate_result */
    bool provider;                  /**< the diagnostic is the service provider's */
    uint8_t diagnostic;             /**< enum dlms_diagnostic */
    struct dlms_octets title;       /**< responding AP title: the server's system title */
    struct dlms_octets certificate; /**< responding AE qualifier */
    bool has_mechanism;
    uint8_t mechanism;
    struct dlms_octets secret; /**< challenge StoC */
    struct dlms_octets user_information;
};

/** RLRQ and RLRE. */
struct dlms_release {
    bool has_reason;
    uint8_t reason; /**< 0 normal, 1 urgent (RLRQ) or not finished (RLRE), 30 user */
    struct dlms_octets user_information;
};

void dlms_aarq_write(struct writer *w, const struct dlms_aarq *aarq);
void dlms_aare_write(struct writer *w, const struct dlms_aare *aare);
void dlms_rlrq_write(struct writer *w, const struct dlms_release *release);
void dlms_rlre_write(struct writer *w, const struct dlms_release *release);
/* The whole message, its tag included.  @return DLMS_OK, DLMS_ERR_CUT or DLMS_ERR_BAD. */
enum dlms_status dlms_aarq_read(const uint8_t *apdu, size_t n, struct dlms_aarq *out);
enum dlms_status dlms_aare_read(const uint8_t *apdu, size_t n, struct dlms_aare *out);
enum dlms_status dlms_rlrq_read(const uint8_t *apdu, size_t n, struct dlms_release *out);
enum dlms_status dlms_rlre_read(const uint8_t *apdu, size_t n, struct dlms_release *out);

/* Conformance: bit 0 of the standard is bit 23 here, so 00 1E 1D is 0x001E1D. */
#define DLMS_CONFORMANCE_BIT(n) (UINT32_C(1) << (23 - (n)))
enum dlms_conformance {
    DLMS_CAN_PROTECT_GENERAL = 1 << 22,
    DLMS_CAN_GBT = 1 << 21,
    DLMS_CAN_ATTRIBUTE_0_SET = 1 << 15,
    DLMS_CAN_PRIORITY = 1 << 14,
    DLMS_CAN_ATTRIBUTE_0_GET = 1 << 13,
    DLMS_CAN_BLOCK_GET = 1 << 12,
    DLMS_CAN_BLOCK_SET = 1 << 11,
    DLMS_CAN_BLOCK_ACTION = 1 << 10,
    DLMS_CAN_LIST = 1 << 9, /**< multiple references */
    DLMS_CAN_DATA_NOTIFICATION = 1 << 7,
    DLMS_CAN_ACCESS = 1 << 6,
    DLMS_CAN_GET = 1 << 4,
    DLMS_CAN_SET = 1 << 3,
    DLMS_CAN_SELECT = 1 << 2, /**< selective access */
    DLMS_CAN_EVENT = 1 << 1,
    DLMS_CAN_ACTION = 1 << 0
};

#define DLMS_VERSION 6u
#define DLMS_PDU_MIN 12u /**< the least that a client may receive; 0: no limit */
#define DLMS_VAA_LN  0x0007u

struct dlms_initiate {
    struct dlms_octets dedicated_key; /**< request only */
    bool response_allowed;            /**< request only */
    uint8_t version;                  /**< 6 */
    uint32_t conformance;             /**< 24 bits */
    uint16_t max_pdu;                 /**< octets the sender can take; 0: no limit */
    uint16_t vaa;                     /**< response only: 0007 for logical names */
};

/** Why an Initiate fails (ConfirmedServiceError 0E 01 06 xx). */
enum dlms_initiate_error {
    DLMS_INITIATE_OTHER = 0,
    DLMS_INITIATE_VERSION = 1,
    DLMS_INITIATE_CONFORMANCE = 2,
    DLMS_INITIATE_PDU = 3,
    DLMS_INITIATE_REFUSED = 4
};

void dlms_initiate_request_write(struct writer *w, const struct dlms_initiate *initiate);
void dlms_initiate_response_write(struct writer *w, const struct dlms_initiate *initiate);
void dlms_initiate_error_write(struct writer *w, enum dlms_initiate_error error);
enum dlms_status dlms_initiate_request_read(const uint8_t *bytes, size_t n,
                                            struct dlms_initiate *out);
enum dlms_status dlms_initiate_response_read(const uint8_t *bytes, size_t n,
                                             struct dlms_initiate *out);
/** @return the error of a ConfirmedServiceError, -1: it is none. */
int dlms_initiate_error_read(const uint8_t *bytes, size_t n);

#endif
