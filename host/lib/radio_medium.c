#include "radio_medium.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define FORMAT      1u
#define SOCKET_NAME "listener-"

static const uint8_t mark[3] = {'A', 'I', 'R'};

/* ---- bursts ---- */

size_t radio_burst_encode(const struct radio_burst *burst, uint8_t datagram[RADIO_BURST_MAX])
{
    struct writer w = writer_over(datagram, RADIO_BURST_MAX);
    writer_bytes(&w, mark, sizeof mark);
    writer_u8(&w, FORMAT);
    writer_uint_be(&w, burst->sender, 8);
    writer_uint_be(&w, (uint64_t)burst->begin_us, 8);
    writer_u8(&w, (uint8_t)burst->power_dbm);
    writer_u8(&w, burst->mode);
    writer_uint_be(&w, burst->n_chips, 2);
    writer_bytes(&w, burst->chips, (burst->n_chips + 7u) / 8u);
    return writer_length(&w);
}

bool radio_burst_decode(const uint8_t *datagram, size_t n_octets, struct radio_burst *burst)
{
    struct reader r = reader_over(datagram, n_octets);
    const uint8_t *begin = reader_bytes(&r, sizeof mark);
    if (begin == NULL || memcmp(begin, mark, sizeof mark) != 0 || reader_u8(&r) != FORMAT) {
        return false;
    }
    const uint64_t sender = reader_uint_be(&r, 8);
    const int64_t begin_us = (int64_t)reader_uint_be(&r, 8);
    const int8_t power_dbm = (int8_t)reader_u8(&r);
    const uint8_t mode = reader_u8(&r);
    const uint16_t n_chips = (uint16_t)reader_uint_be(&r, 2);
    const size_t n_chip_octets = (n_chips + 7u) / 8u;
    const uint8_t *chips = reader_bytes(&r, n_chip_octets);
    if (r.failed || reader_left(&r) != 0 || mode > WMBUS_C1 || n_chips == 0 ||
        n_chip_octets > sizeof burst->chips || begin_us < 0 || begin_us > INT64_MAX / 2) {
        return false;
    }
    *burst = (struct radio_burst){.sender = sender,
                                  .begin_us = begin_us,
                                  .power_dbm = power_dbm,
                                  .mode = mode,
                                  .n_chips = n_chips};
    memcpy(burst->chips, chips, n_chip_octets);
    return true;
}

int64_t radio_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- addresses ---- */

static enum host_err refuse(char error[RADIO_MEDIUM_ERROR_MAX], const char *text)
{
    (void)snprintf(error, RADIO_MEDIUM_ERROR_MAX,
                   "radio medium '%.100s': expected udp:GROUP:PORT with a multicast group, e.g. "
                   "udp:239.3.8.2:3820, or unix:FOLDER",
                   text);
    return HOST_ERR_URL;
}

static bool parse_group(const char *text, struct sockaddr_in *out)
{
    char host[32], *end;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof host || colon[1] < '0' ||
        colon[1] > '9') {
        return false;
    }
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    const unsigned long port = strtoul(colon + 1, &end, 10);
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return *end == '\0' && port > 0 && port <= UINT16_MAX &&
           inet_pton(AF_INET, host, &out->sin_addr) == 1 &&
           IN_MULTICAST(ntohl(out->sin_addr.s_addr));
}

enum host_err radio_address_parse(const char *text, struct radio_address *address,
                                  char error[RADIO_MEDIUM_ERROR_MAX])
{
    *address = (struct radio_address){.is_folder = strncmp(text, "unix:", 5) == 0};
    if (address->is_folder) {
        const size_t n = strlen(text + 5);
        if (n == 0 || n >= sizeof address->folder) {
            return refuse(error, text);
        }
        memcpy(address->folder, text + 5, n);
        return HOST_OK;
    }
    return strncmp(text, "udp:", 4) == 0 && parse_group(text + 4, &address->group)
               ? HOST_OK
               : refuse(error, text);
}

/* ---- sockets ---- */

