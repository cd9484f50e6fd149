#include "hdlc_client.h"

#include <string.h>

struct hdlc_client_settings hdlc_client_defaults(uint8_t client, struct hdlc_address server)
{
    return (struct hdlc_client_settings){
        .client = client,
        .server = server,
        .own = {512, 512, HDLC_WINDOW_MAX, HDLC_WINDOW_MAX},
        .response_ms = 2000,
        .inter_octet_ms = 500,
        .tries = 3,
        .poll_ms = 100,
        .polls = 100,
    };
}

void hdlc_client_init(struct hdlc_client *client, const struct hdlc_client_settings *settings,
                      const struct hdlc_client_memory *memory)
{
    memset(client, 0, sizeof *client);
    client->settings = *settings;
    client->answer = (struct hdlc_collector){memory->answer, memory->n_answer, 0};
    client->notice = (struct hdlc_collector){memory->notice, memory->n_notice, 0};
    client->deadline_ms = INT64_MAX;
    hdlc_receiver_init(&client->receiver, memory->frame, memory->n_frame);
}

/* ---- what the caller wants ---- */

static void begin(struct hdlc_client *client, enum hdlc_client_state state, enum hdlc_due due)
{
    client->state = state;
    client->due = due;
    client->tries = client->settings.tries;
    client->polls = client->settings.polls;
    client->polling = false;
    client->deadline_ms = INT64_MAX;
}

void hdlc_client_connect(struct hdlc_client *client)
{
    begin(client, HDLC_CLIENT_CONNECTING, HDLC_DUE_SNRM);
}

void hdlc_client_disconnect(struct hdlc_client *client)
{
    begin(client, HDLC_CLIENT_CLOSING, HDLC_DUE_DISC);
}

static bool ask(struct hdlc_client *client, bool answer_wanted)
{
    client->answer.length = 0;
    client->answer_complete = false;
    client->answer_wanted = answer_wanted;
    client->server_busy = false;
    begin(client, HDLC_CLIENT_ASKING, HDLC_DUE_TURN);
    return true;
}

bool hdlc_client_request(struct hdlc_client *client, const uint8_t *apdu, size_t n_apdu,
                         bool answer_wanted)
{
    if (client->state != HDLC_CLIENT_OPEN) {
        return false;
    }
    hdlc_sender_begin(&client->request, hdlc_llc_command, apdu, n_apdu);
    return ask(client, answer_wanted);
}

bool hdlc_client_poll(struct hdlc_client *client)
{
    return client->state == HDLC_CLIENT_OPEN && ask(client, true);
}

/** The link is over. */
static enum hdlc_event ended(struct hdlc_client *client, enum hdlc_event event)
{
    client->state = HDLC_CLIENT_CLOSED;
    client->due = HDLC_DUE_NOTHING;
    client->deadline_ms = INT64_MAX;
    return event;
}

/** What was asked has been done. */
static enum hdlc_event done(struct hdlc_client *client, enum hdlc_event event)
{
    client->state = HDLC_CLIENT_OPEN;
    client->due = HDLC_DUE_NOTHING;
    client->deadline_ms = INT64_MAX;
    return event;
}

/* ---- what comes ---- */

