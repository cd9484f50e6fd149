/* The credit: what is loaded, what is left. */
#include "prepay.h"

#include <string.h>

#include "prepay_inside.h"

#define US_PER_S   INT64_C(1000000)
#define FREE_TRIES 2u
#define WAIT_S     INT64_C(60) /* after the first wrong token that costs; doubled with each */
#define WAIT_MAX_S INT64_C(3600)

/* ---- memory and log ---- */

void prepay_save(struct prepay *p, const struct prepay_port *port)
{
    p->unsaved = !port->save(port->context, &p->kept);
}

/* The record of the newest booking, unless it is there. */
static void log_booking(struct prepay *p, const struct prepay_port *port)
{
    const struct prepay_booking *last = &p->kept.last;
    p->unlogged = last->way != PREPAY_NOT_YET && port->log_newest(port->context) < last->log_id &&
                  !port->log(port->context, last);
}

void prepay_retry(struct prepay *p, const struct prepay_port *port)
{
    if (p->unsaved) {
        prepay_save(p, port);
    }
    if (p->unlogged && !p->unsaved) {
        log_booking(p, port);
    }
}

void prepay_supply(struct prepay *prepay, const struct prepay_port *port)
{
    if (prepay->fitted && !prepay->unread) {
        prepay_retry(prepay, port);
    }
}

static int64_t wait_us(uint8_t wrong)
{
    int64_t wait_s = WAIT_S;
    for (unsigned n = FREE_TRIES + 1u; n < wrong && wait_s < WAIT_MAX_S; n++) {
        wait_s *= 2;
    }
    return (wait_s < WAIT_MAX_S ? wait_s : WAIT_MAX_S) * US_PER_S;
}

void prepay_start(struct prepay *prepay, const struct prepay_kept *kept, bool fitted,
                  int64_t now_us)
{
    memset(prepay, 0, sizeof *prepay);
    prepay->kept = *kept;
    prepay->fitted = fitted;
    prepay->unlogged =
        kept->last.way != PREPAY_NOT_YET; /* it may have been cut before its record */
    /* a cut shortens no wait */
    prepay->wait_until_us = kept->wrong > FREE_TRIES ? now_us + wait_us(kept->wrong) : INT64_MIN;
}

/* ---- what there is ---- */

int64_t prepay_left_uwh(const struct prepay *prepay, uint64_t total_uwh)
{
    const struct prepay_kept *kept = &prepay->kept;
    const int64_t used_uwh = kept->on ? (int64_t)total_uwh - (int64_t)kept->begin_uwh : 0;
    return kept->loaded_uwh - used_uwh;
}

int64_t prepay_credit_uwh(const struct prepay *prepay, uint64_t total_uwh)
{
    const int64_t left_uwh = prepay_left_uwh(prepay, total_uwh);
    return left_uwh > 0 ? left_uwh : 0;
}

int64_t prepay_owed_uwh(const struct prepay *prepay, uint64_t total_uwh)
{
    const int64_t left_uwh = prepay_left_uwh(prepay, total_uwh);
    return left_uwh < 0 ? -left_uwh : 0;
}

bool prepay_warns(const struct prepay *prepay, uint64_t total_uwh)
{
    return prepay->kept.on && prepay_left_uwh(prepay, total_uwh) <= prepay->config.alarm_uwh;
}

/* ---- bookings ---- */

static enum prepay_err may_book(const struct prepay *p)
{
    return !p->fitted ? PREPAY_ERR_NONE : p->unread ? PREPAY_ERR_STORAGE : PREPAY_OK;
}

/* One write: the credit, its number or token, and what the log has to say of it.  `next` is what it
 * will be; nothing holds before it is kept. */
