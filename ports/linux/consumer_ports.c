#include "consumer_ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "consumer_mqtt.h"
#include "consumer_serial.h"
#include "instant.h"
#include "pty.h"
#include "run.h"

#define TEXT_MAX     400
#define BYTE_BITS    10   /* 8N1 */
#define PIECE_MIN_US 2000 /* paced octets closer together than this go out together */

/* A list on its way at the speed of the line. */
struct paced {
    uint8_t bytes[CONSUMER_MESSAGE_MAX];
    size_t n_bytes, n_sent;
    int64_t begun_us; /* wall time */
};

struct port {
    struct consumer_ports *ports;
    struct consumer consumer;
    const struct consumer_option *option;
    struct watch listener; /* tcp */
    struct pty pty;
    int master; /* pty; -1: none */
    struct consumer_serial serial;
    struct mqtt *mqtt; /* NULL: none */
    struct paced paced;
    struct consumer_pushed pushed;
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

static void send_all(struct port *port, const uint8_t *bytes, size_t n_bytes, bool first)
{
    if (port->master >= 0) {
        if (first) {
            (void)tcflush(port->pty.slave, TCIFLUSH); /* the last list, which nobody has read */
        }
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

static int64_t baud_of(const struct port *port)
{
    return port->option->setup.kind == CONSUMER_P1 ? CONSUMER_P1_BAUD : CONSUMER_BAUD;
}

/* @return wall time of the next octet; INT64_MAX: none */
static int64_t pace(struct port *port, int64_t wall_us)
{
    struct paced *paced = &port->paced;
    const int64_t rate = baud_of(port);
    if (paced->n_sent == paced->n_bytes) {
        return INT64_MAX;
    }
    const int64_t over = (wall_us - paced->begun_us) * rate / (BYTE_BITS * INT64_C(1000000));
    const size_t due = over < (int64_t)paced->n_bytes ? (size_t)over : paced->n_bytes;
    if (due > paced->n_sent) {
        send_all(port, paced->bytes + paced->n_sent, due - paced->n_sent, paced->n_sent == 0);
        paced->n_sent = due;
    }
    if (due == paced->n_bytes) {
        return INT64_MAX;
    }
    const int64_t next_us =
        paced->begun_us + (int64_t)(due + 1u) * BYTE_BITS * INT64_C(1000000) / rate + 1;
    return next_us < wall_us + PIECE_MIN_US ? wall_us + PIECE_MIN_US : next_us;
}

/* @return octets sent, 0: the line is still taken by the list before */
static size_t send_list(struct port *port, const uint8_t *bytes, size_t n_bytes)
{
    struct paced *paced = &port->paced;
    if (port->option->target == CONSUMER_TO_SERIAL) {
        return consumer_serial_send(&port->serial, bytes, n_bytes) ? n_bytes : 0;
    }
    if (port->mqtt != NULL) {
        char state[HOME_STATE_MAX];
        home_state(port->option->setup.kind, &port->ports->run->site.meter, state);
        mqtt_offer(port->mqtt, state);
        return strlen(state);
    }
    if (!port->option->timing) {
        send_all(port, bytes, n_bytes, true);
        return n_bytes;
    }
    if (paced->n_sent < paced->n_bytes) {
        return 0;
    }
    memcpy(paced->bytes, bytes, n_bytes);
    paced->n_bytes = n_bytes;
    paced->n_sent = 0;
    paced->begun_us = instant_wall_us();
    return n_bytes;
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
        if (port->mqtt != NULL) {
            mqtt_set_available(port->mqtt, meter->supply_on);
        }
        const size_t n_sent = n > 0 ? send_list(port, message, n) : 0;
        if (n_sent > 0) {
            port->pushed.count++;
            port->pushed.n_bytes = n_sent;
            port->pushed.hourly = port->consumer.last == CONSUMER_TURN_HOUR;
            port->pushed.utc_s = clock_utc_s(&meter->clock, meter->now_us);
        }
        if (meter->supply_on) {
            const int64_t due_us = consumer_next_us(&port->consumer, meter);
            next_us = due_us < next_us ? due_us : next_us;
        }
    }
    return next_us;
}

int64_t consumer_ports_step(struct consumer_ports *ports, int64_t wall_us)
{
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < ports->n_ports; i++) {
        const int64_t due_us = pace(&ports->port[i], wall_us);
        next_us = due_us < next_us ? due_us : next_us;
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

static int port_bind(struct port *port, unsigned index, const struct run *run,
                     struct problem *problem)
{
    const struct consumer_option *option = port->option;
    const struct key_file *keys = &run->site.keys;
    char taken[ADDRESS_TEXT_MAX];
    if (option->setup.ciphered &&
        (!keys->has[DLMS_KEY_UNICAST] || !keys->has[DLMS_KEY_AUTHENTICATION])) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--consumer: expected --keys with guek and gak for ciphered");
    }
    switch (option->target) {
    case CONSUMER_TO_PTY:
        (void)snprintf(port->text, sizeof port->text, "consumer pty %s", option->path);
        return pty_check("consumer", option->path, problem);
    case CONSUMER_TO_SERIAL:
        (void)snprintf(port->text, sizeof port->text, "consumer serial %s", option->path);
        return consumer_serial_open(&port->serial, option->path, (unsigned)baud_of(port), problem);
    case CONSUMER_TO_MQTT:
        port->mqtt = mqtt_new(&option->mqtt, index, problem);
        return port->mqtt != NULL ? 0 : -1;
    default: break;
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
                              .serial = {.fd = -1},
                              .master = -1};
        port->listener = (struct watch){.fd = -1, .ready = listener_ready, .context = port};
        ports->n_ports++;
        if (port_bind(port, (unsigned)i, run, problem) != 0) {
            return -1;
        }
    }
    return 0;
}

static int port_open(struct port *port, struct run *run, struct problem *problem)
{
    const struct consumer_option *option = port->option;
    if (option->target == CONSUMER_TO_PTY) {
        port->master = pty_open(&port->pty, "consumer", option->path, problem);
        return port->master < 0 ? -1 : pty_link(&port->pty, "consumer", option->path, problem);
    }
    if (option->target == CONSUMER_TO_MQTT) {
        const int result = mqtt_start(port->mqtt, option->setup.kind, &run->site.meter, problem);
        (void)snprintf(port->text, sizeof port->text, "consumer %.380s", mqtt_text(port->mqtt));
        return result;
    }
    if (option->target == CONSUMER_TO_TCP && loop_add(&run->loop, &port->listener, EPOLLIN) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "%s: %s", port->text, strerror(errno));
    }
    return 0;
}

