#include "source_port.h"

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
#include "lab/reference_source.h"
#include "run.h"

#define IN_BYTES           512u
#define OUT_BYTES          8192u
#define SILENT_US          INT64_C(120000000) /* who says nothing for so long has gone */
#define LAST_WORDS         4u                 /* reads of a client that may have gone */
#define LEAVE_US           INT64_C(5000000)   /* who only listens may hear the rest */
#define KEEP_ALIVE_IDLE_S  10 /* a peer that vanished is found out within half a minute */
#define KEEP_ALIVE_EVERY_S 5
#define KEEP_ALIVE_PROBES  3

struct source_port {
    struct run *run;
    struct watch listener, client; /* client.fd -1: nobody */
    struct reference_source source;
    uint32_t applied; /* source.changes that the site has seen */
    uint8_t in[IN_BYTES];
    size_t n_in; /* heard, not yet understood: there was no room for an answer */
    char out[OUT_BYTES];
    size_t n_out;
    int64_t end_us; /* hang up then */
    bool leaving;   /* the client has said its last word */
    char text[ADDRESS_TEXT_MAX + 16];
};

static void apply(struct source_port *port)
{
    struct lab_state state;
    if (port->source.changes != port->applied) {
        port->applied = port->source.changes;
        reference_source_state(&port->source, &state);
        site_feed(&port->run->site, port->source.on ? &state : NULL);
    }
}

/* The mains is there again, and the next client finds a source that nobody has touched. */
static void client_close(struct source_port *port)
{
    loop_drop(&port->run->loop, &port->client);
    port->source.changes += port->source.on ? 1u : 0u;
    port->source.on = false;
    apply(port);
    port->n_in = port->n_out = 0;
}

/* Understand what has been heard for as long as there is room for answers. */
static void understand(struct source_port *port)
{
    struct site *site = &port->run->site;
    size_t done = 0;
    while (done < port->n_in && port->n_out + REFERENCE_ANSWER_MAX <= OUT_BYTES) {
        const struct reference_present present = {site->now_us, site->systems,
                                                  port->run->options->variant.aron};
        port->n_out += reference_source_byte(&port->source, port->in[done++], &present,
                                             port->out + port->n_out);
        apply(port);
    }
    port->n_in -= done;
    memmove(port->in, port->in + done, port->n_in);
}

/* @return false: the connection is dead. */
static bool answer(struct source_port *port)
{
    if (port->n_out == 0) {
        return true;
    }
    const ssize_t n = write(port->client.fd, port->out, port->n_out);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    port->n_out -= (size_t)n;
    memmove(port->out, port->out + n, port->n_out);
    return true;
}

static void converse(struct source_port *port)
{
    bool alive;
    size_t before;
    do {
        before = port->n_in;
        understand(port);
        alive = answer(port);
    } while (alive && port->n_in > 0 && port->n_in < before);
    if (!alive || (port->leaving && port->n_out == 0 && port->n_in == 0)) {
        client_close(port);
        return;
    }
    const uint32_t in = !port->leaving && port->n_in < IN_BYTES ? EPOLLIN : 0;
    loop_change(&port->run->loop, &port->client, in | (port->n_out > 0 ? EPOLLOUT : 0));
}

static void client_ready(void *context, uint32_t events)
{
    struct source_port *port = context;
    if ((events & EPOLLIN) != 0 && port->n_in < IN_BYTES) {
        const ssize_t n = read(port->client.fd, port->in + port->n_in, IN_BYTES - port->n_in);
        if (n > 0) {
            port->n_in += (size_t)n;
            port->end_us = instant_wall_us() + SILENT_US;
        } else if (n == 0) {
            port->leaving = true;
            port->end_us = instant_wall_us() + LEAVE_US;
        } else if (errno != EAGAIN && errno != EINTR) {
            client_close(port);
            return;
        }
    } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        client_close(port);
        return;
    }
    run_catch_up(port->run);
    converse(port);
}

static void refuse(int fd)
{
    static const char busy[] = "-203,\"Command protected; another client has the source\"\n";
    (void)send(fd, busy, sizeof busy - 1u, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

static void keep_alive(int fd)
{
    const int on = 1, idle = KEEP_ALIVE_IDLE_S, every = KEEP_ALIVE_EVERY_S,
              probes = KEEP_ALIVE_PROBES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static void listener_ready(void *context, uint32_t events)
{
    struct source_port *port = context;
    (void)events;
    const int fd = accept4(port->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    /* Who hangs up and comes back at once is there before it is known that it has gone. */
    for (unsigned k = 0; k < LAST_WORDS && port->client.fd >= 0 && !port->leaving; k++) {
        client_ready(port, EPOLLIN);
    }
    if (port->client.fd >= 0 && port->leaving) {
        client_close(port);
    }
    if (port->client.fd >= 0) {
        refuse(fd);
        return;
    }
    keep_alive(fd);
    const uint32_t applied = port->applied;
    reference_source_init(&port->source);
    port->source.changes = applied;
    port->leaving = false;
    port->end_us = instant_wall_us() + SILENT_US;
    port->client.fd = fd;
    if (loop_add(&port->run->loop, &port->client, EPOLLIN) != 0) {
        client_close(port);
    }
}

int source_port_bind(struct source_port **out, const struct options *options,
                     struct problem *problem)
{
    char taken[ADDRESS_TEXT_MAX];
    *out = NULL;
    if (!options->source) {
        return 0;
    }
    struct source_port *port = calloc(1, sizeof *port);
    if (port == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "no memory");
    }
    port->listener = (struct watch){.fd = -1, .ready = listener_ready, .context = port};
    port->client = (struct watch){.fd = -1, .ready = client_ready, .context = port};
    port->listener.fd = address_listen(&options->source_address, false, taken, problem);
    if (port->listener.fd < 0) {
        free(port);
        return -1;
    }
    (void)snprintf(port->text, sizeof port->text, "source tcp %s", taken);
    *out = port;
    return 0;
}

int source_port_open(struct source_port *port, struct run *run, struct problem *problem)
{
    port->run = run;
    if (loop_add(&run->loop, &port->listener, EPOLLIN) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "%s: %s", port->text, strerror(errno));
    }
    return 0;
}

const char *source_port_text(const struct source_port *port)
{
    return port->text;
}

int64_t source_port_step(struct source_port *port, int64_t wall_us)
{
    if (port->client.fd >= 0 && port->end_us <= wall_us) {
        client_close(port);
    }
    return port->client.fd >= 0 ? port->end_us : INT64_MAX;
}

void source_port_close(struct source_port *port)
{
    if (port == NULL) {
        return;
    }
    if (port->run != NULL) { /* the end of the run stores what the mains has done, not the source */
        loop_drop(&port->run->loop, &port->client);
        loop_drop(&port->run->loop, &port->listener);
    } else {
        (void)close(port->listener.fd);
    }
    free(port);
}
