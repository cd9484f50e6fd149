/**
 * A serial port as the target of the customer port.
 *
 * 8N1 without any handshake: the port sends without being asked.  A converter that is pulled out is
 * looked for again with every list; that is said once.
 */
#ifndef OPEN382_LINUX_CONSUMER_SERIAL_H
#define OPEN382_LINUX_CONSUMER_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "problem.h"

struct consumer_serial {
    int fd; /**< -1: none, or gone */
    const char *path;
    unsigned baud;
};

/** @param path  outlives it.  @return 0, or -1 and *problem. */
int consumer_serial_open(struct consumer_serial *serial, const char *path, unsigned baud,
                         struct problem *problem);
/** Send a list whole.  @return false: left out, the list before is still under way or the port is
 *  gone */
bool consumer_serial_send(struct consumer_serial *serial, const uint8_t *bytes, size_t n_bytes);
void consumer_serial_close(struct consumer_serial *serial);

#endif
