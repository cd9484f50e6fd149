/**
 * DLMS APDUs over a line: in the wrapper (TCP, UDP), or in HDLC (serial port, TCP), with the mode E
 * opening of IEC 62056-21 where that is asked for.
 */
#ifndef OPEN382_DLMS_LINK_H
#define OPEN382_DLMS_LINK_H

#include "../../proto/dlms/dlms_client.h"
#include "../../proto/dlms/dlms_wrapper.h"
#include "../../proto/dlms/hdlc_client.h"
#include "line.h"

#define DLMS_APDU_MAX 65535u

/** Large: kept once. */
struct dlms_link {
    struct line *line;
    unsigned timeout_ms; /**< silence that ends the wait for an answer */
    unsigned retries;    /**< HDLC: further tries of a frame */
    struct dlms_wrapper_receiver wrapper;
    struct hdlc_client hdlc;
    bool asked;         /**< HDLC: a request is under way */
    struct reader left; /**< of the bytes that came last: not looked at yet */
    uint8_t came[2048];
    uint8_t frame[HDLC_INFO_MAX + HDLC_OVERHEAD];
    uint8_t notice[4096];
    uint8_t whole[DLMS_APDU_MAX + DLMS_WRAPPER_HEADER + HDLC_LLC_BYTES];
    uint8_t out[DLMS_APDU_MAX + DLMS_WRAPPER_HEADER];
};

/** Over a line that is open: mode E and HDLC connect, when it is to be.  line->error says why not.
 */
enum host_err dlms_link_open(struct dlms_link *link, struct line *line, unsigned timeout_ms,
                             unsigned retries);
/** HDLC: disconnect, politely. */
void dlms_link_close(struct dlms_link *link);

/** For dlms_client. */
struct dlms_transport dlms_link_transport(struct dlms_link *link);

#endif
