#include "optical_bundle.h"

#include <string.h>

#include "../../proto/kmp/kmp_display.h"
#include "../bundle/bundle_store.h"
#include "../meter/meter_audit.h"
#include "../meter/meter_settings.h"
#include "optical_display.h"
#include "optical_settings.h"
#include "optical_tariff.h"
#include "optical_write.h"

#define ANSWER           1
#define SILENCE          0
#define CID_PUT_REGISTER 0x11u
#define PASSWORD_BYTES   2u
#define ANSWER_MAX       32u

/* ---- one command ---- */

/* Writes of a register are met with silence when they are refused. */
static int put_register(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    struct kmp_value value;
    (void)cid;
    const uint16_t password = (uint16_t)reader_uint_be(data, PASSWORD_BYTES);
    if (kmp_value_read(data, &value) != KMP_OK || !reader_complete(data) ||
        !optical_write(meter, password, &value)) {
        return SILENCE;
    }
    writer_u8(out, 0);
    return ANSWER;
}

/* What may stand in a bundle.  Those with a result answer 0 in its first byte when all is well. */
static const struct row {
    uint8_t cid;
    bool has_result;
    int (*serve)(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);
} rows[] = {
    {CID_PUT_REGISTER, true, put_register},       {TARIFF_STAGE, false, optical_tariff},
    {TARIFF_COMMIT, true, optical_tariff},        {KMP_DISPLAY_WRITE, true, optical_display},
    {KMP_SETTINGS_STAGE, true, optical_settings}, {KMP_SETTINGS_COMMIT, true, optical_settings},
};

static const struct row *row_of(uint8_t cid)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].cid == cid) {
            return &rows[i];
        }
    }
    return NULL;
}

/* With the password of this moment: an entry before may have changed it. */
static bool carry_out(struct meter *meter, const struct kmp_bundle_entry *entry,
                      struct kmp_bundle_reply *reply)
{
    uint8_t request[PASSWORD_BYTES + KMP_BUNDLE_DATA_MAX], answer[ANSWER_MAX];
    struct writer w = writer_over(request, sizeof request);
    struct writer out = writer_over(answer, sizeof answer);
    const struct row *row = row_of(entry->cid);
    writer_uint_be(&w, settings_number(&meter->settings, SETTING_PASSWORD), PASSWORD_BYTES);
    writer_bytes(&w, entry->data, entry->n_data);
    struct reader data = reader_over(request, writer_length(&w));
    const bool served = row != NULL && row->serve(meter, entry->cid, &data, &out) == ANSWER;
    const size_t n = served ? writer_length(&out) : 0;
    reply->n_detail = (uint8_t)(n < sizeof reply->detail ? n : sizeof reply->detail);
    memcpy(reply->detail, answer, reply->n_detail);
    return served && (!row->has_result || (n > 0 && answer[0] == 0));
}

/* ---- all of them ---- */

static bool entry_get(const struct meter *meter, bool undo, uint8_t index,
                      struct kmp_bundle_entry *entry)
{
    return bundle_entry_load(&meter->bundle, meter->board, undo, index, entry);
}

/* Those in any order from `from` on: round after round, until none is refused any more, or all that
 * are left are.  @return index behind them; *good: all were taken */
static uint8_t group_do(struct meter *meter, bool undo, uint8_t from, uint8_t n,
                        struct kmp_bundle_reply *reply, bool *good)
{
    bool taken[KMP_BUNDLE_ENTRIES_MAX] = {false};
    struct kmp_bundle_entry entry;
    uint8_t end = from;
    bool progress = true;
    *good = false;
    while (progress && !*good) {
        *good = true;
        progress = false;
        for (end = from; end < n && entry_get(meter, undo, end, &entry) && entry.any_order; end++) {
            struct kmp_bundle_reply one = *reply;
            if (!taken[end] && carry_out(meter, &entry, &one)) {
                taken[end] = true;
                progress = true;
            } else if (!taken[end] && *good) {
                *good = false;
                *reply = one;
                reply->index = end;
            }
        }
    }
    return end;
}

