/**
 * TLS in front of a module's line on Linux: a client is served by OpenSSL on the event loop, and
 * when its handshake is through, a pair of sockets stands between it and the line, so that the
 * module sees octets only.  TLS 1.2 and 1.3, no renegotiation, no resumption.
 *
 * Whatever calls hurts nobody else: a handshake that is not through within MODULE_TLS_SHAKE_S is
 * hung up and holds no line until then; of too many at a time the oldest goes; so many begin in a
 * second, since each costs a signature of the one thread.  SIGPIPE must be ignored.
 */
#ifndef OPEN382_LINUX_MODULE_TLS_H
#define OPEN382_LINUX_MODULE_TLS_H

#include <stdint.h>

#include "loop.h"
#include "problem.h"

#define MODULE_TLS_PATH_MAX     256u
#define MODULE_TLS_SHAKE_S      10  /**< a handshake takes no longer */
#define MODULE_TLS_SHAKES       32u /**< handshakes at a time */
#define MODULE_TLS_SHAKES_PER_S 25u /**< that begin */
#define MODULE_TLS_LEAVE_S      5 /**< hung up by the module: what was said last is read in this */

/** PEM. */
struct module_tls_files {
    char cert[MODULE_TLS_PATH_MAX];      /**< of the module, with those between it and its CA */
    char key[MODULE_TLS_PATH_MAX];       /**< without a password; only its owner may read it */
    char client_ca[MODULE_TLS_PATH_MAX]; /**< clients need a certificate of it; "": anybody */
};

/** Who gets the clients. */
struct module_tls_user {
    void *context;
    /** A client is through.  fd is the user's; to close it hangs the client up. */
    void (*opened)(void *context, unsigned place, int fd, const char *who);
};

struct module_tls;

/** Read the files.  @param option  how the message begins.  @return NULL and *problem. */
struct module_tls *module_tls_new(const struct module_tls_files *files,
                                  const struct module_tls_user *user, const char *option,
                                  struct problem *problem);
void module_tls_serve(struct module_tls *tls, struct loop *loop);
/** Somebody has called; takes over fd, a socket that doesn't block.  @param who  HOST:PORT */
void module_tls_take(struct module_tls *tls, int fd, unsigned place, const char *who);
/** @return wall microseconds from which the next may be taken; 0: now */
int64_t module_tls_room_us(const struct module_tls *tls);
/** Hang up who is late.  @return wall microseconds of the next call */
int64_t module_tls_step(struct module_tls *tls, int64_t wall_us);
/** Everybody is hung up.  NULL is allowed. */
void module_tls_close(struct module_tls *tls);
/** NULL is allowed.  Not while events of the loop are being handled. */
void module_tls_free(struct module_tls *tls);

#endif
