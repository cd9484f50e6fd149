/**
 * What the settings are in a running meter, and what changing them does.
 *
 * A change is staged, then committed as a whole: it holds completely or not at all, whatever is cut
 * off at whatever moment (settings.h).  Each change is in the audit log with its old value and its
 * new one.  What a change does besides stands in the table (enum setting_effect).
 * Source: CFG-07, CFG-09, CFG-10, OPT-01, SEC-08, LPR-08.
 */
#ifndef OPEN382_METER_SETTINGS_H
#define OPEN382_METER_SETTINGS_H

#include "../../proto/kmp/kmp_settings.h"
#include "meter.h"

/**
 * Before anything else is taken from the memory: load the settings, and put a commit that was cut
 * into the application's record.
 * @return false: a newer format; nothing may start
 */
bool meter_settings_load(struct meter *meter, struct app_record *record);
/** When everything runs: carry a commit that was cut to its end, or note that it was undone. */
void meter_settings_begin(struct meter *meter);

/** The value now.  @return false: this type of meter does not have it, or it is a secret. */
bool meter_setting_read(const struct meter *meter, const struct setting_def *def,
                        struct setting_value *out);

/**
 * Stage one value, replacing one staged before.  A connection that stages discards what another one
 * has staged.
 */
enum kmp_settings_reason meter_setting_stage(struct meter *meter, const struct setting_def *def,
                                             const struct setting_value *value);
/** Nothing is staged any more. */
enum kmp_settings_reason meter_settings_abandon(struct meter *meter);

/**
 * Commit all that is staged, or nothing.
 * @param count  how many values the client has staged
 * @param reply  all of it
 */
void meter_settings_commit(struct meter *meter, uint8_t count, struct kmp_settings_reply *reply);

#endif
