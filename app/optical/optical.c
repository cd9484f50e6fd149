#include "optical.h"

#include <string.h>

#include "../../proto/kmp/kmp_bundle.h"
#include "../../proto/kmp/kmp_calibration.h"
#include "../../proto/kmp/kmp_display.h"
#include "../../proto/kmp/kmp_log.h"
#include "../../proto/kmp/kmp_settings.h"
#include "../meter/meter_audit.h"
#include "../meter/meter_events.h"
#include "../registers/register_read.h"
#include "optical_breaker.h"
#include "optical_bundle.h"
#include "optical_calibration.h"
#include "optical_display.h"
#include "optical_iec.h"
#include "optical_load.h"
#include "optical_logs.h"
#include "optical_prepay.h"
#include "optical_settings.h"
#include "optical_setups.h"
#include "optical_tamper.h"
#include "optical_tariff.h"
#include "optical_write.h"

#define KMP_BAUD  9600u
#define HDLC_BAUD 9600u

/* KMP commands beyond the registers. */
enum kmp_command { DEBITING_STOP = 0x88, GET_EVENT_STATUS = 0x9B, CLEAR_EVENT_STATUS = 0x9C };

/* ---- KMP: what the server asks ---- */

static void kmp_type(void *context, uint8_t out[4])
{
    const struct meter *meter = (const struct meter *)context;
    struct legal_identity identity;
    legal_identity(&meter->legal, &identity);
    out[0] = meter->variant.kmp_type[0];
    out[1] = meter->variant.kmp_type[1];
    out[2] = (uint8_t)(identity.revision_letter - 'A' + 1);
    out[3] = identity.revision_number;
}

static bool kmp_register(void *context, uint16_t id, struct kmp_value *out)
{
    const struct register_def *def = register_by_kmp_id(id);
    return def != NULL && register_read_kmp((const struct meter *)context, def, out);
}

static bool kmp_put(void *context, uint16_t password, const struct kmp_value *value)
{
    return optical_write((struct meter *)context, password, value);
}

/* The time that clock and date registers show: local time.  In the doubled hour of October the
 * clock stays on the side where it is. */
static bool kmp_clock(void *context, uint32_t yymmdd, uint32_t hhmmss)
{
    struct meter *meter = (struct meter *)context;
    struct calendar local;
    if (meter_may(meter, ACTION_CLOCK) != RIGHTS_OK) {
        return false;
    }
    clock_local(&meter->clock, meter->now_us, &local);
    local.year = (uint16_t)(2000u + yymmdd / 10000u);
    local.month = (uint8_t)(yymmdd / 100u % 100u);
    local.day = (uint8_t)(yymmdd % 100u);
    local.hour = (uint8_t)(hhmmss / 10000u);
    local.minute = (uint8_t)(hhmmss / 100u % 100u);
    local.second = (uint8_t)(hhmmss % 100u);
    return meter_clock_set(meter, clock_utc_from_local(&meter->clock, &local)) == METER_OK;
}

/* Event word A from its low byte up: status, calls, two bytes of logs. */
static int event_status(const struct meter *meter, struct reader *data, struct writer *out)
{
    if (!reader_complete(data)) {
        return 0;
    }
    writer_uint_le(out, meter_event_word_a(meter), 4);
    return 1;
}

/* Four bytes for flags that fall when the newest record of their log has been read, four for flags
 * that fall in any case. */
static int event_clear(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint32_t conditional = (uint32_t)reader_uint_le(data, 4);
    const uint32_t always = (uint32_t)reader_uint_le(data, 4);
    if (!reader_complete(data) || meter_may(meter, ACTION_CONFIRM) != RIGHTS_OK ||
        meter_event_clear(meter, conditional, always) != METER_OK) {
        return 0;
    }
    return event_status(meter, data, out);
}

static int kmp_other(void *context, uint8_t cid, struct reader *data, struct writer *out)
{
    struct meter *meter = (struct meter *)context;
    switch (cid) {
    case KMP_LOG_TIME_PRESENT:
    case KMP_LOG_LAST_PRESENT:
    case KMP_LOG_ID_PRESENT:
    case KMP_LOG_TIME_PAST: return optical_logs(meter, cid, data, out);
    case DEBITING_STOP:
        return reader_complete(data) && meter_may(meter, ACTION_DEBITING) == RIGHTS_OK &&
                       meter_debiting_stop(meter) == METER_OK
                   ? 2
                   : 0;
    case KMP_SET_CUT_OFF_STATE:
    case KMP_GET_CUT_OFF_STATE: return optical_breaker(meter, cid, data, out);
    case KMP_PREPAY_LOOK:
    case KMP_PREPAY_LOAD:
    case KMP_PREPAY_TOKEN:
    case KMP_PREPAY_SETUP: return optical_prepay(meter, cid, data, out);
    case KMP_TAMPER_READ: return optical_tamper(meter, data, out);
    case GET_EVENT_STATUS: return event_status(meter, data, out);
    case CLEAR_EVENT_STATUS: return event_clear(meter, data, out);
    case GET_VOLTAGE_QUALITY_SETUP:
    case GET_LOAD_PROFILE_SETUP: return optical_setups(meter, cid, data, out);
    case KMP_CALIBRATION_LOOK:
    case KMP_CALIBRATION_READ:
    case KMP_CALIBRATION_STAGE:
    case KMP_CALIBRATION_ORDER: return optical_calibration(meter, cid, data, out);
    case KMP_SETTINGS_READ:
    case KMP_SETTINGS_STAGE:
    case KMP_SETTINGS_COMMIT:
    case KMP_SETTINGS_STATUS: return optical_settings(meter, cid, data, out);
    case KMP_DISPLAY_READ:
    case KMP_DISPLAY_WRITE: return optical_display(meter, cid, data, out);
    case KMP_LOAD_PLAN_READ:
    case KMP_LOAD_PLAN_WRITE:
    case KMP_LOAD_COMMAND:
    case KMP_LOAD_STATUS: return optical_load(meter, cid, data, out);
    case KMP_BUNDLE_STAGE:
    case KMP_BUNDLE_ORDER: return optical_bundle(meter, cid, data, out);
    default: return optical_tariff(meter, cid, data, out);
    }
}

