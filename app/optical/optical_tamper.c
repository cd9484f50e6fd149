#include "optical_tamper.h"

#include "../meter/meter_tamper.h"

int optical_tamper(const struct meter *meter, struct reader *data, struct writer *out)
{
    struct kmp_tamper tamper = {.holds = meter_tamper_word(meter),
                                .raised = meter->tamper.raised,
                                .mask = meter->tamper_mask,
                                .cleared_s = meter->tamper.cleared_s,
                                .cleared_by = meter->tamper.cleared_by,
                                .n_kinds = TAMPER_KINDS};
    if (!reader_complete(data)) {
        return 0;
    }
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        const struct tamper_kept *kept = &meter->tamper.kept[kind];
        tamper.kind[kind] = (struct kmp_tamper_kind){tamper_row((enum tamper_kind)kind)->bit,
                                                     kept->count, kept->first_s, kept->last_s};
    }
    kmp_tamper_write(out, &tamper);
    return 1;
}
