#include "tariff_plan_image.h"

#include <string.h>

#include "../../proto/common/crc.h"

#define MARK_0      'T'
#define MARK_1      'P'
#define LENGTH_AT   3u
#define CHECK_BYTES 2u
#define UTC_2000    INT64_C(946684800)

static void date_write(struct writer *out, const struct plan_date *date, uint8_t what)
{
    writer_uint_le(out, date->year, 2);
    writer_u8(out, date->month);
    writer_u8(out, date->day);
    writer_u8(out, what);
}

static uint8_t date_read(struct reader *in, struct plan_date *date)
{
    date->year = (uint16_t)reader_uint_le(in, 2);
    date->month = reader_u8(in);
    date->day = reader_u8(in);
    return reader_u8(in);
}

static void days_write(struct writer *out, const struct tariff_plan *plan)
{
    for (unsigned s = 0; s < plan->n_seasons; s++) {
        for (unsigned t = 0; t < DAY_TYPES; t++) {
            const struct plan_day *day = &plan->day[s][t];
            writer_u8(out, day->n);
            for (unsigned i = 0; i < day->n; i++) {
                writer_uint_le(out, day->at[i].minute, 2);
                writer_u8(out, day->at[i].tariff);
            }
        }
    }
}

static enum plan_err day_read(struct reader *in, struct plan_day *day)
{
    day->n = reader_u8(in);
    if (day->n > TARIFF_PLAN_SWITCHES) {
        return PLAN_ERR_SWITCHES;
    }
    for (unsigned i = 0; i < day->n; i++) {
        day->at[i].minute = (uint16_t)reader_uint_le(in, 2);
        day->at[i].tariff = reader_u8(in);
    }
    return PLAN_OK;
}

void tariff_plan_write(struct writer *out, const struct tariff_plan *plan)
{
    uint8_t *begin = out->at;
    writer_u8(out, MARK_0);
    writer_u8(out, MARK_1);
    writer_u8(out, TARIFF_PLAN_VERSION);
    writer_uint_le(out, 0, 2); /* the length, when it is known */
    writer_bytes(out, plan->name, TARIFF_PLAN_NAME_MAX);
    writer_u8(out, plan->working_days);
    writer_u8(out, plan->n_seasons);
    writer_u8(out, plan->n_starts);
    writer_u8(out, plan->n_exceptions);
    writer_u8(out, plan->summers.n);
    for (unsigned i = 0; i < plan->n_starts; i++) {
        date_write(out, &plan->start[i].date, plan->start[i].season);
    }
    days_write(out, plan);
    for (unsigned i = 0; i < plan->n_exceptions; i++) {
        date_write(out, &plan->exception[i].date, plan->exception[i].type);
    }
    for (unsigned i = 0; i < plan->summers.n; i++) {
        writer_uint_le(out, (uint64_t)(plan->summers.row[i].begin_s - UTC_2000), 4);
        writer_uint_le(out, (uint64_t)(plan->summers.row[i].end_s - UTC_2000), 4);
    }
    if (out->failed) {
        return;
    }
    size_t length = (size_t)(out->at - begin);
    struct writer header = writer_over(begin + LENGTH_AT, 2);
    writer_uint_le(&header, length + CHECK_BYTES, 2);
    writer_uint_be(out, crc16_xmodem(begin, length), CHECK_BYTES);
}

static enum plan_err header_read(struct reader *in, size_t n_bytes, const uint8_t *bytes,
                                 struct tariff_plan *plan)
{
    bool mark = reader_u8(in) == MARK_0 && reader_u8(in) == MARK_1;
    uint8_t version = reader_u8(in);
    size_t length = (size_t)reader_uint_le(in, 2);
    if (!mark || length != n_bytes || crc16_xmodem(bytes, n_bytes) != 0) {
        return PLAN_ERR_FORM;
    }
    if (version != TARIFF_PLAN_VERSION) {
        return PLAN_ERR_VERSION;
    }
    const uint8_t *name = reader_bytes(in, TARIFF_PLAN_NAME_MAX);
    if (name == NULL) {
        return PLAN_ERR_FORM;
    }
    memcpy(plan->name, name, TARIFF_PLAN_NAME_MAX);
    plan->working_days = reader_u8(in);
    plan->n_seasons = reader_u8(in);
    plan->n_starts = reader_u8(in);
    plan->n_exceptions = reader_u8(in);
    plan->summers.n = reader_u8(in);
    return PLAN_OK;
}

/* Room for what the header promises; the contents are checked later, as a whole. */
static enum plan_err counts_good(const struct tariff_plan *plan)
{
    if (plan->n_seasons > TARIFF_PLAN_SEASONS) {
        return PLAN_ERR_SEASONS;
    }
    if (plan->n_starts > TARIFF_PLAN_STARTS) {
        return PLAN_ERR_START;
    }
    if (plan->n_exceptions > TARIFF_PLAN_EXCEPTIONS) {
        return PLAN_ERR_EXCEPTION;
    }
    return plan->summers.n > CLOCK_SUMMERS_MAX ? PLAN_ERR_SUMMERS : PLAN_OK;
}

static enum plan_err body_read(struct reader *in, struct tariff_plan *plan,
                               struct plan_place *place)
{
    for (unsigned i = 0; i < plan->n_starts; i++) {
        plan->start[i].season = date_read(in, &plan->start[i].date);
    }
    for (unsigned s = 0; s < plan->n_seasons; s++) {
        for (unsigned t = 0; t < DAY_TYPES; t++) {
            if (day_read(in, &plan->day[s][t]) != PLAN_OK) {
                *place = (struct plan_place){(uint8_t)s, (uint8_t)t, 0};
                return PLAN_ERR_SWITCHES;
            }
        }
    }
    for (unsigned i = 0; i < plan->n_exceptions; i++) {
        plan->exception[i].type = date_read(in, &plan->exception[i].date);
    }
    for (unsigned i = 0; i < plan->summers.n; i++) {
        plan->summers.row[i].begin_s = UTC_2000 + (int64_t)reader_uint_le(in, 4);
        plan->summers.row[i].end_s = UTC_2000 + (int64_t)reader_uint_le(in, 4);
    }
    return reader_complete(in) ? PLAN_OK : PLAN_ERR_FORM;
}

enum plan_err tariff_plan_read(const uint8_t *bytes, size_t n_bytes, struct tariff_plan *plan,
                               struct plan_place *place)
{
    struct tariff_plan read;
    memset(&read, 0, sizeof read);
    *place = (struct plan_place){0, 0, 0};
    if (n_bytes <= CHECK_BYTES) {
        return PLAN_ERR_FORM;
    }
    struct reader in = reader_over(bytes, n_bytes - CHECK_BYTES);
    enum plan_err err = header_read(&in, n_bytes, bytes, &read);
    err = err == PLAN_OK ? counts_good(&read) : err;
    err = err == PLAN_OK ? body_read(&in, &read, place) : err;
    err = err == PLAN_OK ? tariff_plan_check(&read, place) : err;
    if (err == PLAN_OK) {
        *plan = read;
    }
    return err;
}
