#include "optical_display.h"

#include "../meter/meter_audit.h"
#include "../meter/meter_display.h"

#define ANSWER  1
#define SILENCE 0

/* DIS-21: B to E are configured on the spot only. */
static bool remote_on_basic(const struct meter *meter)
{
    return meter->variant.generation < GENERATION_L &&
           rights_channel(&meter->rights) == CHANNEL_MODULE;
}

static enum kmp_display_reason may(struct meter *meter, uint16_t password)
{
    if (remote_on_basic(meter)) {
        return KMP_DISPLAY_CHANNEL;
    }
    switch (meter_may_with(meter, ACTION_SETTINGS, password)) {
    case RIGHTS_OK: return KMP_DISPLAY_OK;
    case RIGHTS_ERR_PASSWORD: return KMP_DISPLAY_PASSWORD;
    case RIGHTS_ERR_WAIT: return KMP_DISPLAY_WAIT;
    default: return KMP_DISPLAY_CHANNEL;
    }
}

static int list_write(struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_display_list list;
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    if (kmp_display_list_read(data, &list) != KMP_OK) {
        return SILENCE;
    }
    struct kmp_display_reply reply = {(uint8_t)may(meter, password), 0};
    if (reply.reason == KMP_DISPLAY_OK) {
        reply = meter_display_set(meter, &list);
    }
    kmp_display_reply_write(out, &reply);
    return ANSWER;
}

static int list_read(const struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_display_list list;
    const uint8_t which = reader_u8(data);
    if (!reader_complete(data) || which >= KMP_DISPLAY_LISTS) {
        return SILENCE;
    }
    meter_display_list(meter, which, &list);
    kmp_display_list_write(out, &list);
    return ANSWER;
}

int optical_display(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    switch (cid) {
    case KMP_DISPLAY_READ: return list_read(meter, data, out);
    case KMP_DISPLAY_WRITE: return list_write(meter, data, out);
    default: return SILENCE;
    }
}
