#include "mbus_slave.h"

#include <string.h>

#define C_WITHOUT_COUNT 0xCFu /* a master's C field but FCB and FCV */
#define C_REQ_UD1       0x4Au
#define C_REQ_UD2       0x4Bu
#define C_SND_UD        0x43u

#define DIF_MORE         0x1Fu
#define SELECTION_OCTETS 8u

enum application_error { ERROR_CI = 1, ERROR_RECORD = 4 };

enum count_memory { OWN, SELECTED };

void mbus_slave_init(struct mbus_slave *slave, uint8_t address, uint8_t access_number)
{
    memset(slave, 0, sizeof *slave);
    slave->address = address;
    slave->access_number = access_number;
    slave->application = MBUS_APPLICATION_DEFAULT;
    mbus_receiver_init(&slave->receiver);
}

/* The next request gets the first telegram, whatever its frame count bit. */
static void forget(struct mbus_slave *slave)
{
    slave->counts[OWN] = slave->counts[SELECTED] = false;
    slave->more = false;
    slave->telegram = 0;
    slave->n_last = 0;
}

static size_t acknowledge(uint8_t *answer)
{
    answer[0] = MBUS_ACK;
    return 1;
}

/* --- selection --- */

/* Four octets of digits; F stands for any. */
static bool digits_match(uint32_t asked, uint32_t own)
{
    for (unsigned shift = 0; shift < 32u; shift += 4u) {
        uint32_t digit = asked >> shift & 15u;
        if (digit != 15u && digit != (own >> shift & 15u)) {
            return false;
        }
    }
    return true;
}

static bool identity_matches(const struct mbus_identity *asked, const struct mbus_identity *own)
{
    return digits_match(asked->id_raw, own->id_raw) &&
           (asked->manufacturer == 0xFFFFu || asked->manufacturer == own->manufacturer) &&
           (asked->version == 0xFFu || asked->version == own->version) &&
           (asked->medium == 0xFFu || asked->medium == own->medium);
}

/* Enhanced selection: the fabrication number behind the address; other records match nobody. */
static bool rest_matches(const struct mbus_device *device, struct reader *r)
{
    while (reader_left(r) > 0) {
        uint8_t dif = reader_u8(r), vif = reader_u8(r);
        uint32_t asked = (uint32_t)reader_uint_le(r, 4);
        if (r->failed || dif != 0x0Cu || vif != 0x78u || device->fabrication == NULL ||
            !digits_match(asked, device->fabrication(device->context))) {
            return false;
        }
    }
    return true;
}

static size_t select_device(struct mbus_slave *slave, const struct mbus_device *device,
                            const struct mbus_frame *frame, uint8_t *answer)
{
    struct reader r = reader_over(frame->data, frame->n_data);
    struct mbus_identity asked = mbus_identity_read(&r), own;
    device->identity(device->context, &own);
    slave->selected = !r.failed && identity_matches(&asked, &own) && rest_matches(device, &r);
    if (!slave->selected) {
        return 0;
    }
    forget(slave);
    return acknowledge(answer);
}

/* --- data from the master --- */

/* @return true: data is `01 7A aa`, and *address is aa. */
static bool is_new_address(const struct mbus_frame *frame, uint8_t *address)
{
    struct reader r = reader_over(frame->data, frame->n_data);
    bool is = reader_u8(&r) == 0x01u && reader_u8(&r) == 0x7Au;
    *address = reader_u8(&r);
    return is && reader_complete(&r);
}

static bool take_data(struct mbus_slave *slave, const struct mbus_device *device,
                      const struct mbus_frame *frame)
{
    uint8_t address = 0;
    if (is_new_address(frame, &address)) {
        if (address > MBUS_ADDRESS_LAST || device->set_address == NULL ||
            !device->set_address(device->context, address)) {
            return false;
        }
        slave->address = address;
        forget(slave);
        return true;
    }
    struct reader r = reader_over(frame->data, frame->n_data);
    if (device->data == NULL || !device->data(device->context, r)) {
        slave->error = ERROR_RECORD;
    }
    return true;
}

