/** Parts of the DLMS server among themselves; nobody else includes this. */
#ifndef OPEN382_DLMS_SERVER_PART_H
#define OPEN382_DLMS_SERVER_PART_H

#include "dlms_class.h"
#include "dlms_server.h"

/** Where an answer goes: octets[0 .. limit) for the message, up to capacity to work in. */
struct dlms_out {
    uint8_t *octets;
    size_t limit, capacity;
};

/* dlms_server.c */

/** May this member be used with that right by the request as it is protected?  Marks how the answer
 *  has to be protected. */
bool dlms_server_grants(struct dlms_server *server, uint8_t mode, uint8_t right);
/** Find the object and check the rights.  @return DLMS_RESULT_SUCCESS or why not. */
enum dlms_result dlms_server_open(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                  enum dlms_member member, uint8_t right,
                                  const struct dlms_object **object);
size_t dlms_server_exception(const struct dlms_out *out, enum dlms_state_error state,
                             enum dlms_service_error service);
static inline bool dlms_server_can(const struct dlms_server *server, uint32_t conformance)
{
    return (server->session.conformance & conformance) != 0;
}
/** No transfer is under way any more. */
void dlms_server_idle(struct dlms_server *server);
/** Keep octets for later.  @return false: no room. */
bool dlms_server_keep(struct dlms_server *server, const uint8_t *bytes, size_t n_bytes);
/** Octets of payload in a block of at most limit octets with `head` octets before its length. */
size_t dlms_server_room(size_t limit, size_t head);

/** Lengths of GET blocks take as many octets as that of a full one (DLMS_WIDE_BLOCKS). */
static inline bool dlms_server_wide_blocks(const struct dlms_server *server)
{
    const struct dlms_association *association = server->session.association;
    return association != NULL && (association->contexts & DLMS_WIDE_BLOCKS) != 0;
}

/* dlms_server_associate.c */

size_t dlms_server_associate(struct dlms_server *server, uint8_t *in, size_t n_in,
                             const struct dlms_out *out);
size_t dlms_server_release(struct dlms_server *server, uint8_t *in, size_t n_in,
                           const struct dlms_out *out);
void dlms_server_reset(struct dlms_server *server);

/* dlms_server_get.c */

size_t dlms_server_get(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                       const struct dlms_out *out);
/** Pieces of the answer to the GET request in kept, from the position on.
 *  @return DLMS_RESULT_SUCCESS: complete; DLMS_RESULT_MORE: room is used up; or why it broke off.
 */
enum dlms_result dlms_server_stream(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                                    struct dlms_position *position, struct writer *w, size_t room);
/** One attribute whole, for ACCESS.  @return DLMS_RESULT_SUCCESS; else nothing was written. */
enum dlms_result dlms_server_get_whole(struct dlms_server *server,
                                       const struct dlms_descriptor *wanted, struct writer *w);

/* dlms_server_set.c */

size_t dlms_server_set(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                       const struct dlms_out *out);
/** Set one attribute to the next Data of the reader, which is passed over in any case. */
enum dlms_result dlms_server_set_one(struct dlms_server *server,
                                     const struct dlms_descriptor *wanted, struct reader *data);

/* dlms_server_action.c */

size_t dlms_server_action(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                          const struct dlms_out *out);
/** Carry out one method.  A return value that has no room fails the writer. */
enum dlms_result dlms_server_call(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                  struct reader data, struct writer *w);

/* dlms_server_long.c: what requests of SET and ACTION have in common */

/** One of both services, its requests in blocks. */
struct dlms_server_long {
    enum dlms_transfer transfer; /**< while blocks come in */
    uint8_t first_of_list;       /**< choice of a list's first block */
    uint8_t tag, taken;          /**< of the answer to a block: the service and its choice */
    enum dlms_member member;
    uint8_t right;
    enum dlms_result none;    /**< no such request is under way */
    enum dlms_result aborted; /**< no room for the block */
    void (*read)(struct reader *r, struct dlms_descriptor *out);
    /** It ends before its time.  @return octets of the answer */
    size_t (*broken)(struct dlms_server *server, uint8_t invoke, enum dlms_result result,
                     uint32_t number, const struct dlms_out *out);
    /** Carry it out: all that has come is at body.  @return octets of the answer */
    size_t (*whole)(struct dlms_server *server, bool is_list, uint8_t invoke, struct reader body,
                    uint32_t number, const struct dlms_out *out);
};

void dlms_server_head(struct writer *w, uint8_t tag, uint8_t choice, uint8_t invoke);
/** Pass over one Data.  @return false: malformed; *one is a cursor over it. */
bool dlms_server_take_data(struct reader *data, struct reader *one);
/** Count, descriptors, count, Data; *values stands at the first one.  A list is all well-formed
 *  before the first item of it is carried out. */
bool dlms_server_list_is_well(struct reader list,
                              void (*read)(struct reader *r, struct dlms_descriptor *out),
                              uint32_t *n_items, struct reader *values);
/** The first block: descriptors are kept before the raw data, as in a whole request. */
size_t dlms_server_long_first(struct dlms_server *server, const struct dlms_server_long *service,
                              const struct dlms_request *request, const struct dlms_out *out);
size_t dlms_server_long_next(struct dlms_server *server, const struct dlms_server_long *service,
                             const struct dlms_request *request, const struct dlms_out *out);

/* dlms_server_access.c */

size_t dlms_server_access(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                          const struct dlms_out *out);

/* dlms_server_gbt.c */

/** A GBT block came in.  *n_message: octets of a whole message, now in kept; 0: none yet.
 *  @return octets of an answer in out. */
size_t dlms_server_gbt(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                       const struct dlms_out *out, size_t *n_message);
/** Answer a message that came by GBT in the same way: n_answer octets are in out already, or
 *  (n_answer 0, streamed) the GET request in kept is answered as it goes out. */
size_t dlms_server_gbt_answer(struct dlms_server *server, size_t n_answer, bool streamed,
                              const struct dlms_out *out);
size_t dlms_server_gbt_next(struct dlms_server *server, const struct dlms_out *out);

/** Does who sent this invoke id wait for an answer? */
static inline bool dlms_server_answers(const struct dlms_server *server, uint8_t invoke)
{
    return (invoke & DLMS_INVOKE_CONFIRMED) != 0 || server->config.answers_all;
}

#endif
