/**
 * A tariff plan as bytes, for the wire and for permanent memory: docs/spec/tariff-plan.md.
 */
#ifndef OPEN382_TARIFF_PLAN_IMAGE_H
#define OPEN382_TARIFF_PLAN_IMAGE_H

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"
#include "tariff_plan.h"

#define TARIFF_PLAN_VERSION 1u
/** Longest image: all seasons, starts, switches, exceptions and summers in use. */
#define TARIFF_PLAN_IMAGE_MAX 1028u

/** Append the image of a good plan; the writer remembers when it does not fit. */
void tariff_plan_write(struct writer *out, const struct tariff_plan *plan);

/**
 * Take an image apart and check the plan.  All of the bytes must be the image.
 * @return PLAN_OK, or the first fault: *plan then is untouched and *place says where.
 */
enum plan_err tariff_plan_read(const uint8_t *bytes, size_t n_bytes, struct tariff_plan *plan,
                               struct plan_place *place);

#endif
