#include "module_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "instant.h"
#include "modules/mbus_module.h"
#include "pty.h"
#include "run.h"

#define TEXT_MAX 288

/* A peer that has gone without a word is noticed after a minute and a half. */
#define KEEP_IDLE_S     60
#define KEEP_INTERVAL_S 10
#define KEEP_PROBES     3

struct port {
    struct module_ports *ports;
    const struct module_option *option;
    unsigned index;
    bool powered;
    struct mbus_module module;
    struct watch listener; /* tcp */
    struct pty pty;
    char text[TEXT_MAX];
};

/* A master; free: fd -1. */
struct master {
    struct module_ports *ports;
    struct port *port;
    struct watch watch;
    struct mbus_receiver receiver;
    int64_t heard_ms;
};

struct module_ports {
    struct run *run;
    struct port port[OPTIONS_MODULE_MAX];
    size_t n_ports;
    struct master master[MODULE_MASTERS_MAX];
};

static void hang_up(struct master *master)
{
    loop_drop(&master->ports->run->loop, &master->watch);
}

/* ---- the module's side ---- */

static struct optical *connection_of(const struct port *port)
{
    struct meter *meter = &port->ports->run->site.meter;
    return &meter->optical[METER_OPTICAL_PORTS - 1u - port->index];
}

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    const struct port *port = context;
    struct meter *meter = &port->ports->run->site.meter;
    struct optical *line = connection_of(port);
    size_t n_answer = 0, n;
    optical_receive(line, meter, request, n_request, instant_wall_us() / 1000);
    while ((n = optical_transmit(line, answer + n_answer, capacity - n_answer)) > 0) {
        n_answer += n;
    }
    return n_answer;
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct port *port = context;
    return eeprom_read(port->ports->run->site.eeprom, EEPROM_MODULES,
                       port->index * EEPROM_MODULE_BYTES + address, bytes, n_bytes);
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct port *port = context;
    return eeprom_write(port->ports->run->site.eeprom, EEPROM_MODULES,
                        port->index * EEPROM_MODULE_BYTES + address, bytes, n_bytes);
}

/* @return false: no supply from the meter, the module is dead */
static bool supply(struct port *port)
{
    struct meter *meter = &port->ports->run->site.meter;
    if (meter->supply_on && !port->powered) {
        const struct module_bus bus = {.context = port, .exchange = exchange};
        const struct mbus_module_memory memory = {
            .context = port, .read = memory_read, .write = memory_write};
        optical_init(connection_of(port), meter);
        optical_connect(connection_of(port), meter, CHANNEL_MODULE);
        mbus_module_start(&port->module, &bus, &memory);
    }
    port->powered = meter->supply_on;
    return port->powered;
}

/* ---- masters ---- */

/* @return false: the master is gone */
static bool hear(struct master *master, const uint8_t *octets, size_t n_octets)
{
    const int64_t now_ms = instant_wall_us() / 1000;
    struct mbus_frame frame;
    uint8_t answer[MBUS_FRAME_MAX];
    run_catch_up(master->ports->run);
    if (now_ms - master->heard_ms > MBUS_MODULE_IDLE_MS) {
        mbus_receiver_idle(&master->receiver);
    }
    master->heard_ms = now_ms;
    for (size_t i = 0; i < n_octets; i++) {
        if (mbus_receiver_octet(&master->receiver, octets[i], &frame) != 1 ||
            !supply(master->port)) {
            continue;
        }
        const size_t n = mbus_module_frame(&master->port->module, &frame, now_ms, answer);
        if (n > 0 && write(master->watch.fd, answer, n) != (ssize_t)n && errno != EAGAIN) {
            return false;
        }
    }
    return true;
}

static void master_ready(void *context, uint32_t events)
{
    struct master *master = context;
    uint8_t octets[512];
    const ssize_t n = read(master->watch.fd, octets, sizeof octets);
    const bool gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    if (gone || (n < 0 && (events & (EPOLLHUP | EPOLLERR)) != 0)) {
        hang_up(master);
    } else if (n > 0 && !hear(master, octets, (size_t)n)) {
        hang_up(master);
    }
}

