/**
 * The master of a wired M-Bus: asks one meter at a time, finds out who is there.
 *
 * Collisions are seen as octets that are no frame.  A search by secondary address goes down a tree
 * of digits: where several meters answer to the digits so far, the next digit is tried.
 * Source: EN 13757-2, -3; spec mbus.md 3 and 5.
 */
#ifndef OPEN382_MBUS_MASTER_H
#define OPEN382_MBUS_MASTER_H

#include "../../proto/mbus/mbus_record.h"
#include "line.h"

struct mbus_master {
    struct line *line;
    unsigned timeout_ms; /**< silence that is no answer */
    unsigned retries;
    bool timed;                    /**< the time that a question takes on the bus comes on top */
    struct mbus_receiver receiver; /**< holds the octets of the last answer */
};

enum mbus_heard {
    MBUS_HEARD_NOTHING,
    MBUS_HEARD_ACK,      /**< E5 */
    MBUS_HEARD_FRAME,    /**< a long frame */
    MBUS_HEARD_COLLISION /**< octets that make no sense */
};

/**
 * @param timeout_ms  0: what suits the bus: 330 bit times at its speed (behind TCP too: ?baud=,
 * 2400 when none is given), 50 ms, 40 ms for converters, and twice the way through the network
 */
void mbus_master_init(struct mbus_master *master, struct line *line, unsigned timeout_ms,
                      unsigned retries);

/**
 * One question, tried once.  answer->data stands in the master until the next question.
 * @return enum mbus_heard, or HOST_ERR_IO
 */
int mbus_master_ask(struct mbus_master *master, const struct mbus_frame *question,
                    struct mbus_frame *answer);

/** SND_NKE.  @return as above */
int mbus_master_reset(struct mbus_master *master, uint8_t address);

/** Select by secondary address; hex digits of id that are F, and FFFF or FF, fit all.
 *  @return as above */
int mbus_master_select(struct mbus_master *master, uint32_t id_bcd);

/** REQ_UD2, with retries.  @return as above */
int mbus_master_request(struct mbus_master *master, uint8_t address, bool count_bit,
                        struct mbus_frame *answer);

/** Who was found. */
struct mbus_found {
    uint8_t address; /**< primary, as the answer carries it */
    struct mbus_identity identity;
};

/** Somebody was found, or (found NULL) meters that cannot be told apart: address or digits in
 *  where. */
typedef void mbus_found_function(void *context, const struct mbus_found *found, const char *where);

/** Ask addresses 0 to 250.  @return how many were found, or HOST_ERR_IO */
int mbus_master_scan_primary(struct mbus_master *master, mbus_found_function *tell, void *context);
/** Search by secondary address.  @return likewise */
int mbus_master_scan_secondary(struct mbus_master *master, mbus_found_function *tell,
                               void *context);

#endif
