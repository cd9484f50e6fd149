/**
 * A line to a meter: serial port, pseudo terminal or TCP connection, as bytes with time-outs.
 */
#ifndef OPEN382_LINE_H
#define OPEN382_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host_err.h"
#include "meter_url.h"

struct line_tls;

struct line {
    int fd;               /**< -1: closed */
    struct line_tls *tls; /**< on it; NULL: none */
    struct meter_url url;
    bool opening;    /**< DLMS: in the mode E opening, which is IEC 62056-21's 7E1 */
    FILE *trace;     /**< every byte in hex goes here; NULL: nowhere */
    char error[900]; /**< one line of what went wrong last: what, where, what to check */
};

/** Milliseconds of a clock that never jumps. */
int64_t line_now_ms(void);

/** Open what url names: 8N2 for KMP, 7E1 for IEC, 8N1 for DLMS, at url->baud. */
enum host_err line_open(struct line *line, const struct meter_url *url, FILE *trace);
void line_close(struct line *line);

enum host_err line_write(struct line *line, const void *bytes, size_t n_bytes);
/** Wait for bytes at most timeout_ms.  @return their number, 0: none came, or HOST_ERR_IO. */
int line_read(struct line *line, uint8_t *bytes, size_t capacity, int64_t timeout_ms);
/** Leave the line silent for some character times, as a half-duplex meter wants before a request
 *  (5512-447: at least one).  Does nothing on TCP. */
void line_rest(const struct line *line);
/** There and back through the network, as the connection has measured it; 0: no TCP. */
unsigned line_round_trip_ms(const struct line *line);
/** Throw away what has come unasked. */
enum host_err line_discard(struct line *line);
/** Wait until all is sent, then change speed.  Does nothing on TCP. */
enum host_err line_set_baud(struct line *line, uint32_t baud);
/** DLMS: change to the form of IEC 62056-21 for the opening, or back, and to that speed. */
enum host_err line_set_opening(struct line *line, bool opening, uint32_t baud);
/** "/dev/ttyUSB0 (9600 8N2)" or "127.0.0.1:3820": for messages. */
void line_describe(const struct line *line, char *text, size_t n_text);

#endif
