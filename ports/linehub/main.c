/* linehub: joins TCP connections and pseudo terminals to one wire.  docs/linehub.md is the manual.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ports/linux/address.h"
#include "ports/linux/instant.h"
#include "ports/linux/loop.h"
#include "ports/linux/pty.h"
#include "wire.h"

#define ENDS_NAMED_MAX 32u
#define PATH_MAX_TEXT  256u
#define RETRY_US       INT64_C(500000)
#define READ_BYTES     1024u
#define BITS           11 /* start, eight, parity or a second stop bit, stop */
#define BAUD_USUAL     9600ul
#define BAUD_LAST      1000000ul
#define DELAY_LAST_MS  10000ul
#define SECOND_US      INT64_C(1000000)

struct hub;

/* What the arguments name: a listener, a call, a pseudo terminal. */
struct named {
    struct hub *hub;
    enum { NAMED_LISTEN, NAMED_JOIN, NAMED_PTY } kind;
    char text[PATH_MAX_TEXT];
    struct address address;
    struct watch listener;
    struct pty pty;
    int end;          /* of a call: -1: to be made at retry_us */
    int64_t retry_us; /* of a call */
};

/* One end of the wire. */
struct end {
    struct hub *hub;
    struct watch watch; /* fd -1: free */
    struct named *named;
    bool calling;
};

struct hub {
    struct loop loop;
    struct wire wire;
    struct named named[ENDS_NAMED_MAX];
    unsigned n_named;
    struct end end[WIRE_ENDS];
};

/* ---- ends ---- */

static unsigned index_of(const struct end *end)
{
    return (unsigned)(end - end->hub->end);
}

static void end_drop(struct end *end)
{
    struct hub *hub = end->hub;
    loop_drop(&hub->loop, &end->watch);
    wire_forget(&hub->wire, index_of(end));
    if (end->named->kind == NAMED_JOIN) {
        end->named->end = -1;
        end->named->retry_us = instant_wall_us() + RETRY_US;
    }
}

static void out(void *context, unsigned index, uint8_t octet)
{
    struct hub *hub = context;
    struct end *end = &hub->end[index];
    if (end->watch.fd >= 0 && !end->calling && write(end->watch.fd, &octet, 1) < 0 &&
        errno != EAGAIN && errno != EINTR) {
        end_drop(end); /* who does not read misses something, as on a wire */
    }
}

static void end_ready(void *context, uint32_t events)
{
    struct end *end = context;
    uint8_t octets[READ_BYTES];
    (void)events;
    if (end->calling) {
        int error = 0;
        socklen_t length = sizeof error;
        (void)getsockopt(end->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length);
        end->calling = false;
        loop_change(&end->hub->loop, &end->watch, EPOLLIN);
        if (error != 0) {
            end_drop(end);
        }
        return;
    }
    const ssize_t n = read(end->watch.fd, octets, sizeof octets);
    if (n > 0) {
        wire_say(&end->hub->wire, index_of(end), octets, (size_t)n, instant_wall_us());
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        end_drop(end);
    }
}

/* Takes over fd.  @return the end's number, -1: no end is left */
static int end_take(struct named *named, int fd, bool calling)
{
    struct hub *hub = named->hub;
    const int on = 1;
    for (unsigned i = 0; i < WIRE_ENDS; i++) {
        struct end *end = &hub->end[i];
        if (end->watch.fd < 0) {
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            *end = (struct end){.hub = hub,
                                .watch = {.fd = fd, .ready = end_ready, .context = end},
                                .named = named,
                                .calling = calling};
            if (loop_add(&hub->loop, &end->watch, calling ? EPOLLOUT : EPOLLIN) == 0) {
                return (int)i;
            }
            loop_drop(&hub->loop, &end->watch);
            return -1;
        }
    }
    (void)close(fd);
    return -1;
}

static void listener_ready(void *context, uint32_t events)
{
    struct named *named = context;
    (void)events;
    const int fd = accept4(named->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)end_take(named, fd, false);
    }
}

