#include "consumer_ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "pty.h"
#include "run.h"

#define TEXT_MAX 288

struct port {
    struct consumer_ports *ports;
    struct consumer consumer;
    const struct consumer_option *option;
    struct watch listener; /* tcp */
    struct pty pty;
    int master; /* pty; -1: none */
    char text[TEXT_MAX];
};

/* Somebody who listens; free: fd -1. */
struct client {
    struct consumer_ports *ports;
    const struct port *port;
    struct watch watch;
};

struct consumer_ports {
    struct run *run;
    struct port port[OPTIONS_CONSUMER_MAX];
    size_t n_ports;
    struct client client[CONSUMER_CLIENTS_MAX];
};

static void hang_up(struct client *client)
{
    loop_drop(&client->ports->run->loop, &client->watch);
}

/* ---- pushing ---- */

static void send_all(struct port *port, const uint8_t *bytes, size_t n_bytes)
{
    if (port->master >= 0) {
        (void)tcflush(port->pty.slave, TCIFLUSH); /* the last list, which nobody has read */
        (void)!write(port->master, bytes, n_bytes);
    }
    for (size_t i = 0; i < CONSUMER_CLIENTS_MAX; i++) {
        struct client *client = &port->ports->client[i];
        if (client->watch.fd >= 0 && client->port == port &&
            send(client->watch.fd, bytes, n_bytes, MSG_NOSIGNAL) != (ssize_t)n_bytes) {
            hang_up(client);
        }
    }
}

/* With the meter's time. */
static int64_t push(void *context)
{
    struct consumer_ports *ports = context;
    struct meter *meter = &ports->run->site.meter;
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct port *port = &ports->port[i];
        uint8_t message[CONSUMER_MESSAGE_MAX];
        const size_t n = consumer_step(&port->consumer, meter, message, sizeof message);
        if (n > 0) {
            send_all(port, message, n);
        }
        if (meter->supply_on) {
            const int64_t due_us = consumer_next_us(&port->consumer, meter);
            next_us = due_us < next_us ? due_us : next_us;
        }
    }
    return next_us;
}

/* ---- who listens ---- */

static void client_ready(void *context, uint32_t events)
{
    struct client *client = context;
    uint8_t unheard[256];
    const ssize_t n = (events & EPOLLIN) != 0 ? read(client->watch.fd, unheard, sizeof unheard) : 1;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        hang_up(client);
    } else if (n == 0) {
        loop_change(&client->ports->run->loop, &client->watch, 0); /* says no more, may listen */
    }
}

static void listener_ready(void *context, uint32_t events)
{
    struct port *port = context;
    (void)events;
    const int fd = accept4(port->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < CONSUMER_CLIENTS_MAX; i++) {
        struct client *client = &port->ports->client[i];
        if (client->watch.fd < 0) {
            client->port = port;
            client->watch = (struct watch){.fd = fd, .ready = client_ready, .context = client};
            if (loop_add(&port->ports->run->loop, &client->watch, EPOLLIN) != 0) {
                hang_up(client);
            }
            return;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* ---- all of them ---- */

static int port_bind(struct port *port, const struct run *run, struct problem *problem)
{
    const struct consumer_option *option = port->option;
    const struct key_file *keys = &run->site.keys;
    char taken[ADDRESS_TEXT_MAX];
    if (option->setup.ciphered &&
        (!keys->has[DLMS_KEY_UNICAST] || !keys->has[DLMS_KEY_AUTHENTICATION])) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--consumer: expected --keys with guek and gak for ciphered");
    }
    if (option->pty) {
        (void)snprintf(port->text, sizeof port->text, "consumer pty %s", option->path);
        return pty_check("consumer", option->path, problem);
    }
    port->listener.fd = address_listen(&option->address, false, taken, problem);
    (void)snprintf(port->text, sizeof port->text, "consumer tcp %s", taken);
    return port->listener.fd < 0 ? -1 : 0;
}

int consumer_ports_bind(struct consumer_ports **out, struct run *run, struct problem *problem)
{
    const struct options *options = run->options;
    *out = NULL;
    if (options->n_consumer == 0) {
        return 0;
    }
    struct consumer_ports *ports = calloc(1, sizeof *ports);
    if (ports == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "no memory");
    }
    *out = ports;
    ports->run = run;
    for (size_t i = 0; i < CONSUMER_CLIENTS_MAX; i++) {
        ports->client[i] = (struct client){.ports = ports, .watch = {.fd = -1}};
    }
    for (size_t i = 0; i < options->n_consumer; i++) {
        struct port *port = &ports->port[i];
        *port = (struct port){.ports = ports,
                              .option = &options->consumer[i],
                              .consumer = {.setup = options->consumer[i].setup},
                              .pty = {.slave = -1},
                              .master = -1};
        port->listener = (struct watch){.fd = -1, .ready = listener_ready, .context = port};
        ports->n_ports++;
        if (port_bind(port, run, problem) != 0) {
            return -1;
        }
    }
    return 0;
}

int consumer_ports_open(struct consumer_ports *ports, struct problem *problem)
{
    struct run *run = ports->run;
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct port *port = &ports->port[i];
        if (port->option->pty) {
            port->master = pty_open(&port->pty, "consumer", port->option->path, problem);
            if (port->master < 0 ||
                pty_link(&port->pty, "consumer", port->option->path, problem) != 0) {
                return -1;
            }
        } else if (loop_add(&run->loop, &port->listener, EPOLLIN) != 0) {
            return problem_set(problem, EXIT_NOT_ABLE, "%s: %s", port->text, strerror(errno));
        }
    }
    run->site.beside = push;
    run->site.beside_context = ports;
    return 0;
}

const char *consumer_ports_text(const struct consumer_ports *ports, size_t index)
{
    return ports->port[index].text;
}

void consumer_ports_close(struct consumer_ports *ports)
{
    if (ports == NULL) {
        return;
    }
    ports->run->site.beside = NULL;
    for (size_t i = 0; i < CONSUMER_CLIENTS_MAX; i++) {
        hang_up(&ports->client[i]);
    }
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct port *port = &ports->port[i];
        loop_drop(&ports->run->loop, &port->listener);
        pty_close(&port->pty, port->option->path);
        if (port->master >= 0) {
            (void)close(port->master);
        }
    }
    free(ports);
}
