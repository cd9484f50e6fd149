#include "hdlc_frame.h"

#include <string.h>

#include "../common/crc.h"

#define FORMAT_TYPE      0xA000u /* type 3 */
#define FORMAT_SEGMENTED 0x0800u
#define FORMAT_LENGTH    0x07FFu
#define CHECK_BYTES      2u
/* Format, two addresses of one octet, control, FCS. */
#define LENGTH_MIN 7u

/* ---- control ---- */

#define POLL_FINAL 0x10u

static const uint8_t unnumbered[] = {
    [HDLC_SNRM] = 0x83, [HDLC_DISC] = 0x43, [HDLC_UA] = 0x63,
    [HDLC_DM] = 0x0F,   [HDLC_FRMR] = 0x87, [HDLC_UI] = 0x03,
};

enum hdlc_kind hdlc_kind_of(uint8_t control)
{
    if ((control & 0x01u) == 0) {
        return HDLC_I;
    }
    if ((control & 0x0Fu) == 0x01u) {
        return HDLC_RR;
    }
    if ((control & 0x0Fu) == 0x05u) {
        return HDLC_RNR;
    }
    for (unsigned kind = HDLC_SNRM; kind < HDLC_UNKNOWN; kind++) {
        if ((control & ~POLL_FINAL) == unnumbered[kind]) {
            return (enum hdlc_kind)kind;
        }
    }
    return HDLC_UNKNOWN;
}

uint8_t hdlc_control(enum hdlc_kind kind, bool poll_final, uint8_t send_number,
                     uint8_t receive_number)
{
    const unsigned bit = poll_final ? POLL_FINAL : 0u;
    const unsigned received = (receive_number & 7u) << 5;
    switch (kind) {
    case HDLC_I: return (uint8_t)(received | bit | (send_number & 7u) << 1);
    case HDLC_RR: return (uint8_t)(received | bit | 0x01u);
    case HDLC_RNR: return (uint8_t)(received | bit | 0x05u);
    case HDLC_SNRM:
    case HDLC_DISC:
    case HDLC_UA:
    case HDLC_DM:
    case HDLC_FRMR:
    case HDLC_UI: return (uint8_t)(unnumbered[kind] | bit);
    case HDLC_UNKNOWN: break;
    }
    return 0xFFu; /* nobody sends it */
}

/* ---- addresses: seven bits an octet, the low bit marks the last ---- */

static bool address_fits(const struct hdlc_address *address)
{
    switch (address->n_octets) {
    case 1: return address->upper <= 0x7Fu && address->lower == 0;
    case 2: return address->upper <= 0x7Fu && address->lower <= 0x7Fu;
    case 4: return address->upper <= 0x3FFFu && address->lower <= 0x3FFFu;
    default: return false;
    }
}

static uint8_t *address_write(uint8_t *at, const struct hdlc_address *address)
{
    const unsigned upper = address->upper, lower = address->lower;
    if (address->n_octets == 4) {
        *at++ = (uint8_t)(upper >> 7 << 1);
        *at++ = (uint8_t)(upper << 1);
        *at++ = (uint8_t)(lower >> 7 << 1);
    } else {
        *at++ = (uint8_t)(upper << 1);
    }
    if (address->n_octets != 1) {
        *at++ = (uint8_t)(lower << 1);
    }
    at[-1] |= 1u;
    return at;
}

/** @return octets taken; 0: does not end yet; negative: no address. */
static int address_read(const uint8_t *bytes, size_t n_bytes, struct hdlc_address *out)
{
    unsigned n = 0;
    do {
        if (n == 4) {
            return HDLC_ERR_FORMAT;
        }
        if (n == n_bytes) {
            return 0;
        }
    } while ((bytes[n++] & 1u) == 0);
    const unsigned last = bytes[n - 1] >> 1;
    out->n_octets = (uint8_t)n;
    switch (n) {
    case 1:
        out->upper = (uint16_t)last;
        out->lower = 0;
        return 1;
    case 2:
        out->upper = (uint16_t)(bytes[0] >> 1);
        out->lower = (uint16_t)last;
        return 2;
    case 4:
        out->upper = (uint16_t)((unsigned)(bytes[0] >> 1) << 7 | bytes[1] >> 1);
        out->lower = (uint16_t)((unsigned)(bytes[2] >> 1) << 7 | last);
        return 4;
    default: return HDLC_ERR_FORMAT;
    }
}

