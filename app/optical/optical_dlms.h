/**
 * DLMS over HDLC on the optical port: direct HDLC at 9600 baud, or after the mode E opening of IEC
 * 62056-21 at the speed that was agreed there.
 *
 * Limits and time-outs are settings (121 to 125), as delivered the 382M's: information 512 octets
 * to the client and 128 from it, physical address 32, 20 s of silence end the link; the window
 * is 1. Source: spec cosem-objects 1.4; OPT-02, OPT-03.
 */
#ifndef OPEN382_OPTICAL_DLMS_H
#define OPEN382_OPTICAL_DLMS_H

#include "../../proto/dlms/hdlc_server.h"
#include "../dlms/dlms_line.h"

struct optical;

#define OPTICAL_HDLC_TRANSMIT 512u
#define OPTICAL_HDLC_RECEIVE  128u

/** Longest request (of management, in several frames) and answer; memory between blocks. */
#define OPTICAL_DLMS_REQUEST 512u
#define OPTICAL_DLMS_ANSWER  (OPTICAL_HDLC_TRANSMIT - HDLC_LLC_BYTES)
#define OPTICAL_DLMS_KEPT    256u

struct optical_dlms {
    struct hdlc_server hdlc;
    struct dlms_line line; /**< of the link that is open */
    uint8_t frame[OPTICAL_HDLC_RECEIVE + HDLC_OVERHEAD];
    uint8_t request[OPTICAL_DLMS_REQUEST + HDLC_LLC_BYTES];
    uint8_t answer[OPTICAL_DLMS_ANSWER];
    uint8_t kept[OPTICAL_DLMS_KEPT];
};

/** No link.  *dlms stays where it is. */
void optical_dlms_init(struct optical_dlms *dlms, const struct meter *meter);
/** Does a byte on a line that is otherwise quiet belong to HDLC?  A flag does, and all inside a
 *  frame. */
bool optical_dlms_wants(const struct optical_dlms *dlms, uint8_t byte, int64_t wall_ms);
void optical_dlms_byte(struct optical *optical, struct meter *meter, uint8_t byte, int64_t wall_ms,
                       struct writer *out);
/** @return wall_ms of the next call, INT64_MAX: when bytes come. */
int64_t optical_dlms_step(struct optical *optical, struct meter *meter, int64_t wall_ms,
                          struct writer *out);

#endif
