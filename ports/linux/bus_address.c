#include "bus_address.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_BACKLOG 8
#define OWNER_ONLY   0177

int bus_address_parse(const char *text, struct bus_address *out, const char **why)
{
    *out = (struct bus_address){.is_unix = strncmp(text, "unix:", 5) == 0};
    if (out->is_unix) {
        const size_t length = strlen(text + 5);
        *why = "expected unix:PATH of at most 99 characters";
        if (length == 0 || length >= sizeof out->path) {
            return -1;
        }
        memcpy(out->path, text + 5, length + 1u);
        return 0;
    }
    *why = "expected tcp:HOST:PORT or unix:PATH";
    return strncmp(text, "tcp:", 4) == 0 ? address_parse(text + 4, &out->tcp, why) : -1;
}

static struct sockaddr_un unix_of(const struct bus_address *address)
{
    struct sockaddr_un unix_address = {.sun_family = AF_UNIX};
    memcpy(unix_address.sun_path, address->path, sizeof address->path);
    return unix_address;
}

/* A socket that nobody serves was left behind by an earlier run. */
static bool is_left_behind(const struct bus_address *address)
{
    struct stat status;
    if (lstat(address->path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    const int fd = bus_address_call(address);
    if (fd >= 0) {
        (void)close(fd);
    }
    return fd < 0 && errno == ECONNREFUSED;
}

static int listen_unix(const struct bus_address *address)
{
    const struct sockaddr_un unix_address = unix_of(address);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (is_left_behind(address)) {
        (void)unlink(address->path);
    }
    const mode_t before = umask(OWNER_ONLY);
    const int bound = bind(fd, (const struct sockaddr *)&unix_address, sizeof unix_address);
    (void)umask(before);
    if (bound != 0 || listen(fd, UNIX_BACKLOG) != 0) {
        const int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int bus_address_listen(const struct bus_address *address, char *taken, size_t n_taken,
                       struct problem *problem)
{
    char where[ADDRESS_TEXT_MAX] = "";
    if (!address->is_unix) {
        const int fd = address_listen(&address->tcp, false, where, problem);
        (void)snprintf(taken, n_taken, "tcp %s", where);
        return fd;
    }
    (void)snprintf(taken, n_taken, "unix %s", address->path);
    const int fd = listen_unix(address);
    return fd >= 0 ? fd
                   : problem_set(problem, EXIT_NOT_ABLE, "can't listen on unix:%s: %s",
                                 address->path, strerror(errno));
}

void bus_address_forget(const struct bus_address *address)
{
    if (address->is_unix) {
        (void)unlink(address->path);
    }
}

int bus_address_call(const struct bus_address *address)
{
    const struct sockaddr_un unix_address = unix_of(address);
    const int family = address->is_unix ? AF_UNIX : address->tcp.socket.ss_family;
    const struct sockaddr *to = address->is_unix ? (const struct sockaddr *)&unix_address
                                                 : (const struct sockaddr *)&address->tcp.socket;
    const socklen_t length = address->is_unix ? sizeof unix_address : address->tcp.length;
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, to, length) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        const int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}
