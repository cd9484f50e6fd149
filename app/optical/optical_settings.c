#include "optical_settings.h"

#include <string.h>

#include "../meter/meter_audit.h"
#include "../meter/meter_settings.h"
#include "../registers/register_table.h"

#define ANSWER        1
#define SILENCE       0
#define CONFIGURATION 5u /* of them */

/* ---- values on the wire ---- */

static struct kmp_setting to_wire(const struct setting_def *def, const struct setting_value *value)
{
    struct kmp_setting wire = kmp_setting_of_number(def->id, value->number);
    if (def->type == SETTING_TEXT) {
        wire.n_bytes = (uint8_t)strlen(value->text);
        memcpy(wire.bytes, value->text, wire.n_bytes);
    }
    return wire;
}

static bool from_wire(const struct setting_def *def, const struct kmp_setting *wire,
                      struct setting_value *value)
{
    memset(value, 0, sizeof *value);
    if (def->type != SETTING_TEXT) {
        return kmp_setting_number(wire, &value->number) == KMP_OK;
    }
    if (wire->n_bytes > SETTING_TEXT_MAX || memchr(wire->bytes, 0, wire->n_bytes) != NULL) {
        return false;
    }
    memcpy(value->text, wire->bytes, wire->n_bytes);
    return true;
}

/* ---- EC ---- */

static int read_settings(const struct meter *meter, struct reader *data, struct writer *out)
{
    if (reader_complete(data)) {
        const struct kmp_settings_info info = {SETTING_TABLE_VERSION, setting_table_hash(),
                                               (uint8_t)setting_table_length};
        kmp_settings_info_write(out, &info);
        return ANSWER;
    }
    while (reader_left(data) > 0 && !data->failed) {
        const struct setting_def *def = setting_by_id((uint16_t)reader_uint_be(data, 2));
        struct setting_value value;
        if (!data->failed && def != NULL && meter_setting_read(meter, def, &value)) {
            const struct kmp_setting wire = to_wire(def, &value);
            kmp_setting_write(out, &wire);
        }
    }
    return data->failed ? SILENCE : ANSWER;
}

/* ---- ED, EE ---- */

static enum kmp_settings_reason reason_of(enum rights_answer answer)
{
    switch (answer) {
    case RIGHTS_OK: return KMP_SETTINGS_OK;
    case RIGHTS_ERR_PASSWORD: return KMP_SETTINGS_PASSWORD;
    case RIGHTS_ERR_WAIT: return KMP_SETTINGS_WAIT;
    default: return KMP_SETTINGS_CHANNEL;
    }
}

static int reply_write(const struct kmp_settings_reply *reply, struct writer *out)
{
    kmp_settings_reply_write(out, reply);
    return ANSWER;
}

static enum kmp_settings_reason stage_one(struct meter *meter, const struct kmp_setting *wire)
{
    const struct setting_def *def = setting_by_id(wire->id);
    struct setting_value value;
    if (def == NULL) {
        return KMP_SETTINGS_UNKNOWN;
    }
    if (!from_wire(def, wire, &value)) {
        return KMP_SETTINGS_FORM;
    }
    return meter_setting_stage(meter, def, &value);
}

/* The form of the whole telegram comes first, then value by value: those before a refused one stay
 * staged, and the reply says how many there are. */
static int stage(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    struct kmp_setting wire;
    struct reader look = *data;
    while (reader_left(&look) > 0) {
        if (kmp_setting_read(&look, &wire) != KMP_OK) {
            return SILENCE;
        }
    }
    if (data->failed || reader_left(data) == 0) {
        return SILENCE;
    }
    struct kmp_settings_reply reply = {
        (uint8_t)reason_of(meter_may_with(meter, ACTION_SETTINGS, password)), 0, 0, 0};
    while (reply.reason == KMP_SETTINGS_OK && kmp_setting_read(data, &wire) == KMP_OK) {
        reply.reason = (uint8_t)stage_one(meter, &wire);
        reply.id = reply.reason == KMP_SETTINGS_OK ? 0 : wire.id;
    }
    reply.count = (uint8_t)settings_staged(&meter->settings);
    reply.commit = meter->settings.commit;
    return reply_write(&reply, out);
}

