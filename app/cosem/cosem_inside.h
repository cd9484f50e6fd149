/** What the files of app/cosem share.  Internal to app/cosem. */
#ifndef OPEN382_COSEM_INSIDE_H
#define OPEN382_COSEM_INSIDE_H

#include "../../proto/dlms/dlms_time.h"
#include "../meter/meter.h"
#include "cosem_access.h"

struct register_value;
struct register_def;

/** Who asks of which meter. */
struct cosem {
    struct meter *meter;
    const struct dlms_session *session;
    enum cosem_role role;
};

/**
 * What a kind of object (enum cosem_source) does.  The member exists and is granted.
 * Functions that are NULL have no member to serve.
 */
struct cosem_part {
    enum dlms_result (*get)(const struct cosem *cosem, const struct cosem_row *row,
                            struct dlms_get *get, struct writer *out);
    enum dlms_result (*set)(const struct cosem *cosem, const struct cosem_row *row,
                            int8_t attribute, struct reader data);
    enum dlms_result (*call)(const struct cosem *cosem, const struct cosem_row *row, int8_t method,
                             struct reader data, struct writer *out);
};

extern const struct cosem_part cosem_value_part, cosem_clock_part, cosem_association_part,
    cosem_sap_part, cosem_hdlc_part, cosem_profile_part, cosem_script_part, cosem_schedule_part,
    cosem_calendar_part, cosem_days_part, cosem_breaker_part, cosem_limiter_part,
    cosem_security_part, cosem_image_part, cosem_push_part, cosem_monitor_part, cosem_account_part,
    cosem_credit_part, cosem_charge_part, cosem_gateway_part;

/** An attribute of a row, in pieces; it is there and granted. */
enum dlms_result cosem_row_get(const struct cosem *cosem, const struct cosem_row *row,
                               struct dlms_get *get, struct writer *out);

/** The object is there for this role on this meter. */
bool cosem_there(const struct meter *meter, enum cosem_role role, const struct cosem_row *row);
/** What a role's association is, as it is offered. */
void cosem_association_of(const struct meter *meter, enum cosem_role role,
                          struct dlms_association *out);
/** The board takes programs. */
bool cosem_image_fitted(const struct meter *meter);

/** Name of a logical device: KAM, a letter, the serial number in six octets. */
#define COSEM_DEVICE_NAME_OCTETS 10u
void cosem_device_name(const struct meter *meter, uint16_t server_sap,
                       uint8_t out[COSEM_DEVICE_NAME_OCTETS]);

/** Change one setting at once.  The rights have been checked. */
enum dlms_result cosem_setting_change(struct meter *meter, uint16_t id, uint32_t number);
enum dlms_result cosem_rights_result(enum rights_answer answer);
/** Command 1 to 3 to the breaker, as 1.1.128.0.0.255 takes it. */
enum dlms_result cosem_breaker_command(struct meter *meter, int64_t command);
/** What disconnect control does: opens; or releases, and closes what was released. */
enum dlms_result cosem_breaker_remote(struct meter *meter, bool connect);
/** Profile status of the interval under way, one octet (spec dlms 8, row 92). */
uint8_t cosem_interval_status(const struct meter *meter, enum cosem_profile profile);
/** A number that is no register: value, and scaler and unit where the class has them. */
struct cosem_constant {
    int64_t number;
    int8_t scaler;
    uint8_t unit;
};
/** Those from COSEM_QUALITY on. */
struct cosem_constant cosem_quality_value(const struct meter *meter, uint16_t value);
/** The debiting period ends now. */
enum dlms_result cosem_debiting_stop(const struct cosem *cosem);

/** One value as Data of a type, the number cut to what the type holds. */
void cosem_number_write(struct writer *out, uint8_t type, int64_t number);
/** DLMS code of a register's unit. */
uint8_t cosem_unit(const struct register_def *def);

/** A moment as local time; DLMS_DEVIATION_NONE for all but management.  utc_s 0: no moment yet, all
 *  fields "not specified". */
void cosem_moment_write(const struct cosem *cosem, int64_t utc_s, bool valid, struct writer *out);
/** @return UTC second of a full date-time from a client; INT64_MIN: it is none. */
int64_t cosem_moment_of(const struct meter *meter, const struct dlms_time *time);

/** The class is one whose objects the client finds under B = 0. */
static inline bool cosem_house(const struct cosem *cosem, const struct cosem_row *row)
{
    return cosem->role == COSEM_MANAGEMENT && row->object.access_set >= SET_HOUSE;
}

#endif
