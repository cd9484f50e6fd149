#include "iec_programming.h"

#include <stdarg.h>
#include <string.h>

#define IDENT_MAX_MS  10000
#define ANSWER_MAX_MS 300000
#define SPEED_AT      3u /* "KAM5 68...": of an identification */

__attribute__((format(printf, 2, 3))) static enum host_err say(const struct iec_programming *p,
                                                               const char *format, ...)
{
    struct line *line = p->link->line;
    char where[220], what[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    line_describe(line, where, sizeof where);
    snprintf(line->error, sizeof line->error, "%s: %s", where, what);
    return HOST_ERR_PROTOCOL;
}

static enum host_err silent(const struct iec_programming *p, const char *what)
{
    (void)say(p, "no answer to %s in %u tries; check that the meter runs, and the seat of the head",
              what, p->link->retries + 1u);
    return HOST_ERR_SILENT;
}

/* ---- bytes ---- */

static enum host_err send_bytes(struct iec_programming *p, const char *bytes, size_t n)
{
    memmove(p->sent, bytes, n);
    p->n_sent = n;
    p->n_echoed = 0;
    iec_dialog_init(&p->dialog);
    return line_write(p->link->line, p->sent, n);
}

/** As the dialogue takes it, unless it is the echo of what was sent. */
static int take(struct iec_programming *p, uint8_t byte)
{
    int result = IEC_ANSWER_NONE;
    if (p->n_echoed < p->n_sent && (byte & 0x7Fu) == (uint8_t)p->sent[p->n_echoed]) {
        p->n_echoed++;
        return IEC_ANSWER_NONE;
    }
    if (p->n_echoed < p->n_sent) { /* it only began like it */
        for (size_t i = 0; i < p->n_echoed; i++) {
            (void)iec_dialog_byte(&p->dialog, (uint8_t)p->sent[i]);
        }
        p->n_sent = 0;
    }
    result = iec_dialog_byte(&p->dialog, byte);
    return result;
}

/** @return enum iec_answer (NONE: silence), negative: host_err or, of a damaged answer, PROTOCOL */
static int receive(struct iec_programming *p)
{
    const int64_t start_ms = line_now_ms();
    while (line_now_ms() - start_ms < ANSWER_MAX_MS) {
        uint8_t byte;
        const int n = line_read(p->link->line, &byte, 1, p->link->timeout_ms);
        if (n < 0) {
            return n;
        }
        const int result = n > 0 ? take(p, byte) : 0;
        if (result != IEC_ANSWER_NONE) {
            return result < 0 ? (int)HOST_ERR_PROTOCOL : result;
        }
        if (n == 0) {
            break;
        }
    }
    return iec_dialog_inside(&p->dialog) ? (int)HOST_ERR_PROTOCOL : (int)IEC_ANSWER_NONE;
}

/* ---- signing on ---- */

/** Request and identification.  @return 1: it has come; 0: not; negative: host_err */
static int identification(struct iec_programming *p)
{
    char request[48];
    struct line *line = p->link->line;
    const int length = iec_client_request(line->url.address, request, sizeof request);
    const int64_t start_ms = line_now_ms();
    if (line_discard(line) != HOST_OK || line_write(line, request, (size_t)length) != HOST_OK) {
        return HOST_ERR_IO;
    }
    iec_receiver_init(&p->link->receiver);
    while (line_now_ms() - start_ms < IDENT_MAX_MS) {
        uint8_t byte;
        const int n = line_read(line, &byte, 1, p->link->timeout_ms);
        if (n <= 0) {
            return n;
        }
        if (iec_receiver_byte(&p->link->receiver, byte) == 2) {
            return 1;
        }
    }
    return 0;
}

/** Option select and P0.  @return enum iec_answer or host_err */
static int option(struct iec_programming *p, char mode)
{
    struct line *line = p->link->line;
    char bytes[8];
    const char digit =
        p->link->receiver.n_ident > SPEED_AT ? p->link->receiver.ident[SPEED_AT] : ' ';
    const uint32_t baud = line->url.speed != 0 ? line->url.speed : p->first_baud;
    if (digit < '0' || digit > '9') {
        return say(p,
                   "the meter (%s) has no programming mode, only its read-out: read it without, or "
                   "over KMP (-m kmp:...)",
                   p->link->receiver.ident);
    }
    const int length = iec_dialog_option(baud, mode, bytes, sizeof bytes);
    if (length < 0) {
        return say(p, "expected a speed of 300 to 9600 baud (?speed=), found %u", (unsigned)baud);
    }
    enum host_err err = send_bytes(p, bytes, (size_t)length);
    err = err == HOST_OK && baud != p->first_baud ? line_set_baud(line, baud) : err;
    return err == HOST_OK ? receive(p) : (int)err;
}

static enum host_err back_to_first_speed(struct iec_programming *p)
{
    struct line *line = p->link->line;
    return line->url.baud != p->first_baud ? line_set_baud(line, p->first_baud) : HOST_OK;
}

static enum host_err give_password(struct iec_programming *p, const char *password)
{
    char data[80];
    snprintf(data, sizeof data, "(%.64s)", password);
    p->open = true;
    const int answer = iec_programming_ask(p, "P1", data);
    p->open = answer == IEC_ANSWER_ACK;
    if (answer == IEC_ANSWER_ACK || answer < 0) {
        return answer < 0 ? (enum host_err)answer : HOST_OK;
    }
    return say(p, "the meter does not take the password as it should");
}

enum host_err iec_programming_open(struct iec_programming *programming, struct iec_link *link,
                                   char mode, const char *password)
{
    int answer = IEC_ANSWER_NONE;
    bool identified = false;
    memset(programming, 0, sizeof *programming);
    programming->link = link;
    programming->first_baud = link->line->url.baud;
    for (unsigned i = 0; i <= link->retries && answer != IEC_ANSWER_OPENED; i++) {
        answer = identification(programming);
        if (answer == 1) {
            identified = true;
            answer = option(programming, mode);
        }
        if (answer != IEC_ANSWER_OPENED && back_to_first_speed(programming) != HOST_OK) {
            return HOST_ERR_IO;
        }
        if (answer < 0) {
            return (enum host_err)answer;
        }
        if (answer == IEC_ANSWER_DATA) {
            return say(programming, "the meter reads out instead of taking commands: mode A alone "
                                    "is set (131.0.10 to 131.0.12), or the option was damaged");
        }
    }
    if (answer != IEC_ANSWER_OPENED) {
        return identified ? silent(programming, "the option select (ACK 0 Z 1)")
                          : silent(programming, "the request (/?!)");
    }
    return give_password(programming, password);
}

/* ---- commands ---- */

static int over(struct iec_programming *p, enum host_err err)
{
    p->open = false;
    return back_to_first_speed(p) == HOST_OK ? (int)err : (int)HOST_ERR_IO;
}

/** How often, and by what, an answer is asked for. */
struct persistence {
    bool silence;        /**< ask again when nothing comes: for what may be done twice */
    const char *damaged; /**< asks for a damaged answer again; NULL: nothing does */
};

/** Send until a whole answer comes, or nothing more may be sent. */
static int persist(struct iec_programming *p, const char *bytes, size_t n,
                   const struct persistence *how)
{
    int answer = IEC_ANSWER_NONE;
    for (unsigned i = 0; i <= p->link->retries; i++) {
        enum host_err err = HOST_OK;
        if (answer == HOST_ERR_PROTOCOL) {
            err = line_discard(p->link->line);
            err = err == HOST_OK ? send_bytes(p, how->damaged, strlen(how->damaged)) : err;
        } else {
            err = send_bytes(p, bytes, n);
        }
        answer = err == HOST_OK ? receive(p) : (int)err;
        const bool again = answer == IEC_ANSWER_NAK ||
                           (answer == IEC_ANSWER_NONE && how->silence) ||
                           (answer == HOST_ERR_PROTOCOL && how->damaged != NULL);
        if (!again) {
            break;
        }
    }
    return answer;
}

static int exchange(struct iec_programming *p, const char *bytes, size_t n,
                    const struct persistence *how, const char *what)
{
    const int answer = persist(p, bytes, n, how);
    switch (answer) {
    case IEC_ANSWER_BREAK:
        return over(p, say(p,
                           "the meter ends the dialogue at %s: it wants another password, or a "
                           "pause after wrong ones",
                           what));
    case IEC_ANSWER_NONE: return over(p, silent(p, what));
    case IEC_ANSWER_NAK:
    case IEC_ANSWER_OPENED:
    case HOST_ERR_PROTOCOL:
        return over(p,
                    say(p, "%s: what comes is damaged; check the seat of the optical head", what));
    default: return answer < 0 ? over(p, (enum host_err)answer) : answer;
    }
}

int iec_programming_ask(struct iec_programming *programming, const char *command, const char *data)
{
    static const char nak[] = {(char)IEC_NAK, '\0'};
    const bool reads = command[0] == 'R';
    const struct persistence how = {reads, reads ? nak : NULL};
    char bytes[IEC_PROGRAMMING_MESSAGE_MAX], what[40];
    const int n = iec_dialog_message(command, data, bytes, sizeof bytes);
    const bool secret = command[0] == 'P';
    if (!programming->open || n < 0) {
        return say(programming, "%s: expected printable text that fits a message", command);
    }
    snprintf(what, sizeof what, "%s%s%.30s", command, secret ? "" : " ", secret ? "" : data);
    return exchange(programming, bytes, (size_t)n, &how, what);
}

int iec_programming_more(struct iec_programming *programming)
{
    static const char ack[] = {(char)IEC_ACK, '\0'}, nak[] = {(char)IEC_NAK, '\0'};
    if (!programming->open) {
        return say(programming, "the dialogue is over");
    }
    /* a second acknowledgement might leave a block out */
    const struct persistence how = {false, nak};
    return exchange(programming, ack, 1, &how, "the acknowledgement of a block");
}

void iec_programming_close(struct iec_programming *programming)
{
    char bytes[8];
    const int n = iec_dialog_message("B0", NULL, bytes, sizeof bytes);
    if (programming->open && n > 0) {
        programming->open = false;
        (void)send_bytes(programming, bytes, (size_t)n);
        (void)back_to_first_speed(programming);
    }
}
