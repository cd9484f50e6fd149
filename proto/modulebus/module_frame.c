#include "module_frame.h"

#include "../common/crc.h"
#include "../common/reader.h"
#include "../common/writer.h"

#define HEAD_BYTES  4u
#define CHECK_BYTES 2u
#define PINS_BITS   3u

void module_frame_receiver_init(struct module_frame_receiver *receiver)
{
    receiver->n = 0;
    receiver->broken = false;
}

static size_t body_length(const struct module_frame_receiver *receiver)
{
    return (size_t)receiver->octets[2] << 8 | receiver->octets[3];
}

static int broken(struct module_frame_receiver *receiver)
{
    receiver->broken = true;
    return MODULE_FRAME_ERR;
}

int module_frame_octet(struct module_frame_receiver *receiver, uint8_t octet,
                       struct module_frame *frame)
{
    if (receiver->broken || (receiver->n == 0 && octet != MODULE_FRAME_MARK)) {
        return broken(receiver);
    }
    receiver->octets[receiver->n++] = octet;
    if (receiver->n < HEAD_BYTES) {
        return 0;
    }
    const size_t n_body = body_length(receiver);
    if (n_body > MODULE_FRAME_BODY_MAX) {
        return broken(receiver);
    }
    if (receiver->n < n_body + MODULE_FRAME_OVERHEAD) {
        return 0;
    }
    struct reader check = reader_over(receiver->octets + HEAD_BYTES + n_body, CHECK_BYTES);
    if (reader_uint_be(&check, CHECK_BYTES) !=
        crc16_xmodem(receiver->octets, HEAD_BYTES + n_body)) {
        return broken(receiver);
    }
    receiver->n = 0;
    *frame = (struct module_frame){
        .kind = receiver->octets[1], .body = receiver->octets + HEAD_BYTES, .n_body = n_body};
    return 1;
}

/* Head and check around a body that stands in its place already. */
static size_t finish(struct writer *w, uint8_t *out, uint8_t kind)
{
    const size_t n_body = writer_length(w) - HEAD_BYTES;
    struct writer head = writer_over(out, HEAD_BYTES);
    if (w->failed || n_body > MODULE_FRAME_BODY_MAX) {
        return 0;
    }
    writer_u8(&head, MODULE_FRAME_MARK);
    writer_u8(&head, kind);
    writer_uint_be(&head, n_body, 2);
    writer_uint_be(w, crc16_xmodem(out, HEAD_BYTES + n_body), CHECK_BYTES);
    return w->failed ? 0 : writer_length(w);
}

static struct writer begin(uint8_t *out, size_t capacity)
{
    struct writer w = writer_over(out, capacity);
    writer_uint_be(&w, 0, HEAD_BYTES);
    return w;
}

size_t module_frame_write(uint8_t kind, const uint8_t *body, size_t n_body, uint8_t *out,
                          size_t capacity)
{
    struct writer w = begin(out, capacity);
    writer_bytes(&w, body, n_body);
    return finish(&w, out, kind);
}

size_t module_frame_write_led(uint8_t kind, uint8_t first, const uint8_t *rest, size_t n_rest,
                              uint8_t *out, size_t capacity)
{
    struct writer w = begin(out, capacity);
    writer_u8(&w, first);
    writer_bytes(&w, rest, n_rest);
    return finish(&w, out, kind);
}

size_t module_hello_write(const struct module_hello *hello, uint8_t *out, size_t capacity)
{
    struct writer w = begin(out, capacity);
    writer_u8(&w, hello->version);
    writer_u8(&w, hello->slot);
    writer_uint_be(&w, hello->code, 2);
    writer_uint_be(&w, hello->article, 4);
    writer_uint_be(&w, hello->serial, 4);
    return finish(&w, out, MODULE_FRAME_HELLO);
}

/* A later version may say more behind this. */
int module_hello_read(const struct module_frame *frame, struct module_hello *hello)
{
    struct reader r = reader_over(frame->body, frame->n_body);
    struct module_hello found = {.version = reader_u8(&r), .slot = reader_u8(&r)};
    found.code = (uint16_t)reader_uint_be(&r, 2);
    found.article = (uint32_t)reader_uint_be(&r, 4);
    found.serial = (uint32_t)reader_uint_be(&r, 4);
    if (frame->kind != MODULE_FRAME_HELLO || r.failed ||
        (found.version == MODULE_FRAME_VERSION && !reader_complete(&r))) {
        return MODULE_FRAME_ERR;
    }
    *hello = found;
    return MODULE_FRAME_OK;
}

