/* Classes 1, 3, 4 and 5: registers of the table, settings, and what is neither. */
#include <string.h>

#include "../calendar/tariff_plan_image.h"
#include "../meter/meter_alarms.h"
#include "../meter/meter_audit.h"
#include "../meter/meter_load.h"
#include "../meter/meter_pins.h"
#include "../meter/meter_prepay.h"
#include "../meter/meter_settings.h"
#include "../optical/optical_settings.h"
#include "../registers/register_read.h"
#include "cosem_events.h"

#define UNIT_CODE_NONE    255u
#define UNIT_CODE_PERCENT 56u
#define UNIT_CODE_PER_WH  45u
#define UNIT_CODE_V       35u
#define UNIT_CODE_A       33u
#define UNIT_CODE_HZ      44u
#define UNIT_CODE_S       7u
#define S_PER_H           UINT64_C(3600)
#define MINUTE_S          60u
#define UWH_PER_MWH       UINT64_C(1000)
#define ID_STATE          1032u
#define ID_TARIFF         2010u
#define ID_BREAKER        1252u
#define ID_CREDIT         1121u
#define ID_EVENTS_B       1237u
#define ID_ALARMS_A       0xF204u
#define ID_ALARMS_B       0xF205u
#define ID_ALARMS_TAMPER  0xF901u
#define ID_PULSE_INPUT    58u
#define ID_PORT           1102u
#define ID_LOAD_1         1226u
#define ID_LOAD_MAP_1     1228u
#define ID_LOAD_2         1229u
#define ID_LOAD_MAP_2     1231u
#define ID_LOAD_DELAY     1232u
#define TARIFF_RELEASE_ON 0u

/* ---- writing Data ---- */

void cosem_number_write(struct writer *out, uint8_t type, int64_t number)
{
    static const struct {
        uint8_t type;
        int64_t low, high;
    } limits[] = {
        {DLMS_INT8, INT8_MIN, INT8_MAX},    {DLMS_INT16, INT16_MIN, INT16_MAX},
        {DLMS_INT32, INT32_MIN, INT32_MAX}, {DLMS_UINT8, 0, UINT8_MAX},
        {DLMS_UINT16, 0, UINT16_MAX},       {DLMS_UINT32, 0, UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].type == type) {
            number = number < limits[i].low ? limits[i].low : number;
            number = number > limits[i].high ? limits[i].high : number;
        }
    }
    dlms_write_int(out, (enum dlms_type)type, number);
}

uint8_t cosem_unit(const struct register_def *def)
{
    static const struct {
        uint8_t unit, code;
    } codes[] = {{UNIT_WH, 30},    {UNIT_VARH, 32},  {UNIT_VAH, 31},   {UNIT_W, 27},
                 {UNIT_VAR, 29},   {UNIT_VA, 28},    {UNIT_V, 35},     {UNIT_A, 33},
                 {UNIT_HZ, 44},    {UNIT_HOUR, 5},   {UNIT_SECOND, 7}, {UNIT_MINUTE, 6},
                 {UNIT_DEGREE, 8}, {UNIT_CELSIUS, 9}};
    if (def->source == SOURCE_QUALITY_THD_U || def->source == SOURCE_QUALITY_THD_I) {
        return UNIT_CODE_PERCENT;
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].unit == def->unit) {
            return codes[i].code;
        }
    }
    return UNIT_CODE_NONE;
}

static void text_write(struct writer *out, uint8_t type, const char *text)
{
    if (type == DLMS_OCTETS) {
        dlms_write_octets(out, text, strlen(text));
    } else {
        dlms_write_string(out, DLMS_VISIBLE, text, strlen(text));
    }
}

/* ---- registers ---- */

/* Counters of fewer octets than the register has roll over as a counter of that width does. */
static int64_t narrowed(const struct register_def *def, uint8_t type, int64_t number)
{
    return def->source == SOURCE_DEBITING_COUNT && type == DLMS_UINT8 ? number & UINT8_MAX : number;
}

static void register_write(const struct meter *meter, const struct cosem_row *row,
                           const struct register_def *def, struct writer *out)
{
    struct register_value value = {.number = 0};
    int scaler = 0;
    (void)register_read(meter, def, &value);
    if (value.is_text || def->coding == REGISTER_TEXT) {
        text_write(out, row->type, value.text);
        return;
    }
    const int64_t number = register_value_scaled(meter, def, &value, &scaler);
    cosem_number_write(out, row->type, narrowed(def, row->type, number));
}

