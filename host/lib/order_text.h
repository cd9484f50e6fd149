/**
 * Order number and configurations as people write and read them: reading, sentences about what is
 * wrong and what would fit, numbers made from a few wishes.
 * Fields and rules: app/variant/order.h.
 */
#ifndef OPEN382_ORDER_TEXT_H
#define OPEN382_ORDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "../../app/variant/order.h"

#define ORDER_SENTENCE_MAX 1024u

/**
 * Read an order number ("68431BM423010", "684-31B-M423-010") and up to five configurations
 * ("423-01-01-1"). Fields of configurations that are not given stay empty.
 * @param error  one sentence without a full stop; left alone on success
 */
bool order_text_read(const char *order, const char *const *configurations, size_t n_configurations,
                     struct order_codes *out, char *error, size_t n_error);

/** Set one field by "hardware=5" or "X6=5".  @return false: *error says what was expected. */
bool order_text_set(struct order_codes *codes, const char *assignment, char *error, size_t n_error);

/** Give each empty field a code that suits the others, the usual one where it does. */
void order_text_complete(struct order_codes *codes);

/** One sentence without a full stop: field, digits, why, what would fit. */
void order_fault_text(const struct order_codes *codes, const struct order_fault *fault, char *out,
                      size_t n_out);

/** Codes that would fit into a field: "1, 2, 3", "01-28"; "" when none would. */
void order_fits_text(const struct order_codes *codes, enum order_field_id field, char *out,
                     size_t n_out);

#endif
