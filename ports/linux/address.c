#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_BACKLOG 64

/* Cut "host:port" in two; brackets around an IPv6 host. */
static int address_split(const char *text, char *host, size_t capacity, const char **port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL) {
        return -1;
    }
    const char *begin = text;
    const char *end = colon;
    if (*begin == '[' && end > begin && end[-1] == ']') {
        begin++;
        end--;
    } else if (memchr(begin, ':', (size_t)(end - begin)) != NULL) {
        return -1;
    }
    if (end <= begin || (size_t)(end - begin) >= capacity) {
        return -1;
    }
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *port = colon + 1;
    return 0;
}

static bool port_is_number(const char *port)
{
    char *end;
    const long number = strtol(port, &end, 10);
    return *port >= '0' && *port <= '9' && *end == '\0' && number <= UINT16_MAX;
}

int address_parse(const char *text, struct address *out, const char **why)
{
    char host[256];
    const char *port;
    if (address_split(text, host, sizeof host, &port) != 0) {
        *why = "expected HOST:PORT";
        return -1;
    }
    if (!port_is_number(port)) {
        *why = "expected a port from 0 to 65535";
        return -1;
    }
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0 || found == NULL) {
        *why = "unknown host";
        return -1;
    }
    memcpy(&out->socket, found->ai_addr, found->ai_addrlen);
    out->length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

bool address_is_loopback(const struct address *address)
{
    if (address->socket.ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, &address->socket, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->socket.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &address->socket, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
    }
    return false;
}

static void address_text(const struct sockaddr *socket, socklen_t length, char *out)
{
    char host[NI_MAXHOST] = "?";
    char port[NI_MAXSERV] = "?";
    (void)getnameinfo(socket, length, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV);
    const bool v6 = socket->sa_family == AF_INET6;
    (void)snprintf(out, ADDRESS_TEXT_MAX, v6 ? "[%.48s]:%.6s" : "%.48s:%.6s", host, port);
}

static void address_any_port(struct address *address)
{
    if (address->socket.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &address->socket, sizeof v6);
        v6.sin6_port = 0;
        memcpy(&address->socket, &v6, sizeof v6);
    } else {
        struct sockaddr_in v4;
        memcpy(&v4, &address->socket, sizeof v4);
        v4.sin_port = 0;
        memcpy(&address->socket, &v4, sizeof v4);
    }
}

/* @return the socket, or -errno. */
static int listen_at(const struct address *address)
{
    const int on = 1;
    const int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address->socket, address->length) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0) {
        const int error = errno;
        (void)close(fd);
        return -error;
    }
    return fd;
}

/* Where the socket came to stand. */
static void text_of_socket(int fd, char *taken)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    (void)getsockname(fd, (struct sockaddr *)&bound, &length);
    address_text((const struct sockaddr *)&bound, length, taken);
}

int address_datagrams(const struct address *address, char *taken, struct problem *problem)
{
    const int fd = socket(address->socket.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address->socket, address->length) != 0) {
        const int error = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        address_text((const struct sockaddr *)&address->socket, address->length, taken);
        return problem_set(problem, EXIT_NOT_ABLE, "can't listen on %s: %s", taken,
                           strerror(error));
    }
    text_of_socket(fd, taken);
    return fd;
}

int address_listen(const struct address *address, bool any_if_busy, char *taken,
                   struct problem *problem)
{
    struct address wanted = *address;
    int fd = listen_at(&wanted);
    if (fd == -EADDRINUSE && any_if_busy) {
        address_any_port(&wanted);
        fd = listen_at(&wanted);
    }
    if (fd < 0) {
        address_text((const struct sockaddr *)&address->socket, address->length, taken);
        return problem_set(problem, EXIT_NOT_ABLE, "can't listen on %s: %s", taken, strerror(-fd));
    }
    text_of_socket(fd, taken);
    return fd;
}
