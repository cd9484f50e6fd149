#include "module_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instant.h"
#include "modules/module.h"

#define CLIENTS   (MODULE_LINES + MODULE_TLS_SHAKES)
#define WHO_MAX   96
#define SECOND_US INT64_C(1000000)
#define IN_BYTES  2048u
/* What the module has said: OUT_HIGH is taken from its line while the client does not read, so that
 * the rest waits in the line and counts there; OUT_BYTES holds that and all that a pair of sockets
 * with PAIR_BYTES (which the kernel doubles) holds when the line is hung up. */
#define OUT_BYTES  16384u
#define OUT_HIGH   4096u
#define PAIR_BYTES 4096
/* So often to and fro before others get their turn. */
#define TURNS_MAX 16

enum client_state {
    CLIENT_FREE,
    CLIENT_SHAKING, /* its handshake is not through */
    CLIENT_OPEN,
    CLIENT_LEAVING, /* the module has hung up; the last octets are on their way */
};

struct client {
    struct module_tls *tls;
    struct watch net;  /* the client's socket */
    struct watch line; /* our end of the pair */
    SSL *ssl;
    enum client_state state;
    unsigned place;
    int64_t end_us; /* shaking or leaving: hung up then */
    bool want_write;
    char who[WHO_MAX];
    uint8_t in[IN_BYTES], out[OUT_BYTES];
    size_t n_in, n_out;
};

struct module_tls {
    SSL_CTX *context;
    struct module_tls_user user;
    struct loop *loop;
    int64_t second_us; /* handshakes are counted from then on */
    unsigned n_second;
    struct client client[CLIENTS];
};

/* ---- files ---- */

static int bad_file(const char *option, const char *name, const char *path, const char *expected,
                    struct problem *problem)
{
    ERR_clear_error();
    return problem_set(problem, EXIT_BAD_INPUT, "--%s: %s=%.150s: expected %s", option, name, path,
                       expected);
}

static FILE *open_file(const char *option, const char *name, const char *path,
                       struct problem *problem)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)problem_set(problem, EXIT_NOT_ABLE, "--%s: %s=%.150s: %s", option, name, path,
                          strerror(errno));
    }
    return file;
}

static int no_password(char *password, int capacity, int writing, void *context)
{
    (void)password;
    (void)capacity;
    (void)writing;
    (void)context;
    return -1; /* nobody is there to be asked */
}

static int use_key(SSL_CTX *context, const char *path, const char *option, struct problem *problem)
{
    struct stat status;
    FILE *file = open_file(option, "key", path, problem);
    if (file == NULL) {
        return -1;
    }
    const bool others = fstat(fileno(file), &status) != 0 || (status.st_mode & 077) != 0;
    EVP_PKEY *key = others ? NULL : PEM_read_PrivateKey(file, NULL, no_password, NULL);
    (void)fclose(file);
    const bool used = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1 &&
                      SSL_CTX_check_private_key(context) == 1;
    const char *expected = others ? "a file that only its owner may read (chmod 600)"
                           : key == NULL
                               ? "a private key in PEM without a password"
                               : "the private key of the certificate that cert= names first";
    EVP_PKEY_free(key);
    return used ? 0 : bad_file(option, "key", path, expected, problem);
}

static int use_client_ca(SSL_CTX *context, const char *path, const char *option,
                         struct problem *problem)
{
    FILE *file = open_file(option, "client-ca", path, problem);
    if (file == NULL) {
        return -1;
    }
    (void)fclose(file);
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (names == NULL || SSL_CTX_load_verify_file(context, path) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return bad_file(option, "client-ca", path, "certificates in PEM", problem);
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return 0;
}

static int use_files(SSL_CTX *context, const struct module_tls_files *files, const char *option,
                     struct problem *problem)
{
    FILE *file = open_file(option, "cert", files->cert, problem);
    if (file == NULL) {
        return -1;
    }
    (void)fclose(file);
    if (SSL_CTX_use_certificate_chain_file(context, files->cert) != 1) {
        return bad_file(option, "cert", files->cert, "a certificate in PEM", problem);
    }
    if (use_key(context, files->key, option, problem) != 0) {
        return -1;
    }
    return files->client_ca[0] == '\0' ? 0
                                       : use_client_ca(context, files->client_ca, option, problem);
}

static SSL_CTX *context_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context, 0);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    /* One record a call: who sends nothing but changes of keys must not hold the thread. */
    (void)SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    return context;
}

