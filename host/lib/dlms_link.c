#include "dlms_link.h"

#include <poll.h>
#include <string.h>

#include "../../proto/iec62056_21/iec_client.h"

#define HDLC_INTER_OCTET_MS 500
#define CLOSE_TIMEOUT_MS    1000
#define STRANGERS_MAX       100 /* APDUs for other SAPs before one answer */
#define ACK                 0x06

static enum host_err fail(struct dlms_link *link, enum host_err err, const char *what,
                          const char *check)
{
    char where[256];
    line_describe(link->line, where, sizeof where);
    snprintf(link->line->error, sizeof link->line->error, "%s: %s; %s", where, what, check);
    return err;
}

/* ---- mode E (IEC 62056-21, annex E) ---- */

static const uint32_t mode_bauds[] = {300, 600, 1200, 2400, 4800, 9600, 19200};

/** A line of text that begins with first; echoes of what we sent are passed over. */
static bool read_text(struct dlms_link *link, char first, char *text, size_t n_text,
                      int64_t timeout_ms)
{
    const int64_t deadline_ms = line_now_ms() + timeout_ms;
    size_t n = 0;
    while (line_now_ms() < deadline_ms) {
        uint8_t byte;
        const int got = line_read(link->line, &byte, 1, deadline_ms - line_now_ms());
        if (got <= 0) {
            return false;
        }
        byte &= 0x7F;
        if (n == 0 && byte != (uint8_t)first) {
            continue;
        }
        if (n == 1 && first == '/' && byte == '?') { /* our own request */
            n = 0;
            continue;
        }
        if (byte == '\n') {
            text[n] = '\0';
            return true;
        }
        if (n + 1 < n_text) {
            text[n++] = (char)byte;
        }
    }
    return false;
}

/** Ask for HDLC at the speed that the meter proposes. */
static enum host_err open_mode_e(struct dlms_link *link)
{
    char request[48], ident[64], answer[16];
    const int length = iec_client_request("", request, sizeof request);
    enum host_err err = line_set_opening(link->line, true, 300);
    if (err == HOST_OK) {
        err = line_write(link->line, request, (size_t)length);
    }
    if (err != HOST_OK) {
        return err;
    }
    if (!read_text(link, '/', ident, sizeof ident, 5000)) {
        return fail(link, HOST_ERR_SILENT, "no identification (mode E)",
                    "check the seat of the optical head, or leave out mode-e=1");
    }
    const char digit = strlen(ident) > 4 ? ident[4] : ' ';
    if (digit < '0' || digit > '6') { /* not all that know mode E say so by a \2 */
        return fail(link, HOST_ERR_PROTOCOL, "the meter proposes no speed: it has no mode E",
                    "leave out mode-e=1");
    }
    snprintf(request, sizeof request, "%c2%c2\r\n", ACK, digit);
    err = line_write(link->line, request, 6);
    if (err != HOST_OK) {
        return err;
    }
    /* Not every meter repeats it, and a head's echo looks the same: the time has to pass anyway. */
    (void)read_text(link, ACK, answer, sizeof answer, 1500);
    err = line_set_opening(link->line, false, mode_bauds[digit - '0']);
    poll(NULL, 0, 300);
    return err;
}

/* ---- HDLC ---- */

/** The server's address: with a lower part when one is named, as long as its parts need. */
static struct hdlc_address server_address(const struct dlms_url *url)
{
    struct hdlc_address address = {url->server, url->address, url->address_bytes};
    if (address.n_octets == 0) {
        const bool wide = url->server > 0x7F || url->address > 0x7F;
        address.n_octets = wide ? 4 : url->address != 0 ? 2 : 1;
    }
    return address;
}

/** What an event of the link means for a call that waits. */
static int error_of(enum hdlc_event event)
{
    switch (event) {
    case HDLC_SILENCE: return DLMS_CLIENT_ERR_SILENT;
    case HDLC_OVERFLOW: return DLMS_CLIENT_ERR_SPACE;
    case HDLC_MALFORMED: return DLMS_CLIENT_ERR_MALFORMED;
    case HDLC_REFUSED:
    case HDLC_FRAME_REJECT: return DLMS_CLIENT_ERR_CLOSED;
    default: return DLMS_CLIENT_OK;
    }
}