/* ---- encoder ---- */

static uint8_t *check_write(uint8_t *at, uint16_t remainder)
{
    *at++ = (uint8_t)~remainder;
    *at++ = (uint8_t)(~(unsigned)remainder >> 8);
    return at;
}

static uint8_t *piece_write(uint8_t *at, const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes > 0) {
        memcpy(at, bytes, n_bytes);
    }
    return at + n_bytes;
}

int hdlc_frame_encode(const struct hdlc_frame *frame, uint8_t *out, size_t capacity)
{
    if (!address_fits(&frame->destination) || !address_fits(&frame->source)) {
        return HDLC_ERR_FORMAT;
    }
    const size_t n_info = (size_t)frame->n_lead + frame->n_info;
    const size_t length = 2u + frame->destination.n_octets + frame->source.n_octets + 1u +
                          (n_info > 0 ? CHECK_BYTES + n_info : 0u) + CHECK_BYTES;
    if (length > FORMAT_LENGTH || capacity < length + 2u) {
        return HDLC_ERR_SPACE;
    }
    const unsigned format =
        FORMAT_TYPE | (frame->segmented ? FORMAT_SEGMENTED : 0u) | (unsigned)length;
    uint8_t *at = out;
    *at++ = HDLC_FLAG;
    *at++ = (uint8_t)(format >> 8);
    *at++ = (uint8_t)format;
    at = address_write(at, &frame->destination);
    at = address_write(at, &frame->source);
    *at++ = frame->control;
    uint16_t remainder = crc16_x25_go_on(CRC16_X25_BEGIN, out + 1, (size_t)(at - out - 1));
    if (n_info > 0) {
        at = check_write(at, remainder);
        const uint8_t *info = at;
        at = piece_write(at, frame->lead, frame->n_lead);
        at = piece_write(at, frame->info, frame->n_info);
        remainder = crc16_x25_go_on(CRC16_X25_GOOD, info, n_info);
    }
    at = check_write(at, remainder);
    *at++ = HDLC_FLAG;
    return (int)(at - out);
}

/* ---- receiver ---- */

enum look { LOOK_MORE, LOOK_FRAME, LOOK_BAD };

void hdlc_receiver_init(struct hdlc_receiver *receiver, uint8_t *bytes, size_t capacity)
{
    *receiver = (struct hdlc_receiver){
        .bytes = bytes,
        .capacity = (uint16_t)(capacity < UINT16_MAX ? capacity : UINT16_MAX),
        .need = 1,
    };
}

bool hdlc_receiver_busy(const struct hdlc_receiver *receiver)
{
    return receiver->length - receiver->done > 1;
}

/** Forget n octets at least, up to a flag that may begin a frame. */
static void drop(struct hdlc_receiver *receiver, size_t n)
{
    const uint8_t *from = receiver->bytes + n;
    const size_t left = receiver->length - n;
    const uint8_t *flag = left > 0 ? (const uint8_t *)memchr(from, HDLC_FLAG, left) : NULL;
    receiver->length = (uint16_t)(flag == NULL ? 0u : left - (size_t)(flag - from));
    receiver->need = (uint16_t)(receiver->length + 1u);
    receiver->done = 0;
    if (receiver->length > 0) {
        memmove(receiver->bytes, flag, receiver->length);
    }
}

static enum look more(struct hdlc_receiver *receiver, size_t need)
{
    receiver->need = (uint16_t)need;
    return LOOK_MORE;
}

/** Format, addresses and control.  @return their octets; 0: not all here; negative: not a frame. */
static int header_read(const uint8_t *bytes, size_t n_bytes, struct hdlc_frame *frame)
{
    size_t at = 2;
    int n = address_read(bytes + at, n_bytes - at, &frame->destination);
    if (n <= 0) {
        return n;
    }
    at += (size_t)n;
    n = address_read(bytes + at, n_bytes - at, &frame->source);
    if (n <= 0) {
        return n;
    }
    at += (size_t)n;
    if (at == n_bytes) {
        return 0;
    }
    frame->control = bytes[at];
    return (int)at + 1;
}