static void reset_application(struct mbus_slave *slave, const struct mbus_frame *frame)
{
    slave->application =
        frame->n_data > 0 ? frame->data[0] >> 4 : (uint8_t)MBUS_APPLICATION_DEFAULT;
    slave->error = 0;
    forget(slave);
}

/* SND_UD is acknowledged by its link layer; what its application makes of it the next telegram
 * says. */
static bool take(struct mbus_slave *slave, const struct mbus_device *device,
                 const struct mbus_frame *frame)
{
    if (frame->ci == MBUS_CI_RESET) {
        reset_application(slave, frame);
    } else if (frame->ci == MBUS_CI_SEND) {
        return take_data(slave, device, frame);
    } else if (frame->ci < MBUS_CI_BAUD_300 || frame->ci > MBUS_CI_BAUD_300 + 7u) {
        slave->error = ERROR_CI;
    }
    return true;
}

/* --- telegrams --- */

static size_t send_telegram(struct mbus_slave *slave, uint8_t ci, const struct writer *body,
                            int64_t now_ms, uint8_t *answer)
{
    const struct mbus_frame frame = {.kind = MBUS_LONG,
                                     .control = MBUS_RSP_UD,
                                     .address = slave->address,
                                     .ci = ci,
                                     .data = body->begin,
                                     .n_data = writer_length(body)};
    int length = mbus_frame_encode(&frame, answer, MBUS_FRAME_MAX);
    if (body->failed || length < 0) {
        return 0;
    }
    slave->n_last = (uint16_t)length;
    memcpy(slave->last, answer, slave->n_last);
    slave->answered_ms = now_ms;
    return slave->n_last;
}

static size_t send_error(struct mbus_slave *slave, int64_t now_ms, uint8_t *answer)
{
    struct writer body = writer_over(&slave->error, 1);
    body.at = body.end;
    size_t length = send_telegram(slave, MBUS_CI_ERROR, &body, now_ms, answer);
    slave->error = 0;
    return length;
}

static size_t send_records(struct mbus_slave *slave, const struct mbus_device *device,
                           int64_t now_ms, uint8_t *answer)
{
    uint8_t octets[MBUS_BODY_MAX - 3u];
    struct mbus_identity identity;
    struct writer body = writer_over(octets, sizeof octets);
    device->identity(device->context, &identity);
    slave->access_number++;
    mbus_identity_write(&body, &identity);
    writer_u8(&body, slave->access_number);
    writer_u8(&body, device->status != NULL ? device->status(device->context) : 0);
    writer_uint_le(&body, 0, 2);
    struct writer records = writer_over(body.at, MBUS_RECORDS_MAX);
    slave->telegram = slave->more ? slave->telegram + 1u : 0u;
    slave->more = device->records(device->context, slave->application, slave->telegram, &records);
    body.failed = records.failed;
    body.at = records.at;
    if (slave->more) {
        writer_u8(&body, DIF_MORE);
    }
    return send_telegram(slave, MBUS_CI_LONG, &body, now_ms, answer);
}

static size_t answer_request(struct mbus_slave *slave, const struct mbus_device *device,
                             const struct mbus_frame *frame, int64_t now_ms, uint8_t *answer)
{
    enum count_memory memory = frame->address == MBUS_ADDRESS_SELECTED ? SELECTED : OWN;
    bool counted = (frame->control & MBUS_FCV) != 0, bit = (frame->control & MBUS_FCB) != 0;
    if (slave->n_last > 0 && now_ms - slave->answered_ms > MBUS_PAUSE_MS) {
        forget(slave);
    }
    bool repeated =
        counted && slave->n_last > 0 && slave->counts[memory] && slave->count_bit[memory] == bit;
    slave->counts[memory] = counted;
    slave->count_bit[memory] = bit;
    if (repeated) {
        memcpy(answer, slave->last, slave->n_last);
        slave->answered_ms = now_ms;
        return slave->n_last;
    }
    if (slave->error != 0) {
        return send_error(slave, now_ms, answer);
    }
    return send_records(slave, device, now_ms, answer);
}