static int join_group(int fd, const struct sockaddr_in *group)
{
    const int on = 1;
    const struct ip_mreqn member = {.imr_multiaddr = group->sin_addr,
                                    .imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)group, sizeof *group) != 0) {
        return -1;
    }
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member);
}

/* Bursts go no further than this computer. */
static int send_to_loopback(int fd)
{
    const struct ip_mreqn loopback = {.imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    const int hops = 0, loop = 1;
    if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops) != 0) {
        return -1;
    }
    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof loop);
}

static int bind_own(struct radio_medium *medium)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)mkdir(medium->address.folder, 0700);
    const int n = snprintf(name.sun_path, sizeof name.sun_path, "%s/" SOCKET_NAME "%ld-%d",
                           medium->address.folder, (long)getpid(), medium->fd);
    if (n < 0 || (size_t)n >= sizeof name.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    (void)unlink(name.sun_path); /* of a process that died with our number */
    if (bind(medium->fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        return -1;
    }
    memcpy(medium->own, name.sun_path, sizeof medium->own);
    return 0;
}

static int prepare(struct radio_medium *medium, bool listens)
{
    const struct radio_address *address = &medium->address;
    if (address->is_folder) {
        return listens ? bind_own(medium) : 0;
    }
    return listens ? join_group(medium->fd, &address->group) : send_to_loopback(medium->fd);
}

enum host_err radio_medium_open(struct radio_medium *medium, const struct radio_address *address,
                                bool listens, char error[RADIO_MEDIUM_ERROR_MAX])
{
    *medium = (struct radio_medium){.address = *address};
    medium->fd = socket(address->is_folder ? AF_UNIX : AF_INET,
                        SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (medium->fd < 0 || prepare(medium, listens) != 0) {
        (void)snprintf(error, RADIO_MEDIUM_ERROR_MAX, "radio medium %s: %s",
                       address->is_folder ? address->folder : "udp", strerror(errno));
        radio_medium_close(medium);
        return HOST_ERR_OPEN;
    }
    return HOST_OK;
}

void radio_medium_close(struct radio_medium *medium)
{
    if (medium->own[0] != '\0') {
        (void)unlink(medium->own);
    }
    if (medium->fd >= 0) {
        (void)close(medium->fd);
    }
    medium->fd = -1;
}

/* To each socket in the folder; one that nobody reads any more is removed. */
static void send_to_folder(const struct radio_medium *medium, const uint8_t *datagram, size_t n)
{
    DIR *folder = opendir(medium->address.folder);
    if (folder == NULL) {
        return; /* nobody has listened yet */
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        if (strncmp(entry->d_name, SOCKET_NAME, strlen(SOCKET_NAME)) != 0 ||
            strlen(medium->address.folder) + strlen(entry->d_name) + 2u > sizeof name.sun_path) {
            continue;
        }
        (void)strcpy(name.sun_path, medium->address.folder);
        (void)strcat(name.sun_path, "/");
        (void)strcat(name.sun_path, entry->d_name);
        if (sendto(medium->fd, datagram, n, MSG_NOSIGNAL, (const struct sockaddr *)&name,
                   sizeof name) < 0 &&
            errno == ECONNREFUSED) {
            (void)unlink(name.sun_path);
        }
    }
    (void)closedir(folder);
}

void radio_medium_send(struct radio_medium *medium, const struct radio_burst *burst)
{
    uint8_t datagram[RADIO_BURST_MAX];
    const size_t n = radio_burst_encode(burst, datagram);
    if (medium->address.is_folder) {
        send_to_folder(medium, datagram, n);
    } else {
        (void)sendto(medium->fd, datagram, n, MSG_NOSIGNAL,
                     (const struct sockaddr *)&medium->address.group, sizeof medium->address.group);
    }
}

bool radio_medium_hear(struct radio_medium *medium, struct radio_burst *burst)
{
    uint8_t datagram[RADIO_BURST_MAX + 1u];
    for (;;) {
        const ssize_t n = recv(medium->fd, datagram, sizeof datagram, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        if (radio_burst_decode(datagram, (size_t)n, burst)) {
            return true;
        }
    }
}