static int commit(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    const uint8_t count = reader_u8(data);
    if (!reader_complete(data)) {
        return SILENCE;
    }
    struct kmp_settings_reply reply = {
        (uint8_t)reason_of(meter_may_with(meter, ACTION_SETTINGS, password)), 0, 0,
        meter->settings.commit};
    if (reply.reason == KMP_SETTINGS_OK) {
        meter_settings_commit(meter, count, &reply);
    }
    return reply_write(&reply, out);
}

/* ---- EF ---- */

/* Abandoning changes nothing in the meter and takes no password: whoever has staged may. */
static int status(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint8_t ask = reader_u8(data);
    if (!reader_complete(data) || ask > KMP_SETTINGS_ASK_ABANDON) {
        return SILENCE;
    }
    const struct settings *settings = &meter->settings;
    if (ask == KMP_SETTINGS_ASK_ABANDON && settings->stager == meter->rights.speaker) {
        (void)meter_settings_abandon(meter);
    }
    const struct kmp_settings_status answer = {
        (uint8_t)settings_staged(settings), settings->outcome, settings->commit,
        (uint16_t)(meter->rights.wrong < UINT16_MAX ? meter->rights.wrong : UINT16_MAX)};
    kmp_settings_status_write(out, &answer);
    return ANSWER;
}

int optical_settings(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    switch (cid) {
    case KMP_SETTINGS_READ: return read_settings(meter, data, out);
    case KMP_SETTINGS_STAGE: return stage(meter, data, out);
    case KMP_SETTINGS_COMMIT: return commit(meter, data, out);
    case KMP_SETTINGS_STATUS: return status(meter, data, out);
    default: return SILENCE;
    }
}

/* ---- PutRegister ---- */

/* A register is a change of its own: what else this client has staged is discarded. */
static bool commit_staged(struct meter *meter, bool staged)
{
    struct kmp_settings_reply reply = {KMP_SETTINGS_COUNT, 0, 0, 0};
    if (staged) {
        meter_settings_commit(meter, (uint8_t)settings_staged(&meter->settings), &reply);
    }
    if (reply.reason != KMP_SETTINGS_OK) {
        (void)meter_settings_abandon(meter);
    }
    return reply.reason == KMP_SETTINGS_OK;
}

static bool put_one(struct meter *meter, const struct setting_def *def, uint32_t number)
{
    const struct setting_value value = {number, ""};
    (void)meter_settings_abandon(meter);
    return commit_staged(meter, meter_setting_stage(meter, def, &value) == KMP_SETTINGS_OK);
}

/* All fields of a configuration; its locked ones must be what they are. */
static bool put_configuration(struct meter *meter, unsigned which, uint32_t number)
{
    bool staged = true;
    uint32_t rest = number;
    (void)meter_settings_abandon(meter);
    for (size_t row = 0; staged && row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        if (def->home == HOME_CONFIGURATION && def->index == which) {
            const struct setting_value value = {number / def->divisor % def->modulus, ""};
            rest -= value.number * def->divisor;
            staged = meter_setting_stage(meter, def, &value) == KMP_SETTINGS_OK;
        }
    }
    return commit_staged(meter, staged && rest == 0);
}

bool optical_settings_put(struct meter *meter, uint16_t kmp_id, int64_t number, int exponent)
{
    const struct register_def *shown = register_by_kmp_id(kmp_id);
    const struct setting_def *def = setting_by_kmp_id(kmp_id);
    if (number < 0 || number > UINT32_MAX) {
        return false;
    }
    if (def != NULL && def->type != SETTING_TEXT) {
        const int wanted = shown != NULL ? shown->kmp_exponent : def->exponent;
        return exponent == wanted && put_one(meter, def, (uint32_t)number);
    }
    if (shown == NULL || shown->source != SOURCE_CONFIGURATION || shown->index >= CONFIGURATION) {
        return false;
    }
    return exponent == 0 && put_configuration(meter, shown->index, (uint32_t)number);
}
