/* Account, credits and charge: what app/prepay knows, as classes 111, 112 and 113 say it. */
#include "cosem_prepay.h"

#include "../breaker/breaker.h"
#include "../meter/meter_audit.h"
#include "../meter/meter_breaker.h"
#include "../meter/meter_prepay.h"
#include "cosem_inside.h"

#define OBIS           6u
#define CLASS_REGISTER 3u
#define VALUE          2
#define UNITS_PER_KWH  (PREPAY_UWH_PER_KWH / COSEM_PREPAY_UNIT_UWH)
#define ALL_OF_IT      100u /* percent of a token that goes to its credit */

static const uint8_t token_credit[OBIS] = {0, 0, 19, 10, 0, 255};
static const uint8_t emergency_credit[OBIS] = {0, 0, 19, 10, 1, 255};
static const uint8_t consumption_charge[OBIS] = {0, 0, 19, 20, 0, 255};
static const uint8_t total_name[OBIS] = {1, 0, 1, 8, 0, 255};

/* ---- amounts ---- */

/* In units of the account, rounded down; what 32 bits can't say stays at their end. */
static int32_t units_of(int64_t uwh)
{
    int64_t units = uwh / COSEM_PREPAY_UNIT_UWH;
    units -= uwh % COSEM_PREPAY_UNIT_UWH < 0 ? 1 : 0;
    return (int32_t)(units > INT32_MAX ? INT32_MAX : units < INT32_MIN ? INT32_MIN : units);
}

static int64_t positive(int64_t uwh)
{
    return uwh > 0 ? uwh : 0;
}

/* What is owed, not above 0: a part of a unit counts as one, so that who pays it owes nothing. */
static int32_t debt_units(const struct meter_prepay *look)
{
    return units_of(-positive(-look->left_uwh));
}

static int32_t alarm_units(const struct meter *meter)
{
    return units_of(meter->prepay.config.alarm_uwh);
}

static void no_moment_write(const struct cosem *cosem, struct writer *out)
{
    cosem_moment_write(cosem, 0, false, out);
}

enum dlms_result cosem_prepay_result(enum prepay_err err)
{
    switch (err) {
    case PREPAY_OK: return DLMS_RESULT_SUCCESS;
    case PREPAY_ERR_RIGHTS: return DLMS_RESULT_SCOPE;
    case PREPAY_ERR_WAIT:
    case PREPAY_ERR_SUPPLY: return DLMS_RESULT_TEMPORARY_FAILURE;
    case PREPAY_ERR_STORAGE: return DLMS_RESULT_HARDWARE_FAULT;
    default: return DLMS_RESULT_OTHER;
    }
}

/* ---- where the credits stand ---- */

static enum cosem_credit_status token_status(const struct meter_prepay *look)
{
    if (!look->on) {
        return COSEM_CREDIT_ENABLED;
    }
    return look->left_uwh > 0 ? COSEM_CREDIT_IN_USE : COSEM_CREDIT_EXHAUSTED;
}

/* The low limit, which somebody has to choose, and use on days without cut-off, which nobody has.
 */
static enum cosem_credit_status emergency_status(const struct meter *meter,
                                                 const struct meter_prepay *look)
{
    if (look->low) {
        return COSEM_CREDIT_IN_USE;
    }
    if (look->cut) {
        return meter->prepay.config.low_limit && look->low_left_s > 0 ? COSEM_CREDIT_SELECTABLE
                                                                      : COSEM_CREDIT_EXHAUSTED;
    }
    return look->on && look->left_uwh <= 0 ? COSEM_CREDIT_IN_USE : COSEM_CREDIT_ENABLED;
}

/* ---- account ---- */

