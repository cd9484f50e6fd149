#include "dlms_push.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "app/cosem/cosem.h"
#include "app/meter/meter.h"
#include "proto/dlms/dlms_wrapper.h"

#define MS_US   INT64_C(1000)
#define LOOK_US (20 * MS_US) /* a connection under way is looked at so often */
#define IDLE_US (1000 * MS_US)

void dlms_push_init(struct dlms_push *push)
{
    push->fd = -1;
    push->n_bytes = 0;
}

void dlms_push_close(struct dlms_push *push)
{
    if (push->fd >= 0) {
        (void)close(push->fd);
    }
    push->fd = -1;
}

static void end(struct dlms_push *push, struct meter *meter, bool sent, int64_t wall_us)
{
    dlms_push_close(push);
    cosem_push_done(meter, sent, wall_us / MS_US);
}

/* @return false: there is nothing to send, or nowhere to send it */
static bool message_make(struct dlms_push *push, struct meter *meter)
{
    uint8_t apdu[DLMS_PUSH_BYTES - DLMS_WRAPPER_HEADER];
    struct writer w = writer_over(push->bytes, sizeof push->bytes);
    const size_t n = cosem_push_take(meter, apdu, sizeof apdu);
    if (n == 0 || dlms_wrapper_write(&w, COSEM_SERVER_MANAGEMENT, COSEM_CLIENT_MANAGEMENT, apdu,
                                     n) != DLMS_WRAPPER_OK) {
        return false;
    }
    push->n_bytes = writer_length(&w);
    push->n_sent = 0;
    return true;
}

/* Looking a name up would keep the meter waiting. */
static bool is_number(const char *destination)
{
    return strncmp(destination, "localhost:", 10) == 0 ||
           destination[strspn(destination, "0123456789abcdefABCDEF.:[]")] == '\0';
}

static void begin(struct dlms_push *push, struct meter *meter, int64_t wall_us)
{
    struct address address;
    const char *why = "";
    const bool udp = meter->push.setup.service == COSEM_PUSH_UDP;
    if (!message_make(push, meter) || !is_number(meter->push.setup.destination) ||
        address_parse(meter->push.setup.destination, &address, &why) != 0) {
        end(push, meter, false, wall_us);
        return;
    }
    push->until_us = wall_us + DLMS_PUSH_TIMEOUT_S * INT64_C(1000000);
    push->fd = socket(address.socket.ss_family,
                      (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (push->fd < 0 ||
        (connect(push->fd, (const struct sockaddr *)&address.socket, address.length) != 0 &&
         errno != EINPROGRESS)) {
        end(push, meter, false, wall_us);
    }
}

static void go_on(struct dlms_push *push, struct meter *meter, int64_t wall_us)
{
    struct pollfd state = {push->fd, POLLOUT, 0};
    if (poll(&state, 1, 0) > 0) {
        const ssize_t n =
            send(push->fd, push->bytes + push->n_sent, push->n_bytes - push->n_sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            end(push, meter, false, wall_us);
            return;
        }
        push->n_sent += n > 0 ? (size_t)n : 0u;
    }
    if (push->n_sent == push->n_bytes) {
        end(push, meter, true, wall_us);
    } else if (wall_us >= push->until_us) {
        end(push, meter, false, wall_us);
    }
}

int64_t dlms_push_step(struct dlms_push *push, struct meter *meter, int64_t wall_us)
{
    int64_t next_ms = INT64_MAX;
    if (push->fd < 0 && cosem_push_due(meter, wall_us / MS_US, &next_ms)) {
        begin(push, meter, wall_us);
    }
    if (push->fd >= 0) {
        go_on(push, meter, wall_us);
    }
    if (push->fd >= 0) {
        return wall_us + LOOK_US;
    }
    const int64_t idle_us = wall_us + IDLE_US; /* alarms are looked for once a second */
    return next_ms < idle_us / MS_US ? next_ms * MS_US : idle_us;
}
