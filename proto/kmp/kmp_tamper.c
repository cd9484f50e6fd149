#include "kmp_tamper.h"

#include <string.h>

#define BITS 16u

void kmp_tamper_write(struct writer *out, const struct kmp_tamper *tamper)
{
    writer_uint_be(out, tamper->holds, 2);
    writer_uint_be(out, tamper->raised, 2);
    writer_uint_be(out, tamper->mask, 2);
    writer_u8(out, tamper->n_kinds);
    for (unsigned i = 0; i < tamper->n_kinds && i < KMP_TAMPER_KINDS_MAX; i++) {
        const struct kmp_tamper_kind *kind = &tamper->kind[i];
        writer_u8(out, kind->bit);
        writer_uint_be(out, kind->count, 4);
        writer_uint_be(out, kind->first_s, 4);
        writer_uint_be(out, kind->last_s, 4);
    }
    writer_uint_be(out, tamper->cleared_s, 4);
    writer_u8(out, tamper->cleared_by);
}

int kmp_tamper_read(struct reader *in, struct kmp_tamper *tamper)
{
    struct kmp_tamper found;
    memset(&found, 0, sizeof found);
    found.holds = (uint16_t)reader_uint_be(in, 2);
    found.raised = (uint16_t)reader_uint_be(in, 2);
    found.mask = (uint16_t)reader_uint_be(in, 2);
    found.n_kinds = reader_u8(in);
    if (found.n_kinds > KMP_TAMPER_KINDS_MAX) {
        return KMP_ERR_FORMAT;
    }
    for (unsigned i = 0; i < found.n_kinds; i++) {
        struct kmp_tamper_kind *kind = &found.kind[i];
        kind->bit = reader_u8(in);
        kind->count = (uint32_t)reader_uint_be(in, 4);
        kind->first_s = (uint32_t)reader_uint_be(in, 4);
        kind->last_s = (uint32_t)reader_uint_be(in, 4);
        if (kind->bit >= BITS) {
            return KMP_ERR_FORMAT;
        }
    }
    found.cleared_s = (uint32_t)reader_uint_be(in, 4);
    found.cleared_by = reader_u8(in);
    if (!reader_complete(in)) {
        return KMP_ERR_FORMAT;
    }
    *tamper = found;
    return KMP_OK;
}
