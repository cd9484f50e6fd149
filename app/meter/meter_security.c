#include "meter_security.h"

#include "../../proto/common/writer.h"
#include "meter_audit.h"

#define KEYS_BYTES   2u /* channel, mask of keys */
#define CIPHER_BYTES 9u /* channel, two counts */

static void refusals_note(void *context)
{
    struct meter *meter = (struct meter *)context;
    uint8_t payload[CIPHER_BYTES];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, (uint8_t)rights_channel(&meter->rights));
    writer_uint_le(&w, meter->security.refusals.forged, 4);
    writer_uint_le(&w, meter->security.refusals.repeated, 4);
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_CIPHER, payload, sizeof payload);
}

enum meter_err meter_security_begin(struct meter *meter, const struct security_delivered *delivered)
{
    const bool good =
        security_begin(&meter->security, meter->board, meter->serial_number, delivered);
    meter->security.note = refusals_note;
    meter->security.note_context = meter;
    meter->memory_fault = meter->memory_fault || !good;
    return good ? METER_OK : METER_ERR_STORAGE;
}

enum security_err meter_key_transfer(struct meter *meter, const struct security_transfer *list,
                                     size_t n)
{
    uint8_t payload[KEYS_BYTES] = {(uint8_t)rights_channel(&meter->rights), 0};
    const enum security_err err = security_transfer_check(&meter->security, list, n);
    if (err != SECURITY_OK) {
        return err;
    }
    for (size_t i = 0; i < n; i++) {
        payload[1] |= (uint8_t)(1u << list[i].key_id);
    }
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_KEYS, payload, sizeof payload);
    return meter->log_fault ? SECURITY_ERR_STORAGE
                            : security_key_transfer(&meter->security, list, n);
}
