/**
 * HDLC link of a DLMS server (secondary station): SNRM to DISC, windows, segmentation both ways,
 * repetition, time-outs.  Above it stand APDUs.
 *
 * A request is handed up exactly once.  A client that has not heard the answer repeats its frame or
 * polls with RR; then the frames that it has not heard are sent again.  Nothing is sent without a
 * poll.  No I/O, no clock: bytes and wall milliseconds come in, bytes go out.
 *
 * In disconnected mode any polled frame but SNRM gets DM.  Frames for all stations, for another
 * physical device or with other addresses than a link's are never answered, except that a client
 * and server that the upper side refuses get DM.  SNRM of another client takes the link over.
 * Source: IEC 62056-46; spec dlms 6.1, cosem-objects 1.4 and 1.6.
 */
#ifndef OPEN382_HDLC_SERVER_H
#define OPEN382_HDLC_SERVER_H

#include "hdlc_frame.h"
#include "hdlc_link.h"

struct hdlc_server_settings {
    struct hdlc_parameters own; /**< the most that the server agrees to, as it sees it */
    uint16_t physical;          /**< lower address: 32 on a 382M */
    uint16_t inactivity_s;      /**< a link on which nothing is heard ends; 0: never */
    uint16_t inter_octet_ms;    /**< a frame that stops in its middle is forgotten */
};

/** The side above.  context is handed back. */
struct hdlc_upper {
    void *context;
    /** A client wants a link to a logical device; an earlier link has been released before.
     *  @return false: refused with DM. */
    bool (*connect)(void *context, uint16_t client, uint16_t server);
    /** The link has ended: DISC, a new SNRM or inactivity. */
    void (*release)(void *context);
    /**
     * A request; apdu may be changed.
     * @param answer  capacity bytes, not read again before the answer has been heard
     * @return length of the answer; 0: none.
     */
    size_t (*request)(void *context, uint8_t *apdu, size_t n_apdu, uint8_t *answer,
                      size_t capacity);
    /** The answer has been heard and the client polls: one APDU more, or 0.  NULL: never. */
    size_t (*more)(void *context, uint8_t *answer, size_t capacity);
    /** APDU of a UI frame: to one logical device or to all, with or without a link.  NULL: ignored.
     */
    void (*unconfirmed)(void *context, uint16_t client, uint16_t server, uint8_t *apdu,
                        size_t n_apdu);
};

/** Memory of a link, the caller's.  RAM: that and struct hdlc_server. */
struct hdlc_server_memory {
    uint8_t *frame; /**< own.info_receive + HDLC_OVERHEAD */
    size_t n_frame;
    uint8_t *request; /**< requests in several frames: longest APDU + HDLC_LLC_BYTES; may be 0 */
    size_t n_request;
    uint8_t *answer;
    size_t n_answer;
};

enum hdlc_mode {
    HDLC_NDM,      /**< normal disconnected mode: waits for SNRM */
    HDLC_NRM,      /**< normal response mode: a link is open */
    HDLC_REJECTED, /**< FRMR sent: waits for SNRM or DISC */
};

/** What the next poll, or the last one, is answered with. */
enum hdlc_owed { HDLC_OWES_NOTHING, HDLC_OWES_UA, HDLC_OWES_DM, HDLC_OWES_FRMR, HDLC_OWES_TURN };

struct hdlc_server {
    struct hdlc_server_settings settings;
    struct hdlc_server_memory memory;
    struct hdlc_receiver receiver;
    enum hdlc_mode mode;
    enum hdlc_owed owed;
    struct hdlc_address client, own;     /**< of the link */
    struct hdlc_address reply_to, reply; /**< of what is owed */
    struct hdlc_parameters agreed;
    struct hdlc_sender answer;
    struct hdlc_collector request;
    uint8_t receive_number; /**< V(R) */
    bool peer_busy;         /**< RNR came last */
    bool parameters_owed;   /**< UA answers SNRM, not DISC */
    uint8_t rejection[3];   /**< information of FRMR */
    int64_t last_byte_ms, last_frame_ms;
};

/** No link yet; the memory outlives it. */
void hdlc_server_init(struct hdlc_server *server, const struct hdlc_server_settings *settings,
                      const struct hdlc_server_memory *memory);
/** Other settings from the next SNRM on; time-outs at once. */
void hdlc_server_configure(struct hdlc_server *server, const struct hdlc_server_settings *settings);
/**
 * Bytes from the line.  It stops taking them while an answer finds no room in out.
 * @param out  room for own.info_transmit + HDLC_OVERHEAD makes sure of progress
 */
void hdlc_server_receive(struct hdlc_server *server, const struct hdlc_upper *upper,
                         struct reader *in, int64_t wall_ms, struct writer *out);
/**
 * Time-outs, and what had no room.
 * @return wall_ms of the next call: wall_ms itself when out was too small; INT64_MAX: when bytes
 *         come.
 */
int64_t hdlc_server_step(struct hdlc_server *server, const struct hdlc_upper *upper,
                         int64_t wall_ms, struct writer *out);
/** End the link without a word: the line is gone. */
void hdlc_server_close(struct hdlc_server *server, const struct hdlc_upper *upper);
/** True while a link is open or a frame is under way. */
bool hdlc_server_busy(const struct hdlc_server *server);

/**
 * Push: an APDU in UI frames of at most info_max octets of information, all but the last with the
 * S bit.
 * @return HDLC_OK, or a negative hdlc_err and out is as before.
 */
int hdlc_push(const struct hdlc_address *client, const struct hdlc_address *server,
              uint16_t info_max, const uint8_t *apdu, size_t n_apdu, struct writer *out);

#endif
