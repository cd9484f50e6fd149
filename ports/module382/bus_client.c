#include "bus_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/linux/instant.h"

#define READ_BYTES 4096u

static void client_write(struct bus_client *client)
{
    while (client->n_out > 0 && !client->broken) {
        const ssize_t n = send(client->watch.fd, client->out, client->n_out, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            client->broken = errno != EAGAIN;
            break;
        }
        client->n_out -= (size_t)n;
        memmove(client->out, client->out + n, client->n_out);
    }
    if (!client->broken) {
        loop_change(client->loop, &client->watch,
                    EPOLLIN | (client->n_out > 0 ? (uint32_t)EPOLLOUT : 0u));
    }
}

bool bus_client_send(struct bus_client *client, const uint8_t *frame, size_t n_frame)
{
    if (client->watch.fd < 0 || client->broken || n_frame == 0 ||
        n_frame > sizeof client->out - client->n_out) {
        return false;
    }
    memcpy(client->out + client->n_out, frame, n_frame);
    client->n_out += n_frame;
    client_write(client);
    return !client->broken;
}

/* Read what is there into the queue. */
static void client_read(struct bus_client *client)
{
    const size_t room = sizeof client->queue - client->n_queue;
    if (room == 0) {
        client->broken = true;
        return;
    }
    const ssize_t n = read(client->watch.fd, client->queue + client->n_queue,
                           room < READ_BYTES ? room : READ_BYTES);
    if (n > 0) {
        client->n_queue += (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        client->broken = true;
    }
}

static void client_ready(void *context, uint32_t events)
{
    struct bus_client *client = context;
    if ((events & EPOLLOUT) != 0) {
        client_write(client);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        client_read(client);
    }
}

/* ---- frames ---- */

static bool welcomed(struct bus_client *client, const struct module_frame *frame)
{
    if (module_welcome_read(frame, &client->welcome) != MODULE_FRAME_OK) {
        return false;
    }
    client->result = client->welcome.result;
    client->state = client->result == MODULE_WELCOME ? BUS_PLUGGED : BUS_REFUSED;
    if (client->state == BUS_PLUGGED) {
        client->plugged(client->context, true);
    }
    return true;
}

static bool obey(struct bus_client *client, const struct module_frame *frame)
{
    if (client->state == BUS_GREETING) {
        return welcomed(client, frame);
    }
    return frame->kind == MODULE_FRAME_ANSWER || client->heard(client->context, frame);
}

/* The frame of the queue that begins at `at`; *end is behind it.
 * @return 1: it is whole; 0: not yet; negative: broken */
static int frame_at(struct bus_client *client, struct module_frame_receiver *receiver, size_t at,
                    size_t *end, struct module_frame *frame)
{
    int whole = 0;
    module_frame_receiver_init(receiver);
    for (*end = at; *end < client->n_queue && whole == 0; (*end)++) {
        whole = module_frame_octet(receiver, client->queue[*end], frame);
    }
    client->broken = client->broken || whole < 0;
    return whole;
}

static void queue_cut(struct bus_client *client, size_t at, size_t end)
{
    memmove(client->queue + at, client->queue + end, client->n_queue - end);
    client->n_queue -= end - at;
}

/* ---- the connection ---- */

void bus_client_init(struct bus_client *client)
{
    client->watch = (struct watch){.fd = -1, .ready = client_ready, .context = client};
    client->state = BUS_AWAY;
    client->retry_us = 0;
}

static void call(struct bus_client *client, int64_t wall_us)
{
    uint8_t frame[MODULE_FRAME_MAX];
    client->retry_us = wall_us + BUS_CLIENT_RETRY_US;
    client->watch.fd = bus_address_call(&client->address);
    if (client->watch.fd < 0) {
        return;
    }
    client->state = BUS_GREETING;
    client->broken = loop_add(client->loop, &client->watch, EPOLLIN) != 0;
    client->n_queue = 0;
    client->n_out = 0;
    (void)bus_client_send(client, frame, module_hello_write(&client->hello, frame, sizeof frame));
}

static void hang_up(struct bus_client *client)
{
    const bool was = client->state == BUS_PLUGGED;
    loop_drop(client->loop, &client->watch);
    if (client->state != BUS_REFUSED) {
        client->state = BUS_AWAY;
    }
    if (was) {
        client->plugged(client->context, false);
    }
}

int64_t bus_client_step(struct bus_client *client, int64_t wall_us)
{
    struct module_frame_receiver
        receiver; /* while a frame is obeyed, an exchange may read others */
    struct module_frame frame;
    size_t end;
    while (client->watch.fd >= 0 && frame_at(client, &receiver, 0, &end, &frame) == 1) {
        queue_cut(client, 0, end);
        client->broken = !obey(client, &frame) || client->broken;
    }
    if (client->watch.fd >= 0 && client->broken) {
        hang_up(client);
    }
    if (client->state == BUS_AWAY && client->retry_us <= wall_us) {
        call(client, wall_us);
    }
    return client->state == BUS_AWAY ? client->retry_us : INT64_MAX;
}

void bus_client_close(struct bus_client *client)
{
    loop_drop(client->loop, &client->watch);
}

/* ---- exchange ---- */

/* Take an answer with that number out of the queue, whatever stands before it.
 * @return its octets; negative: it is not there yet */
static int answer_in_queue(struct bus_client *client, uint8_t number, uint8_t *answer,
                           size_t capacity)
{
    struct module_frame_receiver receiver;
    struct module_frame frame;
    size_t at = 0, end;
    while (frame_at(client, &receiver, at, &end, &frame) == 1) {
        uint8_t got;
        const uint8_t *rest;
        size_t n;
        if (frame.kind == MODULE_FRAME_ANSWER &&
            module_led_read(&frame, &got, &rest, &n) == MODULE_FRAME_OK && got == number) {
            n = n < capacity ? n : capacity;
            memcpy(answer, rest, n);
            queue_cut(client, at, end);
            return (int)n;
        }
        at = end;
    }
    return -1;
}

size_t bus_client_ask(struct bus_client *client, const uint8_t *request, size_t n_request,
                      uint8_t *answer, size_t capacity)
{
    uint8_t frame[MODULE_FRAME_MAX];
    const uint8_t number = ++client->number;
    const int64_t end_ms = instant_wall_us() / 1000 + BUS_CLIENT_ANSWER_MS;
    if (client->state != BUS_PLUGGED ||
        !bus_client_send(client, frame,
                         module_frame_write_led(MODULE_FRAME_ASK, number, request, n_request, frame,
                                                sizeof frame))) {
        return 0;
    }
    while (!client->broken) {
        const int n = answer_in_queue(client, number, answer, capacity);
        const int64_t left_ms = end_ms - instant_wall_us() / 1000;
        if (n >= 0 || left_ms <= 0) {
            return n >= 0 ? (size_t)n : 0;
        }
        struct pollfd poll_fd = {.fd = client->watch.fd,
                                 .events = (short)(POLLIN | (client->n_out > 0 ? POLLOUT : 0))};
        if (poll(&poll_fd, 1, (int)left_ms) > 0) {
            client_ready(client, ((poll_fd.revents & POLLOUT) != 0 ? (uint32_t)EPOLLOUT : 0u) |
                                     ((poll_fd.revents & ~POLLOUT) != 0 ? (uint32_t)EPOLLIN : 0u));
        }
    }
    return 0;
}
