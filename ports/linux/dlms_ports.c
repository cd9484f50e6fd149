#include "dlms_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dlms_peer.h"
#include "dlms_push.h"
#include "instant.h"
#include "run.h"

#define DATAGRAM_BYTES   2048u
#define DATAGRAMS_A_TURN 32u /* then the meter has its turn */
#define TEXT_MAX         (ADDRESS_TEXT_MAX + 16)

struct port {
    struct dlms_ports *ports;
    bool udp;
    struct watch watch;
    char text[TEXT_MAX];
};

/* A place for a peer; free: NULL in peer. */
struct place {
    struct dlms_ports *ports;
    struct dlms_peer *peer;
    struct watch watch;           /* tcp */
    const struct port *udp;       /* udp: NULL on a connection */
    struct sockaddr_storage from; /* udp */
    socklen_t n_from;
    bool leaving; /* tcp: it has said its last word */
};

struct dlms_ports {
    struct run *run;
    struct port port[OPTIONS_DLMS_MAX];
    size_t n_ports;
    struct place connection[DLMS_PEERS_MAX]; /* tcp */
    struct place address[DLMS_PEERS_MAX];    /* udp */
    struct dlms_push push;
};

static struct meter *meter_of(const struct dlms_ports *ports)
{
    return &ports->run->site.meter;
}

static void hear(const struct dlms_ports *ports)
{
    run_catch_up(ports->run);
    site_hear(&ports->run->site);
}

/* ---- places ---- */

static void place_free(struct place *place)
{
    if (place->peer == NULL) {
        return;
    }
    dlms_peer_end(place->peer);
    if (place->udp == NULL) {
        loop_drop(&place->ports->run->loop, &place->watch);
    }
    free(place->peer);
    place->peer = NULL;
}

/* Who of the two goes first when somebody has to go. */
static bool goes_before(const struct place *a, const struct place *b)
{
    const enum dlms_standing of_a = dlms_peer_standing(a->peer), of_b = dlms_peer_standing(b->peer);
    return of_a != of_b ? of_a < of_b : a->peer->heard_us < b->peer->heard_us;
}

/* A free place, or one whose peer has to go.  NULL: none. */
static struct place *place_find(struct dlms_ports *ports, bool udp)
{
    struct place *first = NULL;
    for (size_t i = 0; i < DLMS_PEERS_MAX; i++) {
        struct place *place = udp ? &ports->address[i] : &ports->connection[i];
        if (place->peer == NULL) {
            return place;
        }
        first = first == NULL || goes_before(place, first) ? place : first;
    }
    return udp || dlms_peer_standing(first->peer) != DLMS_KNOWN ? first : NULL;
}

static struct place *place_take(struct dlms_ports *ports, bool udp, int64_t wall_us)
{
    struct place *place = meter_of(ports)->supply_on ? place_find(ports, udp) : NULL;
    if (place == NULL) {
        return NULL;
    }
    place_free(place);
    place->peer = malloc(sizeof *place->peer);
    if (place->peer == NULL) {
        return NULL;
    }
    place->leaving = false;
    dlms_peer_init(place->peer, meter_of(ports), wall_us);
    return place;
}

/* ---- TCP ---- */

/* @return false: the connection is dead. */
static bool place_write(struct place *place, int64_t wall_us)
{
    struct dlms_peer *peer = place->peer;
    if (peer->n_out == 0) {
        peer->blocked_us = INT64_MAX;
        return true;
    }
    const ssize_t n = send(place->watch.fd, peer->out, peer->n_out, MSG_NOSIGNAL);
    if (n < 0) {
        peer->blocked_us = peer->blocked_us == INT64_MAX ? wall_us : peer->blocked_us;
        return errno == EAGAIN || errno == EINTR;
    }
    peer->n_out -= (size_t)n;
    memmove(peer->out, peer->out + n, peer->n_out);
    peer->blocked_us = peer->n_out == 0 ? INT64_MAX : wall_us;
    return true;
}

