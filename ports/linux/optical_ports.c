#include "optical_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "instant.h"

#define LEAVE_AFTER_US                                                                             \
    INT64_C(5000000) /* a client that only listens may hear the rest of an answer */

static void client_close(struct optical_client *client)
{
    loop_drop(client->ports->loop, &client->watch);
}

/* @return false: the connection is dead. */
static bool client_write(struct optical_client *client)
{
    size_t n;
    const uint8_t *bytes = line_pending(&client->line, &n);
    if (n == 0) {
        return true;
    }
    const ssize_t done = write(client->watch.fd, bytes, n);
    if (done >= 0) {
        line_sent(&client->line, (size_t)done);
    } else if (errno == EAGAIN && client->is_pty) {
        line_sent(&client->line, n); /* nobody reads: light into the dark */
    } else if (errno != EAGAIN && errno != EINTR) {
        return false;
    }
    return true;
}

/* Let the line do what is due and say what it has to say. */
static void client_step(struct optical_client *client, int64_t wall_us)
{
    if (client->line.n_in > 0) {
        client->ports->catch_up(client->ports->context);
    }
    client->wake_us = line_step(&client->line, wall_us);
    if (!client_write(client)) {
        client_close(client);
        return;
    }
    const bool leaving = client->leave_at_us != INT64_MAX;
    if (leaving && (!line_busy(&client->line) || client->leave_at_us <= wall_us)) {
        client_close(client);
        return;
    }
    size_t unsent, room;
    (void)line_pending(&client->line, &unsent);
    (void)line_room(&client->line, &room);
    const uint32_t in = room > 0 && !leaving ? EPOLLIN : 0;
    loop_change(client->ports->loop, &client->watch, in | (unsent > 0 ? EPOLLOUT : 0));
    if (client->line.full && unsent == 0) {
        client->wake_us = wall_us; /* there is room again */
    }
    if (leaving && client->leave_at_us < client->wake_us) {
        client->wake_us = client->leave_at_us;
    }
}

static void client_ready(void *context, uint32_t events)
{
    struct optical_client *client = context;
    const int64_t wall_us = instant_wall_us();
    size_t room;
    uint8_t *to = line_room(&client->line, &room);
    if ((events & EPOLLIN) != 0 && room > 0) {
        const ssize_t n = read(client->watch.fd, to, room);
        if (n > 0) {
            line_received(&client->line, (size_t)n, wall_us);
        } else if (n == 0 && !client->is_pty) {
            client->leave_at_us = wall_us + LEAVE_AFTER_US;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            client_close(client);
            return;
        }
    } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        client_close(client);
        return;
    }
    client_step(client, wall_us);
}

static struct optical_client *client_free_slot(struct optical_ports *ports)
{
    struct optical_client *leaving = NULL;
    for (size_t i = 0; i < ports->n_slots; i++) {
        struct optical_client *client = &ports->client[i];
        if (client->watch.fd < 0) {
            return client;
        }
        leaving = client->leave_at_us != INT64_MAX ? client : leaving;
    }
    if (leaving != NULL) {
        client_close(leaving);
    }
    return leaving;
}

/* Takes over fd. */
static int client_open(struct optical_port *port, int fd)
{
    struct optical_ports *ports = port->ports;
    struct optical_client *client = client_free_slot(ports);
    if (client == NULL) {
        (void)close(fd);
        return -1;
    }
    client->is_pty = port->option.pty;
    client->wake_us = INT64_MAX;
    client->leave_at_us = INT64_MAX;
    client->watch = (struct watch){.fd = fd, .ready = client_ready, .context = client};
    line_init(&client->line, ports->meter, (unsigned)(client - ports->client), port->option.timing,
              port->option.echo);
    optical_connect(client->line.optical, ports->meter, port->option.channel);
    if (loop_add(ports->loop, &client->watch, EPOLLIN) != 0) {
        client_close(client);
        return -1;
    }
    return 0;
}

