/**
 * One optical line: the bytes between a client's connection and one optical slot of the meter.
 * It knows no file descriptors; whoever owns the connection moves bytes in and out.
 *
 * timing: bytes take the time that they take on the real line (optical_baud; 10 bits in IEC
 * 62056-21 at 7E1, 11 bits in KMP at 8N2), in both directions.  echo: the head sends back what it
 * hears, as the real one does since both lights share one piece of glass.
 */
#ifndef OPEN382_LINUX_LINE_H
#define OPEN382_LINUX_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/meter/meter.h"

#define LINE_IN_BYTES  1024u
#define LINE_OUT_BYTES 8192u

struct line {
    struct meter *meter;
    struct optical *optical;
    bool timing, echo;
    uint8_t in[LINE_IN_BYTES]; /**< heard from the client, not yet by the meter */
    size_t n_in;
    uint8_t out[LINE_OUT_BYTES]; /**< said by the meter; [out_begin, out_released) may go out now */
    size_t out_begin, out_released, out_end;
    int64_t in_due_us, out_due_us; /**< timing: when the next byte is through */
    int64_t optical_wake_ms;       /**< wall time at which the optical port wants to be called */
    bool full;                     /**< the meter has more to say than there is room for */
    bool kmp;                      /**< what the meter says now began like KMP: 11 bits a byte */
};

void line_init(struct line *line, struct meter *meter, unsigned slot, bool timing, bool echo);

/** Room for bytes from the client: read at most *n_bytes to the address returned. */
uint8_t *line_room(struct line *line, size_t *n_bytes);
/** That many were read. */
void line_received(struct line *line, size_t n_bytes, int64_t wall_us);

/** Do what is due.  @return wall microseconds of the next call; INT64_MAX: when bytes come. */
int64_t line_step(struct line *line, int64_t wall_us);

/** Bytes that may be written to the client now. */
const uint8_t *line_pending(const struct line *line, size_t *n_bytes);
/** That many were written (or given up). */
void line_sent(struct line *line, size_t n_bytes);

/** True while something is still to be said or heard. */
bool line_busy(const struct line *line);

#endif
