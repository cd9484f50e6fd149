/**
 * DLMS client: associations, and the services of one, over any carrier of whole APDUs.
 *
 * Nothing is allocated: the caller gives two buffers.  Long answers need no room of their own, they
 * are handed on piece by piece as the blocks come; dlms_rows.h makes whole rows of the pieces.
 * Every call waits for its answer in the caller's transport, which knows the time.  One request is
 * under way at a time.  What the meter answers is never trusted: another invoke id, block number,
 * tag or length than the one that is due ends the call with one error.
 *
 * IEC 62056-5-3 (Green Book 9).
 */
#ifndef OPEN382_DLMS_CLIENT_H
#define OPEN382_DLMS_CLIENT_H

#include "dlms_apdu.h"

enum dlms_client_err {
    DLMS_CLIENT_OK = 0,
    DLMS_CLIENT_ERR_LINE = -1,      /**< the carrier broke */
    DLMS_CLIENT_ERR_SILENT = -2,    /**< no answer in time */
    DLMS_CLIENT_ERR_MALFORMED = -3, /**< an answer that is no APDU of the kind due */
    DLMS_CLIENT_ERR_SPACE = -4,     /**< the answer is longer than the buffer */
    DLMS_CLIENT_ERR_INVOKE = -5,    /**< the answer is to another request */
    DLMS_CLIENT_ERR_BLOCK = -6,     /**< not the block that was due */
    DLMS_CLIENT_ERR_RESULT = -7,    /**< the meter refuses: failure.result */
    DLMS_CLIENT_ERR_EXCEPTION = -8, /**< exception-response: failure.state, service, counter */
    DLMS_CLIENT_ERR_REJECTED = -9,  /**< no association: failure.result, diagnostic */
    DLMS_CLIENT_ERR_INITIATE = -10, /**< no association: failure.result, an initiate error */
    DLMS_CLIENT_ERR_CLOSED = -11,   /**< there is no association */
    DLMS_CLIENT_ERR_SECURITY = -12, /**< protection missing or wrong, or cannot be made */
    DLMS_CLIENT_ERR_PROOF = -13,    /**< the meter does not prove that it knows the secret */
    DLMS_CLIENT_ERR_LONG = -14,     /**< the request is longer than the meter takes */
    DLMS_CLIENT_ERR_SERVICE = -15,  /**< the meter does not offer this service */
    DLMS_CLIENT_ERR_STOPPED = -16,  /**< a call-back of the caller ended it */
};

/** "no answer in time" and so on; never NULL. */
const char *dlms_client_err_name(int err);

/** What a meter said when a call ended with an error; the tag is that of its answer. */
struct dlms_failure {
    uint16_t result;
    uint8_t diagnostic, state, service, tag;
    uint32_t counter;
};

/** Carries whole APDUs. */
struct dlms_transport {
    /** @return DLMS_CLIENT_OK or DLMS_CLIENT_ERR_LINE, _LONG. */
    int (*send)(void *context, const uint8_t *apdu, size_t n_apdu);
    /** Wait for one.  @return its length, DLMS_CLIENT_ERR_LINE, _SILENT, _SPACE or _MALFORMED. */
    int (*receive)(void *context, uint8_t *apdu, size_t capacity);
    void *context;
};

#define DLMS_GUARD_CHALLENGE_MAX 64u /**< octets; at least 8 */
#define DLMS_GUARD_PROOF_MAX     96u

/** An APDU in a buffer of the caller. */
struct dlms_bytes {
    uint8_t *bytes;
    size_t n_bytes;
};

/**
 * Protection and authentication; every member is given.  Lengths of results are positive, errors
 * DLMS_CLIENT_ERR_SECURITY.
 */
struct dlms_client_guard {
    /** Protect apdu where it stands, with `before` free octets in front of it and `after` behind;
     *  initiate requests (01) become 21, services glo-, ded- or general ones.  @return 0 or an
     *  error */
    int (*protect)(void *context, struct dlms_bytes *apdu);
    /** The other way; nothing of the APDU may be used when it fails. */
    int (*unprotect)(void *context, struct dlms_bytes *apdu);
    /** The meter has told its system title. */
    void (*server_title)(void *context, const uint8_t *title, size_t n_title);
    /** A new random challenge CtoS of 8 to DLMS_GUARD_CHALLENGE_MAX octets.  @return its length */
    int (*challenge)(void *context, uint8_t *out, size_t capacity);
    /** Take StoC and write f(StoC), for the third pass of HLS.  A StoC that is CtoS is refused.
     *  @return its length */
    int (*respond)(void *context, struct dlms_octets stoc, uint8_t *out, size_t capacity);
    /** Is that f(CtoS)? */
    bool (*verify)(void *context, struct dlms_octets proof);
    void *context;
    uint8_t before, after; /**< octets that protect puts in front and behind at most */
};

