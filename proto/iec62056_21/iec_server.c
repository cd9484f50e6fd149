#include "iec_server.h"

#include <string.h>

#define STX      0x02u
#define ETX      0x03u
#define ACK      0x06u
#define LINE_MAX 96u /* longest data line, without CR LF */

#define BITS_PER_CHARACTER 10 /* start, seven data, parity, stop */

static const uint16_t bauds[] = {300, 600, 1200, 2400, 4800, 9600}; /* Z = 0 .. 5 */

void iec_server_init(struct iec_server *server, const struct iec_settings *settings)
{
    memset(server, 0, sizeof *server);
    server->settings = *settings;
    server->state = IEC_IDLE;
    server->deadline_ms = INT64_MAX;
    server->baud = settings->initial_baud;
    server->push_at_ms = INT64_MIN;
}

void iec_server_configure(struct iec_server *server, const struct iec_settings *settings)
{
    if (server->settings.push_ms != settings->push_ms) {
        server->push_at_ms = INT64_MIN;
    }
    server->settings = *settings;
    if (server->state == IEC_IDLE) {
        server->baud = settings->initial_baud;
    }
}

bool iec_server_busy(const struct iec_server *server)
{
    return server->state != IEC_IDLE;
}

bool iec_server_binary(const struct iec_server *server)
{
    return server->state == IEC_BINARY;
}

static void go_idle(struct iec_server *server)
{
    server->state = IEC_IDLE;
    server->deadline_ms = INT64_MAX;
    server->length = 0;
    server->baud = server->settings.initial_baud;
}

static void go_data(struct iec_server *server, int64_t from_ms)
{
    server->state = IEC_DATA;
    server->deadline_ms = from_ms;
    server->line = 0;
    server->bcc = 0;
}

/** Time that n_bytes take on the line; 0 when nobody paces. */
static int64_t line_time_ms(const struct iec_server *server, size_t n_bytes)
{
    if (!server->settings.paced || server->baud == 0) {
        return 0;
    }
    return (int64_t)(((uint32_t)n_bytes * BITS_PER_CHARACTER * 1000u + server->baud - 1) /
                     server->baud);
}

/* ---- "/?address!CR LF" ---- */

static void skip_zeroes(const char **text, size_t *length)
{
    while (*length > 0 && **text == '0') {
        (*text)++;
        (*length)--;
    }
}

/** No address calls everyone; otherwise equal but for leading zeroes (IEC 62056-21, 6.3.1). */
static bool address_matches(const char *asked, size_t n_asked, const char *own)
{
    size_t n_own = strlen(own);
    if (n_asked == 0) {
        return true;
    }
    skip_zeroes(&asked, &n_asked);
    skip_zeroes(&own, &n_own);
    return n_asked == n_own && memcmp(asked, own, n_own) == 0;
}

/** The request stands in server->request, from '?' to CR. */
static bool request_is_ours(const struct iec_server *server, const struct iec_meter *meter)
{
    size_t length = server->length;
    const char *request = server->request;
    if (length < 3 || request[0] != '?' || request[length - 2] != '!' ||
        request[length - 1] != '\r') {
        return false;
    }
    return address_matches(request + 1, length - 3, meter->address(meter->context));
}

static void answer_request(struct iec_server *server, const struct iec_meter *meter,
                           int64_t wall_ms, struct writer *out)
{
    const char *ident = meter->ident(meter->context);
    size_t length = strlen(ident) + 3;
    if (!request_is_ours(server, meter) || writer_left(out) < length) {
        go_idle(server);
        return;
    }
    writer_u8(out, '/');
    writer_text(out, ident);
    writer_text(out, "\r\n");
    server->state = IEC_IDENT;
    server->data_from_ms =
        wall_ms + line_time_ms(server, length) + (int64_t)server->settings.wait_ms;
    server->deadline_ms = server->data_from_ms;
}

/** Keep a character of a message.  @return false: it has grown too long. */
static bool keep(struct iec_server *server, char character)
{
    if (server->length == sizeof server->request) {
        return false;
    }
    server->request[server->length++] = character;
    return true;
}

static void start_request(struct iec_server *server, int64_t wall_ms)
{
    server->state = IEC_REQUEST;
    server->length = 0;
    server->deadline_ms = wall_ms + (int64_t)server->settings.char_timeout_ms;
}

static void byte_in_request(struct iec_server *server, const struct iec_meter *meter,
                            char character, int64_t wall_ms, struct writer *out)
{
    if (character == '/') {
        start_request(server, wall_ms);
    } else if (character == '\n') {
        answer_request(server, meter, wall_ms, out);
    } else if (keep(server, character)) {
        server->deadline_ms = wall_ms + (int64_t)server->settings.char_timeout_ms;
    } else {
        go_idle(server);
    }
}

