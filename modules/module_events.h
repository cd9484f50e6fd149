/**
 * What a module on its own tells of the meter's alarms: the two event words over the bus, and their
 * bits in words.  Source: spec answers B18, cosem-objects 4.4, 4.5.
 */
#ifndef OPEN382_MODULE_EVENTS_H
#define OPEN382_MODULE_EVENTS_H

#include "../proto/common/writer.h"
#include "module_bus.h"

/** As delivered a module tells of: EEPROM error, magnet, ROM error, meter cover, neutral fault
 *  (word A); L1 .. L3 missing (word B). */
#define MODULE_ALARMS_A 0x20000056u
#define MODULE_ALARMS_B 0x000001C0u

/** @return false: no answer.  A meter without word B has nothing in it. */
bool module_events_ask(const struct module_bus *bus, uint32_t *word_a, uint32_t *word_b);

/** " magnet, meter cover": a blank before the first, what does not fit is left out. */
void module_events_text(struct writer *w, uint32_t word_a, uint32_t word_b);

#endif
