/** Amounts, dates and keys of metertool prepay, as people write them. */
#ifndef OPEN382_PREPAY_TEXT_H
#define OPEN382_PREPAY_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../proto/kmp/kmp_prepay.h"
#include "../../proto/token/token.h"

/** "10", "0.5", at most nine decimals, as microwatt-hours.  @return false: not one */
bool prepay_text_amount(const char *text, int64_t *uwh);
/** 12345.678 kWh, with at least one decimal and no more than it takes. */
void prepay_text_kwh(int64_t uwh, char text[32]);
/** "2027-12-24", or "12-24" for every year.  @return false: not one */
bool prepay_text_day(const char *text, struct kmp_prepay_day *day);
/**
 * The first line of a file: 32 hexadecimal digits.  Nobody else may read it.
 * @param error  what is wrong, where it returns false
 */
bool prepay_text_key(const char *path, uint8_t key[TOKEN_KEY_BYTES], char error[160]);
/** Whole decimal number up to most.  @return false: not one */
bool prepay_text_number(const char *text, uint32_t most, uint32_t *number);

#endif
