/* metertool dlms listen: pushes of meters, as they come. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../proto/push/push_reader.h"
#include "../lib/dlms_guard.h"
#include "../lib/dlms_text.h"
#include "../lib/obis_text.h"
#include "cmd_dlms.h"
#include "commands.h"

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

/* ---- pairs of code and value, whatever stands around them ---- */

/** An octet-string that is an OBIS code, and not an element that merely has six octets. */
static bool is_code(const struct dlms_value *value)
{
    return value->type == DLMS_OCTETS && value->n_bytes == 6 && value->bytes[5] == 255 &&
           value->bytes[0] <= 9;
}

/**
 * Call take for each code that is followed by a simple value: meters push {code, value} pairs, bare
 * or in structures of their own, behind names and numbers that have no code.  @return how many.
 */
static unsigned each_pair(struct reader data,
                          void (*take)(void *context, const uint8_t obis[6],
                                       const struct dlms_value *value),
                          void *context)
{
    struct dlms_walker walker;
    struct dlms_value value;
    const uint8_t *code = NULL;
    unsigned n = 0;
    dlms_walker_init(&walker, data.at, reader_left(&data));
    while (dlms_data_next(&walker, &value) == DLMS_OK) {
        const bool simple = value.type != DLMS_ARRAY && value.type != DLMS_STRUCTURE;
        if (code != NULL && simple) {
            take(context, code, &value);
            n++;
            code = NULL;
        } else {
            code = is_code(&value) ? value.bytes : NULL;
        }
    }
    return n;
}

static void print_pair(void *context, const uint8_t obis[6], const struct dlms_value *value)
{
    char code[OBIS_TEXT_MAX], name[80], text[200];
    (void)context;
    obis_text(obis, code);
    object_name(obis, name, sizeof name);
    dlms_value_text(value, text, sizeof text);
    printf("  %-20s %-28s %s\n", code, name, text);
}

static void add_pair(void *context, const uint8_t obis[6], const struct dlms_value *value)
{
    char code[OBIS_TEXT_MAX], text[200];
    int64_t number = 0;
    int exponent = 0;
    obis_text(obis, code);
    dlms_value_text(value, text, sizeof text);
    const bool whole = dlms_value_number(value, &number, &exponent) && exponent == 0;
    json_object_set_new(context, code, whole ? json_integer(number) : json_string(text));
}

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
    json_t *values = json_object();
    if (each_pair(n->data, add_pair, values) > 0) {
        json_object_set_new(one, "values", values);
    } else {
        json_decref(values);
    }
    char alarms[1024];
    if (alarms_of_push(n->data, alarms, sizeof alarms)) {
        json_object_set_new(one, "alarms", json_string(alarms));
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
    if (alarms_of_push(n->data, text, sizeof text)) {
        printf("  %s\n", text[0] != '\0' ? text : "no alarm");
    }
    (void)each_pair(n->data, print_pair, NULL);
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
    apdu.n_bytes = push_mend(apdu.bytes, apdu.n_bytes);
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

/* ---- a line: HDLC, frames that nobody asked for (customer ports) ---- */

static enum tool_exit listen_on_line(struct listener *listener)
{
    struct tool *tool = listener->tool;
    struct dlms_link *link = &tool->dlms.link;
    const struct hdlc_client_memory memory = {link->frame,  sizeof link->frame,
                                              link->whole,  sizeof link->whole,
                                              link->notice, sizeof link->notice};
    const struct hdlc_client_settings settings =
        hdlc_client_defaults(1, (struct hdlc_address){1, 0, 1});
    const long wanted = tool->options.count;
    hdlc_client_init(&link->hdlc, &settings, &memory);
    fprintf(stderr, "metertool: waiting for pushes on %s\n", tool->line.url.path);
    while (wanted == 0 || listener->n_pushes < (unsigned long)wanted) {
        uint8_t bytes[64];
        struct writer nothing = writer_over(bytes, sizeof bytes);
        int64_t next_ms = 0;
        const int n = line_read(&tool->line, link->came, sizeof link->came, 1000);
        if (n < 0) {
            tool_complain("%s", tool->line.error);
            return EXIT_METER;
        }
        struct reader in = reader_over(link->came, (size_t)n);
        while (hdlc_client_receive(&link->hdlc, &in, line_now_ms()) == HDLC_NOTICE ||
               hdlc_client_step(&link->hdlc, line_now_ms(), &nothing, &next_ms) == HDLC_NOTICE) {
            struct dlms_wpdu push = {.source = link->hdlc.notice_from.upper,
                                     .apdu = link->notice + (link->hdlc.apdu - link->notice),
                                     .n_apdu = link->hdlc.n_apdu};
            take_push(listener, &push);
        }
    }
    return EXIT_GOOD;
}

/** The line of -m, with no association on it.  Complains itself. */
static enum tool_exit open_line(struct tool *tool)
{
    struct meter_url url;
    char error[400];
    if (tool->options.meter == NULL ||
        meter_url_parse(tool->options.meter, &url, error, sizeof error) != HOST_OK || !url.hdlc) {
        tool_complain("listen: expected a port, or -m dlms-hdlc:/dev/... or hdlc+tcp://HOST:PORT");
        return EXIT_USAGE;
    }
    if (line_open(&tool->line, &url, NULL) != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
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

/** TCP and UDP on that port. */
static enum tool_exit listen_on_port(struct listener *listener, const char *text)
{
    char *end = NULL;
    const unsigned long port = strtoul(text, &end, 10);
    if (*end != '\0' || port < 1 || port > 65535) {
        tool_complain("listen '%s': expected a port, 1 to 65535; 4059 is DLMS's own", text);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < METERS_MAX; i++) {
        listener->connections[i].fd = -1;
    }
    listener->tcp = open_socket(SOCK_STREAM, (uint16_t)port);
    listener->udp = open_socket(SOCK_DGRAM, (uint16_t)port);
    if (listener->tcp < 0 || listener->udp < 0) {
        tool_complain("port %lu cannot be opened: %s", port, strerror(errno));
        return EXIT_METER;
    }
    fprintf(stderr, "metertool: waiting for pushes on port %lu, TCP and UDP\n", port);
    loop(listener);
    return EXIT_GOOD;
}

enum tool_exit dlms_command_listen(struct tool *tool, int n_arguments, char **arguments)
{
    static struct listener listener;
    listener.tool = tool;
    enum tool_exit result = take_keys(&listener);
    if (result == EXIT_GOOD && n_arguments == 0) {
        result = open_line(tool);
        result = result == EXIT_GOOD ? listen_on_line(&listener) : result;
    } else if (result == EXIT_GOOD) {
        result = listen_on_port(&listener, arguments[0]);
    }
    if (listener.has_keys) {
        dlms_guard_end(&listener.protector);
    }
    key_file_wipe(&listener.keys);
    return result;
}
