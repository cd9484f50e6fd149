/**
 * Ciphering of a meter: what belongs to it besides app/security: the record of its events.
 */
#ifndef OPEN382_METER_SECURITY_H
#define OPEN382_METER_SECURITY_H

#include "meter.h"

/**
 * Give the meter the keys that it was delivered with (NULL: none), once after meter_start().
 * Without this call, or without board->crypto, nothing is ciphered.
 * @retval METER_ERR_STORAGE  memory does not answer: nothing is ciphered, and the status shows it
 */
enum meter_err meter_security_begin(struct meter *meter,
                                    const struct security_delivered *delivered);

/** A client changes keys (security_key_transfer); noted in the audit log before it is done. */
enum security_err meter_key_transfer(struct meter *meter, const struct security_transfer *list,
                                     size_t n);

#endif
