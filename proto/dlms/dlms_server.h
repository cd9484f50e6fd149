/**
 * The DLMS server: one association of one client, over any transport that carries whole messages
 * (HDLC, wrapper).  It knows no meter: the application is a struct dlms_model.
 *
 * No heap, no clock, nothing global.  One struct dlms_server and one buffer for messages kept
 * between blocks are all the RAM of an association.
 *
 * Use: dlms_server_init(); dlms_server_connect() for a new link or a new pair of SAPs; each message
 * that arrives goes through dlms_server_apdu(), what comes back is sent; then dlms_server_more()
 * until it returns 0 (general block transfer sends several); dlms_server_disconnect() when the link
 * ends.
 */
#ifndef OPEN382_DLMS_SERVER_H
#define OPEN382_DLMS_SERVER_H

#include "dlms_gbt.h"
#include "dlms_model.h"

struct dlms_server_config {
    const struct dlms_model *model;
    const struct dlms_guard *guard; /**< NULL: no ciphering, no HLS */
    const struct dlms_association *associations;
    size_t n_associations;
    /** Requests in blocks, requests whose answer goes out in blocks, and return values of methods
     *  are kept here: what is longer is refused.  256 octets do for reading; SET and ACTION with
     *  long parameters need them whole. */
    uint8_t *kept;
    size_t kept_capacity;
    /** The transport can send several messages in a row unasked; otherwise GBT goes one by one. */
    bool streams;
    /** Answer requests that ask for no answer as well (bit 6 of the invoke id clear): the traced
     *  clients of 382M and 351C leave it clear, send 81h, and are answered. */
    bool answers_all;
};

/** What the server is in the midst of. */
enum dlms_transfer {
    DLMS_TRANSFER_NONE,
    DLMS_TRANSFER_GET,        /**< long GET: waits for GET next; kept holds the request */
    DLMS_TRANSFER_SET,        /**< long SET: waits for a block; kept collects the request */
    DLMS_TRANSFER_ACTION_IN,  /**< long ACTION: waits for a block; kept collects the request */
    DLMS_TRANSFER_ACTION_OUT, /**< waits for ACTION next; kept holds the response */
    DLMS_TRANSFER_GBT_IN,     /**< waits for GBT blocks; kept collects the message */
    DLMS_TRANSFER_GBT_OUT,    /**< waits for acknowledgements; kept holds the whole response */
    DLMS_TRANSFER_GBT_STREAM  /**< the same; the response is made as it goes out */
};

/** Where an answer in parts stands. */
struct dlms_position {
    uint32_t cursor[8]; /**< of the attribute under way */
    uint32_t item;      /**< element of a list */
    uint32_t offset;    /**< octets of kept that went out */
    uint32_t skip;      /**< octets already sent of the piece under way */
    uint32_t piece_crc; /**< of the piece that skip belongs to */
    uint16_t piece_size;
    uint8_t attribute;              /**< attribute 0: the one under way, 0: none yet */
    bool item_open, attribute_open; /**< some of its pieces went out */
};

struct dlms_server {
    struct dlms_server_config config;
    struct dlms_session session;
    enum dlms_transfer transfer;
    uint8_t choice; /**< of the transfer's first request */
    uint8_t invoke; /**< invoke id of the transfer */
    bool gbt_more;  /**< dlms_server_more() has something */
    uint32_t block; /**< number of the last block sent or taken */
    size_t n_kept;  /**< octets in kept */
    struct dlms_position position;
    struct dlms_gbt gbt;
    struct dlms_position gbt_position; /**< after own block gbt_base */
    uint16_t gbt_base;
    struct dlms_security answer; /**< how the answer under way is protected */
    struct dlms_security bound;  /**< how the messages of the transfer under way are */
};

void dlms_server_init(struct dlms_server *server, const struct dlms_server_config *config);
/** A link to this pair of SAPs begins; an association that was open ends. */
void dlms_server_connect(struct dlms_server *server, uint16_t client_sap, uint16_t server_sap);
/** The link ended. */
void dlms_server_disconnect(struct dlms_server *server);
/** Is there anything to connect to at these SAPs (else DM, or no answer)? */
bool dlms_server_offers(const struct dlms_server_config *config, uint16_t client_sap,
                        uint16_t server_sap);

/**
 * Serve one message.  in is used up (deciphered in place); in and out do not overlap.
 * @param capacity octets of out; at least 64, 512 are usual.  Answers are never longer than it, nor
 *                 than the client takes.
 * @return octets of the answer in out; 0: no answer.
 */
size_t dlms_server_apdu(struct dlms_server *server, uint8_t *in, size_t n_in, uint8_t *out,
                        size_t capacity);
/** The next message of the same answer.  @return 0: none (the rule). */
size_t dlms_server_more(struct dlms_server *server, uint8_t *out, size_t capacity);

/**
 * Protect a message of the server's own (data-notification, event-notification), in place.
 * @param how kind and security control; DLMS_PLAIN: left as it is.
 * @return its length, 0: not possible.
 */
size_t dlms_server_notify(struct dlms_server *server, const struct dlms_security *how,
                          uint8_t *buffer, size_t n_plain, size_t capacity);

static inline bool dlms_server_associated(const struct dlms_server *server)
{
    return server->session.state == DLMS_ASSOCIATED;
}

#endif
