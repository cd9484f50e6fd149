#include "optical_tariff.h"

#include "../meter/meter_audit.h"

#define UTC_2000 INT64_C(946684800)
#define ANSWER   1
#define SILENCE  0
#define NO_BYTES 0u

static bool allowed_with(struct meter *meter, uint16_t password)
{
    return meter_may_with(meter, ACTION_TARIFF, password) == RIGHTS_OK;
}

static int stage(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    uint16_t offset = (uint16_t)reader_uint_be(data, 2);
    size_t n = reader_left(data);
    const uint8_t *bytes = reader_bytes(data, n);
    if (!reader_complete(data) || n == 0 || n > OPTICAL_TARIFF_PART ||
        !allowed_with(meter, password) ||
        !tariff_stage(&meter->tariff, offset, bytes, (uint16_t)n)) {
        return SILENCE;
    }
    writer_uint_be(out, offset + n, 2);
    return ANSWER;
}

/* 0 at once, else seconds since 2000. */
static int commit(struct meter *meter, struct reader *data, struct writer *out)
{
    struct plan_place place;
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    uint16_t n_image = (uint16_t)reader_uint_be(data, 2);
    int64_t activation = (int64_t)reader_uint_be(data, 4);
    if (!reader_complete(data) || !allowed_with(meter, password)) {
        return SILENCE;
    }
    int err =
        meter_tariff_commit(meter, n_image, activation != 0 ? activation + UTC_2000 : 0, &place);
    writer_u8(out, (uint8_t)err);
    writer_u8(out, place.season);
    writer_u8(out, place.type);
    writer_u8(out, place.index);
    return ANSWER;
}

/* Length, activation, bytes; length 0: no such plan. */
static int read_back(const struct meter *meter, struct reader *data, struct writer *out)
{
    const struct tariff_store *store = &meter->tariff.store;
    uint8_t part[OPTICAL_TARIFF_PART];
    uint8_t which = reader_u8(data);
    uint16_t offset = (uint16_t)reader_uint_be(data, 2);
    int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    if (!reader_complete(data) || which > OPTICAL_TARIFF_WAITS || meter->variant.tariffs == 0) {
        return SILENCE;
    }
    int slot = which == OPTICAL_TARIFF_FORCE ? tariff_store_in_force(store, utc_s)
                                             : tariff_store_waiting(store, utc_s);
    const struct tariff_slot none = {0, 0, 0}, *found = slot >= 0 ? &store->slot[slot] : &none;
    unsigned left = offset < found->n_image ? (unsigned)found->n_image - offset : NO_BYTES;
    uint16_t n = (uint16_t)(left < sizeof part ? left : sizeof part);
    if (n > 0 && !tariff_store_read(store, meter->board, slot, offset, part, n)) {
        return SILENCE;
    }
    writer_uint_be(out, found->n_image, 2);
    writer_uint_be(out, (uint64_t)(found->activation_s != 0 ? found->activation_s - UTC_2000 : 0),
                   4);
    writer_bytes(out, part, n);
    return ANSWER;
}

static int force(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    uint8_t tariff = reader_u8(data);
    uint16_t minutes = (uint16_t)reader_uint_be(data, 2);
    if (!reader_complete(data) || !allowed_with(meter, password)) {
        return SILENCE;
    }
    writer_u8(out, (uint8_t)meter_tariff_force(meter, tariff, minutes));
    return ANSWER;
}

int optical_tariff(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    switch (cid) {
    case TARIFF_STAGE: return stage(meter, data, out);
    case TARIFF_COMMIT: return commit(meter, data, out);
    case TARIFF_READ: return read_back(meter, data, out);
    case TARIFF_FORCE: return force(meter, data, out);
    default: return SILENCE;
    }
}
