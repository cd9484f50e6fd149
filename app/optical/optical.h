/**
 * The optical port: KMP, IEC 62056-21 and DLMS on one line, told apart by the first bytes.
 * Protocol time-outs run on wall time; metering does not know of it.
 *
 * The first byte of a telegram decides: 80h opens KMP (also while IEC 62056-21 is spoken, which
 * never sends it), '/' opens IEC 62056-21, and 7Eh an HDLC frame where the meter has DLMS; inside a
 * telegram or frame all bytes are its own.  Anything else on a quiet line is noise.
 * Without supply the port is silent.
 * Source: OPT-01, OPT-02, C-21, Kamstrup 5512-447 and 5512-1458, read-outs of real 382C and 382L.
 */
#ifndef OPEN382_OPTICAL_H
#define OPEN382_OPTICAL_H

#include <stddef.h>
#include <stdint.h>

#include "../../proto/iec62056_21/iec_server.h"
#include "../../proto/kmp/kmp_server.h"
#include "../rights/rights.h"
#include "optical_dlms.h"

struct meter;

#define OPTICAL_TX_BYTES 2048u

/** After a mode E opening the port falls back to its first speed when nothing comes for so long. */
#define OPTICAL_BINARY_IDLE_MS 20000

/** A KMP telegram that stops in its middle is forgotten after this time (5512-447). */
#define OPTICAL_KMP_TIMEOUT_MS 1600

/** Where the parts of an extract of a log begin; 0: behind its end. */
struct optical_extract {
    uint32_t at, next; /**< record that the part `part`, and the one after it, begins with */
    unsigned part;
};

struct optical {
    struct kmp_server kmp;
    struct iec_server iec;
    struct optical_dlms dlms;
    bool speaks_kmp;                /**< the last telegram was KMP */
    bool speaks_hdlc;               /**< it was an HDLC frame */
    int64_t last_byte_ms;           /**< wall time */
    char address[9];                /**< serial number, for "/?address!" */
    uint16_t iec_password;          /**< that a programming session began with */
    struct optical_extract extract; /**< of a log, that it is reading */
    uint8_t tx[OPTICAL_TX_BYTES];
    uint16_t tx_length;
};

void optical_init(struct optical *optical, const struct meter *meter);
/**
 * Say which channel a connection is; without this it is the optical eye.  What it may do follows
 * from that (rights.h).  The line must be one of meter->optical.
 */
void optical_connect(struct optical *optical, struct meter *meter, enum rights_channel channel);
/** Bytes from the line, one of meter->optical. */
void optical_receive(struct optical *optical, struct meter *meter, const uint8_t *bytes,
                     size_t n_bytes, int64_t wall_ms);
/** Take up to capacity bytes to send.  @return their number. */
size_t optical_transmit(struct optical *optical, uint8_t *bytes, size_t capacity);
/** Time-outs and more data.  @return wall_ms of the next call, INT64_MAX: when bytes come. */
int64_t optical_step(struct optical *optical, struct meter *meter, int64_t wall_ms);
/** Line speed that holds now, baud: 9600 for KMP and direct HDLC, what IEC agreed otherwise. */
uint32_t optical_baud(const struct optical *optical);

#endif
