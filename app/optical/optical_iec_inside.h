/** What the parts of optical_iec share.  Internal to app/optical. */
#ifndef OPEN382_OPTICAL_IEC_INSIDE_H
#define OPEN382_OPTICAL_IEC_INSIDE_H

#include "../clock/clock.h"
#include "../rights/rights.h"
#include "optical_iec.h"

#define OPTICAL_IEC_LIST_CODE "131.0.17"

/** One field of "(a;b;c)", "(a)": up to ';' or ')', where *at stays.  @return false: none. */
bool optical_iec_field(const char **at, char *out, size_t capacity);
/** ")" and nothing behind it. */
bool optical_iec_end(const char *at);
/** A decimal number of 32 bits. */
bool optical_iec_number(const char *text, uint32_t *out);
/** NYYMMDDhhmmss, N: summer time.  @return false: no such time */
bool optical_iec_time(const struct clock *clock, const char *text, int64_t *utc_s);
/** "ER ..." */
enum iec_reply optical_iec_refuse(struct writer *out, const char *why);
/** May the reader do that, with the password that he began with? */
bool optical_iec_may(struct optical_iec *served, enum rights_action action);

/**
 * R6 CODE(from;to;block): header and a block of records of a log.
 * The form is that of the load profile in print; for the other logs it is ours.
 */
enum iec_reply optical_iec_log_read(struct optical_iec *served, const struct iec_command *command,
                                    struct writer *out);

/** R5 131.0.17(): "131.0.17(n)(code)(code)...", the list that is in force. */
enum iec_reply optical_iec_list_read(const struct meter *meter, struct writer *out);
/** W5 131.0.17(n)(code)...: in the manufacturer's mode; n = 0: as delivered. */
enum iec_reply optical_iec_list_write(struct optical_iec *served, const struct iec_command *command,
                                      struct writer *out);

#endif
