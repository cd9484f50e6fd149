/**
 * DLMS over TCP from a running meter, on one connection: bench_dlms_load PORT.
 *
 * Rows per second of the whole load profile, with a password (client 18) and with HLS 5 and ciphers
 * (client 1), and associations with HLS 5 that are opened and released.  The meter has the keys
 * 00 01 .. 0F and D0 D1 .. DF (bench/run).
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ports/crypto/openssl/crypto_openssl.h"
#include "proto/dlms/dlms_client.h"
#include "proto/dlms/dlms_hls.h"
#include "proto/dlms/dlms_wrapper.h"

#define SECONDS  2.0
#define APDU_MAX 8192u
#define BEFORE   64u
#define AFTER    32u

struct load {
    int fd;
    uint16_t client, server;
    struct dlms_client engine;
    struct dlms_client_guard guard;
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer;
    struct dlms_cipher cipher;
    struct dlms_hls hls;
    struct dlms_wrapper_receiver receiver;
    struct reader left;
    uint8_t came[65536], whole[APDU_MAX + DLMS_WRAPPER_HEADER];
    uint8_t out[1024], in[APDU_MAX];
    uint32_t n_rows; /**< as the head of the array says */
    size_t n_bytes;
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void give_up(const char *what, int result)
{
    (void)fprintf(stderr, "bench_dlms_load: %s: %s\n", what, dlms_client_err_name(result));
    exit(EXIT_FAILURE);
}

/* ---- the line ---- */

static int connect_to(unsigned port)
{
    const int on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror("bench_dlms_load: connect");
        exit(EXIT_FAILURE);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static int line_send(void *context, const uint8_t *apdu, size_t n_apdu)
{
    const struct load *load = context;
    uint8_t bytes[1200];
    struct writer out = writer_over(bytes, sizeof bytes);
    const ssize_t n = dlms_wrapper_write(&out, load->client, load->server, apdu, n_apdu) == 0
                          ? write(load->fd, bytes, writer_length(&out))
                          : -1;
    return n == (ssize_t)writer_length(&out) ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_LINE;
}

static int line_receive(void *context, uint8_t *apdu, size_t capacity)
{
    struct load *load = context;
    struct dlms_wpdu wpdu;
    while (dlms_wrapper_take(&load->receiver, &load->left, &wpdu) != 1) {
        const ssize_t n = read(load->fd, load->came, sizeof load->came);
        if (n <= 0) {
            return DLMS_CLIENT_ERR_LINE;
        }
        load->left = reader_over(load->came, (size_t)n);
    }
    if (wpdu.n_apdu > capacity) {
        return DLMS_CLIENT_ERR_SPACE;
    }
    memcpy(apdu, wpdu.apdu, wpdu.n_apdu);
    return (int)wpdu.n_apdu;
}

/* ---- ciphers ---- */

static int protect(void *context, struct dlms_bytes *apdu)
{
    struct load *load = context;
    struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO, .control = 0x30};
    struct dlms_span out;
    if (dlms_cipher_protect(&load->cipher, &how, apdu->bytes - BEFORE,
                            BEFORE + apdu->n_bytes + AFTER, BEFORE, apdu->n_bytes,
                            &out) != DLMS_CIPHER_OK) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    *apdu = (struct dlms_bytes){out.bytes, out.n_bytes};
    return DLMS_CLIENT_OK;
}

static int unprotect(void *context, struct dlms_bytes *apdu)
{
    struct load *load = context;
    struct dlms_seal came;
    struct dlms_span out;
    if (dlms_cipher_open(&load->cipher, apdu->bytes, apdu->n_bytes, &came, &out) !=
        DLMS_CIPHER_OK) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    *apdu = (struct dlms_bytes){out.bytes, out.n_bytes};
    return DLMS_CLIENT_OK;
}

static void server_title(void *context, const uint8_t *title, size_t n_title)
{
    struct load *load = context;
    if (n_title == DLMS_TITLE_BYTES) {
        dlms_cipher_peer(&load->cipher, title);
    }
}

static int challenge(void *context, uint8_t *out, size_t capacity)
{
    struct load *load = context;
    memset(&load->hls, 0, sizeof load->hls);
    load->hls.mechanism = DLMS_HLS_GMAC;
    load->hls.side = DLMS_SIDE_CLIENT;
    load->hls.crypto = load->keys.crypto;
    load->hls.cipher = &load->cipher;
    if (capacity < 16u || dlms_hls_draw(&load->hls, 16) != DLMS_HLS_OK) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    memcpy(out, load->hls.ours.bytes, 16);
    return 16;
}

static int respond(void *context, struct dlms_octets stoc, uint8_t *out, size_t capacity)
{
    struct load *load = context;
    size_t n = 0;
    return capacity >= DLMS_PROOF_MAX &&
                   dlms_hls_take(&load->hls, stoc.bytes, stoc.n_bytes) == DLMS_HLS_OK &&
                   dlms_hls_make(&load->hls, out, &n) == DLMS_HLS_OK
               ? (int)n
               : DLMS_CLIENT_ERR_SECURITY;
}

static bool verify(void *context, struct dlms_octets proof)
{
    struct load *load = context;
    return dlms_hls_check(&load->hls, proof.bytes, proof.n_bytes) == DLMS_HLS_OK;
}

