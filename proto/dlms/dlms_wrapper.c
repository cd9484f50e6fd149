#include "dlms_wrapper.h"

#include <string.h>

void dlms_wrapper_receiver_init(struct dlms_wrapper_receiver *receiver, uint8_t *bytes,
                                size_t capacity)
{
    *receiver = (struct dlms_wrapper_receiver){.bytes = bytes, .capacity = capacity};
}

bool dlms_wrapper_busy(const struct dlms_wrapper_receiver *receiver)
{
    return receiver->length > 0 && !receiver->done;
}

/** @return octets of the APDU that the header announces, or a negative dlms_wrapper_err. */
static int header_read(const uint8_t *bytes, struct dlms_wpdu *out)
{
    struct reader in = reader_over(bytes, DLMS_WRAPPER_HEADER);
    const uint64_t version = reader_uint_be(&in, 2);
    out->source = (uint16_t)reader_uint_be(&in, 2);
    out->destination = (uint16_t)reader_uint_be(&in, 2);
    out->n_apdu = (size_t)reader_uint_be(&in, 2);
    if (version != DLMS_WRAPPER_VERSION) {
        return DLMS_WRAPPER_ERR_VERSION;
    }
    return out->n_apdu == 0 ? DLMS_WRAPPER_ERR_LENGTH : (int)out->n_apdu;
}

/** Fill up to length octets.  @return true: they are there. */
static bool fill(struct dlms_wrapper_receiver *receiver, struct reader *in, size_t length)
{
    const size_t wanted = receiver->length < length ? length - receiver->length : 0u;
    const size_t n = wanted < reader_left(in) ? wanted : reader_left(in);
    if (n > 0) {
        memcpy(receiver->bytes + receiver->length, reader_bytes(in, n), n);
        receiver->length += n;
    }
    return receiver->length >= length;
}

int dlms_wrapper_take(struct dlms_wrapper_receiver *receiver, struct reader *in,
                      struct dlms_wpdu *out)
{
    if (receiver->done) {
        receiver->length = 0;
        receiver->done = false;
    }
    if (!fill(receiver, in, DLMS_WRAPPER_HEADER)) {
        return 0;
    }
    const int n_apdu = header_read(receiver->bytes, out);
    if (n_apdu < 0) {
        return n_apdu;
    }
    const size_t length = DLMS_WRAPPER_HEADER + (size_t)n_apdu;
    if (length > receiver->capacity) {
        return DLMS_WRAPPER_ERR_LENGTH;
    }
    if (!fill(receiver, in, length)) {
        return 0;
    }
    out->apdu = receiver->bytes + DLMS_WRAPPER_HEADER;
    receiver->done = true;
    return 1;
}

int dlms_wrapper_datagram(uint8_t *bytes, size_t n_bytes, struct dlms_wpdu *out)
{
    if (n_bytes < DLMS_WRAPPER_HEADER) {
        return DLMS_WRAPPER_ERR_LENGTH;
    }
    const int n_apdu = header_read(bytes, out);
    if (n_apdu >= 0 && (size_t)n_apdu != n_bytes - DLMS_WRAPPER_HEADER) {
        return DLMS_WRAPPER_ERR_LENGTH;
    }
    out->apdu = bytes + DLMS_WRAPPER_HEADER;
    return n_apdu < 0 ? n_apdu : 1;
}

static void header_write(struct writer *out, uint16_t source, uint16_t destination, size_t n_apdu)
{
    writer_uint_be(out, DLMS_WRAPPER_VERSION, 2);
    writer_uint_be(out, source, 2);
    writer_uint_be(out, destination, 2);
    writer_uint_be(out, n_apdu, 2);
}

int dlms_wrapper_write(struct writer *out, uint16_t source, uint16_t destination,
                       const uint8_t *apdu, size_t n_apdu)
{
    if (n_apdu == 0 || n_apdu > UINT16_MAX) {
        return DLMS_WRAPPER_ERR_LENGTH;
    }
    if (writer_left(out) < DLMS_WRAPPER_HEADER + n_apdu) {
        return DLMS_WRAPPER_ERR_SPACE;
    }
    header_write(out, source, destination, n_apdu);
    writer_bytes(out, apdu, n_apdu);
    return DLMS_WRAPPER_OK;
}

/* ---- server ---- */

void dlms_wrapper_server_init(struct dlms_wrapper_server *connection, uint8_t *bytes,
                              size_t capacity, size_t answer_max)
{
    *connection = (struct dlms_wrapper_server){.answer_max = answer_max};
    dlms_wrapper_receiver_init(&connection->receiver, bytes, capacity);
}

static bool has_room(const struct dlms_wrapper_server *connection, const struct writer *out)
{
    return writer_left(out) >= DLMS_WRAPPER_HEADER + connection->answer_max;
}

/** The answer stands behind the room for its header. */
static void answer_finish(const struct dlms_wrapper_server *connection, size_t n_answer,
                          struct writer *out)
{
    header_write(out, connection->server, connection->client, n_answer);
    out->at += n_answer;
}

static void on_request(struct dlms_wrapper_server *connection,
                       const struct dlms_wrapper_upper *upper, const struct dlms_wpdu *wpdu,
                       struct writer *out)
{
    connection->client = wpdu->source;
    connection->server = wpdu->destination;
    const size_t n =
        upper->request(upper->context, wpdu->source, wpdu->destination, wpdu->apdu, wpdu->n_apdu,
                       out->at + DLMS_WRAPPER_HEADER, connection->answer_max);
    connection->streaming = false;
    if (n > 0 && wpdu->destination != DLMS_WRAPPER_ALL) {
        answer_finish(connection, n, out);
        connection->streaming = upper->more != NULL;
    }
}

static void stream(struct dlms_wrapper_server *connection, const struct dlms_wrapper_upper *upper,
                   struct writer *out)
{
    while (connection->streaming && has_room(connection, out)) {
        const size_t n = upper->more(upper->context, connection->client, connection->server,
                                     out->at + DLMS_WRAPPER_HEADER, connection->answer_max);
        if (n > 0) {
            answer_finish(connection, n, out);
        }
        connection->streaming = n > 0;
    }
}

int dlms_wrapper_serve(struct dlms_wrapper_server *connection,
                       const struct dlms_wrapper_upper *upper, struct reader *in,
                       struct writer *out)
{
    struct dlms_wpdu wpdu;
    stream(connection, upper, out);
    while (!connection->streaming && has_room(connection, out)) {
        const int taken = dlms_wrapper_take(&connection->receiver, in, &wpdu);
        if (taken <= 0) {
            return taken;
        }
        on_request(connection, upper, &wpdu, out);
        stream(connection, upper, out);
    }
    return DLMS_WRAPPER_OK;
}
