#include "carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CHOP_MS 1
#define WAIT_MS 1000

int64_t carrier_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void shut(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

/* ---- the server ---- */

/* A number, or a name that this computer knows. */
static int call(const char *host, uint16_t port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char service[8];
    const int on = 1;
    (void)snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) {
        shut(&fd);
    }
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    freeaddrinfo(found);
    return fd;
}

static void server_connect(void *context, const char *host, uint16_t port)
{
    struct carrier *c = context;
    shut(&c->server);
    c->server = call(host, port);
    c->server_connecting = true; /* a failure is told from the loop, behind the OK */
}

static bool server_send(void *context, const uint8_t *octets, size_t n_octets)
{
    struct carrier *c = context;
    return c->server >= 0 && send(c->server, octets, n_octets, MSG_NOSIGNAL) == (ssize_t)n_octets;
}

static void server_close(void *context)
{
    struct carrier *c = context;
    shut(&c->server);
    c->server_connecting = false;
}

void carrier_drop_server(struct carrier *c)
{
    server_close(c);
    sim_closed(&c->sim);
}

static void server_finish(struct carrier *c)
{
    int error = EIO;
    socklen_t length = sizeof error;
    c->server_connecting = false;
    if (c->server < 0 || getsockopt(c->server, SOL_SOCKET, SO_ERROR, &error, &length) != 0 ||
        error != 0) {
        shut(&c->server);
        sim_connected(&c->sim, false);
        return;
    }
    sim_connected(&c->sim, true);
}

static void server_ready(struct carrier *c)
{
    uint8_t octets[1024];
    if (c->server_connecting) {
        server_finish(c);
        return;
    }
    const size_t room = SIM_SOCKET - c->sim.n_received;
    const ssize_t n = recv(c->server, octets, room < sizeof octets ? room : sizeof octets, 0);
    if (n > 0) {
        (void)sim_received(&c->sim, octets, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        carrier_drop_server(c);
    }
}

/* ---- the module's line ---- */

static void line_ready(struct carrier *c)
{
    uint8_t octets[1024];
    const ssize_t n = read(c->line, octets, sizeof octets);
    if (n > 0) {
        sim_octets(&c->sim, octets, (size_t)n, carrier_now_ms());
    } else if ((n == 0 || (errno != EAGAIN && errno != EINTR && errno != EIO)) &&
               c->pty_slave < 0) {
        shut(&c->line);
    }
}

static void line_say(struct carrier *c)
{
    uint8_t octets[4096];
    const int64_t now_ms = carrier_now_ms();
    if (c->chop != 0 && now_ms < c->chop_at_ms) {
        return;
    }
    const size_t most = c->chop != 0 && c->chop < sizeof octets ? c->chop : sizeof octets;
    const size_t n = sim_take(&c->sim, octets, most, now_ms);
    c->chop_at_ms = now_ms + CHOP_MS;
    if (n > 0 && c->line >= 0 && write(c->line, octets, n) != (ssize_t)n && errno != EAGAIN &&
        c->pty_slave < 0) {
        shut(&c->line);
    }
}

/* ---- control ---- */

static void control_ready(struct carrier *c)
{
    char answer[CARRIER_TEXT], octet;
    const ssize_t n = recv(c->control, &octet, 1, 0);
    if (n <= 0) {
        shut(&c->control);
        return;
    }
    if (octet != '\n') {
        if (c->n_command < sizeof c->command - 1) {
            c->command[c->n_command++] = octet;
        }
        return;
    }
    c->command[c->n_command] = '\0';
    c->n_command = 0;
    char *text = strcmp(c->command, "outbox") == 0 || strcmp(c->command, "status") == 0
                     ? control_json(c, c->command[0] == 'o')
                     : NULL;
    if (text == NULL) {
        control_command(c, c->command, answer, sizeof answer);
    }
    const char *line = text != NULL ? text : answer;
    if (send(c->control, line, strlen(line), MSG_NOSIGNAL) < 0 ||
        send(c->control, "\n", 1, MSG_NOSIGNAL) < 0) {
        shut(&c->control);
    }
    free(text);
}

/* ---- opening ---- */

static int refuse(struct carrier *c, const char *option, const char *what)
{
    (void)snprintf(c->error, sizeof c->error, "%s: %s", option, what);
    return -1;
}

/* "HOST:PORT".  @return the socket, and prints where; -1 */
static int listen_at(struct carrier *c, const char *name, const char *where)
{
    char host[64];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    struct sockaddr_in taken;
    socklen_t length = sizeof taken;
    const int on = 1;
    const char *colon = strrchr(where, ':');
    if (colon == NULL || (size_t)(colon - where) >= sizeof host) {
        return refuse(c, where, "expected HOST:PORT");
    }
    memcpy(host, where, (size_t)(colon - where));
    host[colon - where] = '\0';
    hints.ai_family = AF_INET;
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
        return refuse(c, where, "no such address");
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&taken, &length) != 0) {
        shut(&fd);
        (void)refuse(c, where, strerror(errno));
    } else {
        printf("%s tcp %s:%u\n", name, host, ntohs(taken.sin_port));
    }
    freeaddrinfo(found);
    return fd;
}