/* Attributes 2 to 9 of a demand register; the period under way is one (number of periods 1). */
static void demand_write(const struct cosem *cosem, const struct cosem_row *row,
                         const struct register_def *def, int8_t attribute, struct writer *out)
{
    const struct meter *meter = cosem->meter;
    const struct demand *demand = &meter->demand;
    const uint32_t period_s = demand->integration_min * MINUTE_S;
    const int64_t start_s = demand->period_start_s;
    const bool runs = start_s != INT64_MIN;
    switch (attribute) {
    case 2: {
        const uint64_t uwh = legal_energy_uwh(&meter->legal, (enum legal_energy)def->index) -
                             (runs ? demand->start_uwh[def->index] : 0);
        const struct register_value value = {
            .number =
                runs ? (int64_t)(uwh * (S_PER_H / MINUTE_S) / demand->integration_min / UWH_PER_MWH)
                     : 0,
            .exponent = -3};
        int scaler = 0;
        cosem_number_write(out, row->type, register_value_scaled(meter, def, &value, &scaler));
        break;
    }
    case 3: register_write(meter, row, def, out); break;
    case 6:
    case 7: cosem_moment_write(cosem, runs ? start_s : 0, meter->clock.valid, out); break;
    case 8: dlms_write_u32(out, period_s); break;
    default: dlms_write_u16(out, 1); break;
    }
}

static enum dlms_result register_get(const struct cosem *cosem, const struct cosem_row *row,
                                     int8_t attribute, struct writer *out)
{
    const struct meter *meter = cosem->meter;
    const struct register_def *def = register_by_kmp_id(row->object.index);
    const uint16_t class_id = row->object.class_id;
    if (attribute == (class_id == 5 ? 4 : 3)) {
        dlms_write_scaler_unit(out, (int8_t)register_scaler(meter, def), cosem_unit(def));
    } else if (class_id == 5) {
        demand_write(cosem, row, def, attribute, out);
    } else if (attribute == 5) {
        const struct demand_peak *peak = meter_peak(meter, def->index);
        cosem_moment_write(cosem, peak->utc_s, true, out);
    } else {
        register_write(meter, row, def, out);
    }
    return DLMS_RESULT_SUCCESS;
}

/* ---- values that are no register ---- */

static void digits(struct writer *out, uint64_t number)
{
    char text[9];
    struct writer w = writer_over(text, sizeof text);
    writer_decimal(&w, number, 8);
    dlms_write_octets(out, text, writer_length(&w));
}

static void firmware_write(const struct meter *meter, uint8_t type, struct writer *out)
{
    struct legal_identity identity;
    char text[16] = "";
    legal_identity(&meter->legal, &identity);
    struct writer w = writer_over(text, sizeof text - 1u);
    writer_decimal(&w, identity.number, 1);
    writer_u8(&w, '-');
    writer_u8(&w, (uint8_t)identity.revision_letter);
    writer_decimal(&w, identity.revision_number, 1);
    text_write(out, type, text);
}

static void octets_write(struct writer *out, uint64_t number, unsigned n_bytes)
{
    uint8_t bytes[8];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_be(&w, number, n_bytes);
    dlms_write_octets(out, bytes, n_bytes);
}

/* Newest record of a log as a moment. */
static void newest_write(const struct cosem *cosem, enum event_log_name log, struct writer *out)
{
    struct event_log_entry entry;
    const bool found = event_log_seek(&cosem->meter->logs, cosem->meter->board, log, UINT32_MAX,
                                      false, &entry) == EVENT_LOG_OK;
    cosem_moment_write(cosem, found ? entry.utc_s : 0, found && entry.clock_valid, out);
}

static void act_time_write(const struct cosem *cosem, unsigned kind, struct writer *out)
{
    const uint32_t last_s = cosem->meter->tamper.kept[kind].last_s;
    cosem_moment_write(cosem, last_s, last_s != 0, out);
}

static void local_write(const struct meter *meter, bool date, struct writer *out)
{
    struct calendar c;
    clock_local(&meter->clock, meter->now_us, &c);
    if (date) {
        const uint8_t bytes[5] = {(uint8_t)(c.year >> 8), (uint8_t)c.year, c.month, c.day,
                                  c.weekday};
        dlms_write_octets(out, bytes, sizeof bytes);
    } else {
        const uint8_t bytes[4] = {c.hour, c.minute, c.second, DLMS_ANY};
        dlms_write_octets(out, bytes, sizeof bytes);
    }
}

static uint32_t meter_number(const struct meter *meter)
{
    struct register_value value = {.number = 0};
    (void)register_read(meter, register_by_kmp_id(51), &value);
    return (uint32_t)value.number;
}