/* ---- "ACK 0 Z Y CR LF" ---- */

static uint32_t baud_of(unsigned z)
{
    return bauds[z < sizeof bauds / sizeof bauds[0] ? z : 0];
}

/** Mode E: the confirmation goes at the old speed, then the line changes hands. */
static void hand_over(struct iec_server *server, int64_t wall_ms, struct writer *out)
{
    const char option[] = {(char)ACK, '2', server->request[1], '2', '\r', '\n'};
    if (writer_left(out) < sizeof option) {
        go_idle(server);
        return;
    }
    writer_bytes(out, option, sizeof option);
    server->state = IEC_HANDOVER;
    server->deadline_ms =
        wall_ms + line_time_ms(server, sizeof option) + (int64_t)server->settings.reaction_ms;
}

static bool is_mode_e(const struct iec_server *server)
{
    const char *option = server->request;
    return server->settings.mode_e && server->length == 4 && option[0] == '2' && option[1] >= '0' &&
           option[1] <= '5' && option[2] == '2' && option[3] == '\r';
}

/** The option stands in server->request: V Z Y CR. */
static void answer_option(struct iec_server *server, const struct iec_meter *meter, int64_t wall_ms,
                          struct writer *out)
{
    const char *option = server->request;
    if (is_mode_e(server)) {
        hand_over(server, wall_ms, out);
        return;
    }
    if (server->length != 4 || option[0] != '0' || option[3] != '\r') {
        server->state = IEC_IDENT; /* damaged: the data follow by themselves */
        return;
    }
    const bool programming = option[2] == '1' || option[2] == '6';
    if (option[2] != '0' && (!programming || meter->programmer == NULL)) {
        go_idle(server);
        return;
    }
    const int64_t from_ms = wall_ms + (int64_t)server->settings.reaction_ms;
    server->baud = baud_of((unsigned)(option[1] - '0'));
    if (programming) {
        server->state = IEC_OPENING;
        server->manufacturer = option[2] == '6';
        server->deadline_ms = from_ms;
    } else {
        go_data(server, from_ms);
    }
}

static void byte_in_option(struct iec_server *server, const struct iec_meter *meter, char character,
                           int64_t wall_ms, struct writer *out)
{
    if (character == '\n') {
        answer_option(server, meter, wall_ms, out);
    } else if (character == '/') {
        start_request(server, wall_ms);
    } else if (!keep(server, character)) {
        server->state = IEC_IDENT;
    }
}

static void byte_after_ident(struct iec_server *server, uint8_t byte, int64_t wall_ms)
{
    if (byte == '/') {
        start_request(server, wall_ms);
    } else if (byte == ACK && server->settings.mode_c) {
        server->state = IEC_OPTION;
        server->length = 0;
    }
}

/* ---- time ---- */

/** What the passing of time alone changes. */
static void apply_deadline(struct iec_server *server, int64_t wall_ms)
{
    if (wall_ms < server->deadline_ms) {
        return;
    }
    switch (server->state) {
    case IEC_IDLE:
    case IEC_DATA: break;
    case IEC_REQUEST:
    case IEC_SENT: go_idle(server); break;
    case IEC_IDENT:
    case IEC_OPTION: go_data(server, server->data_from_ms); break;
    case IEC_OPENING: break;
    case IEC_PROGRAM: go_idle(server); break;
    case IEC_HANDOVER:
        server->state = IEC_BINARY;
        server->baud = baud_of((unsigned)(server->request[1] - '0'));
        server->deadline_ms = INT64_MAX;
        break;
    case IEC_BINARY: break;
    }
}

static void byte_in_program(struct iec_server *server, const struct iec_meter *meter, uint8_t byte,
                            int64_t wall_ms, struct writer *out)
{
    server->deadline_ms = wall_ms + (int64_t)server->settings.inactivity_ms;
    if (byte == '/' && iec_program_between(&server->program)) {
        go_idle(server); /* another reader, while the one before has gone without a break */
        start_request(server, wall_ms);
        return;
    }
    if (meter->programmer == NULL || writer_left(out) < IEC_PROGRAM_ROOM ||
        !iec_program_byte(&server->program, meter->programmer, byte, out)) {
        go_idle(server); /* also when the reader takes no answers: it is gone */
    }
}