/** Header and length are known: check what is here. */
static enum look look_inside(struct hdlc_receiver *receiver, size_t length, size_t n_header,
                             struct hdlc_frame *frame)
{
    const uint8_t *bytes = receiver->bytes + 1;
    const size_t here = receiver->length - 1u;
    const bool informs = length > n_header + CHECK_BYTES;
    uint16_t remainder = CRC16_X25_BEGIN;
    size_t checked = 0;
    if (length < n_header + CHECK_BYTES || length == n_header + 2u * CHECK_BYTES) {
        return LOOK_BAD; /* an HCS without information does not exist */
    }
    if (informs) { /* a damaged length is noticed before the wait for its end */
        checked = n_header + CHECK_BYTES;
        if (here < checked) {
            return more(receiver, checked + 1u);
        }
        remainder = crc16_x25_go_on(remainder, bytes, checked);
        if (remainder != CRC16_X25_GOOD) {
            return LOOK_BAD;
        }
    }
    if (here < length + 1u) {
        return more(receiver, length + 2u);
    }
    if (bytes[length] != HDLC_FLAG ||
        crc16_x25_go_on(remainder, bytes + checked, length - checked) != CRC16_X25_GOOD) {
        return LOOK_BAD;
    }
    frame->lead = NULL;
    frame->n_lead = 0;
    frame->info = bytes + (informs ? checked : n_header);
    frame->n_info = (uint16_t)(informs ? length - checked - CHECK_BYTES : 0u);
    return LOOK_FRAME;
}

/** What bytes[0 .. length) may be; bytes[0] is a flag if there is any. */
static enum look look(struct hdlc_receiver *receiver, struct hdlc_frame *frame)
{
    const uint8_t *bytes = receiver->bytes + 1;
    if (receiver->length < 2) {
        return more(receiver, receiver->length + 1u);
    }
    if ((bytes[0] & 0xF0u) != FORMAT_TYPE >> 8) {
        return LOOK_BAD; /* another flag, too */
    }
    if (receiver->length < 1u + 2u + 3u) {
        return more(receiver, 1u + 2u + 3u);
    }
    const unsigned format = (unsigned)bytes[0] << 8 | bytes[1];
    const size_t length = format & FORMAT_LENGTH;
    if (length < LENGTH_MIN || length + 2u > receiver->capacity) {
        return LOOK_BAD;
    }
    const int n_header = header_read(bytes, receiver->length - 1u, frame);
    if (n_header == 0 && receiver->length <= length) {
        return more(receiver, receiver->length + 1u);
    }
    if (n_header <= 0) {
        return LOOK_BAD;
    }
    frame->segmented = (format & FORMAT_SEGMENTED) != 0;
    return look_inside(receiver, length, (size_t)n_header, frame);
}

/** @return true: a frame stands at the beginning.  false: nothing here can be judged yet. */
static bool find(struct hdlc_receiver *receiver, struct hdlc_frame *frame)
{
    for (;;) {
        switch (look(receiver, frame)) {
        case LOOK_MORE: return false;
        case LOOK_BAD: drop(receiver, 1); break;
        case LOOK_FRAME:
            receiver->done =
                (uint16_t)((size_t)(receiver->bytes[1] & 0x07u) * 256u + receiver->bytes[2] + 1u);
            return true;
        }
    }
}

/** Between frames only a flag counts. */
static void hunt(struct reader *in)
{
    const size_t left = reader_left(in);
    const uint8_t *flag = left > 0 ? (const uint8_t *)memchr(in->at, HDLC_FLAG, left) : NULL;
    (void)reader_bytes(in, flag == NULL ? left : (size_t)(flag - in->at));
}

bool hdlc_receiver_take(struct hdlc_receiver *receiver, struct reader *in, struct hdlc_frame *frame)
{
    if (receiver->done > 0) { /* its closing flag may open the next one */
        drop(receiver, receiver->done);
        if (find(receiver, frame)) {
            return true;
        }
    }
    for (;;) {
        if (receiver->length == 0) {
            hunt(in);
        }
        const size_t wanted = (size_t)receiver->need - receiver->length;
        const size_t n = wanted < reader_left(in) ? wanted : reader_left(in);
        if (n == 0) {
            return false;
        }
        memcpy(receiver->bytes + receiver->length, reader_bytes(in, n), n);
        receiver->length = (uint16_t)(receiver->length + n);
        if (receiver->length == receiver->need && find(receiver, frame)) {
            return true;
        }
    }
}