static struct kmp_meter kmp_meter_of(struct meter *meter)
{
    struct kmp_meter functions = {.context = meter,
                                  .get_type = kmp_type,
                                  .get_register = kmp_register,
                                  .put_register = kmp_put,
                                  .set_clock = kmp_clock,
                                  .other = kmp_other};
    return functions;
}

/* ---- IEC 62056-21: what the server asks ---- */

static const char *iec_ident(void *context)
{
    return ((const struct optical_iec *)context)->meter->variant.iec_ident;
}

static const char *iec_address(void *context)
{
    return ((const struct optical_iec *)context)->optical->address;
}

static bool iec_line(void *context, unsigned line, struct writer *out)
{
    return optical_iec_line((const struct optical_iec *)context, line, out);
}

static struct iec_meter iec_meter_of(struct optical_iec *served,
                                     const struct iec_programmer *programmer)
{
    const bool mode_c = served->meter->variant.iec == IEC_MODE_A_C;
    return (struct iec_meter){.context = served,
                              .ident = iec_ident,
                              .address = iec_address,
                              .data_line = iec_line,
                              .programmer = mode_c ? programmer : NULL};
}

/* ---- the line ---- */

void optical_init(struct optical *optical, const struct meter *meter)
{
    const struct iec_settings settings = optical_iec_settings(meter, optical);
    memset(optical, 0, sizeof *optical);
    kmp_server_init(&optical->kmp, (uint8_t)settings_number(&meter->settings, SETTING_KMP_ADDRESS));
    iec_server_init(&optical->iec, &settings);
    optical_dlms_init(&optical->dlms, meter);
    optical->last_byte_ms = INT64_MIN / 2;
    struct writer address = writer_over(optical->address, sizeof optical->address - 1u);
    writer_decimal(&address, meter->serial_number, 8);
}

static struct writer rest_of_tx(struct optical *optical)
{
    return writer_over(optical->tx + optical->tx_length, OPTICAL_TX_BYTES - optical->tx_length);
}

static void kmp_byte(struct optical *optical, struct meter *meter, uint8_t byte)
{
    const struct kmp_meter functions = kmp_meter_of(meter);
    size_t n = kmp_server_byte(&optical->kmp, &functions, byte, optical->tx + optical->tx_length,
                               OPTICAL_TX_BYTES - optical->tx_length);
    optical->tx_length = (uint16_t)(optical->tx_length + n);
}

static void iec_byte(struct optical *optical, struct meter *meter, uint8_t byte, int64_t wall_ms)
{
    struct optical_iec served = {meter, optical};
    const struct iec_programmer programmer = optical_iec_programmer(&served);
    const struct iec_meter functions = iec_meter_of(&served, &programmer);
    struct writer out = rest_of_tx(optical);
    iec_server_byte(&optical->iec, &functions, byte, wall_ms, &out);
    optical->tx_length = (uint16_t)(optical->tx_length + writer_length(&out));
}

static void hdlc_byte(struct optical *optical, struct meter *meter, uint8_t byte, int64_t wall_ms)
{
    struct writer out = rest_of_tx(optical);
    optical_dlms_byte(optical, meter, byte, wall_ms, &out);
    optical->tx_length = (uint16_t)(optical->tx_length + writer_length(&out));
}

/** Whoever asked by IEC 62056-21 is gone. */
static void iec_forget(struct optical *optical)
{
    if (iec_server_busy(&optical->iec)) {
        const struct iec_settings settings = optical->iec.settings;
        iec_server_init(&optical->iec, &settings);
    }
}

/** IEC 62056-21 is in the middle of something, and its bytes are its own. */
static bool iec_inside(const struct optical *optical)
{
    return iec_server_busy(&optical->iec) && !iec_server_binary(&optical->iec);
}

static bool hdlc_wants(const struct optical *optical, const struct meter *meter, uint8_t byte,
                       int64_t wall_ms)
{
    const bool free = !iec_inside(optical) || (optical->iec.state == IEC_PROGRAM &&
                                               iec_program_between(&optical->iec.program));
    return free && dlms_line_fitted(meter) && optical_dlms_wants(&optical->dlms, byte, wall_ms);
}

