/**
 * How smoothly the front panel of a running meter is served: bench_panel PORT [SECONDS].
 *
 * Listens to the event stream as the page does and counts its frames, and meanwhile asks for the
 * state again and again on connections of their own, as a second page would when it opens.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ASK_EVERY_S 0.1
#define WARM_UP_S   0.5 /* the first frames, and a meter that has just been started */

struct stream {
    int fd;
    unsigned matched; /* bytes of the mark that ends an event */
    unsigned long frames, bytes;
    double last_s, gap_s;
};

struct question {
    int fd; /* -1: none is open */
    double asked_s, next_s, longest_s;
    unsigned long answers;
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_panel: %s\n", what);
    exit(EXIT_FAILURE);
}

static int get(unsigned port, const char *path)
{
    char request[128];
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int n =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n\r\n", path, port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        fail("cannot connect to the panel");
    }
    if (write(fd, request, (size_t)n) != n) {
        fail("cannot write to the panel");
    }
    return fd;
}

/* An event ends with an empty line. */
static void stream_take(struct stream *stream, double start_s)
{
    static char bytes[65536];
    const ssize_t n = read(stream->fd, bytes, sizeof bytes);
    const double at_s = now_s();
    if (n <= 0) {
        fail("the meter closed the event stream");
    }
    for (ssize_t i = 0; i < n; i++) {
        stream->matched = bytes[i] == '\n' ? stream->matched + 1u : 0u;
        if (stream->matched != 2u) {
            continue;
        }
        stream->matched = 0;
        if (at_s >= start_s) {
            const double gap_s = at_s - (stream->frames > 0 ? stream->last_s : start_s);
            stream->gap_s = gap_s > stream->gap_s ? gap_s : stream->gap_s;
            stream->frames++;
        }
        stream->last_s = at_s;
    }
    stream->bytes += at_s >= start_s ? (unsigned long)n : 0u;
}

static void question_take(struct question *question, double start_s)
{
    static char bytes[65536];
    const ssize_t n = read(question->fd, bytes, sizeof bytes);
    if (n > 0) {
        return;
    }
    const double took_s = now_s() - question->asked_s;
    (void)close(question->fd);
    question->fd = -1;
    if (n < 0) {
        fail("no answer to /api/state");
    }
    if (question->asked_s >= start_s) {
        question->answers++;
        question->longest_s = took_s > question->longest_s ? took_s : question->longest_s;
    }
}

int main(int argc, char **argv)
{
    const unsigned port = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    const double seconds = argc > 2 ? strtod(argv[2], NULL) : 5.0;
    if (port == 0 || port > UINT16_MAX || !(seconds > 0.0)) {
        (void)fprintf(stderr, "usage: bench_panel PORT [SECONDS]\n");
        return 2;
    }
    const double start_s = now_s() + WARM_UP_S, end_s = start_s + seconds;
    struct stream stream = {.fd = get(port, "/events")};
    struct question question = {.fd = -1, .next_s = start_s};
    while (now_s() < end_s) {
        struct pollfd polled[2] = {{.fd = stream.fd, .events = POLLIN},
                                   {.fd = question.fd, .events = POLLIN}};
        if (poll(polled, 2, 10) < 0) {
            fail("cannot wait");
        }
        if (polled[0].revents != 0) {
            stream_take(&stream, start_s);
        }
        if (question.fd >= 0 && polled[1].revents != 0) {
            question_take(&question, start_s);
        }
        if (question.fd < 0 && now_s() >= question.next_s) {
            question.asked_s = now_s();
            question.next_s = question.asked_s + ASK_EVERY_S;
            question.fd = get(port, "/api/state");
        }
    }
    const double silent_s = end_s - (stream.frames > 0 ? stream.last_s : start_s);
    stream.gap_s = silent_s > stream.gap_s ? silent_s : stream.gap_s;
    printf("%.0f frames/s, longest gap %.0f ms; state asked %lu times, longest answer %.0f ms\n",
           (double)stream.frames / seconds, 1e3 * stream.gap_s, question.answers,
           1e3 * question.longest_s);
    return stream.frames > 0 && question.answers > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
