#include "line_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "line.h"

#define SHAKE_MS INT64_C(10000)

struct line_tls {
    SSL_CTX *context;
    SSL *ssl;
};

/* OpenSSL writes to the socket in any of its calls: the other side that has left is an error of
 * that call, while a pipe that our output goes to still ends the program. */
typedef void (*pipe_action)(int);

static pipe_action pipe_quiet(void)
{
    return signal(SIGPIPE, SIG_IGN);
}

static void pipe_again(pipe_action was)
{
    (void)signal(SIGPIPE, was);
}

static bool say(char *error, size_t n_error, const char *what, const char *file)
{
    (void)snprintf(error, n_error, "%s%s%s", what, file[0] != '\0' ? ": " : "", file);
    return false;
}

static bool use_own(SSL_CTX *context, const struct meter_url *url, char *error, size_t n_error)
{
    struct stat status;
    if (url->cert[0] == '\0') {
        return true;
    }
    if (SSL_CTX_use_certificate_chain_file(context, url->cert) != 1) {
        return say(error, n_error, "no certificate in PEM can be read there", url->cert);
    }
    if (stat(url->key, &status) != 0 || (status.st_mode & 077) != 0) {
        return say(error, n_error, "expected a key that only its owner may read (chmod 600)",
                   url->key);
    }
    return SSL_CTX_use_PrivateKey_file(context, url->key, SSL_FILETYPE_PEM) == 1 ||
           say(error, n_error, "expected the private key of the certificate in PEM", url->key);
}

static bool use_files(SSL_CTX *context, const struct meter_url *url, char *error, size_t n_error)
{
    const bool trusted = url->ca[0] != '\0' ? SSL_CTX_load_verify_file(context, url->ca) == 1
                                            : SSL_CTX_set_default_verify_paths(context) == 1;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return trusted ? use_own(context, url, error, n_error)
                   : say(error, n_error, "no certificates in PEM can be read there", url->ca);
}

/* Whom the certificate must name. */
static bool expect_host(SSL *ssl, const char *host)
{
    uint8_t number[16];
    if (inet_pton(AF_INET, host, number) == 1 || inet_pton(AF_INET6, host, number) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* @return 1: wait for more (errno EAGAIN), 0: the other side has ended, -1: errno */
static int judge(struct line_tls *tls, int result)
{
    const int saved = errno;
    const int error = SSL_get_error(tls->ssl, result);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return 1;
    }
    errno = error == SSL_ERROR_SYSCALL && saved != 0 ? saved : EPROTO;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static bool shake(struct line_tls *tls, int fd, char *error, size_t n_error)
{
    const int64_t end_ms = line_now_ms() + SHAKE_MS;
    for (;;) {
        errno = 0;
        ERR_clear_error();
        const int result = SSL_connect(tls->ssl);
        if (result == 1) {
            return true;
        }
        const int want = SSL_get_error(tls->ssl, result);
        const long verified = SSL_get_verify_result(tls->ssl);
        if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE) {
            const char *reason = ERR_reason_error_string(ERR_peek_error());
            ERR_clear_error();
            return say(error, n_error,
                       verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                       : reason != NULL      ? reason
                                             : "the other side has closed it",
                       "");
        }
        struct pollfd wait = {fd, want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, 0};
        const int64_t left_ms = end_ms - line_now_ms();
        if (left_ms <= 0 || poll(&wait, 1, (int)left_ms) == 0) {
            return say(error, n_error, "the other side does not answer", "");
        }
    }
}

struct line_tls *line_tls_open(int fd, const struct meter_url *url, char *error, size_t n_error)
{
    struct line_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) {
        (void)say(error, n_error, "no memory", "");
        return NULL;
    }
    (void)say(error, n_error, "no TLS on this machine", "");
    tls->context = SSL_CTX_new(TLS_client_method());
    const pipe_action was = pipe_quiet();
    bool good = tls->context != NULL &&
                SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) == 1 &&
                use_files(tls->context, url, error, n_error);
    if (good) {
        (void)SSL_CTX_set_mode(tls->context,
                               SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        tls->ssl = SSL_new(tls->context);
        good = tls->ssl != NULL && SSL_set_fd(tls->ssl, fd) == 1 &&
               expect_host(tls->ssl, url->path) && shake(tls, fd, error, n_error);
    }
    ERR_clear_error();
    pipe_again(was);
    if (!good) {
        SSL_free(tls->ssl);
        SSL_CTX_free(tls->context);
        free(tls);
        return NULL;
    }
    return tls;
}

void line_tls_close(struct line_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    const pipe_action was = pipe_quiet();
    (void)SSL_shutdown(tls->ssl);
    pipe_again(was);
    ERR_clear_error();
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    free(tls);
}

ssize_t line_tls_put(struct line_tls *tls, const uint8_t *bytes, size_t n_bytes)
{
    errno = 0;
    const pipe_action was = pipe_quiet();
    const int n = SSL_write(tls->ssl, bytes, n_bytes < INT_MAX ? (int)n_bytes : INT_MAX);
    pipe_again(was);
    if (n > 0) {
        return n;
    }
    if (judge(tls, n) == 0) {
        errno = EPIPE;
    }
    return -1;
}

ssize_t line_tls_get(struct line_tls *tls, uint8_t *bytes, size_t capacity)
{
    errno = 0;
    const pipe_action was = pipe_quiet();
    const int n = SSL_read(tls->ssl, bytes, capacity < INT_MAX ? (int)capacity : INT_MAX);
    pipe_again(was);
    if (n > 0) {
        return n;
    }
    return judge(tls, n) == 0 ? 0 : -1;
}

bool line_tls_holds(const struct line_tls *tls)
{
    return SSL_pending(tls->ssl) > 0;
}
