/**
 * HOST:PORT, and the sockets that listen there.
 */
#ifndef OPEN382_LINUX_ADDRESS_H
#define OPEN382_LINUX_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "problem.h"

#define ADDRESS_TEXT_MAX 64

struct address {
    struct sockaddr_storage socket;
    socklen_t length;
};

/** Parse "127.0.0.1:3820", "localhost:0", "[::1]:8382".  @return 0, or -1 and why. */
int address_parse(const char *text, struct address *out, const char **why);

/** True for 127.0.0.0/8 and ::1: nobody else can reach it. */
bool address_is_loopback(const struct address *address);

/**
 * Listen, non-blocking.
 * @param any_if_busy  the port was not named by the user: take a free one when it is busy.
 * @param taken        "127.0.0.1:3820" as it came out; at least ADDRESS_TEXT_MAX bytes.
 * @return the socket, or -1 and *problem.
 */
int address_listen(const struct address *address, bool any_if_busy, char *taken,
                   struct problem *problem);

/**
 * A datagram socket there, non-blocking.
 * @param taken  as above
 * @return the socket, or -1 and *problem.
 */
int address_datagrams(const struct address *address, char *taken, struct problem *problem);

#endif
