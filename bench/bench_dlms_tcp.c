/* DLMS over TCP on this machine with the client of metertool: rows of a profile and associations a
 * second, with and without ciphers.
 *
 *   bench_dlms_tcp         the server in a process of its own, both on one processor for
 * associations bench_dlms_tcp PORT    a running meter that has the keys 00 01 .. 0F and D0 D1 .. DF
 * (bench/run): its whole load profile
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/lib/dlms_guard.h"
#include "host/lib/dlms_link.h"
#include "ports/crypto/openssl/crypto_openssl.h"
#include "proto/dlms/dlms_class.h"
#include "proto/dlms/dlms_rows.h"
#include "proto/dlms/dlms_sentry.h"
#include "proto/dlms/dlms_server.h"
#include "proto/dlms/dlms_time.h"

#define ROWS         1000000u
#define ASSOCIATIONS 10000u
#define MESSAGE_MAX  8192u
#define SECONDS      2.0 /* with a meter */
#define CLIENT_PLAIN 17u
#define CLIENT_GMAC  1u
#define METER_PLAIN  18u

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- the server ---- */

static const struct dlms_object objects[] = {{{1, 0, 99, 1, 0, 255}, 7, 1, 0, 0}};
static const struct dlms_table table = {objects, 1};
static const struct dlms_association associations[] = {
    {CLIENT_PLAIN, 1, DLMS_MECHANISM_LLS, DLMS_ALLOW_LN, 0, 1, DLMS_CAN_GET | DLMS_CAN_BLOCK_GET,
     MESSAGE_MAX},
    {CLIENT_GMAC, 1, DLMS_MECHANISM_HLS_GMAC, DLMS_ALLOW_LN_CIPHERED,
     DLMS_MODE_REQUEST_AUTHENTICATED | DLMS_MODE_REQUEST_ENCRYPTED, 1,
     DLMS_CAN_GET | DLMS_CAN_BLOCK_GET | DLMS_CAN_ACTION, MESSAGE_MAX},
};

static const struct dlms_object *find(void *context, const struct dlms_session *session,
                                      const uint8_t obis[6], uint16_t class_id, bool *other_class)
{
    (void)context;
    (void)session;
    return dlms_table_find(&table, obis, class_id, other_class);
}

static uint8_t access_of(void *context, const struct dlms_session *session,
                         const struct dlms_object *object, enum dlms_member member, int8_t index)
{
    (void)context;
    (void)session;
    (void)object;
    (void)index;
    return member == DLMS_ATTRIBUTE ? DLMS_MODE_READ : DLMS_MODE_NONE;
}

