#include "dlms_peer.h"

#include <string.h>

#include "app/meter/meter.h"

#define SECOND_US INT64_C(1000000)

void dlms_peer_init(struct dlms_peer *peer, struct meter *meter, int64_t wall_us)
{
    memset(peer, 0, sizeof *peer);
    peer->meter = meter;
    peer->heard_us = wall_us;
    peer->began_us = INT64_MAX;
    peer->blocked_us = INT64_MAX;
    dlms_wrapper_server_init(&peer->wrapper, peer->message, sizeof peer->message, DLMS_PEER_ANSWER);
}

static struct dlms_pair *pair_find(struct dlms_peer *peer, uint16_t client, uint16_t server)
{
    for (size_t i = 0; i < DLMS_ASSOCIATIONS_MAX; i++) {
        struct dlms_pair *pair = &peer->pair[i];
        if (pair->used && pair->client == client && pair->server == server) {
            return pair;
        }
    }
    return NULL;
}

/* A free place, or that of the pair which has been silent for longest. */
static struct dlms_pair *pair_place(struct dlms_peer *peer)
{
    struct dlms_pair *place = &peer->pair[0];
    for (size_t i = 0; i < DLMS_ASSOCIATIONS_MAX && place->used; i++) {
        struct dlms_pair *pair = &peer->pair[i];
        if (!pair->used || pair->turn < place->turn) {
            place = pair;
        }
    }
    if (place->used) {
        dlms_server_disconnect(&place->line.server);
        place->used = false;
    }
    return place;
}

/* @return NULL: nobody is at home there. */
static struct dlms_pair *pair_of(struct dlms_peer *peer, uint16_t client, uint16_t server)
{
    struct dlms_line asked;
    struct dlms_pair *pair = pair_find(peer, client, server);
    struct dlms_line_setup setup = {
        .port = COSEM_PORT_NETWORK, .request_max = DLMS_PEER_REQUEST, .streams = true};
    if (pair != NULL) {
        return pair;
    }
    if (!dlms_line_begin(&asked, peer->meter, &setup, client, server)) {
        return NULL;
    }
    pair = pair_place(peer);
    setup.kept = pair->kept;
    setup.n_kept = sizeof pair->kept;
    pair->used = dlms_line_begin(&pair->line, peer->meter, &setup, client, server);
    pair->client = client;
    pair->server = server;
    return pair->used ? pair : NULL;
}

static size_t request(void *context, uint16_t client, uint16_t server, uint8_t *apdu, size_t n_apdu,
                      uint8_t *answer, size_t capacity)
{
    struct dlms_peer *peer = context;
    struct dlms_pair *pair = pair_of(peer, client, server);
    if (pair == NULL) {
        return 0;
    }
    pair->turn = ++peer->turn;
    return dlms_server_apdu(&pair->line.server, apdu, n_apdu, answer, capacity);
}

static size_t more(void *context, uint16_t client, uint16_t server, uint8_t *answer,
                   size_t capacity)
{
    struct dlms_pair *pair = pair_find(context, client, server);
    return pair != NULL ? dlms_server_more(&pair->line.server, answer, capacity) : 0;
}

/* Whoever speaks here is no line of the meter's. */
static void speak(struct dlms_peer *peer, int64_t wall_us)
{
    peer->meter->rights.speaker = 0;
    peer->meter->rights.wall_ms = wall_us / 1000;
}

bool dlms_peer_serve(struct dlms_peer *peer, int64_t wall_us)
{
    const struct dlms_wrapper_upper upper = {peer, request, more};
    const uint64_t turn = peer->turn;
    struct reader in = reader_over(peer->in, peer->n_in);
    struct writer out = writer_over(peer->out + peer->n_out, sizeof peer->out - peer->n_out);
    speak(peer, wall_us);
    const int result = dlms_wrapper_serve(&peer->wrapper, &upper, &in, &out);
    peer->n_out += writer_length(&out);
    peer->n_in = reader_left(&in);
    memmove(peer->in, in.at, peer->n_in);
    if (peer->turn != turn) {
        peer->heard_us = wall_us;
        peer->began_us = INT64_MAX;
    }
    if (!dlms_wrapper_busy(&peer->wrapper.receiver)) {
        peer->began_us = INT64_MAX;
    } else if (peer->began_us == INT64_MAX) {
        peer->began_us = wall_us;
    }
    return result == DLMS_WRAPPER_OK;
}

size_t dlms_peer_datagram(struct dlms_peer *peer, uint8_t *bytes, size_t n_bytes, int64_t wall_us)
{
    struct dlms_wpdu wpdu;
    struct writer out = writer_over(peer->out, sizeof peer->out);
    if (dlms_wrapper_datagram(bytes, n_bytes, &wpdu) != 1) {
        return 0;
    }
    speak(peer, wall_us);
    peer->heard_us = wall_us;
    const size_t n = request(peer, wpdu.source, wpdu.destination, wpdu.apdu, wpdu.n_apdu,
                             peer->out + DLMS_WRAPPER_HEADER, DLMS_PEER_ANSWER);
    if (n == 0 || wpdu.destination == DLMS_WRAPPER_ALL) {
        return 0;
    }
    (void)dlms_wrapper_write(&out, wpdu.destination, wpdu.source, peer->out + DLMS_WRAPPER_HEADER,
                             n);
    return writer_length(&out);
}

enum dlms_standing dlms_peer_standing(const struct dlms_peer *peer)
{
    enum dlms_standing standing = DLMS_STRANGER;
    for (size_t i = 0; i < DLMS_ASSOCIATIONS_MAX; i++) {
        const struct dlms_server *server = &peer->pair[i].line.server;
        if (peer->pair[i].used && dlms_server_associated(server)) {
            if (server->session.association->mechanism != DLMS_MECHANISM_NONE) {
                return DLMS_KNOWN;
            }
            standing = DLMS_PUBLIC;
        }
    }
    return standing;
}

static int64_t after(int64_t from_us, int64_t seconds)
{
    return from_us == INT64_MAX ? INT64_MAX : from_us + seconds * SECOND_US;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t dlms_peer_end_us(const struct dlms_peer *peer)
{
    const int64_t silent_s =
        dlms_peer_standing(peer) != DLMS_STRANGER ? DLMS_SILENCE_S : DLMS_STRANGER_S;
    return earlier(
        after(peer->heard_us, silent_s),
        earlier(after(peer->began_us, DLMS_MESSAGE_S), after(peer->blocked_us, DLMS_MESSAGE_S)));
}

void dlms_peer_end(struct dlms_peer *peer)
{
    for (size_t i = 0; i < DLMS_ASSOCIATIONS_MAX; i++) {
        if (peer->pair[i].used) {
            dlms_server_disconnect(&peer->pair[i].line.server);
            peer->pair[i].used = false;
        }
    }
}