static void text_value_write(const struct cosem *cosem, const struct cosem_row *row,
                             struct writer *out)
{
    const struct meter *meter = cosem->meter;
    struct legal_identity identity;
    uint8_t name[COSEM_DEVICE_NAME_OCTETS];
    switch (row->object.index) {
    case COSEM_METER_NUMBER_LOW: octets_write(out, meter_number(meter), 5); break;
    case COSEM_FIRMWARE: firmware_write(meter, row->type, out); break;
    case COSEM_FIRMWARE_CHECK:
        legal_identity(&meter->legal, &identity);
        octets_write(out, identity.checksum, 4);
        break;
    case COSEM_DEVICE_NAME:
        cosem_device_name(meter, cosem->session->server_sap, name);
        dlms_write_octets(out, name, sizeof name);
        break;
    case COSEM_SERIAL_TEXT: digits(out, meter->serial_number); break;
    case COSEM_TYPE_TEXT: text_write(out, row->type, meter->variant.order_number); break;
    case COSEM_METER_NUMBER_TEXT: digits(out, meter_number(meter)); break;
    case COSEM_CHANGE_TIME: newest_write(cosem, EVENT_LOG_AUDIT, out); break;
    case COSEM_DEBITING_TIME: newest_write(cosem, EVENT_LOG_DEBITING, out); break;
    case COSEM_LOCAL_TIME:
    case COSEM_LOCAL_DATE: local_write(meter, row->object.index == COSEM_LOCAL_DATE, out); break;
    default: act_time_write(cosem, row->object.index - COSEM_TAMPER_TIME, out); break;
    }
}

static uint8_t newest_breaker_number(const struct meter *meter)
{
    struct event_log_entry entry;
    return event_log_seek(&meter->logs, meter->board, EVENT_LOG_DISCONNECT, UINT32_MAX, false,
                          &entry) == EVENT_LOG_OK
               ? cosem_breaker_number(&entry)
               : 0;
}

/* Numbers of events have no scaler and unit. */
static struct cosem_constant newest_number(const struct meter *meter, uint16_t value)
{
    switch (value) {
    case COSEM_EVENT_STANDARD:
        return (struct cosem_constant){cosem_events_newest(meter, COSEM_PROFILE_STANDARD), 0,
                                       UNIT_CODE_NONE};
    case COSEM_EVENT_FRAUD:
        return (struct cosem_constant){cosem_events_newest(meter, COSEM_PROFILE_FRAUD), 0,
                                       UNIT_CODE_NONE};
    default: return (struct cosem_constant){newest_breaker_number(meter), 0, UNIT_CODE_NONE};
    }
}

static struct cosem_constant constant_of(const struct meter *meter, uint16_t value)
{
    const struct variant *v = &meter->variant;
    if (value >= COSEM_QUALITY) {
        return cosem_quality_value(meter, value);
    }
    if (value >= COSEM_EVENT_STANDARD) {
        return newest_number(meter, value);
    }
    if (value >= COSEM_TAMPER_COUNT && value < COSEM_TAMPER_TIME) {
        return (struct cosem_constant){meter->tamper.kept[value - COSEM_TAMPER_COUNT].count, 0,
                                       UNIT_CODE_NONE};
    }
    switch (value) {
    case COSEM_WORKING_DAYS:
        return (struct cosem_constant){meter->tariff.plan.working_days, 0, UNIT_CODE_NONE};
    case COSEM_CHANGES:
        return (struct cosem_constant){event_log_newest(&meter->logs, EVENT_LOG_AUDIT), 0,
                                       UNIT_CODE_NONE};
    case COSEM_PULSES: return (struct cosem_constant){v->pulses_per_kwh, -3, UNIT_CODE_PER_WH};
    case COSEM_STATUS_LOAD:
        return (struct cosem_constant){cosem_interval_status(meter, COSEM_PROFILE_LOAD), 0,
                                       UNIT_CODE_NONE};
    case COSEM_STATUS_ANALYSIS:
        return (struct cosem_constant){cosem_interval_status(meter, COSEM_PROFILE_ANALYSIS), 0,
                                       UNIT_CODE_NONE};
    case COSEM_COUNTER:
        return (struct cosem_constant){security_counter(&meter->security), 0, UNIT_CODE_NONE};
    case COSEM_RATIO: return (struct cosem_constant){1, 0, UNIT_CODE_NONE};
    case COSEM_NOMINAL_VOLTAGE:
        return (struct cosem_constant){v->nominal_voltage_v, 0, UNIT_CODE_V};
    case COSEM_BASIC_CURRENT: return (struct cosem_constant){v->current_basic_a, 0, UNIT_CODE_A};
    case COSEM_NOMINAL_FREQUENCY: return (struct cosem_constant){50, 0, UNIT_CODE_HZ};
    case COSEM_MAX_CURRENT: return (struct cosem_constant){v->current_max_a, 0, UNIT_CODE_A};
    case COSEM_ANALYSIS_INTERVAL:
        return (struct cosem_constant){
            meter->analysis.stored.setup.interval_min * (int64_t)MINUTE_S, 0, UNIT_CODE_S};
    default:
        return (struct cosem_constant){meter->demand.integration_min * (int64_t)MINUTE_S, 0,
                                       UNIT_CODE_S};
    }
}

