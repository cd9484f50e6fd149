#include "hdlc_server.h"

#include <string.h>

#define LONG_AGO (INT64_MIN / 2)

/* Third octet of FRMR: what is wrong. */
enum rejected_for {
    REJECTED_CONTROL = 0x01,  /* W: no such command */
    REJECTED_TOO_LONG = 0x04, /* Y: more information than agreed, or than an APDU may have */
    REJECTED_NUMBER = 0x08,   /* Z: N(R) acknowledges what was never sent */
};

void hdlc_server_init(struct hdlc_server *server, const struct hdlc_server_settings *settings,
                      const struct hdlc_server_memory *memory)
{
    memset(server, 0, sizeof *server);
    server->settings = *settings;
    server->memory = *memory;
    server->request = (struct hdlc_collector){memory->request, memory->n_request, 0};
    hdlc_receiver_init(&server->receiver, memory->frame, memory->n_frame);
    server->last_byte_ms = LONG_AGO;
    server->last_frame_ms = LONG_AGO;
}

void hdlc_server_configure(struct hdlc_server *server, const struct hdlc_server_settings *settings)
{
    server->settings = *settings;
}

bool hdlc_server_busy(const struct hdlc_server *server)
{
    return server->mode != HDLC_NDM || server->owed != HDLC_OWES_NOTHING ||
           hdlc_receiver_busy(&server->receiver);
}

/* ---- what goes out ---- */

static void owe(struct hdlc_server *server, const struct hdlc_frame *to, enum hdlc_owed what)
{
    server->owed = what;
    server->reply_to = to->source;
    server->reply = to->destination;
}

/** @return false: no room. */
static bool send(const struct hdlc_frame *frame, struct writer *out)
{
    const int n = hdlc_frame_encode(frame, out->at, writer_left(out));
    if (n < 0) {
        return false;
    }
    out->at += n;
    return true;
}

static bool send_unnumbered(struct hdlc_server *server, enum hdlc_kind kind, const uint8_t *info,
                            size_t n_info, struct writer *out)
{
    const struct hdlc_frame frame = {.destination = server->reply_to,
                                     .source = server->reply,
                                     .control = hdlc_control(kind, true, 0, 0),
                                     .info = info,
                                     .n_info = (uint16_t)n_info};
    return send(&frame, out);
}

static bool send_ua(struct hdlc_server *server, struct writer *out)
{
    uint8_t info[HDLC_PARAMETERS_BYTES];
    struct writer w = writer_over(info, sizeof info);
    if (server->parameters_owed) {
        hdlc_parameters_write(&w, &server->agreed);
    }
    return send_unnumbered(server, HDLC_UA, info, writer_length(&w), out);
}

/** What the upper side has to say by itself, once its last answer has been heard. */
static void ask_for_more(struct hdlc_server *server, const struct hdlc_upper *upper)
{
    if (server->answer.length == 0 && upper->more != NULL) {
        const size_t n =
            upper->more(upper->context, server->memory.answer, server->memory.n_answer);
        if (n > 0) {
            hdlc_sender_begin(&server->answer, hdlc_llc_response, server->memory.answer, n);
        }
    }
}

/** The server's turn: I frames up to the window, or RR.  @return true: the turn is over. */
static bool send_turn(struct hdlc_server *server, const struct hdlc_upper *upper,
                      struct writer *out)
{
    struct hdlc_frame frame = {.destination = server->reply_to, .source = server->reply};
    if (!server->peer_busy) {
        ask_for_more(server, upper);
    }
    if (server->peer_busy || !hdlc_sender_ready(&server->answer)) {
        frame.control = hdlc_control(HDLC_RR, true, 0, server->receive_number);
        return send(&frame, out);
    }
    do {
        const struct hdlc_sender before = server->answer;
        hdlc_sender_next(&server->answer, server->receive_number, &frame);
        if (!send(&frame, out)) {
            server->answer = before;
            return false;
        }
    } while (!hdlc_poll_final(frame.control));
    return true;
}

/** Pay what is owed.  @return false: no room for it. */
static bool pay(struct hdlc_server *server, const struct hdlc_upper *upper, struct writer *out)
{
    bool paid = true;
    switch (server->owed) {
    case HDLC_OWES_NOTHING: break;
    case HDLC_OWES_UA: paid = send_ua(server, out); break;
    case HDLC_OWES_DM: paid = send_unnumbered(server, HDLC_DM, NULL, 0, out); break;
    case HDLC_OWES_FRMR:
        paid = send_unnumbered(server, HDLC_FRMR, server->rejection, sizeof server->rejection, out);
        break;
    case HDLC_OWES_TURN: paid = send_turn(server, upper, out); break;
    }
    if (paid) {
        server->owed = HDLC_OWES_NOTHING;
    }
    return paid;
}

