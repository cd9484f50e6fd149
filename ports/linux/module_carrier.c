#include "module_carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "instant.h"
#include "module_air.h"
#include "module_serial.h"
#include "pty.h"

#define LINE_OUT_BYTES 8192u
#define READ_BYTES     1024u
#define NOBODY         (-1)
#define TRACE_MODE     0644

/* A peer that has gone without a word is noticed after a minute and a half. */
#define KEEP_IDLE_S     60
#define KEEP_INTERVAL_S 10
#define KEEP_PROBES     3

enum line_state {
    LINE_FREE,
    LINE_CALLING, /* connect() is on its way */
    LINE_OPEN,
    LINE_ENDED, /* hung up; the module has still to be told */
};

struct line {
    struct carrier *carrier;
    struct watch watch;
    enum line_state state;
    unsigned place;
    char who[CARRIER_PLACE_MAX];
    uint8_t out[LINE_OUT_BYTES];
    size_t n_out;
};

struct place {
    struct carrier *carrier;
    const struct carrier_place_spec *spec;
    struct watch listener; /* tcp, tls */
    struct pty pty;
};

struct carrier {
    struct carrier_spec spec;
    struct carrier_bus bus;
    const char *option;
    struct loop *loop;
    struct module_air air;  /* of a type on the air */
    struct module_tls *tls; /* NULL: no place with TLS */
    struct module module;
    struct place place[CARRIER_PLACES];
    struct line line[MODULE_LINES];
    int64_t wake_us; /* the module wants to be called then */
    char text[CARRIER_TEXT_MAX];
    max_align_t state[];
};

static int64_t now_ms(void)
{
    return instant_wall_us() / 1000;
}

/* ---- lines ---- */

static void line_hang_up(struct line *line, enum line_state state)
{
    if (line->carrier->loop != NULL) {
        loop_drop(line->carrier->loop, &line->watch);
    }
    line->state = state;
    line->n_out = 0;
    line->carrier->wake_us = 0;
}

static bool is_socket(const struct line *line)
{
    return line->place == MODULE_CALLED ||
           carrier_place_listens(&line->carrier->spec.place[line->place]);
}

/* Nothing comes from a file, and it is always ready. */
static bool is_file(const struct line *line)
{
    return line->place != MODULE_CALLED &&
           line->carrier->spec.place[line->place].kind == CARRIER_TRACE;
}

static void line_write(struct line *line)
{
    while (line->n_out > 0) {
        const ssize_t n = write(line->watch.fd, line->out, line->n_out);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN && !is_socket(line)) {
            line->n_out = 0; /* nobody listens at the wire */
        } else if (n < 0 && errno != EAGAIN) {
            line_hang_up(line, LINE_ENDED);
            return;
        }
        if (n <= 0) {
            break;
        }
        line->n_out -= (size_t)n;
        memmove(line->out, line->out + n, line->n_out);
    }
    loop_change(line->carrier->loop, &line->watch,
                EPOLLIN | (line->n_out > 0 ? (uint32_t)EPOLLOUT : 0u));
}

static void call_ended(struct line *line)
{
    int error = 0;
    socklen_t length = sizeof error;
    (void)getsockopt(line->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        line_hang_up(line, LINE_ENDED);
        return;
    }
    line->state = LINE_OPEN;
    loop_change(line->carrier->loop, &line->watch, EPOLLIN);
    module_line_open(&line->carrier->module, (unsigned)(line - line->carrier->line), line->place,
                     true, line->who, now_ms());
    line->carrier->wake_us = 0;
}

static void line_ready(void *context, uint32_t events)
{
    struct line *line = context;
    struct carrier *carrier = line->carrier;
    uint8_t octets[READ_BYTES];
    if (line->state == LINE_CALLING) {
        call_ended(line);
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        line_write(line);
        carrier->wake_us = 0;
    }
    if (line->state != LINE_OPEN || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) {
        return;
    }
    const ssize_t n = read(line->watch.fd, octets, sizeof octets);
    if (n > 0) {
        carrier->wake_us = 0;
        module_line(&carrier->module, (unsigned)(line - carrier->line), octets, (size_t)n,
                    now_ms());
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        line_hang_up(line, LINE_ENDED);
    }
}