static enum dlms_result profile(void *context, const struct dlms_session *session,
                                struct dlms_get *get, struct writer *out)
{
    (void)context;
    (void)session;
    const uint32_t row = get->cursor[0]++;
    if (row == 0) {
        dlms_write_array(out, ROWS);
        return DLMS_RESULT_MORE;
    }
    const struct dlms_time time = {2026,
                                   11,
                                   20,
                                   5,
                                   (uint8_t)(row / 3600 % 24),
                                   (uint8_t)(row / 60 % 60),
                                   (uint8_t)(row % 60),
                                   0,
                                   DLMS_DEVIATION_NONE,
                                   0};
    dlms_write_structure(out, 2);
    dlms_write_time(out, &time);
    dlms_write_u32(out, row);
    return row < ROWS ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static bool password(void *context, const struct dlms_session *session, const uint8_t *bytes,
                     size_t n_bytes)
{
    (void)context;
    (void)session;
    return dlms_same(bytes, n_bytes, (const uint8_t *)"12345", 5);
}

/* Those of bench/run for a meter. */
static struct key_file meter_keys(void)
{
    struct key_file keys = {.n_key = 16};
    for (uint8_t i = 0; i < 16u; i++) {
        keys.key[DLMS_KEY_UNICAST][i] = i;
        keys.key[DLMS_KEY_AUTHENTICATION][i] = (uint8_t)(0xD0u + i);
    }
    keys.has[DLMS_KEY_UNICAST] = true;
    keys.has[DLMS_KEY_AUTHENTICATION] = true;
    return keys;
}

static struct key_file bench_keys(void)
{
    struct key_file keys = {.n_key = 16};
    for (int id = 0; id < DLMS_KEY_IDS; id++) {
        keys.has[id] = true;
        memset(keys.key[id], 0x20 + id, 16);
    }
    return keys;
}

/* What stands behind a connection; one at a time, for ever. */
struct serving {
    struct crypto_port crypto;
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer;
    struct dlms_sentry_source source;
    struct dlms_sentry sentry;
    struct dlms_guard hooks;
    struct dlms_model model;
    struct dlms_server server;
    uint16_t client;
    uint8_t kept[512], bytes[MESSAGE_MAX + DLMS_WRAPPER_HEADER],
        out[4 * (MESSAGE_MAX + DLMS_WRAPPER_HEADER)];
};

static size_t request(void *context, uint16_t client, uint16_t server, uint8_t *apdu, size_t n_apdu,
                      uint8_t *answer, size_t capacity)
{
    struct serving *s = context;
    if (client != s->client) {
        s->client = client;
        dlms_server_connect(&s->server, client, server);
    }
    return dlms_server_apdu(&s->server, apdu, n_apdu, answer, capacity);
}

static void serve_connection(struct serving *s, int fd)
{
    const struct dlms_wrapper_upper upper = {s, request, NULL};
    struct dlms_wrapper_server connection;
    uint8_t in[16384];
    ssize_t n;
    s->client = 0;
    dlms_wrapper_server_init(&connection, s->bytes, sizeof s->bytes, MESSAGE_MAX);
    while ((n = recv(fd, in, sizeof in, 0)) > 0) {
        struct reader r = reader_over(in, (size_t)n);
        while (reader_left(&r) > 0) {
            struct writer out = writer_over(s->out, sizeof s->out);
            if (dlms_wrapper_serve(&connection, &upper, &r, &out) != DLMS_WRAPPER_OK ||
                send(fd, s->out, writer_length(&out), MSG_NOSIGNAL) < 0) {
                return;
            }
        }
    }
}

static void serve(int listening)
{
    static struct serving s;
    const struct key_file keys = bench_keys();
    if (crypto_openssl(&s.crypto) != 0 || dlms_keys_init(&s.keys, &s.crypto, 0) != 0) {
        _exit(1);
    }
    for (int id = 0; id < DLMS_KEY_IDS; id++) {
        dlms_keys_set(&s.keys, (enum dlms_key_id)id, keys.key[id], 16);
    }
    dlms_own_counter_begin(&s.own, 1);
    dlms_sentry_init(&s.sentry, &s.source, &s.keys, &s.own, &s.peer, NULL,
                     (const uint8_t *)"METER001");
    dlms_sentry_hooks(&s.sentry, &s.hooks);
    s.model = (struct dlms_model){
        .find = find, .access = access_of, .get = profile, .password = password};
    const struct dlms_server_config config = {.model = &s.model,
                                              .guard = &s.hooks,
                                              .associations = associations,
                                              .n_associations = 2,
                                              .kept = s.kept,
                                              .kept_capacity = sizeof s.kept};
    dlms_server_init(&s.server, &config);
    for (;;) {
        const int fd = accept(listening, NULL, NULL);
        if (fd >= 0) {
            serve_connection(&s, fd);
            close(fd);
        }
    }
}

/* ---- the client ---- */

static int take_row(void *context, uint32_t index, uint16_t result, struct reader data)
{
    uint64_t *sum = context;
    struct dlms_time time;
    uint32_t value = 0;
    (void)index;
    (void)result;
    if (!dlms_read_structure(&data, 2) || !dlms_read_time(&data, &time) ||
        !dlms_read_u32(&data, &value)) {
        return 1;
    }
    *sum += value;
    return 0;
}

struct client_side {
    struct line line;
    struct dlms_link link;
    struct dlms_protector protector;
    struct dlms_client client;
    uint8_t out[MESSAGE_MAX], in[MESSAGE_MAX + 64], row[256];
};

static struct client_side side;

static bool begin(uint16_t port, uint16_t client, const struct key_file *keys)
{
    char text[120], error[400];
    struct meter_url url;
    const bool gmac = client == CLIENT_GMAC;
    snprintf(text, sizeof text, "dlms://127.0.0.1:%u?client=%u&auth=%s&title=4F33383200000001&ic=1",
             port, client, gmac ? "gmac" : "lls");
    if (meter_url_parse(text, &url, error, sizeof error) != HOST_OK) {
        return false;
    }
    url.dlms.protect = gmac ? DLMS_PROTECT_BOTH : DLMS_PROTECT_NONE;
    if (line_open(&side.line, &url, NULL) != HOST_OK ||
        dlms_link_open(&side.link, &side.line, 5000, 0) != HOST_OK ||
        dlms_guard_begin(&side.protector, &url.dlms, keys) != HOST_OK) {
        return false;
    }
    const struct dlms_client_settings settings = {
        .transport = dlms_link_transport(&side.link),
        .guard = &side.protector.guard,
        .ciphered = gmac,
        .mechanism = url.dlms.auth,
        .password = {(const uint8_t *)"12345", gmac ? 0u : 5u},
        .title = {side.protector.title, gmac ? 8u : 0u},
        .conformance = DLMS_CLIENT_CONFORMANCE,
        .max_pdu = MESSAGE_MAX,
        .out = side.out,
        .n_out = sizeof side.out,
        .in = side.in,
        .n_in = sizeof side.in};
    dlms_client_init(&side.client, &settings);
    return true;
}

static void end(void)
{
    dlms_guard_end(&side.protector);
    line_close(&side.line);
}

static double rows_per_s(void)
{
    const struct dlms_descriptor d = {.class_id = 7, .obis = {1, 0, 99, 1, 0, 255}, .member = 2};
    struct dlms_rows rows;
    uint64_t sum = 0;
    if (dlms_client_associate(&side.client) != DLMS_CLIENT_OK) {
        return 0;
    }
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, side.row, sizeof side.row, take_row, &sum);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    const double begin_s = now_s();
    const int err = dlms_rows_end(&rows, dlms_client_get(&side.client, &d, &sink));
    const double spent_s = now_s() - begin_s;
    (void)dlms_client_release(&side.client);
    return err == DLMS_CLIENT_OK && sum == (uint64_t)ROWS * (ROWS + 1) / 2 ? ROWS / spent_s : 0;
}