int consumer_ports_open(struct consumer_ports *ports, struct problem *problem)
{
    struct run *run = ports->run;
    for (size_t i = 0; i < ports->n_ports; i++) {
        if (port_open(&ports->port[i], run, problem) != 0) {
            return -1;
        }
    }
    site_beside_add(&run->site, push, ports);
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
    site_beside_remove(&ports->run->site, ports);
    for (size_t i = 0; i < CONSUMER_CLIENTS_MAX; i++) {
        hang_up(&ports->client[i]);
    }
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct port *port = &ports->port[i];
        loop_drop(&ports->run->loop, &port->listener);
        pty_close(&port->pty, port->option->path);
        consumer_serial_close(&port->serial);
        mqtt_free(port->mqtt);
        if (port->master >= 0) {
            (void)close(port->master);
        }
    }
    free(ports);
}

/* ---- for people ---- */

void consumer_ports_show(const struct consumer_ports *ports, size_t index,
                         struct consumer_show *out)
{
    static const char *const short_names[CONSUMER_KINDS] = {
        [CONSUMER_HAN] = "HAN list 1", [CONSUMER_PUSH] = "push 1", [CONSUMER_P1] = "P1 telegram"};
    const struct port *port = &ports->port[index];
    const struct meter *meter = &ports->run->site.meter;
    *out = (struct consumer_show){.text = port->text, .pushed = port->pushed};
    out->list = port->mqtt != NULL    ? "values"
                : port->pushed.hourly ? "HAN list 2"
                                      : short_names[port->option->setup.kind];
    out->next_utc_s =
        meter->supply_on ? clock_utc_s(&meter->clock, consumer_next_us(&port->consumer, meter)) : 0;
    for (size_t i = 0; i < CONSUMER_CLIENTS_MAX; i++) {
        out->listeners += ports->client[i].watch.fd >= 0 && ports->client[i].port == port ? 1u : 0u;
    }
    if (port->mqtt != NULL) {
        mqtt_condition(port->mqtt, out->condition, sizeof out->condition);
    } else if (port->option->target == CONSUMER_TO_SERIAL) {
        (void)snprintf(out->condition, sizeof out->condition, "%s",
                       port->serial.fd >= 0 ? "open" : "the port is gone");
    }
}
