/* metertool dlms listen: pushes of meters, as they come. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../lib/dlms_guard.h"
#include "../lib/dlms_text.h"
#include "../lib/obis_text.h"
#include "cmd_dlms.h"

#define METERS_MAX 32u    /* connections at a time */
#define SILENT_MS  120000 /* after so long without a whole push a connection is closed */
#define BUFFER_MAX (16384u + DLMS_WRAPPER_HEADER)

struct connection {
    int fd;
    int64_t since_ms;
    struct dlms_wrapper_receiver receiver;
    uint8_t buffer[BUFFER_MAX];
};

/* One that listens: large, and there is one. */
struct listener {
    struct tool *tool;
    int tcp, udp;
    bool has_keys;
    struct key_file keys;
    struct dlms_protector protector;
    struct connection connections[METERS_MAX];
    uint8_t datagram[65536];
    unsigned long n_pushes;
};

/* ---- a push ---- */

static void now_text(char text[32])
{
    const time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(text, 32, "%Y-%m-%d %H:%M:%S", &local);
}

static void print_json(const struct dlms_notification *n, const char *now, unsigned client,
                       unsigned server)
{
    json_t *one =
        json_pack("{s:s, s:i, s:i, s:s}", "received", now, "client", (int)client, "server",
                  (int)server, "kind", n->tag == DLMS_TAG_DATA_NOTIFICATION ? "data" : "event");
    if (n->tag == DLMS_TAG_EVENT_NOTIFICATION) {
        char code[OBIS_TEXT_MAX];
        obis_text(n->attribute.obis, code);
        json_object_set_new(one, "obis", json_string(code));
    }
    if (n->time.n_bytes == DLMS_TIME_OCTETS) {
        struct dlms_time time;
        char text[48];
        if (dlms_time_from_octets(n->time.bytes, &time)) {
            dlms_time_text(&time, text, sizeof text);
            json_object_set_new(one, "time", json_string(text));
        }
    }
    json_object_set_new(one, "data", dlms_data_json(n->data));
    json_dumpf(one, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(one);
}

static void print_text(const struct dlms_notification *n, const char *now, unsigned server)
{
    static char text[16384];
    char code[OBIS_TEXT_MAX] = "";
    if (n->tag == DLMS_TAG_EVENT_NOTIFICATION) {
        obis_text(n->attribute.obis, code);
    }
    (void)dlms_data_text(n->data, text, sizeof text);
    printf("%s  %u  %s%s%s\n", now, server, code, code[0] != '\0' ? " " : "", text);
}

static void take_push(struct listener *listener, const struct dlms_wpdu *wpdu)
{
    struct dlms_bytes apdu = {wpdu->apdu, wpdu->n_apdu};
    struct dlms_notification n;
    char now[32];
    const uint8_t tag = apdu.n_bytes > 0 ? apdu.bytes[0] : 0;
    const bool ciphered = tag >= DLMS_TAG_GENERAL_GLO && tag <= DLMS_TAG_GENERAL_CIPHERING;
    if (ciphered && (!listener->has_keys || !dlms_guard_open(&listener->protector, &apdu))) {
        tool_complain("a push of server %u cannot be deciphered: %s", wpdu->source,
                      listener->has_keys ? "check the keys and suite="
                                         : "expected its keys in --keys FILE or OPEN382_KEYS");
        return;
    }
    if (dlms_notification_read(apdu.bytes, apdu.n_bytes, &n) != DLMS_OK) {
        tool_complain("a push of server %u is malformed (its first octet is %02X)", wpdu->source,
                      tag);
        return;
    }
    now_text(now);
    listener->n_pushes++;
    if (listener->tool->options.format == FORMAT_JSON) {
        print_json(&n, now, wpdu->destination, wpdu->source);
    } else {
        print_text(&n, now, wpdu->source);
    }
    fflush(stdout);
}

/* ---- connections ---- */

static void drop(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}

static void accept_one(struct listener *listener)
{
    const int fd = accept4(listener->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *oldest = &listener->connections[0];
    for (size_t i = 0; i < METERS_MAX; i++) {
        struct connection *c = &listener->connections[i];
        if (c->fd < 0) {
            oldest = c;
            break;
        }
        oldest = c->since_ms < oldest->since_ms ? c : oldest;
    }
    if (fd < 0) {
        return;
    }
    if (oldest->fd >= 0) {
        drop(oldest); /* the one that has been silent longest */
    }
    oldest->fd = fd;
    oldest->since_ms = line_now_ms();
    dlms_wrapper_receiver_init(&oldest->receiver, oldest->buffer, sizeof oldest->buffer);
}

static void serve(struct listener *listener, struct connection *connection)
{
    uint8_t bytes[4096];
    const ssize_t n = recv(connection->fd, bytes, sizeof bytes, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        drop(connection);
        return;
    }
    struct reader in = reader_over(bytes, n > 0 ? (size_t)n : 0);
    while (reader_left(&in) > 0) {
        struct dlms_wpdu wpdu;
        const int result = dlms_wrapper_take(&connection->receiver, &in, &wpdu);
        if (result < 0) {
            tool_complain("a connection sent no DLMS wrapper; it is closed");
            drop(connection);
            return;
        }
        if (result > 0) {
            connection->since_ms = line_now_ms();
            take_push(listener, &wpdu);
        }
    }
}

static void serve_datagram(struct listener *listener)
{
    struct dlms_wpdu wpdu;
    const ssize_t n = recv(listener->udp, listener->datagram, sizeof listener->datagram, 0);
    if (n > 0 && dlms_wrapper_datagram(listener->datagram, (size_t)n, &wpdu) == 1) {
        take_push(listener, &wpdu);
    }
}

static int open_socket(int kind, uint16_t port)
{
    const int off = 0, on = 1;
    const int fd = socket(AF_INET6, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT};
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        (kind == SOCK_STREAM && listen(fd, METERS_MAX) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void loop(struct listener *listener)
{
    const long wanted = listener->tool->options.count;
    while (wanted == 0 || listener->n_pushes < (unsigned long)wanted) {
        struct pollfd waits[METERS_MAX + 2] = {{listener->tcp, POLLIN, 0},
                                               {listener->udp, POLLIN, 0}};
        for (size_t i = 0; i < METERS_MAX; i++) {
            waits[2 + i] = (struct pollfd){listener->connections[i].fd, POLLIN, 0};
        }
        if (poll(waits, METERS_MAX + 2, 1000) < 0 && errno != EINTR) {
            return;
        }
        if (waits[0].revents != 0) {
            accept_one(listener);
        }
        if (waits[1].revents != 0) {
            serve_datagram(listener);
        }
        for (size_t i = 0; i < METERS_MAX; i++) {
            struct connection *c = &listener->connections[i];
            if (c->fd >= 0 && c->fd == waits[2 + i].fd && waits[2 + i].revents != 0) {
                serve(listener, c);
            } else if (c->fd >= 0 && line_now_ms() - c->since_ms > SILENT_MS) {
                drop(c);
            }
        }
    }
}

static enum tool_exit take_keys(struct listener *listener)
{
    char error[KEY_FILE_ERROR_MAX];
    struct key_file *keys = &listener->keys;
    if (key_file_read(keys, listener->tool->options.keys, error) != HOST_OK) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    listener->has_keys = keys->has[DLMS_KEY_UNICAST] || keys->has[DLMS_KEY_BROADCAST];
    if (listener->has_keys &&
        dlms_guard_listen(&listener->protector, keys->suite, keys) != HOST_OK) {
        tool_complain("%s", listener->protector.error);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

enum tool_exit dlms_command_listen(struct tool *tool, int n_arguments, char **arguments)
{
    static struct listener listener;
    char *end = NULL;
    const unsigned long port = strtoul(arguments[0], &end, 10);
    (void)n_arguments;
    if (*end != '\0' || port < 1 || port > 65535) {
        tool_complain("listen '%s': expected a port, 1 to 65535; 4059 is DLMS's own", arguments[0]);
        return EXIT_USAGE;
    }
    listener.tool = tool;
    for (size_t i = 0; i < METERS_MAX; i++) {
        listener.connections[i].fd = -1;
    }
    const enum tool_exit result = take_keys(&listener);
    if (result != EXIT_GOOD) {
        return result;
    }
    listener.tcp = open_socket(SOCK_STREAM, (uint16_t)port);
    listener.udp = open_socket(SOCK_DGRAM, (uint16_t)port);
    if (listener.tcp < 0 || listener.udp < 0) {
        tool_complain("port %lu cannot be opened: %s", port, strerror(errno));
        return EXIT_METER;
    }
    fprintf(stderr, "metertool: waiting for pushes on port %lu, TCP and UDP\n", port);
    loop(&listener);
    if (listener.has_keys) {
        dlms_guard_end(&listener.protector);
    }
    key_file_wipe(&listener.keys);
    return EXIT_GOOD;
}
