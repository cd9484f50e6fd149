/**
 * M-Bus link layer frames (EN 13757-2): the single character, short and long frames.
 *
 * Allocation-free; knows no meter.  A receiver takes bytes as they come; a pause on the line is the
 * caller's to see (time is not known here): mbus_receiver_idle().  A faulty frame is dropped
 * without a trace on the line, as the standard wants it.
 */
#ifndef OPEN382_MBUS_FRAME_H
#define OPEN382_MBUS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/reader.h"
#include "../common/writer.h"

#define MBUS_ACK        0xE5u
#define MBUS_START_LONG 0x68u
#define MBUS_STOP       0x16u
/** C, A and CI with up to 252 octets of data. */
#define MBUS_BODY_MAX  255u
#define MBUS_FRAME_MAX (MBUS_BODY_MAX + 6u)

enum mbus_address {
    MBUS_ADDRESS_UNCONFIGURED = 0,
    MBUS_ADDRESS_LAST = 250,     /**< the highest of a meter's own */
    MBUS_ADDRESS_SELECTED = 253, /**< whoever was selected by its secondary address */
    MBUS_ADDRESS_TEST = 254,     /**< everybody answers */
    MBUS_ADDRESS_BROADCAST = 255 /**< everybody obeys, nobody answers */
};

enum mbus_control {
    MBUS_SND_NKE = 0x40,
    MBUS_SND_UD = 0x53,
    MBUS_REQ_UD1 = 0x5A,
    MBUS_REQ_UD2 = 0x5B,
    MBUS_RSP_UD = 0x08,
    MBUS_FCB = 0x20, /**< frame count bit */
    MBUS_FCV = 0x10, /**< frame count bit is valid */
    MBUS_ACD = 0x20, /**< in an answer: alarm data wait */
    MBUS_DFC = 0x10  /**< in an answer: no room for more */
};

enum mbus_err {
    MBUS_OK = 0,
    MBUS_ERR_START = -1,    /**< no frame begins with this octet */
    MBUS_ERR_LENGTH = -2,   /**< the two lengths differ, are too short, or the frame is cut off */
    MBUS_ERR_CHECKSUM = -3, /**< sum over C, A, CI and data */
    MBUS_ERR_STOP = -4,     /**< no 16h at the end */
    MBUS_ERR_SPACE = -5,    /**< does not fit where it shall go */
    MBUS_ERR_FORMAT = -6,   /**< the data do not have the form that the header promises */
    MBUS_ERR_CIPHERED = -7  /**< encrypted, and there is no key */
};

/** In words, for a person. */
const char *mbus_err_text(int err);

enum mbus_kind { MBUS_SINGLE, MBUS_SHORT, MBUS_LONG };

/** A frame taken apart; data points into the octets that it was made of. */
struct mbus_frame {
    enum mbus_kind kind;
    uint8_t control, address;
    uint8_t ci; /**< long frames only */
    const uint8_t *data;
    size_t n_data; /**< without CI; 0 for a control frame */
};

/**
 * One whole frame.  @return octets used (more may follow), or a negative mbus_err; MBUS_ERR_LENGTH
 * when the octets end before the frame does.
 */
int mbus_frame_decode(const uint8_t *octets, size_t n_octets, struct mbus_frame *frame);
/** @return length of the frame, or MBUS_ERR_SPACE / MBUS_ERR_LENGTH (data longer than 252). */
int mbus_frame_encode(const struct mbus_frame *frame, uint8_t *octets, size_t capacity);
/** Octets that a frame with this beginning has: 0 when three octets are not there yet to say it. */
size_t mbus_frame_length(const uint8_t *octets, size_t n_octets);

/** Collects the octets of a line. */
struct mbus_receiver {
    uint16_t length;
    uint8_t octets[MBUS_FRAME_MAX];
};

void mbus_receiver_init(struct mbus_receiver *receiver);
/** The line was quiet for longer than a frame allows (33 bit times): a half frame is forgotten. */
void mbus_receiver_idle(struct mbus_receiver *receiver);
/**
 * Feed one octet.
 * @return 1: *frame is good; 0: nothing yet; a negative mbus_err: what came was no frame, dropped.
 */
int mbus_receiver_octet(struct mbus_receiver *receiver, uint8_t octet, struct mbus_frame *frame);

#endif
