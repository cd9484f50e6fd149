#include "field_pipe.h"

#include <string.h>

void field_pipe_put(struct field_pipe *pipe, const uint8_t *octets, size_t n_octets,
                    int64_t octet_us, int64_t now_us)
{
    const size_t room = sizeof pipe->octets - pipe->n;
    const size_t n = n_octets < room ? n_octets : room;
    if (pipe->n == 0 && pipe->next_us < now_us + octet_us) {
        pipe->next_us = now_us + octet_us;
    }
    memcpy(pipe->octets + pipe->n, octets, n);
    pipe->n += n;
}

size_t field_pipe_ready(const struct field_pipe *pipe, int64_t octet_us, int64_t now_us)
{
    if (pipe->n == 0 || octet_us == 0) {
        return pipe->n;
    }
    if (now_us < pipe->next_us) {
        return 0;
    }
    const int64_t arrived = (now_us - pipe->next_us) / octet_us + 1;
    return arrived < (int64_t)pipe->n ? (size_t)arrived : pipe->n;
}

void field_pipe_drop(struct field_pipe *pipe, size_t n_octets, int64_t octet_us)
{
    pipe->n -= n_octets;
    memmove(pipe->octets, pipe->octets + n_octets, pipe->n);
    pipe->next_us += (int64_t)n_octets * octet_us;
}