size_t module_welcome_write(const struct module_welcome *welcome, uint8_t *out, size_t capacity)
{
    struct writer w = begin(out, capacity);
    writer_u8(&w, welcome->version);
    writer_u8(&w, welcome->result);
    writer_u8(&w, welcome->slot);
    writer_u8(&w, welcome->supply ? 1u : 0u);
    writer_uint_be(&w, welcome->meter, 4);
    return finish(&w, out, MODULE_FRAME_WELCOME);
}

int module_welcome_read(const struct module_frame *frame, struct module_welcome *welcome)
{
    struct reader r = reader_over(frame->body, frame->n_body);
    struct module_welcome found = {
        .version = reader_u8(&r), .result = reader_u8(&r), .slot = reader_u8(&r)};
    const uint8_t supply = reader_u8(&r);
    found.supply = supply != 0;
    found.meter = (uint32_t)reader_uint_be(&r, 4);
    if (frame->kind != MODULE_FRAME_WELCOME || supply > 1 || !reader_complete(&r)) {
        return MODULE_FRAME_ERR;
    }
    *welcome = found;
    return MODULE_FRAME_OK;
}

size_t module_pins_write(const struct module_pins_frame *pins, uint8_t *out, size_t capacity)
{
    struct writer w = begin(out, capacity);
    writer_u8(&w, pins->levels);
    writer_uint_be(&w, (uint64_t)pins->at_us, 8);
    return finish(&w, out, MODULE_FRAME_PINS);
}

int module_pins_read(const struct module_frame *frame, struct module_pins_frame *pins)
{
    struct reader r = reader_over(frame->body, frame->n_body);
    const uint8_t levels = reader_u8(&r);
    const int64_t at_us = (int64_t)reader_uint_be(&r, 8);
    if (frame->kind != MODULE_FRAME_PINS || levels > PINS_BITS || !reader_complete(&r)) {
        return MODULE_FRAME_ERR;
    }
    *pins = (struct module_pins_frame){levels, at_us};
    return MODULE_FRAME_OK;
}

int module_supply_read(const struct module_frame *frame, bool *on)
{
    struct reader r = reader_over(frame->body, frame->n_body);
    const uint8_t supply = reader_u8(&r);
    if (frame->kind != MODULE_FRAME_SUPPLY || supply > 1 || !reader_complete(&r)) {
        return MODULE_FRAME_ERR;
    }
    *on = supply != 0;
    return MODULE_FRAME_OK;
}

int module_channel_read(const struct module_frame *frame, uint8_t *channel, bool *open)
{
    struct reader r = reader_over(frame->body, frame->n_body);
    const uint8_t which = reader_u8(&r), state = reader_u8(&r);
    if (frame->kind != MODULE_FRAME_CHANNEL || state > 1 || !reader_complete(&r)) {
        return MODULE_FRAME_ERR;
    }
    *channel = which;
    *open = state != 0;
    return MODULE_FRAME_OK;
}

int module_led_read(const struct module_frame *frame, uint8_t *first, const uint8_t **rest,
                    size_t *n_rest)
{
    if (frame->n_body == 0) {
        return MODULE_FRAME_ERR;
    }
    *first = frame->body[0];
    *rest = frame->body + 1;
    *n_rest = frame->n_body - 1u;
    return MODULE_FRAME_OK;
}

const char *module_welcome_text(uint8_t result)
{
    static const char *const texts[] = {
        [MODULE_WELCOME] = "",
        [MODULE_REFUSED_VERSION] = "the meter speaks another version of the module bus",
        [MODULE_REFUSED_SLOT] = "the meter has no such slot",
        [MODULE_REFUSED_OCCUPIED] = "another module is in the slot",
        [MODULE_REFUSED_ARTICLE] = "such a module is not for this meter",
    };
    return result < sizeof texts / sizeof texts[0] ? texts[result] : "the meter refuses it";
}
