/** Prepayment on the panel: what is left, how long it lasts, what came last. */
#ifndef OPEN382_LINUX_PREPAY_JSON_H
#define OPEN382_LINUX_PREPAY_JSON_H

#include <jansson.h>

#include "site.h"

/** null: the meter can't; else "on", "left_kwh", "owed", "days" (null: not known), "warns",
 * "low_left_s" (0: the low limit is not being used), "token_wait_s", "last" (null, or "way" and
 * "kwh"). */
json_t *prepay_json(const struct site *site);

/** A token that was keyed in.  @return NULL: taken; else why not */
const char *prepay_token_enter(struct site *site, const char *digits);

#endif