/* ---- opening and closing ---- */

static void disconnect(struct hdlc_server *server, const struct hdlc_upper *upper)
{
    if (server->mode != HDLC_NDM) {
        server->mode = HDLC_NDM;
        upper->release(upper->context);
    }
    hdlc_sender_drop(&server->answer);
    server->request.length = 0;
    server->peer_busy = false;
}

static uint16_t smaller(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

/** Each of our limits against the other side's view of the same direction. */
static struct hdlc_parameters agree(const struct hdlc_parameters *own,
                                    const struct hdlc_parameters *client)
{
    return (struct hdlc_parameters){
        .info_transmit = smaller(own->info_transmit, client->info_receive),
        .info_receive = smaller(own->info_receive, client->info_transmit),
        .window_transmit = (uint8_t)smaller(own->window_transmit, client->window_receive),
        .window_receive = (uint8_t)smaller(own->window_receive, client->window_transmit),
    };
}

static void on_snrm(struct hdlc_server *server, const struct hdlc_upper *upper,
                    const struct hdlc_frame *frame)
{
    struct hdlc_parameters offered;
    if (hdlc_parameters_read(frame->info, frame->n_info, &offered) != HDLC_OK) {
        owe(server, frame, HDLC_OWES_DM);
        return;
    }
    disconnect(server, upper);
    if (!upper->connect(upper->context, frame->source.upper, frame->destination.upper)) {
        owe(server, frame, HDLC_OWES_DM);
        return;
    }
    server->mode = HDLC_NRM;
    server->client = frame->source;
    server->own = frame->destination;
    server->agreed = agree(&server->settings.own, &offered);
    server->answer = (struct hdlc_sender){.info_max = server->agreed.info_transmit,
                                          .window = server->agreed.window_transmit};
    server->receive_number = 0;
    server->parameters_owed = true;
    owe(server, frame, HDLC_OWES_UA);
}

static void on_disc(struct hdlc_server *server, const struct hdlc_upper *upper,
                    const struct hdlc_frame *frame)
{
    disconnect(server, upper);
    server->parameters_owed = false;
    owe(server, frame, HDLC_OWES_UA);
}

/** Only SNRM and DISC help from now on. */
static void reject(struct hdlc_server *server, const struct hdlc_frame *frame,
                   enum rejected_for reason)
{
    server->mode = HDLC_REJECTED;
    server->rejection[0] = frame->control;
    server->rejection[1] =
        (uint8_t)((unsigned)server->answer.top << 1 | (unsigned)server->receive_number << 5);
    server->rejection[2] = (uint8_t)reason;
    owe(server, frame, HDLC_OWES_FRMR);
}

/* ---- information ---- */

/** A whole request with its LLC octets.  Whatever was left of the last answer is given up. */
static void hand_up(struct hdlc_server *server, const struct hdlc_upper *upper, uint8_t *bytes,
                    size_t n_bytes)
{
    hdlc_sender_drop(&server->answer);
    if (n_bytes <= HDLC_LLC_BYTES || memcmp(bytes, hdlc_llc_command, HDLC_LLC_BYTES) != 0) {
        return; /* not for us: acknowledged, and no answer */
    }
    const size_t n =
        upper->request(upper->context, bytes + HDLC_LLC_BYTES, n_bytes - HDLC_LLC_BYTES,
                       server->memory.answer, server->memory.n_answer);
    if (n > 0) {
        hdlc_sender_begin(&server->answer, hdlc_llc_response, server->memory.answer, n);
    }
}

/** The information of a frame where it can be changed. */
static uint8_t *info_of(const struct hdlc_server *server, const struct hdlc_frame *frame)
{
    return server->receiver.bytes + (frame->info - server->receiver.bytes);
}

static void take_info(struct hdlc_server *server, const struct hdlc_upper *upper,
                      const struct hdlc_frame *frame)
{
    struct hdlc_collector *request = &server->request;
    if (!frame->segmented && request->length == 0) {
        hand_up(server, upper, info_of(server, frame), frame->n_info);
        return;
    }
    if (!hdlc_collector_add(request, frame->info, frame->n_info)) {
        request->length = 0;
        reject(server, frame, REJECTED_TOO_LONG);
        return;
    }
    if (!frame->segmented) {
        hand_up(server, upper, request->bytes, request->length);
        request->length = 0;
    }
}

/** Frames that were not heard are due again. */
static void on_poll(struct hdlc_server *server, const struct hdlc_frame *frame)
{
    if (server->mode == HDLC_NRM && hdlc_poll_final(frame->control)) {
        hdlc_sender_back(&server->answer);
        owe(server, frame, HDLC_OWES_TURN);
    }
}

static void on_i(struct hdlc_server *server, const struct hdlc_upper *upper,
                 const struct hdlc_frame *frame)
{
    const bool heard = hdlc_sender_heard(&server->answer, hdlc_receive_number(frame->control));
    server->peer_busy = false;
    if (hdlc_send_number(frame->control) == server->receive_number) {
        if (frame->n_info > server->agreed.info_receive) {
            reject(server, frame, REJECTED_TOO_LONG);
            return;
        }
        if (!heard) {
            reject(server, frame, REJECTED_NUMBER);
            return;
        }
        /* One who asks on without having heard the answer gets the answer first. */
        if (hdlc_sender_open(&server->answer) == 0) {
            server->receive_number = (uint8_t)(server->receive_number + 1u) & 7u;
            take_info(server, upper, frame);
        }
    }
    on_poll(server, frame);
}

static void on_supervisory(struct hdlc_server *server, const struct hdlc_frame *frame,
                           enum hdlc_kind kind)
{
    /* a number that is too old comes with a late copy: what was not heard is sent again */
    (void)hdlc_sender_heard(&server->answer, hdlc_receive_number(frame->control));
    server->peer_busy = kind == HDLC_RNR;
    on_poll(server, frame);
}

static void on_ui(struct hdlc_server *server, const struct hdlc_upper *upper,
                  const struct hdlc_frame *frame)
{
    uint8_t *info = info_of(server, frame);
    if (upper->unconfirmed != NULL && !frame->segmented && frame->n_info > HDLC_LLC_BYTES &&
        memcmp(info, hdlc_llc_command, HDLC_LLC_BYTES) == 0) {
        upper->unconfirmed(upper->context, frame->source.upper, frame->destination.upper,
                           info + HDLC_LLC_BYTES, frame->n_info - HDLC_LLC_BYTES);
    }
}

/* ---- who is meant ---- */

enum meant { MEANT_NOBODY, MEANT_SELF, MEANT_ALL };

static enum meant who_is_meant(const struct hdlc_server *server, const struct hdlc_frame *frame)
{
    const struct hdlc_address *to = &frame->destination;
    const uint16_t all = to->n_octets == 4 ? HDLC_ALL_STATIONS_LONG : HDLC_ALL_STATIONS;
    if (frame->source.n_octets != 1 || frame->source.upper == 0) {
        return MEANT_NOBODY; /* a client has one octet; 0 is no station */
    }
    if (to->n_octets > 1 && to->lower != server->settings.physical && to->lower != all) {
        return MEANT_NOBODY;
    }
    return to->upper == all || (to->n_octets > 1 && to->lower == all) ? MEANT_ALL : MEANT_SELF;
}

static bool of_link(const struct hdlc_server *server, const struct hdlc_frame *frame)
{
    return server->mode != HDLC_NDM && frame->source.upper == server->client.upper &&
           frame->destination.upper == server->own.upper;
}

static void on_link(struct hdlc_server *server, const struct hdlc_upper *upper,
                    const struct hdlc_frame *frame, int64_t wall_ms)
{
    const enum hdlc_kind kind = hdlc_kind_of(frame->control);
    server->last_frame_ms = wall_ms;
    if (kind == HDLC_DISC) {
        on_disc(server, upper, frame);
        return;
    }
    if (server->mode == HDLC_REJECTED) {
        if (hdlc_poll_final(frame->control)) {
            owe(server, frame, HDLC_OWES_FRMR);
        }
        return;
    }
    switch (kind) {
    case HDLC_I: on_i(server, upper, frame); break;
    case HDLC_RR:
    case HDLC_RNR: on_supervisory(server, frame, kind); break;
    case HDLC_UNKNOWN: reject(server, frame, REJECTED_CONTROL); break;
    case HDLC_SNRM:
    case HDLC_DISC:
    case HDLC_UI:
    case HDLC_UA:
    case HDLC_DM:
    case HDLC_FRMR: break; /* responses: an echo */
    }
}

static void on_frame(struct hdlc_server *server, const struct hdlc_upper *upper,
                     const struct hdlc_frame *frame, int64_t wall_ms)
{
    const enum meant meant = who_is_meant(server, frame);
    const enum hdlc_kind kind = hdlc_kind_of(frame->control);
    if (meant == MEANT_NOBODY) {
        return;
    }
    if (kind == HDLC_UI) {
        on_ui(server, upper, frame);
    } else if (meant == MEANT_ALL) {
        return;
    }
    if (kind == HDLC_SNRM) {
        server->last_frame_ms = wall_ms;
        on_snrm(server, upper, frame);
    } else if (of_link(server, frame)) {
        on_link(server, upper, frame, wall_ms);
    } else if (kind != HDLC_UI && kind != HDLC_UA && kind != HDLC_DM && kind != HDLC_FRMR &&
               hdlc_poll_final(frame->control)) {
        owe(server, frame, HDLC_OWES_DM);
    }
}

/* ---- time ---- */

static void expire_frame(struct hdlc_server *server, const struct hdlc_upper *upper,
                         int64_t wall_ms, struct writer *out)
{
    struct hdlc_frame frame;
    if (!hdlc_receiver_busy(&server->receiver) ||
        wall_ms - server->last_byte_ms < server->settings.inter_octet_ms) {
        return;
    }
    while (hdlc_receiver_expire(&server->receiver, &frame)) {
        on_frame(server, upper, &frame, server->last_byte_ms);
        (void)pay(server, upper, out);
    }
}

static int64_t inactive_at_ms(const struct hdlc_server *server)
{
    if (server->mode == HDLC_NDM || server->settings.inactivity_s == 0) {
        return INT64_MAX;
    }
    return server->last_frame_ms + (int64_t)server->settings.inactivity_s * 1000;
}

static void expire_link(struct hdlc_server *server, const struct hdlc_upper *upper, int64_t wall_ms)
{
    if (wall_ms >= inactive_at_ms(server)) {
        hdlc_server_close(server, upper);
    }
}

void hdlc_server_receive(struct hdlc_server *server, const struct hdlc_upper *upper,
                         struct reader *in, int64_t wall_ms, struct writer *out)
{
    struct hdlc_frame frame;
    expire_frame(server, upper, wall_ms, out);
    expire_link(server, upper, wall_ms);
    if (reader_left(in) > 0) {
        server->last_byte_ms = wall_ms;
    }
    while (pay(server, upper, out) && hdlc_receiver_take(&server->receiver, in, &frame)) {
        on_frame(server, upper, &frame, wall_ms);
    }
}

int64_t hdlc_server_step(struct hdlc_server *server, const struct hdlc_upper *upper,
                         int64_t wall_ms, struct writer *out)
{
    expire_frame(server, upper, wall_ms, out);
    expire_link(server, upper, wall_ms);
    if (!pay(server, upper, out)) {
        return wall_ms;
    }
    const int64_t frame_ms = hdlc_receiver_busy(&server->receiver)
                                 ? server->last_byte_ms + server->settings.inter_octet_ms
                                 : INT64_MAX;
    const int64_t link_ms = inactive_at_ms(server);
    return frame_ms < link_ms ? frame_ms : link_ms;
}

void hdlc_server_close(struct hdlc_server *server, const struct hdlc_upper *upper)
{
    disconnect(server, upper);
    server->owed = HDLC_OWES_NOTHING;
}

/* ---- push ---- */

int hdlc_push(const struct hdlc_address *client, const struct hdlc_address *server,
              uint16_t info_max, const uint8_t *apdu, size_t n_apdu, struct writer *out)
{
    struct hdlc_sender sender = {.info_max = info_max, .window = HDLC_WINDOW_MAX};
    struct hdlc_frame frame = {.destination = *client, .source = *server};
    struct writer w = *out;
    if (info_max < HDLC_INFO_MIN) {
        return HDLC_ERR_SPACE;
    }
    hdlc_sender_begin(&sender, hdlc_llc_response, apdu, n_apdu);
    do {
        hdlc_sender_next(&sender, 0, &frame);
        (void)hdlc_sender_heard(&sender, sender.next); /* nobody says that he has heard it */
        frame.control = hdlc_control(HDLC_UI, false, 0, 0);
        const int n = hdlc_frame_encode(&frame, w.at, writer_left(&w));
        if (n < 0) {
            return n;
        }
        w.at += n;
    } while (frame.segmented);
    *out = w;
    return HDLC_OK;
}
