/**
 * The audit log (event log 6): who changed what, from which value to which.
 *
 * The code of a record is the KMP register that was changed, or one of those below.  Payloads:
 * docs/spec/app-storage.md.  Source: SEC-08, CFG-10.
 */
#ifndef OPEN382_METER_AUDIT_H
#define OPEN382_METER_AUDIT_H

#include "../rights/rights.h"
#include "../settings/setting_table.h"
#include "meter.h"

enum meter_audit_code {
    METER_AUDIT_SETTING = SETTING_AUDIT_CODE, /**< + id of a setting */
    METER_AUDIT_CREDIT = 0xF720,              /**< prepayment: credit was booked */
    METER_AUDIT_TOKEN_KEY = 0xF721,           /**< prepayment: the key of tokens was changed */
    METER_AUDIT_CREDIT_DAYS = 0xF722,         /**< prepayment: days without cut-off: how many */
    METER_AUDIT_PUSH = 0xFEFA,                /**< push set-up: which attribute */
    METER_AUDIT_CIPHER = 0xFEFB,              /**< ciphered messages were refused: how many */
    METER_AUDIT_KEYS = 0xFEFC,                /**< keys of DLMS were changed: which */
    METER_AUDIT_SECRET = 0xFEFD,              /**< password of a DLMS association: which client */
    METER_AUDIT_PASSWORD = 0xFEFE,            /**< wrong passwords: how many in a row */
    METER_AUDIT_UNDONE = 0xFEFF, /**< loss of supply undid a change before its commit */
};

/** One change of commit `commit`, its `index`th.  Secrets are noted without their values.
 *  @return false: not stored */
bool meter_audit_setting(struct meter *meter, const struct setting_def *def, uint8_t index,
                         const struct setting_value *before, const struct setting_value *after);

#define METER_AUDIT_REGISTER_BYTES 18u /**< payload of the following */
/** A register that is no setting, in steps of 10^exponent.  @return false: not stored */
bool meter_audit_register(struct meter *meter, uint16_t kmp_id, int64_t before, int64_t after,
                          int exponent);

/** The password of a DLMS client is about to change.  @return false: not stored */
bool meter_audit_secret(struct meter *meter, uint16_t client);

/** How many changes of the newest commit are in the log already: of a commit that was cut. */
unsigned meter_audit_noted(const struct meter *meter);

/** A change that was under way when the supply was lost is undone. */
void meter_audit_undone(struct meter *meter);

/**
 * May whoever is being served do that, without or with a password?  The one gate of everything that
 * changes something; wrong passwords get their records here.
 */
enum rights_answer meter_may(struct meter *meter, enum rights_action action);
enum rights_answer meter_may_with(struct meter *meter, enum rights_action action,
                                  uint16_t password);
/** A secret other than the meter's password was compared; see rights_check_secret. */
enum rights_answer meter_secret(struct meter *meter, bool right);

#endif
