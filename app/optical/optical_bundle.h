/**
 * Bundles over KMP, commands E6 and E7: several changes of different parts of the meter, all of
 * them or none, whatever is cut off at whatever moment.
 *
 * A bundle is kept in permanent memory before anything of it is done (app/bundle/bundle_store.h),
 * and is carried out by the same code that serves its commands one by one.  Each of them sets
 * something to a value, so that doing it twice is doing it once: a start that finds a committed
 * bundle simply does all of it again.  When one command is refused, the undoing ones are carried
 * out.  Entries in any order are tried again after their neighbours of that kind: limits must be
 * sound after each write, and the client need not know in which order they are.
 */
#ifndef OPEN382_OPTICAL_BUNDLE_H
#define OPEN382_OPTICAL_BUNDLE_H

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

struct meter;

/** As kmp_meter.other: 1: answer written; 0: silence (unknown, malformed). */
int optical_bundle(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out);

/** When everything runs: carry a bundle that was cut to its end, or throw it away. */
void optical_bundle_begin(struct meter *meter);

#endif