static enum dlms_result value_get(const struct cosem *cosem, const struct cosem_row *row,
                                  struct dlms_get *get, struct writer *out)
{
    const int8_t attribute = get->attribute;
    struct setting_value value = {0, ""};
    if (row->source == COSEM_REGISTER) {
        return register_get(cosem, row, attribute, out);
    }
    if (row->source == COSEM_SETTING) {
        (void)meter_setting_read(cosem->meter, setting_by_id(row->object.index), &value);
        cosem_number_write(out, row->type, value.number);
    } else if (row->type == DLMS_OCTETS || row->type == DLMS_VISIBLE) {
        text_value_write(cosem, row, out);
    } else {
        const struct cosem_constant constant = constant_of(cosem->meter, row->object.index);
        if (attribute == 3) {
            dlms_write_scaler_unit(out, constant.scaler, constant.unit);
        } else {
            cosem_number_write(out, row->type, constant.number);
        }
    }
    return DLMS_RESULT_SUCCESS;
}

/* ---- setting ---- */

enum dlms_result cosem_rights_result(enum rights_answer answer)
{
    return answer == RIGHTS_OK ? DLMS_RESULT_SUCCESS : DLMS_RESULT_SCOPE;
}

enum dlms_result cosem_setting_change(struct meter *meter, uint16_t id, uint32_t number)
{
    const struct setting_def *def = setting_by_id(id);
    const struct setting_value value = {number, ""};
    struct kmp_settings_reply reply = {KMP_SETTINGS_COUNT, 0, 0, 0};
    const enum rights_answer may = meter_may(meter, ACTION_SETTINGS);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    (void)meter_settings_abandon(meter);
    if (def != NULL && meter_setting_stage(meter, def, &value) == KMP_SETTINGS_OK) {
        meter_settings_commit(meter, (uint8_t)settings_staged(&meter->settings), &reply);
    }
    if (reply.reason != KMP_SETTINGS_OK) {
        (void)meter_settings_abandon(meter);
        return DLMS_RESULT_OTHER;
    }
    return DLMS_RESULT_SUCCESS;
}

static bool register_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    return optical_settings_put(meter, kmp_id, number, register_by_kmp_id(kmp_id)->kmp_exponent);
}

static bool state_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    (void)kmp_id;
    return meter_operation_set(meter, (uint8_t)number) == METER_OK;
}

static bool tariff_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    (void)kmp_id;
    return meter_tariff_force(meter, (uint8_t)number, TARIFF_RELEASE_ON) == TARIFF_OK;
}

/* Bits written as 0 are acknowledged: what still holds stays in the word, its alarms go. */
static bool events_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    (void)kmp_id;
    const uint32_t clear = ~(uint32_t)number;
    return meter_alarms_clear(meter, ALARM_B_COME, clear) == METER_OK &&
           meter_alarms_clear(meter, ALARM_B_GONE, clear) == METER_OK;
}

/* A bit written as 0 clears its alarm. */
static bool alarms_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    return meter_alarms_clear(meter, (enum alarm_kind)register_by_kmp_id(kmp_id)->index,
                              ~(uint32_t)number) == METER_OK;
}

/* As it is read: whole or tenths of a kilowatt-hour, as the display shows energies. */
static bool credit_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    (void)kmp_id;
    const bool whole = meter->variant.energy_format == FORMAT_7_0;
    return meter_prepay_set(
               meter, number * (whole ? PREPAY_UWH_PER_KWH : PREPAY_UWH_PER_KWH / 10)) == PREPAY_OK;
}

/* Relays, their maps of tariffs, the delay. */
static bool load_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    return meter_load_write(meter, kmp_id, number) == LOAD_DONE;
}

static bool pin_put(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    return meter_pins_write(meter, kmp_id, number);
}