static uint16_t smaller(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

/** The server speaks of its own directions.  It may not go beyond what was offered. */
static struct hdlc_parameters within_own(const struct hdlc_parameters *own,
                                         const struct hdlc_parameters *server)
{
    const struct hdlc_parameters none = {HDLC_INFO_DEFAULT, HDLC_INFO_DEFAULT, HDLC_WINDOW_DEFAULT,
                                         HDLC_WINDOW_DEFAULT};
    const struct hdlc_parameters *offer = own->info_transmit != 0 ? own : &none;
    return (struct hdlc_parameters){
        .info_transmit = smaller(offer->info_transmit, server->info_receive),
        .info_receive = smaller(offer->info_receive, server->info_transmit),
        .window_transmit = (uint8_t)smaller(offer->window_transmit, server->window_receive),
        .window_receive = (uint8_t)smaller(offer->window_receive, server->window_transmit),
    };
}

static enum hdlc_event on_ua(struct hdlc_client *client, const struct hdlc_frame *frame)
{
    if (client->state == HDLC_CLIENT_CLOSING) {
        return ended(client, HDLC_DISCONNECTED);
    }
    if (client->state != HDLC_CLIENT_CONNECTING) {
        return HDLC_NOTHING; /* a second answer to a repeated SNRM */
    }
    if (hdlc_parameters_read(frame->info, frame->n_info, &client->agreed) != HDLC_OK) {
        return ended(client, HDLC_MALFORMED);
    }
    client->agreed = within_own(&client->settings.own, &client->agreed);
    client->request = (struct hdlc_sender){.info_max = client->agreed.info_transmit,
                                           .window = client->agreed.window_transmit};
    client->receive_number = 0;
    return done(client, HDLC_CONNECTED);
}

static enum hdlc_event on_dm(struct hdlc_client *client)
{
    switch (client->state) {
    case HDLC_CLIENT_CLOSED: return HDLC_NOTHING;
    case HDLC_CLIENT_CLOSING: return ended(client, HDLC_DISCONNECTED);
    case HDLC_CLIENT_CONNECTING:
    case HDLC_CLIENT_OPEN:
    case HDLC_CLIENT_ASKING: break;
    }
    return ended(client, HDLC_REFUSED);
}

/** The whole answer is here and the turn is ours. */
static enum hdlc_event answered(struct hdlc_client *client)
{
    if (client->answer.length < HDLC_LLC_BYTES ||
        memcmp(client->answer.bytes, hdlc_llc_response, HDLC_LLC_BYTES) != 0) {
        return ended(client, HDLC_MALFORMED);
    }
    client->apdu = client->answer.bytes + HDLC_LLC_BYTES;
    client->n_apdu = client->answer.length - HDLC_LLC_BYTES;
    return done(client, HDLC_ANSWER);
}

/** The server says how much of the request it has. */
static void on_heard(struct hdlc_client *client, uint8_t receive_number)
{
    const uint8_t before = client->request.first;
    if (hdlc_sender_heard(&client->request, receive_number) && client->request.first != before) {
        client->tries = client->settings.tries;
    }
}

/** Our turn again: the rest of the request, or RR for the rest of the answer. */
static void go_on(struct hdlc_client *client)
{
    hdlc_sender_back(&client->request);
    client->due = HDLC_DUE_TURN;
    client->deadline_ms = INT64_MAX;
}

static enum hdlc_event on_i(struct hdlc_client *client, const struct hdlc_frame *frame)
{
    const uint8_t late =
        (uint8_t)((unsigned)client->receive_number - hdlc_send_number(frame->control)) & 7u;
    if (client->state != HDLC_CLIENT_ASKING ||
        (late != 0 && late <= client->agreed.window_receive)) {
        return HDLC_NOTHING; /* heard before: to ask again would double all that follows */
    }
    on_heard(client, hdlc_receive_number(frame->control));
    if (late == 0 && !client->answer_complete) {
        client->receive_number = (uint8_t)(client->receive_number + 1u) & 7u;
        client->tries = client->settings.tries;
        client->polls = client->settings.polls;
        if (!hdlc_collector_add(&client->answer, frame->info, frame->n_info)) {
            return ended(client, HDLC_OVERFLOW);
        }
        client->answer_complete = !frame->segmented;
    }
    if (!hdlc_poll_final(frame->control)) {
        return HDLC_NOTHING;
    }
    if (client->answer_complete) {
        return answered(client);
    }
    go_on(client);
    return HDLC_NOTHING;
}

/** The server has taken all and has no answer yet: ask again in a while. */
static enum hdlc_event ask_later(struct hdlc_client *client, int64_t wall_ms)
{
    if (client->polls == 0) {
        return ended(client, HDLC_SILENCE);
    }
    client->polls--;
    client->polling = true;
    client->deadline_ms = wall_ms + client->settings.poll_ms;
    return HDLC_NOTHING;
}

static enum hdlc_event on_supervisory(struct hdlc_client *client, const struct hdlc_frame *frame,
                                      bool busy, int64_t wall_ms)
{
    if (client->state != HDLC_CLIENT_ASKING) {
        return HDLC_NOTHING;
    }
    on_heard(client, hdlc_receive_number(frame->control));
    client->server_busy = busy;
    if (!hdlc_poll_final(frame->control)) {
        return HDLC_NOTHING;
    }
    if (client->answer_complete) {
        return answered(client);
    }
    if (busy) {
        return ask_later(client, wall_ms);
    }
    if (client->request.length > 0) { /* a part is missing there, or was not sent yet */
        go_on(client);
        return HDLC_NOTHING;
    }
    return client->answer_wanted ? ask_later(client, wall_ms) : done(client, HDLC_TAKEN);
}

static enum hdlc_event on_ui(struct hdlc_client *client, const struct hdlc_frame *frame)
{
    struct hdlc_collector *notice = &client->notice;
    const bool fits = hdlc_collector_add(notice, frame->info, frame->n_info);
    if (fits && frame->segmented) {
        return HDLC_NOTHING;
    }
    const size_t n = notice->length;
    notice->length = 0;
    if (!fits || n < HDLC_LLC_BYTES ||
        memcmp(notice->bytes, hdlc_llc_response, HDLC_LLC_BYTES) != 0) {
        return HDLC_NOTHING;
    }
    client->notice_from = frame->source;
    client->apdu = notice->bytes + HDLC_LLC_BYTES;
    client->n_apdu = n - HDLC_LLC_BYTES;
    return HDLC_NOTICE;
}

static bool from_server(const struct hdlc_client *client, const struct hdlc_frame *frame)
{
    return frame->destination.n_octets == 1 &&
           frame->destination.upper == client->settings.client &&
           frame->source.upper == client->settings.server.upper;
}

static enum hdlc_event on_frame(struct hdlc_client *client, const struct hdlc_frame *frame,
                                int64_t wall_ms)
{
    const enum hdlc_kind kind = hdlc_kind_of(frame->control);
    if (kind != HDLC_UI && !from_server(client, frame)) {
        return HDLC_NOTHING;
    }
    if (client->state == HDLC_CLIENT_ASKING && !client->polling) {
        client->deadline_ms = wall_ms + client->settings.response_ms; /* it is answering */
    }
    switch (kind) {
    case HDLC_UI: return on_ui(client, frame);
    case HDLC_I: return on_i(client, frame);
    case HDLC_RR: return on_supervisory(client, frame, false, wall_ms);
    case HDLC_RNR: return on_supervisory(client, frame, true, wall_ms);
    case HDLC_UA: return on_ua(client, frame);
    case HDLC_DM: return on_dm(client);
    case HDLC_FRMR:
        return client->state == HDLC_CLIENT_CLOSED ? HDLC_NOTHING
                                                   : ended(client, HDLC_FRAME_REJECT);
    case HDLC_SNRM:
    case HDLC_DISC:
    case HDLC_UNKNOWN: break; /* an echo of our own */
    }
    return HDLC_NOTHING;
}

enum hdlc_event hdlc_client_receive(struct hdlc_client *client, struct reader *in, int64_t wall_ms)
{
    struct hdlc_frame frame;
    if (reader_left(in) > 0) {
        client->last_byte_ms = wall_ms;
    }
    while (hdlc_receiver_take(&client->receiver, in, &frame)) {
        const enum hdlc_event event = on_frame(client, &frame, wall_ms);
        if (event != HDLC_NOTHING) {
            return event;
        }
    }
    return HDLC_NOTHING;
}

/* ---- what goes ---- */

static bool send(const struct hdlc_client *client, struct hdlc_frame *frame, struct writer *out)
{
    frame->destination = client->settings.server;
    frame->source = (struct hdlc_address){client->settings.client, 0, 1};
    const int n = hdlc_frame_encode(frame, out->at, writer_left(out));
    if (n < 0) {
        return false;
    }
    out->at += n;
    return true;
}

static bool send_snrm(const struct hdlc_client *client, struct writer *out)
{
    uint8_t info[HDLC_PARAMETERS_BYTES];
    struct writer w = writer_over(info, sizeof info);
    if (client->settings.own.info_transmit != 0) {
        hdlc_parameters_write(&w, &client->settings.own);
    }
    struct hdlc_frame frame = {.control = hdlc_control(HDLC_SNRM, true, 0, 0),
                               .info = info,
                               .n_info = (uint16_t)writer_length(&w)};
    return send(client, &frame, out);
}

static bool send_turn(struct hdlc_client *client, struct writer *out)
{
    struct hdlc_frame frame = {0};
    if (client->server_busy || !hdlc_sender_ready(&client->request)) {
        frame.control = hdlc_control(HDLC_RR, true, 0, client->receive_number);
        return send(client, &frame, out);
    }
    do {
        const struct hdlc_sender before = client->request;
        hdlc_sender_next(&client->request, client->receive_number, &frame);
        if (!send(client, &frame, out)) {
            client->request = before;
            return false;
        }
    } while (!hdlc_poll_final(frame.control));
    return true;
}

/** @return false: no room. */
static bool send_due(struct hdlc_client *client, int64_t wall_ms, struct writer *out)
{
    struct hdlc_frame disc = {.control = hdlc_control(HDLC_DISC, true, 0, 0)};
    bool sent = true;
    switch (client->due) {
    case HDLC_DUE_NOTHING: return true;
    case HDLC_DUE_SNRM: sent = send_snrm(client, out); break;
    case HDLC_DUE_TURN: sent = send_turn(client, out); break;
    case HDLC_DUE_DISC: sent = send(client, &disc, out); break;
    }
    if (sent) {
        client->due = HDLC_DUE_NOTHING;
        client->deadline_ms = wall_ms + client->settings.response_ms;
    }
    return sent;
}

/** Nothing came in time. */
static enum hdlc_event late(struct hdlc_client *client)
{
    client->deadline_ms = INT64_MAX;
    if (client->polling) {
        client->polling = false;
    } else if (client->tries <= 1) {
        return ended(client, HDLC_SILENCE);
    } else {
        client->tries--;
    }
    hdlc_sender_back(&client->request);
    switch (client->state) {
    case HDLC_CLIENT_CLOSED:
    case HDLC_CLIENT_OPEN: break;
    case HDLC_CLIENT_CONNECTING: client->due = HDLC_DUE_SNRM; break;
    case HDLC_CLIENT_ASKING: client->due = HDLC_DUE_TURN; break;
    case HDLC_CLIENT_CLOSING: client->due = HDLC_DUE_DISC; break;
    }
    return HDLC_NOTHING;
}

/** The answer has begun: its frame may end, but not begin again and again. */
static bool hearing(const struct hdlc_client *client, int64_t wall_ms)
{
    return hdlc_receiver_busy(&client->receiver) &&
           wall_ms - client->last_byte_ms < client->settings.inter_octet_ms &&
           wall_ms - client->deadline_ms < client->settings.response_ms;
}

/** A frame that stopped in its middle, and what may stand behind its false beginning. */
static enum hdlc_event expire_frame(struct hdlc_client *client, int64_t wall_ms)
{
    struct hdlc_frame frame;
    enum hdlc_event event = HDLC_NOTHING;
    if (hdlc_receiver_busy(&client->receiver) &&
        wall_ms - client->last_byte_ms >= client->settings.inter_octet_ms) {
        while (event == HDLC_NOTHING && hdlc_receiver_expire(&client->receiver, &frame)) {
            event = on_frame(client, &frame, wall_ms);
        }
    }
    return event;
}

enum hdlc_event hdlc_client_step(struct hdlc_client *client, int64_t wall_ms, struct writer *out,
                                 int64_t *next_ms)
{
    enum hdlc_event event = expire_frame(client, wall_ms);
    if (event == HDLC_NOTHING && client->deadline_ms <= wall_ms && !hearing(client, wall_ms)) {
        event = late(client);
    }
    const bool sent = send_due(client, wall_ms, out);
    const int64_t frame_ms = hdlc_receiver_busy(&client->receiver)
                                 ? client->last_byte_ms + client->settings.inter_octet_ms
                                 : INT64_MAX;
    *next_ms = frame_ms < client->deadline_ms ? frame_ms : client->deadline_ms;
    if (!sent) {
        *next_ms = wall_ms;
    } else if (client->deadline_ms <= wall_ms) {
        *next_ms = frame_ms;
    }
    return event;
}
