#include "kmp_display.h"

#include <string.h>

void kmp_display_list_write(struct writer *out, const struct kmp_display_list *list)
{
    writer_uint_be(out, list->configuration, 2);
    writer_u8(out, list->which);
    writer_u8(out, list->delivered ? 1 : 0);
    writer_u8(out, list->n);
    for (unsigned i = 0; i < list->n; i++) {
        writer_uint_be(out, list->reading[i], 2);
    }
}

int kmp_display_list_read(struct reader *in, struct kmp_display_list *list)
{
    struct kmp_display_list l;
    memset(&l, 0, sizeof l);
    l.configuration = (uint16_t)reader_uint_be(in, 2);
    l.which = reader_u8(in);
    const uint8_t delivered = reader_u8(in);
    l.n = reader_u8(in);
    if (in->failed || l.which >= KMP_DISPLAY_LISTS || delivered > 1 ||
        l.n > KMP_DISPLAY_READINGS_MAX) {
        return KMP_ERR_FORMAT;
    }
    l.delivered = delivered == 1;
    for (unsigned i = 0; i < l.n; i++) {
        l.reading[i] = (uint16_t)reader_uint_be(in, 2);
    }
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *list = l;
    return KMP_OK;
}

void kmp_display_reply_write(struct writer *out, const struct kmp_display_reply *reply)
{
    writer_u8(out, reply->reason);
    writer_uint_be(out, reply->reading, 2);
}

int kmp_display_reply_read(struct reader *in, struct kmp_display_reply *reply)
{
    struct kmp_display_reply r;
    r.reason = reader_u8(in);
    r.reading = (uint16_t)reader_uint_be(in, 2);
    if (!reader_complete(in) || r.reason >= KMP_DISPLAY_REASONS) {
        return KMP_ERR_FORMAT;
    }
    *reply = r;
    return KMP_OK;
}

const char *kmp_display_reason_text(unsigned reason)
{
    static const char *const texts[KMP_DISPLAY_REASONS] = {
        [KMP_DISPLAY_OK] = "done",
        [KMP_DISPLAY_LENGTH] = "more readings than this list holds, or none in the automatic one",
        [KMP_DISPLAY_UNKNOWN] = "a reading that this meter does not have",
        [KMP_DISPLAY_BARRED] = "a reading that may not stand in this list",
        [KMP_DISPLAY_LEGAL] = "a legal reading is missing",
        [KMP_DISPLAY_CONFIGURATION] = "no such display configuration",
        [KMP_DISPLAY_PASSWORD] = "wrong password",
        [KMP_DISPLAY_CHANNEL] = "not over this connection",
        [KMP_DISPLAY_WAIT] = "too many wrong passwords: wait a minute",
        [KMP_DISPLAY_STORAGE] = "its memory could not be written",
    };
    return reason < KMP_DISPLAY_REASONS ? texts[reason] : NULL;
}
