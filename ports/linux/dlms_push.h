/**
 * Sends what the meter pushes: one wrapped message over TCP or UDP, without waiting for anybody.
 */
#ifndef OPEN382_LINUX_DLMS_PUSH_H
#define OPEN382_LINUX_DLMS_PUSH_H

#include <stddef.h>
#include <stdint.h>

#define DLMS_PUSH_BYTES     1024u
#define DLMS_PUSH_TIMEOUT_S 10 /**< for a connection to come about and take the message */

struct meter;

struct dlms_push {
    int fd; /**< connection under way; -1: none */
    int64_t until_us;
    uint8_t bytes[DLMS_PUSH_BYTES];
    size_t n_bytes, n_sent;
};

void dlms_push_init(struct dlms_push *push);
/** Do what is due.  @return wall microseconds of the next call; INT64_MAX: not before something
 *  happens in the meter */
int64_t dlms_push_step(struct dlms_push *push, struct meter *meter, int64_t wall_us);
void dlms_push_close(struct dlms_push *push);

#endif
