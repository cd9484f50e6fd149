/**
 * One client of the DLMS network ports: its bytes, and the associations that it has.  It knows no
 * file descriptors; whoever owns the connection moves bytes in and out.
 */
#ifndef OPEN382_LINUX_DLMS_PEER_H
#define OPEN382_LINUX_DLMS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/dlms/dlms_line.h"
#include "dlms_ports.h"
#include "proto/dlms/dlms_wrapper.h"

#define DLMS_PEER_REQUEST COSEM_MAX_PDU_MANAGEMENT /**< longest request */
#define DLMS_PEER_ANSWER  8192u                    /**< longest answer */
#define DLMS_PEER_IN      2048u
#define DLMS_PEER_OUT     (4u * (DLMS_PEER_ANSWER + DLMS_WRAPPER_HEADER))
#define DLMS_PEER_KEPT    2048u

/** One pair of client and server. */
struct dlms_pair {
    bool used;
    uint16_t client, server;
    uint64_t turn; /**< of its last request */
    struct dlms_line line;
    uint8_t kept[DLMS_PEER_KEPT];
};

struct dlms_peer {
    struct meter *meter;
    struct dlms_wrapper_server wrapper;
    struct dlms_pair pair[DLMS_ASSOCIATIONS_MAX];
    uint64_t turn;
    uint8_t message[DLMS_PEER_REQUEST + DLMS_WRAPPER_HEADER];
    uint8_t in[DLMS_PEER_IN]; /**< heard, not yet understood: there was no room for an answer */
    size_t n_in;
    uint8_t out[DLMS_PEER_OUT];
    size_t n_out;
    int64_t heard_us;   /**< the last whole message; at first: when it came */
    int64_t began_us;   /**< the message that is not complete; INT64_MAX: none */
    int64_t blocked_us; /**< it does not listen since; INT64_MAX: it does */
};

void dlms_peer_init(struct dlms_peer *peer, struct meter *meter, int64_t wall_us);
/** Answer what has been heard for as long as there is room.  @return false: drop it. */
bool dlms_peer_serve(struct dlms_peer *peer, int64_t wall_us);
/** One datagram; the answer is then in out.  @return octets of it; 0: none. */
size_t dlms_peer_datagram(struct dlms_peer *peer, uint8_t *bytes, size_t n_bytes, int64_t wall_us);
/** What a peer has shown of itself. */
enum dlms_standing {
    DLMS_STRANGER, /**< no association is open */
    DLMS_PUBLIC,   /**< one that needs no secret */
    DLMS_KNOWN,    /**< one that does */
};
enum dlms_standing dlms_peer_standing(const struct dlms_peer *peer);
/** When it has been silent, slow or deaf for too long. */
int64_t dlms_peer_end_us(const struct dlms_peer *peer);
/** The connection has ended, and its associations with it. */
void dlms_peer_end(struct dlms_peer *peer);

#endif