static size_t answer_alarm(const struct mbus_slave *slave, const struct mbus_device *device,
                           uint8_t *answer)
{
    uint8_t alarm = device->alarm != NULL ? device->alarm(device->context) : 0;
    if (alarm == 0) {
        return acknowledge(answer);
    }
    const struct mbus_frame frame = {.kind = MBUS_LONG,
                                     .control = MBUS_RSP_UD,
                                     .address = slave->address,
                                     .ci = MBUS_CI_ALARM,
                                     .data = &alarm,
                                     .n_data = 1};
    return (size_t)mbus_frame_encode(&frame, answer, MBUS_FRAME_MAX);
}

static size_t start_link(struct mbus_slave *slave, uint8_t address, uint8_t *answer)
{
    forget(slave);
    if (address == MBUS_ADDRESS_SELECTED || address == MBUS_ADDRESS_BROADCAST) {
        slave->selected = false;
    }
    return acknowledge(answer);
}

static bool is_meant(const struct mbus_slave *slave, uint8_t address)
{
    return address == slave->address || address >= MBUS_ADDRESS_TEST ||
           (address == MBUS_ADDRESS_SELECTED && slave->selected);
}

static size_t serve(struct mbus_slave *slave, const struct mbus_device *device,
                    const struct mbus_frame *frame, int64_t now_ms, uint8_t *answer)
{
    uint8_t control = frame->control & C_WITHOUT_COUNT;
    if (frame->kind == MBUS_SHORT) {
        switch (control) {
        case MBUS_SND_NKE: return start_link(slave, frame->address, answer);
        case C_REQ_UD2: return answer_request(slave, device, frame, now_ms, answer);
        case C_REQ_UD1: return answer_alarm(slave, device, answer);
        default: return 0;
        }
    }
    if (frame->kind == MBUS_LONG && control == C_SND_UD && frame->ci != MBUS_CI_SELECT) {
        return take(slave, device, frame) ? acknowledge(answer) : 0;
    }
    return 0;
}

size_t mbus_slave_frame(struct mbus_slave *slave, const struct mbus_device *device,
                        const struct mbus_frame *frame, int64_t now_ms,
                        uint8_t answer[MBUS_FRAME_MAX])
{
    if (frame->kind == MBUS_LONG && frame->ci == MBUS_CI_SELECT &&
        frame->address == MBUS_ADDRESS_SELECTED && (frame->control & C_WITHOUT_COUNT) == C_SND_UD) {
        return select_device(slave, device, frame, answer);
    }
    if (frame->kind == MBUS_SINGLE) {
        return 0;
    }
    if (!is_meant(slave, frame->address)) {
        /* Masters begin a session with SND_NKE to 253, also one that reads by primary address. */
        if (frame->address == MBUS_ADDRESS_SELECTED && frame->control == MBUS_SND_NKE) {
            forget(slave);
        }
        return 0;
    }
    if (frame->address == MBUS_ADDRESS_BROADCAST &&
        (frame->control & C_WITHOUT_COUNT) == C_REQ_UD2) {
        return 0; /* nobody answers: no telegram is used up */
    }
    size_t length = serve(slave, device, frame, now_ms, answer);
    return frame->address == MBUS_ADDRESS_BROADCAST ? 0 : length;
}

size_t mbus_slave_octet(struct mbus_slave *slave, const struct mbus_device *device, uint8_t octet,
                        int64_t now_ms, uint8_t answer[MBUS_FRAME_MAX])
{
    struct mbus_frame frame;
    if (mbus_receiver_octet(&slave->receiver, octet, &frame) != 1) {
        return 0;
    }
    return mbus_slave_frame(slave, device, &frame, now_ms, answer);
}
