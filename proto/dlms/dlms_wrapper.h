/**
 * The wrapper of DLMS/COSEM on TCP and UDP: 0001 | source | destination | length | APDU, all 16
 * bits, high octet first.  A stream is cut by length, however TCP cuts it.
 * Source: IEC 62056-47; spec dlms 6.3.
 */
#ifndef OPEN382_DLMS_WRAPPER_H
#define OPEN382_DLMS_WRAPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/reader.h"
#include "../common/writer.h"

#define DLMS_WRAPPER_HEADER  8u
#define DLMS_WRAPPER_VERSION 1u
#define DLMS_WRAPPER_PORT    4059u
/** Server address that means all: never answered. */
#define DLMS_WRAPPER_ALL 0x007Fu

enum dlms_wrapper_err {
    DLMS_WRAPPER_OK = 0,
    DLMS_WRAPPER_ERR_VERSION = -1, /**< not version 1: drop the connection */
    DLMS_WRAPPER_ERR_LENGTH = -2,  /**< no APDU, longer than the buffer, or a datagram that is
                                      shorter or longer than it says: drop */
    DLMS_WRAPPER_ERR_SPACE = -3,   /**< does not fit where it shall go */
};

/** One wrapped APDU. */
struct dlms_wpdu {
    uint16_t source, destination; /**< client and server in requests, the other way in answers */
    uint8_t *apdu;
    size_t n_apdu;
};

/** Puts a stream together again. */
struct dlms_wrapper_receiver {
    uint8_t *bytes;  /**< the caller's: longest APDU + DLMS_WRAPPER_HEADER */
    size_t capacity; /**< at least DLMS_WRAPPER_HEADER + 1 */
    size_t length;
    bool done; /**< the one that is there has been handed out */
};

void dlms_wrapper_receiver_init(struct dlms_wrapper_receiver *receiver, uint8_t *bytes,
                                size_t capacity);
/**
 * Take bytes until one is complete.
 * @return 1: *out is there, in receiver->bytes until the next call; 0: all of in has been taken;
 *         negative dlms_wrapper_err: the stream is lost, drop the connection.
 */
int dlms_wrapper_take(struct dlms_wrapper_receiver *receiver, struct reader *in,
                      struct dlms_wpdu *out);
/** True in the middle of one: a peer that stops here may be dropped after a while. */
bool dlms_wrapper_busy(const struct dlms_wrapper_receiver *receiver);

/** One datagram.  @return 1 and *out points into it, or a negative dlms_wrapper_err. */
int dlms_wrapper_datagram(uint8_t *bytes, size_t n_bytes, struct dlms_wpdu *out);

/** Header and APDU.  @return DLMS_WRAPPER_OK, or negative and out is as before. */
int dlms_wrapper_write(struct writer *out, uint16_t source, uint16_t destination,
                       const uint8_t *apdu, size_t n_apdu);

/** The side above a server's connection.  context is handed back. */
struct dlms_wrapper_upper {
    void *context;
    /**
     * A request; apdu may be changed.
     * @return length of the answer; 0: none.
     */
    size_t (*request)(void *context, uint16_t client, uint16_t server, uint8_t *apdu, size_t n_apdu,
                      uint8_t *answer, size_t capacity);
    /** Further APDUs for the client that asked last, until 0 comes back.  NULL: never. */
    size_t (*more)(void *context, uint16_t client, uint16_t server, uint8_t *answer,
                   size_t capacity);
};

/** A server's connection. */
struct dlms_wrapper_server {
    struct dlms_wrapper_receiver receiver;
    size_t answer_max;       /**< longest APDU of an answer */
    bool streaming;          /**< more may have something to say */
    uint16_t client, server; /**< who asked last */
};

void dlms_wrapper_server_init(struct dlms_wrapper_server *connection, uint8_t *bytes,
                              size_t capacity, size_t answer_max);
/**
 * Serve what came.  It stops taking bytes while out has no room for the longest answer
 * (answer_max + DLMS_WRAPPER_HEADER): call again when it has.
 * @return DLMS_WRAPPER_OK, or negative: drop the connection (what is in out may go first).
 */
int dlms_wrapper_serve(struct dlms_wrapper_server *connection,
                       const struct dlms_wrapper_upper *upper, struct reader *in,
                       struct writer *out);

#endif