static enum prepay_err book(struct prepay *p, const struct prepay_port *port,
                            struct prepay_kept *next, const struct prepay_booking *booking,
                            uint64_t total_uwh)
{
    const struct prepay_kept before = p->kept;
    p->kept = *next;
    const int64_t left_uwh = prepay_left_uwh(p, total_uwh);
    if (left_uwh > p->config.max_uwh && booking->way != PREPAY_ENDED) {
        p->kept = before;
        return PREPAY_ERR_FULL;
    }
    p->kept.last = *booking;
    p->kept.last.left_uwh = left_uwh;
    p->kept.last.log_id = port->log_newest(port->context) + 1u;
    if (left_uwh > 0) { /* what was owed is paid: the low limit begins anew another time */
        p->kept.cut = false;
        p->kept.low = false;
        p->kept.low_used_s = 0;
    }
    prepay_save(p, port);
    if (p->unsaved && booking->way != PREPAY_ENDED) {
        p->kept = before;
        p->unsaved = false;
        return PREPAY_ERR_STORAGE;
    }
    log_booking(p, port);
    return PREPAY_OK;
}

static struct prepay_booking booking_of(const struct prepay_payer *payer, enum prepay_way way,
                                        uint32_t number, int64_t amount_uwh)
{
    return (struct prepay_booking){.way = (uint8_t)way,
                                   .channel = payer->channel,
                                   .number = number,
                                   .amount_uwh = amount_uwh,
                                   .utc_s = payer->utc_s};
}

enum prepay_err prepay_set(struct prepay *prepay, const struct prepay_port *port,
                           const struct prepay_payer *payer, uint64_t total_uwh, int64_t credit_uwh)
{
    const enum prepay_err err = may_book(prepay);
    if (err != PREPAY_OK) {
        return err;
    }
    if (credit_uwh < 0 || credit_uwh > prepay->config.max_uwh) {
        return PREPAY_ERR_RANGE;
    }
    struct prepay_kept next = prepay->kept;
    next.loaded_uwh += credit_uwh - prepay_credit_uwh(prepay, total_uwh);
    const struct prepay_booking booking = booking_of(payer, PREPAY_SET, 0, credit_uwh);
    return book(prepay, port, &next, &booking, total_uwh);
}

/* @return PREPAY_ERR_FULL: more than any register shows, and no sum may overflow */
static enum prepay_err amount_good(const struct prepay *p, int64_t amount_uwh)
{
    return amount_uwh <= 0                  ? PREPAY_ERR_RANGE
           : amount_uwh > p->config.max_uwh ? PREPAY_ERR_FULL
                                            : PREPAY_OK;
}

/* Nine thousand million kilowatt-hours: from there on it stays. */
static int64_t paid_with(const struct prepay_kept *kept, int64_t amount_uwh)
{
    return kept->paid_uwh < INT64_MAX - amount_uwh ? kept->paid_uwh + amount_uwh : INT64_MAX;
}

enum prepay_err prepay_load(struct prepay *prepay, const struct prepay_port *port,
                            const struct prepay_payer *payer, uint64_t total_uwh, uint32_t number,
                            int64_t amount_uwh)
{
    enum prepay_err err = may_book(prepay);
    if (err != PREPAY_OK) {
        return err;
    }
    const struct prepay_kept *kept = &prepay->kept;
    if (number == kept->number && kept->number != 0 && amount_uwh == kept->number_uwh) {
        return PREPAY_OK; /* the answer got lost */
    }
    if (kept->number == UINT32_MAX || number != kept->number + 1u) {
        return PREPAY_ERR_NUMBER;
    }
    err = amount_good(prepay, amount_uwh);
    if (err != PREPAY_OK) {
        return err;
    }
    struct prepay_kept next = *kept;
    next.number = number;
    next.number_uwh = amount_uwh;
    next.loaded_uwh += amount_uwh;
    next.paid_uwh = paid_with(&next, amount_uwh);
    const struct prepay_booking booking = booking_of(payer, PREPAY_LOADED, number, amount_uwh);
    return book(prepay, port, &next, &booking, total_uwh);
}

/* ---- tokens ---- */

enum prepay_err prepay_token_known(const struct prepay *prepay, uint32_t id)
{
    const struct prepay_kept *kept = &prepay->kept;
    for (unsigned i = 0; i < kept->n_tokens; i++) {
        if (kept->token[i] == id) {
            return PREPAY_ERR_USED;
        }
    }
    return kept->n_tokens == PREPAY_TOKENS && id < kept->token[0] ? PREPAY_ERR_OLD : PREPAY_OK;
}

