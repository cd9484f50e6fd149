/**
 * Ask a meter over KMP: sends, waits, tries again.
 *
 * Works with a real meter through an optical head: the echo of the own request is passed over
 * (it begins with 80, answers with 40), at most eight registers are asked at a time, and registers
 * that the meter leaves out or keeps silent about are simply missing.
 */
#ifndef OPEN382_KMP_LINK_H
#define OPEN382_KMP_LINK_H

#include "../../proto/kmp/kmp_client.h"
#include "line.h"

struct kmp_link {
    struct line *line;
    unsigned timeout_ms; /**< silence that ends a try; 5512-447 gives meters up to 1600 ms */
    unsigned retries;    /**< further tries after the first */
    bool answered;       /**< the meter has answered something on this link */
    size_t n_bytes;      /**< bytes that came since the last request: tells noise from silence */
    unsigned n_damaged;  /**< frames that came and were not good */
    struct kmp_receiver receiver;
};

void kmp_link_init(struct kmp_link *link, struct line *line, unsigned timeout_ms, unsigned retries);

/**
 * Send a command and wait for its answer frame; the body is in link->receiver then.
 * @return length of the body (DEST CID data), HOST_ERR_SILENT or HOST_ERR_IO (line->error says).
 */
int kmp_link_command(struct kmp_link *link, uint8_t cid, const uint8_t *data, size_t n_data);

/**
 * Send a command that acts and is answered by one byte, ACK.  Sent once: a second one might act
 * twice.
 * @return HOST_OK, HOST_ERR_SILENT or HOST_ERR_IO
 */
int kmp_link_act(struct kmp_link *link, uint8_t cid, const uint8_t *data, size_t n_data);

/**
 * Read any number of registers.
 * @param values  room for n_ids; filled with those that the meter has, in the order asked.
 * @return their number, or a negative host_err.
 */
int kmp_link_registers(struct kmp_link *link, const uint16_t *ids, size_t n_ids,
                       struct kmp_value *values);

/**
 * Write a register (PutRegister).  A meter that refuses is silent, as one that is not there:
 * HOST_ERR_SILENT for both.
 * @return HOST_OK: the meter has acknowledged it.
 */
int kmp_link_put(struct kmp_link *link, uint16_t password, const struct kmp_value *value);

#endif
