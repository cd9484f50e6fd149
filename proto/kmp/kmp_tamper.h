/**
 * Acts of tampering over KMP: private command C8, the codec of meter and tool.
 *
 * Nothing is asked; the answer is the tamper word, its alarms and their mask (2 each), the number
 * of kinds (1), and of each kind its bit (1), how often it came (4), and when first since its alarm
 * was cleared and last (4 each); then when alarms were cleared last (4) and over which channel (1).
 * Integers are big-endian.  Bytes: docs/protocols.md, "Tampering".
 */
#ifndef OPEN382_KMP_TAMPER_H
#define OPEN382_KMP_TAMPER_H

#include "kmp.h"

#define KMP_TAMPER_READ      0xC8u
#define KMP_TAMPER_KINDS_MAX 16u

struct kmp_tamper_kind {
    uint8_t bit; /**< of the word, 0 .. 15 */
    uint32_t count;
    uint32_t first_s, last_s; /**< UTC since 1970; 0: never */
};

struct kmp_tamper {
    uint16_t holds, raised, mask;
    uint32_t cleared_s; /**< UTC since 1970; 0: never */
    uint8_t cleared_by; /**< 0 optical eye, 1 module, 2 consumer port, 3 board */
    uint8_t n_kinds;
    struct kmp_tamper_kind kind[KMP_TAMPER_KINDS_MAX];
};

void kmp_tamper_write(struct writer *out, const struct kmp_tamper *tamper);
/** All of the bytes must be the answer.  @return KMP_OK or KMP_ERR_FORMAT: *tamper is untouched */
int kmp_tamper_read(struct reader *in, struct kmp_tamper *tamper);

#endif
