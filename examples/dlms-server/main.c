/* A DLMS server with two objects: dlms-server [PORT].  Client 16, server 1, no password. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/dlms/dlms_class.h"
#include "proto/dlms/dlms_server.h"
#include "proto/dlms/dlms_wrapper.h"

#define MESSAGE_MAX 512u

/* --- The application: two objects and their values --- */

static const struct dlms_object objects[] = {
    {{0, 0, 42, 0, 0, 255}, DLMS_CLASS_DATA, 0, 0, 0},    /* logical device name */
    {{1, 0, 1, 8, 0, 255}, DLMS_CLASS_REGISTER, 0, 0, 1}, /* energy, import */
};
static const struct dlms_table table = {objects, sizeof objects / sizeof objects[0]};
static const struct dlms_association associations[] = {
    {.client_sap = 16,
     .server_sap = 1,
     .contexts = DLMS_ALLOW_LN,
     .conformance = DLMS_CAN_GET | DLMS_CAN_BLOCK_GET | DLMS_CAN_LIST,
     .max_pdu = MESSAGE_MAX},
};

static const struct dlms_object *find(void *context, const struct dlms_session *session,
                                      const uint8_t obis[6], uint16_t class_id, bool *other_class)
{
    (void)context, (void)session;
    return dlms_table_find(&table, obis, class_id, other_class);
}

static uint8_t rights(void *context, const struct dlms_session *session,
                      const struct dlms_object *object, enum dlms_member member, int8_t index)
{
    (void)context, (void)session, (void)object, (void)index;
    return member == DLMS_ATTRIBUTE ? DLMS_MODE_READ : DLMS_MODE_NONE;
}

static enum dlms_result get(void *context, const struct dlms_session *session, struct dlms_get *get,
                            struct writer *out)
{
    (void)context, (void)session;
    const struct dlms_register energy = {DLMS_UINT32, (int64_t)time(NULL) % 1000000, 0, 30};
    if (get->object->index == 1) {
        return dlms_class_register_get(&energy, get, out);
    }
    if (get->attribute == 1) {
        return dlms_class_name_get(get, out);
    }
    dlms_write_octets(out, "OPN0000000000001", 16);
    return DLMS_RESULT_SUCCESS;
}

static const struct dlms_model model = {.find = find, .access = rights, .get = get};

/* --- The line: one connection after the other --- */

static size_t request(void *context, uint16_t client, uint16_t server_sap, uint8_t *apdu,
                      size_t n_apdu, uint8_t *answer, size_t capacity)
{
    struct dlms_server *server = context;
    if (client != server->session.client_sap || server_sap != server->session.server_sap) {
        dlms_server_connect(server, client, server_sap);
    }
    return dlms_server_apdu(server, apdu, n_apdu, answer, capacity);
}

static void serve(int line, struct dlms_server *server)
{
    uint8_t received[MESSAGE_MAX + DLMS_WRAPPER_HEADER], in[512], out[2 * sizeof received];
    const struct dlms_wrapper_upper upper = {.context = server, .request = request};
    struct dlms_wrapper_server connection;
    dlms_wrapper_server_init(&connection, received, sizeof received, MESSAGE_MAX);
    ssize_t n_in;
    while ((n_in = read(line, in, sizeof in)) > 0) {
        struct reader r = reader_over(in, (size_t)n_in);
        while (reader_left(&r) > 0) {
            struct writer w = writer_over(out, sizeof out);
            if (dlms_wrapper_serve(&connection, &upper, &r, &w) != DLMS_WRAPPER_OK ||
                write(line, out, writer_length(&w)) != (ssize_t)writer_length(&w)) {
                return;
            }
        }
    }
}

int main(int argc, char **argv)
{
    uint8_t kept[256];
    struct dlms_server server;
    const struct dlms_server_config config = {.model = &model,
                                              .associations = associations,
                                              .n_associations = 1,
                                              .kept = kept,
                                              .kept_capacity = sizeof kept};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n_address = sizeof address;
    long port = argc > 1 ? strtol(argv[1], NULL, 10) : (long)DLMS_WRAPPER_PORT;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (port < 0 || port > 65535 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &n_address) != 0) {
        perror("dlms-server: cannot listen");
        return 1;
    }
    printf("dlms tcp 127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);
    dlms_server_init(&server, &config);
    for (;;) {
        int line = accept(listener, NULL, NULL);
        if (line >= 0) {
            serve(line, &server);
            dlms_server_disconnect(&server);
            close(line);
        }
    }
}
