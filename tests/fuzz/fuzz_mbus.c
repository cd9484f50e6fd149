/* Line octets through the M-Bus receiver, the slave, and records to text: no crash, whatever comes.
 */
#include "proto/mbus/mbus_slave.h"
#include "proto/mbus/mbus_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void identity(void *context, struct mbus_identity *out)
{
    (void)context;
    *out = (struct mbus_identity){.id_raw = 0x14839120, .manufacturer = 0x2C2D, .medium = 2};
}

static bool records(void *context, uint8_t application, unsigned n, struct writer *out)
{
    (void)context;
    for (unsigned i = 0; i < (application & 7u) * 40u; i++) {
        writer_u8(out, (uint8_t)n);
    }
    return n < 3;
}

static bool set_address(void *context, uint8_t address)
{
    (void)context;
    return address != 7;
}

static bool take_data(void *context, struct reader r)
{
    struct mbus_record record;
    (void)context;
    while (mbus_record_next(&r, &record) == 1) {
    }
    return !r.failed;
}

static void to_text(const uint8_t *octets, size_t n_octets)
{
    static char text[MBUS_JSON_MAX];
    struct writer w = writer_over(text, sizeof text);
    struct reader r = reader_over(octets, n_octets);
    struct mbus_record record;
    struct mbus_frame frame;
    (void)mbus_json_records(&w, &r);
    r = reader_over(octets, n_octets);
    while (mbus_record_next(&r, &record) == 1) {
        w = writer_over(text, sizeof text);
        mbus_csv_record(&w, &record);
    }
    if (mbus_frame_decode(octets, n_octets, &frame) > 0) {
        w = writer_over(text, sizeof text);
        if (mbus_json_frame(&w, &frame) == MBUS_ERR_SPACE) {
            __builtin_trap(); /* MBUS_JSON_MAX is wrong */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mbus_device device = {
        .identity = identity, .records = records, .set_address = set_address, .data = take_data};
    struct mbus_slave slave;
    uint8_t answer[MBUS_FRAME_MAX];
    mbus_slave_init(&slave, 1, 0);
    for (size_t i = 0; i < size; i++) {
        (void)mbus_slave_octet(&slave, &device, data[i], (int64_t)i * 100, answer);
    }
    to_text(data, size);
    return 0;
}
