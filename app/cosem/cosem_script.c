/* Script tables (class 9) and the schedule of the debiting stops (class 22). */
#include "../billing/billing_dates.h"
#include "../meter/meter_audit.h"
#include "cosem_inside.h"

#define WRITE_SERVICE   1u
#define EXECUTE_SERVICE 2u
#define MONTHS          12u
#define ALL_MONTHS      0x0FFFu
#define FOR_EVER        0u

static const uint8_t debiting_script[6] = {0, 0, 10, 0, 1, 255};

/* ---- scripts ---- */

/* What the scripts of a table do: one action each. */
static const struct {
    uint8_t service;
    uint8_t class_id, index;
    uint8_t obis[6];
} actions[] = {
    [COSEM_SCRIPT_DEBITING] = {EXECUTE_SERVICE, 7, 2, {0, 0, 98, 1, 0, 255}},
    [COSEM_SCRIPT_BREAKER] = {EXECUTE_SERVICE, 70, 0, {0, 0, 96, 3, 10, 255}},
    [COSEM_SCRIPT_TARIFF] = {WRITE_SERVICE, 1, 2, {1, 1, 129, 0, 0, 255}},
};

static unsigned n_scripts(const struct meter *meter, enum cosem_script script)
{
    switch (script) {
    case COSEM_SCRIPT_TARIFF: return meter->variant.tariffs;
    case COSEM_SCRIPT_BREAKER: return 2;
    default: return 1;
    }
}

/* One script with its one action; methods of disconnect control are the script's number. */
static void script_write(struct writer *out, enum cosem_script script, unsigned id)
{
    dlms_write_structure(out, 2);
    dlms_write_u16(out, (uint16_t)id);
    dlms_write_array(out, 1);
    dlms_write_structure(out, 5);
    dlms_write_enum(out, actions[script].service);
    dlms_write_u16(out, actions[script].class_id);
    dlms_write_octets(out, actions[script].obis, sizeof actions[script].obis);
    dlms_write_i8(out, (int8_t)(actions[script].index != 0 ? actions[script].index : id));
    if (script == COSEM_SCRIPT_TARIFF) {
        dlms_write_u8(out, (uint8_t)id);
    } else {
        dlms_write_i8(out, 0);
    }
}

static enum dlms_result script_get(const struct cosem *cosem, const struct cosem_row *row,
                                   struct dlms_get *get, struct writer *out)
{
    const enum cosem_script script = (enum cosem_script)row->object.index;
    const unsigned n = n_scripts(cosem->meter, script);
    if (get->cursor[0] == 0) {
        dlms_write_array(out, n);
    } else {
        script_write(out, script, get->cursor[0]);
    }
    return get->cursor[0]++ < n ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static enum dlms_result tariff_script(struct meter *meter, uint16_t tariff)
{
    const enum rights_answer may = meter_may(meter, ACTION_TARIFF);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    return meter_tariff_force(meter, (uint8_t)tariff, FOR_EVER) == TARIFF_OK ? DLMS_RESULT_SUCCESS
                                                                             : DLMS_RESULT_OTHER;
}

static enum dlms_result script_call(const struct cosem *cosem, const struct cosem_row *row,
                                    int8_t method, struct reader data, struct writer *out)
{
    const enum cosem_script script = (enum cosem_script)row->object.index;
    uint16_t id = 0;
    (void)method;
    (void)out;
    if (!dlms_read_u16(&data, &id)) {
        return DLMS_RESULT_TYPE;
    }
    if (id < 1 || id > n_scripts(cosem->meter, script)) {
        return DLMS_RESULT_OTHER;
    }
    switch (script) {
    case COSEM_SCRIPT_TARIFF: return tariff_script(cosem->meter, id);
    case COSEM_SCRIPT_BREAKER: return cosem_breaker_remote(cosem->meter, id == 2);
    default: return cosem_debiting_stop(cosem);
    }
}

const struct cosem_part cosem_script_part = {script_get, NULL, script_call};

/* ---- schedule ---- */

enum { EXECUTED = 2, TYPE, TIMES };
/* One entry with wildcards; several dates with wildcards, all at one time. */
enum { ONE_ENTRY = 1, SEVERAL_DATES = 3 };

/* Midnight of a day of a month, every year; month FFh: of every month. */
static void date_write(struct writer *out, uint8_t month, uint8_t day)
{
    const uint8_t time[4] = {0, 0, 0, 0};
    const uint8_t date[5] = {DLMS_ANY, DLMS_ANY, month, day, DLMS_ANY};
    dlms_write_structure(out, 2);
    dlms_write_octets(out, time, sizeof time);
    dlms_write_octets(out, date, sizeof date);
}

static void times_write(const struct billing *billing, struct writer *out)
{
    const uint16_t months = billing->target_day_gg != 0 ? billing->months & ALL_MONTHS : 0;
    unsigned n = 0;
    for (unsigned m = 0; m < MONTHS; m++) {
        n += months >> m & 1u;
    }
    if (months == ALL_MONTHS) {
        dlms_write_array(out, 1);
        date_write(out, DLMS_ANY, billing->target_day_gg);
        return;
    }
    dlms_write_array(out, n);
    for (unsigned m = 0; m < MONTHS; m++) {
        if ((months >> m & 1u) != 0) {
            date_write(out, (uint8_t)(m + 1u), billing->target_day_gg);
        }
    }
}

static enum dlms_result schedule_get(const struct cosem *cosem, const struct cosem_row *row,
                                     struct dlms_get *get, struct writer *out)
{
    const struct billing *billing = &cosem->meter->billing;
    (void)row;
    switch (get->attribute) {
    case EXECUTED:
        dlms_write_structure(out, 2);
        dlms_write_octets(out, debiting_script, sizeof debiting_script);
        dlms_write_u16(out, 1);
        break;
    case TYPE:
        dlms_write_enum(out,
                        (billing->months & ALL_MONTHS) == ALL_MONTHS ? ONE_ENTRY : SEVERAL_DATES);
        break;
    default: times_write(billing, out); break;
    }
    return DLMS_RESULT_SUCCESS;
}

const struct cosem_part cosem_schedule_part = {schedule_get, NULL, NULL};