static double associations_per_s(void)
{
    const double begin_s = now_s();
    for (unsigned i = 0; i < ASSOCIATIONS; i++) {
        if (dlms_client_associate(&side.client) != DLMS_CLIENT_OK ||
            dlms_client_release(&side.client) != DLMS_CLIENT_OK) {
            return 0;
        }
    }
    return ASSOCIATIONS / (now_s() - begin_s);
}

/* ---- a meter ---- */

struct heard {
    uint32_t n_rows; /* as the head of the array says */
    size_t n_bytes;
};

static int hear(void *context, const uint8_t *bytes, size_t n_bytes)
{
    struct heard *heard = context;
    if (heard->n_bytes == 0 && n_bytes >= 4u) {
        heard->n_rows = bytes[1] < 0x80u    ? bytes[1]
                        : bytes[1] == 0x81u ? bytes[2]
                                            : (uint32_t)bytes[2] << 8 | bytes[3];
    }
    heard->n_bytes += n_bytes;
    return 0;
}

/* Its whole load profile again and again. */
static bool meter_rows(uint8_t b, const char *how)
{
    const struct dlms_descriptor d = {.class_id = 7, .obis = {1, b, 99, 1, 0, 255}, .member = 2};
    struct heard heard = {0, 0};
    const struct dlms_sink sink = {hear, &heard};
    uint64_t n_rows = 0;
    double spent_s = 0;
    if (dlms_client_associate(&side.client) != DLMS_CLIENT_OK) {
        return false;
    }
    const double begin_s = now_s();
    while (spent_s < SECONDS) {
        heard.n_bytes = 0;
        if (dlms_client_get(&side.client, &d, &sink) != DLMS_CLIENT_OK) {
            return false;
        }
        n_rows += heard.n_rows;
        spent_s = now_s() - begin_s;
    }
    (void)dlms_client_release(&side.client);
    printf("DLMS over TCP, load profile of %u rows, %s %10.0f rows/s of %.1f octets\n",
           heard.n_rows, how, (double)n_rows / spent_s, (double)heard.n_bytes / heard.n_rows);
    return heard.n_rows > 0;
}

