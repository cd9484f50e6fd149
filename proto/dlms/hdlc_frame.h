/**
 * HDLC frames of DLMS/COSEM: encoder, receiver and link parameters, shared by server and client.
 *
 * 7E | format(2) | destination | source | control | HCS(2) | information | FCS(2) | 7E.  The length
 * in the format field delimits a frame; a 7E inside it means nothing.  Allocation-free, bounded.
 * Source: IEC 62056-46; spec dlms 6.1.
 */
#ifndef OPEN382_HDLC_FRAME_H
#define OPEN382_HDLC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/reader.h"
#include "../common/writer.h"

#define HDLC_FLAG 0x7Eu
/** Flags, format, two addresses of four octets, control, HCS and FCS: at most so much beside the
 * information. */
#define HDLC_OVERHEAD 17u
/** Least information that a link may agree on, and most (larger offers count as these). */
#define HDLC_INFO_MIN 32u
#define HDLC_INFO_MAX 2030u
/** Without an offer these hold: information 128, window 1. */
#define HDLC_INFO_DEFAULT   128u
#define HDLC_WINDOW_DEFAULT 1u
#define HDLC_WINDOW_MAX     7u

enum hdlc_err {
    HDLC_OK = 0,
    HDLC_ERR_SPACE = -1,  /**< does not fit where it shall go, or in a frame's length */
    HDLC_ERR_FORMAT = -2, /**< an address or parameter that has no encoding, or is damaged */
};

/** One octet: upper 0..127.  Two: upper and lower 0..127.  Four: both 0..16383. */
struct hdlc_address {
    uint16_t upper; /**< logical device, or the client */
    uint16_t lower; /**< physical device; 0 in one octet */
    uint8_t n_octets;
};

/* Addresses with a meaning of their own, in one octet a part and in two. */
#define HDLC_ALL_STATIONS      0x7Fu
#define HDLC_ALL_STATIONS_LONG 0x3FFFu

struct hdlc_frame {
    struct hdlc_address destination, source;
    uint8_t control;
    bool segmented;      /**< more of the same APDU follows */
    const uint8_t *lead; /**< encoder only: octets before info; a receiver sets n_lead to 0 */
    uint16_t n_lead;
    const uint8_t *info;
    uint16_t n_info;
};

/** What a control octet says. */
enum hdlc_kind {
    HDLC_I,
    HDLC_RR,
    HDLC_RNR,
    HDLC_SNRM,
    HDLC_DISC,
    HDLC_UA,
    HDLC_DM,
    HDLC_FRMR,
    HDLC_UI,
    HDLC_UNKNOWN
};

enum hdlc_kind hdlc_kind_of(uint8_t control);

/** Poll bit of a command, final bit of a response. */
static inline bool hdlc_poll_final(uint8_t control)
{
    return (control & 0x10u) != 0;
}
/** N(R) of I, RR and RNR. */
static inline uint8_t hdlc_receive_number(uint8_t control)
{
    return (uint8_t)(control >> 5);
}
/** N(S) of I. */
static inline uint8_t hdlc_send_number(uint8_t control)
{
    return (uint8_t)(control >> 1 & 7u);
}
/** Control octet of a kind; numbers count only where the kind carries them. */
uint8_t hdlc_control(enum hdlc_kind kind, bool poll_final, uint8_t send_number,
                     uint8_t receive_number);

/**
 * Frame with both flags.
 * @return its length, or a negative hdlc_err; out may have been written to.
 */
int hdlc_frame_encode(const struct hdlc_frame *frame, uint8_t *out, size_t capacity);

/** Finds frames in bytes.  Damaged ones are passed over: what follows is found again. */
struct hdlc_receiver {
    uint8_t *bytes;    /**< the caller's */
    uint16_t capacity; /**< the longest information that shall fit + HDLC_OVERHEAD */
    uint16_t length;   /**< collected; bytes[0] is a flag */
    uint16_t need;     /**< length at which there is something to look at */
    uint16_t done;     /**< octets of the frame handed out last */
};

void hdlc_receiver_init(struct hdlc_receiver *receiver, uint8_t *bytes, size_t capacity);
/**
 * Take bytes until a frame is complete.
 * @return true: *frame is good; its info lies in receiver->bytes and holds until the next call.
 *         false: all of in has been taken, none is complete.
 */
bool hdlc_receiver_take(struct hdlc_receiver *receiver, struct reader *in,
                        struct hdlc_frame *frame);
/** The line has been silent for too long: what has begun does not go on.  A frame that stands
 * behind a false beginning is found; call again while true comes back. */
bool hdlc_receiver_expire(struct hdlc_receiver *receiver, struct hdlc_frame *frame);
/** True inside a frame. */
bool hdlc_receiver_busy(const struct hdlc_receiver *receiver);

/** What SNRM and UA negotiate; each side's own view. */
struct hdlc_parameters {
    uint16_t info_transmit, info_receive;    /**< octets of information, 32..2030 */
    uint8_t window_transmit, window_receive; /**< frames, 1..7 */
};

/**
 * Parameters from the information of SNRM or UA.  What is not given is the default; values of 1, 2
 * and 4 octets are understood, those outside the range count as its end.
 * @return HDLC_OK, or HDLC_ERR_FORMAT and *out holds nothing.
 */
int hdlc_parameters_read(const uint8_t *info, size_t n_info, struct hdlc_parameters *out);
void hdlc_parameters_write(struct writer *out, const struct hdlc_parameters *parameters);
#define HDLC_PARAMETERS_BYTES 23u

#endif
