/**
 * One DLMS association of the meter on one connection: the server engine with the meter's objects
 * and the associations that the connection's port offers.  What carries the messages (HDLC on the
 * optical port, the wrapper on a socket) stands above.
 */
#ifndef OPEN382_DLMS_LINE_H
#define OPEN382_DLMS_LINE_H

#include "../../proto/dlms/dlms_sentry.h"
#include "../../proto/dlms/dlms_server.h"
#include "../cosem/cosem.h"

struct dlms_line {
    struct dlms_server server;
    struct dlms_model model;
    struct dlms_association associations[COSEM_ASSOCIATIONS];
    struct dlms_sentry sentry; /**< of a meter with keys */
    struct dlms_guard guard;
};

/** What a connection gives to an association. */
struct dlms_line_setup {
    enum cosem_port port;
    uint8_t *kept; /**< memory between blocks: struct dlms_server_config */
    size_t n_kept;
    uint16_t request_max; /**< longest message that the connection can take */
    bool streams;         /**< it can send several messages in a row unasked */
};

/** The meter has a DLMS server at all. */
bool dlms_line_fitted(const struct meter *meter);

/**
 * A link of this client to this logical device begins.  The management client is offered by a meter
 * with keys.  When the link has ended: dlms_server_disconnect().
 * @param line  stays where it is until the link has ended
 * @return false: not offered here; *line holds nothing.
 */
bool dlms_line_begin(struct dlms_line *line, struct meter *meter,
                     const struct dlms_line_setup *setup, uint16_t client, uint16_t server);

#endif
