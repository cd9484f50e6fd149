#include "kmp_settings.h"

#include <string.h>

#define NUMBER_BYTES 4u

void kmp_setting_write(struct writer *out, const struct kmp_setting *setting)
{
    writer_uint_be(out, setting->id, 2);
    writer_u8(out, setting->n_bytes);
    writer_bytes(out, setting->bytes, setting->n_bytes);
}

int kmp_setting_read(struct reader *in, struct kmp_setting *setting)
{
    struct kmp_setting s;
    memset(&s, 0, sizeof s);
    s.id = (uint16_t)reader_uint_be(in, 2);
    s.n_bytes = reader_u8(in);
    const uint8_t *bytes = s.n_bytes <= sizeof s.bytes ? reader_bytes(in, s.n_bytes) : NULL;
    if (in->failed || bytes == NULL) {
        return KMP_ERR_FORMAT;
    }
    memcpy(s.bytes, bytes, s.n_bytes);
    *setting = s;
    return KMP_OK;
}

struct kmp_setting kmp_setting_of_number(uint16_t id, uint32_t number)
{
    struct kmp_setting setting;
    memset(&setting, 0, sizeof setting);
    setting.id = id;
    setting.n_bytes = NUMBER_BYTES;
    struct writer w = writer_over(setting.bytes, NUMBER_BYTES);
    writer_uint_be(&w, number, NUMBER_BYTES);
    return setting;
}

int kmp_setting_number(const struct kmp_setting *setting, uint32_t *number)
{
    struct reader r = reader_over(setting->bytes, setting->n_bytes);
    const uint32_t value = (uint32_t)reader_uint_be(&r, NUMBER_BYTES);
    if (!reader_complete(&r)) {
        return KMP_ERR_FORMAT;
    }
    *number = value;
    return KMP_OK;
}

void kmp_settings_info_write(struct writer *out, const struct kmp_settings_info *info)
{
    writer_u8(out, info->version);
    writer_uint_be(out, info->hash, 2);
    writer_u8(out, info->rows);
}

int kmp_settings_info_read(struct reader *in, struct kmp_settings_info *info)
{
    struct kmp_settings_info i;
    i.version = reader_u8(in);
    i.hash = (uint16_t)reader_uint_be(in, 2);
    i.rows = reader_u8(in);
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *info = i;
    return KMP_OK;
}

void kmp_settings_reply_write(struct writer *out, const struct kmp_settings_reply *reply)
{
    writer_u8(out, reply->reason);
    writer_uint_be(out, reply->id, 2);
    writer_u8(out, reply->count);
    writer_uint_be(out, reply->commit, 4);
}

int kmp_settings_reply_read(struct reader *in, struct kmp_settings_reply *reply)
{
    struct kmp_settings_reply r;
    r.reason = reader_u8(in);
    r.id = (uint16_t)reader_uint_be(in, 2);
    r.count = reader_u8(in);
    r.commit = (uint32_t)reader_uint_be(in, 4);
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *reply = r;
    return KMP_OK;
}

void kmp_settings_status_write(struct writer *out, const struct kmp_settings_status *status)
{
    writer_u8(out, status->staged);
    writer_u8(out, status->outcome);
    writer_uint_be(out, status->commit, 4);
    writer_uint_be(out, status->wrong, 2);
}

int kmp_settings_status_read(struct reader *in, struct kmp_settings_status *status)
{
    struct kmp_settings_status s;
    s.staged = reader_u8(in);
    s.outcome = reader_u8(in);
    s.commit = (uint32_t)reader_uint_be(in, 4);
    s.wrong = (uint16_t)reader_uint_be(in, 2);
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *status = s;
    return KMP_OK;
}

const char *kmp_settings_reason_text(unsigned reason)
{
    static const char *const texts[KMP_SETTINGS_REASONS] = {
        [KMP_SETTINGS_OK] = "done",
        [KMP_SETTINGS_UNKNOWN] = "the meter does not know this setting",
        [KMP_SETTINGS_FORM] = "not in the form of this setting",
        [KMP_SETTINGS_RANGE] = "not a value of this setting",
        [KMP_SETTINGS_VARIANT] = "this type of meter does not have it",
        [KMP_SETTINGS_LOCKED] = "locked: set at the factory, under the verification seal",
        [KMP_SETTINGS_CONTRADICTION] = "contradicts the order number or the other settings",
        [KMP_SETTINGS_PASSWORD] = "wrong password",
        [KMP_SETTINGS_CHANNEL] = "this connection may only read",
        [KMP_SETTINGS_COUNT] = "the meter has not as many values staged; somebody else is at it",
        [KMP_SETTINGS_STORAGE] = "the meter's memory failed; nothing has changed",
        [KMP_SETTINGS_WAIT] = "too many wrong passwords; wait a minute and try again",
    };
    return reason < KMP_SETTINGS_REASONS ? texts[reason] : NULL;
}
