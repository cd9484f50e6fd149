/* When it may cut off, the low limit, and how long the credit lasts. */
#include <string.h>

#include "prepay_inside.h"

#define S_PER_DAY      UINT64_C(86400)
#define UWH_PER_MWH    1000
#define RATE_LEAST_S   UINT64_C(3600) /* what less than an hour tells is not worth showing */
#define DAYS_SHOWN_MAX (UINT16_MAX - 1u)

/* ---- when nothing is cut off ---- */

static bool in_window(const struct prepay_config *config, uint16_t minute)
{
    const uint16_t from = config->free_from_min, to = config->free_to_min;
    return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

static bool may_cut(const struct prepay_config *config, const struct prepay_now *now)
{
    if (config->unrestricted) {
        return true;
    }
    const bool works = now->time_known && !now->exception &&
                       ((unsigned)config->working_days >> (now->weekday - 1u) & 1u) != 0;
    return works && !in_window(config, now->minute);
}

/* ---- the low limit ---- */

static uint32_t low_used_s(const struct prepay_kept *kept, uint64_t operating_s)
{
    const uint64_t running_s =
        kept->low && operating_s > kept->low_since_s ? operating_s - kept->low_since_s : 0;
    const uint64_t used_s = kept->low_used_s + running_s;
    return used_s < UINT32_MAX ? (uint32_t)used_s : UINT32_MAX;
}

uint32_t prepay_low_left_s(const struct prepay *prepay, uint64_t operating_s)
{
    const uint32_t used_s = low_used_s(&prepay->kept, operating_s);
    return used_s < prepay->config.low_s ? prepay->config.low_s - used_s : 0;
}

/* Its beginning and its end are kept, the time between them is the legal part's. */
static void low_follow(struct prepay *p, const struct prepay_port *port, bool used,
                       uint64_t operating_s)
{
    struct prepay_kept *kept = &p->kept;
    if (used == kept->low) {
        return;
    }
    if (used) {
        kept->low_since_s = operating_s;
    } else {
        kept->low_used_s = low_used_s(kept, operating_s);
    }
    kept->low = used;
    prepay_save(p, port);
}

static struct prepay_verdict used_up(struct prepay *p, const struct prepay_port *port,
                                     const struct prepay_now *now)
{
    struct prepay_verdict verdict = {0};
    if (now->cut_off && !p->kept.cut) {
        p->kept.cut = true;
        prepay_save(p, port);
    }
    const bool cut = p->kept.cut;
    const bool time_left = prepay_low_left_s(p, now->operating_s) > 0;
    const bool low = cut && p->config.low_limit && time_left;
    verdict.exhausted = !low && (may_cut(&p->config, now) || (cut && !now->closed));
    verdict.low = cut && !verdict.exhausted;
    verdict.expired = verdict.exhausted && cut && p->config.low_limit;
    low_follow(p, port, verdict.low && p->config.low_limit && now->closed, now->operating_s);
    return verdict;
}

/* ---- how much a day takes ---- */

static void day_push(struct prepay_kept *kept, uint64_t used_mwh)
{
    memmove(kept->day_mwh + 1, kept->day_mwh, (PREPAY_DAYS - 1u) * sizeof kept->day_mwh[0]);
    kept->day_mwh[0] = used_mwh < UINT32_MAX ? (uint32_t)used_mwh : UINT32_MAX;
    kept->n_days = (uint8_t)(kept->n_days < PREPAY_DAYS ? kept->n_days + 1u : PREPAY_DAYS);
}

static uint64_t used_mwh_since(const struct prepay_kept *kept, uint64_t total_uwh)
{
    return total_uwh > kept->day_total_uwh ? (total_uwh - kept->day_total_uwh) / UWH_PER_MWH : 0;
}

/* Days of operation: they need no clock, and a day without supply is none. */
static void day_follow(struct prepay *p, const struct prepay_port *port,
                       const struct prepay_now *now)
{
    struct prepay_kept *kept = &p->kept;
    if (now->operating_s < kept->day_s + S_PER_DAY) {
        return;
    }
    day_push(kept, used_mwh_since(kept, now->total_uwh));
    kept->day_total_uwh = now->total_uwh;
    kept->day_s = now->operating_s;
    prepay_save(p, port);
}

uint16_t prepay_days_left(const struct prepay *prepay, uint64_t total_uwh, uint64_t operating_s)
{
    const struct prepay_kept *kept = &prepay->kept;
    uint64_t used_mwh = used_mwh_since(kept, total_uwh);
    uint64_t time_s = operating_s > kept->day_s ? operating_s - kept->day_s : 0;
    for (unsigned i = 0; i < kept->n_days; i++) {
        used_mwh += kept->day_mwh[i];
        time_s += S_PER_DAY;
    }
    if (!kept->on || time_s < RATE_LEAST_S || used_mwh == 0) {
        return PREPAY_NO_DAYS;
    }
    const uint64_t left_mwh = (uint64_t)prepay_credit_uwh(prepay, total_uwh) / UWH_PER_MWH;
    const uint64_t day_mwh = used_mwh * S_PER_DAY / time_s;
    const uint64_t days = day_mwh != 0 ? left_mwh / day_mwh : DAYS_SHOWN_MAX;
    return (uint16_t)(days < DAYS_SHOWN_MAX ? days : DAYS_SHOWN_MAX);
}

/* ---- each second ---- */

struct prepay_verdict prepay_step(struct prepay *prepay, const struct prepay_port *port,
                                  const struct prepay_now *now)
{
    const struct prepay_verdict nothing = {0};
    if (!prepay->fitted || prepay->unread) {
        return nothing;
    }
    prepay_retry(prepay, port);
    if (!prepay->kept.on) {
        return nothing;
    }
    day_follow(prepay, port, now);
    return prepay_left_uwh(prepay, now->total_uwh) > 0 ? nothing : used_up(prepay, port, now);
}
