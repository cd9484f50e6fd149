#include "line.h"

#include <string.h>

#define FEED_BYTES 32u /* at once: what they ask for fits the optical port's transmit buffer */
#define BITS_IEC   10  /* 7E1 */
#define BITS_KMP   11  /* 8N2 */
#define NEVER      INT64_MAX

void line_init(struct line *line, struct meter *meter, unsigned slot, bool timing, bool echo)
{
    memset(line, 0, sizeof *line);
    line->meter = meter;
    line->optical = &meter->optical[slot];
    line->timing = timing;
    line->echo = echo;
    line->optical_wake_ms = NEVER;
    optical_init(line->optical, meter);
}

static int64_t byte_us(const struct line *line, bool kmp)
{
    const uint32_t baud = optical_baud(line->optical);
    return (kmp ? BITS_KMP : BITS_IEC) * INT64_C(1000000) / (baud > 0 ? baud : 300);
}

/* Make room at the end by moving what is left to the front. */
static size_t out_room(struct line *line)
{
    if (line->out_begin > 0 && line->out_end + OPTICAL_TX_BYTES > LINE_OUT_BYTES) {
        memmove(line->out, line->out + line->out_begin, line->out_end - line->out_begin);
        line->out_end -= line->out_begin;
        line->out_released -= line->out_begin;
        line->out_begin = 0;
    }
    return LINE_OUT_BYTES - line->out_end;
}

static void say_echo(struct line *line, const uint8_t *bytes, size_t n_bytes)
{
    const bool idle = line->out_released == line->out_end;
    if (!line->echo || out_room(line) < n_bytes) {
        return;
    }
    memcpy(line->out + line->out_end, bytes, n_bytes);
    line->out_end += n_bytes;
    if (idle) {
        line->out_released =
            line->out_end; /* the light goes both ways at once: no time of its own */
    }
}

/* Take over what the meter wants to say. */
static void listen_to_meter(struct line *line, int64_t wall_us)
{
    for (size_t room = out_room(line); room > 0; room = out_room(line)) {
        const size_t n = optical_transmit(line->optical, line->out + line->out_end, room);
        if (n == 0) {
            return;
        }
        if (line->out_released == line->out_end) { /* the line was quiet: an answer begins */
            const uint8_t first = line->out[line->out_end];
            line->kmp = first == KMP_FROM_METER || first == KMP_ACK;
            line->out_due_us = wall_us + byte_us(line, line->kmp);
        }
        line->out_end += n;
        line->out_released = line->timing ? line->out_released : line->out_end;
    }
}

static void step_in(struct line *line, int64_t wall_us)
{
    size_t done = 0;
    /* a client that does not listen is not listened to: room for an answer comes first */
    while (done < line->n_in && out_room(line) >= OPTICAL_TX_BYTES) {
        size_t n = line->n_in - done < FEED_BYTES ? line->n_in - done : FEED_BYTES;
        if (line->timing) {
            if (line->in_due_us > wall_us) {
                break;
            }
            n = 1;
            line->in_due_us += byte_us(line, line->in[done] == KMP_TO_METER || line->kmp);
        }
        say_echo(line, line->in + done, n);
        optical_receive(line->optical, line->meter, line->in + done, n, wall_us / 1000);
        listen_to_meter(line, wall_us);
        done += n;
    }
    memmove(line->in, line->in + done, line->n_in - done);
    line->n_in -= done;
}

static void step_out(struct line *line, int64_t wall_us)
{
    while (line->out_released < line->out_end && line->out_due_us <= wall_us) {
        line->out_released++;
        line->out_due_us += byte_us(line, line->kmp);
    }
}

uint8_t *line_room(struct line *line, size_t *n_bytes)
{
    *n_bytes = LINE_IN_BYTES - line->n_in;
    return line->in + line->n_in;
}

void line_received(struct line *line, size_t n_bytes, int64_t wall_us)
{
    if (line->n_in == 0) {
        line->in_due_us = wall_us + byte_us(line, line->in[0] == KMP_TO_METER);
    }
    line->n_in += n_bytes;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t line_step(struct line *line, int64_t wall_us)
{
    /* Mode C keeps its speed to the last character; a meter that was without supply forgets this.
     */
    line->optical->iec.settings.paced = line->timing;
    step_in(line, wall_us);
    line->optical_wake_ms = optical_step(line->optical, line->meter, wall_us / 1000);
    listen_to_meter(line, wall_us);
    int64_t wake_us = NEVER;
    line->full = out_room(line) == 0; /* then time helps nobody, only a client that listens */
    if (line->optical_wake_ms < NEVER / 1000 && !line->full) {
        wake_us = line->optical_wake_ms * 1000;
    }
    if (line->timing) {
        step_out(line, wall_us);
        wake_us = line->n_in > 0 ? earlier(wake_us, line->in_due_us) : wake_us;
        wake_us = line->out_released < line->out_end ? earlier(wake_us, line->out_due_us) : wake_us;
    }
    return wake_us;
}

const uint8_t *line_pending(const struct line *line, size_t *n_bytes)
{
    *n_bytes = line->out_released - line->out_begin;
    return line->out + line->out_begin;
}

void line_sent(struct line *line, size_t n_bytes)
{
    line->out_begin += n_bytes;
    if (line->out_begin == line->out_end) {
        line->out_begin = line->out_released = line->out_end = 0;
    }
}

bool line_busy(const struct line *line)
{
    return line->n_in > 0 || line->out_begin < line->out_end || line->optical_wake_ms < NEVER;
}