static void one_byte(struct optical *optical, struct meter *meter, uint8_t byte, int64_t wall_ms)
{
    bool in_kmp = optical->kmp.receiver.inside;
    if (in_kmp && wall_ms - optical->last_byte_ms > OPTICAL_KMP_TIMEOUT_MS) {
        kmp_receiver_init(&optical->kmp.receiver, KMP_TO_METER);
        in_kmp = false;
    }
    optical->last_byte_ms = wall_ms;
    if (!in_kmp && hdlc_wants(optical, meter, byte, wall_ms)) {
        if (iec_inside(optical)) {
            iec_forget(optical);
        }
        optical->speaks_kmp = false;
        optical->speaks_hdlc = true;
        hdlc_byte(optical, meter, byte, wall_ms);
    } else if (in_kmp || byte == KMP_TO_METER) {
        iec_forget(optical);
        optical->speaks_kmp = true;
        optical->speaks_hdlc = false;
        kmp_byte(optical, meter, byte);
    } else if (iec_inside(optical) || (byte & 0x7Fu) == '/') {
        if (!iec_server_busy(&optical->iec)) { /* what has been set since */
            const struct iec_settings settings = optical_iec_settings(meter, optical);
            iec_server_configure(&optical->iec, &settings);
        }
        optical->speaks_kmp = false;
        optical->speaks_hdlc = false;
        iec_byte(optical, meter, byte, wall_ms);
    }
}

void optical_receive(struct optical *optical, struct meter *meter, const uint8_t *bytes,
                     size_t n_bytes, int64_t wall_ms)
{
    const uint8_t speaker = (uint8_t)(optical - meter->optical + 1);
    for (size_t i = 0; i < n_bytes && meter->supply_on; i++) {
        meter->rights.speaker = speaker;
        meter->rights.wall_ms = wall_ms;
        one_byte(optical, meter, bytes[i], wall_ms);
    }
    meter->rights.speaker = 0;
}

size_t optical_transmit(struct optical *optical, uint8_t *bytes, size_t capacity)
{
    size_t n = optical->tx_length < capacity ? optical->tx_length : capacity;
    memcpy(bytes, optical->tx, n);
    memmove(optical->tx, optical->tx + n, optical->tx_length - n);
    optical->tx_length = (uint16_t)(optical->tx_length - n);
    return n;
}

/** HDLC, and the end of what mode E has opened. */
static int64_t hdlc_step(struct optical *optical, struct meter *meter, int64_t wall_ms)
{
    struct writer out = rest_of_tx(optical);
    meter->rights.speaker = (uint8_t)(optical - meter->optical + 1);
    meter->rights.wall_ms = wall_ms;
    int64_t next = optical_dlms_step(optical, meter, wall_ms, &out);
    meter->rights.speaker = 0;
    optical->tx_length = (uint16_t)(optical->tx_length + writer_length(&out));
    if (iec_server_binary(&optical->iec) && !hdlc_server_busy(&optical->dlms.hdlc)) {
        const int64_t idle_ms = optical->last_byte_ms + OPTICAL_BINARY_IDLE_MS;
        if (wall_ms >= idle_ms) {
            iec_forget(optical);
        } else if (idle_ms < next) {
            next = idle_ms;
        }
    }
    return next;
}

int64_t optical_step(struct optical *optical, struct meter *meter, int64_t wall_ms)
{
    struct optical_iec served = {meter, optical};
    const struct iec_programmer programmer = optical_iec_programmer(&served);
    const struct iec_meter functions = iec_meter_of(&served, &programmer);
    int64_t next = 0, hdlc_next = INT64_MAX;
    if (meter->supply_on && dlms_line_fitted(meter)) {
        hdlc_next = hdlc_step(optical, meter, wall_ms);
    }
    if (!iec_server_busy(&optical->iec)) { /* what has been set since */
        const struct iec_settings settings = optical_iec_settings(meter, optical);
        iec_server_configure(&optical->iec, &settings);
    }
    while (meter->supply_on && next == 0) {
        struct writer out = rest_of_tx(optical);
        if (iec_server_busy(&optical->iec) && writer_left(&out) < IEC_SERVER_ROOM) {
            return wall_ms; /* when what is there has gone */
        }
        next = iec_server_step(&optical->iec, &functions, wall_ms, &out);
        optical->tx_length = (uint16_t)(optical->tx_length + writer_length(&out));
    }
    return !meter->supply_on ? INT64_MAX : next < hdlc_next ? next : hdlc_next;
}

void optical_connect(struct optical *optical, struct meter *meter, enum rights_channel channel)
{
    meter->rights.line[optical - meter->optical].channel = (uint8_t)channel;
}

uint32_t optical_baud(const struct optical *optical)
{
    if (optical->speaks_hdlc && !iec_server_binary(&optical->iec)) {
        return HDLC_BAUD;
    }
    return optical->speaks_kmp ? KMP_BAUD : optical->iec.baud;
}