bool hdlc_receiver_expire(struct hdlc_receiver *receiver, struct hdlc_frame *frame)
{
    if (receiver->done > 0) {
        drop(receiver, receiver->done);
    } else if (receiver->length > 1) {
        drop(receiver, 1);
    }
    while (receiver->length > 1) {
        if (find(receiver, frame)) {
            return true;
        }
        if (receiver->length > 1) {
            drop(receiver, 1);
        }
    }
    return false;
}

/* ---- parameters ---- */

enum parameter {
    PARAMETER_INFO_TRANSMIT = 5,
    PARAMETER_INFO_RECEIVE = 6,
    PARAMETER_WINDOW_TRANSMIT = 7,
    PARAMETER_WINDOW_RECEIVE = 8
};

#define GROUP_FORMAT     0x81u
#define GROUP_PARAMETERS 0x80u

static uint32_t within(uint64_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : (uint32_t)value;
}

static void parameter_set(struct hdlc_parameters *out, uint8_t id, uint64_t value)
{
    const uint16_t info = (uint16_t)within(value, HDLC_INFO_MIN, HDLC_INFO_MAX);
    const uint8_t window = (uint8_t)within(value, 1u, HDLC_WINDOW_MAX);
    switch (id) {
    case PARAMETER_INFO_TRANSMIT: out->info_transmit = info; break;
    case PARAMETER_INFO_RECEIVE: out->info_receive = info; break;
    case PARAMETER_WINDOW_TRANSMIT: out->window_transmit = window; break;
    case PARAMETER_WINDOW_RECEIVE: out->window_receive = window; break;
    default: break; /* one that we do not know */
    }
}

int hdlc_parameters_read(const uint8_t *info, size_t n_info, struct hdlc_parameters *out)
{
    struct hdlc_parameters parameters = {HDLC_INFO_DEFAULT, HDLC_INFO_DEFAULT, HDLC_WINDOW_DEFAULT,
                                         HDLC_WINDOW_DEFAULT};
    if (n_info == 0) {
        *out = parameters;
        return HDLC_OK;
    }
    struct reader in = reader_over(info, n_info);
    const uint8_t format = reader_u8(&in), group = reader_u8(&in);
    const uint8_t length = reader_u8(&in);
    if (in.failed || format != GROUP_FORMAT || group != GROUP_PARAMETERS ||
        length > reader_left(&in)) {
        return HDLC_ERR_FORMAT;
    }
    in.end = in.at + length; /* user data may follow */
    while (!in.failed && reader_left(&in) > 0) {
        const uint8_t id = reader_u8(&in), n_octets = reader_u8(&in);
        const uint64_t value = reader_uint_be(&in, n_octets);
        if (!in.failed) {
            parameter_set(&parameters, id, value);
        }
    }
    if (in.failed) {
        return HDLC_ERR_FORMAT;
    }
    *out = parameters;
    return HDLC_OK;
}

void hdlc_parameters_write(struct writer *out, const struct hdlc_parameters *parameters)
{
    writer_u8(out, GROUP_FORMAT);
    writer_u8(out, GROUP_PARAMETERS);
    writer_u8(out, HDLC_PARAMETERS_BYTES - 3u);
    writer_u8(out, PARAMETER_INFO_TRANSMIT);
    writer_u8(out, 2);
    writer_uint_be(out, parameters->info_transmit, 2);
    writer_u8(out, PARAMETER_INFO_RECEIVE);
    writer_u8(out, 2);
    writer_uint_be(out, parameters->info_receive, 2);
    writer_u8(out, PARAMETER_WINDOW_TRANSMIT);
    writer_u8(out, 4);
    writer_uint_be(out, parameters->window_transmit, 4);
    writer_u8(out, PARAMETER_WINDOW_RECEIVE);
    writer_u8(out, 4);
    writer_uint_be(out, parameters->window_receive, 4);
}