/* Takes over fd. */
static int master_open(struct port *port, int fd)
{
    for (size_t i = 0; i < MODULE_MASTERS_MAX; i++) {
        struct master *master = &port->ports->master[i];
        if (master->watch.fd < 0) {
            master->port = port;
            master->watch = (struct watch){.fd = fd, .ready = master_ready, .context = master};
            mbus_receiver_init(&master->receiver);
            if (loop_add(&port->ports->run->loop, &master->watch, EPOLLIN) == 0) {
                return 0;
            }
            hang_up(master);
            return -1;
        }
    }
    (void)close(fd);
    return -1;
}

static void listener_ready(void *context, uint32_t events)
{
    struct port *port = context;
    const int on = 1, idle_s = KEEP_IDLE_S, interval_s = KEEP_INTERVAL_S, probes = KEEP_PROBES;
    (void)events;
    const int fd = accept4(port->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
        (void)master_open(port, fd);
    }
}

/* ---- all of them ---- */

static int port_bind(struct port *port, struct problem *problem)
{
    char taken[ADDRESS_TEXT_MAX];
    if (port->option->pty) {
        (void)snprintf(port->text, sizeof port->text, "mbus pty %s", port->option->path);
        return pty_check("module", port->option->path, problem);
    }
    port->listener.fd = address_listen(&port->option->address, false, taken, problem);
    (void)snprintf(port->text, sizeof port->text, "mbus tcp %s", taken);
    return port->listener.fd < 0 ? -1 : 0;
}

int module_ports_bind(struct module_ports **out, struct run *run, struct problem *problem)
{
    const struct options *options = run->options;
    *out = NULL;
    if (options->n_modules == 0) {
        return 0;
    }
    struct module_ports *ports = calloc(1, sizeof *ports);
    if (ports == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "no memory");
    }
    *out = ports;
    ports->run = run;
    for (size_t i = 0; i < MODULE_MASTERS_MAX; i++) {
        ports->master[i] = (struct master){.ports = ports, .watch = {.fd = -1}};
    }
    for (size_t i = 0; i < options->n_modules; i++) {
        struct port *port = &ports->port[i];
        *port = (struct port){.ports = ports,
                              .option = &options->module[i],
                              .index = (unsigned)i,
                              .pty = {.slave = -1}};
        port->listener = (struct watch){.fd = -1, .ready = listener_ready, .context = port};
        ports->n_ports++;
        if (port_bind(port, problem) != 0) {
            return -1;
        }
    }
    return 0;
}

int module_ports_open(struct module_ports *ports, struct problem *problem)
{
    for (size_t i = 0; i < ports->n_ports; i++) {
        struct port *port = &ports->port[i];
        if (port->option->pty) {
            const int fd = pty_open(&port->pty, "module", port->option->path, problem);
            if (fd < 0) {
                return -1;
            }
            if (master_open(port, fd) != 0) {
                return problem_set(problem, EXIT_NOT_ABLE, "--module: pty:%s: no line left",
                                   port->option->path);
            }
            if (pty_link(&port->pty, "module", port->option->path, problem) != 0) {
                return -1;
            }
        } else if (loop_add(&ports->run->loop, &port->listener, EPOLLIN) != 0) {
            return problem_set(problem, EXIT_NOT_ABLE, "%s: %s", port->text, strerror(errno));
        }
    }
    return 0;
}

const char *module_ports_text(const struct module_ports *ports, size_t index)
{
    return ports->port[index].text;
}

void module_ports_close(struct module_ports *ports)
{
    if (ports == NULL) {
        return;
    }
    for (size_t i = 0; i < MODULE_MASTERS_MAX; i++) {
        hang_up(&ports->master[i]);
    }
    for (size_t i = 0; i < ports->n_ports; i++) {
        loop_drop(&ports->run->loop, &ports->port[i].listener);
        pty_close(&ports->port[i].pty, ports->port[i].option->path);
    }
    free(ports);
}
