/**
 * KMP register reads per second from a running meter over TCP: bench_kmp_load PORT [SECONDS].
 *
 * Several connections, each with a few requests of eight registers under way, as a gateway would
 * ask. Every answer is taken apart and must hold all eight.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/kmp/kmp_client.h"

#define CONNECTIONS 4u
#define IN_FLIGHT   4u
#define REGISTERS   8u

struct client {
    int fd;
    struct kmp_receiver receiver;
    unsigned long answers, bad;
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int connect_to(unsigned port)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror("bench_kmp_load: connect");
        exit(EXIT_FAILURE);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void ask(const struct client *client, const uint8_t *request, size_t length, unsigned times)
{
    uint8_t bytes[IN_FLIGHT * 64u];
    size_t n_bytes = 0;
    for (unsigned i = 0; i < times; i++) {
        memcpy(bytes + n_bytes, request, length);
        n_bytes += length;
    }
    if (write(client->fd, bytes, n_bytes) != (ssize_t)n_bytes) {
        perror("bench_kmp_load: write");
        exit(EXIT_FAILURE);
    }
}

/** Takes what came.  @return number of answers. */
static unsigned take(struct client *client)
{
    uint8_t bytes[8192];
    struct kmp_value values[REGISTERS];
    unsigned n_answers = 0;
    ssize_t n_bytes = read(client->fd, bytes, sizeof bytes);
    if (n_bytes <= 0) {
        (void)fprintf(stderr, "bench_kmp_load: the meter closed the connection\n");
        exit(EXIT_FAILURE);
    }
    for (ssize_t i = 0; i < n_bytes; i++) {
        int result = kmp_receiver_byte(&client->receiver, bytes[i]);
        if (result == 0) {
            continue;
        }
        n_answers++;
        if (result != 1 || kmp_client_values(client->receiver.body, client->receiver.length, values,
                                             REGISTERS) != (int)REGISTERS) {
            client->bad++;
        }
    }
    client->answers += n_answers;
    return n_answers;
}

static void run(struct client clients[CONNECTIONS], double seconds)
{
    static const uint16_t ids[REGISTERS] = {0x0001, 0x0003, 0x000D, 0x041E,
                                            0x041F, 0x0420, 0x0434, 0x03FF};
    uint8_t request[64];
    struct pollfd polled[CONNECTIONS];
    int length = kmp_client_get_registers(ids, REGISTERS, request, sizeof request);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        polled[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        ask(&clients[i], request, (size_t)length, IN_FLIGHT);
    }
    const double end_s = now_s() + seconds;
    while (now_s() < end_s) {
        if (poll(polled, CONNECTIONS, 1000) <= 0) {
            (void)fprintf(stderr, "bench_kmp_load: no answer for a second\n");
            exit(EXIT_FAILURE);
        }
        for (unsigned i = 0; i < CONNECTIONS; i++) {
            unsigned n_answers = polled[i].revents != 0 ? take(&clients[i]) : 0;
            if (n_answers > 0) {
                ask(&clients[i], request, (size_t)length, n_answers);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct client clients[CONNECTIONS] = {0};
    unsigned long answers = 0, bad = 0;
    unsigned port = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 3.0;
    if (port == 0 || port > UINT16_MAX || !(seconds > 0.0)) {
        (void)fprintf(stderr, "usage: bench_kmp_load PORT [SECONDS]\n");
        return 2;
    }
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        clients[i].fd = connect_to(port);
        kmp_receiver_init(&clients[i].receiver, KMP_FROM_METER);
    }
    const double start_s = now_s();
    run(clients, seconds);
    const double took_s = now_s() - start_s;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        answers += clients[i].answers;
        bad += clients[i].bad;
        (void)close(clients[i].fd);
    }
    printf("%.0f register reads/s (%u connections, %u in flight, %lu bad answers)\n",
           (double)(answers * REGISTERS) / took_s, CONNECTIONS, IN_FLIGHT, bad);
    return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
