#include "kmp_client.h"

enum kmp_command { GET_REGISTER = 0x10 };

int kmp_client_command(uint8_t cid, const uint8_t *data, size_t n_data, uint8_t *frame,
                       size_t capacity)
{
    uint8_t body[KMP_BODY_MAX];
    struct writer w = writer_over(body, sizeof body);
    writer_u8(&w, KMP_ADDRESS_METER);
    writer_u8(&w, cid);
    writer_bytes(&w, data, n_data);
    if (w.failed) {
        return KMP_ERR_LENGTH;
    }
    return kmp_frame_encode(KMP_TO_METER, body, writer_length(&w), frame, capacity);
}

int kmp_client_get_registers(const uint16_t *ids, size_t n_ids, uint8_t *frame, size_t capacity)
{
    uint8_t data[1 + 2 * KMP_REGISTERS_MAX];
    if (n_ids < 1 || n_ids > KMP_REGISTERS_MAX) {
        return KMP_ERR_LENGTH;
    }
    struct writer w = writer_over(data, sizeof data);
    writer_u8(&w, (uint8_t)n_ids);
    for (size_t i = 0; i < n_ids; i++) {
        writer_uint_be(&w, ids[i], 2);
    }
    return kmp_client_command(GET_REGISTER, data, writer_length(&w), frame, capacity);
}

int kmp_client_values(const uint8_t *body, size_t n_body, struct kmp_value *values, size_t capacity)
{
    struct reader r = reader_over(body, n_body);
    size_t n_values = 0;
    reader_u8(&r); /* DEST: one meter on the line, whatever it calls itself */
    if (reader_u8(&r) != GET_REGISTER) {
        return KMP_ERR_FORMAT;
    }
    while (!r.failed && reader_left(&r) > 0) {
        if (n_values == capacity || kmp_value_read(&r, &values[n_values]) != KMP_OK) {
            return KMP_ERR_FORMAT;
        }
        n_values++;
    }
    return r.failed ? KMP_ERR_FORMAT : (int)n_values;
}