enum {
    MODE_AND_STATUS = 2,
    CREDIT_IN_USE,
    CREDIT_STATUS,
    AVAILABLE,
    TO_CLEAR,
    CLEARANCE_THRESHOLD,
    AGGREGATED_DEBT,
    CREDITS,
    CHARGES,
    COLLECTION,
    GATEWAYS,
    ACTIVATION_TIME,
    CLOSURE_TIME,
    CURRENCY,
    LOW_CREDIT = COSEM_ACCOUNT_LOW_CREDIT,
    NEXT_AVAILABLE,
    MAX_PROVISION,
    MAX_PROVISION_PERIOD
};
enum { ACTIVATE = 1, CLOSE, RESET };
enum { MODE_PREPAYMENT = 2 };
enum { ACCOUNT_NEW = 1, ACCOUNT_ACTIVE, ACCOUNT_CLOSED };
enum { CURRENCY_CONSUMPTION = 1 };

/* Bits of a bit string, the first one being the highest. */
#define BIT(n)            (uint8_t)(0x80u >> (n))
#define IN_CREDIT         BIT(0)
#define LOW               BIT(1)
#define NEXT_ENABLED      BIT(2)
#define NEXT_SELECTABLE   BIT(3)
#define NEXT_SELECTED     BIT(4)
#define SELECTABLE_IN_USE BIT(5)
#define OUT_OF_CREDIT     BIT(6)
#define STATUS_BITS       8u
/* The total counts always: behind an open breaker, under the low limit, on days without cut-off. */
#define COLLECT_ALWAYS (BIT(0) | BIT(1) | BIT(2))
#define COLLECT_BITS   3u

static uint8_t account_status(const struct meter_prepay *look)
{
    return look->on                         ? ACCOUNT_ACTIVE
           : look->last.way == PREPAY_ENDED ? ACCOUNT_CLOSED
                                            : ACCOUNT_NEW;
}

/* Place in the list of credits, from 1; 0: none. */
static uint8_t credit_in_use(const struct meter *meter, const struct meter_prepay *look)
{
    if (token_status(look) == COSEM_CREDIT_IN_USE) {
        return 1;
    }
    return emergency_status(meter, look) == COSEM_CREDIT_IN_USE ? 2 : 0;
}

static uint8_t credit_status(const struct meter *meter, const struct meter_prepay *look)
{
    const enum cosem_credit_status emergency = emergency_status(meter, look);
    const bool some = look->left_uwh > 0;
    return (uint8_t)((some ? IN_CREDIT : 0) | (some && look->warns ? LOW : 0) |
                     (meter->prepay.config.low_limit ? NEXT_ENABLED : 0) |
                     (emergency == COSEM_CREDIT_SELECTABLE ? NEXT_SELECTABLE : 0) |
                     (look->low ? NEXT_SELECTED | SELECTABLE_IN_USE : 0) |
                     (look->on && !some ? OUT_OF_CREDIT : 0));
}

static void collection_write(struct writer *out, const uint8_t credit[OBIS])
{
    const uint8_t bits = COLLECT_ALWAYS;
    dlms_write_structure(out, 3);
    dlms_write_octets(out, credit, OBIS);
    dlms_write_octets(out, consumption_charge, OBIS);
    dlms_write_bits(out, &bits, COLLECT_BITS);
}

static void account_list_write(int8_t attribute, struct writer *out)
{
    switch (attribute) {
    case CREDITS:
        dlms_write_array(out, 2);
        dlms_write_octets(out, token_credit, OBIS);
        dlms_write_octets(out, emergency_credit, OBIS);
        break;
    case CHARGES:
        dlms_write_array(out, 1);
        dlms_write_octets(out, consumption_charge, OBIS);
        break;
    case COLLECTION:
        dlms_write_array(out, 2);
        collection_write(out, token_credit);
        collection_write(out, emergency_credit);
        break;
    default:
        dlms_write_array(out, 1);
        dlms_write_structure(out, 2);
        dlms_write_octets(out, token_credit, OBIS);
        dlms_write_u8(out, ALL_OF_IT);
        break;
    }
}

static void currency_write(struct writer *out)
{
    static const char name[] = "kWh";
    dlms_write_structure(out, 3);
    dlms_write_string(out, DLMS_UTF8, name, sizeof name - 1u);
    dlms_write_i8(out, COSEM_PREPAY_SCALE);
    dlms_write_enum(out, CURRENCY_CONSUMPTION);
}

