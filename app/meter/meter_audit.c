#include "meter_audit.h"

#include <string.h>

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define NUMBER_BYTES 4u
#define HEAD_BYTES   6u /* channel, commit, index */

static void value_put(struct writer *w, const struct setting_def *def,
                      const struct setting_value *value)
{
    switch (def->type) {
    case SETTING_SECRET: writer_u8(w, 0); break;
    case SETTING_TEXT:
        writer_u8(w, (uint8_t)strlen(value->text));
        writer_text(w, value->text);
        break;
    default:
        writer_u8(w, NUMBER_BYTES);
        writer_uint_le(w, value->number, NUMBER_BYTES);
        break;
    }
}

bool meter_audit_setting(struct meter *meter, const struct setting_def *def, uint8_t index,
                         const struct setting_value *before, const struct setting_value *after)
{
    uint8_t payload[HEAD_BYTES + 2u * (SETTING_TEXT_MAX + 1u)];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, meter->settings.channel);
    writer_uint_le(&w, meter->settings.commit, 4);
    writer_u8(&w, index);
    value_put(&w, def, before);
    value_put(&w, def, after);
    meter_log(meter, EVENT_LOG_AUDIT, (uint16_t)(METER_AUDIT_SETTING + def->id), payload,
              (uint8_t)writer_length(&w));
    return !meter->log_fault;
}

bool meter_audit_register(struct meter *meter, uint16_t kmp_id, int64_t before, int64_t after,
                          int exponent)
{
    uint8_t payload[METER_AUDIT_REGISTER_BYTES];
    struct writer w = writer_over(payload, sizeof payload);
    writer_uint_le(&w, (uint64_t)before, 8);
    writer_uint_le(&w, (uint64_t)after, 8);
    writer_u8(&w, (uint8_t)exponent);
    writer_u8(&w, (uint8_t)rights_channel(&meter->rights));
    meter_log(meter, EVENT_LOG_AUDIT, kmp_id, payload, sizeof payload);
    return !meter->log_fault;
}

bool meter_audit_secret(struct meter *meter, uint16_t client)
{
    uint8_t payload[3];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, (uint8_t)rights_channel(&meter->rights));
    writer_uint_le(&w, client, 2);
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_SECRET, payload, sizeof payload);
    return !meter->log_fault;
}

/* Nothing else is noted between the records of a commit, so the newest record tells. */
unsigned meter_audit_noted(const struct meter *meter)
{
    struct event_log_entry newest;
    if (event_log_seek(&meter->logs, meter->board, EVENT_LOG_AUDIT, UINT32_MAX, false, &newest) !=
            EVENT_LOG_OK ||
        newest.code <= METER_AUDIT_SETTING || newest.code >= METER_AUDIT_PUSH) {
        return 0;
    }
    struct reader r = reader_over(newest.payload, newest.n_payload);
    (void)reader_u8(&r);
    const uint32_t commit = (uint32_t)reader_uint_le(&r, 4);
    const uint8_t index = reader_u8(&r);
    return !r.failed && commit == meter->settings.commit ? index + 1u : 0u;
}

void meter_audit_undone(struct meter *meter)
{
    const uint8_t channel = meter->settings.channel;
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_UNDONE, &channel, 1);
}

enum rights_answer meter_may(struct meter *meter, enum rights_action action)
{
    return rights_check(&meter->rights, action);
}

static void wrong_password_note(struct meter *meter)
{
    if (rights_worth_noting(&meter->rights)) {
        uint8_t payload[5];
        struct writer w = writer_over(payload, sizeof payload);
        writer_u8(&w, (uint8_t)rights_channel(&meter->rights));
        writer_uint_le(&w, meter->rights.wrong, 4);
        meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_PASSWORD, payload, sizeof payload);
    }
}

enum rights_answer meter_may_with(struct meter *meter, enum rights_action action, uint16_t password)
{
    const uint16_t expected = (uint16_t)settings_number(&meter->settings, SETTING_PASSWORD);
    const enum rights_answer answer =
        rights_check_password(&meter->rights, action, password, expected);
    if (answer == RIGHTS_ERR_PASSWORD && meter->rights.speaker != 0) {
        wrong_password_note(meter);
    }
    return answer;
}

enum rights_answer meter_secret(struct meter *meter, bool right)
{
    const enum rights_answer answer = rights_check_secret(&meter->rights, right);
    if (answer == RIGHTS_ERR_PASSWORD) {
        wrong_password_note(meter);
    }
    return answer;
}
