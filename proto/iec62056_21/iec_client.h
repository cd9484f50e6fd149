/**
 * IEC 62056-21 as a reader speaks it: takes a data block apart.  No I/O.
 */
#ifndef OPEN382_IEC_CLIENT_H
#define OPEN382_IEC_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum iec_err {
    IEC_OK = 0,
    IEC_ERR_FORMAT = -1, /**< no STX .. ! CR LF ETX */
    IEC_ERR_BCC = -2,    /**< block check wrong */
    IEC_ERR_SPACE = -3,
};

/** One data set: "1.6.0(1.078*kW)(00000101000000)".  Pointers reach into the block. */
struct iec_item {
    const char *address;
    size_t n_address;
    const char *value;
    size_t n_value;
    const char *unit;
    size_t n_unit; /**< 0: none */
    const char *extra;
    size_t n_extra; /**< second bracket, 0: none */
};

/** Request frame "/?address!CR LF"; address may be "".  @return length or IEC_ERR_SPACE. */
int iec_client_request(const char *address, char *out, size_t capacity);

/** Option select "ACK 0 Z 0 CR LF" for baud 300 .. 9600.
 *  @return length, IEC_ERR_FORMAT (no such speed) or IEC_ERR_SPACE. */
int iec_client_option(uint32_t baud, char *out, size_t capacity);

#define IEC_BLOCK_MAX 8192u

/** Collects a whole answer: ident line, STX block, BCC. */
struct iec_receiver {
    uint8_t state;
    uint8_t bcc;
    uint16_t length; /**< bytes in block */
    uint8_t n_ident;
    char ident[40];            /**< after the '/', without CR LF, ends in 0 */
    char block[IEC_BLOCK_MAX]; /**< between STX and '!', without them */
};
void iec_receiver_init(struct iec_receiver *receiver);
/**
 * One byte from the line (bit 7 is ignored).  Strays before the ident and the echo of the own
 * request ("/?...", sent back by an optical head) are passed over.
 * @return 1: complete and good; 2: ident line complete; 0: more; negative iec_err, the receiver
 *         then hunts for the next ident.
 */
int iec_receiver_byte(struct iec_receiver *receiver, uint8_t byte);

/**
 * Next data set from *at on; advances *at.  Line ends between sets do not matter, brackets after
 * the second one are passed over.
 * @return 1: item; 0: end; IEC_ERR_FORMAT: *at stays before the bad set.
 */
int iec_item_next(const char **at, const char *end, struct iec_item *item);

#endif