/* Rising; the lowest makes room, and what is lower still is old from then on. */
static void remember(struct prepay_kept *kept, uint32_t id)
{
    if (kept->n_tokens == PREPAY_TOKENS) {
        kept->n_tokens--;
        memmove(kept->token, kept->token + 1, kept->n_tokens * sizeof kept->token[0]);
    }
    unsigned at = kept->n_tokens;
    for (; at > 0 && kept->token[at - 1u] > id; at--) {
        kept->token[at] = kept->token[at - 1u];
    }
    kept->token[at] = id;
    kept->n_tokens++;
}

enum prepay_err prepay_token(struct prepay *prepay, const struct prepay_port *port,
                             const struct prepay_payer *payer, uint64_t total_uwh,
                             const struct token *token)
{
    enum prepay_err err = may_book(prepay);
    if (err == PREPAY_OK && !prepay->kept.on) {
        err = PREPAY_ERR_OFF;
    }
    if (err == PREPAY_OK && token->class_of != TOKEN_CREDIT) {
        err = PREPAY_ERR_CLASS;
    }
    if (err == PREPAY_OK) {
        err = prepay_token_known(prepay, token->id);
    }
    const int64_t amount_uwh = (int64_t)token->amount * TOKEN_UNIT_UWH;
    if (err == PREPAY_OK) {
        err = amount_good(prepay, amount_uwh);
    }
    if (err != PREPAY_OK) {
        return err;
    }
    struct prepay_kept next = prepay->kept;
    next.loaded_uwh += amount_uwh;
    next.paid_uwh = paid_with(&next, amount_uwh);
    next.wrong = 0;
    remember(&next, token->id);
    const struct prepay_booking booking = booking_of(payer, PREPAY_TOKEN, token->id, amount_uwh);
    err = book(prepay, port, &next, &booking, total_uwh);
    if (err == PREPAY_OK) {
        prepay->wait_until_us = INT64_MIN;
    }
    return err;
}

void prepay_token_wrong(struct prepay *prepay, const struct prepay_port *port, int64_t now_us)
{
    struct prepay_kept *kept = &prepay->kept;
    kept->wrong = (uint8_t)(kept->wrong < UINT8_MAX ? kept->wrong + 1u : UINT8_MAX);
    if (kept->wrong > FREE_TRIES) {
        prepay->wait_until_us = now_us + wait_us(kept->wrong);
    }
    if (!prepay->unread) {
        prepay_save(prepay, port);
    }
}

uint32_t prepay_token_wait_s(const struct prepay *prepay, int64_t now_us)
{
    const int64_t until_us = prepay->wait_until_us;
    return until_us > now_us ? (uint32_t)((until_us - now_us + US_PER_S - 1) / US_PER_S) : 0;
}

/* ---- on and off ---- */

static void switch_on(struct prepay *p, const struct prepay_port *port,
                      const struct prepay_now *now)
{
    struct prepay_kept *kept = &p->kept;
    kept->on = true;
    kept->begin_uwh = now->total_uwh;
    kept->n_days = 0;
    kept->day_total_uwh = now->total_uwh;
    kept->day_s = now->operating_s;
    prepay_save(p, port);
}

static void switch_off(struct prepay *p, const struct prepay_port *port,
                       const struct prepay_now *now, const struct prepay_payer *payer)
{
    struct prepay_kept next = p->kept;
    const int64_t left_uwh = prepay_left_uwh(p, now->total_uwh);
    const struct prepay_booking booking = booking_of(payer, PREPAY_ENDED, 0, left_uwh);
    next.on = false;
    next.cut = false;
    next.low = false;
    next.low_used_s = 0;
    next.begin_uwh = 0;
    next.loaded_uwh = 0;
    (void)book(p, port, &next, &booking, now->total_uwh);
}

void prepay_configure(struct prepay *prepay, const struct prepay_port *port,
                      const struct prepay_config *config, const struct prepay_now *now,
                      const struct prepay_payer *payer)
{
    prepay->config = *config;
    if (!prepay->fitted || prepay->unread || prepay->kept.on == config->on) {
        return;
    }
    if (config->on) {
        switch_on(prepay, port, now);
    } else {
        switch_off(prepay, port, now, payer);
    }
}
