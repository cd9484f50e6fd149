/* M-Bus: the read-out of a 382 to records, and to JSON. */
#include <stdio.h>
#include <time.h>

#include "proto/mbus/mbus_text.h"

#define ROUNDS 2000000u

/* The read-out of a real 382 with module 6850-005 (rscada/libmbus test/test-frames). */
static const uint8_t read_out[] = {
    0x68, 0x46, 0x46, 0x68, 0x08, 0x78, 0x72, 0x20, 0x91, 0x83, 0x14, 0x2D, 0x2C, 0x01, 0x02, 0x04,
    0x00, 0x00, 0x00, 0x04, 0x06, 0x00, 0x00, 0x00, 0x00, 0x04, 0x22, 0x09, 0x00, 0x00, 0x00, 0x04,
    0x2B, 0x00, 0x00, 0x00, 0x00, 0x14, 0x2B, 0x00, 0x00, 0x00, 0x00, 0x84, 0x50, 0x06, 0x00, 0x00,
    0x00, 0x00, 0x84, 0x60, 0x06, 0x00, 0x00, 0x00, 0x00, 0x0F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x24, 0x16};

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static unsigned to_records(void)
{
    struct mbus_frame frame;
    struct mbus_header header;
    struct mbus_record record;
    unsigned n_records = 0;
    if (mbus_frame_decode(read_out, sizeof read_out, &frame) < 0) {
        return 0;
    }
    struct reader r = reader_over(frame.data, frame.n_data);
    if (mbus_header_read(frame.ci, &r, &header) != MBUS_OK) {
        return 0;
    }
    while (mbus_record_next(&r, &record) == 1) {
        n_records += record.kind != MBUS_VALUE_NONE;
    }
    return n_records;
}

static unsigned to_json(void)
{
    static char text[4096];
    struct mbus_frame frame;
    struct writer w = writer_over(text, sizeof text);
    if (mbus_frame_decode(read_out, sizeof read_out, &frame) < 0 ||
        mbus_json_frame(&w, &frame) != MBUS_OK) {
        return 0;
    }
    return (unsigned)writer_length(&w);
}

static void run(const char *what, unsigned (*once)(void), const char *of_what)
{
    unsigned long total = 0;
    double start_s = now_s();
    for (unsigned round = 0; round < ROUNDS; round++) {
        total += once();
    }
    double each_ns = (now_s() - start_s) * 1e9 / ROUNDS;
    printf("M-Bus read-out of a 382 to %s %6.0f ns  %5.2f million/s  (%lu %s)\n", what, each_ns,
           1e3 / each_ns, total / ROUNDS, of_what);
}

int main(void)
{
    run("records", to_records, "records");
    run("JSON   ", to_json, "characters");
    return 0;
}
