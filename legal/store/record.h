/** State and tariff records to and from their pages.  Layout: docs/spec/storage.md. */
#ifndef OPEN382_LEGAL_RECORD_H
#define OPEN382_LEGAL_RECORD_H

#include "store/store.h"

void record_put_state(struct page *page, const struct registers *registers,
                      const struct store_state *state);

/** @return false: the contents contradict themselves (they can't, with a good CRC). */
bool record_get_state(const struct page *page, struct registers *registers,
                      struct store_state *state);

/** Summation that a state record was written with. */
uint8_t record_summation(const struct page *page);

void record_put_tariff(struct page *page, const struct registers *registers, uint32_t state_number);

/** @return false: the contents contradict themselves. */
bool record_get_tariff(const struct page *page, struct registers *registers);

#endif
