/**
 * The meter as a COSEM server: its associations, and what they see.
 *
 * As delivered these are the 382M's own: clients 16 (public, server 1), 18 (module), 19 (optical)
 * and 20 (consumer port; server 16), the last three with a password of their own.  Client 1 with
 * server 1 is management, with HLS and ciphering; a port offers it only when keys were given.
 * Clients 16 to 20 see the 382M's object list and nothing else, with its own numbering of rows;
 * client 1 sees it and the household list, with the numbering of the Blue Book.
 * Whoever comes over the consumer port only reads (CCC-04): its column of the list is the
 * optical one without writing.
 * Source: spec cosem-objects 1 to 3, dlms 8; OPT-03, AMI-02, SEC-06, CCC-04.
 */
#ifndef OPEN382_COSEM_H
#define OPEN382_COSEM_H

#include "../../proto/dlms/dlms_model.h"
#include "../rights/rights.h"

struct meter;

enum cosem_role {
    COSEM_PUBLIC,
    COSEM_CONSUMER,
    COSEM_OPTICAL,
    COSEM_MODULE,
    COSEM_MANAGEMENT,
    COSEM_ROLES
};

#define COSEM_CLIENT_MANAGEMENT 1u
#define COSEM_CLIENT_PUBLIC     16u
#define COSEM_CLIENT_MODULE     18u
#define COSEM_CLIENT_OPTICAL    19u
#define COSEM_CLIENT_CONSUMER   20u
#define COSEM_SERVER_MANAGEMENT 1u
#define COSEM_SERVER_METER      16u

/** Octets that the server takes in one message: what an HDLC frame of 128 leaves. */
#define COSEM_MAX_PDU 125u
/** The same of management, which writes calendars and firmware. */
#define COSEM_MAX_PDU_MANAGEMENT 1024u

/** What a connection comes in by: it decides which clients are answered there. */
enum cosem_port {
    COSEM_PORT_OPTICAL,
    COSEM_PORT_MODULE,
    COSEM_PORT_CONSUMER,
    COSEM_PORT_NETWORK, /**< a socket: all of them; each keeps its own rights */
    COSEM_PORTS
};

#define COSEM_ASSOCIATIONS 5u

/**
 * The associations that a port offers, for struct dlms_server_config.
 * @param management  keys were given
 * @return how many of out are filled; 0: a meter without DLMS (B to E)
 */
size_t cosem_associations(const struct meter *meter, enum cosem_port port, bool management,
                          struct dlms_association out[COSEM_ASSOCIATIONS]);

/** What the server asks of the meter.  The meter must outlive *out. */
void cosem_model(struct meter *meter, struct dlms_model *out);

/** Channel of the rights matrix (app/rights) that a role's writing counts as. */
enum rights_channel cosem_channel(enum cosem_role role);

#endif