/* @return all were taken; else *reply says which one was not.  Undoing goes on behind it. */
static bool run(struct meter *meter, bool undo, struct kmp_bundle_reply *reply)
{
    const uint8_t n = undo ? meter->bundle.n_undo : meter->bundle.n_do;
    bool all = true;
    for (uint8_t i = 0; i < n && (all || undo);) {
        struct kmp_bundle_entry entry;
        bool good = entry_get(meter, undo, i, &entry);
        if (good && entry.any_order) {
            i = group_do(meter, undo, i, n, reply, &good);
        } else {
            good = good && carry_out(meter, &entry, reply);
            reply->index = good ? reply->index : i;
            i++;
        }
        all = all && good;
    }
    return all;
}

static bool state_save(struct meter *meter, enum bundle_state state)
{
    const uint8_t before = meter->bundle.state;
    meter->bundle.state = (uint8_t)state;
    if (!bundle_save(&meter->bundle, meter->board)) {
        meter->bundle.state = before;
        meter->memory_fault = true;
        return false;
    }
    return true;
}

/* What was refused stands in *reply, whatever the undoing commands answer. */
static enum kmp_bundle_reason undo(struct meter *meter)
{
    struct kmp_bundle_reply ignored = {0};
    (void)meter_settings_abandon(meter);
    const bool all = run(meter, true, &ignored);
    return state_save(meter, BUNDLE_EMPTY) && all ? KMP_BUNDLE_REFUSED : KMP_BUNDLE_STUCK;
}

static void finish(struct meter *meter, struct kmp_bundle_reply *reply)
{
    (void)meter_settings_abandon(meter);
    if (meter->bundle.state == BUNDLE_COMMITTED && run(meter, false, reply)) {
        reply->reason = KMP_BUNDLE_OK;
        reply->n_detail = 0;
        (void)state_save(meter, BUNDLE_EMPTY); /* else it is done again: the same values */
        return;
    }
    (void)state_save(meter, BUNDLE_UNDOING);
    reply->reason = (uint8_t)undo(meter);
}

/* ---- E6, E7 ---- */

static enum kmp_bundle_reason may(struct meter *meter, uint16_t password)
{
    switch (meter_may_with(meter, ACTION_SETTINGS, password)) {
    case RIGHTS_OK: return KMP_BUNDLE_OK;
    case RIGHTS_ERR_PASSWORD: return KMP_BUNDLE_PASSWORD;
    case RIGHTS_ERR_WAIT: return KMP_BUNDLE_WAIT;
    default: return KMP_BUNDLE_CHANNEL;
    }
}

static enum kmp_bundle_reason stage_entry(struct meter *meter, const struct kmp_bundle_entry *entry)
{
    struct bundle *bundle = &meter->bundle;
    if (row_of(entry->cid) == NULL) {
        return KMP_BUNDLE_FORM;
    }
    if (bundle->state != BUNDLE_STAGING || bundle->stager != meter->rights.speaker) {
        bundle->stager = meter->rights.speaker; /* what another one has staged is thrown away */
        bundle->number++;
        if (!state_save(meter, BUNDLE_STAGING)) {
            bundle->number--;
            return KMP_BUNDLE_STORAGE;
        }
    }
    if (!bundle_entry_save(bundle, meter->board, entry)) {
        meter->memory_fault = true;
        return KMP_BUNDLE_STORAGE;
    }
    return KMP_BUNDLE_OK;
}

static bool complete(const struct meter *meter, const struct kmp_bundle_order *order)
{
    struct kmp_bundle_entry entry;
    bool good = meter->bundle.state == BUNDLE_STAGING && order->n_do > 0 &&
                meter->bundle.stager == meter->rights.speaker;
    for (uint8_t i = 0; good && i < order->n_do; i++) {
        good = entry_get(meter, false, i, &entry);
    }
    for (uint8_t i = 0; good && i < order->n_undo; i++) {
        good = entry_get(meter, true, i, &entry);
    }
    return good;
}

