/**
 * The image's own mains: a constant three-phase load at phasor level, into three measuring systems,
 * whose frames go to the meter.  The load is set when the image is built (CMakeLists.txt).
 */
#ifndef OPEN382_QEMU_MAINS_H
#define OPEN382_QEMU_MAINS_H

#include "app/meter/meter.h"
#include "lab/phasor.h"
#include "measuring_system.h"

/** 10 cycles at 50 Hz. */
#define MAINS_WINDOW_SAMPLES UINT32_C(1600)
#define MAINS_WINDOW_US      INT64_C(200000)

struct mains_phase {
    struct lab_phase load;
    struct lab_phasor_carry carry;
    struct measuring_system system;
};

struct qemu_mains {
    struct mains_phase phase[LAB_PHASES];
    int64_t next_us; /**< end of the window under way */
};

/** Starts the measuring systems with the constants that the meter's legal part gives them. */
void qemu_mains_start(struct qemu_mains *mains, const struct meter *meter, int64_t now_us);
/** Delivers the frames of every window that has ended by now_us. */
void qemu_mains_step(struct qemu_mains *mains, struct meter *meter, int64_t now_us);

#endif
