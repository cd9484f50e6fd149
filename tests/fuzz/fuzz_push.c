/* Octets off a customer port through both finders, and whatever they find taken apart: no crash. */
#include <string.h>

#include "proto/dlms/dlms_apdu.h"
#include "proto/dlms/hdlc_frame.h"
#include "proto/push/p1_reader.h"
#include "proto/push/push_mbus.h"
#include "proto/push/push_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_data(struct reader data, int energy)
{
    struct push_reader reader;
    struct push_value value;
    push_reader_init(&reader, data, energy);
    while (push_reader_next(&reader, &value) == 1) {
        if (value.value.bytes + value.value.n_bytes > data.end) {
            __builtin_trap(); /* a value that is not in the message */
        }
    }
}

static void read_apdu(const uint8_t *bytes, size_t n_bytes)
{
    static uint8_t apdu[4096];
    struct dlms_notification notification;
    n_bytes = n_bytes < sizeof apdu ? n_bytes : sizeof apdu;
    memcpy(apdu, bytes, n_bytes);
    n_bytes = push_mend(apdu, n_bytes);
    if (dlms_notification_read(apdu, n_bytes, &notification) == DLMS_OK) {
        read_data(notification.data, PUSH_ENERGY_10WH);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[HDLC_INFO_MAX + HDLC_OVERHEAD];
    static struct p1_collector collector;
    static uint8_t message[600];
    struct push_mbus mbus;
    struct hdlc_receiver receiver;
    struct hdlc_frame frame;
    struct reader in = reader_over(data, size);
    collector = (struct p1_collector){.n_bytes = 0};
    hdlc_receiver_init(&receiver, memory, sizeof memory);
    while (hdlc_receiver_take(&receiver, &in, &frame)) {
        read_apdu(frame.info, frame.n_info);
    }
    read_apdu(data, size);
    read_data(reader_over(data, size), PUSH_ENERGY_WH);
    push_mbus_init(&mbus, message, sizeof message);
    for (size_t i = 0; i < size; i++) {
        if (push_mbus_take(&mbus, data[i])) {
            read_apdu(mbus.bytes, mbus.length);
        }
        if (p1_collector_take(&collector, data[i]) != P1_NOTHING) {
            struct reader lines = reader_over(collector.bytes, collector.n_bytes);
            struct p1_line line;
            while (p1_line_next(&lines, &line)) {
            }
        }
    }
    struct reader lines = reader_over(data, size);
    struct p1_line line;
    while (p1_line_next(&lines, &line)) {
    }
    return 0;
}
