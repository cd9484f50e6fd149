#include "kmp_server.h"

/* 5512-447 section 3. */
enum kmp_command {
    GET_TYPE = 0x01,
    SET_CLOCK = 0x09,
    GET_REGISTER = 0x10,
    PUT_REGISTER = 0x11,
    GET_EVENT_STATUS = 0x9B,
    CLEAR_EVENT_STATUS = 0x9C,
};

/** What goes back to the line. */
enum reply { REPLY_SILENCE = 0, REPLY_FRAME = 1, REPLY_ACK = 2 };

void kmp_server_init(struct kmp_server *server, uint8_t address)
{
    kmp_receiver_init(&server->receiver, KMP_TO_METER);
    server->address = address;
}

static enum reply answer_type(const struct kmp_meter *meter, struct reader *data,
                              struct writer *out)
{
    uint8_t type[4] = {0};
    if (meter->get_type == NULL || !reader_complete(data)) {
        return REPLY_SILENCE;
    }
    meter->get_type(meter->context, type);
    writer_bytes(out, type, sizeof type);
    return REPLY_FRAME;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0; /* 2000 .. 2099: 2000 is a leap year too */
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/** Decimal YYMMDD and HHMMSS name a moment.  5512-447: checked before the clock is set. */
static bool clock_is_valid(uint32_t yymmdd, uint32_t hhmmss)
{
    uint32_t year = yymmdd / 10000, month = yymmdd / 100 % 100, day = yymmdd % 100;
    uint32_t hour = hhmmss / 10000, minute = hhmmss / 100 % 100, second = hhmmss % 100;
    if (year > 99 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    return hour <= 23 && minute <= 59 && second <= 59;
}

static enum reply answer_clock(const struct kmp_meter *meter, struct reader *data)
{
    uint32_t yymmdd = (uint32_t)reader_uint_be(data, 4);
    uint32_t hhmmss = (uint32_t)reader_uint_be(data, 4);
    if (meter->set_clock == NULL || !reader_complete(data) || !clock_is_valid(yymmdd, hhmmss)) {
        return REPLY_SILENCE;
    }
    return meter->set_clock(meter->context, yymmdd, hhmmss) ? REPLY_ACK : REPLY_SILENCE;
}

/** Registers in the order asked; unknown ones are left out, so the list may be empty. */
static enum reply answer_registers(const struct kmp_meter *meter, struct reader *data,
                                   struct writer *out)
{
    unsigned n_ids = reader_u8(data);
    const uint8_t *ids = reader_bytes(data, 2u * n_ids);
    if (meter->get_register == NULL || !reader_complete(data) || n_ids < 1 ||
        n_ids > KMP_REGISTERS_MAX) {
        return REPLY_SILENCE;
    }
    for (unsigned i = 0; i < n_ids; i++) {
        struct kmp_value value;
        value.id = (uint16_t)(ids[2 * i] << 8 | ids[2 * i + 1]);
        value.unit = 0;
        value.n_bytes = 0;
        value.sign_exp = 0;
        if (meter->get_register(meter->context, value.id, &value) &&
            value.n_bytes <= sizeof value.bytes) {
            kmp_value_write(out, &value);
        }
    }
    return REPLY_FRAME;
}

static enum reply answer_put(const struct kmp_meter *meter, struct reader *data)
{
    struct kmp_value value = {0};
    uint16_t password = (uint16_t)reader_uint_be(data, 2);
    if (meter->put_register == NULL || kmp_value_read(data, &value) != KMP_OK ||
        !reader_complete(data)) {
        return REPLY_SILENCE;
    }
    return meter->put_register(meter->context, password, &value) ? REPLY_ACK : REPLY_SILENCE;
}

static enum reply answer_other(const struct kmp_meter *meter, uint8_t cid, struct reader *data,
                               struct writer *out)
{
    if (meter->other == NULL) {
        return REPLY_SILENCE;
    }
    int reply = meter->other(meter->context, cid, data, out);
    return reply == 1 ? REPLY_FRAME : reply == 2 ? REPLY_ACK : REPLY_SILENCE;
}

static enum reply answer_command(const struct kmp_meter *meter, uint8_t cid, struct reader *data,
                                 struct writer *out)
{
    switch (cid) {
    case GET_TYPE: return answer_type(meter, data, out);
    case SET_CLOCK: return answer_clock(meter, data);
    case GET_REGISTER: return answer_registers(meter, data, out);
    case PUT_REGISTER: return answer_put(meter, data);
    default: return answer_other(meter, cid, data, out);
    }
}

/** An answer repeats the command, but for one: who clears events gets what is left, as if asked. */
static uint8_t answer_cid(uint8_t cid)
{
    return cid == CLEAR_EVENT_STATUS ? (uint8_t)GET_EVENT_STATUS : cid;
}

size_t kmp_server_answer(const struct kmp_server *server, const struct kmp_meter *meter,
                         const uint8_t *body, size_t n_body, uint8_t *frame, size_t capacity)
{
    uint8_t answer[KMP_BODY_MAX];
    struct reader r = reader_over(body, n_body);
    struct writer w = writer_over(answer, sizeof answer);
    uint8_t address = reader_u8(&r);
    uint8_t cid = reader_u8(&r);
    if (r.failed || (address != KMP_ADDRESS_METER && address != server->address)) {
        return 0;
    }
    writer_u8(&w, address);
    writer_u8(&w, answer_cid(cid));
    enum reply reply = answer_command(meter, cid, &r, &w);
    if (reply == REPLY_ACK && capacity > 0) {
        frame[0] = KMP_ACK;
        return 1;
    }
    if (reply != REPLY_FRAME || w.failed) {
        return 0;
    }
    int length = kmp_frame_encode(KMP_FROM_METER, answer, writer_length(&w), frame, capacity);
    return length > 0 ? (size_t)length : 0;
}

size_t kmp_server_byte(struct kmp_server *server, const struct kmp_meter *meter, uint8_t byte,
                       uint8_t *frame, size_t capacity)
{
    if (kmp_receiver_byte(&server->receiver, byte) != 1) {
        return 0;
    }
    return kmp_server_answer(server, meter, server->receiver.body, server->receiver.length, frame,
                             capacity);
}
