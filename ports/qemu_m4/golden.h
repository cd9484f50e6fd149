/** The fixed signal of the tests through this processor's sample kernel. */
#ifndef OPEN382_QEMU_GOLDEN_H
#define OPEN382_QEMU_GOLDEN_H

/** Prints "golden crc N": must equal what the same run gives on Linux, bit for bit. */
void golden_run(void);

#endif
