/* Disconnect control (class 70) and limiter (class 71) of meters with a breaker, for management.
 * The 382M's own object is 1.1.128.0.0.255, a register here. */
#include "../breaker/breaker_cosem.h"
#include "../meter/meter_audit.h"
#include "../meter/meter_breaker.h"
#include "cosem_inside.h"

#define CLASS_REGISTER 3u
#define VALUE          2
#define W_PER_KW       1000u
#define STEPS_PER_A    100u /* currents stand in 1/100 A */
#define TENTHS         10u
#define SCRIPT_OPEN    1u
#define SCRIPT_CLOSE   2u

static enum dlms_result result_of(enum breaker_answer answer)
{
    switch (answer) {
    case BREAKER_DONE: return DLMS_RESULT_SUCCESS;
    case BREAKER_ERR_RIGHTS: return DLMS_RESULT_SCOPE;
    case BREAKER_ERR_SUPPLY: return DLMS_RESULT_TEMPORARY_FAILURE;
    case BREAKER_ERR_STORAGE: return DLMS_RESULT_HARDWARE_FAULT;
    default: return DLMS_RESULT_OTHER;
    }
}

enum dlms_result cosem_breaker_command(struct meter *meter, int64_t command)
{
    const bool known = command >= BREAKER_EVENT_DISCONNECT && command <= BREAKER_EVENT_RECONNECT;
    return known ? result_of(meter_breaker_command(meter, (uint8_t)command)) : DLMS_RESULT_OTHER;
}

/* ---- disconnect control ---- */

enum { OUTPUT_STATE = 2, CONTROL_STATE, CONTROL_MODE };
enum { REMOTE_DISCONNECT = 1, REMOTE_RECONNECT };

static enum dlms_result control_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    const struct breaker_control control = breaker_control_of(&cosem->meter->breaker);
    (void)row;
    switch (get->attribute) {
    case OUTPUT_STATE: dlms_write_bool(out, control.output_state); break;
    case CONTROL_STATE: dlms_write_enum(out, control.control_state); break;
    default: dlms_write_enum(out, control.control_mode); break;
    }
    return DLMS_RESULT_SUCCESS;
}

enum dlms_result cosem_breaker_remote(struct meter *meter, bool connect)
{
    const enum breaker_event event =
        connect ? breaker_control_reconnect(&meter->breaker) : breaker_control_disconnect();
    return event == BREAKER_EVENT_NONE ? DLMS_RESULT_SUCCESS : cosem_breaker_command(meter, event);
}

static enum dlms_result control_call(const struct cosem *cosem, const struct cosem_row *row,
                                     int8_t method, struct reader data, struct writer *out)
{
    int8_t nothing = 0;
    (void)row;
    (void)out;
    return dlms_read_i8(&data, &nothing)
               ? cosem_breaker_remote(cosem->meter, method == REMOTE_RECONNECT)
               : DLMS_RESULT_TYPE;
}

const struct cosem_part cosem_breaker_part = {control_get, NULL, control_call};

/* ---- limiter: the first of the three limits of Smart Disconnect ---- */

enum {
    MONITORED = 2,
    THRESHOLD_ACTIVE,
    THRESHOLD_NORMAL,
    THRESHOLD_EMERGENCY,
    MIN_OVER,
    MIN_UNDER,
    EMERGENCY_PROFILE,
    EMERGENCY_GROUPS,
    EMERGENCY_ACTIVE,
    LIMIT_ACTIONS
};

static const uint8_t power_name[6] = {1, 0, 1, 7, 0, 255};
static const uint8_t current_name[6] = {1, 0, 31, 7, 0, 255};
static const uint8_t script_name[6] = {0, 0, 10, 0, 106, 255};

/* Steps of the monitored value in one unit of the limit: W of a kW, 1/100 A of an A. */
static uint32_t steps_of(const struct breaker_config *config)
{
    return (config->basis & BREAKER_BASIS_POWER) != 0 ? W_PER_KW : STEPS_PER_A;
}

static uint32_t threshold_of(const struct breaker_config *config)
{
    return (uint32_t)config->limit * config->k_tenths[0] * steps_of(config) / TENTHS;
}

static void action_write(struct writer *out, uint16_t script)
{
    dlms_write_structure(out, 2);
    dlms_write_octets(out, script_name, sizeof script_name);
    dlms_write_u16(out, script);
}

static void profile_write(const struct cosem *cosem, struct writer *out)
{
    dlms_write_structure(out, 3);
    dlms_write_u16(out, 0);
    cosem_moment_write(cosem, 0, false, out);
    dlms_write_u32(out, 0);
}

static enum dlms_result limiter_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    const struct breaker_config *config = &cosem->meter->breaker.config;
    const bool power = (config->basis & BREAKER_BASIS_POWER) != 0;
    (void)row;
    switch (get->attribute) {
    case MONITORED:
        dlms_write_structure(out, 3);
        dlms_write_u16(out, CLASS_REGISTER);
        dlms_write_octets(out, power ? power_name : current_name, sizeof power_name);
        dlms_write_i8(out, VALUE);
        break;
    case THRESHOLD_ACTIVE:
    case THRESHOLD_NORMAL: dlms_write_u32(out, threshold_of(config)); break;
    case THRESHOLD_EMERGENCY:
    case MIN_UNDER: dlms_write_u32(out, 0); break;
    case MIN_OVER: dlms_write_u32(out, config->t_s[0]); break;
    case EMERGENCY_PROFILE: profile_write(cosem, out); break;
    case EMERGENCY_GROUPS: dlms_write_array(out, 0); break;
    case EMERGENCY_ACTIVE: dlms_write_bool(out, false); break;
    default:
        dlms_write_structure(out, 2);
        action_write(out, SCRIPT_OPEN);
        action_write(out, 0);
        break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* A threshold that the limit, whole A or kW times the factor k1, can say. */
static enum dlms_result limiter_set(const struct cosem *cosem, const struct cosem_row *row,
                                    int8_t attribute, struct reader data)
{
    const struct breaker_config *config = &cosem->meter->breaker.config;
    uint32_t wanted = 0;
    (void)row;
    if (!dlms_read_u32(&data, &wanted)) {
        return DLMS_RESULT_TYPE;
    }
    if (attribute == MIN_OVER) {
        return cosem_setting_change(cosem->meter, SETTING_BREAKER_T1, wanted);
    }
    const uint32_t step = config->k_tenths[0] * steps_of(config);
    const uint64_t tenths = (uint64_t)wanted * TENTHS;
    if (step == 0 || tenths % step != 0 || tenths / step > UINT8_MAX) {
        return DLMS_RESULT_OTHER;
    }
    return cosem_setting_change(cosem->meter, SETTING_BREAKER_LIMIT, (uint32_t)(tenths / step));
}

const struct cosem_part cosem_limiter_part = {limiter_get, limiter_set, NULL};
