#include "kmp_client.h"

#include <string.h>

enum kmp_command { GET_REGISTER = 0x10 };
enum kmp_unit { UNIT_CLOCK = 47, UNIT_DATE = 48 };

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

/** A value whose NoB is not to be trusted when it is a clock or a date: those have four bytes. */
static int value_read_lenient(struct reader *in, struct kmp_value *value)
{
    struct reader head = *in;
    reader_bytes(&head, 2);
    uint8_t unit = reader_u8(&head);
    if (head.failed || (unit != UNIT_CLOCK && unit != UNIT_DATE)) {
        return kmp_value_read(in, value);
    }
    struct kmp_value taken = {.unit = unit, .n_bytes = 4};
    taken.id = (uint16_t)reader_uint_be(in, 2);
    reader_bytes(in, 2); /* unit, NoB */
    taken.sign_exp = reader_u8(in);
    const uint8_t *bytes = reader_bytes(in, 4);
    if (bytes == NULL) {
        return KMP_ERR_FORMAT;
    }
    memcpy(taken.bytes, bytes, 4);
    *value = taken;
    return KMP_OK;
}

typedef int (*value_reader)(struct reader *in, struct kmp_value *value);

static int values_read(struct reader r, struct kmp_value *values, size_t capacity,
                       value_reader read)
{
    size_t n_values = 0;
    while (reader_left(&r) > 0) {
        if (n_values == capacity || read(&r, &values[n_values]) != KMP_OK) {
            return KMP_ERR_FORMAT;
        }
        n_values++;
    }
    return (int)n_values;
}

int kmp_client_values(const uint8_t *body, size_t n_body, struct kmp_value *values, size_t capacity)
{
    struct reader r = reader_over(body, n_body);
    reader_u8(&r); /* DEST: one meter on the line, whatever it calls itself */
    if (reader_u8(&r) != GET_REGISTER) {
        return KMP_ERR_FORMAT;
    }
    int n_values = values_read(r, values, capacity, kmp_value_read);
    return n_values >= 0 ? n_values : values_read(r, values, capacity, value_read_lenient);
}