static enum dlms_result write_register(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    static const struct {
        uint16_t kmp_id; /* 0: any other, a setting */
        uint8_t action;
        bool (*put)(struct meter *meter, uint16_t kmp_id, int64_t number);
    } writers[] = {
        {ID_STATE, ACTION_TEST_MODE, state_put},    {ID_TARIFF, ACTION_TARIFF, tariff_put},
        {ID_EVENTS_B, ACTION_CONFIRM, events_put},  {ID_ALARMS_A, ACTION_CONFIRM, alarms_put},
        {ID_ALARMS_B, ACTION_CONFIRM, alarms_put},  {ID_CREDIT, ACTION_SETTINGS, credit_put},
        {ID_ALARMS_B, ACTION_CONFIRM, alarms_put},  {ID_ALARMS_TAMPER, ACTION_CONFIRM, alarms_put},
        {ID_LOAD_1, ACTION_TARIFF, load_put},       {ID_LOAD_2, ACTION_TARIFF, load_put},
        {ID_LOAD_MAP_1, ACTION_SETTINGS, load_put}, {ID_LOAD_MAP_2, ACTION_SETTINGS, load_put},
        {ID_LOAD_DELAY, ACTION_SETTINGS, load_put}, {ID_PULSE_INPUT, ACTION_SETTINGS, pin_put},
        {ID_PORT, ACTION_SETTINGS, pin_put},        {0, ACTION_SETTINGS, register_put}};
    size_t i = 0;
    while (writers[i].kmp_id != 0 && writers[i].kmp_id != kmp_id) {
        i++;
    }
    const enum rights_answer may = meter_may(meter, (enum rights_action)writers[i].action);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    return writers[i].put(meter, kmp_id, number) ? DLMS_RESULT_SUCCESS : DLMS_RESULT_OTHER;
}

/* The plan in force with other working days; without a plan there are none to set. */
static enum dlms_result working_days(struct meter *meter, int64_t days)
{
    struct tariff_plan plan = meter->tariff.plan;
    struct plan_place place;
    struct writer w = writer_over(meter->tariff.staged, sizeof meter->tariff.staged);
    const enum rights_answer may = meter_may(meter, ACTION_TARIFF);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    plan.working_days = (uint8_t)days;
    if (meter->tariff.slot == TARIFF_STORE_NO_SLOT || tariff_plan_check(&plan, &place) != PLAN_OK) {
        return DLMS_RESULT_OTHER;
    }
    tariff_plan_write(&w, &plan);
    const uint16_t n_image = (uint16_t)writer_length(&w);
    const bool taken = !w.failed && meter_tariff_commit(meter, n_image, 0, &place) == TARIFF_OK;
    return taken ? DLMS_RESULT_SUCCESS : DLMS_RESULT_OTHER;
}

/* Five octets of which the first is 0: the number fits a register. */
static enum dlms_result meter_number_put(struct meter *meter, struct reader data)
{
    const uint8_t *bytes = dlms_read_octets_of(&data, 5);
    if (bytes == NULL) {
        return DLMS_RESULT_TYPE;
    }
    struct reader r = reader_over(bytes, 5);
    const uint64_t number = reader_uint_be(&r, 5);
    return number <= UINT32_MAX ? write_register(meter, 51, (int64_t)number) : DLMS_RESULT_OTHER;
}

static enum dlms_result value_set(const struct cosem *cosem, const struct cosem_row *row,
                                  int8_t attribute, struct reader data)
{
    (void)attribute;
    struct dlms_value value;
    int64_t number = 0;
    if (row->source == COSEM_VALUE && row->object.index == COSEM_METER_NUMBER_LOW) {
        return meter_number_put(cosem->meter, data);
    }
    if (dlms_data_read(&data, &value) != DLMS_OK || value.type != row->type ||
        !dlms_value_integer(&value, &number)) {
        return DLMS_RESULT_TYPE;
    }
    if (row->source == COSEM_REGISTER && row->object.index == ID_BREAKER) {
        return cosem_breaker_command(cosem->meter, number);
    }
    if (row->source == COSEM_REGISTER) {
        return write_register(cosem->meter, row->object.index, number);
    }
    if (row->source == COSEM_SETTING) {
        return cosem_setting_change(cosem->meter, row->object.index, (uint32_t)number);
    }
    if (row->object.index == COSEM_WORKING_DAYS) {
        return working_days(cosem->meter, number);
    }
    return number == 1 ? cosem_debiting_stop(cosem) : DLMS_RESULT_OTHER;
}

const struct cosem_part cosem_value_part = {value_get, value_set, NULL};