void iec_server_byte(struct iec_server *server, const struct iec_meter *meter, uint8_t byte,
                     int64_t wall_ms, struct writer *out)
{
    byte &= 0x7Fu;
    apply_deadline(server, wall_ms);
    switch (server->state) {
    case IEC_IDLE:
    case IEC_BINARY:
        if (byte == '/') {
            go_idle(server); /* a reader at the first speed again */
            start_request(server, wall_ms);
        }
        break;
    case IEC_REQUEST: byte_in_request(server, meter, (char)byte, wall_ms, out); break;
    case IEC_IDENT: byte_after_ident(server, byte, wall_ms); break;
    case IEC_OPTION: byte_in_option(server, meter, (char)byte, wall_ms, out); break;
    case IEC_PROGRAM: byte_in_program(server, meter, byte, wall_ms, out); break;
    case IEC_DATA:
    case IEC_OPENING:
    case IEC_HANDOVER:
    case IEC_SENT: break;
    }
}

/* ---- STX lines ! CR LF ETX BCC ---- */

/** Write a piece of the block; the check runs over everything after STX, up to and with ETX. */
static void block_bytes(struct iec_server *server, struct writer *out, const uint8_t *bytes,
                        size_t n_bytes)
{
    writer_bytes(out, bytes, n_bytes);
    for (size_t i = 0; i < n_bytes; i++) {
        server->bcc ^= bytes[i];
    }
}

static size_t data_line(const struct iec_server *server, const struct iec_meter *meter,
                        uint8_t *line, bool *more)
{
    struct writer w = writer_over(line, LINE_MAX);
    *more = meter->data_line(meter->context, server->line, &w);
    if (!*more) {
        w = writer_over(line, LINE_MAX);
        writer_u8(&w, '!');
    }
    for (uint8_t *at = w.begin; at < w.at; at++) {
        *at &= 0x7Fu;
    }
    writer_text(&w, "\r\n");
    return w.failed ? 0 : writer_length(&w); /* a line that is too long is left out */
}

/** One line.  @return when to go on. */
static int64_t send_line(struct iec_server *server, const struct iec_meter *meter, int64_t wall_ms,
                         struct writer *out)
{
    uint8_t line[LINE_MAX];
    bool more = false;
    size_t before = writer_length(out);
    if (writer_left(out) < IEC_SERVER_ROOM) {
        return 0;
    }
    size_t length = data_line(server, meter, line, &more);
    if (server->line == 0) {
        writer_u8(out, STX);
    }
    block_bytes(server, out, line, length);
    server->line++;
    if (!more) {
        const uint8_t etx = ETX;
        block_bytes(server, out, &etx, 1);
        writer_u8(out, server->bcc);
        server->state = IEC_SENT;
    }
    if (!server->settings.paced) {
        return 0;
    }
    /* Counted on from the deadline, so that a late call does not slow the line down. */
    server->deadline_ms += line_time_ms(server, writer_length(out) - before);
    return server->deadline_ms > wall_ms ? server->deadline_ms : 0;
}

/* ---- D0 ---- */

/** Identification and data block by themselves, when nobody is talking. */
static void push(struct iec_server *server, const struct iec_meter *meter, int64_t wall_ms,
                 struct writer *out)
{
    if (server->settings.push_ms == 0 || server->state != IEC_IDLE) {
        return;
    }
    const int64_t period_ms = (int64_t)server->settings.push_ms;
    if (server->push_at_ms == INT64_MIN) {
        server->push_at_ms = wall_ms + period_ms;
    }
    if (wall_ms < server->push_at_ms) {
        return;
    }
    /* those that were missed are not made up for */
    server->push_at_ms += (wall_ms - server->push_at_ms) / period_ms * period_ms + period_ms;
    const char *ident = meter->ident(meter->context);
    if (writer_left(out) < strlen(ident) + 3u) {
        return;
    }
    writer_u8(out, '/');
    writer_text(out, ident);
    writer_text(out, "\r\n");
    server->baud = baud_of(server->settings.push_speed);
    go_data(server, wall_ms + line_time_ms(server, strlen(ident) + 3u));
}

static int64_t next_of(const struct iec_server *server)
{
    if (server->state != IEC_IDLE) {
        return server->deadline_ms;
    }
    return server->settings.push_ms != 0 ? server->push_at_ms : INT64_MAX;
}

int64_t iec_server_step(struct iec_server *server, const struct iec_meter *meter, int64_t wall_ms,
                        struct writer *out)
{
    apply_deadline(server, wall_ms);
    push(server, meter, wall_ms, out);
    if (server->state == IEC_DATA && wall_ms >= server->deadline_ms) {
        return send_line(server, meter, wall_ms, out);
    }
    if (server->state == IEC_OPENING && wall_ms >= server->deadline_ms &&
        writer_left(out) >= IEC_SERVER_ROOM) {
        iec_program_begin(&server->program, server->manufacturer, out);
        server->state = IEC_PROGRAM;
        server->deadline_ms = wall_ms + (int64_t)server->settings.inactivity_ms;
    }
    return next_of(server);
}