/** Let the link run until something happens.  @return the event; HDLC_NOTHING: the line broke. */
static enum hdlc_event run(struct dlms_link *link)
{
    for (;;) {
        uint8_t bytes[HDLC_INFO_MAX + HDLC_OVERHEAD];
        struct writer out = writer_over(bytes, sizeof bytes);
        int64_t next_ms = 0;
        enum hdlc_event event = HDLC_NOTHING;
        if (reader_left(&link->left) > 0) {
            event = hdlc_client_receive(&link->hdlc, &link->left, line_now_ms());
            if (event != HDLC_NOTHING) {
                return event;
            }
        }
        event = hdlc_client_step(&link->hdlc, line_now_ms(), &out, &next_ms);
        if (writer_length(&out) > 0 &&
            line_write(link->line, bytes, writer_length(&out)) != HOST_OK) {
            return HDLC_NOTHING;
        }
        if (event != HDLC_NOTHING) {
            return event;
        }
        int64_t wait_ms = next_ms - line_now_ms();
        wait_ms = wait_ms < 0 ? 0 : wait_ms > 1000 ? 1000 : wait_ms;
        const int n = line_read(link->line, link->came, sizeof link->came, wait_ms);
        if (n < 0) {
            return HDLC_NOTHING;
        }
        link->left = reader_over(link->came, (size_t)n);
    }
}

static enum host_err open_hdlc(struct dlms_link *link)
{
    const struct dlms_url *url = &link->line->url.dlms;
    struct hdlc_client_settings settings =
        hdlc_client_defaults((uint8_t)url->client, server_address(url));
    const struct hdlc_client_memory memory = {link->frame,  sizeof link->frame,
                                              link->whole,  sizeof link->whole,
                                              link->notice, sizeof link->notice};
    settings.response_ms =
        (uint16_t)(link->timeout_ms < UINT16_MAX ? link->timeout_ms : UINT16_MAX);
    settings.inter_octet_ms = HDLC_INTER_OCTET_MS;
    settings.tries = (uint8_t)(link->retries < 100 ? link->retries + 1 : 100);
    if (url->client > 0x7F) {
        return fail(link, HOST_ERR_URL, "client address is too high for HDLC",
                    "expected client=1 ... 127");
    }
    hdlc_client_init(&link->hdlc, &settings, &memory);
    hdlc_client_connect(&link->hdlc);
    switch (run(link)) {
    case HDLC_CONNECTED: return HOST_OK;
    case HDLC_NOTHING: return HOST_ERR_IO;
    case HDLC_REFUSED:
        return fail(link, HOST_ERR_PROTOCOL, "the meter refuses the HDLC connection (DM)",
                    "check client= and server=, or wait until another client's time is over");
    case HDLC_SILENCE:
        return fail(link, HOST_ERR_SILENT, "no answer to the HDLC connect (SNRM)",
                    "check the optical head, baud=, server= and address=");
    default:
        return fail(link, HOST_ERR_PROTOCOL, "the answer to the HDLC connect makes no sense",
                    "check the line");
    }
}

static int send_hdlc(void *context, const uint8_t *apdu, size_t n_apdu)
{
    struct dlms_link *link = context;
    link->asked = hdlc_client_request(&link->hdlc, apdu, n_apdu, true);
    return link->asked ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_CLOSED;
}

static int receive_hdlc(void *context, uint8_t *apdu, size_t capacity)
{
    struct dlms_link *link = context;
    if (!link->asked && !hdlc_client_poll(&link->hdlc)) {
        return DLMS_CLIENT_ERR_CLOSED;
    }
    const enum hdlc_event event = run(link);
    if (event == HDLC_NOTHING) {
        return DLMS_CLIENT_ERR_LINE;
    }
    if (event == HDLC_TAKEN) {
        link->asked = false;
        return DLMS_CLIENT_ERR_SILENT;
    }
    if (event != HDLC_ANSWER && event != HDLC_NOTICE) {
        link->asked = false;
        const int err = error_of(event);
        return err != DLMS_CLIENT_OK ? err : DLMS_CLIENT_ERR_MALFORMED;
    }
    link->asked = link->asked && event == HDLC_NOTICE; /* then the answer is still to come */
    if (link->hdlc.n_apdu > capacity) {
        return DLMS_CLIENT_ERR_SPACE;
    }
    memcpy(apdu, link->hdlc.apdu, link->hdlc.n_apdu);
    return (int)link->hdlc.n_apdu;
}