/* Serve and write until nothing moves any more. */
static void converse(struct place *place, int64_t wall_us)
{
    struct dlms_peer *peer = place->peer;
    bool alive = true, moves = true;
    while (alive && moves) {
        const size_t before = peer->n_in;
        alive = dlms_peer_serve(peer, wall_us);
        const size_t said = peer->n_out;
        alive = place_write(place, wall_us) && alive;
        moves = peer->n_out < said && (before != peer->n_in || peer->wrapper.streaming);
    }
    if (!alive || (place->leaving && peer->n_out == 0)) {
        place_free(place);
        return;
    }
    const uint32_t in = !place->leaving && peer->n_in < sizeof peer->in ? EPOLLIN : 0;
    loop_change(&place->ports->run->loop, &place->watch, in | (peer->n_out > 0 ? EPOLLOUT : 0));
}

static void place_ready(void *context, uint32_t events)
{
    struct place *place = context;
    struct dlms_peer *peer = place->peer;
    const int64_t wall_us = instant_wall_us();
    if ((events & EPOLLIN) != 0 && peer->n_in < sizeof peer->in) {
        const ssize_t n =
            read(place->watch.fd, peer->in + peer->n_in, sizeof peer->in - peer->n_in);
        if (n > 0) {
            peer->n_in += (size_t)n;
        } else if (n == 0) {
            place->leaving = true;
        } else if (errno != EAGAIN && errno != EINTR) {
            place_free(place);
            return;
        }
    } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        place_free(place);
        return;
    }
    hear(place->ports);
    if (!meter_of(place->ports)->supply_on) {
        place_free(place);
        return;
    }
    converse(place, wall_us);
}

