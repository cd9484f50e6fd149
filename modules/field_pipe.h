/**
 * Octets on their way through a serial line, each as long as it takes.
 */
#ifndef OPEN382_FIELD_PIPE_H
#define OPEN382_FIELD_PIPE_H

#include <stddef.h>
#include <stdint.h>

#include "field_module.h"

struct field_pipe {
    uint8_t octets[FIELD_PIPE_MAX];
    size_t n;
    int64_t next_us; /**< the first of them has arrived then */
};

/** What does not fit is lost, as on a wire.  @param octet_us  time of an octet, 0: none */
void field_pipe_put(struct field_pipe *pipe, const uint8_t *octets, size_t n_octets,
                    int64_t octet_us, int64_t now_us);
/** @return how many of the first octets have arrived */
size_t field_pipe_ready(const struct field_pipe *pipe, int64_t octet_us, int64_t now_us);
/** They have been handed on. */
void field_pipe_drop(struct field_pipe *pipe, size_t n_octets, int64_t octet_us);

#endif