/* ---- wrapper ---- */

static int send_wrapped(void *context, const uint8_t *apdu, size_t n_apdu)
{
    struct dlms_link *link = context;
    const struct dlms_url *url = &link->line->url.dlms;
    struct writer out = writer_over(link->out, sizeof link->out);
    if (dlms_wrapper_write(&out, url->client, url->server, apdu, n_apdu) != DLMS_WRAPPER_OK) {
        return DLMS_CLIENT_ERR_LONG;
    }
    return line_write(link->line, link->out, writer_length(&out)) == HOST_OK ? DLMS_CLIENT_OK
                                                                             : DLMS_CLIENT_ERR_LINE;
}

/** The next wrapped APDU, whoever it is for.  @return 1, 0: silence, or an error. */
static int next_wrapped(struct dlms_link *link, struct dlms_wpdu *wpdu)
{
    for (;;) {
        if (!link->line->url.udp && reader_left(&link->left) > 0) {
            const int result = dlms_wrapper_take(&link->wrapper, &link->left, wpdu);
            if (result != 0) {
                return result > 0 ? 1 : DLMS_CLIENT_ERR_MALFORMED;
            }
        }
        uint8_t *at = link->line->url.udp ? link->whole : link->came;
        const size_t room = link->line->url.udp ? sizeof link->whole : sizeof link->came;
        const int n = line_read(link->line, at, room, link->timeout_ms);
        if (n <= 0) {
            return n < 0 ? DLMS_CLIENT_ERR_LINE : 0;
        }
        if (!link->line->url.udp) {
            link->left = reader_over(link->came, (size_t)n);
        } else if (dlms_wrapper_datagram(link->whole, (size_t)n, wpdu) == 1) {
            return 1; /* others are no datagrams of ours: anybody can send some */
        }
    }
}

static int receive_wrapped(void *context, uint8_t *apdu, size_t capacity)
{
    struct dlms_link *link = context;
    const struct dlms_url *url = &link->line->url.dlms;
    struct dlms_wpdu wpdu;
    for (unsigned i = 0; i < STRANGERS_MAX; i++) {
        const int result = next_wrapped(link, &wpdu);
        if (result <= 0) {
            return result < 0 ? result : DLMS_CLIENT_ERR_SILENT;
        }
        if (wpdu.source != url->server || wpdu.destination != url->client) {
            continue; /* for another association on this connection */
        }
        if (wpdu.n_apdu > capacity) {
            return DLMS_CLIENT_ERR_SPACE;
        }
        memcpy(apdu, wpdu.apdu, wpdu.n_apdu);
        return (int)wpdu.n_apdu;
    }
    return DLMS_CLIENT_ERR_SILENT;
}

/* ---- both ---- */

enum host_err dlms_link_open(struct dlms_link *link, struct line *line, unsigned timeout_ms,
                             unsigned retries)
{
    link->line = line;
    link->timeout_ms = timeout_ms;
    link->retries = retries;
    link->asked = false;
    link->left = reader_over(link->came, 0);
    dlms_wrapper_receiver_init(&link->wrapper, link->whole, sizeof link->whole);
    if (!line->url.hdlc) {
        return HOST_OK;
    }
    if (line->url.dlms.mode_e && !line->url.tcp) {
        const enum host_err err = open_mode_e(link);
        if (err != HOST_OK) {
            return err;
        }
    }
    return open_hdlc(link);
}

void dlms_link_close(struct dlms_link *link)
{
    if (link->line == NULL || link->line->fd < 0 || !link->line->url.hdlc ||
        link->hdlc.state == HDLC_CLIENT_CLOSED) {
        return;
    }
    link->hdlc.settings.response_ms = CLOSE_TIMEOUT_MS;
    link->hdlc.settings.tries = 1;
    hdlc_client_disconnect(&link->hdlc);
    (void)run(link);
}

struct dlms_transport dlms_link_transport(struct dlms_link *link)
{
    if (link->line->url.hdlc) {
        return (struct dlms_transport){send_hdlc, receive_hdlc, link};
    }
    return (struct dlms_transport){send_wrapped, receive_wrapped, link};
}