static void listener_ready(void *context, uint32_t events)
{
    struct port *port = context;
    const int on = 1;
    (void)events;
    const int fd = accept4(port->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    struct place *place = place_take(port->ports, false, instant_wall_us());
    if (place == NULL) {
        (void)close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    place->udp = NULL;
    place->watch = (struct watch){.fd = fd, .ready = place_ready, .context = place};
    if (loop_add(&port->ports->run->loop, &place->watch, EPOLLIN) != 0) {
        place_free(place);
    }
}

/* ---- UDP ---- */

static struct place *place_of(struct port *port, const struct sockaddr_storage *from,
                              socklen_t n_from, int64_t wall_us)
{
    for (size_t i = 0; i < DLMS_PEERS_MAX; i++) {
        struct place *place = &port->ports->address[i];
        if (place->peer != NULL && place->udp == port && place->n_from == n_from &&
            memcmp(&place->from, from, n_from) == 0) {
            return place;
        }
    }
    struct place *place = place_take(port->ports, true, wall_us);
    if (place != NULL) {
        place->udp = port;
        memcpy(&place->from, from, n_from);
        place->n_from = n_from;
    }
    return place;
}

/* @return false: nothing was there. */
static bool datagram(struct port *port)
{
    uint8_t bytes[DATAGRAM_BYTES];
    struct sockaddr_storage from;
    socklen_t n_from = sizeof from;
    memset(&from, 0, sizeof from);
    const ssize_t n =
        recvfrom(port->watch.fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &n_from);
    if (n < 0) {
        return false;
    }
    const int64_t wall_us = instant_wall_us();
    struct dlms_wpdu wpdu;
    if (dlms_wrapper_datagram(bytes, (size_t)n, &wpdu) != 1) {
        return true; /* a stray one costs no place */
    }
    struct place *place = place_of(port, &from, n_from, wall_us);
    if (place != NULL) {
        const size_t n_out = dlms_peer_datagram(place->peer, bytes, (size_t)n, wall_us);
        if (n_out > 0) {
            (void)sendto(port->watch.fd, place->peer->out, n_out, 0, (const struct sockaddr *)&from,
                         n_from);
        }
    }
    return true;
}

static void datagrams_ready(void *context, uint32_t events)
{
    struct port *port = context;
    (void)events;
    hear(port->ports);
    for (unsigned i = 0; i < DATAGRAMS_A_TURN && datagram(port); i++) {
    }
}

/* ---- all of them ---- */

static int port_bind(struct port *port, const struct dlms_option *option, struct problem *problem)
{
    char taken[ADDRESS_TEXT_MAX];
    port->udp = option->udp;
    port->watch =
        (struct watch){.ready = option->udp ? datagrams_ready : listener_ready, .context = port};
    port->watch.fd = option->udp ? address_datagrams(&option->address, taken, problem)
                                 : address_listen(&option->address, false, taken, problem);
    (void)snprintf(port->text, sizeof port->text, "dlms %s %s", option->udp ? "udp" : "tcp", taken);
    return port->watch.fd < 0 ? -1 : 0;
}

int dlms_ports_bind(struct dlms_ports **out, const struct options *options, struct problem *problem)
{
    *out = NULL;
    if (options->n_dlms == 0) {
        return 0;
    }
    struct dlms_ports *ports = calloc(1, sizeof *ports);
    if (ports == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "no memory");
    }
    *out = ports;
    dlms_push_init(&ports->push);
    for (size_t i = 0; i < DLMS_PEERS_MAX; i++) {
        ports->connection[i] = (struct place){.ports = ports, .watch = {.fd = -1}};
        ports->address[i] = ports->connection[i];
    }
    for (size_t i = 0; i < options->n_dlms; i++) {
        struct port *port = &ports->port[i];
        port->ports = ports;
        if (port_bind(port, &options->dlms[i], problem) != 0) {
            return -1;
        }
        ports->n_ports++;
    }
    return 0;
}

int dlms_ports_open(struct dlms_ports *ports, struct run *run, struct problem *problem)
{
    ports->run = run;
    for (size_t i = 0; i < ports->n_ports; i++) {
        if (loop_add(&run->loop, &ports->port[i].watch, EPOLLIN) != 0) {
            return problem_set(problem, EXIT_NOT_ABLE, "%s: %s", ports->port[i].text,
                               strerror(errno));
        }
    }
    return 0;
}

const char *dlms_ports_text(const struct dlms_ports *ports, size_t index)
{
    return ports->port[index].text;
}

/* @return when its peer has to go. */
static int64_t place_step(struct place *place, bool silent, int64_t wall_us)
{
    if (place->peer == NULL) {
        return INT64_MAX;
    }
    const int64_t end_us = dlms_peer_end_us(place->peer);
    if (silent || end_us <= wall_us) {
        place_free(place);
        return INT64_MAX;
    }
    return end_us;
}

int64_t dlms_ports_step(struct dlms_ports *ports, int64_t wall_us)
{
    int64_t next_us = INT64_MAX;
    const bool silent = !meter_of(ports)->supply_on;
    for (size_t i = 0; i < 2u * DLMS_PEERS_MAX; i++) {
        struct place *place =
            i < DLMS_PEERS_MAX ? &ports->connection[i] : &ports->address[i - DLMS_PEERS_MAX];
        const int64_t end_us = place_step(place, silent, wall_us);
        next_us = end_us < next_us ? end_us : next_us;
    }
    const int64_t push_us = dlms_push_step(&ports->push, meter_of(ports), wall_us);
    return push_us < next_us ? push_us : next_us;
}

void dlms_ports_close(struct dlms_ports *ports)
{
    if (ports == NULL) {
        return;
    }
    for (size_t i = 0; i < DLMS_PEERS_MAX; i++) {
        place_free(&ports->connection[i]);
        place_free(&ports->address[i]);
    }
    dlms_push_close(&ports->push);
    for (size_t i = 0; i < ports->n_ports; i++) {
        if (ports->run != NULL) {
            loop_drop(&ports->run->loop, &ports->port[i].watch);
        } else {
            (void)close(ports->port[i].watch.fd);
        }
    }
    free(ports);
}
