/**
 * The customer port's text form, "P1": 27 objects and a CRC, as Swedish meters of the family send
 * it.  Source: spec customer-port 3.5.
 */
#ifndef OPEN382_CONSUMER_P1_H
#define OPEN382_CONSUMER_P1_H

#include "consumer_list.h"

/** One telegram.  Lines of objects that the meter does not have are left out.  The caller checks
 *  w->failed. */
void consumer_p1_write(const struct consumer_moment *moment, const struct consumer_source *source,
                       struct writer *w);

/** The longest telegram. */
#define CONSUMER_P1_MAX 800u

#endif