struct module_tls *module_tls_new(const struct module_tls_files *files,
                                  const struct module_tls_user *user, const char *option,
                                  struct problem *problem)
{
    struct module_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) {
        (void)problem_set(problem, EXIT_NOT_ABLE, "no memory");
        return NULL;
    }
    tls->user = *user;
    tls->context = context_new();
    for (size_t i = 0; i < CLIENTS; i++) {
        tls->client[i].tls = tls;
        tls->client[i].net.fd = -1;
        tls->client[i].line.fd = -1;
    }
    if (tls->context == NULL) {
        (void)problem_set(problem, EXIT_NOT_ABLE, "--%s: no TLS on this machine", option);
    } else if (use_files(tls->context, files, option, problem) == 0) {
        return tls;
    }
    module_tls_free(tls);
    return NULL;
}

void module_tls_serve(struct module_tls *tls, struct loop *loop)
{
    tls->loop = loop;
}

/* ---- a client ---- */

static void client_end(struct client *client)
{
    SSL_free(client->ssl);
    client->ssl = NULL;
    loop_drop(client->tls->loop, &client->net);
    loop_drop(client->tls->loop, &client->line);
    client->state = CLIENT_FREE;
    client->n_in = 0;
    client->n_out = 0;
}

/* What OpenSSL said to a call that has not moved anything. */
static void client_judge(struct client *client, int result)
{
    const int error = SSL_get_error(client->ssl, result);
    if (error == SSL_ERROR_WANT_WRITE) {
        client->want_write = true;
    } else if (error != SSL_ERROR_WANT_READ) {
        client_end(client);
    }
    ERR_clear_error();
}

static bool line_take_out(struct client *client, size_t high)
{
    if (client->n_out >= high) {
        return false;
    }
    const ssize_t n = read(client->line.fd, client->out + client->n_out, high - client->n_out);
    client->n_out += n > 0 ? (size_t)n : 0u;
    return n != 0;
}

/* The module has hung up. */
static void client_leave(struct client *client)
{
    size_t before = SIZE_MAX;
    while (before != client->n_out) {
        before = client->n_out;
        (void)line_take_out(client, OUT_BYTES);
    }
    loop_drop(client->tls->loop, &client->line);
    client->state = CLIENT_LEAVING;
    client->end_us = instant_wall_us() + MODULE_TLS_LEAVE_S * SECOND_US;
}

/* Client to module.  @return octets have moved */
static bool inward(struct client *client)
{
    if (client->n_in == 0) {
        const int got = SSL_read(client->ssl, client->in, sizeof client->in);
        if (got <= 0) {
            client_judge(client, got);
            return false;
        }
        client->n_in = (size_t)got;
    }
    const ssize_t n = send(client->line.fd, client->in, client->n_in, MSG_NOSIGNAL);
    if (n <= 0) {
        return false; /* it has no room, or has been hung up, which its watch tells */
    }
    client->n_in -= (size_t)n;
    memmove(client->in, client->in + n, client->n_in);
    return true;
}

/* Module to client.  @return octets have moved */
static bool outward(struct client *client)
{
    if (client->state == CLIENT_OPEN && client->n_out < OUT_HIGH &&
        !line_take_out(client, OUT_HIGH)) {
        client_leave(client);
    }
    if (client->n_out == 0) {
        return false;
    }
    const int n = SSL_write(client->ssl, client->out, (int)client->n_out);
    if (n <= 0) {
        client_judge(client, n);
        return false;
    }
    client->n_out -= (size_t)n;
    memmove(client->out, client->out + n, client->n_out);
    return true;
}

static uint32_t net_events(const struct client *client)
{
    const uint32_t write = client->n_out > 0 || client->want_write ? (uint32_t)EPOLLOUT : 0u;
    switch (client->state) {
    case CLIENT_SHAKING: return write != 0 ? write : (uint32_t)EPOLLIN;
    case CLIENT_OPEN: return (client->n_in == 0 ? (uint32_t)EPOLLIN : 0u) | write;
    default: return EPOLLOUT;
    }
}

/* Octets that OpenSSL holds make no event of the client's socket: the line's room stands for it. */
static uint32_t line_events(const struct client *client)
{
    const bool more = client->n_in > 0 || SSL_pending(client->ssl) > 0;
    return (client->n_out < OUT_HIGH ? (uint32_t)EPOLLIN : 0u) | (more ? (uint32_t)EPOLLOUT : 0u);
}