static int32_t account_amount(const struct meter *meter, const struct meter_prepay *look,
                              int8_t attribute)
{
    switch (attribute) {
    case AVAILABLE: return units_of(positive(look->left_uwh));
    case TO_CLEAR: return -debt_units(look);
    case LOW_CREDIT: return alarm_units(meter);
    default: return 0; /* no threshold, no debt but what is to clear, no provision */
    }
}

static enum dlms_result account_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    struct meter_prepay look;
    uint8_t bits = 0;
    (void)row;
    meter_prepay_look(cosem->meter, &look);
    switch (get->attribute) {
    case MODE_AND_STATUS:
        dlms_write_structure(out, 2);
        dlms_write_enum(out, MODE_PREPAYMENT);
        dlms_write_enum(out, account_status(&look));
        break;
    case CREDIT_IN_USE: dlms_write_u8(out, credit_in_use(cosem->meter, &look)); break;
    case CREDIT_STATUS:
        bits = credit_status(cosem->meter, &look);
        dlms_write_bits(out, &bits, STATUS_BITS);
        break;
    case CREDITS:
    case CHARGES:
    case COLLECTION:
    case GATEWAYS: account_list_write(get->attribute, out); break;
    case ACTIVATION_TIME: no_moment_write(cosem, out); break;
    case CLOSURE_TIME:
        cosem_moment_write(cosem, account_status(&look) == ACCOUNT_CLOSED ? look.last.utc_s : 0,
                           cosem->meter->clock.valid, out);
        break;
    case CURRENCY: currency_write(out); break;
    case MAX_PROVISION: dlms_write_u16(out, 0); break;
    default: dlms_write_i32(out, account_amount(cosem->meter, &look, get->attribute)); break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* The threshold is the alarm limit, a setting in whole kWh. */
static enum dlms_result account_set(const struct cosem *cosem, const struct cosem_row *row,
                                    int8_t attribute, struct reader data)
{
    int32_t units = 0;
    (void)row;
    (void)attribute;
    if (!dlms_read_i32(&data, &units)) {
        return DLMS_RESULT_TYPE;
    }
    return units >= 0 && units % UNITS_PER_KWH == 0
               ? cosem_setting_change(cosem->meter, SETTING_PREPAY_ALARM,
                                      (uint32_t)(units / UNITS_PER_KWH))
               : DLMS_RESULT_OTHER;
}

/* Switch it by its bit in the basis; what is so already stays, so that a client without an answer
 * may ask again. */
static enum dlms_result account_switch(struct meter *meter, bool on)
{
    const uint32_t basis = settings_number(&meter->settings, SETTING_BREAKER_BASIS);
    const uint32_t wanted =
        on ? basis | BREAKER_BASIS_PREPAYMENT : basis & ~(uint32_t)BREAKER_BASIS_PREPAYMENT;
    return wanted == basis ? DLMS_RESULT_SUCCESS
                           : cosem_setting_change(meter, SETTING_BREAKER_BASIS, wanted);
}

static enum dlms_result account_call(const struct cosem *cosem, const struct cosem_row *row,
                                     int8_t method, struct reader data, struct writer *out)
{
    int8_t nothing = 0;
    (void)row;
    (void)out;
    if (!dlms_read_i8(&data, &nothing)) {
        return DLMS_RESULT_TYPE;
    }
    if (method != RESET) {
        return account_switch(cosem->meter, method == ACTIVATE);
    }
    return meter_prepay_on(cosem->meter) ? DLMS_RESULT_OTHER /* close it first */
                                         : cosem_prepay_result(meter_prepay_set(cosem->meter, 0));
}

const struct cosem_part cosem_account_part = {account_get, account_set, account_call};

/* ---- credits ---- */

enum {
    CREDIT_AMOUNT = 2,
    CREDIT_TYPE,
    CREDIT_PRIORITY,
    WARNING_THRESHOLD,
    LIMIT,
    CREDIT_CONFIGURATION,
    STATUS,
    PRESET_AMOUNT,
    AVAILABLE_THRESHOLD,
    CREDIT_PERIOD
};
enum { UPDATE_AMOUNT = 1, SET_AMOUNT };
enum { TYPE_TOKEN = 0, TYPE_EMERGENCY = 2 };

#define VISUAL             BIT(0)
#define NEEDS_CONFIRMATION BIT(1)
#define PAID_BACK          BIT(2)
#define RESETTABLE         BIT(3)
#define TAKES_TOKENS       BIT(4)
#define CONFIGURATION_BITS 5u

static int32_t credit_amount(const struct meter *meter, const struct meter_prepay *look,
                             bool emergency, int8_t attribute)
{
    switch (attribute) {
    case CREDIT_AMOUNT: return emergency ? debt_units(look) : units_of(positive(look->left_uwh));
    case WARNING_THRESHOLD: return emergency ? 0 : alarm_units(meter);
    case LIMIT: return emergency ? INT32_MIN : 0; /* time limits it, not energy */
    default: return 0;
    }
}

static enum dlms_result credit_get(const struct cosem *cosem, const struct cosem_row *row,
                                   struct dlms_get *get, struct writer *out)
{
    const bool emergency = row->object.index == COSEM_CREDIT_EMERGENCY;
    const uint8_t bits =
        emergency ? NEEDS_CONFIRMATION | PAID_BACK : VISUAL | RESETTABLE | TAKES_TOKENS;
    struct meter_prepay look;
    meter_prepay_look(cosem->meter, &look);
    switch (get->attribute) {
    case CREDIT_TYPE: dlms_write_enum(out, emergency ? TYPE_EMERGENCY : TYPE_TOKEN); break;
    case CREDIT_PRIORITY: dlms_write_u8(out, emergency ? 2 : 1); break;
    case CREDIT_CONFIGURATION: dlms_write_bits(out, &bits, CONFIGURATION_BITS); break;
    case STATUS:
        dlms_write_enum(out, (uint8_t)(emergency ? emergency_status(cosem->meter, &look)
                                                 : token_status(&look)));
        break;
    case CREDIT_PERIOD: no_moment_write(cosem, out); break;
    default:
        dlms_write_i32(out, credit_amount(cosem->meter, &look, emergency, get->attribute));
        break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* What is added is a load, numbered as the others are; what is taken away leaves less, or is
 * refused where there is not so much. */
static enum dlms_result credit_update(struct meter *meter, int32_t units)
{
    const int64_t amount_uwh = units * COSEM_PREPAY_UNIT_UWH;
    struct meter_prepay look;
    meter_prepay_look(meter, &look);
    if (units < 0) {
        return look.left_uwh + amount_uwh < 0
                   ? DLMS_RESULT_OTHER
                   : cosem_prepay_result(meter_prepay_set(meter, look.left_uwh + amount_uwh));
    }
    return cosem_prepay_result(meter_prepay_load(meter, look.number + 1u, amount_uwh));
}

/* Choosing the low limit closes what was cut off, with the commands that do it (1, 2, 3).  Not what
 * somebody has opened; after a cut between two of them disconnect control goes on. */
static enum dlms_result low_limit_close(struct meter *meter)
{
    static const uint8_t commands[] = {BREAKER_EVENT_DISCONNECT, BREAKER_EVENT_RELEASE,
                                       BREAKER_EVENT_RECONNECT};
    const uint8_t state = meter->breaker.kept.state;
    enum dlms_result result = DLMS_RESULT_SUCCESS;
    if (state != BREAKER_CUT_OFF_PREPAYMENT && state != BREAKER_RELEASED) {
        return DLMS_RESULT_OTHER;
    }
    for (size_t i = state == BREAKER_RELEASED ? 2 : 0; i < 3 && result == DLMS_RESULT_SUCCESS;
         i++) {
        result = cosem_breaker_command(meter, commands[i]);
    }
    return result;
}

static enum dlms_result credit_invoke(struct meter *meter, struct reader *data)
{
    struct meter_prepay look;
    int8_t nothing = 0;
    if (!dlms_read_i8(data, &nothing)) {
        return DLMS_RESULT_TYPE;
    }
    meter_prepay_look(meter, &look);
    return emergency_status(meter, &look) == COSEM_CREDIT_SELECTABLE ? low_limit_close(meter)
                                                                     : DLMS_RESULT_OTHER;
}

static enum dlms_result credit_call(const struct cosem *cosem, const struct cosem_row *row,
                                    int8_t method, struct reader data, struct writer *out)
{
    int32_t units = 0;
    (void)row;
    (void)out;
    if (method == COSEM_CREDIT_INVOKE) {
        return credit_invoke(cosem->meter, &data);
    }
    if (!dlms_read_i32(&data, &units)) {
        return DLMS_RESULT_TYPE;
    }
    return method == UPDATE_AMOUNT
               ? credit_update(cosem->meter, units)
               : cosem_prepay_result(meter_prepay_set(cosem->meter, units * COSEM_PREPAY_UNIT_UWH));
}

const struct cosem_part cosem_credit_part = {credit_get, NULL, credit_call};

/* ---- charge ---- */

enum {
    TOTAL_PAID = 2,
    CHARGE_TYPE,
    CHARGE_PRIORITY,
    CHARGE_ACTIVE,
    CHARGE_PASSIVE,
    CHARGE_ACTIVATION,
    CHARGE_PERIOD,
    CHARGE_CONFIGURATION,
    COLLECTION_TIME,
    COLLECTION_AMOUNT,
    REMAINING,
    PROPORTION
};
enum { CHARGE_CONSUMPTION = 0 };

#define CONTINUOUS  BIT(1)
#define CHARGE_BITS 2u
#define KILO        3 /* scale of the commodity's unit, Wh */

/* One kilowatt-hour of the account for one of the total A+. */
static void unit_charge_write(struct writer *out)
{
    dlms_write_structure(out, 3);
    dlms_write_structure(out, 2);
    dlms_write_i8(out, KILO);
    dlms_write_i8(out, 0);
    dlms_write_structure(out, 3);
    dlms_write_u16(out, CLASS_REGISTER);
    dlms_write_octets(out, total_name, OBIS);
    dlms_write_i8(out, VALUE);
    dlms_write_array(out, 1);
    dlms_write_structure(out, 2);
    dlms_write_octets(out, total_name, 0); /* one tariff: no index */
    dlms_write_i16(out, 1);
}

/* Used since it was switched on: what was loaded less what is left. */
static int64_t used_uwh(const struct meter *meter)
{
    return meter_prepay_on(meter) ? meter->prepay.kept.loaded_uwh - meter_prepay_left_uwh(meter)
                                  : 0;
}

static enum dlms_result charge_get(const struct cosem *cosem, const struct cosem_row *row,
                                   struct dlms_get *get, struct writer *out)
{
    const uint8_t bits = CONTINUOUS;
    (void)row;
    switch (get->attribute) {
    case TOTAL_PAID: dlms_write_i32(out, units_of(used_uwh(cosem->meter))); break;
    case CHARGE_TYPE: dlms_write_enum(out, CHARGE_CONSUMPTION); break;
    case CHARGE_PRIORITY: dlms_write_u8(out, 1); break;
    case CHARGE_ACTIVE:
    case CHARGE_PASSIVE: unit_charge_write(out); break;
    case CHARGE_ACTIVATION:
    case COLLECTION_TIME: no_moment_write(cosem, out); break;
    case CHARGE_PERIOD: dlms_write_u32(out, 0); break;
    case CHARGE_CONFIGURATION: dlms_write_bits(out, &bits, CHARGE_BITS); break;
    case PROPORTION: dlms_write_u16(out, 0); break;
    default: dlms_write_i32(out, 0); break; /* collected as it is used: nothing remains */
    }
    return DLMS_RESULT_SUCCESS;
}

const struct cosem_part cosem_charge_part = {charge_get, NULL, NULL};
