/** What the parts of the client share; nobody else includes it. */
#ifndef OPEN382_DLMS_CLIENT_INSIDE_H
#define OPEN382_DLMS_CLIENT_INSIDE_H

#include "dlms_client.h"
#include "dlms_gbt.h"

/** Octets before the data of a general block, its length included. */
#define CLIENT_GBT_HEAD (DLMS_GBT_HEAD + 3u)

/** A writer for the next request, with room for its protection. */
struct writer dlms_client_request(struct dlms_client *client);
/** Length of the longest request that the meter takes, before protection. */
size_t dlms_client_room(const struct dlms_client *client);
/** Send what the writer holds.  Protected when the association is. */
int dlms_client_send(struct dlms_client *client, const struct writer *w);
/** Wait for the answer; notifications before it are handed on.  The APDU is plain, and of that tag.
 */
int dlms_client_receive(struct dlms_client *client, uint8_t tag, struct dlms_bytes *apdu);
/** Both, and take the response apart.  Its invoke id is checked. */
int dlms_client_ask(struct dlms_client *client, const struct writer *w, uint8_t tag,
                    struct dlms_response *response);
/** Invoke-id-and-priority of a new request. */
uint8_t dlms_client_invoke(struct dlms_client *client);
/** Set failure.result.  @return DLMS_CLIENT_ERR_RESULT. */
int dlms_client_refused(struct dlms_client *client, uint16_t result);

/* General block transfer (dlms_client_gbt.c). */

/** Send an APDU in blocks; CLIENT_GBT_HEAD octets in front of it are free. */
int dlms_client_gbt_send(struct dlms_client *client, struct dlms_bytes apdu);
/** The first block of an answer stands in apdu: get the others.  The whole answer is in apdu then.
 */
int dlms_client_gbt_receive(struct dlms_client *client, struct dlms_bytes *apdu);

#endif