static void listener_ready(void *context, uint32_t events)
{
    struct optical_port *port = context;
    const int on = 1;
    (void)events;
    const int fd = accept4(port->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)client_open(port, fd);
    }
}

/* ---- pseudo-terminals ---- */

static int port_open_pty(struct optical_port *port, struct problem *problem)
{
    const int master = pty_open(&port->pty, "optical", port->option.path, problem);
    if (master < 0) {
        return -1;
    }
    if (client_open(port, master) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "--optical: pty:%s: no line left",
                           port->option.path);
    }
    return pty_link(&port->pty, "optical", port->option.path, problem);
}

/* ---- all of them ---- */

static int port_bind(struct optical_port *port, struct problem *problem)
{
    char taken[ADDRESS_TEXT_MAX];
    if (port->option.pty) {
        (void)snprintf(port->text, sizeof port->text, "optical pty %s", port->option.path);
        return pty_check("optical", port->option.path, problem);
    }
    port->listener.fd = address_listen(&port->option.address, !port->option.named, taken, problem);
    (void)snprintf(port->text, sizeof port->text, "optical tcp %s", taken);
    if (!port->option.named && port->listener.fd >= 0 && strcmp(taken, port->option.path) != 0) {
        (void)fprintf(stderr, "meter382: optical port %s is busy, taking %s\n", port->option.path,
                      taken);
    }
    return port->listener.fd < 0 ? -1 : 0;
}

void optical_ports_init(struct optical_ports *ports, struct loop *loop)
{
    memset(ports, 0, sizeof *ports);
    ports->loop = loop;
    for (size_t i = 0; i < METER_OPTICAL_PORTS; i++) {
        ports->client[i].ports = ports;
        ports->client[i].watch.fd = -1;
        ports->port[i] =
            (struct optical_port){.ports = ports, .pty = {.slave = -1}, .listener = {.fd = -1}};
    }
}

int optical_ports_bind(struct optical_ports *ports, const struct options *options,
                       struct problem *problem)
{
    ports->n_ports = options->n_optical;
    ports->n_slots =
        METER_OPTICAL_PORTS - (options->has_radio ? METER_SLOTS + 1u : options->n_modules);
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct optical_port *port = &ports->port[i];
        port->option = options->optical[i];
        port->listener.ready = listener_ready;
        port->listener.context = port;
        if (port_bind(port, problem) != 0) {
            return -1;
        }
    }
    return 0;
}

int optical_ports_open(struct optical_ports *ports, struct meter *meter, struct problem *problem)
{
    ports->meter = meter;
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct optical_port *port = &ports->port[i];
        if (port->option.pty) {
            if (port_open_pty(port, problem) != 0) {
                return -1;
            }
        } else if (loop_add(ports->loop, &port->listener, EPOLLIN) != 0) {
            return problem_set(problem, EXIT_NOT_ABLE, "%s: %s", port->text, strerror(errno));
        }
    }
    return 0;
}

void optical_ports_reserve(struct optical_ports *ports, unsigned n)
{
    while (ports->n_slots > METER_OPTICAL_PORTS - n) {
        client_close(&ports->client[--ports->n_slots]);
    }
}

int64_t optical_ports_step(struct optical_ports *ports, int64_t wall_us)
{
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < METER_OPTICAL_PORTS; i++) {
        struct optical_client *client = &ports->client[i];
        if (client->watch.fd < 0) {
            continue;
        }
        if (client->wake_us <= wall_us) {
            client_step(client, wall_us);
        }
        if (client->watch.fd >= 0 && client->wake_us < next_us) {
            next_us = client->wake_us;
        }
    }
    return next_us;
}

void optical_ports_close(struct optical_ports *ports)
{
    for (size_t i = 0; i < METER_OPTICAL_PORTS; i++) {
        client_close(&ports->client[i]);
        loop_drop(ports->loop, &ports->port[i].listener);
        pty_close(&ports->port[i].pty, ports->port[i].option.path);
    }
}