static bool meter_measure(uint16_t port)
{
    const struct key_file keys = meter_keys();
    if (!begin(port, METER_PLAIN, &keys) || !meter_rows(1, "password")) {
        return false;
    }
    end();
    if (!begin(port, CLIENT_GMAC, &keys) || !meter_rows(0, "HLS 5  ")) {
        return false;
    }
    const double associated = associations_per_s();
    printf("DLMS over TCP, associations with HLS 5, opened and released %8.0f /s\n", associated);
    end();
    return associated > 0;
}

/* ---- a server of its own ---- */

static bool measure(uint16_t port, const struct key_file *keys)
{
    double rows[2] = {0, 0}, associated[2] = {0, 0};
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    for (unsigned i = 0; i < 2; i++) {
        if (!begin(port, i == 0 ? CLIENT_PLAIN : CLIENT_GMAC, keys)) {
            return false;
        }
        (void)rows_per_s(); /* warm */
        rows[i] = rows_per_s();
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        sched_setaffinity(0, sizeof one, &one); /* the server has been there all the time */
        associated[i] = associations_per_s();
        sched_setaffinity(0, sizeof all, &all);
        end();
    }
    printf("DLMS over TCP, messages of %u octets, a server in another process\n", MESSAGE_MAX);
    printf("  rows of 2 columns, password   %8.0f rows/s\n", rows[0]);
    printf("  rows of 2 columns, GMAC       %8.0f rows/s, each message ciphered\n", rows[1]);
    printf("  associations, password        %8.0f /s, set up and released on one processor\n",
           associated[0]);
    printf("  associations, GMAC            %8.0f /s, set up and released on one processor\n",
           associated[1]);
    return rows[0] > 0 && rows[1] > 0 && associated[0] > 0 && associated[1] > 0;
}

static bool own_measure(void)
{
    const struct key_file keys = bench_keys();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    cpu_set_t one;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (listening < 0 || bind(listening, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listening, 4) != 0 ||
        getsockname(listening, (struct sockaddr *)&address, &length) != 0) {
        return false;
    }
    const pid_t server = fork();
    if (server == 0) {
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        sched_setaffinity(0, sizeof one, &one);
        serve(listening);
    }
    close(listening);
    const bool good = server > 0 && measure(ntohs(address.sin_port), &keys);
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    return good;
}

int main(int argc, char **argv)
{
    (void)unsetenv("HOME"); /* title and counter are given: nothing is kept in files */
    (void)unsetenv("XDG_STATE_HOME");
    const bool good =
        argc > 1 ? meter_measure((uint16_t)strtoul(argv[1], NULL, 10)) : own_measure();
    if (!good) {
        (void)fprintf(stderr, "bench_dlms_tcp: %s did not answer as it should\n",
                      argc > 1 ? "the meter" : "the server");
    }
    return good ? 0 : 1;
}