/* A meter that is not there yet is called again. */
static void call(struct named *named, int64_t now_us)
{
    named->retry_us = now_us + RETRY_US;
    const int fd =
        socket(named->address.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    const struct sockaddr *to = (const struct sockaddr *)&named->address.socket;
    if (connect(fd, to, named->address.length) != 0 && errno != EINPROGRESS) {
        (void)close(fd);
        return;
    }
    named->end = end_take(named, fd, true);
}

static int64_t call_all(struct hub *hub, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (unsigned i = 0; i < hub->n_named; i++) {
        struct named *named = &hub->named[i];
        if (named->kind != NAMED_JOIN || named->end >= 0) {
            continue;
        }
        if (named->retry_us <= now_us) {
            call(named, now_us);
        }
        next_us = named->end < 0 && named->retry_us < next_us ? named->retry_us : next_us;
    }
    return next_us;
}

/* ---- arguments ---- */

static const char *const helps[] = {
    "--listen tcp:HOST:PORT   whoever connects there is an end; port 0 takes a free one",
    "--listen pty:PATH        a pseudo terminal is an end",
    "--join tcp:HOST:PORT     an end that is called, again and again until somebody answers",
    "--baud N                 an octet takes eleven bits of that speed (default 9600)",
    "--delay MS               what begins on an idle wire comes so much later (default 0)",
    "--echo                   who sends hears himself",
};

static int help(void)
{
    printf("usage: linehub OPTION...\nJoins its ends to one wire: what one says all others hear, "
           "two at once damage each other.\n\n");
    for (size_t i = 0; i < sizeof helps / sizeof helps[0]; i++) {
        printf("  %s\n", helps[i]);
    }
    printf("\nSIGTERM and Ctrl-C end it.  Exit status: 0 done, 1 the machine refused, 2 bad "
           "arguments.\n");
    return 0;
}

static int bad(struct problem *problem, const char *option, const char *expected, const char *text)
{
    return problem_set(problem, EXIT_BAD_INPUT, "--%s: expected %s, found '%.150s'", option,
                       expected, text);
}

static int take_end(struct hub *hub, const char *option, const char *text, struct problem *problem)
{
    const bool listens = option[0] == 'l';
    const bool pty = listens && strncmp(text, "pty:", 4) == 0;
    struct named *named = &hub->named[hub->n_named];
    const char *why;
    if (hub->n_named == ENDS_NAMED_MAX) {
        return problem_set(problem, EXIT_BAD_INPUT, "expected at most %u ends", ENDS_NAMED_MAX);
    }
    if ((!pty && strncmp(text, "tcp:", 4) != 0) || text[4] == '\0' ||
        strlen(text) >= sizeof named->text) {
        return bad(problem, option, listens ? "tcp:HOST:PORT or pty:PATH" : "tcp:HOST:PORT", text);
    }
    *named = (struct named){.hub = hub, .listener = {.fd = -1}, .pty = {.slave = -1}, .end = -1};
    (void)snprintf(named->text, sizeof named->text, "%s", text + 4);
    named->kind = pty ? NAMED_PTY : listens ? NAMED_LISTEN : NAMED_JOIN;
    if (!pty && address_parse(named->text, &named->address, &why) != 0) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: %s, found '%.150s'", option, why,
                           named->text);
    }
    hub->n_named++;
    return 0;
}

static int take_number(const char *option, const char *text, unsigned long first,
                       unsigned long last, int64_t *out_number, struct problem *problem)
{
    char *end, expected[64];
    errno = 0;
    const unsigned long number = strtoul(text, &end, 10);
    (void)snprintf(expected, sizeof expected, "%lu to %lu", first, last);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || number < first ||
        number > last) {
        return bad(problem, option, expected, text);
    }
    *out_number = (int64_t)number;
    return 0;
}