struct dlms_client_settings {
    struct dlms_transport transport;
    const struct dlms_client_guard *guard; /**< NULL: neither HLS nor protection */
    bool ciphered;                         /**< context LN with ciphering; needs a guard */
    uint8_t mechanism;                     /**< enum dlms_mechanism */
    struct dlms_octets password;           /**< LLS */
    struct dlms_octets title;              /**< the client's, 8 octets; absent: none is sent */
    struct dlms_octets dedicated_key;
    uint32_t conformance; /**< what is proposed */
    uint16_t max_pdu;     /**< longest APDU to be sent to us, 0: as the buffer is long */
    uint8_t gbt_window;   /**< blocks in flight to us, 1..63 */
    bool prefer_gbt;      /**< general blocks where blocks of the services would do as well */
    uint8_t *out, *in;    /**< buffers for one request and one answer */
    size_t n_out, n_in;
    /** Notifications that come in between; NULL: passed over. */
    void (*notified)(void *context, const struct dlms_notification *notification);
    /** Every APDU as it is without its protection, for a trace; NULL: none. */
    void (*traced)(void *context, bool sent, const uint8_t *apdu, size_t n_apdu);
    void *context; /**< of these two */
};

/** What a client usually proposes: all that this one can do. */
#define DLMS_CLIENT_CONFORMANCE                                                                    \
    ((uint32_t)(DLMS_CAN_ATTRIBUTE_0_GET | DLMS_CAN_BLOCK_GET | DLMS_CAN_BLOCK_SET |               \
                DLMS_CAN_BLOCK_ACTION | DLMS_CAN_LIST | DLMS_CAN_GET | DLMS_CAN_SET |              \
                DLMS_CAN_SELECT | DLMS_CAN_EVENT | DLMS_CAN_ACTION | DLMS_CAN_DATA_NOTIFICATION |  \
                DLMS_CAN_ACCESS | DLMS_CAN_PRIORITY))

struct dlms_client {
    struct dlms_client_settings settings;
    struct dlms_failure failure;
    uint32_t conformance; /**< as agreed */
    uint16_t server_pdu;  /**< longest request, 0: any */
    uint8_t invoke;       /**< id of the last request, 0..15 */
    bool associated;
    uint32_t long_invoke; /**< ACCESS */
    uint16_t gbt_sent;    /**< blocks that the request under way took */
    uint16_t gbt_rounds;  /**< of the answer under way: none may go on for ever */
};

/** Takes the encoded Data of an answer piece by piece.  @return 0 to go on, else it is ended. */
struct dlms_sink {
    int (*take)(void *context, const uint8_t *bytes, size_t n_bytes);
    void *context;
};

void dlms_client_init(struct dlms_client *client, const struct dlms_client_settings *settings);

/** Open the association, HLS included.  @return DLMS_CLIENT_OK or an error. */
int dlms_client_associate(struct dlms_client *client);
/** Close it.  It is closed afterwards whatever comes back. */
int dlms_client_release(struct dlms_client *client);

/** GET with or without selection; a long answer comes block by block. */
int dlms_client_get(struct dlms_client *client, const struct dlms_descriptor *attribute,
                    const struct dlms_sink *sink);
/** GET into a buffer.  @return the length of the encoded Data, or an error. */
int dlms_client_get_into(struct dlms_client *client, const struct dlms_descriptor *attribute,
                         uint8_t *data, size_t capacity);
/** GET with list; the pieces are those of "n {00 data | 01 result}", see dlms_rows.h. */
int dlms_client_get_list(struct dlms_client *client, const struct dlms_descriptor *attributes,
                         size_t n_attributes, const struct dlms_sink *sink);
/** SET; a value that does not fit into one request goes in blocks. */
int dlms_client_set(struct dlms_client *client, const struct dlms_descriptor *attribute,
                    struct dlms_octets data);
/** SET with list: data holds all values one after the other.  results: one for each. */
int dlms_client_set_list(struct dlms_client *client, const struct dlms_descriptor *attributes,
                         size_t n_attributes, struct dlms_octets data, uint16_t *results);
/** ACTION; data without octets: no parameter.  sink gets what the method returns; NULL: passed
 *  over. */
int dlms_client_action(struct dlms_client *client, const struct dlms_descriptor *method,
                       struct dlms_octets data, const struct dlms_sink *sink);

/** One element of an ACCESS request. */
struct dlms_access_item {
    enum dlms_access_choice choice;
    struct dlms_descriptor descriptor;
    struct dlms_octets data; /**< absent for a get */
};
/** ACCESS; take is called for each item.  @return DLMS_CLIENT_OK or an error. */
int dlms_client_access(struct dlms_client *client, const struct dlms_access_item *items,
                       size_t n_items,
                       int (*take)(void *context, size_t item, uint16_t result, struct reader data),
                       void *context);

/** Wait for one notification and hand it to settings.notified. */
int dlms_client_listen(struct dlms_client *client);

#endif
