/**
 * The air between simulated radios: each burst that a radio sends is one datagram to everybody who
 * listens on the same medium.
 *
 * A medium is a multicast group on this computer's loopback, "udp:239.3.8.2:3820", or a folder in
 * which each listener has a Unix socket, "unix:FOLDER", which works where multicast does not and
 * which only those hear who may write there.  Nobody in between: a hub cannot be down.  What
 * distance, noise and other senders make of a burst is each receiver's own (radio_channel.h).
 */
#ifndef OPEN382_HOST_RADIO_MEDIUM_H
#define OPEN382_HOST_RADIO_MEDIUM_H

#include <netinet/in.h>

#include "../../proto/wmbus/wmbus_receiver.h"
#include "host_err.h"

#define RADIO_MEDIUM_ERROR_MAX 320u
#define RADIO_MEDIUM_USUAL     "udp:239.3.8.2:3820"
/** Octets of a burst's datagram: head and chips (docs/radio.md). */
#define RADIO_BURST_HEAD 24u
#define RADIO_BURST_MAX  (RADIO_BURST_HEAD + WMBUS_CHIPS_OCTETS)

/** What a transmitter keys, from one switching on of its carrier to the end of it. */
struct radio_burst {
    uint64_t sender;  /**< which radio; stays the same as long as it is in its place */
    int64_t begin_us; /**< CLOCK_REALTIME */
    int8_t power_dbm; /**< radiated */
    uint8_t mode;     /**< enum wmbus_mode: the modulation; both have 100000 chips a second */
    uint16_t n_chips; /**< 1 .. 8 * WMBUS_CHIPS_OCTETS */
    uint8_t chips[WMBUS_CHIPS_OCTETS]; /**< the first one in the highest bit */
};

#define RADIO_CHIP_US 10

/** @return octets of the datagram. */
size_t radio_burst_encode(const struct radio_burst *burst, uint8_t datagram[RADIO_BURST_MAX]);
/** @return false: no burst, *burst untouched. */
bool radio_burst_decode(const uint8_t *datagram, size_t n_octets, struct radio_burst *burst);

struct radio_address {
    bool is_folder;
    struct sockaddr_in group; /**< udp */
    char folder[80];          /**< unix */
};

/**
 * Parse "udp:GROUP:PORT" or "unix:FOLDER".
 * @return HOST_OK, or HOST_ERR_URL with one line that says what was expected.
 */
enum host_err radio_address_parse(const char *text, struct radio_address *address,
                                  char error[RADIO_MEDIUM_ERROR_MAX]);

struct radio_medium {
    struct radio_address address;
    int fd;
    char own[108]; /**< unix: the listener's socket, removed at close */
};

/**
 * Open it, non-blocking.
 * @param listens  to hear; else to send
 * @return HOST_OK, or HOST_ERR_OPEN and one line.
 */
enum host_err radio_medium_open(struct radio_medium *medium, const struct radio_address *address,
                                bool listens, char error[RADIO_MEDIUM_ERROR_MAX]);
void radio_medium_close(struct radio_medium *medium);

/** To everybody who listens now; nobody may. */
void radio_medium_send(struct radio_medium *medium, const struct radio_burst *burst);
/** @return true: a burst; false: none is there. */
bool radio_medium_hear(struct radio_medium *medium, struct radio_burst *burst);

/** CLOCK_REALTIME in microseconds. */
int64_t radio_now_us(void);

#endif
