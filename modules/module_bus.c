#include "module_bus.h"

static bool exchange(const struct module_bus *bus, uint8_t cid, const uint8_t *request,
                     size_t n_request, struct kmp_receiver *receiver)
{
    uint8_t answer[KMP_FRAME_MAX];
    const size_t n_answer = bus->exchange(bus->context, request, n_request, answer, sizeof answer);
    kmp_receiver_init(receiver, KMP_FROM_METER);
    for (size_t i = 0; i < n_answer && i < sizeof answer; i++) {
        if (kmp_receiver_byte(receiver, answer[i]) == 1) {
            return receiver->length >= 2 && receiver->body[1] == cid;
        }
    }
    return false;
}

bool module_bus_command(const struct module_bus *bus, uint8_t cid, const uint8_t *data,
                        size_t n_data, struct kmp_receiver *receiver)
{
    uint8_t request[KMP_FRAME_MAX];
    const int length = kmp_client_command(cid, data, n_data, request, sizeof request);
    return length > 0 && exchange(bus, cid, request, (size_t)length, receiver);
}

int module_bus_registers(const struct module_bus *bus, const uint16_t *ids, size_t n_ids,
                         struct kmp_value values[KMP_REGISTERS_MAX])
{
    const uint8_t get_register = 0x10;
    struct kmp_receiver receiver;
    uint8_t request[KMP_FRAME_MAX];
    const int length = kmp_client_get_registers(ids, n_ids, request, sizeof request);
    if (length <= 0 || !exchange(bus, get_register, request, (size_t)length, &receiver)) {
        return KMP_ERR_FORMAT;
    }
    return kmp_client_values(receiver.body, receiver.length, values, KMP_REGISTERS_MAX);
}