/* Takes over fd.  @return NULL: no line is left */
static struct line *line_take(struct carrier *carrier, unsigned place, int fd, const char *who,
                              enum line_state state)
{
    for (size_t i = 0; i < MODULE_LINES; i++) {
        struct line *line = &carrier->line[i];
        if (line->state != LINE_FREE) {
            continue;
        }
        line->watch = (struct watch){.fd = fd, .ready = line_ready, .context = line};
        line->place = place;
        line->n_out = 0;
        (void)snprintf(line->who, sizeof line->who, "%s", who);
        if (!is_file(line) && loop_add(carrier->loop, &line->watch,
                                       state == LINE_CALLING ? EPOLLOUT : EPOLLIN) != 0) {
            loop_drop(carrier->loop, &line->watch);
            return NULL;
        }
        line->state = state;
        if (state == LINE_OPEN) {
            module_line_open(&carrier->module, (unsigned)i, place, true, line->who, now_ms());
            carrier->wake_us = 0;
        }
        return line;
    }
    (void)close(fd);
    return NULL;
}

static void keep_alive(int fd)
{
    const int on = 1, idle_s = KEEP_IDLE_S, interval_s = KEEP_INTERVAL_S, probes = KEEP_PROBES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* While no more may begin a handshake, those who call wait in the kernel. */
static void tls_listen(struct carrier *carrier, int64_t wall_us)
{
    const bool room = module_tls_room_us(carrier->tls) <= wall_us;
    for (unsigned i = 0; i < carrier->spec.n_places; i++) {
        if (carrier->spec.place[i].kind == CARRIER_TLS) {
            loop_change(carrier->loop, &carrier->place[i].listener, room ? EPOLLIN : 0u);
        }
    }
}

static void listener_ready(void *context, uint32_t events)
{
    struct place *place = context;
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    char host[64] = "?", port[16] = "?", who[96];
    (void)events;
    const int fd = accept4(place->listener.fd, (struct sockaddr *)&from, &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    (void)getnameinfo((struct sockaddr *)&from, length, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV);
    (void)snprintf(who, sizeof who, from.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    keep_alive(fd);
    const unsigned index = (unsigned)(place - place->carrier->place);
    if (place->spec->kind == CARRIER_TLS) {
        module_tls_take(place->carrier->tls, fd, index, who);
        tls_listen(place->carrier, instant_wall_us());
    } else {
        (void)line_take(place->carrier, index, fd, who, LINE_OPEN);
    }
}

/* A client of TLS is through: the module sees octets only, from the socket that stands for it. */
static void tls_opened(void *context, unsigned place, int fd, const char *who)
{
    (void)line_take(context, place, fd, who, LINE_OPEN);
}

/* ---- what the module asks for ---- */

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    const struct carrier *carrier = context;
    return carrier->bus.exchange(carrier->bus.context, request, n_request, answer, capacity);
}

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    const struct carrier *carrier = context;
    return carrier->bus.to_meter(carrier->bus.context, channel, octets, n_octets);
}

static bool channel_open(void *context, unsigned channel, bool open)
{
    const struct carrier *carrier = context;
    return carrier->bus.channel(carrier->bus.context, channel, open);
}

static void pins(void *context, uint8_t levels)
{
    const struct carrier *carrier = context;
    carrier->bus.pins(carrier->bus.context, levels);
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct carrier *carrier = context;
    return carrier->bus.memory_read(carrier->bus.context, address, bytes, n_bytes);
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct carrier *carrier = context;
    return carrier->bus.memory_write(carrier->bus.context, address, bytes, n_bytes);
}

static size_t to_line(void *context, unsigned index, const uint8_t *octets, size_t n_octets)
{
    struct carrier *carrier = context;
    struct line *line = &carrier->line[index < MODULE_LINES ? index : 0];
    if (index >= MODULE_LINES || line->state != LINE_OPEN) {
        return 0;
    }
    const size_t room = sizeof line->out - line->n_out;
    const size_t n = n_octets < room ? n_octets : room;
    memcpy(line->out + line->n_out, octets, n);
    line->n_out += n;
    line_write(line);
    return n;
}

static void line_close(void *context, unsigned index)
{
    struct carrier *carrier = context;
    if (index < MODULE_LINES && carrier->line[index].state != LINE_FREE) {
        line_hang_up(&carrier->line[index], LINE_FREE);
    }
}

static void line_speed(void *context, unsigned index, const struct module_speed *speed)
{
    struct carrier *carrier = context;
    struct line *line = &carrier->line[index < MODULE_LINES ? index : 0];
    if (index < MODULE_LINES && line->state == LINE_OPEN && !is_socket(line) &&
        carrier->spec.place[line->place].kind == CARRIER_SERIAL) {
        (void)module_serial_speed(line->watch.fd, speed);
    }
}

static int line_connect(void *context, const char *to)
{
    struct carrier *carrier = context;
    struct address address;
    const char *why;
    const bool datagrams = strncmp(to, "udp:", 4) == 0;
    if ((!datagrams && strncmp(to, "tcp:", 4) != 0) || address_parse(to + 4, &address, &why) != 0) {
        return NOBODY;
    }
    const int fd = socket(address.socket.ss_family,
                          (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return NOBODY;
    }
    if (!datagrams) {
        keep_alive(fd);
    }
    if (connect(fd, (const struct sockaddr *)&address.socket, address.length) != 0 &&
        errno != EINPROGRESS) {
        (void)close(fd);
        return NOBODY;
    }
    struct line *line =
        line_take(carrier, MODULE_CALLED, fd, to + 4, datagrams ? LINE_OPEN : LINE_CALLING);
    return line != NULL ? (int)(line - carrier->line) : NOBODY;
}

static bool key_of(void *context, uint32_t id_raw, uint8_t key[16])
{
    const struct carrier *carrier = context;
    return module_air_key(&carrier->air, id_raw, key);
}

static void air(void *context, const struct module_burst *burst)
{
    struct carrier *carrier = context;
    module_air_send(&carrier->air, burst);
}

/* ---- the carrier ---- */

static void text_add(struct carrier *carrier, const char *kind, const char *where)
{
    const size_t length = strlen(carrier->text);
    (void)snprintf(carrier->text + length, sizeof carrier->text - length, " %s %s", kind, where);
}

static int place_bind(struct place *place, struct problem *problem)
{
    const struct carrier_place_spec *spec = place->spec;
    struct carrier *carrier = place->carrier;
    char taken[ADDRESS_TEXT_MAX] = "";
    switch (spec->kind) {
    case CARRIER_PTY:
        text_add(carrier, "pty", spec->path);
        return pty_check(carrier->option, spec->path, problem);
    case CARRIER_SERIAL: text_add(carrier, "serial", spec->path); return 0;
    case CARRIER_TRACE: text_add(carrier, "trace", spec->path); return 0;
    case CARRIER_AIR:
        text_add(carrier, spec->air.is_folder ? "unix" : "udp", strchr(spec->path, ':') + 1);
        return module_air_open(&carrier->air, &spec->air, carrier->spec.keys, carrier->spec.options,
                               carrier->option, problem);
    default:
        place->listener.fd = address_listen(&spec->address, false, taken, problem);
        text_add(carrier, spec->kind == CARRIER_TLS ? "tls" : "tcp", taken);
        return place->listener.fd < 0 ? -1 : 0;
    }
}

static int tls_bind(struct carrier *carrier, struct problem *problem)
{
    if (carrier->spec.tls.cert[0] == '\0') {
        return 0;
    }
    const struct module_tls_user user = {.context = carrier, .opened = tls_opened};
    carrier->tls = module_tls_new(&carrier->spec.tls, &user, carrier->option, problem);
    return carrier->tls != NULL ? 0 : -1;
}

/* What the module gets from its carrier. */
static struct module_host host_of(struct carrier *carrier)
{
    return (struct module_host){.context = carrier,
                                .exchange = exchange,
                                .to_meter = to_meter,
                                .channel = carrier->bus.channel != NULL ? channel_open : NULL,
                                .pins = pins,
                                .memory_read = memory_read,
                                .memory_write = memory_write,
                                .to_line = to_line,
                                .line_close = line_close,
                                .line_speed = line_speed,
                                .line_connect = line_connect,
                                .crypto = &carrier->air.crypto,
                                .key = key_of,
                                .air = air};
}

struct carrier *carrier_bind(const struct carrier_spec *spec, const struct carrier_bus *bus,
                             const char *option, struct problem *problem)
{
    struct carrier *carrier = calloc(1, sizeof *carrier + spec->type->state_bytes);
    if (carrier == NULL) {
        (void)problem_set(problem, EXIT_NOT_ABLE, "no memory");
        return NULL;
    }
    carrier->spec = *spec;
    if (carrier_read_options(&carrier->spec, option, problem) != 0) {
        free(carrier);
        return NULL;
    }
    carrier->bus = *bus;
    carrier->option = option;
    module_air_init(&carrier->air);
    for (size_t i = 0; i < MODULE_LINES; i++) {
        carrier->line[i] = (struct line){.carrier = carrier, .watch = {.fd = -1}};
    }
    for (unsigned i = 0; i < CARRIER_PLACES; i++) {
        struct place *place = &carrier->place[i];
        *place = (struct place){
            .carrier = carrier, .spec = &carrier->spec.place[i], .pty = {.slave = -1}};
        place->listener = (struct watch){.fd = -1, .ready = listener_ready, .context = place};
    }
    const struct module_host host = host_of(carrier);
    const char *expected =
        module_init(&carrier->module, spec->type, &host, carrier->state, carrier->spec.options);
    (void)snprintf(carrier->text, sizeof carrier->text, "%s", spec->type->name);
    bool good = expected == NULL ||
                problem_set(problem, EXIT_BAD_INPUT, "--%s: %s: expected %s, found '%.150s'",
                            option, spec->type->name, expected, spec->options) == 0;
    good = good && tls_bind(carrier, problem) == 0;
    for (unsigned i = 0; good && i < spec->n_places; i++) {
        good = place_bind(&carrier->place[i], problem) == 0;
    }
    if (!good) {
        carrier_close(carrier);
        carrier_free(carrier);
        return NULL;
    }
    return carrier;
}

static int place_failed(const struct place *place, const char *why, struct problem *problem)
{
    return problem_set(problem, EXIT_NOT_ABLE, "--%s: %.200s: %s", place->carrier->option,
                       place->carrier->text, why);
}

static int trace_open(const struct place *place, struct problem *problem)
{
    const int fd = open(place->spec->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, TRACE_MODE);
    return fd >= 0 ? fd : place_failed(place, strerror(errno), problem);
}

static int place_open(struct place *place, struct problem *problem)
{
    struct carrier *carrier = place->carrier;
    const struct carrier_place_spec *spec = place->spec;
    const unsigned index = (unsigned)(place - carrier->place);
    if (spec->kind == CARRIER_AIR) {
        return 0;
    }
    if (carrier_place_listens(spec)) {
        return loop_add(carrier->loop, &place->listener, EPOLLIN) == 0
                   ? 0
                   : place_failed(place, strerror(errno), problem);
    }
    const int fd =
        spec->kind == CARRIER_PTY     ? pty_open(&place->pty, carrier->option, spec->path, problem)
        : spec->kind == CARRIER_TRACE ? trace_open(place, problem)
                                      : module_serial_open(carrier->option, spec->path, problem);
    if (fd < 0) {
        return -1;
    }
    if (line_take(carrier, index, fd, spec->path, LINE_OPEN) == NULL) {
        return place_failed(place, "no line left", problem);
    }
    return spec->kind == CARRIER_PTY ? pty_link(&place->pty, carrier->option, spec->path, problem)
                                     : 0;
}

int carrier_open(struct carrier *carrier, struct loop *loop, struct problem *problem)
{
    carrier->loop = loop;
    if (carrier->tls != NULL) {
        module_tls_serve(carrier->tls, loop);
    }
    for (unsigned i = 0; i < carrier->spec.n_places; i++) {
        if (place_open(&carrier->place[i], problem) != 0) {
            return -1;
        }
    }
    return 0;
}

const char *carrier_text(const struct carrier *carrier)
{
    return carrier->text;
}

struct module *carrier_module(struct carrier *carrier)
{
    return &carrier->module;
}

void carrier_owner(struct carrier *carrier, void *context)
{
    carrier->bus.context = context;
}

void carrier_supply(struct carrier *carrier, bool on, int64_t wall_us)
{
    if (carrier->module.supplied == on) {
        return;
    }
    module_supply(&carrier->module, on, wall_us / 1000);
    carrier->wake_us = 0;
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        struct line *line = &carrier->line[i];
        if (line->state == LINE_OPEN && line->place == MODULE_CALLED) {
            line_hang_up(line, LINE_FREE); /* it does not know of it any more */
        } else if (line->state == LINE_OPEN) {
            module_line_open(&carrier->module, i, line->place, true, line->who, wall_us / 1000);
        }
    }
}

void carrier_stir(struct carrier *carrier)
{
    carrier->wake_us = 0;
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

/* @return wall microseconds of the next call */
static int64_t tls_step(struct carrier *carrier, int64_t wall_us)
{
    if (carrier->tls == NULL) {
        return INT64_MAX;
    }
    const int64_t due_us = module_tls_step(carrier->tls, wall_us);
    const int64_t room_us = module_tls_room_us(carrier->tls);
    tls_listen(carrier, wall_us);
    return room_us > wall_us ? earlier(due_us, room_us) : due_us;
}

int64_t carrier_step(struct carrier *carrier, int64_t wall_us)
{
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        struct line *line = &carrier->line[i];
        if (line->state == LINE_ENDED) {
            line->state = LINE_FREE;
            module_line_open(&carrier->module, i, line->place, false, "", wall_us / 1000);
        }
    }
    if (carrier->wake_us <= wall_us) {
        carrier->wake_us = INT64_MAX;
        const int64_t next_ms = module_step(&carrier->module, wall_us / 1000);
        const int64_t next_us = next_ms == MODULE_NEVER ? INT64_MAX : next_ms * 1000;
        carrier->wake_us = earlier(next_us, carrier->wake_us);
    }
    return earlier(carrier->wake_us, tls_step(carrier, wall_us));
}

void carrier_close(struct carrier *carrier)
{
    for (size_t i = 0; i < MODULE_LINES; i++) {
        if (carrier->line[i].watch.fd >= 0) {
            line_hang_up(&carrier->line[i], LINE_FREE);
        }
    }
    for (unsigned i = 0; i < CARRIER_PLACES; i++) {
        struct place *place = &carrier->place[i];
        if (carrier->loop != NULL) {
            loop_drop(carrier->loop, &place->listener);
        } else if (place->listener.fd >= 0) {
            (void)close(place->listener.fd);
            place->listener.fd = -1;
        }
        pty_close(&place->pty, place->spec->path);
    }
    module_tls_close(carrier->tls);
    module_air_close(&carrier->air);
}

void carrier_free(struct carrier *carrier)
{
    if (carrier != NULL) {
        module_tls_free(carrier->tls);
    }
    free(carrier);
}
