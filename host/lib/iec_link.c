#include "iec_link.h"

#include <string.h>

/* No block is longer than this at 300 baud; noise without an ident is not worth waiting for. */
#define READOUT_MAX_MS 300000
#define IDENT_MAX_MS   10000

void iec_link_init(struct iec_link *link, struct line *line, unsigned timeout_ms, unsigned retries)
{
    link->line = line;
    link->timeout_ms = timeout_ms;
    link->retries = retries;
    iec_receiver_init(&link->receiver);
}

/** What a try has seen, for the message when none was good. */
struct outcome {
    size_t n_bytes;
    bool ident;
    int err; /**< enum iec_err */
};

static enum host_err report(struct iec_link *link, const struct outcome *outcome)
{
    char where[256];
    const char *what = "no answer";
    const char *check = "check that the meter runs and speaks IEC 62056-21 there";
    line_describe(link->line, where, sizeof where);
    if (outcome->err == IEC_ERR_SPACE) {
        what = "data block is longer than any known one";
        check = "check the line";
    } else if (outcome->err != IEC_OK) {
        what = outcome->err == IEC_ERR_BCC ? "block check is wrong" : "answer has no good form";
        check = "check the seat of the optical head and its cable";
    } else if (outcome->ident) {
        what = "the answer broke off";
        check = "check the seat of the optical head, or give it more time (--timeout)";
    } else if (outcome->n_bytes > 0) {
        what = "bytes came but no identification";
        check = "check the speed (?baud=300 or ?baud=9600) and the protocol (kmp:?)";
    } else if (!link->line->url.tcp) {
        check = "check the seat of the optical head and the speed (?baud=300 or ?baud=9600)";
    }
    snprintf(link->line->error, sizeof link->line->error, "%s: %s in %u tries; %s", where, what,
             link->retries + 1u, check);
    return outcome->err != IEC_OK ? HOST_ERR_PROTOCOL : HOST_ERR_SILENT;
}

/** Mode C, when asked for and the ident carries a speed digit: ACK, then both change speed. */
static enum host_err choose_speed(struct iec_link *link)
{
    char option[8];
    char digit = link->receiver.n_ident > 3 ? link->receiver.ident[3] : ' ';
    if (link->line->url.speed == 0 || digit < '0' || digit > '9') {
        return HOST_OK;
    }
    int length = iec_client_option(link->line->url.speed, option, sizeof option);
    enum host_err err = line_write(link->line, option, (size_t)length);
    return err != HOST_OK ? err : line_set_baud(link->line, link->line->url.speed);
}

/** @return 1: block complete; 0: go on; negative: host_err of the line. */
static int take_bytes(struct iec_link *link, const uint8_t *bytes, int n_bytes,
                      struct outcome *outcome)
{
    for (int i = 0; i < n_bytes; i++) {
        int result = iec_receiver_byte(&link->receiver, bytes[i]);
        if (result == 1) {
            return 1;
        }
        if (result == 2) {
            outcome->ident = true;
            enum host_err err = choose_speed(link);
            if (err != HOST_OK) {
                return err;
            }
        }
        outcome->err = result < 0 ? result : outcome->err;
    }
    return 0;
}

/** @return 1: complete; 0: this try failed; negative: host_err of the line. */
static int try_readout(struct iec_link *link, const char *request, size_t n_request,
                       struct outcome *outcome)
{
    int64_t start_ms = line_now_ms();
    if (line_discard(link->line) != HOST_OK ||
        line_write(link->line, request, n_request) != HOST_OK) {
        return HOST_ERR_IO;
    }
    iec_receiver_init(&link->receiver);
    for (;;) {
        uint8_t bytes[256];
        int64_t spent_ms = line_now_ms() - start_ms;
        if (spent_ms > READOUT_MAX_MS || (!outcome->ident && spent_ms > IDENT_MAX_MS)) {
            return 0;
        }
        int n = line_read(link->line, bytes, sizeof bytes, link->timeout_ms);
        if (n <= 0) {
            return n;
        }
        outcome->n_bytes += (size_t)n;
        int result = take_bytes(link, bytes, n, outcome);
        if (result != 0 || outcome->err != IEC_OK) {
            return result;
        }
    }
}

enum host_err iec_link_readout(struct iec_link *link)
{
    char request[48];
    struct outcome outcome = {0};
    uint32_t first_baud = link->line->url.baud;
    int length = iec_client_request(link->line->url.address, request, sizeof request);
    for (unsigned i = 0; i <= link->retries; i++) {
        memset(&outcome, 0, sizeof outcome);
        int result = try_readout(link, request, (size_t)length, &outcome);
        if (link->line->url.baud != first_baud && result >= 0) {
            result = line_set_baud(link->line, first_baud) == HOST_OK ? result : HOST_ERR_IO;
        }
        if (result != 0) {
            return result == 1 ? HOST_OK : HOST_ERR_IO;
        }
    }
    return report(link, &outcome);
}
