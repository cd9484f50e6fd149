/*
 * Reads the clock and the list of objects of a DLMS meter over TCP: the client library alone, with
 * nothing of this project's meter.  Try it:
 *
 *   build/linux/meter382 --dlms tcp:127.0.0.1:4059 &
 *   build/linux/examples/dlms-client 127.0.0.1 4059
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/dlms/dlms_client.h"
#include "proto/dlms/dlms_rows.h"
#include "proto/dlms/dlms_time.h"
#include "proto/dlms/dlms_wrapper.h"

#define CLIENT_SAP 16
#define SERVER_SAP 1

/* The transport of this example: a blocking socket, APDUs in the wrapper. */
struct connection {
    int fd;
    struct dlms_wrapper_receiver receiver;
    uint8_t whole[4096];
};

static int send_apdu(void *context, const uint8_t *apdu, size_t n_apdu)
{
    struct connection *connection = context;
    uint8_t frame[4096];
    struct writer w = writer_over(frame, sizeof frame);
    if (dlms_wrapper_write(&w, CLIENT_SAP, SERVER_SAP, apdu, n_apdu) != DLMS_WRAPPER_OK) {
        return DLMS_CLIENT_ERR_LONG;
    }
    const ssize_t n = send(connection->fd, frame, writer_length(&w), MSG_NOSIGNAL);
    return n == (ssize_t)writer_length(&w) ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_LINE;
}

static int receive_apdu(void *context, uint8_t *apdu, size_t capacity)
{
    struct connection *connection = context;
    for (;;) {
        uint8_t byte; /* one by one: nothing that belongs to the next APDU is taken */
        struct dlms_wpdu wpdu;
        const ssize_t n = recv(connection->fd, &byte, 1, 0);
        if (n <= 0) {
            return n < 0 ? DLMS_CLIENT_ERR_SILENT : DLMS_CLIENT_ERR_LINE;
        }
        struct reader in = reader_over(&byte, 1);
        const int result = dlms_wrapper_take(&connection->receiver, &in, &wpdu);
        if (result < 0 || (result > 0 && wpdu.n_apdu > capacity)) {
            return result < 0 ? DLMS_CLIENT_ERR_MALFORMED : DLMS_CLIENT_ERR_SPACE;
        }
        if (result > 0) {
            memcpy(apdu, wpdu.apdu, wpdu.n_apdu);
            return (int)wpdu.n_apdu;
        }
    }
}

static int connect_to(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    const struct timeval timeout = {.tv_sec = 5};
    struct addrinfo *found = NULL;
    int fd = -1;
    if (getaddrinfo(host, port, &wanted, &found) != 0) {
        return -1;
    }
    for (struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return fd;
}

/* An element of the object list: {class, version, logical name, access rights}. */
static int print_object(void *context, uint32_t index, uint16_t result, struct reader data)
{
    uint16_t class_id = 0;
    uint8_t version = 0;
    (void)context;
    (void)result;
    if (dlms_read_structure(&data, 4) && dlms_read_u16(&data, &class_id) &&
        dlms_read_u8(&data, &version)) {
        const uint8_t *o = dlms_read_octets_of(&data, 6);
        if (o != NULL) {
            printf("%4u  class %3u  %u-%u:%u.%u.%u.%u\n", index + 1u, class_id, o[0], o[1], o[2],
                   o[3], o[4], o[5]);
        }
    }
    return 0;
}

static int read_objects(struct dlms_client *client)
{
    const struct dlms_descriptor list = {
        .class_id = 15, .obis = {0, 0, 40, 0, 0, 255}, .member = 2};
    struct dlms_rows rows;
    uint8_t row[1024]; /* for one element, however many there are */
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, row, sizeof row, print_object, NULL);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    return dlms_rows_end(&rows, dlms_client_get(client, &list, &sink));
}

/* Channel B of the clock is 0 as a rule; a 382M has 1. */
static int read_clock(struct dlms_client *client)
{
    struct dlms_descriptor clock = {.class_id = 8, .obis = {0, 0, 1, 0, 0, 255}, .member = 2};
    uint8_t data[32];
    struct dlms_time time;
    int n = dlms_client_get_into(client, &clock, data, sizeof data);
    if (n == DLMS_CLIENT_ERR_RESULT) {
        clock.obis[1] = 1;
        n = dlms_client_get_into(client, &clock, data, sizeof data);
    }
    struct reader r = reader_over(data, n > 0 ? (size_t)n : 0);
    if (n > 0 && dlms_read_time(&r, &time)) {
        printf("clock %04u-%02u-%02u %02u:%02u:%02u\n", time.year, time.month, time.day, time.hour,
               time.minute, time.second);
    }
    return n < 0 ? n : DLMS_CLIENT_OK;
}

int main(int argc, char **argv)
{
    static struct connection connection;
    static uint8_t out[2048], in[2048];
    struct dlms_client client;
    if (argc != 3) {
        fprintf(stderr, "usage: dlms-client HOST PORT\n");
        return 2;
    }
    connection.fd = connect_to(argv[1], argv[2]);
    if (connection.fd < 0) {
        fprintf(stderr, "dlms-client: cannot connect to %s:%s\n", argv[1], argv[2]);
        return 1;
    }
    dlms_wrapper_receiver_init(&connection.receiver, connection.whole, sizeof connection.whole);
    const struct dlms_client_settings settings = {
        .transport = {send_apdu, receive_apdu, &connection},
        .conformance = DLMS_CLIENT_CONFORMANCE,
        .out = out,
        .n_out = sizeof out,
        .in = in,
        .n_in = sizeof in,
    };
    dlms_client_init(&client, &settings);
    int err = dlms_client_associate(&client);
    if (err == DLMS_CLIENT_OK) {
        err = read_clock(&client);
        err = err == DLMS_CLIENT_OK ? read_objects(&client) : err;
        (void)dlms_client_release(&client);
    }
    close(connection.fd);
    if (err != DLMS_CLIENT_OK) {
        fprintf(stderr, "dlms-client: %s\n", dlms_client_err_name(err));
    }
    return err == DLMS_CLIENT_OK ? 0 : 1;
}
