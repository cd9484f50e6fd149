/**
 * HDLC link of a DLMS client (primary station): opens a link, asks, hears, closes it.
 *
 * No I/O, no clock: what came goes to hdlc_client_receive, what is due comes from hdlc_client_step;
 * both tell what has happened.  One thing at a time: connect, request, ..., disconnect.  A frame
 * that gets no answer is repeated; an answer of which a part is missing is asked for from there.
 * Source: IEC 62056-46; spec dlms 6.1.
 */
#ifndef OPEN382_HDLC_CLIENT_H
#define OPEN382_HDLC_CLIENT_H

#include "hdlc_frame.h"
#include "hdlc_link.h"

struct hdlc_client_settings {
    uint8_t client;             /**< client address, 1..127 */
    struct hdlc_address server; /**< as many octets as the server is to be called with */
    struct hdlc_parameters own; /**< what is offered; {0} offers nothing: 128 and 1 hold */
    uint16_t response_ms;       /**< an answer begins within this time, or the frame is repeated */
    uint16_t inter_octet_ms;    /**< and its octets follow each other within this */
    uint8_t tries;              /**< times that a frame is sent before the server counts as gone */
    uint16_t poll_ms;           /**< a server that has no answer yet is asked again after this */
    uint16_t polls;             /**< so many times */
};

/** 512/512, window 7 (a server takes what it can), 2 s, 500 ms, 3 tries, 100 polls of 100 ms. */
struct hdlc_client_settings hdlc_client_defaults(uint8_t client, struct hdlc_address server);

/** The caller's memory. */
struct hdlc_client_memory {
    uint8_t *frame; /**< own.info_receive + HDLC_OVERHEAD */
    size_t n_frame;
    uint8_t *answer; /**< longest answer + HDLC_LLC_BYTES */
    size_t n_answer;
    uint8_t *notice; /**< longest APDU of UI frames + HDLC_LLC_BYTES; size 0: they are ignored */
    size_t n_notice;
};

enum hdlc_client_state {
    HDLC_CLIENT_CLOSED,
    HDLC_CLIENT_CONNECTING, /**< SNRM: waits for UA */
    HDLC_CLIENT_OPEN,       /**< nothing under way */
    HDLC_CLIENT_ASKING,     /**< request or poll: waits for frames of the answer */
    HDLC_CLIENT_CLOSING,    /**< DISC: waits for UA or DM */
};

enum hdlc_event {
    HDLC_NOTHING,
    HDLC_CONNECTED,    /**< client->agreed holds */
    HDLC_ANSWER,       /**< apdu, n_apdu: valid until the next request */
    HDLC_TAKEN,        /**< a request without an answer has been taken */
    HDLC_NOTICE,       /**< apdu, n_apdu of UI frames: valid until the next receive; any state */
    HDLC_DISCONNECTED, /**< as was asked */
    HDLC_REFUSED,      /**< DM: no link, or the server has ended it */
    HDLC_FRAME_REJECT, /**< FRMR: the server wants a new link */
    HDLC_SILENCE,      /**< no answer to all tries: the link is given up */
    HDLC_OVERFLOW,     /**< the answer is longer than its memory: the link is given up */
    HDLC_MALFORMED,    /**< UA, or the LLC octets of an answer: likewise */
};

enum hdlc_due { HDLC_DUE_NOTHING, HDLC_DUE_SNRM, HDLC_DUE_TURN, HDLC_DUE_DISC };

struct hdlc_client {
    struct hdlc_client_settings settings;
    struct hdlc_receiver receiver;
    enum hdlc_client_state state;
    enum hdlc_due due;
    struct hdlc_parameters agreed;
    struct hdlc_sender request;
    struct hdlc_collector answer, notice;
    const uint8_t *apdu; /**< of the last event */
    size_t n_apdu;
    struct hdlc_address notice_from; /**< who sent the last notice */
    uint8_t receive_number;          /**< V(R) */
    bool answer_wanted, answer_complete, server_busy, polling;
    uint8_t tries;
    uint16_t polls;
    int64_t deadline_ms, last_byte_ms;
};

void hdlc_client_init(struct hdlc_client *client, const struct hdlc_client_settings *settings,
                      const struct hdlc_client_memory *memory);

/** Begin; hdlc_client_step sends.  From any state: what was under way is forgotten. */
void hdlc_client_connect(struct hdlc_client *client);
/**
 * Send a request; only in HDLC_CLIENT_OPEN.
 * @param apdu  stays where it is until the answer has come
 * @param answer_wanted  false: an unconfirmed service; HDLC_TAKEN ends it
 * @return false: not open.
 */
bool hdlc_client_request(struct hdlc_client *client, const uint8_t *apdu, size_t n_apdu,
                         bool answer_wanted);
/** Ask for one APDU more without a request (streaming); only in HDLC_CLIENT_OPEN. */
bool hdlc_client_poll(struct hdlc_client *client);
void hdlc_client_disconnect(struct hdlc_client *client);

/** Take bytes from in until something has happened; call again until in is empty. */
enum hdlc_event hdlc_client_receive(struct hdlc_client *client, struct reader *in, int64_t wall_ms);
/**
 * Send what is due, mind the time.  Call after everything else, and at *next_ms.
 * @param out      room for a frame of agreed.info_transmit + HDLC_OVERHEAD at least
 * @param next_ms  when to call again at the latest; wall_ms: when out has room; INT64_MAX: idle
 */
enum hdlc_event hdlc_client_step(struct hdlc_client *client, int64_t wall_ms, struct writer *out,
                                 int64_t *next_ms);

#endif