static int open_pty(struct carrier *c, const char *path)
{
    char name[64];
    struct termios settings;
    c->line = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (c->line < 0 || grantpt(c->line) != 0 || unlockpt(c->line) != 0 ||
        ptsname_r(c->line, name, sizeof name) != 0 ||
        (c->pty_slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
        tcgetattr(c->pty_slave, &settings) != 0) {
        return refuse(c, path, strerror(errno));
    }
    cfmakeraw(&settings);
    (void)tcsetattr(c->pty_slave, TCSANOW, &settings);
    if (symlink(name, path) != 0) {
        return refuse(c, path, strerror(errno));
    }
    printf("line pty %s\n", path);
    return 0;
}

int carrier_open(struct carrier *c, const char *line, const char *control)
{
    c->line = c->line_listener = c->pty_slave = c->control = c->control_listener = c->server = -1;
    c->line_option = line;
    c->sim.sockets = (struct sim_sockets){
        .context = c, .connect = server_connect, .send = server_send, .close = server_close};
    if (strncmp(line, "tcp:", 4) == 0) {
        if ((c->line_listener = listen_at(c, "line", line + 4)) < 0) {
            return -1;
        }
    } else if (strncmp(line, "pty:", 4) != 0 || line[4] == '\0') {
        return refuse(c, line, "expected tcp:HOST:PORT or pty:PATH");
    } else if (open_pty(c, line + 4) != 0) {
        return -1;
    }
    if (control != NULL) {
        if (strncmp(control, "tcp:", 4) != 0) {
            return refuse(c, control, "expected tcp:HOST:PORT");
        }
        if ((c->control_listener = listen_at(c, "control", control + 4)) < 0) {
            return -1;
        }
    }
    sim_reset(&c->sim, carrier_now_ms());
    return fflush(stdout) == 0 ? 0 : refuse(c, "standard output", strerror(errno));
}

void carrier_close(struct carrier *c)
{
    if (c->pty_slave >= 0) {
        (void)unlink(c->line_option + strlen("pty:"));
    }
    int *const all[] = {&c->line,    &c->line_listener,    &c->pty_slave,
                        &c->control, &c->control_listener, &c->server};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        shut(all[i]);
    }
}

/* ---- the loop ---- */

static void take_over(int listener, int *fd, bool non_blocking)
{
    const int on = 1;
    shut(fd);
    *fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | (non_blocking ? SOCK_NONBLOCK : 0));
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int wait_ms(const struct carrier *c)
{
    const int64_t now_ms = carrier_now_ms();
    int64_t due_ms = sim_due_ms(&c->sim);
    if (c->chop != 0 && due_ms < c->chop_at_ms) {
        due_ms = c->chop_at_ms;
    }
    if (c->server_connecting && c->server < 0) {
        return 0;
    }
    return due_ms <= now_ms ? 0 : due_ms - now_ms < WAIT_MS ? (int)(due_ms - now_ms) : WAIT_MS;
}

enum { LINE_LISTENER, LINE, CONTROL_LISTENER, CONTROL, SERVER, WATCHED };

static void watch(const struct carrier *c, struct pollfd fds[WATCHED])
{
    const bool room = c->sim.n_received < SIM_SOCKET;
    fds[LINE_LISTENER] = (struct pollfd){.fd = c->line_listener, .events = POLLIN};
    fds[LINE] = (struct pollfd){.fd = c->line, .events = POLLIN};
    fds[CONTROL_LISTENER] = (struct pollfd){.fd = c->control_listener, .events = POLLIN};
    fds[CONTROL] = (struct pollfd){.fd = c->control, .events = POLLIN};
    fds[SERVER] = (struct pollfd){.fd = room || c->server_connecting ? c->server : -1,
                                  .events = c->server_connecting ? POLLOUT : POLLIN};
}

void carrier_go(struct carrier *c)
{
    struct pollfd fds[WATCHED];
    while (!c->stop) {
        watch(c, fds);
        (void)poll(fds, WATCHED, wait_ms(c));
        c->sim.now_ms = carrier_now_ms();
        if (fds[LINE].revents != 0) {
            line_ready(c);
        }
        if (fds[LINE_LISTENER].revents != 0) {
            take_over(c->line_listener, &c->line, true);
        }
        if (fds[CONTROL].revents != 0) {
            control_ready(c);
        }
        if (fds[CONTROL_LISTENER].revents != 0) {
            take_over(c->control_listener, &c->control, false);
        }
        if (fds[SERVER].revents != 0 && c->server == fds[SERVER].fd) {
            server_ready(c);
        } else if (c->server_connecting && c->server < 0) {
            server_finish(c);
        }
        line_say(c);
    }
}
