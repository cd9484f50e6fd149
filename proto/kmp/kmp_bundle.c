#include "kmp_bundle.h"

#include <string.h>

uint8_t kmp_bundle_bits(const struct kmp_bundle_entry *entry)
{
    return (uint8_t)((entry->undo ? KMP_BUNDLE_UNDO : 0u) |
                     (entry->any_order ? KMP_BUNDLE_ANY_ORDER : 0u));
}

void kmp_bundle_entry_write(struct writer *out, const struct kmp_bundle_entry *entry)
{
    writer_u8(out, entry->index);
    writer_u8(out, kmp_bundle_bits(entry));
    writer_u8(out, entry->cid);
    writer_bytes(out, entry->data, entry->n_data);
}

int kmp_bundle_entry_read(struct reader *in, struct kmp_bundle_entry *out)
{
    struct kmp_bundle_entry e;
    memset(&e, 0, sizeof e);
    e.index = reader_u8(in);
    const uint8_t bits = reader_u8(in);
    e.cid = reader_u8(in);
    const size_t n = reader_left(in);
    if (in->failed || bits > (KMP_BUNDLE_UNDO | KMP_BUNDLE_ANY_ORDER) || n > sizeof e.data ||
        e.index >= KMP_BUNDLE_ENTRIES_MAX) {
        return KMP_ERR_FORMAT;
    }
    e.undo = (bits & KMP_BUNDLE_UNDO) != 0;
    e.any_order = (bits & KMP_BUNDLE_ANY_ORDER) != 0;
    e.n_data = (uint8_t)n;
    memcpy(e.data, reader_bytes(in, n), n);
    *out = e;
    return KMP_OK;
}

void kmp_bundle_order_write(struct writer *out, const struct kmp_bundle_order *order)
{
    writer_u8(out, order->what);
    writer_uint_be(out, order->password, 2);
    writer_u8(out, order->n_do);
    writer_u8(out, order->n_undo);
}

int kmp_bundle_order_read(struct reader *in, struct kmp_bundle_order *out)
{
    struct kmp_bundle_order o;
    o.what = reader_u8(in);
    o.password = (uint16_t)reader_uint_be(in, 2);
    o.n_do = reader_u8(in);
    o.n_undo = reader_u8(in);
    if (!reader_complete(in) || o.what >= KMP_BUNDLE_WHATS || o.n_do > KMP_BUNDLE_ENTRIES_MAX ||
        o.n_undo > KMP_BUNDLE_ENTRIES_MAX) {
        return KMP_ERR_FORMAT;
    }
    *out = o;
    return KMP_OK;
}

void kmp_bundle_reply_write(struct writer *out, const struct kmp_bundle_reply *reply)
{
    writer_u8(out, reply->reason);
    writer_u8(out, reply->index);
    writer_u8(out, reply->outcome);
    writer_uint_be(out, reply->number, 4);
    writer_u8(out, reply->n_detail);
    writer_bytes(out, reply->detail, reply->n_detail);
}

int kmp_bundle_reply_read(struct reader *in, struct kmp_bundle_reply *out)
{
    struct kmp_bundle_reply r;
    memset(&r, 0, sizeof r);
    r.reason = reader_u8(in);
    r.index = reader_u8(in);
    r.outcome = reader_u8(in);
    r.number = (uint32_t)reader_uint_be(in, 4);
    r.n_detail = reader_u8(in);
    if (in->failed || r.reason >= KMP_BUNDLE_REASONS || r.outcome >= KMP_BUNDLE_OUTCOMES ||
        r.n_detail > sizeof r.detail || reader_left(in) != r.n_detail) {
        return KMP_ERR_FORMAT;
    }
    memcpy(r.detail, reader_bytes(in, r.n_detail), r.n_detail);
    *out = r;
    return KMP_OK;
}

const char *kmp_bundle_reason_text(unsigned reason)
{
    static const char *const texts[KMP_BUNDLE_REASONS] = {
        [KMP_BUNDLE_OK] = "done",
        [KMP_BUNDLE_FORM] = "a command that may not stand in a bundle",
        [KMP_BUNDLE_PASSWORD] = "wrong password",
        [KMP_BUNDLE_CHANNEL] = "not over this connection",
        [KMP_BUNDLE_WAIT] = "too many wrong passwords: wait a minute",
        [KMP_BUNDLE_INCOMPLETE] = "a part of the bundle is missing; nothing was done",
        [KMP_BUNDLE_STORAGE] = "its memory could not be written; nothing was done",
        [KMP_BUNDLE_REFUSED] = "one change was refused, and everything has been undone",
        [KMP_BUNDLE_STUCK] = "one change was refused, and not everything could be undone",
    };
    return reason < KMP_BUNDLE_REASONS ? texts[reason] : NULL;
}
