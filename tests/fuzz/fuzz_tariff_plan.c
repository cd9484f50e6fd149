/* Any bytes as a tariff plan, as an image and as text: refused, or a plan that can be asked and
 * comes back the same. */
#include <stdlib.h>
#include <string.h>

#include "app/calendar/tariff_plan_image.h"
#include "host/lib/tariff_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct tariff_plan *plan)
{
    struct clock clock;
    struct tariff_plan again;
    struct plan_place place;
    uint8_t image[TARIFF_PLAN_IMAGE_MAX];
    const int64_t now_s = INT64_C(1806195600), limit_s = now_s + 86400 * 10;
    clock_init(&clock, 1, true, true);
    clock.summers = plan->summers;
    uint8_t tariff = tariff_plan_at(plan, &clock, now_s);
    if (tariff < 1 || tariff > 8 || tariff_plan_next(plan, &clock, now_s, limit_s) <= now_s) {
        abort();
    }
    struct writer w = writer_over(image, sizeof image);
    tariff_plan_write(&w, plan);
    if (w.failed || tariff_plan_read(image, writer_length(&w), &again, &place) != PLAN_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tariff_plan plan;
    struct tariff_text_error error;
    struct plan_place place;
    if (tariff_plan_read(data, size, &plan, &place) == PLAN_OK) {
        use(&plan);
    }
    if (tariff_text_parse((const char *)data, size, &plan, &error) == 0) {
        use(&plan);
    }
    return 0;
}
