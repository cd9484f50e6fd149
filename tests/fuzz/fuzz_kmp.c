/* Line bytes through the KMP server and the client: no crash, no byte outside, whatever comes. */
#include <stdlib.h>
#include <string.h>

#include "proto/kmp/kmp_calibration.h"
#include "proto/kmp/kmp_client.h"
#include "proto/kmp/kmp_log.h"
#include "proto/kmp/kmp_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool any_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    return kmp_value_set(out, id, 2, (uint8_t)(1 + id % 8), id % 128, -(id % 7)) == KMP_OK;
}

static bool any_put(void *context, uint16_t password, const struct kmp_value *value)
{
    int64_t mantissa;
    int exponent;
    (void)context;
    return kmp_value_number(value, &mantissa, &exponent) == KMP_OK && password != 0;
}

/** Frame the input as a body too, so that the fuzzer need not guess the CRC. */
static void serve(const uint8_t *data, size_t size, const struct kmp_meter *meter)
{
    struct kmp_server server;
    uint8_t frame[KMP_FRAME_MAX], answer[KMP_FRAME_MAX];
    int length = kmp_frame_encode(KMP_TO_METER, data, size, frame, sizeof frame);
    kmp_server_init(&server, 0x21);
    for (int i = 0; i < length; i++) {
        kmp_server_byte(&server, meter, frame[i], answer, sizeof answer);
    }
    for (size_t i = 0; i < size; i++) {
        kmp_server_byte(&server, meter, data[i], answer, sizeof answer);
    }
}

/* What can be read is written again as it was, but for bits that mean nothing. */
static void calibration(const uint8_t *data, size_t size)
{
    struct kmp_calibration_snapshot snapshot;
    struct kmp_calibration_entry entry;
    struct kmp_calibration_stage stage;
    struct kmp_calibration_order order;
    uint8_t bytes[KMP_BODY_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct reader r = reader_over(data, size);
    if (kmp_calibration_snapshot_read(&r, &snapshot) == KMP_OK) {
        kmp_calibration_snapshot_write(&w, &snapshot);
    }
    r = reader_over(data, size);
    if (kmp_calibration_entry_read(&r, &entry) == KMP_OK) {
        kmp_calibration_entry_write(&w, &entry);
    }
    r = reader_over(data, size);
    if (kmp_calibration_order_read(&r, &order) == KMP_OK) {
        kmp_calibration_order_write(&w, &order);
    }
    r = reader_over(data, size);
    w = writer_over(bytes, sizeof bytes);
    if (kmp_calibration_stage_read(&r, &stage) == KMP_OK) {
        kmp_calibration_stage_write(&w, &stage);
        if (writer_length(&w) != size || memcmp(bytes, data, size) != 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kmp_meter meter = {.get_register = any_register, .put_register = any_put};
    struct kmp_value values[KMP_REGISTERS_MAX];
    struct kmp_log_page page;
    uint16_t id;
    serve(data, size, &meter);
    calibration(data, size);
    if (kmp_log_page_open(&page, data, size) == KMP_OK) {
        while (kmp_log_page_next(&page, &id)) {
        }
    }
    kmp_client_values(data, size, values, KMP_REGISTERS_MAX);
    return 0;
}