static void commit(struct meter *meter, const struct kmp_bundle_order *order,
                   struct kmp_bundle_reply *reply)
{
    struct bundle *bundle = &meter->bundle;
    if (!complete(meter, order)) {
        reply->reason = KMP_BUNDLE_INCOMPLETE;
        return;
    }
    bundle->n_do = order->n_do;
    bundle->n_undo = order->n_undo;
    bundle->channel = (uint8_t)rights_channel(&meter->rights);
    if (!state_save(meter, BUNDLE_COMMITTED)) {
        reply->reason = KMP_BUNDLE_STORAGE;
        return;
    }
    finish(meter, reply);
}

static int reply_write(const struct meter *meter, struct kmp_bundle_reply *reply,
                       struct writer *out)
{
    reply->outcome = meter->bundle.outcome;
    reply->number = meter->bundle.number;
    kmp_bundle_reply_write(out, reply);
    return ANSWER;
}

static int stage(struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_bundle_entry entry;
    const uint16_t password = (uint16_t)reader_uint_be(data, PASSWORD_BYTES);
    if (kmp_bundle_entry_read(data, &entry) != KMP_OK) {
        return SILENCE;
    }
    struct kmp_bundle_reply reply = {.reason = (uint8_t)may(meter, password), .index = entry.index};
    if (reply.reason == KMP_BUNDLE_OK) {
        reply.reason = (uint8_t)stage_entry(meter, &entry);
    }
    return reply_write(meter, &reply, out);
}

static int order(struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_bundle_order order;
    struct kmp_bundle_reply reply = {0};
    if (kmp_bundle_order_read(data, &order) != KMP_OK) {
        return SILENCE;
    }
    if (order.what != KMP_BUNDLE_STATUS) {
        reply.reason = (uint8_t)may(meter, order.password);
    }
    if (reply.reason == KMP_BUNDLE_OK && order.what == KMP_BUNDLE_COMMIT) {
        commit(meter, &order, &reply);
    } else if (reply.reason == KMP_BUNDLE_OK && order.what == KMP_BUNDLE_DISCARD &&
               meter->bundle.state == BUNDLE_STAGING && !state_save(meter, BUNDLE_EMPTY)) {
        reply.reason = KMP_BUNDLE_STORAGE;
    }
    return reply_write(meter, &reply, out);
}

int optical_bundle(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    switch (cid) {
    case KMP_BUNDLE_STAGE: return stage(meter, data, out);
    case KMP_BUNDLE_ORDER: return order(meter, data, out);
    default: return SILENCE;
    }
}

/* ---- start ---- */

/* In the name of who committed it, so that the audit log says who it was. */
static void finish_as(struct meter *meter, struct kmp_bundle_reply *reply)
{
    const struct rights before = meter->rights;
    meter->rights.speaker = 1;
    meter->rights.line[0] = (struct rights_line){.channel = meter->bundle.channel};
    finish(meter, reply);
    meter->rights = before;
}

void optical_bundle_begin(struct meter *meter)
{
    struct bundle *bundle = &meter->bundle;
    struct kmp_bundle_reply reply = {0};
    bundle_load(bundle, meter->board);
    if (bundle->state == BUNDLE_STAGING) {
        bundle->outcome = KMP_BUNDLE_UNDONE;
        (void)state_save(meter, BUNDLE_EMPTY);
        meter_audit_undone(meter);
    } else if (bundle->state != BUNDLE_EMPTY) {
        finish_as(meter, &reply);
        bundle->outcome = reply.reason == KMP_BUNDLE_OK ? KMP_BUNDLE_FINISHED : KMP_BUNDLE_UNDONE;
    }
}
