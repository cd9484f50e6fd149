#include "mains.h"

#include "legal_api.h"

#define FREQUENCY_HZ       50.0
#define TEMPERATURE_C      23.0
#define VOLTAGE_V          ((double)OPEN382_QEMU_VOLTAGE_MV / 1000.0)
#define CURRENT_A          ((double)OPEN382_QEMU_CURRENT_MA / 1000.0)
#define LAG_DEG            ((double)OPEN382_QEMU_LAG_DEG)
#define DEGREES_PER_SYSTEM 120.0

void qemu_mains_start(struct qemu_mains *mains, const struct meter *meter, int64_t now_us)
{
    const uint16_t epoch = legal_measuring_epoch(&meter->legal);
    for (uint8_t i = 0; i < LAB_PHASES; i++) {
        struct mains_phase *phase = &mains->phase[i];
        struct measuring_setup setup;
        legal_measuring_setup(&meter->legal, (uint8_t)(i + 1u), &setup);
        measuring_system_start(&phase->system, &setup, epoch);
        phase->load = (struct lab_phase){.voltage_v = VOLTAGE_V,
                                         .voltage_deg = -DEGREES_PER_SYSTEM * (double)i,
                                         .current_a = CURRENT_A,
                                         .phi_deg = LAG_DEG};
        phase->carry = (struct lab_phasor_carry){0};
    }
    mains->next_us = now_us + MAINS_WINDOW_US;
}

static void deliver_window(struct qemu_mains *mains, struct meter *meter)
{
    for (unsigned i = 0; i < LAB_PHASES; i++) {
        struct mains_phase *phase = &mains->phase[i];
        struct measuring_window window;
        uint8_t frame[MEASURING_FRAME_BYTES_MAX];
        /* a window is a whole number of cycles: it ends where it began */
        lab_phasor_window(&phase->load, FREQUENCY_HZ, TEMPERATURE_C, 0.0, MAINS_WINDOW_SAMPLES,
                          &phase->carry, &window);
        measuring_system_window(&phase->system, &window);
        size_t n_bytes = measuring_system_frame(&phase->system, frame);
        meter_bus_receive(meter, frame, n_bytes, mains->next_us);
    }
}

void qemu_mains_step(struct qemu_mains *mains, struct meter *meter, int64_t now_us)
{
    while (mains->next_us <= now_us) {
        deliver_window(mains, meter);
        meter_step(meter, mains->next_us);
        mains->next_us += MAINS_WINDOW_US;
    }
}
