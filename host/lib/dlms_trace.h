/**
 * APDUs as text, one line each, for -v: what is asked and what comes.  Passwords, challenges'
 * answers, keys and values that are secrets are never shown.
 */
#ifndef OPEN382_DLMS_TRACE_H
#define OPEN382_DLMS_TRACE_H

#include "../../proto/dlms/dlms_apdu.h"

/** A plain APDU.  text: 300 characters are usual. */
void dlms_apdu_text(const uint8_t *apdu, size_t n_apdu, char *text, size_t n_text);

#endif
