#include "optical_prepay.h"

#include "../meter/meter_audit.h"
#include "../meter/meter_prepay.h"

#define SILENCE 0
#define ANSWER  1

_Static_assert(KMP_PREPAY_DAYS_MAX == PREPAY_EXCEPTIONS, "the wire holds what the memory does");
_Static_assert(KMP_PREPAY_KEY_BYTES == TOKEN_KEY_BYTES, "one key");

static int look(const struct meter *meter, struct writer *out)
{
    struct meter_prepay p;
    meter_prepay_look(meter, &p);
    const struct kmp_prepay answer = {
        .version = KMP_PREPAY_VERSION,
        .flags = (uint8_t)((p.on ? KMP_PREPAY_ON : 0) | (p.cut ? KMP_PREPAY_CUT : 0) |
                           (p.low ? KMP_PREPAY_LOW : 0) | (p.warns ? KMP_PREPAY_WARNS : 0) |
                           (p.key ? KMP_PREPAY_KEY : 0)),
        .left_uwh = p.left_uwh,
        .max_uwh = p.max_uwh,
        .paid_uwh = p.paid_uwh,
        .number = p.number,
        .days = p.days_left,
        .low_left_s = p.low_left_s,
        .token_wait_s = p.token_wait_s,
        .way = p.last.way,
        .channel = p.last.channel,
        .last_number = p.last.number,
        .amount_uwh = p.last.amount_uwh,
        .then_left_uwh = p.last.left_uwh,
        .utc_s = p.last.utc_s,
    };
    kmp_prepay_write(out, &answer);
    return ANSWER;
}

static int reply(const struct meter *meter, enum prepay_err err, int64_t amount_uwh,
                 struct writer *out)
{
    const struct kmp_prepay_reply answer = {
        .result = (int8_t)err,
        .number = meter->prepay.kept.number,
        .amount_uwh = amount_uwh,
        .left_uwh = meter_prepay_left_uwh(meter),
        .wait_s = prepay_token_wait_s(&meter->prepay, meter->now_us),
    };
    kmp_prepay_reply_write(out, &answer);
    return ANSWER;
}

static int load(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    const uint32_t number = (uint32_t)reader_uint_be(data, 4);
    const int64_t amount_uwh = (int64_t)reader_uint_be(data, 8);
    if (!reader_complete(data)) {
        return SILENCE;
    }
    const bool may = meter_may_with(meter, ACTION_SETTINGS, password) == RIGHTS_OK;
    return reply(meter, may ? meter_prepay_load(meter, number, amount_uwh) : PREPAY_ERR_RIGHTS,
                 amount_uwh, out);
}

/* No password: a token proves itself. */
static int token(struct meter *meter, struct reader *data, struct writer *out)
{
    struct token found;
    const size_t n = reader_left(data);
    const uint8_t *text = reader_bytes(data, n);
    if (text == NULL || n == 0) {
        return SILENCE;
    }
    const enum prepay_err err = meter_prepay_token(meter, (const char *)text, n, &found);
    return reply(meter, err, (int64_t)found.amount * TOKEN_UNIT_UWH, out);
}

static int days_read(const struct meter *meter, struct writer *out)
{
    struct prepay_exceptions kept;
    struct kmp_prepay_days days = {0};
    if (!prepay_store_exceptions(meter->board, &kept)) {
        return SILENCE;
    }
    days.n = kept.n;
    for (unsigned i = 0; i < kept.n; i++) {
        days.day[i] =
            (struct kmp_prepay_day){kept.date[i].year, kept.date[i].month, kept.date[i].day};
    }
    kmp_prepay_days_write(out, &days);
    return ANSWER;
}

static int days_write(struct meter *meter, struct reader *data, struct writer *out, bool may)
{
    struct kmp_prepay_days days;
    struct prepay_exceptions wanted = {0};
    if (kmp_prepay_days_read(data, &days) != KMP_OK) {
        return SILENCE;
    }
    wanted.n = days.n;
    for (unsigned i = 0; i < days.n; i++) {
        wanted.date[i] = (struct prepay_date){days.day[i].year, days.day[i].month, days.day[i].day};
    }
    return reply(meter, may ? meter_prepay_exceptions(meter, &wanted) : PREPAY_ERR_RIGHTS, 0, out);
}

static int key_write(struct meter *meter, struct reader *data, struct writer *out, bool may)
{
    const uint8_t *key = reader_bytes(data, TOKEN_KEY_BYTES);
    if (key == NULL || !reader_complete(data)) {
        return SILENCE;
    }
    return reply(meter, may ? meter_prepay_key(meter, key) : PREPAY_ERR_RIGHTS, 0, out);
}

static int setup(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint8_t what = reader_u8(data);
    if (what == KMP_PREPAY_READ_DAYS) {
        return reader_complete(data) ? days_read(meter, out) : SILENCE;
    }
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    if (data->failed || what > KMP_PREPAY_WRITE_KEY) {
        return SILENCE;
    }
    const bool may = meter_may_with(meter, ACTION_SETTINGS, password) == RIGHTS_OK;
    return what == KMP_PREPAY_WRITE_DAYS ? days_write(meter, data, out, may)
                                         : key_write(meter, data, out, may);
}

int optical_prepay(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    if (!meter_prepay_fitted(meter)) {
        return SILENCE;
    }
    switch (cid) {
    case KMP_PREPAY_LOAD: return load(meter, data, out);
    case KMP_PREPAY_TOKEN: return token(meter, data, out);
    case KMP_PREPAY_SETUP: return setup(meter, data, out);
    default: return reader_complete(data) ? look(meter, out) : SILENCE; /* KMP_PREPAY_LOOK */
    }
}