static void keys_begin(struct load *load, const struct crypto_port *crypto)
{
    uint8_t unicast[16], authentication[16];
    for (uint8_t i = 0; i < 16u; i++) {
        unicast[i] = i;
        authentication[i] = (uint8_t)(0xD0u + i);
    }
    (void)dlms_keys_init(&load->keys, crypto, 0);
    (void)dlms_keys_set(&load->keys, DLMS_KEY_UNICAST, unicast, sizeof unicast);
    (void)dlms_keys_set(&load->keys, DLMS_KEY_AUTHENTICATION, authentication,
                        sizeof authentication);
    dlms_own_counter_begin(&load->own, 1);
    dlms_cipher_init(&load->cipher, &load->keys, &load->own, &load->peer, NULL,
                     (const uint8_t *)"BENCH382");
    load->guard = (struct dlms_client_guard){.protect = protect,
                                             .unprotect = unprotect,
                                             .server_title = server_title,
                                             .challenge = challenge,
                                             .respond = respond,
                                             .verify = verify,
                                             .context = load,
                                             .before = BEFORE,
                                             .after = AFTER};
}

/* ---- what is measured ---- */

static void begin(struct load *load, uint16_t client, uint16_t server, bool ciphered)
{
    const struct dlms_client_settings settings = {
        .transport = {line_send, line_receive, load},
        .guard = ciphered ? &load->guard : NULL,
        .ciphered = ciphered,
        .mechanism = ciphered ? DLMS_MECHANISM_HLS_GMAC : DLMS_MECHANISM_LLS,
        .password = {(const uint8_t *)"12345", ciphered ? 0u : 5u},
        .title = {(const uint8_t *)"BENCH382", ciphered ? DLMS_TITLE_BYTES : 0u},
        .conformance = DLMS_CLIENT_CONFORMANCE,
        .max_pdu = APDU_MAX - 64u,
        .gbt_window = 1,
        .out = load->out,
        .in = load->in,
        .n_out = sizeof load->out,
        .n_in = sizeof load->in};
    load->client = client;
    load->server = server;
    dlms_wrapper_receiver_init(&load->receiver, load->whole, sizeof load->whole);
    dlms_client_init(&load->engine, &settings);
}

static void associate(struct load *load)
{
    int result = dlms_client_associate(&load->engine);
    if (result == DLMS_CLIENT_ERR_EXCEPTION && load->engine.failure.counter != 0) {
        /* the meter has seen this client before, and says where to go on */
        dlms_own_counter_begin(&load->own, load->engine.failure.counter);
        result = dlms_client_associate(&load->engine);
    }
    if (result != DLMS_CLIENT_OK) {
        give_up("association", result);
    }
}

/* The first piece begins with the head of the array. */
static int count(void *context, const uint8_t *bytes, size_t n_bytes)
{
    struct load *load = context;
    if (load->n_bytes == 0 && n_bytes >= 4u) {
        load->n_rows = bytes[1] < 0x80u    ? bytes[1]
                       : bytes[1] == 0x81u ? bytes[2]
                                           : (uint32_t)bytes[2] << 8 | bytes[3];
    }
    load->n_bytes += n_bytes;
    return 0;
}

static void rows(struct load *load, uint8_t b, const char *how)
{
    struct dlms_descriptor profile = {7, {1, b, 99, 1, 0, 255}, 2, 0, dlms_no_data()};
    const struct dlms_sink sink = {count, load};
    uint64_t n_rows = 0;
    associate(load);
    const double begin_s = now_s();
    double took_s = 0;
    while (took_s < SECONDS) {
        load->n_bytes = 0;
        const int result = dlms_client_get(&load->engine, &profile, &sink);
        if (result != DLMS_CLIENT_OK) {
            give_up("load profile", result);
        }
        n_rows += load->n_rows;
        took_s = now_s() - begin_s;
    }
    (void)dlms_client_release(&load->engine);
    printf("DLMS over TCP, load profile of %u rows, %s %10.0f rows/s of %.1f octets\n",
           load->n_rows, how, (double)n_rows / took_s, (double)load->n_bytes / load->n_rows);
}

static void logins(struct load *load)
{
    unsigned n = 0;
    const double begin_s = now_s();
    while (now_s() - begin_s < SECONDS) {
        associate(load);
        (void)dlms_client_release(&load->engine);
        n++;
    }
    printf("DLMS over TCP, associations with HLS 5, opened and released %8.0f /s\n",
           n / (now_s() - begin_s));
}

int main(int argc, char **argv)
{
    static struct load load;
    struct crypto_port crypto;
    if (argc != 2 || crypto_openssl(&crypto) != 0) {
        (void)fprintf(stderr, "usage: bench_dlms_load PORT\n");
        return 2;
    }
    load.fd = connect_to((unsigned)strtoul(argv[1], NULL, 10));
    keys_begin(&load, &crypto);
    begin(&load, 18, 16, false);
    rows(&load, 1, "password");
    begin(&load, 1, 1, true);
    rows(&load, 0, "HLS 5  ");
    logins(&load);
    (void)close(load.fd);
    return 0;
}
