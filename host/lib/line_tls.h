/**
 * TLS on a TCP connection to a meter, as its client: TLS 1.2 or 1.3 by OpenSSL.  The certificate of
 * the other side must be of the CA that is named (else of one that the system trusts), and for the
 * host that was called.
 */
#ifndef OPEN382_LINE_TLS_H
#define OPEN382_LINE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "meter_url.h"

struct line_tls;

/**
 * @param fd     connected, does not block; stays the caller's
 * @param error  one reason, when it fails
 * @return NULL: failed
 */
struct line_tls *line_tls_open(int fd, const struct meter_url *url, char *error, size_t n_error);
/** NULL is allowed. */
void line_tls_close(struct line_tls *tls);
/** As send() and read() of a socket that does not block: -1 and errno, EAGAIN among them. */
ssize_t line_tls_put(struct line_tls *tls, const uint8_t *bytes, size_t n_bytes);
ssize_t line_tls_get(struct line_tls *tls, uint8_t *bytes, size_t capacity);
/** Bytes have come that the socket does not show any more. */
bool line_tls_holds(const struct line_tls *tls);

#endif