static void client_run(struct client *client)
{
    bool moved = true;
    client->want_write = false;
    for (int turn = 0; turn < TURNS_MAX && moved; turn++) {
        moved = client->state == CLIENT_OPEN && inward(client);
        if (client->state == CLIENT_OPEN || client->state == CLIENT_LEAVING) {
            moved = outward(client) || moved;
        }
    }
    if (client->state == CLIENT_LEAVING && client->n_out == 0) {
        (void)SSL_shutdown(client->ssl);
        ERR_clear_error();
        client_end(client);
    }
    if (client->state == CLIENT_FREE) {
        return;
    }
    loop_change(client->tls->loop, &client->net, net_events(client));
    if (client->state == CLIENT_OPEN) {
        loop_change(client->tls->loop, &client->line, line_events(client));
    }
}

static void line_ready(void *context, uint32_t events)
{
    struct client *client = context;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        client_leave(client);
    }
    client_run(client);
}

static void client_through(struct client *client)
{
    struct module_tls *tls = client->tls;
    const int bytes = PAIR_BYTES;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        client_end(client);
        return;
    }
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    client->line = (struct watch){.fd = pair[0], .ready = line_ready, .context = client};
    client->state = CLIENT_OPEN;
    if (loop_add(tls->loop, &client->line, EPOLLIN) != 0) {
        (void)close(pair[1]);
        client_end(client);
        return;
    }
    tls->user.opened(tls->user.context, client->place, pair[1], client->who);
}

static void net_ready(void *context, uint32_t events)
{
    struct client *client = context;
    (void)events;
    ERR_clear_error();
    if (client->state == CLIENT_SHAKING) {
        client->want_write = false;
        const int result = SSL_accept(client->ssl);
        if (result != 1) {
            client_judge(client, result);
            if (client->state == CLIENT_SHAKING) {
                loop_change(client->tls->loop, &client->net, net_events(client));
            }
            return;
        }
        client_through(client);
    }
    client_run(client);
}

/* ---- all of them ---- */

/* A free one, or the one that is late first.  @return NULL: all are being served */
static struct client *client_for(struct module_tls *tls)
{
    struct client *found = NULL;
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *client = &tls->client[i];
        if (client->state == CLIENT_FREE) {
            return client;
        }
        if (client->state != CLIENT_OPEN && (found == NULL || client->end_us < found->end_us)) {
            found = client;
        }
    }
    if (found != NULL) {
        client_end(found);
    }
    return found;
}

void module_tls_take(struct module_tls *tls, int fd, unsigned place, const char *who)
{
    const int64_t now_us = instant_wall_us();
    struct client *client = client_for(tls);
    if (now_us >= tls->second_us + SECOND_US) {
        tls->second_us = now_us;
        tls->n_second = 0;
    }
    tls->n_second++;
    SSL *ssl = client != NULL ? SSL_new(tls->context) : NULL;
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        (void)close(fd);
        return;
    }
    client->ssl = ssl;
    client->net = (struct watch){.fd = fd, .ready = net_ready, .context = client};
    client->place = place;
    client->want_write = false;
    client->end_us = now_us + MODULE_TLS_SHAKE_S * SECOND_US;
    client->state = CLIENT_SHAKING;
    (void)snprintf(client->who, sizeof client->who, "%s", who);
    if (loop_add(tls->loop, &client->net, EPOLLIN) != 0) {
        client_end(client);
    }
}

int64_t module_tls_room_us(const struct module_tls *tls)
{
    return tls->n_second < MODULE_TLS_SHAKES_PER_S ? 0 : tls->second_us + SECOND_US;
}

int64_t module_tls_step(struct module_tls *tls, int64_t wall_us)
{
    int64_t next_us = INT64_MAX;
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *client = &tls->client[i];
        const bool waits = client->state == CLIENT_SHAKING || client->state == CLIENT_LEAVING;
        if (waits && client->end_us <= wall_us) {
            client_end(client);
        } else if (waits && client->end_us < next_us) {
            next_us = client->end_us;
        }
    }
    return next_us;
}

void module_tls_close(struct module_tls *tls)
{
    for (size_t i = 0; tls != NULL && tls->loop != NULL && i < CLIENTS; i++) {
        client_end(&tls->client[i]);
    }
}

void module_tls_free(struct module_tls *tls)
{
    if (tls != NULL) {
        SSL_CTX_free(tls->context);
    }
    free(tls);
}
