/**
 * KMP as a reader speaks it: build requests, take answers apart.  No I/O.
 */
#ifndef OPEN382_KMP_CLIENT_H
#define OPEN382_KMP_CLIENT_H

#include "kmp.h"

/** GetRegister for 1 .. 8 ids.  @return length of the frame or a negative kmp_err. */
int kmp_client_get_registers(const uint16_t *ids, size_t n_ids, uint8_t *frame, size_t capacity);
/** A command with raw data (GetType: 01 and none). */
int kmp_client_command(uint8_t cid, const uint8_t *data, size_t n_data, uint8_t *frame,
                       size_t capacity);
/**
 * Take a GetRegister answer body apart.  One generation of meters tells a wrong length for clock
 * and date (units 47, 48): an answer that makes no sense otherwise is read with four bytes there.
 * @return number of values (0: the meter knows none of them) or KMP_ERR_FORMAT.
 */
int kmp_client_values(const uint8_t *body, size_t n_body, struct kmp_value *values,
                      size_t capacity);

#endif
