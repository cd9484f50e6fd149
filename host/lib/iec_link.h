/**
 * Read a meter over IEC 62056-21: request, data block, items.  Mode A; mode C when the address asks
 * for a speed.  Time-outs suit 300 baud, where a read-out takes ten seconds and more.
 */
#ifndef OPEN382_IEC_LINK_H
#define OPEN382_IEC_LINK_H

#include "../../proto/iec62056_21/iec_client.h"
#include "line.h"

struct iec_link {
    struct line *line;
    unsigned timeout_ms; /**< silence that ends a try; more than the 1700 ms before mode A data */
    unsigned retries;
    struct iec_receiver receiver;
};

void iec_link_init(struct iec_link *link, struct line *line, unsigned timeout_ms, unsigned retries);

/** Read the data block; ident and block stand in link->receiver.  @return HOST_OK or an error. */
enum host_err iec_link_readout(struct iec_link *link);

#endif
