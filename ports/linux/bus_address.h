/**
 * Where the module bus of a meter stands: "tcp:HOST:PORT" or "unix:PATH", to listen at or to call.
 */
#ifndef OPEN382_LINUX_BUS_ADDRESS_H
#define OPEN382_LINUX_BUS_ADDRESS_H

#include "address.h"

#define BUS_PATH_MAX 100 /**< what a Unix socket's address holds, with some to spare */

struct bus_address {
    bool is_unix;
    struct address tcp;
    char path[BUS_PATH_MAX];
};

/** @return 0, or -1 and why: "expected tcp:HOST:PORT or unix:PATH" */
int bus_address_parse(const char *text, struct bus_address *out, const char **why);

/**
 * Listen, non-blocking.  A Unix socket that an earlier run left behind is replaced, nothing else;
 * only its owner may connect.
 * @param taken  "tcp 127.0.0.1:4000" or "unix PATH" as it came out
 * @return the socket, or -1 and *problem
 */
int bus_address_listen(const struct bus_address *address, char *taken, size_t n_taken,
                       struct problem *problem);
/** What bus_address_listen has made is taken away again. */
void bus_address_forget(const struct bus_address *address);

/** Call, blocking, then non-blocking.  @return the socket, or -1 (errno) */
int bus_address_call(const struct bus_address *address);

#endif
