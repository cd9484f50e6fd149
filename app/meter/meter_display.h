/**
 * The display lists of a running meter: as its display configuration (FFF) says, or as a client has
 * set them.  A list that is replaced is shown at once, and noted in the audit log.
 * Source: DIS-02, DIS-04..06, DIS-21, DIS-22, SEC-08.
 */
#ifndef OPEN382_METER_DISPLAY_H
#define OPEN382_METER_DISPLAY_H

#include "../../proto/kmp/kmp_display.h"
#include "meter.h"

/** Code of the audit log: this + the list. */
#define METER_AUDIT_DISPLAY 0xF500u

/** Begin the display anew with the lists of now. */
void meter_display_begin(struct meter *meter);

/** The list as it stands; which is below KMP_DISPLAY_LISTS. */
void meter_display_list(const struct meter *meter, unsigned which, struct kmp_display_list *out);

/** Replace one list.  Refused lists change nothing. */
struct kmp_display_reply meter_display_set(struct meter *meter,
                                           const struct kmp_display_list *list);

#endif