/* @return 0, 1: --help or --version, -1: *problem */
static int arguments_read(struct hub *hub, int argc, char **argv, struct problem *problem)
{
    static const struct option longs[] = {
        {"listen", required_argument, NULL, 'l'}, {"join", required_argument, NULL, 'j'},
        {"baud", required_argument, NULL, 'b'},   {"delay", required_argument, NULL, 'd'},
        {"echo", no_argument, NULL, 'e'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
    int64_t baud = BAUD_USUAL, delay_ms = 0;
    int found, done = 0;
    opterr = 0;
    while (done == 0 && (found = getopt_long(argc, argv, "-:", longs, NULL)) != -1) {
        switch (found) {
        case 'l': done = take_end(hub, "listen", optarg, problem); break;
        case 'j': done = take_end(hub, "join", optarg, problem); break;
        case 'b': done = take_number("baud", optarg, 1, BAUD_LAST, &baud, problem); break;
        case 'd': done = take_number("delay", optarg, 0, DELAY_LAST_MS, &delay_ms, problem); break;
        case 'e': hub->wire.echo = true; break;
        case 'h': (void)help(); return 1;
        case 'v': printf("linehub %s\n", OPEN382_VERSION); return 1;
        default:
            return problem_set(problem, EXIT_BAD_INPUT, "%.200s: %s (see --help)", argv[optind - 1],
                               found == ':' ? "expected a value behind it" : "unknown option");
        }
    }
    if (done == 0 && hub->n_named == 0) {
        return problem_set(problem, EXIT_BAD_INPUT, "expected --listen or --join (see --help)");
    }
    hub->wire.octet_us = (SECOND_US * BITS + baud - 1) / baud;
    hub->wire.delay_us = delay_ms * 1000;
    return done;
}

/* ---- the program ---- */

static int named_open(struct named *named, struct problem *problem)
{
    struct hub *hub = named->hub;
    char taken[ADDRESS_TEXT_MAX] = "";
    if (named->kind == NAMED_JOIN) {
        printf("join tcp %s\n", named->text);
        return 0;
    }
    if (named->kind == NAMED_PTY) {
        const int fd = pty_check("listen", named->text, problem) == 0
                           ? pty_open(&named->pty, "listen", named->text, problem)
                           : -1;
        if (fd < 0) {
            return -1;
        }
        (void)end_take(named, fd, false);
        printf("listen pty %s\n", named->text);
        return pty_link(&named->pty, "listen", named->text, problem);
    }
    named->listener = (struct watch){.fd = address_listen(&named->address, false, taken, problem),
                                     .ready = listener_ready,
                                     .context = named};
    if (named->listener.fd < 0) {
        return -1;
    }
    printf("listen tcp %s\n", taken);
    return loop_add(&hub->loop, &named->listener, EPOLLIN) == 0
               ? 0
               : problem_set(problem, EXIT_NOT_ABLE, "event loop: %s", strerror(errno));
}

static int begin(struct hub *hub, struct problem *problem)
{
    if (loop_open(&hub->loop) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "event loop: %s", strerror(errno));
    }
    for (unsigned i = 0; i < hub->n_named; i++) {
        if (named_open(&hub->named[i], problem) != 0) {
            return -1;
        }
    }
    (void)fflush(stdout);
    return 0;
}

static void go(struct hub *hub)
{
    while (!hub->loop.stopped) {
        const int64_t now_us = instant_wall_us();
        const int64_t wire_us = wire_step(&hub->wire, now_us);
        const int64_t call_us = call_all(hub, now_us);
        loop_wait(&hub->loop, wire_us < call_us ? wire_us : call_us);
    }
    printf("%llu octets, %llu collisions\n", (unsigned long long)hub->wire.octets,
           (unsigned long long)hub->wire.collisions);
}

static void finish(struct hub *hub)
{
    for (unsigned i = 0; i < WIRE_ENDS; i++) {
        loop_drop(&hub->loop, &hub->end[i].watch);
    }
    for (unsigned i = 0; i < hub->n_named; i++) {
        loop_drop(&hub->loop, &hub->named[i].listener);
        pty_close(&hub->named[i].pty, hub->named[i].text);
    }
    loop_close(&hub->loop);
}

int main(int argc, char **argv)
{
    struct problem problem = {0, ""};
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL) {
        (void)fprintf(stderr, "linehub: no memory\n");
        return EXIT_NOT_ABLE;
    }
    hub->wire.next_us = INT64_MAX;
    hub->wire.context = hub;
    hub->wire.out = out;
    hub->loop = (struct loop)LOOP_CLOSED;
    for (unsigned i = 0; i < WIRE_ENDS; i++) {
        hub->end[i].watch.fd = -1;
    }
    const int done = arguments_read(hub, argc, argv, &problem);
    if (done == 0 && begin(hub, &problem) == 0) {
        go(hub);
    }
    if (done >= 0 && done != 1) {
        finish(hub);
    }
    if (problem.text[0] != '\0') {
        (void)fprintf(stderr, "linehub: %s\n", problem.text);
    }
    free(hub);
    return problem.exit_status;
}
