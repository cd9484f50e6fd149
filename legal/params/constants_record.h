/**
 * Constants as bytes of their two pages.  Layout: docs/spec/storage.md, kinds C and D.
 */
#ifndef OPEN382_LEGAL_CONSTANTS_RECORD_H
#define OPEN382_LEGAL_CONSTANTS_RECORD_H

#include "params/constants.h"

/** Kind C: what format 1 has as well.  The head is written too, with the number of writes. */
void constants_record_put(struct page *page, const struct constants *constants);
void constants_record_get(const struct page *page, struct constants *out);

/** Kind D: drift, heating, neighbours, clock. */
void constants_record_put_compensation(struct page *page, const struct constants *constants);
void constants_record_get_compensation(const struct page *page, struct constants *out);

#endif
