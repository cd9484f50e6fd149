#include "kmp_prepay.h"

#include <string.h>

#define YEAR_0      2000u
#define YEAR_LAST   99u
#define EVERY_YEAR  127u
#define YEAR_SHIFT  9u
#define MONTH_SHIFT 5u
#define MONTH_MASK  15u
#define DAY_MASK    31u

void kmp_prepay_write(struct writer *out, const struct kmp_prepay *p)
{
    writer_u8(out, p->version);
    writer_u8(out, p->flags);
    writer_uint_be(out, (uint64_t)p->left_uwh, 8);
    writer_uint_be(out, (uint64_t)p->max_uwh, 8);
    writer_uint_be(out, (uint64_t)p->paid_uwh, 8);
    writer_uint_be(out, p->number, 4);
    writer_uint_be(out, p->days, 2);
    writer_uint_be(out, p->low_left_s, 4);
    writer_uint_be(out, p->token_wait_s, 4);
    writer_u8(out, p->way);
    writer_u8(out, p->channel);
    writer_uint_be(out, p->last_number, 4);
    writer_uint_be(out, (uint64_t)p->amount_uwh, 8);
    writer_uint_be(out, (uint64_t)p->then_left_uwh, 8);
    writer_uint_be(out, (uint64_t)p->utc_s, 8);
}

int kmp_prepay_read(struct reader *in, struct kmp_prepay *prepay)
{
    struct kmp_prepay p;
    p.version = reader_u8(in);
    p.flags = reader_u8(in);
    p.left_uwh = (int64_t)reader_uint_be(in, 8);
    p.max_uwh = (int64_t)reader_uint_be(in, 8);
    p.paid_uwh = (int64_t)reader_uint_be(in, 8);
    p.number = (uint32_t)reader_uint_be(in, 4);
    p.days = (uint16_t)reader_uint_be(in, 2);
    p.low_left_s = (uint32_t)reader_uint_be(in, 4);
    p.token_wait_s = (uint32_t)reader_uint_be(in, 4);
    p.way = reader_u8(in);
    p.channel = reader_u8(in);
    p.last_number = (uint32_t)reader_uint_be(in, 4);
    p.amount_uwh = (int64_t)reader_uint_be(in, 8);
    p.then_left_uwh = (int64_t)reader_uint_be(in, 8);
    p.utc_s = (int64_t)reader_uint_be(in, 8);
    if (!reader_complete(in) || p.version != KMP_PREPAY_VERSION) {
        return KMP_ERR_FORMAT;
    }
    *prepay = p;
    return KMP_OK;
}

void kmp_prepay_reply_write(struct writer *out, const struct kmp_prepay_reply *reply)
{
    writer_u8(out, (uint8_t)reply->result);
    writer_uint_be(out, reply->number, 4);
    writer_uint_be(out, (uint64_t)reply->amount_uwh, 8);
    writer_uint_be(out, (uint64_t)reply->left_uwh, 8);
    writer_uint_be(out, reply->wait_s, 4);
}

int kmp_prepay_reply_read(struct reader *in, struct kmp_prepay_reply *reply)
{
    struct kmp_prepay_reply r;
    r.result = (int8_t)reader_u8(in);
    r.number = (uint32_t)reader_uint_be(in, 4);
    r.amount_uwh = (int64_t)reader_uint_be(in, 8);
    r.left_uwh = (int64_t)reader_uint_be(in, 8);
    r.wait_s = (uint32_t)reader_uint_be(in, 4);
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *reply = r;
    return KMP_OK;
}

void kmp_prepay_days_write(struct writer *out, const struct kmp_prepay_days *days)
{
    writer_u8(out, days->n);
    for (unsigned i = 0; i < days->n; i++) {
        const struct kmp_prepay_day *day = &days->day[i];
        const unsigned year = day->year == 0 ? EVERY_YEAR : (unsigned)day->year - YEAR_0;
        writer_uint_be(out, year << YEAR_SHIFT | (unsigned)day->month << MONTH_SHIFT | day->day, 2);
    }
}

int kmp_prepay_days_read(struct reader *in, struct kmp_prepay_days *days)
{
    struct kmp_prepay_days d;
    memset(&d, 0, sizeof d);
    d.n = reader_u8(in);
    if (d.n > KMP_PREPAY_DAYS_MAX) {
        return KMP_ERR_FORMAT;
    }
    for (unsigned i = 0; i < d.n; i++) {
        const unsigned packed = (unsigned)reader_uint_be(in, 2), year = packed >> YEAR_SHIFT;
        if (year > YEAR_LAST && year != EVERY_YEAR) {
            return KMP_ERR_FORMAT;
        }
        d.day[i] = (struct kmp_prepay_day){(uint16_t)(year == EVERY_YEAR ? 0 : YEAR_0 + year),
                                           (uint8_t)(packed >> MONTH_SHIFT & MONTH_MASK),
                                           (uint8_t)(packed & DAY_MASK)};
    }
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *days = d;
    return KMP_OK;
}

const char *kmp_prepay_result_text(int result)
{
    static const char *const texts[] = {"done",
                                        "this meter has no prepayment",
                                        "prepayment is off",
                                        "not an amount or a date that it takes",
                                        "more than the register can show",
                                        "not the number that comes next",
                                        "its permanent memory failed: all is as it was",
                                        "not over this connection, or not with that password",
                                        "a token has 20 digits",
                                        "wrong token: mistyped, or of another meter",
                                        "this token has been taken before",
                                        "this token is older than all that the meter remembers",
                                        "a token of a class that this meter does not know",
                                        "too many wrong tokens: wait",
                                        "the meter has no key for tokens",
                                        "the meter has no supply"};
    const int n = (int)(sizeof texts / sizeof texts[0]);
    return result <= 0 && -result < n ? texts[-result] : NULL;
}
