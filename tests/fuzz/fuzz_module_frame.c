/* The envelope of the module bus: no crash whatever comes, and what is read is written again as it
 * was. */
#include <stdlib.h>
#include <string.h>

#include "proto/modulebus/module_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void bodies(const struct module_frame *frame)
{
    struct module_hello hello;
    struct module_welcome welcome;
    struct module_pins_frame pins;
    uint8_t out[MODULE_FRAME_MAX], octet;
    const uint8_t *rest;
    size_t n_rest;
    bool on;
    if (module_hello_read(frame, &hello) == MODULE_FRAME_OK &&
        hello.version == MODULE_FRAME_VERSION &&
        (module_hello_write(&hello, out, sizeof out) != frame->n_body + MODULE_FRAME_OVERHEAD ||
         memcmp(out + 4, frame->body, frame->n_body) != 0)) {
        abort();
    }
    if (module_welcome_read(frame, &welcome) == MODULE_FRAME_OK &&
        (module_welcome_write(&welcome, out, sizeof out) != frame->n_body + MODULE_FRAME_OVERHEAD ||
         memcmp(out + 4, frame->body, frame->n_body) != 0)) {
        abort();
    }
    if (module_pins_read(frame, &pins) == MODULE_FRAME_OK &&
        (module_pins_write(&pins, out, sizeof out) != frame->n_body + MODULE_FRAME_OVERHEAD ||
         memcmp(out + 4, frame->body, frame->n_body) != 0)) {
        abort();
    }
    (void)module_supply_read(frame, &on);
    (void)module_channel_read(frame, &octet, &on);
    if (module_led_read(frame, &octet, &rest, &n_rest) == MODULE_FRAME_OK &&
        module_frame_write_led(frame->kind, octet, rest, n_rest, out, sizeof out) !=
            frame->n_body + MODULE_FRAME_OVERHEAD) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct module_frame_receiver receiver;
    struct module_frame frame;
    uint8_t out[MODULE_FRAME_MAX];
    module_frame_receiver_init(&receiver);
    for (size_t i = 0; i < size; i++) {
        if (module_frame_octet(&receiver, data[i], &frame) == 1) {
            bodies(&frame);
        }
    }
    if (size == 0) {
        return 0;
    }
    /* the input as a body too, so that the fuzzer need not guess the check */
    const size_t n = module_frame_write(data[0], data + 1, size - 1, out, sizeof out);
    module_frame_receiver_init(&receiver);
    for (size_t i = 0; i < n; i++) {
        if (module_frame_octet(&receiver, out[i], &frame) == 1) {
            bodies(&frame);
        }
    }
    return 0;
}
